"""Columns that are called Currency: compared by the amounts, not by their texts.

A text that is money counts as a currency value there. Source: tables and files reference, 1.3.
"""

from __future__ import annotations

from collections.abc import Iterable

from datacode.tables.column_types import ColumnType, column_kind
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl
from datacode.values.parse_text import Amount, amount_of
from datacode.values.stored_column import compare_by_parts
from datacode.values.types import Currency, Value

_LOOKED_AT = 20
"""So many cells say whether it is worth while to look at all of them."""


def is_money(cells: ColumnData) -> bool:
    """Is the column called Currency?"""
    if compare_by_parts([cells]):
        return False
    series = cells.stored_series() if cells.is_stored_as_series() else None
    if series is not None:
        if series.dtype != pl.String:
            return False
        filled = series.drop_nulls()
        looked_at = filled.gather_every(max(1, len(filled) // _LOOKED_AT)).to_list()
    else:
        values = cells.values()
        looked_at = [v for v in values[:: max(1, len(values) // 100)] if v is not None]
        looked_at = looked_at or [v for v in values if v is not None][:_LOOKED_AT]
    if not any(amount_of(value) for value in looked_at):
        return False
    return column_kind(cells).type is ColumnType.CURRENCY


def is_money_of_one_currency(cells: ColumnData) -> bool:
    """Is the column called Currency, and are all its cells amounts in one currency, or null?"""
    if not is_money(cells):
        return False
    found = {amount_of(value) for value in cells if value is not None}
    return None not in found and len({each.currency for each in found if each is not None}) == 1


def are_amounts(cells: ColumnData) -> bool:
    """Is the column called Currency, and has every cell that is not null an amount?"""
    return is_money(cells) and all(
        amount_of(value) is not None for value in set(cells) if value is not None
    )


def amounts_beside(cells: ColumnData, *values: Value) -> tuple[ColumnData, list[float]] | None:
    """The amounts of a column called Currency and of values, which are money or numbers.

    A cell in another currency than the values is null. None for all other columns and values, and
    for values in different currencies.
    """
    wanted = [Amount(v, None) if v.__class__ is float else amount_of(v) for v in values]
    found = [amount for amount in wanted if amount is not None]
    if len(found) < len(values) or not is_money(cells):
        return None
    currencies = {amount.currency for amount in found} - {None}
    if len(currencies) > 1:
        return None
    return amounts_in(cells, next(iter(currencies), None)), [amount.amount for amount in found]


def amounts_in(cells: ColumnData, currency: str | None) -> ColumnData:
    """The amounts in a currency, or of all cells; null for cells in another one."""

    def amount(value: Value) -> float | None:
        if value.__class__ is float:
            return float(value)
        found = amount_of(value)
        if found is None or currency not in (None, found.currency):
            return None
        return found.amount

    return ColumnData.of_list([amount(value) for value in cells])


def as_money(cells: Iterable[Value]) -> list[Value]:
    """The cells with texts that are money as currency values."""
    return [Currency(v) if v.__class__ is str and amount_of(v) is not None else v for v in cells]
