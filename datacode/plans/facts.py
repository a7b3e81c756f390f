"""What is known of the cells of a column in files, beside their kind."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from datacode.plans.nodes import CellKind, common_kind
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl
from datacode.values.parse_text import MONEY_MARKS, WHITE_SPACE

_LIKE_A_DATE = r"(?s)^[0-9](?:[./]|.[./]|...-)|^[0-9][0-9.:/ T-]*$|^-[0-9]+:"
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SIGNS, _CODES = MONEY_MARKS
_LIKE_MONEY = f"(?i)[{_SIGNS}]|^[{WHITE_SPACE}]*(?:{_CODES})|(?:{_CODES})[{WHITE_SPACE}]*$"
"""Wider than what dates, durations and money are: a column without such texts is none of these, nor
any part."""


@dataclass(frozen=True, slots=True)
class Facts:
    """``nulls``: how many, None where nobody has counted.

    ``is_plain``: no text could be a date, a duration or money, which are compared as
    such. ``is_finite``: no number is infinite. ``are_days``: every text is a date in the one form
    ``2024-01-31``, so that as texts they are equal, and ordered, as they are as dates. All of it
    holds for every part of the column, too.
    """

    kind: CellKind
    nulls: int | None = 0
    is_plain: bool = True
    is_finite: bool = True
    are_days: bool = False

    @property
    def compares_as_text(self) -> bool:
        """Is one cell equal to another, or below it, if its text is?"""
        return self.is_plain or self.are_days

    def joined(self, other: Facts) -> Facts:
        """The facts of a column that has the cells of both."""
        return Facts(
            common_kind([self.kind, other.kind]),
            None if self.nulls is None or other.nulls is None else self.nulls + other.nulls,
            self.is_plain and other.is_plain,
            self.is_finite and other.is_finite,
            all(each.are_days or each.kind is CellKind.NULL for each in (self, other)),
        )

    def with_nulls(self, kind: CellKind, nulls: int | None) -> Facts:
        """The same for some of the cells, of which so many are null."""
        return replace(self, kind=kind, nulls=nulls)


def facts_of(column: ColumnData, kind: CellKind) -> Facts:
    """The facts of a column in memory, whose kind as a file has it is known."""
    series = None if kind is CellKind.MIXED else column.stored_series()
    if series is None:
        return Facts(kind, 0, False, False)
    nulls = series.null_count()
    if kind is CellKind.NUMBER:
        return Facts(kind, nulls, True, not series.is_infinite().any())
    if kind is not CellKind.TEXT:
        return Facts(kind, nulls)
    has_digit = series.str.contains(_LIKE_A_DATE) | (
        series.str.contains("[0-9]") & series.str.contains(_LIKE_MONEY)
    )
    if not has_digit.any():
        return Facts(kind, nulls)
    return Facts(kind, nulls, False, are_days=_are_days(series))


def _are_days(texts: pl.Series) -> bool:
    if _DAY.fullmatch(str(texts.first(ignore_nulls=True))) is None:
        return False
    is_day = texts.str.contains(f"^{_DAY.pattern}$") & ~texts.str.starts_with("0000")
    days = texts.str.to_date("%Y-%m-%d", strict=False)
    return bool(is_day.all()) and days.null_count() == texts.null_count()


def size_of(facts: Facts, rows: int) -> int:
    """About how many bytes the cells take in memory, texts aside."""
    if facts.kind is CellKind.MIXED:
        return 80 * rows
    return {CellKind.NUMBER: 9, CellKind.TEXT: 18, CellKind.BOOL: 1, CellKind.NULL: 0}[
        facts.kind
    ] * rows
