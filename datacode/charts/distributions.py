"""How numbers are distributed: the bars of histograms, the boxes of box charts."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from itertools import pairwise

from datacode.charts.axes import written
from datacode.i18n.message import Message
from datacode.values.chart import Datum
from datacode.values.lazy_polars import pl

MOST_OUTLIERS = 2000

_FEWEST_BINS, _MOST_BINS = 5, 40

_OUTLIERS = Message("chart_outliers", "chart: of {count} outliers {shown} are drawn")


def histogram_rows(frame: pl.DataFrame, bins: int | Sequence[float] | None) -> list[Datum]:
    """The bins of the column ``x`` with their counts, for each series if there are several.

    Every bin holds its lower limit, the last one both.
    """
    edges = _edges(frame["x"], bins)
    if len(edges) < 2:
        return []
    inside = frame.filter(pl.col("x").is_between(edges[0], edges[-1]))
    places = pl.Series(edges[1:-1], dtype=pl.Float64).search_sorted(inside["x"], side="right")
    keys = ["series"] if "series" in frame.columns else []
    counted = (
        inside.with_columns(places.alias("bin"))
        .group_by(["bin", *keys])
        .agg(pl.len().cast(pl.Float64).alias("y"))
    )
    known = {tuple(row[:-1]): row[-1] for row in counted.iter_rows()}
    names = frame["series"].unique(maintain_order=True).to_list() if keys else [None]
    rows: list[Datum] = []
    for number, (low, high) in enumerate(pairwise(edges)):
        for name in names:
            key = (number,) if name is None else (number, name)
            row: Datum = {"x": low, "x2": high, "y": known.get(key, 0.0)}
            if name is not None:
                row["series"] = name
            rows.append(row)
    return rows


def _edges(numbers: pl.Series, bins: int | Sequence[float] | None) -> Sequence[float]:
    """The limits of the bins: as given, so many, or round numbers that suit the data."""
    if bins is not None and not isinstance(bins, int):
        return bins
    if not len(numbers):
        return ()
    least, most = float(numbers.min()), float(numbers.max())  # type: ignore[arg-type]
    if least == most:
        width = max(0.5, abs(least) * 2.0**-40)
        return (least - width, most + width)
    if bins is not None:
        width = most / bins - least / bins
        found = [least + width * number for number in range(bins)]
        return sorted({*found, most})
    count = min(max(math.ceil(math.sqrt(len(numbers))), _FEWEST_BINS), _MOST_BINS)
    if bool((numbers == numbers.floor()).all()):
        count = min(count, max(math.floor(most - least), 1))
    return round_edges(least, most, count)


def round_edges(least: float, most: float, count: int) -> list[float]:
    """At most about ``count`` bins whose limits are multiples of 1, 2 or 5 times a power of ten."""
    rough = most / count - least / count
    power = math.floor(math.log10(rough))
    tens = 10.0**power if power > -300 else rough
    step = next((tens * n for n in (1, 2, 5, 10) if tens * n >= rough * 0.999), rough)
    first, last = math.floor(least / step), math.ceil(most / step)
    if last - first > 4 * count:  # the step is lost in the size of the numbers
        return [least, most]
    places = max(0, -power + 1) if power > -300 else 0
    edges = [round(n * step, places) for n in range(first, last + 1)]
    edges = sorted(set(edges))
    return edges if len(edges) > 1 and edges[-1] >= most else [least, most]


def box_layers(
    frame: pl.DataFrame, order: Sequence[Hashable], warn: Callable[[Message], None]
) -> tuple[list[Datum], list[Datum]]:
    """The boxes of each ``x`` and the outliers.

    A box goes from the first quartile to the third; whiskers reach the last numbers within one and
    a half times that length of it; what lies beyond is an outlier.
    """
    y = pl.col("y")
    quartiles = frame.group_by("x").agg(
        y.quantile(0.25, "linear").alias("q1"),
        y.median().alias("median"),
        y.quantile(0.75, "linear").alias("q3"),
    )
    joined = frame.join(quartiles, on="x", how="left", maintain_order="left")
    reach = 1.5 * (pl.col("q3") - pl.col("q1"))
    is_inside = (y >= pl.col("q1") - reach) & (y <= pl.col("q3") + reach)
    marked = joined.with_columns(is_inside.alias("inside"))
    whiskers = (
        marked.filter("inside").group_by("x").agg(y.min().alias("low"), y.max().alias("high"))
    )
    known = {
        row[0]: row[1:]
        for row in quartiles.join(whiskers, on="x", how="left")
        .select("x", "low", "q1", "median", "q3", "high")
        .iter_rows()
    }
    boxes: list[Datum] = []
    for place in order:
        low, q1, median, q3, high = known.get(place, (None,) * 5)
        boxes.append(
            {"x": written(place), "low": low, "q1": q1, "median": median, "q3": q3, "high": high}
        )
    beyond = marked.filter(~pl.col("inside")).select("x", "y")
    if beyond.height > MOST_OUTLIERS:
        count = beyond.height
        beyond = beyond.sort("y").gather_every(-(-count // MOST_OUTLIERS))
        warn(_OUTLIERS.filled(count=count, shown=beyond.height))
    outliers: list[Datum] = [{"x": written(x), "y": v} for x, v in beyond.iter_rows()]
    return boxes, outliers
