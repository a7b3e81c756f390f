"""Statements: the function that emits each kind of them, ``if``, ``throw`` and jumps.

Source: language reference, sections 6 and 8.
"""

from __future__ import annotations

from datacode.language.analysis.flow import FlowState, merge
from datacode.language.analysis.type_sets import BOOL, NUMBER, STRING, only
from datacode.language.codegen.arithmetic import printed_text
from datacode.language.codegen.assignments import assign
from datacode.language.codegen.builder import Builder, EmitStatement, Operand, StatementTable
from datacode.language.codegen.element_assignments import assign_element
from datacode.language.codegen.frames import Jump
from datacode.language.codegen.functions import jump, outline_block, return_
from datacode.language.codegen.loops import for_
from datacode.language.codegen.operators import condition
from datacode.language.codegen.try_blocks import try_
from datacode.language.syntax import nodes

MAX_BRANCHES = 20
"""Python nests each ``elif`` in the one before it."""


def _block_statement(b: Builder, node: nodes.For | nodes.Try, emit: EmitStatement) -> None:
    """A loop or ``try``, in a function of its own where the layout says so."""
    if id(node) in b.layout.blocks:
        b.out.extend(outline_block(b, lambda: emit(b, node)))
    else:
        emit(b, node)


def _throw(b: Builder, value: nodes.Expr) -> None:
    """Raise the printed form of a value."""
    operand = b.expression(value)
    text = operand
    if only(operand.types, NUMBER | BOOL):
        text = printed_text(b, operand)
    elif not only(operand.types, STRING):
        text = Operand(b.call("printed", operand.node))
    b.raise_(b.call("Thrown", text.node))
    b.flow.state.live = False


# if --------------------------------------------------------------------------------------


def _if(b: Builder, node: nodes.If) -> None:
    """Python nests each branch in the one before; so many go beside each other instead."""
    ends: list[FlowState] = []
    count = len(node.branches)
    flag = b.exit_flag()
    if count > MAX_BRANCHES:
        b.assign(flag, b.constant(True))
    for first in range(0, count, MAX_BRANCHES):
        stop = first + MAX_BRANCHES
        with b.branch() as made:
            _branches(b, node, first, stop, flag if stop < count else None, ends)
        if first == 0:
            b.out.extend(made)
        else:
            b.emit(b.if_(b.name(flag), made))
    state = ends[0]
    for other in ends[1:]:
        state = merge(state, other)
    b.flow.state = state


def _branches(
    b: Builder, node: nodes.If, first: int, stop: int, flag: str | None, ends: list[FlowState]
) -> None:
    """The branches from ``first`` to before ``stop``; one that is taken clears the flag."""
    if first == len(node.branches):
        if node.otherwise is not None:
            b.out.extend(b.block(node.otherwise))
        ends.append(b.flow.state)
    if first >= min(stop, len(node.branches)):
        return
    branch = node.branches[first]
    b.go_to(branch.line, branch.column)
    test = condition(b, branch.condition)
    before = b.flow.state.copy()
    body = b.block(branch.body)
    ends.append(b.flow.state)
    b.flow.state = before
    b.go_to(branch.line, branch.column)
    if flag is not None:
        body.insert(0, b.assignment(b.constant(False), b.target(flag)))
    with b.branch() as rest:
        _branches(b, node, first + 1, stop, flag, ends)
    b.go_to(branch.line, branch.column)
    b.emit(b.if_(test, body, rest))


STATEMENTS: StatementTable = {
    nodes.Assign: assign,
    nodes.AssignElement: assign_element,
    nodes.ExpressionStatement: lambda b, node: b.evaluate(b.expression(node.value).node),
    nodes.If: _if,
    nodes.For: lambda b, node: _block_statement(b, node, for_),
    nodes.Try: lambda b, node: _block_statement(b, node, try_),
    nodes.Throw: lambda b, node: _throw(b, node.value),
    nodes.Return: return_,
    nodes.Break: lambda b, _: jump(b, Jump("break", b.loops[-1])),
    nodes.Next: lambda b, node: jump(b, Jump("next", b.loops[-1 - node.depth])),
}
