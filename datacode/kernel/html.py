"""Tables for notebooks."""

from __future__ import annotations

import html

from datacode.tables.show import cell_text, show_text
from datacode.values.table import Table

ROWS_SHOWN = 200
"""Rows of a table that a notebook draws and keeps."""


def table_html(table: Table) -> str:
    """A table as HTML, every text in it escaped; of a long one the first rows."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in table.names)
    rows = [
        "<tr>" + "".join(f"<td>{html.escape(cell_text(cell))}</td>" for cell in row) + "</tr>"
        for row in _shown(table).rows()
    ]
    caption = f"<caption>{html.escape(_size(table))}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def table_text(table: Table) -> str:
    """The same for readers without HTML: the frame, and the size."""
    return show_text(_shown(table)) + _size(table)


def _shown(table: Table) -> Table:
    return table.slice(0, min(ROWS_SHOWN, len(table)))


def _size(table: Table) -> str:
    size = f"{len(table)} × {len(table.names)}"
    return f"{size} (1–{ROWS_SHOWN})" if len(table) > ROWS_SHOWN else size
