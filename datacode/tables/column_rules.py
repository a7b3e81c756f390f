"""What the columns of a file are to become: types that were asked for, nulls, pictures of dates.

One ``ColumnRule`` holds what was asked for one column. The rules are about cells as texts, so that
they mean the same in text files and in workbooks. Source: tables and files reference, 2.9.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from datacode.errors import DataCodeError, runtime_error
from datacode.i18n.message import Message
from datacode.tables.read_options import ColumnType, ReadOptions, Warn
from datacode.tables.shape import first_filled, positions_of, without_footer
from datacode.values.column_storage import ColumnData
from datacode.values.date_picture import DatePicture
from datacode.values.date_text import is_date_text
from datacode.values.parse_text import (
    WHITE_SPACE,
    comes_back,
    is_count,
    is_identifier,
    number_from_text,
)
from datacode.values.table import Table
from datacode.values.text import printed
from datacode.values.types import Currency, Value

NULL_WORDS = frozenset(("null", "na"))

_BOOLS: Mapping[str, bool] = {
    **dict.fromkeys(("true", "yes", "1", "on", "да", "истина"), True),
    **dict.fromkeys(("false", "no", "0", "off", "нет", "ложь"), False),
}

_TRIED = 50
"""So many different texts of a column tell whether it may hold dates after a picture."""


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """What was asked for the column ``name``; ``type`` None leaves that to the cells."""

    name: str
    type: ColumnType | None = None
    decimal: str = "."
    thousands: str | None = None
    nulls: frozenset[str] = field(default_factory=frozenset)
    dates: DatePicture | None = None

    @property
    def is_plain(self) -> bool:
        """Is nothing asked but how numbers are written?"""
        return self.type is None and not self.nulls and self.dates is None


def column_rules(names: Sequence[str], options: ReadOptions) -> list[ColumnRule]:
    """A rule for each column. Raises a Runtime Error for a type of a column that is not there."""
    types = options.types
    if isinstance(types, Mapping):
        positions_of(names, list(types))
    elif types is not None:
        types = dict.fromkeys(names, types)
    nulls = frozenset(text.strip(WHITE_SPACE) for text in options.nulls)
    wanted = types or {}
    return [
        ColumnRule(name, wanted.get(name), options.decimal, options.thousands, nulls, options.dates)
        for name in names
    ]


class Misfit(Exception):
    """A text is not what its column is wanted to be."""

    def __init__(self, text: str) -> None:
        self.text = text


def misfit_error(rule: ColumnRule, text: str, row: int) -> DataCodeError:
    """The error of a text in ``row``, counted from 1 below the header."""
    return runtime_error(
        "cell_not_of_type",
        "'{text}' in row {row} of column '{column}' is no {type}",
        text=text[:100],
        row=row,
        column=rule.name,
        type=rule.type,
    )


def converted(texts: Iterable[str], rule: ColumnRule) -> dict[str, Value]:
    """What the texts, trimmed, stand for in a column of a wanted type. Raises ``Misfit``."""
    return {text: _converted(text, rule) for text in texts}


def _converted(text: str, rule: ColumnRule) -> Value:
    if not text or text in rule.nulls:
        return None
    if rule.type == "String":
        return text
    if text.lower() in NULL_WORDS:
        return None
    value = _TYPES[str(rule.type)](text, rule)
    if value is None:
        raise Misfit(text)
    return value


def _number(text: str, rule: ColumnRule) -> float | None:
    number = number_from_text(text, rule.decimal, rule.thousands)
    return None if number is None else number + 0.0


def _integer(text: str, rule: ColumnRule) -> float | None:
    number = _number(text, rule)
    return number if number is not None and number.is_integer() else None


def _bool(text: str, rule: ColumnRule) -> bool | None:
    return _BOOLS.get(text.lower())


def _date(text: str, rule: ColumnRule) -> str | None:
    found = rule.dates.iso(text) if rule.dates is not None else None
    return found or (text if is_date_text(text) else None)


def _currency(text: str, rule: ColumnRule) -> Currency | None:
    return Currency(text) if any(c in "0123456789" for c in text) else None


_TYPES = {
    "Number": _number,
    "Integer": _integer,
    "Bool": _bool,
    "Date": _date,
    "Currency": _currency,
}


def iso_dates(texts: Sequence[str], rule: ColumnRule, warn: Warn) -> dict[str, str] | None:
    """The ISO dates of a column's different texts, if all of them are dates after the picture.

    ``warn`` is told of a column that has both such dates and other texts, which stays as it is.
    """
    picture = rule.dates
    if picture is None or not any(picture.moment(text) for text in texts[:_TRIED]):
        return None
    found: dict[str, str] = {}
    for text in texts:
        date = picture.iso(text)
        if date is None:
            warn(
                Message(
                    "column_not_all_dates",
                    "Column '{column}' stays text: '{text}' is no date as {picture}",
                    {"column": rule.name[:100], "text": text[:100], "picture": picture.text},
                )
            )
            return None
        found[text] = date
    return found


# Cells of workbooks ----------------------------------------------------------------


def workbook_values(cells: Sequence[Value], rule: ColumnRule, warn: Warn) -> list[Value]:
    """The values of a column of a workbook, whose cells have types of their own.

    Texts become numbers if the rule says how numbers are written, unless one of them would not
    come back, or there is an identifier, or a code with leading zeros, and all numbers are whole.
    Raises a Runtime Error for a
    cell that is not of the wanted type.
    """
    if rule.nulls:
        cells = [None if _shown(cell) in rule.nulls else cell for cell in cells]
    if rule.type is not None:
        return _wanted_cells(cells, rule)
    texts = list(dict.fromkeys(cell for cell in cells if cell.__class__ is str))
    if all(cell is None or cell.__class__ is str for cell in cells):
        days = [text for text in texts if not _ISO_DAY.match(text)]  # real days come so
        dates = iso_dates(days, rule, warn)
        if dates is not None:
            return [dates.get(cell, cell) for cell in cells]
    if rule.decimal == "." and rule.thousands is None:
        return list(cells)
    numbers = {text: _number(text, rule) for text in texts}
    found = {text: number for text, number in numbers.items() if number is not None}
    if not all(comes_back(text, rule.decimal, rule.thousands) for text in found):
        return list(cells)
    others = (cell for cell in cells if isinstance(cell, float))
    stripped = (text.strip(WHITE_SPACE) for text in texts)
    if any(is_identifier(text) or _CODE.fullmatch(text) for text in stripped) and all(
        map(is_count, (*found.values(), *others))
    ):
        return list(cells)
    return [found.get(cell, cell) if cell.__class__ is str else cell for cell in cells]


_CODE = re.compile("0[0-9]+")

_ISO_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9]{2}:[0-9]{2}:[0-9]{2})?$", re.ASCII)

_OWN_TYPES = {"Number": float, "Integer": float, "Bool": bool}


def _wanted_cells(cells: Sequence[Value], rule: ColumnRule) -> list[Value]:
    own = _OWN_TYPES.get(str(rule.type))
    values: list[Value] = []
    for row, cell in enumerate(cells, 1):
        if cell is None or (
            cell.__class__ is own and (rule.type != "Integer" or cell.is_integer())
        ):
            values.append(cell)
            continue
        text = _shown(cell)
        try:
            values.append(_converted(text, rule))
        except Misfit:
            raise misfit_error(rule, text, row) from None
    return values


def _shown(cell: Value) -> str:
    return cell if cell.__class__ is str else printed(cell)


def as_wanted(table: Table, options: ReadOptions, warn: Warn) -> Table:
    """A table of a file that has columns of its own, with what the options ask of them."""
    if options.until is not None or options.skip_footer:
        texts = map(first_filled, table.rows())
        rows = without_footer(texts, options.skip_footer, options.until, str, warn)
        table = table.slice(0, sum(1 for _ in rows))
    if options.max_rows is not None:
        table = table.slice(0, min(len(table), options.max_rows))
    rules = column_rules(table.names, options)
    places: Sequence[int] = range(len(table.names))
    if options.columns is not None:
        places = positions_of(table.names, options.columns)
    table = table.select(places)
    if not changes_cells(options):
        return table
    columns = [
        ColumnData.of_list(workbook_values(column.values(), rules[place], warn))
        for place, column in zip(places, table.columns, strict=True)
    ]
    return Table(table.names, columns, len(table))


def changes_cells(options: ReadOptions) -> bool:
    """Is something asked of cells that have types of their own?"""
    has_number_form = options.decimal != "." or options.thousands is not None
    return bool(has_number_form or options.types or options.nulls or options.dates)
