"""A table of a workbook, of whatever format."""

from __future__ import annotations

from typing import BinaryIO

from datacode.tables.formats.ods import ods_book
from datacode.tables.formats.xls import xls_book
from datacode.tables.formats.xlsb import xlsb_book
from datacode.tables.read_options import ReadOptions, Warn
from datacode.tables.xlsx.book import Book, table_of_book
from datacode.tables.xlsx.package import Package
from datacode.tables.xlsx.read import read_xlsx, xlsx_sheets
from datacode.tables.xlsx.size_limits import BYTES_A_CELL, MOST_CELLS
from datacode.values.table import Table


def read_workbook(
    kind: str, file: BinaryIO, options: ReadOptions, warn: Warn, memory: int
) -> Table:
    """The table that the options want of a workbook of this format. Raises Runtime Errors."""
    if kind == "xlsx":
        return read_xlsx(file, options, warn, memory=memory)
    return table_of_book(_book(kind, file, memory), options, warn)


def sheets_of_workbook(kind: str, file: BinaryIO, memory: int) -> list[str]:
    """The names of its sheets with cells, hidden ones, too."""
    if kind == "xlsx":
        return xlsx_sheets(file)
    return list(_book(kind, file, memory).sheets)


def _book(kind: str, file: BinaryIO, memory: int) -> Book:
    most_cells = min(MOST_CELLS, memory // BYTES_A_CELL)
    if kind == "xls":
        return xls_book(file, most_cells)
    package = Package(file)
    return ods_book(package, most_cells) if kind == "ods" else xlsb_book(package, most_cells)
