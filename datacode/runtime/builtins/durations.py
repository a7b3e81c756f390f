"""Durations: texts of hours, minutes and seconds, as XLSX files have them (``255:30:00``).

Source: builtins reference, 12; tables and files reference, 2.4.
"""

from __future__ import annotations

from datacode.errors import DataCodeError, runtime_error, type_error
from datacode.runtime.builtins import arguments
from datacode.runtime.builtins.registry import builtin
from datacode.values.date_text import duration_seconds, duration_text_of
from datacode.values.described import described
from datacode.values.types import Value

_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86_400.0, "week": 604_800.0}


def seconds_of(text: Value) -> float | None:
    """How long a duration is, in seconds; None for what is none."""
    return duration_seconds(text) if text.__class__ is str else None


def _bad_duration(value: Value) -> DataCodeError:
    return runtime_error(
        "bad_duration",
        "{value} is not a duration: expected hours, minutes and seconds, as '255:30:00'",
        value=described(value),
    )


def _unit(value: Value) -> float:
    """A unit of time in seconds."""
    if value.__class__ is not str:
        raise type_error("String")
    length = _SECONDS.get(str(value).lower().removesuffix("s"))
    if length is None:
        raise runtime_error(
            "unknown_unit_of_duration",
            "Unknown unit of time: {unit}. Expected weeks, days, hours, minutes or seconds",
            unit=value,
        )
    return length


@builtin("dates")
def duration(text: Value, unit: Value = "hours") -> float:
    """How long a duration is, in ``hours`` or in ``weeks days minutes seconds``.

    Raises an error for text that is not a duration.

    Example::

        print(duration("255:30:00"), duration("1:30", "minutes"))       # 255.5 90
    """
    seconds = seconds_of(text)
    if seconds is None:
        raise _bad_duration(text)
    return seconds / _unit(unit)


@builtin("dates")
def duration_text(amount: Value, unit: Value = "hours") -> str:
    """So many hours (or another unit, see ``duration``) as a text, rounded to seconds.

    Example::

        print(duration_text(255.5), duration_text(90, "seconds"))       # 255:30:00 00:01:30
    """
    seconds = arguments.number(amount) * _unit(unit)
    if not abs(seconds) < 1e15:
        raise runtime_error("duration_too_long", "The duration is too long")
    return duration_text_of(seconds)


@builtin("dates")
def duration_sum(array: Value) -> str:
    """The durations of an array or column added up; empty cells are left out.

    Raises an error for anything that is neither a duration nor empty.

    Example::

        print(duration_sum(["255:30:00", "10:15", null]))       # 265:45:00
    """
    total = 0.0
    for value in arguments.array(array, "Array or TableColumn"):
        if value is not None:
            seconds = seconds_of(value)
            if seconds is None:
                raise _bad_duration(value)
            total += seconds
    return duration_text_of(total)
