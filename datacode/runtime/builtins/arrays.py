"""Arrays (builtins reference, 6). A column of a table is accepted wherever an array is."""

from __future__ import annotations

import operator
import re
from functools import reduce

from datacode.errors import runtime_error, type_error
from datacode.language.analysis.rules import appended, extended, rearranged, repeated
from datacode.language.analysis.type_sets import ARRAY, INTEGER, NUMBER, with_elements
from datacode.runtime.builtins import arguments
from datacode.runtime.builtins.arguments import number, number_series, whole
from datacode.runtime.builtins.durations import seconds_of
from datacode.runtime.builtins.registry import (
    ABSENT,
    CountError,
    alias,
    builtin,
    expects,
    expects_at_least,
    expects_range,
    given_twice,
    missing_argument,
)
from datacode.runtime.host import Host
from datacode.tables.filters import different
from datacode.tables.sort import sorted_cells
from datacode.values.hashing import distinct
from datacode.values.ordering import in_order
from datacode.values.parse_text import amounts_of
from datacode.values.table import Column, Table
from datacode.values.types import Currency, Value


def _one_argument(called: str) -> CountError:
    """``sum`` and ``avg`` say it in wording B when there is no argument, otherwise in A."""
    too_many, none = expects(1, called), expects_at_least(1)
    return lambda entry, found: (too_many if found else none)(entry, found)


# Length ----------------------------------------------------------------------


@builtin("arrays", count_error=expects_range(1, 1), returns=INTEGER, pure=True, intrinsic="length")
def len_(value: Value) -> float:
    """The number of elements of an array, characters of a text, keys of an object, rows of a table.

    Example::

        print(len([1, 2, 3]), len("привет"), len({a: 1}))       # 3 6 1
    """
    kind = value.__class__
    if kind is list or kind is str or kind is dict or kind is Table or kind is Column:
        return float(len(value))
    if kind is Currency:
        return float(len(value.text))
    raise type_error("Array, String, Currency, Table, or TableColumn")


alias("length", "len")


@builtin("arrays", returns=INTEGER)
def count(value: Value) -> float:
    """The number of elements of an array, characters of a text or rows of a table.

    Example::

        print(count([1, 2, 3]), count("abcd"))      # 3 4
    """
    kind = value.__class__
    if kind is list or kind is str or kind is Table or kind is Column:
        return float(len(value))
    raise type_error("Array, String, or Table")


# Making arrays ---------------------------------------------------------------


@builtin("arrays", returns=ARRAY)
def array_() -> list[Value]:
    """An empty array.

    Example::

        print(push(array(), 1))     # [1]
    """
    return []


@builtin("arrays", keeps=False, returns=ARRAY)
def array_builder(n: Value = 0.0) -> list[Value]:
    """An empty array. The expected number of elements may be given; it changes nothing.

    Example::

        print(array_builder(100))       # []
    """
    number(n)
    return []


@builtin("arrays", returns=repeated, fresh=True, pure=True)
def bulk_create(host: Host, n: Value, template: Value, params: Value = ABSENT) -> list[Value]:
    """An array of ``n`` copies of a value, or of ``n`` rows made from a template.

    In a row made from a template the text ``INDEX`` is the number of the row, from 0, and
    ``PARAM_k`` the element ``k`` of ``params`` (null if there is none).

    Example::

        print(bulk_create(3, 0))                                        # [0, 0, 0]
        print(bulk_create(2, ["INDEX", "PARAM_0"], ["box"]))            # [[0, box], [1, box]]
    """
    if params is ABSENT:
        size = max(whole(n, "Number and Value"), 0)
        host.check_size(size, 8)
        return [template] * size
    expected = "Number, Array, Array"
    size = max(whole(n, expected), 0)
    row = arguments.array(template, expected)
    values = arguments.array(params, expected)
    host.check_size(size * (len(row) + 8), 8)
    filled = [_parameter(element, values) for element in row]
    places = [i for i, element in enumerate(row) if element == "INDEX"]
    rows = []
    for index in range(size):
        made = filled.copy()
        for place in places:
            made[place] = float(index)
        rows.append(made)
    return rows


_PARAMETER = re.compile("PARAM_([0-9]+)")


def _parameter(element: Value, values: list[Value]) -> Value:
    """The template's element with ``PARAM_k`` replaced, which is the same in every row."""
    found = _PARAMETER.fullmatch(element) if element.__class__ is str else None
    if found is None:
        return element
    digits = found[1].lstrip("0") or "0"
    position = int(digits) if len(digits) < 16 else len(values)
    return values[position] if position < len(values) else None


@builtin(
    "arrays",
    minimum=1,
    signature="range(end), range(start, end), range(start, end, step)",
    returns=ARRAY | with_elements(INTEGER),
    fresh=True,
    pure=True,
    intrinsic="range",
)
def range_(
    host: Host,
    _first: Value = ABSENT,
    _second: Value = ABSENT,
    _third: Value = ABSENT,
    *,
    start: Value = ABSENT,
    end: Value = ABSENT,
    step: Value = ABSENT,
) -> list[float]:
    """The whole numbers from ``start`` (0 if not given) to before ``end``, one or ``step`` apart.

    With a negative step the numbers fall. Fractions are cut off.

    Raises an error for a negative ``end`` that stands alone, a ``step`` of 0, and more numbers
    than memory holds.

    Example::

        print(range(4), range(2, 5))                    # [0, 1, 2, 3] [2, 3, 4]
        print(range(5, 0, -2), range(1, 8, step=3))     # [5, 3, 1] [1, 4, 7]
    """
    if start is not ABSENT or end is not ABSENT or step is not ABSENT:
        positional = [value for value in (_first, _second, _third) if value is not ABSENT]
        _first, _second, _third = _named_bounds(positional, start, end, step)
    numbers = range_bounds(_first, _second, _third)
    host.check_size(abs((numbers.stop - numbers.start) // numbers.step) if numbers else 0)
    return list(map(float, numbers))


def range_bounds(first: Value, second: Value = ABSENT, third: Value = ABSENT) -> range:
    """The same numbers as a Python range, for a loop that needs no array of them."""
    begin = whole(first)
    if second is ABSENT:
        if begin < 0:
            raise runtime_error("range_end_negative", "Range end cannot be negative")
        return range(begin)
    stop = whole(second)
    step = 1 if third is ABSENT else whole(third)
    if step == 0:
        raise runtime_error("range_step_zero", "Range step cannot be zero")
    return range(begin, stop, step)


def _named_bounds(
    positional: list[Value], start: Value, end: Value, step: Value
) -> tuple[Value, Value, Value]:
    """The bounds of a call that names some of them. A single positional one is the end."""
    named = {"start": start, "end": end, "step": step}
    named = {name: value for name, value in named.items() if value is not ABSENT}
    only_end = len(positional) == 1 and "end" not in named
    names = ("end",) if only_end else ("start", "end", "step")
    for name, value in zip(names, positional, strict=False):
        if name in named:
            raise given_twice("range", name)
        named[name] = value
    if "end" not in named:
        raise missing_argument("range", "end")
    return named.get("start", 0.0), named["end"], named.get("step", ABSENT)


# Changed copies --------------------------------------------------------------


@builtin("arrays", returns=appended, fresh=True, pure=True, intrinsic="append")
def push(array: Value, item: Value) -> list[Value]:
    """A copy of the array with one more element.

    Example::

        print(push([1, 2], 3), push([1], [2]))      # [1, 2, 3] [1, [2]]
    """
    return [*arguments.array(array), item]


alias("append", "push")


@builtin("arrays")
def pop(array: Value) -> Value:
    """The last element, null if there is none. The array keeps it.

    Example::

        print(pop([1, 2, 3]), pop([]))      # 3 null
    """
    elements = arguments.array(array)
    return elements[-1] if elements else None


@builtin("arrays", returns=extended, fresh=True, pure=True, intrinsic="extend")
def extend(array: Value, other: Value) -> list[Value]:
    """The elements of the first array and then those of the second.

    Example::

        print(extend([1], [2, 3]))      # [1, 2, 3]
    """
    return [*arguments.array(array), *arguments.array(other)]


@builtin("arrays", returns=rearranged)
def sort(array: Value) -> list[Value]:
    """The elements in ascending order; equal ones keep their order.

    Different kinds come one after the other: null, bools, numbers, currency, texts, the rest.

    Example::

        print(sort([3, 1, 2]), sort(["b", "a", "Z"]))       # [1, 2, 3] [Z, a, b]
    """
    if array.__class__ is Column:
        return sorted_cells(array.stored)
    return in_order(arguments.array(array))


@builtin("arrays", returns=rearranged)
def reverse(array: Value) -> list[Value]:
    """The elements from the last to the first.

    Example::

        print(reverse([1, 2, 3]))       # [3, 2, 1]
    """
    return arguments.array(array)[::-1]


@builtin("arrays", returns=rearranged)
def unique(array: Value) -> list[Value]:
    """The different elements, in the order in which they first appear.

    Example::

        print(unique([1, 2, 1, "1"]))       # [1, 2, 1]
    """
    if array.__class__ is Column:
        return different(array.stored)
    return distinct(arguments.array(array, "Array or TableColumn"))


# Sums ------------------------------------------------------------------------


@builtin("arrays", count_error=_one_argument("sum"), returns=NUMBER)
def sum_(array: Value) -> float:
    """The sum of the numbers of an array or column; 0 without any.

    Amounts of money in one currency are added as numbers.

    Raises an error for an element that is not a number, null included.

    Example::

        print(sum([1, 2, 3.5]))     # 6.5
    """
    return _total(array)


@builtin("arrays", returns=NUMBER)
def average(array: Value) -> float:
    """The mean of the numbers of an array or column.

    Raises an error for an element that is not a number, null included, and for no elements.

    Example::

        print(average([1, 2, 6]))       # 3
    """
    return _mean(array)


@builtin("arrays", count_error=_one_argument("average"), returns=NUMBER)
def avg(array: Value) -> float:
    """The mean of the numbers of an array or column, as ``average``.

    Raises an error for an element that is not a number, null included, and for no elements.

    Example::

        print(avg([1, 2, 6]))       # 3
    """
    return _mean(array)


def _total(value: Value) -> float:
    """Added from left to right; a long column in the way of Polars, as fast as that is."""
    series = number_series(value)
    if series is not None:
        return sum((float(part.sum()) for part in series), 0.0)
    if arguments.has_other_than_numbers(value):
        raise arguments.wrong_element(value.stored)
    elements = arguments.array(value, "Array or TableColumn")
    if elements and set(map(type, elements)) != {float}:
        amounts = amounts_of(elements)
        if amounts is None and seconds_of(elements[0]) is not None:
            raise runtime_error(
                "sum_of_durations",
                "'{value}' is a duration: durations are added up by duration_sum",
                value=elements[0],
            )
        if amounts is None:
            raise arguments.wrong_element(elements)
        elements = amounts
    return reduce(operator.add, elements, 0.0)


def _mean(value: Value) -> float:
    total = _total(value)
    size = len(value)
    if size == 0:
        raise runtime_error("average_of_nothing", "Cannot calculate average of empty array")
    return total / size
