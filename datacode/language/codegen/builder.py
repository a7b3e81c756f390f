"""The builder: makes nodes of Python's ``ast`` and holds the state of one compilation.

Every node carries its place in the program, so that a traceback names it and a running program
pays nothing. Python's line is that of the statement, its end line the one where the expression
stands, its column the expression's, in characters; 0 is no column. The end column is the column,
plus a mark that tells what a subscript was.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from datacode.language import python_names
from datacode.language.analysis import plan
from datacode.language.analysis.type_sets import ANY, STRING
from datacode.language.codegen.frames import Frame, LoopFrame, VisibleBlock

LOAD = ast.Load()
STORE = ast.Store()

MEMBER_MARK = 1
"""The mark of a subscript that reads a member, so that a KeyError can be told from an index's."""

INDEX_MARK = 2
"""The mark of a subscript, less the number of the ``w1_…`` that it has for its index."""

# How long the value of an operand stays what it is while other code runs.
STEADY = 0
"""For ever: a constant, a temporary, a variable of this function that certainly is set."""
SHARED = 1
"""A global that certainly exists: until a function of the program is called."""
LOOSE = 2
"""It must be computed in its place, as it may fail or change something."""


@dataclass(slots=True)
class Operand:
    """A Python expression, and what is known of it.

    ``types`` are those its value can be of. A ``plain`` one is a name or constant and may stand
    several times. ``calls``: functions of the program may run in it; ``safe``: it can neither fail
    nor do anything. ``whole`` is the same number as a Python int; unless it ``is_exact``, only as
    long as it is small. ``fresh``: it is a new array or object that nothing else refers to.
    """

    node: ast.expr
    types: int = ANY
    plain: bool = False
    steadiness: int = LOOSE
    calls: bool = False
    safe: bool = False
    height: int = 0
    whole: ast.expr | None = None
    is_exact: bool = False
    fresh: bool = False


EmitExpression = Callable[["Builder", Any], Operand]

EmitStatement = Callable[["Builder", Any], None]

ExpressionTable = Mapping[type[plan.Expr], EmitExpression]
StatementTable = Mapping[type[plan.Stmt], EmitStatement]
"""The function for each kind of expression and of statement."""


class Builder:
    """Makes nodes for the statement in ``line``; statements go to ``out``."""

    def __init__(
        self, unit: plan.Unit, expressions: ExpressionTable, statements: StatementTable
    ) -> None:
        self.unit = unit
        self.in_condition = unit.kind == "condition"
        self._expressions = expressions
        self._statements = statements
        self._place: dict[str, Any] = {}
        self.go_to(1)
        self.out: list[ast.stmt] = []
        self.frame = Frame(None)
        self.loops: list[LoopFrame] = []
        self.promoted: list[plan.Promotion] = []
        """The variables that are in locals and have to be written back before a ``return``."""
        self.shared_names: set[str] = set()
        """Variables that Python functions of nested blocks store to."""
        self.visible_blocks: list[VisibleBlock] = []
        self.last_line = 0
        """The line of the last statement that was made."""
        self.shadows: dict[str, str] = {}
        """The Python ints beside variables."""
        self._temporaries = 0
        self._flags = 0
        self._functions = 0

    # Dispatch --------------------------------------------------------------------

    def expression(self, node: plan.Expr) -> Operand:
        """The value of an expression."""
        before = self._place
        self.look_at(*node.at)
        operand = self._expressions[node.__class__](self, node)
        self._place = before
        return operand

    def statement(self, node: plan.Stmt) -> None:
        """Emit one statement."""
        self.go_to(*node.at)
        self.last_line = node.at[0]
        self._temporaries = 0
        if self.unit.counts_steps and node.__class__ is not plan.Promoted:
            self.evaluate(self.call("step"))
        self._statements[node.__class__](self, node)

    def block(self, statements: plan.Block) -> list[ast.stmt]:
        """Python's statements for a block."""
        with self.branch() as made:
            for statement in statements:
                self.statement(statement)
        return made

    # Places ----------------------------------------------------------------------

    def go_to(self, line: int, column: int = 0) -> None:
        """From now on make nodes for the statement that begins here."""
        self.line = line
        self._place = {
            "lineno": line,
            "col_offset": column,
            "end_lineno": line,
            "end_col_offset": column,
        }

    def look_at(self, line: int, column: int) -> None:
        """From now on make nodes for an expression of the statement that stands here."""
        self._place = {
            "lineno": self.line,
            "col_offset": column,
            "end_lineno": line,
            "end_col_offset": column,
        }

    @contextmanager
    def at(self, place: plan.Place) -> Iterator[None]:
        """While nodes are made for an expression of the statement that stands there."""
        before = self._place
        self.look_at(*place)
        yield
        self._place = before

    @contextmanager
    def branch(self) -> Iterator[list[ast.stmt]]:
        """While statements go to a new list instead."""
        outer, self.out = self.out, []
        yield self.out
        self.out = outer

    # Expressions -----------------------------------------------------------------

    def name(self, identifier: str) -> ast.Name:
        """Read a name."""
        return ast.Name(identifier, LOAD, **self._place)

    def target(self, identifier: str) -> ast.Name:
        """A name to store to."""
        self.frame.stored.add(identifier)
        return ast.Name(identifier, STORE, **self._place)

    def constant(self, value: str | float | bool | None) -> ast.Constant:
        """A constant; a surrogate in a string is as good as any character."""
        return ast.Constant(value, **self._place)

    def constants(self, value: tuple[Any, ...]) -> ast.Constant:
        """A tuple of constants and of such tuples."""
        return ast.Constant(value, **self._place)  # type: ignore[arg-type]  # typeshed lacks it

    def call(self, function: str, *arguments: ast.expr) -> ast.Call:
        """Call a helper or builtin by its Python name."""
        return ast.Call(self.name(function), list(arguments), [], **self._place)

    def call_method(self, value: ast.expr, method: str, *arguments: ast.expr) -> ast.Call:
        """``value.method(arguments)``."""
        return ast.Call(self.attribute(value, method), list(arguments), [], **self._place)

    def attribute(self, value: ast.expr, name: str) -> ast.Attribute:
        """``value.name``."""
        return ast.Attribute(value, name, LOAD, **self._place)

    def choose(self, test: ast.expr, yes: ast.expr, no: ast.expr) -> ast.IfExp:
        """``yes if test else no``."""
        return ast.IfExp(test, yes, no, **self._place)

    def binary(self, left: ast.expr, operator: ast.operator, right: ast.expr) -> ast.BinOp:
        """An arithmetic operation."""
        return ast.BinOp(left, operator, right, **self._place)

    def boolean(self, operator: ast.boolop, *operands: ast.expr) -> ast.BoolOp:
        """``a and b`` or ``a or b``."""
        return ast.BoolOp(operator, list(operands), **self._place)

    def compare(
        self, left: ast.expr, operators: Sequence[ast.cmpop], right: Sequence[ast.expr]
    ) -> ast.Compare:
        """A comparison, perhaps chained."""
        return ast.Compare(left, list(operators), list(right), **self._place)

    def identical(self, left: ast.expr, right: ast.expr) -> ast.Compare:
        """``left is right``."""
        return self.compare(left, [ast.Is()], [right])

    def all_of(self, tests: Sequence[ast.expr]) -> ast.expr:
        """``a and b``, for any number of tests but none."""
        return tests[0] if len(tests) == 1 else self.boolean(ast.And(), *tests)

    def unary(self, operator: ast.unaryop, operand: ast.expr) -> ast.UnaryOp:
        """``-x`` or ``not x``."""
        return ast.UnaryOp(operator, operand, **self._place)

    def class_of(self, value: ast.expr) -> ast.Attribute:
        """``value.__class__``."""
        return self.attribute(value, "__class__")

    def is_a(self, value: ast.expr, python_class: str) -> ast.Compare:
        """``value.__class__ is python_class``."""
        return self.identical(self.class_of(value), self.name(python_class))

    def subscript(
        self, value: ast.expr, key: ast.expr, *, member: bool = False, store: bool = False
    ) -> ast.Subscript:
        """``value[key]``, marked for the error message if it fails."""
        mark = MEMBER_MARK if member else 0
        shadow = python_names.shadow_number(key.id) if isinstance(key, ast.Name) else None
        if shadow is not None:
            mark = INDEX_MARK + shadow
        place = self._place
        if mark:
            place = place | {"end_col_offset": place["col_offset"] + mark}
        return ast.Subscript(value, key, STORE if store else LOAD, **place)

    def walrus(self, identifier: str, value: ast.expr) -> ast.NamedExpr:
        """``(identifier := value)``."""
        return ast.NamedExpr(self.target(identifier), value, **self._place)

    def list_(self, elements: Sequence[ast.expr]) -> ast.List:
        """``[a, b]``."""
        return ast.List(list(elements), LOAD, **self._place)

    def tuple_(self, *elements: ast.expr) -> ast.Tuple:
        """``(a, b)``."""
        return ast.Tuple(list(elements), LOAD, **self._place)

    def target_tuple(self, *targets: ast.expr) -> ast.Tuple:
        """``(a, b)`` to store to."""
        return ast.Tuple(list(targets), STORE, **self._place)

    def dict_(self, keys: Sequence[str], values: Sequence[ast.expr]) -> ast.Dict:
        """``{"a": b}``."""
        return ast.Dict([self.constant(key) for key in keys], list(values), **self._place)

    def starred(self, value: ast.expr) -> ast.Starred:
        """``*value``."""
        return ast.Starred(value, LOAD, **self._place)

    # Statements ------------------------------------------------------------------

    def emit(self, statement: ast.stmt) -> None:
        """Add a statement."""
        self.out.append(statement)

    def assignment(self, value: ast.expr, *targets: ast.expr) -> ast.Assign:
        """``targets = value``; not added to ``out``."""
        return ast.Assign(list(targets), value, **self._place)

    def assign(self, identifier: str, value: ast.expr) -> None:
        """``identifier = value``."""
        self.emit(self.assignment(value, self.target(identifier)))

    def augmented(self, identifier: str, operator: ast.operator, value: ast.expr) -> ast.AugAssign:
        """``identifier += value`` or the like; not added to ``out``."""
        return ast.AugAssign(self.target(identifier), operator, value, **self._place)

    def evaluation(self, value: ast.expr) -> ast.Expr:
        """An expression as a statement; not added to ``out``."""
        return ast.Expr(value, **self._place)

    def evaluate(self, value: ast.expr) -> None:
        """An expression as a statement."""
        self.emit(self.evaluation(value))

    def if_(
        self, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt] | None = None
    ) -> ast.If:
        """An ``if``; not added to ``out``."""
        return ast.If(test, body or [self.pass_()], orelse or [], **self._place)

    def for_(self, target: ast.expr, iterator: ast.expr, body: list[ast.stmt]) -> None:
        """A ``for``."""
        made = ast.For(target, iterator, body or [self.pass_()], [], None, **self._place)
        self.emit(made)

    def try_except(self, body: list[ast.stmt], handler: list[ast.stmt]) -> None:
        """``try`` with ``except Exception``."""
        caught = ast.ExceptHandler(
            self.name("Exception"), None, handler or [self.pass_()], **self._place
        )
        self.emit(ast.Try(body or [self.pass_()], [caught], [], [], **self._place))

    def try_finally(self, body: list[ast.stmt], final: ast.stmt) -> None:
        """``try`` with ``finally``."""
        self.emit(ast.Try(body or [self.pass_()], [], [], [final], **self._place))

    def raise_(self, exception: ast.expr) -> None:
        """``raise exception``."""
        self.emit(ast.Raise(exception, None, **self._place))

    def return_(self, value: ast.expr) -> None:
        """``return value``."""
        self.emit(ast.Return(value, **self._place))

    def break_(self) -> ast.stmt:
        """``break``; not added to ``out``."""
        return ast.Break(**self._place)

    def continue_(self) -> ast.stmt:
        """``continue``; not added to ``out``."""
        return ast.Continue(**self._place)

    def pass_(self) -> ast.stmt:
        """A statement that does nothing; not added to ``out``."""
        return ast.Pass(**self._place)

    def declarations(self, frame: Frame) -> list[ast.stmt]:
        """``global`` and ``nonlocal`` for the names that a Python function stores to."""
        made: list[ast.stmt] = []
        shared = sorted(filter(python_names.is_global, frame.stored))
        if shared:
            made.append(ast.Global(shared, **self._place))
        private = sorted(filter(python_names.is_private, frame.stored))
        if private and frame.outer is not None:
            made.append(ast.Nonlocal(private, **self._place))
        return made

    def function(
        self, name: str, parameters: Sequence[str], body: Sequence[ast.stmt]
    ) -> ast.FunctionDef:
        """A Python function; not added to ``out``."""
        arguments = ast.arguments(
            posonlyargs=[],
            args=[ast.arg(parameter, None, **self._place) for parameter in parameters],
            vararg=None,
            kwonlyargs=[],
            kw_defaults=[],
            kwarg=None,
            defaults=[],
        )
        return ast.FunctionDef(
            name, arguments, list(body) or [self.pass_()], [], None, None, **self._place
        )

    # Names that are made up --------------------------------------------------------

    def temporary(self) -> str:
        """A name for a value that is needed within one statement only."""
        self._temporaries += 1
        return python_names.temporary(self._temporaries)

    def exit_flag(self) -> str:
        """A name for whether a loop, or an ``if`` in several parts, is to be left."""
        self._flags += 1
        return python_names.exit_flag(self._flags)

    def block_function(self) -> str:
        """A name for the Python function of a nested block."""
        self._functions += 1
        return python_names.block_function(self._functions)

    # Operands ----------------------------------------------------------------------

    def spill(self, operand: Operand, mark: int | None = None) -> Operand:
        """Compute an operand before the current expression, or at ``mark`` in ``out``."""
        temporary = self.temporary()
        statement = self.assignment(operand.node, self.target(temporary))
        self.out.insert(len(self.out) if mark is None else mark, statement)
        return Operand(
            self.name(temporary),
            operand.types,
            plain=True,
            steadiness=STEADY,
            safe=True,
            fresh=operand.fresh,
        )

    def spilled(self, operand: Operand) -> Operand:
        """An operand that may stand several times."""
        return operand if operand.plain else self.spill(operand)

    def string_constant(self, value: str) -> Operand:
        """A constant string."""
        return Operand(self.constant(value), STRING, plain=True, steadiness=STEADY, safe=True)
