"""What a value is and whether two are equal: ``typeof``, truth, ``==``.

Arrays and objects nest to any depth and share parts freely: comparing takes no recursion, and
looks at a pair of shared parts once. Source: language reference, 4, 5.3 and 5.6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain

from datacode.values.chart import Chart
from datacode.values.report import Report
from datacode.values.table import Column, Indexer, Table
from datacode.values.types import EPSILON, Currency, Path, PathPattern, Value


def type_name(value: Value) -> str:
    """What ``typeof`` answers (builtins reference, 2.1)."""
    kind = value.__class__
    if kind is float:
        return "int" if value.is_integer() else "float"
    name = _TYPE_NAMES.get(kind)
    return name if name is not None else _table_type_name(value)


_TYPE_NAMES: dict[type, str] = {
    str: "string",
    bool: "bool",
    type(None): "null",
    list: "array",
    dict: "object",
    Path: "path",
    PathPattern: "pathpattern",
    Currency: "currency",
    Chart: "chart",
    Report: "report",
}


def _table_type_name(value: Value) -> str:
    if isinstance(value, Column):
        return "tablecolumn"
    if isinstance(value, Table):
        return "table"
    if isinstance(value, Indexer):
        return "tableindexer"
    raise TypeError(f"{type(value).__name__} is not a value of the language")


def truth(value: Value, path_exists: Callable[[Path], bool]) -> bool:
    """Is it true for ``if``, ``and``, ``or``, ``not`` (language reference, 5.3)?

    ``path_exists`` answers for Paths; it is the host that knows the disk.
    """
    kind = value.__class__
    if kind is float:
        return value != 0.0  # type: ignore[no-any-return]  # NaN is true
    if kind is Path:
        return path_exists(value)
    if kind is Currency:
        return value.text != ""  # type: ignore[no-any-return]
    if kind is PathPattern or kind is Chart or kind is Report:
        return True
    if kind in _TYPE_NAMES:
        return bool(value)
    return len(value if isinstance(value, Table) else value.table) > 0


def equal(left: Value, right: Value) -> bool:
    """``==`` (language reference, 5.6): never fails, never converts, numbers within 2**-52."""
    return _equal(left, right, _close)


def same(left: Value, right: Value) -> bool:
    """As ``equal``, but numbers must be the same number (builtins reference, 2.6)."""
    return _equal(left, right, float.__eq__)


def _close(left: float, right: float) -> bool:
    return left == right or abs(left - right) < EPSILON


def _equal(left: Value, right: Value, numbers: Callable[[float, float], bool]) -> bool:
    kind = left.__class__
    if kind is not right.__class__:
        return False
    if kind is float:
        return numbers(left, right)
    if kind in _WITHOUT_PARTS:
        return bool(left == right)
    return _equal_nested(left, right, numbers)


_WITHOUT_PARTS = frozenset({str, bool, type(None), Path, PathPattern, Currency, Chart})


def _equal_nested(left: Value, right: Value, numbers: Callable[[float, float], bool]) -> bool:
    """Two values of one kind that has parts. Pairs already met need no second look."""
    waiting: list[tuple[Value, Value]] = [(left, right)]
    met: set[tuple[int, int]] = set()
    while waiting:
        a, b = waiting.pop()
        if (id(a), id(b)) in met:
            continue
        met.add((id(a), id(b)))
        pairs: Iterable[tuple[Value, Value]] | None
        if a.__class__ is list:
            pairs = zip(a, b, strict=True) if len(a) == len(b) else None
        else:
            pairs = _pairs_of_parts(a, b)
        if pairs is None:
            return False
        for x, y in pairs:
            kind = x.__class__
            if kind is not y.__class__:
                return False
            if kind is float:
                if not numbers(x, y):
                    return False
            elif kind not in _WITHOUT_PARTS:
                waiting.append((x, y))
            elif x != y:
                return False
    return True


def _pairs_of_parts(left: Value, right: Value) -> Iterable[tuple[Value, Value]] | None:
    """What must be equal for two values of one kind, no arrays, to be; None if they cannot be."""
    if left.__class__ is dict:
        if left.keys() != right.keys():
            return None
        return ((part, right[key]) for key, part in left.items())
    if left.__class__ is Report:
        if left.title != right.title or len(left.blocks) != len(right.blocks):
            return None
        return zip(left.blocks, right.blocks, strict=True)
    if isinstance(left, Column):
        if left.name != right.name or len(left) != len(right):
            return None
        return zip(left, right, strict=True)
    if not isinstance(left, Table):
        left, right = left.table, right.table
    if left is not right and (left.names != right.names or len(left) != len(right)):
        return None
    return chain.from_iterable(map(zip, left.columns, right.columns))
