"""Telling of texts that people read as numbers, and that are put in order letter by letter.

A column such as ``1 234,56``, ``12,50`` is text unless the file is read with ``decimal`` and
``thousands``. Its greatest text is not its greatest number.
"""

from __future__ import annotations

import itertools
import re

from datacode.i18n.message import Message
from datacode.tables.read_options import Warn
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl
from datacode.values.parse_text import SPACES_IN_NUMBERS, WHITE_SPACE, number_from_text
from datacode.values.stored_column import batches
from datacode.values.types import Value

_AS_TEXTS = Message(
    "numbers_ordered_as_texts",
    "Column '{column}' holds numbers as texts, such as '{text}': they are put in order letter by"
    " letter. Make numbers of them, with decimal= and thousands= where the file is read or with"
    " number()",
)
_BESIDE_NUMBERS = Message(
    "numbers_ordered_beside_texts",
    "Column '{column}' holds numbers and texts such as '{text}', which come behind all numbers."
    " Make numbers of them, with decimal= and thousands= where the file is read or with number()",
)

_FIRST_CELLS = 1000
_LONGEST = 40
_LARGEST_EXACT = 10.0**15
_SIGN = "[+\\-\u2212]?"
_WRITTEN = re.compile(
    rf"{_SIGN}(?P<number>[0-9]+(?:[{SPACES_IN_NUMBERS}][0-9]{{3}})*(?:[.,][0-9]+)?)"
    r"\s?(?:%|руб\.?|р\.)?",
    re.IGNORECASE,
)


def warn_of_text_order(cells: ColumnData, name: str, warn: Warn) -> None:
    """Tell of a column whose first cells have another order as texts than as the numbers that they
    are, or that are numbers and such texts. Codes with leading zeros and of one length are texts.
    """
    first = _first(cells)
    texts = [cell for cell in first if cell.__class__ is str]
    if not texts:
        return
    if any(cell.__class__ is float for cell in first):
        text = next((each for each in texts if _written_number(each) is not None), None)
        if text is not None:
            warn(_BESIDE_NUMBERS.filled(column=name[:100], text=text[:100]))
        return
    numbers = {}
    for text in texts:
        number = _written_number(text)
        if number is None:
            return
        numbers[text] = number
    for one, other in itertools.pairwise(sorted(numbers)):
        if numbers[one] > numbers[other]:
            warn(_AS_TEXTS.filled(column=name[:100], text=other[:100]))
            return


def _first(cells: ColumnData) -> list[Value]:
    if cells.source is not None and cells.source.kind(cells.position) in (float, bool):
        return []
    if cells.source is None and cells.is_stored_as_series():
        series = cells.stored_series()
        if series is None or series.dtype != pl.String:
            return []
    return next((part.slice(0, _FIRST_CELLS).values() for (part,) in batches([cells])), [])


def _written_number(text: str) -> float | None:
    """The number as which people read a text, a share or an amount in roubles; None for others and
    for codes, which have leading zeros or very many digits."""
    text = text.strip(WHITE_SPACE)
    match = _WRITTEN.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    digits = match["number"]
    if digits[0] == "0" and digits[1:2].isdecimal():
        return None
    number = number_from_text(digits, "," if "," in digits else ".", " ")
    if number is None or number >= _LARGEST_EXACT:
        return None
    return -number if text[0] in "-\u2212" else number
