"""Saving an openpyxl workbook without temporary files, with rows that are written as XML.

openpyxl makes all parts of the file. The rows of a table are not put into its sheet, where each
cell would take 8 us and stay in memory: they are made a block at a time (``cells``) and written
into the sheet's part. openpyxl keeps each sheet in a temporary file until it is done; programs
run where there are no files, so that sheets go straight into the zip file.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any

from openpyxl.cell.cell import Cell
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.styles import Alignment, Font
from openpyxl.workbook import Workbook
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.dimensions import SheetDimension
from openpyxl.writer.excel import ExcelWriter

from datacode.tables.xlsx.cells import Rows, Style
from datacode.tables.xlsx.size_limits import column_letters
from datacode.tables.xlsx.zip_archive import Archive

_MADE = datetime(2000, 1, 1)
"""When all workbooks were made, so that equal tables are equal files."""


def save(workbook: Workbook, streamed: Mapping[str, Rows]) -> bytes:
    """The bytes of a workbook; ``streamed`` has the rows of sheets by their titles."""
    workbook.properties.created = workbook.properties.modified = _MADE
    target = io.BytesIO()
    with Archive(target, "w", zipfile.ZIP_DEFLATED) as archive:
        _WorkbookWriter(workbook, archive, streamed).write_data()
    return target.getvalue()


class BookStyles:
    """The numbers of styles in an openpyxl workbook, which gets those that it does not have."""

    def __init__(self, workbook: Workbook) -> None:
        self._sheet = workbook.worksheets[0]

    def __call__(self, style: Style) -> int:
        """The number of a style."""
        cell = Cell(self._sheet, 1, 1)
        cell.number_format = style.number_format
        if style.is_bold:
            cell.font = Font(name="Calibri", size=11, family=2, scheme="minor", bold=True)
            cell.alignment = Alignment(vertical="top", wrap_text=True)
        return int(cell.style_id)


def write_sheet(ws: Any, rows: Rows | None, part: IO[bytes]) -> Any:
    """Write the part of a sheet of openpyxl's; gives the sheet's relations."""
    content = io.BytesIO()
    writer = _SheetWriter(ws, content, rows)
    writer.write()
    above, end, below = content.getvalue().rpartition(b"</sheetData>")
    if not end:
        above, end, below = content.getvalue().rpartition(b"<sheetData />")
        above, end = above + b"<sheetData>", b"</sheetData>"
    # Without lxml, openpyxl does not mark a text of white space alone, which readers drop.
    part.write(above.replace(b"<t>", b'<t xml:space="preserve">'))
    if rows is not None:
        text = io.TextIOWrapper(part, "utf-8", newline="")
        text.writelines(rows.xml)
        text.detach()
    part.write(end + below)
    return writer._rels  # type: ignore[attr-defined]


class _WorkbookWriter(ExcelWriter):
    """Writes the parts of a workbook: sheets without temporary files, and with streamed rows."""

    def __init__(
        self, workbook: Workbook, archive: zipfile.ZipFile, streamed: Mapping[str, Rows]
    ) -> None:
        super().__init__(workbook, archive)
        self._archive = archive
        self._streamed = streamed

    def write_worksheet(self, ws: Any) -> None:
        """Write the part of a sheet; overrides a method that goes through a temporary file."""
        ws._drawing = SpreadsheetDrawing()
        ws._drawing.charts, ws._drawing.images = ws._charts, ws._images
        self.manifest.append(ws)
        with self._archive.open(ws.path[1:], "w", force_zip64=True) as part:
            ws._rels = write_sheet(ws, self._streamed.get(ws.title), part)


class _SheetWriter(WorksheetWriter):
    """Writes what stands around the rows of a sheet, and the size of these."""

    def __init__(self, ws: Any, out: io.BytesIO, rows: Rows | None) -> None:
        super().__init__(ws, out)
        self._streamed = rows

    def write_dimensions(self) -> None:
        """Write the sheet's rectangle, by which some readers make room."""
        rows = self._streamed
        if rows is None or not rows.width:
            super().write_dimensions()
            return
        size = f"A1:{column_letters(rows.width)}{max(rows.count, 1)}"
        self.xf.send(SheetDimension(size).to_tree())
