"""Reading XLSB, the binary workbooks of Excel, through python-calamine.

The parts of the package are lists of records, gone through before for what calamine does not
tell. It leaves out cells in the short form that SheetJS writes without a word: those are given
the long one. Source: [MS-XLSB], 2.1.4, 2.4.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator

from datacode.tables.formats.xls import FoundCells, damaged, read_by_calamine
from datacode.tables.xlsx.book import Book
from datacode.tables.xlsx.package import MOST_BYTES, Package, too_large
from datacode.tables.xlsx.size_limits import check_extent

_ROW = 0
_CELL_ERROR, _FORMULA_ERROR = 3, 11
_REAL, _FORMULA_NUMBER = 5, 9
_CELLS = range(2, 12)
"""Records of cells that hold something."""

_ALL_CELLS = range(1, 12)
_SHORT_CELLS = range(12, 19)
_SHORTER_BY = 11
"""Records of cells that stand in the column behind the last one, and do not say so; the kinds of
the long ones are smaller by so much."""

_SHEET = 156
_MERGED = 176
_LONGEST = 1 << 24
_MOST_ROWS, _MOST_COLUMNS = 1 << 20, 1 << 14


def xlsb_book(package: Package, most_cells: int) -> Book:
    """The workbook of a package. Raises Runtime Errors."""
    counted = 0
    for part in package:
        if part.lower().endswith((".bin", ".xml", ".rels")):
            for chunk in package.chunks(part):
                counted += len(chunk)
                if counted > MOST_BYTES:
                    raise too_large()
    parts = _sheet_parts(package)
    if any(_has_short_cells(package, part) for part in parts.values()):
        package = _with_long_cells(package, set(parts.values()))

    def found(_: int, name: str) -> FoundCells:
        part = parts.get(name)
        if part is None:
            raise damaged("xlsb", f"the part of sheet '{name}' is missing")
        return _scanned(package, part, most_cells)

    return read_by_calamine(package.file, "xlsb", found)


def _sheet_parts(package: Package) -> dict[str, str]:
    """The parts of the sheets by name."""
    targets = package.targets()
    parts: dict[str, str] = {}
    workbook = package.find(package.workbook)
    if workbook is None:
        raise damaged("xlsb", "the part that lists the sheets is missing")
    for kind, content in _records(package.chunks(workbook)):
        if kind == _SHEET:
            relation, rest = _text(content[8:])
            name, _ = _text(rest)
            part = package.find(targets.get(relation, ""))
            if part is not None:
                parts[name] = part
    return parts


def _text(content: bytes) -> tuple[str, bytes]:
    length = int.from_bytes(content[:4], "little")
    end = 4 + 2 * length
    return content[4:end].decode("utf-16-le", "replace"), content[end:]


def _records(chunks: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """The kinds and contents of the records of a part."""
    buffer, position = b"", 0
    for chunk in chunks:
        buffer, position = buffer[position:] + chunk, 0
        while (record := _record(buffer, position)) is not None:
            kind, start, end = record
            yield kind, buffer[start:end]
            position = end


def _record(buffer: bytes, position: int) -> tuple[int, int, int] | None:
    """The kind of the next record, and where its content begins and ends; None if it is cut."""
    if position + 2 > len(buffer):
        return None
    kind = buffer[position]
    position += 1
    if kind & 0x80:
        kind = (kind & 0x7F) | (buffer[position] & 0x7F) << 7
        position += 1
    length = shift = 0
    while True:
        if position >= len(buffer):
            return None
        byte = buffer[position]
        position += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 or shift == 28:
            break
    if length > _LONGEST:
        raise damaged("xlsb", "a record is too long")
    return None if position + length > len(buffer) else (kind, position, position + length)


def _scanned(package: Package, part: str, most_cells: int) -> FoundCells:
    """What is in a sheet. Refuses one that is too large or of a form that would be misread."""
    found = FoundCells()
    row = rows = columns = 0
    for kind, content in _records(package.chunks(part)):
        if kind == _ROW and len(content) >= 4:
            row = int.from_bytes(content[:4], "little")
        elif kind in _CELLS and len(content) >= 8:
            column = int.from_bytes(content[:4], "little")
            if row >= _MOST_ROWS or column >= _MOST_COLUMNS:
                raise damaged("xlsb", "a cell stands where none can")
            if row >= rows or column >= columns:
                rows, columns = max(rows, row + 1), max(columns, column + 1)
                check_extent(rows, columns, most_cells)
            if kind in (_REAL, _FORMULA_NUMBER) and len(content) >= 16:
                found.add_number((row, column), struct.unpack_from("<d", content, 8)[0])
            elif kind in (_CELL_ERROR, _FORMULA_ERROR) and len(content) >= 9:
                found.add_error((row, column), content[8])
        elif kind == _MERGED and len(content) >= 16:
            top, bottom, left, right = struct.unpack_from("<4I", content)
            if top <= bottom < _MOST_ROWS and left <= right < _MOST_COLUMNS:
                found.merged.append((top, left, bottom, right))
    return found


# Short cells -----------------------------------------------------------------------


def _has_short_cells(package: Package, part: str) -> bool:
    return any(kind in _SHORT_CELLS for kind, _ in _records(package.chunks(part)))


def _with_long_cells(package: Package, sheets: set[str]) -> Package:
    """The same workbook, in whose sheets every cell says in which column it is."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in package:
            if not name.endswith("/"):
                chunks = package.chunks(name)
                with archive.open(name, "w", force_zip64=True) as part:
                    part.writelines(_lengthened(chunks) if name in sheets else chunks)
    return Package(target)


def _lengthened(chunks: Iterator[bytes]) -> Iterator[bytes]:
    column = -1
    for kind, content in _records(chunks):
        if kind == _ROW:
            column = -1
        elif kind in _ALL_CELLS:
            column = int.from_bytes(content[:4], "little")
        elif kind in _SHORT_CELLS:
            column += 1
            kind, content = kind - _SHORTER_BY, column.to_bytes(4, "little") + content
        yield _number(kind) + _number(len(content)) + content


def _number(number: int) -> bytes:
    """A number as records write theirs: seven bits to a byte, the lowest first."""
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)
