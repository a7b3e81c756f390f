"""Tables for notebooks."""

from __future__ import annotations

import html

from datacode.tables.show import cell_text, show_text
from datacode.values.table import Table

ROWS_SHOWN = 200
"""Rows of a table that a notebook draws and keeps."""


def table_html(table: Table, row_count: int | None = None) -> str:
    """A table as HTML, every text in it escaped; of a long one the first rows.

    Where ``table`` is only the beginning of one, that has ``row_count`` rows.
    """
    head = "".join(f"<th>{html.escape(name)}</th>" for name in table.names)
    rows = [
        "<tr>" + "".join(f"<td>{html.escape(cell_text(cell))}</td>" for cell in row) + "</tr>"
        for row in _shown(table).rows()
    ]
    caption = f"<caption>{html.escape(_size(table, row_count))}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def table_text(table: Table) -> str:
    """The same for readers without HTML: the frame, and the size."""
    return show_text(_shown(table)) + _size(table)


def _shown(table: Table) -> Table:
    return table.slice(0, min(ROWS_SHOWN, len(table)))


def _size(table: Table, row_count: int | None = None) -> str:
    count = len(table) if row_count is None else row_count
    shown = min(ROWS_SHOWN, len(table))
    size = f"{count} × {len(table.names)}"
    return f"{size} (1–{shown})" if count > shown else size
