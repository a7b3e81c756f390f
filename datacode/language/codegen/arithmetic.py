"""Sums, differences, products and the like.

For two numbers the operation is written out, behind a test of their classes where their types are
not known; all else is left to helpers (``runtime.operators``).

Source: language reference, 5.4.
"""

from __future__ import annotations

import ast

from datacode.language.analysis import rules
from datacode.language.analysis.type_sets import BOOL, NUMBER, OWN, STRING, only
from datacode.language.codegen.builder import STEADY, Builder, Operand
from datacode.language.codegen.class_tests import numbers_test
from datacode.language.codegen.evaluation_order import combine, constant_number, order_operands

_ARITHMETIC: dict[str, tuple[type[ast.operator], str]] = {
    "+": (ast.Add, "add"),
    "-": (ast.Sub, "subtract"),
    "*": (ast.Mult, "multiply"),
    "/": (ast.Div, "divide"),
}

MAX_WHOLE_HEIGHT = 6
"""Operands that nest deeper are not written a second time as Python ints."""


def arithmetic(b: Builder, operator: str, left: Operand, mark: int, right: Operand) -> Operand:
    """An operator of ``rules.ARITHMETIC``; ``mark``: where ``out`` ended after ``left``."""
    if operator in _ARITHMETIC:
        return _basic(b, operator, left, mark, right)
    if operator == "%":
        return _modulo(b, left, mark, right)
    left, right = order_operands(b, left, mark, right, "")
    return Operand(b.call("power", left.node, right.node), NUMBER)


def _basic(b: Builder, operator: str, left: Operand, mark: int, right: Operand) -> Operand:
    types = rules.arithmetic(operator, left.types, right.types)
    operation, helper = _ARITHMETIC[operator]
    if only(left.types | right.types, NUMBER):
        left, right = order_operands(b, left, mark, right, "")
        node: ast.expr = b.binary(left.node, operation(), right.node)
        whole = _whole_result(b, operator, left, right)
        safe = operator != "/" and left.safe and right.safe
        is_exact = operator != "*" and left.is_exact and right.is_exact
        return Operand(node, types, whole=whole, is_exact=is_exact, safe=safe)
    disjoint = not left.types & right.types & OWN
    if operator == "+" and (disjoint or only(left.types, STRING)):
        operand = _concatenation(b, left, mark, right, types)
        if operand is not None:
            return operand
    if not (left.types & NUMBER and right.types & NUMBER):
        left, right = order_operands(b, left, mark, right, "")
        return Operand(b.call(helper, left.node, right.node), types)
    left, right = order_operands(b, left, mark, right, "lr")
    fast = b.binary(left.node, operation(), right.node)
    slow = b.call(helper, left.node, right.node)
    node = b.choose(numbers_test(b, left, right), fast, slow)
    return Operand(node, types, height=2)


def _whole_result(b: Builder, operator: str, left: Operand, right: Operand) -> ast.expr | None:
    """The same result as a Python int, where both operands are known as ints."""
    if left.whole is None or right.whole is None or operator == "/":
        return None
    if max(left.height, right.height) > MAX_WHOLE_HEIGHT:
        return None
    return b.binary(left.whole, _ARITHMETIC[operator][0](), right.whole)


def _concatenation(
    b: Builder, left: Operand, mark: int, right: Operand, types: int
) -> Operand | None:
    """A sum with a string in it, if that is certain."""
    printable = NUMBER | BOOL
    if only(left.types, STRING):
        if only(right.types, STRING):
            left, right = order_operands(b, left, mark, right, "")
            return Operand(b.binary(left.node, ast.Add(), right.node), STRING)
        if only(right.types, printable):
            left, right = order_operands(b, left, mark, right, "")
            mark = len(b.out)
            text = printed_text(b, right)
            if len(b.out) > mark and left.steadiness != STEADY:
                left = b.spill(left, mark)
            return Operand(b.binary(left.node, ast.Add(), text.node), STRING, height=2)
        left, right = order_operands(b, left, mark, right, "lr")
        test = b.is_a(right.node, "str")
    elif only(right.types, STRING):
        if only(left.types, printable):
            left, right = order_operands(b, left, mark, right, "")
            printed = b.call("printed", left.node)
            return Operand(b.binary(printed, ast.Add(), right.node), STRING)
        left, right = order_operands(b, left, mark, right, "lr")
        test = b.is_a(left.node, "str")
    else:
        return None
    fast = b.binary(left.node, ast.Add(), right.node)
    return Operand(b.choose(test, fast, b.call("add", left.node, right.node)), types, height=2)


def printed_text(b: Builder, operand: Operand) -> Operand:
    """The printed form of a number or bool."""
    if operand.whole is not None and operand.is_exact:
        return Operand(b.call("str", operand.whole), STRING, height=operand.height + 1)
    if not only(operand.types, NUMBER):
        return combine(Operand(b.call("printed", operand.node), STRING), operand)
    operand = b.spilled(operand)
    rest = b.binary(operand.node, ast.Mod(), b.constant(1.0))
    is_whole = b.compare(rest, [ast.Eq()], [b.constant(0.0)])
    whole = b.call("str", b.call("trunc", operand.node))
    node = b.choose(is_whole, whole, b.call("number_text", operand.node))
    return Operand(node, STRING, height=3)


def _modulo(b: Builder, left: Operand, mark: int, right: Operand) -> Operand:
    types = rules.arithmetic("%", left.types, right.types)
    if not (left.types & NUMBER and right.types & NUMBER):
        left, right = order_operands(b, left, mark, right, "")
        return Operand(b.call("modulo", left.node, right.node), types)
    left, right = order_operands(b, left, mark, right, "lr")
    fast = b.binary(left.node, ast.Mod(), right.node)
    slow = b.call("modulo", left.node, right.node)
    whole = _whole_remainder(b, left, right)
    zero = b.constant(0.0)
    divisor = constant_number(right)
    if divisor is not None and divisor > 0:
        in_range = b.compare(left.node, [ast.GtE()], [zero])
    else:
        in_range = b.compare(left.node, [ast.GtE(), ast.Lt()], [zero, right.node])
    tests: list[ast.expr] = [in_range]
    if not only(left.types | right.types, NUMBER):
        tests.insert(0, numbers_test(b, left, right))
    node = b.choose(b.all_of(tests), fast, slow)
    return Operand(node, types, height=2, whole=whole, is_exact=whole is not None)


def _whole_remainder(b: Builder, left: Operand, right: Operand) -> ast.expr | None:
    """The same remainder as a Python int: it has the sign of the left operand."""
    if not (isinstance(left.whole, ast.Name) and left.is_exact and right.is_exact):
        return None
    value = constant_number(right)
    if not value or right.whole is None:
        return None
    divisor = b.constant(abs(int(value)))
    positive = b.binary(left.whole, ast.Mod(), divisor)
    opposite = b.unary(ast.USub(), left.whole)
    negative = b.unary(ast.USub(), b.binary(opposite, ast.Mod(), divisor))
    not_below = b.compare(left.whole, [ast.GtE()], [b.constant(0)])
    return b.choose(not_below, positive, negative)


def negation(b: Builder, operand: Operand) -> Operand:
    """``-operand``."""
    types = rules.negation(operand.types)
    if only(operand.types, NUMBER):
        node: ast.expr = b.unary(ast.USub(), operand.node)
        return combine(Operand(node, types, safe=operand.safe), operand)
    operand = b.spilled(operand)
    fast = b.unary(ast.USub(), operand.node)
    node = b.choose(b.is_a(operand.node, "float"), fast, b.call("negate", operand.node))
    return combine(Operand(node, types), operand)
