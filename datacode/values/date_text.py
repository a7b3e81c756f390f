"""Which text is a date, and what it then means (builtins reference, 2.4).

Texts of all scripts reach these functions, from programs and from files, so every rule is about
ASCII digits only and none relies on what Python happens to accept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import Enum
from functools import lru_cache
from typing import NamedTuple


class DateForm(Enum):
    """How a date was written, so that a date computed from it can be written alike."""

    ISO = "{year:04}-{month:02}-{day:02}"
    ISO_SHORT = "{year:04}-{month}-{day}"
    DOTS = "{day:02}.{month:02}.{year:04}"
    DOTS_YY = "{day:02}.{month:02}.{yy:02}"
    DOTS_SHORT = "{day}.{month}.{year:04}"
    DAY_FIRST = "{day:02}/{month:02}/{year:04}"
    DAY_FIRST_YY = "{day:02}/{month:02}/{yy:02}"
    MONTH_FIRST = "{month:02}/{day:02}/{year:04}"
    MONTH_FIRST_YY = "{month:02}/{day:02}/{yy:02}"
    DAY_FIRST_SHORT = "{day}/{month}/{year:04}"
    DAY_FIRST_SHORT_YY = "{day}/{month}/{yy:02}"
    MONTH_FIRST_SHORT = "{month}/{day}/{year:04}"
    MONTH_FIRST_SHORT_YY = "{month}/{day}/{yy:02}"


_ALWAYS_WITH_TIME = (DateForm.DOTS, DateForm.DOTS_SHORT)


@dataclass(frozen=True, slots=True)
class Moment:
    """A date as a program wrote it: the time of the calendar, and the form.

    ``time`` is aware where the text named a zone. ``separator`` is what stands between date and
    time, None where the text has no time. ``fraction`` counts the digits behind the seconds.
    """

    time: datetime
    form: DateForm
    separator: str | None = None
    fraction: int = 0
    zulu: bool = False
    has_seconds: bool = True
    is_short_hour: bool = False

    def at(self, time: datetime) -> Moment:
        """The same form for another time, with hours and minutes where it needs them."""
        separator, form = self.separator, self.form
        if separator is None and (time.hour or time.minute or time.second or time.microsecond):
            separator = " "
            form = form if form in _ALWAYS_WITH_TIME else DateForm.ISO
        has_seconds = self.has_seconds or time.second != 0
        return replace(self, time=time, form=form, separator=separator, has_seconds=has_seconds)

    def text(self) -> str:
        """The moment in its form, which ``moment_from_text`` reads again."""
        time, form = self.time, self.form
        if form.name.endswith("_YY") and not 1970 <= time.year <= 2069:
            form = DateForm[form.name.removesuffix("_YY")]
        if form.name.endswith("_SHORT") and not 1900 <= time.year <= 2100:
            form = DateForm[form.name.removesuffix("_SHORT")]
        text = form.value.format(year=time.year, yy=time.year % 100, month=time.month, day=time.day)
        if self.separator is None:
            return text
        hour = str(time.hour) if self.is_short_hour else f"{time.hour:02}"
        text += (
            f"{self.separator}{hour}:{time:%M:%S}"
            if self.has_seconds
            else (f"{self.separator}{hour}:{time:%M}")
        )
        if self.fraction:
            text += "." + f"{time.microsecond:06}".ljust(self.fraction, "0")[: self.fraction]
        return text + self._zone()

    def _zone(self) -> str:
        offset = self.time.utcoffset()
        if offset is None:
            return ""
        if self.zulu:
            return "Z"
        minutes = round(offset / timedelta(minutes=1))
        return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


class DayOrder(Enum):
    """Which of the two numbers before the year is the day, where slashes separate them."""

    DAY_FIRST = "DAY_FIRST"
    MONTH_FIRST = "MONTH_FIRST"


_LONGEST = 35

_DATE = re.compile(
    r"""
    (?: (?P<iso>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2})
      | (?P<dots>[0-9]{1,2}\.[0-9]{1,2}\.(?:[0-9]{4}|[0-9]{2}))
      | (?P<slashes>[0-9]{1,2}/[0-9]{1,2}/(?:[0-9]{4}|[0-9]{2}))
    )
    (?: (?P<separator>[T ])
        (?P<hour>[0-9]{1,2}) : (?P<minute>[0-9]{2})
        (?: : (?P<second>[0-9]{2}) (?: \. (?P<fraction>[0-9]+) )? )?
        (?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?
    )?
    """,
    re.VERBOSE,
)


def is_date_text(text: str) -> bool:
    """Is the text a date (builtins reference, 2.4)?"""
    return moment_from_text(text) is not None


def could_be_date(text: str) -> bool:
    """Can the text be a date? A look at a few characters, before any parsing."""
    if not 6 <= len(text) <= _LONGEST or not "0" <= text[0] <= "9":
        return False
    return text[1] in "./" or text[2] in "./" or text[4] == "-"


def moment_from_text(text: str, order: DayOrder | None = None) -> Moment | None:
    """The date that a text is; None if it is none.

    A two-digit year lies between 1970 and 2069. Where ``01/02/2024`` could be two days, the
    ``order`` decides, and without one the day stands first if both parts have two digits, and the
    month otherwise.
    """
    if not could_be_date(text):
        return None
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    if match["iso"]:
        return _from_iso(match)
    if match["separator"] == "T" or match["zone"]:
        return None
    return _from_dots(match) if match["dots"] else _from_slashes(match, order)


def _from_iso(match: re.Match[str]) -> Moment | None:
    year, month, day = match["iso"].split("-")
    if len(match["iso"]) == 10:
        form = DateForm.ISO
    elif 1900 <= int(year) <= 2100 and match["separator"] is None:
        form = DateForm.ISO_SHORT
    else:
        return None
    if match["zone"] and match["separator"] != "T":
        return None
    zone = _zone(match["zone"])
    if match["zone"] and zone is None:
        return None
    return _moment(match, form, int(year), int(month), int(day), zone)


def _from_dots(match: re.Match[str]) -> Moment | None:
    day, month, year = match["dots"].split(".")
    if len(day) == len(month) == 2:
        form = DateForm.DOTS if len(year) == 4 else DateForm.DOTS_YY
    elif len(year) == 4 and 1900 <= int(year) <= 2100:
        form = DateForm.DOTS_SHORT
    else:
        return None  # 1.2.24 is as likely a version
    return _moment(match, form, _full_year(year), int(month), int(day))


def _from_slashes(match: re.Match[str], order: DayOrder | None) -> Moment | None:
    first, second, year_digits = match["slashes"].split("/")
    year = _full_year(year_digits)
    two_digits = len(first) == len(second) == 2
    if not two_digits and not 1900 <= year <= 2100:
        return None
    if order is None:
        order = _usual_order(int(first), int(second), two_digits)
    day, month = (first, second) if order is DayOrder.DAY_FIRST else (second, first)
    name = order.value + ("" if two_digits else "_SHORT") + ("" if len(year_digits) == 4 else "_YY")
    return _moment(match, DateForm[name], year, int(month), int(day))


def _usual_order(first: int, second: int, two_digits: bool) -> DayOrder:
    if two_digits:
        return DayOrder.DAY_FIRST if second <= 12 else DayOrder.MONTH_FIRST
    return DayOrder.MONTH_FIRST if first <= 12 else DayOrder.DAY_FIRST


def _full_year(digits: str) -> int:
    year = int(digits)
    if len(digits) == 4:
        return year
    return year + (2000 if year < 70 else 1900)


def _zone(text: str | None) -> tzinfo | None:
    """The zone ``Z`` or ``+03:00``; None for no text and for an impossible one."""
    if not text:
        return None
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:])
    if hours > 23 or minutes > 59:
        return None
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def _moment(
    match: re.Match[str],
    form: DateForm,
    year: int,
    month: int,
    day: int,
    zone: tzinfo | None = None,
) -> Moment | None:
    """A real day and time of the calendar, or None. Beyond microseconds digits are dropped."""
    fraction = match["fraction"] or ""
    micro = int(fraction[:6].ljust(6, "0") or "0")
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    try:
        time = datetime(year, month, day, hour, minute, second, micro, zone)
    except ValueError:
        return None
    if match["separator"] is None:
        return Moment(time, form)
    return Moment(
        time,
        form,
        match["separator"],
        len(fraction),
        match["zone"] == "Z",
        match["second"] is not None,
        len(match["hour"]) == 1,
    )


# Comparing -----------------------------------------------------------------------


class DateKey(NamedTuple):
    """What a date is compared by: its moment, its day, and whether its text has a time."""

    moment: datetime
    day: datetime
    has_time: bool


_KEPT = 8192
"""So many texts of dates are remembered: programs compare the same ones again and again."""


def date_key(text: str, order: DayOrder | None = None) -> DateKey | None:
    """What dates written as texts are compared by; None for a text that is no date.

    A time without a zone counts as UTC.
    """
    return _date_key(text, order) if could_be_date(text) else None


@lru_cache(_KEPT)
def _date_key(text: str, order: DayOrder | None) -> DateKey | None:
    found = moment_from_text(text, order)
    if found is None:
        return None
    time = found.time.replace(tzinfo=None)
    day = time.replace(hour=0, minute=0, second=0, microsecond=0)
    if found.time.tzinfo is not None:
        try:
            time = found.time.astimezone(UTC).replace(tzinfo=None)
        except OverflowError:
            return None
    return DateKey(time, day, found.separator is not None)


BEGINS_LIKE_A_DATE = r"^[0-9][0-9.:/ T-]*$"
_BEGINNING = re.compile(BEGINS_LIKE_A_DATE)


def begins_like_a_date(text: str) -> bool:
    """Could a text be a part of a date, as ``2024-0``? Dates are compared with it as texts."""
    return "0" <= text[:1] <= "9" and _BEGINNING.search(text) is not None


def both_dates(left: str, right: str) -> tuple[datetime, datetime] | None:
    """What two texts compare by if both are dates, else None.

    Where only one of them has a time, the other stands for its whole day.
    """
    one = date_key(left)
    other = None if one is None else date_key(right)
    if one is None or other is None:
        return None
    if one.has_time is other.has_time:
        return one.moment, other.moment
    return one.day, other.day


def order_told(text: str) -> DayOrder | None:
    """The order of day and month that a date with slashes can only have; None if both are possible.

    ``05/05/2024`` tells nothing. A text that is no date does not, either.
    """
    first, slash, rest = text.partition("/")
    second, other_slash, _ = rest.partition("/")
    if not slash or not other_slash or not (first.isdecimal() and second.isdecimal()):
        return None
    if int(first) > 12:
        return DayOrder.DAY_FIRST
    return DayOrder.MONTH_FIRST if int(second) > 12 else None


def has_two_digits(text: str) -> bool:
    """Has a date with slashes two digits for both the day and the month?"""
    return text[2:3] == "/" and text[5:6] == "/"


# Durations -----------------------------------------------------------------------

DURATION = r"(?P<sign>-?)(?P<hours>[0-9]{1,9}):(?P<minutes>[0-5][0-9])(?::(?P<seconds>[0-5][0-9]))?"
"""The form of a duration, for Python and for Polars."""

_DURATION = re.compile(DURATION)


def could_be_duration(text: str) -> bool:
    """Can the text be a duration? A look at a few characters, before any parsing."""
    return ":" in text[1:11] and len(text) <= _LONGEST_DURATION and "-" <= text[0] <= "9"


_LONGEST_DURATION = 16


def both_durations(left: str, right: str) -> tuple[float, float] | None:
    """The seconds of two texts that are both durations, else None."""
    one = duration_seconds(left) if could_be_duration(left) else None
    other = None if one is None else duration_seconds(right)
    return None if one is None or other is None else (one, other)


def duration_seconds(text: str) -> float | None:
    """How long a duration is that is written ``255:30:00`` or ``255:30``; None for other texts."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    minutes = int(match["hours"]) * 60 + int(match["minutes"])
    seconds = minutes * 60 + int(match["seconds"] or 0)
    return float(-seconds if match["sign"] else seconds)


def duration_text_of(seconds: float) -> str:
    """A duration as a text, rounded to seconds: ``09:05:00``, ``255:30:00``."""
    whole = round(seconds)
    sign, whole = ("-", -whole) if whole < 0 else ("", whole)
    return f"{sign}{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
