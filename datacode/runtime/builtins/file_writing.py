"""Writing files (tables and files reference, 2.7 and 4.1): the extension decides how."""

from __future__ import annotations

import codecs
import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from datacode.errors import DataCodeError, runtime_error, type_error
from datacode.runtime.builtins.document_files import (
    SheetParts,
    book_of,
    chart_file,
    checked_parts,
    report_file,
)
from datacode.runtime.builtins.file_errors import extension, failures, path_text
from datacode.runtime.builtins.file_options import text_options
from datacode.runtime.builtins.registry import ABSENT, builtin, expects_range
from datacode.runtime.builtins.tables import checked_text
from datacode.runtime.file_operations import Write
from datacode.runtime.host import Host
from datacode.tables.csv.write import csv_parts
from datacode.tables.file_arguments import WRITE, format_of, no_meaning
from datacode.tables.formats.detect import detected
from datacode.tables.json_records import json_parts
from datacode.tables.polars_files import to_arrow, to_parquet
from datacode.tables.read_options import ReadOptions
from datacode.tables.xlsx.write import TOTALS, SheetOptions, add_sheets
from datacode.values.chart import Chart
from datacode.values.report import Report
from datacode.values.stored_column import are_in_files
from datacode.values.table import Table
from datacode.values.types import Value

_UTF_8 = "utf-8"
_MARKED = "utf-8-sig"

_FOR_EXCEL = {"ru": (";", ","), "en": (",", ".")}
"""The delimiter and the decimal separator that Excel expects in a country's CSV."""

_TABLE_FILES = "csv tsv xlsx xlsm json jsonl ndjson parquet arrow feather".split()
_WORKBOOKS = ("xlsx", "xlsm")


@builtin(
    "files",
    count_error=expects_range(2, 2),
    signature="write_file(path, content, delimiter=',', encoding=..., decimal='.', excel=..., "
    "sheet=..., formats=..., totals=..., append=false)",
)
def write_file(
    host: Host,
    path: Value,
    content: Value,
    *,
    delimiter: Value = ABSENT,
    encoding: Value = ABSENT,
    decimal: Value = ABSENT,
    excel: Value = ABSENT,
    sheet: Value = ABSENT,
    formats: Value = ABSENT,
    totals: Value = ABSENT,
    append: Value = ABSENT,
) -> None:
    """Replace a file by a text, in UTF-8, or by a table, in the form that the extension names.

    Tables are written as ``.csv`` or ``.tsv``, as a workbook ``.xlsx``, as records ``.json`` or
    ``.jsonl``, and as ``.parquet`` or ``.arrow``. A chart becomes a picture ``.svg`` or ``.png``, a
    report a document ``.html`` or ``.pdf``, complete in itself. Folders are not created.

    For text and CSV another ``encoding`` can be named (``utf-8-sig`` is UTF-8 with a mark by
    which Excel knows it), for CSV the ``delimiter`` and the character that separates the
    ``decimal`` places. ``excel="ru"`` is all three as a Russian Excel wants them.

    A workbook has a sheet for the table, named by ``sheet``, or one for each table of an object
    ``{name: table}``. In place of a table there can be a chart, which is Excel's own beside its
    data, or an array of a table and charts. Dates in columns of type Date are dates there, and
    amounts of money are numbers. The header is bold and stays in sight, with a filter.

    ``formats`` gives columns a format: ``{"price": "# ##0.00", "day": "DD.MM.YYYY"}``.
    ``totals=true`` adds a row with the sums of all columns of numbers but the first,
    ``totals=["price"]`` with that of this one, ``totals={"price": "average"}`` with another
    function (``sum``, ``average``, ``min``, ``max``, ``count``). ``append=true`` adds the sheets to
    a workbook that is there already and leaves the rest of it as it is.

    Raises an error that gives the reason if the file cannot be written.

    Example::

        sold = table([["2025-12-31", 1200.5], ["2026-01-12", 99]], ["day", "sum"])
        write_file("sold.xlsx", sold, formats={"sum": "# ##0.00"}, totals=true)
        write_file("sold.xlsx", {"copy": sold}, append=true)
        print(sum(read_file("sold.xlsx", "copy")["sum"]))       # 1299.5
    """
    text = path_text(path, "Path or String")
    kind = extension(text)
    named = {"delimiter": delimiter, "encoding": encoding, "decimal": decimal, "excel": excel}
    named |= {"sheet": sheet, "formats": formats, "totals": totals, "append": append}
    _refuse_meaningless(kind, content, [n for n, value in named.items() if value is not ABSENT])
    options = _text_options(kind, delimiter, encoding, decimal, excel)
    book = _book_options(formats, totals)
    if append is not ABSENT and append.__class__ is not bool:
        raise runtime_error("append_not_bool", "append must be true or false")
    if content.__class__ is str:
        _write(host, text, _encoded(content, options.encoding or _UTF_8))
    elif content.__class__ is Table and kind in ("csv", "tsv"):
        lines = csv_parts(content, options.delimiter, options.decimal)
        encoding = options.encoding or _UTF_8
        if not are_in_files(content.columns):
            _write(host, text, _encoded(checked_text(host, lines), encoding))
        else:
            _write_parts(host, text, content, _encoded_parts(lines, encoding))
    elif kind in _WORKBOOKS and content.__class__ in (Table, Chart, dict, list):
        sheets = checked_parts(content, sheet)
        _write_book(host, text, kind, sheets, book, add=append is True)
    elif content.__class__ is Table and kind in ("json", "jsonl", "ndjson"):
        records = json_parts(content, host.warn, lines=kind != "json")
        if not are_in_files(content.columns):
            whole = checked_text(host, records)
            _write(host, text, whole.encode("utf-8", "backslashreplace"))
        else:
            encoded = (part.encode("utf-8", "backslashreplace") for part in records)
            _write_parts(host, text, content, encoded)
    elif content.__class__ is Table and kind == "parquet":
        _write(host, text, to_parquet(content, host.warn))
    elif content.__class__ is Table and kind in ("arrow", "feather"):
        _write(host, text, to_arrow(content, host.warn))
    elif content.__class__ is Report:
        _write(host, text, report_file(content, kind, text, host))
    elif content.__class__ is Chart:
        _write(host, text, chart_file(content, kind, text, host))
    elif content.__class__ is Table:
        raise _bad_name(text)
    else:
        raise type_error("String")


def _bad_name(path: str) -> DataCodeError:
    return runtime_error(
        "bad_table_file_name",
        "A table can be written to a file of the extensions {extensions}, not to '{path}'",
        extensions=", ".join(each for each in _TABLE_FILES if each != "xlsm"),
        path=path,
    )


def _write(host: Host, path: str, content: bytes) -> None:
    with failures(Write.failed, path):
        if "\0" in path:
            raise OSError(errno.EINVAL, "a path cannot contain NUL")
        host.files.write(path, content)


def _write_parts(host: Host, path: str, table: Table, parts: Iterable[bytes]) -> None:
    """Write a table in files as it comes, and tell how far that is, by the lines."""

    def told() -> Iterator[bytes]:
        rows = 0
        for part in parts:
            rows = min(rows + part.count(b"\n"), len(table))
            host.progress(path, rows, len(table))
            yield part

    with failures(Write.failed, path):
        if "\0" in path:
            raise OSError(errno.EINVAL, "a path cannot contain NUL")
        host.files.write_parts(path, told())


def _refuse_meaningless(kind: str, content: Value, given: Sequence[str]) -> None:
    """Refuse arguments that mean nothing for what is written: of a text, all but two."""
    is_text = content.__class__ is str
    for name in given:
        if is_text and name not in ("encoding", "excel"):
            raise runtime_error(
                "argument_for_written_tables",
                "write_file: {argument} has no meaning for a text, only for tables",
                argument=name,
            )
        if content.__class__ is Report or (content.__class__ is Chart and kind != "xlsx"):
            raise runtime_error(
                "argument_for_documents",
                "write_file: {argument} has no meaning for a chart or a report",
                argument=name,
            )
        if not is_text and kind in _TABLE_FILES and format_of(kind) not in WRITE[name]:
            raise no_meaning("write_file", name, kind, WRITE[name])


# Text and CSV ----------------------------------------------------------------------


def _text_options(
    kind: str, delimiter: Value, encoding: Value, decimal: Value, excel: Value
) -> ReadOptions:
    options = ReadOptions(delimiter="\t" if kind == "tsv" else ",")
    if excel is not ABSENT:
        if excel.__class__ is not str or excel not in _FOR_EXCEL:
            raise runtime_error("bad_excel", 'excel must be "ru" or "en"')
        if kind != "csv":
            raise runtime_error("excel_without_csv", "excel is an argument for CSV files")
        separators = _FOR_EXCEL[excel]
        delimiter = separators[0] if delimiter is ABSENT else delimiter
        decimal = separators[1] if decimal is ABSENT else decimal
        options = replace(options, encoding=_MARKED)
    is_marked = encoding.__class__ is str and encoding.lower().replace("_", "-") == _MARKED
    options = text_options(options, delimiter, ABSENT if is_marked else encoding, decimal)
    return replace(options, encoding=_MARKED) if is_marked else options


def _encoded_parts(parts: Iterable[str], encoding: str) -> Iterator[bytes]:
    encoder = codecs.getincrementalencoder(encoding)()
    for part in parts:
        yield _encoded(part, encoding, encoder.encode)
    yield encoder.encode("", final=True)


def _encoded(text: str, encoding: str, encode: Callable[[str], bytes] | None = None) -> bytes:
    try:
        return text.encode(encoding) if encode is None else encode(text)
    except UnicodeEncodeError as failure:
        raise runtime_error(
            "not_encodable",
            "Failed to write file: {encoding} has no character '{character}'",
            encoding=encoding,
            character=text[failure.start].encode("utf-8", "backslashreplace").decode(),
        ) from None


# Workbooks -------------------------------------------------------------------------


def _book_options(formats: Value, totals: Value) -> SheetOptions:
    options = SheetOptions()
    if formats is not ABSENT:
        if formats.__class__ is not dict or not all(f.__class__ is str for f in formats.values()):
            raise runtime_error(
                "bad_formats", "formats must be an object of formats by names of columns"
            )
        options = replace(options, formats=formats)
    if totals is ABSENT or totals is False:
        return options
    if totals is True:
        return replace(options, total_all=True)
    if totals.__class__ is list:
        totals = dict.fromkeys(totals, "sum") if _are_texts(totals) else None
    if totals.__class__ is not dict or not all(
        f.__class__ is str and f in TOTALS for f in totals.values()
    ):
        raise runtime_error(
            "bad_totals",
            "totals must be true, an array of names of columns, or an object of functions by "
            "names of columns ({functions})",
            functions=", ".join(TOTALS),
        )
    return replace(options, totals=totals)


def _are_texts(values: list[Value]) -> bool:
    return all(value.__class__ is str for value in values)


def _write_book(
    host: Host, path: str, kind: str, sheets: SheetParts, book: SheetOptions, *, add: bool
) -> None:
    tables = {
        name: table for name, (table, charts) in sheets.items() if table is not None and not charts
    }
    if add and host.file_kind(path) == "file":
        with failures(Write.failed), host.files.open(path) as file:
            found = detected(file, path, kind, host.memory_limit)
            if found.kind != "xlsx":
                raise runtime_error(
                    "no_book_to_extend",
                    "Sheets can be added to an XLSX workbook only, and to none that is protected "
                    "by a password",
                )
            if len(tables) < len(sheets):
                raise runtime_error(
                    "append_charts", "Charts cannot be added to a workbook that exists"
                )
            content = add_sheets(found.file, tables, book, host.warn)
    elif kind == "xlsm":
        raise runtime_error(
            "new_macro_workbook",
            "A workbook with macros cannot be made: write to a file .xlsx, or add sheets to one "
            "that exists with append=true",
        )
    else:
        content = book_of(sheets, book, host.warn)
    _write(host, path, content)
