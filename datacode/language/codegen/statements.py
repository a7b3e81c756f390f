"""Statements of the language as statements of Python: which part of the compiler makes which.

Source: language reference, sections 6 and 8.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from datacode.language.analysis import scopes
from datacode.language.analysis.type_sets import BOOL, NUMBER, STRING, only
from datacode.language.codegen.ast_builder import Piece
from datacode.language.codegen.functions import Jump
from datacode.language.codegen.loops import Loops
from datacode.language.codegen.try_blocks import Catching
from datacode.language.codegen.type_checks import check_variables
from datacode.language.codegen.variables import State, joined
from datacode.language.syntax import nodes

MAX_BRANCHES = 20
"""Python nests each ``elif`` in the one before it."""


class Statements(Loops, Catching):
    """The part of the compiler that makes statements."""

    def block(self, statements: Sequence[nodes.Statement]) -> list[ast.stmt]:
        """Python's statements for a block; what follows a jump is never reached and left out."""
        outer = self.out
        made: list[ast.stmt] = []
        self.out = made
        for statement in statements:
            if not self.state.live:
                break
            self.statement(statement)
        if self.facts.checks_types and self.state.live:
            check_variables(self)
        self.out = outer
        return made

    def statement(self, node: nodes.Statement) -> None:
        """Emit one statement."""
        self.go_to(node.line, node.column)
        self._last_line = node.line
        self.restart_temporaries()
        self.volatile = self.may_be_volatile and self._calls_functions(node)
        if self.facts.steps:
            self.do(self.call("step"))
        if self.facts.checks_types:
            check_variables(self)
        match node:
            case nodes.Assign():
                self.assign_variable(node)
            case nodes.ExpressionStatement(value=value):
                self.do(self.expression(value).node)
            case nodes.AssignElement():
                self.assign_element(node)
            case nodes.If():
                self._if(node)
            case nodes.For():
                self._within_limit(node, 1, self._for)
            case nodes.Try():
                self._within_limit(node, 3, self._try)
            case nodes.Throw(value=value):
                self._throw(self.expression(value))
            case nodes.Return():
                self._return(node)
            case nodes.Break():
                self._jump(Jump("break", self.loops[-1]))
            case nodes.Next(depth=depth):
                self._jump(Jump("next", self.loops[-1 - depth]))
            case nodes.Function():
                raise AssertionError("functions are defined between stretches of code")

    @property
    def may_be_volatile(self) -> bool:
        """Are there variables that functions change in place and this code mentions?"""
        return bool(self.facts.written & self.facts.changed & self.names.variables)

    def _calls_functions(self, node: nodes.Statement) -> bool:
        """May functions of the program run in the expressions of the statement itself?"""
        parts: Iterable[scopes.Part]
        match node:
            case nodes.If(branches=branches):
                parts = [branch.condition for branch in branches]
            case nodes.For(iterable=iterable):
                parts = [iterable]
            case nodes.Try():
                parts = []
            case _:
                parts = [node]
        return any(self._is_function_call(part) for part in scopes.walk(parts))

    def _is_function_call(self, part: scopes.Part) -> bool:
        if not isinstance(part, nodes.Call):
            return False
        entry = self.builtins.get(part.name)
        return entry is None or entry.calls_back or part.name in self.facts.functions

    def _throw(self, piece: Piece) -> None:
        """Raise the printed form of a value."""
        text = piece
        if only(piece.kinds, NUMBER | BOOL):
            text = self.text(piece)
        elif not only(piece.kinds, STRING):
            text = Piece(self.call("printed", piece.node))
        self.emit(ast.Raise(self.call("Thrown", text.node), None, **self.at))
        self.state.live = False

    # if ----------------------------------------------------------------------

    def _if(self, node: nodes.If) -> None:
        """Python nests each branch in the one before; so many go beside each other instead."""
        ends: list[State] = []
        count = len(node.branches)
        flag = self._new_flag()
        if count > MAX_BRANCHES:
            self.assign(flag, self.constant(True))
        for first in range(0, count, MAX_BRANCHES):
            stop = first + MAX_BRANCHES
            made: list[ast.stmt] = []
            outer, self.out = self.out, made
            self._branches(node, first, stop, flag if stop < count else None, ends)
            self.out = outer
            if first == 0:
                self.out.extend(made)
            else:
                self.emit(self.if_(self.name(flag), made))
        state = ends[0]
        for other in ends[1:]:
            state = joined(state, other)
        self.state = state

    def _branches(
        self, node: nodes.If, first: int, stop: int, flag: str | None, ends: list[State]
    ) -> None:
        """The branches from ``first`` to before ``stop``; one that is taken clears the flag."""
        if first == len(node.branches):
            if node.otherwise is not None:
                self.out.extend(self.block(node.otherwise))
            ends.append(self.state)
        if first >= min(stop, len(node.branches)):
            return
        branch = node.branches[first]
        self.go_to(branch.line, branch.column)
        test = self.test(branch.condition)
        before = self.state.copy()
        body = self.block(branch.body)
        ends.append(self.state)
        self.state = before
        self.go_to(branch.line, branch.column)
        if flag is not None:
            body.insert(0, self.assignment(self.constant(False), self.target(flag)))
        rest: list[ast.stmt] = []
        outer, self.out = self.out, rest
        self._branches(node, first + 1, stop, flag, ends)
        self.out = outer
        self.go_to(branch.line, branch.column)
        self.emit(self.if_(test, body, rest))
