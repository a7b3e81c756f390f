"""Telling of conditions over rows that may surprise: what they compare never meets.

Source: tables and files reference, 1.7; builtins reference, 10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from datacode.errors import DataCodeError
from datacode.language.analysis.scopes import walk
from datacode.language.syntax import nodes
from datacode.language.syntax.parser import parse_expression
from datacode.tables.join_keys import kinds_of, warn_of_columns
from datacode.tables.number_mismatch import warn_of_numbers
from datacode.tables.read_options import Warn
from datacode.tables.select import position_of
from datacode.values.column_storage import ColumnData
from datacode.values.table import Table


def warn_of_condition(table: Table, text: str, warn: Warn) -> None:
    """Tell of columns that a condition compares although their cells only look alike, and of one
    of texts that is compared with a number."""
    names = [name for name in dict.fromkeys(table.names) if name in text]
    if not names or not len(table):
        return
    columns = {name: table.columns[position_of(table, name)] for name in names}
    if not any(str in kinds_of(cells) for cells in columns.values()):
        return
    try:
        tree = parse_expression(text, table.names)
    except DataCodeError:
        return  # told by whoever evaluates it
    for node in walk([tree]):
        if isinstance(node, nodes.Binary) and node.operator in _COMPARISONS:
            for one, other in ((node.left, node.right), (node.right, node.left)):
                _warn_of_literals(columns, one, [other], node.operator, warn)
            _warn_of_two(columns, node, warn)
        elif isinstance(node, nodes.RowTest) and node.operator == "in":
            tested, values = node.operands
            if isinstance(values, nodes.Array):
                _warn_of_literals(columns, tested, values.elements, "in", warn)


_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})


def _warn_of_literals(
    columns: Mapping[str, ColumnData],
    tested: nodes.Expr,
    values: Sequence[nodes.Expr],
    operator: str,
    warn: Warn,
) -> None:
    """Tell of a column that is compared with numbers; those written out with their text apart."""
    cells = columns.get(tested.name) if isinstance(tested, nodes.Name) else None
    if cells is None or not isinstance(tested, nodes.Name):
        return
    numbers = [v.value for v in values if isinstance(v, nodes.Number) and not v.text]
    by_order = operator not in ("==", "!=", "in")
    warn_of_numbers(cells, tested.name, numbers, warn, by_order=by_order)


def _warn_of_two(columns: Mapping[str, ColumnData], node: nodes.Binary, warn: Warn) -> None:
    left, right = node.left, node.right
    if node.operator not in ("==", "!="):
        return
    if isinstance(left, nodes.Name) and isinstance(right, nodes.Name):
        one, other = columns.get(left.name), columns.get(right.name)
        if one is not None and other is not None:
            warn_of_columns(one, other, (left.name, right.name), warn)
