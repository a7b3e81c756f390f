"""Reading CSV by the rules of the tables and files reference, 2.3.

A large regular file is parsed by Polars (``polars_reader``). Every other one is read record by
record (``records``), which also finds out what is wrong with it. Both give the same table.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import BinaryIO

from datacode.errors import DataCodeError, runtime_error
from datacode.i18n.message import Message
from datacode.tables import shape
from datacode.tables.column_rules import ColumnRule, column_rules
from datacode.tables.csv import detect, diagnostics, polars_reader
from datacode.tables.csv.encodings import codec_for
from datacode.tables.csv.infer import cell_value, column_values, columns_from_texts
from datacode.tables.csv.records import OpenQuote, Record, records
from datacode.tables.csv.transcoding import not_in_encoding
from datacode.tables.read_options import DEFAULTS, ReadOptions, Warn, unheard
from datacode.tables.report_rows import found_arguments, report_rows
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl
from datacode.values.parse_text import SPACES_IN_NUMBERS, WHITE_SPACE
from datacode.values.table import Table

SMALL = 1 << 16
"""Files up to so many bytes are read in Python: starting Polars would cost more."""

_SAMPLE = 200
"""So many records say which columns are tried as numbers or bools first."""

_HEAD = 1 << 16
"""The header is looked for in the first so many bytes of a large file."""

_PLACES = 3
_PIECE = 1 << 11
"""So many bytes from so many places further down show what else columns hold."""

FEW_ROWS = 10_000
"""If at most so many rows are wanted, the rest of a large file need not be parsed."""


def read_csv(file: BinaryIO, options: ReadOptions = DEFAULTS, warn: Warn = unheard) -> Table:
    """A table of a CSV file; the names come from record ``header_row``, counted from 0.

    ``warn`` is told when the file looks as if it were meant to be read differently. Raises
    Runtime Errors in the words of the tables and files reference, 2.3.
    """
    check_options(options)
    if options.find:
        file, options = _found_out(file, options, warn)
    table = _read(_in_utf8(file, options.encoding), options, warn)
    warn_of_table(table, options, warn)
    return table


def check_options(options: ReadOptions) -> None:
    """Raise a Runtime Error for what cannot separate cells, or the digits of numbers."""
    if len(options.delimiter) != 1 or options.delimiter in '"\r\n':
        raise runtime_error(
            "bad_delimiter_written", "delimiter must be one character, and no quote or line break"
        )
    if options.decimal not in (".", ","):
        raise runtime_error("bad_decimal", "decimal must be '.' or ','")


def warn_of_table(table: Table, options: ReadOptions, warn: Warn) -> None:
    """Tell ``warn`` if a table looks as if its file were meant to be read differently."""
    _warn_of_grouped_digits(table, options, warn)
    if diagnostics.looks_separated_by_semicolons(
        table.names, table.slice(0, min(len(table), 20)).columns[0].values()
    ):
        warn(
            Message(
                "semicolons_separate",
                "The file looks as if ';' separated its cells: try delimiter=\";\"",
            )
        )


def _found_out(file: BinaryIO, options: ReadOptions, warn: Warn) -> tuple[BinaryIO, ReadOptions]:
    """The options with what the file itself tells, of which ``warn`` is told."""
    file = file if file.seekable() else io.BytesIO(file.read())
    file.seek(0)
    content = file.read()
    file.seek(0)
    found = options
    if "encoding" in options.find:
        found = replace(found, encoding=detect.likely_encoding(content))
    text = content.decode(codec_for(found.encoding or "utf-8"), "replace").removeprefix("\ufeff")
    if "delimiter" in options.find:
        found = replace(found, delimiter=detect.likely_delimiter(text))
    above = [record.cells for record in detect.first_records(text, found.delimiter)]
    is_all = detect.is_short(text, len(above))
    below = above if is_all else [r.cells for r in detect.last_records(text, found.delimiter)]
    if "rows" in options.find:
        rows = report_rows(above, below)
        found = replace(
            found, header_row=rows.header_row, header_rows=rows.header_rows, skip_footer=rows.footer
        )
    body = above[found.header_row + found.header_rows :]
    body = body[: len(body) - found.skip_footer] if is_all else body
    if "ragged" in options.find and len(set(map(len, above[found.header_row :]))) > 1:
        names = above[found.header_row : found.header_row + found.header_rows]
        if {max(map(len, names), default=0)} != set(map(len, body)):
            found = replace(found, ragged="pad")
    if "numbers" in options.find:
        cells = chain.from_iterable(body)
        decimal, thousands = detect.likely_numbers(cells, found.delimiter)
        found = replace(found, decimal=decimal, thousands=thousands)
    if "numbers" in options.find or "rows" in options.find:
        warn(found_arguments(options, found))
        _warn_of_codes(above, body, found, warn)
    return file, replace(found, find=frozenset())


_CODE = re.compile("0[0-9]+")
_NUMBERS = re.compile("[0-9]*")
_CODES = Message(
    "codes_read_as_numbers",
    "Column '{column}' has numbers with leading zeros such as '{text}', which are read without"
    " them: types={{'{column}': 'String'}} keeps them",
)


def _warn_of_codes(
    above: Sequence[list[str]], body: Sequence[list[str]], options: ReadOptions, warn: Warn
) -> None:
    """Tell of columns of whole numbers of which some begin with a zero."""
    names = _column_names(list(above), options)
    rules = column_rules(names, options)
    for name, rule, *cells in zip(names, rules, *body, strict=False):
        texts = [cell.strip(WHITE_SPACE) for cell in cells]
        code = next(filter(_CODE.fullmatch, texts), None)
        if rule.type is None and code is not None and all(map(_NUMBERS.fullmatch, texts)):
            warn(_CODES.filled(column=name[:100], text=code[:100]))


_WRITTEN_OTHERWISE = re.compile(
    rf"\(?[+\-\u2212]?[0-9][0-9{SPACES_IN_NUMBERS}'.,]*\)?-? ?%?", re.ASCII
)
"""Amounts as programs for accounts write them: ``(1 234,50)``, ``5,00-``, ``\u22125``, ``7 %``."""

_GROUPED_DIGITS = re.compile(
    rf"[+-]?[0-9]{{1,3}}(?:[{SPACES_IN_NUMBERS}][0-9]{{3}})+(?:[.,][0-9]+)?"
)

_LOOKED_AT = 10_000
"""Cells of a column of several kinds that are looked at for numbers with grouped digits."""


def _warn_of_grouped_digits(table: Table, options: ReadOptions, warn: Warn) -> None:
    """Tell of columns of which some numbers are texts, as spaces group their digits."""
    for name, column in zip(table.names, table.columns, strict=True):
        if column.source is not None:
            if column.source.kind(column.position) is not None:
                continue  # of one kind
        elif column.is_stored_as_series():
            continue
        cells = column.part(0, min(len(column), _LOOKED_AT))
        kinds = set(map(type, cells))
        if str not in kinds or float not in kinds:
            continue
        texts = [cell for cell in cells if cell.__class__ is str]
        example = next(filter(_GROUPED_DIGITS.fullmatch, texts), None)
        if example is not None and options.thousands is None:
            message = _NUMBERS_WITH_SPACES
        else:
            example = next(filter(_WRITTEN_OTHERWISE.fullmatch, texts), None)
            message = _NUMBERS_WRITTEN_OTHERWISE
        if example is not None:
            warn(message.filled(column=name[:100], text=example[:100]))


_NUMBERS_WITH_SPACES = Message(
    "numbers_with_spaces",
    "Column '{column}' has numbers and texts such as '{text}': try thousands=\" \"",
)
_NUMBERS_WRITTEN_OTHERWISE = Message(
    "numbers_written_otherwise",
    "Column '{column}' has numbers and texts such as '{text}', which is not read as a number",
)


def _in_utf8(file: BinaryIO, encoding: str | None) -> BinaryIO:
    """The file itself, or a copy that has been encoded anew."""
    codec = codec_for(encoding) if encoding is not None else "utf-8"
    if codec == "utf-8":
        return file if file.seekable() else io.BytesIO(file.read())
    try:
        return io.BytesIO(file.read().decode(codec).encode())
    except UnicodeError as error:
        raise not_in_encoding(encoding, error) from None


def _read(file: BinaryIO, options: ReadOptions, warn: Warn) -> Table:
    size = file.seek(0, io.SEEK_END)
    if size > SMALL and _can_read_fast(options):
        table = _read_fast(file, size, options, warn)
        if table is not None:
            return table
    file.seek(0)
    try:
        return _RecordReader(_File(file.read()), options, warn).table()
    except OpenQuote as quote:
        raise diagnostics.open_quote_error(quote) from None


def _body_start(content: bytes) -> int:
    return len(codecs.BOM_UTF8) if content.startswith(codecs.BOM_UTF8) else 0


# A large file ------------------------------------------------------------------


def _can_read_fast(options: ReadOptions) -> bool:
    """Is most of the file wanted, and do blank lines count for nothing?"""
    few = options.max_rows is not None and options.max_rows <= FEW_ROWS
    return options.cells is None and not few


def _read_fast(file: BinaryIO, size: int, options: ReadOptions, warn: Warn) -> Table | None:
    """The table, if the header stands early in the file and all below it is regular."""
    header = header_of(file, size, options)
    if header is None:
        return None
    names, rules, wanted = header.names, header.rules, header.wanted
    body = polars_reader.Body(
        file,
        header.start,
        header.line,
        size,
        len(names),
        options.delimiter,
        header.typed,
        has_gaps=header.has_gaps,
    )
    parsed = polars_reader.parse(body)
    if parsed is None:
        return None
    frame, hints = parsed
    frame = _without_footer(frame, options, warn)[: options.max_rows]
    frame = frame.select(str(place) for place in dict.fromkeys(wanted))
    texts = frame.select(pl.col(pl.String))
    of_texts = columns_from_texts(texts, [rules[int(n)] for n in texts.columns], hints, warn)
    made = dict(zip(texts.columns, of_texts, strict=True))
    columns = [made.get(n) or ColumnData.of_series(frame[n]) for n in map(str, wanted)]
    return Table([names[place] for place in wanted], columns, frame.height)


@dataclass(frozen=True, slots=True)
class Header:
    """What stands above the records of a large file, and what its first records look like.

    Those begin at byte ``start``, at ``line`` (from 1), with the record of number ``record``.
    ``typed`` and ``has_gaps`` are those of ``polars_reader.Body``; the file begins with ``head``.
    """

    names: list[str]
    rules: list[ColumnRule]
    wanted: list[int]
    start: int
    line: int
    record: int
    typed: dict[int, polars_reader.TypedBy]
    has_gaps: bool
    head: bytes


def header_of(file: BinaryIO, size: int, options: ReadOptions) -> Header | None:
    """The header of a file, if it stands early in it. Raises what the options ask in vain."""
    file.seek(0)
    head = file.read(_HEAD)
    offset = _body_start(head)
    complete = head[offset : max(head.rfind(b"\n"), head.rfind(b"\r")) + 1]
    try:
        text = complete.decode()
    except UnicodeDecodeError:
        return None
    header_end = options.header_row + options.header_rows
    above = list(_records_in(text, options.delimiter, header_end + 1 + _SAMPLE))
    if len(above) <= header_end:
        return None
    first, names = above[header_end], _column_names([r.cells for r in above], options)
    try:
        rules, wanted = column_rules(names, options), _wanted(names, options)
    except DataCodeError:
        if options.ragged == "pad":
            return None  # there may be further columns
        raise
    start = offset + len(text[: first.start].encode())
    samples = [above[header_end:], *_further_samples(file, size, options.delimiter)]
    cells = [r.cells for part in samples for r in part if len(r.cells) == len(names)]
    has_exponents = any(mark in head for mark in (b"e", b"E", b"+"))
    typed = _typed_columns(cells, rules, has_exponents) if _can_guess(names, options) else {}
    has_gaps = not all(row[-1] for row in cells)
    return Header(names, rules, wanted, start, first.line, header_end, typed, has_gaps, head)


def _records_in(text: str, delimiter: str, most: int) -> Iterator[Record]:
    """The first records of a part of a file, which may end within one that has quotes."""
    with suppress(OpenQuote):
        yield from islice(records(text, delimiter), most)


def _further_samples(file: BinaryIO, size: int, delimiter: str) -> Iterator[list[Record]]:
    """Some records from further down. Within quotes they are none, which costs time alone."""
    for part in range(1, _PLACES + 1):
        file.seek(size * part // (_PLACES + 1))
        lines = file.read(_PIECE).splitlines(keepends=True)[1:-1]
        yield list(_records_in(b"".join(lines).decode(errors="replace"), delimiter, _SAMPLE))


def _can_guess(names: list[str], options: ReadOptions) -> bool:
    """May columns be read as numbers at once? In texts alone an end of the table is found."""
    return len(names) > 1 and options.until is None


_INTEGER = re.compile("-?[0-9]{1,15}")


def _typed_columns(
    rows: list[list[str]], rules: list[ColumnRule], has_exponents: bool
) -> dict[int, polars_reader.TypedBy]:
    """The columns of which every filled cell is a number, or ``true`` or ``false``."""
    typed: dict[int, polars_reader.TypedBy] = {}
    for place, column in enumerate(zip(*rows, strict=True)):
        rule = rules[place]
        filled = {text for text in column if text}
        if not filled or not rule.is_plain:
            continue
        if all(map(_INTEGER.fullmatch, filled)):
            typed[place] = "integer"
        elif {text.lower() for text in filled} <= {"true", "false"}:
            typed[place] = "bool"
        elif has_exponents or rule.decimal != "." or rule.thousands is not None:
            continue
        elif {type(cell_value(text)) for text in filled} == {float}:
            typed[place] = "number"
    return typed


def _without_footer(frame: pl.DataFrame, options: ReadOptions, warn: Warn) -> pl.DataFrame:
    """The rows that ``shape.without_footer`` gives."""
    frame = frame[: max(frame.height - options.skip_footer, 0)]
    until = options.until
    if until is None:
        return frame
    could_be = pl.any_horizontal(pl.all().str.contains(until, literal=True)).fill_null(value=False)
    rows = frame.with_columns(could_be.alias("could_be")).with_row_index("row").filter("could_be")
    for row, *cells in rows.drop("could_be").iter_rows():
        if shape.is_end(shape.first_filled(cells), until):
            return frame[:row]
    if options.max_rows is None or frame.height < options.max_rows:
        shape.warn_of_no_end(until, warn)
    return frame


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

    def cells(self, record: Record, number: int, *, is_header: bool) -> list[str]:
        """The cells of a record. Raises the error of the first that is not UTF-8."""
        if self._codec == "utf-8":
            return record.cells
        decoded = []
        for field, cell in enumerate(record.cells):
            try:
                decoded.append(cell.encode(self._codec).decode())
            except UnicodeDecodeError as error:
                byte = self.byte(record.start)
                raise diagnostics.encoding_error(
                    self._content, record, number, byte, field, error.start, is_header=is_header
                ) from None
        return decoded


class _RecordReader:
    """Makes a table of a file's records, which are numbered from 0."""

    def __init__(self, source: _File, options: ReadOptions, warn: Warn) -> None:
        self._source = source
        self._options = options
        self._warn = warn
        self._skipped: list[int] = []
        """The lines of rows that were left out."""
        self._told = False
        """Has an odd quote been told of?"""

    def table(self) -> Table:
        """The table. Raises Runtime Errors and ``OpenQuote``."""
        options = self._options
        found = self._found()
        above = self._above(found)
        if not options.header_rows:
            first = next(found, None)
            if first is None:
                raise runtime_error("empty_csv", "Empty CSV file")
            above.append(self._cells(*first))
            found = chain((first,), found)
        body = shape.without_footer(
            found, options.skip_footer, options.until, self._first_text, self._warn
        )
        names = _column_names(above, options)
        shape.check_range(names, options.cells)
        fitting = islice(self._fitting(body, names), options.max_rows)
        rows: list[list[str]] = []
        if options.ragged == "pad":
            rows = list(fitting)
            shape.pad(rows, names)  # which may add columns
        rules, wanted = column_rules(names, options), _wanted(names, options)
        rows = rows or list(fitting)
        warn_of_skipped(self._skipped, self._warn)
        columns = _columns(rows, rules, wanted, self._warn)
        return Table([names[place] for place in wanted], columns, len(rows))

    def _found(self) -> Iterator[tuple[int, Record]]:
        """The records that count, with their numbers."""
        cells, delimiter = self._options.cells, self._options.delimiter
        if cells is None:
            return enumerate(records(self._source.text, delimiter))
        lines = enumerate(records(self._source.text, delimiter, with_blank=True))
        return (pair for pair in islice(lines, cells.top, cells.bottom) if pair[1].cells)

    def _above(self, found: Iterator[tuple[int, Record]]) -> list[list[str]]:
        """The cells of the rows up to the end of the header."""
        options = self._options
        above: list[list[str]] = []
        for number, record in islice(found, options.header_row + options.header_rows):
            above.append(self._cells(number, record, is_header=len(above) >= options.header_row))
        if len(above) < options.header_row + options.header_rows:
            if not above:
                raise runtime_error("empty_csv", "Empty CSV file")
            raise diagnostics.too_few_records(options.header_row, options.header_rows)
        return above

    def _cells(self, number: int, record: Record, *, is_header: bool = False) -> list[str]:
        """The cells of a record that count. In a range, those that are missing are empty."""
        cells = self._source.cells(record, number, is_header=is_header)
        part = self._options.cells
        if part is None:
            return cells
        cells = cells[part.left : part.right]
        if part.right is not None:
            cells += [""] * (part.right - part.left - len(cells))
        return cells

    def _first_text(self, row: tuple[int, Record]) -> str:
        return shape.first_filled(self._cells(*row))

    def _fitting(self, body: Iterable[tuple[int, Record]], names: list[str]) -> Iterator[list[str]]:
        """The rows of the table's width, or as ``ragged`` wants them."""
        options = self._options
        is_whole = options.cells is None
        for number, record in body:
            if record.odd_cell is not None and not self._told:
                diagnostics.warn_of_odd_cell(record, self._warn)
                self._told = True
            cells = record.cells if is_whole else self._cells(number, record)
            if len(cells) != len(names) and options.ragged == "error":
                at = self._source.byte(record.start)
                raise diagnostics.width_error(replace(record, cells=cells), number, at, names)
            if len(cells) != len(names) and options.ragged == "skip":
                self._skipped.append(record.line)
                continue
            yield self._cells(number, record) if is_whole else cells


def warn_of_skipped(lines: Sequence[int], warn: Warn) -> None:
    """Tell of the rows in these lines, if any, that were left out for their width."""
    if lines:
        warn(_OTHER_WIDTH.filled(count=len(lines), line=lines[0]))


_OTHER_WIDTH = Message(
    "rows_of_other_width",
    "{count} rows were left out that have more or fewer cells than the header: "
    "the first is in line {line}",
)


def _column_names(above: list[list[str]], options: ReadOptions) -> list[str]:
    """The names in the rows up to the end of the header, or numbered ones for the row below it."""
    if not options.header_rows:
        return shape.numbered_names(len(above[options.header_row]) if above else 0)
    end = options.header_row + options.header_rows
    return shape.joined_names(above[options.header_row : end])


def _wanted(names: list[str], options: ReadOptions) -> list[int]:
    """The places of the columns to keep."""
    if options.columns is None:
        return list(range(len(names)))
    return shape.positions_of(names, options.columns)


def _columns(
    rows: list[list[str]], rules: list[ColumnRule], wanted: list[int], warn: Warn
) -> list[ColumnData]:
    if not rows:
        return [ColumnData.of_list([]) for _ in wanted]
    every = list(zip(*rows, strict=True))
    places = list(dict.fromkeys(wanted))
    if sum(map(len, map("".join, rows[:100]))) * len(rows) <= 100 * SMALL:
        made = [ColumnData.of_list(column_values(every[p], rules[p], warn)) for p in places]
    else:
        series = [pl.Series(str(p), every[p], dtype=pl.String) for p in places]
        made = columns_from_texts(pl.DataFrame(series), [rules[p] for p in places], warn=warn)
    columns = dict(zip(places, made, strict=True))
    return [columns[place] for place in wanted]
