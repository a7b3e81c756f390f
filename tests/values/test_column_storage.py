"""Stored columns: what goes in comes out, however it is stored."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from datacode.values import column_storage
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl
from datacode.values.types import Currency, Value
from tests.tables.making import TableTestCase, chunked, columns, mixed, quickly, shown, typed


class CellsTests(TableTestCase):
    """One column."""

    @quickly
    @given(columns())
    def test_values(self, values: list[Value]) -> None:
        """Every way of reading gives the values, in every way of storing them."""
        for store in (mixed, typed, chunked):
            expected = shown(values)
            self.assertEqual(shown(store(values)), expected)
            self.assertEqual(shown(store(values).values()), expected)
            self.assertEqual(
                [shown([store(values).cell(i)])[0] for i in range(len(values))], expected
            )
            self.assertEqual(shown(store(values).part(1, 4)), expected[1:4])
            self.assertEqual(shown(store(values).slice(1, 3)), expected[1:3])
            self.assertEqual(len(store(values)), len(values))

    def test_cells_in_any_order(self) -> None:
        """Single cells of a long series are read a chunk at a time, in whatever order."""
        column = typed([float(i) for i in range(5000)])
        for index in (0, 4999, 1, 1023, 1024, 3000, 2999, 0):
            self.assertEqual(column.cell(index), float(index))

    def test_nothing_but_numbers(self) -> None:
        """Whichever way a column is stored."""
        for values, expected in (
            ([1.0, math.nan, -0.0], True),
            ([1.0, None], False),
            ([1.0, True], False),
            ([1.0, "2"], False),
            (["a"], False),
            ([None], False),
        ):
            for store in (mixed, typed, chunked):
                column = store(list(values))
                self.assertEqual([column.is_all_numbers(), column.is_all_numbers()], [expected] * 2)

    def test_jumping_about(self) -> None:
        """Who jumps about in a column gets a list of it, if that is not too long."""
        for most, is_list in ((5000, True), (4999, False)):
            self.patch(column_storage, "KEPT", most)
            column = typed([float(i) for i in range(5000)])
            self.assertEqual(
                [column.cell(i) for i in range(5000)], column.stored_series().to_list()
            )  # type: ignore[union-attr]
            self.assertTrue(column.is_stored_as_series())
            self.assertEqual(
                [column.cell(i) for i in (0, 4999) * 10], [float(i) for i in (0, 4999) * 10]
            )
            self.assertEqual(column.is_stored_as_series(), not is_list)

    def test_iteration_keeps_nothing(self) -> None:
        """Visiting a long series does not make a list of it."""
        column = typed([float(i) for i in range(5000)])
        self.assertEqual(sum(column), 12497500.0)
        self.assertTrue(column.is_stored_as_series())

    def test_kinds_that_can_be_typed(self) -> None:
        """One kind and nulls make a series, all else stays a list."""
        for values, kind in (
            ([1.0, None], pl.Float64),
            (["a", None], pl.String),
            ([True, None], pl.Boolean),
            ([None, None], pl.Null),
        ):
            series = column_storage.typed(values)
            assert series is not None
            self.assertEqual(series.dtype, kind)
        for odd in ([1.0, "a"], [True, 1.0], [[1.0]], [Currency("$5")], ["\ud800"]):
            self.assertIsNone(column_storage.typed(odd))

    def test_way_depends_on_length(self) -> None:
        """Short columns have no series to work with, however they are stored."""
        self.assertIsNone(typed([1.0] * column_storage.SHORT).series())
        self.assertIsNotNone(mixed([1.0] * (column_storage.SHORT + 1)).series())

    def test_series_is_one_piece(self) -> None:
        """A sum does not depend on the pieces in which a column was read."""
        column = chunked([0.1 * i for i in range(2000)])
        series = column.series()
        assert series is not None
        self.assertEqual(series.n_chunks(), 1)


class RowsTests(TableTestCase):
    """Rows of several columns at once."""

    def stored(self, values: list[Value]) -> list[ColumnData]:
        """Columns of the same values, stored differently."""
        return [mixed(values), typed(values), chunked(values)]

    @quickly
    @given(columns(), st.data())
    def test_keep(self, values: list[Value], data: st.DataObject) -> None:
        """The rows of a mask, given as a list or as a series."""
        size = len(values)
        mask = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
        expected = shown(v for v, wanted in zip(values, mask, strict=True) if wanted)
        for each in (mask, pl.Series(mask, dtype=pl.Boolean)):
            found, count = column_storage.keep(self.stored(values), each)
            self.assertEqual([shown(column) for column in found], [expected] * 3)
            self.assertEqual(count, len(expected))
            self.assertEqual(column_storage.keep([], each), ([], len(expected)))

    @quickly
    @given(columns(min_size=1), st.data())
    def test_take(self, values: list[Value], data: st.DataObject) -> None:
        """Rows by number, with repetitions, and nulls for no row."""
        numbers = st.one_of(st.none(), st.integers(0, len(values) - 1))
        indices = data.draw(st.lists(numbers, max_size=10))
        expected = shown(None if i is None else values[i] for i in indices)
        for each in (indices, pl.Series(indices, dtype=pl.UInt32)):
            found = column_storage.take(self.stored(values), each)  # type: ignore[arg-type]
            self.assertEqual([shown(column) for column in found], [expected] * 3)

    def test_null_in_a_mask(self) -> None:
        """Null in a mask counts as false."""
        mask = pl.Series([True, None, False])
        found, count = column_storage.keep(self.stored([1.0, 2.0, 3.0]), mask)
        self.assertEqual([shown(column) for column in found], [shown([1.0])] * 3)
        self.assertEqual(count, 1)

    def test_nulls(self) -> None:
        """A column of nulls of any length."""
        for length in (0, 3, 1000):
            self.assertEqual(column_storage.nulls(length).values(), [None] * length)
