"""``try`` with its ``catch`` and ``finally``.

Source: language reference, 6.6.
"""

from __future__ import annotations

import ast

from datacode.language.analysis.loop_summary import Rounds
from datacode.language.analysis.type_sets import STRING
from datacode.language.codegen.ast_builder import Piece
from datacode.language.codegen.functions import Visible
from datacode.language.codegen.variables import State, joined
from datacode.language.syntax import nodes

SMALL_FINAL = 6
"""Statements of a ``finally`` block that Python may write out several times."""


class Catching(Rounds):
    """The part of the compiler that makes ``try``."""

    def _try(self, node: nodes.Try) -> None:
        block = self.open_block(())
        first = len(self.out)
        if node.final is None:
            self._guarded(node, block)
        else:
            self._with_final(node, block)
        made = self.out[first:]
        del self.out[first:]
        self._unset_in(block, set())
        self.out.extend(made)
        self.seen_blocks.append(Visible(node.line + 1, self._last_line, dict(block)))
        self.close_block()

    def _with_final(self, node: nodes.Try, block: dict[str, str]) -> None:
        assert node.final is not None
        outer = self.out
        made: list[ast.stmt] = []
        self.out = made
        before = self.state.copy()
        self.frame.blocks += 1
        self._guarded(node, block)
        self.frame.blocks -= 1
        self.out = outer
        done = self.state
        assigned = self._assigned_in(node.body) | self._assigned_in(node.handler or ())
        self.state = before
        self.state.live = True
        self._forget_all(assigned | ({node.variable} if node.variable else set()))
        self.go_to(node.line, node.column)
        final = self._final(node.final)
        after = self.state
        if final and isinstance(final[0], ast.FunctionDef):
            self.emit(final.pop(0))  # once, however often Python writes the block out
        running = self.if_(self.call("running"), final)
        self.emit(ast.Try(made or [self.pass_()], [], [], [running], **self.at))
        self.state = self._after_final(done, after, self._assigned_in(node.final))

    def _final(self, statements: tuple[nodes.Statement, ...]) -> list[ast.stmt]:
        """The block of a ``finally``, which Python writes out several times."""
        self.frame.blocks += 1
        simple = len(statements) <= SMALL_FINAL and not any(
            isinstance(statement, nodes.If | nodes.For | nodes.Try) for statement in statements
        )
        made = self.block(statements) if simple else self._apart(lambda: self.block(statements))
        self.frame.blocks -= 1
        return made

    def _after_final(self, done: State, after: State, assigned: frozenset[str]) -> State:
        """What is known when the statement is left at its end."""
        if not done.live or not after.live:
            dead = after.copy()
            dead.live = False
            return dead
        state = done.copy()
        state.owned = frozenset()  # the block may have let them go
        state.found = {}
        for name in assigned:
            for python in self._slots_named(name):
                for known, late in ((state.kinds, after.kinds), (state.set, after.set)):
                    if python in late:
                        known[python] = late[python]
                    else:
                        known.pop(python, None)
        return state

    def _guarded(self, node: nodes.Try, block: dict[str, str]) -> None:
        """The body with its ``catch``."""
        if node.handler is None:
            self.out.extend(self.block(node.body))
            return
        before = self.state.copy()
        self.frame.blocks += 1
        body = self.block(node.body)
        done = self.state
        self.state = before
        self._forget_all(self._assigned_in(node.body))
        self.go_to(node.line, node.column)
        handler = self._handler(node, block)
        self.frame.blocks -= 1
        self.go_to(node.line, node.column)
        caught = ast.ExceptHandler(
            self.name("Exception"), None, handler or [self.pass_()], **self.at
        )
        self.emit(ast.Try(body or [self.pass_()], [caught], [], [], **self.at))
        self.state = joined(done, self.state)

    def _handler(self, node: nodes.Try, block: dict[str, str]) -> list[ast.stmt]:
        outer = self.out
        made: list[ast.stmt] = []
        self.out = made
        if node.variable is None:
            self.do(self.call("caught"))
        else:
            self._catch(node.variable)
        self.out = outer
        assert node.handler is not None
        return made + self.block(node.handler)

    def _catch(self, variable: str) -> None:
        """Set the variable to the text of the error; that of ``throw`` is at hand."""
        error = self.name(self.temporary())
        self.assign(error.id, self.call("exception"))
        message = ast.Attribute(error, "args", ast.Load(), **self.at)
        text = self.choose(
            self.identical(self.class_of(error), self.name("Thrown")),
            self.subscript(message, self.constant(0)),
            self.call("caught"),
        )
        self.store(self.in_innermost(variable), Piece(text, STRING))
        # The error knows this frame: it would keep itself alive.
        self.assign(error.id, self.constant(None))
