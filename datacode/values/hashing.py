"""Hash keys of values, by which ``unique``, ``table_distinct``, groups and joins look them up.

Values are equal here when type and content are (``equality.same``): ``1``, ``'1'`` and ``true``
differ, and NaN equals nothing. Source: builtins reference, 2.6.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from itertools import chain
from typing import Any

import msgspec

from datacode.values.chart import Chart
from datacode.values.equality import same
from datacode.values.report import Report
from datacode.values.table import Column, Table
from datacode.values.types import Currency, Path, PathPattern, Value

_BY_CONTENT = (bool, Path, PathPattern, Currency)
_FEW = 8
"""An array of so few elements, none of which has parts, is known by their keys."""

_WITHOUT_PARTS = frozenset({float, str, type(None), *_BY_CONTENT})

NOTHING = object()
"""The key of what equals nothing: NaN, and what holds one."""


class HashKeys:
    """Keys to find values by: equal values have equal keys, and all others have different ones.

    With ``nan_equal`` NaN is like itself, for groups; otherwise its key is ``NOTHING``. Keys of
    two objects of this class have nothing to do with each other. Takes no recursion, and looks
    once at a part that several values share.
    """

    def __init__(self, *, nan_equal: bool = False) -> None:
        self._nan: Hashable = object() if nan_equal else NOTHING
        self._known: dict[int, tuple[Value, Hashable]] = {}
        """The keys of nested values that were met, by identity; they are held, so that it lasts."""
        self._numbered: dict[Hashable, object] = {}

    def of(self, value: Value) -> Hashable:
        """The key of a value."""
        kind = value.__class__
        if kind is str or value is None:
            return value  # type: ignore[no-any-return]
        if kind is float:
            return value if value == value else self._nan
        if kind in _BY_CONTENT:
            return (kind, value)
        if _is_simple(value):
            return self.of_row(value)
        known = self._known.get(id(value))
        return self._nested(value) if known is None else known[1]

    def of_row(self, values: Iterable[Value]) -> Hashable:
        """The key of several values together; ``NOTHING`` if one of them equals nothing."""
        keys = tuple(map(self.of, values))
        return NOTHING if NOTHING in keys else keys

    def _nested(self, value: Value) -> Hashable:
        known = self._known
        waiting = [value]
        while waiting:
            whole = waiting[-1]
            if id(whole) not in known:
                parts = [
                    part
                    for part in _parts(whole)
                    if part.__class__ not in _WITHOUT_PARTS
                    and id(part) not in known
                    and not _is_simple(part)
                ]
                if parts:
                    waiting += parts
                    continue
                known[id(whole)] = whole, self._key(whole)
            waiting.pop()
        return known[id(value)][1]

    def _key(self, whole: Value) -> Hashable:
        """The key of a value of which all nested parts have theirs."""
        keys = tuple(map(self.of, _parts(whole)))
        if NOTHING in keys:
            return NOTHING
        form: Hashable
        if whole.__class__ is list:
            form = (list, *keys)
        elif whole.__class__ is dict:
            form = (dict, frozenset(zip(whole, keys, strict=True)))
        else:
            form = (*_outline(whole), *keys)
        return self._numbered.setdefault(form, object())


def _is_simple(value: Value) -> bool:
    return (
        value.__class__ is list
        and len(value) <= _FEW
        and _WITHOUT_PARTS.issuperset(map(type, value))
    )


def _parts(whole: Value) -> Iterator[Value]:
    """The elements of an array, values of an object, cells of a table, column or indexer."""
    if whole.__class__ is list:
        return iter(whole)
    if whole.__class__ is dict:
        return iter(whole.values())
    if isinstance(whole, Column):
        return iter(whole)
    if isinstance(whole, Chart):
        return iter(())
    if isinstance(whole, Report):
        return iter(whole.blocks)
    table: Table = whole if isinstance(whole, Table) else whole.table
    return chain.from_iterable(table.columns)


def _outline(whole: Value) -> tuple[Any, ...]:
    """What else must be equal for two tables, columns or indexers to be."""
    kind = whole.__class__
    if isinstance(whole, Chart):
        return kind, msgspec.json.encode(whole)
    if isinstance(whole, Report):
        return kind, whole.title
    if isinstance(whole, Column):
        return kind, whole.name
    table = whole if isinstance(whole, Table) else whole.table
    return kind, table.names, len(table)


def distinct(values: Iterable[Value]) -> list[Value]:
    """The values without those that equal an earlier one, in the order of first appearance."""
    values = values if isinstance(values, list) else list(values)
    kinds = set(map(type, values))
    if kinds <= {str, type(None)} or (kinds == {float} and sum(values) == sum(values)):
        return list(dict.fromkeys(values))
    keys = HashKeys()
    found: list[Value] = []
    seen: set[Hashable] = set()
    for value in values:
        key = keys.of(value)
        if key is not NOTHING:
            if key in seen:
                continue
            seen.add(key)
        found.append(value)
    return found


def is_exact(value: Value) -> bool:
    """Is the value one that has no parts, and that equals itself?"""
    kind = value.__class__
    if kind is float:
        return value == value  # type: ignore[no-any-return]
    return kind is str or value is None or kind in _BY_CONTENT


def is_among(values: list[Value], wanted: Value) -> bool:
    """Is one of the values equal to the wanted one?"""
    kind = wanted.__class__
    if kind is str:
        return wanted in values
    if not is_exact(wanted):
        return any(same(value, wanted) for value in values)
    if wanted not in values:
        return False
    if values[values.index(wanted)].__class__ is kind:
        return True
    return any(value.__class__ is kind and value == wanted for value in values)
