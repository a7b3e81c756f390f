"""Pairing the rows of two tables with equal keys: a hash join, by Polars where it gives the same.

The result is a list of pairs of row numbers, in the order of the left rows and, for one left row,
of the right rows. A row without a match is paired with None; right rows without one come last.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from datacode.plans.nodes import JoinKind
from datacode.values import hashing
from datacode.values.column_storage import ColumnData, Indices, is_short
from datacode.values.hashing import NOTHING
from datacode.values.lazy_polars import pl

CheckCount = Callable[[float], None]
"""Told how many rows or cells are to be made; raises if those are too many."""

KeyColumns: TypeAlias = "Sequence[ColumnData]"
"""The columns of a table that are compared."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """The rows of the result: their number on either side, or null (None) where there is none."""

    left: Indices
    right: Indices

    def __len__(self) -> int:
        return len(self.left)


def matched(
    left: KeyColumns,
    right: KeyColumns,
    how: JoinKind,
    check_count: CheckCount,
    *,
    nulls_equal: bool = False,
) -> Pairs:
    """Pair the rows whose keys are equal; NaN equals nothing, null only if ``nulls_equal``."""
    frames = _key_frames(left, right, nulls_equal)
    if frames is not None:
        return _matched_by_polars(*frames, how, check_count, nulls_equal)
    matches = _matches(left, right, nulls_equal)
    return pairs_of(matches, len(right[0]), how, check_count)


def pairs_of(
    matches: Iterable[Sequence[int]], right_rows: int, how: JoinKind, check_count: CheckCount
) -> Pairs:
    """The pairs of a join, from the right rows that belong to each left row."""
    if how in (JoinKind.SEMI, JoinKind.ANTI):
        wanted = how is JoinKind.SEMI
        kept = [row for row, found in enumerate(matches) if bool(found) is wanted]
        return Pairs(kept, [])
    left: list[int | None] = []
    right: list[int | None] = []
    keeps_left = how in (JoinKind.LEFT, JoinKind.FULL)
    for row, found in enumerate(matches):
        if found:
            left.extend([row] * len(found))
            right.extend(found)
            check_count(len(left))
        elif keeps_left:
            left.append(row)
            right.append(None)
    if how in (JoinKind.RIGHT, JoinKind.FULL):
        paired = set(right)
        alone = [row for row in range(right_rows) if row not in paired]
        left.extend([None] * len(alone))
        right.extend(alone)
    return Pairs(left, right)  # type: ignore[arg-type]


# In Polars -----------------------------------------------------------------------


def _key_frames(
    left: KeyColumns, right: KeyColumns, nulls_equal: bool
) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """Both sides' keys with the row numbers; None where Polars compares by other rules."""
    if is_short(max(len(left[0]), len(right[0]))):
        return None
    sides: tuple[list[pl.Series], list[pl.Series]] = ([], [])
    for one, other in zip(left, right, strict=True):
        one_series, other_series = one.stored_series(), other.stored_series()
        if one_series is None or other_series is None or one_series.dtype != other_series.dtype:
            return None
        for side, series in zip(sides, (one_series, other_series), strict=True):
            if series.dtype == pl.Float64 and series.is_nan().any():
                if nulls_equal:
                    return None
                series = series.fill_nan(None)
            if series.dtype == pl.Null:
                series = series.cast(pl.Boolean)
            side.append(series.alias(str(len(side))))
    return (
        pl.DataFrame(sides[0]).with_row_index("left"),
        pl.DataFrame(sides[1]).with_row_index("right"),
    )


def _matched_by_polars(
    left: pl.DataFrame,
    right: pl.DataFrame,
    how: JoinKind,
    check_count: CheckCount,
    nulls_equal: bool,
) -> Pairs:
    keys = right.columns[1:]
    if how in (JoinKind.SEMI, JoinKind.ANTI):
        kept = left.join(
            right, on=keys, how=_polars_name(how), nulls_equal=nulls_equal, maintain_order="left"
        )
        return Pairs(kept["left"], [])
    _check_result_rows(left, right, keys, check_count, nulls_equal)
    asked = JoinKind.FULL if how is JoinKind.RIGHT else how
    found = left.join(
        right,
        on=keys,
        how=_polars_name(asked),
        nulls_equal=nulls_equal,
        maintain_order="left_right",
        coalesce=False,
    )
    if how is JoinKind.RIGHT:
        found = found.filter(pl.col("right").is_not_null())
    return Pairs(found["left"], found["right"])


def _polars_name(how: JoinKind) -> Any:
    return how.value


_UNCHECKED_ROWS = 50_000_000
_SAMPLE = 1000


def _check_result_rows(
    left: pl.DataFrame,
    right: pl.DataFrame,
    keys: list[str],
    check_count: CheckCount,
    nulls_equal: bool,
) -> None:
    """Estimate the number of rows, and count them before they are made if they seem too many."""
    if left.height * right.height <= _UNCHECKED_ROWS:
        return
    sample = left.gather_every(max(left.height // _SAMPLE, 1))
    per_key = sample.group_by(keys).len("a")  # so that no right row is counted twice
    estimate = right.join(per_key, on=keys, nulls_equal=nulls_equal)["a"].cast(pl.Float64).sum()
    if estimate * left.height / sample.height <= _UNCHECKED_ROWS:
        return
    counts = (
        left.group_by(keys)
        .len("a")
        .join(right.group_by(keys).len("b"), on=keys, nulls_equal=nulls_equal)
    )
    check_count(counts.select((pl.col("a").cast(pl.Float64) * pl.col("b")).sum()).item())


# Row by row ----------------------------------------------------------------------


def _matches(left: KeyColumns, right: KeyColumns, nulls_equal: bool) -> Iterator[Sequence[int]]:
    """For each left row the right rows with equal keys."""
    key_of = hashing.HashKeys().of_row
    index: dict[Hashable, list[int]] = {}
    for row, values in enumerate(zip(*right, strict=True)):
        if nulls_equal or None not in values:
            index.setdefault(key_of(values), []).append(row)
    index.pop(NOTHING, None)
    for values in zip(*left, strict=True):
        yield index.get(key_of(values), ()) if nulls_equal or None not in values else ()
