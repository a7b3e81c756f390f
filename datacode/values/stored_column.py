"""Columns whose cells are in files, outside of a program's memory: read in windows, or as a whole.

Whoever has the files is a ``StoredRows``. A column of them is a ``ColumnData`` like any other, so
every operation works on it; one that wants all cells at once has them loaded, if there is room.
Operations that can be left to the files' owner ask ``rows_of`` first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from weakref import WeakMethod

from datacode.values import column_storage
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
    def kind(self) -> type | None:
        """``float``, ``str`` or ``bool`` if all filled cells are of it, ``NoneType`` if none is
        filled; None for several kinds, NaN among them."""
        return self._rows.kind(self.position)

    @property
    def null_count(self) -> int:
        """How many cells are null."""
        return self._rows.null_count(self.position)

    @property
    def are_days(self) -> bool:
        """Is every text a date in the one form ``2024-01-31``?"""
        return self._rows.are_days(self.position)

    @property
    def compares_by_parts(self) -> bool:
        """Is one cell equal to another, or below it, if it is so within any part of the column?"""
        return self.is_plain or self.are_days

    @property
    def has_room(self) -> bool:
        """Could all cells be in memory?"""
        return self.is_loaded or self._rows.has_room(self.position)

    @property
    def has_room_for_list(self) -> bool:
        """Could all cells be in memory as values of the language?"""
        return self._list is not None or self._rows.has_room(self.position, as_list=True)

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


def has_numbers(cells: ColumnData) -> bool:
    """Are there numbers, and besides them at most nulls?"""
    if isinstance(cells, StoredColumn) and not cells.has_room:
        if cells.kind is not None:
            return cells.kind is float
        series = [part.stored_series() for (part,) in batches([cells])]
        kinds = {None if part is None else part.dtype for part in series}
        return pl.Float64 in kinds and kinds <= {pl.Float64, pl.Null}
    found = cells.stored_series()
    return found is not None and found.dtype == pl.Float64


def are_in_files(columns: Sequence[ColumnData]) -> bool:
    """Is one of the columns in files?"""
    return any(column.source is not None for column in columns)


def has_texts(cells: ColumnData) -> bool:
    """Is it a column in files with texts and, besides, at most nulls?"""
    return isinstance(cells, StoredColumn) and cells.kind is str


def parts_of(columns: Sequence[ColumnData]) -> Iterator[list[ColumnData]]:
    """The columns, in parts only where there is no room for all at once."""
    return iter([list(columns)]) if without_room(columns) is None else batches(columns)


def has_no_numbers(cells: ColumnData) -> bool:
    """Is it known of a column in files that all its values are bools or plain texts?"""
    if not isinstance(cells, StoredColumn):
        return False
    return cells.kind is bool or (cells.kind is str and cells.is_plain)


def without_room(columns: Sequence[ColumnData]) -> StoredRows | None:
    """Whoever has some of the columns in files that cannot be in memory; None where all can."""
    for column in columns:
        if isinstance(column, StoredColumn) and not column.has_room:
            return column.source
    return None


def without_room_for_list(column: ColumnData) -> bool:
    """Is the column in files, and cannot be in memory as values of the language?"""
    return isinstance(column, StoredColumn) and not column.has_room_for_list


def compare_by_parts(columns: Sequence[ColumnData]) -> bool:
    """Are the cells of all columns compared within any part as they are in the whole?"""
    return all(isinstance(c, StoredColumn) and c.compares_by_parts for c in columns)


def by_parts(
    columns: Sequence[ColumnData], make: Callable[[list[ColumnData]], Sequence[ColumnData]]
) -> list[ColumnData]:
    """What ``make`` gives for the columns, of which each row tells for itself: made part by part
    where there is no room for all at once."""
    source = without_room(columns)
    if source is None:
        return list(make(list(columns)))
    return source.new_columns(map(make, batches(columns)))


def take_rows(columns: Sequence[ColumnData], rows: ColumnData) -> list[ColumnData]:
    """The rows of columns by numbers that stand in a column, wherever they are."""
    source = next((column.source for column in columns if column.source is not None), None)
    whole = None if source is None else source.together(columns)
    if whole is not None:
        return whole.take_rows(range(len(columns)), rows)
    numbers = rows.stored_series()
    assert numbers is not None, "numbers of rows"
    return column_storage.take(columns, numbers.cast(pl.UInt32))


def text_beside(columns: Sequence[ColumnData], text: str, length: int) -> ColumnData:
    """A column with one text in every row, for a table of these columns: in files as they are."""
    source = without_room(columns)
    if source is None:
        return column_storage.constant(text, length)
    sizes = [min(BATCH, length - start) for start in range(0, length, BATCH)]
    return source.new_columns([column_storage.constant(text, size)] for size in sizes)[0]


def row_numbers(source: StoredRows) -> ColumnData:
    """The numbers of all rows, as a column."""
    count = source.row_count
    starts = range(0, count, BATCH)
    return source.new_columns(
        [
            ColumnData.of_series(
                pl.int_range(start, min(start + BATCH, count), eager=True).cast(pl.Float64)
            )
        ]
        for start in starts
    )[0]


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
    """Some rows of columns, in memory wherever they were, where all are gone through."""
    parts: list[ColumnData | None] = [None] * len(columns)
    for source, places in by_source(columns):
        if source is None:
            found = [columns[place].slice(start, stop) for place in places]
        else:
            source.passed(start)
            found = source.fetch([columns[place].position for place in places], start, stop)
        for place, part in zip(places, found, strict=True):
            parts[place] = part
    return [part for part in parts if part is not None]
