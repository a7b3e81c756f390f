"""Evaluating an expression over the cells of rows for whole columns at once, by Polars.

For long tables and expressions that compare and compute with typed columns this is a hundred
times as fast as row by row. Every other expression, and one that could raise an error for some
row, is left to the caller, who evaluates it row by row.
"""

from __future__ import annotations

import operator as operators
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

from datacode.errors import DataCodeError
from datacode.language.syntax import nodes
from datacode.language.syntax.parser import remembered_expression
from datacode.tables import column_arithmetic, column_functions, slash_dates
from datacode.tables.by_value import spread
from datacode.tables.date_columns import dates_of, keyed_pair
from datacode.tables.date_parsing import DATE_LIKE
from datacode.tables.duration_columns import are_durations, duration_of
from datacode.tables.filters import is_utf8, where
from datacode.tables.money_columns import are_amounts, is_money
from datacode.tables.regular_expressions import are_matching
from datacode.tables.text_forms import DIGIT, DURATION_LIKE, has_text_like
from datacode.values.column_storage import SHORT, ColumnData, is_short
from datacode.values.date_text import could_be_date
from datacode.values.lazy_polars import pl
from datacode.values.parse_text import MONEY_MARK, amount_of
from datacode.values.table import Table
from datacode.values.text import printed
from datacode.values.types import EPSILON, Value


class RowExpressions(Protocol):
    """What evaluates expressions over rows: the interpreter (``Host.engine``)."""

    def condition(self, text: str, columns: Sequence[str]) -> Callable[[Sequence[Value]], Value]:
        """Compile an expression over the cells of the named columns of one row."""

    def defines(self, name: str) -> bool:
        """Has the program a function of that name, which wins over the library's?"""

    def call(self, name: str, arguments: Sequence[Value]) -> Value:
        """Call the function of that name."""


class NotVectorizable(Exception):
    """The expression has to be evaluated row by row."""


ColumnOrValue: TypeAlias = "ColumnData | Value"
"""A typed column, or one value for all rows."""

_MOST_BRANCHES = 100
"""Each branch of ``case`` takes two columns of memory until all of them are known."""

_SCALARS = (float, str, bool, type(None))
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}
_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "<": operators.lt,
    ">": operators.gt,
    "<=": operators.le,
    ">=": operators.ge,
}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operators.add,
    "-": operators.sub,
    "*": operators.mul,
    "/": column_arithmetic.quotient,
}


def cells_of(expressions: RowExpressions, table: Table, text: str) -> ColumnData | None:
    """The value of an expression for every row; None if it is not vectorizable."""
    found = _cells(expressions, table, text)
    return found if found is None or len(found) == len(table) else found.slice(0, len(table))


def mask_of(expressions: RowExpressions, table: Table, text: str) -> pl.Series | None:
    """The rows for which a condition is true; None if it is not vectorizable."""
    found = _cells(expressions, table, text)
    series = None if found is None else found.series()
    if series is None or series.dtype != pl.Boolean or series.null_count():
        return None
    return series.head(len(table))


def _cells(expressions: RowExpressions, table: Table, text: str) -> ColumnData | None:
    """The value for every row, and for short tables maybe for the rows again and again."""
    if is_short(len(table)):
        if not slash_dates.mentioned(table, text):
            return None
        table = _made_long(table)  # such dates are read for whole columns only
    functions = ("case",) if expressions.defines("case") else ()
    try:
        tree = remembered_expression(text, tuple(table.names), functions)
        found = _Expression(expressions, table).value(tree)
    except (DataCodeError, NotVectorizable):
        return None
    return found if isinstance(found, ColumnData) else None


def _made_long(table: Table) -> Table:
    """The rows so often that their columns are no short ones."""
    times = SHORT // len(table) + 1
    columns = [ColumnData.of_list(list(cells.values()) * times) for cells in table.columns]
    return Table(table.names, columns, len(table) * times)


class _Expression:
    """Evaluates an expression over one table."""

    def __init__(self, expressions: RowExpressions, table: Table) -> None:
        self._expressions = expressions
        self._table = table
        self._wanted: pl.Series | None = None
        """The rows whose value matters, within a branch of ``if(…)``; None for all."""

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
                return self._logical(node)
            case nodes.Binary():
                return self._binary(node)
            case nodes.RowTest():
                found = self._row_test(node)
                return ColumnData.of_series(~found if node.negated else found)
            case nodes.Choice():
                return self._choice(node)
            case nodes.Call():
                return self._call(node)
        raise NotVectorizable

    def _fail_if(self, rows: pl.Series) -> None:
        """Row by row there would be an error for these rows, if they are wanted."""
        if self._wanted is not None:
            rows = rows & self._wanted
        if rows.any():
            raise NotVectorizable

    def _name(self, name: str) -> ColumnOrValue:
        position = self._table.position(name)
        if position is not None:
            cells = self._table.columns[position]
            if cells.series() is None:
                raise NotVectorizable
            return cells
        value = self._variable(name)
        if value.__class__ not in _SCALARS:
            raise NotVectorizable
        return value

    def _variable(self, name: str) -> Value:
        return self._expressions.condition(name, [])([])

    def _booleans(self, operand: ColumnOrValue) -> pl.Series:
        """A column of bools; null is false."""
        if isinstance(operand, ColumnData):
            series = _typed(operand)
            if series.dtype == pl.Boolean:
                return series.fill_null(False)
        if operand.__class__ is bool:
            return pl.Series([operand]).new_from_index(0, len(self._table))
        raise NotVectorizable

    # Operators -------------------------------------------------------------------

    def _unary(self, operator: str, operand: ColumnOrValue) -> ColumnOrValue:
        if operator == "not":
            return ColumnData.of_series(~self._booleans(operand))
        if isinstance(operand, ColumnData):
            return ColumnData.of_series(-self._numbers(operand))
        if operand.__class__ is float:
            return -operand
        raise NotVectorizable

    def _logical(self, node: nodes.Logical) -> ColumnOrValue:
        """A row of ``and`` and ``or``, which may be long and is deep on its left."""
        row: list[nodes.Logical] = []
        first: nodes.Expr = node
        while isinstance(first, nodes.Logical):
            row.append(first)
            first = first.left
        left = self._booleans(self.value(first))
        for each in reversed(row):
            right = self._booleans(self.value(each.right))
            left = left & right if each.operator == "and" else left | right
        return ColumnData.of_series(left)

    def _binary(self, node: nodes.Binary) -> ColumnOrValue:
        row: list[nodes.Binary] = []
        first: nodes.Expr = node
        while isinstance(first, nodes.Binary):
            row.append(first)
            first = first.left
        left = self.value(first)
        for each in reversed(row):
            left = self._operation(each.operator, left, self.value(each.right))
        return left

    def _operation(self, operator: str, left: ColumnOrValue, right: ColumnOrValue) -> ColumnOrValue:
        if operator in _MIRRORED:
            return ColumnData.of_series(self._comparison(operator, left, right))
        compute = _ARITHMETIC.get(operator)
        if not (isinstance(left, ColumnData) or isinstance(right, ColumnData)):
            raise NotVectorizable
        if operator == "+" and (_is_text(left) or _is_text(right)):
            return self._concatenation(left, right)
        one, other = self._number_or_numbers(left), self._number_or_numbers(right)
        if operator == "^":
            return ColumnData.of_series(column_arithmetic.power(one, other, len(self._table)))
        if compute is None and operator != "%":
            raise NotVectorizable
        if operator in "/%":
            if isinstance(other, float):
                if other == 0:
                    raise NotVectorizable
            else:
                self._fail_if(other == 0)
        if compute is None:
            return ColumnData.of_series(column_arithmetic.remainder(one, other, len(self._table)))
        return ColumnData.of_series(compute(one, other))

    def _concatenation(self, left: ColumnOrValue, right: ColumnOrValue) -> ColumnOrValue:
        one: Any = self._text_or_texts(left)
        return ColumnData.of_series(one + self._text_or_texts(right))

    def _text_or_texts(self, operand: ColumnOrValue) -> pl.Series | str:
        if isinstance(operand, ColumnData):
            series = _typed(operand)
            if series.dtype != pl.String:
                raise NotVectorizable
            return self._without_nulls(series, "")
        if operand is None or not is_utf8(text := printed(operand)):
            raise NotVectorizable
        return text

    def _without_nulls(self, series: pl.Series, instead: Value) -> pl.Series:
        """The column, where a null would be an error."""
        if not series.null_count():
            return series
        self._fail_if(series.is_null())
        return series.fill_null(instead)

    def _numbers(self, operand: ColumnOrValue) -> pl.Series:
        """A column of numbers: with anything else there is nothing to compute."""
        if isinstance(operand, ColumnData):
            series = _typed(operand)
            if series.dtype == pl.Float64:
                return self._without_nulls(series, 0.0)
        raise NotVectorizable

    def _number_or_numbers(self, operand: ColumnOrValue) -> pl.Series | float:
        if operand.__class__ is float:
            return operand
        return self._numbers(operand)

    def _comparison(self, operator: str, left: ColumnOrValue, right: ColumnOrValue) -> pl.Series:
        """Which rows compare so; null is above and below nothing."""
        if not isinstance(left, ColumnData):
            operator, left, right = _MIRRORED[operator], right, left
        if not isinstance(left, ColumnData):
            raise NotVectorizable
        if _means_more(left, right):
            raise NotVectorizable
        if isinstance(right, ColumnData):
            if _are_alike_dates(left) and _are_alike_dates(right):
                left, right = keyed_pair(left, right, keep_texts=False)
            return _of_columns(operator, left, right)
        if operator not in ("==", "!="):
            left = self._ordered(left, right)
        return _as_series(where(left, operator, right)).fill_null(False)

    def _ordered(self, cells: ColumnData, value: Value) -> ColumnData:
        """The column, if ``<`` between its cells and the value is no error. With null it is just
        false."""
        kind = _typed(cells).dtype
        fits = (kind == pl.Float64 and value.__class__ is float) or (
            kind == pl.String
            and (value.__class__ is str or (value.__class__ is float and are_amounts(cells)))
        )
        if not fits and value is not None and kind != pl.Null:
            raise NotVectorizable
        return cells

    # Words -------------------------------------------------------------------------

    def _row_test(self, node: nodes.RowTest) -> pl.Series:
        tested = self.value(node.operands[0])
        if not isinstance(tested, ColumnData):
            raise NotVectorizable
        if node.operator == "in":
            values = self._values(node.operands[1])
            if any(_means_more(tested, value) for value in values):
                raise NotVectorizable
            return _as_series(where(tested, "in", values)).fill_null(False)
        others = [self.value(each) for each in node.operands[1:]]
        if node.operator == "between":
            low, high = others
            above = self._comparison(">=", tested, low)
            return above & self._comparison("<=", tested, high)
        pattern = others[0]
        if pattern.__class__ is not str:
            raise NotVectorizable
        if node.operator == "like":
            return _as_series(where(tested, "like", pattern)).fill_null(False)
        series = _typed(tested)
        if series.dtype != pl.String:
            raise NotVectorizable
        return are_matching(series, pattern).fill_null(False)

    def _values(self, node: nodes.Expr) -> list[Value]:
        """The elements of an array of plain values."""
        if isinstance(node, nodes.Array):
            values = [self.value(each) for each in node.elements]
        elif isinstance(node, nodes.Name) and self._table.position(node.name) is None:
            values = self._variable(node.name)
        else:
            raise NotVectorizable
        if values.__class__ is not list or any(v.__class__ not in _SCALARS for v in values):
            raise NotVectorizable
        return values

    def _choice(self, node: nodes.Choice) -> ColumnOrValue:
        """The values of the branches, each worked out for the rows that it is for."""
        if len(node.branches) > _MOST_BRANCHES:
            raise NotVectorizable
        outer = self._wanted
        left = outer
        chosen: list[tuple[pl.Series, ColumnOrValue]] = []
        try:
            for test, result in node.branches:
                self._wanted = left
                mask = self._booleans(self.value(test))
                self._wanted = mask if left is None else mask & left
                chosen.append((mask, self.value(result)))
                left = ~mask if left is None else left & ~mask
            self._wanted = left
            otherwise = self.value(node.otherwise)
        finally:
            self._wanted = outer
        return _joined(chosen, otherwise)

    # Functions -----------------------------------------------------------------------

    def _call(self, node: nodes.Call) -> ColumnOrValue:
        """A function of the library of one column and other values."""
        if node.positional is None or self._expressions.defines(node.name):
            raise NotVectorizable
        if node.name not in column_functions.FUNCTIONS and node.name not in column_functions.PURE:
            raise NotVectorizable
        values = list(map(self.value, node.positional))
        columns = sum(isinstance(value, ColumnData) for value in values)
        if columns > 1 and node.name in column_functions.PURE:
            return self._by_different_rows(node.name, values)
        first, *others = values
        if not isinstance(first, ColumnData) or columns > 1:
            raise NotVectorizable
        series = self._read_as_dates(node.name, first)
        if node.name == "isset":
            return ColumnData.of_series(series.is_not_null())
        function = column_functions.FUNCTIONS.get(node.name)
        if function is not None and series.dtype in (pl.String, pl.Float64):
            filled = self._without_nulls(series, "" if series.dtype == pl.String else 0.0)
            made = function(filled, others)
            if made is not None:
                return ColumnData.of_series(made)
        return self._by_different_values(node.name, series, others)

    def _by_different_values(
        self, name: str, series: pl.Series, others: list[Value]
    ) -> ColumnOrValue:
        """The results of a pure function, called once for each different value that is wanted."""
        wanted = series if self._wanted is None else series.filter(self._wanted)
        if wanted.dtype == pl.Float64 and wanted.is_nan().any():
            raise NotVectorizable
        values = wanted.unique()
        results = [self._expressions.call(name, [value, *others]) for value in values]
        return spread(series.alias("0").to_frame(), values.alias("0").to_frame(), results)

    def _by_different_rows(self, name: str, values: list[ColumnOrValue]) -> ColumnOrValue:
        """The same for a function of several columns, called once for each different set."""
        columns = {
            str(place): self._read_as_dates(name, value)
            for place, value in enumerate(values)
            if isinstance(value, ColumnData)
        }
        frame = pl.DataFrame([series.alias(place) for place, series in columns.items()])
        wanted = frame if self._wanted is None else frame.filter(self._wanted)
        if any(s.dtype == pl.Float64 and s.is_nan().any() for s in wanted.get_columns()):
            raise NotVectorizable
        different = wanted.unique(maintain_order=True)
        given: list[Any] = list(values)
        results = []
        for row in different.iter_rows():
            for place, value in zip(columns, row, strict=True):
                given[int(place)] = value
            results.append(self._expressions.call(name, given))
        return spread(frame, different, results)

    def _read_as_dates(self, name: str, cells: ColumnData) -> pl.Series:
        """A column that a function is given, its dates in a form that says which is the day."""
        if name in slash_dates.DATE_FUNCTIONS and slash_dates.read_otherwise(cells):
            if dates_of(cells) is None:
                raise NotVectorizable
            cells = slash_dates.in_iso(cells)
        return _typed(cells)


# Columns -----------------------------------------------------------------------------


def _of_texts(operator: str, left: ColumnData, right: ColumnData) -> pl.Series:
    """Two columns of texts compared that mean no more than that beside each other."""
    for pattern in (DATE_LIKE, DURATION_LIKE, DIGIT):  # the last may be amounts of money
        if pattern == DIGIT and operator not in _ORDER:
            continue
        found = [has_text_like(cells, pattern) for cells in (left, right)]
        if all(found) or (pattern == DATE_LIKE and operator in _ORDER and any(found)):
            raise NotVectorizable
    one, other = _typed(left), _typed(right)
    if operator in _ORDER:
        mask: pl.Series = _ORDER[operator](one, other)
        return mask.fill_null(False)
    mask = one.eq_missing(other)
    return ~mask if operator == "!=" else mask


def _of_columns(operator: str, left: ColumnData, right: ColumnData) -> pl.Series:
    """Two columns of numbers or texts compared, cell by cell. Nothing compares with NaN."""
    one, other = _typed(left), _typed(right)
    if one.dtype == other.dtype == pl.String:
        return _of_texts(operator, left, right)
    if one.dtype != pl.Float64 or other.dtype != pl.Float64:
        raise NotVectorizable
    if operator in _ORDER:
        mask: pl.Series = _ORDER[operator](one, other)
    else:
        mask = one.eq_missing(other) | ((one - other).abs() < EPSILON).fill_null(False)
    mask = mask.fill_null(False)
    # For Polars NaN is above all numbers and equal to itself: only a NaN on the side that should be
    # above, or equal, makes a difference.
    for series in (other if operator in ("<", "<=") else one,):
        not_numbers = series.is_nan()
        if not_numbers.any():
            mask &= ~not_numbers.fill_null(False)
    return ~mask if operator == "!=" else mask


def _means_more(cells: ColumnData, value: ColumnOrValue) -> bool:
    """Are there dates, durations or amounts in the column that count only beside each other, row by
    row?
    """
    series = _typed(cells)
    if series.dtype != pl.String or isinstance(value, ColumnData):
        return False
    if value.__class__ is float:
        return not is_money(cells) and has_text_like(cells, MONEY_MARK)
    if value.__class__ is not str:
        return False
    if could_be_date(value):
        return dates_of(cells) is None and has_text_like(cells, DATE_LIKE)
    if duration_of(value) is not None:
        return not are_durations(cells) and has_text_like(cells, DURATION_LIKE)
    return amount_of(value) is not None and not is_money(cells)


def _are_alike_dates(cells: ColumnData) -> bool:
    """Are all cells dates in one form, so that all of them have a time or none has?"""
    if _typed(cells).dtype != pl.String:
        return False
    dates = dates_of(cells)
    return dates is not None and dates.shape is not None and dates.count == len(cells)


def _of_several_kinds(
    chosen: list[tuple[pl.Series, ColumnOrValue]], otherwise: ColumnOrValue
) -> ColumnData:
    """The same where the values are of several kinds, or null alone."""
    length = len(chosen[0][0])
    places: Any = pl
    for place, (mask, _) in enumerate(chosen):
        places = places.when(mask).then(pl.lit(place))
    found = pl.select(places.otherwise(pl.lit(len(chosen)))).to_series().to_list()
    columns = [
        value.values() if isinstance(value, ColumnData) else [value] * length
        for value in (*(value for _, value in chosen), otherwise)
    ]
    return ColumnData.of_list([columns[place][row] for row, place in enumerate(found)])


def _joined(chosen: list[tuple[pl.Series, ColumnOrValue]], otherwise: ColumnOrValue) -> ColumnData:
    """For each row the value of the first branch that holds. They all are of one kind."""
    columns: list[pl.Series] = []

    def column(series: pl.Series) -> pl.Expr:
        columns.append(series.alias(str(len(columns))))
        return pl.col(columns[-1].name)

    kinds = {_kind(value) for _, value in chosen} | {_kind(otherwise)}
    kinds.discard(pl.Null())
    if len(kinds) != 1:
        return _of_several_kinds(chosen, otherwise)
    kind = kinds.pop()
    if (
        len(chosen) == 1
        and isinstance(chosen[0][1], ColumnData)
        and isinstance(otherwise, ColumnData)
    ):
        one, other = _typed(chosen[0][1]), _typed(otherwise)
        if one.dtype == other.dtype == kind:
            return ColumnData.of_series(one.zip_with(chosen[0][0], other))

    def result(value: ColumnOrValue) -> pl.Expr:
        if isinstance(value, ColumnData):
            return column(_typed(value).cast(kind))
        return pl.lit(value, dtype=kind)

    made: Any = pl
    for mask, value in chosen:
        made = made.when(column(mask)).then(result(value))
    expression = made.otherwise(result(otherwise)).alias("made")
    found = pl.DataFrame(columns).select(expression).to_series()
    return ColumnData.of_series(found.cast(pl.Null) if found.null_count() == len(found) else found)


def _kind(value: ColumnOrValue) -> pl.DataType:
    """The type of a column or a value, as Polars has it."""
    if isinstance(value, ColumnData):
        return _typed(value).dtype
    if value.__class__ is str and not is_utf8(value):
        raise NotVectorizable
    kinds: dict[type, pl.DataType] = {
        float: pl.Float64(),
        str: pl.String(),
        bool: pl.Boolean(),
        type(None): pl.Null(),
    }
    return kinds[value.__class__]


def _as_series(mask: pl.Series | list[bool]) -> pl.Series:
    return pl.Series(mask, dtype=pl.Boolean) if isinstance(mask, list) else mask


def _is_text(operand: ColumnOrValue) -> bool:
    if isinstance(operand, ColumnData):
        return _typed(operand).dtype == pl.String
    return operand.__class__ is str


def _typed(cells: ColumnData) -> pl.Series:
    series = cells.series()
    if series is None:
        raise NotVectorizable
    return series
