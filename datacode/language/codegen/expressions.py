"""Expressions: the function that makes each kind of them, and literals."""

from __future__ import annotations

from collections.abc import Sequence

from datacode.language.analysis import rules
from datacode.language.analysis.type_sets import ARRAY, NULL, OBJECT
from datacode.language.codegen.builder import STEADY, Builder, ExpressionTable, Operand
from datacode.language.codegen.calls import call
from datacode.language.codegen.cse import read_part
from datacode.language.codegen.evaluation_order import flatten, operands_of
from datacode.language.codegen.operators import chain, unary
from datacode.language.codegen.row_expressions import choice, row_test
from datacode.language.codegen.variables import read_name
from datacode.language.syntax import nodes

LARGEST_WHOLE = 2.0**53


def _number(b: Builder, value: float) -> Operand:
    whole = value.is_integer() and value < LARGEST_WHOLE
    return Operand(
        b.constant(value),
        rules.number(value),
        plain=True,
        steadiness=STEADY,
        safe=True,
        whole=b.constant(int(value)) if whole else None,
        is_exact=True,
    )


def _null(b: Builder) -> Operand:
    return Operand(b.constant(None), NULL, plain=True, steadiness=STEADY, safe=True)


def _array(b: Builder, elements: Sequence[nodes.Expr]) -> Operand:
    operands = operands_of(b, elements, keep=True)
    made = Operand(b.list_([operand.node for operand in operands]), ARRAY)
    return _container(made, operands)


def _object(b: Builder, pairs: Sequence[tuple[str, nodes.Expr]]) -> Operand:
    operands = operands_of(b, [value for _, value in pairs], keep=True)
    node = b.dict_([key for key, _ in pairs], [operand.node for operand in operands])
    return _container(Operand(node, OBJECT), operands)


def _container(made: Operand, operands: list[Operand]) -> Operand:
    """A literal with what follows from its elements."""
    made.calls = any(operand.calls for operand in operands)
    made.safe = all(operand.safe for operand in operands)
    made.height = max((operand.height for operand in operands), default=0) + 1
    made.types = rules.container(made.types, [operand.types for operand in operands])
    made.fresh = True
    return made


EXPRESSIONS: ExpressionTable = {
    nodes.Number: lambda b, node, _: _number(b, node.value),
    nodes.String: lambda b, node, _: b.string_constant(node.value),
    nodes.Bool: lambda b, node, _: b.bool_constant(node.value),
    nodes.Null: lambda b, node, _: _null(b),
    nodes.Name: lambda b, node, keep: read_name(b, node.name, keep=keep),
    nodes.Binary: lambda b, node, _: chain(b, node),
    nodes.Logical: lambda b, node, _: chain(b, node),
    nodes.Unary: lambda b, node, _: flatten(b, unary(b, node)),
    nodes.RowTest: lambda b, node, _: flatten(b, row_test(b, node)),
    nodes.Choice: choice,
    nodes.Call: lambda b, node, _: flatten(b, call(b, node)),
    nodes.Index: read_part,
    nodes.Member: read_part,
    nodes.Array: lambda b, node, _: flatten(b, _array(b, node.elements)),
    nodes.Object: lambda b, node, _: flatten(b, _object(b, node.pairs)),
}
