"""Evaluating an expression over the cells of rows for whole columns at once, by Polars.

For long tables and expressions that compare and compute with typed columns this is a hundred
times as fast as row by row. Every other expression, and one that could raise an error for some
row, is left to the caller, who evaluates it row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import add, mul, sub, truediv
from typing import TypeAlias

from datacode.errors import DataCodeError
from datacode.language.syntax import nodes
from datacode.language.syntax.parser import parse_expression
from datacode.tables.date_columns import dates_of, keyed_pair
from datacode.tables.date_parsing import DATE_LIKE
from datacode.tables.filters import where
from datacode.tables.money_columns import is_money
from datacode.values.column_storage import ColumnData, is_short
from datacode.values.date_text import could_be_date
from datacode.values.lazy_polars import pl
from datacode.values.parse_text import amount_of
from datacode.values.table import Table
from datacode.values.types import Value

CompileCondition: TypeAlias = "Callable[[str, Sequence[str]], Callable[[Sequence[Value]], Value]]"
"""Compiles an expression over the cells of the named columns of one row (``Host.condition``)."""


class NotVectorizable(Exception):
    """The expression has to be evaluated row by row."""


ColumnOrValue: TypeAlias = "ColumnData | Value"
"""A typed column, or one value for all rows."""

_SCALARS = (float, str, bool, type(None))
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}
_ARITHMETIC: dict[str, Callable[[pl.Series, pl.Series], pl.Series]] = {
    "+": add,
    "-": sub,
    "*": mul,
    "/": truediv,
}


def cells_of(compile_condition: CompileCondition, table: Table, text: str) -> ColumnData | None:
    """The value of an expression for every row; None if it is not vectorizable."""
    if is_short(len(table)):
        return None
    try:
        found = _Expression(compile_condition, table).value(parse_expression(text, table.names))
    except (DataCodeError, NotVectorizable):
        return None
    return found if isinstance(found, ColumnData) else None


def mask_of(compile_condition: CompileCondition, table: Table, text: str) -> pl.Series | None:
    """The rows for which a condition is true; None if it is not vectorizable."""
    found = cells_of(compile_condition, table, text)
    series = None if found is None else found.series()
    if series is None or series.dtype != pl.Boolean or series.null_count():
        return None
    return series


class _Expression:
    """Evaluates an expression over one table."""

    def __init__(self, compile_condition: CompileCondition, table: Table) -> None:
        self._compile_condition = compile_condition
        self._table = table

    def value(self, node: nodes.Expr) -> ColumnOrValue:
        """A column, or one value for all rows. Raises ``NotVectorizable``."""
        match node:
            case nodes.Number() | nodes.String() | nodes.Bool():
                return node.value
            case nodes.Null():
                return None
            case nodes.Name():
                return self._name(node.name)
            case nodes.Unary():
                return self._unary(node.operator, self.value(node.operand))
            case nodes.Logical():
                return self._logical(node.operator, self.value(node.left), self.value(node.right))
            case nodes.Binary():
                return self._binary(node.operator, self.value(node.left), self.value(node.right))
        raise NotVectorizable

    def _name(self, name: str) -> ColumnOrValue:
        position = self._table.position(name)
        if position is not None:
            cells = self._table.columns[position]
            if cells.series() is None:
                raise NotVectorizable
            return cells
        value = self._compile_condition(name, [])([])
        if value.__class__ not in _SCALARS:
            raise NotVectorizable
        return value

    def _unary(self, operator: str, operand: ColumnOrValue) -> ColumnOrValue:
        if operator == "not":
            return ColumnData.of_series(~_booleans(operand))
        if isinstance(operand, ColumnData):
            return ColumnData.of_series(-_numbers(operand))
        if operand.__class__ is float:
            return -operand
        raise NotVectorizable

    def _logical(self, operator: str, left: ColumnOrValue, right: ColumnOrValue) -> ColumnOrValue:
        one, other = _booleans(left), _booleans(right)
        return ColumnData.of_series(one & other if operator == "and" else one | other)

    def _binary(self, operator: str, left: ColumnOrValue, right: ColumnOrValue) -> ColumnOrValue:
        if operator in _MIRRORED:
            return self._comparison(operator, left, right)
        compute = _ARITHMETIC.get(operator)
        if compute is None or not (isinstance(left, ColumnData) or isinstance(right, ColumnData)):
            raise NotVectorizable
        one, other = self._as_column(left), self._as_column(right)
        if operator == "/" and (other == 0).any():
            raise NotVectorizable
        return ColumnData.of_series(compute(one, other))

    def _as_column(self, operand: ColumnOrValue) -> pl.Series:
        """Numbers for all rows."""
        if isinstance(operand, ColumnData):
            return _numbers(operand)
        if operand.__class__ is not float:
            raise NotVectorizable
        return pl.Series([operand], dtype=pl.Float64).new_from_index(0, len(self._table))

    def _comparison(
        self, operator: str, left: ColumnOrValue, right: ColumnOrValue
    ) -> ColumnOrValue:
        if not isinstance(left, ColumnData):
            operator, left, right = _MIRRORED[operator], right, left
        if not isinstance(left, ColumnData):
            raise NotVectorizable
        if _means_more(left, right):
            raise NotVectorizable
        if isinstance(right, ColumnData):
            if _are_alike_dates(left) and _are_alike_dates(right):
                left, right = keyed_pair(left, right, keep_texts=False)
            difference = _numbers(left) - _numbers(right)
            if not difference.is_finite().all():
                raise NotVectorizable
            left, right = ColumnData.of_series(difference), 0.0
        if operator not in ("==", "!=") and not _has_order(left, right):
            raise NotVectorizable
        mask = where(left, operator, right)
        if isinstance(mask, list):
            mask = pl.Series(mask, dtype=pl.Boolean)
        return ColumnData.of_series(mask.fill_null(False))


def _means_more(cells: ColumnData, value: ColumnOrValue) -> bool:
    """Are there dates or amounts in the column that count only beside each other, row by row?"""
    series = _typed(cells)
    if series.dtype != pl.String or isinstance(value, ColumnData):
        return False
    if value.__class__ is float:
        return is_money(cells)
    if value.__class__ is not str:
        return False
    if could_be_date(value):
        return dates_of(cells) is None and bool(series.str.contains(DATE_LIKE).any())
    return amount_of(value) is not None and not is_money(cells)


def _are_alike_dates(cells: ColumnData) -> bool:
    """Are all cells dates in one form, so that all of them have a time or none has?"""
    if _typed(cells).dtype != pl.String:
        return False
    dates = dates_of(cells)
    return dates is not None and dates.shape is not None and dates.count == len(cells)


def _typed(cells: ColumnData) -> pl.Series:
    series = cells.series()
    if series is None:
        raise NotVectorizable
    return series


def _numbers(operand: ColumnOrValue) -> pl.Series:
    """A column of numbers without nulls: with anything else there is nothing to compute."""
    if isinstance(operand, ColumnData):
        series = _typed(operand)
        if series.dtype == pl.Float64 and not series.null_count():
            return series
    raise NotVectorizable


def _booleans(operand: ColumnOrValue) -> pl.Series:
    """A column of bools; null is false."""
    if isinstance(operand, ColumnData):
        series = _typed(operand)
        if series.dtype == pl.Boolean:
            return series.fill_null(False)
    raise NotVectorizable


def _has_order(cells: ColumnData, value: Value) -> bool:
    """Is ``<`` between each cell and the value no error? With null it is just false."""
    kind = _typed(cells).dtype
    if value is None or kind == pl.Null:
        return True
    return (kind == pl.Float64 and value.__class__ is float) or (
        kind == pl.String and value.__class__ is str
    )
