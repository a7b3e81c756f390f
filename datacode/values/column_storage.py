"""The cells of one stored column: typed, as a Polars Series, or mixed, as a list.

A typed column holds one kind of value, and nulls: numbers (Float64), text (String), bools
(Boolean) or nothing but nulls (Null). Every other column is a list. Programs cannot tell the two
apart: an operation has a fast path for typed columns and a plain one for lists with the same
result, and the cells alone decide which is taken, not how they are stored.

The cells of a large table may also be in files (``stored_column``): whoever has those is a
``StoredRows``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, compress
from typing import Any, Protocol, TypeAlias
from weakref import WeakMethod

from datacode.values.lazy_polars import pl
from datacode.values.types import Value

SHORT = 512
"""Columns up to this length take the plain path: starting Polars would cost more than it saves."""

KEPT = 1_000_000
"""Typed columns up to this length are kept as lists, too, once their cells are wanted again."""

_CHUNK = 1024
"""So many cells of a typed column are made into values at once."""

Mask: TypeAlias = "pl.Series | list[bool]"
"""Which rows: a Boolean series, in which null counts as false, or a list of bools."""

Indices: TypeAlias = "pl.Series | list[int]"
"""Rows by number from 0, in some order, with repetitions; a series may hold nulls."""


def is_short(length: int) -> bool:
    """Does a column of this length take the plain path?"""
    return length <= SHORT


class ColumnData:
    """One column, never changed after it was made.

    Lists that come out of it are its own: they must not be changed either.
    """

    __slots__ = (
        "_chunk",
        "_chunk_misses",
        "_chunk_start",
        "_length",
        "_list",
        "_numbers",
        "_series",
        "_was_typed",
        "checkpoint_name",
        "dates",
        "kinds",
        "text_forms",
    )

    source: StoredRows | None = None
    """Whoever has the cells, if they are not in memory."""
    position = 0
    """Which of its columns this one is there."""

    def __init__(self, values: list[Value] | None = None, series: pl.Series | None = None) -> None:
        self._list = values
        self._series = series
        self._was_typed = series is not None
        self._length = len(series) if series is not None else len(values or ())
        self._chunk: list[Value] = []
        self._chunk_start = 0
        self._chunk_misses = 0
        self._numbers: bool | None = None
        self.checkpoint_name: str | None = None
        """By which name checkpoints know the cells, once one has stored them apart."""
        self.kinds: object = None
        """The cache of ``tables.column_types``: what types the cells have."""
        self.dates: object = None
        """The cache of ``tables.date_columns``: what the cells are compared by as dates."""
        self.text_forms: dict[str, bool] | None = None
        """The cache of ``tables.text_forms``: what the texts among the cells look like."""

    @classmethod
    def of_list(cls, values: list[Value]) -> ColumnData:
        """A column of these values; the list belongs to it from now on."""
        return cls(values=values)

    @classmethod
    def of_series(cls, series: pl.Series) -> ColumnData:
        """A typed column; the series is Float64, String, Boolean or Null."""
        return cls(series=series)

    def __len__(self) -> int:
        return self._length

    def series(self) -> pl.Series | None:
        """The cells as one piece for Polars; None for mixed columns and for short ones."""
        if is_short(self._length):
            return None
        return self.stored_series()

    def stored_series(self) -> pl.Series | None:
        """The typed form, whatever the length; None for a mixed column."""
        if not self._was_typed:
            self._was_typed = True
            self._series = typed(self._list or [])
        if self._series is not None and self._series.n_chunks() > 1:
            self._series = self._series.rechunk()
        return self._series

    def is_stored_as_series(self) -> bool:
        """Is there a series, and no list yet?"""
        return self._list is None

    def is_all_numbers(self) -> bool:
        """Are there numbers and nothing else, not even nulls?"""
        if self._numbers is None:
            series = self._series
            if series is None:
                self._numbers = set(map(type, self._list or ())) <= {float}
            else:
                self._numbers = series.dtype == pl.Float64 and not series.null_count()
        return self._numbers

    def values(self) -> list[Value]:
        """All cells. They are kept: programs that ask once ask again."""
        if self._list is None:
            self._list = self.part(0, self._length)
            self._chunk = []
        return self._list

    def cell(self, index: int) -> Value:
        """One cell; ``0 <= index < len``."""
        if self._list is not None:
            return self._list[index]
        offset = index - self._chunk_start
        chunk = self._chunk
        if 0 <= offset < len(chunk):
            return chunk[offset]
        return self._cell_elsewhere(index)

    def _cell_elsewhere(self, index: int) -> Value:
        """A cell that is not among those of the last chunk.

        After many of them the column is kept as a list: reading it in random order or repeatedly
        would build more chunks than that costs.
        """
        self._chunk_misses += 1
        if self._chunk_misses * _CHUNK > 2 * self._length and self._length <= KEPT:
            return self.values()[index]
        self._chunk_start = index - index % _CHUNK
        self._chunk = self._chunk_from(self._chunk_start)
        return self._chunk[index - self._chunk_start]

    def part(self, start: int, stop: int) -> list[Value]:
        """The cells from ``start`` to before ``stop``."""
        if self._list is not None:
            return self._list[start:stop]
        return self._series[start:stop].to_list()  # type: ignore[index]

    def __iter__(self) -> Iterator[Value]:
        """All cells, made a chunk at a time and not kept."""
        if self._list is not None:
            return iter(self._list)
        return chain.from_iterable(map(self._chunk_from, range(0, self._length, _CHUNK)))

    def iterate(self, start: int, stop: int) -> Iterator[Value]:
        """The cells from ``start`` to before ``stop``, made a chunk at a time and not kept."""
        if self._list is not None:
            return iter(self._list[start:stop])
        starts = range(start, stop, _CHUNK)
        return chain.from_iterable(self.part(s, min(s + _CHUNK, stop)) for s in starts)

    def _chunk_from(self, start: int) -> list[Value]:
        return self.part(start, start + _CHUNK)

    def slice(self, start: int, stop: int) -> ColumnData:
        """The column of the cells from ``start`` to before ``stop``."""
        if self._list is None:
            return ColumnData(series=self._series[start:stop])  # type: ignore[index]
        return ColumnData(values=self._list[start:stop])


class StoredStep(Protocol):
    """What was done to get a table: in how many seconds of processor time, and how many rows."""

    @property
    def name(self) -> str: ...
    @property
    def seconds(self) -> float: ...
    @property
    def rows(self) -> int: ...


@dataclass(frozen=True, eq=False, slots=True)
class KeptFiles:
    """Files that hold a table, for checkpoints: their names, and what else there is to know."""

    names: tuple[str, ...]
    description: bytes


@dataclass(frozen=True, eq=False, slots=True)
class KeptRows:
    """Rows in files, for checkpoints: of which files they are made, and how."""

    files: tuple[KeptFiles, ...]
    description: bytes


class StoredRows(Protocol):
    """Rows in files, and what can be done with them there.

    Columns are known by their positions. Results are columns too: stored ones, or ordinary ones
    where there are few cells. What a method cannot do exactly it refuses with None.
    """

    row_count: int

    @property
    def column_count(self) -> int:
        """How many columns the rows have."""

    @property
    def steps(self) -> Sequence[StoredStep]:
        """How the rows came about."""

    def kept(self) -> KeptRows:
        """What a checkpoint says of the rows; the same object each time."""

    def kind(self, position: int) -> type | None:
        """``float``, ``str`` or ``bool`` if all filled cells are of it, ``NoneType`` if none is
        filled; None for several kinds, NaN among them."""

    def null_count(self, position: int) -> int:
        """How many cells are null."""

    def is_plain(self, position: int) -> bool:
        """Is no text among the cells that could be a date or money, which are compared as such?"""

    def are_days(self, position: int) -> bool:
        """Is every text a date in the one form ``2024-01-31``?"""

    def window(self, position: int, start: int, stop: int) -> ColumnData:
        """Some cells of a column, in memory."""

    def has_room(self, position: int, *, as_list: bool = False) -> bool:
        """Is there room in memory for a column?"""

    def check_room(self, cells: int) -> None:
        """Raise a Runtime Error if there is no room in memory for so many values."""

    def load(
        self, position: int, unload: WeakMethod[Callable[[], None]], *, as_list: bool
    ) -> ColumnData:
        """All cells of a column, in memory. Raises a Runtime Error where there is no room.

        ``unload`` is called when others need the room.
        """

    def fetch(self, positions: Sequence[int], start: int, stop: int) -> list[ColumnData]:
        """Some rows, in memory."""

    def passed(self, row: int) -> None:
        """All rows are being gone through, in order, and those before this one have been."""

    def slice(self, positions: Sequence[int], start: int, stop: int) -> list[ColumnData]:
        """The rows from ``start`` to before ``stop``."""

    def keep(self, positions: Sequence[int], mask: Mask) -> list[ColumnData]:
        """The rows where ``mask`` is true."""

    def take(self, positions: Sequence[int], indices: Indices) -> list[ColumnData]:
        """The rows by number; a null number gives nulls."""

    def take_rows(self, positions: Sequence[int], rows: ColumnData) -> list[ColumnData]:
        """The same for numbers that stand in a column, which may be in files."""

    def together(self, columns: Sequence[ColumnData]) -> StoredRows | None:
        """All these columns as one, in this order; columns in memory are stored for it.

        None where some hold values that cannot be stored.
        """

    def under_each_other(self, parts: Sequence[Sequence[ColumnData]]) -> list[ColumnData] | None:
        """The rows of several tables of the same width, in order."""

    def new_columns(self, parts: Iterable[Sequence[ColumnData]]) -> list[ColumnData]:
        """Columns of parts in memory, in files or in memory as there is room."""

    def sorted(self, keys: Sequence[tuple[int, bool]]) -> list[ColumnData] | None:
        """The rows in the order of columns, each ascending or (True) descending."""

    def grouped(
        self, by: Sequence[int], wanted: Sequence[tuple[int, str]]
    ) -> list[ColumnData] | None:
        """The groups' keys, and for each of ``wanted`` what a function makes of a column; groups in
        the order of their first rows."""

    def joined(
        self, other: StoredRows, on: Sequence[tuple[int, int]], kind: str, nulls_equal: bool
    ) -> list[ColumnData] | None:
        """The columns of both sides for rows whose keys are equal (``plans.nodes.Match``)."""


def by_source(columns: Sequence[ColumnData]) -> list[tuple[StoredRows | None, list[int]]]:
    """Which of the columns belong to the same rows; None for those in memory."""
    found: dict[int, tuple[StoredRows | None, list[int]]] = {}
    for place, column in enumerate(columns):
        found.setdefault(id(column.source), (column.source, []))[1].append(place)
    return list(found.values())


def _each_source(
    columns: Sequence[ColumnData],
    outside: Callable[[StoredRows, list[int]], list[ColumnData]],
    inside: Callable[[list[ColumnData]], list[ColumnData]],
) -> list[ColumnData]:
    """New columns of these: done by whoever has their cells, or in memory."""
    found: list[ColumnData] = list(columns)
    for source, places in by_source(columns):
        if source is None:
            made = inside([columns[place] for place in places])
        else:
            made = outside(source, [columns[place].position for place in places])
        for place, column in zip(places, made, strict=True):
            found[place] = column
    return found


def typed(values: list[Any]) -> pl.Series | None:
    """The series of values of one kind, or None if there are several kinds or another kind."""
    kinds = set(map(type, values))
    kinds.discard(type(None))
    if len(kinds) > 1:
        return None
    if not kinds:
        return pl.Series(values, dtype=pl.Null)
    kind = kinds.pop()
    if kind is float:
        return pl.Series(values, dtype=pl.Float64)
    if kind is bool:
        return pl.Series(values, dtype=pl.Boolean)
    if kind is not str:
        return None
    try:
        return pl.Series(values, dtype=pl.String)
    except UnicodeEncodeError:  # half of a surrogate pair has no UTF-8
        return None


def nulls(length: int) -> ColumnData:
    """A column of nothing but nulls."""
    if is_short(length):
        return ColumnData.of_list([None] * length)
    return ColumnData.of_series(pl.Series([None], dtype=pl.Null).new_from_index(0, length))


def constant(text: str, length: int) -> ColumnData:
    """A column with the same text in every row."""
    one = None if is_short(length) else typed([text])
    if one is None:
        return ColumnData.of_list([text] * length)
    return ColumnData.of_series(one.new_from_index(0, length))


def keep(columns: Sequence[ColumnData], mask: Mask) -> tuple[list[ColumnData], int]:
    """The rows of several columns where ``mask`` is true, and their number."""
    if any(column.source is not None for column in columns):
        found = _each_source(
            columns,
            lambda source, positions: source.keep(positions, mask),
            lambda others: keep(others, mask)[0],
        )
        return found, len(found[0])
    as_list = mask if isinstance(mask, list) else None
    series = [c.stored_series() if c.is_stored_as_series() else None for c in columns]
    kept: list[pl.Series] = []
    if any(s is not None for s in series):
        by_polars = pl.Series(mask, dtype=pl.Boolean) if isinstance(mask, list) else mask
        kept = _frame(series).filter(by_polars).get_columns()
    if as_list is None and not all(s is not None for s in series):
        as_list = mask.to_list()  # type: ignore[union-attr]
    made = iter(kept)
    result = [
        ColumnData(values=list(compress(c.values(), as_list or ())))
        if s is None
        else ColumnData(series=next(made))
        for c, s in zip(columns, series, strict=True)
    ]
    if result:
        return result, len(result[0])
    return result, sum(mask) if isinstance(mask, list) else int(mask.sum())


def take(columns: Sequence[ColumnData], indices: Indices) -> list[ColumnData]:
    """The rows of several columns by number; a null number gives null."""
    if any(column.source is not None for column in columns):
        return _each_source(
            columns,
            lambda source, positions: source.take(positions, indices),
            lambda others: take(others, indices),
        )
    series = [c.stored_series() if c.is_stored_as_series() else None for c in columns]
    taken: list[pl.Series] = []
    if any(s is not None for s in series):
        by_polars = indices if not isinstance(indices, list) else _index_series(indices)
        taken = _frame(series).select(pl.all().gather(by_polars)).get_columns()
    as_list: list[int | None] = []
    if not all(s is not None for s in series):
        as_list = list(indices) if isinstance(indices, list) else indices.to_list()
    made = iter(taken)
    return [
        ColumnData(values=_take_from_list(c.values(), as_list))
        if s is None
        else ColumnData(series=next(made))
        for c, s in zip(columns, series, strict=True)
    ]


def _index_series(indices: list[int]) -> pl.Series:
    return pl.Series(indices, dtype=pl.UInt32)


def _take_from_list(values: list[Value], indices: list[int | None]) -> list[Value]:
    if None in indices:
        return [None if i is None else values[i] for i in indices]
    return list(map(values.__getitem__, indices))  # type: ignore[arg-type]


def _frame(series: Sequence[pl.Series | None]) -> pl.DataFrame:
    """The series there are, under names of their own."""
    return pl.DataFrame([s.alias(str(i)) for i, s in enumerate(series) if s is not None])
