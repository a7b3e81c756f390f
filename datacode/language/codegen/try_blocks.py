"""``try`` with its ``catch`` and ``finally``.

Source: language reference, 6.6.
"""

from __future__ import annotations

from datacode.language.analysis import plan
from datacode.language.analysis.type_sets import STRING
from datacode.language.codegen.builder import Builder, Operand
from datacode.language.codegen.frames import VisibleBlock
from datacode.language.codegen.functions import make_unset, outline_block
from datacode.language.codegen.variables import store_one


def try_(b: Builder, node: plan.TryPlan) -> None:
    """A ``try`` statement."""
    with b.branch() as made:
        if node.final is None:
            _guarded(b, node)
        else:
            _with_final(b, node, node.final)
    make_unset(b, node.unset)
    b.out.extend(made)
    b.visible_blocks.append(VisibleBlock(node.at[0] + 1, b.last_line, node.visible))


def _with_final(b: Builder, node: plan.TryPlan, final: plan.Block) -> None:
    with b.branch() as guarded:
        _guarded(b, node)
    b.go_to(*node.at)
    if node.is_final_outlined:
        made = outline_block(b, lambda: b.out.extend(b.block(final)))
        b.emit(made.pop(0))  # the function: once, however often Python writes the block out
    else:
        made = b.block(final)
    b.try_finally(guarded, b.if_(b.call("running"), made))


def _guarded(b: Builder, node: plan.TryPlan) -> None:
    """The body with its ``catch``."""
    if node.handler is None:
        b.out.extend(b.block(node.body))
        return
    body = b.block(node.body)
    b.go_to(*node.at)
    with b.branch() as handler:
        if node.handler.target is None:
            b.evaluate(b.call("caught"))
        else:
            _catch(b, node.handler.target)
        b.out.extend(b.block(node.handler.body))
    b.go_to(*node.at)
    b.try_except(body, handler)


def _catch(b: Builder, target: plan.AssignTarget) -> None:
    """Set the variable to the text of the error; that of ``throw`` is at hand."""
    error = b.name(b.temporary())
    b.assign(error.id, b.call("exception"))
    text = b.choose(
        b.identical(b.class_of(error), b.name("Thrown")),
        b.subscript(b.attribute(error, "args"), b.constant(0)),
        b.call("caught"),
    )
    store_one(b, target, Operand(text, STRING))
    # The error knows this frame: it would keep itself alive.
    b.assign(error.id, b.constant(None))
