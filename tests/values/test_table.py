"""Tables, their columns and rows."""

from __future__ import annotations

from itertools import islice

from hypothesis import given

from datacode.values import table as module
from datacode.values.table import Indexer, Table
from datacode.values.types import Value
from tests.tables.making import TableTestCase, chunked, columns, mixed, quickly, shown, table, typed


class TableTests(TableTestCase):
    """What a table holds."""

    def test_names(self) -> None:
        """Names may repeat; the first column of a name is found."""
        source = Table(["a", "", "a"], table("a b c", [1.0], [2.0], [3.0]).columns)
        self.assertEqual([source.position(name) for name in ("a", "", "b")], [0, 1, None])
        column = source.column_named("a")
        assert column is not None
        self.assertEqual((column.name, len(column), column.cell(0)), ("a", 1, 1.0))
        self.assertIsNone(source.column_named("b"))

    def test_texts(self) -> None:
        """Tables and their parts for debugging."""
        source = table("a b", [1.0, 2.0], [3.0, 4.0])
        column = source.column_named("b")
        self.assertEqual(
            [repr(source), repr(column), repr(Indexer(source))],
            ["Table(2 rows, 2 columns)", "Column(b)", "TableIndexer(2 rows, 2 columns)"],
        )

    def test_impossible_tables(self) -> None:
        """Columns must fit each other and their names."""
        self.assertRaises(ValueError, Table, ["a"], [])
        self.assertRaises(ValueError, Table, ["a", "b"], [mixed([1.0]), mixed([])])
        self.assertRaises(ValueError, Table, ["a"], [mixed([1.0])], 2)

    def test_no_columns(self) -> None:
        """A table without columns may have rows."""
        source = Table([], [], 3)
        self.assertEqual((len(source), list(source.rows()), source.row(2)), (3, [[], [], []], []))


class RowTests(TableTestCase):
    """Rows one by one and all together."""

    @quickly
    @given(columns())
    def test_rows(self, values: list[Value]) -> None:
        """The cells of all columns, however they are stored."""
        for store in (mixed, typed, chunked):
            source = table("a b", values, values, store=store)
            self.assertEqual([shown(row) for row in source.rows()], [shown([v, v]) for v in values])
            self.assertEqual(
                [shown(source.row(i)) for i in reversed(range(len(values)))],
                [shown([v, v]) for v in reversed(values)],
            )

    def test_long_tables_are_read_lazily(self) -> None:
        """The first rows of a long table are there before the others are made."""
        source = table("n", [float(i) for i in range(100_000)], store=typed)
        self.assertEqual(list(islice(source.rows(), 2)), [[0.0], [1.0]])
        self.assertEqual(source._visited_blocks, {0})
        self.assertEqual(source.row(99_999), [99_999.0])
        self.assertEqual(len(source._blocks), 1)

    def test_what_is_kept(self) -> None:
        """From the second pass small tables keep their rows, large ones those around the last."""
        for most, kept in ((1_000_000, 5), (1000, 1)):
            self.patch(module, "_CELLS_KEPT", most)
            source = table("n", [float(i) for i in range(5000)], store=typed)
            for parts in (0, kept, kept):
                self.assertEqual(sum(row[0] for row in source.rows()), 12_497_500.0)
                self.assertEqual(len(source._blocks), parts)
        for index in (0, 4999, 1023, 1024, 2500):
            self.assertEqual(source.row(index), [float(index)])

    def test_passes_that_end_early(self) -> None:
        """A part is kept when it is reached again, whether or not the pass before was whole."""
        source = table("n", [float(i) for i in range(3000)], store=typed)
        self.assertEqual(list(islice(source.rows(), 1)), [[0.0]])
        second, third = list(source.rows()), list(source.rows())
        self.assertEqual(second, [[float(i)] for i in range(3000)])
        self.assertEqual(third, second)
        self.assertEqual(
            [a is b for a, b in zip(second, third, strict=True)], [True] * 1024 + [False] * 1976
        )

    def test_rows_that_a_program_holds(self) -> None:
        """A row is the same array after the pass has gone on and made others."""
        source = table("n", [float(i) for i in range(3000)], store=typed)
        held = [row for row in source.rows() if row[0] % 500 == 0]
        self.assertEqual(held, [[float(i)] for i in range(0, 3000, 500)])

    @quickly
    @given(columns())
    def test_cells_of_rows(self, values: list[Value]) -> None:
        """Some cells of every row, alone or in tuples, once and again."""
        for store in (mixed, typed, chunked):
            source = table("a b", values, list(reversed(values)), store=store)
            for _ in range(3):
                self.assertEqual(shown(list(source.cells_of_rows([-1]))), shown(values[::-1]))
                self.assertEqual(
                    [shown(list(each)) for each in source.cells_of_rows([0, 1, 0])],
                    [shown([a, b, a]) for a, b in zip(values, reversed(values), strict=True)],
                )

    def test_which_cells_are_kept(self) -> None:
        """From the second pass small tables keep the cells that were wanted, large ones none."""
        for most, is_kept in ((1_000_000, True), (1000, False)):
            self.patch(module, "_CELLS_KEPT", most)
            cells = [float(i) for i in range(5000)]
            source = table("m n", cells, cells, store=typed)
            for kept in (False, is_kept, is_kept):
                self.assertEqual(sum(source.cells_of_rows([1])), 12_497_500.0)
                self.assertEqual(
                    [not column.is_stored_as_series() for column in source.columns], [False, kept]
                )

    def test_two_loops_at_once(self) -> None:
        """Visiting a large table within a visit of it."""
        self.patch(module, "_CELLS_KEPT", 1000)
        source = table("n", [float(i) for i in range(3000)], store=typed)
        pairs = [
            (one[0], other[0])
            for one in islice(source.rows(), 0, 3000, 1500)
            for other in islice(source.rows(), 0, 3000, 1500)
        ]
        self.assertEqual(pairs, [(0.0, 0.0), (0.0, 1500.0), (1500.0, 0.0), (1500.0, 1500.0)])
