"""Values from the rows around (builtins reference, 12): ``table_window`` and ``table_top``."""

from __future__ import annotations

from datacode.errors import DataCodeError, runtime_error, type_error
from datacode.runtime.builtins import arguments
from datacode.runtime.builtins.registry import ABSENT, builtin
from datacode.runtime.builtins.table_rows import directions
from datacode.runtime.builtins.tables import as_columns, as_table, as_text
from datacode.runtime.host import Host
from datacode.tables import windows
from datacode.tables.select import position_of
from datacode.tables.text_order import warn_of_text_order
from datacode.values.stored_column import without_room
from datacode.values.table import Table
from datacode.values.types import Value


@builtin("tables")
def table_window(
    host: Host,
    table: Value,
    columns: Value,
    by: Value = ABSENT,
    order: Value = ABSENT,
    asc: Value = True,
) -> Table:
    """A table with new columns, each made of a cell and the rows around it.

    ``columns`` is an object ``{name: [column, function]}``, with a number behind the function
    where it needs one. ``by`` are the columns that make a group, ``order`` those by which its
    rows follow each other (with ``asc`` as for ``table_sort``), as they stand if not given; the
    rows of the result stay where they were.

    Functions over the rows so far are ``sum``, ``mean``, ``min``, ``max``, ``count`` and
    ``row_number``; over the last n rows ``rolling_sum``, ``rolling_mean``, ``rolling_min`` and
    ``rolling_max``, null until there are n. ``lag`` and ``lead`` are the cell n rows before and
    behind (one if there is no number), ``diff`` is the difference to the one before. ``total`` is
    the sum of the group, ``share`` the cell's part of it; ``rank`` is 1 for the greatest, equal
    cells have the same, and ``dense_rank`` leaves out no number after them.

    Raises an error for other functions and columns, and where numbers are needed and there are
    other cells.

    Example::

        t = table([["Oslo", 1, 3], ["Riga", 1, 5], ["Oslo", 2, 9]], ["city", "month", "n"])
        t = table_window(t, {sofar: ["n", "sum"], before: ["n", "lag"]}, "city", "month")
        print(t["sofar"][2], t["before"][0], t["before"][2])        # 12 null 3
        print(table_window(t, {part: ["n", "share"]}, "city")["part"][0])       # 0.25
    """
    expected = "Table, Object"
    source = as_table(table, expected)
    if columns.__class__ is not dict:
        raise type_error(expected)
    wanted = [_window(source, name, each) for name, each in columns.items()]
    groups = _names(source, by)
    ordered = _names(source, order)
    ranked = [each.position for each in wanted if each.function in ("rank", "dense_rank")]
    for position in (*ordered, *ranked):
        warn_of_text_order(source.columns[position], source.names[position], host.warn)
    if without_room(source.columns) is None:
        host.check_size(len(source) * (len(wanted) + len(groups) + 1), 16)
    return windows.windowed(
        source, groups, ordered, directions(asc, len(ordered), host.warn), wanted
    )


def _names(source: Table, names: Value) -> list[int]:
    if names is ABSENT or names is None:
        return []
    return as_columns(source, names, "Table, Object, String or Array")


def _window(source: Table, name: str, wanted: Value) -> windows.Window:
    parts = wanted if wanted.__class__ is list else []
    is_written_so = len(parts) in (2, 3) and parts[0].__class__ is parts[1].__class__ is str
    if not is_written_so or (len(parts) == 3 and parts[2].__class__ is not float):
        raise _bad_window(name)
    count = None
    if len(parts) == 3:
        count = arguments.exactly_whole(parts[2], "table_window", name)
    return windows.checked(name, position_of(source, parts[0]), parts[1], count)


def _bad_window(name: str) -> DataCodeError:
    return runtime_error(
        "window",
        "'{name}' must be an array [column, function] or [column, function, number]",
        name=name,
    )


@builtin("tables")
def table_top(
    host: Host, table: Value, n: Value, by: Value, group: Value = ABSENT, *, least: Value = False
) -> Table:
    """The ``n`` rows with the greatest cells in the column ``by``, the greatest first.

    With ``group``, a column or an array of columns, so many rows of each group. ``least=true``
    gives those with the least cells. Empty cells come last.

    Raises an error for a column that the table does not have.

    Example::

        t = table([["Oslo", 3], ["Riga", 5], ["Oslo", 9]], ["city", "n"])
        print(table_top(t, 2, "n").rows.rows)               # [[Oslo, 9], [Riga, 5]]
        print(table_top(t, 1, "n", "city").rows.rows)       # [[Oslo, 9], [Riga, 5]]
    """
    expected = "Table, Number, String"
    source = as_table(table, expected)
    count = max(arguments.exactly_whole(n, "table_top", "n"), 0)
    position = position_of(source, as_text(by, expected))
    groups = _names(source, group)
    warn_of_text_order(source.columns[position], source.names[position], host.warn)
    return windows.top(
        source, min(count, len(source)), position, groups, descending=least is not True
    )
