"""What the cells of a column of a shown table amount to: counts, extremes, mean, distribution.

Rows are gone through part by part, so that a table whose cells are in files needs no room in
memory. What has to see all cells at once (the different values, the median) is found from rows
spread evenly over a longer table, and ``sampled`` tells from how many. Like ``grid_view`` this may
be called from another thread than the program's. ``web/src/table/statistics.ts`` does the same for
tables that a page holds whole; ``tests/tables/statistics.json`` has cases for both.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from datacode.tables.column_types import ColumnType
from datacode.tables.grid_values import ValueCounts, value_counts
from datacode.tables.grid_view import day, order_of
from datacode.tables.money_columns import amounts_in, is_money_of_one_currency
from datacode.tables.show import plain
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl
from datacode.values.stored_column import BATCH, batches, in_memory
from datacode.values.types import Value

EXACT = 3_000_000
"""In tables with up to so many rows everything is found from all of them, if there is room."""

_SAMPLED_PARTS = 16
"""Of longer ones up to so many parts of ``BATCH`` rows are looked at."""

_MONEY = 200_000
"""Amounts are read out of the texts of columns with up to so many cells."""

_BARS = 20
_TOP = 10
_TEXT_SHOWN = 100
"""Longer texts are cut: the statistics of a hundred columns must fit into one message."""


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """One column: ``rows`` cells, of which ``nulls`` are empty and ``numbers`` are numbers.

    ``sum``, ``mean``, ``median`` and ``deviation`` (of the sample, n - 1) are those of the numbers,
    null where there are none. ``min`` and ``max`` too, and those of all cells in the order of the
    grid where no cell is a number. ``distinct`` counts the different filled cells, ``top`` are the
    most frequent ones with their numbers, ``bars`` pieces of a histogram with both ends: numbers,
    or days. ``sampled``: how many rows ``distinct``, ``median``, ``deviation`` and ``top`` are
    from, null for all of them.
    """

    column: int
    rows: int
    nulls: int
    numbers: int = 0
    sum: float | None = None
    mean: float | None = None
    min: str | float | bool | None = None
    max: str | float | bool | None = None
    distinct: int | None = None
    median: float | None = None
    deviation: float | None = None
    top: list[tuple[str | float | bool | None, int]] = field(default_factory=list)
    bars: list[tuple[str | float, str | float, int]] = field(default_factory=list)
    sampled: int | None = None


def column_statistics(
    cells: ColumnData, number: int, kind: ColumnType, *, sums_only: bool, at_once: int = EXACT
) -> ColumnStatistics:
    """The statistics of a column; with ``sums_only`` only what is added up and compared.

    ``kind`` is the type of the whole column, of which these may be some cells. ``at_once`` rows
    may be in memory at once.
    """
    if kind is ColumnType.CURRENCY and len(cells) <= _MONEY and is_money_of_one_currency(cells):
        cells = amounts_in(cells, None)
    return _of_cells(cells, number, kind, None if sums_only else at_once)


def _of_cells(
    cells: ColumnData, number: int, kind: ColumnType, at_once: int | None
) -> ColumnStatistics:
    found, are_whole = _added_up(cells, number)
    if at_once is None:
        return found
    sample = _sample(cells, at_once)
    numbers = _numbers_of(sample)
    counted = value_counts(sample)
    distinct = len(counted.counts) - (counted.null() is not None)
    found = replace(
        found,
        distinct=distinct,
        top=[(_short(v), count) for v, count in counted.listed(counted.most_frequent(_TOP))],
        sampled=None if len(sample) == len(cells) else len(sample),
    )
    if found.numbers:
        return replace(
            found,
            median=_finite(numbers.median()),
            deviation=_finite(numbers.std()),
            bars=_bars_of_numbers(cells, found, are_whole=are_whole),
        )
    least, greatest = _extremes(counted.cells, distinct, kind)
    bars = _bars_of_days(counted) if kind is ColumnType.DATE else []
    return replace(found, min=least, max=greatest, bars=bars)


def _added_up(cells: ColumnData, number: int) -> tuple[ColumnStatistics, bool]:
    """What is added up and compared, and whether all numbers are whole and exact."""
    source = cells.source
    if source is not None and source.kind(cells.position) in (str, bool, type(None)):
        nulls = source.null_count(cells.position)
        return ColumnStatistics(number, len(cells), nulls), False
    are_whole = True
    rows = nulls = count = 0
    total = 0.0
    least, greatest = math.inf, -math.inf
    for part in _parts(cells):
        rows += len(part)
        nulls += _null_count(part)
        numbers = _numbers_of(part)
        if len(numbers):
            count += len(numbers)
            are_whole = are_whole and bool((numbers == numbers.floor()).all())
            total += float(numbers.sum())
            least = min(least, float(numbers.min()))  # type: ignore[arg-type]
            greatest = max(greatest, float(numbers.max()))  # type: ignore[arg-type]
    if not count:
        return ColumnStatistics(number, rows, nulls), False
    are_whole = are_whole and max(abs(least), abs(greatest)) < 2**53
    added = _finite(total)
    mean = None if added is None else added / count
    summed = ColumnStatistics(number, rows, nulls, count, added, mean, least, greatest)
    return summed, are_whole


def _parts(cells: ColumnData) -> Iterator[ColumnData]:
    return (part for (part,) in batches([cells])) if len(cells) else iter(())


def _null_count(part: ColumnData) -> int:
    series = part.stored_series() if part.is_stored_as_series() else None
    return sum(cell is None for cell in part) if series is None else int(series.null_count())


def _numbers_of(part: ColumnData) -> pl.Series:
    """The numbers among the cells; what JSON has no number for is none."""
    series = part.stored_series() if part.is_stored_as_series() else None
    if series is None:
        numbers = [c for c in part if c.__class__ is float and math.isfinite(c)]
        return pl.Series(numbers, dtype=pl.Float64)
    if series.dtype != pl.Float64:
        return pl.Series([], dtype=pl.Float64)
    return series.filter(series.is_finite())


def _finite(value: object) -> float | None:
    return float(value) if isinstance(value, float | int) and math.isfinite(value) else None


def _short(value: Value) -> str | float | bool | None:
    said = plain(value)
    is_long = isinstance(said, str) and len(said) > _TEXT_SHOWN
    return said[: _TEXT_SHOWN - 1] + "…" if is_long and isinstance(said, str) else said


def _sample(cells: ColumnData, at_once: int) -> ColumnData:
    """The cells, or parts of them spread evenly where they are too many to be seen at once."""
    if len(cells) <= at_once:
        return in_memory([cells], 0, len(cells))[0] if cells.source is not None else cells
    rows = min(BATCH, at_once)
    count = max(1, min(_SAMPLED_PARTS, at_once // BATCH))
    step = len(cells) // count
    parts = [
        in_memory([cells], place * step, min(place * step + rows, len(cells)))[0]
        for place in range(count)
    ]
    series = [each for part in parts if (each := part.stored_series()) is not None]
    if len(series) == len(parts) and len({str(each.dtype) for each in series}) == 1:
        return ColumnData.of_series(pl.concat(series))
    return ColumnData.of_list([cell for part in parts for cell in part])


def _extremes(
    values: ColumnData, filled: int, kind: ColumnType
) -> tuple[str | float | bool | None, str | float | bool | None]:
    """The first and the last of different values in the order of the grid; null is its end."""
    if not filled:
        return None, None
    order = order_of(values, kind, descending=False)
    return _short(values.cell(order[0])), _short(values.cell(order[filled - 1]))


# Histograms ------------------------------------------------------------------------------


def edges(low: float, high: float, count: int, *, are_whole: bool) -> list[float]:
    """Where the bars of a histogram begin and end: of equal width, whole ones for whole numbers.

    So many that ``count`` values fill them (Sturges' rule), at most 20.
    """
    if low == high:
        return [low, high]
    bars = min(_BARS, max(1, math.ceil(math.log2(max(count, 1))) + 1))
    width = (high - low) / bars
    if not are_whole:
        return [low + place * width for place in range(bars)] + [high]
    width = max(1.0, math.ceil((high - low + 1) / bars))
    bars = math.floor((high - low) / width) + 1
    return [low + place * width for place in range(bars + 1)]


def _bars_of_numbers(
    cells: ColumnData, found: ColumnStatistics, *, are_whole: bool
) -> list[tuple[str | float, str | float, int]]:
    low, high = float(found.min or 0.0), float(found.max or 0.0)
    if not math.isfinite(high - low):
        return []
    ends = edges(low, high, found.numbers, are_whole=are_whole)
    counts = [0] * (len(ends) - 1)
    for numbers in map(_numbers_of, _parts(cells)):
        _add_to_bars(counts, ends, numbers)
    return _named_bars(ends, counts, are_whole)


def _add_to_bars(counts: list[int], ends: list[float], numbers: pl.Series) -> None:
    width = ends[1] - ends[0]
    if not width:
        counts[0] += len(numbers)
        return
    places = ((numbers - ends[0]) / width).floor().clip(0, len(counts) - 1).cast(pl.Int64)
    for place, count in places.value_counts().iter_rows():
        counts[place] += count


def _named_bars(
    ends: list[float], counts: list[int], are_whole: bool
) -> list[tuple[str | float, str | float, int]]:
    pairs = zip(pairwise(ends), counts, strict=True)
    if are_whole and ends[0] != ends[-1]:
        return [(low, high - 1, count) for (low, high), count in pairs]
    return [(low, high, count) for (low, high), count in pairs]


def _bars_of_days(counted: ValueCounts) -> list[tuple[str | float, str | float, int]]:
    """The same of days."""
    numbers = map(_ordinal, counted.cells)
    days = [(n, count) for n, count in zip(numbers, counted.counts, strict=True) if n is not None]
    if not days:
        return []
    low, high = min(days)[0], max(days)[0]
    ends = edges(low, high, sum(count for _, count in days), are_whole=True)
    width = max(1.0, ends[1] - ends[0])
    found = [0] * (len(ends) - 1)
    for number, count in days:
        found[min(len(found) - 1, int((number - low) // width))] += count
    last = datetime.date.max.toordinal()
    return [
        (_iso(begin), _iso(min(float(end), last)), count)
        for begin, end, count in _named_bars(ends, found, True)
    ]


def _ordinal(value: Value) -> int | None:
    said = day(value) if value.__class__ is str else None
    if said is None:
        return None
    try:
        return datetime.date.fromisoformat(said[:10]).toordinal()
    except ValueError:
        return None


def _iso(number: str | float) -> str:
    return datetime.date.fromordinal(int(number)).isoformat()
