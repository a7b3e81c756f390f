"""Arithmetic of columns that Polars would do otherwise than the language, to the last bit the same.

Source: language reference, 5.4.
"""

from __future__ import annotations

import math
from itertools import repeat
from typing import Any

from datacode.tables import array_arithmetic
from datacode.values.lazy_polars import pl


def power(base: pl.Series | float, exponent: pl.Series | float, length: int) -> pl.Series:
    """C's ``pow``. With one exponent for all rows Polars takes short cuts that round otherwise."""
    if isinstance(base, pl.Series) and isinstance(exponent, float) and exponent == 2.0:
        numbers = as_array(base, _LARGEST_SQUARED)
        squares = None if numbers is None else array_arithmetic.square(numbers)
        if squares is not None:
            return pl.Series(base.name, squares)
    frame = pl.DataFrame([_column(base, "base", length), _column(exponent, "exponent", length)])
    return frame.select(pl.col("base").pow(pl.col("exponent"))).to_series()


_LARGEST_SQUARED = 1e150
"""Numbers up to so much times so much, too, have squares."""


def quotient(left: pl.Series | float, right: pl.Series | float) -> pl.Series:
    """The quotients of columns. Polars multiplies by the reciprocal of one divisor for all rows,
    which rounds otherwise for a third of all numbers."""
    if isinstance(right, float):
        assert isinstance(left, pl.Series)
        numbers = as_array(left, 1.0 / right if right else math.inf)
        if numbers is not None:
            return pl.Series(left.name, numbers / right)
        right = _column(right, "right", len(left))
    return left / right


_FAR_FROM_INFINITE = 1e300


def as_array(series: pl.Series, factor: float) -> Any:
    """The numbers of a column as an array of NumPy's, which computes with one number for all rows
    as it does with a column; None where there are nulls, or where the numbers times the factor may
    be infinite, of which NumPy would warn."""
    if series.null_count() or not abs(factor) < _FAR_FROM_INFINITE:
        return None
    ends: Any = series.min(), series.max()
    most = max(abs(end or 0.0) for end in ends)
    if not most < _FAR_FROM_INFINITE or not most * abs(factor) < _FAR_FROM_INFINITE:
        return None
    return series.to_numpy()


_SPLIT = 2.0**27 + 1
_STEP = 2.0**26
_LARGEST_EXACT = 2.0**52
_LEAST, _MOST = 1e-200, 1e200
"""Between these no part of a product is rounded for want of exponents."""


def remainder(left: pl.Series | float, right: pl.Series | float, length: int) -> pl.Series:
    """The rest of a division, with the sign of the left operand; no right one is 0.

    Polars subtracts a rounded product, which is the rest only of whole numbers up to 2 ** 52; C's
    ``fmod`` is exact, and so is this. Rows with numbers too far apart, infinite ones and NaN are
    left to ``fmod`` itself.
    """
    rests = _rests_of_arrays(left, right)
    if rests is not None:
        return pl.Series("left", rests)
    dividends = _column(left, "left", length)
    size = dividends.abs()
    divisor: Any = abs(right)
    if _are_whole(divisor) and _are_whole(size):
        return _with_sign(size % divisor, dividends, right)
    limit: Any = divisor * _STEP * _STEP
    most: Any = size.max()
    if isinstance(divisor, float):
        is_known = _LEAST < divisor < _MOST and most is not None and most < limit
        left_over = [] if is_known else list(range(length))
    else:
        known = (size < limit) & (divisor > _LEAST) & (divisor < _MOST)
        left_over = (~known).arg_true().to_list()
    if len(left_over) == length:
        rest = pl.Series("rest", [0.0], dtype=pl.Float64).new_from_index(0, length)
    else:
        rest = _rest(size, divisor * _STEP) if _is_above(size, divisor * _STEP) else size
        rest = _with_sign(_rest(rest, divisor), dividends, right)
    if not left_over:
        return rest
    rights: Any = repeat(right) if isinstance(right, float) else right.gather(left_over)
    exact = [
        math.nan if math.isinf(a) or b == 0 else math.fmod(a + 0.0 if b > 0 else a, b)
        for a, b in zip(dividends.gather(left_over), rights, strict=False)
    ]
    return rest.scatter(left_over, exact)


def _rests_of_arrays(left: pl.Series | float, right: pl.Series | float) -> Any:
    """The same for arrays, if their formulas hold for all rows."""
    if isinstance(left, float) or not len(left):
        return None
    one, other = (x if isinstance(x, float) else as_array(x, 1.0) for x in (left, right))
    if one is None or other is None or not (right if isinstance(right, float) else right.min()) > 0:  # type: ignore[operator]
        return None
    found = array_arithmetic.whole_remainder(one, other)
    return array_arithmetic.exact_remainder(one, other) if found is None else found


def _rest(size: pl.Series, divisor: pl.Series | float) -> pl.Series:
    """``size`` modulo ``divisor``, both positive, exactly: the quotient is below 2 ** 26 or so.

    Halves of the divisor's digits times the whole quotient need no rounding (Veltkamp's splitting),
    nor do the differences. The quotient is too large by one where rounding has made it whole.
    """
    top = divisor * _SPLIT
    high = top - (top - divisor)
    low = divisor - high
    whole = quotient(size, divisor).floor()
    rest: pl.Series = size - whole * high
    if not isinstance(low, float) or low:
        rest = rest - whole * low
    is_below = rest < 0
    if is_below.any():
        rest = rest + is_below.cast(pl.Float64) * divisor
    return rest


def _is_above(size: pl.Series, limit: pl.Series | float) -> bool:
    return bool((size >= limit).any())


def _with_sign(size: pl.Series, of: pl.Series, divisor: pl.Series | float) -> pl.Series:
    """The numbers with the signs of the dividends, of which -0 only counts where the divisor is not
    above 0: compiled code computes the others as Python does.
    """
    least: Any = of.min()
    if least is None or least > 0:
        return size
    inverse = 1.0 / of  # of the zeros only that shows the sign
    if least == 0 and inverse.min() != -math.inf:
        return size
    is_zero: Any = inverse == -math.inf
    if isinstance(divisor, pl.Series):
        is_zero = is_zero & ~(divisor > 0)
    elif divisor > 0:
        is_zero = pl.Series([False]).new_from_index(0, len(of))
    is_negative = (of < 0) | is_zero
    frame = pl.DataFrame([size.alias("size"), is_negative.alias("is_negative")])
    chosen = pl.when("is_negative").then(-pl.col("size")).otherwise(pl.col("size"))
    return frame.select(chosen).to_series()


def _column(operand: pl.Series | float, name: str, length: int) -> pl.Series:
    if isinstance(operand, float):
        return pl.Series(name, [operand], dtype=pl.Float64).new_from_index(0, length)
    return operand.alias(name)


_FIRST_ROWS = 64


def _are_whole(size: pl.Series | float) -> bool:
    """Are all of these positive numbers whole, and exact?"""
    if isinstance(size, float):
        return size.is_integer() and 0 < size < _LARGEST_EXACT
    first = size.head(_FIRST_ROWS)
    if not (first.floor() == first).all():
        return False
    most: Any = size.max()
    if most is None or not most < _LARGEST_EXACT:
        return False
    return bool((size.floor() == size).all()) and not size.is_nan().any()
