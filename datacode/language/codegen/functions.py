"""Python functions and the blocks in them, and how they are left.

CPython allows 20 nested loops and ``try`` statements in a function and writes a ``finally`` block
out once for every way that leaves the statement. So blocks that nest deeply become functions within
the function, which tell by what they return how they were left.
"""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from datacode.language import python_names
from datacode.language.analysis.builtin_info import Builtins
from datacode.language.analysis.environment import Facts
from datacode.language.analysis.scopes import Names
from datacode.language.analysis.type_sets import NULL
from datacode.language.codegen.assigning import Assigning
from datacode.language.python_names import is_global, is_private
from datacode.language.syntax import nodes

Block = TypeVar("Block", nodes.For, nodes.Try)

MAX_BLOCKS = 12
"""Loops and ``try`` statements in one Python function; one ``try`` counts for three."""


@dataclass(frozen=True, slots=True)
class Visible:
    """The variables of a block, and the lines of the statements that see them."""

    first_line: int
    last_line: int
    names: Mapping[str, str]


@dataclass(slots=True, eq=False)
class Loop:
    """A loop that is being compiled: the Python function it is in, and the flags for ``next``.

    A flag tells behind this loop that it was left for the next step of a loop further out.
    """

    frame: Frame
    leaves: list[tuple[str, Loop]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Jump:
    """A way to leave blocks: ``return``, or ``break`` or ``next`` of a loop."""

    word: str
    loop: Loop | None = None


@dataclass(slots=True, eq=False)
class Frame:
    """A Python function that is being compiled, and the ways in which its caller must go on."""

    outer: Frame | None
    stored: set[str]
    blocks: int = 0
    exits: list[Jump] = field(default_factory=list)


class Frames(Assigning):
    """The part of the compiler that makes Python functions and leaves blocks."""

    def __init__(
        self,
        names: Names,
        facts: Facts,
        builtins: Builtins,
        parameters: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__(names, facts, builtins, parameters)
        self.frame = Frame(None, self.stored)
        self.loops: list[Loop] = []
        self.shared_names: set[str] = set()
        self.seen_blocks: list[Visible] = []
        self.returned = 0
        self._last_line = 0
        self._flags = 0
        self._functions = 0

    @abstractmethod
    def block(self, statements: Sequence[nodes.Statement]) -> list[ast.stmt]:
        """Python's statements for a block; what follows a jump is never reached and left out."""

    def _unset_in(self, block: dict[str, str], certain: set[str]) -> None:
        """Make the variables of a block unset where code looks whether they are set."""
        for python in sorted(block.values()):
            if python in self.needs_unset and python not in certain:
                self.assign(python, self.name("unset"))

    # Leaving ---------------------------------------------------------------------

    def _return(self, node: nodes.Return) -> None:
        if node.value is None:
            value: ast.expr = self.constant(None)
            self.returned |= NULL
        else:
            piece = self.expression(node.value, keep=True)
            value = piece.node
            self.returned |= piece.kinds
        if self.frame.outer is not None:
            value = ast.Tuple([value], ast.Load(), **self.at)
            self._exit_code(Jump("return"))
        self.emit(ast.Return(value, **self.at))
        self.state.live = False

    def _jump(self, jump: Jump) -> None:
        """Leave the innermost loop, or go on with the next step of a loop around."""
        self.state.live = False
        innermost, target = self.loops[-1], jump.loop
        assert target is not None
        if target.frame is not self.frame or innermost.frame is not self.frame:
            self.emit(ast.Return(self.constant(self._exit_code(jump)), **self.at))
        elif jump.word == "break":
            self.emit(ast.Break(**self.at))
        elif target is innermost:
            self.emit(ast.Continue(**self.at))
        else:
            self.assign(self._flag_for(innermost, target), self.constant(True))
            self.emit(ast.Break(**self.at))

    def _flag_for(self, innermost: Loop, target: Loop) -> str:
        for flag, known in innermost.leaves:
            if known is target:
                return flag
        flag = self._new_flag()
        innermost.leaves.append((flag, target))
        return flag

    def _new_flag(self) -> str:
        self._flags += 1
        return python_names.exit_flag(self._flags)

    def _exit_code(self, jump: Jump) -> int:
        """The number by which the function of a block tells its caller to jump."""
        exits = self.frame.exits
        if jump not in exits:
            exits.append(jump)
        return exits.index(jump)

    # Functions within the function -------------------------------------------------

    def _within_limit(self, node: Block, blocks: int, make: Callable[[Block], None]) -> None:
        """Emit a block statement, in a function of its own if Python would count too many."""
        if self.frame.blocks + blocks <= MAX_BLOCKS:
            make(node)
        else:
            self.out.extend(self._apart(lambda: self._alone(node, make)))

    def _alone(self, node: Block, make: Callable[[Block], None]) -> list[ast.stmt]:
        outer, made = self.out, list[ast.stmt]()
        self.out = made
        make(node)
        self.out = outer
        return made

    def _apart(self, make: Callable[[], list[ast.stmt]]) -> list[ast.stmt]:
        """Statements in a function of their own, and the code that calls it."""
        line = self.line
        outer, outer_stored = self.frame, self.stored
        self.stored = set()
        self.frame = Frame(outer, self.stored)
        self.state.found = {}  # they are held by the function around
        body = make()
        self.state.found = {}
        inner, self.frame, self.stored = self.frame, outer, outer_stored
        self.go_to(line)
        self._functions += 1
        name = python_names.block_function(self._functions)
        body = self.declarations(inner.stored, is_inner=True) + body
        self.shared_names |= {each for each in inner.stored if is_private(each)}
        definition = self.function(name, [], body)
        outer_out = self.out
        made: list[ast.stmt] = [definition]
        self.out = made
        live = self.state.live
        if inner.exits:
            self.assign(python_names.EXIT, self.call(name))
            self._leave(inner)
        else:
            self.do(self.call(name))
        self.state.live = live
        self.out = outer_out
        return made

    def _leave(self, inner: Frame) -> None:
        """Do what the function of a block says by what it returned."""
        left = self.name(python_names.EXIT)
        for code, jump in enumerate(inner.exits):
            body: list[ast.stmt] = []
            outer, self.out = self.out, body
            if jump.word == "return":
                test: ast.expr = self.is_a(left, "tuple")
                self._return_what_block_left()
            else:
                test = self.compare(left, [ast.Eq()], [self.constant(code)])
                self._jump(jump)
            self.out = outer
            self.emit(self.if_(test, body))

    def _return_what_block_left(self) -> None:
        value: ast.expr = self.name(python_names.EXIT)
        if self.frame.outer is None:
            value = self.subscript(value, self.constant(0))
        else:
            self._exit_code(Jump("return"))
        self.emit(ast.Return(value, **self.at))

    def declarations(self, stored: set[str], *, is_inner: bool) -> list[ast.stmt]:
        """``global`` and ``nonlocal`` for the names that a function stores to."""
        made: list[ast.stmt] = []
        shared = sorted(name for name in stored if is_global(name))
        if shared:
            made.append(ast.Global(shared, **self.at))
        private = sorted(name for name in stored if is_private(name))
        if private and is_inner:
            made.append(ast.Nonlocal(private, **self.at))
        return made

    def function(
        self, name: str, parameters: Sequence[str], body: Sequence[ast.stmt]
    ) -> ast.FunctionDef:
        """A Python function."""
        arguments = ast.arguments(
            posonlyargs=[],
            args=[ast.arg(parameter, None, **self.at) for parameter in parameters],
            vararg=None,
            kwonlyargs=[],
            kw_defaults=[],
            kwarg=None,
            defaults=[],
        )
        return ast.FunctionDef(
            name, arguments, list(body) or [self.pass_()], [], None, None, **self.at
        )
