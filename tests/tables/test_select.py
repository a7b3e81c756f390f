"""Choosing columns and rows, and tables under each other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from datacode.errors import DataCodeError
from datacode.i18n.message import Message
from datacode.tables.select import (
    checked_header,
    head,
    merged_inner,
    merged_outer,
    sample,
    select_header,
    tail,
    under_each_other,
)
from datacode.values.table import Table
from datacode.values.types import Value
from tests.tables.making import TableTestCase, chunked, columns, mixed, quickly, shown, table, typed


class HeaderTests(TableTestCase):
    """``header=`` of ``read_file`` (tables and files reference, 2.5)."""

    def setUp(self) -> None:
        self.table = table('na"me age', ["Ann"], [31.0])
        self.warnings: list[Message] = []

    def select(self, header: Value) -> Table:
        """The table with the chosen columns."""
        return select_header(self.table, checked_header(header), self.warnings.append)

    def failure(self, header: Value) -> str:
        """The error's text."""
        return self.assertRaises(DataCodeError, self.select, header).text

    def test_array(self) -> None:
        """Columns in the given order, with repetitions; missing ones are warned of."""
        self.assertEqual(self.select(["age", 'na"me', "age"]).names, ("age", 'na"me', "age"))
        self.assertEqual(self.warnings, [])
        self.assertEqual(self.select(["zip", "age"]).names, ("age",))
        self.assertEqual(
            [str(each) for each in self.warnings],
            ['Columns not found: ["zip"]. Available columns: ["na\\"me", "age"]'],
        )

    def test_object(self) -> None:
        """New names for some columns; null keeps a name, columns not mentioned stay."""
        self.assertEqual(self.select({"age": "years"}).names, ('na"me', "years"))
        self.assertEqual(self.select({"age": None, 'na"me': "who"}).names, ("who", "age"))
        self.assertEqual(self.select({"age": "a", "zip": "z"}).names, ('na"me', "a"))
        self.assertEqual(len(self.warnings), 1)

    def test_errors(self) -> None:
        """What ``header`` cannot be."""
        self.assertEqual(
            self.failure(["zip"]),
            'None of the specified columns found. Available columns: ["na\\"me", "age"]',
        )
        self.assertEqual(self.failure([]), "header array cannot be empty")
        self.assertEqual(self.failure("age"), "header must be an array of strings")
        self.assertEqual(
            self.failure(["age", 5.0]),
            "header array must contain only strings, but element 1 is not a string",
        )
        self.assertIn("cannot be empty", self.failure({}))
        self.assertIn("but 'age' holds neither", self.failure({"age": 5.0}))
        self.assertRaises(DataCodeError, checked_header, None)


class RowTests(TableTestCase):
    """Some of the rows."""

    def test_head_and_tail(self) -> None:
        """As many rows as there are, none for negative numbers."""
        source = table("n", [1.0, 2.0, 3.0])
        for count, first, last in (
            (2, [1.0, 2.0], [2.0, 3.0]),
            (9, [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
            (0, [], []),
            (-1, [], []),
        ):
            self.assertTable(head(source, count), "n", *([v] for v in first))
            self.assertTable(tail(source, count), "n", *([v] for v in last))

    @quickly
    @given(columns(), st.integers(-2, 14))
    def test_sample(self, values: list[Value], count: int) -> None:
        """Different rows of the table; all of them in order if it has no more."""
        source = table("v i", values, [float(i) for i in range(len(values))], store=typed)
        found = sample(source, count)
        self.assertEqual(len(found), max(min(count, len(values)), 0))
        numbers = [int(row[1]) for row in found.rows()]
        self.assertEqual(len(set(numbers)), len(numbers))
        self.assertEqual(shown(r[0] for r in found.rows()), shown(values[i] for i in numbers))
        if count >= len(values):
            self.assertEqual(numbers, list(range(len(values))))


class MergeTests(TableTestCase):
    """Tables under each other."""

    @quickly
    @given(st.lists(columns(max_size=5), min_size=1, max_size=4), st.data())
    def test_cells_stay(self, parts: list[list[Value]], data: st.DataObject) -> None:
        """Every cell is there, in order, however the parts are stored."""
        stores = [data.draw(st.sampled_from([mixed, typed, chunked])) for _ in parts]
        tables = [table("v", p, store=s) for p, s in zip(parts, stores, strict=True)]
        found = under_each_other(tables)
        expected = [value for part in parts for value in part]
        self.assertEqual(shown(found.columns[0]), shown(expected))
        self.assertEqual(len(found), len(expected))

    def test_outer_and_inner(self) -> None:
        """All columns with gaps, or the common ones."""
        one, other = table("a b", [1.0], [2.0]), table("c a", [3.0], [4.0])
        self.assertTable(merged_outer([one, other]), "a b c", [1.0, 2.0, None], [4.0, None, 3.0])
        self.assertTable(merged_inner([one, other]), "a", [1.0], [4.0])
        nothing = merged_inner([one, table("z", [1.0, 2.0])])
        self.assertEqual((nothing.names, len(nothing)), ((), 3))

    def test_without_columns(self) -> None:
        """Tables without columns keep their numbers of rows."""
        empty = Table([], [], 3)
        self.assertEqual(len(under_each_other([empty, empty])), 6)


class SharingTests(TableTestCase):
    """Nothing changes a table."""

    def test_selected_columns_are_the_same(self) -> None:
        """Choosing columns copies no cells."""
        source = table("a b", [1.0], ["x"])
        self.assertIs(source.select([1, 0, 1]).columns[0], source.columns[1])
