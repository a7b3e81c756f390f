"""Rows picked by their numbers, in blocks: the same as in one piece, whatever the blocks."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from datacode.engine import gather, row_blocks
from datacode.engine.sql import Selection
from datacode.engine.tables import Piece, StoredTable
from datacode.plans import nodes, parts
from datacode.plans.nodes import CellKind
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl

ROWS = 200
TEXTS = [None if n % 7 == 0 else "x" * (n * n % 41) for n in range(ROWS)]
NUMBERS = [float(n) for n in range(ROWS)]
PLAN, WANTED = nodes.Scan(1), nodes.Scan(2)
KINDS = (CellKind.NUMBER, CellKind.TEXT)


class GatherTests(SynchronousTestCase):
    """``taken`` over a table of a few hundred rows and blocks of a few."""

    def setUp(self) -> None:
        """Small blocks."""
        super().setUp()
        self.patch(row_blocks, "BLOCK_BYTES", 800)
        self.patch(row_blocks, "_GRAIN", 4)
        self.patch(row_blocks, "BLOCK_ROWS", 32)
        self.patch(row_blocks, "SMALL", 0)
        folder = tempfile.TemporaryDirectory(prefix="datacode-gather-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.count = itertools.count()
        self.database = duckdb.connect()
        self.addCleanup(self.database.close)

    def _table(self, columns: list[ColumnData]) -> StoredTable:
        table = StoredTable(is_whole=True)
        length = len(columns[0])
        for start in range(0, length or 1, 70):
            rows = [column.slice(start, min(start + 70, length)) for column in columns]
            kinds, data = parts.encoded(rows, start, len(rows[0]))
            path = self._path()
            Path(path).write_bytes(data)
            table.add(Piece(path, start, len(rows[0]), tuple(kinds)))
        return table

    def _path(self) -> str:
        return f"{self.folder}/{next(self.count)}.parquet"

    def _taken(self, wanted: list[float | None]) -> tuple[bool, list[tuple[object, ...]]]:
        rows = self._table([ColumnData.of_list(NUMBERS), ColumnData.of_list(TEXTS)])
        numbers = self._table([ColumnData.of_series(pl.Series(wanted, dtype=pl.Float64))])
        selection = Selection({1: rows, 2: numbers}.__getitem__)
        blocks = row_blocks.Blocks(self.database, selection)
        step = nodes.Take(PLAN, WANTED)
        told: list[float] = []
        output = row_blocks.Output(KINDS, self._path, lambda: None)
        if not gather.taken(blocks, selection, step, output, told.append):
            return False, []
        pieces = output.finish()
        found = StoredTable(is_whole=True)
        for piece in pieces:
            found.add(piece)
        selection = Selection(lambda _: found)
        self.assertEqual((told[-1], told), (1.0, sorted(told)))
        made = row_blocks.Blocks(self.database, selection).rows(PLAN, 0, found.shape.rows)
        numbered = self.database.sql(f"SELECT row FROM ({selection.all_of(PLAN)})").fetchall()
        self.assertEqual(numbered, [(number,) for number in range(len(wanted))])
        return True, made.select("c0n", "c1s").rows()

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.none() | st.integers(0, ROWS - 1), min_size=1, max_size=150), st.booleans())
    def test_as_in_one_piece(self, wanted: list[int | None], is_small: bool) -> None:
        """Numbers in order, with repetitions and nulls; in any order from a small table."""
        if is_small:
            self.patch(row_blocks, "SMALL", 1 << 30)
        else:
            filled = iter(sorted(n for n in wanted if n is not None))
            wanted = [None if n is None else next(filled) for n in wanted]
        try:
            is_done, rows = self._taken([None if n is None else float(n) for n in wanted])
        finally:
            self.patch(row_blocks, "SMALL", 0)
        if any(n is not None for n in wanted):
            self.assertTrue(is_done)
            cells = zip(NUMBERS, TEXTS, strict=True)
            known = dict(enumerate(cells))
            self.assertEqual(rows, [(None, None) if n is None else known[n] for n in wanted])

    def test_left_to_the_engine(self) -> None:
        """A large table in another order; rows that are too large for a block."""
        self.assertEqual(self._taken([5.0, 4.0]), (False, []))
        self.patch(row_blocks, "BLOCK_BYTES", 50)
        self.assertEqual(self._taken([4.0, 5.0]), (False, []))

    def test_beyond_the_end(self) -> None:
        """A number that no row has."""
        for wanted in ([200.0], [-1.0, 3.0]):
            with self.assertRaises(nodes.BadPlan):
                self._taken([*wanted])

    def test_whole(self) -> None:
        """All rows, each once, in order."""
        for wanted, is_whole in ((NUMBERS, True), ([*NUMBERS[:-1], None], False),
                                 ([*NUMBERS[:100], 100.0, *NUMBERS[100:-1]], False)):  # fmt: skip
            numbers = self._table([ColumnData.of_series(pl.Series(wanted, dtype=pl.Float64))])
            blocks = row_blocks.Blocks(self.database, Selection(lambda _, n=numbers: n))
            self.assertEqual(gather.is_whole(blocks, PLAN, ROWS), is_whole)
