"""Rows of plans and of new tables, a block of rows at a time, in bounded memory.

Blocks are read and written by Polars, which does both in a third of DuckDB's time. What Polars
cannot get memory for is the end of the process, so blocks are cut by the bytes of their cells, and
what does not go in blocks is left to DuckDB. So is reading where pieces of a table hold other kinds
of cells than the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import duckdb

from datacode.engine.sql import Selection, quoted
from datacode.engine.tables import Piece, RowGroup, StoredTable
from datacode.plans import nodes, parts
from datacode.plans.nodes import CellKind, Source
from datacode.values.lazy_polars import pl

BLOCK_BYTES = 24 << 20
"""About how many bytes of cells there are in one block."""

SMALL = 2 * BLOCK_BYTES
"""A table of so many bytes is had in memory as a whole."""

_GRAIN = 1 << 14
"""Where files do not say how large rows are, blocks are some times so many rows."""

BLOCK_ROWS = 1 << 18
_FIXED = {CellKind.NUMBER: 9, CellKind.TEXT: 20, CellKind.BOOL: 1, CellKind.NULL: 0}
_MIXED = 30


class Blocks:
    """The rows of plans, block by block."""

    def __init__(self, database: duckdb.DuckDBPyConnection, selection: Selection) -> None:
        self._database = database
        self._selection = selection

    def rows(self, plan: Source, start: int, stop: int) -> pl.DataFrame:
        """The rows from ``start`` to before ``stop``: the columns of ``parts``; ``row`` alone, the
        numbers of the rows, where there are none."""
        kinds = self._selection.shape(plan).kinds
        names = [n for i, k in enumerate(kinds) for n in parts.names(i, k)]
        if not names:
            return pl.DataFrame({parts.ROW: pl.int_range(start, stop, eager=True)})
        found = self._of_files(plan, range(len(kinds)), start, stop)
        if found is not None:
            return found.select(names).rechunk()
        inner = self._selection.some(plan, range(len(kinds)), start, stop)
        text = f"SELECT {', '.join([parts.ROW, *names])} FROM ({inner})"
        return in_order(pl.DataFrame(self._database.sql(text))).select(names)

    def _of_files(
        self, plan: Source, columns: Sequence[int], start: int, stop: int
    ) -> pl.DataFrame | None:
        """Some columns as 0, 1, …; None where files are not read as they are."""
        if isinstance(plan, nodes.Project):
            return self._of_files(plan.source, [plan.columns[c] for c in columns], start, stop)
        if isinstance(plan, nodes.Slice):
            return self._of_files(plan.source, columns, plan.start + start, plan.start + stop)
        if isinstance(plan, nodes.Zip):
            return self._side_by_side(plan, columns, start, stop)
        if not isinstance(plan, nodes.Scan) or start >= stop:
            return None
        table = self._selection.table(plan.table)
        kinds = table.shape.kinds
        wanted = {
            name: f"c{number}{name[-1]}"
            for number, column in enumerate(columns)
            for name in parts.names(column, kinds[column])
        }
        if len(wanted) < sum(len(parts.names(c, kinds[c])) for c in columns):
            return None  # a column that is there twice
        texts = [name for name in wanted if name[-1] == "s"]
        fixed = sum(_FIXED.get(kinds[column], _MIXED) for column in columns)
        found = []
        for piece in table.between(start, stop):
            if any(piece.kinds[column] is not kinds[column] for column in columns):
                return None
            for group in self._groups(table, piece):
                is_read = group.first < stop and group.first + group.rows > start
                if is_read and fixed * group.rows + group.bytes_of(texts) > 2 * BLOCK_BYTES:
                    return None  # it would be unpacked as a whole
            first = max(start - piece.first, 0)
            rows = min(stop - piece.first, piece.rows) - first
            file = pl.scan_parquet(piece.path, parallel="none", glob=False, use_statistics=False)
            found.append(file.slice(first, rows).select(list(wanted)).collect())
        return pl.concat(found).rename(wanted)

    def _side_by_side(
        self, plan: nodes.Zip, columns: Sequence[int], start: int, stop: int
    ) -> pl.DataFrame | None:
        found = []
        width = 0
        for part in plan.sources:
            kinds = self._selection.shape(part).kinds
            wanted = [n for n, c in enumerate(columns) if width <= c < width + len(kinds)]
            own = [columns[n] - width for n in wanted]
            width += len(kinds)
            names = {
                f"c{at}{name[-1]}": f"c{n}{name[-1]}"
                for at, (n, c) in enumerate(zip(wanted, own, strict=True))
                for name in parts.names(0, kinds[c])
            }
            if names:
                frame = self._of_files(part, own, start, stop)
                if frame is None:
                    return None
                found.append(frame.rename(names))
        return pl.concat(found, how="horizontal")

    def cuts(self, plan: Source) -> list[tuple[int, int]] | None:
        """Where blocks of the plan begin and end; None where some rows are too large for one."""
        shape = self._selection.shape(plan)
        grains = self._grains_of_files(plan, shape)
        if grains is None or any(size > 2 * BLOCK_BYTES for _, size in grains):
            grains = self._counted_grains(plan, shape)
        found: list[tuple[int, int]] = []
        start = taken = 0
        for first, size in grains:
            if size > 2 * BLOCK_BYTES:
                return None
            if first > start and (taken + size > BLOCK_BYTES or first - start >= BLOCK_ROWS):
                found.append((start, first))
                start, taken = first, 0
            taken += size
        found.append((start, shape.rows))
        return found

    def _grains_of_files(self, plan: Source, shape: nodes.Shape) -> list[tuple[int, int]] | None:
        """Rows that stand together in a file: the first, and about their bytes when they are read.

        None where a plan is more than some columns and rows of one table.
        """
        columns: Sequence[int] = range(len(shape.kinds))
        first, last = 0, shape.rows
        while not isinstance(plan, nodes.Scan):
            if isinstance(plan, nodes.Project):
                columns = [plan.columns[c] for c in columns]
            elif isinstance(plan, nodes.Slice):
                first, last = first + plan.start, last + plan.start
            else:
                return None
            plan = plan.source
        table = self._selection.table(plan.table)
        kinds = table.shape.kinds
        fixed = 8 + sum(_FIXED.get(kinds[column], _MIXED) for column in columns)
        texts = {n for c in columns for n in parts.names(c, kinds[c]) if n[-1] == "s"}
        found = []
        for piece in table.between(first, last):
            for group in self._groups(table, piece):
                start, stop = max(group.first, first), min(group.first + group.rows, last)
                if start < stop:
                    size = fixed * (stop - start) + group.bytes_of(texts)
                    found.append((start - first, size))
        return found

    def _groups(self, table: StoredTable, piece: Piece) -> list[RowGroup]:
        """How a file is divided."""
        found = table.groups.get(piece.path)
        if found is None:
            found = table.groups[piece.path] = []
            text = (
                "SELECT row_group_id, row_group_num_rows, path_in_schema, total_uncompressed_size "
                f"FROM parquet_metadata({quoted(piece.path)}) ORDER BY row_group_id"
            )
            first, last = piece.first, -1
            for number, rows, name, size in self._database.execute(text).fetchall():
                if number != last:
                    found.append(RowGroup(first, rows, {}))
                    first, last = first + rows, number
                if name[-1] == "s":
                    found[-1].texts[name] = size
        return found

    def _counted_grains(self, plan: Source, shape: nodes.Shape) -> list[tuple[int, int]]:
        """Some rows after some, and the bytes of their cells."""
        wanted = [n for n, k in enumerate(shape.kinds) if k in (CellKind.TEXT, CellKind.MIXED)]
        sizes: dict[int, int] = {}
        if wanted:
            inner = self._selection.some(plan, wanted, 0, shape.rows)
            bytes_of = " + ".join(f"coalesce(strlen(c{n}s), 0)" for n in range(len(wanted)))
            text = f"SELECT row // {_GRAIN}, sum({bytes_of})::BIGINT FROM ({inner}) GROUP BY 1"
            sizes = dict(self._database.execute(text).fetchall())
        fixed = (8 + sum(_FIXED.get(kind, _MIXED) for kind in shape.kinds)) * _GRAIN
        grains = range(-(-shape.rows // _GRAIN))
        return [(grain * _GRAIN, sizes.get(grain, 0) + fixed) for grain in grains]

    def size(self, cuts: Sequence[tuple[int, int]]) -> int:
        """No less than the bytes of all blocks together."""
        return 2 * BLOCK_BYTES if len(cuts) == 1 else BLOCK_BYTES * len(cuts)


def in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows by their numbers: as they come as a rule, where they are not sorted for nothing."""
    rows = rows.rechunk()
    return rows if rows[parts.ROW].is_sorted() else rows.sort(parts.ROW)


def bytes_of(rows: pl.DataFrame) -> int:
    """No less than the bytes of the rows' cells, were each text to stand for itself."""
    texts = rows.select(pl.col(pl.String).str.len_bytes().sum())
    return int(rows.estimated_size()) + sum(int(each.item() or 0) for each in texts)


def _nulls_in(rows: pl.DataFrame, number: int, kind: CellKind) -> int:
    if kind is CellKind.NULL:
        return rows.height
    if kind is CellKind.MIXED:
        codes = rows[f"c{number}k"]
        return codes.null_count() + int((codes == parts.NULL).sum() or 0)
    cells = rows[parts.name(number, kind)]
    return cells.null_count()


@dataclass(slots=True)
class Output:
    """Pieces of a new table. ``room`` raises ``TooMuch`` or what ends a step that is cancelled."""

    kinds: tuple[CellKind, ...]
    new_path: Callable[[], str]
    room: Callable[[], None]
    pieces: list[Piece] = field(default_factory=list)
    nulls: list[int] = field(default_factory=list)
    """How many there are in the pieces, in each column."""
    _waiting: list[pl.DataFrame] = field(default_factory=list)
    _bytes: int = 0
    _rows: int = 0

    def add(self, rows: pl.DataFrame) -> None:
        """More rows; a column ``row`` of theirs does not count."""
        size = bytes_of(rows)
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
        written = pl.DataFrame([numbers, *(s for s in frame if s.name != parts.ROW)])
        written.write_parquet(path, compression="lz4", statistics=True)
        nulls = [_nulls_in(frame, number, kind) for number, kind in enumerate(self.kinds)]
        self.nulls = list(map(sum, zip(self.nulls or [0] * len(nulls), nulls, strict=True)))
        self._waiting, self._bytes, self._rows = [], 0, 0
