"""Dates after a picture (builtins reference, 12): ``DD.MM.YYYY``, ``D MMMM YYYY``."""

from __future__ import annotations

import re
from datetime import datetime

from datacode.errors import runtime_error, type_error
from datacode.runtime.builtins.dates import moment_of
from datacode.runtime.builtins.registry import builtin
from datacode.values.types import Value

_WORD = re.compile(r"\[[^\]]*\]|[^\W\d_]+")
_RUN = re.compile(r"(.)\1*", re.DOTALL)
_LETTERS = frozenset("YyMDdHhmsQT")
"""A word of these letters alone is part of the picture; other words stay."""

_RUSSIAN = {
    "ГГГГ": "YYYY",
    "ГГ": "YY",
    "ММММ": "MMMM",
    "МММ": "MMM",
    "ММ": "MM",
    "М": "M",
    "ДД": "DD",
    "Д": "D",
    "дддд": "dddd",
    "ддд": "ddd",
    "ЧЧ": "HH",
    "Ч": "H",
    "мм": "mm",
    "сс": "ss",
}
"""A word of these parts alone is one in Russian letters; small ones alone (``г``, ``ч``) stay."""

_MONTHS = {
    "en": (
        *("January", "February", "March", "April", "May", "June", "July", "August"),
        *("September", "October", "November", "December"),
    ),
    "ru": (
        *("январь", "февраль", "март", "апрель", "май", "июнь", "июль", "август"),
        *("сентябрь", "октябрь", "ноябрь", "декабрь"),
    ),
}
_OF_MONTHS = (
    *("января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа"),
    *("сентября", "октября", "ноября", "декабря"),
)
"""Russian months beside a day."""

_SHORT_MONTHS = {
    "en": tuple(name[:3] for name in _MONTHS["en"]),
    "ru": (*("янв", "фев", "мар", "апр", "май", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"),),
}
_DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "ru": ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье"),
}
_SHORT_DAYS = {
    "en": tuple(name[:3] for name in _DAYS["en"]),
    "ru": ("пн", "вт", "ср", "чт", "пт", "сб", "вс"),
}


@builtin("dates")
def date_format(date: Value, format: Value, locale: Value = "en") -> str:
    """The date as a text after a picture.

    In the picture ``YYYY YY MM M DD D HH H mm ss Q`` stand for the year, month, day, hour, minute,
    second and quarter; a single letter leaves out the leading zero. ``MMMM`` and ``MMM`` are the
    name of the month, ``dddd`` and ``ddd`` that of the day of the week, in English or, with
    ``locale='ru'``, in Russian, where a month beside a day is in the genitive. The Russian
    letters for them will do as well. Other words stay, and so does everything in square brackets.

    Raises an error for text that is not a date (see ``date``), and for a picture with other runs
    of its letters (``yyyy``, ``MMMMM``) or without any.

    Example::

        print(date_format("2024-03-05", "DD.MM.YYYY"))                          # 05.03.2024
        print(date_format("2024-03-05 09:30:00", "D/M/YY [at] H:mm"))           # 5/3/24 at 9:30
        print(date_format("15.12.2025", "D MMMM YYYY, dddd", "ru"))
        # 15 декабря 2025, понедельник
    """
    time = moment_of(date).time
    if format.__class__ is not str or locale.__class__ is not str:
        raise type_error("String")
    if locale not in _MONTHS:
        raise runtime_error("bad_date_locale", "locale must be 'en' or 'ru'")
    words = [_in_latin(word) for word in _WORD.findall(format)]
    runs = [run for word in words if _is_picture(word) for run in _runs(word)]
    if not runs and format:
        raise runtime_error(
            "no_date_picture",
            "'{picture}' is no picture of a date, such as 'DD.MM.YYYY' or 'D MMMM YYYY'",
            picture=format[:100],
        )
    parts = _parts(time, locale, has_day="D" in runs or "DD" in runs)
    for run in runs:
        if run not in parts:
            raise runtime_error(
                "unknown_date_picture",
                "Unknown part of a date picture: '{part}'. There are {known}; other words stand in"
                " [brackets]",
                part=run,
                known=" ".join(parts),
            )

    def written(found: re.Match[str]) -> str:
        word = _in_latin(found[0])
        if word.startswith("["):
            return word[1:-1]
        return "".join(parts[run] for run in _runs(word)) if _is_picture(word) else word

    return _WORD.sub(written, format)


def _in_latin(word: str) -> str:
    """``ДДММ`` as ``DDMM``; other words as they are."""
    parts = [_RUSSIAN.get(run) for run in _runs(word)]
    return word if None in parts else "".join(part for part in parts if part is not None)


def _is_picture(word: str) -> bool:
    return _LETTERS.issuperset(word)


def _runs(word: str) -> list[str]:
    """``HHmm`` as ``HH`` and ``mm``."""
    return [run[0] for run in _RUN.finditer(word)]


def _parts(time: datetime, locale: str, *, has_day: bool) -> dict[str, str]:
    """What each part of a picture stands for."""
    month, day = time.month - 1, time.weekday()
    names = _OF_MONTHS if locale == "ru" and has_day else _MONTHS[locale]
    return {
        "YYYY": f"{time.year:04}",
        "YY": f"{time.year % 100:02}",
        "Q": str(month // 3 + 1),
        "MMMM": names[month],
        "MMM": _SHORT_MONTHS[locale][month],
        "MM": f"{time.month:02}",
        "M": str(time.month),
        "DD": f"{time.day:02}",
        "D": str(time.day),
        "dddd": _DAYS[locale][day],
        "ddd": _SHORT_DAYS[locale][day],
        "HH": f"{time.hour:02}",
        "H": str(time.hour),
        "mm": f"{time.minute:02}",
        "ss": f"{time.second:02}",
        "T": "T",
    }
