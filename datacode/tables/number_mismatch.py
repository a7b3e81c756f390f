"""Telling of numbers that are compared with texts, to which they are never equal.

Source: tables and files reference, 1.7.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from datacode.i18n.message import Message
from datacode.tables.read_options import Warn
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl
from datacode.values.parse_text import number_from_text
from datacode.values.stored_column import batches
from datacode.values.text import number_text
from datacode.values.types import Value

_TEXTS_BESIDE_NUMBER = Message(
    "texts_beside_number",
    "Column '{column}' holds texts such as '{text}', which do not compare with the number {number}:"
    " write it in quotes",
)

_TEXTS_BESIDE_ORDER = Message(
    "texts_beside_number_in_order",
    "Column '{column}' holds texts such as '{text}', which are neither above nor below the number"
    " {number}: make numbers of them, with decimal= and thousands= where the file is read or with"
    " number()",
)
_NUMBERS_BESIDE_TEXT = Message(
    "numbers_beside_text",
    "Column '{column}' holds numbers, none of which compares with the text '{text}': a number is"
    " written without quotes",
)

_MOST_NUMBERS = 20
_MOST_TEXTS = 1000
_KEPT_DIGITS = 15
_LARGEST_EXACT = 10.0**_KEPT_DIGITS


def warn_of_numbers(
    cells: ColumnData, name: str, values: Iterable[Value], warn: Warn, *, by_order: bool = False
) -> None:
    """Tell of a text in a column that looks like one of some numbers it is compared with.

    ``by_order``: if they are compared by ``<`` and so on, any text that is a number.
    """
    numbers = []
    for value in values:
        if value.__class__ is float and value == value:
            numbers.append(value)
        if len(numbers) == _MOST_NUMBERS:
            break
    if not numbers:
        return
    if cells.source is not None and cells.source.kind(cells.position) in (float, bool, type(None)):
        return
    for number in numbers:
        found = _first_like(cells, None if by_order else number)
        if found is not None:
            message = _TEXTS_BESIDE_ORDER if by_order else _TEXTS_BESIDE_NUMBER
            warn(message.filled(column=name[:100], text=found[:100], number=number_text(number)))
            return


def warn_of_long_numbers(cells: ColumnData, name: str, values: Iterable[Value], warn: Warn) -> None:
    """The same, for comparisons that take a text which is a number as one: of numbers with more
    digits than a number keeps."""
    is_long = [v for v in values if v.__class__ is float and abs(v) > _LARGEST_EXACT]
    warn_of_numbers(cells, name, is_long, warn)


def warn_of_bounds(cells: ColumnData, name: str, bounds: Sequence[Value], warn: Warn) -> None:
    """The same for ``table_between``, which takes a text that is a number as one: of texts that
    are numbers as people write them, with spaces and a comma."""
    warn_of_long_numbers(cells, name, bounds, warn)
    numbers = [bound for bound in bounds if bound.__class__ is float]
    if not numbers:
        return
    found = _first_like(cells, None)
    if found is not None and number_from_text(found) is None:
        text, number = found[:100], number_text(numbers[0])
        warn(_TEXTS_BESIDE_ORDER.filled(column=name[:100], text=text, number=number))


def warn_of_texts(cells: ColumnData, name: str, values: Iterable[Value], warn: Warn) -> None:
    """Tell of a column of nothing but numbers that is compared with a text."""
    text = next((value for value in values if value.__class__ is str), None)
    if text is not None and _are_numbers(cells):
        warn(_NUMBERS_BESIDE_TEXT.filled(column=name[:100], text=text[:100]))


def _are_numbers(cells: ColumnData) -> bool:
    if cells.source is not None:
        return cells.source.kind(cells.position) is float
    if cells.is_stored_as_series():
        series = cells.stored_series()
        return series is not None and series.dtype == pl.Float64
    kinds = set(map(type, cells.values()))
    return float in kinds and kinds <= {float, type(None)}


def _first_like(cells: ColumnData, number: float | None) -> str | None:
    """The first text in a column that is like the number, or like any if that is None."""
    for (part,) in batches([cells]):
        texts = _texts(part)
        found = None if texts is None else _like(texts, number)
        if found is not None:
            return found
    return None


def _texts(cells: ColumnData) -> pl.Series | list[str] | None:
    """The texts of a column; None if there are none."""
    if cells.is_stored_as_series():
        series = cells.stored_series()
        assert series is not None
        return series if series.dtype == pl.String else None
    return [value for value in cells if value.__class__ is str] or None


def _like(texts: pl.Series | list[str], number: float | None) -> str | None:
    """The first text that is this number, or any."""
    digits = "" if number is None else _digits(number)
    if isinstance(texts, list):
        candidates = [text for text in texts if digits in text]
    elif digits:
        has_digits = texts.str.contains(digits, literal=True)
        candidates = texts.filter(has_digits).head(_MOST_TEXTS).to_list()
    else:
        candidates = texts.drop_nulls().head(_MOST_TEXTS).to_list()
    for text in candidates:
        value = number_from_text(text)
        if value is None and number is None:
            value = number_from_text(text, ",", " ")
        if value is not None and number in (None, value):
            return text
    return None


def _digits(number: float) -> str:
    """The digits that every text which is this number has in a row."""
    whole = number_text(abs(number)).partition(".")[0]
    return whole[:_KEPT_DIGITS].strip("0") if whole.isdigit() else ""
