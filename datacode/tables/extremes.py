"""The least and the greatest of values that are all dates, durations, or amounts of money.

Source: builtins reference, 5.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from datacode.tables.date_columns import dates_of
from datacode.tables.duration_columns import seconds_of
from datacode.values.column_storage import ColumnData
from datacode.values.parse_text import amounts_of
from datacode.values.stored_column import batches, compare_by_parts, without_room
from datacode.values.types import Value


def extreme_of(cells: ColumnData, choose: Callable[..., Any]) -> Value:
    """The first cell that is the least or the greatest (``choose`` is ``min`` or ``max``).

    Empty cells do not count. None where cells are of another kind, or of several. Amounts in
    different currencies are a Runtime Error.
    """
    if without_room([cells]) is not None and compare_by_parts([cells]):
        return _extreme_in_parts(cells, choose)
    values = cells.values()
    if any(value is None for value in values):
        values = [value for value in values if value is not None]
        cells = ColumnData.of_list(values)
    if not values or any(value.__class__ is float for value in values):
        return None
    dates = dates_of(cells)
    keys: Any = None
    if dates is not None and dates.count == len(values):
        keys = dates.keys if isinstance(dates.keys, list) else dates.keys.to_list()
    elif (seconds := seconds_of(cells)) is not None:
        keys = seconds.values()
    else:
        keys = amounts_of(values)
    return None if keys is None else values[choose(range(len(values)), key=keys.__getitem__)]


def _extreme_in_parts(cells: ColumnData, choose: Callable[..., Any]) -> Value:
    """The same part by part, where dates are compared so within any part."""
    found: list[Value] = []
    for (part,) in batches([cells]):
        best = extreme_of(part, choose)
        if best is None:
            return None
        found.append(best)
    return extreme_of(ColumnData.of_list(found), choose)
