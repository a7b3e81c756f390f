"""Charts of arrays, under the names by which users of DataCode 2.x know them (chart reference, 6).

What there is ``plot.bar(x, y)`` is ``plot_bar(x, y)`` here, and gives a chart as ``chart`` does.
"""

from __future__ import annotations

from datacode.charts.build import chart_of
from datacode.charts.request import ChartRequest
from datacode.errors import runtime_error
from datacode.runtime.builtins import arguments
from datacode.runtime.builtins.registry import ABSENT, builtin
from datacode.runtime.builtins.tables import as_text
from datacode.runtime.host import Host
from datacode.values.chart import Chart, Kind
from datacode.values.column_storage import ColumnData
from datacode.values.table import Table
from datacode.values.types import Value


@builtin("charts")
def plot_bar(host: Host, x: Value, y: Value, *, title: Value = ABSENT) -> Chart:
    """A bar chart of two arrays: categories and numbers.

    Raises an error for arrays of different lengths.

    Example::

        print(plot_bar(["Oslo", "Riga"], [5, 3]))       # Chart(bar, 2 rows)
    """
    return _of_arrays(host, "bar", x, y, title)


@builtin("charts")
def plot_line(
    host: Host, x: Value, y: Value, connected: Value = True, *, title: Value = ABSENT
) -> Chart:
    """A line chart of two arrays; points alone where ``connected`` is false.

    Raises an error for arrays of different lengths.

    Example::

        print(plot_line([1, 2, 3], [5, 3, 4]))      # Chart(line, 3 rows)
    """
    return _of_arrays(host, "scatter" if connected is False else "line", x, y, title)


@builtin("charts")
def plot_pie(host: Host, x: Value, y: Value, *, title: Value = ABSENT) -> Chart:
    """A pie chart of two arrays: names and numbers.

    Raises an error for arrays of different lengths.

    Example::

        print(plot_pie(["Oslo", "Riga"], [5, 3]))       # Chart(pie, 2 rows)
    """
    return _of_arrays(host, "pie", x, y, title)


@builtin("charts")
def plot_heatmap(host: Host, data: Value, *, title: Value = ABSENT) -> Chart:
    """A heat map of an array of rows of numbers.

    Raises an error for a row that is not an array.

    Example::

        print(plot_heatmap([[1, 2, 3], [4, 5, 6]]))     # Chart(heatmap, 6 rows)
    """
    cells: list[tuple[float, float, Value]] = []
    for number, row in enumerate(arguments.array(data), 1):
        if row.__class__ is not list:
            raise runtime_error("row_is_no_array", "Row {number} is not an array", number=number)
        cells += [(float(place), float(number), value) for place, value in enumerate(row, 1)]
    columns = [ColumnData.of_list([cell[place] for cell in cells]) for place in range(3)]
    table = Table(("x", "y", "value"), columns, len(cells))
    return chart_of(_request(table, "heatmap", title, value=2), host.warn)


def _of_arrays(host: Host, kind: Kind, x: Value, y: Value, title: Value) -> Chart:
    places, numbers = list(arguments.array(x)), list(arguments.array(y))
    if len(places) != len(numbers):
        raise runtime_error(
            "plot_lengths",
            "The arrays have different lengths: {one} and {other}",
            one=len(places),
            other=len(numbers),
        )
    table = Table(("x", "y"), map(ColumnData.of_list, (places, numbers)), len(places))
    return chart_of(_request(table, kind, title), host.warn)


def _request(table: Table, kind: Kind, title: Value, value: int | None = None) -> ChartRequest:
    return ChartRequest(
        table,
        kind,
        0,
        (1,),
        value=value,
        title=None if title is ABSENT or title is None else as_text(title, "String"),
        x_title="",
        y_title="",
    )
