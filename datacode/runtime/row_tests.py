"""The words of conditions over rows, for one row: ``in``, ``like``, ``matches``, ``between``.

Source: tables and files reference, 1.7.
"""

from __future__ import annotations

from functools import lru_cache

from datacode.errors import runtime_error
from datacode.runtime import operators
from datacode.tables.like import like_test
from datacode.tables.regular_expressions import is_matching
from datacode.values.described import described
from datacode.values.table import Column
from datacode.values.types import Value

_at_most = operators.lenient(operators.less_equal)
_like_test = lru_cache(maxsize=256)(like_test)


def row_in(value: Value, values: Value) -> bool:
    """Does the value equal an element of an array or column?"""
    if values.__class__ is not list and values.__class__ is not Column:
        raise runtime_error("in_needs_array", "The operator IN needs an array of values")
    return any(operators.cell_equal(value, each) for each in values)


def row_like(value: Value, pattern: Value) -> bool:
    """Does a pattern with ``%`` and ``_`` cover the whole text? Only of texts."""
    if pattern.__class__ is not str:
        raise runtime_error(
            "pattern_is_no_text",
            "The pattern must be a text, not {value}",
            value=described(pattern),
        )
    return value.__class__ is str and _like_test(pattern)(value)


def row_matches(value: Value, pattern: Value) -> bool:
    """Does a regular expression match a part of the text? Null matches nothing."""
    if pattern.__class__ is not str:
        raise runtime_error(
            "pattern_is_no_text",
            "The pattern must be a text, not {value}",
            value=described(pattern),
        )
    if value is None:
        return False
    if value.__class__ is not str:
        raise runtime_error(
            "matches_needs_text", "matches needs a text, not {value}", value=described(value)
        )
    return is_matching(value, pattern)


def row_between(value: Value, low: Value, high: Value) -> bool:
    """Does the value lie between two others, both included? Null does not."""
    return _at_most(low, value) and _at_most(value, high)
