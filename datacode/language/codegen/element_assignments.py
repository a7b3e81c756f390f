"""Assignments to elements: ``name[i].key = value``.

Source: language reference, 6.1.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace

from datacode.language.analysis import rules
from datacode.language.analysis.flow import SET, Slot
from datacode.language.analysis.type_sets import ARRAY, NUMBER, OBJECT, OWN, STRING, with_elements
from datacode.language.codegen.builder import LOOSE, STEADY, Builder, Operand
from datacode.language.codegen.class_tests import class_tests
from datacode.language.codegen.evaluation_order import keep_order
from datacode.language.codegen.subscripts import position
from datacode.language.codegen.variables import either, is_set
from datacode.language.syntax import nodes


@dataclass(frozen=True, slots=True)
class ElementPath:
    """The way to the element of a container: the steps, and which of them are members.

    ``place`` is the line and column of the only step; None where there are more, as any of them can
    fail.
    """

    steps: list[Operand]
    members: list[bool]
    place: tuple[int, int] | None


def assign_element(b: Builder, node: nodes.AssignElement) -> None:
    """``name[i].key = value``."""
    value = b.expression(node.value, keep=True)
    operands = [value]
    for step in node.path:
        mark = len(b.out)
        operand = b.string_constant(step) if isinstance(step, str) else b.expression(step)
        keep_order(b, operands, mark)
        operands.append(operand)
    # The variable is looked at last, as finding the indexes may change it.
    calls = any(operand.calls for operand in operands[1:])
    value = _repeatable(b, operands[0], calls)
    steps = [_as_key(b, operand) for operand in operands[1:]]
    members = [isinstance(step, str) for step in node.path]
    path = ElementPath(steps, members, node.places[0] if len(node.places) == 1 else None)
    _assign_into_first(b, b.flow.candidates(node.name), value, path)


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
    b: Builder, slots: Sequence[Slot], value: Operand, path: ElementPath
) -> None:
    """Assign into the variable that is found by the rule for plain assignment."""
    slot, others = slots[0], slots[1:]
    if not others:
        _assign_into(b, slot, value, path)
        return
    b.flow.needs_unset.add(slot.python)
    either(
        b,
        lambda: is_set(b, slot),
        lambda: _assign_into(b, slot, value, path),
        lambda: _assign_into_first(b, others, value, path),
    )


def _assign_into(b: Builder, slot: Slot, value: Operand, path: ElementPath) -> None:
    """Assign to an element of what one variable holds."""
    flow = b.flow
    container = Operand(b.name(slot.python), flow.types_of(slot), plain=True)
    is_owned = b.identical(b.name(slot.owner), container.node)
    if path.place is not None:
        b.look_at(*path.place)
    if slot.owns_parts:
        slow = _put_deep(b, slot, is_owned, value, path)
    else:
        member = b.constant(path.members[0])
        slow = b.call("put", container.node, is_owned, path.steps[0].node, value.node, member)
    store = b.assignment(slow, b.target(slot.python), b.target(slot.owner))
    fast = _in_place(b, slot, is_owned, container, value, path)
    if fast is None:
        b.emit(store)
    else:
        tests, statement = fast
        b.emit(b.if_(b.all_of(tests), [statement], [store]) if tests else statement)
    own = container.types & (ARRAY | OBJECT) or ARRAY | OBJECT
    if flow.has_known_types(slot):
        added = with_elements(value.types, len(path.steps))
        flow.state.types[slot.python] = own | container.types & ~OWN | added
    if flow.setness(slot) != SET and slot.private:
        flow.state.set[slot.python] = SET
    flow.set_owned(slot)
    flow.invalidate_cached(slot.python)


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
    is_owned: ast.expr,
    container: Operand,
    value: Operand,
    path: ElementPath,
) -> tuple[list[ast.expr], ast.stmt] | None:
    """Code for the usual case, and the tests for it."""
    steps, members = path.steps, path.members
    tests: list[ast.expr] = [] if slot.python in b.flow.state.owned else [is_owned]
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
    return tests, b.assignment(value.node, target)
