"""How arrays and strings grow without being copied each time: ``x = push(x, …)``, ``s = s + …``.

A string grows in place where Python sees that a local variable holds the only reference to it; an
array where the variable owns it (see ``planning.assignments``).
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from datacode.language import python_names
from datacode.language.analysis import plan
from datacode.language.analysis.slots import Slot
from datacode.language.analysis.type_sets import ARRAY, BOOL, NUMBER, STRING, only
from datacode.language.codegen.arithmetic import printed_text
from datacode.language.codegen.builder import Builder, Operand
from datacode.language.codegen.class_tests import class_tests
from datacode.language.codegen.evaluation_order import combine, flatten
from datacode.language.codegen.variables import announce, store_one

# Arrays ------------------------------------------------------------------------------


def append_array(b: Builder, node: plan.AppendArray) -> None:
    """``x = push(x, item)``: in place, if the variable owns its array."""
    slot = node.target.slot
    mark = len(b.out)
    array = b.spill(Operand(b.name(slot.python), node.type))
    item = b.spilled(b.expression(node.item))
    tests: list[ast.expr] = []
    if node.is_owned:
        del b.out[mark]
        array = Operand(b.name(slot.python), node.type, plain=True)
    else:
        tests.append(b.identical(b.name(slot.owner), array.node))
    tests += class_tests(b, (array, ARRAY))
    if node.is_extended:
        tests += class_tests(b, (item, ARRAY))
    method = "extend" if node.is_extended else "append"
    in_place = b.evaluation(b.call_method(array.node, method, item.node))
    longer = b.call(python_names.function(node.function), array.node, item.node)
    copy = b.assignment(longer, b.target(slot.python), b.target(slot.owner))
    b.emit(b.if_(b.all_of(tests), [in_place], [copy]) if tests else in_place)
    announce(b, node.target)


# Strings -----------------------------------------------------------------------------


def append_text(b: Builder, node: plan.AppendText) -> None:
    """``s = s + t + …``: the texts are put together and then behind ``s``, in place."""
    if node.checked is not None:
        b.evaluate(b.expression(node.checked).node)  # it has to exist before all else
    _append_texts(b, node.target, node.added)


def append_by_type(b: Builder, node: plan.AppendByType) -> None:
    """One way for a variable that holds a string, another one for anything else."""
    known = b.expression(node.read)
    with b.branch() as yes:
        _append_texts(b, node.text.target, node.text.added)
    with b.branch() as no:
        store_one(b, node.target, b.expression(node.value))
    b.emit(b.if_(b.is_a(known.node, "str"), yes, no))


def add_one(b: Builder, node: plan.AddOne) -> None:
    """``x = x + y`` where ``x`` may be a number, which is looked at first, or a string."""
    slot = node.target.slot
    operand = b.expression(node.added.value)
    b.look_at(*node.added.at)
    operand = b.spilled(operand)
    old = Operand(b.name(slot.python), node.type, plain=True)
    with b.branch() as numbers:
        b.assign(slot.python, b.binary(old.node, ast.Add(), operand.node))
    with b.branch() as others:
        b.assign(slot.python, b.call("add", old.node, operand.node))
    with b.branch() as texts:
        _append_text(b, node.target, _as_text(b, slot, operand))
    tests = class_tests(b, (old, NUMBER), (operand, NUMBER))
    if tests:
        is_text = b.if_(b.is_a(old.node, "str"), texts, others)
        b.emit(b.if_(b.all_of(tests), numbers, [is_text]))
    else:  # making the code for ``y`` has shown that ``x`` must be a number
        b.out.extend(numbers)


def _append_texts(b: Builder, target: plan.AssignTarget, added: Sequence[plan.Added]) -> None:
    slot = target.slot
    text: Operand | None = None
    for each in added:
        mark = len(b.out)
        operand = b.expression(each.value)
        b.look_at(*each.at)
        if text is None:
            text = _as_text(b, slot, operand)
            continue
        if len(b.out) > mark or not only(operand.types, STRING | NUMBER | BOOL):
            text = b.spill(text, mark)
        before = len(b.out)
        following = _as_text(b, slot, operand, text)
        if len(b.out) > before and not text.plain:
            text = b.spill(text, before)
        node = b.binary(text.node, ast.Add(), following.node)
        text = flatten(b, combine(Operand(node, STRING), text, following))
    assert text is not None
    _append_text(b, target, text)


def _append_text(b: Builder, target: plan.AssignTarget, text: Operand) -> None:
    slot = target.slot
    if slot.private and not b.unit.nests:
        longer = b.binary(b.name(slot.python), ast.Add(), text.node)
        b.emit(b.assignment(longer, b.target(slot.python)))
    else:
        _append_to_shared(b, slot, b.spill(text))
    announce(b, target)


def _as_text(b: Builder, slot: Slot, operand: Operand, text: Operand | None = None) -> Operand:
    """What the string of ``slot``, and ``text``, get behind them when the operand is added."""
    if only(operand.types, STRING):
        return operand
    if only(operand.types, NUMBER | BOOL):
        return printed_text(b, operand)
    operand = b.spilled(operand)
    between = b.constant("") if text is None else text.node
    other = b.call("appended", b.name(slot.python), between, operand.node)
    node = b.choose(b.is_a(operand.node, "str"), operand.node, other)
    return Operand(node, STRING, height=2)


def _append_to_shared(b: Builder, slot: Slot, text: Operand) -> None:
    """For a moment a local name holds the only reference, so that Python appends in place.

    No signal is handled between these statements, as none of them calls or jumps back. If the
    memory is used up Python has lost the string, and the variable becomes null.
    """
    only_one = python_names.only_reference(slot.python)
    b.assign(only_one, b.name(slot.python))
    b.assign(slot.python, b.constant(None))
    longer = b.binary(b.name(only_one), ast.Add(), text.node)
    b.assign(only_one, longer)
    b.assign(slot.python, b.name(only_one))
    b.assign(only_one, b.constant(None))
