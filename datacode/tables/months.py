"""``table_months``: a row for each month, those included in which nothing happened."""

from __future__ import annotations

from collections.abc import Sequence

from datacode.errors import runtime_error
from datacode.tables.column_types import dates_among
from datacode.tables.filters import are_filled
from datacode.tables.group import Aggregate, FunctionCaller, grouped
from datacode.tables.summaries import of_nothing
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl
from datacode.values.stored_column import by_parts, compare_by_parts
from datacode.values.table import Table
from datacode.values.text import printed


def by_months(
    table: Table, position: int, wanted: Sequence[Aggregate], call: FunctionCaller
) -> tuple[Table, int]:
    """A row for each month from the first to the last, and how many rows have no date.

    The month is the date of its first day. Where nothing happened sums and counts are 0, all else
    null. A cell that is neither a date nor null is a Runtime Error.
    """
    name = table.names[position]
    months = _months_of(table.columns[position], name)
    keyed = Table([*table.names, "month"], [*table.columns, months], len(table))
    dated = keyed.keep(are_filled(months))
    found = grouped(dated, [len(table.columns)], wanted, call)
    answers = {int(month): row for month, *row in found.rows()}
    nothing = [of_nothing(each.function) for each in wanted]
    rows = [
        [_text(month), *answers.get(month, nothing)]
        for month in (range(min(answers), max(answers) + 1) if answers else ())
    ]
    return Table.from_rows([name, *(each.name for each in wanted)], rows), len(table) - len(dated)


def _months_of(cells: ColumnData, name: str) -> ColumnData:
    """The month of each cell, counted from the year 0."""
    if compare_by_parts([cells]):
        return by_parts([cells], lambda part: [_months_of_part(part[0], name)])[0]
    return _months_of_part(cells, name)


def _months_of_part(cells: ColumnData, name: str) -> ColumnData:
    keys = dates_among(cells).keys
    if isinstance(keys, list):
        keys = keys or [None] * len(cells)
        months = ColumnData.of_list(
            [None if key is None else float(key.year * 12 + key.month - 1) for key in keys]
        )
    else:
        found = keys.dt.year().cast(pl.Float64) * 12 + keys.dt.month().cast(pl.Float64) - 1
        months = ColumnData.of_series(found)
        series = cells.stored_series()
        if series is not None and series.null_count() == found.null_count():
            return months
    for value, month in zip(cells, months, strict=True):
        if value is not None and month is None:
            raise runtime_error(
                "no_date_in_column",
                "Column '{name}': '{value}' is no date",
                name=name,
                value=printed(value)[:100],
            )
    return months


def _text(month: int) -> str:
    return f"{month // 12:04}-{month % 12 + 1:02}-01"
