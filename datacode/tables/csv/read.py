"""Reading CSV by the rules of the tables and files reference, 2.3.

A large regular file is parsed by Polars (``polars_reader``). Every other one is read record by
record (``records``), which also finds out what is wrong with it. Both give the same table.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from datacode.errors import runtime_error
from datacode.i18n.message import Message
from datacode.tables.csv import diagnostics, polars_reader
from datacode.tables.csv.encodings import codec_for
from datacode.tables.csv.infer import cell_value, columns_from_texts
from datacode.tables.csv.records import Record, records
from datacode.tables.read_options import DEFAULTS, ReadOptions, Warn, unheard
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl
from datacode.values.parse_text import WHITE_SPACE
from datacode.values.table import Table

SMALL = 1 << 16
"""Files up to so many bytes are read in Python: starting Polars would cost more."""

_SAMPLE = 200
"""So many records say which columns are tried as numbers or bools first."""

_HEAD = 1 << 16
"""The header is looked for in the first so many bytes of a large file."""


def read_csv(file: BinaryIO, options: ReadOptions = DEFAULTS, warn: Warn = unheard) -> Table:
    """A table of a CSV file; the names come from record ``header_row``, counted from 0.

    ``warn`` is told when the file looks as if it were meant to be read differently. Raises
    Runtime Errors in the words of the tables and files reference, 2.3.
    """
    if len(options.delimiter) != 1 or options.delimiter in '"\r\n':
        raise runtime_error(
            "bad_delimiter_written", "delimiter must be one character, and no quote or line break"
        )
    if options.decimal not in (".", ","):
        raise runtime_error("bad_decimal", "decimal must be '.' or ','")
    table = _read(_in_utf8(file, options.encoding), options)
    if diagnostics.looks_separated_by_semicolons(
        table.names, table.slice(0, min(len(table), 20)).columns[0].values()
    ):
        warn(
            Message(
                "semicolons_separate",
                "The file looks as if ';' separated its cells: try delimiter=\";\"",
            )
        )
    return table


def _in_utf8(file: BinaryIO, encoding: str | None) -> BinaryIO:
    """The file itself, or a copy that has been encoded anew."""
    codec = codec_for(encoding) if encoding is not None else "utf-8"
    if codec == "utf-8":
        return file if file.seekable() else io.BytesIO(file.read())
    try:
        return io.BytesIO(file.read().decode(codec).encode())
    except UnicodeError as error:
        raise runtime_error(
            "csv_not_in_encoding",
            "Failed to read CSV: the file is not in the encoding {encoding} (byte {byte})",
            encoding=encoding,
            byte=getattr(error, "start", 0),
        ) from None


def _read(file: BinaryIO, options: ReadOptions) -> Table:
    size = file.seek(0, io.SEEK_END)
    if size > SMALL:
        table = _read_fast(file, size, options)
        if table is not None:
            return table
    file.seek(0)
    return _read_records(_File(file.read()), options)


def _body_start(content: bytes) -> int:
    return len(codecs.BOM_UTF8) if content.startswith(codecs.BOM_UTF8) else 0


# A large file ------------------------------------------------------------------


def _read_fast(file: BinaryIO, size: int, options: ReadOptions) -> Table | None:
    """The table, if the header stands early in the file and all below it is regular."""
    file.seek(0)
    head = file.read(_HEAD)
    offset = _body_start(head)
    complete = head[offset : max(head.rfind(b"\n"), head.rfind(b"\r")) + 1]
    try:
        text = complete.decode()
    except UnicodeDecodeError:
        return None
    found = records(text, options.delimiter)
    header = next((r for number, r in enumerate(found) if number == options.header_row), None)
    first = next(found, None)
    if header is None or first is None:
        return None
    start = offset + len(text[: first.start].encode())
    names = [name.strip(WHITE_SPACE) for name in header.cells]
    width = len(names)
    sample = [r.cells for r in (first, *islice(found, _SAMPLE)) if len(r.cells) == width]
    can_guess = options.decimal == "." and width > 1
    typed = _typed_columns(sample) if can_guess else {}
    has_gaps = not all(cells[-1] for cells in sample)
    body = polars_reader.Body(
        file, start, first.line, size, width, options.delimiter, typed, has_gaps
    )
    read = polars_reader.read(body, options.decimal)
    return None if read is None else Table(names, *read)


def _typed_columns(rows: list[list[str]]) -> dict[int, polars_reader.TypedBy]:
    """The columns of which every filled cell is a number, or ``true`` or ``false``."""
    typed: dict[int, polars_reader.TypedBy] = {}
    for place, column in enumerate(zip(*rows, strict=True)):
        filled = {text for text in column if text}
        kinds = {type(cell_value(text)) for text in filled}
        if kinds == {float}:
            typed[place] = "number"
        elif kinds == {bool} and {text.lower() for text in filled} <= {"true", "false"}:
            typed[place] = "bool"
    return typed


# Record by record --------------------------------------------------------------


class _File:
    """The text of a file, and where in the file it stands.

    A file that is not UTF-8 throughout is decoded as Latin-1, a character for each byte, so that it
    can be cut into records and the first one that is not UTF-8 be named.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._start = _body_start(content)
        self._codec = "utf-8"
        try:
            self.text = content[self._start :].decode()
        except UnicodeDecodeError:
            self._codec = "latin-1"
            self.text = content[self._start :].decode(self._codec)

    def byte(self, position: int) -> int:
        """The offset in the file of a position in the text."""
        return self._start + len(self.text[:position].encode(self._codec))

    def cells(self, record: Record, number: int, header_row: int) -> list[str]:
        """The cells of a record. Raises the error of the first that is not UTF-8."""
        if self._codec == "utf-8":
            return record.cells
        decoded = []
        for field, cell in enumerate(record.cells):
            try:
                decoded.append(cell.encode(self._codec).decode())
            except UnicodeDecodeError as error:
                byte, is_header = self.byte(record.start), number == header_row
                raise diagnostics.encoding_error(
                    self._content, record, number, byte, field, error.start, is_header=is_header
                ) from None
        return decoded


def _read_records(source: _File, options: ReadOptions) -> Table:
    found = enumerate(records(source.text, options.delimiter))
    names = _names(source, found, options.header_row)
    rows: list[list[str]] = []
    for number, record in found:
        if len(record.cells) != len(names):
            raise diagnostics.width_error(record, number, source.byte(record.start), names)
        rows.append(source.cells(record, number, options.header_row))
    return Table(names, _columns(rows, len(names), options.decimal), len(rows))


def _names(source: _File, found: Iterator[tuple[int, Record]], header_row: int) -> list[str]:
    number = -1
    for number, record in found:
        cells = source.cells(record, number, header_row)
        if number == header_row:
            return [name.strip(WHITE_SPACE) for name in cells]
    if number < 0:
        raise runtime_error("empty_csv", "Empty CSV file")
    raise diagnostics.too_few_records(header_row)


def _columns(rows: list[list[str]], width: int, decimal: str) -> list[ColumnData]:
    if not rows:
        return [ColumnData.of_list([]) for _ in range(width)]
    columns = zip(*rows, strict=True)
    if sum(map(len, map("".join, rows[:100]))) * len(rows) <= 100 * SMALL:
        return [ColumnData.of_list([cell_value(t, decimal) for t in texts]) for texts in columns]
    series = [pl.Series(str(i), texts, dtype=pl.String) for i, texts in enumerate(columns)]
    return columns_from_texts(pl.DataFrame(series), decimal)
