"""Saving an openpyxl workbook without temporary files, and long sheets at five times its speed.

openpyxl makes all parts of the file and writes the rows that its sheets hold, at 8 us a cell.
The rows of a long table are not put into the sheet: they are written here, behind the sheet's own
rows, in the form that openpyxl writes (ECMA-376, part 1, 18.3.1.4; texts are inline strings) and
in the cell formats of the row above them. openpyxl keeps each sheet in a temporary file until it
is done; programs run where there are no files, so that sheets go straight into the zip file.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.dimensions import SheetDimension
from openpyxl.writer.excel import ExcelWriter

from datacode.errors import runtime_error
from datacode.values.text import printed
from datacode.values.types import PathPattern, Value

MOST_TEXT = 32_767
"""Characters that a cell can hold."""

_MADE = datetime(2000, 1, 1)
"""When all workbooks were made, so that equal tables are equal files."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to be written behind those that a sheet holds; ``count`` is their number."""

    rows: Iterable[Sequence[Value]]
    count: int


def save(workbook: Workbook, streamed: Mapping[str, Rows]) -> bytes:
    """The bytes of a workbook; ``streamed`` has the further rows of sheets by their titles.

    The last row that such a sheet holds must have a cell in each column: the streamed rows have
    as many, in the same formats. Raises a Runtime Error for a text that no cell can hold.
    """
    workbook.properties.created = workbook.properties.modified = _MADE
    target = io.BytesIO()
    with _Archive(target, "w", zipfile.ZIP_DEFLATED) as archive:
        _WorkbookWriter(workbook, archive, streamed).write_data()
    return target.getvalue()


def fill(cell: Cell | MergedCell, value: Value) -> None:
    """Put a value into a cell of openpyxl.

    Not by ``cell.value``, which takes some texts for formulas or errors, rounds numbers to 16
    digits, and cuts texts whose escapes make them longer than a cell.
    """
    cell.data_type, cell._value = _stored(value)  # type: ignore[union-attr]


# The package ---------------------------------------------------------------------


class _Archive(zipfile.ZipFile):
    """A zip file whose parts all have the earliest time there is, so that equal books are equal.

    ``ZipFile`` gives the present time to those that it writes in one go.
    """

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        """Write a part."""
        with self.open(zinfo_or_arcname, "w") as part:
            part.write(data.encode() if isinstance(data, str) else data)


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
        streamed = self._streamed.get(ws.title)
        content = io.BytesIO()
        writer = _SheetWriter(ws, content, 0 if streamed is None else streamed.count)
        writer.write()
        ws._rels = writer._rels  # type: ignore[attr-defined]
        self.manifest.append(ws)
        above, end, below = content.getvalue().rpartition(b"</sheetData>")
        with self._archive.open(ws.path[1:], "w", force_zip64=True) as part:
            # Without lxml, openpyxl does not mark a text of white space alone, which readers drop.
            part.write(above.replace(b"<t>", b'<t xml:space="preserve">'))
            if streamed is not None:
                text = io.TextIOWrapper(part, "utf-8", newline="")
                text.writelines(_sheet_rows(streamed.rows, ws.max_row + 1, ws[ws.max_row]))
                text.detach()
            part.write(end + below)


class _SheetWriter(WorksheetWriter):
    """Writes the rows that a sheet holds, and all that stands around them.

    ``streamed`` is the number of rows that will follow: the size of the sheet counts them.
    """

    def __init__(self, ws: Any, out: io.BytesIO, streamed: int) -> None:
        super().__init__(ws, out)
        self._streamed = streamed

    def write_dimensions(self) -> None:
        """Write the sheet's rectangle, by which some readers make room."""
        sheet: Any = self.ws
        last = f"{get_column_letter(sheet.max_column)}{sheet.max_row + self._streamed}"
        size = f"{get_column_letter(sheet.min_column)}{sheet.min_row}:{last}"
        self.xf.send(SheetDimension(size).to_tree())


# Rows ----------------------------------------------------------------------------


def _sheet_rows(
    rows: Iterable[Sequence[Value]], first: int, above: Sequence[Cell]
) -> Iterator[str]:
    """The XML of rows from number ``first`` on, one at a time."""
    letters = [cell.column_letter for cell in above]
    formats = [f' s="{cell.style_id}"' if cell.has_style else "" for cell in above]
    for number, row in enumerate(rows, first):
        cells = [
            _cell(f'<c r="{column}{number}"{style}', value)
            for column, style, value in zip(letters, formats, row, strict=True)
            if value is not None or style
        ]
        yield f'<row r="{number}">{"".join(cells)}</row>'


def _cell(start: str, value: Value) -> str:
    """The XML of a cell that begins as ``start`` does."""
    kind, stored = _stored(value)
    if kind == "s":
        text = f'<is><t xml:space="preserve">{escape(stored)}</t></is>' if stored else ""
        return f'{start} t="inlineStr">{text}</c>'
    if kind == "b":
        return f'{start} t="b"><v>{stored}</v></c>'
    return f"{start}/>" if stored is None else f"{start}><v>{stored}</v></c>"


_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LIKE_AN_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def _stored(value: Value) -> tuple[str, str | None]:
    """The type of a cell (``n``, ``b`` or ``s``) and what it stores, before it is made XML.

    Raises a Runtime Error for a text that no cell can hold.
    """
    if value is None:
        return "n", None
    kind = value.__class__
    if kind is float and math.isfinite(value):
        return "n", repr(value)
    if kind is bool:
        return "b", "1" if value else "0"
    text = value.text if kind is PathPattern else printed(value)
    if len(text) > MOST_TEXT:
        raise runtime_error(
            "too_much_for_cell", "A cell of a sheet holds at most {most} characters", most=MOST_TEXT
        )
    text = _LIKE_AN_ESCAPE.sub("_x005F_", _NOT_IN_XML.sub("\ufffd", text))
    return "s", text.replace("\r", "_x000D_")  # XML reads a bare one as a line feed
