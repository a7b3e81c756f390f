"""Fewer points that look the same: nobody sees more than some thousand on a screen."""

from __future__ import annotations

from datacode.i18n.message import Message
from datacode.values.lazy_polars import pl

THINNED = Message("chart_thinned", "chart: of {count} points {shown} are drawn")


def extremes(frame: pl.DataFrame, most: int) -> pl.DataFrame:
    """About ``most`` rows of lines: of every stretch the lowest and the highest point.

    ``frame`` has ``x``, in ascending order, ``y`` and perhaps ``series``. No peak gets lost.
    """
    keys = ["series"] if "series" in frame.columns else []
    count = frame["series"].n_unique() if keys else 1
    stretches = max(1, most // (2 * count))
    numbered = frame.with_row_index("row")
    place = pl.int_range(pl.len())
    position = place.over(keys) if keys else place
    total = pl.len().over(keys) if keys else pl.len()
    stretch = (position * stretches // total).alias("stretch")
    found = (
        numbered.with_columns(stretch)
        .group_by([*keys, "stretch"], maintain_order=True)
        .agg(
            pl.col("row").get(pl.col("y").arg_min()).alias("low"),
            pl.col("row").get(pl.col("y").arg_max()).alias("high"),
        )
    )
    rows = pl.concat([found["low"], found["high"]]).drop_nulls().unique().sort()
    return frame[rows]


def every_nth(frame: pl.DataFrame, most: int) -> pl.DataFrame:
    """At most ``most`` rows, taken evenly."""
    step = -(-frame.height // most)
    return frame.gather_every(step)
