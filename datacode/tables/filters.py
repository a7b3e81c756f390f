"""Row filters on one column: which rows match (tables and files reference, 1.7).

Each filter has the rule for one cell, and a Polars expression for typed columns that gives the
same. Numbers within 2**-52 are equal, NaN equals nothing and is neither above nor below anything.
"""

from __future__ import annotations

import operator
from bisect import bisect_left
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from datacode.errors import runtime_error
from datacode.tables.date_columns import among, compared, dates_beside, dates_of, keyed
from datacode.tables.duration_columns import duration_of, seconds_beside, seconds_of
from datacode.tables.like import LONGEST_EXPRESSION, like_pattern, like_test
from datacode.tables.money_columns import amounts_beside, amounts_in, is_money
from datacode.values.column_storage import ColumnData, Mask
from datacode.values.date_text import could_be_date
from datacode.values.equality import equal
from datacode.values.hashing import HashKeys, distinct, is_exact
from datacode.values.lazy_polars import pl
from datacode.values.parse_text import (
    WHITE_SPACE,
    Amount,
    amount_of,
    comes_back,
    currency_amount,
    number_from_text,
)
from datacode.values.stored_column import BATCH, batches, is_plain, rows_of
from datacode.values.types import EPSILON, Currency, Value

Rest = ParamSpec("Rest")

CellTest = Callable[[Value], bool]
"""Does a cell match?"""

_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
_EQUAL = frozenset({"=", "=="})
_UNEQUAL = frozenset({"!=", "<>"})
OPERATORS = frozenset({*_EQUAL, *_UNEQUAL, *_ORDER, "like", "in"})
"""The operators of ``table_where``, in lower case."""


def is_operator(text: str) -> bool:
    """Is that an operator of ``table_where``, in any letter case?"""
    return text.lower() in OPERATORS


def _in_parts(
    test: Callable[Concatenate[ColumnData, Rest], Mask],
) -> Callable[Concatenate[ColumnData, Rest], Mask]:
    """A test of a column's cells that goes through those in files part by part.

    Where a text might be a date or money the whole column decides what it counts as.
    """

    @wraps(test)
    def mask(cells: ColumnData, /, *arguments: Rest.args, **named: Rest.kwargs) -> Mask:
        if not is_plain(cells) or len(cells) <= BATCH:
            return test(cells, *arguments, **named)
        parts = (test(part, *arguments, **named) for (part,) in batches([cells]))
        return pl.concat([pl.Series(part, dtype=pl.Boolean) for part in parts])

    return mask


@_in_parts
def where(cells: ColumnData, sign: str, value: Value) -> Mask:
    """The rows whose cell stands in that relation to the value.

    Raises a Runtime Error for an unknown operator, if there are rows.
    """
    lower = sign.lower()
    if not len(cells):
        return []
    if lower not in ("like", "in"):
        measured = amounts_beside(cells, value) or seconds_beside(cells, value)
        if measured is not None:
            cells, (value,) = measured
    if lower in _EQUAL:
        return are_equal(cells, value)
    if lower in _UNEQUAL:
        return inverted(are_equal(cells, value))
    if lower in _ORDER:
        return _in_order(cells, lower, value)
    if lower == "like":
        return _like(cells, value)
    if lower == "in":
        if value.__class__ is not list:
            raise runtime_error("in_needs_array", "The operator IN needs an array of values")
        return are_among(cells, value)
    raise runtime_error("bad_operator", "Unsupported operator: {operator}", operator=sign)


def _mask(cells: ColumnData, test: CellTest) -> list[bool]:
    return [test(value) for value in cells]


def _none(cells: ColumnData) -> list[bool]:
    return [False] * len(cells)


def inverted(mask: Mask) -> Mask:
    """The rows that a mask leaves out."""
    if isinstance(mask, list):
        return [not matches for matches in mask]
    return ~mask.fill_null(False)


def is_utf8(text: str) -> bool:
    """Text that Polars can hold; half of a surrogate pair it cannot."""
    return text.isascii() or text.encode("utf-8", "replace").decode() == text


# Equality ----------------------------------------------------------------------


@_in_parts
def are_null(cells: ColumnData) -> Mask:
    """The rows whose cell is null."""
    series = cells.series()
    return _mask(cells, lambda cell: cell is None) if series is None else series.is_null()


def are_filled(cells: ColumnData) -> Mask:
    """The rows whose cell is not null."""
    return inverted(are_null(cells))


@_in_parts
def are_equal(cells: ColumnData, value: Value) -> Mask:
    """The rows whose cell equals the value."""
    if value is None:
        return are_null(cells)
    beside = dates_beside(cells, value)
    if beside is not None:
        dates, (key,) = beside
        return compared(cells, dates, operator.eq, value, key)
    series = cells.series()
    if series is None:
        return _mask(cells, lambda cell: equal(cell, value))
    if not _is_of_kind(series, value):
        return _none(cells)
    if value.__class__ is not float or value != value or abs(value) >= 2:
        return series == value if value == value else _none(cells)
    return (series == value) | ((series - value).abs() < EPSILON)


def _is_of_kind(series: pl.Series, value: Value) -> bool:
    """Can a cell of the typed column be of the value's kind?"""
    kind = value.__class__
    if kind is str:
        return series.dtype == pl.String and is_utf8(value)
    return (kind is float and series.dtype == pl.Float64) or (
        kind is bool and series.dtype == pl.Boolean
    )


@_in_parts
def are_among(cells: ColumnData, values: Sequence[Value]) -> Mask:
    """The rows whose cell equals one of the values."""
    dates = (
        dates_of(cells) if any(v.__class__ is str and could_be_date(v) for v in values) else None
    )
    if dates is None:
        amounts = _among_amounts(cells, values)
        return _are_among(*_in_seconds(cells, values)) if amounts is None else amounts
    keys = [dates_beside(cells, v) for v in values]
    found = [key for beside in keys if beside is not None for key in beside[1]]
    others = [v for v, beside in zip(values, keys, strict=True) if beside is None]
    mask = among(dates, found)
    if not others:
        return mask
    return _combined(operator.or_, mask, _are_among(cells, others))


def _among_amounts(cells: ColumnData, values: Sequence[Value]) -> Mask | None:
    """The rows of a column called Currency whose amount is a number, or an amount in its currency,
    among the values; None for other columns and values."""
    wanted: dict[str | None, list[Value]] = {}
    others = []
    for value in values:
        amount = Amount(value, None) if value.__class__ is float else amount_of(value)
        if amount is None:
            others.append(value)
        else:
            wanted.setdefault(amount.currency, []).append(amount.amount)
    if not wanted or not is_money(cells):
        return None
    mask = _are_among(cells, others)
    for currency, amounts in wanted.items():
        mask = _combined(operator.or_, mask, _are_among(amounts_in(cells, currency), amounts))
    return mask


def _in_seconds(cells: ColumnData, values: Sequence[Value]) -> tuple[ColumnData, Sequence[Value]]:
    """The seconds of a column of durations and of the durations among values, and its nulls."""
    if not any(duration_of(value) is not None for value in values):
        return cells, values
    seconds = seconds_of(cells)
    if seconds is None:
        return cells, values
    return seconds, [duration_of(v) for v in values if v is None or duration_of(v) is not None]


def _combined(by: Callable[[Any, Any], Any], one: Mask, other: Mask) -> Mask:
    if isinstance(one, list) or isinstance(other, list):
        return list(map(by, one, other))
    mask: pl.Series = by(one, other)
    return mask


def _are_among(cells: ColumnData, values: Sequence[Value]) -> Mask:
    series = cells.series()
    if series is None:
        return _mask(cells, _Among(values))
    wanted = [v for v in values if v is not None and _is_of_kind(series, v)]
    close = sorted({v for v in wanted if v.__class__ is float and abs(v) < 2})
    if len(close) > _FEW:
        return _mask(cells, _Among(values))
    if series.dtype == pl.Null:
        mask = pl.Series([False], dtype=pl.Boolean).new_from_index(0, len(series))
    else:
        # In one cell: a column of these would be ambiguous. Polars takes one NaN for another.
        numbers = pl.Series([v for v in wanted if v == v], dtype=series.dtype)
        mask = series.is_in(numbers.implode())
    for number in close:
        mask |= (series - number).abs() < EPSILON
    return mask | series.is_null() if None in values else mask.fill_null(False)


_FEW = 16
"""Numbers near 0 are compared with tolerance one by one; beyond so many, cell by cell instead."""


class _Among:
    """The test whether a value equals one of many, without comparing it with each."""

    def __init__(self, values: Sequence[Value]) -> None:
        self._numbers = sorted({v for v in values if v.__class__ is float and v == v})
        self._key = HashKeys().of
        self._exact = {self._key(v) for v in values if is_exact(v) and v.__class__ is not float}
        self._others = [v for v in values if not is_exact(v) and v.__class__ is not float]

    def __call__(self, value: Value) -> bool:
        if value.__class__ is float:
            return self._is_near(value)
        if is_exact(value):
            return self._key(value) in self._exact
        return any(equal(value, other) for other in self._others)

    def _is_near(self, number: float) -> bool:
        place = bisect_left(self._numbers, number)
        return any(equal(number, near) for near in self._numbers[max(place - 1, 0) : place + 1])


def different(cells: ColumnData) -> list[Value]:
    """The different cells in order of first appearance; numbers are compared exactly.

    Of several texts for one date in a column that is called Date the first is given.
    """
    rows = rows_of([cells])
    found = None if rows is None else rows.grouped([0], [])
    if found:
        return found[0].values()
    keys = keyed(cells)
    if keys is not cells:
        return [cells.cell(row) for row in _firsts(keys)]
    series = cells.series()
    if series is None or (series.dtype == pl.Float64 and series.is_nan().any()):
        return distinct(cells)
    return series.unique(maintain_order=True).to_list()


def different_count(cells: ColumnData) -> int:
    """How many different cells there are."""
    rows = rows_of([cells])
    found = None if rows is None else rows.grouped([0], [])
    return len(found[0]) if found else len(different(cells))


def _firsts(keys: ColumnData) -> list[int]:
    """The rows in which each value appears first."""
    series = keys.series()
    if series is not None:
        return series.is_first_distinct().arg_true().to_list()
    key_of = HashKeys(nan_equal=True).of
    firsts: dict[Hashable, int] = {}
    for row, value in enumerate(keys):
        firsts.setdefault(key_of(value), row)
    return list(firsts.values())


# Order -------------------------------------------------------------------------


def _in_order(cells: ColumnData, sign: str, value: Value) -> Mask:
    compare = _ORDER[sign]
    beside = dates_beside(cells, value)
    if beside is not None:
        dates, (key,) = beside
        return compared(cells, dates, compare, value, key)
    series = cells.series()
    if series is None or (value.__class__ is str and not is_utf8(value)):
        return _mask(cells, _order_test(compare, value))
    if not _is_of_kind(series, value) or value != value:
        return _none(cells)
    mask: pl.Series = compare(*_with_order(series, value))
    if series.dtype == pl.Float64 and sign in (">", ">="):
        mask &= series <= float("inf")  # for Polars NaN is above all numbers
    return mask


def _with_order(series: pl.Series, value: Value) -> tuple[pl.Series, Value]:
    """A column and a value of its kind, so that Polars can compare them: bools as 0 and 1."""
    if series.dtype == pl.Boolean:
        return series.cast(pl.Int8), int(value)
    return series, value


def _order_test(compare: Callable[[Any, Any], Any], value: Value) -> CellTest:
    """Is a cell of the value's kind, and does it compare so?"""
    kind = value.__class__
    if kind is Currency:
        amount = currency_amount(value.text)
        return lambda cell: (
            cell.__class__ is Currency
            and amount is not None
            and (other := currency_amount(cell.text)) is not None
            and compare(other, amount)
        )
    if kind not in (float, str, bool):
        return lambda cell: False
    return lambda cell: cell.__class__ is kind and compare(cell, value)


# LIKE --------------------------------------------------------------------------


def _like(cells: ColumnData, pattern: Value) -> Mask:
    if pattern.__class__ is not str:
        return _none(cells)
    series = cells.series()
    if series is None or len(pattern) > LONGEST_EXPRESSION:
        test = like_test(pattern)
        return _mask(cells, lambda cell: cell.__class__ is str and test(cell))
    if series.dtype != pl.String or not is_utf8(pattern):
        return _none(cells)
    return series.str.contains(like_pattern(pattern))


# Between -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _BetweenTest:
    """The test ``low <= cell <= high`` of ``table_between``, in which null is below everything."""

    low: Value
    high: Value

    def __call__(self, cell: Value) -> bool:
        return _at_most(self.low, cell) and _at_most(cell, self.high)


def _at_most(one: Value, other: Value) -> bool:
    """``one <= other``; false where the kinds cannot be compared."""
    if one is None:
        return True
    kind, other_kind = one.__class__, other.__class__
    if kind is other_kind:
        if kind is Currency:
            amounts = currency_amount(one.text), currency_amount(other.text)
            return None not in amounts and amounts[0] <= amounts[1]  # type: ignore[operator]
        return kind in (float, str, bool) and one <= other
    if kind is str and other_kind is float:
        exact = _exact(one)
        return exact is not None and exact <= other
    if kind is float and other_kind is str:
        exact = _exact(other)
        return exact is not None and one <= exact
    return False


def _exact(text: str) -> float | Decimal | None:
    """The number that a text is, with all its digits if a float does not keep them."""
    number = number_from_text(text)
    if number is None or comes_back(text):
        return number
    try:
        return Decimal(text.strip(WHITE_SPACE))
    except InvalidOperation:
        return number


@_in_parts
def are_between(cells: ColumnData, low: Value, high: Value) -> Mask:
    """The rows whose cell lies between the two values, both included."""
    measured = amounts_beside(cells, low, high) or seconds_beside(cells, low, high)
    if measured is not None:
        cells, (low, high) = measured
    beside = dates_beside(cells, *([high] if low is None else [low, high]))
    if beside is not None:
        dates, bounds = beside
        mask = compared(cells, dates, operator.le, high, bounds[-1])
        if low is None:
            return _combined(operator.or_, mask, are_null(cells))
        return _combined(operator.and_, mask, compared(cells, dates, operator.ge, low, bounds[0]))
    series = cells.series()
    if series is None:
        return _mask(cells, _BetweenTest(low, high))
    if series.dtype == pl.Float64:
        low, high = _as_number(low), _as_number(high)
    is_simple = all(bound is None or _is_of_kind(series, bound) for bound in (low, high))
    if not is_simple or low != low or high != high:
        return _mask(cells, _BetweenTest(low, high))
    mask = pl.Series([high is not None]).new_from_index(0, len(series))
    if high is not None:
        mask &= operator.le(*_with_order(series, high))
    if low is not None:
        mask &= operator.ge(*_with_order(series, low))
    mask = mask.fill_null(False)
    return mask | series.is_null() if low is None else mask


def _as_number(bound: Value) -> Value:
    """The number in a text, beside numbers."""
    if bound.__class__ is not str:
        return bound
    number = number_from_text(bound)
    return bound if number is None else number
