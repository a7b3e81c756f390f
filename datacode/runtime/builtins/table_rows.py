"""Sorting, merging, grouping and pivoting tables (tables and files reference, 1.5)."""

from __future__ import annotations

from collections.abc import Sequence

from datacode.errors import DataCodeError, runtime_error, type_error
from datacode.i18n.message import Message
from datacode.runtime.builtins import arguments
from datacode.runtime.builtins.registry import ABSENT, Builtin, builtin, expects_range
from datacode.runtime.builtins.tables import as_table, as_text
from datacode.runtime.host import Host
from datacode.tables.group import Aggregate, FunctionCaller, grouped, pivoted
from datacode.tables.select import merged_inner, merged_outer, position_of, under_each_other
from datacode.tables.sort import sorted_by
from datacode.values.table import Table
from datacode.values.types import Value


@builtin("tables")
def table_sort(table: Value, col: Value, asc: Value = True, *_ignored: Value) -> Table:
    """A table with its rows in the order of a column; equal rows keep their order.

    Empty cells come first. With ``asc`` false (or ``'desc'``) the order is descending and empty
    cells come last.

    Example::

        t = table([[2, "nut"], [1, "bolt"]], ["n", "item"])
        print(table_sort(t, "n").idx[0], table_sort(t, "n", false).idx[0])      # [1, bolt] [2, nut]
    """
    source = as_table(table, "Table and String")
    position = position_of(source, as_text(col, "Table and String"))
    return sorted_by(source, position, descending=asc is False or asc == "desc")


_TABLE_LEFT_OUT = Message(
    "table_left_out",
    "merge_tables(): table {number} with its {rows} rows was left out, because its columns are not"
    " those of the first: {difference}. mode='union' keeps all columns",
)
_MISSING_COLUMN = Message("table_lacks_column", "it lacks '{name}'")
_EXTRA_COLUMN = Message("table_has_other_column", "it has '{name}' besides")
_OTHER_ORDER = Message("table_has_other_order", "their order is another")


def _merge_tables_count(entry: Builtin, found: int) -> DataCodeError:
    return expects_range(1, 2 if found else 1)(entry, found)


@builtin("tables", count_error=_merge_tables_count)
def merge_tables(host: Host, tables: Value, mode: Value = ABSENT) -> Table | None:
    """The rows of several tables, under each other.

    Tables whose columns are not exactly those of the first are left out, with a warning, unless
    there is a ``mode``: ``'union'`` (or ``'outer'``) takes the columns of all tables, with nulls
    in the gaps, ``'inner'`` those that all tables have. Of no tables this is null.

    Example::

        a = table([[1, "bolt"]], ["id", "item"])
        b = table([[2, 1.5]], ["id", "price"])
        print(len(merge_tables([a, a, b])))                     # 2
        print(merge_tables([a, b], mode="union").idx[1])        # [2, null, 1.5]
        print(merge_tables([a, b], "inner").column_names)       # [id]
    """
    parts = arguments.array(tables)
    if any(part.__class__ is not Table for part in parts):
        raise type_error("Array of Tables")
    if mode is not ABSENT and mode not in ("outer", "union", "inner"):
        raise runtime_error("bad_union_mode", "mode must be 'union', 'outer' or 'inner'")
    if not parts:
        return None
    if mode is ABSENT:
        return under_each_other(_alike(host, parts))
    return merged_inner(parts) if mode == "inner" else merged_outer(parts)


def _alike(host: Host, parts: list[Table]) -> list[Table]:
    """The tables with the same columns as the first."""
    names = parts[0].names
    for number, part in enumerate(parts, 1):
        if part.names != names:
            difference = _difference(names, part.names)
            host.warn(_TABLE_LEFT_OUT.filled(number=number, rows=len(part), difference=difference))
    return [part for part in parts if part.names == names]


def _difference(names: Sequence[str], others: Sequence[str]) -> Message:
    """Why the columns are not the same."""
    for name in names:
        if name not in others:
            return _MISSING_COLUMN.filled(name=name)
    for name in others:
        if name not in names:
            return _EXTRA_COLUMN.filled(name=name)
    return _OTHER_ORDER


# Groups ------------------------------------------------------------------------


@builtin("tables", calls_back=True)
def table_group(host: Host, table: Value, by: Value, columns: Value) -> Table:
    """One row for each group of rows that are equal in the column ``by``, or in several.

    ``by`` is the name of a column or an array of names; all rows are one group if that is empty.
    ``columns`` says what is made of each group: an object ``{name: [column, function]}``.
    Functions are ``count`` (cells that are not null), ``size`` (rows), ``sum``, ``average``,
    ``median``, ``std``, ``min``, ``max``, ``distinct`` (number of different values), ``first``
    and ``last``; all but the last two leave out nulls. Any other name is a function of the
    program or the library that is given the array of the group's cells.

    Raises an error for a column that is not there, and where numbers are needed and there are
    other cells.

    Example::

        sales = table([["Oslo", 3], ["Riga", 5], ["Oslo", 4]], ["city", "n"])
        totals = table_group(sales, "city", {orders: ["n", "count"], total: ["n", "sum"]})
        print(totals.column_names, totals.rows.rows)
        # [city, orders, total] [[Oslo, 2, 7], [Riga, 1, 5]]
    """
    expected = "Table, String or Array, Object"
    source = as_table(table, expected)
    positions = _positions(source, by, expected)
    if columns.__class__ is not dict:
        raise type_error(expected)
    wanted = [_aggregate(source, name, each) for name, each in columns.items()]
    return grouped(source, positions, wanted, _caller(host))


def _caller(host: Host) -> FunctionCaller:
    """Functions by name, each given one array."""
    return lambda name, cells: host.engine.call(name, [cells])


def _positions(source: Table, names: Value, expected: str) -> list[int]:
    if names.__class__ is str:
        return [position_of(source, names)]
    return [position_of(source, as_text(n, expected)) for n in arguments.array(names, expected)]


def _aggregate(source: Table, name: str, wanted: Value) -> Aggregate:
    is_pair = wanted.__class__ is list and len(wanted) == 2
    if not is_pair or wanted[0].__class__ is not str or wanted[1].__class__ is not str:
        raise runtime_error("aggregate", "'{name}' must be an array [column, function]", name=name)
    return Aggregate(name, position_of(source, wanted[0]), wanted[1])


@builtin("tables", calls_back=True)
def table_pivot(
    host: Host,
    table: Value,
    rows: Value,
    columns: Value,
    values: Value,
    func: Value = "sum",
) -> Table:
    """A table with a row for each value of ``rows`` and a column for each value of ``columns``.

    A cell holds what the function, one of those of ``table_group``, makes of the cells of
    ``values`` that belong to both, and null if there are none.

    Raises an error for a column that is not there, and where numbers are needed and there are
    other cells.

    Example::

        sales = table([["Oslo", "Q1", 3], ["Oslo", "Q2", 4], ["Riga", "Q2", 5]], ["city", "q", "n"])
        wide = table_pivot(sales, "city", "q", "n")
        print(wide.column_names, wide.rows.rows)
        # [city, Q1, Q2] [[Oslo, 3, 4], [Riga, null, 5]]
    """
    expected = "Table, String or Array, String, String, String"
    source = as_table(table, expected)
    positions = _positions(source, rows, expected)
    across = position_of(source, as_text(columns, expected))
    name = as_text(values, expected)
    wanted = Aggregate(name, position_of(source, name), as_text(func, expected))
    return pivoted(
        source, positions, across, wanted, _caller(host), lambda cells: host.check_size(cells, 8)
    )
