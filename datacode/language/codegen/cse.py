"""Parts of values that are read again are read once: ``m1``, ``m2``, … keep them."""

from __future__ import annotations

from datacode.language.analysis import plan
from datacode.language.codegen.builder import STEADY, Builder, Operand


def define_cached(b: Builder, node: plan.CacheDef) -> Operand:
    """The first of several equal parts."""
    b.assign(node.python, b.expression(node.value).node)
    return _cached(b, node.python, node.type)


def use_cached(b: Builder, node: plan.CacheUse) -> Operand:
    """One of the others."""
    return _cached(b, node.python, node.type)


def _cached(b: Builder, python: str, types: int) -> Operand:
    return Operand(b.name(python), types, plain=True, steadiness=STEADY, safe=True)
