"""Statements: the function that plans each kind of them, ``if``, ``throw`` and jumps.

Source: language reference, sections 6 and 8.
"""

from __future__ import annotations

from datacode.language.analysis import plan
from datacode.language.analysis.flow import FlowState, merge
from datacode.language.analysis.type_sets import NULL
from datacode.language.planning.assignments import assign
from datacode.language.planning.element_assignments import assign_element
from datacode.language.planning.loops import for_
from datacode.language.planning.planner import Planner, StatementTable, place
from datacode.language.planning.try_blocks import try_
from datacode.language.syntax import nodes


def _throw(p: Planner, node: nodes.Throw) -> plan.Stmt:
    made = plan.ThrowPlan(place(node), p.expression(node.value))
    p.flow.state.live = False
    return made


def _return(p: Planner, node: nodes.Return) -> plan.Stmt:
    value = None if node.value is None else p.expression(node.value, keep=True)
    p.returned |= NULL if value is None else value.type
    p.flow.state.live = False
    return plan.ReturnPlan(place(node), value)


def _break(p: Planner, node: nodes.Break) -> plan.Stmt:
    p.flow.state.live = False
    return plan.BreakPlan(place(node))


def _next(p: Planner, node: nodes.Next) -> plan.Stmt:
    p.flow.state.live = False
    return plan.NextPlan(place(node), node.depth)


def _if(p: Planner, node: nodes.If) -> plan.Stmt:
    flow = p.flow
    ends: list[FlowState] = []
    branches = []
    for branch in node.branches:
        condition = p.expression(branch.condition)
        before = flow.state.copy()
        branches.append(plan.BranchPlan(place(branch), condition, p.block(branch.body)))
        ends.append(flow.state)
        flow.state = before
    otherwise = None if node.otherwise is None else p.block(node.otherwise)
    state, *others = *ends, flow.state
    for other in others:
        state = merge(state, other)
    flow.state = state
    return plan.IfPlan(place(node), tuple(branches), otherwise)


STATEMENTS: StatementTable = {
    nodes.Assign: assign,
    nodes.AssignElement: assign_element,
    nodes.ExpressionStatement: lambda p, n: plan.Evaluate(place(n), p.expression(n.value)),
    nodes.If: _if,
    nodes.For: for_,
    nodes.Try: try_,
    nodes.Throw: _throw,
    nodes.Return: _return,
    nodes.Break: _break,
    nodes.Next: _next,
}
