"""What stands along an axis: numbers, times, periods or categories."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Literal

from datacode.charts import columns
from datacode.charts.labels import label
from datacode.charts.languages import LanguageRules, month_number
from datacode.charts.periods import MOMENT, PERIODS, all_between, beginnings, period_of
from datacode.errors import DataCodeError, runtime_error
from datacode.values.chart import Axis, ChannelDefinition, FieldName, TimeUnit
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl

MOST_CATEGORIES = 1000
"""Categories or periods along an axis."""


@dataclass(frozen=True, slots=True)
class AxisValues:
    """The place of each row along an axis; null where it has none.

    Places are numbers, moments or labels. Of categories and periods ``order`` has all in their
    order, those in between included.
    """

    places: pl.Series
    type: Literal["quantitative", "temporal", "ordinal", "nominal"]
    title: str
    unit: TimeUnit | None = None
    order: Sequence[Hashable] | None = None

    def channel(
        self, field: FieldName, rules: LanguageRules, title: str | None
    ) -> ChannelDefinition:
        """The axis as a part of a description; ``title`` in place of the column's name."""
        options: dict[str, Any] = {"title": self.title if title is None else title or None}
        if self.unit is not None:
            options["axis"] = Axis(format=rules.formats[self.unit])
            if self.unit != MOMENT.unit or self.type == "ordinal":
                options["time_unit"] = self.unit
        if self.type == "nominal":
            options["sort"] = None
        return ChannelDefinition(field=field, type=self.type, **options)


def continuous(cells: ColumnData, name: str, every: str | None, rules: LanguageRules) -> AxisValues:
    """A scale of time or of numbers where the column has these, categories otherwise."""
    moments = columns.moments(cells, name)
    title = label(name)
    if moments is not None:
        period = period_of(moments) if every is None else PERIODS[every]
        return AxisValues(beginnings(moments, period), "temporal", title, period.unit)
    _refuse_every(every, name)
    if columns.is_numeric(cells):
        return AxisValues(columns.numbers(cells, name).series, "quantitative", title)
    return categories(cells, name, rules)


def discrete(cells: ColumnData, name: str, every: str | None, rules: LanguageRules) -> AxisValues:
    """Periods where the column has dates, all from the first to the last; otherwise categories."""
    moments = columns.moments(cells, name)
    if moments is None:
        _refuse_every(every, name)
        return categories(cells, name, rules)
    period = period_of(moments) if every is None else PERIODS[every]
    places = beginnings(moments, period)
    different = places.drop_nulls().unique().sort()
    order: list[datetime] = []
    if len(different) > MOST_CATEGORIES:
        raise too_many_periods(name, len(different))
    if len(different):
        first, last = different[0], different[-1]
        between = () if period is MOMENT else all_between(first, last, period)
        order = list(islice(between, MOST_CATEGORIES + 1))
        if not order or len(order) > MOST_CATEGORIES:
            order = different.to_list()
    return AxisValues(places, "ordinal", label(name), period.unit, order)


def categories(cells: ColumnData, name: str, rules: LanguageRules) -> AxisValues:
    """Numbers in ascending order, names of months as in a year, all else as it comes."""
    if columns.is_numeric(cells):
        series = columns.numbers(cells, name).series
        different = series.drop_nulls().unique()
        if len(different) > MOST_CATEGORIES:
            raise too_many_categories(name, len(different))
        ascending = ColumnData.of_series(different.sort())
        order = columns.labels(ascending, rules.empty).to_list()
        return AxisValues(
            columns.labels(ColumnData.of_series(series), rules.empty),
            "nominal",
            label(name),
            order=order + ([rules.empty] if series.null_count() else []),
        )
    places = columns.labels(cells, rules.empty)
    found = places.unique(maintain_order=True)
    if len(found) > MOST_CATEGORIES:
        raise too_many_categories(name, len(found))
    order = found.to_list()
    numbers = {text: month_number(text) for text in order if text != rules.empty}
    if len(numbers) > 1 and all(numbers.values()):
        order.sort(key=lambda text: numbers.get(text) or 13)
    return AxisValues(places, "nominal", label(name), order=order)


def written(place: Any) -> Any:
    """A place as the description has it: dates as texts, as local times."""
    return place.isoformat(timespec="seconds") if isinstance(place, datetime) else place


def too_many_categories(name: str, count: int) -> DataCodeError:
    """There are so many that nobody could tell them apart."""
    return runtime_error(
        "chart_categories",
        "chart: column '{name}' has {count} different values, which are too many for an axis (at "
        "most {most}): group or filter the rows first",
        name=label(name),
        count=count,
        most=MOST_CATEGORIES,
    )


def too_many_periods(name: str, count: int) -> DataCodeError:
    """The same for dates, which can be put into longer periods."""
    return runtime_error(
        "chart_periods",
        "chart: column '{name}' has {count} different dates, which are too many for bars (at most "
        '{most}): every="month" puts them together, and a line shows them all',
        name=label(name),
        count=count,
        most=MOST_CATEGORIES,
    )


def _refuse_every(every: str | None, name: str) -> None:
    if every is not None:
        raise runtime_error(
            "chart_every_without_dates",
            "chart: every= is for dates, and column '{name}' holds other values",
            name=label(name),
        )
