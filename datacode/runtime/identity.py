"""Telling equal values quickly: ``unique``, ``contains`` and ``table_distinct``.

Values are equal here when kind and content are (``values.same``): ``1``, ``'1'`` and ``true``
differ, and NaN equals nothing. Source: builtins reference, 2.6.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from datacode.runtime.values import Currency, Path, PathPattern, Value, same

_BY_CONTENT = (bool, type(None), Path, PathPattern, Currency)


def distinct(values: Iterable[Value]) -> list[Value]:
    """The values without those that equal an earlier one, in the order of first appearance."""
    values = values if isinstance(values, list) else list(values)
    kinds = set(map(type, values))
    if kinds <= {str, type(None)} or (kinds == {float} and sum(values) == sum(values)):
        return list(dict.fromkeys(values))
    found: list[Value] = []
    seen: set[Hashable] = set()
    alike: dict[Hashable, list[Value]] = {}
    for value in values:
        key = fingerprint(value)
        if is_exact(value):
            if key in seen:
                continue
            seen.add(key)
        else:
            candidates = alike.setdefault(key, [])
            if any(same(value, candidate) for candidate in candidates):
                continue
            candidates.append(value)
        found.append(value)
    return found


def is_exact(value: Value) -> bool:
    """Are two such values with one fingerprint certainly equal?"""
    kind = value.__class__
    if kind is float:
        return value == value  # type: ignore[no-any-return]
    return kind is str or kind in _BY_CONTENT


def fingerprint(value: Value) -> Hashable:
    """Something to hash: equal values have equal fingerprints, and others seldom do.

    Looks one level into arrays and objects, so that it takes no recursion.
    """
    kind = value.__class__
    if kind is list:
        return (list, *map(_shallow, value))
    if kind is dict:
        return (dict, frozenset((name, _shallow(part)) for name, part in value.items()))
    return _shallow(value)


def _shallow(value: Value) -> Hashable:
    kind: type = value.__class__
    if kind is str:
        return str(value)
    if kind is float:
        return "NaN" if value != value else float(value)
    if kind in _BY_CONTENT:
        return (kind, value)
    if kind is list or kind is dict:
        return (kind, len(value))
    return kind


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
