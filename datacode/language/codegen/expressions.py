"""Expressions of the language as expressions of Python: which part of the compiler makes which."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from datacode.language.analysis.type_sets import (
    ARRAY,
    FRACTION,
    INTEGER,
    NULL,
    OBJECT,
    with_elements,
)
from datacode.language.codegen import arithmetics, comparisons
from datacode.language.codegen.arithmetics import Arithmetics
from datacode.language.codegen.ast_builder import STEADY, Piece
from datacode.language.codegen.calls import Calling
from datacode.language.codegen.comparisons import Comparisons
from datacode.language.codegen.cse import Repeats
from datacode.language.codegen.truths import Truths
from datacode.language.codegen.type_checks import checked
from datacode.language.syntax import nodes

LARGEST_WHOLE = 2.0**53


class Expressions(Arithmetics, Comparisons, Truths, Calling, Repeats):
    """The part of the compiler that makes expressions."""

    def expression(self, node: nodes.Expr, *, keep: bool = False) -> Piece:
        """The value of an expression. ``keep``: something will hold on to it."""
        before = self.look_at(node.line, node.column)
        piece = self._piece(node, keep)
        if self.facts.checks_types:
            piece = checked(self, piece)
        self.at = before
        return piece

    def _piece(self, node: nodes.Expr, keep: bool) -> Piece:
        match node:
            case nodes.Number(value=value):
                return self._number(value)
            case nodes.String(value=value):
                return self.string(value)
            case nodes.Name(name=name):
                return self._variable(name, keep=keep)
            case nodes.Binary() | nodes.Logical():
                return self._chain(node)
            case nodes.Call():
                return self.low(self._call(node))
            case nodes.Index() | nodes.Member():
                return self.part(node, keep=keep)
            case nodes.Unary():
                return self.low(self._unary(node))
            case nodes.Array(elements=elements):
                return self.low(self._array(elements))
            case nodes.Object(pairs=pairs):
                return self.low(self._object(pairs))
            case nodes.Bool(value=value):
                return self.known(value)
            case nodes.Null():
                return Piece(self.constant(None), NULL, plain=True, steadiness=STEADY, safe=True)

    # Operators ------------------------------------------------------------------

    def _chain(self, node: nodes.Binary | nodes.Logical) -> Piece:
        """A row of binary operators, which is deep on its left, from left to right."""
        row: list[nodes.Binary | nodes.Logical] = []
        first: nodes.Expr = node
        while isinstance(first, nodes.Binary | nodes.Logical):
            row.append(first)
            first = first.left
        left = self.expression(first)
        for each in reversed(row):
            mark = len(self.out)
            right = self.expression(each.right)
            self.look_at(each.line, each.column)
            left = self.low(self.operation(each.operator, left, mark, right))
        return left

    def operation(self, operator: str, left: Piece, mark: int, right: Piece) -> Piece:
        """``left operator right``; ``mark`` is where ``out`` ended after the left operand."""
        if operator in arithmetics.OPERATORS:
            result = self.arithmetic(operator, left, mark, right)
        elif operator in comparisons.OPERATORS:
            result = self.comparison(operator, left, mark, right)
        else:
            return self._logical(operator, left, mark, right)
        return self._finished(result, left, right)

    def _unary(self, node: nodes.Unary) -> Piece:
        operators: list[nodes.Unary] = []
        inner: nodes.Expr = node
        while isinstance(inner, nodes.Unary):
            operators.append(inner)
            inner = inner.operand
        piece = self.expression(inner)
        for each in reversed(operators):
            self.look_at(each.line, each.column)
            negate = self._negation if each.operator == "-" else self._not
            piece = self.low(negate(piece))
        return piece

    # Literals -------------------------------------------------------------------

    def _number(self, value: float) -> Piece:
        whole = value.is_integer()
        return Piece(
            self.constant(value),
            INTEGER if whole else FRACTION,
            plain=True,
            steadiness=STEADY,
            safe=True,
            whole=self.constant(int(value)) if whole and value < LARGEST_WHOLE else None,
            is_exact=True,
        )

    def _array(self, elements: Sequence[nodes.Expr]) -> Piece:
        pieces = self.operands(elements, keep=True)
        node = self.sequence([piece.node for piece in pieces])
        return self._literal(node, ARRAY, pieces)

    def _object(self, pairs: Sequence[tuple[str, nodes.Expr]]) -> Piece:
        pieces = self.operands([value for _, value in pairs], keep=True)
        keys: list[ast.expr | None] = [self.constant(key) for key, _ in pairs]
        node = ast.Dict(keys, [piece.node for piece in pieces], **self.at)
        return self._literal(node, OBJECT, pieces)

    def _literal(self, node: ast.expr, kind: int, pieces: list[Piece]) -> Piece:
        calls = any(piece.calls for piece in pieces)
        safe = all(piece.safe for piece in pieces)
        height = max((piece.height for piece in pieces), default=0) + 1
        for piece in pieces:
            kind |= with_elements(piece.kinds)
        return Piece(node, kind, calls=calls, safe=safe, height=height, fresh=True)
