"""Sorting, merging and grouping tables (tables and files reference, 1.5)."""

from __future__ import annotations

from collections.abc import Sequence

from datacode.errors import DataCodeError, runtime_error, type_error
from datacode.i18n.message import Message
from datacode.runtime.builtins import arguments
from datacode.runtime.builtins.registry import ABSENT, Builtin, builtin, expects_range
from datacode.runtime.builtins.tables import as_columns, as_table
from datacode.runtime.host import Host
from datacode.tables.group import Aggregate, FunctionCaller, grouped
from datacode.tables.read_options import Warn
from datacode.tables.select import merged_inner, merged_outer, position_of, under_each_other
from datacode.tables.sort import LOCALES, sorted_by, sorted_by_several
from datacode.tables.text_order import warn_of_text_order
from datacode.values.table import Table
from datacode.values.text import printed
from datacode.values.types import Value


@builtin("tables")
def table_sort(
    host: Host,
    table: Value,
    col: Value,
    asc: Value = True,
    *_ignored: Value,
    locale: Value = ABSENT,
) -> Table:
    """A table with its rows in the order of a column, or of several; equal rows keep their order.

    Empty cells come first. With ``asc`` false (or ``'desc'``) the order is descending and empty
    cells come last. For an array of columns, of which the first counts most, ``asc`` may be an
    array as well. ``locale='ru'`` (or ``'en'``) orders texts by the alphabet: capital and small
    letters are alike, and in Russian Yo follows Ye.

    Raises an error for a column that the table does not have.

    Example::

        t = table([[2, "nut"], [1, "bolt"], [1, "Ёж"], [1, "ель"]], ["n", "item"])
        print(table_sort(t, "n").idx[0], table_sort(t, "n", false).idx[0])      # [1, bolt] [2, nut]
        print(table_sort(t, ["n", "item"], [false, true])["item"][1])           # bolt
        print(join(table_sort(t, "item", locale="ru")["item"], " "))            # bolt nut ель Ёж
    """
    source = as_table(table, "Table and String")
    positions = as_columns(source, col, "Table and String")
    descending = directions(asc, len(positions), host.warn)
    language = None if locale is ABSENT or locale is None else locale
    if language is not None and language not in LOCALES:
        raise runtime_error(
            "no_locale", "locale must be one of {locales}", locales=", ".join(LOCALES)
        )
    for position in positions:
        warn_of_text_order(source.columns[position], source.names[position], host.warn)
    if len(positions) == 1 and language is None:
        return sorted_by(source, positions[0], descending=descending[0])
    return sorted_by_several(source, positions, descending, language)


def directions(asc: Value, count: int, warn: Warn) -> list[bool]:
    """For each of the columns whether its order is descending; ``asc`` as ``table_sort`` has it.

    ``warn`` is told of what is neither: in 1.x all else is ascending.
    """
    given = asc if asc.__class__ is list else [asc] * count
    if len(given) != count:
        raise runtime_error(
            "sort_directions",
            "asc has {found} values for {count} columns",
            found=len(given),
            count=count,
        )
    for each in given:
        if each.__class__ is not bool and each not in ("asc", "desc"):
            warn(_NO_DIRECTION.filled(value=printed(each)[:100]))
    return [each is False or each == "desc" for each in given]


_NO_DIRECTION = Message(
    "no_sort_direction",
    "The order is ascending, as '{value}' is none: descending is false or 'desc'",
)


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
    positions = as_columns(source, by, expected)
    if columns.__class__ is not dict:
        raise type_error(expected)
    wanted = [aggregate(source, name, each) for name, each in columns.items()]
    for each in wanted:
        if each.function in ("min", "max"):
            cells = source.columns[each.position]
            warn_of_text_order(cells, source.names[each.position], host.warn)
    return grouped(source, positions, wanted, caller(host))


def caller(host: Host) -> FunctionCaller:
    """Functions by name, each given one array."""
    return lambda name, cells: host.engine.call(name, [cells])


def aggregate(source: Table, name: str, wanted: Value) -> Aggregate:
    is_pair = wanted.__class__ is list and len(wanted) == 2
    if not is_pair or wanted[0].__class__ is not str or wanted[1].__class__ is not str:
        raise runtime_error("aggregate", "'{name}' must be an array [column, function]", name=name)
    return Aggregate(name, position_of(source, wanted[0]), wanted[1])
