"""Writing Python's ``ast``: small pieces of expressions and what is known about them.

Every node carries its place in the program, so that a traceback names it and a running program
pays nothing. Python's line is that of the statement, its end line the one where the expression
stands, its column the expression's, in characters; 0 is no column. The end column is the column,
plus a mark that tells what a subscript was.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from datacode.language import python_names
from datacode.language.analysis.type_sets import ANY, BOOL

LOAD = ast.Load()
STORE = ast.Store()

MEMBER_MARK = 1
"""The mark of a subscript that reads a member, so that a KeyError can be told from an index's."""

INDEX_MARK = 2
"""The mark of a subscript, less the number of the ``w1_…`` that it has for its index."""

# How long the value of a piece stays what it is while other code runs.
STEADY = 0
"""For ever: a constant, a temporary, a variable of this function that certainly is set."""
SHARED = 1
"""A global that certainly exists: until a function of the program is called."""
LOOSE = 2
"""It must be computed in its place, as it may fail or change something."""


@dataclass(slots=True)
class Piece:
    """A Python expression.

    ``kinds`` are those its value can be of. A ``plain`` one is a name or constant and may stand
    several times. ``calls``: functions of the program may run in it; ``safe``: it can neither fail
    nor do anything. ``slot`` is the variable that it reads. ``whole`` is the same number as a
    Python int; unless it ``is_exact``, only as long as it is small. ``fresh``: it is a new array or
    object that nothing else refers to.
    """

    node: ast.expr
    kinds: int = ANY
    plain: bool = False
    steadiness: int = LOOSE
    calls: bool = False
    safe: bool = False
    height: int = 0
    slot: str | None = None
    whole: ast.expr | None = None
    is_exact: bool = False
    fresh: bool = False


class Writer:
    """Makes nodes for the statement in ``line``; statements go to ``out``."""

    def __init__(self) -> None:
        self.at: dict[str, Any] = {}
        self.go_to(1)
        self.out: list[ast.stmt] = []
        self.stored: set[str] = set()
        self._temporaries = 0

    def go_to(self, line: int, column: int = 0) -> None:
        """From now on make nodes for the statement that begins here."""
        self.line = line
        self.look_at(line, column)

    def look_at(self, line: int, column: int) -> dict[str, Any]:
        """From now on make nodes for an expression that stands here; gives the place before."""
        before = self.at
        self.at = {
            "lineno": self.line,
            "col_offset": column,
            "end_lineno": line,
            "end_col_offset": column,
        }
        return before

    # Expressions ---------------------------------------------------------

    def name(self, identifier: str) -> ast.Name:
        """Read a name."""
        return ast.Name(identifier, LOAD, **self.at)

    def target(self, identifier: str) -> ast.Name:
        """A name to store to."""
        self.stored.add(identifier)
        return ast.Name(identifier, STORE, **self.at)

    def constant(self, value: str | float | bool | None) -> ast.Constant:
        """A constant; a surrogate in a string is as good as any character."""
        return ast.Constant(value, **self.at)

    def call(self, function: str, *arguments: ast.expr) -> ast.Call:
        """Call a helper or builtin by its Python name."""
        return ast.Call(self.name(function), list(arguments), [], **self.at)

    def choose(self, test: ast.expr, yes: ast.expr, no: ast.expr) -> ast.IfExp:
        """``yes if test else no``."""
        return ast.IfExp(test, yes, no, **self.at)

    def binary(self, left: ast.expr, operator: ast.operator, right: ast.expr) -> ast.BinOp:
        """An arithmetic operation."""
        return ast.BinOp(left, operator, right, **self.at)

    def compare(
        self, left: ast.expr, operators: Sequence[ast.cmpop], right: Sequence[ast.expr]
    ) -> ast.Compare:
        """A comparison, perhaps chained."""
        return ast.Compare(left, list(operators), list(right), **self.at)

    def identical(self, left: ast.expr, right: ast.expr) -> ast.Compare:
        """``left is right``."""
        return self.compare(left, [ast.Is()], [right])

    def all_of(self, tests: Sequence[ast.expr]) -> ast.expr:
        """``a and b``."""
        if len(tests) == 1:
            return tests[0]
        return ast.BoolOp(ast.And(), list(tests), **self.at)

    def unary(self, operator: ast.unaryop, operand: ast.expr) -> ast.UnaryOp:
        """``-x`` or ``not x``."""
        return ast.UnaryOp(operator, operand, **self.at)

    def class_of(self, value: ast.expr) -> ast.Attribute:
        """``value.__class__``."""
        return ast.Attribute(value, "__class__", LOAD, **self.at)

    def is_a(self, value: ast.expr, kind: str) -> ast.Compare:
        """``value.__class__ is kind``."""
        return self.identical(self.class_of(value), self.name(kind))

    def subscript(
        self, value: ast.expr, key: ast.expr, *, member: bool = False, store: bool = False
    ) -> ast.Subscript:
        """``value[key]``, marked for the error message if it fails."""
        mark = MEMBER_MARK if member else 0
        shadow = python_names.shadow_number(key.id) if isinstance(key, ast.Name) else None
        if shadow is not None:
            mark = INDEX_MARK + shadow
        at = self.at
        if mark:
            at = at | {"end_col_offset": at["col_offset"] + mark}
        return ast.Subscript(value, key, STORE if store else LOAD, **at)

    def walrus(self, identifier: str, value: ast.expr) -> ast.NamedExpr:
        """``(identifier := value)``."""
        return ast.NamedExpr(self.target(identifier), value, **self.at)

    def sequence(self, elements: Sequence[ast.expr]) -> ast.List:
        """``[a, b]``."""
        return ast.List(list(elements), LOAD, **self.at)

    # Statements ----------------------------------------------------------

    def emit(self, statement: ast.stmt) -> None:
        """Add a statement."""
        self.out.append(statement)

    def assignment(self, value: ast.expr, *targets: ast.expr) -> ast.Assign:
        """``targets = value``."""
        return ast.Assign(list(targets), value, **self.at)

    def assign(self, identifier: str, value: ast.expr) -> None:
        """``identifier = value``."""
        self.emit(self.assignment(value, self.target(identifier)))

    def do(self, value: ast.expr) -> None:
        """An expression as a statement."""
        self.emit(ast.Expr(value, **self.at))

    def if_(
        self, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt] | None = None
    ) -> ast.If:
        """An ``if``; not added to ``out``."""
        return ast.If(test, body or [self.pass_()], orelse or [], **self.at)

    def pass_(self) -> ast.stmt:
        """A statement that does nothing."""
        return ast.Pass(**self.at)

    # Temporaries -----------------------------------------------------------

    def temporary(self) -> str:
        """A name for a value that is needed within one statement only."""
        self._temporaries += 1
        return python_names.temporary(self._temporaries)

    def restart_temporaries(self) -> None:
        """Begin a statement: the temporaries of the one before are free again."""
        self._temporaries = 0

    def spill(self, piece: Piece, place: int | None = None) -> Piece:
        """Compute a piece before the current expression, or at ``place`` in ``out``."""
        temporary = self.temporary()
        statement = self.assignment(piece.node, self.target(temporary))
        self.out.insert(len(self.out) if place is None else place, statement)
        return Piece(
            self.name(temporary),
            piece.kinds,
            plain=True,
            steadiness=STEADY,
            safe=True,
            slot=piece.slot,
            fresh=piece.fresh,
        )

    def spilled(self, piece: Piece) -> Piece:
        """A piece that may stand several times."""
        return piece if piece.plain else self.spill(piece)

    def known(self, value: bool) -> Piece:
        """The piece ``true`` or ``false``."""
        return Piece(self.constant(value), BOOL, plain=True, steadiness=STEADY, safe=True)
