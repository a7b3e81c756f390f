"""Expressions: the function that plans each kind of them, and literals."""

from __future__ import annotations

from datacode.language.analysis import plan, rules
from datacode.language.analysis.type_sets import ARRAY, BOOL, NULL, OBJECT, STRING
from datacode.language.planning.calls import call
from datacode.language.planning.operators import chain, unary
from datacode.language.planning.parts import read_part
from datacode.language.planning.planner import ExpressionTable, Planner, place
from datacode.language.planning.row_expressions import choice, row_test
from datacode.language.planning.variables import read_name
from datacode.language.syntax import nodes


def _array(p: Planner, node: nodes.Array) -> plan.Expr:
    elements = p.expressions(node.elements, keep=True)
    types = rules.container(ARRAY, [each.type for each in elements])
    return plan.ArrayLiteral(place(node), types, elements)


def _object(p: Planner, node: nodes.Object) -> plan.Expr:
    values = p.expressions([value for _, value in node.pairs], keep=True)
    types = rules.container(OBJECT, [each.type for each in values])
    return plan.ObjectLiteral(place(node), types, tuple(key for key, _ in node.pairs), values)


EXPRESSIONS: ExpressionTable = {
    nodes.Number: lambda _p, n, _: plan.Const(place(n), rules.number(n.value), n.value),
    nodes.String: lambda _p, n, _: plan.Const(place(n), STRING, n.value),
    nodes.Bool: lambda _p, n, _: plan.Const(place(n), BOOL, n.value),
    nodes.Null: lambda _p, n, _: plan.Const(place(n), NULL, None),
    nodes.Name: lambda p, n, keep: read_name(p, place(n), n.name, keep=keep),
    nodes.Binary: lambda p, n, _: chain(p, n),
    nodes.Logical: lambda p, n, _: chain(p, n),
    nodes.Unary: lambda p, n, _: unary(p, n),
    nodes.RowTest: lambda p, n, _: row_test(p, n),
    nodes.Choice: choice,
    nodes.Call: lambda p, n, _: call(p, n),
    nodes.Index: read_part,
    nodes.Member: read_part,
    nodes.Array: lambda p, n, _: _array(p, n),
    nodes.Object: lambda p, n, _: _object(p, n),
}
