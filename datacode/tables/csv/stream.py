"""Reading a CSV file piece by piece, for tables that are larger than memory.

The pieces together are the table that ``read`` makes of the whole file: the same cells, warnings
and errors. Each piece ends where a record ends. Most are parsed by Polars (``polars_reader``), and
those of which it cannot account for every byte record by record (``records``). What only a whole
column tells, whether there is a number in it that would not come back, or an identifier among
whole numbers, shows up on the way: then the columns concerned are texts, and the file is read once
more. It also is if texts stood before the first such numbers, to look through them.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, cast

from datacode.errors import DataCodeError, Kind
from datacode.i18n.message import Message
from datacode.tables.column_rules import ColumnRule
from datacode.tables.csv import diagnostics, polars_reader
from datacode.tables.csv.encodings import codec_for
from datacode.tables.csv.infer import (
    Hints,
    Numbers,
    column_part,
    columns_from_texts,
    has_identifiers,
    numbers_of,
)
from datacode.tables.csv.read import Header, check_options, header_of, warn_of_skipped
from datacode.tables.csv.records import OpenQuote, Record, records
from datacode.tables.csv.transcoding import TranscodedFile
from datacode.tables.read_options import ReadOptions, Warn
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl

_LONGEST_RECORD = 1 << 26
_TYPES = (None, "String", "Number", "Integer", "Bool")
"""Wanted types that each cell has by itself; what a date is, its column may tell."""

_TOO_LONG = Message(
    "csv_record_too_long",
    "Failed to read CSV: the record that begins in line {line} is longer than {mebibytes} MiB",
)


def can_stream(options: ReadOptions) -> bool:
    """Does every row tell for itself whether it belongs to the table, and what its cells are?"""
    return (
        not options.find
        and options.cells is None
        and options.until is None
        and not options.skip_footer
        and options.ragged != "pad"
        and options.dates is None
    )


def stream_of(file: BinaryIO, size: int, options: ReadOptions, piece: int) -> CsvStream | None:
    """A file of so many bytes to be read piece by piece; None where it has to be read as a whole.

    Raises the errors of ``read_csv`` that the options are to blame for.
    """
    check_options(options)
    if not can_stream(options):
        return None
    codec = codec_for(options.encoding) if options.encoding is not None else "utf-8"
    if codec != "utf-8":
        transcoded = TranscodedFile(file, codec, options.encoding)
        file, size = cast(BinaryIO, transcoded), transcoded.size
    header = header_of(file, size, options)
    if header is None or any(rule.type not in _TYPES for rule in header.rules):
        return None
    return CsvStream(file, header, options, piece)


class CsvStream:
    """The columns of a large file, a piece at a time.

    ``piece`` is about how many bytes of the file one has. ``names`` are those of the columns.
    """

    def __init__(self, file: BinaryIO, header: Header, options: ReadOptions, piece: int) -> None:
        self._file = file
        self._header = header
        self._options = options
        self._piece = piece
        self._as_text: set[int] = set()
        """Columns of which one number would not come back, or one text is an identifier."""
        self._look_through: set[int] = set()
        """Columns that have whole numbers behind texts, which may be identifiers."""
        self.names = [header.names[place] for place in header.wanted]
        self._skipped: list[int] = []
        """The lines of rows that were left out."""
        self._odd_record: Record | None = None
        """The first record with a cell whose closing quote has text behind it."""

    def read(self, begin: Callable[[], Callable[[list[ColumnData]], None]]) -> None:
        """Hand all pieces, in order, to what ``begin`` gives: again from the start if need be.

        Raises the errors of ``read_csv``.
        """
        while True:
            known = set(self._as_text), set(self._look_through)
            put: Callable[[list[ColumnData]], None] | None = begin()
            pass_ = _Pass(
                self._file,
                self._header,
                self._options,
                self._piece,
                self._as_text,
                self._look_through,
            )
            for columns in pass_.pieces():
                if pass_.must_repeat:
                    put = None  # only to find out what else is text
                elif put is not None:
                    put(columns)
            pass_.finish()
            self._skipped = pass_.skipped
            self._odd_record = pass_.odd_record
            if not pass_.must_repeat:
                return
            assert (self._as_text, self._look_through) != known, (
                "another reason to read the file once more"
            )

    def warn_of_rows(self, warn: Warn) -> None:
        """Tell, after ``read``, of rows that were left out and of quotes that are not doubled."""
        if self._odd_record is not None:
            diagnostics.warn_of_odd_cell(self._odd_record, warn)
        warn_of_skipped(self._skipped, warn)


@dataclass(slots=True)
class _Place:
    """Where a piece begins: the byte, the line from 1, and the number of its first record."""

    byte: int
    line: int
    record: int


class _Pass:
    """Once through the file."""

    def __init__(
        self,
        file: BinaryIO,
        header: Header,
        options: ReadOptions,
        piece: int,
        as_text: set[int],
        look_through: set[int],
    ) -> None:
        self._file = file
        self._header = header
        self._options = options
        self._size = piece
        self._as_text = as_text
        self._look_through = look_through
        self._numbers: dict[int, Numbers] = {}
        """Which numbers columns have; ``others`` if one of them could be no identifier."""
        self._identifiers: set[int] = set()
        """Columns with identifiers among those that were looked through."""
        self._unseen: set[int] = set()
        """Columns with texts that were not looked through."""
        self._others: set[int] = set()
        """Columns in which there were values that are no plain texts."""
        self._misfits: dict[int, DataCodeError] = {}
        self._rows = 0
        self._most = options.max_rows
        self.skipped: list[int] = []
        self.odd_record: Record | None = None
        self.must_repeat = False
        self._typed = {place: kind for place, kind in header.typed.items() if place not in as_text}
        self._place = _Place(header.start, header.line, header.record)

    def pieces(self) -> Iterator[list[ColumnData]]:
        """The columns of each piece. Raises the error of the first row that is wrong."""
        self._file.seek(self._place.byte)
        waiting = b""
        is_first = True
        while True:
            read = self._file.read(self._size)
            waiting += read
            if not waiting:
                break
            end = len(waiting) if not read else _end_of_records(waiting)
            frame: tuple[pl.DataFrame, Hints] | None = None
            if end:
                piece = waiting[:end]
                frame = self._parsed(piece)
            if frame is not None:
                texts, hints = frame
                self._advance(piece, texts.height)
            else:
                end, rows = self._recorded(waiting, is_last=not read)
                texts, hints = _texts(rows, len(self._header.names)), Hints()
            if end:
                waiting = waiting[end:]
            elif len(waiting) > _LONGEST_RECORD:
                self._too_long(waiting)
            left = self._left()
            is_over = left is not None and texts.height >= left
            texts = texts[:left]
            if texts.height or (is_first and (is_over or not read)):
                yield self._columns(texts, hints)
                is_first = False
            if is_over:
                return
            if not read and not waiting:
                break

    def _left(self) -> int | None:
        """How many rows are wanted yet, if not all."""
        return None if self._most is None else self._most - self._rows

    def finish(self) -> None:
        """Find out whether whole columns tell something more.

        Raises the error of the first column with a cell that is not of its wanted type.
        """
        for place in self._header.wanted:
            if place in self._misfits:
                raise self._misfits[place]
        for place, numbers in self._numbers.items():
            if numbers == "others" or place in self._as_text:
                continue
            if place in self._identifiers:
                self._as_text.add(place)
                self.must_repeat = True
            elif place in self._unseen:
                self._look_through.add(place)
                self.must_repeat = True

    def _advance(self, piece: bytes, rows: int) -> None:
        lines = piece.count(b"\n") + piece.count(b"\r") - piece.count(b"\r\n")
        place = self._place
        self._place = _Place(place.byte + len(piece), place.line + lines, place.record + rows)

    # By Polars ------------------------------------------------------------------------

    def _parsed(self, piece: bytes) -> tuple[pl.DataFrame, Hints] | None:
        body = polars_reader.Body(
            io.BytesIO(piece),
            0,
            1,
            len(piece),
            len(self._header.names),
            self._options.delimiter,
            self._typed,
            has_gaps=self._header.has_gaps,
        )
        return polars_reader.parse(body)

    # Record by record -------------------------------------------------------------------

    def _recorded(self, waiting: bytes, *, is_last: bool) -> tuple[int, list[list[str]]]:
        """The rows of the records that end in the bytes, and how many bytes they take.

        The last record is left for the next piece, unless the file ends.
        """
        codec = "utf-8"
        try:
            text = waiting.decode() if is_last else waiting[: _end_of_text(waiting)].decode()
        except UnicodeDecodeError:
            codec = "latin-1"
            text = waiting.decode(codec)
        found: list[Record] = []
        stop = len(text)
        try:
            for record in records(text, self._options.delimiter):
                found.append(record)
        except OpenQuote as quote:
            if is_last or quote.closed is not None:
                rows = self._rows_of(found, text, codec)  # an earlier row may be wrong
                left = self._left()
                if left is None or len(rows) < left:
                    raise self._open_quote(quote) from None
                return len(waiting), rows
        if not is_last:
            stop = found.pop().start if found else 0
        rows = self._rows_of(found, text, codec)
        done = text[:stop].encode(codec)
        self._advance(done, len(found))
        return len(done), rows

    def _open_quote(self, quote: OpenQuote) -> DataCodeError:
        above = self._place.line - 1
        closed = None if quote.closed is None else quote.closed + above
        return diagnostics.open_quote_error(OpenQuote(quote.line + above, closed))

    def _rows_of(self, found: Sequence[Record], text: str, codec: str) -> list[list[str]]:
        """The cells of records. Raises the error of the first that is wrong."""
        names = self._header.names
        left = self._left()
        rows: list[list[str]] = []
        for number, record in enumerate(found, self._place.record):
            if left is not None and len(rows) >= left:
                break
            if record.odd_cell is not None and self.odd_record is None:
                self.odd_record = replace(record, line=record.line + self._place.line - 1)
            if self._options.ragged == "skip" and len(record.cells) != len(names):
                self.skipped.append(record.line + self._place.line - 1)
            else:
                rows.append(self._cells(number, record, text, codec, names))
        return rows

    def _cells(
        self, number: int, record: Record, text: str, codec: str, names: list[str]
    ) -> list[str]:
        is_misfit = len(record.cells) != len(names)
        if codec == "utf-8" and not is_misfit:
            return record.cells
        at = self._place.byte + len(text[: record.start].encode(codec))
        told = replace(record, line=record.line + self._place.line - 1)
        if is_misfit:
            raise diagnostics.width_error(told, number, at, names)
        cells = []
        for field, cell in enumerate(record.cells):
            try:
                cells.append(cell.encode(codec).decode())
            except UnicodeDecodeError as error:
                head = self._header.head
                raise diagnostics.encoding_error(
                    head, told, number, at, field, error.start, is_header=False
                ) from None
        return cells

    def _too_long(self, waiting: bytes) -> None:
        """A record does not end: nothing closes its quotes, or it is too long to be one."""
        line = self._place.line
        while piece := self._file.read(self._size):
            if b'"' in piece:
                break
        else:
            self._recorded(waiting, is_last=True)
        message = _TOO_LONG.filled(line=line, mebibytes=_LONGEST_RECORD >> 20)
        raise DataCodeError(Kind.RUNTIME, message)

    # Columns ------------------------------------------------------------------------------

    def _columns(self, frame: pl.DataFrame, hints: Hints) -> list[ColumnData]:
        made: dict[int, ColumnData] = {}
        for place in dict.fromkeys(self._header.wanted):
            series = frame[str(place)]
            made[place] = self._column(place, series, self._header.rules[place], hints)
        self._rows += frame.height
        return [made[place] for place in self._header.wanted]

    def _column(self, place: int, series: pl.Series, rule: ColumnRule, hints: Hints) -> ColumnData:
        if series.dtype != pl.String:
            self._others.add(place)
            if place in self._as_text:
                self.must_repeat = True  # it was only found out in an earlier piece
            if self._numbers.get(place) != "others":
                self._note_numbers(place, numbers_of(series))
            return ColumnData.of_series(series)
        if rule.type is not None:
            try:
                return columns_from_texts(series.to_frame(), [rule], hints, self._unheard)[0]
            except DataCodeError as error:
                row = int(error.message.value("row") or 0) + self._rows
                told = error.message.filled(row=row)
                self._misfits.setdefault(place, DataCodeError(error.kind, told))
                return ColumnData.of_series(series)
        part = column_part(
            series,
            rule,
            hints,
            as_text=place in self._as_text,
            seeks_identifiers=self._numbers.get(place) != "others",
        )
        if part.is_unsafe and place not in self._as_text:
            self._as_text.add(place)
            self.must_repeat = self.must_repeat or place in self._others
        if not part.is_text:
            self._others.add(place)
            if place in self._as_text:
                self.must_repeat = True
        if place not in self._as_text:
            self._note_numbers(place, part.numbers)
            if part.texts is not None:
                self._note_identifiers(place, part.texts)
        return part.column

    def _note_numbers(self, place: int, numbers: Numbers | None) -> None:
        if numbers is not None and self._numbers.get(place) != "others":
            self._numbers[place] = numbers

    def _note_identifiers(self, place: int, text: pl.Series) -> None:
        """Look for identifiers only where they matter, as that takes time."""
        numbers = self._numbers.get(place)
        if numbers == "others" or place in self._identifiers:
            return
        if numbers is None and place not in self._look_through:
            self._unseen.add(place)
        elif has_identifiers(text):
            self._identifiers.add(place)

    def _unheard(self, message: Message) -> None:
        raise AssertionError(message.code)


def _end_of_records(data: bytes) -> int:
    """Behind the last line end that is outside of quotes, if the quotes are regular; 0 for none."""
    end = data.rfind(b"\n") + 1
    if not end and b"\r" in data:
        end = data.rfind(b"\r", 0, len(data) - 1) + 1
    quotes = data.count(b'"', 0, end)
    while end and quotes % 2:
        last = data.rfind(b'"', 0, end)
        before = data.rfind(b"\n", 0, last) + 1
        quotes -= data.count(b'"', before, end)
        end = before
    return end


def _end_of_text(data: bytes) -> int:
    """How many bytes there are but for a last character that is cut through."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:
            break
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if back < needed else len(data)
    return len(data)


def _texts(rows: Sequence[Sequence[str]], width: int) -> pl.DataFrame:
    columns = zip(*rows, strict=True) if rows else [()] * width
    return pl.DataFrame(
        [pl.Series(str(place), list(cells), dtype=pl.String) for place, cells in enumerate(columns)]
    )
