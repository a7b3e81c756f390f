"""What loops run over: the numbers of a range, elements, pairs, cells of rows.

Source: language reference, 6.4.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from datacode.language.analysis import rules
from datacode.language.analysis.row_access import RowAccess
from datacode.language.analysis.type_sets import ARRAY, INTEGER, SOME_ARRAY, STRING, only
from datacode.language.codegen.builder import Builder, Operand
from datacode.language.codegen.evaluation_order import operands_of
from datacode.language.syntax import nodes


@dataclass(frozen=True, slots=True)
class LoopSource:
    """What Python's ``for`` runs over, and the types that the variables have by it.

    ``is_range``: over the numbers of a range. ``is_numbered``: over tuples of a number from 0 and
    an element. ``cells``: for an element there are the cells of a row at these positions.
    """

    iterator: ast.expr
    types: tuple[int, ...] = ()
    is_range: bool = False
    is_numbered: bool = False
    cells: tuple[int, ...] | None = None


def numbered_in(b: Builder, node: nodes.For) -> nodes.Expr | None:
    """What is visited by ``for i, x in enum(…)``; None for other loops."""
    match node.iterable:
        case nodes.Call(name=name, positional=(source,)) if len(node.variables) <= 2:
            builtin = b.flow.builtin(name)
            return source if builtin is not None and builtin.intrinsic == "numbered" else None
    return None


def numbers(b: Builder, iterable: nodes.Expr) -> LoopSource:
    """The numbers of ``range(…)``."""
    assert isinstance(iterable, nodes.Call)
    bounds = [_bound(operand) for operand in operands_of(b, iterable.positional or ())]
    with b.at(iterable):
        return LoopSource(b.call("whole_range", *bounds), (INTEGER,), is_range=True)


def _bound(operand: Operand) -> ast.expr:
    """A bound of a range; a Python int where that is known."""
    return operand.whole if operand.whole is not None and operand.is_exact else operand.node


def elements(b: Builder, node: nodes.For, operand: Operand, is_numbered: bool) -> LoopSource:
    """The elements of a value, ``is_numbered`` those of pairs with their numbers."""

    def call(function: str, *arguments: ast.expr) -> ast.expr:
        with b.at(node.iterable):
            return b.call(function, *arguments)

    if is_numbered and len(node.variables) == 1:
        return LoopSource(call("each_pair", operand.node), (SOME_ARRAY,))
    if is_numbered:
        each = call("each_numbered", operand.node)
        return LoopSource(each, (INTEGER, rules.visited(operand.types)), is_numbered=True)
    if len(node.variables) > 1:
        return LoopSource(call("each_unpacked", operand.node, b.constant(len(node.variables))))
    types = rules.visited(operand.types)
    if only(operand.types, STRING) or only(operand.types, ARRAY):
        return LoopSource(operand.node, (types,))
    operand = b.spilled(operand)
    each = call("each", operand.node)
    iterator = b.choose(b.is_a(operand.node, "list"), operand.node, each)
    return LoopSource(iterator, (types,))


def cells(
    b: Builder, node: nodes.For, operand: Operand, is_numbered: bool, access: RowAccess
) -> tuple[ast.expr, LoopSource]:
    """A test whether there are such cells, and what is visited then."""
    with b.at(node.iterable):
        found = b.name(b.temporary())
        if access.cells is None:
            made = b.call("numbers_of_column", operand.node)
        else:
            made = b.call(
                "cells_of_rows",
                operand.node,
                _positions(b, access.cells),
                b.constant(len(access.cells) if access.is_unpacked else None),
                _positions(b, access.numbers),
            )
        is_there = b.compare(b.walrus(found.id, made), [ast.IsNot()], [b.constant(None)])
        python_class = "Column" if access.cells is None else "Table"
        test = b.all_of([b.is_a(operand.node, python_class), is_there])
        source = LoopSource(
            b.call("numbered", found) if is_numbered else found,
            access.variable_types(is_numbered=is_numbered),
            is_numbered=is_numbered,
            cells=access.cells,
        )
    return test, source


def _positions(b: Builder, positions: Sequence[int]) -> ast.expr:
    return b.tuple_(*map(b.constant, positions))
