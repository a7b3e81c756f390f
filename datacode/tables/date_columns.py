"""Columns that are called Date: compared, sorted and joined by the day, not by their texts.

A value that has no time stands for its whole day; among cells of which some have times, a cell
without one is a midnight. Source: tables and files reference, 1.3 and 1.7.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from datacode.tables.column_types import ColumnType, column_kind, dates_among
from datacode.tables.date_parsing import Dates
from datacode.values.column_storage import ColumnData, Indices, Mask
from datacode.values.date_text import (
    BEGINS_LIKE_A_DATE,
    DateKey,
    begins_like_a_date,
    could_be_date,
    date_key,
)
from datacode.values.lazy_polars import pl
from datacode.values.ordering import date_sort_key, sort_key
from datacode.values.stored_column import StoredColumn, is_plain
from datacode.values.types import Value


def dates_of(cells: ColumnData) -> Dates | None:
    """The dates of a column that is called Date; None for every other column."""
    if is_plain(cells):
        return None
    if not dates_among(cells).count:
        return None
    return dates_among(cells) if column_kind(cells).type is ColumnType.DATE else None


def dates_beside(cells: ColumnData, *values: Value) -> tuple[Dates, list[DateKey]] | None:
    """The dates of a column and those values, if the column is called Date and they are dates."""
    if any(v.__class__ is not str or not could_be_date(v) for v in values):
        return None
    dates = dates_of(cells)
    if dates is None:
        return None
    keys = [date_key(v, dates.order if "/" in v else None) for v in values]
    found = [key for key in keys if key is not None]
    return (dates, found) if len(found) == len(keys) else None


# Comparing with a value ------------------------------------------------------------


def compared(
    cells: ColumnData, dates: Dates, compare: Callable[[Any, Any], Any], text: str, value: DateKey
) -> Mask:
    """The rows whose date compares so with a value, of which ``text`` is the text.

    A cell that is no date but could be the beginning of one (``2024``) is compared as a text, all
    others never match.
    """
    keys, limit = dates.keys, value.moment
    by_day = dates.has_times and not value.has_time
    if isinstance(keys, list):
        return [
            compare(_midnight(key) if by_day else key, limit)
            if key is not None
            else cell.__class__ is str and begins_like_a_date(cell) and compare(cell, text)
            for key, cell in zip(keys, cells, strict=True)
        ]
    wanted = pl.lit(limit, dtype=pl.Datetime("us"))
    key = pl.col("key").dt.truncate("1d") if by_day else pl.col("key")
    series = cells.stored_series()
    if series is None or dates.count + series.null_count() == len(series):
        return keys.alias("key").to_frame().select(compare(key, wanted)).to_series()
    other = pl.col("text")
    as_text = other.str.contains(BEGINS_LIKE_A_DATE) & compare(other, pl.lit(text))
    mask = pl.when(pl.col("key").is_null()).then(as_text).otherwise(compare(key, wanted))
    frame = pl.DataFrame([keys.alias("key"), series.alias("text")])
    return frame.select(mask).to_series().fill_null(False)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def among(dates: Dates, values: list[DateKey]) -> Mask:
    """The rows whose date is one of the values."""
    moments = {v.moment for v in values if v.has_time or not dates.has_times}
    days = {v.day for v in values if not v.has_time} if dates.has_times else set()
    keys = dates.keys
    if isinstance(keys, list):
        return [k is not None and (k in moments or _midnight(k) in days) for k in keys]
    kind = pl.Datetime("us")
    mask = keys.is_in(pl.Series(list(moments), dtype=kind).implode())
    if days:
        mask |= keys.dt.truncate("1d").is_in(pl.Series(list(days), dtype=kind).implode())
    return mask.fill_null(False)


# Keys ------------------------------------------------------------------------------


def keyed(cells: ColumnData) -> ColumnData:
    """What to compare in place of a column: equal dates are equal, texts that are none stay.

    The column itself, unless it is called Date and has several texts for a date.
    """
    if _is_in_one_form(cells):
        return cells
    dates = dates_of(cells)
    if dates is None or dates.shape is not None:
        return cells
    return _keys(cells, dates, by_day=False, keep_texts=True)


def _is_in_one_form(cells: ColumnData) -> bool:
    """Is that known of a column in files, without a look at its cells?"""
    return isinstance(cells, StoredColumn) and cells.compares_by_parts


def has_several_forms(cells: ColumnData) -> bool:
    """Is the column called Date, so that different texts may be one date?"""
    if _is_in_one_form(cells):
        return False
    dates = dates_of(cells)
    return dates is not None and dates.shape is None


def keyed_pair(
    left: ColumnData, right: ColumnData, *, keep_texts: bool
) -> tuple[ColumnData, ColumnData]:
    """The same for two columns that are compared with each other.

    Where one of them has no times at all, it is by the days. Without ``keep_texts`` what is no
    date is null. The columns themselves unless both are called Date.
    """
    one, other = dates_of(left), dates_of(right)
    if one is None or other is None:
        return left, right
    if keep_texts and one.shape is not None and one.shape == other.shape:
        return left, right
    by_day = one.has_times is not other.has_times
    keep_texts = keep_texts and any(
        dates.count < column_kind(cells).filled for cells, dates in ((left, one), (right, other))
    )
    return (
        _keys(left, one, by_day=by_day, keep_texts=keep_texts),
        _keys(right, other, by_day=by_day, keep_texts=keep_texts),
    )


def _keys(cells: ColumnData, dates: Dates, *, by_day: bool, keep_texts: bool) -> ColumnData:
    """Dates as microseconds since 1970, or as texts in ISO form beside texts that are none."""
    keys = dates.keys
    if isinstance(keys, list):
        moments = [key if key is None or not by_day else _midnight(key) for key in keys]
        if not keep_texts:
            return ColumnData.of_list([None if m is None else _number(m) for m in moments])
        values = [
            value if moment is None else moment.isoformat(" ", "microseconds")
            for moment, value in zip(moments, cells, strict=True)
        ]
        return ColumnData.of_list(values)
    series = keys.dt.truncate("1d") if by_day else keys
    if not keep_texts:
        return ColumnData.of_series(series.to_physical().cast(pl.Float64))
    texts = series.dt.to_string("%Y-%m-%d %H:%M:%S%.6f")
    own = cells.stored_series()
    return ColumnData.of_series(pl.select(pl.coalesce([texts, own])).to_series())


_MICROSECOND = timedelta(microseconds=1)
_START = datetime(1970, 1, 1)


def _number(moment: datetime) -> float:
    return float((moment - _START) // _MICROSECOND)


# Order -----------------------------------------------------------------------------


def sort_keys(cells: ColumnData, dates: Dates) -> list[tuple[Any, ...]]:
    """What to order the cells by: as ``sort`` does, and the dates before other texts."""
    keys = dates.keys if isinstance(dates.keys, list) else dates.keys.to_list()
    return [
        sort_key(value) if key is None else date_sort_key(key)
        for key, value in zip(keys, cells, strict=True)
    ]


def order_of_dates(cells: ColumnData, dates: Dates, *, descending: bool) -> Indices:
    """The numbers of the rows in the order of a column that is called Date."""
    series = cells.series()
    if isinstance(dates.keys, list) or series is None:
        keys = sort_keys(cells, dates)
        return sorted(range(len(keys)), key=keys.__getitem__, reverse=descending)
    key, text = pl.col("key"), pl.col("text")
    by = [key]
    if dates.count + series.null_count() < len(series):
        by = [key.is_null() & text.is_not_null(), key, pl.when(key.is_null()).then(text)]
    order = pl.arg_sort_by(by, descending=descending, nulls_last=descending, maintain_order=True)
    frame = pl.DataFrame([dates.keys.alias("key"), series.alias("text")])
    return frame.select(order).to_series()
