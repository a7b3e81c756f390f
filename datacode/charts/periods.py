"""Dates as periods: to which day, month or year they belong, and those in between.

A period is known by the moment of its beginning. Weeks begin on Monday.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from datacode.values.chart import TimeUnit
from datacode.values.lazy_polars import pl


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time: for Polars, and how exactly its beginnings are written."""

    every: str
    unit: TimeUnit
    months: int = 0
    time: timedelta = timedelta(0)

    def after(self, moment: datetime) -> datetime | None:
        """The beginning of the next period; None where the calendar ends."""
        try:
            if not self.months:
                return moment + self.time
            number = moment.year * 12 + moment.month - 1 + self.months
            return datetime(number // 12, number % 12 + 1, 1)
        except (ValueError, OverflowError):
            return None


PERIODS: Mapping[str, Period] = {
    "year": Period("1y", "year", months=12),
    "quarter": Period("1q", "yearquarter", months=3),
    "month": Period("1mo", "yearmonth", months=1),
    "week": Period("1w", "yearmonthdate", time=timedelta(days=7)),
    "day": Period("1d", "yearmonthdate", time=timedelta(days=1)),
    "hour": Period("1h", "yearmonthdatehoursminutes", time=timedelta(hours=1)),
}

MOMENT = Period("1us", "yearmonthdatehoursminutes")
"""Not periods, but the dates themselves, with their time."""


def period_of(moments: pl.Series) -> Period:
    """The longest period that all the moments begin: years, quarters, months, days, or none."""
    found = moments.drop_nulls()
    if not len(found) or (found.dt.truncate("1d") != found).any():
        return MOMENT
    if (found.dt.day() != 1).any():
        return PERIODS["day"]
    months = set(found.dt.month().unique().to_list())
    if found.n_unique() > 1 and months == {1}:
        return PERIODS["year"]
    if len(months) > 1 and months <= {1, 4, 7, 10}:
        return PERIODS["quarter"]
    return PERIODS["month"]


def beginnings(moments: pl.Series, period: Period) -> pl.Series:
    """The beginning of the period of each moment."""
    return moments.dt.truncate(period.every)


def all_between(first: datetime, last: datetime, period: Period) -> Iterator[datetime]:
    """The beginnings of all periods from one to another."""
    moment: datetime | None = first
    while moment is not None and moment <= last:
        yield moment
        moment = period.after(moment)
