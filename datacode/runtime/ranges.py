"""Loops over ``range(…)`` and ``enum(…)`` without an array of what they visit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count, islice
from math import trunc

from datacode.runtime.builtins.arrays import range_bounds
from datacode.runtime.builtins.functional import numbered_elements
from datacode.values.types import Value

EXACT = 2**53
"""Up to here every whole number is a float, and counting in floats makes no error."""


def whole_range(*bounds: Value) -> range:
    """The numbers as Python ints. A bound that the compiler knows as an int is one already."""
    if len(bounds) == 1:
        end = bounds[0]
        kind = end.__class__
        if (kind is int or kind is float) and 0 <= end < EXACT:
            return range(trunc(end))
        return range_bounds(float(end) if kind is int else end)
    for bound in bounds:
        if bound.__class__ is not int:
            return range_bounds(*(float(b) if b.__class__ is int else b for b in bounds))
    return range(*bounds) if bounds[-1] or len(bounds) == 2 else range_bounds(*map(float, bounds))


def number_range(*bounds: Value) -> Iterator[float]:
    """The numbers."""
    if len(bounds) == 1:
        end = bounds[0]
        kind = end.__class__
        if (kind is int or kind is float) and 0 <= end < EXACT:
            return islice(count(0.0, 1.0), trunc(end))
    return _as_numbers(whole_range(*bounds))


def double_range(*bounds: Value) -> Iterator[tuple[int, float]]:
    """Each number twice: as an int to index with, and as it is."""
    whole = whole_range(*bounds)
    return zip(whole, _as_numbers(whole), strict=False)


def _as_numbers(whole: range) -> Iterator[float]:
    if max(abs(whole.start), abs(whole.stop)) + abs(whole.step) < EXACT:
        return islice(count(float(whole.start), float(whole.step)), len(whole))
    return map(float, whole)


def numbered(elements: Iterable[Value]) -> Iterator[tuple[float, Value]]:
    """Each element behind its number, from 0."""
    return zip(count(0.0), elements, strict=False)


def each_numbered(value: Value) -> Iterator[tuple[float, Value]]:
    """What ``for i, x in enum(value)`` visits."""
    return numbered(numbered_elements(value))


def each_pair(value: Value) -> Iterator[list[Value]]:
    """What ``for pair in enum(value)`` visits."""
    return map(list, each_numbered(value))
