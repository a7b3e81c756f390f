"""Code that checks while it runs what the compiler has inferred: for tests of the compiler.

A type set that is too small makes a program silently wrong; with this code it ends in
``runtime.type_checks.TypeMismatch`` instead.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from datacode.language.analysis.flow import SET, Slot
from datacode.language.analysis.type_sets import ANY
from datacode.language.codegen.builder import (
    Builder,
    EmitExpression,
    EmitStatement,
    ExpressionTable,
    Operand,
    StatementTable,
)
from datacode.language.python_names import is_global, is_private, variable_name


def checking_expressions(table: ExpressionTable) -> ExpressionTable:
    """The same functions, with a check of each value. Names are checked between statements."""

    def checking(make: EmitExpression) -> EmitExpression:
        def make_checked(b: Builder, node: Any, keep: bool) -> Operand:
            operand = make(b, node, keep)
            if operand.plain or operand.types == ANY:
                return operand
            check = _check(b, operand.node, operand.types, "expression")
            return replace(operand, node=check, height=operand.height + 1)

        return make_checked

    return {node: checking(make) for node, make in table.items()}


def checking_statements(table: StatementTable) -> StatementTable:
    """The same functions, with checks before and behind each statement of everything that is known
    of variables, cells of rows and cached values.
    """

    def checking(emit: EmitStatement) -> EmitStatement:
        def emit_checked(b: Builder, node: Any) -> None:
            _check_variables(b)
            emit(b, node)
            if b.flow.state.live:
                _check_variables(b)

        return emit_checked

    return {node: checking(emit) for node, emit in table.items()}


def _check_variables(b: Builder) -> None:
    for python, types in _known(b):
        if types != ANY:
            b.evaluate(_check(b, b.name(python), types, python))


def _check(b: Builder, value: ast.expr, types: int, what: str) -> ast.Call:
    return b.call("checked", value, b.constant(types), b.constant(what))


def _known(b: Builder) -> Iterator[tuple[str, int]]:
    state = b.flow.state
    for python, types in list(state.types.items()):
        slot = Slot(python, variable_name(python), is_private(python), False, False)
        is_variable = slot.private or is_global(python)
        # The variable of a loop over a range may exist as a Python int only.
        is_stored = python not in b.shadows and python not in b.row_cells
        if is_variable and is_stored and b.flow.setness(slot) == SET:
            yield python, types
    for cells in b.row_cells.values():
        for python in cells.values():
            yield python, state.types.get(python, ANY)
    for cached in state.cached.values():
        yield cached.python, state.types.get(cached.python, cached.types)
