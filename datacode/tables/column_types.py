"""What type a column has: a label for people, ``relate`` and the export, never a conversion.

Source: tables and files reference, 1.3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl
from datacode.values.parse_text import WHITE_SPACE, is_date_text, is_money_text
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
    """A column's type, and how many of its cells are not null."""

    type: ColumnType
    filled: int


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
    series = cells.series()
    counts = _count(cells) if series is None else _count_series(series)
    filled = sum(counts.values())
    if not filled:
        return ColumnKind(ColumnType.NULL, 0)
    return ColumnKind(_most(counts, cells), filled)


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


def _count(cells: Iterable[Value]) -> dict[ColumnType, int]:
    counts: dict[ColumnType, int] = {}
    for value in cells:
        kind = cell_type(value)
        counts[kind] = counts.get(kind, 0) + 1
    counts.pop(ColumnType.NULL, None)
    return counts


def _count_series(series: pl.Series) -> dict[ColumnType, int]:
    filled = len(series) - series.null_count()
    if series.dtype == pl.Float64:
        whole = int((series.is_finite() & (series == series.floor())).sum())
        return {ColumnType.INTEGER: whole, ColumnType.FLOAT: filled - whole}
    if series.dtype == pl.Boolean:
        return {ColumnType.BOOL: filled}
    if series.dtype == pl.String:
        return _count_texts(series, filled)
    return {}


_DATE_LIKE = r"^[0-9]{1,4}[-./][0-9]{1,2}[-./]"
_MONEY_LIKE = r"[0-9].*[^0-9 .,+-]|[^0-9 .,+-].*[0-9]"


def _count_texts(series: pl.Series, filled: int) -> dict[ColumnType, int]:
    """Texts that could be dates or money are looked at, each different one once."""
    length = series.str.len_bytes()
    could_be = series.str.contains(_DATE_LIKE) & (length <= 35)
    is_short = (length <= 50) | series.str.contains(f"^[{WHITE_SPACE}]|[{WHITE_SPACE}]$")
    could_be |= series.str.contains(_MONEY_LIKE) & is_short
    different = series.filter(could_be).value_counts()
    counts: dict[ColumnType, int] = {}
    for text, count in different.iter_rows():
        kind = _text_type(text)
        counts[kind] = counts.get(kind, 0) + count
    counts.pop(ColumnType.STRING, None)
    counts[ColumnType.STRING] = filled - sum(counts.values())
    return counts
