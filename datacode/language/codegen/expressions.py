"""Expressions: the function that makes each kind of them, and literals."""

from __future__ import annotations

from collections.abc import Sequence

from datacode.language.analysis import plan
from datacode.language.codegen.builder import STEADY, Builder, ExpressionTable, Operand
from datacode.language.codegen.calls import (
    call_builtin,
    call_loosely,
    call_user,
    call_wrong,
    is_instance,
    is_set,
    length_call,
)
from datacode.language.codegen.comparisons import is_multiple
from datacode.language.codegen.cse import define_cached, use_cached
from datacode.language.codegen.evaluation_order import flatten, operands_of
from datacode.language.codegen.operators import chain, unary
from datacode.language.codegen.row_expressions import choice, row_test
from datacode.language.codegen.subscripts import element, field
from datacode.language.codegen.variables import captured, cell, read, read_first, row_cell

LARGEST_WHOLE = 2.0**53


def _constant(b: Builder, node: plan.Const) -> Operand:
    made = Operand(b.constant(node.value), node.type, plain=True, steadiness=STEADY, safe=True)
    value = node.value
    if isinstance(value, float):
        made.is_exact = True
        if value.is_integer() and abs(value) < LARGEST_WHOLE:
            made.whole = b.constant(int(value))
    return made


def _array(b: Builder, node: plan.ArrayLiteral) -> Operand:
    operands = operands_of(b, node.elements)
    made = Operand(b.list_([operand.node for operand in operands]), node.type)
    return _container(made, operands)


def _object(b: Builder, node: plan.ObjectLiteral) -> Operand:
    operands = operands_of(b, node.values)
    made = b.dict_(node.keys, [operand.node for operand in operands])
    return _container(Operand(made, node.type), operands)


def _container(made: Operand, operands: Sequence[Operand]) -> Operand:
    """A literal with what follows from its elements."""
    made.calls = any(operand.calls for operand in operands)
    made.safe = all(operand.safe for operand in operands)
    made.height = max((operand.height for operand in operands), default=0) + 1
    made.fresh = True
    return made


EXPRESSIONS: ExpressionTable = {
    plan.Const: _constant,
    plan.Read: read,
    plan.ReadFirst: read_first,
    plan.Cell: cell,
    plan.RowCell: row_cell,
    plan.Captured: captured,
    plan.CacheDef: define_cached,
    plan.CacheUse: use_cached,
    plan.ArrayLiteral: lambda b, node: flatten(b, _array(b, node)),
    plan.ObjectLiteral: lambda b, node: flatten(b, _object(b, node)),
    plan.Arith: chain,
    plan.Compare: chain,
    plan.LogicalPlan: chain,
    plan.IsMultiple: lambda b, node: flatten(b, is_multiple(b, node)),
    plan.Negate: unary,
    plan.Not: unary,
    plan.Element: lambda b, node: flatten(b, element(b, node)),
    plan.Field: lambda b, node: flatten(b, field(b, node)),
    plan.CallUser: lambda b, node: flatten(b, call_user(b, node)),
    plan.CallBuiltin: lambda b, node: flatten(b, call_builtin(b, node)),
    plan.Length: lambda b, node: flatten(b, length_call(b, node)),
    plan.IsInstance: lambda b, node: flatten(b, is_instance(b, node)),
    plan.IsSet: lambda b, node: flatten(b, is_set(b, node)),
    plan.CallLoose: lambda b, node: flatten(b, call_loosely(b, node)),
    plan.CallWrong: lambda b, node: flatten(b, call_wrong(b, node)),
    plan.RowTestPlan: lambda b, node: flatten(b, row_test(b, node)),
    plan.ChoicePlan: choice,
}
