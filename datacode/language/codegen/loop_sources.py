"""What loops run over: the numbers of a range, elements, pairs, cells of rows.

Source: language reference, 6.4.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from datacode.language.analysis import plan
from datacode.language.analysis.type_sets import ARRAY, STRING, only
from datacode.language.codegen.builder import Builder, Operand
from datacode.language.codegen.evaluation_order import operands_of


def numbers(b: Builder, source: plan.Range) -> ast.expr:
    """The numbers of ``range(…)``."""
    bounds = [_bound(operand) for operand in operands_of(b, source.bounds)]
    with b.at(source.at):
        return b.call("whole_range", *bounds)


def _bound(operand: Operand) -> ast.expr:
    """A bound of a range; a Python int where that is known."""
    return operand.whole if operand.whole is not None and operand.is_exact else operand.node


def elements(b: Builder, source: plan.Elements, operand: Operand, count: int) -> ast.expr:
    """The elements of a value, for so many variables."""

    def call(function: str, *arguments: ast.expr) -> ast.expr:
        with b.at(source.at):
            return b.call(function, *arguments)

    if source.how == "pairs":
        return call("each_pair", operand.node)
    if source.how == "numbered":
        return call("each_numbered", operand.node)
    if source.how == "unpacked":
        return call("each_unpacked", operand.node, b.constant(count))
    if only(operand.types, STRING) or only(operand.types, ARRAY):
        return operand.node
    operand = b.spilled(operand)
    each = call("each", operand.node)
    return b.choose(b.is_a(operand.node, "list"), operand.node, each)


def cells(
    b: Builder, source: plan.Cells, operand: Operand, fold: plan.Fold | None
) -> tuple[ast.expr, ast.expr]:
    """A test whether there are such cells, and what is visited then; with a fold, its chunks."""
    with b.at(source.at):
        found = b.name(b.temporary())
        arguments: list[ast.expr] = [operand.node]
        if source.positions is not None:
            width = len(source.positions) if source.is_unpacked else None
            arguments.append(_positions(b, source.positions))
            arguments.append(b.constant(width))
            arguments.append(_positions(b, source.numbers))
        what = "numbers_of_column" if source.positions is None else "cells_of_rows"
        if fold is not None:
            arguments.append(b.constants(fold.program))
            if source.is_numbered:
                arguments.append(b.constant(True))
        is_there = b.compare(
            b.walrus(found.id, b.call(what, *arguments)), [ast.IsNot()], [b.constant(None)]
        )
        python_class = "Column" if source.positions is None else "Table"
        test = b.all_of([b.is_a(operand.node, python_class), is_there])
        return test, b.call("numbered", found) if source.is_numbered and fold is None else found


def _positions(b: Builder, positions: Sequence[int]) -> ast.expr:
    return b.tuple_(*map(b.constant, positions))
