"""What only conditions over rows have: ``in``, ``like`` and other words, ``if(…)`` and ``case``.

Source: tables and files reference, 1.7.
"""

from __future__ import annotations

import ast

from datacode.language.analysis import plan
from datacode.language.analysis.type_sets import BOOL
from datacode.language.codegen.builder import STEADY, Builder, Operand
from datacode.language.codegen.evaluation_order import combine, operands_of
from datacode.language.codegen.operators import condition


def row_test(b: Builder, node: plan.RowTestPlan) -> Operand:
    """A call of the function for the word."""
    operands = operands_of(b, node.operands)
    made: ast.expr = b.call(f"row_{node.operator}", *(operand.node for operand in operands))
    if node.is_negated:
        made = b.unary(ast.Not(), made)
    return combine(Operand(made, BOOL), *operands)


def choice(b: Builder, node: plan.ChoicePlan) -> Operand:
    """The branches beside each other: each is looked at while a flag says that none was taken."""
    value, waiting = b.temporary(), b.temporary()
    b.assign(waiting, b.constant(True))
    for test, result in node.branches:
        with b.branch() as made:
            test_node = condition(b, test)
            with b.branch() as body:
                b.assign(value, b.expression(result).node)
                b.assign(waiting, b.constant(False))
            b.emit(b.if_(test_node, body))
        b.emit(b.if_(b.name(waiting), made))
    with b.branch() as rest:
        b.assign(value, b.expression(node.otherwise).node)
    b.emit(b.if_(b.name(waiting), rest))
    return Operand(b.name(value), node.type, plain=True, steadiness=STEADY, safe=True)
