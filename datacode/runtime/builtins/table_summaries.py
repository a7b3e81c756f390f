"""What tables amount to (builtins reference, 12): totals, counts, quantiles, bins, months."""

from __future__ import annotations

from datacode.errors import runtime_error
from datacode.i18n.message import Message
from datacode.runtime.builtins import arguments
from datacode.runtime.builtins.registry import ABSENT, builtin
from datacode.runtime.builtins.table_rows import aggregate, caller
from datacode.runtime.builtins.tables import as_columns, as_table, as_text
from datacode.runtime.host import Host
from datacode.tables import summaries
from datacode.tables.duration_columns import are_durations
from datacode.tables.group import Aggregate
from datacode.tables.money_columns import is_money_of_one_currency
from datacode.tables.months import by_months
from datacode.tables.select import position_of
from datacode.tables.windows import with_column
from datacode.values.column_storage import ColumnData
from datacode.values.stored_column import has_numbers
from datacode.values.table import Table
from datacode.values.types import Value

_WITHOUT_DATE = Message(
    "rows_without_date", "table_months(): {rows} rows without a date in '{name}' were left out"
)


def _has_total(cells: ColumnData) -> bool:
    """Are there numbers, durations, or amounts in one currency?"""
    return has_numbers(cells) or are_durations(cells) or is_money_of_one_currency(cells)


@builtin("tables", calls_back=True)
def table_total(
    host: Host,
    table: Value,
    columns: Value = ABSENT,
    func: Value = "sum",
    *,
    label: Value = "Total",
) -> Table:
    """A table with one more row at its end: the totals of columns.

    ``columns`` is a name, an array of names, or an object ``{name: function}``; all columns of
    numbers, of durations and of amounts in one currency if it is not given. ``func`` is a function
    of ``table_group``. The ``label`` stands in the first column without a total.

    Raises an error for a column that is not there, and where numbers are needed and there are
    other cells.

    Example::

        t = table([["bolt", 3, 1.5], ["nut", 5, 0.5]], ["item", "n", "price"])
        print(table_total(t, "n", label="Итого").idx[-1])       # [Итого, 8, null]
        print(table_total(t, {n: "sum", price: "average"}).idx[-1])     # [Total, 8, 1]
    """
    expected = "Table, String or Array or Object, String"
    source = as_table(table, expected)
    function = as_text(func, expected)
    if columns is ABSENT or columns is None:
        totals = {p: function for p, c in enumerate(source.columns) if _has_total(c)}
    elif columns.__class__ is dict:
        totals = {position_of(source, n): as_text(f, expected) for n, f in columns.items()}
    else:
        totals = dict.fromkeys(as_columns(source, columns, expected), function)
    return summaries.with_total(source, totals, as_text(label, expected), caller(host))


@builtin("tables")
def table_count(table: Value, cols: Value, *, name: Value = "count") -> Table:
    """How often each value occurs in a column, or each set of values in several; most first.

    The numbers are in a column called ``count``, or as ``name`` says.

    Raises an error for a column that the table does not have.

    Example::

        t = table([["Oslo"], ["Riga"], ["Oslo"]], ["city"])
        print(table_count(t, "city").rows.rows)     # [[Oslo, 2], [Riga, 1]]
    """
    source = as_table(table)
    positions = as_columns(source, cols, "Table, String or Array")
    if not positions:
        raise runtime_error("nothing_to_count", "table_count needs a column")
    return summaries.counted(source, positions, as_text(name, "String"))


@builtin("tables")
def table_describe(table: Value) -> Table:
    """A table with a row for each column: what type it has and what is in it.

    Filled and empty cells, different values, the least and the greatest; for numbers also sum,
    mean, standard deviation and quartiles.

    Example::

        about = table_describe(table([["bolt", 1], ["nut", 3], ["pin", null]], ["item", "n"]))
        print(table_select(about, ["column", "type", "count", "nulls", "max", "mean"]).rows.rows)
        # [[item, String, 3, 0, pin, null], [n, Integer, 2, 1, 3, 2]]
    """
    return summaries.described(as_table(table), _no_function)


def _no_function(name: str, cells: list[Value]) -> Value:
    raise AssertionError(name)


@builtin("tables")
def table_quantile(table: Value, col: Value, q: Value) -> Value:
    """The number of a column below which such a part of its numbers lies; of an array of parts an
    array.

    ``q`` is from 0 to 1: 0.5 is the median. Between two numbers the result lies in proportion.
    Empty cells do not count; without numbers it is null.

    Raises an error for a column that is not there or holds other values.

    Example::

        t = table([[1], [2], [4]], ["n"])
        print(table_quantile(t, "n", 0.5), table_quantile(t, "n", [0.25, 1]))       # 2 [1.5, 4]
    """
    expected = "Table, String, Number or Array"
    source = as_table(table, expected)
    position = position_of(source, as_text(col, expected))
    parts = [q] if q.__class__ is float else arguments.array(q, expected)
    for part in parts:
        if not 0 <= arguments.number(part, expected) <= 1:
            raise runtime_error("bad_quantile", "q must be from 0 to 1")
    found = summaries.quantile(source.columns[position], source.names[position], parts)
    return found[0] if q.__class__ is float else found


@builtin("tables")
def table_bins(
    host: Host,
    table: Value,
    col: Value,
    bins: Value,
    labels: Value = ABSENT,
    *,
    name: Value = ABSENT,
) -> Table:
    """A table with one more column, the bin in which each number of a column lies.

    ``bins`` is the number of bins of the same width, or an array of their limits in ascending
    order. A bin holds its lower limit and not its upper one, but the last holds both; numbers
    outside have null. ``labels`` are the names of the bins, otherwise ``[0, 10)``; the new column
    is called ``NAME_bin``, or as ``name`` says.

    Raises an error for limits that are not in order, and for a column with other values.

    Example::

        t = table([[5], [10], [25]], ["age"])
        print(table_bins(t, "age", [0, 10, 30])["age_bin"][1])              # [10, 30]
        print(table_bins(t, "age", [0, 10, 30], ["young", "old"]).idx[0])   # [5, young]
    """
    expected = "Table, String, Number or Array"
    source = as_table(table, expected)
    position = position_of(source, as_text(col, expected))
    title, cells = source.names[position], source.columns[position]
    if bins.__class__ is float:
        count = arguments.exactly_whole(bins, "table_bins", "bins")
        if count < 1:
            raise runtime_error(
                "bad_bins", "bins must be a whole number from 1, or an array of ascending numbers"
            )
        host.check_size(count, 200)
        edges = summaries.edges_of(cells, title, count)
    else:
        edges = summaries.checked_edges(arguments.array(bins, expected))
    if labels is ABSENT or labels is None:
        names = summaries.bin_labels(edges)
    else:
        names = [as_text(each, "Array of Strings") for each in arguments.array(labels, expected)]
        if len(names) != len(edges) - 1:
            raise runtime_error(
                "bin_labels",
                "There are {bins} bins, but {labels} labels",
                bins=len(edges) - 1,
                labels=len(names),
            )
    made = summaries.binned(cells, title, edges, names)
    new = f"{title}_bin" if name is ABSENT else as_text(name, "String")
    return with_column(source, new, made)


@builtin("tables", calls_back=True)
def table_months(host: Host, table: Value, date: Value, columns: Value = ABSENT) -> Table:
    """A row for each month from the first to the last date of a column, the empty ones included.

    ``columns`` says what is made of each month, as for ``table_group``: an object
    ``{name: [column, function]}``. If it is not given, that is the sum of every column of
    numbers. Where nothing happened sums and counts are 0 and all else is null. The month is the
    date of its first day.

    Rows without a date are left out, with a warning. Raises an error for a cell that is no date.

    Example::

        sales = table([["05.01.2024", 3], ["2024-03-31", 4], ["2024-01-09", 1]], ["day", "n"])
        print(table_months(sales, "day").rows.rows)
        # [[2024-01-01, 4], [2024-02-01, 0], [2024-03-01, 4]]
    """
    expected = "Table, String, Object"
    source = as_table(table, expected)
    position = position_of(source, as_text(date, expected))
    if columns is ABSENT or columns is None:
        wanted = [
            Aggregate(name, p, "sum")
            for p, name in enumerate(source.names)
            if p != position and has_numbers(source.columns[p])
        ]
    else:
        wanted = [
            aggregate(source, name, each) for name, each in arguments.mapping(columns).items()
        ]
    found, left_out = by_months(source, position, wanted, caller(host))
    if left_out:
        host.warn(_WITHOUT_DATE.filled(rows=left_out, name=source.names[position]))
    return found
