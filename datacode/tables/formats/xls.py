"""Reading XLS, the workbooks of Excel 5 to 2003, through python-calamine.

calamine fills in what lies between the cells of all sheets at once, and tells neither errors nor
negative numbers in date formats. So the records are gone through before: how far the cells reach,
and where these are. Source: [MS-XLS]: Excel Binary File Format, 2.4.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from datacode.errors import DataCodeError, runtime_error
from datacode.tables.formats.compound_file import CompoundFile, NoCompoundFile
from datacode.tables.xlsx.book import Area, Book, CellPosition, Sheet
from datacode.tables.xlsx.calamine_reader import (
    calamine,
    calamine_book,
    calamine_cells,
    calamine_module,
)
from datacode.tables.xlsx.sheet_xml import TOO_LARGE, Unreadable, error_text
from datacode.tables.xlsx.size_limits import check_extent

ERROR_CODES = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}

_BOF = 0x0809
_EOF = 0x000A
_WORKSHEET = 0x0010
_FILEPASS = 0x002F
_BOUNDSHEET = 0x0085
_FORMULA = 0x0006
_NUMBER = 0x0203
_RK = 0x027E
_MULTIPLE_RK = 0x00BD
_BOOL_OR_ERROR = 0x0205
_OTHER_CELLS = {0x00FD, 0x0204, 0x00D6}
"""Texts: in the table of shared ones, and two older forms."""


def is_protected(found: CompoundFile) -> bool:
    """Is the workbook encrypted, so that nobody reads it without its password?"""
    if "EncryptedPackage" in found:
        return True
    for name in ("Workbook", "Book"):
        if name in found:
            stream = found.stream(name)
            return any(kind == _FILEPASS for kind, _ in _records(stream[:4096]))
    return False


def protected() -> DataCodeError:
    """The workbook is protected by a password."""
    return runtime_error(
        "workbook_protected",
        "The workbook is protected by a password: save it without one to read it",
    )


def xls_book(file: BinaryIO, most_cells: int) -> Book:
    """The workbook in a compound file. Raises Runtime Errors."""
    try:
        found = CompoundFile(file)
        if is_protected(found):
            raise protected()
        name = next((each for each in ("Workbook", "Book") if each in found), None)
        if name is None:
            raise runtime_error("no_workbook_inside", "The file holds no workbook")
        cells = _scanned(found.stream(name), most_cells)
    except NoCompoundFile:
        raise damaged("xls", "the file is damaged") from None
    return read_by_calamine(file, "xls", lambda position, _: cells.get(position, FoundCells()))


def damaged(kind: str, reason: str) -> DataCodeError:
    """A workbook of this format cannot be read; ``reason`` may be a library's, in English."""
    return runtime_error(
        "workbook_failed", "Failed to open {kind}: {reason}", kind=kind, reason=reason
    )


@dataclass(slots=True)
class FoundCells:
    """What the records of a sheet tell: errors, numbers that are no days, merged areas."""

    errors: dict[CellPosition, str] = field(default_factory=dict)
    odd_days: dict[CellPosition, float] = field(default_factory=dict)
    merged: list[Area] = field(default_factory=list)
    rounded: list[CellPosition] = field(default_factory=list)

    def add_number(self, position: CellPosition, number: float) -> None:
        """A cell holds a number."""
        if number < 0 or 60 <= number < 61:
            self.odd_days[position] = number
        if abs(number) >= TOO_LARGE:
            self.rounded.append(position)

    def add_error(self, position: CellPosition, code: int) -> None:
        """A cell holds an error."""
        self.errors[position] = error_text(ERROR_CODES.get(code, "#VALUE!"))


def read_by_calamine(
    file: BinaryIO, kind: str, found_cells: Callable[[int, str], FoundCells]
) -> Book:
    """The workbook; ``found_cells`` gives what was found in a sheet, by its number and name."""
    try:
        file.seek(0)
        book: Any = calamine(lambda: calamine_module().CalamineWorkbook.from_filelike(file))
    except Unreadable as error:
        raise damaged(kind, str(error)) from None
    numbers = {name: number for number, name in enumerate(book.sheet_names)}

    def read(name: str) -> Sheet:
        found = found_cells(numbers[name], name)
        try:
            cells = calamine(lambda: book.get_sheet_by_name(name))
        except Unreadable as error:
            raise damaged(kind, str(error)) from None
        areas = getattr(cells, "merged_cell_ranges", None) or ()  # none of XLSB
        merged = found.merged or [(*start, *end) for start, end in areas]
        return Sheet(
            name,
            *calamine_cells(cells),
            found.errors,
            lambda: found.odd_days,
            merged=merged,
            rounded=found.rounded,
        )

    return calamine_book(book, read)


# Records -------------------------------------------------------------------------


def _records(stream: bytes) -> list[tuple[int, int]]:
    """The kinds of records and where their content begins."""
    found = []
    position = 0
    while position + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, position)
        found.append((kind, position + 4))
        position += 4 + length
    return found


def _scanned(stream: bytes, most_cells: int) -> dict[int, FoundCells]:
    """What is in the sheets, by their numbers in the list of sheets.

    Refuses a workbook whose sheets have more cells together than are allowed.
    """
    numbers: dict[int, int] = {}
    found: dict[int, FoundCells] = {}
    position = used = rows = columns = 0
    sheet: FoundCells | None = None
    try:
        while position + 4 <= len(stream):
            kind, length = struct.unpack_from("<HH", stream, position)
            start = position + 4
            if kind == _BOUNDSHEET:
                numbers[struct.unpack_from("<I", stream, start)[0]] = len(numbers)
            elif kind == _BOF:
                is_sheet = struct.unpack_from("<H", stream, start + 2)[0] == _WORKSHEET
                if is_sheet and position in numbers:
                    sheet = found[numbers[position]] = FoundCells()
                    rows = columns = 0
            elif kind == _EOF:
                used += rows * columns
                rows = columns = 0
            elif sheet is not None:
                row, column = _cell(sheet, kind, stream, start, length)
                if row >= rows or column >= columns:
                    rows, columns = max(rows, row + 1), max(columns, column + 1)
                    check_extent(rows, columns, most_cells - used)
            position = start + length
    except struct.error:
        pass  # the last record is cut off: calamine says what it makes of that
    return found


def _cell(sheet: FoundCells, kind: int, stream: bytes, start: int, length: int) -> tuple[int, int]:
    """The row and the last column of a record of cells, or -1 twice for another record."""
    if kind == _NUMBER:
        row, column, _, number = struct.unpack_from("<HHHd", stream, start)
        sheet.add_number((row, column), number)
    elif kind == _RK:
        row, column, _, packed = struct.unpack_from("<HHHI", stream, start)
        sheet.add_number((row, column), _unpacked(packed))
    elif kind == _MULTIPLE_RK:
        row, first = struct.unpack_from("<HH", stream, start)
        count = (length - 6) // 6
        for i in range(count):
            packed = struct.unpack_from("<I", stream, start + 6 + 6 * i)[0]
            sheet.add_number((row, first + i), _unpacked(packed))
        column = first + max(count, 1) - 1
    elif kind == _BOOL_OR_ERROR:
        row, column, _, code, is_error = struct.unpack_from("<HHHBB", stream, start)
        if is_error:
            sheet.add_error((row, column), code)
    elif kind == _FORMULA:
        row, column, _, result, _, value, _, _, _, marker = struct.unpack_from(
            "<HHHBBBBBBH", stream, start
        )
        if marker == 0xFFFF and result == 2:
            sheet.add_error((row, column), value)
        elif marker != 0xFFFF:
            sheet.add_number((row, column), struct.unpack_from("<d", stream, start + 6)[0])
    elif kind in _OTHER_CELLS:
        row, column = struct.unpack_from("<HH", stream, start)
    else:
        return -1, -1
    return row, column


def _unpacked(packed: int) -> float:
    """The number of an RK record: 30 bits of a whole number or of a float, maybe of hundredths."""
    if packed & 2:
        whole = packed >> 2
        number = float(whole - (1 << 30) if whole >= 1 << 29 else whole)
    else:
        number = struct.unpack("<d", struct.pack("<Q", (packed & ~3) << 32))[0]
    return number / 100 if packed & 1 else number
