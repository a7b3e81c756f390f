"""A table as an XLSX workbook of one sheet, made by openpyxl; long tables are streamed into it."""

from __future__ import annotations

from itertools import islice

from datacode.errors import runtime_error
from datacode.values.table import Table

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
"""What a sheet can hold, the header included."""

SHORT = 10_000
"""The rows of tables with at most so many cells go through openpyxl (about 0.1 s)."""


def to_xlsx(table: Table) -> bytes:
    """The workbook's bytes.

    Numbers, bools and texts stay what they are (a text never becomes a formula), null is an
    empty cell, and every other value its printed text. A character that XML cannot hold becomes
    U+FFFD. Raises a Runtime Error for what does not fit into a sheet.
    """
    if len(table) >= MOST_ROWS or len(table.columns) > MOST_COLUMNS:
        raise runtime_error(
            "too_much_for_sheet",
            "A sheet holds at most {rows} rows with the header, and {columns} columns",
            rows=MOST_ROWS,
            columns=MOST_COLUMNS,
        )
    from openpyxl import Workbook  # programs that write no workbook start without it

    from datacode.tables.xlsx.row_stream import Rows, fill, save

    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Sheet1"
    rows = table.rows()
    held = len(table) if len(table) * len(table.columns) <= SHORT else 1
    for number, row in enumerate([table.names, *islice(rows, held)], 1):
        for column, value in enumerate(row, 1):
            fill(sheet.cell(number, column), value)
    return save(workbook, {sheet.title: Rows(rows, len(table) - held)})
