"""What type a column has: a label for people, ``relate`` and the export, never a conversion.

Source: tables and files reference, 1.3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from datacode.tables.date_parsing import NO_DATES, Dates, parsed
from datacode.values.column_storage import ColumnData
from datacode.values.date_text import is_date_text
from datacode.values.lazy_polars import pl
from datacode.values.parse_text import MONEY_MARK, WHITE_SPACE, is_money_text
from datacode.values.stored_column import StoredColumn, batches, is_plain
from datacode.values.types import Currency, Value


class ColumnType(StrEnum):
    """The types, by the names that programs see."""

    INTEGER = "Integer"
    FLOAT = "Float"
    BOOL = "Bool"
    CURRENCY = "Currency"
    DATE = "Date"
    STRING = "String"
    MIXED = "Mixed"
    NULL = "Null"


@dataclass(frozen=True, slots=True)
class ColumnKind:
    """A column's type, and how many of its cells are not null.

    ``has_unclear_dates``: some texts would be dates if the column told whether the day or the
    month stands first.
    """

    type: ColumnType
    filled: int
    has_unclear_dates: bool = False


def column_kind(cells: ColumnData) -> ColumnKind:
    """The type that most of the cells have; found once, and kept with the column."""
    found = cells.kinds
    if not isinstance(found, ColumnKind):
        found = cells.kinds = _kind(cells)
    return found


def are_compatible(one: ColumnType, other: ColumnType) -> bool:
    """May columns of these types be related?"""
    numeric = {ColumnType.INTEGER, ColumnType.FLOAT}
    return one is other or {one, other} == numeric or ColumnType.NULL in (one, other)


def _kind(cells: ColumnData) -> ColumnKind:
    if isinstance(cells, StoredColumn) and cells.are_days and cells.kind is str:
        return ColumnKind(ColumnType.DATE, len(cells) - cells.null_count)
    dates = dates_among(cells)
    counts: dict[ColumnType, int] = {}
    for (part,) in batches([cells]) if is_plain(cells) else [[cells]]:
        series = part.series()
        found = _count(part, dates) if series is None else _count_series(series, dates)
        for kind, count in found.items():
            counts[kind] = counts.get(kind, 0) + count
    filled = sum(counts.values())
    if not filled:
        return ColumnKind(ColumnType.NULL, 0)
    return ColumnKind(_most(counts, cells), filled, dates.is_unclear)


def dates_among(cells: ColumnData) -> Dates:
    """The dates among the cells; found once, and kept with the column."""
    found = NO_DATES if is_plain(cells) else cells.dates
    if not isinstance(found, Dates):
        found = cells.dates = parsed(cells)
    return found


def _most(counts: dict[ColumnType, int], cells: Iterable[Value]) -> ColumnType:
    """The type with the most cells; numbers win a tie, and then the first to appear."""
    integers, floats = counts.pop(ColumnType.INTEGER, 0), counts.pop(ColumnType.FLOAT, 0)
    most = max(counts.values(), default=0)
    if integers + floats >= most:
        return ColumnType.FLOAT if floats else ColumnType.INTEGER
    tied = {kind for kind, count in counts.items() if count == most}
    if len(tied) == 1:
        return tied.pop()
    return next(kind for kind in map(cell_type, cells) if kind in tied)


def cell_type(value: Value) -> ColumnType:
    """The type of one cell."""
    kind = value.__class__
    if kind is str:
        return _text_type(value)
    if kind is float:
        return ColumnType.INTEGER if value.is_integer() else ColumnType.FLOAT
    if value is None:
        return ColumnType.NULL
    if kind is bool:
        return ColumnType.BOOL
    return ColumnType.CURRENCY if kind is Currency else ColumnType.MIXED


def _text_type(text: str) -> ColumnType:
    if is_money_text(text):
        return ColumnType.CURRENCY
    return ColumnType.DATE if is_date_text(text) else ColumnType.STRING


def _count(cells: ColumnData, dates: Dates) -> dict[ColumnType, int]:
    counts: dict[ColumnType, int] = {}
    for value in cells:
        kind = cell_type(value)
        counts[kind] = counts.get(kind, 0) + 1
    counts.pop(ColumnType.NULL, None)
    if dates.is_unclear:
        unclear = counts.pop(ColumnType.DATE, 0) - dates.count
        if dates.count:
            counts[ColumnType.DATE] = dates.count
        counts[ColumnType.STRING] = counts.get(ColumnType.STRING, 0) + unclear
    return counts


def _count_series(series: pl.Series, dates: Dates) -> dict[ColumnType, int]:
    filled = len(series) - series.null_count()
    if series.dtype == pl.Float64:
        whole = int((series.is_finite() & (series == series.floor())).sum())
        return {ColumnType.INTEGER: whole, ColumnType.FLOAT: filled - whole}
    if series.dtype == pl.Boolean:
        return {ColumnType.BOOL: filled}
    if series.dtype == pl.String:
        return _count_texts(series, filled, dates)
    return {}


_SPACE_AT_AN_END = f"^[{WHITE_SPACE}]|[{WHITE_SPACE}]$"


def _count_texts(series: pl.Series, filled: int, dates: Dates) -> dict[ColumnType, int]:
    """Texts that could be money are looked at, each different one once."""
    counts: dict[ColumnType, int] = {}
    if dates.count:
        counts[ColumnType.DATE] = dates.count
        series = series.filter(pl.Series(dates.keys).is_null())
    is_long = series.str.len_bytes() > 50
    if is_long.any():
        series = series.filter(~is_long | series.str.contains(_SPACE_AT_AN_END))
    like = series.filter(series.str.contains(MONEY_MARK))
    different = like.filter(like.str.contains("[0-9]")).value_counts()
    money = sum(count for text, count in different.iter_rows() if is_money_text(text))
    if money:
        counts[ColumnType.CURRENCY] = money
    if rest := filled - sum(counts.values()):
        counts[ColumnType.STRING] = rest
    return counts
