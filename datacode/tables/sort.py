"""The order of ``table_sort``: that of ``sort``, stable, nulls first (builtins reference, 2.7).

Columns that are called Date are ordered by the dates.
"""

from __future__ import annotations

from collections.abc import Sequence

from datacode.tables.date_columns import dates_of, order_of_dates
from datacode.tables.duration_columns import are_durations, seconds_of
from datacode.tables.money_columns import as_money, is_money
from datacode.values import column_storage
from datacode.values.column_storage import ColumnData, Indices
from datacode.values.lazy_polars import pl
from datacode.values.ordering import in_order, orders_itself, sort_key
from datacode.values.stored_column import rows_of
from datacode.values.table import Table
from datacode.values.types import Value


def sorted_by(table: Table, position: int, *, descending: bool = False) -> Table:
    """The rows in the order of one column; equal ones keep their order, descending too."""
    found = _sorted_in_files(table, [(position, descending)])
    return found or table.take(order_of(table.columns[position], descending=descending))


def sorted_by_several(
    table: Table, positions: Sequence[int], descending: Sequence[bool], locale: str | None = None
) -> Table:
    """The rows in the order of several columns (``order_by``)."""
    keys = list(zip(positions, descending, strict=True))
    found = _sorted_in_files(table, keys) if locale is None else None
    return found or table.take(order_by(table, positions, descending, locale))


def _sorted_in_files(table: Table, keys: Sequence[tuple[int, bool]]) -> Table | None:
    """The table sorted by whoever has its rows in files; None where it has to be done here."""
    if not keys or any(table.columns[position].source is None for position, _ in keys):
        return None
    rows = rows_of(table.columns)
    columns = None if rows is None else rows.sorted(keys)
    return None if columns is None else Table(table.names, columns, len(table))


def sorted_cells(cells: ColumnData) -> list[Value]:
    """The cells in order, as ``sort`` gives them for a column."""
    dates = dates_of(cells)
    if dates is not None:
        values = cells.values()
        return [values[row] for row in order_of_dates(cells, dates, descending=False)]
    if is_money(cells) or are_durations(cells):
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
    cells = seconds_of(cells) or cells
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


# By several columns ----------------------------------------------------------------

LOCALES = ("ru", "en")
"""Languages by whose alphabet texts can be ordered."""


def order_by(
    table: Table, positions: Sequence[int], descending: Sequence[bool], locale: str | None = None
) -> Indices:
    """The numbers of the rows in the order of several columns, the first counting most.

    With a ``locale`` letter case does not count, and Ё follows Е.
    """
    found: Indices | None = None
    for position, is_descending in reversed(list(zip(positions, descending, strict=True))):
        cells = table.columns[position]
        if locale is not None:
            cells = in_alphabet(cells)
        if found is not None:
            (cells,) = column_storage.take([cells], found)
        order = order_of(cells, descending=is_descending)
        found = order if found is None else composed(found, order)
    return list(range(len(table))) if found is None else found


def composed(first: Indices, then: Indices) -> Indices:
    """The rows of ``first`` in the order ``then``."""
    if isinstance(first, list) and isinstance(then, list):
        return [first[i] for i in then]
    series = pl.Series(first, dtype=pl.UInt32) if isinstance(first, list) else first
    return series.gather(pl.Series(then, dtype=pl.UInt32) if isinstance(then, list) else then)


_AFTER_E = "е\U0010ffff"
"""What sorts behind every text that begins with Е, and before Ж."""


def in_alphabet(cells: ColumnData) -> ColumnData:
    """Texts to be ordered instead of the column's texts; other cells as they are."""
    series = cells.series()
    if series is not None:
        if series.dtype != pl.String:
            return cells
        lower = series.str.to_lowercase()
        return ColumnData.of_series(lower.str.replace_all("ё", _AFTER_E, literal=True))
    return ColumnData.of_list(
        [v.lower().replace("ё", _AFTER_E) if v.__class__ is str else v for v in cells]
    )
