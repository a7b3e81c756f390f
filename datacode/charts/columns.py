"""The columns of a table as charts need them: numbers, labels, dates.

All of them are series of Polars, as tables may be long; what cannot be drawn is an error that
names the column, or a gap that is counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from datacode.charts.labels import label
from datacode.errors import DataCodeError, runtime_error
from datacode.tables.column_types import column_kind
from datacode.tables.date_columns import dates_of
from datacode.values.chart import LARGEST_NUMBER
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl
from datacode.values.parse_text import amounts_of
from datacode.values.text import printed
from datacode.values.types import Currency, Value


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column as Float64; ``gaps`` counts NaN, infinities and
    numbers beyond all measure, which are nulls now."""

    series: pl.Series
    gaps: int


def numbers(cells: ColumnData, name: str) -> Numbers:
    """A column of numbers or of money. A Runtime Error where it holds anything else."""
    series = cells.stored_series()
    if series is None or series.dtype == pl.String:
        values = cells.values()
        amounts = amounts_of([value for value in values if value is not None])
        if amounts is None:
            raise _no_number(values, name)
        found = iter(amounts)
        series = pl.Series(
            [None if value is None else next(found) for value in values], dtype=pl.Float64
        )
    elif series.dtype == pl.Null:
        series = series.cast(pl.Float64)
    elif series.dtype != pl.Float64:
        raise _no_number(cells.values(), name)
    filled = series.count()
    frame = pl.DataFrame([series.fill_nan(None).alias("n")])
    clean = frame.select(pl.when(pl.col("n").abs() <= LARGEST_NUMBER).then(pl.col("n"))).to_series()
    return Numbers(clean, filled - clean.count())


def _no_number(values: list[Value], name: str) -> DataCodeError:
    row, value = next(
        (row, value)
        for row, value in enumerate(values, 1)
        if value is not None and value.__class__ is not float and amounts_of([value]) is None
    )
    return runtime_error(
        "chart_needs_numbers",
        "chart: column '{name}' must hold numbers, but row {row} holds '{value}'",
        name=label(name),
        row=row,
        value=label(printed(value) if value.__class__ is not dict else "{}", 50),
    )


def is_numeric(cells: ColumnData) -> bool:
    """Does the column hold numbers and nothing else but nulls?"""
    series = cells.stored_series()
    return series is not None and series.dtype == pl.Float64


def labels(cells: ColumnData, empty: str) -> pl.Series:
    """A column as labels; ``empty`` stands for null and for what cannot be seen."""
    series = cells.stored_series()
    if series is None:
        return pl.Series([_label(value) or empty for value in cells], dtype=pl.String)
    different = series.unique(maintain_order=True).to_list()
    if series.dtype == pl.Null or not different:
        return pl.Series([empty], dtype=pl.String).new_from_index(0, len(series))
    known = pl.DataFrame(
        [
            pl.Series("key", different, dtype=series.dtype),
            pl.Series("label", [_label(value) or empty for value in different], dtype=pl.String),
        ]
    )
    frame = pl.DataFrame([series.alias("key")])
    joined = frame.join(known, on="key", how="left", nulls_equal=True, maintain_order="left")
    return joined["label"]


def _label(value: Value) -> str:
    if value is None:
        return ""
    if value.__class__ is str or value.__class__ is float or value.__class__ is bool:
        return label(printed(value))
    return label(value.text) if value.__class__ is Currency else label(type(value).__name__)


_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])|(0[1-9]|1[0-2])\.([0-9]{4})")


def moments(cells: ColumnData, name: str) -> pl.Series | None:
    """A column of dates, or of months (``2025-03``), as moments; None for any other.

    A Runtime Error where most cells are dates and some are not.
    """
    dates = dates_of(cells)
    if dates is None:
        return _months(cells)
    keys = dates.keys
    if isinstance(keys, list):
        keys = pl.Series(keys, dtype=pl.Datetime("us"))
    if dates.count < column_kind(cells).filled:
        value = next(v for v, key in zip(cells, keys, strict=True) if key is None and v is not None)
        raise runtime_error(
            "no_date_in_column",
            "Column '{name}': '{value}' is no date",
            name=label(name),
            value=label(printed(value), 50),
        )
    return keys.cast(pl.Datetime("us"))


def _months(cells: ColumnData) -> pl.Series | None:
    series = cells.stored_series()
    if series is None or series.dtype != pl.String:
        return None
    different = series.drop_nulls().unique().to_list()
    found = {text: _MONTH.fullmatch(text) for text in different}
    if not found or not all(found.values()):
        return None
    texts = {
        text: f"{match[1] or match[4]}-{match[2] or match[3]}-01"
        for text, match in found.items()
        if match is not None
    }
    known = pl.DataFrame({"key": list(texts), "text": list(texts.values())})
    frame = pl.DataFrame([series.alias("key")]).join(
        known, on="key", how="left", maintain_order="left"
    )
    read = pl.col("text").str.to_datetime("%Y-%m-%d", strict=False, time_unit="us")
    return frame.select(read).to_series()
