"""Creating and showing tables, and changing columns (tables and files reference, 1.2 to 1.6)."""

from __future__ import annotations

from collections.abc import Iterable

from datacode.errors import DataCodeError, runtime_error, type_error
from datacode.i18n.message import Message
from datacode.runtime.builtins import arguments
from datacode.runtime.builtins.registry import (
    ABSENT,
    Builtin,
    alias,
    builtin,
    expects,
    expects_at_least,
    expects_range,
)
from datacode.runtime.host import Host
from datacode.tables.condition_warnings import warn_of_condition
from datacode.tables.conditions import computed
from datacode.tables.csv.write import csv_parts
from datacode.tables.select import head, position_of, tail
from datacode.tables.show import info_text, show_parts
from datacode.values.column_storage import ColumnData
from datacode.values.table import Column, Table
from datacode.values.types import Value


def as_table(value: Value, expected: str = "Table") -> Table:
    """A table."""
    if value.__class__ is Table:
        return value
    raise type_error(expected)


def as_text(value: Value, expected: str) -> str:
    """A String; a Path is none here."""
    if value.__class__ is str:
        return value
    raise type_error(expected)


_ROWS_LEFT_OUT = Message(
    "rows_left_out",
    "table(): {count} of {all} rows were left out: row {row} has {found} cells, not {expected}",
)


def as_columns(table: Table, names: Value, expected: str) -> list[int]:
    """The positions of columns: of one name, or of an array of names."""
    if names.__class__ is str:
        return [position_of(table, names)]
    return [position_of(table, as_text(n, expected)) for n in arguments.array(names, expected)]


# Making ------------------------------------------------------------------------


@builtin("tables", count_error=expects(1, "table"))
def table(host: Host, data: Value, headers: Value = ABSENT, *_ignored: Value) -> Table:
    """A table of an array of rows, each of them an array, and an array of the columns' names.

    Without ``headers`` the columns are called ``Column_0``, ``Column_1`` and so on. Rows of
    another width than the table are left out, with a warning. Of a table this is a copy.

    Raises an error for a row that is not an array.

    Example::

        stock = table([[1, "bolt"], [2, "nut"]], ["id", "item"])
        print(stock, stock["item"][1])      # Table(2 rows, 2 columns) nut
    """
    if data.__class__ is Table and headers is ABSENT:
        return Table(data.names, data.columns, len(data))
    rows = list(data.rows()) if data.__class__ is Table else arguments.array(data)
    for number, row in enumerate(rows, 1):
        if row.__class__ is not list:
            raise runtime_error("row_is_no_array", "Row {number} is not an array", number=number)
    names = _names(rows, headers)
    fitting = [row for row in rows if len(row) == len(names)]
    if len(fitting) < len(rows):
        first = next(number for number, row in enumerate(rows, 1) if len(row) != len(names))
        host.warn(
            _ROWS_LEFT_OUT.filled(
                count=len(rows) - len(fitting),
                all=len(rows),
                row=first,
                found=len(rows[first - 1]),
                expected=len(names),
            )
        )
    return host.placed(Table.from_rows(names, fitting))


alias("table_create", "table")


def _names(rows: list[list[Value]], headers: Value) -> list[str]:
    if headers is ABSENT:
        return [f"Column_{i}" for i in range(len(rows[0]) if rows else 0)]
    names = arguments.array(headers)
    return [n if n.__class__ is str else f"Column_{i}" for i, n in enumerate(names)]


# Showing -----------------------------------------------------------------------


@builtin("tables")
def show_table(host: Host, table: Value) -> None:
    """Write all rows of a table in a frame.

    Numbers with a fraction are shown with two decimals.

    Example::

        show_table(table([["bolt", 1.5]], ["item", "price"]))
        # ┌──────┬───────┐
        # │ item │ price │
        # ├──────┼───────┤
        # │ bolt │ 1.50  │
        # └──────┴───────┘
    """
    _show(host, as_table(table))


def _show(host: Host, shown: Table) -> None:
    written = host.in_text(shown)
    if written is None:
        return
    for part in show_parts(written):
        host.write(part)
    if len(written) < len(shown):
        host.write(f"⋮ {len(written)}/{len(shown)}\n")


@builtin("tables")
def table_info(host: Host, table: Value) -> None:
    """Write the size of a table, and the type of each column and how many of its cells are filled.

    Example::

        table_info(table([["bolt", 1.5]], ["item", "price"]))
        # 📊 Информация о таблице:
        #    Строк: 1
        #    Колонок: 2
        #
        # 📋 Колонки:
        #    • item (String) - 1 значений
        #    • price (Float) - 1 значений
    """
    host.write(info_text(as_table(table)))


@builtin("tables", count_error=expects_range(1, 2))
def table_head(host: Host, table: Value, n: Value = 5.0) -> Table:
    """The first rows of a table, which are shown as well.

    Example::

        first = table_head(table([["bolt"], ["nut"]], ["item"]), 1)
        # ┌──────┐
        # │ item │
        # ├──────┤
        # │ bolt │
        # └──────┘
        print(first)        # Table(1 rows, 1 columns)
    """
    count = arguments.whole(n)
    shown = head(as_table(table), count)
    _show(host, shown)
    return shown


@builtin("tables")
def table_tail(table: Value, n: Value = 5.0, *_ignored: Value) -> Table:
    """The last rows of a table.

    Example::

        print(table_tail(table([["bolt"], ["nut"]], ["item"]), 1)["item"][0])       # nut
    """
    count = arguments.whole(n)
    return tail(as_table(table), count)


@builtin("tables")
def to_csv(host: Host, table: Value, delimiter: Value = ",", *, decimal: Value = ".") -> str:
    """A table as the text of a CSV file, with the names in its first line.

    Example::

        print(to_csv(table([["bolt", 1.5], ["nut", null]], ["item", "price"])))
        # item,price
        # bolt,1.5
        # nut,
        #
    """
    written = as_table(table)
    mark = as_text(delimiter, "String")
    if decimal not in (".", ","):
        raise runtime_error("bad_decimal", "decimal must be '.' or ','")
    if mark == decimal:
        raise runtime_error(
            "delimiter_is_decimal", "delimiter and decimal cannot both be '{mark}'", mark=mark
        )
    return checked_text(host, csv_parts(written, mark, decimal))


def checked_text(host: Host, parts: Iterable[str]) -> str:
    """The parts as one text, refused as soon as there is more of it than memory holds."""
    kept = []
    size = 0
    for part in parts:
        kept.append(part)
        size += len(part)
        host.check_size(size, 4)
    return "".join(kept)


@builtin("tables")
def explain(table: Value) -> Table:
    """How a table came about: a row for each step that was done in files, the last one last.

    The columns are ``step``, ``place`` (``files`` or ``memory``), ``rows`` of the result and
    ``seconds`` of processor time. A table in memory has one row, without seconds.

    Example::

        print(explain(table([["bolt", 1]], ["item", "n"])).idx[0])      # [table, memory, 1, null]
    """
    source = as_table(table)
    steps = next((c.source.steps for c in source.columns if c.source is not None), ())
    rows: list[list[Value]] = [[s.name, "files", float(s.rows), s.seconds] for s in steps]
    if not rows:
        rows = [["table", "memory", float(len(source)), None]]
    return Table.from_rows(["step", "place", "rows", "seconds"], rows)


# Columns -----------------------------------------------------------------------


@builtin("tables", count_error=expects_range(1, 1))
def table_headers(table: Value) -> list[str]:
    """The names of the columns.

    Example::

        print(table_headers(table([], ["id", "item"])))     # [id, item]
    """
    return list(as_table(table).names)


def _table_select_count(entry: Builtin, found: int) -> DataCodeError:
    return (expects_at_least(2) if found < 2 else expects(2))(entry, found)


@builtin("tables", count_error=_table_select_count)
def table_select(table: Value, cols: Value) -> Table:
    """A table of the named columns, in this order.

    Raises an error for a column that the table does not have.

    Example::

        t = table([[1, "bolt", 1.5]], ["id", "item", "price"])
        print(table_select(t, ["price", "id"]).column_names)        # [price, id]
    """
    source = as_table(table, "Table and Array")
    names = arguments.array(cols, "Table and Array")
    return source.select([position_of(source, as_text(n, "Array of Strings")) for n in names])


@builtin("tables")
def table_drop(table: Value, cols: Value) -> Table:
    """A table without a column, or without the columns of an array of names.

    Raises an error for a column that the table does not have.

    Example::

        t = table([[1, "bolt", 1.5]], ["id", "item", "price"])
        print(table_drop(t, "id").column_names)             # [item, price]
        print(table_drop(t, ["id", "price"]).column_names)  # [item]
    """
    source = as_table(table, "Table and Array")
    names = [cols] if cols.__class__ is str else arguments.array(cols, "Table and Array")
    dropped = {position_of(source, as_text(n, "Array of Strings")) for n in names}
    return source.select([p for p in range(len(source.columns)) if p not in dropped])


@builtin("tables")
def table_rename(table: Value, names: Value) -> Table:
    """A table with other names for some columns: an object ``{old: new}``.

    Raises an error for a column that the table does not have.

    Example::

        t = table([[1, "bolt"]], ["id", "item"])
        print(table_rename(t, {item: "name"}).column_names)     # [id, name]
    """
    source = as_table(table, "Table and Object")
    if names.__class__ is not dict:
        raise type_error("Table and Object")
    new_names = list(source.names)
    for old, new in names.items():
        new_names[position_of(source, old)] = as_text(new, "Object of Strings")
    return Table(new_names, source.columns, len(source))


@builtin("tables", calls_back=True)
def table_add_column(
    host: Host, table: Value, name: Value, values: Value = ABSENT, *, expression: Value = ABSENT
) -> Table:
    """A table with one more column, or with another one in the place of a column of that name.

    ``values`` is an array (or column) with a cell for every row, or one value for all of them.
    ``expression`` is a text instead, computed for every row from its cells: with operators and
    functions, and the words of ``table_query``.

    Example::

        t = table([["bolt", 2, 1.5], ["nut", 4, 0.25]], ["item", "n", "price"])
        t = table_add_column(t, "unit", "pcs")
        t = table_add_column(t, "total", expression="n * price")
        print(t.column_names, t["total"][0])        # [item, n, price, unit, total] 3
        t = table_add_column(t, "size", expression="if(n > 3, 'many', 'few')")
        t = table_add_column(t, "class", expression="case when `total` > 2 then 'A' else 'B' end")
        print(t["size"][1], t["class"][1])          # many B
    """
    source = as_table(table, "Table, String, Value")
    title = as_text(name, "Table, String, Value")
    if (values is ABSENT) is (expression is ABSENT):
        raise runtime_error(
            "values_or_expression", "table_add_column needs either values or an expression"
        )
    if expression is ABSENT:
        cells = _given_cells(source, values)
    else:
        text = as_text(expression, "String")
        warn_of_condition(host.engine, source, text, host.warn)
        cells = computed(host.engine, source, text)
    names, columns = list(source.names), list(source.columns)
    position = source.position(title)
    if position is None:
        return Table([*names, title], [*columns, cells], len(source))
    columns[position] = cells
    return Table(names, columns, len(source))


def _given_cells(source: Table, values: Value) -> ColumnData:
    if values.__class__ is Column:
        cells: ColumnData = values.stored
    elif values.__class__ is list:
        cells = ColumnData.of_list(list(values))
    else:
        return ColumnData.of_list([values] * len(source))
    if len(cells) != len(source):
        raise runtime_error(
            "wrong_cell_count",
            "The column has {found} cells, but the table has {rows} rows",
            found=len(cells),
            rows=len(source),
        )
    return cells
