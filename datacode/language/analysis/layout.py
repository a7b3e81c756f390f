"""Which blocks of a Python function become Python functions of their own.

CPython allows 20 nested loops and ``try`` statements in a function and writes a ``finally`` block
out once for every way that leaves the statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from datacode.language.syntax import nodes

MAX_BLOCKS = 12
"""Loops and ``try`` statements in one Python function; one ``try`` counts for three."""

SMALL_FINAL = 6
"""Statements of a ``finally`` block that Python may write out several times."""


_WITH_BLOCKS = frozenset((nodes.If, nodes.For, nodes.Try))


@dataclass(frozen=True, slots=True)
class Layout:
    """The identities of loops and ``try`` statements that are outlined, and of those whose
    ``finally`` block is.

    ``nests``: some block may be; then local variables may be cells.
    """

    blocks: frozenset[int]
    finals: frozenset[int]
    nests: bool


def layout_of(statements: Sequence[nodes.Statement]) -> Layout:
    """The layout of the body of a function or of a chunk."""
    blocks: set[int] = set()
    finals: set[int] = set()
    nests = False
    waiting: list[tuple[nodes.Statement, int, int]] = [(each, 0, 0) for each in statements]
    while waiting:
        node, depth, nested = waiting.pop()
        if node.__class__ not in _WITH_BLOCKS:
            continue
        # ``depth`` counts the blocks around within the Python function, ``nested`` all of them.
        inner: list[tuple[Sequence[nodes.Statement], int]] = []
        match node:
            case nodes.If(branches=branches, otherwise=otherwise):
                inner = [(branch.body, depth) for branch in branches]
                inner.append((otherwise or (), depth))
            case nodes.For(body=body):
                if depth + 1 > MAX_BLOCKS:
                    blocks.add(id(node))
                    depth = 0
                nested += 1
                inner = [(body, depth + 1)]
            case nodes.Try(body=body, handler=handler, final=final):
                if depth + 3 > MAX_BLOCKS:
                    blocks.add(id(node))
                    depth = 0
                nested += 3
                guarded = depth + (handler is not None) + (final is not None)
                inner = [(body, guarded), (handler or (), guarded)]
                if final is not None:
                    nests = True
                    is_outlined = _is_large(final)
                    if is_outlined:
                        finals.add(id(node))
                    inner.append((final, 0 if is_outlined else depth + 1))
        nests = nests or nested > MAX_BLOCKS
        waiting += [(each, depth, nested) for body, depth in inner for each in body]
    return Layout(frozenset(blocks), frozenset(finals), nests)


def _is_large(final: Sequence[nodes.Statement]) -> bool:
    """Is it too much for Python to write it out several times?"""
    has_blocks = any(isinstance(each, nodes.If | nodes.For | nodes.Try) for each in final)
    return has_blocks or len(final) > SMALL_FINAL
