"""The type of a column (tables and files reference, 1.3)."""

from __future__ import annotations

import math

from hypothesis import given

from datacode.tables.column_types import (
    ColumnKind,
    ColumnType,
    are_compatible,
    cell_type,
    column_kind,
)
from datacode.values.types import Currency, Value
from tests.tables.making import TableTestCase, columns, mixed, quickly, typed

T = ColumnType


class ColumnTypeTests(TableTestCase):
    """The label that a column gets."""

    def assertType(self, expected: ColumnType, *values: Value) -> None:
        """The type, on the plain way and in Polars."""
        self.assertIs(column_kind(mixed(values)).type, expected)
        found = self.by_polars(lambda: column_kind(typed(values)).type)
        self.assertIs(found, expected)

    def test_kinds(self) -> None:
        """Each kind of cell has its type."""
        self.assertType(T.INTEGER, 1.0, -0.0, 1e300)
        self.assertType(T.FLOAT, 1.0, 2.0, 2.5)
        self.assertType(T.FLOAT, 1.0, math.nan)
        self.assertType(T.FLOAT, math.inf)
        self.assertType(T.BOOL, True, None)
        self.assertType(T.NULL, None, None)
        self.assertType(T.NULL)
        self.assertType(T.CURRENCY, "$5", "7 USD")
        self.assertType(T.CURRENCY, Currency("$x"))
        self.assertType(T.CURRENCY, " " * 300 + "$5", "\u3000" * 50 + "7 USD")
        self.assertType(T.DATE, "2024-01-31", "31.01.2024", "1/2/2024")
        self.assertType(T.STRING, "a", "")
        self.assertType(T.MIXED, [1.0], {})

    def test_most_cells_win(self) -> None:
        """One number among texts does not make a column of numbers."""
        self.assertType(T.STRING, "x", "y", 7.0)
        self.assertType(T.FLOAT, 1.0, 2.5, "a", True)
        self.assertType(T.DATE, "2024-01-31", "2024-02-01", "later")

    def test_ties(self) -> None:
        """Numbers win a tie, then the kind that appears first."""
        self.assertType(T.INTEGER, "x", 7.0)
        self.assertType(T.FLOAT, "x", "y", 7.0, 2.5)
        self.assertType(T.DATE, None, "2024-01-31", "x")
        self.assertType(T.STRING, "x", "2024-01-31")
        self.assertType(T.CURRENCY, "$5", "2024-01-31", "x")

    @quickly
    @given(columns())
    def test_both_ways(self, values: list[Value]) -> None:
        """The type and the number of filled cells do not depend on how a column is stored."""
        filled = sum(value is not None for value in values)
        plain = column_kind(mixed(values))
        self.assertEqual(plain.filled, filled)
        self.assertEqual(self.by_polars(lambda: column_kind(typed(values))), plain)

    @quickly
    @given(columns(min_size=1))
    def test_type_is_that_of_a_cell(self, values: list[Value]) -> None:
        """A column has the type of one of its cells."""
        found = column_kind(mixed(values)).type
        self.assertIn(found, set(map(cell_type, values)))

    def test_found_once(self) -> None:
        """A column remembers its type."""
        column = mixed(["a"])
        self.assertIs(column_kind(column), column_kind(column))
        self.assertEqual(column_kind(column), ColumnKind(T.STRING, 1))


class CompatibleTests(TableTestCase):
    """Which columns can be related."""

    def test_pairs(self) -> None:
        """Equal types, all numbers, and anything with nothing."""
        self.assertTrue(are_compatible(T.DATE, T.DATE))
        self.assertTrue(are_compatible(T.INTEGER, T.FLOAT))
        self.assertTrue(are_compatible(T.NULL, T.STRING))
        self.assertTrue(are_compatible(T.BOOL, T.NULL))
        self.assertFalse(are_compatible(T.DATE, T.STRING))
        self.assertFalse(are_compatible(T.INTEGER, T.BOOL))
