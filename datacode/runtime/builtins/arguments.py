"""Checks of the types of arguments: the value as the type asked for, or a Type Error.

``expected`` is how that error names the type. A table column counts as the array of its cells, a
Path as its text (builtins reference, 6, 7).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from datacode.errors import DataCodeError, runtime_error, type_error
from datacode.values.column_storage import is_short
from datacode.values.lazy_polars import pl
from datacode.values.stored_column import StoredColumn, series_in_files, without_room_for_list
from datacode.values.table import Column
from datacode.values.text import printed
from datacode.values.types import Path, Value

LARGEST = 2.0**63
"""``whole`` gives no number beyond this: as a size or position it is out of every range."""


def array(value: Value, expected: str = "Array") -> list[Value]:
    """The elements of an array or column. They are not to be changed."""
    if value.__class__ is list:
        return value
    if value.__class__ is Column:
        return value.cells()
    raise type_error(expected)


def elements(value: Value, expected: str = "Array") -> Iterable[Value]:
    """The elements of an array or column, to be gone through once: those of a column in files that
    have no room in memory come part by part."""
    if value.__class__ is Column and without_room_for_list(value.stored):
        return value.stored
    return array(value, expected)


def has_other_than_numbers(value: Value) -> bool:
    """Is it known of a column in files, for which there is no room, that it has cells which are
    neither numbers nor texts of dates, durations or money, or has some that are empty?"""
    if value.__class__ is not Column or not isinstance(value.stored, StoredColumn):
        return False
    cells = value.stored
    if cells.has_room_for_list or not len(cells) or cells.kind is None:
        return False
    return bool(cells.null_count) or cells.kind is bool or (cells.kind is str and cells.is_plain)


def number_series(value: Value) -> Iterable[pl.Series] | None:
    """The cells of a long column of numbers without gaps as Polars has them; None of all else.

    They are one series, or, of a column in files for which there is no room, a row of several.
    """
    if value.__class__ is not Column or is_short(len(value)):
        return None
    in_files = series_in_files(value.stored)
    if in_files is not None:
        return in_files if value.stored.is_all_numbers() else None
    series: pl.Series | None = value.stored.series()
    if series is None:
        return None
    return (series,) if series.dtype == pl.Float64 and not series.null_count() else None


def wrong_element(elements: Iterable[Value]) -> DataCodeError:
    """One of some values that should be numbers is none: which, and what it is."""
    error = type_error("Array of Numbers")
    place, value = next(
        (pair for pair in enumerate(elements) if pair[1].__class__ is not float), (0, None)
    )
    error.message = error.message.filled(place=place, element=printed(value)[:100])
    return error


def number(value: Value, expected: str = "Number") -> float:
    """A number."""
    if value.__class__ is float:
        return value
    raise type_error(expected)


def whole(value: Value, expected: str = "Number") -> int:
    """A number cut towards zero; NaN is 0 and what is very large stays very large."""
    if value.__class__ is not float:
        raise type_error(expected)
    if -LARGEST < value < LARGEST:
        return int(value)
    if math.isnan(value):
        return 0
    return int(math.copysign(LARGEST, value))


def exactly_whole(value: Value, function: str, argument: str) -> int:
    """A number that has no fraction, where cutting one off would hide a mistake."""
    if value.__class__ is not float:
        raise type_error("Number")
    if not value.is_integer() or not -LARGEST < value < LARGEST:
        raise runtime_error(
            "must_be_whole_number",
            "{function}: {argument} must be a whole number",
            function=function,
            argument=argument,
        )
    return int(value)


def text(value: Value, expected: str = "String") -> str:
    """A text; a Path counts as its text."""
    if value.__class__ is str:
        return value
    if value.__class__ is Path:
        return value.text
    raise type_error(expected)


def mapping(value: Value) -> dict[str, Value]:
    """An object."""
    if value.__class__ is dict:
        return value
    raise type_error("Object")
