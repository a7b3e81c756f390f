"""Arrays (builtins reference, 6)."""

from __future__ import annotations

import math

from datacode.values.table import Table
from datacode.values.types import Currency
from tests.column_tables import table_of_columns
from tests.runtime.builtins.calling import BuiltinTestCase

TOO_LARGE = "Runtime Error: The value is too large: it would not fit into memory"


class RangeTests(BuiltinTestCase):
    def test_bounds_by_position(self) -> None:
        """One bound is the end; a step may fall."""
        self.assertGives([0, 1, 2], "range", 3)
        self.assertGives([2, 3], "range", 2, 4)
        self.assertGives([5, 3, 1], "range", 5, 0, -2)
        self.assertGives([], "range", 5, 0)

    def test_bounds_by_name(self) -> None:
        """A single bound by position is the end unless the end is named."""
        self.assertGives([0, 2, 4], "range", 5, step=2)
        self.assertGives([1, 2], "range", 1, end=3)
        self.assertGives([1, 2], "range", 3, start=1)
        self.assertGives([0, 1], "range", end=2)
        self.assertGives([1, 3], "range", 1, 5, step=2)

    def test_names_that_do_not_fit(self) -> None:
        """Twice the same bound, or no end."""
        self.assertEqual(
            self.failure("range", 1, 5, end=7),
            "Runtime Error: Argument 'end' of function 'range' is given twice",
        )
        self.assertEqual(
            self.failure("range", start=1),
            "Runtime Error: Function 'range' needs the argument 'end'",
        )

    def test_fractions_are_cut(self) -> None:
        """Bounds and steps are whole numbers, and a step can become none."""
        self.assertGives([0, 1], "range", 2.9)
        self.assertGives([], "range", -0.5)
        self.assertEqual(
            self.failure("range", 0, 5, 0.5), "Runtime Error: Range step cannot be zero"
        )

    def test_huge_ranges_are_refused(self) -> None:
        """Before anything is allocated; what is empty is no trouble however far it lies."""
        for bounds in [(1e12,), (-1e300, 1e300), (0, -math.inf, -1)]:
            self.assertEqual(self.failure("range", *bounds), TOO_LARGE)
        self.assertGives([], "range", math.inf, 0)
        self.assertGives([], "range", math.nan)
        self.assertGives([0], "range", 0, math.inf, math.inf)


class BulkTests(BuiltinTestCase):
    def test_template(self) -> None:
        """``INDEX`` and ``PARAM_k`` are filled in, other texts stay."""
        template = ["INDEX", "PARAM_00", "PARAM_99999999999999999999", "PARAM_x", "xINDEX"]
        made = [[0, "a", None, "PARAM_x", "xINDEX"]]
        self.assertGives(made, "bulk_create", 1, template, ["a"])

    def test_rows_are_their_own(self) -> None:
        """Each row is a new array, and the template is unchanged."""
        template = ["INDEX"]
        rows = self.call("bulk_create", 2, template, [])
        self.assertIsNot(rows[0], rows[1])
        self.assertEqual(template, ["INDEX"])

    def test_counts(self) -> None:
        """Cut, and never below none."""
        self.assertGives(["x", "x"], "bulk_create", 2.9, "x")
        self.assertGives([], "bulk_create", -3, "x")
        self.assertEqual(self.failure("bulk_create", 1e15, 0), TOO_LARGE)
        self.assertEqual(self.failure("bulk_create", 1e9, [1, 2, 3], []), TOO_LARGE)


class CopyTests(BuiltinTestCase):
    def test_arguments_stay(self) -> None:
        """What is called push, pop or sort gives a new array."""
        array = [3.0, 1.0]
        for name, *more in [
            ("push", 5),
            ("pop",),
            ("sort",),
            ("reverse",),
            ("extend", [1]),
            ("unique",),
        ]:
            self.call(name, array, *more)
        self.assertEqual(array, [3.0, 1.0])

    def test_columns_are_arrays(self) -> None:
        """A column of a table wherever an array is wanted, and never changed."""
        column = table_of_columns(["n"], [[3.0, 1.0, 3.0]]).column_named("n")
        self.assertGives([3, 1, 3, "x"], "push", column, "x")
        self.assertGives([1, 3, 3], "sort", column)
        self.assertGives([3, 1], "unique", column)
        self.assertGives(7, "sum", column)
        self.assertGives(3, "max", column)
        self.assertGives(3, "len", column)
        self.assertEqual(column.cells(), [3.0, 1.0, 3.0])

    def test_long_columns(self) -> None:
        """Columns that are stored by Polars give the same sums and errors."""
        numbers = [float(n) for n in range(5000)]
        table = table_of_columns(
            ["n", "gap", "text"], [numbers, [*numbers[1:], None], ["a"] * 5000]
        )
        self.assertGives(sum(numbers), "sum", table.column_named("n"))
        self.assertGives(2499.5, "average", table.column_named("n"))
        for name in ("gap", "text"):
            self.assertEqual(
                self.failure("sum", table.column_named(name)),
                "Type Error: expected Array of Numbers, found other",
            )


class SumTests(BuiltinTestCase):
    def test_added_from_left_to_right(self) -> None:
        """The same digits in every version of Python, some of which sum more exactly."""
        self.assertGives(0.1 + 0.2 + 0.3, "sum", [0.1, 0.2, 0.3])
        self.assertGives(0.0, "sum", [1e100, 1.0, -1e100])
        self.assertGives(0, "sum", [])

    def test_wrong_counts_have_their_own_words(self) -> None:
        """Two wordings, and ``avg`` calls itself ``average``."""
        self.assertEqual(
            self.failure("sum"), "Runtime Error: Function 'sum' expects at least 1 arguments, got 0"
        )
        self.assertEqual(
            self.failure("avg", [1], 2),
            "Function Error: Function 'average' expects 1 arguments, found 2",
        )
        self.assertEqual(
            self.failure("len"), "Runtime Error: Function 'len' expects 1-1 arguments, got 0"
        )
        self.assertEqual(
            self.failure("append", []),
            "Function Error: Function 'append' expects 2 arguments, found 1",
        )

    def test_average_of_nothing(self) -> None:
        """There is none."""
        self.assertEqual(
            self.failure("avg", []), "Runtime Error: Cannot calculate average of empty array"
        )


class LengthTests(BuiltinTestCase):
    def test_what_has_a_length(self) -> None:
        """Characters, elements, keys, rows."""
        for value, length in [
            ("мир", 3),
            ([1, 2], 2),
            ({"a": 1}, 1),
            (Currency("5 €"), 3),
            (Table.from_rows(["a"], [[1.0]]), 1),
        ]:
            self.assertGives(length, "len", value)
        self.assertEqual(
            self.failure("count", {"a": 1}),
            "Type Error: expected Array, String, or Table, found other",
        )
        self.assertEqual(
            self.failure("length", 5),
            "Type Error: expected Array, String, Currency, Table, or TableColumn, found other",
        )
