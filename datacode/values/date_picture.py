"""Dates in the order that a picture gives: ``DD.MM.YYYY HH:mm``.

The letters are those of ``date_format``. Source: tables and files reference, 2.9.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from datacode.errors import runtime_error
from datacode.values.parse_text import WHITE_SPACE

_PART = re.compile(
    r"\[[^\]]*\]|[Yy]{4}|[Yy]{2}|[Гг]{4}|[Гг]{2}"
    r"|[Mm]{1,2}|[Мм]{1,2}|[Dd]{1,2}|[Дд]{1,2}|[Hh]{1,2}|[Чч]{1,2}|[Ss]{1,2}|[Сс]{1,2}|.",
    re.DOTALL,
)
_UNITS = {
    **dict.fromkeys("YyГг", "year"),
    **dict.fromkeys("MmМм", "month"),
    **dict.fromkeys("DdДд", "day"),
    **dict.fromkeys("HhЧч", "hour"),
    **dict.fromkeys("SsСс", "second"),
}
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class DatePicture:
    """A picture, and the pattern that texts in this form match."""

    text: str
    pattern: re.Pattern[str]
    has_time: bool

    def moment(self, text: str) -> datetime | None:
        """The date that a text is, white space around it ignored; None if it is none."""
        match = self.pattern.fullmatch(text.strip(WHITE_SPACE))
        if match is None:
            return None
        parts = {name: int(digits) for name, digits in match.groupdict().items()}
        if len(match["year"]) == 2:
            parts["year"] += 2000 if parts["year"] < 70 else 1900
        try:
            return datetime(**{"month": 1, "day": 1, **parts})  # type: ignore[arg-type]
        except ValueError:
            return None

    def iso(self, text: str) -> str | None:
        """The same as the text of an ISO date, with the time if the picture has one."""
        moment = self.moment(text)
        if moment is None:
            return None
        return moment.isoformat(" ") if self.has_time else moment.date().isoformat()


@lru_cache(maxsize=64)
def date_picture(picture: str) -> DatePicture:
    """The picture in a text: ``YYYY YY MM M DD D HH H mm m ss s`` and what stands between them.

    Behind hours ``mm`` are minutes, elsewhere months, in whatever case. The letters may be Russian
    (``ДД.ММ.ГГГГ``); what is in square brackets stands for itself. Raises a Runtime Error for
    a picture without a year, or with a part that is unknown or comes twice.
    """
    parts = _PART.findall(picture) if len(picture) <= _LONGEST else []
    units: list[str] = []
    texts: list[str] = []
    for place, part in enumerate(parts):
        unit = _unit(part)
        if unit is None and part.isalpha() and part != "T":
            raise _no_picture(picture)
        if unit is None:
            texts.append(_literal(part))
            continue
        unit = "minute" if unit == "month" and "hour" in units else unit
        around = parts[place - 1 : place] + parts[place + 1 : place + 2]
        is_alone = not any(_unit(each) or each.isdecimal() for each in around)
        texts.append(_digits(unit, len(part), is_alone))
        units.append(unit)
    if len(set(units)) < len(units) or not _is_complete(set(units)):
        raise _no_picture(picture)
    return DatePicture(picture, re.compile("".join(texts)), "hour" in units)


def _unit(part: str) -> str | None:
    return _UNITS.get(part[:1]) if len(part) > 1 or part in "MmМмDdДдHhЧчSsСс" else None


def _is_complete(units: set[str]) -> bool:
    """Is every unit there that a smaller one needs?"""
    order = ("year", "month", "day", "hour", "minute", "second")
    return "year" in units and units == set(order[: len(units)])


def _digits(unit: str, count: int, is_alone: bool) -> str:
    """The pattern of a number, of which a leading zero may be missing where nothing adjoins it."""
    if unit == "year":
        return f"(?P<year>[0-9]{{{count}}})"
    return f"(?P<{unit}>[0-9]{'{1,2}' if is_alone else '{2}'})"


def _literal(part: str) -> str:
    text = part[1:-1] if len(part) > 1 else part
    return "".join("[ \xa0\u202f]" if c in " \xa0\u202f" else re.escape(c) for c in text)


def _no_picture(picture: str) -> Exception:
    return runtime_error(
        "bad_date_picture",
        "'{picture}' is no picture of a date, such as 'DD.MM.YYYY' or 'YYYY-MM-DD HH:mm:ss'",
        picture=picture[:_LONGEST],
    )
