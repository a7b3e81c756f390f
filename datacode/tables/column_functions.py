"""Functions of the library over a whole column at once, by Polars, with the same result.

A function gets a column without nulls and its other arguments, and gives None where Polars would
give something else than row by row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from datacode.tables import array_arithmetic
from datacode.tables.column_arithmetic import as_array, quotient
from datacode.tables.filters import is_utf8
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl
from datacode.values.number_picture import to_decimals
from datacode.values.parse_text import WHITE_SPACE
from datacode.values.types import Value

ColumnFunction = Callable[[pl.Series, Sequence["ColumnData | Value"]], "pl.Series | None"]


def _of_text(make: Callable[[pl.Series], pl.Series]) -> ColumnFunction:
    """A function of a text alone."""

    def function(series: pl.Series, others: Sequence[Value]) -> pl.Series | None:
        return None if others or series.dtype != pl.String else make(series)

    return function


def _of_text_and_part(make: Callable[[pl.Series, str], pl.Series]) -> ColumnFunction:
    """A function of a text and another that is the same in all rows."""

    def function(series: pl.Series, others: Sequence[Value]) -> pl.Series | None:
        if series.dtype != pl.String or len(others) != 1:
            return None
        part = others[0]
        return make(series, part) if part.__class__ is str and is_utf8(part) else None

    return function


def _abs(series: pl.Series, others: Sequence[Value]) -> pl.Series | None:
    return None if others or series.dtype != pl.Float64 else series.abs()


_MOST_DIGITS = 15
_DOUBT = 1e-15
"""Numbers so near to a half, in parts of themselves, are rounded by their printed digits."""


def _round(series: pl.Series, others: Sequence[Value]) -> pl.Series | None:
    """As ``round`` does: halves away from zero."""
    digits = others[0] if others else 0.0
    if series.dtype != pl.Float64 or len(others) > 1 or digits.__class__ is not float:
        return None
    if digits == 0:
        return _to_whole(series)
    if not digits.is_integer() or not 0 < digits <= _MOST_DIGITS:
        return None
    factor = 10.0**digits
    numbers = as_array(series, factor)
    exact = (
        None if numbers is None or not len(numbers) else array_arithmetic.rounded(numbers, factor)
    )
    if exact is not None:
        return pl.Series(series.name, exact)
    scaled = series * factor
    rounded = scaled.round(mode="half_away_from_zero")
    made = quotient(rounded, factor)
    gaps = scaled - rounded
    # Minima and maxima pass over NaN.
    edges: Any = (scaled.min(), scaled.max(), gaps.min(), gaps.max())
    least, most, *gap = (abs(edge or 0.0) for edge in edges)
    if max(gap) < 0.5 - max(least, most) * _DOUBT and not gaps.is_nan().any():
        return made
    places = (~(gaps.abs() < 0.5 - scaled.abs() * _DOUBT)).arg_true()
    if len(places):
        made = made.scatter(places, _near_halves(series.gather(places), factor, int(digits)))
    return made


_EXACT_HALF = 1e14
"""Below it a number and a half has at most 15 digits, and so is the only one of its double."""


def _near_halves(numbers: pl.Series, factor: float, digits: int) -> pl.Series:
    """The numbers rounded by their printed digits.

    A number is printed as half of the last place, or above, exactly if it is not below the double
    that is nearest to that half.
    """
    size = numbers.abs()
    scaled = size * factor
    low = scaled.floor()
    is_up = size >= quotient(low * 2.0 + 1.0, 2.0 * factor)
    made: pl.Series = quotient(low + is_up.cast(pl.Float64), factor) * numbers.sign()
    others = (~(scaled < _EXACT_HALF)).arg_true()
    if len(others):
        exact = [_by_printed_digits(number, digits) for number in numbers.gather(others)]
        made = made.scatter(others, exact)
    return made


def _by_printed_digits(number: float, digits: int) -> float:
    if not math.isfinite(number):
        return number
    return float(to_decimals(Decimal(repr(number)), digits))


def _to_whole(series: pl.Series) -> pl.Series:
    """Halves away from zero; no zero has a sign, as none has row by row."""
    made = series.round(mode="half_away_from_zero")
    least: Any = series.min()
    if least is None or least > 0:
        return made
    number = pl.col(made.name)
    return made.to_frame().select(pl.when(number == 0).then(0.0).otherwise(number)).to_series()


def _length(series: pl.Series) -> pl.Series:
    return series.str.len_chars().cast(pl.Float64)


FUNCTIONS: dict[str, ColumnFunction] = {
    "upper": _of_text(lambda s: s.str.to_uppercase()),
    "lower": _of_text(lambda s: s.str.to_lowercase()),
    "trim": _of_text(lambda s: s.str.strip_chars(WHITE_SPACE)),
    "len": _of_text(_length),
    "length": _of_text(_length),
    "contains": _of_text_and_part(lambda s, part: s.str.contains(part, literal=True)),
    "starts_with": _of_text_and_part(lambda s, part: s.str.starts_with(part)),
    "ends_with": _of_text_and_part(lambda s, part: s.str.ends_with(part)),
    "abs": _abs,
    "round": _round,
    "isset": lambda series, others: None if others else series.is_not_null(),
}

PURE = frozenset(
    {
        *("year", "quarter", "month", "week", "day", "weekday", "date_trunc", "date_format"),
        *("date_add", "title", "substring", "replace", "find", "regex_find", "regex_replace"),
        *("regex_match", "format", "pad", "repeat", "number", "float", "int", "str", "sqrt", "pow"),
        *("date", "duration", "duration_text"),
    }
)
"""Functions whose result depends on their arguments alone: each different value asks once."""
