"""Code that reads and assigns variables, where it is not known which of several a name means, too.

What is known of variables is kept by ``analysis.flow``, their Python names are those of
``language.python_names``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from datacode.language import python_names
from datacode.language.analysis.flow import SET, AssignmentTarget, Slot, merge
from datacode.language.analysis.type_sets import ANY
from datacode.language.codegen.builder import LOOSE, SHARED, STEADY, Builder, Operand

# Reading -----------------------------------------------------------------------------


def read_name(b: Builder, name: str, *, keep: bool) -> Operand:
    """The value of what a name means. ``keep``: something will hold on to it."""
    flow = b.flow
    if flow.columns is not None:
        if name in flow.columns:
            cell = b.subscript(b.name(python_names.ROW), b.constant(flow.columns[name]))
            return Operand(cell, ANY, safe=True)
        if name in flow.captured:
            captured = b.subscript(b.name(python_names.CAPTURED), b.constant(name))
            return Operand(captured, safe=True)
    slots = flow.candidates(name)
    operands = [read_slot(b, slot, keep=keep) for slot in slots]
    last = operands.pop()
    if not operands:
        return last
    node, types = last.node, last.types
    for slot, operand in zip(reversed(slots[:-1]), reversed(operands), strict=True):
        flow.needs_unset.add(slot.python)
        node = b.choose(is_set(b, slot), operand.node, node)
        types |= operand.types
    return Operand(node, types, height=len(slots))


def read_slot(b: Builder, slot: Slot, *, keep: bool) -> Operand:
    """The value of one variable, which stops owning it if something else is to keep it."""
    types = b.flow.types_of(slot)
    certain = b.flow.setness(slot) == SET
    shadow = b.shadows.get(slot.python)
    if slot.owns and (keep or b.flow.is_volatile(slot)):
        b.flow.release(slot)
        cleared = b.walrus(slot.owner, nothing(b))
        node = b.boolean(ast.Or(), cleared, b.name(slot.python))
        return Operand(node, types, slot=slot.python, height=1)
    return Operand(
        b.name(slot.python),
        types,
        plain=True,
        steadiness=(STEADY if slot.private else SHARED) if certain else LOOSE,
        safe=certain,
        slot=slot.python,
        whole=None if shadow is None else b.name(shadow),
        is_exact=True,
    )


def value_or_null(b: Builder, name: str) -> Operand:
    """The value of a variable, null where there is none."""
    flow = b.flow
    if flow.columns is not None and (name in flow.columns or name in flow.captured):
        return read_name(b, name, keep=False)
    slots = flow.candidates(name)
    node: ast.expr | None = None
    for slot in reversed(slots):
        value = b.name(slot.python)
        if flow.setness(slot) == SET:
            node = value
        elif slot.private or slot.python.startswith(python_names.TOP_LEVEL_LOCAL):
            flow.needs_unset.add(slot.python)
            node = b.choose(is_set(b, slot), value, node or b.constant(None))
        else:
            node = b.call("value_or_null", b.constant(slot.python))
    assert node is not None
    return Operand(node, ANY, height=len(slots))


def is_set(b: Builder, slot: Slot) -> ast.expr:
    """A test, for a variable of which it is not known."""
    return b.compare(b.name(slot.python), [ast.IsNot()], [b.name("unset")])


def nothing(b: Builder) -> ast.expr:
    """What ``o_…`` holds when the variable owns nothing: it is no value, and false."""
    return b.tuple_()


# Assigning ---------------------------------------------------------------------------


def assign_name(b: Builder, name: str, value: Operand) -> None:
    """``name = value`` by the rule of the reference, 8.2."""
    targets = b.flow.targets(name)
    if len(targets) > 1 and not value.plain:
        value = b.spill(value)
    _assign_first(b, targets, value)


def _assign_first(b: Builder, targets: Sequence[AssignmentTarget], value: Operand) -> None:
    """Assign to the first of the targets that is the one."""
    target, others = targets[0], targets[1:]
    if target.test is None:
        store(b, target.slot, value)
        return
    either(
        b,
        lambda: _is_target(b, target),
        lambda: store(b, target.slot, value),
        lambda: _assign_first(b, others, value),
    )


def _is_target(b: Builder, target: AssignmentTarget) -> ast.expr:
    if target.test == "set":
        return is_set(b, target.slot)
    return b.call("exists", b.constant(target.slot.python))


def either(
    b: Builder,
    make_test: Callable[[], ast.expr],
    emit_yes: Callable[[], None],
    emit_no: Callable[[], None],
) -> None:
    """Emit an ``if`` whose two ways may change what is known differently."""
    before = b.flow.state.copy()
    with b.branch() as yes:
        emit_yes()
    after_yes, b.flow.state = b.flow.state, before
    with b.branch() as no:
        emit_no()
    b.flow.state = merge(after_yes, b.flow.state)
    b.emit(b.if_(make_test(), yes, no))


def store(b: Builder, slot: Slot, value: Operand) -> None:
    """Set one variable."""
    if not slot.owns:
        b.assign(slot.python, value.node)
    elif value.fresh:
        kept = b.target(slot.owner)
        b.emit(b.assignment(value.node, b.target(slot.python), kept))
    else:
        kept = b.target(slot.owner)
        b.assign(slot.python, value.node)
        b.emit(b.assignment(nothing(b), kept))
    now_set(b, slot, value.types)
    if slot.owns and value.fresh:
        b.flow.set_owned(slot)


def now_set(b: Builder, slot: Slot, types: int) -> None:
    """The variable has a value of such types now; announce it if the runtime must know."""
    if b.flow.assign(slot, types):
        b.evaluate(b.call("created", b.constant(slot.name)))
