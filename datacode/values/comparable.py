"""What to compare values by, and values in order, for joins that look for more than equality."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC
from typing import Any, TypeAlias

from datacode.values.date_text import moment_from_text
from datacode.values.parse_text import currency_amount
from datacode.values.types import Currency, Value

Measure: TypeAlias = "Callable[[Value], tuple[type | None, Any]]"
"""A value's kind, and its key among the values of that kind; None for a kind without an order."""

Ordered: TypeAlias = "dict[type | None, tuple[list[Any], list[int]]]"
"""For each kind the keys in order, and the rows in the same order."""


def comparable(value: Value) -> tuple[type | None, Any]:
    """Numbers by value, texts by code points, bools, currency by amount."""
    kind = value.__class__
    if kind is Currency:
        amount = currency_amount(value.text)
        return (None, None) if amount is None else (Currency, amount)
    if kind is float and value == value:
        return float, value
    return (kind, value) if kind is str or kind is bool else (None, None)


def measurable(value: Value) -> tuple[type | None, Any]:
    """What distances can be taken between: numbers, amounts, and dates in seconds."""
    if value.__class__ is not str:
        kind, key = comparable(value)
        return (None, None) if kind is bool else (kind, key)
    moment = moment_from_text(value)
    if moment is None:
        return None, None
    time = moment.time if moment.time.tzinfo else moment.time.replace(tzinfo=UTC)
    return str, time.timestamp()


def in_order(numbered: Iterable[tuple[int, Value]], measure: Measure) -> Ordered:
    """The rows, in the order of their values; rows with the same key stay in theirs."""
    found: dict[type | None, list[tuple[Any, int]]] = {}
    for row, value in numbered:
        kind, key = measure(value)
        if kind is not None:
            found.setdefault(kind, []).append((key, row))
    ordered: Ordered = {}
    for kind, pairs in found.items():
        pairs.sort()
        ordered[kind] = [key for key, _ in pairs], [row for _, row in pairs]
    return ordered
