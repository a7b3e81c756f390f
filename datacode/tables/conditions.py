"""Filters by the text of a condition: ``table_filter``, ``table_query``, ``t['age > 30']``.

Source: tables and files reference, 1.7; builtins reference, 10.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from datacode.errors import DataCodeError, Kind, runtime_error
from datacode.i18n.message import Message
from datacode.tables.filters import is_operator, where
from datacode.tables.select import position_of
from datacode.tables.vectorized import CompileCondition, cells_of, mask_of
from datacode.values.column_storage import ColumnData
from datacode.values.parse_text import number_from_text
from datacode.values.table import Table
from datacode.values.types import Value

_UNREADABLE = Message(
    "condition_unreadable", "The filter condition cannot be read: {error}", russian=True
)
_FAILED = Message("condition_failed", "Error in the filter condition: {error}", russian=True)
_NOT_BOOLEAN = Message(
    "condition_not_boolean", "The filter condition must give a boolean", russian=True
)

_NAME = re.compile(r"[^\W\d]\w*")
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None}
_LIKE_A_CONDITION = re.compile(r"[<>=!]|\b(?:and|or|not|like|in)\b|\w\(", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _ThreeParts:
    """``column operator value``."""

    column: str
    operator: str
    value: Value


class _NotAnExpression(Exception):
    """The text is no expression; ``error`` is the syntax error."""

    def __init__(self, error: DataCodeError) -> None:
        super().__init__(error)
        self.error = error


def filtered(compile_condition: CompileCondition, table: Table, condition: str) -> Table:
    """The rows for which a condition holds: ``column operator value`` or an expression.

    Raises the errors of ``table_filter``.
    """
    simple = _three_parts(table, condition)
    if simple is not None:
        return _filtered_simply(table, simple)
    if not len(table):
        return table
    try:
        return _by_expression(compile_condition, table, condition)
    except _NotAnExpression:
        raise _unreadable(condition) from None


def queried(compile_condition: CompileCondition, table: Table, expression: str) -> Table:
    """The rows for which an expression is true. Raises the errors of ``table_query``."""
    if not len(table):
        return table
    try:
        return _by_expression(compile_condition, table, expression)
    except _NotAnExpression as refused:
        raise DataCodeError(Kind.RUNTIME, _UNREADABLE.filled(error=refused.error)) from None


def filter_by_condition(
    compile_condition: CompileCondition, table: Table, text: str
) -> Table | None:
    """What ``table[text]`` is if the text names no column: filtered rows.

    None if the text is no condition either; it has to compare, combine or call something.
    """
    if not _LIKE_A_CONDITION.search(text):
        return None
    simple = _three_parts(table, text)
    if simple is not None:
        return _filtered_simply(table, simple)
    try:
        return _by_expression(compile_condition, table, text)
    except _NotAnExpression:
        return None


def computed(compile_condition: CompileCondition, table: Table, expression: str) -> ColumnData:
    """The value of an expression for every row, its names being the row's cells."""
    if not len(table):
        return ColumnData.of_list([])
    whole = cells_of(compile_condition, table, expression)
    if whole is not None:
        return whole
    try:
        compiled = _compiled(compile_condition, table, expression)
    except _NotAnExpression as refused:
        raise runtime_error(
            "expression_unreadable", "The expression cannot be read: {error}", error=refused.error
        ) from None
    try:
        rows = table.select(compiled.positions).rows()
        return ColumnData.of_list([compiled.value_of(row) for row in rows])
    except DataCodeError as error:
        if error.kind is Kind.LIMIT or len(error.text) > _LONGEST_TOLD:
            raise
        raise runtime_error(
            "expression_failed", "Error in the expression: {error}", error=error
        ) from None


# column operator value -------------------------------------------------------------


def _three_parts(table: Table, condition: str) -> _ThreeParts | None:
    parts = condition.split()
    if len(parts) != 3 or not is_operator(parts[1]):
        return None
    column, operator, value = parts
    if table.position(column) is None and not _NAME.fullmatch(column):
        return None
    return _ThreeParts(column, operator, _literal(value))


def _literal(text: str) -> Value:
    """A number, a word for a value, or text, from which quotes are removed."""
    if text in _WORDS:
        return _WORDS[text]
    number = number_from_text(text)
    return text.strip("'\"") if number is None else number


def _filtered_simply(table: Table, parts: _ThreeParts) -> Table:
    cells = table.columns[position_of(table, parts.column)]
    return table.keep(where(cells, parts.operator, parts.value))


def _unreadable(condition: str) -> DataCodeError:
    parts = condition.split()
    if len(parts) == 3:
        return runtime_error(
            "unsupported_operator", "Unsupported operator: {operator}", operator=parts[1]
        )
    return runtime_error(
        "bad_filter_condition",
        "Invalid filter condition: '{condition}'. Expected format: 'column operator value'",
        condition=condition,
    )


# Expressions -----------------------------------------------------------------------

_LONGEST_TOLD = 10_000
"""Characters of an error that another one quotes: conditions may fail within conditions, down to
the limit of recursion, and each would quote the one inside."""


@dataclass(frozen=True, slots=True)
class _RowExpression:
    """An expression, and the positions of the columns of which it wants the cells."""

    value_of: Callable[[Sequence[Value]], Value]
    positions: list[int]


def _compiled(compile_condition: CompileCondition, table: Table, text: str) -> _RowExpression:
    """Compile an expression over the columns that it may mention.

    Raises ``_NotAnExpression`` for its syntax errors.
    """
    mentioned = set(_NAME.findall(text))
    names = [name for name in dict.fromkeys(table.names) if name in mentioned]
    positions = [position_of(table, name) for name in names]
    try:
        return _RowExpression(compile_condition(text, names), positions)
    except DataCodeError as error:
        if error.kind is not Kind.SYNTAX:
            raise
        raise _NotAnExpression(error) from None


def _by_expression(compile_condition: CompileCondition, table: Table, text: str) -> Table:
    """The rows for which an expression is true: for all at once, or row by row.

    Raises ``_NotAnExpression``, and a Runtime Error for what goes wrong in a row.
    """
    mask = mask_of(compile_condition, table, text)
    if mask is not None:
        return table.keep(mask)
    condition = _compiled(compile_condition, table, text)
    rows = table.select(condition.positions)
    return table.keep(list(_answers(rows, condition.value_of)))


def _answers(table: Table, holds: Callable[[Sequence[Value]], Value]) -> Iterator[bool]:
    """What the condition says of each row; its errors are told within one of the filter."""
    for row in table.rows():
        try:
            answer = holds(row)
        except DataCodeError as error:
            if error.kind is Kind.LIMIT or len(error.text) > _LONGEST_TOLD:
                raise
            raise DataCodeError(Kind.RUNTIME, _FAILED.filled(error=error)) from None
        if answer.__class__ is not bool:
            raise DataCodeError(Kind.RUNTIME, _NOT_BOOLEAN)
        yield answer
