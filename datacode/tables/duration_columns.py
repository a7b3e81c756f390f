"""Columns of durations: compared by how long they are, not by their texts.

A column is one of durations if every cell that is not null is a text such as ``255:30:00``. Source:
tables and files reference, 1.3.
"""

from __future__ import annotations

from datacode.values.column_storage import ColumnData
from datacode.values.date_text import DURATION, could_be_duration, duration_seconds
from datacode.values.lazy_polars import pl
from datacode.values.stored_column import compare_by_parts
from datacode.values.types import Value


def are_durations(cells: ColumnData) -> bool:
    """Is it a column of durations?"""
    if compare_by_parts([cells]):
        return False
    if not cells.is_stored_as_series():
        values = [value for value in cells.values() if value is not None]
        return bool(values) and all(duration_of(value) is not None for value in values)
    series = cells.stored_series()
    if series is None or series.dtype != pl.String:
        return False
    first = series.first(ignore_nulls=True)
    if first is None or not could_be_duration(str(first)):
        return False
    return bool(series.str.contains(f"^{DURATION}$").all())


def duration_of(value: Value) -> float | None:
    """How many seconds a value lasts; None for what is no duration."""
    return duration_seconds(value) if value.__class__ is str else None


def seconds_of(cells: ColumnData) -> ColumnData | None:
    """The seconds of a column of durations; None for every other column."""
    if not are_durations(cells):
        return None
    series = cells.stored_series() if cells.is_stored_as_series() else None
    if series is None:
        return ColumnData.of_list([duration_of(value) for value in cells.values()])
    different = series.drop_nulls().unique()
    lengths = {text: duration_seconds(text) for text in different}
    made = series.replace_strict(lengths, default=None, return_dtype=pl.Float64)
    return ColumnData.of_series(made)


def seconds_beside(cells: ColumnData, *values: Value) -> tuple[ColumnData, list[float]] | None:
    """The seconds of a column of durations and of values; None unless all are durations."""
    wanted = [duration_of(value) for value in values]
    found = [seconds for seconds in wanted if seconds is not None]
    if len(found) < len(values):
        return None
    seconds = seconds_of(cells)
    return None if seconds is None else (seconds, found)
