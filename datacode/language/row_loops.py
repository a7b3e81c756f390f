"""Loops over tables that want some cells of every row, and never a row itself.

Making an array of every row costs more than most programs do with it. Where the variable of a loop
is only read as ``row[1]``, ``row[4]``, or the row is unpacked at once, the loop is compiled twice:
for a table, over the cells, and for everything else as usual.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from datacode.language import nodes, scopes
from datacode.language.kinds import OTHER, STRING
from datacode.language.parts import constant_position
from datacode.language.rounds import Rounds

MAX_DOUBLED = 2
"""Loops within each other that are compiled twice."""

MAX_PARTS = 1000
"""Statements and expressions in the body of such a loop; longer ones are compiled once."""

MAX_CELLS = 32
"""Different cells of a row."""


class RowLoops(Rounds):
    """The part of the compiler that knows which cells of rows a loop wants."""

    _doubled = 0

    def wanted_cells(self, node: nodes.For, is_numbered: bool) -> tuple[int, ...] | None:
        """The positions in a row that the loop wants; None if it may want more of the row.

        ``is_numbered``: the row is the second variable, behind its number.
        """
        if self._doubled == MAX_DOUBLED or not self._shallow:
            return None
        parts = _few_parts(node.body)
        if parts is None or self._may_name_variables(node, parts):
            return None
        *others, row = node.variables
        if is_numbered:
            return None if row in others or not others else _cells_read(row, parts)
        if others:
            count = len(node.variables)
            return tuple(range(count)) if count <= MAX_CELLS else None
        return _cells_read(row, parts)

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
        return not kinds or any(
            self.kinds_in(each.index, kinds) & STRING and self.kinds_in(each.base, kinds) & OTHER
            for each in texts
        )

    @contextmanager
    def doubling(self) -> Iterator[None]:
        """While a loop is compiled twice."""
        self._doubled += 1
        try:
            yield
        finally:
            self._doubled -= 1

    def target_of_cells(self, pythons: Sequence[str], cells: tuple[int, ...]) -> ast.expr:
        """The target for a cell or a tuple of cells, read as those of the variable ``pythons``.

        Several of these get the cells themselves.
        """
        if len(pythons) == 1:
            row = pythons[0]
            block_, _, name = row.partition("_")
            pythons = [f"{block_}c{place}_{name}" for place in range(len(cells))]
            self.row_cells[row] = dict(zip(cells, pythons, strict=True))
        if len(pythons) == 1:
            return self.target(pythons[0])
        return ast.Tuple([self.target(each) for each in pythons], ast.Store(), **self.at)


def _few_parts(body: Sequence[nodes.Statement]) -> list[scopes.Part] | None:
    """Everything in a block; None if it is too much to be compiled twice."""
    parts = []
    for part in scopes.walk(body):
        parts.append(part)
        if len(parts) > MAX_PARTS:
            return None
    return parts


def _cells_read(variable: str, parts: Sequence[scopes.Part]) -> tuple[int, ...] | None:
    """The positions of all cells of a row that are read; None if it is used otherwise."""
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
    return tuple(sorted(positions)) if not reads and 0 < len(positions) <= MAX_CELLS else None
