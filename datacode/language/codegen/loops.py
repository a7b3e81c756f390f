"""Loops.

Those over tables that want some cells of every row are compiled several times: for a table with
columns of numbers, for any table, and for everything else (``analysis.row_access``).

Source: language reference, 6.4.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from datacode.language import python_names
from datacode.language.analysis.flow import SET, FlowState, merge
from datacode.language.analysis.loop_summary import is_range, widen_at_head
from datacode.language.analysis.row_access import RowAccess, assuming, in_versions, row_access
from datacode.language.analysis.type_sets import ANY, NUMBER, OTHER
from datacode.language.codegen import loop_sources
from datacode.language.codegen.builder import Builder, Operand
from datacode.language.codegen.frames import Loop, VisibleBlock
from datacode.language.codegen.functions import initialize_unset
from datacode.language.codegen.loop_sources import LoopSource
from datacode.language.syntax import nodes


def for_(b: Builder, node: nodes.For) -> None:
    """A ``for`` statement."""
    if len(node.variables) == 1 and is_range(b.flow, node.iterable):
        _loop(b, node, loop_sources.numbers(b, node.iterable))
        return
    numbered = loop_sources.numbered_in(b, node)
    is_numbered = numbered is not None
    operand = b.expression(numbered or node.iterable, keep=True)
    access = row_access(b.flow, node, is_numbered) if operand.types & OTHER else None
    if access is None:
        _loop(b, node, loop_sources.elements(b, node, operand, is_numbered))
    else:
        _loop_versions(b, node, b.spilled(operand), is_numbered, access)


def _loop_versions(
    b: Builder, node: nodes.For, operand: Operand, is_numbered: bool, access: RowAccess
) -> None:
    """Loops over tables or columns, quicker than the loop over anything else that follows."""
    flow = b.flow
    at_entry = flow.state.copy()
    ends: list[FlowState] = []
    made: list[tuple[ast.expr, list[ast.stmt]]] = []
    visible = len(b.visible_blocks)
    versions = access.versions()
    # Before any body is made: statements there use the same temporaries again.
    sources = [loop_sources.cells(b, node, operand, is_numbered, each) for each in versions]
    elements = loop_sources.elements(b, node, operand, is_numbered)
    with in_versions(flow):
        for each, (test, source) in zip(versions, sources, strict=True):
            flow.state = at_entry.copy()
            with assuming(flow, node, each, is_numbered=is_numbered), b.branch() as version:
                _loop(b, node, source)
            made.append((test, version))
            ends.append(flow.state)
            b.go_to(node.line, node.column)
        # No condition looks for variables there, and the lines are those of the last loop.
        del b.visible_blocks[visible:]
        flow.state = at_entry
        with b.branch() as rest:
            _loop(b, node, elements)
    for state in ends:
        flow.state = merge(state, flow.state)
    b.go_to(node.line, node.column)
    for test, version in reversed(made):
        rest = [b.if_(test, version, rest)]
    b.out.extend(rest)


def _loop(b: Builder, node: nodes.For, source: LoopSource) -> None:
    """A loop over what is visited."""
    flow = b.flow
    widen_at_head(flow, node)
    head = flow.state.copy()
    loop = Loop(b.frame)
    b.loops.append(loop)
    flow.loop_depth += 1
    block = flow.open_block(node.variables)
    for name in node.variables:
        flow.state.set[block[name]] = SET
        flow.slot(block[name], name, True)
    for name, types in zip(node.variables, source.types, strict=False):
        if types != ANY:
            flow.state.types[block[name]] = types
        else:
            flow.state.types.pop(block[name], None)
    first, row = block[node.variables[0]], block[node.variables[-1]]
    shadow = None
    if source.is_range and node.variables[0] not in flow.block_names.assigned_in(node.body):
        shadow = python_names.shadow(flow.block_count, first)
        b.shadows[first] = shadow
    line = node.line
    target, iterator = _whole_target(b, node, block, source), source.iterator
    body = b.block(node.body)
    b.visible_blocks.append(VisibleBlock(line + 1, b.last_line, dict(block)))
    b.go_to(line, node.column)
    body = _step_prologue(b, node, block, source) + body
    if target is None:
        target, iterator = _step_target(b, node, source, first, shadow, body)
    b.row_cells.pop(row, None)
    b.shadows.pop(first, None)
    flow.close_block()
    b.loops.pop()
    flow.loop_depth -= 1
    flow.state = head
    for flag, _ in loop.leaves:
        b.assign(flag, b.constant(False))
    b.for_(target, iterator, body)
    _leave_further(b, loop)


def _leave_further(b: Builder, loop: Loop) -> None:
    """Where ``next`` for a loop further out has left this one: leave on, or go on there."""
    outer = b.loops[-1] if b.loops else None
    for flag, target in loop.leaves:
        if target is outer:
            way: ast.stmt = b.continue_()
        else:
            assert outer is not None
            outer.leaves.append((flag, target))
            way = b.break_()
        b.emit(b.if_(b.name(flag), [way]))


# The variables ---------------------------------------------------------------------------


def _whole_target(
    b: Builder, node: nodes.For, block: dict[str, str], source: LoopSource
) -> ast.expr | None:
    """The target of Python's ``for`` where it sets everything that the body reads."""
    pythons = [block[name] for name in node.variables]
    number: list[ast.expr] = []
    if source.is_numbered:
        number = [b.target(pythons.pop(0))]
    if source.cells is not None:
        target = _target_of_cells(b, node.variables[-1], pythons, source.cells)
    elif source.is_numbered:
        target = b.target(pythons[0])
    else:
        return None
    return b.target_tuple(*number, target) if number else target


def _target_of_cells(
    b: Builder, variable: str, pythons: Sequence[str], cells: tuple[int, ...]
) -> ast.expr:
    """The target for a cell or a tuple of cells, read as those of the variable ``pythons``.

    Several of these get the cells themselves.
    """
    if len(pythons) == 1:
        row = pythons[0]
        pythons = [python_names.cell_variable(row, index) for index in range(len(cells))]
        b.row_cells[row] = dict(zip(cells, pythons, strict=True))
        for position, python in b.row_cells[row].items():
            is_number = (variable, position) in b.flow.number_cells
            b.flow.state.types[python] = NUMBER if is_number else ANY
    if len(pythons) == 1:
        return b.target(pythons[0])
    return b.target_tuple(*map(b.target, pythons))


def _step_target(
    b: Builder,
    node: nodes.For,
    source: LoopSource,
    python: str,
    shadow: str | None,
    body: list[ast.stmt],
) -> tuple[ast.expr, ast.expr]:
    """The target of Python's ``for``, and what it runs over.

    The variable of a range exists as a number, as a Python int to index with, or as both.
    """
    iterator = source.iterator
    if len(node.variables) > 1:
        return b.target(_element(b)), iterator
    if not source.is_range:
        return b.target(python), iterator
    assert isinstance(iterator, ast.Call)
    used = {python, shadow}
    if b.flow.is_shallow:
        used = {*_names_in(body, {python, shadow or python})}
    if shadow is None or shadow not in used:
        return b.target(python), _renamed_call(b, iterator, "number_range")
    if python not in used:
        return b.target(shadow), iterator
    both = b.target_tuple(b.target(shadow), b.target(python))
    return both, _renamed_call(b, iterator, "double_range")


def _renamed_call(b: Builder, call: ast.Call, function: str) -> ast.Call:
    return ast.copy_location(b.call(function, *call.args), call)


def _element(b: Builder) -> str:
    return python_names.loop_element(len(b.loops))


def _step_prologue(
    b: Builder, node: nodes.For, block: dict[str, str], source: LoopSource
) -> list[ast.stmt]:
    """The first things of each step."""
    with b.branch() as first:
        if len(node.variables) > 1 and source.cells is None and not source.is_numbered:
            _unpack(b, node, block)
        initialize_unset(b, block, {block[name] for name in node.variables})
        if b.flow.environment.steps:
            b.evaluate(b.call("step"))
    return first


def _unpack(b: Builder, node: nodes.For, block: dict[str, str]) -> None:
    count = len(node.variables)
    element = b.name(_element(b))
    fits = b.compare(b.call("len", element), [ast.Eq()], [b.constant(count)])
    targets = b.target_tuple(*(b.target(block[name]) for name in node.variables))
    unpacked = b.assignment(element, targets)
    wrong = b.evaluation(b.call("unpack_error", element, b.constant(count)))
    b.emit(b.if_(b.all_of([b.is_a(element, "list"), fits]), [unpacked], [wrong]))


def _names_in(statements: Sequence[ast.stmt], wanted: set[str]) -> set[str]:
    """Which of the wanted names are read or stored in the statements."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(statements)
    while waiting and len(found) < len(wanted):
        node = waiting.pop()
        if isinstance(node, ast.Name):
            if node.id in wanted:
                found.add(node.id)
        else:
            waiting.extend(ast.iter_child_nodes(node))
    return found
