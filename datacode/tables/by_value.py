"""Results for every row of what has been computed once for each different value."""

from __future__ import annotations

from datacode.values.column_storage import ColumnData, typed
from datacode.values.lazy_polars import pl
from datacode.values.types import Value


def spread(cells: pl.DataFrame, known: pl.DataFrame, results: list[Value]) -> ColumnData:
    """For each row of cells the result that is known of it; null where none is."""
    names = known.columns
    made = typed(results)
    answers = pl.int_range(len(results), dtype=pl.UInt32, eager=True) if made is None else made
    found = cells.join(
        known.with_columns(answers.alias("result")),
        on=names,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )["result"]
    if made is not None:
        return ColumnData.of_series(found)
    return ColumnData.of_list([None if n is None else results[n] for n in found])
