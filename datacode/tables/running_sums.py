"""Sums of columns that add number after number, in the order of the rows, as a loop does.

In another order the last digit may be another. NumPy adds in order where every sum on the way is a
result (``add.accumulate``), where it adds to elements of an array (``add.at``), and, four times as
fast, where it multiplies by a vector of which all elements are one in memory, which no BLAS takes.
The last is not documented: it is used only where it has been seen to give the same.
"""

from __future__ import annotations

import math
import operator as operators
import sys
from functools import cache, reduce
from typing import Any

from datacode.values.lazy_polars import pl

SHORT = 64
SHORT_WITHOUT_NUMPY = 2_000
"""So few numbers are added by Python: starting anything else would cost more."""

FEW_KEYS = 8
"""The numbers of so many keys are picked key by key."""

_LONGEST = 1 << 32
"""More numbers than there are in any array here."""

_PROBES = (65, 1_000, 70_001)
"""The lengths for which it is seen in what order NumPy adds."""


def imported_numpy() -> Any:
    """NumPy, if it has been imported: it is wherever programs of clients run, and nothing here is
    worth importing it for.
    """
    return sys.modules.get("numpy")


def is_minus_zero(number: float) -> bool:
    """Is it -0? What is added up from 0 on would make 0 of it."""
    return number == 0 and math.copysign(1, number) < 0


def running_sum(before: float, terms: pl.Series) -> float:
    """What comes of adding the numbers to ``before``, which is not -0, one after another."""
    numpy = imported_numpy()
    if len(terms) < (SHORT_WITHOUT_NUMPY if numpy is None else SHORT):
        return reduce(operators.add, terms.to_list(), before)
    if numpy is None:
        running = pl.concat([pl.Series([before], dtype=pl.Float64), terms]).cum_sum()
        total: float = running.item(-1)
        return total
    numbers = numpy.empty(len(terms) + 1)
    numbers[0] = before
    numbers[1:] = terms.to_numpy()
    with numpy.errstate(all="ignore"):
        product = _product_with_ones(numpy, numbers) if _products_add_in_order() else None
        return _accumulated(numpy, numbers) if product is None else product


def _accumulated(numpy: Any, numbers: Any) -> float:
    return float(numpy.add.accumulate(numbers, out=numbers)[-1])


def _product_with_ones(numpy: Any, numbers: Any) -> float:
    return float(numpy.matmul(numbers, _ones()[: len(numbers)]))


@cache
def _ones() -> Any:
    """A vector of ones, all of them the same in memory."""
    return imported_numpy().broadcast_to(1.0, _LONGEST)


@cache
def _products_add_in_order() -> bool:
    """Does the product with ones give the same as adding in order?"""
    numpy = imported_numpy()
    for length in _PROBES:
        places = numpy.arange(1.0, length + 1)
        numbers = places * 0.6180339887498949 % 1.0 * 10.0 ** (places % 7)
        product = _product_with_ones(numpy, numbers)
        if product != _accumulated(numpy, numbers.copy()):
            return False
    return True


def sums_by_key(sums: dict[str, float], keys: pl.Series, numbers: pl.Series) -> dict[str, float]:
    """The sums behind all rows, each of which adds its number to that of its key; every key is
    there, in the order in which they come first.
    """
    numpy = imported_numpy()
    is_short = len(numbers) < SHORT_WITHOUT_NUMPY
    if not is_short and len(sums) <= FEW_KEYS and not any(map(is_minus_zero, sums.values())):
        return {key: running_sum(sums[key], numbers.filter(keys == key)) for key in sums}
    if is_short or numpy is None:
        found = dict(sums)
        for key, number in zip(keys.to_list(), numbers.to_list(), strict=True):
            found[key] += number
        return found
    places = keys.cast(pl.Enum(pl.Series(list(sums)))).to_physical().cast(pl.Int64)
    totals = numpy.array(list(sums.values()))
    with numpy.errstate(all="ignore"):
        numpy.add.at(totals, places.to_numpy(), numbers.to_numpy())
    return dict(zip(sums, totals.tolist(), strict=True))
