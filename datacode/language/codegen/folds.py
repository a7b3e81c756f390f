"""Loops over long tables, chunk by chunk: for many rows at once if that goes, else row by row.

Source: ``passes.folds``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from datacode.language.analysis import plan
from datacode.language.analysis.slots import Slot
from datacode.language.analysis.type_sets import ANY
from datacode.language.codegen.builder import Builder, Operand
from datacode.language.codegen.variables import nothing, store_one


def in_chunks(
    b: Builder, fold: plan.Fold, chunks: ast.Name, emit_loop: Callable[[ast.expr], None]
) -> None:
    """A loop over chunks; ``emit_loop`` emits the one over the rows of a chunk.

    A program may be interrupted while a chunk is computed, but not while the variables get what has
    come of it: there is no call among these statements.
    """
    chunk = b.temporary()
    with b.branch() as body:
        with b.branch() as folded:
            _folded(b, fold, chunk)
            b.assign(chunk, b.attribute(b.name(chunk), "rows"))
        b.emit(b.if_(b.is_a(b.name(chunk), "FoldChunk"), folded))
        emit_loop(b.name(chunk))
    b.for_(b.target(chunk), chunks, body)


def _enlarge(b: Builder, slot: Slot, operator: ast.operator, name: str) -> None:
    """An object or array gets more, in place if the variable owns it, without a call."""
    longer = b.binary(b.name(slot.python), operator, b.name(name))
    copy = b.assignment(longer, b.target(slot.python), b.target(slot.owner))
    is_owned = b.identical(b.name(slot.owner), b.name(slot.python))
    in_place = b.augmented(slot.python, operator, b.name(name))
    b.emit(b.if_(b.name(name), [b.if_(is_owned, [in_place], [copy])]))


def _folded(b: Builder, fold: plan.Fold, chunk: str) -> None:
    """Run the chunk for all its rows at once and go on with the next, if that goes."""
    result = b.temporary()
    inputs = [b.expression(each).node for each in fold.inputs]
    values = [b.name(each.slot.python) for each in fold.accumulators]
    unset = [b.name("unset") for _ in fold.set]
    objects, arrays = [each.slot for each in fold.objects], [each.slot for each in fold.arrays]
    given = [
        b.tuple_(*each)
        for each in (
            inputs,
            values,
            [b.name(each.python) for each in objects],
            [b.name(each.python) for each in arrays],
            unset,
        )
    ]
    made = b.call_method(b.name(chunk), "folded", *given)
    tests: list[ast.expr] = [b.compare(b.walrus(result, made), [ast.IsNot()], [b.constant(None)])]
    if b.unit.counts_steps:
        tests.append(b.call("take_steps", b.attribute(b.name(chunk), "steps")))
    members, items = [b.temporary() for _ in objects], [b.temporary() for _ in arrays]
    kept = [b.temporary() for _ in fold.set]
    with b.branch() as done:
        names = [each.slot.python for each in fold.accumulators] + members + items + kept
        b.emit(b.assignment(b.name(result), b.target_tuple(*map(b.target, names))))
        for target in fold.accumulators:
            if target.slot.owns:
                b.assign(target.slot.owner, nothing(b))
        for name, slot in zip(members, objects, strict=True):
            _enlarge(b, slot, ast.BitOr(), name)
        for name, slot in zip(items, arrays, strict=True):
            _enlarge(b, slot, ast.Add(), name)
        for name, target in zip(kept, fold.set, strict=True):
            with b.branch() as store:
                store_one(b, target, Operand(b.name(name), ANY, plain=True))
            is_there = b.compare(b.name(name), [ast.IsNot()], [b.name("unset")])
            b.emit(b.if_(is_there, store))
        b.emit(b.continue_())
    b.emit(b.if_(b.all_of(tests), done))
