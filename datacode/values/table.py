"""The table of a program, and its two views: a column (``t['c']``) and the indexer (``t.idx``).

Nothing can change a table, so columns are shared freely between tables.
Source: tables and files reference, section 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat

from datacode.values import column_storage as cells
from datacode.values.column_storage import Cells, Indices, Mask
from datacode.values.types import Value

_ROWS_AT_ONCE = 1024
"""So many rows have their cells made at once, when the first of them is asked for."""

_CELLS_KEPT = 1_000_000
"""Tables with up to so many cells keep rows that are asked for again; larger ones the last few."""


class Table:
    """Ordered named columns of equal length. Names may repeat and may be empty."""

    __slots__ = (
        "__weakref__",
        "_parts",
        "_passed",
        "_passed_columns",
        "_positions",
        "columns",
        "names",
        "row_count",
    )

    def __init__(
        self, names: Iterable[str], columns: Iterable[Cells], row_count: int | None = None
    ) -> None:
        self.names: tuple[str, ...] = tuple(names)
        self.columns: list[Cells] = list(columns)
        if row_count is None:
            row_count = len(self.columns[0]) if self.columns else 0
        self.row_count = row_count
        """Known apart, as a table without columns keeps its number of rows."""
        self._positions: dict[str, int] | None = None
        self._parts: dict[int, list[list[Value]]] = {}
        self._passed: set[int] = set()
        """The parts that a pass over all rows has reached, so that the next one keeps them."""
        self._passed_columns: set[Cells] = set()
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
            columns = [Cells.of_list(list(cells)) for cells in zip(*rows, strict=True)]
        else:
            columns = [Cells.of_list([]) for _ in names]
        return cls(names, columns, len(rows))

    @classmethod
    def from_columns(cls, names: Iterable[str], columns: Iterable[list[Value]]) -> Table:
        """A table of lists of cells, which belong to it from now on."""
        return cls(names, [Cells.of_list(column) for column in columns])

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
        part, place = divmod(index, _ROWS_AT_ONCE)
        return self._part(part)[place]

    def rows(self) -> Iterator[list[Value]]:
        """All rows, which must not be changed, made a part of the table at a time."""
        parts = range(-(-self.row_count // _ROWS_AT_ONCE))
        return chain.from_iterable(map(self._passing, parts))

    def cells_of_rows(self, positions: Sequence[int]) -> Iterator[Value]:
        """The cells at these positions of all rows, in order: alone, or several in a tuple.

        Positions may count from the end. As with ``rows``, cells that have to be made are kept
        from the second pass on.
        """
        passing = [self._passing_column(position) for position in positions]
        return passing[0] if len(passing) == 1 else zip(*passing, strict=True)

    def _passing_column(self, position: int) -> Iterator[Value]:
        column = self.columns[position]
        if column.is_stored_as_series():
            is_again = column in self._passed_columns
            self._passed_columns.add(column)
            if is_again and self.row_count * len(self.columns) <= _CELLS_KEPT:
                return iter(column.values())
        return iter(column)

    def _passing(self, part: int) -> Iterable[list[Value]]:
        """Some rows one after another for a pass over all.

        Most programs go through a table once. A row that is let go as soon as the next one is
        there costs a fraction of one that is kept, so only a second pass keeps its rows.
        """
        if part in self._parts or part in self._passed:
            return self._part(part)
        self._passed.add(part)
        return self._made(part)

    def _part(self, part: int) -> list[list[Value]]:
        """Some rows one after another, made if they are not there yet, and kept."""
        made = self._parts.get(part)
        if made is None:
            made = list(self._made(part))
            if self.row_count * len(self.columns) > _CELLS_KEPT:
                self._parts.clear()
            self._parts[part] = made
        return made

    def _made(self, part: int) -> Iterable[list[Value]]:
        """Some rows one after another, each made when it is asked for."""
        start = part * _ROWS_AT_ONCE
        stop = min(start + _ROWS_AT_ONCE, self.row_count)
        if not self.columns:
            return repeat([], stop - start)
        cells = [column.part(start, stop) for column in self.columns]
        return map(list, zip(*cells, strict=True))

    # New tables of the same columns --------------------------------------

    def keep(self, mask: Mask) -> Table:
        """The rows where ``mask`` is true, in order."""
        columns, count = cells.keep(self.columns, mask)
        return Table(self.names, columns, count)

    def take(self, indices: Indices) -> Table:
        """The rows by number, in the order given."""
        return Table(self.names, cells.take(self.columns, indices), len(indices))

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
    def stored(self) -> Cells:
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
