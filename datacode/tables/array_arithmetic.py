"""Arithmetic of NumPy's arrays, a block that stays in the processor's cache at a time.

What a formula computes on the way is then not written to memory and read again, which takes most of
the time of columns. Each function gives None for numbers that its formula is not exact for.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

_BLOCK = 1 << 14
"""So many numbers are computed at once."""

_SPLIT = 2.0**27 + 1
_STEP = 2.0**26
_LARGEST_EXACT = 2.0**52
_LEAST, _MOST = 1e-200, 1e200
"""Between these no part of a product is rounded for want of exponents."""


def numpy() -> Any:
    """NumPy, which whoever has an array has imported."""
    return sys.modules["numpy"]


def _blocks(*arrays: Any) -> Iterator[tuple[Any, ...]]:
    """The blocks of some arrays of one length; numbers stay what they are."""
    length = len(arrays[0])
    for start in range(0, length, _BLOCK):
        stop = min(start + _BLOCK, length)
        yield tuple(a if isinstance(a, float) else a[start:stop] for a in arrays)


# Powers ------------------------------------------------------------------------------

_LOW_BITS = (1 << 27) - 1
"""The bits of a double that are not set if its square has no more digits than a double."""

_SMALLEST_SQUARE = 1e-290


def square(numbers: Any) -> Any:
    """The squares of numbers below 1e150, if all are exact, as any good ``pow`` gives them."""
    np = numpy()
    if not len(numbers) or int(np.bitwise_or.reduce(numbers.view(np.uint64))) & _LOW_BITS:
        return None
    made = numbers * numbers
    if made.min() < _SMALLEST_SQUARE:
        small = np.count_nonzero(made < _SMALLEST_SQUARE)
        if small != np.count_nonzero(numbers == 0.0):
            return None
    return made


# Remainders --------------------------------------------------------------------------


def whole_remainder(left: Any, right: Any) -> Any:
    """The rests of whole numbers, above 0 or not, divided by whole ones above 0."""
    np = numpy()
    made = np.empty(len(left))
    for dividends, divisors, rests in _blocks(left, right, made):
        if not _are_whole(np, dividends) or not _are_whole(np, divisors):
            return None
        quotients = dividends / divisors
        np.trunc(quotients, out=quotients)
        quotients *= divisors
        np.subtract(dividends, quotients, out=rests)
        _set_signs(np, rests, dividends)
    return made


def _are_whole(np: Any, numbers: Any) -> bool:
    if isinstance(numbers, float):
        return numbers.is_integer() and abs(numbers) < _LARGEST_EXACT
    if not (np.rint(numbers) == numbers).all():
        return False
    return bool(numbers.max() < _LARGEST_EXACT and numbers.min() > -_LARGEST_EXACT)


def _set_signs(np: Any, rests: Any, dividends: Any) -> None:
    """Give the rests the signs of the dividends, of which 0 has none."""
    if dividends.min() < 0:
        np.copysign(rests, dividends + 0.0, out=rests)


def exact_remainder(left: Any, right: Any) -> Any:
    """The rests of any numbers divided by some above 0, whose quotients are below 2 ** 26.

    Halves of the divisor's digits times the whole quotient need no rounding (Veltkamp's splitting),
    nor do the differences. The quotient is too large by one where rounding has made it whole.
    """
    np = numpy()
    made = np.empty(len(left))
    for dividends, divisors, rests in _blocks(left, right, made):
        sizes = abs(dividends)
        if not _are_near(sizes, divisors):
            return None
        top = divisors * _SPLIT
        high = top - (top - divisors)
        low = divisors - high
        quotients = sizes / divisors
        np.floor(quotients, out=quotients)
        np.subtract(sizes, quotients * high, out=rests)
        if not isinstance(low, float) or low:
            quotients *= low
            rests -= quotients
        is_below = rests < 0
        if is_below.any():
            rests += is_below * divisors
        _set_signs(np, rests, dividends)
    return made


def _are_near(sizes: Any, divisors: Any) -> bool:
    if isinstance(divisors, float):
        return _LEAST < divisors < _MOST and bool(sizes.max() < divisors * _STEP)
    if not (divisors.min() > _LEAST and divisors.max() < _MOST):
        return False
    return bool((sizes < divisors * _STEP).all())


# Rounding ----------------------------------------------------------------------------

_DOUBT = 1e-15
"""Numbers so near to a half, in parts of themselves, are rounded by their printed digits."""

_EXACT_HALF = 1e14
"""Below it a number and a half has at most 15 digits, and so is the only one of its double."""


def rounded(numbers: Any, factor: float) -> Any:
    """The numbers rounded to the places that a power of ten stands for, halves away from 0.

    A number is printed as half of the last place, or above, exactly if it is not below the double
    that is nearest to that half.
    """
    np = numpy()
    made = np.empty(len(numbers))
    for block, results in _blocks(numbers, made):
        scaled = block * factor
        np.rint(scaled, out=results)
        most = max(abs(scaled.min()), abs(scaled.max()))
        scaled -= results
        if max(abs(scaled.min()), abs(scaled.max())) < 0.5 - most * _DOUBT:
            results /= factor
            continue
        sizes = abs(block)
        np.multiply(sizes, factor, out=scaled)
        if not most < _EXACT_HALF:  # NaN, too
            return None
        np.floor(scaled, out=results)
        np.multiply(results, 2.0, out=scaled)
        scaled += 1.0
        scaled /= 2.0 * factor
        results += sizes >= scaled
        results /= factor
        np.copysign(results, block, out=results)
    return made
