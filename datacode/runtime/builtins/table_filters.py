"""Filters of rows (tables and files reference, 1.7), and the distinct values of a column."""

from __future__ import annotations

from datacode.errors import DataCodeError, Kind
from datacode.i18n.message import Message
from datacode.runtime.builtins import arguments
from datacode.runtime.builtins.registry import ABSENT, BUILTINS, builtin, expects_range
from datacode.runtime.builtins.tables import as_table, as_text
from datacode.runtime.host import Host
from datacode.tables.condition_warnings import (
    warn_of_comparison,
    warn_of_condition,
    warn_of_dates,
    warn_of_filter,
)
from datacode.tables.conditions import filtered, queried
from datacode.tables.filters import are_among, are_between, are_filled, are_null, different, where
from datacode.tables.number_mismatch import warn_of_bounds
from datacode.tables.select import position_of, renamed_by_join, sample
from datacode.values.column_storage import ColumnData
from datacode.values.table import Column, Table
from datacode.values.types import Value

_NO_COLUMN = Message("no_filter_column", "Column '{name}' not found in the table", russian=True)


def _cells(table: Table, name: str) -> ColumnData:
    """The cells of a column. If there is none, the error is in Russian, as DataCode 1.x has it."""
    position = table.position(name)
    if position is None:
        raise renamed_by_join(table, name) or DataCodeError(
            Kind.RUNTIME, _NO_COLUMN.filled(name=name)
        )
    return table.columns[position]


# By a condition ------------------------------------------------------------------


@builtin(
    "row filters",
    minimum=2,
    count_error=expects_range(4, 4),
    calls_back=True,
    signature="table_where(table, col, op, value), table_where(table, condition)",
)
def table_where(
    host: Host,
    table: Value,
    col: Value = ABSENT,
    op: Value = ABSENT,
    value: Value = ABSENT,
    *,
    condition: Value = ABSENT,
) -> Table:
    """The rows whose cell in a column compares so with a value.

    Operators are ``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``LIKE`` (a pattern in which ``%``
    is any text and ``_`` one character) and ``IN`` (an array). Only values of one kind are equal,
    above or below. With a condition instead this is ``table_filter``.

    Raises an error for any other operator.

    Example::

        t = table([["bolt", 3], ["nut", 8], ["board", 5]], ["item", "n"])
        print(table_where(t, "n", ">", 4)["item"].last)         # board
        print(len(table_where(t, "item", "LIKE", "bo%")))       # 2
        print(len(table_where(t, "n < 8 and item != 'bolt'")))  # 1
    """
    given = [each for each in (col, op, value, condition) if each is not ABSENT]
    if len(given) == 1 and (given[0] is col or given[0] is condition):
        return _filter(host, table, given[0])
    if len(given) != 3 or condition is not ABSENT:
        raise BUILTINS["table_where"].wrong_count(1 + len(given))
    expected = "Table, String, String, Value"
    source = as_table(table, expected)
    name, sign = as_text(col, expected), as_text(op, expected)
    if value.__class__ is Column:
        value = value.cells()
    cells = source.columns[position_of(source, name)]
    values = value if value.__class__ is list else [value]
    warn_of_comparison(cells, name, sign, values, host.warn)
    return source.keep(where(cells, sign, value))


@builtin("row filters", count_error=expects_range(2, 2), calls_back=True)
def table_filter(host: Host, table: Value, condition: Value) -> Table:
    """The rows for which a condition holds: ``column operator value``, or any expression.

    In the three-part form quotes around the value are optional, and make a text of a number.

    Raises an error for a condition that is neither.

    Example::

        t = table([["bolt", 3], ["nut", 8]], ["item", "n"])
        print(table_filter(t, "item = nut").idx[0])                     # [nut, 8]
        print(len(table_filter(t, "n * 2 > 5 and len(item) == 3")))     # 1
    """
    return _filter(host, table, condition)


def _filter(host: Host, table: Value, condition: Value) -> Table:
    source = as_table(table, "Table and String")
    text = as_text(condition, "Table and String")
    warn_of_filter(host.engine, source, text, host.warn)
    return filtered(host.engine, source, text)


@builtin("row filters", calls_back=True)
def table_query(host: Host, table: Value, expression: Value) -> Table:
    """The rows for which an expression of the language is true.

    Names of columns are the row's cells, other names the program's variables and functions.
    Nothing is above or below an empty cell. Names that are no words stand in backticks. There are
    ``in``, ``like``, ``matches`` (a regular expression), ``between ... and`` and ``is null``, each
    also with ``not``, and ``if(condition, value, otherwise)`` and ``case``.

    Raises an error if the expression cannot be read, fails for a row, or gives anything but a
    bool.

    Example::

        least = 4
        t = table([["bolt", 3], ["nut", 8], ["pin", null]], ["item", "n"])
        print(join(table_query(t, "n >= least or contains(item, 'p')")["item"], " "))   # nut pin
        print(len(table_query(t, "n between 3 and 5 or item in ['nut'] or `n` is null")))   # 3
    """
    source = as_table(table, "Table and String")
    text = as_text(expression, "Table and String")
    warn_of_condition(host.engine, source, text, host.warn)
    return queried(host.engine, source, text)


# By one column -----------------------------------------------------------------


@builtin("row filters")
def table_between(host: Host, table: Value, col: Value, low: Value, high: Value) -> Table:
    """The rows whose cell lies between two values, both included.

    Example::

        t = table([["2024-01-05"], ["2024-02-01"]], ["day"])
        print(len(table_between(t, "day", "2024-01-01", "2024-01-31")))     # 1
    """
    expected = "Table, String, Value, Value"
    source = as_table(table, expected)
    name = as_text(col, expected)
    cells = _cells(source, name)
    warn_of_bounds(cells, name, (low, high), host.warn)
    warn_of_dates(cells, name, (low, high), host.warn)
    return source.keep(are_between(cells, low, high))


@builtin("row filters")
def table_in(host: Host, table: Value, col: Value, values: Value) -> Table:
    """The rows whose cell equals one of the values of an array.

    Example::

        t = table([["bolt", 3], ["nut", 8]], ["item", "n"])
        print(table_in(t, "n", [5, 8]).idx[0])      # [nut, 8]
    """
    expected = "Table, String, Array"
    source, name = as_table(table, expected), as_text(col, expected)
    wanted = arguments.array(values, expected)
    cells = _cells(source, name)
    warn_of_comparison(cells, name, "in", wanted, host.warn)
    return source.keep(are_among(cells, wanted))


@builtin("row filters")
def table_is_null(table: Value, col: Value) -> Table:
    """The rows whose cell is empty.

    Example::

        t = table([["bolt", null], ["nut", 8]], ["item", "n"])
        print(table_is_null(t, "n").idx[0])     # [bolt, null]
    """
    source = as_table(table, "Table and String")
    return source.keep(are_null(_cells(source, as_text(col, "Table and String"))))


@builtin("row filters")
def table_not_null(table: Value, col: Value) -> Table:
    """The rows whose cell is not empty. Empty text is not null.

    Example::

        t = table([["bolt", null], ["nut", 8]], ["item", "n"])
        print(table_not_null(t, "n").idx[0])    # [nut, 8]
    """
    source = as_table(table, "Table and String")
    return source.keep(are_filled(_cells(source, as_text(col, "Table and String"))))


@builtin("row filters")
def table_distinct(table: Value, col: Value) -> list[Value]:
    """The different cells of a column, in the order in which they first appear.

    Example::

        print(table_distinct(table([["b"], ["a"], ["b"]], ["k"]), "k"))     # [b, a]
    """
    source = as_table(table, "Table and String")
    return different(_cells(source, as_text(col, "Table and String")))


@builtin("row filters")
def table_sample(table: Value, n: Value) -> Table:
    """Some rows at random, in random order; the whole table if it has no more.

    Example::

        print(len(table_sample(table([[1], [2], [3]]), 2)))     # 2
    """
    source = as_table(table, "Table and Number")
    return sample(source, arguments.whole(n, "Table and Number"))
