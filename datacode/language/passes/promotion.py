"""Globals and top-level locals in Python locals while a loop runs.

Python stores to a global by looking it up in a dictionary, to a local by its place. A loop, or a
``try`` with loops in it, keeps the variables that it uses in locals, and they are written back at
its end, and before a ``return`` in it. Nobody else may see them meanwhile, so it has no condition
over rows, and what functions of the program that it calls may look at stays where it is. When it is
left by an error, or is interrupted, the runtime takes the values from the locals of the frame
(``runtime.namespace``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from datacode.language import python_names
from datacode.language.analysis import plan
from datacode.language.analysis.slots import Slot
from datacode.language.analysis.type_sets import OTHER, STRING
from datacode.language.passes.rewrite import rewrite, with_parts


@dataclass(slots=True)
class _Uses:
    """How a region uses variables, by their Python names.

    ``excluded`` ones are looked for at run time, or may not exist, or must be announced.
    """

    slots: dict[str, Slot] = field(default_factory=dict)
    stored: dict[str, plan.Place] = field(default_factory=dict)
    """With the place of the first assignment."""
    excluded: set[str] = field(default_factory=set)
    in_loops: set[str] = field(default_factory=set)

    def first(self, python: str) -> plan.Place:
        """Where the variable is first assigned; before all others if it is not."""
        return self.stored.get(python, (0, 0))

    def store(self, slot: Slot, at: plan.Place) -> None:
        """A statement that stands there assigns the variable."""
        self.stored[slot.python] = min(at, self.stored.get(slot.python, at))


def promote(unit: plan.Unit) -> plan.Unit:
    """The plan with variables promoted in its loops; that of a condition as it is.

    A function may be called often and its loops may be short: only what they assign is promoted.
    """
    if unit.kind == "condition":
        return unit
    only_stored = unit.kind == "function"

    def visit(node: Any) -> Any:
        if isinstance(node, plan.ForPlan | plan.TryPlan):
            return _promoted(node, only_stored)
        return node if isinstance(node, plan.Expr | Slot) else with_parts(node, visit)

    return with_parts(unit, visit)


def _promoted(region: plan.ForPlan | plan.TryPlan, only_stored: bool) -> plan.Stmt:
    parts = list(plan.walk([region]))
    if region.set_before is None or any(map(_shows_variables, parts)):
        return region
    if _returns_into_finally(parts):
        return region
    uses = _uses(region, parts)
    promotions: dict[str, plan.Promotion] = {}
    for python, slot in sorted(uses.slots.items(), key=lambda each: (uses.first(each[0]), each[0])):
        is_set, is_stored = python in region.set_before, python in uses.stored
        if python not in uses.in_loops or python in uses.excluded:
            continue
        if not is_stored and (only_stored or not is_set):
            continue
        inner = replace(slot, python=python_names.promoted(python), private=True)
        promotions[python] = plan.Promotion(slot, inner, is_set, is_stored)
    if not promotions:
        return region

    def renamed(node: Any) -> Any:
        if node.__class__ is Slot and node.python in promotions:
            return promotions[node.python].inner
        return node

    return plan.Promoted(region.at, tuple(promotions.values()), rewrite(region, renamed))


def _returns_into_finally(parts: list[Any]) -> bool:
    """Does ``return`` let a ``finally`` block run, which would come behind writing back?"""
    return any(
        each.__class__ is plan.ReturnPlan
        for node in parts
        if node.__class__ is plan.TryPlan and node.final is not None
        for each in plan.walk([node])
    )


def _shows_variables(node: Any) -> bool:
    """May code run there that looks at any variable?"""
    kind = node.__class__
    if kind is plan.CallUser:
        return node.touched is None
    if kind is plan.CallBuiltin:
        calls_back: bool = node.calls_back
        return calls_back
    if kind is plan.Element:
        return bool(node.index.type & STRING and node.base.type & OTHER)
    return kind is plan.CallLoose


def _uses(region: plan.ForPlan | plan.TryPlan, parts: list[Any]) -> _Uses:
    uses = _Uses()
    for node in parts:
        note = _NOTES.get(node.__class__)
        if note is not None:
            note(uses, node)
    touched: set[str] = set()
    for each in parts:
        if each.__class__ is plan.CallUser:
            touched |= each.touched or frozenset()
    uses.excluded |= {python for python, slot in uses.slots.items() if slot.name in touched}
    for body in _outermost_bodies(region):
        uses.in_loops |= {each.python for each in plan.walk(body) if each.__class__ is Slot}
    return uses


def _note_slot(uses: _Uses, slot: Slot) -> None:
    if not slot.private:
        uses.slots[slot.python] = slot


def _note_read(uses: _Uses, node: plan.Read) -> None:
    if not node.certain:
        uses.excluded.add(node.slot.python)


def _note_possible(uses: _Uses, node: plan.Possible) -> None:
    uses.excluded.add(node.slot.python)


def _note_first(uses: _Uses, node: plan.ReadFirst) -> None:
    uses.excluded.update(each.slot.python for each in node.reads)


def _note_stores(uses: _Uses, node: plan.Store | plan.StoreElement) -> None:
    for each in node.targets:
        uses.store(each.slot, node.at)
    if len(node.targets) > 1:
        uses.excluded.update(each.slot.python for each in node.targets)


def _note_store(uses: _Uses, node: plan.AppendText | plan.AppendByType | plan.AddOne) -> None:
    uses.store(node.target.slot, node.at)


def _note_push(uses: _Uses, node: plan.AppendArray) -> None:
    uses.store(node.target.slot, node.at)
    if not node.is_certain:
        uses.excluded.add(node.target.slot.python)


def _note_element_target(uses: _Uses, node: plan.ElementTarget) -> None:
    if not node.is_certain:
        uses.excluded.add(node.slot.python)


def _note_target(uses: _Uses, node: plan.AssignTarget) -> None:
    if node.is_announced:
        uses.excluded.add(node.slot.python)


_NOTES: dict[type, Callable[[_Uses, Any], None]] = {
    Slot: _note_slot,
    plan.Read: _note_read,
    plan.Possible: _note_possible,
    plan.ReadFirst: _note_first,
    plan.Store: _note_stores,
    plan.StoreElement: _note_stores,
    plan.AppendText: _note_store,
    plan.AppendByType: _note_store,
    plan.AddOne: _note_store,
    plan.AppendArray: _note_push,
    plan.ElementTarget: _note_element_target,
    plan.AssignTarget: _note_target,
}
"""What each kind of node tells of the variables."""


def _outermost_bodies(region: plan.Stmt) -> Iterator[plan.Block]:
    """The bodies of the loops in a region that are in no other loop."""
    waiting: list[Any] = [region]
    while waiting:
        node = waiting.pop()
        if node.__class__ is plan.Loop:
            yield node.body
        elif node.__class__ is tuple:
            waiting += node
        elif plan.is_node(node) and not isinstance(node, plan.Expr):
            waiting += [getattr(node, name) for name in plan.parts_of(node.__class__)]
