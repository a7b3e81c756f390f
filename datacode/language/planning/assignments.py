"""Assignments to variables: who owns arrays and objects, and what grows in place.

Arrays and objects are values: ``b = a`` shares one Python list, and whoever changes it first must
copy it first. To know that a copy is not needed, ``o_x`` beside a variable ``v_x`` holds the list
that the variable owns alone. Code that makes a list for the variable sets it, every read that lets
the list become known elsewhere clears it, and ``o_x is v_x`` says that it may be changed in place.
``n_x`` does the same for the lists within, which are known by their identity.

Source: language reference, 4 and 6.1.
"""

from __future__ import annotations

from collections.abc import Sequence

from datacode.language.analysis import plan, rules, scopes
from datacode.language.analysis.flow import SET, Flow, FlowState, merge
from datacode.language.analysis.slots import Slot
from datacode.language.analysis.type_sets import NUMBER, STRING, only
from datacode.language.planning.planner import Planner, place
from datacode.language.planning.variables import now_set, plan_store, plan_targets, read_slot
from datacode.language.syntax import nodes


def assign(p: Planner, node: nodes.Assign) -> plan.Stmt:
    """``name = value``, ``global name = value``, ``local name = value``."""
    at = place(node)
    if node.scope is None:
        growing = _append_to_array(p, node) or _append_to_string(p, node)
        if growing is not None:
            return growing
    value = p.expression(node.value, keep=True)
    if node.scope == "global":
        return plan.Store(at, (plan_store(p, p.flow.global_slot(node.name), value),), value)
    if node.scope == "local":
        return plan.Store(at, (plan_store(p, _innermost(p.flow, node.name), value),), value)
    return plan.Store(at, plan_targets(p, node.name, value), value)


def _innermost(flow: Flow, name: str) -> Slot:
    """The variable that ``local`` sets."""
    if flow.in_function:
        return flow.own_slot(name)
    if not flow.blocks:
        return flow.top_level_slot(name)
    return flow.in_innermost(name)


# Arrays ------------------------------------------------------------------------------


def _append_to_array(p: Planner, node: nodes.Assign) -> plan.Stmt | None:
    """``x = push(x, item)``: in place, if the variable owns its array."""
    flow = p.flow
    if not scopes.grows(node, flow.builtins):
        return None
    assert isinstance(node.value, nodes.Call)
    name, (_, second) = node.value.name, node.value.positional or ()
    slot, builtin = flow.only_target(node.name), flow.builtin(name)
    if slot is None or not slot.owns or builtin is None or flow.is_volatile(slot):
        return None
    types = flow.types_of(slot)
    is_certain = flow.setness(slot) == SET
    item = p.expression(second, keep=True)
    is_owned = slot.python in flow.state.owned  # so it is what it was before
    flow.note_call(builtin)
    target = now_set(p, slot, builtin.result_type([types, item.type]))
    flow.set_owned(slot)
    is_extended = builtin.intrinsic == "extend"
    return plan.AppendArray(
        place(node), target, types, item, name, is_certain, is_owned, is_extended
    )


# Strings -----------------------------------------------------------------------------


def _append_to_string(p: Planner, node: nodes.Assign) -> plan.Stmt | None:
    """``s = s + t + …``: the texts are put together and then behind ``s``, in place."""
    flow, at = p.flow, place(node)
    sums = _added_to(node)
    slot = flow.only_target(node.name) if sums else None
    if slot is None or not flow.types_of(slot) & STRING or flow.columns is not None:
        return None
    if not slot.private and slot.name in flow.environment.written and _has_calls(sums):
        return None
    if only(flow.types_of(slot), STRING):
        checked = p.expression(sums[0].left) if flow.setness(slot) != SET else None
        return _append_texts(p, at, slot, sums, checked)
    if len(sums) == 1 and flow.setness(slot) == SET and flow.types_of(slot) & NUMBER:
        return _add_one(p, at, slot, sums[0])
    return _add_by_type(p, slot, node, sums)


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


def _append_texts(
    p: Planner,
    at: plan.Place,
    slot: Slot,
    sums: Sequence[nodes.Binary],
    checked: plan.Expr | None = None,
) -> plan.AppendText:
    added = tuple([plan.Added(place(each), p.expression(each.right)) for each in sums])
    return plan.AppendText(at, now_set(p, slot, STRING), added, checked)


def _add_one(p: Planner, at: plan.Place, slot: Slot, sum_: nodes.Binary) -> plan.Stmt:
    """``x = x + y`` where ``x`` may be a number, which is looked at first, or a string."""
    added = plan.Added(place(sum_), p.expression(sum_.right))
    types = p.flow.types_of(slot)
    target = now_set(p, slot, rules.arithmetic("+", types, added.value.type))
    return plan.AddOne(at, target, types, added)


def _add_by_type(
    p: Planner, slot: Slot, node: nodes.Assign, sums: Sequence[nodes.Binary]
) -> plan.Stmt:
    """One way for a variable that holds a string, another one for anything else."""
    flow, at = p.flow, place(node)
    read = read_slot(p, at, slot, keep=False)
    before = flow.state.copy()
    flow.state.types[slot.python] = STRING
    text = _append_texts(p, at, slot, sums)
    flow.state.types.pop(slot.python, None)
    after, flow.state = flow.state, before
    is_known = flow.has_known_types(slot)
    if is_known:
        flow.state.types[slot.python] = flow.types_of(slot) & ~STRING
    value = p.expression(node.value, keep=True)
    target = plan_store(p, slot, value)
    flow.state = _merge_ways(after, flow.state, slot, is_known)
    return plan.AppendByType(at, read, text, target, value)


def _merge_ways(one: FlowState, other: FlowState, slot: Slot, is_known: bool) -> FlowState:
    """Where the string way and the other way of one statement meet again."""
    state = merge(one, other)
    state.types.pop(slot.python, None)
    if is_known and other.types.get(slot.python) is not None:
        state.types[slot.python] = other.types[slot.python] | STRING
    return state
