"""Columns whose cells are in files, outside of a program's memory: read in windows, or as a whole.

Whoever has the files is a ``StoredRows``. A column of them is a ``ColumnData`` like any other, so
every operation works on it; one that wants all cells at once has them loaded, if there is room.
Operations that can be left to the files' owner ask ``rows_of`` first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from weakref import WeakMethod

from datacode.values.column_storage import ColumnData, StoredRows, by_source
from datacode.values.lazy_polars import pl
from datacode.values.types import Value

BATCH = 1 << 16
"""So many rows are looked at together where all rows are gone through."""


class StoredColumn(ColumnData):
    """A column of ``StoredRows``."""

    __slots__ = ("__weakref__", "_rows", "position", "source")

    def __init__(self, source: StoredRows, position: int) -> None:
        super().__init__()
        self._rows = self.source = source
        self.position = position
        self._length = source.row_count

    @property
    def is_loaded(self) -> bool:
        """Are all cells in memory just now?"""
        return self._list is not None or self._series is not None

    @property
    def is_plain(self) -> bool:
        """Is no text among the cells that could be a date or money?"""
        return self._rows.is_plain(self.position)

    @property
    def has_room(self) -> bool:
        """Could all cells be in memory?"""
        return self.is_loaded or self._rows.has_room(self.position)

    def unload(self) -> None:
        """Let go of the cells in memory; they can be loaded again."""
        self._list = self._series = None
        self._was_typed = False

    def _load(self, *, as_list: bool = False) -> None:
        if not self.is_loaded:
            unload = WeakMethod(self.unload)
            loaded = self._rows.load(self.position, unload, as_list=as_list)
            self._list, self._series = loaded._list, loaded._series
            self._was_typed = self._series is not None

    def stored_series(self) -> pl.Series | None:
        self._load()
        return super().stored_series()

    def is_stored_as_series(self) -> bool:
        self._load()
        return super().is_stored_as_series()

    def is_all_numbers(self) -> bool:
        return self._rows.kind(self.position) is float and not self._rows.null_count(self.position)

    def values(self) -> list[Value]:
        self._load(as_list=True)
        return super().values()

    def part(self, start: int, stop: int) -> list[Value]:
        if self.is_loaded:
            return super().part(start, stop)
        start, stop, _ = slice(start, stop).indices(self._length)
        if start >= stop:
            return []
        return self._rows.window(self.position, start, stop).values()

    def _cell_elsewhere(self, index: int) -> Value:
        if self.is_loaded:
            return super()._cell_elsewhere(index)
        self._chunk_start = index - index % 1024
        self._chunk = self._chunk_from(self._chunk_start)
        return self._chunk[index - self._chunk_start]

    def slice(self, start: int, stop: int) -> ColumnData:
        (column,) = self._rows.slice([self.position], start, stop)
        return column


def rows_of(columns: Sequence[ColumnData]) -> StoredRows | None:
    """The columns as rows in files, if one of them is there; None if all are in memory."""
    for column in columns:
        if column.source is not None:
            return column.source.together(columns)
    return None


def is_plain(column: ColumnData) -> bool:
    """Is the column in files, and nothing in it a date or money?"""
    return isinstance(column, StoredColumn) and column.is_plain


def series_in_files(column: ColumnData) -> Iterator[pl.Series] | None:
    """The cells of a column of one kind for which there is no room in memory, part by part.

    None for all other columns.
    """
    if not isinstance(column, StoredColumn) or column.has_room:
        return None
    if column._rows.kind(column.position) is None:
        return None
    parts = (part.stored_series() for (part,) in batches([column]))
    return (part for part in parts if part is not None)


def batches(columns: Sequence[ColumnData]) -> Iterator[list[ColumnData]]:
    """The columns cut into parts in memory; in one part where none of them is in files."""
    length = len(columns[0]) if columns else 0
    if all(column.source is None for column in columns):
        yield list(columns)
        return
    for start in range(0, length, BATCH):
        stop = min(start + BATCH, length)
        yield in_memory(columns, start, stop)


def in_memory(columns: Sequence[ColumnData], start: int, stop: int) -> list[ColumnData]:
    """Some rows of columns, in memory wherever they were."""
    parts: list[ColumnData | None] = [None] * len(columns)
    for source, places in by_source(columns):
        if source is None:
            found = [columns[place].slice(start, stop) for place in places]
        else:
            found = source.fetch([columns[place].position for place in places], start, stop)
        for place, part in zip(places, found, strict=True):
            parts[place] = part
    return [part for part in parts if part is not None]
