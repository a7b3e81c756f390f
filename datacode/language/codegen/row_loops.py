"""Loops over tables that want some cells of every row, and never a row itself.

Making an array of every row costs more than most programs do with it. Where the variable of a loop
is only read as ``row[1]``, ``row[4]``, or the row is unpacked at once, the loop is compiled twice:
for a table, over the cells, and for everything else as usual. If the program does arithmetic with
cells, there is a third one, chosen if their columns hold nothing but numbers, without the tests
for it. So there is for loops over a column.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from datacode.language import python_names
from datacode.language.analysis import scopes
from datacode.language.analysis.loop_summary import Rounds
from datacode.language.analysis.type_sets import ANY, INTEGER, NUMBER
from datacode.language.codegen.evaluation_order import constant_position
from datacode.language.syntax import nodes

MAX_PARTS = (1000, 200)
"""Statements and expressions in the body of such a loop, and of one within it; longer ones, and
loops further in, are compiled once."""

MAX_CELLS = 32
"""Different cells of a row."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The positions of the cells that a loop wants, and of those that it takes for numbers.

    ``is_unpacked``: they are the loop's variables, one after another. No ``cells``: the loop wants
    no rows, but the elements of a column of numbers.
    """

    cells: tuple[int, ...] | None
    numbers: tuple[int, ...] = ()
    is_unpacked: bool = False

    def versions(self) -> list[Wanted]:
        """What loops are made for: certain columns of numbers, if need be, and any columns."""
        if self.cells is None or not self.numbers:
            return [self]
        return [self, replace(self, numbers=())]

    def kinds_of_variables(self, *, is_numbered: bool) -> tuple[int, ...]:
        """The kinds of the variables, as far as they are known from this."""
        number = (INTEGER,) if is_numbered else ()
        if self.cells is None:
            return (*number, NUMBER)
        if self.is_unpacked:
            return tuple(NUMBER if p in self.numbers else ANY for p in self.cells)
        return number


class RowLoops(Rounds):
    """The part of the compiler that knows which cells of rows a loop wants."""

    _doubled = 0

    def wanted_cells(self, node: nodes.For, is_numbered: bool) -> Wanted | None:
        """The cells of a row that the loop wants; None if it may want more of the row.

        ``is_numbered``: the row is the second variable, behind its number.
        """
        if self._doubled == len(MAX_PARTS) or not self._shallow:
            return None
        parts = _few_parts(node.body, MAX_PARTS[self._doubled])
        if parts is None or self._may_name_variables(node, parts):
            return None
        *others, row = node.variables
        if is_numbered and (row in others or not others):
            return None
        if others and not is_numbered:
            return _unpacked(node.variables, parts)
        return _cells_read(row, parts) or _elements_read(row, parts)

    def _may_name_variables(self, node: nodes.For, parts: Sequence[scopes.Part]) -> bool:
        """May a condition over rows run there, which finds variables by their names?"""
        texts = []
        for part in parts:
            if isinstance(part, nodes.Call) and part.name not in self.facts.functions:
                entry = self.builtins.get(part.name)
                if entry is not None and entry.calls_back:
                    return True
            elif isinstance(part, nodes.Index) and constant_position(part.index) is None:
                texts.append(part)
        if not texts:
            return False
        kinds = self._kinds_around(node, self._assigned_by(node))
        return not kinds or any(self.may_be_condition(each, kinds) for each in texts)

    @contextmanager
    def doubling(self) -> Iterator[None]:
        """While a loop is compiled twice."""
        self._doubled += 1
        try:
            yield
        finally:
            self._doubled -= 1

    @contextmanager
    def assuming(self, node: nodes.For, wanted: Wanted, *, is_numbered: bool) -> Iterator[None]:
        """While the loop is compiled for columns of numbers at ``wanted.numbers``."""
        before = self.assumed
        if not wanted.is_unpacked:
            row = node.variables[-1]
            self.assumed = before.union((row, position) for position in wanted.numbers)
        self.visited_kinds[id(node)] = wanted.kinds_of_variables(is_numbered=is_numbered)
        try:
            yield
        finally:
            self.assumed = before
            del self.visited_kinds[id(node)]

    def target_of_cells(
        self, variable: str, pythons: Sequence[str], cells: tuple[int, ...]
    ) -> ast.expr:
        """The target for a cell or a tuple of cells, read as those of the variable ``pythons``.

        Several of these get the cells themselves.
        """
        if len(pythons) == 1:
            row = pythons[0]
            pythons = [python_names.cell_variable(row, place) for place in range(len(cells))]
            self.row_cells[row] = dict(zip(cells, pythons, strict=True))
            for position, python in self.row_cells[row].items():
                is_number = (variable, position) in self.assumed
                self.state.kinds[python] = NUMBER if is_number else ANY
        if len(pythons) == 1:
            return self.target(pythons[0])
        return ast.Tuple([self.target(each) for each in pythons], ast.Store(), **self.at)


def _few_parts(body: Sequence[nodes.Statement], most: int) -> list[scopes.Part] | None:
    """Everything in a block; None if it is too much to be compiled twice."""
    parts = []
    for part in scopes.walk(body):
        parts.append(part)
        if len(parts) > most:
            return None
    return parts


def _unpacked(variables: Sequence[str], parts: Sequence[scopes.Part]) -> Wanted | None:
    """All cells of a row, which are variables."""
    if len(variables) > MAX_CELLS:
        return None
    counted = _counted_with(parts)
    places = tuple(
        place
        for place, name in enumerate(variables)
        if any(isinstance(each, nodes.Name) and each.name == name for each in counted)
    )
    return Wanted(tuple(range(len(variables))), places, True)


def _cells_read(variable: str, parts: Sequence[scopes.Part]) -> Wanted | None:
    """All cells of a row that are read; None if it is used otherwise."""
    positions = set()
    reads = 0
    for part in parts:
        match part:
            case nodes.Name(name=name) if name == variable:
                reads += 1
            case nodes.Index(base=nodes.Name(name=name), index=index) if name == variable:
                position = constant_position(index)
                if position is None:
                    return None
                positions.add(position)
                reads -= 1
            case nodes.Assign(name=name) | nodes.AssignElement(name=name) if name == variable:
                return None
            case nodes.For(variables=variables) if variable in variables:
                return None
            case nodes.Try(variable=name) if name == variable:
                return None
            case _:
                pass
    if reads or not 0 < len(positions) <= MAX_CELLS:
        return None
    numbers = set()
    for each in _counted_with(parts):
        match each:
            case nodes.Index(base=nodes.Name(name=name), index=index) if name == variable:
                numbers.add(constant_position(index))
    return Wanted(tuple(sorted(positions)), tuple(sorted(positions & numbers)))


def _elements_read(variable: str, parts: Sequence[scopes.Part]) -> Wanted | None:
    """Numbers, if the program takes the variable for one."""
    for each in _counted_with(parts):
        if isinstance(each, nodes.Name) and each.name == variable:
            return Wanted(None)
    return None


def _counted_with(parts: Sequence[scopes.Part]) -> list[nodes.Expr]:
    """The operands that a program takes for numbers, as far as the text tells."""
    counted = []
    for part in parts:
        match part:
            case nodes.Binary(operator="+", left=left, right=right):
                if not (_holds_text(left) or _holds_text(right)):
                    counted += [left, right]
            case nodes.Binary(operator="==" | "!=", left=left, right=right):
                if isinstance(left, nodes.Number) or isinstance(right, nodes.Number):
                    counted += [left, right]
            case nodes.Binary(left=left, right=right):
                if not (isinstance(left, nodes.String) or isinstance(right, nodes.String)):
                    counted += [left, right]
            case nodes.Unary(operator="-", operand=operand):
                counted.append(operand)
            case _:
                pass
    return counted


def _holds_text(node: nodes.Expr) -> bool:
    """Is a text literal among the terms of a sum?"""
    while isinstance(node, nodes.Binary) and node.operator == "+":
        if isinstance(node.right, nodes.String):
            return True
        node = node.left
    return isinstance(node, nodes.String)
