"""Telling of conditions over rows that may surprise: what they compare never meets.

Source: tables and files reference, 1.7; builtins reference, 10.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from datacode.errors import DataCodeError
from datacode.i18n.message import Message
from datacode.language.analysis.scopes import walk
from datacode.language.syntax import nodes
from datacode.language.syntax.parser import remembered_expression
from datacode.tables.conditions import compared_parts, literal, names_more_than_a_text
from datacode.tables.date_columns import dates_of
from datacode.tables.join_keys import kinds_of, warn_of_columns
from datacode.tables.number_mismatch import warn_of_numbers, warn_of_texts
from datacode.tables.read_options import Warn
from datacode.tables.select import position_of
from datacode.tables.vectorized import RowExpressions
from datacode.values.column_storage import ColumnData
from datacode.values.date_text import could_be_date, is_date_text
from datacode.values.parse_text import number_from_text
from datacode.values.stored_column import batches
from datacode.values.table import Table
from datacode.values.types import Value

_TAKEN_AS_TEXT = Message(
    "condition_word_is_text",
    "'{word}' in the condition '{condition}' is taken as a text, though there is a column or a"
    " variable of this name: table_query(t, '{condition}') has its value; put a text in quotes",
)
_DATE_BESIDE_TEXTS = Message(
    "texts_beside_date",
    "Column '{column}' is no column of dates, it holds texts such as '{text}': they are compared"
    " with '{date}' letter by letter",
)


def warn_of_comparison(
    cells: ColumnData, name: str, sign: str, values: Sequence[Value], warn: Warn
) -> None:
    """Tell of a column that compares with values otherwise than it looks: of texts with numbers, of
    numbers with texts, of texts that are no dates with a date."""
    by_order = sign in _ORDER
    warn_of_numbers(cells, name, values, warn, by_order=by_order)
    if sign.lower() != "like":
        warn_of_texts(cells, name, values, warn)
    if by_order:
        warn_of_dates(cells, name, values, warn)


def warn_of_dates(cells: ColumnData, name: str, values: Iterable[Value], warn: Warn) -> None:
    """Tell of a column of texts, not called Date, that is put in order with a date."""
    date = next((v for v in values if v.__class__ is str and could_be_date(v)), None)
    if date is None or not is_date_text(date) or str not in kinds_of(cells):
        return
    if dates_of(cells) is not None:
        return
    first = next((part.slice(0, _MOST_ROWS) for (part,) in batches([cells])), cells)
    text = next((cell for cell in first if cell.__class__ is str and cell.strip()), None)
    if text is not None:
        warn(_DATE_BESIDE_TEXTS.filled(column=name[:100], text=text[:100], date=date))


def warn_of_filter(
    expressions: RowExpressions, table: Table, text: str, warn: Warn, *, names_win: bool = False
) -> None:
    """Tell what may surprise of a condition that is ``column operator value`` or an expression.

    ``names_win``: as the value, the name of a column or a variable is no text.
    """
    parts = compared_parts(table, text)
    position = None if parts is None else table.position(parts[0])
    is_name = names_more_than_a_text(expressions, table, text)
    if parts is None or (is_name and names_win):
        warn_of_condition(expressions, table, text, warn)
    elif position is not None and len(table):
        _warn_of_parts(table.columns[position], parts, text, warn, is_name=is_name)


def warn_of_condition(expressions: RowExpressions, table: Table, text: str, warn: Warn) -> None:
    """Tell of columns that an expression compares although their cells only look alike, and of one
    that is compared with values of other kinds."""
    names = [name for name in dict.fromkeys(table.names) if name in text]
    if not names or not len(table):
        return
    columns = {name: table.columns[position_of(table, name)] for name in names}
    try:
        tree = remembered_expression(text, tuple(table.names))
    except DataCodeError:
        return  # told by whoever evaluates it
    values = _Values(expressions, table)
    for node in walk([tree]):
        if isinstance(node, nodes.Binary) and node.operator in _COMPARISONS:
            for one, other in ((node.left, node.right), (node.right, node.left)):
                _warn_of_values(columns, one, values.of(other), node.operator, warn)
            _warn_of_two(columns, node, warn)
        elif isinstance(node, nodes.RowTest) and node.operator == "in":
            tested, among = node.operands
            _warn_of_values(columns, tested, values.among(among), "in", warn)
        elif isinstance(node, nodes.RowTest) and node.operator == "between":
            tested, low, high = node.operands
            _warn_of_values(columns, tested, [*values.of(low), *values.of(high)], "<=", warn)


_ORDER = frozenset({"<", "<=", ">", ">="})
_COMPARISONS = frozenset({"==", "!=", *_ORDER})
_MOST_ROWS = 1000
_MOST_VALUES = 1000


def _warn_of_parts(
    cells: ColumnData, parts: tuple[str, str, str], condition: str, warn: Warn, *, is_name: bool
) -> None:
    """Tell of a condition ``column operator value``, in which quotes are optional."""
    column, sign, word = parts
    if is_name:
        warn(_TAKEN_AS_TEXT.filled(word=word[:100], condition=condition[:200]))
        return
    value = literal(word, cells)
    if value.__class__ is str and value != word and number_from_text(value) is not None:
        return  # quotes make a text of a number
    warn_of_comparison(cells, column, sign, [value], warn)


class _Values:
    """What is known of the values in a condition before it is evaluated: literals and variables."""

    def __init__(self, expressions: RowExpressions, table: Table) -> None:
        self._expressions = expressions
        self._table = table

    def of(self, node: nodes.Expr) -> list[Value]:
        """The value of an expression, or nothing. Numbers written out with their text are apart."""
        if isinstance(node, nodes.Number):
            return [] if node.text else [node.value]
        if isinstance(node, nodes.String):
            return [node.value]
        return [self._variable(node.name)] if isinstance(node, nodes.Name) else []

    def among(self, node: nodes.Expr) -> list[Value]:
        """The elements of an array."""
        if isinstance(node, nodes.Array):
            return [value for each in node.elements[:_MOST_VALUES] for value in self.of(each)]
        found = self._variable(node.name) if isinstance(node, nodes.Name) else None
        return found[:_MOST_VALUES] if found.__class__ is list else []

    def _variable(self, name: str) -> Value:
        """The value of a variable; null if there is none, or if that is the name of a column."""
        if self._table.position(name) is not None:
            return None
        try:
            return self._expressions.condition(name, [])([])
        except DataCodeError:
            return None


def _warn_of_values(
    columns: Mapping[str, ColumnData],
    tested: nodes.Expr,
    values: Sequence[Value],
    operator: str,
    warn: Warn,
) -> None:
    """Tell of a column that is compared with these values."""
    cells = columns.get(tested.name) if isinstance(tested, nodes.Name) else None
    if cells is not None and isinstance(tested, nodes.Name):
        warn_of_comparison(cells, tested.name, operator, values, warn)


def _warn_of_two(columns: Mapping[str, ColumnData], node: nodes.Binary, warn: Warn) -> None:
    left, right = node.left, node.right
    if node.operator not in ("==", "!="):
        return
    if isinstance(left, nodes.Name) and isinstance(right, nodes.Name):
        one, other = columns.get(left.name), columns.get(right.name)
        if one is not None and other is not None:
            warn_of_columns(one, other, (left.name, right.name), warn)
