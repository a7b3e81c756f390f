"""Sorting tables that are larger than memory, by ranges of keys.

A sample of the first key's values divides the table into ranges, each about as large as memory has
room for. Every block of rows is divided by them, and its parts go to a file beside the table's;
then one range after another is read back, sorted in memory and written. A value that fills a range
by itself needs no more than the other keys; a range that is too large is divided again.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from datacode.engine import row_blocks
from datacode.engine.row_blocks import Blocks, Output, bytes_of
from datacode.engine.sql import Selection
from datacode.plans import nodes, parts
from datacode.plans.nodes import CellKind
from datacode.values.lazy_polars import pl

_MOST_RANGES = 120
_IN_MEMORY = 2
"""A range of so many times ``SMALL`` is sorted in memory, where it is three times for a moment."""

_SAMPLE = 64
"""So many values are looked at for each range."""

_DEEPEST = 12
"""So often a range is divided again, before sorting is left to DuckDB."""

_SEED = 7


class NotHere(Exception):
    """The ranges do not become small: somebody else has to sort."""


@dataclass(frozen=True, slots=True)
class _Key:
    """A column to sort by, as it is called in blocks."""

    name: str
    is_descending: bool


class _Rows:
    """Rows to be sorted, block by block; ``size`` in bytes."""

    size: int

    def blocks(self) -> Iterator[pl.DataFrame]:
        """All of them, in order."""
        raise NotImplementedError

    def cells(self, name: str) -> Iterator[pl.Series]:
        """One column of theirs."""
        return (block[name] for block in self.blocks())


class _PlanRows(_Rows):
    """The rows of a plan."""

    def __init__(
        self, blocks: Blocks, step: nodes.Sort, columns: dict[str, int], cuts: list[tuple[int, int]]
    ) -> None:
        self._blocks = blocks
        self._plan = step.source
        self._columns = columns
        self._cuts = cuts
        self.size = blocks.size(cuts)

    def blocks(self) -> Iterator[pl.DataFrame]:
        return (self._blocks.rows(self._plan, start, stop) for start, stop in self._cuts)

    def cells(self, name: str) -> Iterator[pl.Series]:
        plan = nodes.Project(self._plan, (self._columns[name],))
        for start, stop in self._cuts:
            (cells,) = self._blocks.rows(plan, start, stop).get_columns()
            yield cells


@dataclass(slots=True)
class _Range(_Rows):
    """Rows that stand in the spool; all have the same first key if ``is_one_value``."""

    spool: Spool
    is_one_value: bool
    size: int = 0
    places: list[tuple[int, int]] = field(default_factory=list)

    def add(self, rows: pl.DataFrame) -> None:
        """More rows."""
        start, length = self.spool.add(rows)
        self.places.append((start, length))
        self.size += length

    def blocks(self) -> Iterator[pl.DataFrame]:
        waiting: list[pl.DataFrame] = []
        size = 0
        for start, length in self.places:
            if waiting and size + length > row_blocks.SMALL:
                yield pl.concat(waiting, rechunk=True)
                waiting, size = [], 0
            waiting.append(self.spool.read(start, length))
            size += length
        if waiting:
            yield pl.concat(waiting, rechunk=True)


class Spool:
    """A file for ranges, without a name: it is gone with the process, however that ends."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "x+b")  # noqa: SIM115 - it is open as long as there are ranges
        os.unlink(path)
        self.bytes = 0

    def add(self, rows: pl.DataFrame) -> tuple[int, int]:
        """Write rows; where they stand, and how many bytes."""
        start = self._file.seek(0, os.SEEK_END)
        # As older readers want it: each part has the texts that it needs and no others.
        rows.write_ipc_stream(self._file, compat_level=pl.CompatLevel.oldest())
        self.bytes = self._file.tell()
        return start, self.bytes - start

    def read(self, start: int, length: int) -> pl.DataFrame:
        """The rows that stand there."""
        self._file.flush()
        return pl.read_ipc_stream(io.BytesIO(os.pread(self._file.fileno(), length, start)))

    def close(self) -> None:
        """Delete it."""
        self._file.close()


@dataclass(slots=True)
class Sorting:
    """Sorts the rows of a step into ``output``. ``told`` is given how much is done, of one."""

    blocks: Blocks
    selection: Selection
    output: Output
    spool: Spool
    told: Callable[[float], None]
    _rows: int = 0
    _done: int = 0
    _passes: int = 1

    def can_sort(self, step: nodes.Sort) -> bool:
        """Do it, unless rows are too large; raises ``NotHere`` where that shows later."""
        shape = self.selection.shape(step.source)
        kinds, self._rows = shape.kinds, shape.rows
        cuts = self.blocks.cuts(step.source)
        if cuts is None:
            return False
        keys = []
        columns = {}
        for key in step.keys:
            kind = kinds[key.column]
            if kind is not CellKind.NULL:
                name = parts.name(key.column, kind)
                columns[name] = key.column
                keys.append(_Key(name, key.descending))
        self._sort(_PlanRows(self.blocks, step, columns, cuts), keys, 0)
        return True

    def _sort(self, rows: _Rows, keys: Sequence[_Key], depth: int) -> None:
        if not keys:
            for block in rows.blocks():
                self._put(block)
        elif rows.size <= _IN_MEMORY * row_blocks.SMALL:
            block = pl.concat(rows.blocks(), rechunk=True)
            descending = [key.is_descending for key in keys]
            self._put(
                block.sort(
                    [key.name for key in keys],
                    descending=descending,
                    nulls_last=descending,
                    maintain_order=True,
                )
            )
        elif depth >= _DEEPEST:
            raise NotHere
        else:
            if not depth:
                self._passes = 2
            ranges = self._divided(rows, keys[0], is_first=not depth)
            for each in reversed(ranges) if keys[0].is_descending else ranges:
                if each.places:
                    self._sort(each, keys[1:] if each.is_one_value else keys, depth + 1)

    def _put(self, block: pl.DataFrame) -> None:
        self.output.add(block)
        self._tell(block.height)

    def _tell(self, rows: int) -> None:
        self._done += rows
        self.told(self._done / (self._passes * max(self._rows, 1)))

    def _divided(self, rows: _Rows, key: _Key, *, is_first: bool) -> list[_Range]:
        """The rows in ranges of a key, nulls first."""
        bounds = _Bounds.of(rows, key)
        ranges = [_Range(self.spool, is_one_value) for is_one_value in bounds.are_one_value]
        for block in _of_their_size(rows.blocks()):
            self.output.room()
            numbers = bounds.numbers(block[key.name])
            order = numbers.arg_sort()
            ordered = block.select(pl.all().gather(order))
            numbers = numbers.gather(order)
            starts = numbers.search_sorted(
                pl.Series(range(len(ranges) + 1), dtype=numbers.dtype), side="left"
            ).to_list()
            for each, start, stop in zip(ranges, starts[:-1], starts[1:], strict=True):
                if start < stop:
                    each.add(ordered[start:stop])
            if is_first:
                self._tell(block.height)
        return ranges


def _of_their_size(blocks: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same rows, in blocks that are not too large where each text stands for itself."""
    for block in blocks:
        if bytes_of(block) <= 2 * row_blocks.SMALL or block.height < 2:
            yield block
        else:
            half = block.height // 2
            yield from _of_their_size([block[:half], block[half:]])


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Values that divide those of a key, in order.

    ``targets`` has for each place among them, below the first, at the first, between the first and
    the second, and so on, the number of the range; range 0 is that of nulls.
    """

    values: pl.Series
    targets: pl.Series
    are_one_value: list[bool]

    @classmethod
    def of(cls, rows: _Rows, key: _Key) -> _Bounds:
        """Bounds of ranges that are small enough, as far as a sample can tell."""
        count = min(rows.size // row_blocks.SMALL + 2, _MOST_RANGES)
        samples = []
        for cells in rows.cells(key.name):
            sample = _comparable(cells.drop_nulls())
            samples.append(sample.sample(min(len(sample), _SAMPLE * count), seed=_SEED))
        found = pl.concat(samples)
        found = found.sample(min(len(found), _SAMPLE * count), seed=_SEED).sort()
        places = [len(found) * n // count for n in range(1, count)] if len(found) else []
        runs = found.gather(pl.Series(places, dtype=pl.UInt32)).rle().struct.unnest()
        values = runs["value"]
        is_often = [times > 1 or len(values) == 1 for times in runs["len"]]
        targets = [1]
        are_one_value = [True, False]
        for often in is_often:
            are_one_value += [True, False] if often else [False]
            targets += [len(are_one_value) - (2 if often else 1), len(are_one_value) - 1]
        return cls(values, pl.Series(targets, dtype=pl.UInt16), are_one_value)

    def numbers(self, cells: pl.Series) -> pl.Series:
        """The number of the range for each cell."""
        cells = _comparable(cells)
        places = self.values.search_sorted(cells, side="right")
        if len(self.are_one_value) > len(self.values) + 2:  # some ranges are of one value
            places += self.values.search_sorted(cells, side="left")
        else:
            places *= 2
        numbers = self.targets.gather(places)
        return numbers.set(cells.is_null(), 0) if cells.null_count() else numbers


def _comparable(cells: pl.Series) -> pl.Series:
    return cells.cast(pl.UInt8) if cells.dtype == pl.Boolean else cells
