"""Reading ODS, the sheets of LibreOffice and others.

A reader of our own: that of python-calamine refuses files with white space between cells, and
tells neither errors nor formulas without results. The content is one XML document, of which the
wanted sheet is kept, and how far its cells reach is known before they are filled in.
Source: OASIS Open Document Format 1.3, part 3, 9 and 19.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from xml.parsers import expat

from datacode.errors import DataCodeError, runtime_error
from datacode.tables.formats.xls import damaged, protected
from datacode.tables.xlsx.book import Area, Book, CellError, CellPosition, LongNumber, Sheet
from datacode.tables.xlsx.package import MOST_BYTES, Package, too_large
from datacode.tables.xlsx.sheet_xml import MOST_DIGITS, TOO_LARGE, error_text, is_too_long
from datacode.tables.xlsx.size_limits import check_extent

MIME_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"

_CONTENT = "content.xml"

_MOST_CHARACTERS = 1 << 28
"""Characters in the cells of a sheet, those of repeated cells counted each time."""


def ods_book(package: Package, most_cells: int) -> Book:
    """The workbook of a package. Raises Runtime Errors."""
    if b"encryption-data" in package.index_part("META-INF/manifest.xml"):
        raise protected()
    names = _Names()
    _parse(package, names)
    visible = {name: names.styles.get(style, True) for name, style in names.sheets}

    def read(name: str) -> Sheet:
        cells = _Cells(name, most_cells)
        _parse(package, cells)
        return cells.sheet()

    return Book(visible, list(visible), read)


def _parse(package: Package, handler: _Handler) -> None:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.buffer_text = True
    content = package.find(_CONTENT)
    if content is None:
        raise damaged("ods", "its content is missing")
    counted = 0
    try:
        for chunk in package.chunks(content):
            counted += len(chunk)
            if counted > MOST_BYTES:
                raise too_large()
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise damaged("ods", str(error)) from None


def _refuse_doctype(*_: Any) -> None:
    raise damaged("ods", "the document declares a type")


class _Handler:
    """What is done at the elements of the document."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, tag: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """Text between two tags."""


_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0 "
_STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0 "
_EXTENSION = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 "


class _Names(_Handler):
    """The sheets, and which styles hide one."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str]] = []
        self.styles: dict[str, bool] = {}
        self._style = ""
        self._depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Note a sheet or a style."""
        if tag == f"{_TABLE}table":
            self._depth += 1
            if self._depth == 1:
                name = attributes.get(f"{_TABLE}name", "")
                self.sheets.append((name, attributes.get(f"{_TABLE}style-name", "")))
        elif tag == f"{_STYLE}style":
            self._style = attributes.get(f"{_STYLE}name", "")
        elif tag == f"{_STYLE}table-properties":
            self.styles[self._style] = attributes.get(f"{_TABLE}display") != "false"

    def end(self, tag: str) -> None:
        """A sheet is over."""
        if tag == f"{_TABLE}table":
            self._depth -= 1


class _Cells(_Handler):
    """The cells of one sheet.

    Rows and cells may be repeated. Empty ones are filled in when something follows them, as all
    sheets end in a million empty rows.
    """

    def __init__(self, name: str, most_cells: int) -> None:
        self._name = name
        self._most_cells = most_cells
        self._tables = 0
        self._is_wanted = False
        self._is_over = False
        self._rows: list[list[Any]] = []
        self._empty_rows = 0
        self._width = 0
        self._characters = 0
        self._row: list[Any] = []
        self._empty_cells = 0
        self._row_count = 1
        self._cell: dict[str, str] | None = None
        self._depth = 0
        self._paragraphs: list[str] = []
        self._merged: list[Area] = []
        self._no_results: list[CellPosition] = []
        self._rounded: list[CellPosition] = []

    def sheet(self) -> Sheet:
        """The used rectangle."""
        filled = [i for i, row in enumerate(self._rows) if row]
        if not filled:
            return Sheet(self._name, 0, 0, iter(()))
        top = filled[0]
        left = min(next(c for c, cell in enumerate(self._rows[i]) if cell != "") for i in filled)
        return Sheet(
            self._name,
            top,
            left,
            self._cells(top, left),
            no_results=self._no_results,
            rounded=self._rounded,
            merged=self._merged,
        )

    def _cells(self, top: int, left: int) -> Iterator[Sequence[Any]]:
        for row in self._rows[top:]:
            yield [*row[left:], *[""] * (self._width - max(len(row), left))]

    # Elements --------------------------------------------------------------------

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if self._cell is not None:
            self._depth += 1
            if self._depth > 1:
                if self._is_in_paragraph():
                    self._white_space(tag, attributes)
            elif tag == f"{_TEXT}p":
                self._paragraphs.append("")
            else:
                self._depth = _ASIDE
        elif tag == f"{_TABLE}table":
            self._tables += 1
            is_it = self._tables == 1 and attributes.get(f"{_TABLE}name", "") == self._name
            self._is_wanted = is_it and not self._is_over
        elif self._is_wanted and tag == f"{_TABLE}table-row":
            self._row, self._empty_cells = [], 0
            self._row_count = _repeated(attributes, "number-rows-repeated")
        elif self._is_wanted and tag in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            self._cell, self._depth, self._paragraphs = attributes, 0, []

    def _is_in_paragraph(self) -> bool:
        return 1 <= self._depth < _ASIDE

    def _white_space(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == f"{_TEXT}s":
            count = attributes.get(f"{_TEXT}c", "1")
            self._append(" " * (int(count) if re.fullmatch("[0-9]{1,5}", count) else 1))
        elif tag == f"{_TEXT}tab":
            self._append("\t")
        elif tag == f"{_TEXT}line-break":
            self._append("\n")

    def _append(self, text: str) -> None:
        self._paragraphs[-1] += text

    def text(self, text: str) -> None:
        """Text of a paragraph of the cell."""
        if self._cell is not None and self._is_in_paragraph() and self._paragraphs:
            self._append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        if self._cell is not None:
            if self._depth:
                self._depth = 0 if self._depth == _ASIDE else self._depth - 1
                return
            self._end_cell(tag, self._cell)
            self._cell = None
        elif tag == f"{_TABLE}table":
            self._tables -= 1
            if self._is_wanted and not self._tables:
                self._is_wanted, self._is_over = False, True
        elif self._is_wanted and tag == f"{_TABLE}table-row":
            self._end_row()

    def _end_cell(self, tag: str, attributes: dict[str, str]) -> None:
        count = _repeated(attributes, "number-columns-repeated")
        is_covered = tag == f"{_TABLE}covered-table-cell"
        value = "" if is_covered else _value(attributes, "\n".join(self._paragraphs))
        row = len(self._rows) + self._empty_rows
        column = len(self._row) + self._empty_cells
        has_result = f"{_OFFICE}value-type" in attributes
        if not has_result and not is_covered and f"{_TABLE}formula" in attributes:
            self._no_results.append((row, column))
        if value.__class__ is float and abs(value) >= TOO_LARGE and _is_rounded(attributes):
            self._rounded.append((row, column))
        height = _repeated(attributes, "number-rows-spanned")
        width = _repeated(attributes, "number-columns-spanned")
        if height * width > 1:
            self._merged.append((row, column, row + height - 1, column + width - 1))
        if value == "":
            self._empty_cells += count
            return
        self._check(row + self._row_count, column + count)
        self._characters += len(value) * count * self._row_count if isinstance(value, str) else 0
        if self._characters > _MOST_CHARACTERS:
            raise too_large()
        self._row += [""] * self._empty_cells
        self._row += [value] * count
        self._empty_cells = 0

    def _check(self, rows: int, columns: int) -> None:
        check_extent(rows, max(columns, self._width), self._most_cells)

    def _end_row(self) -> None:
        if not self._row:
            self._empty_rows += self._row_count
            return
        self._width = max(self._width, len(self._row))
        self._check(len(self._rows) + self._empty_rows + self._row_count, self._width)
        self._rows += [[] for _ in range(self._empty_rows)]
        self._rows += [self._row] * self._row_count
        self._empty_rows = 0


_ASIDE = 1 << 30
"""The depth within an element of a cell that is no paragraph, such as a note."""


def _repeated(attributes: dict[str, str], name: str) -> int:
    text = attributes.get(_TABLE + name, "1")
    return int(text) if re.fullmatch("[1-9][0-9]{0,6}", text) else 1


# Cells ---------------------------------------------------------------------------

_DURATION = re.compile(
    r"(-?)P(?:([0-9]{1,7})D)?(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9}(?:\.[0-9]+)?)S)?)?"
)


_TRUTHS = {"of:=TRUE()": True, "of:=FALSE()": False}
"""What LibreOffice makes of true and false of a workbook that it did not write: formulas, which
have the value 1 or 0.
"""


def _value(attributes: dict[str, str], text: str) -> Any:
    """The value of a cell as the readers of other workbooks give it, ``''`` for none."""
    kind = attributes.get(f"{_OFFICE}value-type") or attributes.get(f"{_EXTENSION}value-type")
    if attributes.get(f"{_EXTENSION}value-type") == "error":
        return CellError(error_text(text))
    formula = attributes.get(f"{_TABLE}formula")
    if formula in _TRUTHS:
        return _TRUTHS[formula]
    if kind in ("float", "percentage", "currency"):
        return _number(attributes.get(f"{_OFFICE}value", ""), text)
    if kind == "boolean":
        return attributes.get(f"{_OFFICE}boolean-value") == "true"
    if kind == "date":
        return _date(attributes.get(f"{_OFFICE}date-value", ""))
    if kind == "time":
        match = _DURATION.fullmatch(attributes.get(f"{_OFFICE}time-value", ""))
        if match is None:
            raise _bad_cell(text)
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups()[1:])
        length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return -length if match[1] else length
    return attributes.get(f"{_OFFICE}string-value", text)


def _number(stored: str, text: str) -> Any:
    """The number of a cell, or its digits if a float does not keep them."""
    if _LONG_NUMBER.fullmatch(stored) and is_too_long(stored):
        return LongNumber(stored[:MOST_DIGITS])
    try:
        return float(stored)
    except ValueError:
        raise _bad_cell(text) from None


def _is_rounded(attributes: dict[str, str]) -> bool:
    """Has the program that wrote a large number left out its last digits?"""
    return "e" in attributes.get(f"{_OFFICE}value", "").lower()


_LONG_NUMBER = re.compile("-?[0-9]{16,}")


def _bad_cell(text: str) -> DataCodeError:
    return runtime_error(
        "ods_bad_cell",
        "Failed to open ods: a cell that shows '{text}' has no value of its type",
        text=text[:100],
    )


def _date(text: str) -> str:
    """A date as text: without the time if that is midnight, and without fractions of seconds."""
    day, _, clock = text.partition("T")
    clock = clock.partition(".")[0]
    return day if clock in ("", "00:00:00") else f"{day} {clock}"
