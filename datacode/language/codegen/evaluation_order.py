"""Operands: in which order they are computed, and what is known of them.

What must be computed before the expression at hand goes into statements in front of it; then all
that stands to its left is computed there too, so that the order of evaluation is always the
program's (language reference, 5.2).
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Sequence

from datacode.language import python_names
from datacode.language.analysis.type_sets import ANY, NUMBER, STRING, only
from datacode.language.codegen.ast_builder import LOOSE, SHARED, STEADY, Piece
from datacode.language.codegen.variables import Variables
from datacode.language.syntax import nodes

LARGEST_POSITION = 1 << 31
"""No array is so long; literals beyond are left to the running program."""

MAX_HEIGHT = 24
"""Expressions of Python that nest deeper are cut in two."""


class Operands(Variables, ABC):
    """The part of the compiler that all kinds of expressions build on."""

    rows: dict[str, int] | None = None
    """In a condition over rows: the place of each column's cell."""
    captured: frozenset[str] = frozenset()
    """In a condition over rows: variables of the calling function, given as ``_seen``."""

    @abstractmethod
    def expression(self, node: nodes.Expr, *, keep: bool = False) -> Piece:
        """The value of an expression. ``keep``: something will hold on to it."""

    def string(self, value: str) -> Piece:
        """A constant string."""
        return Piece(self.constant(value), STRING, plain=True, steadiness=STEADY, safe=True)

    def _variable(self, name: str, *, keep: bool) -> Piece:
        if self.rows is not None:
            if name in self.rows:
                cell = self.subscript(self.name(python_names.ROW), self.constant(self.rows[name]))
                return Piece(cell, ANY, safe=True)
            if name in self.captured:
                return Piece(
                    self.subscript(self.name(python_names.CAPTURED), self.constant(name)), safe=True
                )
        return self.read(name, keep=keep)

    # Order of evaluation -------------------------------------------------------

    def low(self, piece: Piece) -> Piece:
        """The piece, computed beforehand if it has become too deep for Python."""
        return self.spill(piece) if piece.height > MAX_HEIGHT else piece

    def operands(self, parts: Sequence[nodes.Expr], *, keep: bool = False) -> list[Piece]:
        """Several expressions, in order."""
        pieces: list[Piece] = []
        for part in parts:
            mark = len(self.out)
            piece = self.expression(part, keep=keep)
            self.keep_order(pieces, mark)
            pieces.append(piece)
        return pieces

    def keep_order(self, pieces: list[Piece], mark: int) -> None:
        """Code was put before the expression at ``mark``: what is to its left must run earlier."""
        if len(self.out) == mark:
            return
        for i, piece in enumerate(pieces):
            if piece.steadiness != STEADY:
                pieces[i] = self.spill(piece, mark)
                mark += 1

    def two(self, left: Piece, mark: int, right: Piece, plain: str) -> tuple[Piece, Piece]:
        """Two operands, of which those named in ``plain`` (``l``, ``r``) will stand twice.

        ``mark`` is where ``out`` ended when the left one had been made.
        """
        before = len(self.out)
        moves_right = "r" in plain and not right.plain
        disturbed = before > mark or moves_right
        if left.steadiness == LOOSE:
            must_move = disturbed or ("l" in plain and not left.plain)
            must_move = must_move or ("l" in plain and right.calls)
        else:
            must_move = "l" in plain and not left.plain
            must_move = must_move or (left.steadiness == SHARED and (disturbed or right.calls))
        if must_move:
            left = self.spill(left, mark)
        if moves_right:
            right = self.spill(right)
        return left, right

    def _finished(self, result: Piece, *parts: Piece) -> Piece:
        """Note what follows from the parts that a piece is made of."""
        result.calls = result.calls or any(part.calls for part in parts)
        result.height = max(result.height, *(part.height for part in parts)) + 1
        return result

    # Numbers --------------------------------------------------------------------

    def numbers_test(self, *pieces: Piece) -> ast.expr:
        """A test that those pieces are numbers that may be something else."""
        unknown = [piece.node for piece in pieces if not only(piece.kinds, NUMBER)]
        if len(unknown) == 2:
            kinds = [self.class_of(node) for node in unknown]
            return self.compare(kinds[0], [ast.Is(), ast.Is()], [kinds[1], self.name("float")])
        return self.is_a(unknown[0], "float")

    def _both_numbers(self, left: Piece, right: Piece) -> None:
        self.refine(left, left.kinds & NUMBER or NUMBER)
        self.refine(right, right.kinds & NUMBER or NUMBER)


def value_of(piece: Piece) -> float | None:
    """The number that a piece is, if it is a constant number."""
    if isinstance(piece.node, ast.Constant) and isinstance(piece.node.value, float):
        return piece.node.value
    return None


def text_of(piece: Piece) -> str | None:
    """The string that a piece is, if it is a constant string."""
    if isinstance(piece.node, ast.Constant) and isinstance(piece.node.value, str):
        return piece.node.value
    return None


def constant_position(index: nodes.Expr) -> int | None:
    """The position that a literal index means, counted from the end if negative."""
    sign = 1
    if isinstance(index, nodes.Unary) and index.operator == "-":
        sign, index = -1, index.operand
    if not isinstance(index, nodes.Number) or not index.value.is_integer():
        return None
    return sign * int(index.value) if index.value < LARGEST_POSITION else None
