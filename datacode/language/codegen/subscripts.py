"""Subscripts: elements, members, lengths.

Source: language reference, 5.8.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from datacode.language import python_names
from datacode.language.analysis import plan, rules
from datacode.language.analysis.slots import Slot
from datacode.language.analysis.type_sets import ARRAY, INTEGER, NUMBER, OBJECT, STRING, only
from datacode.language.codegen.builder import Builder, Operand
from datacode.language.codegen.class_tests import class_tests
from datacode.language.codegen.evaluation_order import constant_text, order_operands


def element(b: Builder, node: plan.Element) -> Operand:
    """``base[index]``."""
    base = b.expression(node.base)
    mark = len(b.out)
    operand = _element(b, base, mark, b.expression(node.index))
    return _released(b, node.released, operand)


def _element(b: Builder, base: Operand, mark: int, index: Operand) -> Operand:
    """The element ``index`` of ``base``; ``mark`` is where ``out`` ended after the base."""
    calls = base.calls or index.calls
    height = max(base.height, index.height) + 2
    types = rules.element(base.types)
    key = constant_text(index)
    if key is not None and base.types & OBJECT:
        base, index = order_operands(b, base, mark, index, "l")
        return _object_key(b, base, index.node, b.call("read_index", base.node, index.node))
    sure = only(base.types, ARRAY) and only(index.types, NUMBER)
    whole = index.whole
    if whole is not None and index.is_exact and index.safe:
        # A Python int is as good for the helpers, and the number itself is not needed.
        index = replace(index, node=whole, plain=True)
    base, index = order_operands(b, base, mark, index, "" if sure else "lr")
    node: ast.expr = b.call("read_index", base.node, index.node)
    if index.types & STRING and base.types & OBJECT:
        tests = class_tests(b, (base, OBJECT), (index, STRING))
        fast = b.subscript(base.node, index.node)
        node = b.choose(b.all_of(tests), fast, node) if tests else fast
    if index.types & NUMBER and base.types & ARRAY:
        tests = class_tests(b, (base, ARRAY), (index, NUMBER))
        fast = b.subscript(base.node, position(b, index, whole))
        node = b.choose(b.all_of(tests), fast, node) if tests else fast
    return Operand(node, types, calls=calls, height=height)


def position(b: Builder, index: Operand, whole: ast.expr | None) -> ast.expr:
    """A number as the position in a list; ``_i`` remembers it for the error message."""
    if isinstance(whole, ast.Name):
        return whole  # the error message finds it by the mark of the subscript
    if whole is not None:
        return b.walrus(python_names.INDEX, whole)
    return b.call("trunc", b.walrus(python_names.INDEX, index.node))


def _object_key(b: Builder, base: Operand, key: ast.expr, slow: ast.expr) -> Operand:
    """The value of an object's key, which is a constant."""
    fast = b.subscript(base.node, key)
    types = rules.element(base.types)
    if only(base.types, OBJECT):
        return Operand(fast, types, calls=base.calls, height=base.height + 1)
    node = b.choose(b.is_a(base.node, "dict"), fast, slow)
    return Operand(node, types, calls=base.calls, height=base.height + 2)


def field(b: Builder, node: plan.Field) -> Operand:
    """``base.name``."""
    base = b.spilled(b.expression(node.base))
    is_length = node.name in rules.LENGTHS
    if is_length and only(base.types, ARRAY | STRING):
        return length(b, base)
    types = rules.member(node.name, base.types)
    slow = b.call("read_member", base.node, b.constant(node.name))
    if not base.types & OBJECT:
        return Operand(slow, types, height=base.height + 1)
    fast = b.subscript(base.node, b.constant(node.name), member=True)
    if only(base.types, OBJECT):
        operand = Operand(fast, types, height=base.height + 1)
    else:
        other: ast.expr = slow
        if is_length:
            other = b.choose(b.is_a(base.node, "list"), length(b, base).node, slow)
        test = b.is_a(base.node, "dict")
        operand = Operand(b.choose(test, fast, other), types, height=base.height + 3)
    return _released(b, node.released, operand)


# Lengths --------------------------------------------------------------------


def length(b: Builder, operand: Operand) -> Operand:
    """The length of what certainly is an array or a string."""
    whole = b.call("len", operand.node)
    node = b.call("float", whole)
    height = operand.height + 2
    return Operand(node, INTEGER, calls=operand.calls, height=height, whole=whole, is_exact=True)


def length_of_any(b: Builder, operand: Operand, function: str) -> Operand:
    """The builtin ``len``, which itself is called for tables and the like only."""
    if only(operand.types, ARRAY | STRING):
        return length(b, operand)
    operand = b.spilled(operand)
    other: ast.expr = b.call("trunc", b.call(function, operand.node))
    for own, name in ((STRING, "str"), (ARRAY, "list")):
        if operand.types & own:
            count = b.call("len", operand.node)
            other = b.choose(b.is_a(operand.node, name), count, other)
    node = b.call("float", other)
    return Operand(node, INTEGER, calls=operand.calls, height=4, whole=other, is_exact=True)


# Ownership ------------------------------------------------------------------


def _released(b: Builder, slots: Sequence[Slot], operand: Operand) -> Operand:
    """A part that something will hold on to: the variable that it is of owns it no longer."""
    for slot in slots:
        operand = b.spilled(operand)
        released = b.call_method(b.name(slot.parts), "release", operand.node)
        chosen = b.choose(b.is_a(operand.node, "float"), operand.node, released)
        operand = Operand(chosen, operand.types, height=2)
    return operand
