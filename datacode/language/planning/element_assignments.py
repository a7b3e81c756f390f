"""Assignments to elements: ``name[i].key = value``.

Source: language reference, 6.1.
"""

from __future__ import annotations

from collections.abc import Sequence

from datacode.language.analysis import plan
from datacode.language.analysis.flow import SET
from datacode.language.analysis.slots import Slot
from datacode.language.analysis.type_sets import ARRAY, OBJECT, OWN, STRING, with_elements
from datacode.language.planning.planner import Planner, place
from datacode.language.planning.variables import either
from datacode.language.syntax import nodes


def assign_element(p: Planner, node: nodes.AssignElement) -> plan.Stmt:
    """``name[i].key = value``. Finding the indexes may change the variable, so it comes last."""
    at = place(node)
    value = p.expression(node.value, keep=True)
    path = tuple(
        [
            plan.AccessStep(
                plan.Const(at, STRING, step) if isinstance(step, str) else p.expression(step),
                isinstance(step, str),
            )
            for step in node.path
        ]
    )
    targets = _plan_first(p, p.flow.candidates(node.name), value, len(path))
    only_place = node.places[0] if len(node.places) == 1 else None
    return plan.StoreElement(at, targets, value, path, only_place)


def _plan_first(
    p: Planner, slots: Sequence[Slot], value: plan.Expr, depth: int
) -> tuple[plan.ElementTarget, ...]:
    """The variable that is found by the rule for plain assignment."""
    slot, others = slots[0], slots[1:]
    if not others:
        return (_assign_into(p, slot, value, depth, is_tested=False),)
    p.flow.needs_unset.add(slot.python)
    made, rest = either(
        p.flow,
        lambda: _assign_into(p, slot, value, depth, is_tested=True),
        lambda: _plan_first(p, others, value, depth),
    )
    return made, *rest


def _assign_into(
    p: Planner, slot: Slot, value: plan.Expr, depth: int, *, is_tested: bool
) -> plan.ElementTarget:
    """An element of what one variable holds gets the value."""
    flow = p.flow
    types = flow.types_of(slot)
    is_certain, is_owned = flow.setness(slot) == SET, slot.python in flow.state.owned
    target = plan.ElementTarget(slot, types, is_certain, is_owned, is_tested)
    if flow.has_known_types(slot):
        own = types & (ARRAY | OBJECT) or ARRAY | OBJECT
        added = with_elements(value.type, depth)
        flow.state.types[slot.python] = own | types & ~OWN | added
    if flow.setness(slot) != SET and slot.private:
        flow.state.set[slot.python] = SET
    flow.set_owned(slot)
    flow.invalidate_cached(slot.python)
    return target
