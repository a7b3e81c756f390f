"""The order in which ``sort`` and ``table_sort`` put values (builtins reference, 2.7).

Null, Bool, Number (NaN last), Currency (by amount, then by text), String, everything else. Text
is ordered by code points, and where all of it are dates, durations or money, by these. Equal
values, and all those of "everything else", keep their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from datacode.values.date_text import could_be_date, could_be_duration, date_key, duration_seconds
from datacode.values.parse_text import amount_of, currency_amount
from datacode.values.types import Currency, Value

_NULL, _BOOL, _NUMBER, _NAN, _CURRENCY, _CURRENCY_WITHOUT_AMOUNT, _DATE, _STRING, _OTHER = range(9)


def sort_key(value: Value) -> tuple[Any, ...]:
    """What Python's ``sorted`` has to compare instead of the value itself."""
    kind = value.__class__
    if kind is float:
        return (_NUMBER, value) if value == value else (_NAN,)
    if kind is str:
        return (_STRING, value)
    if value is None:
        return (_NULL,)
    if kind is bool:
        return (_BOOL, value)
    if kind is Currency:
        amount = currency_amount(value.text)
        if amount is None:
            return (_CURRENCY_WITHOUT_AMOUNT, value.text)
        return (_CURRENCY, amount, value.text)
    return (_OTHER,)


def date_sort_key(moment: datetime) -> tuple[Any, ...]:
    """The same for a text that is a date, where dates are compared as such."""
    return (_DATE, moment)


def in_order(values: Iterable[Value], *, descending: bool = False) -> list[Value]:
    """A sorted copy; equal values keep their order, in a descending one too."""
    values = list(values)
    if orders_itself(values):
        values.sort(key=_dates_first(values), reverse=descending)
    else:
        values.sort(key=sort_key, reverse=descending)
    return values


def _dates_first(values: list[Value]) -> Callable[[Value], Any] | None:
    """What texts are compared by if all of them are dates; None if there is any other value."""
    if not values or values[0].__class__ is not str:
        return None
    if not could_be_date(values[0]):
        return _durations_first(values) or _amounts_first(values)
    keys: dict[str, datetime] = {}
    for value in dict.fromkeys(values):
        key = date_key(value)
        if key is None:
            return None
        keys[value] = key.moment
    return keys.__getitem__


def _durations_first(values: list[Value]) -> Callable[[Value], Any] | None:
    """The same for texts that are durations."""
    if not could_be_duration(values[0]):
        return None
    keys = {value: duration_seconds(value) for value in dict.fromkeys(values)}
    return None if None in keys.values() else keys.__getitem__


def _amounts_first(values: list[Value]) -> Callable[[Value], Any] | None:
    """The same for texts that are money."""
    if amount_of(values[0]) is None:
        return None
    keys: dict[str, tuple[float, str]] = {}
    for value in dict.fromkeys(values):
        amount = amount_of(value)
        if amount is None:
            return None
        keys[value] = amount.amount, value
    return keys.__getitem__


def orders_itself(values: list[Value]) -> bool:
    """Are the values of one kind that Python orders as the language does?"""
    kinds = set(map(type, values))
    if len(kinds) != 1:
        return not kinds
    kind = kinds.pop()
    if kind is float:
        return sum(values) == sum(values) or all(value == value for value in values)
    return kind is str or kind is bool
