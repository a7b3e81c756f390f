"""The table of a program, and its two views: a column (``t['c']``) and the indexer (``t.idx``).

Nothing can change a table, so columns are shared freely between tables.
Source: tables and files reference, section 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat

from datacode.values import column_storage
from datacode.values.column_storage import ColumnData, Indices, Mask
from datacode.values.types import Value

_ROWS_AT_ONCE = 1024
"""So many rows have their cells made at once, when the first of them is asked for."""

_CELLS_KEPT = 1_000_000
"""Tables with up to so many cells keep rows that are asked for again; larger ones the last few."""


class Table:
    """Ordered named columns of equal length. Names may repeat and may be empty."""

    __slots__ = (
        "__weakref__",
        "_blocks",
        "_positions",
        "_visited_blocks",
        "_visited_columns",
        "columns",
        "names",
        "row_count",
    )

    def __init__(
        self, names: Iterable[str], columns: Iterable[ColumnData], row_count: int | None = None
    ) -> None:
        self.names: tuple[str, ...] = tuple(names)
        self.columns: list[ColumnData] = list(columns)
        if row_count is None:
            row_count = len(self.columns[0]) if self.columns else 0
        self.row_count = row_count
        """Known apart, as a table without columns keeps its number of rows."""
        self._positions: dict[str, int] | None = None
        self._blocks: dict[int, list[list[Value]]] = {}
        self._visited_blocks: set[int] = set()
        """The blocks that one pass over all rows has built: the next pass keeps its rows."""
        self._visited_columns: set[ColumnData] = set()
        """The same for passes over the cells of some columns."""
        if len(self.names) != len(self.columns):
            raise ValueError("a name for every column, and a column for every name")
        if any(len(column) != row_count for column in self.columns):
            raise ValueError("columns of different lengths")

    @classmethod
    def from_rows(cls, names: Iterable[str], rows: Sequence[Sequence[Value]]) -> Table:
        """A table of rows that all are as long as ``names``."""
        names = tuple(names)
        if rows:
            columns = [ColumnData.of_list(list(cells)) for cells in zip(*rows, strict=True)]
        else:
            columns = [ColumnData.of_list([]) for _ in names]
        return cls(names, columns, len(rows))

    def __len__(self) -> int:
        return self.row_count

    def __repr__(self) -> str:
        return f"Table({self.row_count} rows, {len(self.columns)} columns)"

    def position(self, name: str) -> int | None:
        """Where the first column of that name is."""
        if self._positions is None:
            positions: dict[str, int] = {}
            for index, each in enumerate(self.names):
                positions.setdefault(each, index)
            self._positions = positions
        return self._positions.get(name)

    def column_named(self, name: str) -> Column | None:
        """The first column of that name, as ``t['name']`` gives it."""
        position = self.position(name)
        return None if position is None else Column(self, position)

    def row(self, index: int) -> list[Value]:
        """One row, which must not be changed; ``0 <= index < len(table)``."""
        block, place = divmod(index, _ROWS_AT_ONCE)
        return self._block(block)[place]

    def rows(self) -> Iterator[list[Value]]:
        """All rows, which must not be changed, built block by block."""
        blocks = range(-(-self.row_count // _ROWS_AT_ONCE))
        return chain.from_iterable(map(self._visit_block, blocks))

    def cells_of_rows(self, positions: Sequence[int]) -> Iterator[Value]:
        """The cells at these positions of all rows, in order: alone, or several in a tuple.

        Positions may count from the end. As with ``rows``, cells that have to be made are kept
        from the second pass on.
        """
        visits = [self._visit_column(position) for position in positions]
        return visits[0] if len(visits) == 1 else zip(*visits, strict=True)

    def _visit_column(self, position: int) -> Iterator[Value]:
        column = self.columns[position]
        if column.source is None and column.is_stored_as_series():
            is_again = column in self._visited_columns
            self._visited_columns.add(column)
            if is_again and self.row_count * len(self.columns) <= _CELLS_KEPT:
                return iter(column.values())
        return iter(column)

    def _visit_block(self, block: int) -> Iterable[list[Value]]:
        """The rows of a block for a pass over all rows.

        Most programs go through a table once. A row that is let go as soon as the next one is
        there costs a fraction of one that is kept, so only a second pass keeps its rows.
        """
        if block in self._blocks or block in self._visited_blocks:
            return self._block(block)
        self._visited_blocks.add(block)
        return self._build_block(block)

    def _block(self, block: int) -> list[list[Value]]:
        """The rows of a block, built if they are not there yet, and kept."""
        made = self._blocks.get(block)
        if made is None:
            made = list(self._build_block(block))
            if self.row_count * len(self.columns) > _CELLS_KEPT:
                self._blocks.clear()
            self._blocks[block] = made
        return made

    def _build_block(self, block: int) -> Iterable[list[Value]]:
        """The rows of a block, each built when it is asked for."""
        start = block * _ROWS_AT_ONCE
        stop = min(start + _ROWS_AT_ONCE, self.row_count)
        if not self.columns:
            return repeat([], stop - start)
        cells = [column.part(start, stop) for column in self.columns]
        return map(list, zip(*cells, strict=True))

    # New tables of the same columns --------------------------------------

    def keep(self, mask: Mask) -> Table:
        """The rows where ``mask`` is true, in order."""
        columns, count = column_storage.keep(self.columns, mask)
        return Table(self.names, columns, count)

    def take(self, indices: Indices) -> Table:
        """The rows by number, in the order given."""
        return Table(self.names, column_storage.take(self.columns, indices), len(indices))

    def slice(self, start: int, stop: int) -> Table:
        """The rows from ``start`` to before ``stop``; both lie within the table."""
        columns = [column.slice(start, stop) for column in self.columns]
        return Table(self.names, columns, stop - start)

    def select(self, positions: Sequence[int]) -> Table:
        """The columns at these positions, with all rows."""
        names = [self.names[p] for p in positions]
        return Table(names, [self.columns[p] for p in positions], self.row_count)


class Column:
    """``t['c']``: a table and the position of one of its columns; stands for the cells' array."""

    __slots__ = ("position", "table")

    def __init__(self, table: Table, position: int) -> None:
        self.table = table
        self.position = position

    def __len__(self) -> int:
        return self.table.row_count

    def __iter__(self) -> Iterator[Value]:
        """The cells, without keeping them."""
        return iter(self.stored)

    def __repr__(self) -> str:
        return f"Column({self.name})"

    @property
    def name(self) -> str:
        """The column's name in its table."""
        return self.table.names[self.position]

    @property
    def stored(self) -> ColumnData:
        """The stored cells, typed or mixed."""
        return self.table.columns[self.position]

    def cell(self, index: int) -> Value:
        """One cell; ``0 <= index < len(column)``."""
        return self.stored.cell(index)

    def cells(self) -> list[Value]:
        """All cells. The list is the column's own: copy it before changing it."""
        return self.stored.values()


class Indexer:
    """``t.idx``: good for ``t.idx[i]`` only."""

    __slots__ = ("table",)

    def __init__(self, table: Table) -> None:
        self.table = table

    def __repr__(self) -> str:
        return f"TableIndexer({self.table.row_count} rows, {len(self.table.columns)} columns)"
