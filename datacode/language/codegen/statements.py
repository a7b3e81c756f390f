"""Statements: the function that emits each kind of them, ``if``, ``throw`` and jumps.

Source: language reference, sections 6 and 8.
"""

from __future__ import annotations

from datacode.language.analysis import plan
from datacode.language.analysis.type_sets import BOOL, NUMBER, STRING, only
from datacode.language.codegen.append import add_one, append_array, append_by_type, append_text
from datacode.language.codegen.arithmetic import printed_text
from datacode.language.codegen.builder import Builder, EmitStatement, Operand, StatementTable
from datacode.language.codegen.element_assignments import store_element
from datacode.language.codegen.frames import Jump
from datacode.language.codegen.functions import jump, outline_block, return_
from datacode.language.codegen.loops import for_
from datacode.language.codegen.operators import condition
from datacode.language.codegen.promotion import promoted
from datacode.language.codegen.try_blocks import try_
from datacode.language.codegen.variables import store

MAX_BRANCHES = 20
"""Python nests each ``elif`` in the one before it."""


def _block_statement(b: Builder, node: plan.ForPlan | plan.TryPlan, emit: EmitStatement) -> None:
    """A loop or ``try``, in a function of its own where the plan says so."""
    if node.is_outlined:
        b.out.extend(outline_block(b, lambda: emit(b, node)))
    else:
        emit(b, node)


def _throw(b: Builder, value: plan.Expr) -> None:
    """Raise the printed form of a value."""
    operand = b.expression(value)
    text = operand
    if only(operand.types, NUMBER | BOOL):
        text = printed_text(b, operand)
    elif not only(operand.types, STRING):
        text = Operand(b.call("printed", operand.node))
    b.raise_(b.call("Thrown", text.node))


# if --------------------------------------------------------------------------------------


def _if(b: Builder, node: plan.IfPlan) -> None:
    """Python nests each branch in the one before; so many go beside each other instead."""
    count = len(node.branches)
    flag = b.exit_flag()
    if count > MAX_BRANCHES:
        b.assign(flag, b.constant(True))
    for first in range(0, count, MAX_BRANCHES):
        stop = first + MAX_BRANCHES
        with b.branch() as made:
            _branches(b, node, first, stop, flag if stop < count else None)
        if first == 0:
            b.out.extend(made)
        else:
            b.emit(b.if_(b.name(flag), made))


def _branches(b: Builder, node: plan.IfPlan, first: int, stop: int, flag: str | None) -> None:
    """The branches from ``first`` to before ``stop``; one that is taken clears the flag."""
    if first == len(node.branches) and node.otherwise is not None:
        b.out.extend(b.block(node.otherwise))
    if first >= min(stop, len(node.branches)):
        return
    branch = node.branches[first]
    b.go_to(*branch.at)
    test = condition(b, branch.condition)
    body = b.block(branch.body)
    b.go_to(*branch.at)
    if flag is not None:
        body.insert(0, b.assignment(b.constant(False), b.target(flag)))
    with b.branch() as rest:
        _branches(b, node, first + 1, stop, flag)
    b.go_to(*branch.at)
    b.emit(b.if_(test, body, rest))


STATEMENTS: StatementTable = {
    plan.Store: store,
    plan.AppendArray: append_array,
    plan.AppendText: append_text,
    plan.AppendByType: append_by_type,
    plan.AddOne: add_one,
    plan.StoreElement: store_element,
    plan.Evaluate: lambda b, node: b.evaluate(b.expression(node.value).node),
    plan.IfPlan: _if,
    plan.ForPlan: lambda b, node: _block_statement(b, node, for_),
    plan.TryPlan: lambda b, node: _block_statement(b, node, try_),
    plan.Promoted: promoted,
    plan.ThrowPlan: lambda b, node: _throw(b, node.value),
    plan.ReturnPlan: return_,
    plan.BreakPlan: lambda b, _: jump(b, Jump("break", b.loops[-1])),
    plan.NextPlan: lambda b, node: jump(b, Jump("next", b.loops[-1 - node.depth])),
}
