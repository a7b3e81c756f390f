"""Dates. They are texts in one of the forms that ``date`` accepts (builtins reference, 2.4).

A date computed from another is written in the same form. A date without a time is its midnight,
one without a zone is in UTC where the other has a zone.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta

from datacode.errors import DataCodeError, runtime_error, type_error
from datacode.runtime.builtins.arguments import exactly_whole
from datacode.runtime.builtins.registry import builtin
from datacode.values.date_text import Moment, moment_from_text
from datacode.values.text import debug
from datacode.values.types import Value

_LENGTHS = {
    "week": timedelta(weeks=1),
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
}
_MONTHS = {"year": 12, "month": 1}


def _moment(value: Value) -> Moment:
    """The date of a text, or the errors of ``date``."""
    if value.__class__ is not str:
        raise runtime_error("not_a_date", "Cannot convert {value} to date", value=debug(value))
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
            "Expected years, months, weeks, days, hours, minutes or seconds",
            unit=value,
        )
    return name


@builtin("dates")
def date_add(date: Value, amount: Value, unit: Value = "days") -> str:
    """The date so many ``years months weeks days hours minutes seconds`` later.

    A negative amount is earlier. A day that the month does not have becomes its last.

    Raises an error for text that is not a date (see ``date``), for an amount with a fraction,
    and beyond the year 9999.

    Example::

        print(date_add("2024-01-31", 1))                     # 2024-02-01
        print(date_add("31.01.2024", 1, unit="months"))     # 29.02.2024
    """
    moment = _moment(date)
    count = exactly_whole(amount, "date_add", "amount")
    name = _unit(unit)
    try:
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
    first, second = _moment(start).time, _moment(end).time
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


_WORD = re.compile(r"\[[^\]]*\]|[^\W\d_]+")
_PICTURE = re.compile(r"(?:YYYY|YY|MM|M|DD|D|HH|H|mm|ss|T)+")
_PART = re.compile(r"YYYY|YY|MM|M|DD|D|HH|H|mm|ss|T")


@builtin("dates")
def date_format(date: Value, format: Value) -> str:
    """The date as a text after a picture.

    In the picture ``YYYY YY MM M DD D HH H mm ss`` stand for the year, month, day, hour, minute
    and second; a single letter leaves out the leading zero. Other words stay, and so does
    everything in square brackets.

    Raises an error for text that is not a date (see ``date``).

    Example::

        print(date_format("2024-03-05", "DD.MM.YYYY"))                          # 05.03.2024
        print(date_format("2024-03-05 09:30:00", "D/M/YY [at] H:mm"))           # 5/3/24 at 9:30
    """
    time = _moment(date).time
    if format.__class__ is not str:
        raise type_error("String")
    parts = {
        "YYYY": f"{time.year:04}",
        "YY": f"{time.year % 100:02}",
        "MM": f"{time.month:02}",
        "M": str(time.month),
        "DD": f"{time.day:02}",
        "D": str(time.day),
        "HH": f"{time.hour:02}",
        "H": str(time.hour),
        "mm": f"{time.minute:02}",
        "ss": f"{time.second:02}",
        "T": "T",
    }

    def written(found: re.Match[str]) -> str:
        word = found[0]
        if word.startswith("["):
            return word[1:-1]
        if not _PICTURE.fullmatch(word):
            return word
        return _PART.sub(lambda part: parts[part[0]], word)

    return _WORD.sub(written, format)


@builtin("dates")
def year(date: Value) -> float:
    """The year of a date.

    Raises an error for text that is not a date (see ``date``).

    Example::

        print(year("2024-03-05"), year("05.03.24"))     # 2024 2024
    """
    return float(_moment(date).time.year)


@builtin("dates")
def month(date: Value) -> float:
    """The month of a date, 1 to 12.

    Where a date with slashes could be two days, the day stands first if both have two digits.

    Raises an error for text that is not a date (see ``date``).

    Example::

        print(month("2024-03-05"), month("05/03/2024"))     # 3 3
    """
    return float(_moment(date).time.month)


@builtin("dates")
def day(date: Value) -> float:
    """The day of the month of a date, 1 to 31.

    Raises an error for text that is not a date (see ``date``).

    Example::

        print(day("2024-03-05"))        # 5
    """
    return float(_moment(date).time.day)
