"""From a table to the description of a chart.

Rows of the table at one place of the chart are put together here, so that a description has as
many rows as there is something to see. What is left out or thinned out, the reader is told.
Source: chart reference, 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from msgspec import UNSET, structs

from datacode.charts import columns
from datacode.charts.axes import AxisValues, continuous, discrete, written
from datacode.charts.distributions import box_layers, histogram_rows
from datacode.charts.labels import LONGEST_TITLE, label
from datacode.charts.languages import RULES, LanguageRules, language_of
from datacode.charts.request import ChartRequest
from datacode.charts.thinning import THINNED, every_nth, extremes
from datacode.errors import DataCodeError, runtime_error
from datacode.i18n.message import Message
from datacode.values.chart import (
    KINDS,
    MOST_ROWS,
    Axis,
    ChannelDefinition,
    Chart,
    Config,
    Data,
    Datum,
    Encoding,
    FieldName,
    Layer,
    Mark,
    Resolve,
    Scale,
    ScaleResolution,
    Usermeta,
    is_within_limits,
)
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl

Warn = Callable[[Message], None]

MOST_SERIES = 50
"""Series, which are told apart by colour."""

MOST_SLICES = 40

_GAPS = Message(
    "chart_gaps", "chart: {count} values of '{name}' are not finite numbers and were left out"
)
_WITHOUT_PLACE = Message(
    "chart_rows_without_place", "chart: {count} rows without a value in '{name}' were left out"
)

_EXACT: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "sum": lambda e: pl.when(e.count() > 0).then(e.sum()),
    "average": lambda e: e.mean(),
    "median": lambda e: e.median(),
    "min": lambda e: e.min(),
    "max": lambda e: e.max(),
    "count": lambda e: e.count().cast(pl.Float64),
    "distinct": lambda e: e.drop_nulls().n_unique().cast(pl.Float64),
}


def chart_of(request: ChartRequest, warn: Warn) -> Chart:
    """The chart. Raises Runtime Errors for what cannot be drawn."""
    builder = _Builder(request, warn)
    chart = _SHAPES[request.kind](builder)
    if not is_within_limits(chart):
        raise runtime_error(
            "chart_too_large",
            "chart: the labels of so many points take too much room: group the rows first or "
            "shorten the labels",
        )
    return chart


class _Builder:
    """What all kinds of charts need of a request."""

    def __init__(self, request: ChartRequest, warn: Warn) -> None:
        self.request = request
        self.warn = warn
        self.language = request.language or language_of(self._texts())
        self.rules: LanguageRules = RULES[self.language]
        _refuse_what_means_nothing(request)

    def _texts(self) -> list[str]:
        """What tells in which language the reader thinks."""
        request = self.request
        texts = [request.title or "", request.x_title or "", request.y_title or ""]
        used = [request.x, *request.y, *request.line, request.by, request.value]
        texts += [request.name(position) for position in used if position is not None]
        first = self.cells(request.x).part(0, min(len(request.table), 20))
        return texts + [value for value in first if value.__class__ is str]

    def cells(self, position: int) -> ColumnData:
        """A column's cells."""
        return self.request.table.columns[position]

    def continuous(self, position: int) -> AxisValues:
        """A column along an axis of times or numbers, if it has these."""
        name = self.request.name(position)
        return self._told(
            continuous(self.cells(position), name, self.request.every, self.rules), name
        )

    def discrete(self, position: int, every: str | None) -> AxisValues:
        """A column along an axis of categories or periods."""
        name = self.request.name(position)
        return self._told(discrete(self.cells(position), name, every, self.rules), name)

    def _told(self, axis: AxisValues, name: str) -> AxisValues:
        missing = axis.places.null_count() if axis.type != "nominal" else 0
        if missing:
            self.warn(_WITHOUT_PLACE.filled(count=missing, name=label(name)))
        return axis

    def numbers(self, position: int) -> pl.Series:
        """A column of numbers; what is not finite is a gap, of which the reader is told."""
        name = self.request.name(position)
        found = columns.numbers(self.cells(position), name)
        if found.gaps:
            self.warn(_GAPS.filled(count=found.gaps, name=label(name)))
        return found.series

    def series(self) -> tuple[pl.Series | None, str | None]:
        """The series that each row belongs to, and what they are; None where there is one only."""
        by = self.request.by
        if by is None:
            return None, None
        found = columns.labels(self.cells(by), self.rules.empty)
        count = found.n_unique()
        if count > MOST_SERIES:
            raise runtime_error(
                "chart_series",
                "chart: column '{name}' makes {count} series, which nobody can tell apart (at most "
                "{most})",
                name=label(self.request.name(by)),
                count=count,
                most=MOST_SERIES,
            )
        return found, label(self.request.name(by))

    # Long data ------------------------------------------------------------------------------

    def long(self, x: AxisValues, y: Sequence[int]) -> tuple[pl.DataFrame, str | None]:
        """Columns ``x``, ``y`` and, if there are several, ``series``; and what the series are.

        Without columns of numbers every row counts as one.
        """
        split, title = self.series()
        if len(y) > 1 and split is not None:
            raise runtime_error(
                "chart_by_with_columns",
                "chart: by= divides one column into series; there are {count} columns already",
                count=len(y),
            )
        if not y:
            ones = pl.Series([1.0], dtype=pl.Float64).new_from_index(0, len(x.places))
            frames = [[x.places.alias("x"), ones.alias("y")]]
        else:
            frames = [[x.places.alias("x"), self.numbers(each).alias("y")] for each in y]
        made = []
        for position, series in zip(y or (0,), frames, strict=True):
            frame = pl.DataFrame(series)
            if split is not None:
                frame = frame.with_columns(split.alias("series"))
            elif len(y) > 1:
                name = label(self.request.name(position))
                frame = frame.with_columns(pl.lit(name).alias("series"))
            made.append(frame)
        return pl.concat(made).filter(pl.col("x").is_not_null()), title

    def together(self, frame: pl.DataFrame, function: str | None) -> pl.DataFrame:
        """One row for each place and series."""
        keys = [name for name in frame.columns if name != "y"]
        answer = _EXACT[function or "sum"](pl.col("y"))
        return frame.group_by(keys, maintain_order=True).agg(answer.alias("y"))

    def grid(self, x: AxisValues, frame: pl.DataFrame) -> list[Datum]:
        """Rows for every place of a discrete axis and every series, in the order of both."""
        names = frame["series"].unique(maintain_order=True).to_list() if _has(frame) else [None]
        order = list(x.order or ())
        if len(order) * len(names) > MOST_ROWS:
            raise too_many_points(len(order) * len(names))
        keys = zip(*(frame[key].to_list() for key in ("x", "series") if key in frame), strict=True)
        known = dict(zip(keys, frame["y"].to_list(), strict=True))
        rows: list[Datum] = []
        for place in order:
            for name in names:
                key = (place,) if name is None else (place, name)
                row: Datum = {"x": written(place), "y": known.get(key)}
                if name is not None:
                    row["series"] = name
                rows.append(row)
        return rows

    def rows(self, frame: pl.DataFrame) -> list[Datum]:
        """Rows of a continuous axis, in ascending order of it, thinned out where they are many."""
        count = frame.height
        if count > MOST_ROWS:
            frame = extremes(frame, MOST_ROWS)
            self.warn(THINNED.filled(count=count, shown=frame.height))
        return rows_of(frame)

    # Titles ----------------------------------------------------------------------------------

    def y_title(self, y: Sequence[int]) -> str | None:
        """What the numbers are."""
        request = self.request
        if request.y_title is not None:
            return label(request.y_title, LONGEST_TITLE) or None
        function = request.function
        if not y or (function == "count" and len(y) == 1):
            return self.rules.count
        word = "" if function in (None, "sum") else self.rules.aggregates[function]
        if len(y) > 1:
            return word or None
        name = label(request.name(y[0]))
        return f"{name}, {word}" if word else name

    def x_channel(self, axis: AxisValues, title: str | None = None) -> ChannelDefinition:
        """The x axis."""
        title = self.request.x_title if title is None else title
        cut = None if title is None else label(title, LONGEST_TITLE)
        return axis.channel("x", self.rules, cut)

    def y_channel(self, title: str | None, *, is_stacked: bool | None = None) -> ChannelDefinition:
        """The axis of numbers; ``is_stacked`` None where marks cannot be stacked."""
        channel = ChannelDefinition(field="y", type="quantitative", title=title)
        if is_stacked is None:
            return channel
        return structs.replace(channel, stack="zero" if is_stacked else None)

    def color(self, rows: Sequence[Datum], title: str | None) -> Any:
        """The colours of series, where there are any."""
        if not any("series" in row for row in rows[:1]):
            return UNSET
        return ChannelDefinition(field="series", type="nominal", title=title, sort=None)

    # The whole --------------------------------------------------------------------------------

    def chart(self, rows: list[Datum], height: int = 400, **parts: Any) -> Chart:
        """The chart of these rows."""
        request = self.request
        title = label(request.title, LONGEST_TITLE) if request.title else ""
        return Chart(
            title=title or UNSET,
            width=request.width or 720,
            height=request.height or height,
            data=Data(values=rows),
            config=Config(locale=self.rules.d3()) if self.language != "en" else UNSET,
            usermeta=Usermeta(kind=request.kind, language=self.language, rows=len(request.table)),
            **parts,
        )


def _has(frame: pl.DataFrame) -> bool:
    return "series" in frame.columns


def rows_of(frame: pl.DataFrame) -> list[Datum]:
    """Rows of data from columns that are called like fields."""
    lists = [[written(value) for value in frame[name].to_list()] for name in frame.columns]
    names = cast("list[FieldName]", frame.columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True)]


def too_many_points(count: int) -> DataCodeError:
    """Categories and series together are too many."""
    return runtime_error(
        "chart_points",
        "chart: {count} categories times series are too many (at most {most}): group or filter the "
        "rows first",
        count=count,
        most=MOST_ROWS,
    )


# Kinds -----------------------------------------------------------------------------------


_NEEDED = {
    "by": ("bar", "barh", "stacked", "line", "area", "scatter", "histogram", "combined"),
    "line": ("combined",),
    "value": ("heatmap",),
    "bins": ("histogram",),
    "every": ("bar", "barh", "stacked", "line", "area", "box", "pie", "heatmap", "combined"),
    "function": ("bar", "barh", "stacked", "line", "area", "pie", "heatmap", "combined"),
    "y": tuple(kind for kind in KINDS if kind != "histogram"),
}
"""Arguments that only some kinds have."""

_ARGUMENTS = {"function": "agg"}
"""Where they are called otherwise in programs."""


def _refuse_what_means_nothing(request: ChartRequest) -> None:
    for name, kinds in _NEEDED.items():
        if getattr(request, name) not in (None, ()) and request.kind not in kinds:
            raise runtime_error(
                "chart_argument",
                "chart: '{argument}' means nothing for a chart of the kind '{kind}'",
                argument=_ARGUMENTS.get(name, name),
                kind=request.kind,
            )
    if request.kind == "scatter" and not request.y:
        raise runtime_error(
            "chart_y_missing", "chart: a chart of the kind 'scatter' needs a column for y"
        )


def _bars(builder: _Builder) -> Chart:
    request = builder.request
    x = builder.discrete(request.x, request.every)
    frame, title = builder.long(x, request.y)
    rows = builder.grid(x, builder.together(frame, request.function))
    is_stacked = request.kind == "stacked"
    place = builder.x_channel(x)
    number = builder.y_channel(builder.y_title(request.y), is_stacked=is_stacked)
    color = builder.color(rows, title)
    offset: Any = UNSET
    if color is not UNSET and not is_stacked:
        offset = ChannelDefinition(field="series", type="nominal", sort=None)
    if request.kind == "barh":
        mark = Mark(type="bar", tooltip=True, orient="horizontal")
        encoding = Encoding(x=number, y=place, y_offset=offset, color=color)
        lines = len(rows) if offset is not UNSET else len(x.order or ())
        height = min(max(200, 100 + 22 * lines), 2000)
        return builder.chart(rows, height, mark=mark, encoding=encoding)
    mark = Mark(type="bar", tooltip=True)
    encoding = Encoding(x=place, y=number, x_offset=offset, color=color)
    return builder.chart(rows, mark=mark, encoding=encoding)


_FEW_POINTS = 60


def _lines(builder: _Builder) -> Chart:
    request = builder.request
    is_area = request.kind == "area"
    x = builder.continuous(request.x)
    frame, title = builder.long(x, request.y)
    if x.type != "quantitative" or request.function is not None or is_area:
        frame = builder.together(frame, request.function)
    if x.type == "nominal" or (is_area and _has(frame)):
        if x.order is None:
            x = _ordered(x, frame)
        rows = builder.grid(x, frame)
        if is_area:  # areas upon each other need a number everywhere
            rows = [{**row, "y": row["y"] or 0.0} for row in rows]
    else:
        rows = builder.rows(frame.sort("x", maintain_order=True))
    channel = builder.y_channel(
        builder.y_title(request.y), is_stacked=_has(frame) if is_area else None
    )
    mark = (
        Mark(type="area", tooltip=True)
        if is_area
        else Mark(type="line", point=len(rows) <= _FEW_POINTS, tooltip=True)
    )
    encoding = Encoding(x=builder.x_channel(x), y=channel, color=builder.color(rows, title))
    return builder.chart(rows, mark=mark, encoding=encoding)


def _ordered(x: AxisValues, frame: pl.DataFrame) -> AxisValues:
    """The axis with all its places in ascending order."""
    order = frame["x"].unique().sort().to_list()
    if len(order) > MOST_ROWS:
        raise too_many_points(len(order))
    return AxisValues(x.places, x.type, x.title, x.unit, order)


def _scatter(builder: _Builder) -> Chart:
    request = builder.request
    x = builder.continuous(request.x)
    frame, title = builder.long(x, request.y)
    frame = frame.filter(pl.col("y").is_not_null())
    count = frame.height
    if count > MOST_ROWS:
        frame = every_nth(frame, MOST_ROWS)
        builder.warn(THINNED.filled(count=count, shown=frame.height))
    rows = rows_of(frame)
    number = structs.replace(builder.y_channel(builder.y_title(request.y)), scale=Scale(zero=False))
    place = builder.x_channel(x)
    if x.type == "quantitative":
        place = structs.replace(place, scale=Scale(zero=False))
    encoding = Encoding(x=place, y=number, color=builder.color(rows, title))
    return builder.chart(rows, mark=Mark(type="point", tooltip=True), encoding=encoding)


def _histogram(builder: _Builder) -> Chart:
    request = builder.request
    split, title = builder.series()
    frame = pl.DataFrame([builder.numbers(request.x).alias("x")])
    if split is not None:
        frame = frame.with_columns(split.alias("series"))
    rows = histogram_rows(frame.filter(pl.col("x").is_not_null()), request.bins)
    name = label(request.x_title if request.x_title is not None else request.name(request.x))
    encoding = Encoding(
        x=ChannelDefinition(field="x", type="quantitative", title=name or None, bin="binned"),
        x2=ChannelDefinition(field="x2"),
        y=builder.y_channel(builder.y_title(()), is_stacked=True),
        color=builder.color(rows, title),
    )
    return builder.chart(rows, mark=Mark(type="bar", tooltip=True), encoding=encoding)


def _box(builder: _Builder) -> Chart:
    request = builder.request
    if request.y:
        x = builder.discrete(request.x, request.every)
        number = request.y[0]
    else:
        number = request.x
        name = label(request.name(number))
        one = pl.Series([name], dtype=pl.String).new_from_index(0, len(request.table))
        x = AxisValues(one, "nominal", "", order=[name])
    if len(request.y) > 1:
        raise runtime_error("chart_one_number", "chart: a box chart shows one column of numbers")
    frame = pl.DataFrame([x.places.alias("x"), builder.numbers(number).alias("y")])
    frame = frame.filter(pl.col("x").is_not_null() & pl.col("y").is_not_null())
    boxes, outliers = box_layers(frame, list(x.order or ()), builder.warn)
    place = builder.x_channel(x, None if request.y else "")
    title = label(request.y_title) if request.y_title is not None else label(request.name(number))

    def layer(mark: Mark, y: str, y2: str | None = None, data: Any = UNSET) -> Layer:
        channel = ChannelDefinition(field=y, type="quantitative", title=title or None)  # type: ignore[arg-type]
        channel = structs.replace(channel, scale=Scale(zero=False))
        end: Any = UNSET if y2 is None else ChannelDefinition(field=y2)  # type: ignore[arg-type]
        return Layer(mark=mark, encoding=Encoding(x=place, y=channel, y2=end), data=data)

    layers = [
        layer(Mark(type="rule"), "low", "high"),
        layer(Mark(type="bar", tooltip=True), "q1", "q3"),
        layer(Mark(type="tick", orient="horizontal"), "median"),
    ]
    if outliers:
        layers.append(layer(Mark(type="point", tooltip=True), "y", data=Data(values=outliers)))
    return builder.chart(boxes, layer=layers)


def _pie(builder: _Builder) -> Chart:
    request = builder.request
    x = builder.discrete(request.x, request.every)
    if len(request.y) > 1:
        raise runtime_error("chart_one_number_pie", "chart: a pie shows one column of numbers")
    frame, _ = builder.long(x, request.y)
    rows = [
        row
        for row in builder.grid(x, builder.together(frame, request.function))
        if row["y"] is not None
    ]
    if any(row["y"] < 0 for row in rows):  # type: ignore[operator]
        raise runtime_error("chart_negative_slice", "chart: a pie cannot show negative numbers")
    rows = [row for row in rows if row["y"]]
    if len(rows) > MOST_SLICES:
        raise runtime_error(
            "chart_slices",
            "chart: {count} slices are too many for a pie (at most {most}): bars show them better",
            count=len(rows),
            most=MOST_SLICES,
        )
    place = builder.x_channel(x)
    encoding = Encoding(
        theta=builder.y_channel(builder.y_title(request.y), is_stacked=True), color=place
    )
    return builder.chart(rows, mark=Mark(type="arc", tooltip=True), encoding=encoding)


def _heatmap(builder: _Builder) -> Chart:
    request = builder.request
    if len(request.y) != 1:
        raise runtime_error("chart_heatmap_y", "chart: a heat map needs one column for y")
    x = builder.discrete(request.x, request.every)
    y = builder.discrete(request.y[0], None)
    wanted = () if request.value is None else (request.value,)
    if len(x.order or ()) * len(y.order or ()) > MOST_ROWS:
        raise too_many_points(len(x.order or ()) * len(y.order or ()))
    numbers = (
        builder.numbers(request.value)
        if request.value is not None
        else pl.Series([1.0], dtype=pl.Float64).new_from_index(0, len(request.table))
    )
    frame = pl.DataFrame([x.places.alias("x"), y.places.alias("row"), numbers.alias("y")]).filter(
        pl.col("x").is_not_null() & pl.col("row").is_not_null()
    )
    known = {
        (row[0], row[1]): row[2] for row in builder.together(frame, request.function).iter_rows()
    }
    rows: list[Datum] = [
        {"x": written(a), "y": written(b), "value": known.get((a, b))}
        for b in y.order or ()
        for a in x.order or ()
    ]
    vertical = None if request.y_title is None else label(request.y_title, LONGEST_TITLE)
    encoding = Encoding(
        x=builder.x_channel(x),
        y=y.channel("y", builder.rules, vertical),
        color=ChannelDefinition(
            field="value",
            type="quantitative",
            title=_Builder.y_title(builder, wanted) if request.y_title is None else None,
            scale=Scale(scheme="blues"),
        ),
    )
    height = min(max(200, 120 + 26 * len(y.order or ())), 2000)
    return builder.chart(rows, height, mark=Mark(type="rect", tooltip=True), encoding=encoding)


def _combined(builder: _Builder) -> Chart:
    request = builder.request
    if not request.line:
        raise runtime_error(
            "chart_line_missing",
            "chart: a combined chart needs line=, the columns that are drawn as lines",
        )
    x = builder.discrete(request.x, request.every)
    frame, title = builder.long(x, request.y)
    bars = builder.grid(x, builder.together(frame, request.function))
    lines: list[Datum] = []
    for position in request.line:
        over = pl.DataFrame([x.places.alias("x"), builder.numbers(position).alias("y")])
        kept = builder.together(over.filter(pl.col("x").is_not_null()), request.function)
        name = label(request.name(position))
        lines += [{**row, "series": name} for row in builder.grid(x, kept)]
    if bars and "series" not in bars[0]:
        name = label(request.name(request.y[0])) if request.y else builder.rules.count
        bars = [{**row, "series": name} for row in bars]
    place = builder.x_channel(x)
    offset = ChannelDefinition(field="series", type="nominal", sort=None)
    color = ChannelDefinition(field="series", type="nominal", title=title, sort=None)
    names = [label(request.name(position)) for position in request.line]
    line_title = names[0] if len(names) == 1 else None
    right = structs.replace(
        builder.y_channel(line_title), axis=Axis(orient="right"), scale=Scale(zero=False)
    )
    layers = [
        Layer(
            mark=Mark(type="bar", tooltip=True),
            encoding=Encoding(
                x=place,
                x_offset=offset if len({row["series"] for row in bars}) > 1 else UNSET,
                y=builder.y_channel(builder.y_title(request.y), is_stacked=False),
                color=color,
            ),
        ),
        Layer(
            mark=Mark(type="line", point=True, tooltip=True),
            encoding=Encoding(x=place, y=right, color=color),
            data=Data(values=lines),
        ),
    ]
    resolve = Resolve(scale=ScaleResolution(y="independent"))
    return builder.chart(bars, layer=layers, resolve=resolve)


_SHAPES: dict[str, Callable[[_Builder], Chart]] = {
    "bar": _bars,
    "barh": _bars,
    "stacked": _bars,
    "line": _lines,
    "area": _lines,
    "scatter": _scatter,
    "histogram": _histogram,
    "box": _box,
    "pie": _pie,
    "heatmap": _heatmap,
    "combined": _combined,
}
