"""Which cells of rows a loop over a table reads, and which of them it takes for numbers.

Making an array of every row costs more than most programs do with it. Where the variable of a loop
is only read as ``row[1]``, ``row[4]``, or the row is unpacked at once, the loop can be compiled for
the cells alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from datacode.language.analysis import scopes
from datacode.language.analysis.flow import Flow
from datacode.language.analysis.infer import constant_position, may_be_condition
from datacode.language.analysis.loop_summary import loop_fixpoint
from datacode.language.analysis.type_sets import ANY, INTEGER, NUMBER
from datacode.language.syntax import nodes

MAX_PARTS = (1000, 200)
"""Statements and expressions in the body of such a loop, and of one within it; longer ones, and
loops further in, are compiled once."""

MAX_CELLS = 32
"""Different cells of a row."""


@dataclass(frozen=True, slots=True)
class RowAccess:
    """The positions of the cells that a loop reads, and of those that it takes for numbers.

    ``is_unpacked``: they are the loop's variables, one after another. No ``cells``: the loop wants
    no rows, but the elements of a column of numbers.
    """

    cells: tuple[int, ...] | None
    numbers: tuple[int, ...] = ()
    is_unpacked: bool = False

    def versions(self) -> list[RowAccess]:
        """What loops are made for: certain columns of numbers, if need be, and any columns."""
        if self.cells is None or not self.numbers:
            return [self]
        return [self, replace(self, numbers=())]

    def variable_types(self, *, is_numbered: bool) -> tuple[int, ...]:
        """The types of the variables, as far as they are known from this."""
        number = (INTEGER,) if is_numbered else ()
        if self.cells is None:
            return (*number, NUMBER)
        if self.is_unpacked:
            return tuple(NUMBER if p in self.numbers else ANY for p in self.cells)
        return number


def row_access(flow: Flow, node: nodes.For, is_numbered: bool) -> RowAccess | None:
    """What the loop reads of a row; None if it may want more than some cells.

    ``is_numbered``: the row is the second variable, behind its number.
    """
    if flow.version_depth == len(MAX_PARTS) or not flow.is_shallow:
        return None
    parts = _few_parts(node.body, MAX_PARTS[flow.version_depth])
    if parts is None or _may_name_variables(flow, node, parts):
        return None
    *others, row = node.variables
    if is_numbered and (row in others or not others):
        return None
    if others and not is_numbered:
        return _unpacked(node.variables, parts)
    return _cells_read(row, parts) or _elements_read(row, parts)


def _may_name_variables(flow: Flow, node: nodes.For, parts: Sequence[scopes.TreeNode]) -> bool:
    """May a condition over rows run there, which finds variables by their names?"""
    texts = []
    for part in parts:
        if isinstance(part, nodes.Call):
            builtin = flow.builtin(part.name)
            if builtin is not None and builtin.calls_back:
                return True
        elif isinstance(part, nodes.Index) and constant_position(part.index) is None:
            texts.append(part)
    if not texts:
        return False
    types = loop_fixpoint(flow, node, flow.block_names.assigned_by(node))
    return not types or any(may_be_condition(flow, each, types) for each in texts)


@contextmanager
def in_versions(flow: Flow) -> Iterator[None]:
    """While a loop is compiled in several versions."""
    flow.version_depth += 1
    try:
        yield
    finally:
        flow.version_depth -= 1


@contextmanager
def assuming(
    flow: Flow, node: nodes.For, access: RowAccess, *, is_numbered: bool
) -> Iterator[None]:
    """While the loop is compiled for columns of numbers at ``access.numbers``."""
    before = flow.number_cells
    if not access.is_unpacked:
        row = node.variables[-1]
        flow.number_cells = before.union((row, position) for position in access.numbers)
    flow.version_types[id(node)] = access.variable_types(is_numbered=is_numbered)
    try:
        yield
    finally:
        flow.number_cells = before
        del flow.version_types[id(node)]


def _few_parts(body: Sequence[nodes.Statement], most: int) -> list[scopes.TreeNode] | None:
    """Everything in a block; None if it is too much to be compiled twice."""
    parts = []
    for part in scopes.walk(body):
        parts.append(part)
        if len(parts) > most:
            return None
    return parts


def _unpacked(variables: Sequence[str], parts: Sequence[scopes.TreeNode]) -> RowAccess | None:
    """All cells of a row, which are variables."""
    if len(variables) > MAX_CELLS:
        return None
    counted = _counted_with(parts)
    positions = tuple(
        position
        for position, name in enumerate(variables)
        if any(isinstance(each, nodes.Name) and each.name == name for each in counted)
    )
    return RowAccess(tuple(range(len(variables))), positions, True)


def _cells_read(variable: str, parts: Sequence[scopes.TreeNode]) -> RowAccess | None:
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
    return RowAccess(tuple(sorted(positions)), tuple(sorted(positions & numbers)))


def _elements_read(variable: str, parts: Sequence[scopes.TreeNode]) -> RowAccess | None:
    """Numbers, if the program takes the variable for one."""
    for each in _counted_with(parts):
        if isinstance(each, nodes.Name) and each.name == variable:
            return RowAccess(None)
    return None


def _counted_with(parts: Sequence[scopes.TreeNode]) -> list[nodes.Expr]:
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
