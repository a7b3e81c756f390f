"""The types of results, for operands of given types: one rule for each kind of expression.

The summaries of loops (``loop_summary``) and the code for an expression use the same rules. A type
set that is too large costs time, one that is too small makes a program wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from datacode.language.analysis.type_sets import (
    ANY,
    ARRAY,
    BOOL,
    FRACTION,
    INTEGER,
    NUMBER,
    OBJECT,
    OTHER,
    OWN,
    SOME_ARRAY,
    STRING,
    elements_of,
    only,
    with_elements,
)

ARITHMETIC = frozenset("+-*/%^")
"""The operators whose result is not a bool."""

LENGTHS = frozenset({"len", "length"})
"""The members that are the length of an array or string."""


def number(value: float) -> int:
    """A literal number."""
    return INTEGER if value.is_integer() else FRACTION


def container(own: int, elements: Iterable[int]) -> int:
    """A literal array or object of such elements."""
    for each in elements:
        own |= with_elements(each)
    return own


def negation(types: int) -> int:
    """``-x``."""
    return INTEGER if only(types, INTEGER) else NUMBER


def element(types: int) -> int:
    """The result of ``value[index]``."""
    if types & OTHER:
        return ANY
    part = elements_of(types) if types & (ARRAY | OBJECT) else 0
    return part | types & STRING


def visited(types: int) -> int:
    """What the variable of a ``for`` over the value can be."""
    if only(types, ARRAY):
        return elements_of(types)
    return STRING if only(types, STRING) else ANY


def arithmetic(operator: str, left: int, right: int) -> int:
    """The result of ``left operator right`` (language reference, 5.4)."""
    result = 0
    if left & NUMBER and right & NUMBER:
        result = NUMBER
        if operator in "+-*%" and not (left | right) & FRACTION:
            result = INTEGER
    if operator == "+":
        result |= (left | right) & STRING | left & OTHER
    elif operator == "/" and not only(right, NUMBER):
        result |= left & OTHER
    elif operator == "*":
        result |= (left | right) & STRING
        if (left | right) & BOOL:
            result |= NUMBER
    return result or NUMBER


def needs_numbers(operator: str, left: int, right: int) -> bool:
    """Does the operation fail unless both operands are numbers?"""
    if operator == "/":  # paths can be divided, too
        return only(left, NUMBER) or only(right, NUMBER)
    return operator in "-%^"


def ordered(left: int, right: int) -> int:
    """What both operands of ``<`` and its like must be, or it fails."""
    if only(left, STRING) or only(right, STRING):
        return STRING
    if only(left, NUMBER) or only(right, NUMBER):
        return NUMBER
    return NUMBER | STRING | OTHER  # amounts of money


def member(name: str, types: int) -> int:
    """``value.name``."""
    if types & OBJECT:
        return ANY
    if name in LENGTHS and only(types, ARRAY | STRING):
        return INTEGER
    return STRING if name not in LENGTHS and only(types, STRING) else ANY


def appended(arguments: Sequence[int]) -> int:
    """The array of the first argument with the second as one more element."""
    array, item = arguments
    return ARRAY | array & ~OWN | with_elements(item) if only(array, ARRAY) else SOME_ARRAY


def extended(arguments: Sequence[int]) -> int:
    """The elements of both arrays."""
    array, other = arguments
    if only(array, ARRAY) and only(other, ARRAY):
        return ARRAY | (array | other) & ~OWN
    return SOME_ARRAY


def rearranged(arguments: Sequence[int]) -> int:
    """Elements of the array, in some order."""
    return ARRAY | arguments[0] & ~OWN if only(arguments[0], ARRAY) else SOME_ARRAY


def extreme(arguments: Sequence[int]) -> int:
    """The least or the greatest: a number of numbers, otherwise also a text or an amount."""
    first = arguments[0]
    if only(first, NUMBER) or (only(first, ARRAY) and only(elements_of(first), NUMBER)):
        return NUMBER
    return NUMBER | STRING | OTHER


def repeated(arguments: Sequence[int]) -> int:
    """So many copies of the second argument; with a third, rows made from it."""
    return ARRAY | with_elements(arguments[1]) if len(arguments) == 2 else SOME_ARRAY
