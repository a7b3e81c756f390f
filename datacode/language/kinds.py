"""What the compiler knows of a value before the program runs: a set of possible kinds, as bits.

Where both operands can only be numbers, no test need be made at run time. A set that is too large
costs time; one that is too small would make wrong code. So everything not said here is ``ANY``.
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
ANY = 255

_CERTAIN = {
    NUMBER: "abs sqrt pow round div int float sum average avg min max",
    INTEGER: "len length count",
    STRING: "str upper lower trim typeof now",
    BOOL: "isinstance isset contains bool",
    ARRAY: "push append extend range split array array_builder bulk_create sort reverse unique",
    NULL: "print",
}
BUILTIN_RESULTS = {name: kinds for kinds, names in _CERTAIN.items() for name in names.split()}
"""What some builtins give whenever they give anything."""


def arithmetic(operator: str, left: int, right: int) -> int:
    """The possible results of ``left operator right`` (language reference, 5.4)."""
    result = 0
    if operator == "/":
        result = NUMBER if left & NUMBER and right & NUMBER else 0
        return result | (left & OTHER) or NUMBER
    if left & NUMBER and right & NUMBER:
        result = NUMBER
        if operator in "+-*%" and not (left | right) & FRACTION:
            result = INTEGER
    if operator == "+":
        if (left | right) & STRING:
            result |= STRING
        result |= left & OTHER
    elif operator == "*":
        if (left | right) & STRING:
            result |= STRING
        if (left | right) & BOOL:
            result |= NUMBER
    return result or NUMBER


def only(kinds: int, allowed: int) -> bool:
    """Can the value be of no other kind than the allowed ones?"""
    return not kinds & ~allowed
