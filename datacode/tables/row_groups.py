"""Groups of rows that are equal in some columns, for Polars: keys for ``over`` and ``group_by``.

NaN is in one group with NaN, null with null, and a date with the same date, as in ``table_group``.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from datacode.tables.date_columns import keyed
from datacode.values.column_storage import ColumnData
from datacode.values.hashing import HashKeys
from datacode.values.lazy_polars import pl


def group_keys(columns: Sequence[ColumnData], length: int) -> list[pl.Series]:
    """Series in which exactly the rows of one group are equal: ``key 0``, ``key 1`` and so on.

    Typed columns are keys themselves; of others each group has a number. Without columns all rows
    are one group.
    """
    columns = [keyed(cells) for cells in columns]
    series = [cells.series() for cells in columns]
    if columns and all(s is not None for s in series):
        return [
            (s.cast(pl.Boolean) if s.dtype == pl.Null else s).alias(f"key {number}")
            for number, s in enumerate(series)
            if s is not None
        ]
    if not columns:
        return [pl.Series("key 0", [0], dtype=pl.UInt32).new_from_index(0, length)]
    numbers: dict[Hashable, int] = {}
    key_of = HashKeys(nan_equal=True).of_row
    found = [
        numbers.setdefault(key_of(values), len(numbers)) for values in zip(*columns, strict=True)
    ]
    return [pl.Series("key 0", found, dtype=pl.UInt32)]
