"""The values of the language: which Python objects they are, and how they look and compare.

========  =======================================
Number    ``float``, always
String    ``str``
Bool      ``bool``
Null      ``None``
Array     ``list``
Object    ``dict`` with ``str`` keys, in written order
Path, PathPattern, Currency   the classes here
Table, Column, Indexer        the classes of ``datacode.values.table``
========  =======================================

Arrays and objects are values of the language, so no function may change one that it was given.
They nest to any depth and share parts freely; every walk here keeps its own stack and looks at
a shared part once where that is possible.

Source: language reference, 4, 5.3, 5.6 and 10.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import Any, TypeAlias

from datacode.errors import runtime_error

Value: TypeAlias = Any
"""Any value of the language (see the table above)."""

EPSILON = 2.0**-52
"""Numbers closer than this are ``==`` (language reference, 5.6)."""

DEBUG_LIMIT = 10_000
"""Characters of a value's debug form that an error message tells."""

TEXT_LIMIT = 2**28
"""Characters that the text of one value may have; shared parts can name more than memory holds."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path, exactly as the program spelled it."""

    text: str


@dataclass(frozen=True, slots=True)
class PathPattern:
    """A path with ``*``, ``?`` or ``[`` in a part that was joined to it."""

    text: str


@dataclass(frozen=True, slots=True)
class Currency:
    """An amount with its currency, kept as the text it was given in."""

    text: str


# Texts ---------------------------------------------------------------------


def number_text(number: float) -> str:
    """The printed form of a number: all its digits, never an exponent."""
    if number.is_integer():
        return str(int(number))
    if number != number:
        return "NaN"
    text = repr(number)
    return format(Decimal(text), "f") if "e" in text else text


def printed(value: Value) -> str:
    """The printed form (language reference, 10.2)."""
    kind = value.__class__
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is float:
        return number_text(value)
    if kind is list or kind is dict:
        return _nested_text(value, _PRINTED)
    return _printed_leaf(value)


def debug(value: Value) -> str:
    """The debug form, as error messages show values (language reference, 10.3).

    Of a very large value it is the beginning: nobody reads megabytes in a message.
    """
    kind = value.__class__
    if kind is list or kind is dict:
        text = _nested_text(value, _DEBUG)
    elif kind is str:
        text = _debug_leaf(value[: DEBUG_LIMIT + 1])
    else:
        text = _debug_leaf(value)
    return text if len(text) <= DEBUG_LIMIT else text[:DEBUG_LIMIT] + "…"


def debug_text(text: str) -> str:
    """A string in quotes, with everything escaped that cannot be seen."""
    return f'"{text.translate(_ESCAPES)}"'


_ESCAPES = {code: f"\\u{{{code:x}}}" for code in (*range(0x20), *range(0x7F, 0xA0))}
_ESCAPES |= {ord('"'): '\\"', ord("\\"): "\\\\", 9: "\\t", 10: "\\n", 13: "\\r", 0: "\\0"}


def _printed_leaf(value: Value) -> str:
    kind = value.__class__
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is float:
        return number_text(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is PathPattern:
        return f"Pattern({value.text})"
    if kind is Path or kind is Currency:
        return value.text  # type: ignore[no-any-return]
    return _table_text(value)


def _debug_leaf(value: Value) -> str:
    kind = value.__class__
    if kind is str:
        return f"String({debug_text(value)})"
    if kind is float:
        return f"Number({_debug_number(value)})"
    if value is None:
        return "Null"
    if kind is bool:
        return "Bool(true)" if value else "Bool(false)"
    if kind is Path or kind is PathPattern or kind is Currency:
        return f"{kind.__name__}({debug_text(value.text)})"
    return _table_text(value)


def _debug_number(number: float) -> str:
    if number != number:
        return "NaN"
    digits, e, exponent = repr(number).partition("e")
    return f"{digits}e{int(exponent)}" if e else digits


def _table_text(value: Value) -> str:
    from datacode.values.table import Column, Indexer, Table

    if isinstance(value, Column):
        return f"Column({value.name})"
    if isinstance(value, Table):
        return f"Table({len(value)} rows, {len(value.names)} columns)"
    if isinstance(value, Indexer):
        return f"TableIndexer({len(value.table)} rows, {len(value.table.names)} columns)"
    raise TypeError(f"{type(value).__name__} is not a value of the language")


@dataclass(frozen=True, slots=True)
class _Style:
    """How the parts of arrays and objects are written."""

    leaf: Callable[[Value], str]
    key: Callable[[str], str]
    array: tuple[str, str]
    object: tuple[str, str]
    most: int | None = None
    """So many characters are enough; None where all of them are needed."""


def _nested_text(value: Value, style: _Style) -> str:
    """The text of an array or object, without recursion.

    The text of a part that occurs several times is made once: parts may be shared to such a degree
    that all their occurrences could not be visited.
    """
    shared = _shared_parts(value)
    texts: dict[int, str] = {}
    pieces: list[str] = []
    length = 0
    open_ones: list[tuple[Value, Iterator[Any], int]] = []

    def enter(container: Value) -> None:
        is_object = container.__class__ is dict
        parts = iter(container.items() if is_object else container)
        open_ones.append((container, parts, len(pieces)))
        pieces.append((style.object if is_object else style.array)[0])

    enter(value)
    while open_ones:
        container, parts, start = open_ones[-1]
        is_object = container.__class__ is dict
        for part in parts:
            separator = ", " if len(pieces) > start + 1 else ""
            if is_object:
                key, part = part
                separator += style.key(key) + ": "
            text = None
            if part.__class__ is not list and part.__class__ is not dict:
                text = style.leaf(part)
            elif id(part) in texts:
                text = texts[id(part)]
            pieces.append(separator if text is None else separator + text)
            length += len(pieces[-1]) + 2
            if style.most is not None and length > 2 * style.most:
                return "".join(pieces)
            if length > TEXT_LIMIT:
                raise runtime_error("Text is too long")
            if text is None:
                enter(part)
                break
        else:
            pieces.append((style.object if is_object else style.array)[1])
            open_ones.pop()
            if id(container) in shared:
                texts[id(container)] = "".join(pieces[start:])
    return "".join(pieces)


def _shared_parts(value: Value) -> set[int]:
    """The arrays and objects within a value that occur in it more than once."""
    met = {id(value)}
    shared = set()
    waiting = [value]
    while waiting:
        container = waiting.pop()
        for part in container.values() if container.__class__ is dict else container:
            if part.__class__ is list or part.__class__ is dict:
                if id(part) in met:
                    shared.add(id(part))
                else:
                    met.add(id(part))
                    waiting.append(part)
    return shared


_PRINTED = _Style(_printed_leaf, str, ("[", "]"), ("{", "}"))
_DEBUG = _Style(_debug_leaf, debug_text, ("Array([", "])"), ("Object({", "})"), DEBUG_LIMIT)


# Kinds ---------------------------------------------------------------------


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
}


def _table_type_name(value: Value) -> str:
    from datacode.values.table import Column, Indexer, Table

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
    if kind is PathPattern:
        return True
    if kind in _TYPE_NAMES:
        return bool(value)
    from datacode.values.table import Table

    return len(value if isinstance(value, Table) else value.table) > 0


# Equality ------------------------------------------------------------------


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


_WITHOUT_PARTS = frozenset({str, bool, type(None), Path, PathPattern, Currency})


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
    from datacode.values.table import Column, Table

    if isinstance(left, Column):
        if left.name != right.name or len(left) != len(right):
            return None
        return zip(left, right, strict=True)
    if not isinstance(left, Table):
        left, right = left.table, right.table
    if left is not right and (left.names != right.names or len(left) != len(right)):
        return None
    return chain.from_iterable(map(zip, left.columns, right.columns))


# Numbers -------------------------------------------------------------------


def whole(number: float) -> int | None:
    """The number cut towards zero; None for NaN and the infinities."""
    return int(number) if math.isfinite(number) else None
