"""The order of ``table_sort``: that of ``sort``, stable, nulls first (builtins reference, 2.7).

Columns that are called Date are ordered by the dates.
"""

from __future__ import annotations

from datacode.tables.date_columns import dates_of, order_of_dates
from datacode.tables.money_columns import as_money, is_money
from datacode.values.column_storage import ColumnData, Indices
from datacode.values.lazy_polars import pl
from datacode.values.ordering import in_order, orders_itself, sort_key
from datacode.values.table import Table
from datacode.values.types import Value


def sorted_by(table: Table, position: int, *, descending: bool = False) -> Table:
    """The rows in the order of one column; equal ones keep their order, descending too."""
    return table.take(order_of(table.columns[position], descending=descending))


def sorted_cells(cells: ColumnData) -> list[Value]:
    """The cells in order, as ``sort`` gives them for a column."""
    dates = dates_of(cells)
    if dates is not None:
        values = cells.values()
        return [values[row] for row in order_of_dates(cells, dates, descending=False)]
    if is_money(cells):
        values = cells.values()
        return [values[row] for row in order_of(cells)]
    series = cells.series()
    return in_order(cells.values()) if series is None else series.sort().to_list()


def order_of(cells: ColumnData, *, descending: bool = False) -> Indices:
    """The numbers of the rows, in the order of their cells."""
    dates = dates_of(cells)
    if dates is not None:
        return order_of_dates(cells, dates, descending=descending)
    if is_money(cells):
        money = list(map(sort_key, as_money(cells)))
        return sorted(range(len(money)), key=money.__getitem__, reverse=descending)
    series = cells.series()
    if series is not None:
        return order_of_series(series, descending=descending, nulls_last=descending)
    values = cells.values()
    keys = values if orders_itself(values) else list(map(sort_key, values))
    return sorted(range(len(values)), key=keys.__getitem__, reverse=descending)


def order_of_series(series: pl.Series, *, descending: bool, nulls_last: bool) -> pl.Series:
    """The same by Polars, with nulls at either end.

    Its order is that of ``sort``: text by bytes, which is by code points, and NaN above all
    numbers.
    """
    if series.dtype == pl.Null:
        return pl.int_range(len(series), dtype=pl.UInt32, eager=True)
    order = pl.arg_sort_by(
        pl.col(series.name), descending=descending, nulls_last=nulls_last, maintain_order=True
    )
    return series.to_frame().select(order).to_series()
