"""What a program asks of a chart, in terms of the table's columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from datacode.values.chart import Kind, Language
from datacode.values.table import Table

SYNONYMS: dict[str, Kind] = {
    "column": "bar",
    "columns": "bar",
    "bars": "bar",
    "horizontal": "barh",
    "hist": "histogram",
    "boxplot": "box",
    "point": "scatter",
    "points": "scatter",
    "heat map": "heatmap",
    "combo": "combined",
}
"""Other words for kinds, as other tools use them."""

FUNCTIONS = ("sum", "average", "median", "min", "max", "count", "distinct")
"""What several rows at one place of a chart can come to."""


@dataclass(frozen=True, slots=True)
class ChartRequest:
    """A chart of a table; columns by their positions.

    ``function`` is None where the program has not named one. ``bins`` is a number of bins, their
    limits in ascending order, or None.
    """

    table: Table
    kind: Kind
    x: int
    y: Sequence[int] = ()
    by: int | None = None
    line: Sequence[int] = ()
    value: int | None = None
    function: str | None = None
    every: str | None = None
    bins: int | Sequence[float] | None = None
    title: str | None = None
    x_title: str | None = None
    y_title: str | None = None
    width: int | None = None
    height: int | None = None
    language: Language | None = field(default=None)

    def name(self, position: int) -> str:
        """The name of a column."""
        return self.table.names[position]
