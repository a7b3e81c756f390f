"""Writing files (tables and files reference, 4.1): the extension decides how."""

from __future__ import annotations

import errno

from datacode.errors import runtime_error, type_error
from datacode.runtime.builtins.file_errors import extension, failures, path_text
from datacode.runtime.builtins.file_options import text_options
from datacode.runtime.builtins.registry import ABSENT, builtin, expects_range
from datacode.runtime.builtins.tables import checked_text
from datacode.runtime.file_operations import Write
from datacode.runtime.host import Host
from datacode.tables.csv.write import csv_parts
from datacode.tables.read_options import ReadOptions
from datacode.tables.xlsx.write import to_xlsx
from datacode.values.table import Table
from datacode.values.types import Value

_UTF_8 = "utf-8"


@builtin("files", count_error=expects_range(2, 2))
def write_file(
    host: Host,
    path: Value,
    content: Value,
    *,
    delimiter: Value = ABSENT,
    encoding: Value = ABSENT,
    decimal: Value = ABSENT,
) -> None:
    """Replace a file by a text, in UTF-8, or by a table, as CSV or XLSX after the extension.

    For text and CSV another ``encoding`` can be named, for CSV the ``delimiter`` and the
    character that separates the ``decimal`` places. Folders are not created.

    Raises an error that gives the reason if the file cannot be written.

    Example::

        write_file("note.txt", "привет")
        print(read_file("note.txt"))        # привет
    """
    text = path_text(path, "Path or String")
    is_table = content.__class__ is Table
    if not is_table and content.__class__ is not str:
        raise type_error("String")
    options = text_options(ReadOptions(), delimiter, encoding, decimal)
    if not is_table:
        _write(host, text, _encoded(content, options.encoding or _UTF_8))
    elif extension(text) == "csv":
        csv = checked_text(host, csv_parts(content, options.delimiter, options.decimal))
        _write(host, text, _encoded(csv, options.encoding or _UTF_8))
    elif extension(text) == "xlsx":
        _write(host, text, to_xlsx(content))
    else:
        raise runtime_error(
            "bad_table_file_name",
            "A table can be written to a file .csv or .xlsx, not to '{path}'",
            path=text,
        )


def _write(host: Host, path: str, content: bytes) -> None:
    with failures(Write.failed):
        if "\0" in path:
            raise OSError(errno.EINVAL, "a path cannot contain NUL")
        host.files.write(path, content)


def _encoded(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as failure:
        raise runtime_error(
            "not_encodable",
            "Failed to write file: {encoding} has no character '{character}'",
            encoding=encoding,
            character=text[failure.start].encode("utf-8", "backslashreplace").decode(),
        ) from None
