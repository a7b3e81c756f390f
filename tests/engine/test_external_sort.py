"""Sorting by ranges of keys: the order that a stable sort gives, whatever the ranges."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from datacode.engine import external_sort, row_blocks
from datacode.engine.external_sort import Sorting, Spool
from datacode.engine.sql import Selection
from datacode.engine.tables import Piece, StoredTable
from datacode.plans import nodes, parts
from datacode.plans.nodes import CellKind
from datacode.values.column_storage import ColumnData

ROWS = 600
PLAN = nodes.Scan(1)
KINDS = (CellKind.NUMBER, CellKind.TEXT, CellKind.BOOL, CellKind.NULL, CellKind.NUMBER)
NUMBERS = [float(n) for n in range(ROWS)]


def _spread(seed: int, different: int, nulls: int) -> list[int | None]:
    """Numbers in no order, of which every so many is null."""
    found = [(n * 7919 + seed * 104729) % 1_000_003 % different for n in range(ROWS)]
    return [None if nulls and n % nulls == 0 else value for n, value in enumerate(found)]


class ExternalSortTests(SynchronousTestCase):
    """``Sorting`` over a table of a few hundred rows, in ranges of a few."""

    def setUp(self) -> None:
        """Small blocks."""
        super().setUp()
        self.patch(row_blocks, "BLOCK_BYTES", 2500)
        self.patch(row_blocks, "BLOCK_ROWS", 64)
        self.patch(row_blocks, "SMALL", 1500)
        self.patch(external_sort, "_MOST_RANGES", 7)
        folder = tempfile.TemporaryDirectory(prefix="datacode-sort-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.count = itertools.count()
        self.database = duckdb.connect()
        self.addCleanup(self.database.close)
        self.told: list[float] = []

    def _path(self) -> str:
        return f"{self.folder}/{next(self.count)}.parquet"

    def _table(self, columns: list[list[Any]]) -> StoredTable:
        table = StoredTable(is_whole=True)
        for start in range(0, ROWS, 30):
            rows = [ColumnData.of_list(cells[start : start + 30]) for cells in columns]
            kinds, data = parts.encoded(rows, start, 30)
            path = self._path()
            Path(path).write_bytes(data)
            table.add(Piece(path, start, 30, tuple(kinds)))
        return table

    def _sorted(
        self, columns: list[list[Any]], keys: list[tuple[int, bool]]
    ) -> list[tuple[Any, ...]]:
        table = self._table(columns)
        selection = Selection(lambda _: table)
        output = row_blocks.Output(table.shape.kinds, self._path, lambda: None)
        spool = Spool(self._path())
        self.addCleanup(spool.close)
        self.told.clear()
        sorting = Sorting(
            row_blocks.Blocks(self.database, selection), selection, output, spool, self.told.append
        )
        step = nodes.Sort(PLAN, tuple(nodes.SortKey(*key) for key in keys))
        self.assertTrue(sorting.can_sort(step))
        found = StoredTable(is_whole=True)
        for piece in output.finish():
            found.add(piece)
        selected = Selection(lambda _: found).all_of(PLAN)
        rows = self.database.sql(f"SELECT * FROM ({selected})").fetchall()
        self.assertEqual([row[0] for row in rows], list(range(ROWS)))
        nulls = [sum(cell is None for cell in cells) for cells in columns]
        self.assertEqual(output.nulls, nulls)
        return [row[1:] for row in rows]

    @settings(max_examples=25, deadline=None, database=None)
    @given(
        st.lists(
            st.tuples(
                st.integers(0, 100),
                st.sampled_from([1, 2, 5, 40, 1000]),
                st.sampled_from([0, 1, 3]),
            ),
            min_size=3,
            max_size=3,
        ),
        st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=3),
    )
    def test_as_a_stable_sort(
        self, made: list[tuple[int, int, int]], keys: list[tuple[int, bool]]
    ) -> None:
        """Keys of each kind, many and few different ones, nulls, in both directions."""
        numbers, texts, bools = (_spread(*each) for each in made)
        columns: list[list[Any]] = [
            [None if n is None else n / 8 - 20 for n in numbers],
            [None if n is None else f"ключ {n % 97}" + "x" * (n % 5) for n in texts],
            [None if n is None else n % 3 == 0 for n in bools],
            [None] * ROWS,
            NUMBERS,
        ]
        keys = list({column: (column, down) for column, down in keys}.values())
        rows = list(zip(*columns, strict=True))
        wanted = rows
        for column, down in reversed(keys):
            wanted = sorted(wanted, key=lambda row: _order(row[column]), reverse=down)
        kept = [n for n, cells in enumerate(columns) if any(cell is not None for cell in cells)]
        found = self._sorted(columns, keys)
        self.assertEqual(found, [tuple(row[n] for n in kept) for row in wanted])
        self.assertEqual((self.told[-1], self.told), (1.0, sorted(self.told)))

    def test_one_value_that_does_not_fit(self) -> None:
        """All the same, or nearly: its range is written as it is."""
        for others in (0, 1, 20):
            first = [float(n) if n < others else 5.0 for n in range(ROWS)]
            rows = self._sorted([first, NUMBERS], [(0, True)])
            self.assertEqual(
                [row[1] for row in rows], sorted(NUMBERS, key=lambda n: -first[int(n)])
            )

    def test_ranges_that_do_not_become_small(self) -> None:
        """Somebody else has to sort then."""
        self.patch(external_sort, "_DEEPEST", 1)
        self.patch(external_sort, "_MOST_RANGES", 2)
        with self.assertRaises(external_sort.NotHere):
            self._sorted([NUMBERS, NUMBERS], [(0, False)])

    def test_rows_that_are_too_large(self) -> None:
        """No block can have them."""
        self.patch(row_blocks, "BLOCK_BYTES", 40)
        table = self._table([["x" * 200] * ROWS])
        selection = Selection(lambda _: table)
        blocks = row_blocks.Blocks(self.database, selection)
        output = row_blocks.Output(table.shape.kinds, self._path, lambda: None)
        spool = Spool(self._path())
        self.addCleanup(spool.close)
        sorting = Sorting(blocks, selection, output, spool, self.told.append)
        self.assertFalse(sorting.can_sort(nodes.Sort(PLAN, (nodes.SortKey(0),))))


def _order(cell: Any) -> tuple[bool, Any]:
    return cell is not None, cell.encode() if isinstance(cell, str) else cell or 0
