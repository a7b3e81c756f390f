"""Reading files (tables and files reference, 2): the extension decides how.

Text may stand wherever a path is wanted.
"""

from __future__ import annotations

import codecs
import errno
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import BinaryIO, TypeAlias

from datacode.errors import DataCodeError, runtime_error
from datacode.i18n.message import Message
from datacode.runtime.builtins.file_errors import SHARE, extension, failures, path_text
from datacode.runtime.builtins.file_options import named_options, positional_options
from datacode.runtime.builtins.json_text import json_parse
from datacode.runtime.builtins.large_files import stored_csv, stored_polars_file
from datacode.runtime.builtins.registry import ABSENT, builtin, expects_range
from datacode.runtime.host import Host
from datacode.tables.column_rules import as_wanted, changes_cells
from datacode.tables.csv.detect import likely_encoding
from datacode.tables.csv.read import read_csv
from datacode.tables.file_arguments import (
    FORMATS,
    READ,
    format_of,
    is_once_ignored,
    left_aside,
    meaningless,
    no_meaning,
)
from datacode.tables.formats.detect import BINARY, TEXTS, WORKBOOKS, Detected, detected
from datacode.tables.formats.workbook import read_workbook, sheets_of_workbook
from datacode.tables.json_records import table_of_records
from datacode.tables.polars_files import from_polars_file
from datacode.tables.read_options import ReadOptions, Warn
from datacode.tables.report_rows import found_arguments
from datacode.tables.select import select_header
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
    signature="read_file(path, [header_row], [sheet_name], auto=..., delimiter=',', "
    "encoding=..., decimal='.', thousands=..., types=..., nulls=..., dates=..., header=..., "
    "header_rows=..., skip_footer=..., until=..., max_rows=..., ragged='error', columns=..., "
    "range=..., sheet=..., fill_merged=...)",
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
    thousands: Value = ABSENT,
    types: Value = ABSENT,
    nulls: Value = ABSENT,
    dates: Value = ABSENT,
    header_rows: Value = ABSENT,
    skip_footer: Value = ABSENT,
    until: Value = ABSENT,
    max_rows: Value = ABSENT,
    ragged: Value = ABSENT,
    columns: Value = ABSENT,
    range_: Value = ABSENT,
    sheet: Value = ABSENT,
    fill_merged: Value = ABSENT,
    auto: Value = ABSENT,
    text: Value = ABSENT,
) -> Table | str:
    """The content of a file: a text for ``.txt``, a table for all others.

    A ``.txt`` is a table, too, if ``delimiter`` or ``auto`` is given; with ``text=true`` a file of
    any extension is a text. An argument that means nothing for the format of a file is an error
    that says so.

    Tables are CSV (``.csv``, ``.tsv``), workbooks (``.xlsx``, ``.xlsm``, ``.xlsb``, ``.xls``,
    ``.ods``), JSON records (``.json``, ``.jsonl``), ``.parquet`` and ``.arrow``, any of them in
    ``.gz`` or ``.zip``. Workbooks, Parquet and Arrow are known by their content, whatever they
    are called.

    A file on a connected share, ``lib://share/file``, is read alike; there, files of any other
    extension, and JSON that is no array of records, are read as text. ``auto=true`` finds out how
    a table is written and where it begins and ends, and says what it took; what is given counts.

    How it is written: ``delimiter`` (also ``'auto'``), ``encoding`` (``'cp1251'``, ``'utf-16'``,
    otherwise UTF-8; also ``'auto'``), the ``decimal`` point or comma, ``thousands`` (a space stands
    for every kind of space), the texts that are ``nulls`` and the picture of ``dates``
    (``'DD.MM.YYYY'``), which become ISO dates. ``types`` is ``String``, ``Number``, ``Integer``,
    ``Bool``, ``Date`` or ``Currency``, for all columns or in an object by their names.

    Where the table is: ``header_row``, from 0, holds the names, ``header_rows`` rows from there
    on if there are several, none with ``header=false``. The last ``skip_footer`` rows are left
    out, and all from the one on that begins with ``until``; ``max_rows`` rows are read at most.
    ``ragged`` rows, which have more or fewer cells than the header, are an ``'error'``, or are
    filled up by ``'pad'`` or left out by ``'skip'``. ``columns`` names those to keep,
    ``range='B4:H200'`` the cells that count. ``header`` keeps the columns of an array, or renames
    columns by an object ``{old: new}``. In a workbook ``sheet`` is a name, a number from 1, or
    ``'*'`` for all; ``fill_merged=true`` fills merged cells.

    Raises an error that gives the reason if the file cannot be read, and the row and byte of
    what is wrong in a CSV file.

    Example::

        bought = table([["bolt", "1 200,50"], ["nut", "-"], ["Total", "1 200,50"]], ["item", "sum"])
        write_file("bought.csv", bought, delimiter=";")
        again = read_file("bought.csv", delimiter=";", decimal=",", thousands=" ", nulls=["-"],
            until="Total")
        print(again.rows.rows)      # [[bolt, 1200.5], [nut, null]]
    """
    if path is ABSENT:
        raise runtime_error("read_file_without_path", "read_file expects 1-3 arguments, got 0")
    where = path_text(path)
    options = positional_options(_second, _third)
    named = {
        "header_row": header_row,
        "sheet_name": sheet_name,
        "header": header,
        "delimiter": delimiter,
        "encoding": encoding,
        "decimal": decimal,
        "thousands": thousands,
        "types": types,
        "nulls": nulls,
        "dates": dates,
        "header_rows": header_rows,
        "skip_footer": skip_footer,
        "until": until,
        "max_rows": max_rows,
        "ragged": ragged,
        "columns": columns,
        "range": range_,
        "sheet": sheet,
        "fill_merged": fill_merged,
        "auto": auto,
        "text": text,
    }
    options = named_options(options, named, has_delimiter=extension(where) == "csv")
    found: Table | str = read_path(host, where, options, host.warn, partial(_refuse, host))
    return found


def _refuse(host: Host, kind: str, names: Sequence[str]) -> None:
    """Raise the error of arguments that mean nothing for a file of this kind."""
    for name in names:
        if not is_once_ignored(name, kind):
            raise no_meaning("read_file", name, kind, READ[name])
        host.warn(left_aside(name, kind))


Refuse: TypeAlias = Callable[[str, Sequence[str]], None]
"""Is told the kind of each file and the arguments that mean nothing for it, if there are some."""


def read_path(host: Host, path: str, options: ReadOptions, warn: Warn, refuse: Refuse) -> Value:
    """The content of a file, after its extension and its own bytes."""
    kind = "txt" if options.as_text else extension(path)
    if kind not in _TABLE_FILES and not (path.startswith(SHARE) or host.file_kind(path) == "file"):
        _refuse_outside(host, path)
        raise _unknown_extension(kind)
    with _opened(host, path, _FAILED.get(kind, _TEXT_FAILED)) as file:
        found = detected(file, path, kind, host.memory_limit)
        if options.as_text:
            found = replace(found, kind="txt")
        elif found.kind == "txt" and not options.given.isdisjoint(("delimiter", "auto")):
            found = replace(found, kind="csv")  # a text with delimiters, as many programs call it
        names = meaningless(found.kind, options.given)
        if path.startswith(SHARE) or format_of(found.kind) in FORMATS:
            refuse(found.kind, names)
        if found.kind == "tsv" and not options.given & {"delimiter", "auto"}:
            options = replace(options, delimiter="\t")
        read = _read(host, path, found, options, warn)
        return host.placed(read) if isinstance(read, Table) else read


def _read(host: Host, path: str, found: Detected, options: ReadOptions, warn: Warn) -> Value:
    """The content of an open file."""
    kind, file = found.kind, found.file
    if kind in ("csv", "tsv"):
        return _headed(options, _csv_table(host, path, file, options, warn), warn)
    if kind in WORKBOOKS:
        table = read_workbook(kind, file, options, warn, host.memory_limit)
        return _headed(options, table, warn)
    if kind in ("parquet", "arrow"):
        if options.find:
            warn(_NOTHING_TO_FIND.filled(format=FORMATS[kind]))
        stored = (
            None if changes_cells(options) else stored_polars_file(host, path, kind, file, warn)
        )
        table = stored or from_polars_file(kind, file, host.memory_limit)
        return _headed(options, as_wanted(table, options, warn), warn)
    if kind in ("json", "jsonl", "ndjson"):
        return _records(host, path, _content(host, file), kind, options, warn)
    if kind == "txt":
        return _text(path, _content(host, file), options)
    if path.startswith(SHARE):
        return _unknown_text(_content(host, file), kind, options.encoding)
    raise _unknown_extension(kind)


_NOTHING_TO_FIND = Message(
    "auto_found_nothing", "There was nothing to find out: {format} says itself how it is written"
)


def _records(
    host: Host, path: str, content: bytes, kind: str, options: ReadOptions, warn: Warn
) -> Value:
    """The table of the records in a JSON text.

    Other JSON on a share is a text, as in 1.x, unless something is asked of a table.
    """
    if "auto" in options.given:
        found = options
        if "encoding" in options.find:
            found = replace(options, encoding=likely_encoding(content), find=frozenset())
        warn(found_arguments(options, found))
        options = found
    text = _text(path, content, options)
    try:
        table = table_of_records(text, partial(json_parse, host), lines=kind != "json")
    except DataCodeError:
        if path.startswith(SHARE) and options.given <= {"encoding"}:
            return text
        raise
    return _headed(options, as_wanted(table, options, warn), warn)


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


def _headed(options: ReadOptions, table: Table, warn: Warn) -> Table:
    """The table with the columns that ``header`` wants."""
    return table if options.header is None else select_header(table, options.header, warn)


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


def _text(path: str, content: bytes, options: ReadOptions) -> str:
    is_wanted = "encoding" in options.find
    encoding = likely_encoding(content) if is_wanted else options.encoding
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
        return _csv_table(host, path, file, options, host.warn)


def _csv_table(host: Host, path: str, file: BinaryIO, options: ReadOptions, warn: Warn) -> Table:
    encoding = options.encoding
    if encoding is None and path.startswith(SHARE) and not _holds_utf_8(file):
        encoding = _WINDOWS
    options = replace(options, encoding=encoding)
    return stored_csv(host, path, file, options, warn) or read_csv(file, options, warn)


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
