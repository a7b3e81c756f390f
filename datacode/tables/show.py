"""How tables look: the frame of ``show_table``, ``table_info``, and data for clients.

Source: tables and files reference, 1.6.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

from datacode.tables.column_types import ColumnKind, column_kind
from datacode.values.chart import Chart
from datacode.values.report import Report
from datacode.values.table import Column, Indexer, Table
from datacode.values.text import printed
from datacode.values.types import Currency, Path, PathPattern, Value

_BREAKS = str.maketrans({"\n": " ", "\t": " ", "\v": " ", "\f": " ", "\x85": " "})
"""What would break the frame; a carriage return has gone before."""


def show_text(table: Table) -> str:
    """The whole table in its frame, or ``Empty table``, with a line end."""
    return "".join(show_parts(table))


def show_parts(table: Table) -> Iterator[str]:
    """The same in blocks of lines, so that a long table need not be in memory as text."""
    if not len(table) or not table.columns:
        yield "Empty table\n"
        return
    names = [_on_one_line(name) for name in table.names]
    widths = [
        max(len(name), max(map(len, map(cell_text, column))))
        for name, column in zip(names, table.columns, strict=True)
    ]
    yield _rule("┌┬┐", widths) + _line(names, widths) + _rule("├┼┤", widths)
    yield from in_blocks(_line(map(cell_text, row), widths) for row in table.rows())
    yield _rule("└┴┘", widths)


_BLOCK = 1 << 16
"""About so many characters are in a block of lines, unless one line alone has more."""


def in_blocks(lines: Iterable[str]) -> Iterator[str]:
    """The lines, joined to blocks: large ones to be quick, small ones to stop in time."""
    block: list[str] = []
    size = 0
    for line in lines:
        block.append(line)
        size += len(line)
        if size >= _BLOCK:
            yield "".join(block)
            block, size = [], 0
    if block:
        yield "".join(block)


def _rule(corners: str, widths: list[int]) -> str:
    lines = ["─" * (width + 2) for width in widths]
    return corners[0] + corners[1].join(lines) + corners[2] + "\n"


def _line(texts: Iterator[str] | list[str] | map[str], widths: list[int]) -> str:
    cells = " │ ".join(text.ljust(width) for text, width in zip(texts, widths, strict=True))
    return f"│ {cells} │\n"


def cell_text(value: Value) -> str:
    """The text of a cell in a frame: on one line, and numbers with at most two decimals."""
    show = _TEXTS.get(value.__class__)
    return show(value) if show is not None else printed(value)


def _on_one_line(text: str) -> str:
    return text.replace("\r\n", " ").replace("\r", " ").translate(_BREAKS)


def _number(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) and not value.is_integer() else printed(value)


_TEXTS: dict[type, Callable[[Value], str]] = {
    str: _on_one_line,
    float: _number,
    Currency: lambda value: _on_one_line(value.text),
    Path: lambda value: _on_one_line(value.text),
    PathPattern: lambda value: _on_one_line(value.text),
    list: lambda value: f"[{len(value)}]",
    dict: lambda value: f"{{{len(value)}}}",
    Table: lambda value: f"Table({size_text(value)})",
    Column: lambda value: f"Column({_on_one_line(value.name)})",
    Chart: printed,
    Report: printed,
    Indexer: lambda value: f"TableIndexer({size_text(value.table)})",
}


def size_text(table: Table) -> str:
    """``2x3``: two rows, three columns."""
    return f"{len(table)}x{len(table.columns)}"


def info_text(table: Table) -> str:
    """What ``table_info`` writes: the size, and each column's type and number of filled cells."""
    lines = [
        "📊 Информация о таблице:",
        f"   Строк: {len(table)}",
        f"   Колонок: {len(table.columns)}",
        "",
        "📋 Колонки:",
    ]
    for name, column in zip(table.names, table.columns, strict=True):
        kind = column_kind(column)
        lines.append(f"   • {name} ({kind.type}{_note(kind)}) - {kind.filled} значений")
    return "\n".join(lines) + "\n"


def _note(kind: ColumnKind) -> str:
    """Why a column of dates is none, in the language of the rest."""
    unclear = ": даты, в которых не видно, день или месяц стоит первым"
    return unclear if kind.has_unclear_dates else ""


def structured(table: Table, cap: int) -> dict[str, Value]:
    """The table for a client that draws tables itself, with the first ``cap`` rows.

    Cells are null, bools, numbers or texts; what JSON has no number for (NaN, infinities) and
    every other kind of value is its printed text. ``nulls`` counts each column's.
    """
    kinds = [column_kind(column) for column in table.columns]
    head = table.slice(0, min(max(cap, 0), len(table)))
    return {
        "columns": list(table.names),
        "types": [str(kind.type) for kind in kinds],
        "nulls": [len(table) - kind.filled for kind in kinds],
        "rows": [[plain(value) for value in row] for row in head.rows()],
        "row_count": len(table),
    }


def plain(value: Value) -> Value:
    """A cell as JSON can say it."""
    if value is None or value.__class__ is bool or value.__class__ is str:
        return value
    if value.__class__ is float and math.isfinite(value):
        return value
    return value.text if value.__class__ is PathPattern else printed(value)
