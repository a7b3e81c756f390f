"""A chart as a value: its description, a subset of Vega-Lite, with the data in it.

Every face draws a chart from this and nothing else, so a chart keeps no table. Rows have the
fields below, whatever the columns were called; what readers see of these are the titles.
Source: chart reference, 2; https://vega.github.io/schema/vega-lite/v5.json.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

SchemaName: TypeAlias = Literal["https://vega.github.io/schema/vega-lite/v5.json"]
SCHEMA: SchemaName = "https://vega.github.io/schema/vega-lite/v5.json"
"""Names the language; nothing is ever fetched from there."""

MOST_ROWS = 10_000
"""Rows of data in one chart."""

MOST_BYTES = 900_000
"""Bytes of a description as JSON: it travels in one message."""

Kind: TypeAlias = Literal[
    "bar",
    "barh",
    "stacked",
    "line",
    "area",
    "scatter",
    "histogram",
    "box",
    "pie",
    "heatmap",
    "combined",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
Language: TypeAlias = Literal["en", "ru"]
TimeUnit: TypeAlias = Literal[
    "year", "yearquarter", "yearmonth", "yearmonthdate", "yearmonthdatehoursminutes"
]
MarkType: TypeAlias = Literal["bar", "line", "area", "point", "arc", "rect", "rule", "tick"]
FieldName: TypeAlias = Literal[
    "x", "x2", "y", "series", "value", "low", "q1", "median", "q3", "high"
]
Datum: TypeAlias = "dict[FieldName, float | str | None]"
"""A row of data. Dates are ISO texts; null is a gap."""


class _Part(Struct, frozen=True, forbid_unknown_fields=True):
    """What the parts of a description have in common."""


class Scale(_Part, kw_only=True, frozen=True):
    """How values become places or colours."""

    scheme: Literal["blues"] | UnsetType = UNSET
    zero: bool | UnsetType = UNSET


class Axis(_Part, kw_only=True, frozen=True):
    """An axis as Vega-Lite draws it: the format of its labels, and on which side it stands."""

    format: str | UnsetType = UNSET
    orient: Literal["right"] | UnsetType = UNSET


class ChannelDefinition(_Part, rename="camel", kw_only=True, frozen=True):
    """What a property of the marks comes from: a field of the data, its type, and its title.

    ``type`` is quantitative (numbers), temporal (dates on a scale of time), ordinal (dates as
    categories) or nominal (categories). ``sort`` null keeps the order of the data. ``time_unit``
    is how exact dates are. ``stack`` "zero" puts marks upon each other. ``bin`` tells that the
    field is the limit of a bin.
    """

    field: FieldName
    type: Literal["quantitative", "temporal", "ordinal", "nominal"] | UnsetType = UNSET
    title: str | UnsetType | None = UNSET
    time_unit: TimeUnit | UnsetType = UNSET
    sort: UnsetType | None = UNSET
    stack: Literal["zero"] | UnsetType | None = UNSET
    bin: Literal["binned"] | UnsetType = UNSET
    axis: Axis | UnsetType = UNSET
    scale: Scale | UnsetType = UNSET


class Encoding(_Part, rename="camel", kw_only=True, frozen=True):
    """Which field is which property of the marks."""

    x: ChannelDefinition | UnsetType = UNSET
    y: ChannelDefinition | UnsetType = UNSET
    x2: ChannelDefinition | UnsetType = UNSET
    y2: ChannelDefinition | UnsetType = UNSET
    x_offset: ChannelDefinition | UnsetType = UNSET
    y_offset: ChannelDefinition | UnsetType = UNSET
    theta: ChannelDefinition | UnsetType = UNSET
    color: ChannelDefinition | UnsetType = UNSET


class Mark(_Part, kw_only=True, frozen=True):
    """The shape that stands for a row. ``tooltip`` tells its values where a pointer is."""

    type: MarkType
    point: bool | UnsetType = UNSET
    tooltip: bool | UnsetType = UNSET
    orient: Literal["horizontal", "vertical"] | UnsetType = UNSET


class Data(_Part, kw_only=True, frozen=True):
    """The rows."""

    values: list[Datum]


class Layer(_Part, kw_only=True, frozen=True):
    """Marks that lie upon those of the layers before, with data of their own or of the chart."""

    mark: Mark
    encoding: Encoding
    data: Data | UnsetType = UNSET


class ScaleResolution(_Part, kw_only=True, frozen=True):
    """Which scales the layers do not share."""

    y: Literal["independent"] | UnsetType = UNSET


class Resolve(_Part, kw_only=True, frozen=True):
    """What the layers do not share."""

    scale: ScaleResolution


class Usermeta(_Part, kw_only=True, frozen=True):
    """What Vega-Lite ignores: the kind as the program named it, the language of the labels, and
    from how many rows of a table the data come."""

    kind: Kind
    language: Language
    rows: int


class NumberLocale(_Part, kw_only=True, frozen=True):
    """How numbers are written, as D3 takes it."""

    decimal: str
    thousands: str
    grouping: list[int]
    currency: list[str]


class TimeLocale(_Part, rename="camel", kw_only=True, frozen=True):
    """How dates are written, as D3 takes it."""

    date_time: str
    date: str
    time: str
    periods: list[str]
    days: list[str]
    short_days: list[str]
    months: list[str]
    short_months: list[str]


class Locale(_Part, kw_only=True, frozen=True):
    """How numbers and dates are written."""

    number: NumberLocale
    time: TimeLocale


class Config(_Part, kw_only=True, frozen=True):
    """What holds for the whole chart."""

    locale: Locale


class Chart(_Part, kw_only=True, frozen=True):
    """A chart. Either ``mark`` and ``encoding`` or ``layer`` are set.

    ``width`` and ``height`` are in pixels, of the plot with all its labels.
    """

    schema: SchemaName = field(default=SCHEMA, name="$schema")
    title: str | UnsetType = UNSET
    width: int = 720
    height: int = 400
    data: Data
    mark: Mark | UnsetType = UNSET
    encoding: Encoding | UnsetType = UNSET
    layer: list[Layer] | UnsetType = UNSET
    resolve: Resolve | UnsetType = UNSET
    config: Config | UnsetType = UNSET
    usermeta: Usermeta

    @property
    def kind(self) -> Kind:
        """The kind as the program named it."""
        return self.usermeta.kind

    def layers(self) -> list[tuple[Mark, Encoding, list[Datum]]]:
        """Its layers, each with its data; one of a chart without ``layer``."""
        if not isinstance(self.layer, UnsetType):
            return [
                (
                    each.mark,
                    each.encoding,
                    (self.data if isinstance(each.data, UnsetType) else each.data).values,
                )
                for each in self.layer
            ]
        if isinstance(self.mark, UnsetType) or isinstance(self.encoding, UnsetType):
            return []
        return [(self.mark, self.encoding, self.data.values)]


LARGEST_NUMBER = 1e150
"""What is beyond it cannot be drawn: widths of axes would not be finite."""

SMALLEST, LARGEST = 100, 4000
"""Pixels of a chart's width and height."""

_MOST_LAYERS = 10


def is_within_limits(chart: Chart) -> bool:
    """Is it as large as charts may be? One that was not built here need not be."""
    rows = {id(each): len(each) for _, _, each in chart.layers()}
    return (
        len(rows) <= _MOST_LAYERS
        and sum(rows.values()) <= 2 * MOST_ROWS
        and SMALLEST <= chart.width <= LARGEST
        and SMALLEST <= chart.height <= LARGEST
        and len(msgspec.json.encode(chart)) <= MOST_BYTES
    )


def number_in(row: Datum, name: FieldName) -> float | None:
    """The number in a field; None for a gap, and for what a stranger wrote there."""
    value = row.get(name)
    if not isinstance(value, float) or not abs(value) <= LARGEST_NUMBER:
        return None
    return value if abs(value) >= 1 / LARGEST_NUMBER else 0.0


def text_in(row: Datum, name: FieldName) -> str:
    """The text in a field; empty where there is none."""
    value = row.get(name)
    return value if isinstance(value, str) else ""
