"""Loops.

Those over tables that want some cells of every row are planned several times: for a table with
columns of numbers, for any table, and for everything else (``analysis.row_access``).

Source: language reference, 6.4.
"""

from __future__ import annotations

from collections.abc import Sequence

from datacode.language import python_names
from datacode.language.analysis import plan, rules
from datacode.language.analysis.flow import SET, FlowState, merge
from datacode.language.analysis.loop_summary import is_range, widen_at_head
from datacode.language.analysis.row_access import RowAccess, assuming, in_versions, row_access
from datacode.language.analysis.type_sets import ANY, INTEGER, NUMBER, OTHER, SOME_ARRAY
from datacode.language.planning.planner import Planner, place
from datacode.language.syntax import nodes

Source = plan.Range | plan.Elements | plan.Cells


def for_(p: Planner, node: nodes.For) -> plan.Stmt:
    """A ``for`` statement."""
    flow = p.flow
    is_outlined = id(node) in p.layout.blocks
    if is_outlined:
        flow.state.cached = {}  # cached parts are locals of the function around
    set_before = p.set_before()
    value, versions, rest = _versions(p, node)
    if is_outlined:
        flow.state.cached = {}
    return plan.ForPlan(place(node), value, versions, rest, is_outlined, set_before)


def _versions(
    p: Planner, node: nodes.For
) -> tuple[plan.Expr | None, tuple[plan.Loop, ...], plan.Loop]:
    """The value that is visited, loops for certain kinds of it, and one for any other."""
    flow = p.flow
    if len(node.variables) == 1 and is_range(flow, node.iterable):
        assert isinstance(node.iterable, nodes.Call)
        bounds = p.expressions(node.iterable.positional or ())
        return None, (), _loop(p, node, plan.Range(place(node.iterable), bounds), (INTEGER,))
    numbered = _numbered_in(p, node)
    is_numbered = numbered is not None
    value = p.expression(numbered or node.iterable, keep=True)
    source, types = _elements(node, value.type, is_numbered)
    access = row_access(flow, node, is_numbered) if value.type & OTHER else None
    if access is None:
        return value, (), _loop(p, node, source, types)
    at_entry = flow.state.copy()
    ends: list[FlowState] = []
    made: list[plan.Loop] = []
    with in_versions(flow):
        for each in access.versions():
            flow.state = at_entry.copy()
            cells = _cells(node, each, is_numbered)
            p.visits_cells = True
            with assuming(flow, node, each, is_numbered=is_numbered):
                made.append(_loop(p, node, cells, each.variable_types(is_numbered=is_numbered)))
            ends.append(flow.state)
        flow.state = at_entry
        rest = _loop(p, node, source, types)
    for state in ends:
        flow.state = merge(state, flow.state)
    return value, tuple(made), rest


def _numbered_in(p: Planner, node: nodes.For) -> nodes.Expr | None:
    """What is visited by ``for i, x in enum(…)``; None for other loops."""
    match node.iterable:
        case nodes.Call(name=name, positional=(source,)) if len(node.variables) <= 2:
            builtin = p.flow.builtin(name)
            return source if builtin is not None and builtin.intrinsic == "numbered" else None
    return None


def _elements(
    node: nodes.For, types: int, is_numbered: bool
) -> tuple[plan.Elements, tuple[int, ...]]:
    """How a value of such types is visited, and the types that the variables have by it."""
    at = place(node.iterable)
    if is_numbered and len(node.variables) == 1:
        return plan.Elements(at, "pairs"), (SOME_ARRAY,)
    if is_numbered:
        return plan.Elements(at, "numbered"), (INTEGER, rules.visited(types))
    if len(node.variables) > 1:
        return plan.Elements(at, "unpacked"), ()
    return plan.Elements(at, "elements"), (rules.visited(types),)


def _cells(node: nodes.For, access: RowAccess, is_numbered: bool) -> plan.Cells:
    at = place(node.iterable)
    return plan.Cells(at, access.cells, access.numbers, access.is_unpacked, is_numbered)


def _loop(p: Planner, node: nodes.For, source: Source, known: Sequence[int]) -> plan.Loop:
    """A loop over what is visited; the first variables are of the ``known`` types."""
    flow = p.flow
    widen_at_head(flow, node)
    head = flow.state.copy()
    flow.loop_depth += 1
    block = flow.open_block(node.variables)
    for name in node.variables:
        flow.state.set[block[name]] = SET
        flow.slot(block[name], name, True)
    for name, types in zip(node.variables, known, strict=False):
        if types != ANY:
            flow.state.types[block[name]] = types
        else:
            flow.state.types.pop(block[name], None)
    first, row = block[node.variables[0]], block[node.variables[-1]]
    shadow = None
    assigned = flow.block_names.assigned_in(node.body)
    if isinstance(source, plan.Range) and node.variables[0] not in assigned:
        shadow = python_names.shadow(flow.block_count, first)
    cells = _cells_of(p, node.variables[-1], row, source)
    variables = tuple([block[name] for name in node.variables])
    body = p.block(node.body)
    unset = flow.needs_unset.intersection(block.values()).difference(variables)
    visible = dict(block)
    p.row_cells.pop(row, None)
    flow.close_block()
    flow.loop_depth -= 1
    flow.state = head
    return plan.Loop(source, variables, shadow, cells, body, visible, tuple(sorted(unset)))


def _cells_of(p: Planner, variable: str, row: str, source: Source) -> tuple[str, ...] | None:
    """The locals of the cells that stand for a row, which is a variable; None if it is there."""
    if not isinstance(source, plan.Cells) or source.positions is None or source.is_unpacked:
        return None
    names = tuple(python_names.cell_variable(row, i) for i in range(len(source.positions)))
    p.row_cells[row] = dict(zip(source.positions, names, strict=True))
    for position, python in p.row_cells[row].items():
        is_number = (variable, position) in p.flow.number_cells
        p.flow.state.types[python] = NUMBER if is_number else ANY
    return names
