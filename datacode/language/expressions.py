"""Expressions of the language as expressions of Python.

For two numbers the operation is written out, behind a test of their classes where their kinds are
not known; all else is left to helpers of the runtime (``runtime.operators``, ``runtime.access``).
What must be computed before the expression at hand goes into statements in front of it; then all
that stands to its left is computed there too, so that the order of evaluation is always the
program's (language reference, 5.2).
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from datacode.language import nodes
from datacode.language.kinds import (
    ANY,
    ARRAY,
    BOOL,
    FRACTION,
    INTEGER,
    NULL,
    NUMBER,
    OBJECT,
    OTHER,
    OWN,
    STRING,
    arithmetic,
    builtin_result,
    of_argument,
    only,
    part_of,
    with_elements,
)
from datacode.language.python import LOOSE, SHARED, STEADY, Piece
from datacode.language.variables import SET, Variables

MAX_HEIGHT = 24
"""Expressions of Python that nest deeper are cut in two."""

EPSILON = 2.0**-52
LARGEST_WHOLE = 2.0**53

_ARITHMETIC: dict[str, tuple[type[ast.operator], str]] = {
    "+": (ast.Add, "add"),
    "-": (ast.Sub, "subtract"),
    "*": (ast.Mult, "multiply"),
    "/": (ast.Div, "divide"),
}
_ORDER: dict[str, tuple[type[ast.cmpop], str]] = {
    "<": (ast.Lt, "less"),
    "<=": (ast.LtE, "less_equal"),
    ">": (ast.Gt, "greater"),
    ">=": (ast.GtE, "greater_equal"),
}
TYPE_WORDS = frozenset(
    (
        *("int", "float", "num", "str", "text", "bool", "date", "money", "array", "vec"),
        *("object", "dict", "map", "table", "path", "pathpattern", "pattern"),
    )
)
"""Names that need no quotes as the second argument of ``isinstance``."""


class Expressions(Variables):
    """The part of the compiler that makes expressions."""

    rows: dict[str, int] | None = None
    """In a condition over rows: the place of each column's cell."""
    captured: frozenset[str] = frozenset()
    """In a condition over rows: variables of the calling function, given as ``_seen``."""

    def expression(self, node: nodes.Expr, *, keep: bool = False) -> Piece:
        """The value of an expression. ``keep``: something will hold on to it."""
        before = self.look_at(node.line, node.column)
        piece = self._piece(node, keep)
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
            case nodes.Index():
                return self.low(self._index(node, keep=keep))
            case nodes.Member():
                return self.low(self._member(node, keep=keep))
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

    def string(self, value: str) -> Piece:
        """A constant string."""
        return Piece(self.constant(value), STRING, plain=True, steadiness=STEADY, safe=True)

    def _variable(self, name: str, *, keep: bool) -> Piece:
        if self.rows is not None:
            if name in self.rows:
                cell = self.subscript(self.name("_row"), self.constant(self.rows[name]))
                return Piece(cell, ANY, safe=True)
            if name in self.captured:
                return Piece(self.subscript(self.name("_seen"), self.constant(name)), safe=True)
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

    # Binary operators --------------------------------------------------------

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
        if operator in _ARITHMETIC:
            result = self._arithmetic(operator, left, mark, right)
        elif operator in _ORDER:
            result = self._ordering(operator, left, mark, right)
        elif operator == "==" or operator == "!=":
            result = self._equality(left, mark, right, operator == "!=")
        elif operator == "%":
            result = self._modulo(left, mark, right)
        elif operator == "^":
            left, right = self.two(left, mark, right, "")
            result = Piece(self.call("power", left.node, right.node), NUMBER)
            self._both_numbers(left, right)
        else:
            return self._logical(operator, left, mark, right)
        return self._finished(result, left, right)

    def _finished(self, result: Piece, *parts: Piece) -> Piece:
        """Note what follows from the parts that a piece is made of."""
        result.calls = result.calls or any(part.calls for part in parts)
        result.height = max(result.height, *(part.height for part in parts)) + 1
        return result

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

    def _arithmetic(self, operator: str, left: Piece, mark: int, right: Piece) -> Piece:
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
        if not piece.plain:
            piece = self.spill(piece)
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
        zero = self.constant(0.0)
        divisor = _value_of(right)
        if divisor is not None and divisor > 0:
            in_range = self.compare(left.node, [ast.GtE()], [zero])
        else:
            in_range = self.compare(left.node, [ast.GtE(), ast.Lt()], [zero, right.node])
        tests: list[ast.expr] = [in_range]
        if not only(left.kinds | right.kinds, NUMBER):
            tests.insert(0, self.numbers_test(left, right))
        self._both_numbers(left, right)
        return Piece(self.choose(self.all_of(tests), fast, slow), kinds, height=2)

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
            node = self.unary(ast.Not(), node)
        return Piece(node, BOOL, safe=safe, height=3)

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
        value = _value_of(known)
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

    # Truth -----------------------------------------------------------------------

    def truth(self, piece: Piece) -> ast.expr:
        """Whether the value is true, as a Python bool."""
        if only(piece.kinds, BOOL):
            return piece.node
        if not piece.kinds & OTHER:
            return self.unary(ast.Not(), self.unary(ast.Not(), piece.node))
        if not piece.plain:
            piece = self.spill(piece)
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

    def _not(self, piece: Piece) -> Piece:
        node = piece.node if not piece.kinds & OTHER else self.truth(piece)
        height = piece.height + 2
        negated = self.unary(ast.Not(), node)
        return Piece(negated, BOOL, calls=piece.calls, height=height, safe=piece.safe)

    def _negation(self, piece: Piece) -> Piece:
        value = _value_of(piece)
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
        if not piece.plain:
            piece = self.spill(piece)
        fast = self.unary(ast.USub(), piece.node)
        node = self.choose(self.is_a(piece.node, "float"), fast, self.call("negate", piece.node))
        self.refine(piece, NUMBER)
        return self._finished(Piece(node, kinds), piece)

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

    # Literals ----------------------------------------------------------------------

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

    # Parts of values -----------------------------------------------------------------

    def _index(self, node: nodes.Index, *, keep: bool) -> Piece:
        base = self.expression(node.base)
        mark = len(self.out)
        index = self.expression(node.index)
        piece = self.element(base, mark, index)
        return self._released(node, piece) if keep else piece

    def element(self, base: Piece, mark: int, index: Piece) -> Piece:
        """``base[index]``."""
        calls = base.calls or index.calls
        height = max(base.height, index.height) + 2
        kinds = part_of(base.kinds)
        key = _text_of(index)
        if key is not None and base.kinds & OBJECT:
            base, index = self.two(base, mark, index, "l")
            return self._key(base, index.node, self.call("read_index", base.node, index.node))
        sure = only(base.kinds, ARRAY) and only(index.kinds, NUMBER)
        whole = index.whole
        if whole is not None and index.is_exact and index.safe:
            # A Python int is as good for the helpers, and the number itself is not needed.
            index = replace(index, node=whole, plain=True)
        base, index = self.two(base, mark, index, "" if sure else "lr")
        node: ast.expr = self.call("read_index", base.node, index.node)
        if index.kinds & STRING and base.kinds & OBJECT:
            tests = self._class_tests(base, OBJECT, "dict", index, STRING, "str")
            fast = self.subscript(base.node, index.node)
            node = self.choose(self.all_of(tests), fast, node) if tests else fast
        if index.kinds & NUMBER and base.kinds & ARRAY:
            tests = self._class_tests(base, ARRAY, "list", index, NUMBER, "float")
            fast = self.subscript(base.node, self.position(index, whole))
            node = self.choose(self.all_of(tests), fast, node) if tests else fast
        if only(base.kinds, ARRAY):
            self.refine(index, index.kinds & NUMBER or NUMBER)
        return Piece(node, kinds, calls=calls, height=height)

    def _class_tests(
        self, base: Piece, containers: int, container: str, index: Piece, keys: int, key: str
    ) -> list[ast.expr]:
        """Tests that ``base`` is such a container and ``index`` a key of it."""
        tests: list[ast.expr] = []
        if not only(base.kinds, containers):
            tests.append(self.is_a(base.node, container))
        if not only(index.kinds, keys):
            tests.append(self.is_a(index.node, key))
        return tests

    def position(self, index: Piece, whole: ast.expr | None) -> ast.expr:
        """A number as the position in a list; ``_i`` remembers it for the error message."""
        if isinstance(whole, ast.Name):
            return whole  # the error message finds it by the mark of the subscript
        if whole is not None:
            return self.walrus("_i", whole)
        return self.call("trunc", self.walrus("_i", index.node))

    def _key(self, base: Piece, key: ast.expr, slow: ast.expr) -> Piece:
        """The value of an object's key, which is a constant."""
        fast = self.subscript(base.node, key)
        kinds = part_of(base.kinds)
        if only(base.kinds, OBJECT):
            return Piece(fast, kinds, calls=base.calls, height=base.height + 1)
        node = self.choose(self.is_a(base.node, "dict"), fast, slow)
        return Piece(node, kinds, calls=base.calls, height=base.height + 2)

    def _member(self, node: nodes.Member, *, keep: bool) -> Piece:
        base = self.expression(node.base)
        if not base.plain:
            base = self.spill(base)
        name = node.name
        slow = self.call("read_member", base.node, self.constant(name))
        if name in ("len", "length") and not base.kinds & OBJECT:
            if only(base.kinds, ARRAY | STRING):
                return self.length(base)
            return Piece(slow, ANY, height=base.height + 1)
        if not base.kinds & OBJECT:
            kinds = STRING if only(base.kinds, STRING) else ANY
            return Piece(slow, kinds, height=base.height + 1)
        fast = self.subscript(base.node, self.constant(name), member=True)
        if only(base.kinds, OBJECT):
            piece = Piece(fast, ANY, height=base.height + 1)
        else:
            other: ast.expr = slow
            if name in ("len", "length"):
                other = self.choose(self.is_a(base.node, "list"), self.length(base).node, slow)
            test = self.is_a(base.node, "dict")
            piece = Piece(self.choose(test, fast, other), ANY, height=base.height + 3)
        return self._released(node, piece) if keep else piece

    def length(self, piece: Piece) -> Piece:
        """The length of what certainly is an array or a string."""
        whole = self.call("len", piece.node)
        node = self.call("float", whole)
        height = piece.height + 2
        return Piece(node, INTEGER, calls=piece.calls, height=height, whole=whole, is_exact=True)

    def _length_of_any(self, piece: Piece, function: str) -> Piece:
        """The builtin ``len``, which itself is only needed for odd things."""
        if only(piece.kinds, ARRAY | STRING):
            return self.length(piece)
        if not piece.plain:
            piece = self.spill(piece)
        other: ast.expr = self.call("trunc", self.call(function, piece.node))
        for kind, name in ((STRING, "str"), (ARRAY, "list")):
            if piece.kinds & kind:
                length = self.call("len", piece.node)
                other = self.choose(self.is_a(piece.node, name), length, other)
        node = self.call("float", other)
        return Piece(node, INTEGER, calls=piece.calls, height=4, whole=other, is_exact=True)

    def _released(self, node: nodes.Index | nodes.Member, piece: Piece) -> Piece:
        """A part that something will hold on to: the variable that it is of owns it no longer."""
        root: nodes.Expr = node
        while isinstance(root, nodes.Index | nodes.Member):
            root = root.base
        if not isinstance(root, nodes.Name) or not piece.kinds & (ARRAY | OBJECT):
            return piece
        for slot in self.candidates(root.name):
            if slot.owns_parts:
                if not piece.plain:
                    piece = self.spill(piece)
                released = ast.Call(
                    ast.Attribute(self.name(slot.parts), "release", ast.Load(), **self.at),
                    [piece.node],
                    [],
                    **self.at,
                )
                node_ = self.choose(self.is_a(piece.node, "float"), piece.node, released)
                piece = Piece(node_, piece.kinds, height=2)
        return piece

    # Calls -------------------------------------------------------------------------

    def _call(self, node: nodes.Call) -> Piece:
        name, arguments = node.name, node.arguments
        if any(isinstance(a, nodes.Spread | nodes.NamedArgument) for a in arguments):
            return self._loose_call(node)
        positional = [a for a in arguments if not isinstance(a, nodes.Spread | nodes.NamedArgument)]
        if name in self.facts.functions:
            return self._user_call(name, positional)
        entry = self.builtins.get(name)
        if entry is None:
            pieces = self.operands(positional)
            missing = self.call("no_function", self.constant(name), self._tuple(pieces))
            return self._finished(Piece(missing), *pieces, Piece(missing))
        return self._builtin_call(name, positional)

    def _user_call(self, name: str, arguments: Sequence[nodes.Expr]) -> Piece:
        pieces = self.operands(arguments, keep=True)
        expected = self.facts.functions[name]
        values = [piece.node for piece in pieces]
        kinds = ANY
        if len(pieces) == expected:
            given = tuple(of_argument(piece.kinds) for piece in pieces)
            function, kinds = self.specialist(name, given)
            node: ast.expr = self.call(function, self.deeper(), *values)
        else:
            node = self.call(
                "wrong_count", self.constant(name), self.constant(expected), self._tuple(pieces)
            )
        height = max((piece.height for piece in pieces), default=0) + 1
        return Piece(node, kinds, calls=True, height=height)

    def specialist(self, name: str, given: tuple[int, ...]) -> tuple[str, int]:
        """The Python name of the function for such arguments, and the kinds of its result."""
        if self.facts.specialists is None or all(kinds == ANY for kinds in given):
            return f"f_{name}", ANY
        query = (name, given)
        if query not in self.asked:
            self.asked[query] = self.facts.specialists.find(name, given)
        return self.asked[query]

    def deeper(self) -> ast.expr:
        """How many more calls may be active, for the function that is called."""
        if not self.in_function:
            return self.name("depth_limit")
        return self.binary(self.name("_d"), ast.Sub(), self.constant(1))

    def depth(self) -> ast.expr:
        """How many more calls may be active here; the outermost function gets all of them."""
        return self.deeper()

    def _tuple(self, pieces: Sequence[Piece]) -> ast.expr:
        return ast.Tuple([piece.node for piece in pieces], ast.Load(), **self.at)

    def _builtin_call(self, name: str, arguments: Sequence[nodes.Expr]) -> Piece:
        entry = self.builtins[name]
        special = self._special_call(name, arguments)
        if special is not None:
            return special
        pieces = self.operands(arguments, keep=entry.keeps)
        if not entry.accepts(len(pieces)):
            node = self.call("wrong_builtin_count", self.constant(name), self._tuple(pieces))
            return self._finished(Piece(node), *pieces, Piece(node))
        function = f"f_{name}"
        if name in ("len", "length"):
            return self._length_of_any(pieces[0], function)
        values = [piece.node for piece in pieces]
        if entry.calls_back and values:
            # Once all arguments are known: functions called for them leave their own depth.
            values[-1] = self.call("at_depth", self.depth(), values[-1])
        node = self.call(function, *values)
        kinds = builtin_result(name, [piece.kinds for piece in pieces])
        height = max((piece.height for piece in pieces), default=0) + 1
        calls = entry.calls_back or any(piece.calls for piece in pieces)
        return Piece(node, kinds, calls=calls, height=height)

    def _special_call(self, name: str, arguments: Sequence[nodes.Expr]) -> Piece | None:
        """The two builtins that look at how an argument is written."""
        if name == "isinstance" and len(arguments) == 2:
            kind = arguments[1]
            if isinstance(kind, nodes.Name) and kind.name in TYPE_WORDS:
                value = self.expression(arguments[0])
                node = self.call("f_isinstance", value.node, self.constant(kind.name))
                return self._finished(Piece(node, BOOL), value)
        if name == "isset" and len(arguments) == 1 and isinstance(arguments[0], nodes.Name):
            value = self._value_or_null(arguments[0].name)
            return self._finished(Piece(self.call("f_isset", value.node), BOOL), value)
        return None

    def _value_or_null(self, name: str) -> Piece:
        """The value of a variable, null where there is none."""
        if self.rows is not None and (name in self.rows or name in self.captured):
            return self._variable(name, keep=False)
        slots = self.candidates(name)
        node: ast.expr | None = None
        for slot in reversed(slots):
            setness = self.setness(slot)
            value = self.name(slot.python)
            if setness == SET:
                node = value
            elif slot.private:
                self.needs_unset.add(slot.python)
                node = self.choose(self.is_set(slot), value, node or self.constant(None))
            else:
                found = self.call("value_or_null", self.constant(slot.python))
                if slot.python.startswith("t_"):
                    self.needs_unset.add(slot.python)
                    found_or = self.choose(self.is_set(slot), value, node or self.constant(None))
                    node = found_or
                else:
                    node = found
        assert node is not None
        return Piece(node, ANY, height=len(slots))

    def _loose_call(self, node: nodes.Call) -> Piece:
        """A call with spread or named arguments: their number shows when the program runs."""
        pieces: list[Piece] = []
        spread: list[bool] = []
        named: list[str] = []
        for argument in node.arguments:
            mark = len(self.out)
            value = argument
            if isinstance(argument, nodes.Spread | nodes.NamedArgument):
                value = argument.value
            assert not isinstance(value, nodes.Spread | nodes.NamedArgument)
            piece = self.expression(value, keep=True)
            if isinstance(argument, nodes.Spread):
                outer = self.look_at(argument.line, argument.column)
                spread_out = self.call("spread", piece.node)
                self.at = outer
                piece = Piece(spread_out, calls=piece.calls, height=piece.height + 1)
            self.keep_order(pieces, mark)
            pieces.append(piece)
            spread.append(isinstance(argument, nodes.Spread))
            if isinstance(argument, nodes.NamedArgument):
                named.append(argument.name)
        first_named = len(pieces) - len(named)
        positional: list[ast.expr] = [
            ast.Starred(piece.node, ast.Load(), **self.at) if is_spread else piece.node
            for piece, is_spread in zip(pieces[:first_named], spread, strict=False)
        ]
        call = self.call(
            "call_loosely",
            self.depth(),
            self.constant(node.name),
            self.sequence(positional),
            self.sequence([self.constant(name) for name in named]),
            self.sequence([piece.node for piece in pieces[first_named:]]),
        )
        height = max(piece.height for piece in pieces) + 2
        return Piece(call, ANY, calls=True, height=height)

    # Kinds without code ----------------------------------------------------------------

    def kinds_in(self, node: nodes.Expr, names: dict[str, int]) -> int:
        """The kinds an expression can have when variables have those in ``names``.

        Used for loops, where code may only be made once it is known what comes round.
        """
        match node:
            case nodes.Number(value=value):
                return INTEGER if value.is_integer() else FRACTION
            case nodes.String():
                return STRING
            case nodes.Bool():
                return BOOL
            case nodes.Null():
                return NULL
            case nodes.Array(elements=elements):
                return ARRAY | self._kinds_of_parts(elements, names)
            case nodes.Object(pairs=pairs):
                return OBJECT | self._kinds_of_parts([value for _, value in pairs], names)
            case nodes.Logical():
                return BOOL
            case nodes.Name(name=name):
                return self._kinds_of_name(name, names)
            case nodes.Binary():
                return self._kinds_of_chain(node, names)
            case nodes.Unary(operator=operator, operand=operand):
                if operator != "-":
                    return BOOL
                inner = self.kinds_in(operand, names)
                return INTEGER if only(inner, INTEGER) else NUMBER
            case nodes.Call():
                return self._kinds_of_call(node, names)
            case nodes.Index(base=base):
                return part_of(self.kinds_in(base, names))
            case _:
                return ANY

    def _kinds_of_name(self, name: str, names: dict[str, int]) -> int:
        if self.rows is not None:
            return ANY
        if name in names:
            return names[name]
        kinds = 0
        for slot in self.candidates(name):
            kinds |= self.kinds_of(slot)
        return kinds

    def _kinds_of_parts(self, parts: Sequence[nodes.Expr], names: dict[str, int]) -> int:
        kinds = 0
        for part in parts:
            kinds |= with_elements(self.kinds_in(part, names))
        return kinds

    def _kinds_of_call(self, node: nodes.Call, names: dict[str, int]) -> int:
        given = []
        for argument in node.arguments:
            if isinstance(argument, nodes.Spread | nodes.NamedArgument):
                return ANY
            given.append(self.kinds_in(argument, names))
        if node.name in self.facts.functions:
            if len(given) != self.facts.functions[node.name] or 0 in given:
                return ANY if 0 not in given else 0
            return self.specialist(node.name, tuple(map(of_argument, given)))[1]
        return builtin_result(node.name, given) if node.name in self.builtins else ANY

    def _kinds_of_chain(self, node: nodes.Binary, names: dict[str, int]) -> int:
        row: list[nodes.Binary] = []
        first: nodes.Expr = node
        while isinstance(first, nodes.Binary):
            row.append(first)
            first = first.left
        if row[0].operator not in ("+", "-", "*", "/", "%", "^"):
            return BOOL
        kinds = self.kinds_in(first, names)
        for each in reversed(row):
            if each.operator in ("+", "-", "*", "/", "%", "^"):
                kinds = arithmetic(each.operator, kinds, self.kinds_in(each.right, names))
            else:
                kinds = BOOL
        return kinds


def _is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


def _value_of(piece: Piece) -> float | None:
    """The number that a piece is, if it is a constant number."""
    if isinstance(piece.node, ast.Constant) and isinstance(piece.node.value, float):
        return piece.node.value
    return None


def _text_of(piece: Piece) -> str | None:
    """The string that a piece is, if it is a constant string."""
    if isinstance(piece.node, ast.Constant) and isinstance(piece.node.value, str):
        return piece.node.value
    return None
