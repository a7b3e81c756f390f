"""A range of cells as spreadsheets write it: ``B4:H200``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from datacode.errors import runtime_error

_LAST_COLUMN = 16_384
_LAST_ROW = 1_048_576
"""What a sheet can have. A text file may be longer, and is not limited by an open range."""

_RANGE = re.compile(
    r"\$?(?P<left>[A-Z]{1,3})?\$?(?P<top>[0-9]{1,7})?"
    r"(?P<to>:\$?(?P<right>[A-Z]{1,3})?\$?(?P<bottom>[0-9]{1,7})?)?"
)


@dataclass(frozen=True, slots=True)
class CellRange:
    """Rows and columns from 0; ``bottom`` and ``right`` lie behind the last, or are None."""

    top: int = 0
    left: int = 0
    bottom: int | None = None
    right: int | None = None


def cell_range(text: str) -> CellRange:
    """The range that a text means: ``B4:H200``, ``B:H``, ``4:200``, or ``B4`` for all from there.

    What is no range is a Runtime Error.
    """
    match = _RANGE.fullmatch(text.strip().upper())
    if match is None or not any(match[part] for part in ("left", "top", "right", "bottom")):
        raise _no_range(text)
    left, right = _column(match["left"]), _column(match["right"])
    top, bottom = int(match["top"] or 1), int(match["bottom"] or 0)
    has_ends = match["right"] or match["bottom"]
    if (match["to"] and not has_ends) or (left or 1) > (right or _LAST_COLUMN):
        raise _no_range(text)
    if not 1 <= top <= (bottom or _LAST_ROW) <= _LAST_ROW:
        raise _no_range(text)
    if max(left or 1, right or 1) > _LAST_COLUMN or match["bottom"] == "0":
        raise _no_range(text)
    return CellRange(top - 1, (left or 1) - 1, bottom or None, right)


def _column(letters: str | None) -> int | None:
    """The number of a column, from 1."""
    if not letters:
        return None
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _no_range(text: str) -> Exception:
    return runtime_error(
        "bad_cell_range",
        "range must be cells of a sheet, such as 'B4:H200' or 'B:H', not '{text}'",
        text=text[:100],
    )
