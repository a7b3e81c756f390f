"""Order and equality.

Source: language reference, 5.6 and 5.7.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from datacode.language.analysis.type_sets import BOOL, INTEGER, NULL, NUMBER, STRING, only
from datacode.language.codegen.ast_builder import STEADY, Piece
from datacode.language.codegen.evaluation_order import Operands, value_of

EPSILON = 2.0**-52

_ORDER: dict[str, tuple[type[ast.cmpop], str]] = {
    "<": (ast.Lt, "less"),
    "<=": (ast.LtE, "less_equal"),
    ">": (ast.Gt, "greater"),
    ">=": (ast.GtE, "greater_equal"),
}
OPERATORS = frozenset({*_ORDER, "==", "!="})


class Comparisons(Operands):
    """The part of the compiler that makes comparisons."""

    def comparison(self, operator: str, left: Piece, mark: int, right: Piece) -> Piece:
        """One of ``OPERATORS``; ``mark`` is where ``out`` ended after the left operand."""
        if operator in _ORDER:
            return self._ordering(operator, left, mark, right)
        return self._equality(left, mark, right, operator == "!=")

    def _ordering(self, operator: str, left: Piece, mark: int, right: Piece) -> Piece:
        operation, helper = _ORDER[operator]
        if self.rows is not None:
            helper = f"cell_{helper}"
        both = left.kinds | right.kinds
        if only(both, NUMBER) or only(both, STRING):
            left, right = self._two_wholes(left, mark, right)
            node: ast.expr = self.compare(left.node, [operation()], [right.node])
            return Piece(node, BOOL, safe=left.safe and right.safe)
        if not left.kinds & right.kinds & (NUMBER | STRING):
            left, right = self.two(left, mark, right, "")
            return Piece(self.call(helper, left.node, right.node), BOOL)
        left, right = self.two(left, mark, right, "lr")
        fast = self.compare(left.node, [operation()], [right.node])
        slow = self.call(helper, left.node, right.node)
        if only(left.kinds, STRING) or only(right.kinds, STRING):
            other = right if only(left.kinds, STRING) else left
            test: ast.expr = self.is_a(other.node, "str")
            certain = STRING
        else:
            test = self.numbers_test(left, right)
            one_is_number = only(left.kinds, NUMBER) or only(right.kinds, NUMBER)
            certain = NUMBER if one_is_number else NUMBER | STRING
        if self.rows is None:
            self.refine(left, left.kinds & certain or certain)
            self.refine(right, right.kinds & certain or certain)
        return Piece(self.choose(test, fast, slow), BOOL, height=2)

    def _two_wholes(self, left: Piece, mark: int, right: Piece) -> tuple[Piece, Piece]:
        """Two numbers or strings to be compared; as Python ints if both are known as such."""
        if left.whole is None or right.whole is None or not (left.is_exact and right.is_exact):
            return self.two(left, mark, right, "")
        left, right = replace(left, node=left.whole), replace(right, node=right.whole)
        return self.two(left, mark, right, "")

    # Equality ------------------------------------------------------------------

    def _equality(self, left: Piece, mark: int, right: Piece, negated: bool) -> Piece:
        node, safe = self._equal(left, mark, right)
        if negated:
            node = self._negated(node)
        return Piece(node, BOOL, safe=safe, height=3)

    def _negated(self, node: ast.expr) -> ast.expr:
        """``not node``, which Python's comparisons have operators for."""
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            opposite = {ast.Eq: ast.NotEq, ast.Is: ast.IsNot}.get(type(node.ops[0]))
            if opposite is not None:
                return self.compare(node.left, [opposite()], node.comparators)
        return self.unary(ast.Not(), node)

    def _equal(self, left: Piece, mark: int, right: Piece) -> tuple[ast.expr, bool]:
        """A test that two values are equal, and whether it is safe."""
        for known, other in ((right, left), (left, right)):
            if not isinstance(known.node, ast.Constant):
                continue
            if known.kinds == STRING:
                left, right = self.two(left, mark, right, "")
                return self.compare(left.node, [ast.Eq()], [right.node]), left.safe and right.safe
            if known.kinds in (NULL, BOOL):
                return self._is_constant(left, mark, right, known, other)
            return self._equals_number(left, mark, right, known, other is left)
        if only(left.kinds | right.kinds, NUMBER):
            if only(left.kinds | right.kinds, INTEGER):
                left, right = self._two_wholes(left, mark, right)
                node: ast.expr = self.compare(left.node, [ast.Eq()], [right.node])
            else:
                left, right = self.two(left, mark, right, "lr")
                node = self._close(left.node, right.node)
            return node, left.safe and right.safe
        if only(left.kinds | right.kinds, STRING | BOOL | NULL):
            left, right = self.two(left, mark, right, "")
            return self.compare(left.node, [ast.Eq()], [right.node]), left.safe and right.safe
        if not left.kinds & right.kinds & NUMBER:
            left, right = self.two(left, mark, right, "")
            return self.call("equal", left.node, right.node), False
        left, right = self.two(left, mark, right, "lr")
        test = self.numbers_test(left, right)
        slow = self.call("equal", left.node, right.node)
        return self.choose(test, self._close(left.node, right.node), slow), False

    def _is_constant(
        self, left: Piece, mark: int, right: Piece, known: Piece, other: Piece
    ) -> tuple[ast.expr, bool]:
        """One operand is ``null``, ``true`` or ``false``."""
        if _is_literal(other.node):
            same = ast.dump(other.node) == ast.dump(known.node)
            return self.constant(same), True
        if not other.kinds & known.kinds:
            # Never the same; but Python folds constants, and warns of ``is`` between them.
            if other is left:
                left = self.spill(left, mark)
            else:
                left, right = self.two(left, mark, right, "")
                left = left if left.steadiness == STEADY else self.spill(left)
                right = self.spill(right)
        left, right = self.two(left, mark, right, "")
        return self.identical(left.node, right.node), left.safe and right.safe

    def _close(self, left: ast.expr, right: ast.expr) -> ast.expr:
        """``left == right or -EPSILON < left - right < EPSILON``."""
        return ast.BoolOp(
            ast.Or(),
            [
                self.compare(left, [ast.Eq()], [right]),
                self._within(self.binary(left, ast.Sub(), right)),
            ],
            **self.at,
        )

    def _within(self, difference: ast.expr) -> ast.expr:
        return self.compare(
            self.constant(-EPSILON),
            [ast.Lt(), ast.Lt()],
            [difference, self.constant(EPSILON)],
        )

    def _equals_number(
        self, left: Piece, mark: int, right: Piece, known: Piece, other_is_left: bool
    ) -> tuple[ast.expr, bool]:
        """One operand is a constant number."""
        value = value_of(known)
        assert value is not None
        other = left if other_is_left else right
        if not other.kinds & NUMBER:
            left, right = self.two(left, mark, right, "")
            return self.call("equal", left.node, right.node), False
        certain = only(other.kinds, NUMBER)
        if only(other.kinds, INTEGER):
            left, right = self._two_wholes(left, mark, right)
            node = self.compare(left.node, [ast.Eq()], [right.node])
            return node, left.safe and right.safe
        left, right = self.two(left, mark, right, "" if certain else "lr")
        other = left if other_is_left else right
        # From 2 up the next number is at least EPSILON away.
        if abs(value) >= 2:
            test: ast.expr = self.compare(other.node, [ast.Eq()], [known.node])
        elif value == 0:
            test = self._within(other.node)
        else:
            test = self._within(self.binary(other.node, ast.Sub(), known.node))
        if certain:
            return test, other.safe
        # No other kind of value is equal to a number.
        return self.all_of([self.is_a(other.node, "float"), test]), other.safe


def _is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)
