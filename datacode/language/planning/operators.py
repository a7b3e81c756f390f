"""Operators: their results, and what is known of operands behind an operation that succeeded.

Source: language reference, 5.2 to 5.7.
"""

from __future__ import annotations

from datacode.language.analysis import plan, rules
from datacode.language.analysis.type_sets import BOOL, NUMBER, STRING, only
from datacode.language.planning.planner import Planner, place
from datacode.language.syntax import nodes
from datacode.values.date_text import could_be_date, could_be_duration
from datacode.values.parse_text import amount_of

_ORDER = frozenset({"<", "<=", ">", ">="})

_BEHIND_DIGITS = ":"
"""No text from here on begins with a digit, a sign or a dollar, and so is compared as a text."""


def chain(p: Planner, node: nodes.Binary | nodes.Logical) -> plan.Expr:
    """A row of binary operators, which is deep on its left, from left to right."""
    row: list[nodes.Binary | nodes.Logical] = []
    first: nodes.Expr = node
    while isinstance(first, nodes.Binary | nodes.Logical):
        row.append(first)
        first = first.left
    left = p.expression(first)
    for each in reversed(row):
        left = _operation(p, place(each), each.operator, left, p.expression(each.right))
    return left


def _operation(
    p: Planner, at: plan.Place, operator: str, left: plan.Expr, right: plan.Expr
) -> plan.Expr:
    if operator in rules.ARITHMETIC:
        types = rules.arithmetic(operator, left.type, right.type)
        if _fails_without_numbers(operator, left.type, right.type):
            for operand in (left, right):
                _refine(p, operand, operand.type & NUMBER or NUMBER)
        return plan.Arith(at, types, operator, left, right)
    if operator in ("and", "or"):
        return plan.LogicalPlan(at, BOOL, operator, left, right)
    may_mean_more = _may_mean_more(left, right, in_condition=p.flow.columns is not None)
    if operator in _ORDER and _is_ordered_by_type(p, left.type, right.type, may_mean_more):
        ordered = rules.ordered(left.type, right.type)
        for operand in (left, right):
            _refine(p, operand, operand.type & ordered or ordered)
    if operator in ("==", "!="):
        numbers = plan.number_of(left), plan.number_of(right)
        p.compares_constants = p.compares_constants or numbers != (None, None)
    return plan.Compare(at, BOOL, operator, left, right, may_mean_more)


def _refine(p: Planner, operand: plan.Expr, types: int) -> None:
    p.flow.refine(plan.variable_of(operand), types)


def _fails_without_numbers(operator: str, left: int, right: int) -> bool:
    """Does code behind the operation only run where the operands, which are not known as such, were
    numbers?
    """
    if operator == "^":
        return True
    if not (left & NUMBER and right & NUMBER):
        return False
    if operator == "%":
        return True
    return not only(left | right, NUMBER) and rules.needs_numbers(operator, left, right)


def _is_ordered_by_type(p: Planner, left: int, right: int, may_mean_more: bool) -> bool:
    """Is it found out at run time, by the types of values, how they are ordered?"""
    if p.flow.columns is not None:
        return False
    both = left | right
    if only(both, NUMBER) or (only(both, STRING) and not may_mean_more):
        return False
    return bool(left & right & (NUMBER | STRING))


def _may_mean_more(left: plan.Expr, right: plan.Expr, *, in_condition: bool) -> bool:
    """Can both operands be texts of dates, durations or money, which compare as such?

    Cells are mostly texts of unknown forms, so that in conditions every text is looked at.
    """
    constants = [each.value for each in (left, right) if isinstance(each, plan.Const)]
    return all(
        isinstance(text, str)
        and (in_condition or text < _BEHIND_DIGITS)
        and (could_be_date(text) or could_be_duration(text) or amount_of(text) is not None)
        for text in constants
    )


def unary(p: Planner, node: nodes.Unary) -> plan.Expr:
    """``-`` and ``not``, perhaps several of them."""
    operators: list[nodes.Unary] = []
    inner: nodes.Expr = node
    while isinstance(inner, nodes.Unary):
        operators.append(inner)
        inner = inner.operand
    operand = p.expression(inner)
    for each in reversed(operators):
        if each.operator == "-":
            operand = _negation(p, place(each), operand)
        else:
            operand = plan.Not(place(each), BOOL, operand)
    return operand


def _negation(p: Planner, at: plan.Place, operand: plan.Expr) -> plan.Expr:
    value = plan.number_of(operand)
    if value is not None:
        return plan.Const(at, operand.type, -value)
    if not only(operand.type, NUMBER):
        _refine(p, operand, NUMBER)
    return plan.Negate(at, rules.negation(operand.type), operand)
