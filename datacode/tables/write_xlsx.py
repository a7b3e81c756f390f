"""A table as an XLSX workbook of one sheet, written by openpyxl."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from datacode.errors import runtime_error
from datacode.runtime.values import PathPattern, Value, printed
from datacode.tables.table import Table

if TYPE_CHECKING:
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
MOST_TEXT = 32_767
"""What a sheet, and a cell, can hold."""

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def to_xlsx(table: Table) -> bytes:
    """The workbook's bytes.

    Numbers, bools and texts stay what they are (a text never becomes a formula), null is an
    empty cell, and every other value its printed text. A character that XML cannot hold becomes
    U+FFFD. Raises a Runtime Error for what does not fit into a sheet.
    """
    from openpyxl import Workbook

    from datacode.tables import xlsx_in_memory

    if len(table) >= MOST_ROWS or len(table.columns) > MOST_COLUMNS:
        raise runtime_error(
            "A sheet holds at most {rows} rows with the header, and {columns} columns",
            rows=MOST_ROWS,
            columns=MOST_COLUMNS,
        )
    book = Workbook(write_only=True)
    sheet = xlsx_in_memory.new_sheet(book, "Sheet1")
    sheet.append([_cell(sheet, name) for name in table.names])
    for row in table.rows():
        sheet.append([_cell(sheet, value) for value in row])
    return xlsx_in_memory.saved(book)


def _cell(sheet: WriteOnlyWorksheet, value: Value) -> Any:
    """What openpyxl writes for a value."""
    if value is None or value.__class__ is bool:
        return value
    if value.__class__ is float and math.isfinite(value):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    text = value.text if value.__class__ is PathPattern else printed(value)
    if len(text) > MOST_TEXT:
        raise runtime_error("A cell of a sheet holds at most {most} characters", most=MOST_TEXT)
    text = _NOT_IN_XML.sub("\ufffd", text)
    if text[:1] not in ("=", "#"):
        return text
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"  # it would be a formula or an error otherwise
    return cell
