"""``x == constant`` as two comparisons, with bounds that are found beforehand.

Numbers are equal if they differ by less than EPSILON (language reference, 5.7). Which numbers equal
a constant is known before the program runs: all from a least to a greatest one. Looking whether
``x`` is between these is quicker than a subtraction and two comparisons, and takes just the same
numbers.

Where a remainder is compared with 0, its sign does not matter, nor do small remainders: from the
divisor on the numbers are so far apart that none leaves one that is nearly 0.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from datacode.language.analysis import plan
from datacode.language.analysis.type_sets import INTEGER, NUMBER, only
from datacode.language.passes.rewrite import rewrite
from datacode.values.types import EPSILON

FROM = 2.0
"""From here on no other number is so close that it would be equal."""


def bound_constants(unit: plan.Unit) -> plan.Unit:
    """The plan with bounds at comparisons of what may be no whole number with a constant."""
    return rewrite(unit, _bounded)


def _bounded(node: Any) -> Any:
    if node.__class__ is not plan.Compare or node.operator not in ("==", "!="):
        return node
    for constant, other in ((node.right, node.left), (node.left, node.right)):
        value = plan.number_of(constant)
        if value == 0 and isinstance(other, plan.Arith) and _has_exact_remainder(other):
            is_negated = node.operator == "!="
            return plan.IsMultiple(node.at, node.type, other.left, other.right, is_negated)
        if value is not None:
            if other.type & NUMBER and not only(other.type, INTEGER) and 0 < abs(value) < FROM:
                return replace(node, bounds=equal_numbers(value))
            return node
    return node


def _has_exact_remainder(node: plan.Arith) -> bool:
    """Is it the remainder of a number divided by a constant whole number from 1 on?"""
    divisor = plan.number_of(node.right)
    if node.operator != "%" or divisor is None or not only(node.left.type, NUMBER):
        return False
    return divisor >= 1 and divisor.is_integer()


@lru_cache(maxsize=1024)
def equal_numbers(value: float) -> tuple[float, float]:
    """The least and the greatest number that is equal to a finite one below ``FROM``."""
    greatest = _last(value, value + 2 * EPSILON, lambda number: number - value < EPSILON)
    least = _last(-value, -value + 2 * EPSILON, lambda number: value + number < EPSILON)
    return -least, greatest


def _last(first: float, end: float, holds: Callable[[float], bool]) -> float:
    """The last number from ``first`` on, where it holds, before ``end``, where it does not."""
    low, high = _rank(first), _rank(end)
    while high - low > 1:
        middle = (low + high) // 2
        if holds(_number(middle)):
            low = middle
        else:
            high = middle
    return _number(low)


def _rank(number: float) -> int:
    """Counts the numbers from 0 to this one; below 0 they count down."""
    bits: int = struct.unpack("<q", struct.pack("<d", abs(number)))[0]
    return bits if number >= 0 else -bits


def _number(rank: int) -> float:
    """The number of a rank."""
    number: float = struct.unpack("<d", struct.pack("<q", abs(rank)))[0]
    return number if rank >= 0 else -number
