"""The dates in a column of texts: what each cell is compared by (tables and files reference, 1.3).

Where slashes separate day and month the whole column decides which of them stands first, and texts
of a column in which both do are no dates. Typed columns are parsed by Polars as far as it knows the
form; every other text is parsed once by ``date_text``, which has the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from datacode.values.column_storage import ColumnData
from datacode.values.date_text import (
    DateKey,
    DayOrder,
    could_be_date,
    date_key,
    has_two_digits,
    order_told,
)
from datacode.values.lazy_polars import pl

Keys: TypeAlias = "pl.Series | list[datetime | None]"
"""For each cell what it is compared by, null where it is no date."""


@dataclass(frozen=True, slots=True)
class Dates:
    """The dates of a column.

    ``order`` is what ``date_key`` needs to be told of other texts beside it; ``is_unclear``: there
    are dates with slashes that have the day first and others that have the month first, and none of
    them counts. ``shape`` is the first text, digits as zeros, where all have it and different texts
    are different dates; None otherwise.
    """

    keys: Keys
    count: int
    has_times: bool
    shape: str | None = None
    order: DayOrder | None = None
    is_unclear: bool = False


NO_DATES = Dates([], 0, False)


def parsed(cells: ColumnData) -> Dates:
    """The dates among the cells; none where so few could be dates that no column is called so."""
    series = cells.series()
    if series is None:
        return _of_values(cells.values())
    if series.dtype != pl.String:
        return NO_DATES
    begin = int(((series >= "0") & (series < ":")).sum())
    if 6 * begin < len(series) - series.null_count():
        return NO_DATES
    return _of_series(series)


# Cell by cell ----------------------------------------------------------------------


def _of_values(values: list[object]) -> Dates:
    texts = [v for v in values if v.__class__ is str and could_be_date(v)]
    if 6 * len(texts) < len(values) - values.count(None):
        return NO_DATES
    keys, order, is_unclear = _keys_of(dict.fromkeys(texts))
    found = [None if v.__class__ is not str else keys.get(v) for v in values]
    return Dates(
        [None if key is None else key.moment for key in found],
        len(found) - found.count(None),
        any(key.has_time for key in keys.values() if key is not None),
        _shape_of([text for text, key in keys.items() if key is not None]),
        order,
        is_unclear,
    )


_TO_ZEROS = str.maketrans("123456789", "000000000")
_SHAPES = frozenset(
    {"0000-00-00", "0000-00-00 00:00:00", "00.00.0000", "00.00.0000 00:00:00", "00.00.0000 00:00"}
)


def _shape_of(texts: list[str]) -> str | None:
    """What all the dates look like, if the look is one in which dates have one text each."""
    shapes = {text.translate(_TO_ZEROS) for text in texts}
    return shapes.pop() if len(shapes) == 1 and shapes <= _SHAPES else None


def _keys_of(texts: Iterable[str]) -> tuple[dict[str, DateKey | None], DayOrder | None, bool]:
    """The keys of different texts, what their slashes mean, and whether that cannot be told."""
    texts = list(texts)
    slashed = [text for text in texts if "/" in text and date_key(text) is not None]
    order, is_unclear = _order_of(slashed)
    keys = {text: date_key(text, order if "/" in text else None) for text in texts}
    if is_unclear:
        keys |= dict.fromkeys(slashed)
    return keys, order, is_unclear


def _order_of(slashed: list[str]) -> tuple[DayOrder | None, bool]:
    """What the dates with slashes of a column have in common, and whether they contradict."""
    told = {order_told(text) for text in slashed} - {None}
    if len(told) == 2:
        return None, True
    if told:
        return told.pop(), False
    unsure = {has_two_digits(t) for t in slashed if t[: t.find("/")] != t.split("/")[1]}
    return None, len(unsure) == 2  # without evidence either form has a rule of its own


# By Polars ---------------------------------------------------------------------------

_YEAR = "(?:19|20)[0-9]{2}"
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_SHORT_CLOCK = "(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
_FORMS = (
    (rf"^{_YEAR}-[0-9]{{2}}-[0-9]{{2}}$", "%Y-%m-%d"),
    (rf"^{_YEAR}-[0-9]{{2}}-[0-9]{{2}} {_CLOCK}:[0-5][0-9]$", "%Y-%m-%d %H:%M:%S"),
    (rf"^[0-9]{{1,2}}\.[0-9]{{1,2}}\.{_YEAR}$", "%d.%m.%Y"),
    (rf"^[0-9]{{1,2}}\.[0-9]{{1,2}}\.{_YEAR} {_SHORT_CLOCK}:[0-5][0-9]$", "%d.%m.%Y %H:%M:%S"),
    (rf"^[0-9]{{1,2}}\.[0-9]{{1,2}}\.{_YEAR} {_SHORT_CLOCK}$", "%d.%m.%Y %H:%M"),
)
"""Forms that Polars reads as ``date_text`` does, and how it is told of them."""

_SAMPLE = 100
DATE_LIKE = r"^[0-9]{1,4}[-./][0-9]{1,2}[-./]"


def _of_series(series: pl.Series) -> Dates:
    sample = series.drop_nulls()
    sample = sample.gather_every(max(1, len(sample) // _SAMPLE))
    forms = [
        (pattern, form) for pattern, form in _FORMS if bool(sample.str.contains(pattern).any())
    ]
    frame = series.alias("text").to_frame()
    keys = _read_all(frame, forms)
    has_times = any("%H" in form for _, form in forms)
    rest = frame.filter(keys.is_null() & series.is_not_null())["text"]
    if not len(rest):
        lengths = series.str.len_bytes()
        alike = len(forms) == 1 and lengths.min() == lengths.max()
        shape = _shape_of(sample.head(1).to_list()) if alike else None
        return Dates(keys, len(keys) - keys.null_count(), has_times, shape)
    rest = rest.filter(rest.str.contains(DATE_LIKE) & (rest.str.len_bytes() <= 35)).unique()
    others, order, is_unclear = _keys_of(rest.to_list())
    known = {text: key for text, key in others.items() if key is not None}
    if known:
        more = pl.DataFrame(
            {"text": list(known), "more": [key.moment for key in known.values()]},
            schema={"text": pl.String, "more": pl.Datetime("us")},
        )
        found = frame.join(more, on="text", how="left", maintain_order="left")["more"]
        keys = pl.select(pl.coalesce([keys, found])).to_series()
        has_times = has_times or any(key.has_time for key in known.values())
    return Dates(keys, len(keys) - keys.null_count(), has_times, None, order, is_unclear)


def _read_all(frame: pl.DataFrame, forms: Sequence[tuple[str, str]]) -> pl.Series:
    """The dates of these forms, null elsewhere: Polars reads more than it is told to."""
    text = pl.col("text")
    if len(forms) == 1:  # looked at and read on two processors at once
        pattern, form = forms[0]
        found = frame.select(_read(text, form).alias("key"), text.str.contains(pattern).alias("ok"))
        keys, fitting = found["key"], found["ok"]
        return keys if fitting.all() else keys.set(~fitting.fill_null(False), None)
    parts = [_read(pl.when(text.str.contains(p)).then(text), form) for p, form in forms]
    nothing = pl.lit(None, dtype=pl.Datetime("us"))
    return frame.select(pl.coalesce([*parts, nothing]).alias("key")).to_series()


def _read(text: pl.Expr, form: str) -> pl.Expr:
    return text.str.to_datetime(form, strict=False, time_unit="us", exact=True)
