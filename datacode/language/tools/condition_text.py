"""Expressions of a program as the text of an expression over the rows of a table."""

from __future__ import annotations

import re
from collections.abc import Callable

from datacode.language.syntax import nodes

MAX_PARTS = 60
"""Longer expressions are no clearer in a text."""

_STRENGTH = {"or": 1, "and": 2, "==": 3, "!=": 3, "<": 4, ">": 4, "<=": 4, ">=": 4}
_STRENGTH |= {"+": 5, "-": 5, "*": 6, "/": 6, "%": 6}
_STRONGEST = 9

_WORD = re.compile(r"[^\W\d]\w*")

Leaf = Callable[[nodes.Expr], "nodes.Expr | str | None"]
"""What stands for a part of an expression: an expression in its place, a text, or None where it
stays as it is."""


class NotWritable(Exception):
    """There is no such text."""


def condition_text(expression: nodes.Expr, leaf: Leaf) -> str:
    """The text, for a place between double quotes. Raises ``NotWritable``."""
    return _Writer(leaf).text(expression)


def column_text(name: str) -> str:
    """The name of a column in such a text. Raises ``NotWritable``."""
    if _WORD.fullmatch(name):
        return name
    if not name.strip() or any(each in name for each in '`"\\\n\r'):
        raise NotWritable
    return f"`{name}`"


class _Writer:
    def __init__(self, leaf: Leaf) -> None:
        self._leaf = leaf
        self._parts = 0

    def text(self, node: nodes.Expr) -> str:
        return self._written(node)[0]

    def _written(self, node: nodes.Expr) -> tuple[str, int]:
        """A text, and how strongly it holds together."""
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise NotWritable
        instead = self._leaf(node)
        if isinstance(instead, str):
            return instead, _STRONGEST
        if instead is not None:
            return self._written(instead)
        match node:
            case nodes.Number(value=value):
                return _number(value), _STRONGEST
            case nodes.String(value=value):
                if any(each in value for each in "'\"\\\n\r"):
                    raise NotWritable
                return f"'{value}'", _STRONGEST
            case nodes.Bool(value=value):
                return ("true" if value else "false"), _STRONGEST
            case nodes.Null():
                return "null", _STRONGEST
            case nodes.Unary(operator="-", operand=operand):
                return f"-{self._within(operand, _STRONGEST)}", 8
            case nodes.Unary(operand=operand):
                return f"not {self._within(operand, _STRONGEST)}", 2
            case nodes.Binary(operator="^", left=left, right=right):
                sides = self._within(left, _STRONGEST), self._within(right, _STRONGEST)
                return f"{sides[0]} ^ {sides[1]}", 7
            case nodes.Binary() | nodes.Logical():
                strength = _STRENGTH[node.operator]
                left_text = self._within(node.left, strength)
                right_text = self._within(node.right, strength + 1)
                return f"{left_text} {node.operator} {right_text}", strength
            case nodes.Call(name=name) if node.positional is not None:
                arguments = ", ".join(map(self.text, node.positional))
                return f"{name}({arguments})", _STRONGEST
        raise NotWritable

    def _within(self, node: nodes.Expr, strength: int) -> str:
        text, own = self._written(node)
        return text if own >= strength else f"({text})"


def _number(value: float) -> str:
    text = repr(value)
    if not re.fullmatch(r"\d+\.\d+", text):
        raise NotWritable
    return text.removesuffix(".0")
