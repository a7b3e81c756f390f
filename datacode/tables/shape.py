"""Which rows and columns of a file make a table, for files of every format.

Rows are told apart from what stands around them: a title, a header of several rows, totals, rows
that are too short or too long. Source: tables and files reference, 2.9.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from datacode.errors import runtime_error
from datacode.i18n.message import Message
from datacode.tables.cell_range import CellRange
from datacode.tables.read_options import Warn
from datacode.values.parse_text import WHITE_SPACE

Row = TypeVar("Row")

# Names ---------------------------------------------------------------------------


def numbered_names(count: int, first: int = 0) -> list[str]:
    """``Column_0`` and so on, for columns that have no names."""
    return [f"Column_{number}" for number in range(first, first + count)]


def joined_names(rows: Sequence[Sequence[str]]) -> list[str]:
    """The names of columns whose header takes one row or several: ``Сумма / без НДС``.

    A name above others reaches over the empty cells to its right, as merged cells are stored, as
    long as there are names below them. A name that is written again below itself counts once.
    """
    width = max(map(len, rows))
    padded = [[name.strip(WHITE_SPACE) for name in row] + [""] * (width - len(row)) for row in rows]
    if len(rows) == 1:
        return padded[0]
    for level in range(len(padded) - 1):
        _spread(padded, level)
    return [_joined(parts) for parts in zip(*padded, strict=True)]


def _spread(rows: list[list[str]], level: int) -> None:
    """Write the names of one row of a header into the empty cells that they stand above, too."""
    above, row = rows[:level], rows[level]
    name = ""
    group: tuple[str, ...] = ()
    for column, own in enumerate(row):
        has_below = any(below[column] for below in rows[level + 1 :])
        around = tuple(each[column] for each in above)
        if own:
            name, group = (own, around) if has_below else ("", ())
        elif name and has_below and around == group:
            row[column] = name
        else:
            name = ""


def _joined(parts: Iterable[str]) -> str:
    kept: list[str] = []
    for part in parts:
        if part and (not kept or kept[-1] != part):
            kept.append(part)
    return " / ".join(kept)


def positions_of(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Where the wanted columns are, the first of each name. Raises a Runtime Error."""
    found: dict[str, int] = {}
    for position, name in enumerate(names):
        found.setdefault(name, position)
    missing = [name for name in wanted if name not in found]
    if missing:
        raise runtime_error(
            "wanted_columns_not_found",
            "The file has no column {missing}. It has {columns}",
            missing=_listed(missing),
            columns=_listed(names),
        )
    return [found[name] for name in wanted]


_SHOWN = 50


def _listed(names: Sequence[str]) -> str:
    """``'a', 'b'``, at most 50."""
    shown = ", ".join(f"'{name[:100]}'" for name in names[:_SHOWN])
    return shown + (", …" if len(names) > _SHOWN else "")


def check_range(names: Sequence[str], cells: CellRange | None) -> None:
    """Refuse a range in which nothing stands where names should. Raises a Runtime Error."""
    if cells is not None and not any(names):
        raise runtime_error("range_without_names", "The range has no names of columns")


# Rows of different widths ----------------------------------------------------------


def pad(rows: list[list[str]], names: list[str]) -> None:
    """Give all rows, and the names, as many cells as the longest row has, and at least as now.

    Cells behind the names that are empty in every row, as delimiters at the ends of lines make
    them, are dropped.
    """
    width = len(names)
    for row in rows:
        if len(row) > width and any(cell.strip(WHITE_SPACE) for cell in row[width:]):
            filled = [place for place, cell in enumerate(row, 1) if cell.strip(WHITE_SPACE)]
            width = filled[-1]
    names += numbered_names(width - len(names), len(names))
    for place, row in enumerate(rows):
        if len(row) != width:
            rows[place] = [*row[:width], *[""] * (width - len(row))]


# Rows ----------------------------------------------------------------------------


def is_end(text: str, until: str) -> bool:
    """Does a cell begin with the words that end a table?"""
    text = text.strip(WHITE_SPACE)
    if not text.startswith(until):
        return False
    behind = text[len(until) : len(until) + 1]
    return not (behind.isalnum() and until[-1:].isalnum())


def first_filled(cells: Iterable[object]) -> str:
    """The text of the first cell of a row that is not empty; empty if that is no text."""
    for cell in cells:
        if cell is not None and cell.__class__ is not str:
            return ""
        if cell is not None and (text := str(cell).strip(WHITE_SPACE)):
            return text
    return ""


def without_footer(
    rows: Iterable[Row],
    skip_footer: int,
    until: str | None,
    first_text: Callable[[Row], str],
    warn: Warn,
) -> Iterator[Row]:
    """All rows but the last ``skip_footer``, and but those from the one on that ends the table.

    That is the first whose first filled cell, which ``first_text`` gives, begins with ``until``;
    ``warn`` is told if there is none. No more rows are read than the caller asks for, and
    ``skip_footer`` ones behind them.
    """
    kept: Iterable[Row] = rows if not skip_footer else _all_but_last(rows, skip_footer)
    if until is None:
        yield from kept
        return
    for row in kept:
        if is_end(first_text(row), until):
            return
        yield row
    warn_of_no_end(until, warn)


def _all_but_last(rows: Iterable[Row], count: int) -> Iterator[Row]:
    waiting: deque[Row] = deque()
    for row in rows:
        waiting.append(row)
        if len(waiting) > count:
            yield waiting.popleft()


def warn_of_no_end(until: str, warn: Warn) -> None:
    """Tell that all rows were read, as none ends the table."""
    warn(
        Message(
            "no_row_ends_table",
            "No row begins with '{until}': all rows were read",
            {"until": until},
        )
    )
