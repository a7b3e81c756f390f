"""A description as those that draw it in Python need it: series of numbers along axes.

A description may come from a checkpoint that a stranger made: what is not as the builder of
charts would have it is a gap, never an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import UnsetType

from datacode.charts.labels import LONGEST_TITLE, label
from datacode.charts.languages import RULES, LanguageRules
from datacode.values.chart import (
    ChannelDefinition,
    Chart,
    Datum,
    Encoding,
    FieldName,
    Mark,
    TimeUnit,
    number_in,
    text_in,
)


@dataclass(frozen=True, slots=True)
class ReadAxis:
    """An axis. ``labels`` are those of its categories or periods, None on a scale.

    ``moments`` are the periods of ``labels`` where these are dates. ``unit`` is how exact dates are
    where the axis has any.
    """

    title: str
    labels: list[str] | None = None
    unit: TimeUnit | None = None
    moments: list[datetime] | None = None
    is_time: bool = False


@dataclass(frozen=True, slots=True)
class ReadSeries:
    """Points of one colour. ``x`` are numbers, moments, or numbers of categories from 0."""

    name: str
    x: list[float] | list[datetime]
    y: list[float | None]


@dataclass(frozen=True, slots=True)
class ReadLayer:
    """Series that are drawn alike; ``is_right``: by an axis on the right with ``title``."""

    mark: str
    series: list[ReadSeries]
    is_stacked: bool = False
    is_right: bool = False
    title: str = ""
    has_points: bool = False


@dataclass(frozen=True, slots=True)
class ReadBox:
    """The five numbers of a box, and what lies beyond."""

    low: float
    q1: float
    median: float
    q3: float
    high: float


@dataclass(frozen=True, slots=True)
class ReadChart:
    """A chart. Which of the last four it has goes by its kind.

    ``bins`` are limits of bins, whose counts are in the layer; ``boxes`` are by category;
    ``cells`` are rows of numbers by the categories of ``y`` and ``x``.
    """

    kind: str
    title: str
    rules: LanguageRules
    width: int
    height: int
    x: ReadAxis
    y: ReadAxis
    legend: str = ""
    layers: list[ReadLayer] = field(default_factory=list)
    bins: list[tuple[float, float]] = field(default_factory=list)
    boxes: list[ReadBox | None] = field(default_factory=list)
    cells: list[list[float | None]] = field(default_factory=list)

    @property
    def series_names(self) -> list[str]:
        """The names of all series, in order; empty where there is one without a name."""
        found = [each.name for layer in self.layers for each in layer.series]
        return list(dict.fromkeys(name for name in found if name))


_NOTHING = ReadAxis("")


def read(chart: Chart) -> ReadChart:
    """The description, for drawing."""
    rules = RULES[chart.usermeta.language]
    title = "" if isinstance(chart.title, UnsetType) else label(chart.title, LONGEST_TITLE)
    layers = chart.layers()
    empty = ReadChart(chart.kind, title, rules, chart.width, chart.height, _NOTHING, _NOTHING)
    if not layers:
        return empty
    if chart.kind == "histogram":
        return _histogram(empty, layers[0])
    if chart.kind == "box":
        return _boxes(empty, layers)
    if chart.kind == "heatmap":
        return _heatmap(empty, layers[0])
    return _series(empty, layers)


Shown = tuple[Mark, Encoding, list[Datum]]


def _title(channel: ChannelDefinition | UnsetType) -> str:
    if isinstance(channel, UnsetType) or isinstance(channel.title, UnsetType):
        return ""
    return label(channel.title or "", LONGEST_TITLE)


def moment_of(text: str) -> datetime | None:
    """The date of a text in a description."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=None)


class _Categories:
    """The different values of a field, and where each stands."""

    def __init__(self, channel: ChannelDefinition | UnsetType, rules: LanguageRules) -> None:
        self._unit: TimeUnit | None = None
        self._is_dated = False
        if not isinstance(channel, UnsetType):
            self._is_dated = channel.type == "ordinal"
            if not isinstance(channel.time_unit, UnsetType):
                self._unit = channel.time_unit
        self.title = _title(channel)
        self._rules = rules
        self._places: dict[str, int] = {}

    def place(self, text: str) -> int:
        """The number of a category, from 0; one more for a new one."""
        return self._places.setdefault(text, len(self._places))

    def axis(self) -> ReadAxis:
        """The axis of all that came."""
        texts = list(self._places)
        if not self._is_dated or self._unit is None:
            return ReadAxis(self.title, list(map(label, texts)))
        moments = [moment_of(text) for text in texts]
        known = [moment for moment in moments if moment is not None]
        if len(known) < len(texts):
            return ReadAxis(self.title, list(map(label, texts)))
        labels = [self._rules.date(moment, self._unit) for moment in known]
        return ReadAxis(self.title, labels, self._unit, known)


def _series(chart: ReadChart, layers: Sequence[Shown]) -> ReadChart:
    """Everything that consists of points along two axes."""
    mark, encoding, _ = layers[0]
    is_flipped = mark.orient == "horizontal" and mark.type == "bar"
    place = encoding.color if mark.type == "arc" else encoding.x
    value = encoding.theta if mark.type == "arc" else encoding.y
    if is_flipped:
        place, value = encoding.y, encoding.x
    kind = None if isinstance(place, UnsetType) else place.type
    categories = _Categories(place, chart.rules)
    found = [
        _layer(each, categories, kind, is_flipped, number) for number, each in enumerate(layers)
    ]
    if kind in ("quantitative", "temporal"):
        unit: TimeUnit | None = None
        if kind == "temporal":
            unit = "yearmonthdatehoursminutes"
            if not isinstance(place, UnsetType) and not isinstance(place.time_unit, UnsetType):
                unit = place.time_unit
        axis = ReadAxis(_title(place), unit=unit, is_time=kind == "temporal")
    else:
        axis = categories.axis()
    legend = "" if mark.type == "arc" else _title(encoding.color)
    return _replaced(chart, axis, ReadAxis(_title(value)), legend=legend, layers=found)


def _replaced(chart: ReadChart, x: ReadAxis, y: ReadAxis, **parts: object) -> ReadChart:
    # dataclasses.replace would cost the types
    return ReadChart(
        chart.kind,
        chart.title,
        chart.rules,
        chart.width,
        chart.height,
        x,
        y,
        **parts,  # type: ignore[arg-type]
    )


def _layer(
    shown: Shown, categories: _Categories, kind: object, is_flipped: bool, number: int
) -> ReadLayer:
    mark, encoding, rows = shown
    value = encoding.theta if mark.type == "arc" else encoding.x if is_flipped else encoding.y
    xs: dict[str, list[float | datetime]] = {}
    ys: dict[str, list[float | None]] = {}
    for row in rows:
        place: float | datetime | None
        if kind == "quantitative":
            place = number_in(row, "x")
        elif kind == "temporal":
            place = moment_of(text_in(row, "x"))
        else:
            place = float(categories.place(text_in(row, "x")))
        if place is None:
            continue
        name = label(text_in(row, "series"))
        xs.setdefault(name, []).append(place)
        ys.setdefault(name, []).append(number_in(row, "y"))
    is_stacked = not isinstance(value, UnsetType) and value.stack == "zero"
    is_right = number > 0
    return ReadLayer(
        mark.type,
        [ReadSeries(name, xs[name], ys[name]) for name in xs],  # type: ignore[arg-type]
        is_stacked,
        is_right,
        _title(value) if is_right else "",
        mark.point is True,
    )


def _histogram(chart: ReadChart, shown: Shown) -> ReadChart:
    _, encoding, rows = shown
    bins: dict[tuple[float, float], int] = {}
    counts: dict[str, dict[int, float]] = {}
    for row in rows:
        low, high, count = (number_in(row, name) for name in _BIN)
        if low is None or high is None or count is None or low >= high:
            continue
        number = bins.setdefault((low, high), len(bins))
        counts.setdefault(label(text_in(row, "series")), {})[number] = count
    places: list[float] = [float(number) for number in range(len(bins))]
    series = [
        ReadSeries(name, places, [found.get(number, 0.0) for number in range(len(bins))])
        for name, found in counts.items()
    ]
    layer = ReadLayer("bar", series, is_stacked=True)
    return _replaced(
        chart,
        ReadAxis(_title(encoding.x)),
        ReadAxis(_title(encoding.y)),
        legend=_title(encoding.color),
        layers=[layer],
        bins=list(bins),
    )


_BIN: tuple[FieldName, ...] = ("x", "x2", "y")
_BOX: tuple[FieldName, ...] = ("low", "q1", "median", "q3", "high")


def _boxes(chart: ReadChart, layers: Sequence[Shown]) -> ReadChart:
    _, encoding, rows = layers[0]
    categories = _Categories(encoding.x, chart.rules)
    boxes: dict[int, ReadBox] = {}
    for row in rows:
        place = categories.place(text_in(row, "x"))
        low, q1, median, q3, high = (number_in(row, name) for name in _BOX)
        if None not in (low, q1, median, q3, high):
            boxes[place] = ReadBox(low, q1, median, q3, high)  # type: ignore[arg-type]
    axis = categories.axis()
    beyond: list[ReadLayer] = []
    for shown in layers[1:]:
        if shown[0].type == "point":
            beyond.append(_layer(shown, categories, "nominal", False, 0))
    count = len(axis.labels or ())
    return _replaced(
        chart,
        axis,
        ReadAxis(_title(encoding.y)),
        layers=beyond,
        boxes=[boxes.get(place) for place in range(count)],
    )


def _heatmap(chart: ReadChart, shown: Shown) -> ReadChart:
    _, encoding, rows = shown
    x, y = _Categories(encoding.x, chart.rules), _Categories(encoding.y, chart.rules)
    found = {
        (y.place(text_in(row, "y")), x.place(text_in(row, "x"))): number_in(row, "value")
        for row in rows
    }
    across, down = x.axis(), y.axis()
    cells = [
        [found.get((row, column)) for column in range(len(across.labels or ()))]
        for row in range(len(down.labels or ()))
    ]
    return _replaced(chart, across, down, legend=_title(encoding.color), cells=cells)
