"""Tables as files of Polars: Parquet and Arrow, which keep the types of columns.

Source: tables and files reference, 2.7.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime

from datacode.i18n.message import Message
from datacode.tables.column_types import ColumnType, column_kind
from datacode.tables.json_records import check_names
from datacode.values.column_storage import ColumnData
from datacode.values.date_text import moment_from_text
from datacode.values.lazy_polars import pl
from datacode.values.table import Table
from datacode.values.text import printed
from datacode.values.types import Value

Warn = Callable[[Message], None]


def to_parquet(table: Table, warn: Warn) -> bytes:
    """The table as a Parquet file."""
    target = io.BytesIO()
    _frame(table, warn, "Parquet").write_parquet(target)
    return target.getvalue()


def to_arrow(table: Table, warn: Warn) -> bytes:
    """The table as an Arrow file."""
    target = io.BytesIO()
    _frame(table, warn, "Arrow").write_ipc(target)
    return target.getvalue()


def _frame(table: Table, warn: Warn, form: str) -> pl.DataFrame:
    """A column for each column: numbers (whole ones as such), bools, texts and dates.

    A column of several kinds of values is one of their printed texts, with a warning.
    """
    check_names(table, form)
    columns = {
        _in_unicode(name): _series(name, cells, warn)
        for name, cells in zip(table.names, table.columns, strict=True)
    }
    return pl.DataFrame(columns)


def _series(name: str, cells: ColumnData, warn: Warn) -> pl.Series:
    series = cells.stored_series()
    kind = column_kind(cells).type
    if series is None:
        texts = [None if value is None else _in_unicode(printed(value)) for value in cells]
        if len({value.__class__ for value in cells if value is not None}) > 1:
            warn(
                Message(
                    "mixed_column_as_text",
                    "Column '{name}' holds several kinds of values: they were written as texts",
                ).filled(name=name)
            )
        return pl.Series(texts, dtype=pl.String)
    if kind is ColumnType.INTEGER and float(series.abs().max() or 0) < 2**53:  # type: ignore[arg-type]
        return series.cast(pl.Int64)
    if kind is ColumnType.DATE and series.dtype == pl.String:
        days = _days(cells)
        return series if days is None else days
    return series


def _days(cells: ColumnData) -> pl.Series | None:
    """The dates of a column in which every text is one, all with a time or all without."""
    moments: list[datetime | None] = []
    have_time = set()
    for text in cells:
        moment = None if text is None else moment_from_text(text)
        if text is not None and (moment is None or moment.time.tzinfo is not None):
            return None
        moments.append(None if moment is None else moment.time)
        if moment is not None:
            have_time.add(moment.separator is not None)
    if have_time == {False}:
        days: list[date | None] = [moment and moment.date() for moment in moments]
        return pl.Series(days, dtype=pl.Date)
    return pl.Series(moments, dtype=pl.Datetime("us")) if have_time == {True} else None


def _in_unicode(text: Value) -> str:
    """The text without halves of surrogate pairs, which UTF-8 does not have."""
    return str(text).encode("utf-8", "replace").decode()
