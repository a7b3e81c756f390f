"""``table_join``: a join that gives each key once, checks how many rows belong together, and can
take the nearest number or date for an equal one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Sequence

from datacode.errors import DataCodeError, Kind, runtime_error
from datacode.i18n.message import Message
from datacode.plans.nodes import JoinKind
from datacode.tables.join import On, Suffixes, joined_in_files, keys_of
from datacode.tables.join_keys import comparable, warn_of_kinds, warn_of_lost_zeros
from datacode.tables.join_match import CheckCount, KeyColumns, Pairs, matched
from datacode.tables.read_options import Warn, unheard
from datacode.tables.row_groups import group_keys
from datacode.values import column_storage
from datacode.values.column_storage import ColumnData, Indices
from datacode.values.comparable import Ordered, in_order, measurable
from datacode.values.hashing import NOTHING, HashKeys
from datacode.values.lazy_polars import pl
from datacode.values.table import Table
from datacode.values.text import printed
from datacode.values.types import Value

CHECKS = ("one_to_one", "one_to_many", "many_to_one", "many_to_many")
"""How many rows of either side may have the same key."""

_SECONDS_OF_DAY = 86_400

_REPEATED = {
    "left": Message(
        "repeated_left_key", "The left table has the key {columns} = {values} more than once"
    ),
    "right": Message(
        "repeated_right_key", "The right table has the key {columns} = {values} more than once"
    ),
}


def keyed_join(
    left: Table,
    right: Table,
    on: On,
    how: JoinKind,
    check_count: CheckCount,
    *,
    suffixes: Suffixes,
    keep_key: bool = True,
    tolerance: float | None = None,
    check: str | None = None,
    warn: Warn = unheard,
) -> Table:
    """The rows that belong together, with one column for each pair of keys.

    Without ``keep_key`` both tables' keys are there. With a ``tolerance`` each left row has the
    right row that is nearest in the last key, if it is not farther: numbers by their difference,
    dates in days. ``check`` is one of ``CHECKS``. ``warn`` is told of keys that only look alike.
    """
    if (
        tolerance is None
        and check in (None, "many_to_many")
        and how not in (JoinKind.RIGHT, JoinKind.FULL)
    ):
        outside = joined_in_files(left, right, on, how, warn=warn)
        if outside is not None:
            return _of_columns(left, right, on, how, outside, suffixes, keep_key)
    keys = _compared(*keys_of(left, right, on), on, tolerance is None, warn)
    if check in ("one_to_one", "one_to_many"):
        _check_single(left, keys[0], [name for name, _ in on], "left")
    if check in ("one_to_one", "many_to_one"):
        _check_single(right, keys[1], [name for _, name in on], "right")
    if tolerance is None:
        pairs = matched(*keys, how, check_count)
    else:
        pairs = _nearest(*keys, how, tolerance)
    if tolerance is None:
        warn_of_lost_zeros(*keys, on, pairs, how, warn)
    if how in (JoinKind.SEMI, JoinKind.ANTI):
        return left.take(pairs.left)
    if keep_key:
        return _with_one_key(left, right, on, pairs, suffixes)
    taken = [column_storage.take(t.columns, rows) for t, rows in _sides(left, right, pairs)]
    names = _names(left.names, right.names, suffixes)
    return Table([*names[0], *names[1]], [*taken[0], *taken[1]], len(pairs))


def _compared(
    left: KeyColumns, right: KeyColumns, on: On, is_equal: bool, warn: Warn
) -> tuple[KeyColumns, KeyColumns]:
    """The columns to compare in place of the keys; the last ones stay, if the nearest is wanted."""
    count = len(on) if is_equal else len(on) - 1
    one, other = comparable(left[:count], right[:count], on[:count], warn)
    for own, others, names in zip(left[count:], right[count:], on[count:], strict=True):
        warn_of_kinds(own, others, names, warn)
    return [*one, *left[count:]], [*other, *right[count:]]


def _of_columns(
    left: Table,
    right: Table,
    on: On,
    how: JoinKind,
    columns: list[ColumnData],
    suffixes: Suffixes,
    keep_key: bool,
) -> Table:
    """The table of all columns of both sides, of which one for each pair of keys is wanted."""
    if how in (JoinKind.SEMI, JoinKind.ANTI):
        return Table(left.names, columns)
    width = len(left.columns)
    if not keep_key:
        names = _names(left.names, right.names, suffixes)
        return Table([*names[0], *names[1]], columns)
    all_names, others = _one_key_names(left, right, on, suffixes)
    return Table(all_names, [*columns[:width], *(columns[width + p] for p in others)])


def _sides(left: Table, right: Table, pairs: Pairs) -> list[tuple[Table, Indices]]:
    return [(left, pairs.left), (right, pairs.right)]


def _names(
    left: Sequence[str], right: Sequence[str], suffixes: Suffixes
) -> tuple[list[str], list[str]]:
    both = set(left) & set(right)
    return (
        [name + suffixes[0] if name in both else name for name in left],
        [name + suffixes[1] if name in both else name for name in right],
    )


def _with_one_key(left: Table, right: Table, on: On, pairs: Pairs, suffixes: Suffixes) -> Table:
    """The left columns, keys from either side, and the right columns that are no keys."""
    left_keys = {left.position(name): right.position(other) for name, other in on}
    all_names, others = _one_key_names(left, right, on, suffixes)
    rest = right.select(others)
    columns = left.columns
    if not _is_each_once(pairs.left, len(left)):
        columns = column_storage.take(left.columns, pairs.left)
    if _has_gaps(pairs.left):
        for position, other in left_keys.items():
            if position is not None and other is not None:
                columns = list(columns)
                (filler,) = column_storage.take([right.columns[other]], pairs.right)
                columns[position] = _either(columns[position], filler, pairs.left)
    others_taken = column_storage.take(rest.columns, pairs.right)
    return Table(all_names, [*columns, *others_taken], len(pairs))


def _one_key_names(
    left: Table, right: Table, on: On, suffixes: Suffixes
) -> tuple[list[str], list[int]]:
    """The names of the result, and the places of the right columns that are no keys."""
    left_keys = {left.position(name) for name, _ in on}
    right_keys = {right.position(name) for _, name in on}
    others = [p for p in range(len(right.columns)) if p not in right_keys]
    own = [name for p, name in enumerate(left.names) if p not in left_keys]
    names = _names(own, [right.names[p] for p in others], suffixes)
    free = iter(names[0])
    all_names = [name if p in left_keys else next(free) for p, name in enumerate(left.names)]
    return [*all_names, *names[1]], others


def _is_each_once(rows: Indices, length: int) -> bool:
    """Are that all rows of a table, in order?"""
    if len(rows) != length:
        return False
    if isinstance(rows, list):
        return rows == list(range(length))
    return not rows.null_count() and bool((rows == pl.int_range(length, eager=True)).all())


def _has_gaps(rows: Indices) -> bool:
    return None in rows if isinstance(rows, list) else bool(rows.null_count())


def _either(cells: ColumnData, filler: ColumnData, rows: Indices) -> ColumnData:
    """The cells, and where there is no left row those of the right one."""
    one, other = cells.series(), filler.series()
    if one is not None and other is not None and one.dtype == other.dtype:
        mask = pl.Series([row is not None for row in rows]) if isinstance(rows, list) else None
        return ColumnData.of_series(
            one.zip_with(rows.is_not_null() if mask is None else mask, other)  # type: ignore[union-attr]
        )
    given = rows if isinstance(rows, list) else rows.to_list()
    return ColumnData.of_list(
        [
            theirs if row is None else own
            for row, own, theirs in zip(given, cells, filler, strict=True)
        ]
    )


# Checks -------------------------------------------------------------------------------


def _check_single(table: Table, keys: KeyColumns, names: list[str], side: str) -> None:
    """No two rows of a table may have the same key; rows with an empty one belong to nothing."""
    series = group_keys(keys, len(table))
    frame = pl.DataFrame(series).with_row_index("row")
    key_names = [s.name for s in series]
    if (series[0] if len(series) == 1 else frame.select(key_names)).n_unique() == len(table):
        return
    repeated = frame.filter(pl.struct(key_names).is_duplicated())
    for row in repeated["row"]:
        values = [cells.cell(row) for cells in keys]
        if not any(v is None or v != v for v in values):
            raise DataCodeError(
                Kind.RUNTIME,
                _REPEATED[side].filled(
                    columns=", ".join(names), values=", ".join(map(printed, values))[:200]
                ),
            )


# The nearest row ------------------------------------------------------------------------


def _nearest(left: KeyColumns, right: KeyColumns, how: JoinKind, tolerance: float) -> Pairs:
    """Every left row with the right row that is nearest in the last key and equal in the others."""
    if how not in (JoinKind.INNER, JoinKind.LEFT, JoinKind.SEMI, JoinKind.ANTI):
        raise runtime_error(
            "tolerance_type", "With a tolerance how must be inner, left, semi or anti"
        )
    if not tolerance >= 0:
        raise runtime_error("bad_tolerance", "tolerance must be a number from 0")
    key_of = HashKeys().of_row
    groups: dict[Hashable, list[tuple[int, Value]]] = {}
    for row, (*equal, value) in enumerate(zip(*right, strict=True)):
        if None not in equal:
            groups.setdefault(key_of(equal), []).append((row, value))
    groups.pop(NOTHING, None)
    ordered: dict[Hashable, Ordered] = {g: in_order(r, measurable) for g, r in groups.items()}
    rows: list[int] = []
    found: list[int | None] = []
    for row, (*equal, value) in enumerate(zip(*left, strict=True)):
        kind, key = measurable(value)
        limit = tolerance * (_SECONDS_OF_DAY if kind is str else 1)
        keys, places = ordered.get(key_of(equal), {}).get(kind, ([], []))
        place = None if None in equal else _place(keys, key, limit)
        if how is JoinKind.LEFT or (place is None) is (how is JoinKind.ANTI):
            rows.append(row)
            found.append(None if place is None else places[place])
    return Pairs(rows, found)  # type: ignore[arg-type]


def _place(keys: list[float], key: float, limit: float) -> int | None:
    """Where the nearest key is that is not farther than the limit; of two the one before."""
    if not keys:
        return None
    before, after = bisect_right(keys, key) - 1, bisect_left(keys, key)
    near = [p for p in (before, after) if 0 <= p < len(keys)]
    best = min(near, key=lambda p: abs(keys[p] - key))
    return best if abs(keys[best] - key) <= limit else None
