"""Tables of a workbook, whatever its format: which sheets, and their cells as columns.

Source: tables and files reference, 2.4.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache, partial
from itertools import chain, islice
from typing import Any, TypeAlias

from datacode.errors import DataCodeError, runtime_error
from datacode.i18n.message import Message
from datacode.tables.cell_range import CellRange
from datacode.tables.column_rules import changes_cells, column_rules, workbook_values
from datacode.tables.csv.detect import likely_numbers
from datacode.tables.csv.diagnostics import too_few_records
from datacode.tables.file_warnings import FileWarnings
from datacode.tables.read_options import ALL_SHEETS, ReadOptions, Warn
from datacode.tables.report_rows import found_arguments, report_rows
from datacode.tables.select import merged_outer
from datacode.tables.shape import (
    check_range,
    first_filled,
    joined_names,
    numbered_names,
    positions_of,
    without_footer,
)
from datacode.tables.xlsx.size_limits import column_letters
from datacode.values.column_storage import ColumnData, typed
from datacode.values.parse_text import WHITE_SPACE
from datacode.values.table import Table
from datacode.values.text import number_text
from datacode.values.types import Value

_ROWS_AT_ONCE = 300

_LAST = datetime.max - timedelta(seconds=1)

_SMALL = 2_000_000
"""Tables with up to so many cells stay in the lists that were read; larger ones take less room."""

_DAYS_OF_READERS = frozenset({date, datetime})

_NAMED = 20
"""Sheets that an error lists."""

SHEET_COLUMN = "sheet"
"""The column of the sheets' names where several are read."""

Row: TypeAlias = "Sequence[Any]"
"""The cells of a row as a reader gives them; empty ones are ``''``."""

CellPosition: TypeAlias = "tuple[int, int]"
"""The row and the column of a cell, from 0."""

Area: TypeAlias = "tuple[int, int, int, int]"
"""A merged area: its first row and column, and its last, from 0."""


class CellError(str):
    """The text of a cell that holds an error, where a reader tells."""

    __slots__ = ()


class LongNumber(str):
    """The digits of a number with more than a float keeps, where a reader tells."""

    __slots__ = ()


def _none() -> dict[CellPosition, float]:
    return {}


@dataclass(frozen=True, slots=True)
class Sheet:
    """The used rectangle of a sheet, row by row, as a reader gives it.

    ``top`` and ``left`` say where it begins, counted from 0. Empty cells are ``''``. ``texts``
    stand in cells in place of what the reader gives; ``find_odd_days`` gives the numbers that are
    no days, of which a reader makes days or times. ``no_results`` are the cells of formulas
    whose results are not stored; ``long_numbers`` have more digits than a number keeps, ``rounded``
    ones have lost their last digits to whoever wrote them.
    """

    name: str
    top: int
    left: int
    rows: Iterator[Sequence[Any]]
    texts: Mapping[CellPosition, str] = field(default_factory=dict)
    find_odd_days: Callable[[], Mapping[CellPosition, float]] = _none
    no_results: Sequence[CellPosition] = ()
    merged: Sequence[Area] = ()
    long_numbers: Mapping[CellPosition, str] = field(default_factory=dict)
    rounded: Sequence[CellPosition] = ()


@dataclass(frozen=True, slots=True)
class Book:
    """An open workbook.

    ``sheets`` are those with cells, in order, and whether they are visible; ``names`` are those
    of all sheets. ``read`` gives the cells of one.
    """

    sheets: Mapping[str, bool]
    names: Sequence[str]
    read: Callable[[str], Sheet]


def table_of_book(book: Book, options: ReadOptions, warn: Warn) -> Table:
    """The table that the options want."""
    if options.sheet == ALL_SHEETS and ALL_SHEETS not in book.names:
        return _all_sheets(book, options, warn)
    return _table(book.read(_chosen(book, options.sheet)), options, warn)


def _all_sheets(book: Book, options: ReadOptions, warn: Warn) -> Table:
    """The rows of all visible sheets, under a column of the sheets' names and all of theirs."""
    parts = []
    told = FileWarnings()
    for name, is_visible in book.sheets.items():
        if not is_visible:
            warn(
                Message(
                    "sheet_is_hidden",
                    "Sheet '{name}' is hidden and was left out: name it to read it",
                ).filled(name=name)
            )
            continue
        sheet = book.read(name)
        first = next(sheet.rows, None)
        if first is None:
            _Faults(sheet, options, []).warn(warn, ())
            continue
        sheet = replace(sheet, rows=chain((first,), sheet.rows))
        part = _table(sheet, options, partial(_tell, warn, told, name))
        names = ColumnData.of_list([name] * len(part))
        parts.append(Table([SHEET_COLUMN, *part.names], [names, *part.columns], len(part)))
    told.give(warn)
    if not parts:
        raise runtime_error("no_sheets", "No sheets found")
    return merged_outer(parts)


def _tell(warn: Warn, told: FileWarnings, sheet: str, warning: Message) -> None:
    """A warning that names its sheet as it is; the same of several sheets once for all of them."""
    if "sheet" in warning.params:
        warn(warning)
    else:
        told.add(sheet, warning)


def _chosen(book: Book, wanted: str | int | None) -> str:
    """The sheet of the wanted name or number, or the first visible one with cells."""
    sheets = list(book.sheets)
    if wanted is None:
        if not sheets:
            raise runtime_error("no_sheets", "No sheets found")
        return next((name for name in sheets if book.sheets[name]), sheets[0])
    if isinstance(wanted, int):
        if not 1 <= wanted <= len(sheets):
            raise runtime_error(
                "sheet_number",
                "Failed to read sheet {number}: the workbook has {count} sheets: {sheets}",
                number=wanted,
                count=len(sheets),
                sheets=_listed(sheets),
            )
        return sheets[wanted - 1]
    if wanted not in book.sheets:
        raise _no_sheet(book, wanted)
    return wanted


def _no_sheet(book: Book, wanted: str) -> DataCodeError:
    if wanted in book.names:
        return runtime_error(
            "sheet_is_chart", "Failed to read sheet '{name}': it is a chart", name=wanted
        )
    return runtime_error(
        "sheet_not_found",
        "Failed to read sheet '{name}': Worksheet '{name}' not found. The workbook has: {sheets}",
        name=wanted[:100],
        sheets=_listed(list(book.sheets)),
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name[:100]}'" for name in names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown}, …"


# Rows to columns -----------------------------------------------------------------


def _table(sheet: Sheet, options: ReadOptions, warn: Warn) -> Table:
    if options.cells is not None:
        sheet = _part(sheet, options.cells)
    if options.find:
        sheet, options = _found_out(sheet, options, warn)
    header = list(islice(sheet.rows, options.header_row, options.header_row + options.header_rows))
    if len(header) < options.header_rows:
        _Faults(sheet, options, []).warn(warn, ())
        raise too_few_records(options.header_row, options.header_rows)
    columns: list[list[Any]] = list(map(list, zip(*header, strict=True)))
    kinds = {type(cell) for row in header for cell in row}
    rows = _body(sheet.rows, options, warn)
    if not header:
        first = next(rows, None)
        if first is None:
            raise too_few_records(options.header_row)
        columns, rows = [[] for _ in first], chain((first,), rows)
    has_1900 = False
    while part := list(islice(rows, _ROWS_AT_ONCE)):
        for column, cells in zip(columns, zip(*part, strict=True), strict=True):
            now = set(map(type, cells))
            if not has_1900 and now & _DAYS_OF_READERS:
                has_1900 = any(c.__class__ in _DAYS_OF_READERS and c.year == 1900 for c in cells)
            column.extend(_values(cells, now))
            kinds |= now
    faults = _Faults(sheet, options, columns)
    if time in kinds or has_1900:
        faults.put_odd_days()
    faults.put_texts(CellError in kinds)
    faults.put_long_numbers(options.header_rows, LongNumber in kinds)
    if options.fill_merged:
        _fill(columns, sheet, sheet.top + options.header_row)
    names = _names(columns, sheet, options)
    check_range(names, options.cells)
    places: Sequence[int] = range(len(names))
    if options.columns is not None:
        places = positions_of(names, options.columns)
    faults.warn(warn, places)
    height = len(columns[0]) if columns else 0
    if changes_cells(options):
        rules = column_rules(names, options)
        for place in set(places):
            columns[place] = workbook_values(columns[place], rules[place], warn)
    make = ColumnData.of_list if height * len(columns) <= _SMALL else _typed_if_possible
    return Table([names[p] for p in places], [make(columns[p]) for p in places], height)


def _body(rows: Iterator[Row], options: ReadOptions, warn: Warn) -> Iterator[Row]:
    """The rows below the header that belong to the table."""
    if options.skip_footer or options.until is not None:
        rows = without_footer(rows, options.skip_footer, options.until, first_filled, warn)
    return islice(rows, options.max_rows)


def _part(sheet: Sheet, cells: CellRange) -> Sheet:
    """The cells of a range, as far as they are used."""
    top, left = max(cells.top, sheet.top), max(cells.left, sheet.left)
    bottom = None if cells.bottom is None else max(cells.bottom - sheet.top, 0)
    right = None if cells.right is None else max(cells.right - sheet.left, 0)
    rows = islice(sheet.rows, top - sheet.top, bottom)
    start = left - sheet.left
    return replace(sheet, top=top, left=left, rows=(row[start:right] for row in rows))


_LOOKED_AT = 500
"""Rows that show where a table begins."""


def _found_out(sheet: Sheet, options: ReadOptions, warn: Warn) -> tuple[Sheet, ReadOptions]:
    """The options with what the sheet itself tells, of which ``warn`` is told."""
    rows = list(sheet.rows)
    found = options
    if "rows" in options.find:
        above = rows[:_LOOKED_AT]
        at = report_rows(above, above if len(rows) <= _LOOKED_AT else rows[-_LOOKED_AT:])
        found = replace(
            found, header_row=at.header_row, header_rows=at.header_rows, skip_footer=at.footer
        )
    if "numbers" in options.find:
        texts = (cell for row in rows[:_LOOKED_AT] for cell in row if cell.__class__ is str)
        decimal, thousands = likely_numbers(texts, ";")
        found = replace(found, decimal=decimal, thousands=thousands)
    warn(found_arguments(options, found))
    return replace(sheet, rows=iter(rows)), replace(found, find=frozenset())


def _names(columns: list[list[Any]], sheet: Sheet, options: ReadOptions) -> list[str]:
    """The columns' names, taken from their first cells."""
    count = options.header_rows
    if not count:
        return numbered_names(len(columns))
    if count == 1:
        return [_name(column.pop(0)) for column in columns]
    cells = [column[:count] for column in columns]
    first = sheet.top + options.header_row
    for column in columns:
        del column[:count]
    room = count * len(cells)
    for top, start, bottom, end in sheet.merged:
        if first <= top < first + count and sheet.left <= start < sheet.left + len(columns):
            within = cells[start - sheet.left : end + 1 - sheet.left]
            height = range(top - first, min(bottom + 1 - first, count))
            room -= len(within) * len(height)
            if room < 0:
                raise _overlapping(sheet)
            value = within[0][top - first]
            for column in within:
                column[height.start : height.stop] = [value] * len(height)
    texts = [["" if c in (None, "") else _name(c) for c in column] for column in cells]
    rows = zip(*texts, strict=True)
    return [name or "Column" for name in joined_names(list(rows))]


def _fill(columns: list[list[Any]], sheet: Sheet, first: int) -> None:
    """Put the value of a merged area into all of its cells."""
    rows, left = len(columns[0]) if columns else 0, sheet.left
    room = rows * len(columns)
    for top, start, bottom, end in sheet.merged:
        height = range(max(top - first, 0), min(bottom - first + 1, rows))
        width = range(max(start - left, 0), min(end - left + 1, len(columns)))
        if top < first or not height or not width:
            continue
        room -= len(height) * len(width)
        if room < 0:
            raise _overlapping(sheet)
        value = columns[width[0]][height[0]]
        for position in width:
            columns[position][height.start : height.stop] = [value] * len(height)


def _overlapping(sheet: Sheet) -> DataCodeError:
    return runtime_error(
        "merged_areas_overlap",
        "Failed to read sheet '{name}': its merged areas overlap",
        name=sheet.name,
    )


class _Faults:
    """The cells of a sheet that show what cannot be read, and what a reader got wrong.

    ``columns`` are changed in place; their first cells are those of the header.
    """

    def __init__(self, sheet: Sheet, options: ReadOptions, columns: list[list[Any]]) -> None:
        self._sheet = sheet
        self._options = options
        self._first = sheet.top + options.header_row
        self._columns = columns
        self._height = len(columns[0]) if columns else 0
        self._errors: list[tuple[CellPosition, str]] = []
        self._days: list[CellPosition] = []

    def _is_read(self, row: int, column: int) -> bool:
        """Is a cell of the sheet among those that were read?"""
        place = column - self._sheet.left
        is_height = self._first <= row < self._first + self._height
        return is_height and 0 <= place < len(self._columns)

    def put_odd_days(self) -> None:
        """Put back numbers of which the reader has made times of the day or another day.

        No date and no time is negative; a duration may be, and has its sign.
        """
        for (row, column), number in self._sheet.find_odd_days().items():
            if not self._is_read(row, column):
                continue
            cells, place = self._columns[column - self._sheet.left], row - self._first
            value = cells[place]
            if number > 0:
                if value.__class__ is str and value.startswith("1900-02-28"):
                    cells[place] = value.replace("02-28", "02-29", 1)
            elif value.__class__ is time or (value.__class__ is str and not value.startswith("-")):
                cells[place] = number
                self._days.append((row, column))

    def put_texts(self, look_for_errors: bool) -> None:
        """Put the texts of errors and of stored dates into their cells."""
        for (row, column), text in self._sheet.texts.items():
            if self._is_read(row, column):
                self._columns[column - self._sheet.left][row - self._first] = text
                if text.startswith("ERROR: "):
                    self._errors.append(((row, column), text))
        if look_for_errors:
            for column, cells in enumerate(self._columns, self._sheet.left):
                for row, value in enumerate(cells, self._first):
                    if value.__class__ is CellError:
                        cells[row - self._first] = str(value)
                        self._errors.append(((row, column), str(value)))

    def put_long_numbers(self, header_rows: int, look_for_them: bool) -> None:
        """Put back the digits of numbers that a float does not keep; their columns are texts."""
        places = set()
        if look_for_them:
            for place, cells in enumerate(self._columns):
                for row, cell in enumerate(cells):
                    if cell.__class__ is LongNumber:
                        cells[row] = str(cell)
                        places.add(place)
        for (row, column), digits in self._sheet.long_numbers.items():
            if self._is_read(row, column):
                place = column - self._sheet.left
                self._columns[place][row - self._first] = digits
                places.add(place)
        for place in places:
            cells = self._columns[place]
            for row in range(header_rows, self._height):
                if cells[row].__class__ is float:
                    cells[row] = number_text(cells[row])

    def warn(self, warn: Warn, places: Iterable[int]) -> None:
        """Tell of those in the columns at these places."""
        taken = {self._sheet.left + place for place in places}
        texts = {position: text for position, text in self._errors if position[1] in taken}
        if texts:
            self._warn_of_cells(_ERRORS.filled(text=texts[min(texts)]), texts, warn)
        days, no_results, rounded = (
            [p for p in positions if p[1] in taken and self._is_read(*p)]
            for positions in (self._days, self._sheet.no_results, self._sheet.rounded)
        )
        self._warn_of_cells(_DAYS, days, warn)
        self._warn_of_cells(_NO_RESULTS, no_results, warn)
        self._warn_of_cells(
            _NOT_READ, [p for p in self._sheet.no_results if self._is_missing(*p)], warn
        )
        self._warn_of_cells(_ROUNDED, rounded, warn)

    def _is_missing(self, row: int, column: int) -> bool:
        """Does a cell stand where no value is, though the options want what is there?"""
        options, cells = self._options, self._options.cells
        top, left = self._sheet.top, self._sheet.left
        if cells is not None and not (
            cells.top <= row < (cells.bottom or row + 1)
            and cells.left <= column < (cells.right or column + 1)
        ):
            return False
        is_aside = row < top or not left <= column < left + len(self._columns)
        if options.until is not None or options.max_rows is not None:
            return is_aside and row < self._first + self._height
        return is_aside or row >= self._first + self._height + options.skip_footer

    def _warn_of_cells(
        self, message: Message, positions: Collection[CellPosition], warn: Warn
    ) -> None:
        if positions:
            first = _cell_name(min(positions))
            warn(message.filled(sheet=self._sheet.name, count=len(positions), cell=first))


_ERRORS = Message(
    "cells_with_errors",
    "Sheet '{sheet}' shows errors, which were read as texts such as '{text}': {count}, "
    "the first in cell {cell}",
)
_DAYS = Message(
    "days_before_1900",
    "Sheet '{sheet}' has days before 1900, which were read as numbers: {count}, the first in "
    "cell {cell}",
)
_ROUNDED = Message(
    "rounded_numbers",
    "Sheet '{sheet}' has numbers of more than 15 digits, of which spreadsheets keep the first 15: "
    "{count}, the first in cell {cell}. Numbers of accounts and the like must be texts there",
)
_NO_RESULTS = Message(
    "formulas_without_results",
    "Sheet '{sheet}' has formulas whose results are not stored, which were read as null: "
    "{count}, the first in cell {cell}. Save it in a spreadsheet program once",
)
_NOT_READ = Message(
    "formulas_outside_of_table",
    "Sheet '{sheet}' has formulas whose results are not stored outside of the cells that have "
    "values, which were not read: {count}, the first in cell {cell}. Save it in a spreadsheet "
    "program once",
)


def _cell_name(position: CellPosition) -> str:
    """``B3`` for row 2 and column 1, from 0."""
    return f"{column_letters(position[1] + 1)}{position[0] + 1}"


def _name(cell: Any) -> str:
    if isinstance(cell, str):
        return cell or "Column"
    value = _value(cell)
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value) if isinstance(value, float) else str(value)


def _typed_if_possible(values: list[Value]) -> ColumnData:
    series = typed(values)
    return ColumnData.of_list(values) if series is None else ColumnData.of_series(series)


# Cells ---------------------------------------------------------------------------


def _values(cells: Sequence[Any], kinds: set[type]) -> Iterable[Value]:
    """The values of some cells of a column, as a reader gives them, of these kinds."""
    if kinds <= {float, bool}:
        return cells
    if kinds == {str}:
        return [cell.strip(WHITE_SPACE) or None for cell in cells]
    return [c if c.__class__ is float else _value(c) for c in cells]


def _value(cell: Any) -> Value:
    """The value of one cell."""
    kind = cell.__class__
    if kind is float or kind is bool or kind is CellError or kind is LongNumber:
        return cell
    if kind is str:
        return cell.strip(WHITE_SPACE) or None
    if kind is int:
        return float(cell)
    return _moment_text(cell)


@lru_cache(maxsize=4096)
def _moment_text(moment: date | time | timedelta) -> str:
    """A date, time or duration in ISO form, rounded to seconds."""
    if isinstance(moment, timedelta):
        return _clock(round(moment.total_seconds()))
    if isinstance(moment, time):
        seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
        return _clock(seconds + (moment.microsecond >= 500_000))
    if isinstance(moment, datetime):
        if moment.microsecond >= 500_000 and moment < _LAST:
            moment += timedelta(seconds=1)
        if moment.hour or moment.minute or moment.second:
            return moment.replace(microsecond=0, tzinfo=None).isoformat(" ")
        moment = moment.date()
    return moment.isoformat()


def _clock(seconds: int) -> str:
    """``09:05:00``; durations of a day and more have more than 23 hours."""
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
