"""``try`` with its ``catch`` and ``finally``.

Source: language reference, 6.6.
"""

from __future__ import annotations

from datacode.language.analysis.flow import FlowState, merge
from datacode.language.analysis.loop_summary import invalidate_all
from datacode.language.analysis.type_sets import STRING
from datacode.language.codegen.builder import Builder, Operand
from datacode.language.codegen.frames import VisibleBlock
from datacode.language.codegen.functions import initialize_unset, outline_block
from datacode.language.codegen.variables import store
from datacode.language.syntax import nodes


def try_(b: Builder, node: nodes.Try) -> None:
    """A ``try`` statement."""
    block = b.flow.open_block(())
    with b.branch() as made:
        if node.final is None:
            _guarded(b, node, block)
        else:
            _with_final(b, node, node.final, block)
    initialize_unset(b, block, set())
    b.out.extend(made)
    b.visible_blocks.append(VisibleBlock(node.line + 1, b.last_line, dict(block)))
    b.flow.close_block()


def _with_final(
    b: Builder, node: nodes.Try, final: tuple[nodes.Statement, ...], block: dict[str, str]
) -> None:
    flow = b.flow
    before = flow.state.copy()
    with b.branch() as guarded:
        _guarded(b, node, block)
    done = flow.state
    assigned = flow.block_names.assigned_in((*node.body, *(node.handler or ())))
    flow.state = before
    flow.state.live = True
    invalidate_all(flow, assigned | ({node.variable} if node.variable else set()))
    b.go_to(node.line, node.column)
    if id(node) in b.layout.finals:
        made = outline_block(b, lambda: b.out.extend(b.block(final)))
        b.emit(made.pop(0))  # the function: once, however often Python writes the block out
    else:
        made = b.block(final)
    after = flow.state
    b.try_finally(guarded, b.if_(b.call("running"), made))
    assigned = flow.block_names.assigned_in(final)
    flow.state = _after_final(b, done, after, assigned)


def _after_final(
    b: Builder, done: FlowState, after: FlowState, assigned: frozenset[str]
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
        for python in b.flow.slots_named(name):
            for known, late in ((state.types, after.types), (state.set, after.set)):
                if python in late:
                    known[python] = late[python]
                else:
                    known.pop(python, None)
    return state


def _guarded(b: Builder, node: nodes.Try, block: dict[str, str]) -> None:
    """The body with its ``catch``."""
    if node.handler is None:
        b.out.extend(b.block(node.body))
        return
    flow = b.flow
    before = flow.state.copy()
    body = b.block(node.body)
    done = flow.state
    flow.state = before
    invalidate_all(flow, flow.block_names.assigned_in(node.body))
    b.go_to(node.line, node.column)
    with b.branch() as handler:
        if node.variable is None:
            b.evaluate(b.call("caught"))
        else:
            _catch(b, node.variable)
        b.out.extend(b.block(node.handler))
    b.go_to(node.line, node.column)
    b.try_except(body, handler)
    flow.state = merge(done, flow.state)


def _catch(b: Builder, variable: str) -> None:
    """Set the variable to the text of the error; that of ``throw`` is at hand."""
    error = b.name(b.temporary())
    b.assign(error.id, b.call("exception"))
    text = b.choose(
        b.identical(b.class_of(error), b.name("Thrown")),
        b.subscript(b.attribute(error, "args"), b.constant(0)),
        b.call("caught"),
    )
    store(b, b.flow.in_innermost(variable), Operand(text, STRING))
    # The error knows this frame: it would keep itself alive.
    b.assign(error.id, b.constant(None))
