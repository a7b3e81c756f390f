"""How arrays and strings grow without being copied each time: ``x = push(x, …)``, ``s = s + …``.

A string grows in place where Python sees that a local variable holds the only reference to it; an
array where the variable owns it (see ``assignments``).
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from datacode.language import python_names
from datacode.language.analysis import rules, scopes
from datacode.language.analysis.flow import SET, FlowState, Slot, merge
from datacode.language.analysis.type_sets import ARRAY, BOOL, NUMBER, STRING, only
from datacode.language.codegen.arithmetic import printed_text
from datacode.language.codegen.builder import Builder, Operand
from datacode.language.codegen.class_tests import class_tests
from datacode.language.codegen.evaluation_order import combine, flatten
from datacode.language.codegen.variables import now_set, read_slot, store
from datacode.language.syntax import nodes

# Arrays ------------------------------------------------------------------------------


def appends_to_array(b: Builder, node: nodes.Assign) -> bool:
    """``x = push(x, item)``: in place, if the variable owns its array."""
    flow = b.flow
    if not scopes.grows(node, flow.builtins):
        return False
    assert isinstance(node.value, nodes.Call)
    name, (_, second) = node.value.name, node.value.positional or ()
    slot, builtin = flow.only_target(node.name), flow.builtin(name)
    if slot is None or not slot.owns or builtin is None or flow.is_volatile(slot):
        return False
    types = flow.types_of(slot)
    mark = len(b.out)
    array = b.spill(Operand(b.name(slot.python), types))
    item = b.spilled(b.expression(second, keep=True))
    tests: list[ast.expr] = []
    if slot.python in flow.state.owned:  # so it is what it was before
        del b.out[mark]
        array = Operand(b.name(slot.python), types, plain=True)
    else:
        tests.append(b.identical(b.name(slot.owner), array.node))
    tests += class_tests(b, (array, ARRAY))
    is_extended = builtin.intrinsic == "extend"
    if is_extended:
        tests += class_tests(b, (item, ARRAY))
    method = "extend" if is_extended else "append"
    in_place = b.evaluation(b.call_method(array.node, method, item.node))
    flow.note_call(builtin)
    longer = b.call(python_names.function(name), array.node, item.node)
    copy = b.assignment(longer, b.target(slot.python), b.target(slot.owner))
    b.emit(b.if_(b.all_of(tests), [in_place], [copy]) if tests else in_place)
    now_set(b, slot, builtin.result_type([types, item.types]))
    flow.set_owned(slot)
    return True


# Strings -----------------------------------------------------------------------------


def appends_to_string(b: Builder, node: nodes.Assign) -> bool:
    """``s = s + t + …``: the texts are put together and then behind ``s``, in place."""
    flow = b.flow
    added = _added_to(node)
    slot = flow.only_target(node.name) if added else None
    if slot is None or not flow.types_of(slot) & STRING or flow.columns is not None:
        return False
    if not slot.private and slot.name in flow.environment.written and _has_calls(added):
        return False
    if only(flow.types_of(slot), STRING):
        if flow.setness(slot) != SET:
            b.evaluate(b.expression(added[0].left).node)  # it has to exist before all else
        _append_texts(b, slot, added)
    elif len(added) == 1 and flow.setness(slot) == SET and flow.types_of(slot) & NUMBER:
        _add_one(b, slot, added[0])
    else:
        _add_by_type(b, slot, node, added)
    return True


def _added_to(node: nodes.Assign) -> list[nodes.Binary]:
    """The sums that end with what ``node`` adds to its variable, as ``a`` and ``b`` in
    ``x = x + a + b``; none for other assignments.
    """
    added: list[nodes.Binary] = []
    value = node.value
    while isinstance(value, nodes.Binary) and value.operator == "+":
        added.append(value)
        value = value.left
    if isinstance(value, nodes.Name) and value.name == node.name:
        return added[::-1]
    return []


def _has_calls(sums: Sequence[nodes.Binary]) -> bool:
    added = [each.right for each in sums]
    return any(isinstance(part, nodes.Call) for part in scopes.walk(added))


def _add_by_type(b: Builder, slot: Slot, node: nodes.Assign, added: list[nodes.Binary]) -> None:
    """One way for a variable that holds a string, another one for anything else."""
    flow = b.flow
    known = read_slot(b, slot, keep=False)
    before = flow.state.copy()
    with b.branch() as yes:
        flow.state.types[slot.python] = STRING
        _append_texts(b, slot, added)
        flow.state.types.pop(slot.python, None)
    after, flow.state = flow.state, before
    is_known = flow.has_known_types(slot)
    if is_known:
        flow.state.types[slot.python] = flow.types_of(slot) & ~STRING
    with b.branch() as no:
        store(b, slot, b.expression(node.value, keep=True))
    flow.state = _merge_ways(after, flow.state, slot, is_known)
    b.emit(b.if_(b.is_a(known.node, "str"), yes, no))


def _merge_ways(one: FlowState, other: FlowState, slot: Slot, is_known: bool) -> FlowState:
    """Where the string way and the other way of one statement meet again."""
    state = merge(one, other)
    state.types.pop(slot.python, None)
    if is_known and other.types.get(slot.python) is not None:
        state.types[slot.python] = other.types[slot.python] | STRING
    return state


def _add_one(b: Builder, slot: Slot, sum_: nodes.Binary) -> None:
    """``x = x + y`` where ``x`` may be a number, which is looked at first, or a string."""
    operand = b.expression(sum_.right)
    b.look_at(sum_.line, sum_.column)
    operand = b.spilled(operand)
    types = b.flow.types_of(slot)
    old = Operand(b.name(slot.python), types, plain=True)
    with b.branch() as numbers:
        b.assign(slot.python, b.binary(old.node, ast.Add(), operand.node))
    with b.branch() as others:
        b.assign(slot.python, b.call("add", old.node, operand.node))
    with b.branch() as texts:
        _append_text(b, slot, _as_text(b, slot, operand))
    tests = class_tests(b, (old, NUMBER), (operand, NUMBER))
    if tests:
        is_text = b.if_(b.is_a(old.node, "str"), texts, others)
        b.emit(b.if_(b.all_of(tests), numbers, [is_text]))
    else:  # making the code for ``y`` has shown that ``x`` must be a number
        b.out.extend(numbers)
    now_set(b, slot, rules.arithmetic("+", types, operand.types))


def _append_texts(b: Builder, slot: Slot, added: list[nodes.Binary]) -> None:
    text: Operand | None = None
    for sum_ in added:
        mark = len(b.out)
        operand = b.expression(sum_.right)
        b.look_at(sum_.line, sum_.column)
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
    _append_text(b, slot, text)


def _append_text(b: Builder, slot: Slot, text: Operand) -> None:
    if slot.private and not b.layout.nests:
        longer = b.binary(b.name(slot.python), ast.Add(), text.node)
        b.emit(b.assignment(longer, b.target(slot.python)))
    else:
        _append_to_shared(b, slot, b.spill(text))
    now_set(b, slot, STRING)


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
