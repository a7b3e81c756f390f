"""Row filters (tables and files reference, 1.7): against a loop over the cells, on both ways."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from datacode.errors import DataCodeError
from datacode.tables import filters
from datacode.tables.like import like_test
from datacode.values.column_storage import ColumnData, Mask
from datacode.values.equality import equal
from datacode.values.parse_text import currency_amount, number_from_text
from datacode.values.types import Currency, Value
from tests.tables.making import (
    CURRENCY,
    TEXTS,
    VALUES,
    TableTestCase,
    columns,
    mixed,
    quickly,
    shown,
    typed,
)


def as_list(mask: Mask) -> list[bool]:
    """A mask as filters use it: null is false."""
    return [bool(matches) for matches in mask]


def is_ordered(sign: str, cell: Value, value: Value) -> bool:
    """The rule of the ordering operators."""
    kind = cell.__class__
    if kind is not value.__class__ or kind not in (float, str, bool, Currency):
        return False
    if kind is Currency:
        one, other = currency_amount(cell.text), currency_amount(value.text)
        if one is None or other is None:
            return False
    else:
        one, other = cell, value
    return bool({"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[sign])


def is_at_most(one: Value, other: Value) -> bool:
    """``one <= other`` as ``table_between`` has it."""
    if one is None:
        return True
    if one.__class__ is str and other.__class__ is float:
        one = number_from_text(one)
        return one is not None and bool(one <= other)
    if one.__class__ is float and other.__class__ is str:
        other = number_from_text(other)
        return other is not None and bool(one <= other)
    return is_ordered("<=", one, other)


class FilterTestCase(TableTestCase):
    """Compares masks."""

    def assertMask(
        self, values: list[Value], work: Callable[[ColumnData], Mask], rule: Callable[[Value], bool]
    ) -> None:
        """Both ways match the rows that the rule says."""
        expected = list(map(rule, values))
        self.assertEqual(as_list(work(mixed(values))), expected)
        self.assertEqual(as_list(self.by_polars(lambda: work(typed(values)))), expected)


class WhereTests(FilterTestCase):
    """``table_where`` with a column, an operator and a value."""

    @quickly
    @given(columns(), VALUES)
    def test_equality(self, values: list[Value], value: Value) -> None:
        """``=`` is the equality of the language, ``!=`` its negation."""
        for sign in ("=", "=="):
            self.assertMask(
                values, lambda c, s=sign: filters.where(c, s, value), lambda v: equal(v, value)
            )
        for sign in ("!=", "<>"):
            self.assertMask(
                values, lambda c, s=sign: filters.where(c, s, value), lambda v: not equal(v, value)
            )

    @quickly
    @given(columns(), VALUES, st.sampled_from(["<", "<=", ">", ">="]))
    def test_order(self, values: list[Value], value: Value, sign: str) -> None:
        """Only two numbers, texts, bools or amounts are above or below each other."""
        self.assertMask(
            values, lambda c: filters.where(c, sign, value), lambda v: is_ordered(sign, v, value)
        )

    @quickly
    @given(columns(), st.lists(VALUES, max_size=6))
    def test_in(self, values: list[Value], wanted: list[Value]) -> None:
        """``IN`` is equality with one of several."""
        self.assertMask(
            values,
            lambda c: filters.where(c, "IN", wanted),
            lambda v: any(equal(v, each) for each in wanted),
        )

    def test_in_numbers(self) -> None:
        """A column of numbers, with those that are not: asked in a way that Polars keeps."""
        wanted: list[Value] = [math.nan, math.inf, 7.0, "7", True]
        values: list[Value] = [7.0, 8.0, 1.0, math.nan, math.inf, -math.inf, None]
        self.assertMask(
            values,
            lambda c: filters.where(c, "in", wanted),
            lambda v: any(equal(v, each) for each in wanted),
        )
        self.assertEqual(self.flushWarnings(), [])

    def test_in_many_numbers(self) -> None:
        """Many numbers near 0, where the tolerance matters."""
        wanted: list[Value] = [i / 64 for i in range(100)]
        values: list[Value] = [0.5, 0.5 + 2**-54, 0.51, 1.0 - 2**-53, 7.0, math.nan, None]
        self.assertMask(
            values,
            lambda c: filters.where(c, "in", wanted),
            lambda v: any(equal(v, each) for each in wanted),
        )

    @quickly
    @given(columns(), st.one_of(VALUES, st.text("ab%_я\n.*", max_size=5)))
    def test_like(self, values: list[Value], pattern: Value) -> None:
        """``LIKE`` wants a text that the pattern covers."""

        def matches(value: Value) -> bool:
            if value.__class__ is not str or pattern.__class__ is not str:
                return False
            parts = [{"%": ".*", "_": "."}.get(c, re.escape(c)) for c in pattern]
            return re.fullmatch("".join(parts), value, re.DOTALL) is not None

        self.assertMask(values, lambda c: filters.where(c, "like", pattern), matches)

    def test_long_like(self) -> None:
        """A pattern of many runs takes no time to fail."""
        self.assertFalse(like_test("%a" * 200 + "%b")("a" * 20_000))
        self.assertTrue(like_test("%" * 20_000)("a" * 20_000))

    def test_like_beyond_regular_expressions(self) -> None:
        """A pattern of which Polars would make no expression works as a short one does."""
        texts: list[Value] = ["_" * 40_000, "a", "", None]
        for pattern in ("%_" * 20_000, "_" * 40_000, "%" * 3000, "a" * 400_000):
            self.assertMask(
                texts,
                lambda c, p=pattern: filters.where(c, "like", p),
                lambda v, p=pattern: v.__class__ is str and like_test(p)(v),
            )

    def test_unknown_operator(self) -> None:
        """An unknown operator is an error, if there is a row."""
        for sign in ("~", "is", ""):
            with self.assertRaises(DataCodeError) as caught:
                filters.where(mixed([1.0]), sign, 1.0)
            self.assertEqual(caught.exception.text, f"Unsupported operator: {sign}")
            self.assertEqual(filters.where(mixed([]), sign, 1.0), [])

    def test_in_needs_an_array(self) -> None:
        """``IN`` with a single value is a mistake."""
        error = self.assertRaises(DataCodeError, filters.where, mixed([1.0]), "IN", 1.0)
        self.assertEqual(error.text, "The operator IN needs an array of values")


class OtherFilterTests(FilterTestCase):
    """The filters with functions of their own."""

    @quickly
    @given(columns())
    def test_null(self, values: list[Value]) -> None:
        """Empty cells and all others."""
        self.assertMask(values, filters.are_null, lambda v: v is None)
        self.assertMask(values, filters.are_filled, lambda v: v is not None)

    @quickly
    @given(columns(), st.one_of(VALUES, TEXTS, CURRENCY), st.one_of(VALUES, TEXTS, CURRENCY))
    def test_between(self, values: list[Value], low: Value, high: Value) -> None:
        """Both bounds included, null below everything, numbers in texts by their value."""
        self.assertMask(
            values,
            lambda c: filters.are_between(c, low, high),
            lambda v: is_at_most(low, v) and is_at_most(v, high),
        )

    @quickly
    @given(columns())
    def test_different(self, values: list[Value]) -> None:
        """First appearances, compared exactly."""
        plain = filters.different(mixed(values))
        kept: list[Value] = []
        for value in values:
            is_new = not any(
                equal(value, k) and (value.__class__ is not float or value == k) for k in kept
            )
            if is_new:
                kept.append(value)
        self.assertEqual(shown(plain), shown(kept))
        fast = self.by_polars(lambda: filters.different(typed(values)))
        self.assertEqual(shown(fast), shown(kept))
