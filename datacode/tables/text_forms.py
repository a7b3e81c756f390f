"""What the texts of a typed column look like: found once, and kept with the column.

Texts that are dates, durations or money count as such beside each other. Before texts are
compared as nothing but texts it has to be known that there are none.
"""

from __future__ import annotations

from datacode.tables.date_parsing import DATE_LIKE
from datacode.values.column_storage import ColumnData
from datacode.values.date_text import DURATION

DURATION_LIKE = f"^{DURATION}$"
DIGIT = "[0-9]"

_BEGINNING = "^[-0-9]"
_BEGIN_SO = frozenset({DATE_LIKE, DURATION_LIKE})
_FIRST_ROWS = 1024


def has_text_like(cells: ColumnData, pattern: str) -> bool:
    """Does a regular expression match a text of a typed column of texts?"""
    known = cells.text_forms
    if known is None:
        known = cells.text_forms = {}
    if pattern not in known:
        known[pattern] = _is_found(cells, pattern)
    return known[pattern]


def _is_found(cells: ColumnData, pattern: str) -> bool:
    series = cells.stored_series()
    assert series is not None
    if pattern == _BEGINNING:
        return bool(((series >= "-") & (series < ":")).any())
    if pattern in _BEGIN_SO and not has_text_like(cells, _BEGINNING):
        return False
    first = series.head(_FIRST_ROWS)
    return bool(first.str.contains(pattern).any() or series.str.contains(pattern).any())
