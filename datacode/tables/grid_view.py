"""Sorting and filtering the rows of a table that is shown in a grid.

The rules are for people, not for programs: text is ordered without letter case and accents and
with the numbers in it by their value, nulls come last in both directions, money is ordered by its
amount and dates by the day. ``web/src/table/data.ts`` does the same for tables that a page holds
whole; ``tests/tables/browsing.json`` has the cases that both are tested with.

Everything here may be called from another thread than the program's: it only reads what a column
holds, and keeps nothing with it.
"""

from __future__ import annotations

import math
import operator
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from datacode.tables.column_types import ColumnType, column_kind
from datacode.tables.filters import CellTest, are_filled, are_null, inverted, is_utf8
from datacode.tables.show import plain
from datacode.tables.sort import order_of_series
from datacode.values.column_storage import ColumnData, Indices, Mask, is_short
from datacode.values.lazy_polars import pl
from datacode.values.table import Table
from datacode.values.text import printed
from datacode.values.types import Value

_Key = tuple[int, float, str]
"""What orders a cell: its kind, its number, its text."""


@dataclass(frozen=True, slots=True)
class CellChoice:
    """Rows by their cells in a column: those with one of the values, or those without any of them.

    Values are as ``plain`` says them; a number is no text, and letter case counts.
    """

    column: int
    values: tuple[Value, ...]
    is_without: bool = False


@dataclass(frozen=True, slots=True)
class ViewQuery:
    """Which rows are wanted, and in which order. Columns count from 0.

    ``filters`` are pairs of a column and what its cells are to pass: ``> 5``, ``<= 2024-01-31``,
    ``= text``, ``!text``, ``null``, ``!null``, or a text to be found anywhere in them; ``choices``
    name the cells themselves. ``sort`` are the columns to sort by, of which the first counts most,
    each ascending or (True) descending; without any the table's own order stays.
    """

    sort: tuple[tuple[int, bool], ...] = ()
    filters: tuple[tuple[int, str], ...] = ()
    choices: tuple[CellChoice, ...] = ()

    def columns(self) -> set[int]:
        """The columns that it looks at."""
        filtered = {column for column, _ in self.filters} | {each.column for each in self.choices}
        return filtered | {column for column, _ in self.sort}

    def without_column(self, column: int) -> ViewQuery:
        """The rows whatever their cells in that column are, in the table's own order."""
        return ViewQuery(
            filters=tuple(each for each in self.filters if each[0] != column),
            choices=tuple(each for each in self.choices if each.column != column),
        )


def rows_of(table: Table, wanted: ViewQuery) -> Indices | None:
    """The numbers of the wanted rows, in order; None where these are all, in their own order."""
    found = _passing(table, wanted)
    # Equal rows keep their order, so the column that counts most comes last.
    for position, descending in reversed(wanted.sort):
        cells = table.columns[position]
        kind = column_kind(cells).type
        if found is not None:
            cells = table.select([position]).take(found).columns[0]
        order = order_of(cells, kind, descending=descending)
        found = order if found is None else _reordered(found, order)
    return found


def _reordered(numbers: Indices, order: Indices) -> Indices:
    """Numbers in another order."""
    if isinstance(numbers, list):
        return [numbers[place] for place in order]
    picked = pl.Series(order, dtype=pl.UInt32) if isinstance(order, list) else order
    return numbers.gather(picked)


# Filters -------------------------------------------------------------------------


def _passing(table: Table, wanted: ViewQuery) -> Indices | None:
    """The rows that pass every filter; None where there is none to pass."""
    masks = [
        mask
        for column, text in wanted.filters
        if (mask := passing(table.columns[column], text)) is not None
    ]
    masks += [chosen(table.columns[choice.column], choice) for choice in wanted.choices]
    if not masks:
        return None
    series = [mask for mask in masks if not isinstance(mask, list)]
    if len(series) == len(masks):
        together = series[0]
        for mask in series[1:]:
            together = together & mask
        return together.arg_true()
    lists = [mask if isinstance(mask, list) else mask.to_list() for mask in masks]
    return [number for number, row in enumerate(zip(*lists, strict=True)) if all(row)]


_COMPARISON = re.compile(r"(>=|<=|!=|==|>|<|=|!)\s*(.+)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?")
_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
}
_EQUALITY = frozenset({"=", "==", "!="})
_TEXTS_OF_NUMBERS = {"NaN": math.nan, "inf": math.inf, "-inf": -math.inf}
"""Numbers that JSON does not have are texts, as on a page."""


def passing(cells: ColumnData, text: str) -> Mask | None:
    """The rows whose cell passes one filter; None for an empty one, which all pass."""
    text = text.strip()
    if not text:
        return None
    if text in ("null", "!null"):
        return are_filled(cells) if text == "!null" else are_null(cells)
    parts = _COMPARISON.fullmatch(text)
    if parts is None:
        return _containing(cells, text)
    sign, value = parts.groups()
    if sign == "!":
        return inverted(_containing(cells, value))
    return _comparing(cells, sign, value)


def _tested(cells: ColumnData, test: CellTest) -> Mask:
    """What a test says of every cell; of texts that repeat it is asked once."""
    known: dict[str, bool] = {}
    mask: list[bool] = []
    for cell in cells:
        if cell.__class__ is not str:
            mask.append(test(cell))
            continue
        passes = known.get(cell)
        if passes is None:
            passes = known[cell] = test(cell)
        mask.append(passes)
    return mask


def chosen(cells: ColumnData, choice: CellChoice) -> Mask:
    """The rows whose cell is one of the chosen values, or none of them."""
    values = {(value.__class__, value) for value in choice.values}
    series = cells.series()
    own = None if series is None else _class_of(series)
    if series is None or own is None:
        found = _tested(cells, lambda cell: ((said := plain(cell)).__class__, said) in values)
        return inverted(found) if choice.is_without else found
    of_kind = [value for kind, value in values if kind is own]
    if own is str:
        of_kind = [value for value in of_kind if is_utf8(value)]
    mask = series.is_in(pl.Series(of_kind, dtype=series.dtype).implode()).fill_null(False)
    if own is float:
        for text, number in _TEXTS_OF_NUMBERS.items():
            if (str, text) in values:
                mask |= (series.is_nan() if text == "NaN" else series == number).fill_null(False)
    if (type(None), None) in values:
        mask |= series.is_null()
    return ~mask if choice.is_without else mask


def _class_of(series: pl.Series) -> type | None:
    """What the filled cells of a typed column are."""
    if series.dtype == pl.Float64:
        return float
    return str if series.dtype == pl.String else bool if series.dtype == pl.Boolean else None


def _containing(cells: ColumnData, text: str) -> Mask:
    needle = text.lower()
    series = cells.series()
    if series is not None and series.dtype == pl.String and is_utf8(needle):
        found = series.str.to_lowercase().str.contains(needle, literal=True)
        return found.fill_null(False)
    return _tested(cells, lambda cell: cell is not None and needle in _text(cell).lower())


def _comparing(cells: ColumnData, sign: str, text: str) -> Mask:
    number = _number(text)
    series = cells.series()
    if series is not None and series.dtype == pl.Float64 and number is not None:
        found: pl.Series = _ORDER[sign](series, number)
        if sign not in _EQUALITY:
            found &= series.is_finite()  # the others are texts, as on a page
        return found.fill_null(sign == "!=")
    if series is not None and series.dtype == pl.String and is_utf8(text):
        if sign in _EQUALITY:
            found = _ORDER[sign](series.str.to_lowercase(), text.lower())
            return found.fill_null(sign == "!=")
        if number is None:
            keys = _text_keys(pl.concat([series, pl.Series(series.name, [text])]))
            found = _ORDER[sign](keys[:-1], keys[-1])
            return found.fill_null(False)
    return _tested(cells, _comparison(sign, text, number))


def _comparison(sign: str, text: str, number: float | None) -> CellTest:
    """The test of one cell: by number, by amount, by day, or as text."""
    compare = _ORDER[sign]
    lower, key = text.lower(), natural_key(day(text) or text)

    def test(cell: Value) -> bool:
        cell = plain(cell)
        if cell is None:
            return sign == "!="
        if number is not None and cell.__class__ is float:
            return bool(compare(cell, number))
        if sign in _EQUALITY:
            return bool(compare(_text(cell).lower(), lower))
        if cell.__class__ is not str:
            return False
        if number is not None and day(cell) is None:
            amount = _money(cell)
            return amount is not None and bool(compare(amount, number))
        return bool(compare(natural_key(day(cell) or cell), key))

    return test


def _number(text: str) -> float | None:
    """The number that was typed, with a comma or a point; None if it is none, or too large."""
    text = text.strip()
    if _NUMBER.fullmatch(text) is None:
        return None
    number = float(text.replace(",", "."))
    return number if math.isfinite(number) else None


def _text(cell: Value) -> str:
    """The text of a cell, as it is printed."""
    cell = plain(cell)
    return cell if cell.__class__ is str else printed(cell)


# Order ---------------------------------------------------------------------------


def order_of(cells: ColumnData, kind: ColumnType, *, descending: bool) -> Indices:
    """The places of the cells in order; equal ones keep theirs, nulls come last either way."""
    series = cells.series()
    if series is not None and series.dtype == pl.String:
        series = None if kind is ColumnType.CURRENCY else _text_keys(series)
    elif series is not None and series.dtype == pl.Float64 and (series == -math.inf).any():
        series = None  # a text, as on a page, and behind all numbers
    if series is not None:
        return order_of_series(series, descending=descending, nulls_last=True)
    key = _memoized(_amount_key) if kind is ColumnType.CURRENCY else _key
    keys = [None if cell is None else key(plain(cell)) for cell in cells]
    if not is_short(len(keys)):
        return _order_of_keys(keys, descending)
    filled = [place for place, each in enumerate(keys) if each is not None]
    filled.sort(key=keys.__getitem__, reverse=descending)  # type: ignore[arg-type]
    return filled + [place for place, each in enumerate(keys) if each is None]


def _order_of_keys(keys: list[_Key | None], descending: bool) -> pl.Series:
    """The same by Polars, which releases the GIL: a program that runs meanwhile can go on, and be
    cancelled."""
    rank, number, text = ([None if key is None else key[part] for key in keys] for part in range(3))
    frame = pl.DataFrame(
        [
            pl.Series("rank", rank, dtype=pl.UInt8),
            pl.Series("number", number, dtype=pl.Float64),
            pl.Series("text", text, dtype=pl.String),
        ]
    )
    by_all = pl.arg_sort_by(
        frame.columns, descending=descending, nulls_last=True, maintain_order=True
    )
    return frame.select(by_all).to_series()


_SIMPLE = "^[\\x00-\\x7f\u0400-\u04ff«»№–—…]*$"
"""Texts of letters whose small form is all that their order needs."""

_WIDTH = 12
"""Runs of so many digits are made equally long, so that code points order them by their value."""


def _text_keys(series: pl.Series) -> pl.Series:
    """For each text what orders it: as ``natural_key``, by Polars where the texts are simple."""
    is_simple = series.str.contains(_SIMPLE) & ~series.str.contains(rf"[0-9]{{{_WIDTH + 1}}}")
    if not is_simple.all():
        keys = _memoized(lambda text: natural_key(day(text) or text))
        return pl.Series([None if text is None else keys(text) for text in series])
    return (
        series.str.replace(r"(?s)^([0-9]{2})\.([0-9]{2})\.([0-9]{4})(.*)$", "$3-$2-$1$4")
        .str.to_lowercase()
        .str.replace_all("ё", "е", literal=True)
        .str.replace_all("[0-9]+", "0" * _WIDTH + "$0")
        .str.replace_all(rf"[0-9]*([0-9]{{{_WIDTH}}})", "$1")
    )


_BOOL, _NUMBERS, _TEXT = 1, 2, 3


def _key(cell: Value) -> _Key:
    """What orders cells of any kind, as JSON can say them: bools, numbers, texts."""
    if cell.__class__ is bool:
        return (_BOOL, float(cell), "")
    if cell.__class__ is float:
        return (_NUMBERS, cell, "")
    key = natural_key(day(cell) or cell)
    return (_TEXT, 0.0, key if is_utf8(key) else key.encode("utf-8", "replace").decode())


def _amount_key(cell: Value) -> _Key:
    """The same, with money as its amount."""
    amount = _amount(cell) if cell.__class__ is str else None
    return _key(cell if amount is None else amount)


def _memoized(of: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The function with a cache by the value and its type."""
    known: dict[Any, Any] = {}

    def remembered(value: Any) -> Any:
        place = (value.__class__, value)
        found = known.get(place)
        if found is None:
            found = known[place] = of(value)
        return found

    return remembered


def _base_letters() -> dict[int, str]:
    """Accented Latin letters, and the one Russian letter that is ordered like its base."""
    found = {ord("ё"): "е"}
    for code in range(0xC0, 0x250):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii():
            found[code] = base.lower()
    return found


_BASES = _base_letters()
_DIGITS = re.compile(r"0*([0-9]+)")


def natural_key(text: str) -> str:
    """A sort key for texts: compared by code points, it gives the order of natural sorting.

    Runs of digits are ordered by their value: the length goes before the digits.
    """
    return _DIGITS.sub(_with_length, text.casefold().translate(_BASES))


def _with_length(run: re.Match[str]) -> str:
    digits = run[1]
    return f"0{chr(0x100 + min(len(digits), 0x1000))}{digits}"


_DOTTED = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})(.*)", re.DOTALL)
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def day(text: str) -> str | None:
    """A date as year, month, day and what follows; None for what does not begin with one."""
    dotted = _DOTTED.fullmatch(text)
    if dotted is not None:
        return f"{dotted[3]}-{dotted[2]}-{dotted[1]}{dotted[4]}"
    return text if _ISO.match(text) else None


_NO_AMOUNT = re.compile(r"[^0-9.,-]")
_THOUSANDS = re.compile(r",(?=[0-9]{3}(?:[^0-9]|$))")
_CODE = re.compile(r"\b[A-Za-z]{3}\b", re.ASCII)


def _amount(text: str) -> float | None:
    """The number in a text, whatever stands around it."""
    digits = _THOUSANDS.sub("", _NO_AMOUNT.sub("", text)).replace(",", ".", 1)
    try:
        return float(digits)
    except ValueError:
        return None


def _money(text: str) -> float | None:
    """The amount in a text that is nothing but money: letters only as the code of a currency."""
    rest = _CODE.sub("", text, count=1)
    return None if any(map(str.isalpha, rest)) else _amount(text)
