"""Tables in another shape (builtins reference, 12): filled, turned, split, without repetitions."""

from __future__ import annotations

from datacode.errors import runtime_error
from datacode.runtime.builtins import arguments
from datacode.runtime.builtins.registry import ABSENT, builtin
from datacode.runtime.builtins.table_rows import caller
from datacode.runtime.builtins.tables import as_columns, as_table, as_text
from datacode.runtime.host import Host
from datacode.tables import reshape
from datacode.tables.group import Aggregate
from datacode.tables.pivot import pivoted
from datacode.tables.select import position_of
from datacode.values.stored_column import without_room
from datacode.values.table import Table
from datacode.values.types import Value

_CELL = 16
"""Bytes that a cell takes at least."""


@builtin("tables")
def table_fill(
    table: Value, col: Value, direction: Value = ABSENT, *, value: Value = ABSENT
) -> Table:
    """A table in which the empty cells of a column, or of several, are filled.

    ``direction`` is ``'down'`` (with the last filled cell above) or ``'up'`` (with the next one
    below); ``value`` is put into all empty cells instead.

    Raises an error for a column that the table does not have.

    Example::

        t = table([["Oslo", 1], [null, 2], ["Riga", null]], ["city", "n"])
        print(join(table_fill(t, "city", "down")["city"], " "))     # Oslo Oslo Riga
        print(table_fill(t, "n", value=0)["n"][2])                  # 0
    """
    source = as_table(table)
    positions = as_columns(source, col, "Table, String or Array")
    if (direction is ABSENT) is (value is ABSENT) or (
        direction is not ABSENT and direction not in ("down", "up")
    ):
        raise runtime_error("fill_how", "table_fill needs 'down', 'up' or value=")
    columns = list(source.columns)
    for position in positions:
        if value is ABSENT:
            columns[position] = reshape.filled_along(columns[position], is_upward=direction == "up")
        else:
            columns[position] = reshape.filled_with(columns[position], value)
    return Table(source.names, columns, len(source))


@builtin("tables")
def table_unpivot(
    host: Host,
    table: Value,
    keys: Value,
    columns: Value = ABSENT,
    *,
    name: Value = "name",
    value: Value = "value",
) -> Table:
    """A table with a row for each cell of some columns: their names and their cells.

    ``keys`` are the columns that stay, a name or an array; ``columns`` are those that become rows,
    all others if not given. The new columns are called ``name`` and ``value``, or as these say.
    The rows of the first column come first.

    Raises an error for a column that the table does not have.

    Example::

        t = table([["Oslo", 3, 4], ["Riga", 5, 6]], ["city", "Q1", "Q2"])
        print(table_unpivot(t, "city", name="quarter").rows.rows)
        # [[Oslo, Q1, 3], [Riga, Q1, 5], [Oslo, Q2, 4], [Riga, Q2, 6]]
    """
    expected = "Table, String or Array"
    source = as_table(table)
    kept = as_columns(source, keys, expected)
    if columns is ABSENT:
        turned = [p for p in range(len(source.columns)) if p not in kept]
    else:
        turned = as_columns(source, columns, expected)
    titles = as_text(name, "String"), as_text(value, "String")
    _check_new([source.names[p] for p in kept], titles)
    if not turned:
        raise runtime_error("nothing_to_unpivot", "table_unpivot: no column is left for the rows")
    _check_cells(host, source, len(source) * len(turned) * (len(kept) + 2))
    return reshape.unpivoted(source, kept, turned, titles)


def _check_cells(host: Host, source: Table, cells: int) -> None:
    """Refuse a table that has no room in memory, unless it goes into files."""
    if without_room(source.columns) is None:
        host.check_size(cells, _CELL)


def _check_new(names: list[str], new: tuple[str, ...] | list[str]) -> None:
    """New columns must not be called like others."""
    taken = [*names, *new]
    for each in new:
        if taken.count(each) > 1:
            raise runtime_error(
                "column_exists", "There would be two columns called '{name}'", name=each
            )


@builtin("tables", calls_back=True)
def table_pivot(
    host: Host,
    table: Value,
    rows: Value,
    columns: Value,
    values: Value,
    func: Value = "sum",
    *,
    sort: Value = True,
    totals: Value = False,
) -> Table:
    """A table with a row for each value of ``rows`` and a column for each value of ``columns``.

    A cell holds what the function, one of those of ``table_group``, makes of the cells of
    ``values`` that belong to both, and null if there are none. The new columns are in order, or
    as they appear with ``sort=false``. ``values`` and ``func`` may be arrays: then each has
    columns of its own, ``Q1 / sum``. With ``totals=true`` (or a text, their name) there are a
    row and columns of totals, which are worked out of all cells that belong to them.

    Raises an error for a column that is not there, and where numbers are needed and there are
    other cells.

    Example::

        sales = table([["Oslo", "Q2", 4], ["Oslo", "Q1", 3], ["Riga", "Q2", 5]], ["city", "q", "n"])
        wide = table_pivot(sales, "city", "q", "n", totals=true)
        print(wide.column_names, wide.rows.rows)
        # [city, Q1, Q2, Total] [[Oslo, 3, 4, 7], [Riga, null, 5, 5], [Total, 3, 9, 12]]
        print(table_pivot(sales, "city", "q", "n", ["sum", "count"]).column_names)
        # [city, Q1 / sum, Q1 / count, Q2 / sum, Q2 / count]
    """
    expected = "Table, String or Array, String, String or Array, String or Array"
    source = as_table(table, expected)
    positions = as_columns(source, rows, expected)
    across = position_of(source, as_text(columns, expected))
    made_of = as_columns(source, values, expected)
    functions = [func] if func.__class__ is str else arguments.array(func, expected)
    wanted = [
        Aggregate(_label(source.names[p], name, len(made_of), len(functions)), p, name)
        for p in made_of
        for name in (as_text(each, expected) for each in functions)
    ]
    if not wanted:
        raise runtime_error(
            "nothing_to_pivot", "table_pivot needs a column of values and a function"
        )
    total = "Total" if totals is True else totals
    return pivoted(
        source,
        positions,
        across,
        wanted,
        caller(host),
        lambda cells: host.check_size(cells, 8),
        is_sorted=sort is not False,
        total=total if total.__class__ is str else None,
    )


def _label(column: str, function: str, columns: int, functions: int) -> str:
    if columns == 1:
        return column if functions == 1 else function
    return column if functions == 1 else f"{column} / {function}"


@builtin("tables")
def table_split(
    host: Host, table: Value, col: Value, by: Value, names: Value = ABSENT, *, keep: Value = False
) -> Table:
    """A table in which the texts of a column are split at a delimiter, into columns of their own.

    ``names`` are those of the new columns; the last one holds all that is left. Without them there
    are as many as the longest text has parts, ``NAME_1``, ``NAME_2`` and so on. Missing parts are
    null. The new columns stand in place of the old one, or behind it with ``keep=true``.

    Raises an error for an empty delimiter and for a column that the table does not have.

    Example::

        t = table([["Ann Lee", 1], ["Bob", 2]], ["name", "n"])
        print(table_split(t, "name", " ", ["first", "last"]).rows.rows)
        # [[Ann, Lee, 1], [Bob, null, 2]]
    """
    expected = "Table, String, String, Array"
    source = as_table(table, expected)
    position = position_of(source, as_text(col, expected))
    mark = _delimiter(by)
    title = source.names[position]
    cells = source.columns[position]
    if names is ABSENT:
        count = reshape.part_count(cells, mark)
        _check_cells(host, source, count * (len(source) + 1))
        new = [f"{title}_{number}" for number in range(1, count + 1)]
    else:
        new = [as_text(name, expected) for name in arguments.array(names, expected)]
        if not new:
            raise runtime_error("no_names", "table_split: names cannot be empty")
        _check_cells(host, source, len(new) * (len(source) + 1))
    before = position + (keep is True)
    others = [n for p, n in enumerate(source.names) if p != position or keep is True]
    _check_new(others, new)
    made = reshape.split_cells(cells, mark, len(new))
    return Table(
        [*source.names[:before], *new, *source.names[position + 1 :]],
        [*source.columns[:before], *made, *source.columns[position + 1 :]],
        len(source),
    )


def _delimiter(by: Value) -> str:
    mark = as_text(by, "String")
    if not mark:
        raise runtime_error("empty_delimiter", "The delimiter cannot be empty")
    return mark


@builtin("tables")
def table_explode(host: Host, table: Value, col: Value, by: Value = ABSENT) -> Table:
    """A table with a row for each element of the arrays in a column.

    With ``by``, a delimiter, also for each part of its texts. An empty array gives a row with
    null, and other cells stay as they are.

    Raises an error for an empty delimiter and for a column that the table does not have.

    Example::

        t = table([["a", "red,blue"], ["b", "green"]], ["item", "colours"])
        print(table_explode(t, "colours", ",").rows.rows)       # [[a, red], [a, blue], [b, green]]
    """
    expected = "Table, String, String"
    source = as_table(table, expected)
    position = position_of(source, as_text(col, expected))
    mark = None if by is ABSENT or by is None else _delimiter(by)
    width = len(source.columns) + 1
    return reshape.exploded(
        source, position, mark, lambda rows: host.check_size(rows * width, _CELL)
    )


@builtin("tables")
def table_dedupe(table: Value, keys: Value = ABSENT, keep: Value = "first") -> Table:
    """A table without the rows that are equal to another one in some columns.

    ``keys`` is the name of a column or an array of names, all columns if it is not given. Of equal
    rows the ``'first'`` stays, or the ``'last'``; with ``keep='none'`` none of them.

    Raises an error for a column that the table does not have.

    Example::

        t = table([[1, "old"], [2, "x"], [1, "new"]], ["id", "note"])
        print(table_dedupe(t, "id").rows.rows)              # [[1, old], [2, x]]
        print(table_dedupe(t, "id", "last").rows.rows)      # [[2, x], [1, new]]
    """
    source = as_table(table)
    if keys is ABSENT or keys is None:
        positions = list(range(len(source.columns)))
    else:
        positions = as_columns(source, keys, "Table, String or Array")
    return reshape.deduplicated(source, positions, as_text(keep, "String"))
