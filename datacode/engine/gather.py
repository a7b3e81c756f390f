"""Rows picked by their numbers, a block of rows at a time, in bounded memory.

Blocks come from DuckDB and go on in Polars, which writes files in a third of the time. What Polars
cannot get memory for is the end of the process, so blocks are cut by the bytes of their cells, and
what does not go in blocks is left to DuckDB: rows in another order, of a table that is not small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import duckdb

from datacode.engine.sql import Selection
from datacode.engine.tables import Piece
from datacode.plans import nodes, parts
from datacode.plans.nodes import BadPlan, CellKind, Source
from datacode.values.lazy_polars import pl

BLOCK_BYTES = 24 << 20
"""About how many bytes of cells there are in one block."""

SMALL = 2 * BLOCK_BYTES
"""A table of so many bytes is had in memory as a whole."""

_GRAIN = 1 << 14
"""Blocks are some times so many rows."""

_BLOCK_ROWS = 1 << 18
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
            if first > start and (taken + size > BLOCK_BYTES or first - start >= _BLOCK_ROWS):
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
        if self._bytes > BLOCK_BYTES or self._rows >= _BLOCK_ROWS:
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


def taken(blocks: Blocks, selection: Selection, step: nodes.Take, output: Output) -> bool:
    """Write the rows of some numbers; False where it cannot be done here."""
    shape = selection.shape(step.source)
    wanted = selection.shape(step.rows)
    if not wanted.rows or not shape.rows or wanted.kinds[0] is not CellKind.NUMBER:
        return False
    cuts = blocks.cuts(step.source)
    if cuts is None:
        return False
    numbers = _Numbers(blocks, step.rows, wanted.rows)
    if blocks.size(cuts) <= SMALL:
        whole = blocks.rows(step.source, 0, shape.rows)
        for part in numbers.parts():
            output.room()
            _check(part, shape.rows)
            output.add(whole.select(pl.all().gather(part)))
        return True
    if not numbers.are_in_order(shape.rows):
        return False
    at = 0
    block: pl.DataFrame | None = None
    for part in numbers.parts():
        done = 0
        filled = part.forward_fill().fill_null(-1)
        while done < part.len():
            while filled[done] >= cuts[at][1]:
                at, block = at + 1, None
            start, stop = cuts[at]
            if block is None:
                output.room()
                block = blocks.rows(step.source, start, stop)
            end = int(filled.search_sorted(stop, side="left"))
            output.add(block.select(pl.all().gather(part[done:end] - start)))
            done = end
    return True


class _Numbers:
    """The row numbers in the one column of a plan, part by part."""

    def __init__(self, blocks: Blocks, plan: Source, rows: int) -> None:
        self._blocks = blocks
        self._plan = plan
        self._rows = rows

    def parts(self) -> Iterator[pl.Series]:
        for start in range(0, self._rows, _BLOCK_ROWS):
            part = self._blocks.rows(self._plan, start, min(start + _BLOCK_ROWS, self._rows))
            yield part["c0n"].cast(pl.Int64)

    def are_in_order(self, rows: int) -> bool:
        """Is none less than the one before, nulls aside? Raises ``BadPlan`` for one too large."""
        last = 0
        for part in self.parts():
            _check(part, rows)
            filled = part.drop_nulls()
            if len(filled):
                if int(filled[0]) < last or not filled.is_sorted():
                    return False
                last = int(filled[-1])
        return True


def _check(numbers: pl.Series, rows: int) -> None:
    if (numbers < 0).any() or (numbers >= rows).any():
        raise BadPlan("rows beyond the end of a table")


def is_whole(blocks: Blocks, plan: Source, rows: int) -> bool:
    """Are the numbers in the one column of a plan, which has so many rows, all from 0 on?"""
    start = 0
    for part in _Numbers(blocks, plan, rows).parts():
        if not part.equals(pl.int_range(start, start + len(part), eager=True), check_names=False):
            return False
        start += len(part)
    return True
