"""What the compiler knows of a value before the program runs: a set of possible types, as bits.

Where both operands can only be numbers, no test need be made at run time. A set that is too large
costs time; one that is too small would make wrong code. So everything not said here is ``ANY``.

The lowest eight bits are the types of the value itself. If it is an array or object, the next eight
are the types of its elements, and the next the types of theirs. Arrays are values: what is known of
the elements of a variable's array changes only with that variable.
"""

from __future__ import annotations

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
"""All types of the value itself."""
ANY = 0xFFFFFF

_LEVEL = 8
_UNKNOWN_BELOW = 0xFF0000
SOME_ARRAY = ARRAY | ANY & ~OWN
"""An array of which nothing more is known."""


def only(types: int, allowed: int) -> bool:
    """Can the value itself be of no other type than the allowed ones?"""
    return not types & OWN & ~allowed


def elements_of(types: int) -> int:
    """The types of the elements, if the value is an array or object."""
    return types >> _LEVEL | _UNKNOWN_BELOW


def with_elements(types: int, depth: int = 1) -> int:
    """What a container is known by that has such elements, or has them ``depth`` levels below."""
    return types << _LEVEL * depth & ANY & ~OWN


def of_argument(types: int) -> int:
    """The types that a function is specially compiled for, when it is given such an argument."""
    own = types & OWN
    for simple in (INTEGER, NUMBER, STRING):
        if only(own, simple):
            return simple
    if only(own, ARRAY):
        inner = of_argument(elements_of(types)) if elements_of(types) & OWN else ANY
        return ARRAY | with_elements(inner)
    return ANY
