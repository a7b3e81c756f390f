"""The cells of one stored column: typed, as a Polars Series, or mixed, as a list.

A typed column holds one kind of value, and nulls: numbers (Float64), text (String), bools
(Boolean) or nothing but nulls (Null). Every other column, and every short one, is a list. Which
of the two it is never shows: an operation has a fast way for typed columns and a plain one for
lists, and both give the same result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import compress
from typing import TYPE_CHECKING, Any

from datacode.tables.engine import pl

if TYPE_CHECKING:
    from datacode.runtime.values import Value

SHORT = 512
"""Lists up to this length stay lists: starting Polars would cost more than it saves."""

_CHUNK = 1024
"""So many cells of a typed column are made into values at once."""


class Cells:
    """One column, never changed after it was made.

    Lists that come out of it are its own: they must not be changed either.
    """

    __slots__ = ("_chunk", "_chunk_start", "_length", "_list", "_series", "_tried")

    def __init__(self, values: list[Value] | None = None, series: pl.Series | None = None) -> None:
        if values is None and series is None:
            raise ValueError("cells need values or a series")
        self._list = values
        self._series = series
        self._tried = series is not None
        self._length = len(values) if values is not None else len(series)  # type: ignore[arg-type]
        self._chunk: list[Value] = []
        self._chunk_start = 0

    @classmethod
    def of_list(cls, values: list[Value]) -> Cells:
        """A column of these values; the list belongs to it from now on."""
        return cls(values=values)

    @classmethod
    def of_series(cls, series: pl.Series) -> Cells:
        """A typed column; the series is Float64, String, Boolean or Null."""
        return cls(series=series)

    def __len__(self) -> int:
        return self._length

    @property
    def is_typed(self) -> bool:
        """Is there a series already, without any work?"""
        return self._series is not None

    def series(self) -> pl.Series | None:
        """The typed form; None for a mixed column, and for a short one that has none yet."""
        if not self._tried and self._length > SHORT:
            self._tried = True
            self._series = typed(self._list or [])
        return self._series

    def values(self) -> list[Value]:
        """All cells (kept, as programs that ask once ask again)."""
        if self._list is None:
            self._list = self._series.to_list()  # type: ignore[union-attr]
            self._chunk = []
        return self._list

    def cell(self, index: int) -> Value:
        """One cell; ``0 <= index < len``."""
        if self._list is not None:
            return self._list[index]
        offset = index - self._chunk_start
        if not 0 <= offset < len(self._chunk):
            self._chunk_start = index - index % _CHUNK
            self._chunk = self.part(self._chunk_start, self._chunk_start + _CHUNK)
            offset = index - self._chunk_start
        return self._chunk[offset]

    def part(self, start: int, stop: int) -> list[Value]:
        """The cells from ``start`` to before ``stop``."""
        if self._list is not None:
            return self._list[start:stop]
        return self._series[start:stop].to_list()  # type: ignore[index, no-any-return]

    def __iter__(self) -> Iterator[Value]:
        """All cells, made a chunk at a time and not kept."""
        if self._list is not None:
            return iter(self._list)
        return (
            value
            for start in range(0, self._length, _CHUNK)
            for value in self.part(start, start + _CHUNK)
        )

    def take(self, indices: Sequence[int]) -> Cells:
        """The cells at these positions, in this order."""
        if self._list is None and self._series is not None:
            return Cells(series=self._series.gather(indices))
        values = self.values()
        return Cells(values=[values[i] for i in indices])

    def keep(self, mask: Sequence[bool]) -> Cells:
        """The cells where ``mask`` is true."""
        if self._list is None and self._series is not None:
            return Cells(series=self._series.filter(pl.Series(mask, dtype=pl.Boolean)))
        return Cells(values=list(compress(self.values(), mask)))


def typed(values: list[Any]) -> pl.Series | None:
    """The series of values of one kind, or None if there are several kinds or another kind."""
    kinds = set(map(type, values))
    kinds.discard(type(None))
    if not kinds:
        return pl.Series(values, dtype=pl.Null)
    if len(kinds) > 1:
        return None
    kind = kinds.pop()
    if kind is float:
        return pl.Series(values, dtype=pl.Float64)
    if kind is bool:
        return pl.Series(values, dtype=pl.Boolean)
    if kind is str:
        try:
            return pl.Series(values, dtype=pl.String)
        except UnicodeEncodeError:  # half of a surrogate pair has no UTF-8
            return None
    return None
