"""Code that reads and assigns variables, of which a name may mean several."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from datacode.language import python_names
from datacode.language.analysis import plan
from datacode.language.analysis.slots import Slot
from datacode.language.analysis.type_sets import ANY
from datacode.language.codegen.builder import LOOSE, SHARED, STEADY, Builder, Operand

# Reading -----------------------------------------------------------------------------


def read(b: Builder, node: plan.Read) -> Operand:
    """The value of one variable, which stops owning it if something else is to keep it."""
    slot = node.slot
    if node.released:
        cleared = b.walrus(slot.owner, nothing(b))
        made = b.boolean(ast.Or(), cleared, b.name(slot.python))
        return Operand(made, node.type, height=1)
    shadow = b.shadows.get(slot.python)
    return Operand(
        b.name(slot.python),
        node.type,
        plain=True,
        steadiness=(STEADY if slot.private else SHARED) if node.certain else LOOSE,
        safe=node.certain,
        whole=None if shadow is None else b.name(shadow),
        is_exact=True,
    )


def read_first(b: Builder, node: plan.ReadFirst) -> Operand:
    """The value of the first of several variables that is set."""
    *operands, last = [read(b, each) for each in node.reads]
    made = last.node
    for each, operand in zip(reversed(node.reads[:-1]), reversed(operands), strict=True):
        made = b.choose(is_set(b, each.slot), operand.node, made)
    return Operand(made, node.type, height=len(node.reads))


def cell(b: Builder, node: plan.Cell) -> Operand:
    """``row[1]`` in a loop over the cells of rows, where there is no row."""
    return Operand(b.name(node.python), node.type, plain=True, steadiness=STEADY, safe=True)


def row_cell(b: Builder, node: plan.RowCell) -> Operand:
    """A cell of the row, in a condition."""
    made = b.subscript(b.name(python_names.ROW), b.constant(node.position))
    return Operand(made, ANY, safe=True)


def captured(b: Builder, node: plan.Captured) -> Operand:
    """A variable of the caller, in a condition."""
    made = b.subscript(b.name(python_names.CAPTURED), b.constant(node.name))
    return Operand(made, safe=True)


def value_or_null(b: Builder, node: plan.IsSet) -> Operand:
    """The value of a variable, null where there is none."""
    made: ast.expr | None = None
    for each in reversed(node.possible):
        value = b.name(each.slot.python)
        if each.how == "set":
            made = value
        elif each.how == "test":
            made = b.choose(is_set(b, each.slot), value, made or b.constant(None))
        else:
            made = b.call("value_or_null", b.constant(each.slot.python))
    assert made is not None
    return Operand(made, ANY, height=len(node.possible))


def is_set(b: Builder, slot: Slot) -> ast.expr:
    """A test, for a variable of which it is not known."""
    return b.compare(b.name(slot.python), [ast.IsNot()], [b.name("unset")])


def nothing(b: Builder) -> ast.expr:
    """What ``o_…`` holds when the variable owns nothing: it is no value, and false."""
    return b.tuple_()


# Assigning ---------------------------------------------------------------------------


def store(b: Builder, node: plan.Store) -> None:
    """``name = value``."""
    value = b.expression(node.value)
    if len(node.targets) > 1 and not value.plain:
        value = b.spill(value)
    _store_first(b, node.targets, value)


def _store_first(b: Builder, targets: Sequence[plan.AssignTarget], value: Operand) -> None:
    """Assign to the first of the targets that is the one."""
    target, others = targets[0], targets[1:]
    if target.test is None:
        store_one(b, target, value)
        return
    either(
        b,
        lambda: _is_target(b, target),
        lambda: store_one(b, target, value),
        lambda: _store_first(b, others, value),
    )


def _is_target(b: Builder, target: plan.AssignTarget) -> ast.expr:
    if target.test == "set":
        return is_set(b, target.slot)
    return b.call("exists", b.constant(target.slot.python))


def either(
    b: Builder,
    make_test: Callable[[], ast.expr],
    emit_yes: Callable[[], None],
    emit_no: Callable[[], None],
) -> None:
    """Emit an ``if``, its test last."""
    with b.branch() as yes:
        emit_yes()
    with b.branch() as no:
        emit_no()
    b.emit(b.if_(make_test(), yes, no))


def store_one(b: Builder, target: plan.AssignTarget, value: Operand) -> None:
    """Set one variable."""
    slot = target.slot
    if not slot.owns:
        b.assign(slot.python, value.node)
    elif value.fresh:
        kept = b.target(slot.owner)
        b.emit(b.assignment(value.node, b.target(slot.python), kept))
    else:
        kept = b.target(slot.owner)
        b.assign(slot.python, value.node)
        b.emit(b.assignment(nothing(b), kept))
    announce(b, target)


def announce(b: Builder, target: plan.AssignTarget) -> None:
    """The variable has a value now; tell the runtime if it must know."""
    if target.is_announced:
        b.evaluate(b.call("created", b.constant(target.slot.name)))
