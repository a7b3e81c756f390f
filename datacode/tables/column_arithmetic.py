"""Arithmetic of columns that Polars would do otherwise than the language, to the last bit the same.

Source: language reference, 5.4.
"""

from __future__ import annotations

import math
from itertools import repeat

from datacode.values.lazy_polars import pl

_LARGEST_EXACT = 2.0**52


def power(base: pl.Series | float, exponent: pl.Series | float, length: int) -> pl.Series:
    """C's ``pow``. With one exponent for all rows Polars takes short cuts that round otherwise."""
    frame = pl.DataFrame([_column(base, "base", length), _column(exponent, "exponent", length)])
    return frame.select(pl.col("base").pow(pl.col("exponent"))).to_series()


def quotient(left: pl.Series | float, right: pl.Series | float) -> pl.Series:
    """The quotients of columns. Polars multiplies by the reciprocal of one divisor for all rows,
    which rounds otherwise for a third of all numbers."""
    if isinstance(right, float):
        assert isinstance(left, pl.Series)
        right = _column(right, "right", len(left))
    return left / right


def remainder(left: pl.Series | float, right: pl.Series | float, length: int) -> pl.Series:
    """The rest of a division, with the sign of the left operand; no right one is 0.

    Of whole numbers up to 2 ** 52 the rest that Polars gives is exact, of all others not: it
    subtracts a product. Those are divided by C's ``fmod``.
    """
    if _are_whole(left) and _are_whole(right):
        one = _column(left, "left", length)
        found: pl.Series = one.abs() % abs(right)
        if one.min() > 0:  # type: ignore[operator]
            return found
        frame = pl.DataFrame([found.alias("rest"), one])
        is_negative = (pl.col("left") < 0) | (1.0 / pl.col("left") == -math.inf)
        return frame.select(
            pl.when(is_negative).then(-pl.col("rest")).otherwise(pl.col("rest"))
        ).to_series()
    lefts = repeat(left, length) if isinstance(left, float) else left.to_list()
    rights = repeat(right, length) if isinstance(right, float) else right.to_list()
    return pl.Series(
        [
            math.nan if math.isinf(a) or b == 0 else math.fmod(a, b)
            for a, b in zip(lefts, rights, strict=True)
        ],
        dtype=pl.Float64,
    )


def _column(operand: pl.Series | float, name: str, length: int) -> pl.Series:
    if isinstance(operand, float):
        return pl.Series(name, [operand], dtype=pl.Float64).new_from_index(0, length)
    return operand.alias(name)


def _are_whole(operand: pl.Series | float) -> bool:
    """Are all numbers whole, and exact?"""
    if isinstance(operand, float):
        return operand.is_integer() and abs(operand) < _LARGEST_EXACT and operand != 0
    least, most = operand.min(), operand.max()
    if least is None or not -_LARGEST_EXACT < least <= most < _LARGEST_EXACT:  # type: ignore[operator]
        return False
    return not operand.is_nan().any() and bool((operand.floor() == operand).all())
