"""``try`` with its ``catch`` and ``finally``.

Source: language reference, 6.6.
"""

from __future__ import annotations

from datacode.language.analysis import plan
from datacode.language.analysis.flow import Flow, FlowState, merge
from datacode.language.analysis.loop_summary import invalidate_all
from datacode.language.analysis.type_sets import STRING
from datacode.language.planning.planner import Planner, place
from datacode.language.planning.variables import now_set
from datacode.language.syntax import nodes

Guarded = tuple[plan.Block, plan.Handler | None]


def try_(p: Planner, node: nodes.Try) -> plan.Stmt:
    """A ``try`` statement."""
    flow = p.flow
    is_outlined = id(node) in p.layout.blocks
    if is_outlined:
        flow.state.cached = {}  # cached parts are locals of the function around
    set_before = p.set_before()
    block = flow.open_block(())
    final: plan.Block | None = None
    if node.final is None:
        body, handler = _guarded(p, node)
    else:
        body, handler, final = _with_final(p, node, node.final)
    unset = tuple(python for python in sorted(block.values()) if python in flow.needs_unset)
    visible = dict(block)
    flow.close_block()
    if is_outlined:
        flow.state.cached = {}
    is_final_outlined = id(node) in p.layout.finals
    return plan.TryPlan(
        place(node),
        body,
        handler,
        final,
        visible,
        unset,
        is_outlined,
        is_final_outlined,
        set_before,
    )


def _with_final(
    p: Planner, node: nodes.Try, final: tuple[nodes.Statement, ...]
) -> tuple[plan.Block, plan.Handler | None, plan.Block]:
    flow = p.flow
    before = flow.state.copy()
    body, handler = _guarded(p, node)
    done = flow.state
    assigned = flow.block_names.assigned_in((*node.body, *(node.handler or ())))
    flow.state = before
    flow.state.live = True
    invalidate_all(flow, assigned | ({node.variable} if node.variable else set()))
    is_outlined = id(node) in p.layout.finals
    if is_outlined:
        flow.state.cached = {}
    made = p.block(final)
    if is_outlined:
        flow.state.cached = {}
    after = flow.state
    flow.state = _after_final(flow, done, after, flow.block_names.assigned_in(final))
    return body, handler, made


def _after_final(
    flow: Flow, done: FlowState, after: FlowState, assigned: frozenset[str]
) -> FlowState:
    """What is known when the statement is left at its end."""
    if not done.live or not after.live:
        dead = after.copy()
        dead.live = False
        return dead
    state = done.copy()
    state.owned = frozenset()  # the block may have let them go
    state.cached = {}
    for name in assigned:
        for python in flow.slots_named(name):
            for known, late in ((state.types, after.types), (state.set, after.set)):
                if python in late:
                    known[python] = late[python]
                else:
                    known.pop(python, None)
    return state


def _guarded(p: Planner, node: nodes.Try) -> Guarded:
    """The body with its ``catch``."""
    if node.handler is None:
        return p.block(node.body), None
    flow = p.flow
    before = flow.state.copy()
    body = p.block(node.body)
    done = flow.state
    flow.state = before
    invalidate_all(flow, flow.block_names.assigned_in(node.body))
    target = None
    if node.variable is not None:
        target = now_set(p, flow.in_innermost(node.variable), STRING)
    handler = plan.Handler(target, p.block(node.handler))
    flow.state = merge(done, flow.state)
    return body, handler
