"""Code that checks while it runs what the compiler has inferred: for tests of the compiler.

A type set that is too small makes a program silently wrong; with ``Facts.checks_types`` it ends in
``runtime.type_checks.TypeMismatch`` instead.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from datacode.language.analysis.type_sets import ANY
from datacode.language.codegen.ast_builder import Piece
from datacode.language.codegen.variables import SET, Slot, Variables
from datacode.language.python_names import is_global, is_private


def checked(maker: Variables, piece: Piece) -> Piece:
    """The value of an expression, checked. Names are checked between statements instead."""
    if piece.plain or piece.kinds == ANY:
        return piece
    node = _check(maker, piece.node, piece.kinds, "expression")
    return replace(piece, node=node, height=piece.height + 1)


def check_variables(maker: Variables) -> None:
    """Emit checks of everything that is known of variables, cells of rows and cached values."""
    for python, kinds in _known(maker):
        if kinds != ANY:
            maker.do(_check(maker, maker.name(python), kinds, python))


def _check(maker: Variables, value: ast.expr, kinds: int, what: str) -> ast.Call:
    return maker.call("checked", value, maker.constant(kinds), maker.constant(what))


def _known(maker: Variables) -> Iterator[tuple[str, int]]:
    state = maker.state
    for python, kinds in list(state.kinds.items()):
        slot = Slot(python, python.partition("_")[2], is_private(python), False, False)
        is_variable = slot.private or is_global(python)
        # The variable of a loop over a range may exist as a Python int only.
        is_stored = python not in maker.wholes and python not in maker.row_cells
        if is_variable and is_stored and maker.setness(slot) == SET:
            yield python, kinds
    for cells in maker.row_cells.values():
        for python in cells.values():
            yield python, state.kinds.get(python, ANY)
    for found in state.found.values():
        yield found.python, state.kinds.get(found.python, found.kinds)
