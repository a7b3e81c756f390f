"""Which text is a number, a date or money, and what it then means.

Texts of all scripts reach these functions, from programs and from files, so every rule is about
ASCII digits only and none relies on what Python happens to accept.

Source: builtins reference, 2.3 to 2.5; tables and files reference, 5.4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import Enum

WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""The characters with Unicode's property White_Space; ``str.strip()`` alone takes four more."""

# Numbers ---------------------------------------------------------------------

_NUMBER = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf|infinity|nan)", re.IGNORECASE
)


_SPACES_IN_NUMBERS = " \xa0\u202f\u2009\u2007\u2008"
"""The spaces that group digits: plain, no-break, narrow, thin, as wide as a digit or a point."""

_LARGEST_EXACT = 15
"""A float keeps so many significant digits of any number."""

_SHORTEST_PHONE = 7


def number_from_text(text: str, decimal: str = ".", thousands: str | None = None) -> float | None:
    """The number that a text is, white space around it ignored; None if it is none.

    ``decimal`` separates the decimal places. ``thousands`` groups three digits each before them; a
    space stands for every kind of space.
    """
    text = text.strip(WHITE_SPACE)
    if thousands is not None:
        text = _ungrouped(text, decimal, thousands)
    if decimal != ".":
        if "." in text:
            return None
        text = text.replace(decimal, ".")
    return float(text) if text.isascii() and _NUMBER.fullmatch(text) else None


def _ungrouped(text: str, decimal: str, thousands: str) -> str:
    """The text without what groups its digits; as it is where the groups have not three digits."""
    whole, point, places = text.partition(decimal)
    if thousands in _SPACES_IN_NUMBERS:
        for each in _SPACES_IN_NUMBERS:
            whole = whole.replace(each, thousands)
    first, *groups = whole.split(thousands)
    if not groups or not 1 <= len(first.lstrip("+-")) <= 3:
        return text
    if any(len(group) != 3 or not group.isdecimal() for group in groups):
        return text
    return first + "".join(groups) + point + places


_PLAIN_INTEGER = re.compile("[+-]?[0-9]+")
_CODE_WITH_E = re.compile("[+-]?[0-9]{2,}[eE][0-9]+")


def comes_back(text: str) -> bool:
    """Is a text that is a number safe to be kept as one, without losing what it says?

    Not with more than 15 significant digits in an integer, not beyond what a float can hold, not
    for digits around an E as identifiers have them (``12E45``; exponents come with one digit before
    them, a point or a sign), and not for a plus and at least seven digits, which is a telephone.
    """
    text = text.strip(WHITE_SPACE)
    if _PLAIN_INTEGER.fullmatch(text):
        digits = text.lstrip("+-")
        if text[0] == "+" and len(digits) >= _SHORTEST_PHONE:
            return False
        return len(digits) <= _LARGEST_EXACT or len(digits.strip("0")) <= _LARGEST_EXACT
    if _CODE_WITH_E.fullmatch(text):
        return False
    number = number_from_text(text)
    if number is None or text.lstrip("+-")[:1] not in "0123456789.":
        return True
    has_digit = any(c in "123456789" for c in re.split("[eE]", text)[0])
    return abs(number) != float("inf") and (number != 0 or not has_digit)


# Dates -----------------------------------------------------------------------


class DateForm(Enum):
    """How a date was written, so that a date computed from it can be written alike."""

    ISO = "{year:04}-{month:02}-{day:02}"
    ISO_SHORT = "{year:04}-{month}-{day}"
    DOTS = "{day:02}.{month:02}.{year:04}"
    DOTS_YY = "{day:02}.{month:02}.{yy:02}"
    DAY_FIRST = "{day:02}/{month:02}/{year:04}"
    DAY_FIRST_YY = "{day:02}/{month:02}/{yy:02}"
    MONTH_FIRST = "{month:02}/{day:02}/{year:04}"
    MONTH_FIRST_YY = "{month:02}/{day:02}/{yy:02}"
    DAY_FIRST_SHORT = "{day}/{month}/{year:04}"
    DAY_FIRST_SHORT_YY = "{day}/{month}/{yy:02}"
    MONTH_FIRST_SHORT = "{month}/{day}/{year:04}"
    MONTH_FIRST_SHORT_YY = "{month}/{day}/{yy:02}"


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

    def at(self, time: datetime) -> Moment:
        """The same form for another time, with hours and minutes where it needs them."""
        separator, form = self.separator, self.form
        if separator is None and (time.hour or time.minute or time.second or time.microsecond):
            separator = " "
            form = form if form is DateForm.DOTS else DateForm.ISO
        return replace(self, time=time, form=form, separator=separator)

    def text(self) -> str:
        """The moment in its form, which ``moment_from_text`` reads again."""
        time, form = self.time, self.form
        if form.name.endswith("_YY") and not 1970 <= time.year <= 2069:
            form = DateForm[form.name.removesuffix("_YY")]
        text = form.value.format(year=time.year, yy=time.year % 100, month=time.month, day=time.day)
        if self.separator is None:
            return text
        text += f"{self.separator}{time:%H:%M:%S}"
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


_DATE = re.compile(
    r"""
    (?P<iso>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2})
      (?: (?P<separator>[T ]) (?P<iso_time>[0-9]{2}:[0-9]{2}:[0-9]{2})
          (?: (?:\.(?P<fraction>[0-9]+))? (?P<zone>Z|[+-][0-9]{2}:[0-9]{2}) )? )?
    | (?P<dots>[0-9]{2}\.[0-9]{2}\.(?:[0-9]{4}|[0-9]{2}))
      (?: [ ] (?P<dots_time>[0-9]{2}:[0-9]{2}:[0-9]{2}) )?
    | (?P<slashes>[0-9]{1,2}/[0-9]{1,2}/(?:[0-9]{4}|[0-9]{2}))
    """,
    re.VERBOSE,
)


def is_date_text(text: str) -> bool:
    """Is the text a date (builtins reference, 2.4)?"""
    return moment_from_text(text) is not None


def day_key(text: str) -> datetime | None:
    """What dates written as texts are compared by; None for a text that is no date.

    A time without a zone counts as UTC.
    """
    moment = moment_from_text(text)
    if moment is None:
        return None
    time = moment.time
    return time if time.tzinfo is None else time.astimezone(UTC).replace(tzinfo=None)


def moment_from_text(text: str) -> Moment | None:
    """The date that a text is; None if it is none.

    A two-digit year lies between 1970 and 2069. Where ``01/02/2024`` could be two days, the
    day stands first if both parts have two digits, and the month otherwise.
    """
    if not 6 <= len(text) <= 35 or not "0" <= text[0] <= "9":
        return None
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    if match["iso"]:
        return _from_iso(match)
    if match["dots"]:
        return _from_dots(match)
    return _from_slashes(match["slashes"])


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
    time = _moment(int(year), int(month), int(day), match["iso_time"], match["fraction"], zone)
    if time is None:
        return None
    fraction = len(match["fraction"] or "")
    return Moment(time, form, match["separator"], fraction, match["zone"] == "Z")


def _from_dots(match: re.Match[str]) -> Moment | None:
    day, month, year = match["dots"].split(".")
    if match["dots_time"] and len(year) == 2:
        return None
    time = _moment(_full_year(year), int(month), int(day), match["dots_time"])
    if time is None:
        return None
    form = DateForm.DOTS if len(year) == 4 else DateForm.DOTS_YY
    return Moment(time, form, " " if match["dots_time"] else None)


def _from_slashes(text: str) -> Moment | None:
    first, second, year_digits = text.split("/")
    year = _full_year(year_digits)
    two_digits = len(first) == len(second) == 2
    day_first = _moment(year, int(second), int(first))
    month_first = _moment(year, int(first), int(second))
    if two_digits:
        is_month_first = day_first is None
    elif 1900 <= year <= 2100:
        is_month_first = month_first is not None
        if not is_month_first and int(first) <= 12:
            return None
    else:
        return None
    time = month_first if is_month_first else day_first
    if time is None:
        return None
    name = "MONTH_FIRST" if is_month_first else "DAY_FIRST"
    name += ("" if two_digits else "_SHORT") + ("" if len(year_digits) == 4 else "_YY")
    return Moment(time, DateForm[name])


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
    year: int,
    month: int,
    day: int,
    time: str | None = None,
    fraction: str | None = None,
    zone: tzinfo | None = None,
) -> datetime | None:
    """A real day and time of the calendar, or None. Beyond microseconds digits are dropped."""
    hour, minute, second = map(int, (time or "00:00:00").split(":"))
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    try:
        return datetime(year, month, day, hour, minute, second, micro, zone)
    except ValueError:
        return None


# Money -----------------------------------------------------------------------

_SYMBOLS = "$€₽£¥₹₩₪₦₡₨₫₱₲₴₵₸₼"
_SPACES = " \xa0\u202f"
"""A plain space, and the two that keep the digits of an amount on one line."""

_ANY_CODE = (
    "USD|EUR|RUB|GBP|JPY|CNY|INR|KRW|CAD|AUD|CHF|SEK|NOK|DKK|PLN|CZK|HUF|RON|BGN|HRK|RSD|BAM|MKD"
    "|ALL|TRY|UAH|BYN|MDL|GEL|AMD|AZN|KZT|KGS|TJS|TMT|UZS"
)
_HAS_MARK = re.compile(
    rf"[{_SYMBOLS}]|\A(?:{_ANY_CODE})|(?:{_ANY_CODE})\Z", re.IGNORECASE | re.ASCII
)
_HAS_CODE = re.compile(_ANY_CODE, re.IGNORECASE | re.ASCII)
_MARK = re.compile(rf"[{_SYMBOLS}]|{_ANY_CODE}", re.IGNORECASE | re.ASCII)
_PLAIN = re.compile(rf"[0-9+\-.,{_SPACES}{_SYMBOLS}]+")
_WITH_LETTERS = re.compile(rf"[0-9+\-.,{_SPACES}{_SYMBOLS}A-Za-z]+")
_ASCII_DIGIT = re.compile("[0-9]")
_AMOUNT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")


def is_money_text(text: str) -> bool:
    """Is the text an amount of money (builtins reference, 2.5)?"""
    text = text.strip(WHITE_SPACE)
    if not 1 <= len(text) <= 50 or len(text.encode("utf-8", "surrogatepass")) > 50:
        return False
    if not _ASCII_DIGIT.search(text) or not _HAS_MARK.search(text):
        return False
    allowed = _WITH_LETTERS if _HAS_CODE.search(text) else _PLAIN
    return allowed.fullmatch(text) is not None


def currency_amount(text: str) -> float | None:
    """The amount in the text of a currency value; None where there is none to be read.

    With both a comma and a point the comma groups digits. A single comma followed by one or two
    final digits is the decimal point, otherwise commas group.
    """
    kept = _HAS_CODE.sub("", text)
    kept = "".join(c for c in kept if c not in _SYMBOLS and c not in WHITE_SPACE)
    head, comma, tail = kept.rpartition(",")
    is_point = comma and "." not in kept and "," not in head and 1 <= len(tail) <= 2
    kept = f"{head}.{tail}" if is_point else kept.replace(",", "")
    return float(kept) if _AMOUNT.fullmatch(kept) else None


def money_mark(text: str) -> tuple[str, bool] | None:
    """The symbol or code of an amount's currency, and whether it stands in front.

    None if there is none, or another one besides.
    """
    text = text.strip(WHITE_SPACE)
    marks = list(_MARK.finditer(text))
    if len({mark[0].upper() for mark in marks}) != 1:
        return None
    return marks[0][0].upper(), not _ASCII_DIGIT.search(text[: marks[0].start()])
