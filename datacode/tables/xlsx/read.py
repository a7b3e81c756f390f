"""Reading XLSX (tables and files reference, 2.4): every cell keeps its type, nothing is parsed.

python-calamine reads them, and openpyxl those that calamine refuses. What calamine does not give,
errors and dates stored as text, is looked up in the XML of the sheet (``package``).
"""

from __future__ import annotations

import io
from functools import partial
from typing import Any, BinaryIO

from datacode.errors import runtime_error
from datacode.tables.read_options import DEFAULTS, ReadOptions, Warn, unheard
from datacode.tables.xlsx import openpyxl_reader, package, sheet_xml
from datacode.tables.xlsx.book import Book, Sheet, table_of_book
from datacode.tables.xlsx.calamine_reader import (
    calamine,
    calamine_book,
    calamine_cells,
    calamine_module,
)
from datacode.tables.xlsx.package import Package
from datacode.tables.xlsx.sheet_xml import Unreadable
from datacode.tables.xlsx.size_limits import BYTES_A_CELL, MOST_CELLS, ExtentScan
from datacode.values.table import Table


def read_xlsx(
    file: BinaryIO,
    options: ReadOptions = DEFAULTS,
    warn: Warn = unheard,
    *,
    memory: int | None = None,
) -> Table:
    """A table of a sheet: the first visible one, or that of the options, or of all visible ones.

    ``header_row`` counts from the first row of the used rectangle. A sheet that would not fit
    into ``memory`` bytes is refused before it is read. ``warn`` is told of cells that show what
    cannot be read. Raises Runtime Errors in the words of the tables and files reference, 2.4.
    """
    archive = _package(file)
    most = MOST_CELLS if memory is None else min(MOST_CELLS, memory // BYTES_A_CELL)
    try:
        return table_of_book(_by_calamine(archive, most), options, warn)
    except Unreadable as error:
        try:
            return table_of_book(_by_openpyxl(archive, most), options, warn)
        except Unreadable:
            raise package.open_error(str(error)) from None


def xlsx_sheets(file: BinaryIO) -> list[str]:
    """The names of all sheets with cells, hidden ones, too."""
    archive = _package(file)
    try:
        return list(_by_calamine(archive, MOST_CELLS).sheets)
    except Unreadable as error:
        try:
            return list(_by_openpyxl(archive, MOST_CELLS).sheets)
        except Unreadable:
            raise package.open_error(str(error)) from None


def _package(file: BinaryIO) -> Package:
    archive = Package(file if file.seekable() else io.BytesIO(file.read()))
    return Package(archive.usual()) if archive.is_unusual() else archive


# Readers -----------------------------------------------------------------------


def _by_calamine(archive: Package, most_cells: int) -> Book:
    parts = {sheet.name: sheet.part for sheet in archive.sheets() if sheet.part}
    counted = package.check_indexes(archive, set(parts.values()))
    archive.file.seek(0)
    found = calamine(lambda: calamine_module().CalamineWorkbook.from_filelike(archive.file))

    def read(name: str) -> Sheet:
        part = parts.get(name)
        if part is None:
            raise Unreadable(f"the part of sheet '{name}' is missing")
        scan = package.check_sheet(archive, part, counted, most_cells)
        try:
            cells = calamine(lambda: found.get_sheet_by_name(name))
        except Unreadable:
            _refuse_unknown_texts(archive, part, name)
            raise
        if scan.may_have_odd_texts:
            _refuse_unknown_texts(archive, part, name)
        texts = sheet_xml.special_cells(archive, part) if scan.may_have_special_cells else {}
        if texts is None:
            raise Unreadable("cells of the sheet do not say where they are")
        return Sheet(
            name,
            *calamine_cells(cells),
            texts,
            partial(sheet_xml.odd_days, archive, part),
            **_facts(archive, part, scan),
        )

    return calamine_book(found, read)


def _facts(archive: Package, part: str, scan: ExtentScan) -> dict[str, Any]:
    """What is in the XML whoever reads the cells."""
    return {
        "no_results": (
            sheet_xml.formulas_without_results(archive, part) if scan.may_have_formulas else ()
        ),
        "long_numbers": (
            sheet_xml.long_numbers(archive, part) if scan.may_have_long_numbers else {}
        ),
        "rounded": (
            sheet_xml.rounded_numbers(archive, part) if scan.may_have_rounded_numbers else ()
        ),
        "merged": sheet_xml.merged_areas(archive, part) if scan.may_have_merged_areas else (),
    }


def _refuse_unknown_texts(archive: Package, part: str, name: str) -> None:
    """Name the cells that have the number of a text that the workbook does not have."""
    texts = archive.index_part(archive.related("/sharedStrings") or "xl/sharedStrings.xml")
    cells = sheet_xml.unknown_texts(archive, part, sheet_xml.text_count(texts))
    if cells:
        raise runtime_error(
            "cell_without_text",
            "Failed to read sheet '{name}': the workbook is damaged, cell {cell} refers to a text "
            "that it does not have",
            name=name,
            cell=cells[0],
        )


def _by_openpyxl(archive: Package, most_cells: int = MOST_CELLS) -> Book:
    # Rarely needed: Calamine reads almost every file.
    archive.file.seek(0)
    names, worksheets = openpyxl_reader.open_workbook(archive.file)
    parts = {sheet.name: sheet.part for sheet in archive.sheets() if sheet.part}

    def read(name: str) -> Sheet:
        top, left, rows = openpyxl_reader.read_sheet(worksheets[name], most_cells)
        scan, part = ExtentScan(), parts.get(name)
        if part is None:
            return Sheet(name, top, left, rows)
        for chunk in archive.chunks(part):
            scan.add(chunk)
        scan.finish()
        return Sheet(name, top, left, rows, **_facts(archive, part, scan))

    visible = {name: sheet.sheet_state == "visible" for name, sheet in worksheets.items()}
    return Book(visible, names, read)
