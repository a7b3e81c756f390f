"""A table as an XLSX workbook of one sheet.

Written here and not by openpyxl, which keeps sheets in temporary files: where programs run,
there are no files. It is also much faster.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from datacode.errors import runtime_error
from datacode.tables.pieces import in_pieces
from datacode.values.table import Table
from datacode.values.text import printed
from datacode.values.types import PathPattern, Value

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
MOST_TEXT = 32_767
"""What a sheet, and a cell, can hold."""

_MADE = (1980, 1, 1, 0, 0, 0)
"""The time of all parts, so that equal tables are equal files."""

_SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"

_PARTS = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>'
        "</Types>"
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_RELATIONS}">'
        f'<Relationship Id="rId1" Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>"
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_SPREADSHEET}" xmlns:r="{_DOCUMENT}">'
        '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_RELATIONS}">'
        f'<Relationship Id="rId1" Type="{_DOCUMENT}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_DOCUMENT}/styles" Target="styles.xml"/>'
        "</Relationships>"
    ),
    "xl/styles.xml": (
        f'<styleSheet xmlns="{_SPREADSHEET}">'
        '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
        '</cellStyleXfs><cellXfs count="1">'
        '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>"
    ),
}
"""The parts that are the same in every workbook."""

_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def to_xlsx(table: Table) -> bytes:
    """The workbook's bytes.

    Numbers, bools and texts stay what they are (a text never becomes a formula), null is an
    empty cell, and every other value its printed text. A character that XML cannot hold becomes
    U+FFFD. Raises a Runtime Error for what does not fit into a sheet.
    """
    if len(table) >= MOST_ROWS or len(table.columns) > MOST_COLUMNS:
        raise runtime_error(
            "A sheet holds at most {rows} rows with the header, and {columns} columns",
            rows=MOST_ROWS,
            columns=MOST_COLUMNS,
        )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in _PARTS.items():
            book.writestr(_part(name), _DECLARATION + content)
        with book.open(_part("xl/worksheets/sheet1.xml"), "w", force_zip64=True) as sheet:
            for text in _sheet(table):
                sheet.write(text.encode())
    return target.getvalue()


def _part(name: str) -> zipfile.ZipInfo:
    part = zipfile.ZipInfo(name, _MADE)
    part.compress_type = zipfile.ZIP_DEFLATED
    return part


def _sheet(table: Table) -> Iterator[str]:
    """The XML of the sheet, in pieces."""
    letters = [_letters(index) for index in range(len(table.columns))]
    yield f'{_DECLARATION}<worksheet xmlns="{_SPREADSHEET}"><sheetData>'
    yield _row(1, table.names, letters)
    yield from in_pieces(_row(number, row, letters) for number, row in enumerate(table.rows(), 2))
    yield "</sheetData></worksheet>"


def _letters(index: int) -> str:
    """``A`` for 0, ``AA`` for 26."""
    letters = ""
    while index >= 0:
        letters = chr(65 + index % 26) + letters
        index = index // 26 - 1
    return letters


def _row(number: int, values: Sequence[Value], letters: Sequence[str]) -> str:
    cells = [
        _cell(f"{column}{number}", value)
        for column, value in zip(letters, values, strict=True)
        if value is not None
    ]
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(place: str, value: Value) -> str:
    kind = value.__class__
    if kind is float and math.isfinite(value):
        return f'<c r="{place}"><v>{value!r}</v></c>'
    if kind is bool:
        return f'<c r="{place}" t="b"><v>{value:d}</v></c>'
    text = value.text if kind is PathPattern else printed(value)
    if len(text) > MOST_TEXT:
        raise runtime_error("A cell of a sheet holds at most {most} characters", most=MOST_TEXT)
    text = _in_xml(text)
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LIKE_AN_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def _in_xml(text: str) -> str:
    """The text escaped: for XML, and where spreadsheets would take it for an escape of theirs."""
    text = escape(_NOT_IN_XML.sub("\ufffd", text), {"\r": "&#13;"})
    return _LIKE_AN_ESCAPE.sub("_x005F_", text)
