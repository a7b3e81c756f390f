"""Loops over long tables, chunk by chunk: for many rows at once if that goes, else row by row.

Source: ``passes.folds``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from datacode.language.analysis import plan
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


def _folded(b: Builder, fold: plan.Fold, chunk: str) -> None:
    """Run the chunk for all its rows at once and go on with the next, if that goes."""
    result = b.temporary()
    inputs = [b.expression(each).node for each in fold.inputs]
    values = [b.name(each.slot.python) for each in fold.accumulators]
    unset = [b.name("unset") for _ in fold.set]
    given = b.tuple_(*inputs), b.tuple_(*values), b.tuple_(*unset)
    made = b.call_method(b.name(chunk), "folded", *given)
    tests: list[ast.expr] = [b.compare(b.walrus(result, made), [ast.IsNot()], [b.constant(None)])]
    if b.unit.counts_steps:
        tests.append(b.call("take_steps", b.attribute(b.name(chunk), "steps")))
    kept = [b.temporary() for _ in fold.set]
    with b.branch() as done:
        names = [each.slot.python for each in fold.accumulators] + kept
        b.emit(b.assignment(b.name(result), b.target_tuple(*map(b.target, names))))
        for target in fold.accumulators:
            if target.slot.owns:
                b.assign(target.slot.owner, nothing(b))
        for name, target in zip(kept, fold.set, strict=True):
            with b.branch() as store:
                store_one(b, target, Operand(b.name(name), ANY, plain=True))
            is_there = b.compare(b.name(name), [ast.IsNot()], [b.name("unset")])
            b.emit(b.if_(is_there, store))
        b.emit(b.continue_())
    b.emit(b.if_(b.all_of(tests), done))
