"""Operators: rows of binary ones, ``-`` and ``not``, ``and`` and ``or``, and truth.

Source: language reference, 5.2 and 5.3.
"""

from __future__ import annotations

import ast

from datacode.language.analysis import plan
from datacode.language.analysis.type_sets import BOOL, OTHER, only
from datacode.language.codegen.arithmetic import arithmetic, negation
from datacode.language.codegen.builder import Builder, Operand
from datacode.language.codegen.comparisons import comparison
from datacode.language.codegen.evaluation_order import combine, flatten, order_operands


def chain(b: Builder, node: plan.OperationPlan) -> Operand:
    """A row of binary operators, which is deep on its left, from left to right."""
    row: list[plan.OperationPlan] = []
    first: plan.Expr = node
    while isinstance(first, plan.OperationPlan):
        row.append(first)
        first = first.left
    left = b.expression(first)
    for each in reversed(row):
        mark = len(b.out)
        right = b.expression(each.right)
        b.look_at(*each.at)
        left = flatten(b, _operation(b, each, left, mark, right))
    return left


def _operation(
    b: Builder, node: plan.OperationPlan, left: Operand, mark: int, right: Operand
) -> Operand:
    """``left operator right``; ``mark`` is where ``out`` ended after the left operand."""
    match node:
        case plan.Arith(operator=operator):
            return combine(arithmetic(b, operator, left, mark, right), left, right)
        case plan.Compare():
            return combine(comparison(b, node, left, mark, right), left, right)
        case _:
            return _logical(b, node.operator, left, mark, right)


def _logical(b: Builder, operator: str, left: Operand, mark: int, right: Operand) -> Operand:
    """``and`` and ``or`` compute both sides, unless the right one cannot be noticed."""
    if right.safe and not right.types & OTHER:
        left, right = order_operands(b, left, mark, right, "")
        lazy = ast.And() if operator == "and" else ast.Or()
        node: ast.expr = b.boolean(lazy, truth(b, left), truth(b, right))
        return combine(Operand(node, BOOL, safe=left.safe), left, right)
    twice = ("l" if left.types & OTHER else "") + ("r" if right.types & OTHER else "")
    left, right = order_operands(b, left, mark, right, twice)
    bits = ast.BitAnd() if operator == "and" else ast.BitOr()
    node = b.binary(truth(b, left), bits, truth(b, right))
    return combine(Operand(node, BOOL, height=2), left, right)


def unary(b: Builder, node: plan.Negate | plan.Not) -> Operand:
    """``-`` and ``not``, perhaps several of them."""
    row: list[plan.Negate | plan.Not] = []
    inner: plan.Expr = node
    while isinstance(inner, plan.Negate | plan.Not):
        row.append(inner)
        inner = inner.operand
    operand = b.expression(inner)
    for each in reversed(row):
        b.look_at(*each.at)
        made = negation(b, operand) if isinstance(each, plan.Negate) else _not(b, operand)
        operand = flatten(b, made)
    return operand


def _not(b: Builder, operand: Operand) -> Operand:
    node = operand.node if not operand.types & OTHER else truth(b, operand)
    height = operand.height + 2
    negated = b.unary(ast.Not(), node)
    return Operand(negated, BOOL, calls=operand.calls, height=height, safe=operand.safe)


def truth(b: Builder, operand: Operand) -> ast.expr:
    """Whether the value is true, as a Python bool."""
    if only(operand.types, BOOL):
        return operand.node
    if not operand.types & OTHER:
        return b.unary(ast.Not(), b.unary(ast.Not(), operand.node))
    operand = b.spilled(operand)
    return b.choose(b.is_a(operand.node, "bool"), operand.node, b.call("truth", operand.node))


def condition(b: Builder, node: plan.Expr) -> ast.expr:
    """The condition of an ``if``, as anything that Python takes for true or false."""
    operand = b.expression(node)
    if not operand.types & OTHER:
        return operand.node
    with b.at(node.at):
        return truth(b, operand)
