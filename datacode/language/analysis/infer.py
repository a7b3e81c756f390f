"""The types of expressions, without code for them: what loops are compiled by.

Code for a loop has to hold however often it has run, so the types of its variables must be known
before any of it is made.
"""

from __future__ import annotations

from collections.abc import Mapping

from datacode.language.analysis import rules
from datacode.language.analysis.flow import Flow
from datacode.language.analysis.type_sets import (
    ANY,
    ARRAY,
    BOOL,
    NULL,
    NUMBER,
    OBJECT,
    OTHER,
    STRING,
    of_argument,
)
from datacode.language.syntax import nodes

LARGEST_POSITION = 1 << 31
"""No array is so long; literals beyond are left to the running program."""

Types = Mapping[str, int]
"""The types of variables by their names in the program."""


def infer_type(flow: Flow, node: nodes.Expr, variables: Types) -> int:
    """The types of an expression where variables are of those in ``variables``.

    None (0) if one that it needs has none yet: then nothing has got so far.
    """
    match node:
        case nodes.Number(value=value):
            return rules.number(value)
        case nodes.String():
            return STRING
        case nodes.Bool():
            return BOOL
        case nodes.Null():
            return NULL
        case nodes.Array(elements=elements):
            return rules.container(ARRAY, [infer_type(flow, each, variables) for each in elements])
        case nodes.Object(pairs=pairs):
            values = [infer_type(flow, value, variables) for _, value in pairs]
            return rules.container(OBJECT, values)
        case nodes.Logical() | nodes.RowTest():
            return BOOL
        case nodes.Choice():
            return ANY
        case nodes.Name(name=name):
            return _type_of_name(flow, name, variables)
        case nodes.Binary():
            return _type_of_chain(flow, node, variables)
        case nodes.Unary(operator="-", operand=operand):
            types = infer_type(flow, operand, variables)
            return types and rules.negation(types)
        case nodes.Unary():
            return BOOL
        case nodes.Call():
            return _type_of_call(flow, node, variables)
        case nodes.Index(base=base, index=index):
            if _is_number_cell(flow, base, index):
                return NUMBER
            types = infer_type(flow, base, variables)
            return types and rules.element(types)
        case nodes.Member(base=base, name=name):
            types = infer_type(flow, base, variables)
            return types and rules.member(name, types)


def _is_number_cell(flow: Flow, base: nodes.Expr, index: nodes.Expr) -> bool:
    if not flow.number_cells or not isinstance(base, nodes.Name):
        return False
    return (base.name, constant_position(index)) in flow.number_cells


def _type_of_name(flow: Flow, name: str, variables: Types) -> int:
    if flow.columns is not None:
        return ANY
    if name in variables:
        return variables[name]
    types = 0
    for slot in flow.candidates(name):
        types |= flow.types_of(slot)
    return types


def _type_of_call(flow: Flow, node: nodes.Call, variables: Types) -> int:
    if node.positional is None:
        return ANY
    given = [infer_type(flow, argument, variables) for argument in node.positional]
    expected = flow.environment.functions.get(node.name)
    if expected is not None:
        if len(given) != expected or 0 in given:
            return ANY if 0 not in given else 0
        return flow.result_types(node.name, tuple(map(of_argument, given)))
    builtin = flow.builtins.get(node.name)
    return ANY if builtin is None else builtin.result_type(given)


def _type_of_chain(flow: Flow, node: nodes.Binary, variables: Types) -> int:
    """Of a row of binary operators, which is deep on its left."""
    row: list[nodes.Binary] = []
    first: nodes.Expr = node
    while isinstance(first, nodes.Binary):
        row.append(first)
        first = first.left
    if row[0].operator not in rules.ARITHMETIC:
        return BOOL
    types = infer_type(flow, first, variables)
    for each in reversed(row):
        if each.operator in rules.ARITHMETIC:
            right = infer_type(flow, each.right, variables)
            types = types and right and rules.arithmetic(each.operator, types, right)
        else:
            types = BOOL
    return types


def may_be_condition(flow: Flow, node: nodes.Index, variables: Types) -> bool:
    """May it be ``t['a > x']``, rows by a condition, where variables are of those types?"""
    is_text = infer_type(flow, node.index, variables) & STRING
    return bool(is_text and infer_type(flow, node.base, variables) & OTHER)


def constant_position(index: nodes.Expr) -> int | None:
    """The position that a literal index means, counted from the end if negative."""
    sign = 1
    if isinstance(index, nodes.Unary) and index.operator == "-":
        sign, index = -1, index.operand
    if not isinstance(index, nodes.Number) or not index.value.is_integer():
        return None
    return sign * int(index.value) if index.value < LARGEST_POSITION else None
