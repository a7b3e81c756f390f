"""The join with the nearest row (builtins reference, 10): prices at the time of a trade."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable
from enum import StrEnum
from typing import Any

from datacode.tables import join_keys
from datacode.tables.date_columns import keyed_pair
from datacode.tables.join import SUFFIXES, On, Suffixes, joined, keys_of
from datacode.tables.join_match import KeyColumns, Pairs
from datacode.tables.read_options import Warn, unheard
from datacode.values.comparable import Ordered, comparable, in_order, measurable
from datacode.values.hashing import NOTHING, HashKeys
from datacode.values.table import Table
from datacode.values.types import Value


class Direction(StrEnum):
    """Where the nearest row is looked for."""

    BACKWARD = "backward"
    FORWARD = "forward"
    NEAREST = "nearest"


def asof_join(
    left: Table,
    right: Table,
    on: tuple[str, str],
    by: On,
    direction: Direction,
    suffixes: Suffixes = SUFFIXES,
    warn: Warn = unheard,
) -> Table:
    """Every left row with the right row that is nearest in one column, and equal in ``by``.

    Of several right rows at the same place the last is taken backward, the first forward; where
    one before and one after are equally near, the one before. Without such a row: nulls.
    """
    (own,), (others,) = keys_of(left, right, [on])
    join_keys.warn_of_kinds(own, others, on, warn)
    one, other = keyed_pair(own, others, keep_texts=False)
    left_by, right_by = join_keys.comparable(*keys_of(left, right, by), by, warn)
    key_of = HashKeys().of_row

    def group(by: KeyColumns, row: int) -> Hashable:
        """What rows have in common that are equal in the columns ``by``."""
        return key_of([cells.cell(row) for cells in by])

    measure = measurable if direction is Direction.NEAREST else comparable
    groups: dict[Hashable, list[tuple[int, Value]]] = {}
    for row, value in enumerate(other):
        groups.setdefault(group(right_by, row), []).append((row, value))
    groups.pop(NOTHING, None)
    ordered: dict[Hashable, Ordered] = {g: in_order(rows, measure) for g, rows in groups.items()}
    found: list[int | None] = []
    alone: list[int] = []
    for row, value in enumerate(one):
        kind, key = measure(value)
        own_group = ordered.get(group(left_by, row))
        if own_group is None:
            alone.append(row)
        keys, rows = (own_group or {}).get(kind, ([], []))
        place = _nearest(keys, key, direction)
        found.append(None if place is None else rows[place])
    join_keys.warn_of_alone(left_by, right_by, by, lambda: alone, warn)
    pairs = Pairs(list(range(len(left))), found)  # type: ignore[arg-type]
    return joined(left, right, pairs, suffixes)


def _nearest(keys: list[Any], key: Any, direction: Direction) -> int | None:
    """The place of the nearest key in order, on the side that the direction says."""
    if not keys:
        return None
    before = bisect_right(keys, key) - 1
    after = bisect_left(keys, key)
    if direction is Direction.BACKWARD:
        return before if before >= 0 else None
    if direction is Direction.FORWARD:
        return after if after < len(keys) else None
    if before < 0 or after == len(keys):
        return after if before < 0 else before
    return before if key - keys[before] <= keys[after] - key else after
