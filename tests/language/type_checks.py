"""Code that checks while it runs what the compiler has inferred, as a switch for tests.

A type set that is too small makes a program silently wrong; with this code it ends in a
``TypeMismatch`` instead: before and behind each statement everything that is known of variables,
cells of rows and cached values is checked, and every other expression where it is computed.
"""

from __future__ import annotations

import ast
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import chain, islice
from typing import Any
from unittest import mock

from datacode.language import compiler, program_cache
from datacode.language.analysis import plan
from datacode.language.analysis.flow import SET
from datacode.language.analysis.type_sets import (
    ANY,
    ARRAY,
    BOOL,
    FRACTION,
    INTEGER,
    NULL,
    OBJECT,
    OTHER,
    STRING,
    elements_of,
)
from datacode.language.codegen.builder import Builder, EmitExpression, ExpressionTable, Operand
from datacode.language.planning import units
from datacode.language.planning.planner import Planner, PlanStatement, StatementTable, place
from datacode.language.python_names import is_global, is_private, variable_name
from datacode.runtime import compiled_builtins
from datacode.values.table import Column, Indexer, Table
from datacode.values.types import Currency, Path, PathPattern, Value

ELEMENTS = 40
"""Elements of one array or object that are looked at, from its beginning and from its end."""

_TYPES: dict[type, int] = {str: STRING, bool: BOOL, type(None): NULL, list: ARRAY, dict: OBJECT}
_TYPES |= dict.fromkeys((Path, PathPattern, Currency, Table, Column, Indexer), OTHER)


class TypeMismatch(BaseException):
    """The compiler has inferred a wrong type. No program catches it, and no host takes it for one
    of a program's errors.
    """


@plan.node
class Checked(plan.Stmt):
    """A statement with what is known of variables before it and behind it."""

    before: tuple[plan.Expr, ...]
    statement: plan.Stmt
    after: tuple[plan.Expr, ...]


@contextmanager
def type_checks() -> Iterator[None]:
    """While code is compiled that checks its types; nothing compiled otherwise is used."""
    with ExitStack() as stack:
        for target, name, value in (
            (units, "STATEMENTS", _noting_statements(units.STATEMENTS)),
            (compiler, "EXPRESSIONS", _checking_expressions(compiler.EXPRESSIONS)),
            (compiler, "STATEMENTS", {**compiler.STATEMENTS, Checked: _emit_checked}),
            (program_cache, "_programs", OrderedDict()),
        ):
            stack.enter_context(mock.patch.object(target, name, value))
        stack.enter_context(mock.patch.dict(compiled_builtins._OPERATORS, checked=checked))
        yield


def _checking_expressions(table: ExpressionTable) -> ExpressionTable:
    """The same functions, with a check of each value. Names are checked between statements."""

    def checking(make: EmitExpression) -> EmitExpression:
        def make_checked(b: Builder, node: Any) -> Operand:
            operand = make(b, node)
            if operand.plain or operand.types == ANY:
                return operand
            check = _check(b, operand.node, operand.types, "expression")
            return replace(operand, node=check, height=operand.height + 1)

        return make_checked

    return {node: checking(make) for node, make in table.items()}


def _noting_statements(table: StatementTable) -> StatementTable:
    """The same functions, with everything that is known of variables, cells of rows and cached
    values before and behind each statement.
    """

    def noting(make: PlanStatement) -> PlanStatement:
        def make_noted(p: Planner, node: Any) -> plan.Stmt:
            before = tuple(_known(p, place(node)))
            made = make(p, node)
            after = tuple(_known(p, place(node))) if p.flow.state.live else ()
            return Checked(place(node), before, made, after)

        return make_noted

    return {node: noting(make) for node, make in table.items()}


def _emit_checked(b: Builder, node: Checked) -> None:
    _check_variables(b, node.before)
    compiler.STATEMENTS[node.statement.__class__](b, node.statement)
    _check_variables(b, node.after)


def _check_variables(b: Builder, known: Iterable[plan.Expr]) -> None:
    for each in known:
        python = plan.variable_of(each)
        # The variable of a loop over a range may exist as a Python int only.
        if python is not None and python not in b.shadows:
            b.evaluate(_check(b, b.name(python), each.type, python))


def _check(b: Builder, value: ast.expr, types: int, what: str) -> ast.Call:
    return b.call("checked", value, b.constant(types), b.constant(what))


def _known(p: Planner, at: plan.Place) -> Iterator[plan.Expr]:
    """What is known of more than nothing, as reads of those types."""
    state = p.flow.state
    for python, types in state.types.items():
        slot = p.flow.slot(python, variable_name(python), is_private(python))
        is_variable = slot.private or is_global(python)
        is_stored = python not in p.row_cells
        if types != ANY and is_variable and is_stored and p.flow.setness(slot) == SET:
            yield plan.Read(at, types, slot, certain=True)
    for cells in p.row_cells.values():
        for python in cells.values():
            yield plan.Cell(at, state.types.get(python, ANY), python)
    for cached in state.cached.values():
        yield plan.CacheUse(at, state.types.get(cached.python, cached.types), cached.python)


def checked(value: Value, inferred: int, what: str) -> Value:
    """The value itself. Raises TypeMismatch if it is not of the type set inferred for ``what``."""
    if not fits(value, inferred):
        raise TypeMismatch(f"{what}: {value!r:.200} is not of {inferred:#x}")
    return value


def fits(value: Any, types: int) -> bool:
    """Is the value, with its elements as far as anything is known of them, of the type set?"""
    if types == ANY:
        return True
    if value.__class__ is float:
        is_fraction = value - value == 0 and not value.is_integer()
        return bool(types & (FRACTION if is_fraction else INTEGER))
    if not _TYPES.get(value.__class__, 0) & types:
        return False
    if value.__class__ is not list and value.__class__ is not dict:
        return True
    inner = elements_of(types)
    return all(fits(element, inner) for element in _some(value))


def _some(container: list[Value] | dict[str, Value]) -> Iterable[Value]:
    elements = container.values() if isinstance(container, dict) else container
    return chain(islice(elements, ELEMENTS), islice(reversed(elements), ELEMENTS))
