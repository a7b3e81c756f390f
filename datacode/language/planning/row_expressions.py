"""What only conditions over rows have: ``in``, ``like`` and other words, ``if(…)`` and ``case``.

Source: tables and files reference, 1.7.
"""

from __future__ import annotations

from datacode.language.analysis import plan
from datacode.language.analysis.flow import FlowState, merge
from datacode.language.analysis.type_sets import BOOL
from datacode.language.planning.planner import Planner, place
from datacode.language.syntax import nodes


def row_test(p: Planner, node: nodes.RowTest) -> plan.Expr:
    """A word with what stands beside it."""
    operands = p.expressions(node.operands)
    return plan.RowTestPlan(place(node), BOOL, node.operator, node.negated, operands)


def choice(p: Planner, node: nodes.Choice, keep: bool) -> plan.Expr:
    """Conditions with their results."""
    flow = p.flow
    types = 0
    ends: list[FlowState] = []
    branches: list[tuple[plan.Expr, plan.Expr]] = []
    for test, result in node.branches:
        condition = p.expression(test)
        before = flow.state.copy()
        value = p.expression(result, keep=keep)
        ends.append(flow.state)
        flow.state = before
        branches.append((condition, value))
        types |= value.type
    otherwise = p.expression(node.otherwise, keep=keep)
    for state in ends:
        flow.state = merge(flow.state, state)
    return plan.ChoicePlan(place(node), types | otherwise.type, tuple(branches), otherwise)
