"""Loops.

Source: language reference, 6.4.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from datacode.language import python_names
from datacode.language.analysis.type_sets import (
    ANY,
    ARRAY,
    INTEGER,
    OTHER,
    SOME_ARRAY,
    STRING,
    only,
    step_of,
)
from datacode.language.codegen.ast_builder import Piece
from datacode.language.codegen.functions import Loop, Visible
from datacode.language.codegen.row_loops import RowLoops, Wanted
from datacode.language.codegen.variables import SET, State, joined
from datacode.language.syntax import nodes


@dataclass(frozen=True, slots=True)
class Visited:
    """What Python's ``for`` runs over, and the kinds that the variables have by it.

    ``is_range``: over the numbers of a range. ``is_numbered``: over tuples of a number from 0 and
    an element. ``cells``: for an element there are the cells of a row at these positions.
    """

    iterator: ast.expr
    kinds: tuple[int, ...] = ()
    is_range: bool = False
    is_numbered: bool = False
    cells: tuple[int, ...] | None = None


class Loops(RowLoops):
    """The part of the compiler that makes ``for``."""

    def _for(self, node: nodes.For) -> None:
        if len(node.variables) == 1 and self._is_range(node.iterable):
            self._loop(node, self._numbers(node.iterable))
            return
        source = self._numbered_in(node)
        is_numbered = source is not None
        piece = self.expression(source or node.iterable, keep=True)
        wanted = self.wanted_cells(node, is_numbered) if piece.kinds & OTHER else None
        if wanted is None:
            self._loop(node, self._elements(node, piece, is_numbered))
        else:
            self._loop_by_kind(node, self.spilled(piece), is_numbered, wanted)

    def _numbered_in(self, node: nodes.For) -> nodes.Expr | None:
        """What is visited by ``for i, x in enum(…)``; None for other loops."""
        match node.iterable:
            case nodes.Call(name=name, arguments=(source,)) if len(node.variables) <= 2:
                entry = self.builtin(name)
                if entry is None or entry.intrinsic != "numbered":
                    return None
                if isinstance(source, nodes.Spread | nodes.NamedArgument):
                    return None
                return source
        return None

    def _loop_by_kind(
        self, node: nodes.For, piece: Piece, is_numbered: bool, wanted: Wanted
    ) -> None:
        """Loops over tables or columns, quicker than the loop over anything else that follows."""
        at_entry = self.state.copy()
        ends: list[State] = []
        made: list[tuple[ast.expr, list[ast.stmt]]] = []
        seen = len(self.seen_blocks)
        versions = wanted.versions()
        # Before any body is made: statements there use the same temporaries again.
        cells = [self._cells(node, piece, is_numbered, each) for each in versions]
        elements = self._elements(node, piece, is_numbered)
        with self.doubling():
            for each, (test, visited) in zip(versions, cells, strict=True):
                self.state = at_entry.copy()
                with self.assuming(node, each, is_numbered=is_numbered):
                    made.append((test, self._alone(node, partial(self._loop, visited=visited))))
                ends.append(self.state)
                self.go_to(node.line, node.column)
            # No condition looks for variables there, and the lines are those of the last loop.
            del self.seen_blocks[seen:]
            self.state = at_entry
            rest = self._alone(node, partial(self._loop, visited=elements))
        for state in ends:
            self.state = joined(state, self.state)
        self.go_to(node.line, node.column)
        for test, body in reversed(made):
            rest = [self.if_(test, body, rest)]
        self.out.extend(rest)

    def _cells(
        self, node: nodes.For, piece: Piece, is_numbered: bool, wanted: Wanted
    ) -> tuple[ast.expr, Visited]:
        """A test whether there are such cells, and what is visited then."""
        before = self.look_at(node.iterable.line, node.iterable.column)
        found = self.name(self.temporary())
        if wanted.cells is None:
            cells = self.call("numbers_of_column", piece.node)
        else:
            cells = self.call(
                "cells_of_rows",
                piece.node,
                self._positions(wanted.cells),
                self.constant(len(wanted.cells) if wanted.is_unpacked else None),
                self._positions(wanted.numbers),
            )
        is_there = self.compare(self.walrus(found.id, cells), [ast.IsNot()], [self.constant(None)])
        kind = "Column" if wanted.cells is None else "Table"
        test = self.all_of([self.is_a(piece.node, kind), is_there])
        visited = Visited(
            self.call("numbered", found) if is_numbered else found,
            wanted.kinds_of_variables(is_numbered=is_numbered),
            is_numbered=is_numbered,
            cells=wanted.cells,
        )
        self.at = before
        return test, visited

    def _positions(self, positions: Sequence[int]) -> ast.expr:
        return ast.Tuple([self.constant(each) for each in positions], ast.Load(), **self.at)

    def _loop(self, node: nodes.For, visited: Visited) -> None:
        """A loop over what is visited."""
        self._widen(node)
        head = self.state.copy()
        self.frame.blocks += 1
        loop = Loop(self.frame)
        self.loops.append(loop)
        block = self.open_block(node.variables)
        for name in node.variables:
            slot = self.slot(block[name], name, True)
            self.state.set[slot.python] = SET
        for name, kinds in zip(node.variables, visited.kinds, strict=False):
            if kinds != ANY:
                self.state.kinds[block[name]] = kinds
            else:
                self.state.kinds.pop(block[name], None)
        shadow_name = None
        if visited.is_range and node.variables[0] not in self._assigned_in(node.body):
            shadow_name = python_names.shadow(self.block_count, block[node.variables[0]])
            self.wholes[block[node.variables[0]]] = shadow_name
        line = node.line
        target, iterator = self._target_of_all(node, block, visited), visited.iterator
        body = self.block(node.body)
        self.seen_blocks.append(Visible(line + 1, self._last_line, dict(block)))
        self.go_to(line, node.column)
        body = self._loop_prologue(node, block, visited) + body
        if target is None:
            target, iterator = self._loop_target(node, block, body, iterator, shadow_name)
        self.row_cells.pop(block[node.variables[-1]], None)
        self.wholes.pop(block[node.variables[0]], None)
        self.close_block()
        self.loops.pop()
        self.frame.blocks -= 1
        self.state = head
        for flag, _ in loop.leaves:
            self.assign(flag, self.constant(False))
        self.emit(ast.For(target, iterator, body or [self.pass_()], [], None, **self.at))
        self._after_loop(loop)

    def _after_loop(self, loop: Loop) -> None:
        """Where ``next`` for a loop further out has left this one: leave on, or go on there."""
        outer = self.loops[-1] if self.loops else None
        for flag, target in loop.leaves:
            if target is outer:
                jump: ast.stmt = ast.Continue(**self.at)
            else:
                assert outer is not None
                outer.leaves.append((flag, target))
                jump = ast.Break(**self.at)
            self.emit(self.if_(self.name(flag), [jump]))

    def _numbers(self, iterable: nodes.Expr) -> Visited:
        """The numbers of ``range(…)``."""
        assert isinstance(iterable, nodes.Call)
        pieces = self.operands(
            [
                argument
                for argument in iterable.arguments
                if not isinstance(argument, nodes.Spread | nodes.NamedArgument)
            ]
        )
        bounds = [self._whole_bound(piece) for piece in pieces]
        return Visited(self._call_at(iterable, "whole_range", *bounds), (INTEGER,), is_range=True)

    def _call_at(self, place: nodes.Expr, function: str, *arguments: ast.expr) -> ast.Call:
        """A call that fails, if it does, where the expression stands."""
        before = self.look_at(place.line, place.column)
        call = self.call(function, *arguments)
        self.at = before
        return call

    def _elements(self, node: nodes.For, piece: Piece, is_numbered: bool) -> Visited:
        """The elements of a value, ``is_numbered`` those of pairs with their numbers."""
        place = node.iterable
        if is_numbered and len(node.variables) == 1:
            return Visited(self._call_at(place, "each_pair", piece.node), (SOME_ARRAY,))
        if is_numbered:
            each = self._call_at(place, "each_numbered", piece.node)
            return Visited(each, (INTEGER, step_of(piece.kinds)), is_numbered=True)
        if len(node.variables) > 1:
            count = self.constant(len(node.variables))
            return Visited(self._call_at(place, "each_unpacked", piece.node, count))
        kinds = step_of(piece.kinds)
        if only(piece.kinds, STRING) or only(piece.kinds, ARRAY):
            return Visited(piece.node, (kinds,))
        piece = self.spilled(piece)
        each = self._call_at(place, "each", piece.node)
        iterator = self.choose(self.is_a(piece.node, "list"), piece.node, each)
        return Visited(iterator, (kinds,))

    def _whole_bound(self, piece: Piece) -> ast.expr:
        """A bound of a range; a Python int where that is known."""
        return piece.whole if piece.whole is not None and piece.is_exact else piece.node

    def _target_of_all(
        self, node: nodes.For, block: dict[str, str], visited: Visited
    ) -> ast.expr | None:
        """The target of Python's ``for`` where it sets everything that the body reads."""
        pythons = [block[name] for name in node.variables]
        number: list[ast.expr] = []
        if visited.is_numbered:
            number = [self.target(pythons.pop(0))]
        if visited.cells is not None:
            target = self.target_of_cells(node.variables[-1], pythons, visited.cells)
        elif visited.is_numbered:
            target = self.target(pythons[0])
        else:
            return None
        return ast.Tuple([*number, target], ast.Store(), **self.at) if number else target

    def _loop_target(
        self,
        node: nodes.For,
        block: dict[str, str],
        body: list[ast.stmt],
        iterator: ast.expr,
        shadow: str | None,
    ) -> tuple[ast.expr, ast.expr]:
        """The target of Python's ``for``, and what it runs over.

        The variable of a range exists as a number, as a Python int to index with, or as both.
        """
        if len(node.variables) > 1:
            return self.target(self._element), iterator
        python = block[node.variables[0]]
        if not self._is_range(node.iterable):
            return self.target(python), iterator
        assert isinstance(iterator, ast.Call)
        used = _names_in(body, {python, shadow or python}) if self._shallow else {python, shadow}
        if shadow is None or shadow not in used:
            return self.target(python), self._called(iterator, "number_range")
        if python not in used:
            return self.target(shadow), iterator
        both = ast.Tuple([self.target(shadow), self.target(python)], ast.Store(), **self.at)
        return both, self._called(iterator, "double_range")

    def _called(self, call: ast.Call, name: str) -> ast.Call:
        return ast.copy_location(self.call(name, *call.args), call)

    @property
    def _element(self) -> str:
        return python_names.loop_element(len(self.loops))

    def _loop_prologue(
        self, node: nodes.For, block: dict[str, str], visited: Visited
    ) -> list[ast.stmt]:
        """The first things of each step."""
        first: list[ast.stmt] = []
        outer, self.out = self.out, first
        if len(node.variables) > 1 and visited.cells is None and not visited.is_numbered:
            self._unpack(node, block)
        loop_variables = {block[name] for name in node.variables}
        self._unset_in(block, loop_variables)
        if self.facts.steps:
            self.do(self.call("step"))
        self.out = outer
        return first

    def _unpack(self, node: nodes.For, block: dict[str, str]) -> None:
        count = len(node.variables)
        element = self.name(self._element)
        fits = self.compare(self.call("len", element), [ast.Eq()], [self.constant(count)])
        targets: list[ast.expr] = [self.target(block[name]) for name in node.variables]
        unpacked = self.assignment(element, ast.Tuple(targets, ast.Store(), **self.at))
        wrong = ast.Expr(self.call("unpack_error", element, self.constant(count)), **self.at)
        test = self.all_of([self.is_a(element, "list"), fits])
        self.emit(self.if_(test, [unpacked], [wrong]))


def _names_in(statements: Sequence[ast.stmt], wanted: set[str]) -> set[str]:
    """Which of the wanted names are read or stored in the statements."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(statements)
    while waiting and len(found) < len(wanted):
        node = waiting.pop()
        if isinstance(node, ast.Name):
            if node.id in wanted:
                found.add(node.id)
        else:
            waiting.extend(ast.iter_child_nodes(node))
    return found
