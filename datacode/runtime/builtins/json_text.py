"""JSON: texts to values and back (builtins reference, 12)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from datacode.errors import runtime_error, type_error
from datacode.language.analysis.type_sets import STRING
from datacode.runtime.builtins.arguments import exactly_whole
from datacode.runtime.builtins.registry import builtin
from datacode.runtime.builtins.tables import checked_text
from datacode.runtime.host import Host
from datacode.values.table import Column, Table
from datacode.values.text import number_text, printed
from datacode.values.types import Value

DEEPEST = 500
"""Arrays and objects within each other."""

_LARGEST_EXACT = 2**53
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)|[\[{]|[\]}]', re.DOTALL)


@builtin("conversions")
def json_parse(host: Host, text: Value) -> Value:
    """The value that a JSON text is.

    Whole numbers that a number cannot hold to the last digit are texts.

    Raises an error, with line and column, for what is no JSON, and for arrays and objects more
    than 500 deep.

    Example::

        order = json_parse('{"id": 7, "items": ["bolt", null]}')
        print(order.id, order["items"])     # 7 [bolt, null]
    """
    if text.__class__ is not str:
        raise type_error("String")
    host.check_size(len(text), 32)
    _check_depth(text)
    try:
        return json.loads(text, parse_int=_whole, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise runtime_error(
            "json_unreadable",
            "The text is no JSON: line {line}, column {column}",
            line=error.lineno,
            column=error.colno,
        ) from None


def _check_depth(text: str) -> None:
    depth = 0
    for match in _BRACKETS.finditer(text):
        sign = match[0]
        depth += (sign in "[{") - (sign in "]}")
        if depth > DEEPEST:
            raise runtime_error(
                "json_too_deep", "JSON is nested deeper than {limit} levels", limit=DEEPEST
            )


def _whole(digits: str) -> float | str:
    number = float(digits)
    if abs(number) <= _LARGEST_EXACT or (len(digits) < 400 and int(digits) == number):
        return number
    return digits


def _refuse_constant(name: str) -> Value:
    raise runtime_error("json_constant", "The text is no JSON: it has {name}", name=name)


@builtin("conversions", returns=STRING)
def json_text(host: Host, value: Value, indent: Value = 0.0) -> str:
    """A value as JSON; with ``indent`` every element has a line, moved in by so many spaces.

    A table is an array of objects, a column an array of its cells. NaN and infinities, for which
    JSON has nothing, are null; paths and amounts of money are texts.

    Raises an error for arrays and objects more than 500 deep.

    Example::

        print(json_text({id: 7, items: ["bolt", null]}))        # {"id": 7, "items": ["bolt", null]}
        print(json_text(table([[1, "a"]], ["n", "name"])))      # [{"n": 1, "name": "a"}]
    """
    step = exactly_whole(indent, "json_text", "indent")
    if not 0 <= step <= 16:
        raise runtime_error("bad_indent", "json_text: indent must be from 0 to 16")
    return checked_text(host, _parts(value, step))


def _parts(value: Value, indent: int) -> Iterator[str]:
    """The text in pieces, without recursion: values nest to any depth and share parts freely."""
    waiting: list[tuple[Iterator[tuple[str, Value]], str]] = []
    yield from _begin(value, waiting)
    is_first = True
    while waiting:
        parts, end = waiting[-1]
        part = next(parts, None)
        if part is None:
            waiting.pop()
            yield ("" if is_first else _line(indent, len(waiting))) + end
            is_first = False
            continue
        key, inner = part
        between = "" if is_first else ("," if indent else ", ")
        yield between + _line(indent, len(waiting)) + key
        depth = len(waiting)
        yield from _begin(inner, waiting)
        is_first = len(waiting) > depth
        if len(waiting) > DEEPEST:
            raise runtime_error(
                "json_too_deep", "JSON is nested deeper than {limit} levels", limit=DEEPEST
            )


def _line(indent: int, depth: int) -> str:
    return "\n" + " " * (indent * depth) if indent else ""


def _begin(value: Value, waiting: list[tuple[Iterator[tuple[str, Value]], str]]) -> Iterator[str]:
    """A value that has no parts, or the bracket of one that has, whose parts then wait."""
    kind = value.__class__
    parts: Iterator[tuple[str, Value]]
    if kind is dict:
        parts = ((f"{_quoted(key)}: ", part) for key, part in value.items())
    elif kind is list or kind is Column:
        parts = (("", part) for part in value)
    elif kind is Table:
        parts = (("", row) for row in _objects(value))
    else:
        yield _leaf(value)
        return
    waiting.append((parts, "}" if kind is dict else "]"))
    yield "{" if kind is dict else "["


def _objects(table: Table) -> Iterator[dict[str, Value]]:
    if len(set(table.names)) < len(table.names):
        raise runtime_error(
            "json_names_repeat", "Two columns of the table have one name: JSON cannot hold both"
        )
    return (dict(zip(table.names, row, strict=True)) for row in table.rows())


def _leaf(value: Value) -> str:
    kind = value.__class__
    if kind is float:
        return number_text(value) if value - value == 0 else "null"
    if value is None or kind is bool:
        return printed(value)
    return _quoted(printed(value))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=not _is_utf8(text))


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in text) if not text.isascii() else True
