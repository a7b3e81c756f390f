"""Tables as reports show them: numbers and dates as the reader's language writes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from datacode.charts.labels import label
from datacode.charts.languages import LanguageRules
from datacode.tables.date_columns import dates_of
from datacode.values.column_storage import ColumnData
from datacode.values.table import Table
from datacode.values.text import printed
from datacode.values.types import Value

MOST_ROWS = 2000
MOST_COLUMNS = 50
"""So much of a table stands in a report."""

_LONGEST_CELL = 500
_MOST_PLACES = 4
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table's names and cells as texts; ``is_number`` tells which columns stand to the right.

    ``left_out`` are rows and columns that are not shown.
    """

    names: list[str]
    rows: list[list[str]]
    is_number: list[bool]
    left_out: tuple[int, int]

    def note(self, rules: LanguageRules) -> str:
        """What is not shown of the table; empty where it is whole."""
        templates = (rules.more_rows, rules.more_columns)
        return "; ".join(
            template.format(count=rules.number(float(count)))
            for template, count in zip(templates, self.left_out, strict=True)
            if count
        )


def shown(table: Table, rules: LanguageRules) -> ShownTable:
    """The beginning of a table, for readers."""
    count, width = min(len(table), MOST_ROWS), min(len(table.columns), MOST_COLUMNS)
    columns = [_texts(cells, count, rules) for cells in table.columns[:width]]
    return ShownTable(
        [label(name) for name in table.names[:width]],
        [list(row) for row in zip(*(texts for texts, _ in columns), strict=True)],
        [is_number for _, is_number in columns],
        (len(table) - count, len(table.columns) - width),
    )


def _texts(cells: ColumnData, count: int, rules: LanguageRules) -> tuple[list[str], bool]:
    """The first cells of a column, and whether they are numbers."""
    values = cells.part(0, count)
    numbers = [value for value in values if value.__class__ is float]
    if numbers and len(numbers) + values.count(None) == len(values):
        write = _number_writer(numbers, rules)
        return ["" if value is None else write(value) for value in values], True
    dates = dates_of(cells)
    if dates is None:
        return [_text(value) for value in values], False
    unit = "yearmonthdatehoursminutes" if dates.has_times else "yearmonthdate"
    keys: list[datetime | None] = list(dates.keys[:count])
    pairs = zip(values, keys, strict=True)
    return [
        _text(value) if key is None else rules.date(key, unit)  # type: ignore[arg-type]
        for value, key in pairs
    ], False


def _number_writer(numbers: Sequence[float], rules: LanguageRules) -> Callable[[float], str]:
    """How the numbers of a column are written: all with as many decimals, years as years."""
    if all(n.is_integer() and _FIRST_YEAR <= n <= _LAST_YEAR for n in numbers):
        return lambda value: str(int(value))
    places = 0
    for value in numbers:
        while places < _MOST_PLACES and abs(round(value, places) - value) > 1e-9 * abs(value):
            places += 1
    return lambda value: rules.number(value, places)


def _text(value: Value) -> str:
    if value is None:
        return ""
    if value.__class__ in (list, dict):
        return "[…]" if value.__class__ is list else "{…}"
    return label(printed(value), _LONGEST_CELL)
