"""A chart as a picture: SVG or PNG, drawn by matplotlib.

The module is imported when the first picture is wanted: matplotlib takes half a second. Programs
run where no file can be opened, so that fonts are read once (``fonts``) and never again.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.dates import AutoDateLocator, date2num, num2date
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from datacode.charts import fonts
from datacode.charts.reading import ReadAxis, ReadChart, ReadLayer, ReadSeries, read
from datacode.values.chart import ChannelDefinition, Chart, Data, Encoding, Mark, TimeUnit, Usermeta

_COLORS = (
    *("#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951"),
    *("#ff8ab7", "#a463f2", "#97bbf5", "#9c6b4e", "#9498a0"),
)
"""A palette whose neighbours differ in lightness as well."""

_DPI = 100
_PNG_SCALE = 2
"""Pixels of a PNG for each of the chart's: screens and printers are that fine."""

_MOST_PIXELS = 16_000_000

_STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#888888",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": "#333333",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.unicode_minus": True,
    "figure.dpi": _DPI,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 9.5,
    "grid.color": "#e4e4e4",
    "legend.frameon": False,
    "svg.fonttype": "none",
    "text.parse_math": False,
    "xtick.color": "#555555",
    "ytick.color": "#555555",
}

Form = Literal["svg", "png"]


def picture(chart: Chart, form: Form, salt: str = "") -> bytes:
    """The chart as a file of this form; equal charts give equal files.

    ``salt`` tells the names within an SVG apart from those of others on the same page.
    """
    found = read(chart)
    style: Any = {**_STYLE, "svg.hashsalt": f"chart{salt}"}
    with mpl.rc_context(style), fonts.from_memory():
        figure = Figure(
            figsize=(found.width / _DPI, found.height / _DPI),
            layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1),
        )
        _draw(found, figure)
        out = io.BytesIO()
        if form == "svg":
            FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None, "Creator": None})
            return _cleaned(out.getvalue())
        is_large = found.width * found.height * _PNG_SCALE**2 > _MOST_PIXELS
        figure.set_dpi(_DPI * (1 if is_large else _PNG_SCALE))
        FigureCanvasAgg(figure).print_png(out, metadata={"Software": None})
        return out.getvalue()


_HEAD = re.compile(rb"<!DOCTYPE.*?>\s*|<metadata>.*?</metadata>\s*", re.DOTALL)


def _cleaned(svg: bytes) -> bytes:
    """Without a reference to a DTD and the metadata, which name addresses elsewhere."""
    return _HEAD.sub(b"", svg)


def warm_up() -> None:
    """Read the fonts and draw once, for a process that will be without files.

    The data are made by hand: Polars must not be used before a process is forked.
    """
    fonts.load()
    encoding = Encoding(
        x=ChannelDefinition(field="x", type="nominal", sort=None),
        y=ChannelDefinition(field="y", type="quantitative"),
    )
    chart = Chart(
        title="Яy",
        data=Data(values=[{"x": "a", "y": 1.5}]),
        mark=Mark(type="bar"),
        encoding=encoding,
        usermeta=Usermeta(kind="bar", language="ru", rows=1),
    )
    picture(chart, "png")


# The whole ------------------------------------------------------------------------------


def _draw(chart: ReadChart, figure: Figure) -> None:
    axes = figure.add_subplot()
    if chart.title:
        axes.set_title(_wrapped(chart.title, max(chart.width - 60, 80) // 13), loc="left", pad=12)
    _SHAPES.get(chart.kind, _points)(chart, figure, axes)


def _wrapped(text: str, columns: int) -> str:
    """The text in lines of at most so many characters, two of them at most."""
    if len(text) <= columns:
        return text
    cut = text.rfind(" ", 0, columns)
    head, rest = (text[:cut], text[cut + 1 :]) if cut > 0 else (text[:columns], text[columns:])
    return f"{head}\n{rest if len(rest) <= columns else rest[: columns - 1] + '…'}"


def _color(number: int) -> str:
    return _COLORS[number % len(_COLORS)]


def _short(text: str, most: int = 30) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _legend(chart: ReadChart, figure: Figure, names: Sequence[str]) -> None:
    """The names of series with their colours, above the plot."""
    if not names:
        return
    handles = [Patch(color=_color(number), label=_short(name)) for number, name in enumerate(names)]
    widest = max(len(_short(name)) for name in names)
    columns = max(1, min(len(names), int(chart.width / (7 * widest + 40))))
    room = max(1, chart.height // 60)
    shown = handles[: columns * room]
    figure.legend(
        handles=shown,
        title=_short(chart.legend, 60) or None,
        loc="outside lower center",
        ncols=columns,
        fontsize=8.5,
        title_fontsize=8.5,
    )


def _numbers(
    chart: ReadChart, axis: Any, *, is_whole: bool = False, room: float | None = None
) -> None:
    """Ticks of numbers as the language writes them; along ``room`` pixels, or upright."""
    fitting = (chart.height - 150) / 22 if room is None else room / 95
    count = max(1, min(7, int(fitting)))
    steps = [1, 2, 2.5, 5, 10]
    axis.set_major_locator(MaxNLocator(nbins=count, steps=steps, integer=is_whole))
    axis.set_major_formatter(FuncFormatter(lambda value, _: _number(chart, value, axis)))


def _number(chart: ReadChart, value: float, axis: Any) -> str:
    value = float(value)
    low, high = map(float, axis.get_view_interval())
    width = abs(high - low)
    if width and abs(value) < width * 1e-9:
        value = 0.0
    digits = max(0, 3 - math.floor(math.log10(width))) if 0 < width < 1e6 else 0
    if not math.isfinite(value) or abs(value) >= 1e15:
        return f"{value:.4g}"
    return chart.rules.number(round(value, min(digits, 12)))


_BESIDE = {"heatmap": 260, "combined": 190}
"""Pixels beside the plot, about: labels, the scale of colours, another axis."""


def _categories(chart: ReadChart, axes: Axes, axis: ReadAxis, *, is_upright: bool = False) -> None:
    """Labels of categories: as many as there is room for, turned where they are long."""
    beside = chart.width if is_upright else chart.height  # two fifths of it at most
    longest = min(40 if is_upright else 28, max(int(beside * 0.4 / 7.6), 4))
    labels = [_short(text, longest) for text in axis.labels or ()]
    count = len(labels)
    if is_upright:
        step = max(1, math.ceil(count * 14 / max(chart.height - 100, 50)))
        axes.set_yticks(range(0, count, step), labels[::step])
        axes.set_ylim(count - 0.4, -0.6)
        return
    room = max(chart.width - _BESIDE.get(chart.kind, 110), 50) / max(count, 1)
    widest = max(map(len, labels), default=0) * 7.6 + 10
    axes.set_xlim(-0.6, max(count - 0.4, 0.4))
    if widest <= room:
        axes.set_xticks(range(count), labels)
        return
    if axis.moments is not None and widest <= 90:  # periods need not all be named
        step = math.ceil(widest / room)
        axes.set_xticks(range(0, count, step), labels[::step])
        return
    step = max(1, math.ceil(15 / room))
    angle = 45 if room > 24 and step == 1 else 90
    axes.set_xticks(
        range(0, count, step),
        labels[::step],
        rotation=angle,
        ha="right" if angle == 45 else "center",
        rotation_mode="anchor" if angle == 45 else "default",
    )


_LONGEST_AXIS_TITLE = 60


def _titles(chart: ReadChart, axes: Axes, x: str | None = None, y: str | None = None) -> None:
    across, upright = max(chart.width // 10, 8), max(chart.height // 10, 8)
    axes.set_xlabel(_short(chart.x.title if x is None else x, min(_LONGEST_AXIS_TITLE, across)))
    axes.set_ylabel(_short(chart.y.title if y is None else y, min(_LONGEST_AXIS_TITLE, upright)))


def _by_place(series: ReadSeries, count: int) -> list[float]:
    found = [math.nan] * count
    for place, value in zip(series.x, series.y, strict=True):
        if value is not None and isinstance(place, float) and 0 <= place < count:
            found[int(place)] = value
    return found


# Bars -------------------------------------------------------------------------------------


def _bars(chart: ReadChart, figure: Figure, axes: Axes) -> None:
    """Bars beside or upon each other, standing or lying; lines over them."""
    is_lying = chart.kind == "barh"
    count = len(chart.x.labels or ())
    layers = chart.layers or [ReadLayer("bar", [])]
    _draw_bars(axes, layers[0], count, is_lying=is_lying)
    _categories(chart, axes, chart.x, is_upright=is_lying)
    if is_lying:
        axes.grid(visible=True, axis="x")
        axes.grid(visible=False, axis="y")
        labels = min(max(map(len, chart.x.labels or ("",))), 40)
        _numbers(chart, axes.xaxis, room=chart.width - 80 - 7.6 * labels)
        _titles(chart, axes, chart.y.title, chart.x.title)
    else:
        _numbers(chart, axes.yaxis)
        _titles(chart, axes)
    for layer in layers[1:]:
        _lines_over(chart, axes, layer, count, len(layers[0].series))
    _legend(chart, figure, chart.series_names)


def _draw_bars(axes: Axes, layer: ReadLayer, count: int, *, is_lying: bool) -> None:
    draw = axes.barh if is_lying else axes.bar
    up, down = [0.0] * count, [0.0] * count
    room = 0.8 / (1 if layer.is_stacked else max(len(layer.series), 1))
    for number, series in enumerate(layer.series):
        values = _by_place(series, count)
        if layer.is_stacked:
            places = [float(place) for place in range(count)]
            starts = [u if not v < 0 else d for u, d, v in zip(up, down, values, strict=True)]
        else:
            shift = (number - (len(layer.series) - 1) / 2) * room
            places = [place + shift for place in range(count)]
            starts = [0.0] * count
        heights = [0.0 if math.isnan(value) else value for value in values]
        draw(places, heights, room * 0.94, starts, color=_color(number), linewidth=0)
        for place, value in enumerate(heights):
            if value < 0:
                down[place] += value
            else:
                up[place] += value


def _lines_over(chart: ReadChart, axes: Axes, layer: ReadLayer, count: int, first: int) -> None:
    right = axes.twinx()
    right.grid(visible=False)
    right.spines["right"].set_visible(True)
    for number, series in enumerate(layer.series, first):
        right.plot(range(count), _by_place(series, count), color=_color(number), marker="o", ms=4)
    right.set_ylabel(_short(layer.title, _LONGEST_AXIS_TITLE))
    _numbers(chart, right.yaxis)


def _histogram(chart: ReadChart, figure: Figure, axes: Axes) -> None:
    starts = [0.0] * len(chart.bins)
    for layer in chart.layers:
        for number, series in enumerate(layer.series):
            values = [value or 0.0 for value in series.y]
            lows = [low for low, _ in chart.bins]
            widths = [high - low for low, high in chart.bins]
            axes.bar(
                *(lows, values, widths, starts),
                align="edge",
                color=_color(number),
                edgecolor="white",
                linewidth=0.6,
            )
            starts = [start + value for start, value in zip(starts, values, strict=True)]
    _numbers(chart, axes.xaxis, room=chart.width - 110)
    _numbers(chart, axes.yaxis, is_whole=True)
    _titles(chart, axes)
    _legend(chart, figure, chart.series_names)


# Lines, areas, points ------------------------------------------------------------------------


def _points(chart: ReadChart, figure: Figure, axes: Axes) -> None:
    layer = chart.layers[0] if chart.layers else ReadLayer("line", [])
    if layer.mark == "area":
        _areas(axes, layer)
    for number, series in enumerate(layer.series if layer.mark != "area" else ()):
        x: Any = date2num(series.x) if chart.x.is_time else series.x
        y = [math.nan if value is None else value for value in series.y]
        if layer.mark == "point":
            many = len(y) > 500
            axes.scatter(x, y, s=9 if many else 22, color=_color(number), alpha=0.6, linewidths=0)
        else:
            marker = "o" if layer.has_points or len(y) == 1 else None
            axes.plot(x, y, color=_color(number), marker=marker, ms=4, linewidth=1.8)
    if chart.x.labels is not None:
        _categories(chart, axes, chart.x)
    elif chart.x.is_time:
        _times(chart, axes, chart.x.unit or "yearmonthdate")
    else:
        _numbers(chart, axes.xaxis, room=chart.width - 110)
    _numbers(chart, axes.yaxis)
    _titles(chart, axes)
    _legend(chart, figure, chart.series_names)


def _areas(axes: Axes, layer: ReadLayer) -> None:
    """Areas upon each other; those of one series end in its line."""
    if not layer.series:
        return
    x: Any = layer.series[0].x
    if layer.is_stacked and len(layer.series) > 1:
        ys = [[value or 0.0 for value in series.y] for series in layer.series]
        colors = [_color(number) for number in range(len(ys))]
        axes.stackplot(x, ys, colors=colors, linewidth=0, alpha=0.9)
        return
    for number, series in enumerate(layer.series):
        y = [math.nan if value is None else value for value in series.y]
        axes.fill_between(series.x, y, color=_color(number), alpha=0.35, linewidth=0)  # type: ignore[arg-type]
        axes.plot(series.x, y, color=_color(number))  # type: ignore[arg-type]


def _times(chart: ReadChart, axes: Axes, unit: TimeUnit) -> None:
    """Ticks at beginnings of periods that are no shorter than those of the data."""
    if not any(layer.series for layer in chart.layers):
        return
    room = max(3, chart.width // 110)
    locator = AutoDateLocator(minticks=2, maxticks=room)
    for frequency in _TOO_FINE[unit]:
        locator.intervald[frequency] = [10**6]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda day, _: _time(chart, day, axes, unit)))


_YEARLY, _MONTHLY, _DAILY, _HOURLY, _MINUTELY, _SECONDLY, _MICROSECONDLY = 0, 1, 3, 4, 5, 6, 7
_SMALLEST = (_HOURLY, _MINUTELY, _SECONDLY, _MICROSECONDLY)
_TOO_FINE: dict[TimeUnit, tuple[int, ...]] = {
    "year": (_MONTHLY, _DAILY, *_SMALLEST),
    "yearquarter": (_DAILY, *_SMALLEST),
    "yearmonth": (_DAILY, *_SMALLEST),
    "yearmonthdate": _SMALLEST,
    "yearmonthdatehoursminutes": (_SECONDLY, _MICROSECONDLY),
}


def _time(chart: ReadChart, day: float, axes: Axes, unit: TimeUnit) -> str:
    try:
        moment = num2date(day).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return ""
    low, high = axes.get_xlim()
    if unit in ("yearmonthdate", "yearmonthdatehoursminutes") and high - low > 150:
        unit = "yearmonth" if high - low < 3000 else "year"
    elif unit == "yearmonthdatehoursminutes" and high - low > 6:
        unit = "yearmonthdate"
    elif unit == "yearmonth" and high - low > 3000:
        unit = "year"
    return chart.rules.date(moment, unit)


# Slices, cells, boxes ----------------------------------------------------------------------------


def _pie(chart: ReadChart, figure: Figure, axes: Axes) -> None:
    labels = [_short(text) for text in chart.x.labels or ()]
    series = chart.layers[0].series if chart.layers else []
    values = _by_place(series[0], len(labels)) if series else []
    values = [value if value > 0 else 0.0 for value in values]
    total = math.fsum(values)
    axes.set_axis_off()
    if not total:
        return
    colors = [_color(number) for number in range(len(values))]
    patches = axes.pie(
        values,
        colors=colors,
        startangle=90,
        counterclock=False,
        autopct=lambda percent: chart.rules.percent(percent / 100) if percent >= 6 else "",
        pctdistance=0.75,
        textprops={"fontsize": 8.5, "color": "white", "fontweight": "bold"},
        wedgeprops={"linewidth": 1, "edgecolor": "white"},
    )[0]
    entries = [
        f"{label}: {chart.rules.number(value)}" for label, value in zip(labels, values, strict=True)
    ]
    most = max(1, (chart.height - 80) // 18)
    figure.legend(
        patches[:most],
        entries[:most],
        title=_short(chart.y.title, 40) or None,
        loc="outside right center",
        fontsize=8.5,
    )


def _heatmap(chart: ReadChart, figure: Figure, axes: Axes) -> None:
    _categories(chart, axes, chart.x)
    rows, columns = len(chart.y.labels or ()), len(chart.x.labels or ())
    axes.grid(visible=False)
    known = [value for row in chart.cells for value in row if value is not None]
    if known and rows and columns:
        cells = [[math.nan if value is None else value for value in row] for row in chart.cells]
        mesh = axes.pcolormesh(
            [place - 0.5 for place in range(columns + 1)],
            [place - 0.5 for place in range(rows + 1)],
            cells,
            cmap="Blues",
            edgecolors="white",
            linewidth=0.5,
        )
        bar = figure.colorbar(mesh, ax=axes, label=_short(chart.legend, _LONGEST_AXIS_TITLE))
        _numbers(chart, bar.ax.yaxis)
        if rows * columns <= 150:
            _write_cells(chart, axes, known)
    axes.set_xlim(-0.5, max(columns, 1) - 0.5)
    _categories_down(chart, axes)
    _titles(chart, axes)


def _write_cells(chart: ReadChart, axes: Axes, known: Sequence[float]) -> None:
    least, most = min(known), max(known)
    middle = least + (most - least) * 0.6
    for y, row in enumerate(chart.cells):
        for x, value in enumerate(row):
            if value is None:
                continue
            text = chart.rules.number(float(f"{value:.4g}"))
            if len(text) <= 9:
                color = "white" if value > middle else "#333333"
                axes.text(x, y, text, ha="center", va="center", fontsize=8, color=color)


def _categories_down(chart: ReadChart, axes: Axes) -> None:
    longest = min(40, max(int(chart.width * 0.4 / 7.6), 4))
    labels = [_short(text, longest) for text in chart.y.labels or ()]
    count = len(labels)
    step = max(1, math.ceil(count * 14 / max(chart.height - 100, 50)))
    axes.set_yticks(range(0, count, step), labels[::step])
    axes.set_ylim(max(count, 1) - 0.5, -0.5)


def _boxes(chart: ReadChart, figure: Figure, axes: Axes) -> None:
    beyond: dict[int, list[float]] = {}
    for layer in chart.layers:
        for series in layer.series:
            for place, value in zip(series.x, series.y, strict=True):
                if value is not None and isinstance(place, float):
                    beyond.setdefault(int(place), []).append(value)
    drawn = [(place, box) for place, box in enumerate(chart.boxes) if box is not None]
    if drawn:
        stats = [
            {
                "whislo": box.low,
                "q1": box.q1,
                "med": box.median,
                "q3": box.q3,
                "whishi": box.high,
                "fliers": beyond.get(place, []),
            }
            for place, box in drawn
        ]
        axes.bxp(
            stats,
            positions=[place for place, _ in drawn],
            widths=0.55,
            patch_artist=True,
            manage_ticks=False,
            boxprops={"facecolor": "#c9d4f5", "edgecolor": _color(0)},
            medianprops={"color": _color(2), "linewidth": 2},
            whiskerprops={"color": _color(0)},
            capprops={"color": _color(0)},
            flierprops={"marker": ".", "markersize": 4, "markeredgecolor": _color(0)},
        )
    _categories(chart, axes, chart.x)
    _numbers(chart, axes.yaxis)
    _titles(chart, axes)


_SHAPES = {
    "bar": _bars,
    "barh": _bars,
    "stacked": _bars,
    "combined": _bars,
    "histogram": _histogram,
    "pie": _pie,
    "heatmap": _heatmap,
    "box": _boxes,
}
