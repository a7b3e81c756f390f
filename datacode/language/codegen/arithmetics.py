"""Sums, differences, products and the like.

For two numbers the operation is written out, behind a test of their classes where their kinds are
not known; all else is left to helpers (``runtime.operators``).

Source: language reference, 5.4.
"""

from __future__ import annotations

import ast

from datacode.language.analysis.type_sets import (
    BOOL,
    INTEGER,
    NUMBER,
    OTHER,
    OWN,
    STRING,
    arithmetic,
    only,
)
from datacode.language.codegen.ast_builder import STEADY, Piece
from datacode.language.codegen.evaluation_order import Operands, value_of

_ARITHMETIC: dict[str, tuple[type[ast.operator], str]] = {
    "+": (ast.Add, "add"),
    "-": (ast.Sub, "subtract"),
    "*": (ast.Mult, "multiply"),
    "/": (ast.Div, "divide"),
}
OPERATORS = frozenset("+-*/%^")


class Arithmetics(Operands):
    """The part of the compiler that makes arithmetic."""

    def arithmetic(self, operator: str, left: Piece, mark: int, right: Piece) -> Piece:
        """One of ``OPERATORS``; ``mark`` is where ``out`` ended after the left operand."""
        if operator in _ARITHMETIC:
            return self._basic(operator, left, mark, right)
        if operator == "%":
            return self._modulo(left, mark, right)
        left, right = self.two(left, mark, right, "")
        result = Piece(self.call("power", left.node, right.node), NUMBER)
        self._both_numbers(left, right)
        return result

    def _basic(self, operator: str, left: Piece, mark: int, right: Piece) -> Piece:
        kinds = arithmetic(operator, left.kinds, right.kinds)
        operation, helper = _ARITHMETIC[operator]
        if only(left.kinds | right.kinds, NUMBER):
            left, right = self.two(left, mark, right, "")
            node: ast.expr = self.binary(left.node, operation(), right.node)
            whole = self._whole_result(operation, operator, left, right)
            safe = operator != "/" and left.safe and right.safe
            is_exact = operator != "*" and left.is_exact and right.is_exact
            return Piece(node, kinds, whole=whole, is_exact=is_exact, safe=safe)
        disjoint = not left.kinds & right.kinds & OWN
        if operator == "+" and (disjoint or only(left.kinds, STRING)):
            piece = self._concatenation(left, mark, right, kinds)
            if piece is not None:
                return piece
        if not (left.kinds & NUMBER and right.kinds & NUMBER):
            left, right = self.two(left, mark, right, "")
            return Piece(self.call(helper, left.node, right.node), kinds)
        left_sure, right_sure = only(left.kinds, NUMBER), only(right.kinds, NUMBER)
        left, right = self.two(left, mark, right, "lr")
        fast = self.binary(left.node, operation(), right.node)
        slow = self.call(helper, left.node, right.node)
        node = self.choose(self.numbers_test(left, right), fast, slow)
        if operator == "-" or (operator == "/" and right_sure):
            self._both_numbers(left, right)
        elif operator == "/" and left_sure:
            self.refine(right, right.kinds & NUMBER)
        if operator == "-" or (operator == "/" and (left_sure or right_sure)):
            kinds = NUMBER
        return Piece(node, kinds, height=2)

    def _whole_result(
        self, operation: type[ast.operator], operator: str, left: Piece, right: Piece
    ) -> ast.expr | None:
        """The same sum as a Python int, where both operands are known as ints."""
        if left.whole is None or right.whole is None or operator == "/":
            return None
        if max(left.height, right.height) > 6:
            return None
        return self.binary(left.whole, operation(), right.whole)

    def _concatenation(self, left: Piece, mark: int, right: Piece, kinds: int) -> Piece | None:
        """A sum with a string in it, if that is certain."""
        printable = NUMBER | BOOL
        if only(left.kinds, STRING):
            if only(right.kinds, STRING):
                left, right = self.two(left, mark, right, "")
                return Piece(self.binary(left.node, ast.Add(), right.node), STRING)
            if only(right.kinds, printable):
                left, right = self.two(left, mark, right, "")
                mark = len(self.out)
                text = self.text(right)
                if len(self.out) > mark and left.steadiness != STEADY:
                    left = self.spill(left, mark)
                return Piece(self.binary(left.node, ast.Add(), text.node), STRING, height=2)
            left, right = self.two(left, mark, right, "lr")
            test = self.is_a(right.node, "str")
        elif only(right.kinds, STRING):
            if only(left.kinds, printable):
                left, right = self.two(left, mark, right, "")
                printed = self.call("printed", left.node)
                return Piece(self.binary(printed, ast.Add(), right.node), STRING)
            left, right = self.two(left, mark, right, "lr")
            test = self.is_a(left.node, "str")
            kinds = STRING | left.kinds & OTHER
        else:
            return None
        fast = self.binary(left.node, ast.Add(), right.node)
        return Piece(
            self.choose(test, fast, self.call("add", left.node, right.node)), kinds, height=2
        )

    def text(self, piece: Piece) -> Piece:
        """The printed form of a number or bool."""
        if piece.whole is not None and piece.is_exact:
            return Piece(self.call("str", piece.whole), STRING, height=piece.height + 1)
        if not only(piece.kinds, NUMBER):
            return self._finished(Piece(self.call("printed", piece.node), STRING), piece)
        piece = self.spilled(piece)
        rest = self.binary(piece.node, ast.Mod(), self.constant(1.0))
        is_whole = self.compare(rest, [ast.Eq()], [self.constant(0.0)])
        whole = self.call("str", self.call("trunc", piece.node))
        node = self.choose(is_whole, whole, self.call("number_text", piece.node))
        return Piece(node, STRING, height=3)

    def _modulo(self, left: Piece, mark: int, right: Piece) -> Piece:
        kinds = arithmetic("%", left.kinds, right.kinds)
        if not (left.kinds & NUMBER and right.kinds & NUMBER):
            left, right = self.two(left, mark, right, "")
            return Piece(self.call("modulo", left.node, right.node), kinds)
        left, right = self.two(left, mark, right, "lr")
        fast = self.binary(left.node, ast.Mod(), right.node)
        slow = self.call("modulo", left.node, right.node)
        whole = self._whole_remainder(left, right)
        zero = self.constant(0.0)
        divisor = value_of(right)
        if divisor is not None and divisor > 0:
            in_range = self.compare(left.node, [ast.GtE()], [zero])
        else:
            in_range = self.compare(left.node, [ast.GtE(), ast.Lt()], [zero, right.node])
        tests: list[ast.expr] = [in_range]
        if not only(left.kinds | right.kinds, NUMBER):
            tests.insert(0, self.numbers_test(left, right))
        self._both_numbers(left, right)
        node = self.choose(self.all_of(tests), fast, slow)
        return Piece(node, kinds, height=2, whole=whole, is_exact=whole is not None)

    def _whole_remainder(self, left: Piece, right: Piece) -> ast.expr | None:
        """The same remainder as a Python int: it has the sign of the left operand."""
        if not (isinstance(left.whole, ast.Name) and left.is_exact and right.is_exact):
            return None
        value = value_of(right)
        if not value or right.whole is None:
            return None
        divisor = self.constant(abs(int(value)))
        positive = self.binary(left.whole, ast.Mod(), divisor)
        opposite = self.unary(ast.USub(), left.whole)
        negative = self.unary(ast.USub(), self.binary(opposite, ast.Mod(), divisor))
        not_below = self.compare(left.whole, [ast.GtE()], [self.constant(0)])
        return self.choose(not_below, positive, negative)

    def _negation(self, piece: Piece) -> Piece:
        value = value_of(piece)
        if value is not None:
            whole = self.constant(-int(value)) if piece.whole is not None else None
            kinds = piece.kinds
            return Piece(
                self.constant(-value),
                kinds,
                plain=True,
                steadiness=STEADY,
                safe=True,
                whole=whole,
                is_exact=True,
            )
        kinds = INTEGER if only(piece.kinds, INTEGER) else NUMBER
        if only(piece.kinds, NUMBER):
            node: ast.expr = self.unary(ast.USub(), piece.node)
            return self._finished(Piece(node, kinds, safe=piece.safe), piece)
        piece = self.spilled(piece)
        fast = self.unary(ast.USub(), piece.node)
        node = self.choose(self.is_a(piece.node, "float"), fast, self.call("negate", piece.node))
        self.refine(piece, NUMBER)
        return self._finished(Piece(node, kinds), piece)
