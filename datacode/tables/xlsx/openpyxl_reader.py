"""Reading a workbook through openpyxl: slower, but it takes some that calamine refuses."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, TypeAlias

from datacode.tables.xlsx.book import CellError
from datacode.tables.xlsx.sheet_xml import Unreadable, error_text
from datacode.tables.xlsx.size_limits import check_extent

UsedCells: TypeAlias = "tuple[int, int, Iterator[Sequence[Any]]]"


def open_workbook(file: BinaryIO) -> tuple[list[str], dict[str, Any]]:
    """The names of all sheets, and those with cells by name, in order."""
    # Slow to import, and rarely needed.
    import openpyxl

    try:
        with warnings.catch_warnings(action="ignore"):  # about styles and extensions
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except Exception as error:  # noqa: BLE001 - a broken file raises nearly anything
        raise Unreadable(str(error)) from None
    return list(book.sheetnames), {sheet.title: sheet for sheet in book.worksheets}


def read_sheet(sheet: Any, most_cells: int) -> UsedCells:
    """The used rectangle of a sheet, which may have so many cells: its top, left side and rows."""
    sheet.reset_dimensions()  # what the file says of its size may be wrong
    try:
        with warnings.catch_warnings(action="ignore"):  # about impossible dates, which are errors
            rows = [[_cell(cell) for cell in row] for row in sheet.iter_rows()]
    except Exception as error:  # noqa: BLE001 - the same
        raise Unreadable(str(error)) from None
    return _used(rows, most_cells)


def _cell(cell: Any) -> Any:
    """A cell as calamine would give it, but errors as their text."""
    if cell.value is None:
        return ""
    if isinstance(cell.value, str):
        is_error = cell.data_type == "e"
        return CellError(error_text(cell.value)) if is_error else _unescaped(cell.value)
    return cell.value


_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")


def _unescaped(text: str) -> str:
    """Spreadsheets write ``_x000D_`` for a character that XML would lose."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _used(rows: Sequence[Sequence[Any]], most_cells: int) -> UsedCells:
    widths = list(map(_width, rows))
    filled = [i for i, width in enumerate(widths) if width]
    if not filled:
        return 0, 0, iter(())
    top, bottom = filled[0], filled[-1] + 1
    right = max(widths)
    check_extent(bottom, right, most_cells)
    left = min(next(c for c, cell in enumerate(rows[i]) if cell != "") for i in filled)
    cells = ([*row[left:right], *[""] * (right - max(len(row), left))] for row in rows[top:bottom])
    return top, left, cells


def _width(row: Sequence[Any]) -> int:
    """The number of cells up to the last that is not empty."""
    return next((width for width in range(len(row), 0, -1) if row[width - 1] != ""), 0)
