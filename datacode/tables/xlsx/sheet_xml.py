"""What stands in the XML of a sheet and no reader tells.

Errors and dates stored as text, negative numbers in date formats, formulas whose results are not
stored, merged areas. Source: ECMA-376, part 1, 18.3.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from datacode.tables.xlsx.book import Area, CellPosition
from datacode.tables.xlsx.package import Package
from datacode.tables.xlsx.size_limits import column_number


class Unreadable(Exception):
    """A reader cannot read the workbook; the message is the library's."""


# Looking into the XML ------------------------------------------------------------

_SPECIAL_TYPE = re.compile(rb"""\bt=["']([ed])["']""")
_POSITION = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,9})["']""")
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^<>]*)?>([^<]*)<")

_LONGEST_TAG = 4096
"""A cell's other attributes and its value are looked for within so many bytes of its type, as a
text may hold millions of what looks like a type."""

_ODD_DAY = re.compile(
    rb"<(?:\w+:)?v(?:\s[^<>]*)?>\s*"
    rb"(-(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|60(?:\.[0-9]*)?)\s*<"
)

_LONGEST_CELL = 1 << 16
"""A cell begins at most so many bytes before its value: there is a formula in between."""

_ERRORS = {"#DIV/0!": "Div0", "#N/A": "NA", "#GETTING_DATA": "GettingData"}


def special_cells(package: Package, sheet: str) -> dict[CellPosition, str] | None:
    """The texts of cells that hold an error or a date in ISO form, by row and column from 0.

    Those are what python-calamine does not tell. None if such a cell does not say where it is.
    """
    content = b"".join(package.chunks(sheet))
    found = {}
    for match in _SPECIAL_TYPE.finditer(content):
        start = content.rfind(b"<", max(0, match.start() - _LONGEST_TAG), match.start())
        end = content.find(b">", match.end(), match.end() + _LONGEST_TAG)
        if start < 0 or end < 0:
            continue
        tag = content[start : end + 1]
        if not re.match(rb"<(?:\w+:)?c\s", tag) or tag.endswith(b"/>"):
            continue
        value = _VALUE.search(content, end, end + _LONGEST_TAG)
        position = _POSITION.search(tag)
        if position is None:
            return None
        text = value[1].decode("utf-8", "replace") if value else ""
        row, column = int(position[2]) - 1, column_number(position[1]) - 1
        found[row, column] = error_text(text) if match[1] == b"e" else text
    return found


def odd_days(package: Package, sheet: str) -> dict[CellPosition, float]:
    """The numbers of a sheet that are no days, though their format may be one for days.

    Negative ones, and those of 29 February 1900, which spreadsheets count and no calendar has; by
    row and column from 0.

    Raises ``Unreadable`` if one does not say where it is.
    """
    content = b"".join(package.chunks(sheet))
    opening = b"<c " if b"<c " in content else b":c "
    found = {}
    for match in _ODD_DAY.finditer(content):
        start = content.rfind(opening, max(0, match.start() - _LONGEST_CELL), match.start())
        tag = content[start : content.find(b">", start, match.start()) + 1] if start >= 0 else b""
        position = _POSITION.search(tag)
        if position is None:
            raise Unreadable("cells of the sheet do not say where they are")
        found[int(position[2]) - 1, column_number(position[1]) - 1] = float(match[1])
    return found


def error_text(code: str) -> str:
    """``ERROR: NA`` for ``#N/A``."""
    name = _ERRORS.get(code) or code.strip("#!?").replace("/", "").capitalize()
    return f"ERROR: {name}"


_NO_RESULT = re.compile(
    rb"<(?:\w+:)?f(?:\s[^<>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*(?:/>|>\s*</(?:\w+:)?v>)\s*)?</(?:\w+:)?c>"
)
"""A formula up to the end of its cell, with no value or an empty one."""


def formulas_without_results(package: Package, sheet: str) -> list[CellPosition]:
    """The cells with formulas whose results the program that wrote them did not store.

    A text without characters is a result. Those that do not say where they are are left out.
    """
    content = b"".join(package.chunks(sheet))
    opening = b"<c " if b"<c " in content else b":c "
    found = []
    for match in _NO_RESULT.finditer(content):
        start = content.rfind(opening, max(0, match.start() - _LONGEST_TAG), match.start())
        tag = content[start : content.find(b">", start, match.start()) + 1] if start >= 0 else b""
        position = _POSITION.search(tag)
        is_empty_text = _IS_TEXT.search(tag) and _HAS_VALUE.search(match[0])
        if position is not None and not is_empty_text:
            found.append((int(position[2]) - 1, column_number(position[1]) - 1))
    return found


_IS_TEXT = re.compile(rb"""\bt=["']str["']""")

_HAS_VALUE = re.compile(rb"<(?:\w+:)?v[\s/>]")

_LONG_NUMBER = re.compile(rb"<(?:\w+:)?v>(-?[0-9]{16,})</")


def long_numbers(package: Package, sheet: str) -> dict[CellPosition, str]:
    """The whole numbers of a sheet with more digits than a float keeps, by row and column from 0.

    Spreadsheets write none, other programs do: of accounts, say. Those that do not say where they
    are are left out.
    """
    numbers = _numbers(package, sheet, _LONG_NUMBER)
    return {position: digits[:MOST_DIGITS] for position, digits in numbers if is_too_long(digits)}


def is_too_long(digits: str) -> bool:
    """Has a whole number more digits than a float keeps?"""
    return len(digits) > _DIGITS_OF_FLOATS or int(float(digits)) != int(digits)


def rounded_numbers(package: Package, sheet: str) -> list[CellPosition]:
    """The cells with numbers of more than 15 digits, of which a spreadsheet has stored only the
    first ones."""
    numbers = _numbers(package, sheet, _ROUNDED_NUMBER)
    return [position for position, number in numbers if abs(float(number)) >= TOO_LARGE]


def _numbers(
    package: Package, sheet: str, pattern: re.Pattern[bytes]
) -> Iterator[tuple[CellPosition, str]]:
    """The numbers of a sheet that match, and where they stand, if they say it."""
    content = b"".join(package.chunks(sheet))
    opening = b"<c " if b"<c " in content else b":c "
    for match in pattern.finditer(content):
        start = content.rfind(opening, max(0, match.start() - _LONGEST_TAG), match.start())
        tag = content[start : content.find(b">", start, match.start()) + 1] if start >= 0 else b""
        position = _POSITION.search(tag)
        if position is not None and not _HAS_TYPE.search(tag):
            place = int(position[2]) - 1, column_number(position[1]) - 1
            yield place, match[1].decode()


_ROUNDED_NUMBER = re.compile(rb"<(?:\w+:)?v>(-?[0-9.]{1,40}[eE]\+[0-9]{2,3})</")

TOO_LARGE = 1e15
"""From here on numbers have more digits than a spreadsheet keeps."""

MOST_DIGITS = 4096
"""More digits of a long number are left out."""

_DIGITS_OF_FLOATS = 300
_HAS_TYPE = re.compile(rb"""\st=["'][^n]""")

_MERGED = re.compile(
    rb"""<(?:\w+:)?mergeCell\s[^<>]*?\bref=["']([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})["']"""
)


def merged_areas(package: Package, sheet: str) -> list[Area]:
    """The merged areas of a sheet."""
    content = b"".join(package.chunks(sheet))
    return [
        (
            int(match[2]) - 1,
            column_number(match[1]) - 1,
            int(match[4]) - 1,
            column_number(match[3]) - 1,
        )
        for match in _MERGED.finditer(content, max(0, content.find(b"mergeCell") - 100))
    ]


_SHARED = re.compile(rb"""\bt=["']s["'][^<>]*>\s*<(?:\w+:)?v(?:\s[^<>]*)?>([^<]*)<""")


def unknown_texts(package: Package, sheet: str, texts: int) -> list[str]:
    """The names of cells whose text is not among the workbook's, of which there are so many."""
    content = b"".join(package.chunks(sheet))
    found = []
    for match in _SHARED.finditer(content):
        index = match[1].strip()
        if index and not (index.isdigit() and len(index) < 10 and int(index) < texts):
            start = content.rfind(b"<", max(0, match.start() - _LONGEST_TAG), match.start())
            position = _POSITION.search(content, start, match.end())
            found.append((position[1] + position[2]).decode() if position else "?")
    return found


def text_count(shared_texts: bytes) -> int:
    """How many texts the part of shared texts has."""
    return len(re.findall(rb"<(?:\w+:)?si[\s/>]", shared_texts))
