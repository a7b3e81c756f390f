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


_CERTAIN = {
    NUMBER: "abs sqrt pow round div int float sum average avg min max",
    INTEGER: "len length count",
    STRING: "str upper lower trim typeof now",
    BOOL: "isinstance isset contains bool",
    ARRAY: "array array_builder",
    ARRAY | with_elements(INTEGER): "range",
    ARRAY | with_elements(STRING): "split",
    NULL: "print",
}
_RESULTS = {name: kinds for kinds, names in _CERTAIN.items() for name in names.split()}


def builtin_result(name: str, arguments: Sequence[int]) -> int:
    """What a builtin gives whenever it gives anything, for arguments of such kinds."""
    known = _RESULTS.get(name)
    if known is not None:
        return known
    if name in ("push", "append", "extend") and len(arguments) == 2:
        return _longer(arguments[0], arguments[1], name == "extend")
    if name in ("sort", "reverse", "unique") and len(arguments) == 1:
        array = arguments[0]
        return ARRAY | array & ~OWN if only(array, ARRAY) else SOME_ARRAY
    if name == "bulk_create":
        return ARRAY | with_elements(arguments[1]) if len(arguments) == 2 else SOME_ARRAY
    return ANY


def _longer(array: int, added: int, is_array: bool) -> int:
    if not only(array, ARRAY) or (is_array and not only(added, ARRAY)):
        return SOME_ARRAY
    return ARRAY | array & ~OWN | (added & ~OWN if is_array else with_elements(added))


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
