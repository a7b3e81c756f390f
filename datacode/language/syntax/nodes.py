"""The tree of a program: frozen dataclasses, each with the place where it begins.

``line`` and ``column`` count from 1, columns in characters. Statements begin at their first
token. Expressions stand where a reader looks when they fail: an operation at its operator, an index
at its ``[``, a member at its name, a call at the name of the function.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast


@dataclass(frozen=True, slots=True)
class Node:
    """Anything with a place in the text."""

    line: int
    column: int


# Expressions ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A number literal.

    ``text`` is how it is written where a number does not keep it, in conditions over rows.
    """

    value: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class String(Node):
    """A string literal, without its quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class Bool(Node):
    """``true`` or ``false``."""

    value: bool


@dataclass(frozen=True, slots=True)
class Null(Node):
    """``null``."""


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A variable, read."""

    name: str


@dataclass(frozen=True, slots=True)
class Array(Node):
    """``[a, b]``."""

    elements: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Object(Node):
    """``{key: value}``; pairs as written, repeated keys included."""

    pairs: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """``-x`` or ``not x`` (``!x`` is ``not``)."""

    operator: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """One of ``+ - * / % ^ == != < > <= >=``."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Logical(Node):
    """``and`` or ``or``; both sides are always evaluated."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Index(Node):
    """``base[index]``."""

    base: Expr
    index: Expr


@dataclass(frozen=True, slots=True)
class Member(Node):
    """``base.name``; ``called`` when empty parentheses follow."""

    base: Expr
    name: str
    called: bool = False


@dataclass(frozen=True, slots=True)
class Spread(Node):
    """``*x`` among the arguments of a call."""

    value: Expr


@dataclass(frozen=True, slots=True)
class NamedArgument(Node):
    """``name=x`` among the arguments of a call."""

    name: str
    value: Expr


_NOT_POSITIONAL = (Spread, NamedArgument)


@dataclass(frozen=True, slots=True)
class Call(Node):
    """``name(arguments)``."""

    name: str
    arguments: tuple[Expr | Spread | NamedArgument, ...]

    @property
    def positional(self) -> tuple[Expr, ...] | None:
        """The arguments, if none of them is spread or named."""
        for argument in self.arguments:
            if isinstance(argument, _NOT_POSITIONAL):
                return None
        return cast("tuple[Expr, ...]", self.arguments)


@dataclass(frozen=True, slots=True)
class RowTest(Node):
    """``x in a``, ``x like p``, ``x matches p``, ``x between a and b``, in conditions over rows.

    ``negated``: ``not`` stands before the word.
    """

    operator: str
    negated: bool
    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """``if(condition, value, otherwise)`` and ``case``, in conditions over rows.

    The value of the first of ``branches`` whose condition holds; the others are not evaluated.
    """

    branches: tuple[tuple[Expr, Expr], ...]
    otherwise: Expr


Expr = (
    Number
    | String
    | Bool
    | Null
    | Name
    | Array
    | Object
    | Unary
    | Binary
    | Logical
    | Index
    | Member
    | Call
    | RowTest
    | Choice
)


# Statements ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ExpressionStatement(Node):
    """An expression whose value is dropped."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Assign(Node):
    """``name = x``; ``scope`` is "global" or "local" if that word stands before it, else None."""

    name: str
    value: Expr
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class AssignElement(Node):
    """``name[i].key = x``; ``path`` holds an expression for ``[i]`` and a text for ``.key``.

    ``places`` are the lines and columns of the steps of the path.
    """

    name: str
    path: tuple[Expr | str, ...]
    value: Expr
    places: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Branch(Node):
    """A condition with its body; the place is that of its ``if``."""

    condition: Expr
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class If(Node):
    """``if`` with every ``else if``, and the body of ``else`` or None."""

    branches: tuple[Branch, ...]
    otherwise: tuple[Statement, ...] | None


@dataclass(frozen=True, slots=True)
class For(Node):
    """``for a, b in iterable do ... next a``; ``closing`` is the ``next`` at its end."""

    variables: tuple[str, ...]
    iterable: Expr
    body: tuple[Statement, ...]
    closing: Next | None = None


@dataclass(frozen=True, slots=True)
class Try(Node):
    """``try``; ``handler`` and ``final`` are None where the clause is missing."""

    body: tuple[Statement, ...]
    variable: str | None
    handler: tuple[Statement, ...] | None
    final: tuple[Statement, ...] | None


@dataclass(frozen=True, slots=True)
class Throw(Node):
    """``throw x``."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Return(Node):
    """``return`` or ``return x``."""

    value: Expr | None


@dataclass(frozen=True, slots=True)
class Break(Node):
    """``break``."""


@dataclass(frozen=True, slots=True)
class Next(Node):
    """``next v`` as a statement: go on with the next step of the loop over ``v``.

    ``depth`` counts the loops that are left on the way: 0 for the innermost.
    """

    names: tuple[str, ...]
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Function(Node):
    """A definition, at the top level only."""

    name: str
    parameters: tuple[str, ...]
    body: tuple[Statement, ...]


Statement = (
    ExpressionStatement
    | Assign
    | AssignElement
    | If
    | For
    | Try
    | Throw
    | Return
    | Break
    | Next
    | Function
)


@dataclass(frozen=True, slots=True)
class Program(Node):
    """A whole text."""

    body: tuple[Statement, ...]
