"""Variables: which of several a name means, and what is known of them when they are set.

Source: language reference, 8.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from datacode.language import python_names
from datacode.language.analysis import plan
from datacode.language.analysis.flow import SET, AssignmentTarget, Flow, merge
from datacode.language.analysis.slots import Slot
from datacode.language.analysis.type_sets import ANY, BOOL
from datacode.language.planning.planner import Planner

One = TypeVar("One")
Other = TypeVar("Other")


def read_name(p: Planner, at: plan.Place, name: str, *, keep: bool) -> plan.Expr:
    """The value of what a name means. ``keep``: something will hold on to it."""
    flow = p.flow
    if flow.columns is not None:
        if name in flow.columns:
            return plan.RowCell(at, ANY, flow.columns[name])
        if name in flow.captured:
            return plan.Captured(at, ANY, name)
    reads = [read_slot(p, at, slot, keep=keep) for slot in flow.candidates(name)]
    if len(reads) == 1:
        return reads[0]
    types = 0
    for read in reads:
        types |= read.type
    for read in reads[:-1]:
        flow.needs_unset.add(read.slot.python)
    return plan.ReadFirst(at, types, tuple(reads))


def read_slot(p: Planner, at: plan.Place, slot: Slot, *, keep: bool) -> plan.Read:
    """The value of one variable, which stops owning it if something else is to keep it."""
    flow = p.flow
    types, certain = flow.types_of(slot), flow.setness(slot) == SET
    is_released = slot.owns and (keep or flow.is_volatile(slot))
    if is_released:
        flow.release(slot)
    return plan.Read(at, types, slot, certain, is_released)


def is_set(p: Planner, at: plan.Place, name: str) -> plan.Expr:
    """``isset(name)``."""
    flow = p.flow
    if flow.columns is not None and (name in flow.columns or name in flow.captured):
        return plan.IsSet(at, BOOL, (), read_name(p, at, name, keep=False))
    possible = []
    for slot in flow.candidates(name):
        if flow.setness(slot) == SET:
            possible.append(plan.Possible(slot, "set"))
        elif slot.private or slot.python.startswith(python_names.TOP_LEVEL_LOCAL):
            flow.needs_unset.add(slot.python)
            possible.append(plan.Possible(slot, "test"))
        else:
            possible.append(plan.Possible(slot, "look up"))
    return plan.IsSet(at, BOOL, tuple(possible))


def plan_targets(p: Planner, name: str, value: plan.Expr) -> tuple[plan.AssignTarget, ...]:
    """What ``name = value`` may mean; the state is that behind the assignment then."""
    return _plan_first(p, p.flow.targets(name), value)


def _plan_first(
    p: Planner, targets: Sequence[AssignmentTarget], value: plan.Expr
) -> tuple[plan.AssignTarget, ...]:
    target, others = targets[0], targets[1:]
    if target.test is None:
        return (plan_store(p, target.slot, value),)
    made, rest = either(
        p.flow, lambda: plan_store(p, target.slot, value), lambda: _plan_first(p, others, value)
    )
    return plan.AssignTarget(made.slot, target.test, made.is_announced), *rest


def either(flow: Flow, yes: Callable[[], One], no: Callable[[], Other]) -> tuple[One, Other]:
    """Two ways that may change what is known differently."""
    before = flow.state.copy()
    first = yes()
    after_yes, flow.state = flow.state, before
    second = no()
    flow.state = merge(after_yes, flow.state)
    return first, second


def plan_store(p: Planner, slot: Slot, value: plan.Expr) -> plan.AssignTarget:
    """One variable gets the value."""
    target = now_set(p, slot, value.type)
    if slot.owns and plan.is_fresh(value):
        p.flow.set_owned(slot)
    return target


def now_set(p: Planner, slot: Slot, types: int) -> plan.AssignTarget:
    """The variable has a value of such types now."""
    return plan.AssignTarget(slot, None, p.flow.assign(slot, types))
