"""Joins of two tables (builtins reference, 10): columns of the left, then columns of the right."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from datacode.errors import DataCodeError, runtime_error
from datacode.plans.nodes import JoinKind
from datacode.tables import join_keys
from datacode.tables.date_columns import keyed_pair
from datacode.tables.join_match import CheckCount, KeyColumns, Pairs, matched, pairs_of
from datacode.tables.read_options import Warn, unheard
from datacode.tables.select import renamed_by_join, under_each_other
from datacode.values import column_storage, hashing
from datacode.values.column_storage import ColumnData, is_short
from datacode.values.comparable import comparable, in_order
from datacode.values.hashing import NOTHING
from datacode.values.lazy_polars import pl
from datacode.values.table import Table
from datacode.values.types import Value

On: TypeAlias = "list[tuple[str, str]]"
"""The columns that are compared, left and right."""

Suffixes: TypeAlias = "tuple[str, str]"

SUFFIXES: Suffixes = ("_left", "_right")


def checked_on(on: Value, left: Table, right: Table) -> On:
    """The columns of ``on=``: a name, a pair, or an array of names and pairs.

    Two names are a pair, unless both are columns of both tables.
    """
    if on.__class__ is str:
        return [(on, on)]
    if on.__class__ is not list or not on:
        raise _bad_on()
    if len(on) == 2 and on[0].__class__ is on[1].__class__ is str and _is_pair(on, left, right):
        return [(on[0], on[1])]
    return [_pair(part) for part in on]


def _is_pair(names: list[str], left: Table, right: Table) -> bool:
    return any(t.position(name) is None for name in names for t in (left, right))


def _pair(part: Value) -> tuple[str, str]:
    if part.__class__ is str:
        return part, part
    if part.__class__ is list and len(part) == 2 and part[0].__class__ is part[1].__class__ is str:
        return part[0], part[1]
    raise _bad_on()


def _bad_on() -> DataCodeError:
    return runtime_error(
        "bad_join_columns",
        "on must be a column name, a pair of column names, or an array of names and pairs",
    )


def keys_of(left: Table, right: Table, on: On) -> tuple[KeyColumns, KeyColumns]:
    """The columns to compare; one that does not exist is a Runtime Error."""
    return (
        [_column(left, one, "left") for one, _ in on],
        [_column(right, other, "right") for _, other in on],
    )


def _column(table: Table, name: str, side: str) -> ColumnData:
    position = table.position(name)
    if position is None:
        renamed = renamed_by_join(table, name)
        if renamed is not None:
            raise renamed
        if side == "left":
            raise runtime_error(
                "no_left_column", "Column '{name}' not found in the left table", name=name
            )
        raise runtime_error(
            "no_right_column", "Column '{name}' not found in the right table", name=name
        )
    return table.columns[position]


# The result ----------------------------------------------------------------------


def joined(left: Table, right: Table, pairs: Pairs, suffixes: Suffixes = SUFFIXES) -> Table:
    """The rows of both tables side by side, as the pairs say."""
    columns = [
        *column_storage.take(left.columns, pairs.left),
        *column_storage.take(right.columns, pairs.right),
    ]
    return Table(joined_names(left.names, right.names, suffixes), columns, len(pairs))


def joined_names(
    left: Sequence[str], right: Sequence[str], suffixes: Suffixes = SUFFIXES
) -> list[str]:
    """The names of both sides; those on both sides get the suffixes."""
    both = set(left) & set(right)
    return [name + suffixes[0] if name in both else name for name in left] + [
        name + suffixes[1] if name in both else name for name in right
    ]


def with_suffixes(table: Table, suffixes: Suffixes) -> Table:
    """Other suffixes for the columns that a join has named ``NAME_left`` and ``NAME_right``."""
    names = set(table.names)
    renamed = []
    for name in table.names:
        for own, other, new in zip(SUFFIXES, reversed(SUFFIXES), suffixes, strict=True):
            base = name.removesuffix(own)
            if base != name and base + other in names:
                name = base + new
                break
        renamed.append(name)
    return Table(renamed, table.columns, len(table))


# Joins ---------------------------------------------------------------------------


def equal_join(
    left: Table,
    right: Table,
    on: On,
    how: JoinKind,
    check_count: CheckCount,
    *,
    suffixes: Suffixes = SUFFIXES,
    nulls_equal: bool = False,
    warn: Warn = unheard,
) -> Table:
    """The rows whose columns are equal; ``warn`` is told of keys that only look alike."""
    outside = joined_in_files(left, right, on, how, nulls_equal=nulls_equal, warn=warn)
    if outside is not None:
        names = joined_names(left.names, right.names, suffixes)
        return Table(left.names if how in (JoinKind.SEMI, JoinKind.ANTI) else names, outside)
    keys = join_keys.comparable(*keys_of(left, right, on), on, warn)
    pairs = matched(*keys, how, check_count, nulls_equal=nulls_equal)
    join_keys.warn_of_lost_zeros(*keys, on, pairs, how, warn)
    if how in (JoinKind.SEMI, JoinKind.ANTI):
        return left.take(pairs.left)
    return joined(left, right, pairs, suffixes)


def joined_in_files(
    left: Table,
    right: Table,
    on: On,
    how: JoinKind,
    *,
    nulls_equal: bool = False,
    warn: Warn | None = None,
) -> list[ColumnData] | None:
    """The columns of a join by whoever has the rows in files; None where it has to be done here.

    ``warn`` is told of keys that only look alike.
    """
    columns = [*left.columns, *right.columns]
    source = next((column.source for column in columns if column.source is not None), None)
    if source is None or not len(left) or not len(right):
        return None
    keys = keys_of(left, right, on)
    sides = source.together(left.columns), source.together(right.columns)
    places = [
        (left.columns.index(one), right.columns.index(other))
        for one, other in zip(*keys, strict=True)
    ]
    if sides[0] is None or sides[1] is None:
        return None
    found = sides[0].joined(sides[1], places, how.value, nulls_equal)
    if found is not None and warn is not None:
        join_keys.warn_of_lost_zeros_in_files(*keys, on, nulls_equal, warn)
    return found


def cross_join(left: Table, right: Table, check_count: CheckCount, suffixes: Suffixes) -> Table:
    """Every row of the left with every row of the right."""
    count, width = len(left) * len(right), len(right)
    check_count(count)
    if is_short(count):
        pairs = Pairs([i // width for i in range(count)], [i % width for i in range(count)])
    else:
        rows = pl.int_range(count, dtype=pl.UInt32, eager=True)
        pairs = Pairs(rows // width, rows % width)
    return joined(left, right, pairs, suffixes)


def zip_join(left: Table, right: Table, suffixes: Suffixes) -> Table:
    """The first row with the first, the second with the second, as far as both tables go."""
    rows = min(len(left), len(right))
    columns = left.slice(0, rows).columns + right.slice(0, rows).columns
    return Table(joined_names(left.names, right.names, suffixes), columns, rows)


Make: TypeAlias = "Callable[[list[Value]], Value]"
"""Makes a table, or null, of a row."""


def applied(
    left: Table, make: Make, how: JoinKind, check_count: CheckCount, suffixes: Suffixes = SUFFIXES
) -> Table:
    """Every row with the rows of the table that is made of it.

    With ``How.LEFT`` rows stay of which none is made.
    """
    parts: list[Table] = []
    rows: list[int] = []
    found: list[int | None] = []
    made = 0
    for row, values in enumerate(left.rows()):
        part = make(values)
        if part is not None and part.__class__ is not Table:
            raise runtime_error("no_lookup_table", "The function must give a table for every row")
        if part is not None:
            parts.append(part)
        if part is not None and len(part):
            rows += [row] * len(part)
            found += range(made, made + len(part))
            made += len(part)
            check_count(len(rows) * len(part.columns))
        elif how is JoinKind.LEFT:
            rows.append(row)
            found.append(None)
    if not parts:
        return left.take(rows)
    if any(part.names != parts[0].names for part in parts):
        raise runtime_error(
            "lookup_columns_differ",
            "The function must give tables with the same columns for all rows",
        )
    pairs = Pairs(rows, found)  # type: ignore[arg-type]
    return joined(left, under_each_other(parts), pairs, suffixes)


# By comparison ---------------------------------------------------------------------

COMPARISONS = {"==": "=", "<>": "!="} | {sign: sign for sign in ("=", "!=", "<", "<=", ">", ">=")}
"""The operators of ``join_on``."""


def compared_join(
    left: Table,
    right: Table,
    condition: tuple[str, str, str],
    how: JoinKind,
    check_count: CheckCount,
    suffixes: Suffixes = SUFFIXES,
    warn: Warn = unheard,
) -> Table:
    """The rows of which the left column compares so with the right one.

    Only values of one kind that has an order compare; null and NaN never do, except that they
    are unequal to everything.
    """
    name, sign, other = condition
    sign = COMPARISONS[sign]
    if sign == "=":
        on = [(name, other)]
        return equal_join(left, right, on, how, check_count, suffixes=suffixes, warn=warn)
    (own,), (others,) = keys_of(left, right, [(name, other)])
    join_keys.warn_of_kinds(own, others, (name, other), warn)
    one, two = keyed_pair(own, others, keep_texts=sign == "!=")
    find = _unequal(two) if sign == "!=" else _compared(two, sign)
    if how in (JoinKind.SEMI, JoinKind.ANTI):
        found = (range(find(value).number) for value in one)
        return left.take(pairs_of(found, len(right), how, check_count).left)
    rows = (find(value).rows() for value in one)
    pairs = pairs_of(rows, len(right), how, check_count)
    return joined(left, right, pairs, suffixes)


class _Matches(NamedTuple):
    """How many right rows compare with a left value as wanted, and which; only joins that pair
    rows ask for those."""

    number: int
    rows: Callable[[], list[int]]


def _unequal(right: ColumnData) -> Callable[[Value], _Matches]:
    """The rows that are not equal to a value."""
    key_of = hashing.HashKeys().of
    keys = list(map(key_of, right))
    equal_ones = Counter(keys)
    equal_ones.pop(NOTHING, None)

    def find(value: Value) -> _Matches:
        key = key_of(value)

        def rows() -> list[int]:
            if not equal_ones[key]:
                return list(range(len(keys)))
            return [row for row, other in enumerate(keys) if other != key]

        return _Matches(len(keys) - equal_ones[key], rows)

    return find


def _compared(right: ColumnData, sign: str) -> Callable[[Value], _Matches]:
    """The rows that a value is below or above, found in an order for each kind of value."""
    ordered = in_order(enumerate(right), comparable)
    bisect = bisect_left if sign in ("<=", ">") else bisect_right
    is_below = sign in ("<", "<=")

    def find(value: Value) -> _Matches:
        kind, key = comparable(value)
        keys, rows = ordered.get(kind, ([], []))
        place = bisect(keys, key)
        part = slice(place, None) if is_below else slice(place)
        return _Matches(len(keys) - place if is_below else place, lambda: sorted(rows[part]))

    return find
