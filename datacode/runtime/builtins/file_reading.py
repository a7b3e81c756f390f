"""Reading files (tables and files reference, 2): the extension decides how.

Text may stand wherever a path is wanted.
"""

from __future__ import annotations

import codecs
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import BinaryIO

from datacode.errors import DataCodeError, runtime_error
from datacode.i18n.message import Message
from datacode.runtime.builtins.file_errors import SHARE, extension, failures, path_text
from datacode.runtime.builtins.file_options import row_number, text_options
from datacode.runtime.builtins.json_text import json_parse
from datacode.runtime.builtins.registry import ABSENT, builtin, expects_range
from datacode.runtime.host import Host
from datacode.tables.csv.read import read_csv
from datacode.tables.formats.detect import BINARY, TEXTS, WORKBOOKS, Detected, detected
from datacode.tables.formats.workbook import read_workbook, sheets_of_workbook
from datacode.tables.json_records import table_of_records
from datacode.tables.polars_files import from_polars_file
from datacode.tables.read_options import ReadOptions
from datacode.tables.select import checked_header, select_header
from datacode.tables.show import info_text
from datacode.values.table import Table
from datacode.values.types import Value

_TEXT_FAILED = Message("read_failed", "Failed to read file: {reason}")
_CSV_FAILED = Message("read_csv_failed", "Failed to read CSV: {reason}")
_XLSX_FAILED = Message("read_xlsx_failed", "Failed to open xlsx: I/O error: {reason}")

_UTF_8 = "utf-8"
_WINDOWS = "cp1251"
"""What Cyrillic files that are not UTF-8 are usually in."""

_CHUNK = 2**20

_TABLE_FILES = TEXTS | BINARY | {"gz", "gzip", "zip"}
"""The extensions of files that are tables, or archives of one."""

_FAILED = {"csv": _CSV_FAILED, "tsv": _CSV_FAILED, "xlsx": _XLSX_FAILED}
"""How errors begin where the system does not give a file of this extension."""


@builtin(
    "files",
    minimum=1,
    count_error=expects_range(1, 3),
    keeps=False,
    signature="read_file(path, [header_row], [sheet_name], header=..., delimiter=',', "
    "encoding=..., decimal='.')",
)
def read_file(
    host: Host,
    path: Value = ABSENT,
    _second: Value = ABSENT,
    _third: Value = ABSENT,
    *,
    header_row: Value = ABSENT,
    sheet_name: Value = ABSENT,
    header: Value = ABSENT,
    delimiter: Value = ABSENT,
    encoding: Value = ABSENT,
    decimal: Value = ABSENT,
) -> Value:
    """The content of a file: a text for ``.txt``, a table for all others.

    Tables are CSV (``.csv``, ``.tsv``), workbooks (``.xlsx``, ``.xlsm``, ``.xlsb``, ``.xls``,
    ``.ods``), JSON records (``.json``, ``.jsonl``), ``.parquet`` and ``.arrow``, any of them in
    ``.gz`` or ``.zip``. Workbooks, Parquet and Arrow are known by their content, whatever they
    are called.

    ``header_row`` is the row that holds the names of the columns, from 0, and ``sheet_name`` the
    sheet of a workbook, the first visible one if not given. ``header`` keeps the columns that an
    array names, in its order, or renames columns by an object ``{old: new}``. For text and CSV
    ``encoding`` can be given (``cp1251``, ``utf-16``, otherwise UTF-8), for CSV the ``delimiter``
    and the character that separates the ``decimal`` places.

    A file on a connected share, ``lib://share/file``, is read alike; there, files of any other
    extension, and JSON that is no array of records, are read as text.

    Raises an error that gives the reason if the file cannot be read, and the row and byte of
    what is wrong in a CSV file.

    Example::

        bought = table([["bolt", 1.5], ["nut", 0.25]], ["item", "price"])
        write_file("bought.csv", bought, delimiter=";", decimal=",")
        again = read_file("bought.csv", delimiter=";", decimal=",")
        print(again, sum(again["price"]))       # Table(2 rows, 2 columns) 1.75
    """
    if path is ABSENT:
        raise runtime_error("read_file_without_path", "read_file expects 1-3 arguments, got 0")
    text = path_text(path)
    options = _positional(_second, _third)
    kind = extension(text)
    if kind == "txt":
        return _read_text(host, text, text_options(options, ABSENT, encoding, ABSENT).encoding)
    if header_row is not ABSENT:
        if header_row.__class__ is not float:
            raise runtime_error("header_row_not_number", "header_row must be a number")
        options = replace(options, header_row=row_number(header_row))
    if sheet_name is not ABSENT:
        if sheet_name.__class__ is not str:
            raise runtime_error("sheet_name_not_string", "sheet_name must be a string")
        options = replace(options, sheet=sheet_name)
    options = text_options(options, delimiter, encoding, decimal)
    if header is not ABSENT:
        options = replace(options, header=checked_header(header))
    if kind not in _TABLE_FILES and not (text.startswith(SHARE) or host.file_kind(text) == "file"):
        _refuse_outside(host, text)
        raise _unknown_extension(kind)
    with _opened(host, text, _FAILED.get(kind, _TEXT_FAILED)) as file:
        found = detected(file, text, kind, host.memory_limit)
        is_tabbed = found.kind == "tsv" and delimiter is ABSENT
        options = replace(options, delimiter="\t") if is_tabbed else options
        return _read(host, text, found, options)


def _read(host: Host, path: str, found: Detected, options: ReadOptions) -> Value:
    """The content of an open file."""
    kind, file = found.kind, found.file
    if kind in ("csv", "tsv"):
        return _headed(host, options, _csv_table(host, path, file, options))
    if kind in WORKBOOKS:
        table = read_workbook(kind, file, options, host.warn, host.memory_limit)
        return _headed(host, options, table)
    if kind in ("parquet", "arrow"):
        return _headed(host, options, from_polars_file(kind, file, host.memory_limit))
    if kind in ("json", "jsonl", "ndjson"):
        text = _text(path, _content(host, file), options.encoding)
        return _records(host, path, text, kind, options)
    if kind == "txt":
        return _text(path, _content(host, file), options.encoding)
    if path.startswith(SHARE):
        return _unknown_text(_content(host, file), kind, options.encoding)
    raise _unknown_extension(kind)


def _records(host: Host, path: str, text: str, kind: str, options: ReadOptions) -> Value:
    """The table of the records in a JSON text; other JSON on a share is a text, as in 1.x."""
    try:
        table = table_of_records(text, partial(json_parse, host), lines=kind != "json")
    except DataCodeError:
        if path.startswith(SHARE):
            return text
        raise
    return _headed(host, options, table)


def _unknown_extension(kind: str) -> DataCodeError:
    return runtime_error("bad_extension", "Unsupported file extension: {extension}", extension=kind)


@builtin("files")
def sheet_names(host: Host, path: Value) -> list[str]:
    """The names of the sheets of a workbook, in order, hidden ones, too.

    Example::

        bought = table([["bolt", 1.5]], ["item", "price"])
        write_file("bought.xlsx", {"May": bought, "June": bought})
        print(sheet_names("bought.xlsx"))       # [May, June]
    """
    text = path_text(path)
    kind = extension(text)
    with _opened(host, text, _FAILED.get(kind, _TEXT_FAILED)) as file:
        found = detected(file, text, kind, host.memory_limit)
        if found.kind not in WORKBOOKS:
            raise runtime_error("no_workbook", "The file is no workbook")
        return sheets_of_workbook(found.kind, found.file, host.memory_limit)


@builtin("files", keeps=False)
def read_csv_safe(host: Host, path: Value) -> Table:
    """The table of a CSV file with the header in its first row, whatever its extension.

    Example::

        write_file("list.txt", "name,age")
        print(read_csv_safe("list.txt").column_names)       # [name, age]
    """
    return _read_csv(host, path_text(path), ReadOptions())


@builtin("files")
def analyze_csv(host: Host, path: Value) -> str:
    """What ``table_info`` would write for a CSV file, as a text.

    Example::

        write_file("list.csv", "name,age")
        print(contains(analyze_csv("list.csv"), "age"))     # true
    """
    return info_text(_read_csv(host, path_text(path), ReadOptions()))


def _positional(second: Value, third: Value) -> ReadOptions:
    """The arguments behind the path: a header row, a sheet's name, or both in this order."""
    if third is not ABSENT:
        if second.__class__ is not float or third.__class__ is not str:
            raise runtime_error(
                "read_file_arguments", "Expected (path, header_row: Number, sheet_name: String)"
            )
        return ReadOptions(row_number(second), sheet=third)
    if second is ABSENT:
        return ReadOptions()
    if second.__class__ is float:
        return ReadOptions(row_number(second))
    if second.__class__ is str:
        return ReadOptions(sheet=second)
    raise runtime_error(
        "header_row_or_sheet_name",
        "Second argument must be either a number (header_row) or a string (sheet_name)",
    )


def _headed(host: Host, options: ReadOptions, table: Table) -> Table:
    """The table with the columns that ``header`` wants."""
    return table if options.header is None else select_header(table, options.header, host.warn)


def _refuse_outside(host: Host, path: str) -> None:
    """A path that the program may not look at is refused as such, whatever is wrong with it."""
    with failures(_TEXT_FAILED), suppress(OSError):
        host.files.stat(path)


@contextmanager
def _opened(host: Host, path: str, failed: Message) -> Iterator[BinaryIO]:
    """The file, and while it is read the system's errors in the words of ``failed``."""
    with failures(failed, path):
        if "\0" in path:
            raise OSError(errno.EINVAL, "a path cannot contain NUL")
        with host.files.open(path) as file:
            yield file


def _content(host: Host, file: BinaryIO) -> bytes:
    """All bytes, if there is room for them and their text."""
    if file.seekable():
        host.check_size(file.seek(0, os.SEEK_END), 3)
        file.seek(0)
    return file.read()


def _read_text(host: Host, path: str, encoding: str | None) -> str:
    with _opened(host, path, _TEXT_FAILED) as file:
        return _text(path, _content(host, file), encoding)


def _text(path: str, content: bytes, encoding: str | None) -> str:
    try:
        return _decoded(content, encoding or _UTF_8)
    except UnicodeDecodeError as broken:
        if encoding:
            raise runtime_error(
                "content_not_in_encoding",
                "Failed to read file: the content is not text in {encoding}",
                encoding=encoding,
            ) from None
        if not path.startswith(SHARE):
            raise runtime_error(
                "not_utf_8", "Failed to read file: stream did not contain valid UTF-8"
            ) from None
        return _windows_text(content, broken.start)


def _decoded(content: bytes, encoding: str) -> str:
    """The text of the bytes without a byte order mark. Raises ``UnicodeDecodeError``."""
    return content.decode(encoding).removeprefix("\ufeff")


def _windows_text(content: bytes, position: int) -> str:
    try:
        return _decoded(content, _WINDOWS)
    except UnicodeDecodeError:
        raise runtime_error(
            "unknown_content_encoding",
            "Failed to decode file content: neither utf-8 (see byte {position}) nor cp1251",
            position=position,
        ) from None


def _read_csv(host: Host, path: str, options: ReadOptions) -> Table:
    with _opened(host, path, _CSV_FAILED) as file:
        return _csv_table(host, path, file, options)


def _csv_table(host: Host, path: str, file: BinaryIO, options: ReadOptions) -> Table:
    encoding = options.encoding
    if encoding is None and path.startswith(SHARE) and not _holds_utf_8(file):
        encoding = _WINDOWS
    return read_csv(file, replace(options, encoding=encoding), host.warn)


def _unknown_text(content: bytes, kind: str, encoding: str | None) -> str:
    """A file of a share with another extension: text, unless it is not."""
    try:
        return _decoded(content, encoding or _UTF_8)
    except UnicodeDecodeError:
        raise runtime_error(
            "cannot_read_binary_file",
            "Unsupported file extension: {extension}. Cannot read binary file.",
            extension=kind,
        ) from None


def _holds_utf_8(file: BinaryIO) -> bool:
    """Is the file in UTF-8? Looks at all of it, a piece at a time, and returns to its start."""
    decoder = codecs.getincrementaldecoder(_UTF_8)()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return True
