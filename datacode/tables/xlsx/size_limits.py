"""Refusing a sheet of a workbook that is too large, before a reader opens it.

Readers fill in what lies between the cells, so that two cells far apart are billions. A sheet in
the usual form is scanned for its last row and column, which costs little; one in any other form,
or that could be too large by this scan, is parsed cell by cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from xml.parsers import expat

from datacode.errors import DataCodeError, runtime_error

MOST_CELLS = 50_000_000
"""Cells of a sheet from A1 to its last row and column, empty ones included."""

BYTES_A_CELL = 48
"""What a cell takes while it is read, an empty one too: 32 in the reader, and its value."""

_LAST_ROW = 1 << 20
_LAST_COLUMN = 1 << 14


class Damaged(Exception):
    """The sheet is no XML, or a cell stands where no cell can; the message says which."""


def check_extent(rows: int, columns: int, most: int) -> None:
    """Refuse a sheet that has more than ``most`` cells."""
    if rows * columns > most:
        raise _too_many(rows, columns, most)


def _too_many(rows: int, columns: int, most: int) -> DataCodeError:
    return runtime_error(
        "sheet_too_large",
        "Failed to open xlsx: the sheet is too large ({rows} rows by {columns} columns; "
        "at most {most} cells are read)",
        rows=rows,
        columns=columns,
        most=most,
    )


def column_number(letters: str | bytes) -> int:
    """``AA`` is 27."""
    number = 0
    for letter in letters.encode() if isinstance(letters, str) else letters:
        number = number * 26 + letter - 64
    return number


def column_letters(number: int) -> str:
    """27 is ``AA``."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


# The scan ----------------------------------------------------------------------


_ODD_VALUE = rb"[^<>]*>\s*<(?:\w+:)?v[^<>]*>(?!\s*[0-9]{1,9}\s*<)"
_ODD_TEXT = re.compile(b'"s"' + _ODD_VALUE)
_ODD_TEXT_IN_APOSTROPHES = re.compile(b"'s'" + _ODD_VALUE)
_LONG_NUMBER = re.compile(rb"v>-?[0-9]{16}")


def _has_odd_text(text: bytes) -> bool:
    if _ODD_TEXT.search(text) is not None:
        return True
    return b"'" in text and _ODD_TEXT_IN_APOSTROPHES.search(text) is not None


class ExtentScan:
    """An upper bound for the extent of a sheet, found while it is unpacked.

    ``may_have_special_cells`` tells of errors and stored dates, ``may_have_odd_texts`` of
    numbers of texts that are none, the others of what they are called by. The bound
    holds as long as
    ``_is_plain``: every row and cell says in the usual form where it is. Each pattern is one more
    pass over the sheet, so that there are few, which begin with fixed characters: a set of them
    takes ten times as long. A single one is found at once.
    """

    _LONGEST_TAIL = 1 << 20

    _LETTERS = re.compile(rb'<c r="([A-Z]{2,3})[0-9]')
    _POSITION = re.compile(rb'<(?:c r="([A-Z]{1,3})|row r=")([0-9]{1,7})"')
    _PREFIXED = re.compile(rb":(?:row|c)[\s/>]")
    _HIDING = (b"!", b"?", b"\0")

    def __init__(self) -> None:
        self._tail = b""
        self._columns = 26
        self._letters = self._digits = 1
        self._beyond = self._pattern_beyond(1, 1)
        self._is_plain = True
        self.may_have_special_cells = False
        self.may_have_formulas = False
        self.may_have_merged_areas = False
        self.may_have_odd_texts = False
        self.may_have_long_numbers = False
        self.may_have_rounded_numbers = False

    @staticmethod
    def _pattern_beyond(letters: int, digits: int) -> re.Pattern[bytes]:
        """Matches rows and cells whose positions are longer, or not in the usual form."""
        row = b"[0-9]{1,%d}" % digits
        cell = b"[A-Z]{1,%d}" % letters
        return re.compile(rb'<(?:c(?! r="%b%b")|row(?! r="%b"))[\s/>]' % (cell, row, row))

    def add(self, chunk: bytes) -> None:
        """Scan the next chunk, up to its last tag, which may go on in the one behind."""
        text = self._tail + chunk
        end = text.rfind(b"<")
        self._tail = text[end:] if end >= 0 else text
        if len(self._tail) > self._LONGEST_TAIL:
            self._tail, self._is_plain = b"", False
        self._scan(text[:end] if end >= 0 else b"")

    def finish(self) -> None:
        """Scan what is left behind the last chunk."""
        self._scan(self._tail)

    def _scan(self, text: bytes) -> None:
        if b"#" in text or b't="d"' in text or (b"'" in text and b"t='d'" in text):
            self.may_have_special_cells = True
        self.may_have_formulas = (
            self.may_have_formulas or b"<f" in text or (b":" in text and b":f" in text)
        )
        self.may_have_merged_areas = self.may_have_merged_areas or b"mergeCell" in text
        self.may_have_odd_texts = self.may_have_odd_texts or _has_odd_text(text)
        self.may_have_long_numbers = self.may_have_long_numbers or bool(_LONG_NUMBER.search(text))
        if b"+" in text and (b"E+" in text or b"e+" in text):
            self.may_have_rounded_numbers = True
        if self._is_plain:
            self._is_plain = not self._may_hide_cells(text) and self._grow(text)

    def _may_hide_cells(self, text: bytes) -> bool:
        """May something stand for a cell, or hide one, that does not begin with its name?"""
        if any(each in text for each in self._HIDING) and (
            b"<!" in text or b"\0" in text or text.count(b"<?") > text.count(b"<?xml ")
        ):
            return True
        return b":" in text and self._PREFIXED.search(text) is not None

    def _grow(self, text: bytes) -> bool:
        """Widen the bound; false if one of the rows or cells does not say where it is."""
        start = 0
        while found := self._beyond.search(text, start):
            start = found.start()
            position = self._POSITION.match(text, start)
            if position is None:
                return False
            self._letters = max(self._letters, len(position[1] or b""))
            self._digits = max(self._digits, len(position[2]))
            self._beyond = self._pattern_beyond(self._letters, self._digits)
        if self._letters > 1:
            letters = set(self._LETTERS.findall(text))
            self._columns = max(self._columns, *map(column_number, letters), 0)
        return True

    def is_small(self, most: int) -> bool:
        """Has the sheet surely no more cells than ``most``?"""
        rows, columns = 10**self._digits - 1, self._columns
        return self._is_plain and columns <= _LAST_COLUMN and rows * columns <= most


# Cell by cell ------------------------------------------------------------------

_POSITION = re.compile("([A-Za-z]{1,3})([0-9]{1,7})")
_CONTENT = frozenset({"v", "is", "f"})


def check_cells(chunks: Iterable[bytes], most: int) -> None:
    """Refuse a sheet with more than ``most`` cells up to the last one that holds something.

    Raises ``Damaged`` for what is no sheet.
    """
    cells = _CellTracker()
    parser = expat.ParserCreate()
    parser.StartElementHandler = cells.start
    parser.StartDoctypeDeclHandler = cells.doctype
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
            check_extent(cells.rows, cells.columns, most)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise Damaged(str(error)) from None
    check_extent(cells.rows, cells.columns, most)


class _CellTracker:
    """Where the cells of a sheet are, as readers see it: by what they say, or one by one."""

    def __init__(self) -> None:
        self.rows = 0
        self.columns = 0
        self._row = 0
        self._column = 0
        self._next_row = 1
        self._next_column = 1

    def doctype(self, *declaration: Any) -> None:
        """A sheet declares nothing."""
        raise Damaged("the sheet declares a document type")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        name = tag.rpartition(":")[2]
        position = attributes.get("r")
        if name == "row":
            self._next_row = self._next_row if position is None else _row_number(position)
            self._row, self._column = self._next_row, 0
            self._next_row += 1
            self._next_column = 1
        elif name == "c":
            self._cell(position)
        elif name in _CONTENT:
            self.rows, self.columns = max(self.rows, self._row), max(self.columns, self._column)

    def _cell(self, position: str | None) -> None:
        if position is None:
            self._column = self._next_column
        else:
            found = _POSITION.fullmatch(position)
            if found is None:
                raise Damaged(f"a cell is at '{position[:20]}'")
            self._column, self._row = column_number(found[1].upper()), _row_number(found[2])
            if self._column > _LAST_COLUMN:
                raise Damaged(f"a cell is at '{position}'")
        self._next_column = self._column + 1


def _row_number(text: str) -> int:
    if not re.fullmatch("[0-9]{1,7}", text) or not 1 <= int(text) <= _LAST_ROW:
        raise Damaged(f"a cell is in row '{text[:20]}'")
    return int(text)
