"""What the compiler knows of a value before the program runs: a set of possible kinds, as bits.

Where both operands can only be numbers, no test need be made at run time. A set that is too large
costs time; one that is too small would make wrong code. So everything not said here is ``ANY``.

The lowest eight bits are the kinds of the value itself. If it is an array or object, the next eight
are the kinds of its elements, and the next the kinds of theirs. Arrays are values: what is known of
the elements of a variable's array changes only with that variable.
"""

from __future__ import annotations

from collections.abc import Sequence

INTEGER = 1
"""A number without a fraction, or one that is not finite."""
FRACTION = 2
NUMBER = INTEGER | FRACTION
STRING = 4
BOOL = 8
NULL = 16
ARRAY = 32
OBJECT = 64
OTHER = 128
"""Paths, currency, tables and their views."""
OWN = 255
"""All kinds of the value itself."""
ANY = 0xFFFFFF

_LEVEL = 8
_UNKNOWN_BELOW = 0xFF0000
SOME_ARRAY = ARRAY | ANY & ~OWN
"""An array of which nothing more is known."""


def only(kinds: int, allowed: int) -> bool:
    """Can the value itself be of no other kind than the allowed ones?"""
    return not kinds & OWN & ~allowed


def elements_of(kinds: int) -> int:
    """The kinds of the elements, if the value is an array or object."""
    return kinds >> _LEVEL | _UNKNOWN_BELOW


def with_elements(kinds: int, depth: int = 1) -> int:
    """What a container is known by that has such elements, or has them ``depth`` levels below."""
    return kinds << _LEVEL * depth & ANY & ~OWN


def part_of(kinds: int) -> int:
    """The kinds that ``value[index]`` can have."""
    if kinds & OTHER:
        return ANY
    part = elements_of(kinds) if kinds & (ARRAY | OBJECT) else 0
    return part | kinds & STRING


def step_of(kinds: int) -> int:
    """The kinds that the variable of a ``for`` over the value can have."""
    if only(kinds, ARRAY):
        return elements_of(kinds)
    return STRING if only(kinds, STRING) else ANY


def arithmetic(operator: str, left: int, right: int) -> int:
    """The possible results of ``left operator right`` (language reference, 5.4)."""
    result = 0
    if left & NUMBER and right & NUMBER:
        result = NUMBER
        if operator in "+-*%" and not (left | right) & FRACTION:
            result = INTEGER
    if operator == "+":
        result |= (left | right) & STRING | left & OTHER
    elif operator == "/":
        result |= left & OTHER
    elif operator == "*":
        result |= (left | right) & STRING
        if (left | right) & BOOL:
            result |= NUMBER
    return result or NUMBER


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


def repeated(arguments: Sequence[int]) -> int:
    """So many copies of the second argument; with a third, rows made from it."""
    return ARRAY | with_elements(arguments[1]) if len(arguments) == 2 else SOME_ARRAY


def of_argument(kinds: int) -> int:
    """The kinds that a function is specially compiled for, when it is given such an argument."""
    own = kinds & OWN
    for simple in (INTEGER, NUMBER, STRING):
        if only(own, simple):
            return simple
    if only(own, ARRAY):
        inner = of_argument(elements_of(kinds)) if elements_of(kinds) & OWN else ANY
        return ARRAY | with_elements(inner)
    return ANY
