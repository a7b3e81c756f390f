"""Dates. They are texts in one of the forms that ``date`` accepts (builtins reference, 2.4).

A date computed from another is written in the same form. A date without a time is its midnight,
one without a zone is in UTC where the other has a zone.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from datacode.errors import DataCodeError, runtime_error, type_error
from datacode.runtime.builtins.arguments import exactly_whole
from datacode.runtime.builtins.durations import seconds_of
from datacode.runtime.builtins.registry import builtin
from datacode.runtime.host import Host
from datacode.values.date_text import Moment, moment_from_text
from datacode.values.described import described
from datacode.values.types import Value

_LENGTHS = {
    "week": timedelta(weeks=1),
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
}
_MONTHS = {"year": 12, "quarter": 3, "month": 1}


def moment_of(value: Value) -> Moment:
    """The date of a text, or the errors of ``date``."""
    if value.__class__ is not str:
        raise runtime_error("not_a_date", "Cannot convert {value} to date", value=described(value))
    moment = moment_from_text(value)
    if moment is None:
        raise runtime_error("bad_date", "Cannot parse '{text}' as date", text=value)
    return moment


def _unit(value: Value) -> str:
    """A unit of time, its name in the singular."""
    if value.__class__ is not str:
        raise type_error("String")
    name = str(value).lower()
    name = name.removesuffix("s")
    if name not in _LENGTHS and name not in _MONTHS:
        raise runtime_error(
            "unknown_unit_of_time",
            "Unknown unit of time: {unit}. "
            "Expected years, quarters, months, weeks, days, hours, minutes or seconds",
            unit=value,
        )
    return name


@builtin("dates")
def date_add(date: Value, amount: Value, unit: Value = "days") -> str:
    """The date so many ``years quarters months weeks days hours minutes seconds`` later.

    A negative amount is earlier. A day that the month does not have becomes its last. An amount
    can be a duration, ``'36:30:00'``.

    Raises an error for text that is not a date (see ``date``), for an amount with a fraction,
    and beyond the year 9999.

    Example::

        print(date_add("2024-01-31", 1))                     # 2024-02-01
        print(date_add("31.01.2024", 1, unit="months"))     # 29.02.2024
    """
    moment = moment_of(date)
    length = None if amount.__class__ is not str else seconds_of(amount)
    count = 0 if length is not None else exactly_whole(amount, "date_add", "amount")
    name = _unit(unit)
    try:
        if length is not None:
            return moment.at(moment.time + timedelta(seconds=length)).text()
        if name in _MONTHS:
            return moment.at(_months_later(moment.time, count * _MONTHS[name])).text()
        return moment.at(moment.time + count * _LENGTHS[name]).text()
    except (OverflowError, ValueError):
        raise _no_such_year("date_add") from None


def _no_such_year(function: str) -> DataCodeError:
    return runtime_error(
        "year_out_of_range",
        "{function}: the year would not lie between 1 and 9999",
        function=function,
    )


def _months_later(time: datetime, months: int) -> datetime:
    year, month = divmod(time.year * 12 + time.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise ValueError(year)
    return time.replace(
        year=year, month=month + 1, day=min(time.day, monthrange(year, month + 1)[1])
    )


@builtin("dates")
def date_diff(start: Value, end: Value, unit: Value = "days") -> float:
    """How many days (or another unit, see ``date_add``) lie between two dates.

    Negative if ``end`` is the earlier one. Years and months are counted when they are complete;
    the other units can have a fraction.

    Raises an error for text that is not a date (see ``date``) and for an unknown unit.

    Example::

        print(date_diff("2024-01-31", "2024-03-01"))                        # 30
        print(date_diff("2024-01-31", "2024-03-01", unit="months"))         # 1
        print(date_diff("2024-01-31", "2024-01-31 18:00:00"))               # 0.75
    """
    first, second = moment_of(start).time, moment_of(end).time
    name = _unit(unit)
    if (first.tzinfo is None) != (second.tzinfo is None):
        first, second = _in_utc(first), _in_utc(second)
    if name in _LENGTHS:
        return (second - first) / _LENGTHS[name]
    try:
        second = second.astimezone(first.tzinfo) if first.tzinfo else second
        complete = _complete_months(*sorted((first, second)))
    except OverflowError:
        raise _no_such_year("date_diff") from None
    return float(complete // _MONTHS[name] * (1 if first <= second else -1))


def _in_utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


def _complete_months(first: datetime, second: datetime) -> int:
    months = (second.year - first.year) * 12 + second.month - first.month
    return months if _months_later(first, months) <= second else months - 1


@builtin("dates")
def year(date: Value) -> float:
    """The year of a date.

    Raises an error for text that is not a date (see ``date``).

    Example::

        print(year("2024-03-05"), year("05.03.24"))     # 2024 2024
    """
    return float(moment_of(date).time.year)


@builtin("dates")
def month(date: Value) -> float:
    """The month of a date, 1 to 12.

    Where a date with slashes could be two days, the day stands first if both have two digits.

    Raises an error for text that is not a date (see ``date``).

    Example::

        print(month("2024-03-05"), month("05/03/2024"))     # 3 3
    """
    return float(moment_of(date).time.month)


@builtin("dates")
def day(date: Value) -> float:
    """The day of the month of a date, 1 to 31.

    Raises an error for text that is not a date (see ``date``).

    Example::

        print(day("2024-03-05"))        # 5
    """
    return float(moment_of(date).time.day)


@builtin("dates")
def quarter(date: Value) -> float:
    """The quarter of a date, 1 to 4.

    Raises an error for text that is not a date (see ``date``).

    Example::

        print(quarter("2024-03-05"), quarter("1.12.2025"))      # 1 4
    """
    return float((moment_of(date).time.month + 2) // 3)


@builtin("dates")
def week(date: Value) -> float:
    """The number of the week in the year, after ISO 8601: the first has the year's first Thursday.

    Raises an error for text that is not a date (see ``date``).

    Example::

        print(week("2025-12-15"), week("2027-01-01"))       # 51 53
    """
    return float(moment_of(date).time.isocalendar().week)


@builtin("dates")
def weekday(date: Value) -> float:
    """The day of the week of a date, from Monday, 1, to Sunday, 7.

    Raises an error for text that is not a date (see ``date``).

    Example::

        print(weekday("2025-12-15"), weekday("21.12.2025"))     # 1 7
    """
    return float(moment_of(date).time.isoweekday())


_UNITS_OF_TIME = ("hour", "minute", "second")


@builtin("dates")
def date_trunc(date: Value, unit: Value) -> str:
    """The beginning of the ``year quarter month week day hour minute second`` of a date.

    Weeks begin on Monday. A whole day has no time, unless the date has a time zone.

    Raises an error for text that is not a date (see ``date``), and for any other unit.

    Example::

        print(date_trunc("15.12.2025 17:18", "month"))      # 01.12.2025
        print(date_trunc("2025-12-17", "week"))             # 2025-12-15
        print(date_trunc("15.12.2025 17:18", "hour"))       # 15.12.2025 17:00
    """
    moment, name = moment_of(date), _unit(unit)
    time = moment.time.replace(microsecond=0)
    if name != "second":
        time = time.replace(second=0)
    if name == "hour":
        time = time.replace(minute=0)
    if name in _UNITS_OF_TIME:
        return replace(moment, time=time, fraction=0).text()
    time = time.replace(hour=0, minute=0)
    if name == "week":
        time = _week_of(time)
    elif name in _MONTHS:
        months = _MONTHS[name]
        time = time.replace(day=1, month=(time.month - 1) // months * months + 1)
    if time.tzinfo is None:
        return replace(moment, time=time, fraction=0, separator=None).text()
    return replace(moment, time=time, fraction=0).text()


def _week_of(time: datetime) -> datetime:
    try:
        return time - timedelta(days=time.weekday())
    except OverflowError:
        raise _no_such_year("date_trunc") from None


@builtin("dates")
def date_range(
    host: Host, start: Value, end: Value, step: Value = 1.0, unit: Value = "days"
) -> list[Value]:
    """The dates from one to another, both included, in the form of the first.

    ``step`` is how many units (see ``date_add``) lie between two of them; a negative one goes
    back. Months are counted from the first date: after 31 January comes the last day of February.

    Raises an error for text that is not a date (see ``date``), for a step of 0 or with a fraction,
    and if there would be too many dates.

    Example::

        print(date_range("30.12.2025", "02.01.2026"))
        # [30.12.2025, 31.12.2025, 01.01.2026, 02.01.2026]
        print(date_range("2025-01-31", "2025-04-30", unit="months"))
        # [2025-01-31, 2025-02-28, 2025-03-31, 2025-04-30]
    """
    moment, last = moment_of(start), moment_of(end).time
    count, name = exactly_whole(step, "date_range", "step"), _unit(unit)
    if count == 0:
        raise runtime_error("date_range_step", "date_range: step cannot be 0")
    if (moment.time.tzinfo is None) != (last.tzinfo is None):
        last = _in_utc(last) if moment.time.tzinfo else last.replace(tzinfo=None)
    host.check_size(_most_steps(moment.time, last, count, name), 80)
    found: list[Value] = []
    while True:
        try:
            if name in _MONTHS:
                time = _months_later(moment.time, len(found) * count * _MONTHS[name])
            else:
                time = moment.time + len(found) * count * _LENGTHS[name]
        except (OverflowError, ValueError):
            return found
        if (time > last) if count > 0 else (time < last):
            return found
        found.append(moment.at(time).text())


def _most_steps(first: datetime, last: datetime, count: int, name: str) -> float:
    """At most about so many dates lie between the two."""
    length = _LENGTHS.get(name) or timedelta(days=28 * _MONTHS.get(name, 1))
    return max(0.0, (last - first) / (length * count)) if abs(count) < 10**9 else 1.0
