"""Plans made anew with some of their nodes replaced; all other nodes stay the same objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

from datacode.language.analysis import plan
from datacode.language.analysis.plan import is_node, parts_of

Node = TypeVar("Node")

Change = Callable[[Any], Any]
"""Gives what stands for a node whose parts have been changed already: another node, or the same."""

_SPINE: dict[Any, str] = {plan.Negate: "operand", plan.Not: "operand"}
_SPINE |= dict.fromkeys((plan.Arith, plan.Compare, plan.LogicalPlan), "left")
"""The parts along which plans may be deeper than Python's stack."""


def rewrite(node: Node, change: Change) -> Node:
    """A plan, or a part of one, with everything in it changed, inner nodes before outer ones."""
    spine: list[tuple[Any, str]] = []
    inner: Any = node
    while (name := _SPINE.get(inner.__class__)) is not None:
        spine.append((inner, name))
        inner = getattr(inner, name)
    made = change(with_parts(inner, lambda part: rewrite(part, change)))
    for outer, name in reversed(spine):
        done, before = made, getattr(outer, name)

        def visit(part: Any, done: Any = done, before: Any = before) -> Any:
            return done if part is before else rewrite(part, change)

        made = change(with_parts(outer, visit))
    result: Node = made
    return result


def with_parts(node: Node, visit: Change) -> Node:
    """The node with ``visit`` of each node directly inside it in place of that."""
    changed: dict[str, Any] = {}
    kind: Any = node.__class__
    for name in parts_of(kind):
        value = getattr(node, name)
        if value.__class__ is tuple:
            made: Any = _each(value, visit)
        else:
            made = visit(value) if is_node(value) else value
        if made is not value:
            changed[name] = made
    return _replaced(node, changed) if changed else node


def _replaced(node: Node, changed: dict[str, Any]) -> Node:
    """What ``dataclasses.replace`` makes, in half the time."""
    kind: Any = node.__class__
    made: Node = kind(
        *[changed[name] if name in changed else getattr(node, name) for name in _names(kind)]
    )
    return made


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


def _each(values: tuple[Any, ...], visit: Change) -> tuple[Any, ...]:
    made = []
    is_same = True
    for value in values:
        if value.__class__ is tuple:
            new: Any = _each(value, visit)
        else:
            new = visit(value) if is_node(value) else value
        made.append(new)
        is_same = is_same and new is value
    return values if is_same else tuple(made)
