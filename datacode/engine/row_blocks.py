"""Rows of plans and of new tables, a block of rows at a time, in bounded memory.

Blocks come from DuckDB and go on in Polars, which writes files in a third of the time. What Polars
cannot get memory for is the end of the process, so blocks are cut by the bytes of their cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import duckdb

from datacode.engine.sql import Selection
from datacode.engine.tables import Piece
from datacode.plans import nodes, parts
from datacode.plans.nodes import CellKind, Source
from datacode.values.lazy_polars import pl

BLOCK_BYTES = 24 << 20
"""About how many bytes of cells there are in one block."""

SMALL = 2 * BLOCK_BYTES
"""A table of so many bytes is had in memory as a whole."""

_GRAIN = 1 << 14
"""Blocks are some times so many rows."""

BLOCK_ROWS = 1 << 18
_FIXED = {CellKind.NUMBER: 9, CellKind.TEXT: 20, CellKind.BOOL: 1, CellKind.NULL: 0}
_MIXED = 30


class Blocks:
    """The rows of plans, block by block."""

    def __init__(self, database: duckdb.DuckDBPyConnection, selection: Selection) -> None:
        self._database = database
        self._selection = selection

    def rows(self, plan: Source, start: int, stop: int) -> pl.DataFrame:
        """The rows from ``start`` to before ``stop``: column ``row``, and those of ``parts``."""
        kinds = self._selection.shape(plan).kinds
        columns = [parts.ROW, *(n for i, k in enumerate(kinds) for n in parts.names(i, k))]
        inner = self._selection.some(plan, range(len(kinds)), start, stop)
        return in_order(
            pl.DataFrame(self._database.sql(f"SELECT {', '.join(columns)} FROM ({inner})"))
        )

    def cuts(self, plan: Source) -> list[tuple[int, int]] | None:
        """Where blocks of the plan begin and end; None where some rows are too large for one."""
        shape = self._selection.shape(plan)
        fixed = 8 + sum(_FIXED.get(kind, _MIXED) for kind in shape.kinds)
        found: list[tuple[int, int]] = []
        start = taken = 0
        for number, texts in enumerate(self._text_bytes(plan, shape)):
            first = number * _GRAIN
            size = texts + fixed * _GRAIN
            if size > 2 * BLOCK_BYTES:
                return None
            if first > start and (taken + size > BLOCK_BYTES or first - start >= BLOCK_ROWS):
                found.append((start, first))
                start, taken = first, 0
            taken += size
        found.append((start, shape.rows))
        return found

    def _text_bytes(self, plan: Source, shape: nodes.Shape) -> Iterator[int]:
        """The bytes of the texts of each grain of rows."""
        wanted = [n for n, k in enumerate(shape.kinds) if k in (CellKind.TEXT, CellKind.MIXED)]
        grains = range(-(-shape.rows // _GRAIN))
        if not wanted:
            yield from (0 for _ in grains)
            return
        inner = self._selection.some(plan, wanted, 0, shape.rows)
        sizes = " + ".join(f"coalesce(strlen(c{n}s), 0)" for n in range(len(wanted)))
        text = f"SELECT row // {_GRAIN} AS grain, sum({sizes})::BIGINT FROM ({inner}) GROUP BY 1"
        found = dict(self._database.execute(text).fetchall())
        yield from (found.get(grain, 0) for grain in grains)

    def size(self, cuts: Sequence[tuple[int, int]]) -> int:
        """No less than the bytes of all blocks together."""
        return 2 * BLOCK_BYTES if len(cuts) == 1 else BLOCK_BYTES * len(cuts)


def in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows by their numbers: as they come as a rule, where they are not sorted for nothing."""
    rows = rows.rechunk()
    return rows if rows[parts.ROW].is_sorted() else rows.sort(parts.ROW)


@dataclass(slots=True)
class Output:
    """Pieces of a new table. ``room`` raises ``TooMuch`` or what ends a step that is cancelled."""

    kinds: tuple[CellKind, ...]
    new_path: Callable[[], str]
    room: Callable[[], None]
    pieces: list[Piece]
    _waiting: list[pl.DataFrame]
    _bytes: int = 0
    _rows: int = 0

    def add(self, rows: pl.DataFrame) -> None:
        """More rows; their column ``row`` does not count."""
        size = int(rows.estimated_size()) + sum(
            int(rows[name].str.len_bytes().sum() or 0) for name in rows.columns if name[-1] == "s"
        )
        if size > 2 * BLOCK_BYTES and rows.height > 1:
            half = rows.height // 2
            self.add(rows[:half])
            self.add(rows[half:])
            return
        self._waiting.append(rows)
        self._bytes += size
        self._rows += rows.height
        if self._bytes > BLOCK_BYTES or self._rows >= BLOCK_ROWS:
            self._write()

    def finish(self) -> list[Piece]:
        """All pieces, at least one."""
        if self._waiting and (self._rows or not self.pieces):
            self._write()
        return self.pieces

    def _write(self) -> None:
        self.room()
        first = self.pieces[-1].first + self.pieces[-1].rows if self.pieces else 0
        frame = pl.concat(self._waiting)
        rows = frame.height
        numbers = pl.int_range(first, first + rows, eager=True).alias(parts.ROW)
        path = self.new_path()
        self.pieces.append(Piece(path, first, rows, self.kinds))
        frame.with_columns(numbers).write_parquet(path, compression="lz4", statistics=True)
        self._waiting, self._bytes, self._rows = [], 0, 0
