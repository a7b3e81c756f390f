"""Values as text: the form that ``print`` writes and the form that error messages show.

Arrays and objects nest to any depth and share parts freely: the text of a nested value is made
without recursion, and that of a shared part once. Source: language reference, 10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from datacode.errors import runtime_error
from datacode.values.chart import Chart
from datacode.values.report import Report
from datacode.values.table import Column, Indexer, Table
from datacode.values.types import Currency, Path, PathPattern, Value

DEBUG_LIMIT = 10_000
"""Characters of a value's debug form that an error message tells."""

TEXT_LIMIT = 2**28
"""Characters that the text of one value may have; shared parts can name more than memory holds."""


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


def beginning(value: Value, most: int) -> str:
    """The first characters of the printed form, at most about ``most`` of them."""
    kind = value.__class__
    if kind is list or kind is dict:
        return _nested_text(value, replace(_PRINTED, most=most))
    return printed(value)


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
    if isinstance(value, Column):
        return f"Column({value.name})"
    if isinstance(value, Table):
        return f"Table({len(value)} rows, {len(value.names)} columns)"
    if isinstance(value, Chart):
        return f"Chart({value.kind}, {len(value.data.values)} rows)"
    if isinstance(value, Report):
        return f"Report({len(value.blocks)} parts)"
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
                raise runtime_error("text_too_long", "Text is too long")
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
