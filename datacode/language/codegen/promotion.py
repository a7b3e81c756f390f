"""Variables that are kept in Python locals for a while (``passes.promotion``).

A program may be interrupted between any two instructions. What has been stored to the locals is
safe while the runtime knows of the frame: from before the globals give up their values until they
have got the new ones.
"""

from __future__ import annotations

from collections.abc import Sequence

from datacode.language.analysis import plan
from datacode.language.codegen.builder import Builder
from datacode.language.codegen.variables import is_set


def promoted(b: Builder, node: plan.Promoted) -> None:
    """A statement between reading the variables and writing them back."""
    stored = [each for each in node.promotions if each.is_stored]
    for each in node.promotions:
        outer, inner = each.outer, each.inner
        b.assign(inner.python, b.name(outer.python if each.is_set else "unset"))
        if inner.owns:
            b.assign(inner.owner, b.name(outer.owner))
        if inner.owns_parts:
            b.assign(inner.parts, b.name(outer.parts))
    if stored:
        b.evaluate(b.call("promoting"))
    for each in stored:
        if each.is_set:  # a value that is replaced shall not be kept
            b.assign(each.outer.python, b.constant(None))
    b.promoted = stored
    b.statement(node.statement)
    b.promoted = []
    b.go_to(*node.at)
    write_back(b, stored)
    locals_ = [b.target(each.inner.python) for each in node.promotions]
    b.emit(b.assignment(b.name("unset"), *locals_))


def write_back(b: Builder, stored: Sequence[plan.Promotion]) -> None:
    """Give the variables the values of their locals."""
    for each in stored:
        _write_back(b, each)
    if stored:
        b.evaluate(b.call("promoted"))


def _write_back(b: Builder, promotion: plan.Promotion) -> None:
    outer, inner = promotion.outer, promotion.inner
    with b.branch() as made:
        b.assign(outer.python, b.name(inner.python))
        if outer.owns:
            b.assign(outer.owner, b.name(inner.owner))
    if promotion.is_set:
        b.out.extend(made)
    else:
        b.emit(b.if_(is_set(b, inner), made))
