"""Assignments to elements: ``name[i].key = value``.

Source: language reference, 6.1.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace

from datacode.language.analysis import plan, rules
from datacode.language.analysis.slots import Slot
from datacode.language.analysis.type_sets import ARRAY, NUMBER, OBJECT, STRING
from datacode.language.codegen.builder import LOOSE, STEADY, Builder, Operand
from datacode.language.codegen.class_tests import class_tests
from datacode.language.codegen.evaluation_order import keep_order
from datacode.language.codegen.subscripts import position
from datacode.language.codegen.variables import either, is_set


@dataclass(frozen=True, slots=True)
class ElementPath:
    """The way to the element of a container: the steps, and which of them are members.

    ``place`` is the line and column of the only step; None where there are more, as any of them can
    fail.
    """

    steps: list[Operand]
    members: list[bool]
    place: tuple[int, int] | None


def store_element(b: Builder, node: plan.StoreElement) -> None:
    """``name[i].key = value``."""
    operands = [b.expression(node.value)]
    for step in node.path:
        mark = len(b.out)
        operand = _key(b, step) if step.is_member else b.expression(step.index)
        keep_order(b, operands, mark)
        operands.append(operand)
    # The variable is looked at last, as finding the indexes may change it.
    calls = any(operand.calls for operand in operands[1:])
    value = _repeatable(b, operands[0], calls)
    steps = [_as_key(b, operand) for operand in operands[1:]]
    members = [step.is_member for step in node.path]
    _assign_into_first(b, node.targets, value, ElementPath(steps, members, node.place))


def _key(b: Builder, step: plan.AccessStep) -> Operand:
    assert isinstance(step.index, plan.Const)
    assert isinstance(step.index.value, str)
    return b.string_constant(step.index.value)


def _repeatable(b: Builder, operand: Operand, calls: bool = False) -> Operand:
    """An operand that may stand several times, and later than code that ``calls`` functions."""
    if operand.plain:
        is_late = calls or operand.steadiness == LOOSE
        if operand.steadiness == STEADY or not is_late:
            return operand
    return b.spill(operand)


def _as_key(b: Builder, operand: Operand) -> Operand:
    """An index, as a Python int where it is known as one: then the number is not needed."""
    if operand.whole is not None and operand.is_exact and operand.safe:
        return replace(operand, node=operand.whole, plain=True)
    return _repeatable(b, operand)


def _assign_into_first(
    b: Builder, targets: Sequence[plan.ElementTarget], value: Operand, path: ElementPath
) -> None:
    """Assign into the first of the variables that is the one."""
    target, others = targets[0], targets[1:]
    if not target.is_tested:
        _assign_into(b, target, value, path)
        return
    either(
        b,
        lambda: is_set(b, target.slot),
        lambda: _assign_into(b, target, value, path),
        lambda: _assign_into_first(b, others, value, path),
    )


def _assign_into(b: Builder, target: plan.ElementTarget, value: Operand, path: ElementPath) -> None:
    """Assign to an element of what one variable holds."""
    slot = target.slot
    container = Operand(b.name(slot.python), target.type, plain=True)
    is_owned = b.identical(b.name(slot.owner), container.node)
    if path.place is not None:
        b.look_at(*path.place)
    if slot.owns_parts:
        slow = _put_deep(b, slot, is_owned, value, path)
    else:
        member = b.constant(path.members[0])
        slow = b.call("put", container.node, is_owned, path.steps[0].node, value.node, member)
    store = b.assignment(slow, b.target(slot.python), b.target(slot.owner))
    tests: list[ast.expr] = [] if target.is_owned else [is_owned]
    fast = _in_place(b, slot, tests, container, value, path)
    if fast is None:
        b.emit(store)
    else:
        b.emit(b.if_(b.all_of(tests), [fast], [store]) if tests else fast)


def _put_deep(
    b: Builder, slot: Slot, is_owned: ast.expr, value: Operand, path: ElementPath
) -> ast.expr:
    steps = [
        b.tuple_(step.node, b.constant(member))
        for step, member in zip(path.steps, path.members, strict=True)
    ]
    container, parts = b.name(slot.python), b.name(slot.parts)
    return b.call("put_deep", container, is_owned, parts, b.tuple_(*steps), value.node)


def _in_place(
    b: Builder,
    slot: Slot,
    tests: list[ast.expr],
    container: Operand,
    value: Operand,
    path: ElementPath,
) -> ast.stmt | None:
    """Code for the usual case; more tests for it go to ``tests``."""
    steps, members = path.steps, path.members
    if len(steps) == 1 and not slot.owns_parts:
        changed = container
    elif len(steps) == 2 and not members[0] and steps[0].types & NUMBER:
        # The row that was assigned into last, if it is still at that place.
        tests += class_tests(b, (container, ARRAY), (steps[0], NUMBER))
        row = b.subscript(container.node, position(b, steps[0], steps[0].whole))
        last_row = b.temporary()
        last = b.attribute(b.name(slot.parts), "last")
        changed = Operand(
            b.name(last_row), rules.element(container.types) & (ARRAY | OBJECT) or ARRAY | OBJECT
        )
        tests.append(b.identical(b.walrus(last_row, last), row))
    else:
        return None
    step = steps[-1]
    if not members[-1] and step.types & NUMBER and changed.types & ARRAY:
        tests += class_tests(b, (changed, ARRAY), (step, NUMBER))
        key = position(b, step, step.whole)
    elif step.types & STRING and changed.types & OBJECT and len(steps) == 1:
        tests += class_tests(b, (changed, OBJECT), (step, STRING))
        key = step.node
    else:
        return None
    target = b.subscript(changed.node, key, store=True)
    return b.assignment(value.node, target)
