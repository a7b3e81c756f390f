"""What the cells of a table's column become in a sheet: numbers, dates, money and texts.

A date text in a column of type Date becomes a day with a date format, an amount of money a number
with a currency format, a column of times or durations one of durations, one of texts in percent
one of numbers in percent; what a sheet cannot hold as such (days before 1900, times with a zone)
stays text. Nothing becomes a formula.
Source: tables and files reference, 2.7.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from xml.sax.saxutils import escape

from datacode.errors import runtime_error
from datacode.tables.column_types import ColumnType, column_kind
from datacode.tables.date_columns import dates_of
from datacode.tables.xlsx.size_limits import column_letters
from datacode.values.column_storage import ColumnData
from datacode.values.date_text import DateForm, DayOrder, moment_from_text
from datacode.values.lazy_polars import pl
from datacode.values.parse_text import currency_amount, is_money_text, money_mark
from datacode.values.stored_column import (
    batches,
    compare_by_parts,
    has_numbers,
    has_texts,
    parts_of,
    without_room,
)
from datacode.values.text import number_text, printed
from datacode.values.types import Currency, PathPattern, Value

MOST_TEXT = 32_767
"""Characters that a cell can hold."""

GENERAL = "General"
"""The format of numbers that have none."""

_SAMPLE = 1000
"""The width of a column is that of its first cells, and of the longest text."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a cell is shown: the format of its number or date, and bold or not."""

    number_format: str = GENERAL
    is_bold: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows of a sheet from the first on: how many, how wide, and their XML in pieces."""

    count: int
    width: int
    xml: Iterable[str]


StyleIds = Callable[[Style], int]
"""The number of a style in a workbook; 0 is the style of cells that have none."""


class SheetColumn:
    """A column of a table as a column of a sheet.

    ``number_format`` is the one that the program wants for its numbers, dates and amounts.
    """

    def __init__(
        self, position: int, cells: ColumnData, number_format: str | None, style_ids: StyleIds
    ) -> None:
        self.letter = column_letters(position + 1)
        self.type = column_kind(cells).type
        self._cells = cells
        self._format = number_format
        self._style_ids = style_ids
        self._styles: dict[str, str] = {}
        is_text = self.type is ColumnType.STRING
        self._is_numbers = has_numbers(cells) and all(
            _are_finite(part) for (part,) in parts_of([cells])
        )
        self.is_durations = is_text and _are_durations(cells)
        self._is_of_one_kind = self._is_numbers or (is_text and has_texts(cells))
        self._percent_format = _percent_format(cells) if is_text else None
        dates = None if compare_by_parts([cells]) else dates_of(cells)
        self._day_order = None if dates is None else dates.order

    def block(self, start: int, stop: int, first: int) -> list[str]:
        """The XML of the cells from ``start`` to before ``stop``; ``first`` is the first's row."""
        values = self._cells.part(start, stop)
        if self._is_numbers:
            begin, middle = f'<c r="{self.letter}', f'"{self._style(self._format)}><v>'
            return [
                "" if value is None else f"{begin}{number}{middle}{value!r}</v></c>"
                for number, value in enumerate(values, first)
            ]
        return [
            "" if value is None else self._cell(value, number)
            for number, value in enumerate(values, first)
        ]

    def _cell(self, value: Value, number: int) -> str:
        stored, number_format = self._stored(value)
        style = self._style(self._format or number_format) if stored.__class__ is float else ""
        return cell_xml(f'<c r="{self.letter}{number}"{style}', stored)

    def _style(self, number_format: str | None) -> str:
        """The attribute of cells in this format."""
        found = self._styles.get(number_format or GENERAL)
        if found is None:
            number = self._style_ids(Style(number_format or GENERAL))
            found = self._styles[number_format or GENERAL] = f' s="{number}"' if number else ""
        return found

    def _stored(self, value: Value) -> tuple[Value, str]:
        """What stands in the cell instead of the value, and in which format."""
        kind = value.__class__
        if kind is Currency:
            return _money(value.text) or (value, GENERAL)
        if kind is str:
            if self.type is ColumnType.DATE:
                return _day(value, self._day_order) or (value, GENERAL)
            if self._percent_format is not None:
                return _percent(value), self._percent_format
            if self.is_durations:
                return _duration(value), "[h]:mm:ss"
            if self.type is ColumnType.CURRENCY and is_money_text(value):
                return _money(value) or (value, GENERAL)
        return value, GENERAL

    def numbers(self) -> Iterator[float]:
        """The numbers that the cells hold."""
        for value in self._cells:
            stored = self._stored(value)[0]
            if stored.__class__ is float and math.isfinite(stored):
                yield stored

    def number_formats(self) -> set[str]:
        """The formats of its numbers."""
        if self._format is not None or self._is_numbers:
            return {self._format or GENERAL}
        stored = map(self._stored, self._cells)
        return {number_format for value, number_format in stored if value.__class__ is float}

    def texts_in_format(self) -> int:
        """How many texts a format was given for, which changes numbers and dates only."""
        if self._format is None or self._format == "@" or self._is_numbers:
            return 0
        return sum(self._stored(value)[0].__class__ is str for value in self._cells)

    def first_text(self) -> str | None:
        """The first text that stays one; None if there is none."""
        if self._is_numbers:
            return None
        stored = (self._stored(value)[0] for value in self._cells if value.__class__ is str)
        return next((value for value in stored if value.__class__ is str), None)

    def filled(self) -> int:
        """The number of its cells that are not empty."""
        return sum(value is not None for value in self._cells)

    def width(self) -> int:
        """About as many characters as its widest cell shows."""
        widths = map(self._shown, self._cells.part(0, _SAMPLE))
        widest = max(widths, default=0)
        if without_room([self._cells]) is not None:
            return max([widest, *(self._widest_of(part) for (part,) in batches([self._cells]))])
        series = self._cells.series() if len(self._cells) > _SAMPLE else None
        if series is None:
            return widest
        if series.dtype == pl.String and self.type is ColumnType.STRING:
            return max(widest, int(series.str.len_chars().max() or 0))  # type: ignore[arg-type]
        if self._is_numbers:
            ends = (series.min(), series.max())
            return max(widest, *map(self._shown, ends))
        return widest

    def _widest_of(self, cells: ColumnData) -> int:
        """The same of a part of a column in files, of all cells where all are of one kind."""
        series = cells.stored_series() if self._is_of_one_kind else None
        if series is None or not series.count():
            return 0
        if series.dtype == pl.String:
            return int(series.str.len_chars().max() or 0)  # type: ignore[arg-type]
        return max(map(self._shown, (series.min(), series.max())))

    def _shown(self, value: Value) -> int:
        if value is None:
            return 0
        stored, number_format = self._stored(value)
        if stored.__class__ is float:
            return shown_width(stored, self._format or number_format)
        text = value if value.__class__ is str else printed(value)
        return max(map(len, text[:MOST_TEXT].split("\n")))


def shown_width(number: float, number_format: str) -> int:
    """About as many characters as a number takes in this format."""
    if number_format == GENERAL:
        return min(len(number_text(number)), 12)
    if re.search("[ymdhs]", re.sub(r'"[^"]*"|\[[^]]*\]', "", number_format)):
        return len(number_format)
    format_ = number_format.partition(";")[0]
    places = re.search(r"\.([0#?]+)", format_)
    number *= 100 if "%" in format_ else 1
    around = len(re.sub(r'[0#?.,"\\]|\[[^]]*\]', "", format_))
    return len(f"{number:,.{len(places[1]) if places else 0}f}") + around


def _are_finite(cells: ColumnData) -> bool:
    """Is every number of a part finite, if it has any?"""
    series = cells.stored_series()
    return series is None or series.dtype != pl.Float64 or bool(series.is_finite().all())


# Cells as XML --------------------------------------------------------------------


_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LIKE_AN_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def cell_xml(start: str, value: Value) -> str:
    """The XML of a cell that begins as ``start`` does (ECMA-376, part 1, 18.3.1.4).

    Raises a Runtime Error for a text that no cell can hold.
    """
    kind = value.__class__
    if kind is float and math.isfinite(value):
        return f"{start}><v>{value!r}</v></c>"
    if value is None:
        return f"{start}/>"
    if kind is bool:
        return f'{start} t="b"><v>{value:d}</v></c>'
    stored = escape(stored_text(value.text if kind is PathPattern else printed(value)))
    text = f'<is><t xml:space="preserve">{stored}</t></is>' if stored else ""
    return f'{start} t="inlineStr">{text}</c>'


def stored_text(text: str) -> str:
    """A text as a cell stores it; a Runtime Error if it is too long."""
    if len(text) > MOST_TEXT:
        raise runtime_error(
            "too_much_for_cell", "A cell of a sheet holds at most {most} characters", most=MOST_TEXT
        )
    text = _LIKE_AN_ESCAPE.sub("_x005F_", _NOT_IN_XML.sub("\ufffd", text))
    return text.replace("\r", "_x000D_")  # XML reads a bare one as a line feed


# Dates and money -----------------------------------------------------------------

_FIRST_DAY = datetime(1900, 1, 1)
_DAY_ZERO = datetime(1899, 12, 30)
_LEAP_DAY = 60
"""The number of 29 February 1900, a day that spreadsheets count though there was none."""

_DATE_FORMATS = {
    DateForm.ISO: "yyyy-mm-dd",
    DateForm.ISO_SHORT: "yyyy-m-d",
    DateForm.DOTS: "dd.mm.yyyy",
    DateForm.DOTS_YY: "dd.mm.yy",
    DateForm.DOTS_SHORT: "d.m.yyyy",
    DateForm.DAY_FIRST: "dd/mm/yyyy",
    DateForm.DAY_FIRST_YY: "dd/mm/yy",
    DateForm.MONTH_FIRST: "mm/dd/yyyy",
    DateForm.MONTH_FIRST_YY: "mm/dd/yy",
    DateForm.DAY_FIRST_SHORT: "d/m/yyyy",
    DateForm.DAY_FIRST_SHORT_YY: "d/m/yy",
    DateForm.MONTH_FIRST_SHORT: "m/d/yyyy",
    DateForm.MONTH_FIRST_SHORT_YY: "m/d/yy",
}


@lru_cache(maxsize=4096)
def _day(text: str, order: DayOrder | None) -> tuple[float, str] | None:
    """The number of a day, and the format that shows it as it was written.

    ``order`` is that of the day and the month in the column, where it decides.
    """
    moment = moment_from_text(text, order if "/" in text else None)
    if moment is None or moment.time.tzinfo is not None or moment.time < _FIRST_DAY:
        return None
    number = (moment.time - _DAY_ZERO).total_seconds() / 86_400
    number_format = _DATE_FORMATS[moment.form]
    if moment.separator is not None:
        number_format += " h:mm" if moment.is_short_hour else " hh:mm"
        number_format += ":ss" if moment.has_seconds else ""
    return (number if number > _LEAP_DAY else number - 1), number_format


_DURATION = re.compile("([0-9]{2,6}):([0-5][0-9]):([0-5][0-9])")


def _are_durations(cells: ColumnData) -> bool:
    """Are all texts of the column times or durations as XLSX cells are read, and is there one?"""
    found = False
    for value in cells:
        if value is not None:
            if value.__class__ is not str or not _DURATION.fullmatch(value):
                return False
            found = True
    return found


def _duration(text: str) -> float:
    """A time of the day or a duration, in days."""
    hours, minutes, seconds = map(int, text.split(":"))
    return (hours * 3600 + minutes * 60 + seconds) / 86_400


_PERCENT = re.compile(r"([+-]?[0-9]{1,12})(?:[.,]([0-9]{1,10}))?[ \xa0\u202f]?%")


def _percent_format(cells: ColumnData) -> str | None:
    """The format of a column in which every text is so many percent; None for others."""
    places = -1
    for value in cells:
        if value is not None:
            match = _PERCENT.fullmatch(value) if value.__class__ is str else None
            if match is None:
                return None
            places = max(places, len(match[2] or ""))
    if places < 0:
        return None
    return f"0.{'0' * places}%" if places else "0%"


def _percent(text: str) -> float:
    """What a text in percent is as a number, rounded once."""
    match = _PERCENT.fullmatch(text)
    assert match is not None
    return float(Decimal(f"{match[1]}.{match[2] or 0}") / 100)


@lru_cache(maxsize=4096)
def _money(text: str) -> tuple[float, str] | None:
    """An amount of money, and a format with its currency on the same side."""
    amount = currency_amount(text)
    mark = money_mark(text)
    if amount is None or mark is None:
        return None
    name, is_in_front = mark
    if is_in_front and not name.isalpha():
        return amount, f'"{name}"#,##0.00'
    return amount, f'"{name} "#,##0.00' if is_in_front else f'#,##0.00" {name}"'
