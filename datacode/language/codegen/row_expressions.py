"""What only conditions over rows have: ``in``, ``like`` and other words, ``if(…)`` and ``case``.

Source: tables and files reference, 1.7.
"""

from __future__ import annotations

import ast

from datacode.language.analysis.flow import FlowState, merge
from datacode.language.analysis.type_sets import BOOL
from datacode.language.codegen.builder import STEADY, Builder, Operand
from datacode.language.codegen.evaluation_order import combine, operands_of
from datacode.language.codegen.operators import condition
from datacode.language.syntax import nodes


def row_test(b: Builder, node: nodes.RowTest) -> Operand:
    """A call of the function for the word."""
    operands = operands_of(b, node.operands)
    made: ast.expr = b.call(f"row_{node.operator}", *(operand.node for operand in operands))
    if node.negated:
        made = b.unary(ast.Not(), made)
    return combine(Operand(made, BOOL), *operands)


def choice(b: Builder, node: nodes.Choice, keep: bool) -> Operand:
    """The branches beside each other: each is looked at while a flag says that none was taken."""
    value, waiting = b.temporary(), b.temporary()
    b.assign(waiting, b.constant(True))
    types = 0
    ends: list[FlowState] = []
    for test, result in node.branches:
        with b.branch() as made:
            test_node = condition(b, test)
            before = b.flow.state.copy()
            with b.branch() as body:
                operand = b.expression(result, keep=keep)
                b.assign(value, operand.node)
                b.assign(waiting, b.constant(False))
            ends.append(b.flow.state)
            b.flow.state = before
            b.emit(b.if_(test_node, body))
        types |= operand.types
        b.emit(b.if_(b.name(waiting), made))
    with b.branch() as rest:
        operand = b.expression(node.otherwise, keep=keep)
        b.assign(value, operand.node)
    for state in ends:
        b.flow.state = merge(b.flow.state, state)
    b.emit(b.if_(b.name(waiting), rest))
    return Operand(b.name(value), types | operand.types, plain=True, steadiness=STEADY, safe=True)
