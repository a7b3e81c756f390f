"""Truth: conditions, ``and``, ``or`` and ``not``.

Source: language reference, 5.2 and 5.3.
"""

from __future__ import annotations

import ast

from datacode.language.analysis.type_sets import BOOL, OTHER, only
from datacode.language.codegen.ast_builder import Piece
from datacode.language.codegen.evaluation_order import Operands
from datacode.language.syntax import nodes


class Truths(Operands):
    """The part of the compiler that asks whether values are true."""

    def truth(self, piece: Piece) -> ast.expr:
        """Whether the value is true, as a Python bool."""
        if only(piece.kinds, BOOL):
            return piece.node
        if not piece.kinds & OTHER:
            return self.unary(ast.Not(), self.unary(ast.Not(), piece.node))
        piece = self.spilled(piece)
        return self.choose(
            self.is_a(piece.node, "bool"), piece.node, self.call("truth", piece.node)
        )

    def test(self, node: nodes.Expr) -> ast.expr:
        """The condition of an ``if``, as anything that Python takes for true or false."""
        piece = self.expression(node)
        before = self.look_at(node.line, node.column)
        truth = self.truth(piece) if piece.kinds & OTHER else piece.node
        self.at = before
        return truth

    def _not(self, piece: Piece) -> Piece:
        node = piece.node if not piece.kinds & OTHER else self.truth(piece)
        height = piece.height + 2
        negated = self.unary(ast.Not(), node)
        return Piece(negated, BOOL, calls=piece.calls, height=height, safe=piece.safe)

    def _logical(self, operator: str, left: Piece, mark: int, right: Piece) -> Piece:
        """``and`` and ``or`` compute both sides, unless the right one cannot be noticed."""
        if right.safe and not right.kinds & OTHER:
            left, right = self.two(left, mark, right, "")
            kind = ast.And() if operator == "and" else ast.Or()
            both = [self.truth(left), self.truth(right)]
            node: ast.expr = ast.BoolOp(kind, both, **self.at)
            return self._finished(Piece(node, BOOL, safe=left.safe), left, right)
        first_kinds = left.kinds
        plain = ("l" if first_kinds & OTHER else "") + ("r" if right.kinds & OTHER else "")
        left, right = self.two(left, mark, right, plain)
        bits = ast.BitAnd() if operator == "and" else ast.BitOr()
        node = self.binary(self.truth(left), bits, self.truth(right))
        return self._finished(Piece(node, BOOL, height=2), left, right)
