"""The plans of chunks, functions and conditions over rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from datacode.language import python_names
from datacode.language.analysis import plan
from datacode.language.analysis.builtin_info import Builtins
from datacode.language.analysis.environment import CompileEnvironment
from datacode.language.analysis.flow import Flow
from datacode.language.analysis.layout import layout_of
from datacode.language.analysis.scopes import Names, names_of
from datacode.language.analysis.subexpressions import SubexpressionCache
from datacode.language.analysis.type_sets import NULL
from datacode.language.planning.expressions import EXPRESSIONS
from datacode.language.planning.planner import Planner, place
from datacode.language.planning.statements import STATEMENTS
from datacode.language.syntax import nodes


def plan_chunk(
    statements: Sequence[nodes.Statement],
    names: Names,
    environment: CompileEnvironment,
    builtins: Builtins,
) -> plan.Unit:
    """Top-level statements."""
    flow = Flow(names, environment, builtins)
    return _unit(flow, "chunk", "chunk", (), statements, (1, 0))


def plan_function(
    node: nodes.Function,
    names: Names,
    environment: CompileEnvironment,
    builtins: Builtins,
    given: Sequence[int],
) -> plan.Unit:
    """A function of the program, for arguments of the types ``given``, any if there are none."""
    flow = Flow(names, environment, builtins, node.parameters)
    for name, types in zip(node.parameters, given, strict=False):
        flow.state.types[python_names.own_variable(name)] = types
    last = {name: index for index, name in enumerate(node.parameters)}
    parameters = [python_names.DEPTH]
    for index, name in enumerate(node.parameters):
        parameters.append(
            python_names.own_variable(name)
            if last[name] == index
            else python_names.repeated_parameter(index)
        )
    name = python_names.function(node.name)
    return _unit(flow, "function", name, parameters, node.body, place(node))


def plan_condition(
    expression: nodes.Expr,
    columns: Sequence[str],
    captured: frozenset[str],
    environment: CompileEnvironment,
    builtins: Builtins,
) -> plan.Unit:
    """A condition over rows with such columns, which sees ``captured`` variables of the caller."""
    statement = nodes.Return(1, 1, expression)
    names = names_of([statement], builtins)
    positions: dict[str, int] = {}
    for position, name in enumerate(columns):
        positions.setdefault(name, position)
    flow = Flow(names, environment, builtins, (), positions, captured)
    parameters = (python_names.ROW, python_names.CAPTURED, python_names.DEPTH)
    return _unit(flow, "condition", "condition", parameters, (statement,), (1, 0))


def _unit(
    flow: Flow,
    kind: Literal["chunk", "function", "condition"],
    name: str,
    parameters: Sequence[str],
    statements: Sequence[nodes.Statement],
    at: plan.Place,
) -> plan.Unit:
    layout, subexpressions = layout_of(statements), SubexpressionCache(statements)
    planner = Planner(flow, layout, subexpressions, EXPRESSIONS, STATEMENTS)
    body = planner.block(statements)
    return plan.Unit(
        kind,
        name,
        tuple(parameters),
        at,
        body,
        planner.returned | (NULL if flow.state.live else 0),
        frozenset(flow.needs_unset),
        tuple(slot for _, slot in sorted(flow.owners.items())),
        flow.asked,
        layout.nests,
        flow.environment.steps,
        flow.block_count > 0,
        planner.visits_cells,
        planner.compares_constants,
    )
