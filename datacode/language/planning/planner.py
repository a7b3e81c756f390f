"""The planner: goes through a part of a program once and keeps what is known on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from datacode.language.analysis import plan
from datacode.language.analysis.flow import SET, Flow
from datacode.language.analysis.layout import Layout
from datacode.language.analysis.subexpressions import SubexpressionCache
from datacode.language.syntax import nodes

PlanExpression = Callable[["Planner", Any, bool], plan.Expr]
"""Plans an expression; the last argument tells whether something will hold on to the value."""

PlanStatement = Callable[["Planner", Any], plan.Stmt]

ExpressionTable = Mapping[type[nodes.Expr], PlanExpression]
StatementTable = Mapping[type[nodes.Statement], PlanStatement]
"""The function for each kind of expression and of statement."""


class Planner:
    """Plans with what ``flow`` says of the point that has been reached."""

    def __init__(
        self,
        flow: Flow,
        layout: Layout,
        subexpressions: SubexpressionCache,
        expressions: ExpressionTable,
        statements: StatementTable,
    ) -> None:
        self.flow = flow
        self.layout = layout
        self.subexpressions = subexpressions
        self._expressions = expressions
        self._statements = statements
        self.visits_cells = False
        """Are there loops over the cells of rows?"""
        self.compares_constants = False
        """Are there comparisons for equality with constant numbers?"""
        self.returned = 0
        """The types of what ``return`` gives."""
        self.row_cells: dict[str, Mapping[int, str]] = {}
        """The locals of the cells of a row, by their positions, by the variable of the row."""

    def expression(self, node: nodes.Expr, *, keep: bool = False) -> plan.Expr:
        """The plan of an expression. ``keep``: something will hold on to its value."""
        return self._expressions[node.__class__](self, node, keep)

    def expressions(
        self, parts: Sequence[nodes.Expr], *, keep: bool = False
    ) -> tuple[plan.Expr, ...]:
        """Several expressions, in order."""
        return tuple([self.expression(part, keep=keep) for part in parts])

    def block(self, statements: Sequence[nodes.Statement]) -> plan.Block:
        """The plan of a block; what follows a jump is never reached and left out."""
        made: list[plan.Stmt] = []
        for node in statements:
            if not self.flow.state.live:
                break
            self.flow.begin_statement(node)
            made.append(self._statements[node.__class__](self, node))
        return tuple(made)

    def set_before(self) -> frozenset[str] | None:
        """The globals and top-level locals that certainly are set here; None within a block or a
        condition over rows.
        """
        flow = self.flow
        if flow.columns is not None or flow.blocks:
            return None
        names = flow.names.variables
        slots = [flow.global_slot(name) for name in names]
        slots += [flow.top_level_slot(name) for name in names]
        return frozenset(slot.python for slot in slots if flow.setness(slot) == SET)


def place(node: nodes.Node) -> plan.Place:
    """Where a node stands."""
    return node.line, node.column
