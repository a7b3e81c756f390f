"""Charts in workbooks: Excel's own, over cells that hold their data.

Boxes and heat maps, which openpyxl cannot make, are pictures. Source: chart reference, 4.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from openpyxl.chart import AreaChart, BarChart, LineChart, PieChart, Reference, ScatterChart, Series
from openpyxl.drawing.image import Image

from datacode.charts.figure import picture
from datacode.charts.reading import ReadAxis, ReadChart, ReadLayer, read
from datacode.values.chart import Chart
from datacode.values.column_storage import ColumnData
from datacode.values.table import Table
from datacode.values.types import Value

_PIXELS_IN_CM = 37.8
_PICTURES = ("box", "heatmap")

AddChart = Callable[[Any, Any, str], None]
"""Puts a chart on a sheet of openpyxl's, over the data of another one or the same, at a cell."""


def of_chart(chart: Chart) -> tuple[Table, AddChart]:
    """The table of a chart's data, which stands at the beginning of a sheet, and what adds it."""
    found = read(chart)
    if found.kind in _PICTURES:
        return _table_of_cells(found), lambda sheet, data, cell: _add_picture(chart, sheet, cell)
    table = _table_of_points(found) if _is_of_points(found) else _table_of_categories(found)
    return table, lambda sheet, data, cell: _add_chart(found, table, sheet, data, cell)


def _add_picture(chart: Chart, sheet: Any, cell: str) -> None:
    image = Image(io.BytesIO(picture(chart, "png")))
    image.width, image.height = chart.width, chart.height
    sheet.add_image(image, cell)


# Data -----------------------------------------------------------------------------------------


def _unique(names: Sequence[str]) -> list[str]:
    """The names with a number behind those that repeat, and a dot for empty ones."""
    found: list[str] = []
    for name in names:
        base, number = name or "·", 1
        name = base
        while name in found:
            number += 1
            name = f"{base} {number}"
        found.append(name)
    return found


def _table(names: Sequence[str], columns: Sequence[list[Value]]) -> Table:
    return Table(_unique(names), [ColumnData.of_list(cells) for cells in columns])


def _place_cells(chart: ReadChart) -> list[Value]:
    number = chart.rules.number
    if chart.bins:
        return [f"{number(low)} – {number(high)}" for low, high in chart.bins]
    return list(chart.x.labels or ())


def _table_of_categories(chart: ReadChart) -> Table:
    """A row for each category, a column for each series."""
    places = _place_cells(chart)
    names, columns = [chart.x.title], [places]
    for layer in chart.layers:
        for series in layer.series:
            cells: list[Value] = [None] * len(places)
            for place, value in zip(series.x, series.y, strict=True):
                if isinstance(place, float) and 0 <= place < len(places):
                    cells[int(place)] = value
            names.append(series.name or chart.y.title)
            columns.append(cells)
    return _table(names, columns)


def _table_of_points(chart: ReadChart) -> Table:
    """For each series a column of places and one of numbers, as long as the longest."""
    all_series = [series for layer in chart.layers for series in layer.series]
    count = max((len(series.x) for series in all_series), default=0)
    names: list[str] = []
    columns: list[list[Value]] = []
    for series in all_series:
        rest: list[Value] = [None] * (count - len(series.x))
        names += [chart.x.title, series.name or chart.y.title]
        columns += [[_cell(place) for place in series.x] + rest, list(series.y) + rest]
    return _table(names, columns)


def _cell(place: float | datetime) -> Value:
    if not isinstance(place, datetime):
        return place
    is_midnight = not (place.hour or place.minute or place.second)
    return f"{place:%Y-%m-%d}" if is_midnight else f"{place:%Y-%m-%d %H:%M:%S}"


def _table_of_cells(chart: ReadChart) -> Table:
    """The numbers of a picture."""
    if chart.kind == "heatmap":
        columns: list[list[Value]] = [list(chart.y.labels or ())]
        columns += [[row[x] for row in chart.cells] for x in range(len(chart.x.labels or ()))]
        return _table([chart.y.title, *(chart.x.labels or ())], columns)
    rows: list[list[Value]] = [
        [label, box.low, box.q1, box.median, box.q3, box.high]
        for label, box in zip(chart.x.labels or (), chart.boxes, strict=True)
        if box is not None
    ]
    return Table.from_rows([chart.x.title or "·", "low", "q1", "median", "q3", "high"], rows)


# Charts ----------------------------------------------------------------------------------------


def _add_chart(chart: ReadChart, table: Table, sheet: Any, data: Any, cell: str) -> None:
    make = _of_points if _is_of_points(chart) else _of_categories
    made = make(chart, table, data)
    made.width, made.height = chart.width / _PIXELS_IN_CM, chart.height / _PIXELS_IN_CM
    if chart.title:
        made.title = chart.title
    if len(table.columns) <= 2 and chart.kind != "pie":
        made.legend = None
    elif made.legend is not None:
        made.legend.position = "r" if chart.kind == "pie" else "b"
    sheet.add_chart(made, cell)


def _is_of_points(chart: ReadChart) -> bool:
    return bool(chart.layers) and chart.x.labels is None and not chart.bins


def _of_points(chart: ReadChart, table: Table, data: Any) -> Any:
    """Points or lines over numbers or times."""
    layer = chart.layers[0]
    made = ScatterChart()
    made.style = 2
    made.scatterStyle = "lineMarker"
    for number in range(len(table.columns) // 2):
        count = sum(value is not None for value in table.columns[2 * number].values())
        x = Reference(data, min_col=2 * number + 1, min_row=2, max_row=count + 1)
        y = Reference(data, min_col=2 * number + 2, min_row=1, max_row=count + 1)
        series = Series(y, x, title_from_data=True)
        if layer.mark == "point":
            series.marker.symbol = "circle"
            series.graphicalProperties.line.noFill = True
        else:
            series.marker.symbol = "none"
            series.smooth = False
        made.series.append(series)
    _axes(made, chart.x, chart.y)
    if chart.x.is_time:
        is_fine = chart.x.unit == "yearmonthdatehoursminutes"
        made.x_axis.number_format = "dd.mm.yyyy hh:mm" if is_fine else "dd.mm.yyyy"
    return made


def _of_categories(chart: ReadChart, table: Table, data: Any) -> Any:
    rows = len(table)
    first, *others = chart.layers or [ReadLayer("bar", [])]
    made = _empty(chart, first)
    column = 2
    for layer, target in [(first, made), *((each, LineChart()) for each in others)]:
        count = len(layer.series)
        if count:
            numbers = Reference(
                data, min_col=column, max_col=column + count - 1, min_row=1, max_row=rows + 1
            )
            target.add_data(numbers, titles_from_data=True)
            target.set_categories(Reference(data, min_col=1, min_row=2, max_row=rows + 1))
            for series in target.series if layer.mark == "line" else ():
                series.smooth = False
        column += count
        if target is not made:
            target.y_axis.axId = 200
            target.y_axis.title = layer.title or None
            target.y_axis.crosses = "max"
            target.y_axis.delete = False
            target.y_axis.majorGridlines = None
            made += target
    if not isinstance(made, PieChart):
        _axes(made, chart.x, chart.y)
    return made


def _empty(chart: ReadChart, layer: ReadLayer) -> Any:
    """The chart of Excel's that is nearest."""
    if layer.mark == "arc":
        return PieChart()
    if layer.mark == "line":
        return LineChart()
    if layer.mark == "area":
        area = AreaChart()
        area.grouping = "stacked" if layer.is_stacked else "standard"
        return area
    bars = BarChart()
    bars.type = "bar" if chart.kind == "barh" else "col"
    bars.gapWidth = 4 if chart.bins else 60
    if layer.is_stacked:
        bars.grouping = "stacked"
        bars.overlap = 100
    return bars


def _axes(made: Any, x: ReadAxis, y: ReadAxis) -> None:
    made.x_axis.title = x.title or None
    made.y_axis.title = y.title or None
    made.x_axis.delete = made.y_axis.delete = False  # newer Excel leaves them out otherwise
    if isinstance(made, BarChart) and made.type == "bar":
        made.x_axis.scaling.orientation = "maxMin"
