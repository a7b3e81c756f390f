"""Numbers (builtins reference, 5)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from datacode.errors import runtime_error, type_error
from datacode.language.analysis.rules import extreme
from datacode.language.analysis.type_sets import NUMBER
from datacode.runtime.builtins.arguments import (
    array,
    exactly_whole,
    number,
    number_series,
    wrong_element,
)
from datacode.runtime.builtins.registry import builtin
from datacode.runtime.operators import raise_to
from datacode.tables.extremes import extreme_of
from datacode.values.column_storage import ColumnData
from datacode.values.number_picture import to_decimals
from datacode.values.stored_column import without_room_for_list
from datacode.values.table import Column
from datacode.values.types import Value

_LARGEST_FRACTION = 2.0**52
"""From here on every double is a whole number."""


@builtin("numbers", returns=NUMBER, pure=True)
def abs_(n: Value) -> float:
    """The number without its sign.

    Example::

        print(abs(-2.5), abs(4))        # 2.5 4
    """
    if n.__class__ is not float:
        raise type_error("Number")
    return abs(n)


@builtin("numbers", returns=NUMBER, pure=True)
def sqrt(n: Value) -> float:
    """The square root. A negative number is an error.

    Example::

        print(sqrt(9), sqrt(2))         # 3 1.4142135623730951
    """
    if number(n) < 0:
        raise runtime_error("root_of_negative", "Cannot take square root of negative number")
    return math.sqrt(n)


@builtin("numbers", returns=NUMBER, pure=True)
def pow_(base: Value, exp: Value) -> float:
    """``base`` to the power of ``exp``, as ``base ^ exp``.

    Example::

        print(pow(2, 10), pow(base=9, exp=0.5))         # 1024 3
    """
    return raise_to(number(base), number(exp))


@builtin("numbers", returns=NUMBER, pure=True)
def round_(n: Value, digits: Value = 0.0) -> float:
    """The nearest whole number, or the nearest with so many ``digits`` behind the decimal point.

    Halves go away from zero, by the digits that the number is printed with. Negative ``digits``
    round to tens, hundreds and so on.

    Example::

        print(round(2.5), round(-2.5), round(2.4))      # 3 -3 2
        print(round(2.675, 2), round(1250, -2))         # 2.68 1300
    """
    if n.__class__ is not float:
        raise type_error("Number")
    if digits:
        return round_to(n, exactly_whole(digits, "round", "digits"))
    if not -_LARGEST_FRACTION < n < _LARGEST_FRACTION:
        return n
    whole = math.trunc(n)
    if abs(n - whole) >= 0.5:
        whole += 1 if n > 0 else -1
    return float(whole)


_MOST_DIGITS = 400
"""No double has more digits, on either side of the point."""


def round_to(number: float, digits: int) -> float:
    """The number with so many decimals, rounded as people do who see its printed form."""
    if not math.isfinite(number) or digits > _MOST_DIGITS:
        return number
    return float(to_decimals(Decimal(repr(number)), max(digits, -_MOST_DIGITS)))


@builtin("numbers", returns=NUMBER)
def div(a: Value, b: Value) -> float:
    """``a`` divided by ``b``, fraction and all, as ``a / b``.

    Raises an error if ``b`` is 0.

    Example::

        print(div(7, 2))        # 3.5
    """
    divisor = number(b) if a.__class__ is float else number(a)
    if divisor == 0:
        raise runtime_error("division_by_zero", "Division by zero")
    return a / divisor  # type: ignore[no-any-return]


@builtin("numbers", minimum=1, signature="min(array), min(n...)", keeps=False, returns=extreme)
def min_(*values: Value) -> Value:
    """The least of some numbers, or of an array or column of numbers.

    Dates, durations and amounts of money are compared as such, if all values are of one of these
    kinds; empty cells of a column of them do not count. NaN counts only where there is nothing
    else. Behind an array further arguments are ignored.

    Raises an error for an array without elements and for other elements.

    Example::

        print(min(3, 1, 2), min([3, 1, 2]))     # 1 1
        print(min(["31.12.2025", "1.12.2025"]))     # 1.12.2025
    """
    if len(values) == 2:
        first, second = values
        if first.__class__ is float is second.__class__ and first == first:
            return second if second < first else first
    return _extreme(values, min)


@builtin("numbers", minimum=1, signature="max(array), max(n...)", keeps=False, returns=extreme)
def max_(*values: Value) -> Value:
    """The greatest of some numbers, or of an array or column of numbers.

    Dates, durations and amounts of money are compared as such, if all values are of one of these
    kinds; empty cells of a column of them do not count. NaN counts only where there is nothing
    else. Behind an array further arguments are ignored.

    Raises an error for an array without elements and for other elements.

    Example::

        print(max(3, 1, 2), max([3, 1, 2]))     # 3 3
        print(max("9:30:00", "255:30:00"))      # 255:30:00
    """
    if len(values) == 2:
        first, second = values
        if first.__class__ is float is second.__class__ and first == first:
            return second if second > first else first
    return _extreme(values, max)


def _extreme(values: tuple[Value, ...], choose: Callable[[Iterable[Any]], Any]) -> Value:
    first = values[0]
    if first.__class__ is float:
        if any(value.__class__ is not float for value in values):
            raise type_error("Number")
        numbers: Iterable[float] = values
    elif (series := number_series(first)) is not None:
        found: Any = [part.min() if choose is min else part.max() for part in series]
        return float(choose(found))  # NaN is passed over
    elif first.__class__ is list or first.__class__ is Column:
        if first.__class__ is Column and len(first) and without_room_for_list(first.stored):
            return _extreme_of_others(first.stored, choose, first.stored)
        elements = array(first)
        if not elements:
            if choose is min:
                raise runtime_error("minimum_of_nothing", "Cannot find minimum of empty array")
            raise runtime_error("maximum_of_nothing", "Cannot find maximum of empty array")
        if set(map(type, elements)) != {float}:
            cells = first.stored if first.__class__ is Column else ColumnData.of_list(elements)
            if first.__class__ is list and any(value is None for value in elements):
                raise wrong_element(elements)
            return _extreme_of_others(cells, choose, elements)
        numbers = elements
    else:
        if any(value is None for value in values):
            raise type_error("Number or Array")
        return _extreme_of_others(ColumnData.of_list(list(values)), choose, None)
    best = choose(numbers)
    if best == best:
        return best
    return choose([n for n in numbers if n == n] or [best])


def _extreme_of_others(
    cells: ColumnData, choose: Callable[[Iterable[Any]], Any], elements: Iterable[Value] | None
) -> Value:
    """That of dates, durations or money; all other values, which may be elements, are an error."""
    found = extreme_of(cells, choose)
    if found is None:
        raise type_error("Number or Array") if elements is None else wrong_element(elements)
    return found
