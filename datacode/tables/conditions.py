"""Filters by the text of a condition: ``table_filter``, ``table_query``, ``t['age > 30']``.

Source: tables and files reference, 1.7; builtins reference, 10.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from datacode.errors import DataCodeError, Kind, runtime_error
from datacode.i18n.message import Message
from datacode.tables.filters import is_operator, where
from datacode.tables.select import position_of, renamed_by_join
from datacode.tables.slash_dates import mentioned, refuse_row_by_row
from datacode.tables.vectorized import RowExpressions, cells_of, mask_of
from datacode.values.column_storage import ColumnData, Mask
from datacode.values.lazy_polars import pl
from datacode.values.parse_text import comes_back, number_from_text
from datacode.values.stored_column import BATCH, in_memory
from datacode.values.table import Table
from datacode.values.types import Value

_UNREADABLE = Message(
    "condition_unreadable", "The filter condition cannot be read: {error}", russian=True
)
_FAILED = Message("condition_failed", "Error in the filter condition: {error}", russian=True)
_NOT_BOOLEAN = Message("condition_type", "The filter condition must give a boolean", russian=True)

_NAME = re.compile(r"[^\W\d]\w*")
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None}
_COLUMN = re.compile(r"`((?:[^`]|``)+)`")
_LIKE_A_CONDITION = re.compile(
    r"[<>=!`]|\b(?:and|or|not|like|in|between|matches|is|case)\b|\w\(", re.IGNORECASE
)


class _NotAnExpression(Exception):
    """The text is no expression; ``error`` is the syntax error."""

    def __init__(self, error: DataCodeError) -> None:
        super().__init__(error)
        self.error = error


def filtered(expressions: RowExpressions, table: Table, condition: str) -> Table:
    """The rows for which a condition holds: ``column operator value`` or an expression.

    Raises the errors of ``table_filter``.
    """
    found = _by_comparison(table, condition)
    if found is not None:
        return found
    if not len(table):
        return table
    try:
        return _by_expression(expressions, table, condition)
    except _NotAnExpression:
        raise _unreadable(condition) from None


def queried(expressions: RowExpressions, table: Table, expression: str) -> Table:
    """The rows for which an expression is true. Raises the errors of ``table_query``."""
    if not len(table):
        return table
    try:
        return _by_expression(expressions, table, expression)
    except _NotAnExpression as refused:
        message = _UNREADABLE.filled(error=refused.error.within())
        raise DataCodeError(Kind.RUNTIME, message) from None


def filter_by_condition(expressions: RowExpressions, table: Table, text: str) -> Table | None:
    """What ``table[text]`` is if the text names no column: filtered rows.

    None if the text is no condition either; it has to compare, combine or call something.
    """
    if not _LIKE_A_CONDITION.search(text):
        return None
    if not names_more_than_a_text(expressions, table, text):
        found = _by_comparison(table, text)
        if found is not None:
            return found
    try:
        return _by_expression(expressions, table, text)
    except _NotAnExpression:
        return None


def computed(expressions: RowExpressions, table: Table, expression: str) -> ColumnData:
    """The value of an expression for every row, its names being the row's cells."""
    if not len(table):
        return ColumnData.of_list([])
    source = next((c.source for c in table.columns if c.source is not None), None)
    if source is not None and not mentioned(table, expression):
        parts = ([computed(expressions, part, expression)] for part in _parts(table, expression))
        return source.new_columns(parts)[0]
    whole = cells_of(expressions, table, expression)
    if whole is not None:
        return whole
    try:
        values = _values_by_row(expressions, table, expression)
    except _NotAnExpression as refused:
        raise runtime_error(
            "expression_unreadable",
            "The expression cannot be read: {error}",
            error=refused.error.within(),
        ) from None
    try:
        return ColumnData.of_list(list(values))
    except DataCodeError as error:
        if error.kind is Kind.LIMIT or len(error.text) > _LONGEST_TOLD:
            raise
        raise runtime_error(
            "expression_failed", "Error in the expression: {error}", error=error.within()
        ) from None


# column operator value -------------------------------------------------------------


def compared_parts(table: Table, condition: str) -> tuple[str, str, str] | None:
    """Column, operator and value of a condition of that form; None if it is of another form."""
    parts = condition.split()
    if len(parts) != 3 or not is_operator(parts[1]):
        return None
    column, operator, value = parts
    if _COLUMN.fullmatch(value):
        return None
    if operator.lower() == "in" and (value.startswith("[") or _NAME.fullmatch(value)):
        return None
    if table.position(column) is None and not _NAME.fullmatch(column):
        return None
    return column, operator, value


def names_more_than_a_text(expressions: RowExpressions, table: Table, condition: str) -> bool:
    """Is the value of such a condition a word without quotes that is the name of a column, or of a
    variable of the program?"""
    parts = compared_parts(table, condition)
    if parts is None:
        return False
    word = parts[2]
    if not _NAME.fullmatch(word) or word in _WORDS:
        return False
    if table.position(word) is not None:
        return True
    try:
        expressions.condition(word, [])([])
    except DataCodeError:
        return False
    return True


def _by_comparison(table: Table, condition: str) -> Table | None:
    """The rows by a condition of that form; None if it is of another form."""
    parts = compared_parts(table, condition)
    if parts is None:
        return None
    column, operator, value = parts
    cells = table.columns[position_of(table, column)]
    return table.keep(where(cells, operator, literal(value, cells)))


def literal(text: str, cells: ColumnData) -> Value:
    """A number, a word for a value, or text, from which quotes are removed.

    A number that would not come back, such as that of an account, is text beside texts.
    """
    if text in _WORDS:
        return _WORDS[text]
    number = number_from_text(text)
    if number is None or (not comes_back(text) and any(isinstance(c, str) for c in cells)):
        return text.strip("'\"")
    return number


def _unreadable(condition: str) -> DataCodeError:
    parts = condition.split()
    if len(parts) == 3:
        return runtime_error("bad_operator", "Unsupported operator: {operator}", operator=parts[1])
    return runtime_error(
        "bad_filter_condition",
        "Invalid filter condition: '{condition}'. Expected format: 'column operator value'",
        condition=condition,
    )


# Expressions -----------------------------------------------------------------------

_LONGEST_TOLD = 2_000
"""Characters of an error that another one quotes: conditions may fail within conditions, down to
the limit of recursion, and each would quote the one inside."""


def _mentioned(table: Table, text: str) -> list[int]:
    """The positions of the columns that an expression may mention."""
    mentioned = set(_NAME.findall(text))
    mentioned.update(name.replace("``", "`") for name in _COLUMN.findall(text))
    names = [name for name in dict.fromkeys(table.names) if name in mentioned]
    return [position_of(table, name) for name in names]


def _parts(table: Table, text: str) -> Iterator[Table]:
    """What an expression may mention of a table in files, part by part, in memory."""
    positions = _mentioned(table, text)
    names = [table.names[p] for p in positions]
    columns = [table.columns[p] for p in positions]
    for start in range(0, len(table), BATCH):
        stop = min(start + BATCH, len(table))
        yield Table(names, in_memory(columns, start, stop), stop - start)


def _values_by_row(expressions: RowExpressions, table: Table, text: str) -> Iterator[Value]:
    """Compile an expression over the columns that it may mention, and evaluate it for every row.

    Raises ``_NotAnExpression`` for its syntax errors, and a Runtime Error for dates that would be
    read otherwise than in their column; errors of rows come with the rows.
    """
    refuse_row_by_row(table, text)
    positions = _mentioned(table, text)
    names = [table.names[position] for position in positions]
    try:
        value_of = expressions.condition(text, names)
    except DataCodeError as error:
        if error.kind is not Kind.SYNTAX:
            raise
        raise _NotAnExpression(error) from None
    return map(value_of, table.select(positions).rows())


def _by_expression(expressions: RowExpressions, table: Table, text: str) -> Table:
    """The rows for which an expression is true: for all at once, or row by row.

    Raises ``_NotAnExpression``, and a Runtime Error for what goes wrong in a row.
    """
    if all(column.source is None for column in table.columns) or mentioned(table, text):
        return table.keep(_mask(expressions, table, text, table))
    masks = [_mask(expressions, part, text, table) for part in _parts(table, text)]
    if not masks:
        return table
    return table.keep(pl.concat([pl.Series(mask, dtype=pl.Boolean) for mask in masks]))


def _mask(expressions: RowExpressions, table: Table, text: str, whole: Table) -> Mask:
    """The rows of a part of a table for which an expression is true. Raises as
    ``_by_expression``."""
    mask = mask_of(expressions, table, text)
    if mask is not None:
        return mask
    values = _values_by_row(expressions, table, text)
    kept: list[bool] = []
    try:
        for value in values:
            if value.__class__ is not bool:
                break
            kept.append(value)
    except DataCodeError as error:
        if error.kind is Kind.LIMIT or len(error.text) > _LONGEST_TOLD:
            raise
        renamed = renamed_by_join(whole, error.message.value("name"))
        if renamed is not None and error.kind is Kind.VARIABLE:
            raise renamed from None
        raise DataCodeError(Kind.RUNTIME, _FAILED.filled(error=error.within())) from None
    if len(kept) < len(table):
        raise DataCodeError(Kind.RUNTIME, _NOT_BOOLEAN)
    return kept
