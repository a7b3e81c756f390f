"""Where the table begins and ends in a report: titles above it, a header, totals below.

Used where a program asks for it only (``auto=true``), which says what was found. Source: tables
and files reference, 2.9.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from datacode.i18n.message import Message
from datacode.tables.read_options import ReadOptions
from datacode.values.parse_text import SPACES_IN_NUMBERS, WHITE_SPACE

TOTAL = re.compile(
    r"(?:Общий итог|Итоги|Итого|Всего|Grand total|Totals?|Sum)(?![\w-])", re.IGNORECASE
)
"""What begins a row of totals."""

_LONGEST_FOOTER = 20

_NUMBER_LIKE = re.compile(rf"[-+]?[$€₽]?[0-9][0-9.,{SPACES_IN_NUMBERS}'/:%-]*(?:₽|руб\.?|%)?")

_MOST_HEADER_ROWS = 3


@dataclass(frozen=True, slots=True)
class ReportRows:
    """The rows of a header, from 0, and how many rows at the end are no part of the table."""

    header_row: int = 0
    header_rows: int = 1
    footer: int = 0


def report_rows(above: Sequence[Sequence[object]], below: Sequence[Sequence[object]]) -> ReportRows:
    """What the first rows of a file, and the last ones, show; they may be the same rows."""
    filled = [_filled(row) for row in above]
    counts = Counter(len(places) for places in filled if len(places) > 1)
    if not counts:
        return ReportRows()
    most = max(counts.values())
    usual = max(count for count, times in counts.items() if 2 * times >= most)
    header = _header(above, filled, usual)
    rows = _header_rows(above, filled, header, usual)
    if len(below) == len(above):
        below = below[header + rows :]
    return ReportRows(header, rows, _footer(below, usual))


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip(WHITE_SPACE)


def _filled(row: Sequence[object]) -> set[int]:
    return {place for place, cell in enumerate(row) if _text(cell)}


def _is_name(cell: object) -> bool:
    """Could it be the name of a column?"""
    if cell is not None and not isinstance(cell, str):
        return False
    return _NUMBER_LIKE.fullmatch(_text(cell)) is None


def _header(above: Sequence[Sequence[object]], filled: Sequence[set[int]], usual: int) -> int:
    """The first row that is about as wide as the table and holds names alone."""
    for row, places in enumerate(filled):
        is_wide = len(places) > 1 and 2 * len(places) >= usual
        if is_wide and all(_is_name(above[row][place]) for place in places):
            return row
        if is_wide and len(places) >= usual:
            break  # these are values: there may be names above them, less wide
    return next((row for row, places in enumerate(filled) if len(places) >= usual), 0)


def _header_rows(
    above: Sequence[Sequence[object]], filled: Sequence[set[int]], header: int, usual: int
) -> int:
    """The rows of the header: further names below those that reach over several columns."""
    named = set(filled[header])
    for row in range(header + 1, min(header + _MOST_HEADER_ROWS, len(above) - 1)):
        places = filled[row]
        gaps = set(range(max(filled[header] | places) + 1)) - named
        is_below = bool(gaps & places) and all(_is_name(above[row][place]) for place in places)
        if not is_below or len(named | places) > max(usual, len(filled[row + 1])) + 1:
            return row - header
        named |= places
    return max(1, min(_MOST_HEADER_ROWS, len(above) - 1 - header)) if named != filled[header] else 1


def _footer(below: Sequence[Sequence[object]], usual: int) -> int:
    """The rows at the end that begin with a word for totals, or hold much less than the others."""
    footer = 0
    for count, row in enumerate(reversed(below[-_LONGEST_FOOTER:]), 1):
        places = sorted(_filled(row))
        first = _text(row[places[0]]) if places else ""
        if TOTAL.match(first) or (usual > 2 and 3 * len(places) <= usual):
            footer = count
        else:
            break
    return footer


def found_arguments(before: ReadOptions, after: ReadOptions) -> Message:
    """What was found out, as the arguments that say the same."""
    names = ("delimiter", "encoding", "decimal", "thousands", "header_row", "header_rows")
    written = []
    for name in (*names, "skip_footer", "ragged"):
        value = getattr(after, name)
        if value != getattr(before, name):
            written.append(f"{name}={value}" if isinstance(value, int) else f'{name}="{value}"')
    return Message("auto_took", "Read with {arguments}").filled(
        arguments=", ".join(written).replace("\t", "\\t") or "header_row=0"
    )
