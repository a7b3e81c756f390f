"""The different values of a column of a table that is shown in a grid, and how often each occurs.

As in ``grid_view``, values are what a page shows, and everything may be called from another thread
than the program's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from datacode.tables.column_types import ColumnType
from datacode.tables.filters import is_utf8
from datacode.tables.grid_view import order_of
from datacode.tables.show import plain
from datacode.values import column_storage
from datacode.values.column_storage import ColumnData, Indices
from datacode.values.lazy_polars import pl
from datacode.values.text import printed
from datacode.values.types import Value

LONGEST = 1000
"""Texts of more characters are counted and not listed: nobody chooses among them."""


@dataclass(frozen=True, slots=True)
class ValueCounts:
    """Different values in a column, and how many cells have each; null is one of them."""

    cells: ColumnData
    counts: pl.Series

    def listed(self, places: Sequence[int]) -> list[tuple[Value, int]]:
        """Some of them, as a page shows them."""
        return [(plain(self.cells.cell(place)), int(self.counts[place])) for place in places]

    def null(self) -> int | None:
        """Where null is among them, if it is."""
        series = self.cells.series()
        if series is None:
            return next((place for place, cell in enumerate(self.cells) if cell is None), None)
        return next(iter(series.is_null().arg_true()), None)

    def most_frequent(self, most: int) -> list[int]:
        """The places of those with the most cells but for null; equal ones in their order."""
        null = self.null()
        frame = pl.DataFrame([self.counts.alias("count")]).with_row_index("place")
        if null is not None:
            frame = frame.filter(pl.col("place") != null)
        order = frame.sort("count", "place", descending=[True, False])
        return order["place"].head(most).to_list()


def value_counts(cells: ColumnData) -> ValueCounts:
    """The different values in the order in which they first appear."""
    series = cells.series()
    if series is not None:
        frame = pl.DataFrame([series.alias("cells")]).group_by("cells", maintain_order=True).len()
        return ValueCounts(ColumnData.of_series(frame["cells"]), frame["len"])
    counts: Counter[tuple[type, Value]] = Counter()
    for cell in cells:
        said = plain(cell)
        counts[said.__class__, said] += 1
    values = ColumnData.of_list([value for _, value in counts])
    return ValueCounts(values, pl.Series(list(counts.values()), dtype=pl.UInt32))


def matching_values(
    counted: ValueCounts, kind: ColumnType, search: str, most: int
) -> tuple[list[tuple[Value, int]], int]:
    """The values in whose text ``search`` stands, in the order of the grid, and how many there are.

    Letter case aside; at most ``most`` are listed, null first.
    """
    needle = search.strip().lower()
    if needle:
        places: Indices = _places(counted.cells, needle)
        counted = ValueCounts(
            column_storage.take([counted.cells], places)[0],
            counted.counts.gather(pl.Series(places, dtype=pl.UInt32)),
        )
    order = order_of(counted.cells, kind, descending=False)
    first = list(order[: most + _SPARE])
    null = counted.null()
    if null is not None:  # the last in the order
        first = [null, *(place for place in first if place != null)]
    listed = [
        (value, count)
        for value, count in counted.listed(first)
        if value.__class__ is not str or len(value) <= LONGEST
    ]
    return listed[:most], len(counted.counts)


_SPARE = 100
"""So many values more are looked at, as some may be too long to be listed."""


def _places(cells: ColumnData, needle: str) -> list[int]:
    """Where the values are that are looked for."""
    series = cells.series()
    if series is not None and series.dtype == pl.String and is_utf8(needle):
        found = series.str.to_lowercase().str.contains(needle, literal=True)
        return found.fill_null(False).arg_true().to_list()
    return [place for place, cell in enumerate(cells) if needle in printed(plain(cell)).lower()]
