"""Columns of which only all dates together tell whether the day or the month stands first.

Where an expression is worked out for whole columns they count as the column says; row by row each
would be read on its own, so that such an expression is refused. Source: tables and files reference,
1.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from datacode.errors import DataCodeError, runtime_error
from datacode.language.analysis.scopes import walk
from datacode.language.syntax import nodes
from datacode.language.syntax.parser import remembered_expression
from datacode.tables.column_types import dates_among
from datacode.tables.date_columns import dates_of
from datacode.values.column_storage import ColumnData
from datacode.values.date_text import date_key
from datacode.values.lazy_polars import pl
from datacode.values.stored_column import compare_by_parts
from datacode.values.table import Table

DATE_FUNCTIONS = frozenset(
    {
        *("year", "quarter", "month", "week", "day", "weekday"),
        *("date_trunc", "date_format", "date_add", "date_diff"),
    }
)
"""Functions that read a text as a date."""

_SLASHED = r"^[0-9]{1,2}/[0-9]{1,2}/"
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})


def read_otherwise(cells: ColumnData) -> str | None:
    """A date of the column that on its own would be read as another day, or as one at all."""
    slashed = _slashed(cells)
    if not slashed:
        return None
    dates = dates_among(cells)
    if dates.is_unclear:
        return slashed[0]
    if dates.order is None or dates_of(cells) is None:
        return None
    return next((text for text in slashed if date_key(text) != date_key(text, dates.order)), None)


def _slashed(cells: ColumnData) -> list[str]:
    if compare_by_parts([cells]):
        return []
    if cells.is_stored_as_series():
        series = cells.stored_series()
        if series is None or series.dtype != pl.String:
            return []
        return series.filter(series.str.contains(_SLASHED)).unique(maintain_order=True).to_list()
    return list(dict.fromkeys(v for v in cells.values() if v.__class__ is str and "/" in v[1:3]))


def in_iso(cells: ColumnData) -> ColumnData:
    """The column with its dates in ISO form, as the column reads them."""
    dates = dates_of(cells)
    if dates is None:
        return cells
    keys = dates.keys if isinstance(dates.keys, list) else dates.keys.to_list()
    return ColumnData.of_list(
        [
            cell if key is None else key.isoformat(" ").removesuffix(" 00:00:00")
            for cell, key in zip(cells, keys, strict=True)
        ]
    )


def mentioned(table: Table, text: str) -> dict[str, str]:
    """Such columns whose names are in a text, each with an example."""
    found = {}
    for name, cells in zip(table.names, table.columns, strict=True):
        if name in text and name not in found:
            example = read_otherwise(cells)
            if example is not None:
                found[name] = example
    return found


def refuse_row_by_row(table: Table, text: str) -> None:
    """Raise the error of an expression that would read dates of such a column one by one."""
    columns = mentioned(table, text)
    if not columns:
        return
    try:
        tree = remembered_expression(text, tuple(table.names))
    except DataCodeError:
        return  # told by whoever evaluates it
    for name in _read_as_dates(tree, columns):
        raise runtime_error(
            "dates_by_column",
            "Column '{column}' has dates such as {text}, of which only the whole column can tell "
            "whether the day or the month stands first, and this expression reads each on its own. "
            "Say it: date(…, 'MM/DD/YYYY') or read_file(…, dates='MM/DD/YYYY')",
            column=name,
            text=columns[name],
        )


def _read_as_dates(tree: nodes.Expr, columns: Mapping[str, str]) -> Iterator[str]:
    """The names of columns that are compared, or given to a function of dates."""
    for node in walk([tree]):
        if isinstance(node, nodes.Binary) and node.operator in _COMPARISONS:
            parts: tuple[nodes.Expr, ...] = (node.left, node.right)
            if any(isinstance(part, nodes.Null) for part in parts):
                continue
        elif isinstance(node, nodes.RowTest) and node.operator in ("in", "between"):
            parts = node.operands
        elif isinstance(node, nodes.Call) and node.name in DATE_FUNCTIONS:
            parts = node.positional or ()
        else:
            continue
        for part in parts:
            if isinstance(part, nodes.Name) and part.name in columns:
                yield part.name
