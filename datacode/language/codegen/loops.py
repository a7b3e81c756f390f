"""Loops: their versions, their variables, and what Python's ``for`` sets.

Source: language reference, 6.4.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from datacode.language import python_names
from datacode.language.analysis import plan
from datacode.language.codegen import folds, loop_sources
from datacode.language.codegen.builder import Builder, Operand
from datacode.language.codegen.frames import LoopFrame, VisibleBlock
from datacode.language.codegen.functions import make_unset

MAX_SEARCHED = 6
"""Loops around a loop whose body is searched for its variable; further in it exists in both forms.
"""


def for_(b: Builder, node: plan.ForPlan) -> None:
    """A ``for`` statement."""
    rest = node.rest
    if isinstance(rest.source, plan.Range):
        _loop(b, node, rest, loop_sources.numbers(b, rest.source))
        return
    assert node.value is not None
    assert isinstance(rest.source, plan.Elements)
    operand = b.expression(node.value)
    if node.versions:
        _versions(b, node, b.spilled(operand))
    else:
        iterator = loop_sources.elements(b, rest.source, operand, len(rest.variables))
        _loop(b, node, rest, iterator)


def _versions(b: Builder, node: plan.ForPlan, operand: Operand) -> None:
    """Loops over tables or columns, quicker than the loop over anything else that follows."""
    made: list[tuple[ast.expr, list[ast.stmt]]] = []
    visible = len(b.visible_blocks)
    # Before any body is made: statements there use the same temporaries again.
    sources = []
    for each in node.versions:
        assert isinstance(each.source, plan.Cells)
        sources.append(loop_sources.cells(b, each.source, operand, each.fold))
    assert isinstance(node.rest.source, plan.Elements)
    elements = loop_sources.elements(b, node.rest.source, operand, len(node.rest.variables))
    for each, (test, iterator) in zip(node.versions, sources, strict=True):
        with b.branch() as version:
            _loop(b, node, each, iterator)
        made.append((test, version))
        b.go_to(*node.at)
    # No condition looks for variables there, and the lines are those of the last loop.
    del b.visible_blocks[visible:]
    with b.branch() as rest:
        _loop(b, node, node.rest, elements)
    b.go_to(*node.at)
    for test, version in reversed(made):
        rest = [b.if_(test, version, rest)]
    b.out.extend(rest)


def _loop(b: Builder, node: plan.ForPlan, loop: plan.Loop, iterator: ast.expr) -> None:
    """A loop over what is visited."""
    frame = LoopFrame(b.frame)
    b.loops.append(frame)
    first = loop.variables[0]
    if loop.shadow is not None:
        b.shadows[first] = loop.shadow
    target = _whole_target(b, loop)
    body = b.block(loop.body)
    b.visible_blocks.append(VisibleBlock(node.at[0] + 1, b.last_line, loop.visible))
    b.go_to(*node.at)
    body = _step_prologue(b, loop) + body
    if target is None:
        target, iterator = _step_target(b, loop, iterator, body)
    b.shadows.pop(first, None)
    b.loops.pop()
    for flag, _ in frame.leaves:
        b.assign(flag, b.constant(False))
    if loop.fold is None:
        b.for_(target, iterator, body)
    else:
        assert isinstance(iterator, ast.Name)
        folds.in_chunks(b, loop.fold, iterator, lambda rows: b.for_(target, rows, body))
    _leave_further(b, frame)


def _leave_further(b: Builder, loop: LoopFrame) -> None:
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


def _is_numbered(loop: plan.Loop) -> bool:
    """Is the first variable the number of the element that the others are?"""
    source = loop.source
    if isinstance(source, plan.Cells):
        return source.is_numbered
    return isinstance(source, plan.Elements) and source.how == "numbered"


def _cells(loop: plan.Loop) -> tuple[str, ...] | None:
    """The locals that get the cells of a row; None if Python's ``for`` gets no cells."""
    if not isinstance(loop.source, plan.Cells) or loop.source.positions is None:
        return None
    return loop.variables if loop.cells is None else loop.cells


def _whole_target(b: Builder, loop: plan.Loop) -> ast.expr | None:
    """The target of Python's ``for`` where it sets everything that the body reads."""
    cells = _cells(loop)
    is_numbered = _is_numbered(loop)
    if cells is not None:
        target: ast.expr = b.target(cells[0])
        if len(cells) > 1:
            target = b.target_tuple(*map(b.target, cells))
    elif is_numbered:
        target = b.target(loop.variables[1])
    else:
        return None
    return b.target_tuple(b.target(loop.variables[0]), target) if is_numbered else target


def _step_target(
    b: Builder, loop: plan.Loop, iterator: ast.expr, body: list[ast.stmt]
) -> tuple[ast.expr, ast.expr]:
    """The target of Python's ``for``, and what it runs over.

    The variable of a range exists as a number, as a Python int to index with, or as both.
    """
    if len(loop.variables) > 1:
        return b.target(_element(b)), iterator
    (python,), shadow = loop.variables, loop.shadow
    if not isinstance(loop.source, plan.Range):
        return b.target(python), iterator
    assert isinstance(iterator, ast.Call)
    used = {python, shadow}
    if len(b.loops) <= MAX_SEARCHED:
        used = {*_names_in(body, {python, shadow or python})}
    if shadow is None or (shadow not in used and python in used):
        return b.target(python), _renamed_call(b, iterator, "number_range")
    if python not in used:  # Python counts ints in half the time
        return b.target(shadow), iterator
    both = b.target_tuple(b.target(shadow), b.target(python))
    return both, _renamed_call(b, iterator, "double_range")


def _renamed_call(b: Builder, call: ast.Call, function: str) -> ast.Call:
    return ast.copy_location(b.call(function, *call.args), call)


def _element(b: Builder) -> str:
    return python_names.loop_element(len(b.loops))


def _step_prologue(b: Builder, loop: plan.Loop) -> list[ast.stmt]:
    """The first things of each step."""
    with b.branch() as first:
        if isinstance(loop.source, plan.Elements) and loop.source.how == "unpacked":
            _unpack(b, loop)
        make_unset(b, loop.unset)
        if b.unit.counts_steps:
            b.evaluate(b.call("step"))
    return first


def _unpack(b: Builder, loop: plan.Loop) -> None:
    count = len(loop.variables)
    element = b.name(_element(b))
    fits = b.compare(b.call("len", element), [ast.Eq()], [b.constant(count)])
    targets = b.target_tuple(*map(b.target, loop.variables))
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
