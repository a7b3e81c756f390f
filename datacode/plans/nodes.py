"""Plans: what the rows of a stored table are made of, as data.

A plan comes from a process that nobody trusts, so whoever receives one checks it (``columns_of``)
before anything is done with it; it holds no text of any query language. Nodes that cost nothing
(``Scan``, ``Project``, ``Slice``, ``Concat``, ``Zip``) can be read from at any place; each of the
others is a step that an engine carries out, and its result becomes a file of its own.

Columns are known by their position: names repeat, and belong to tables, not to files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct, structs

MOST_NODES = 500
"""Nodes of one plan, those that several parents share counted for each of them."""

MOST_COLUMNS = 20_000
MOST_ROWS = 10**11


class CellKind(StrEnum):
    """What the cells of a column are, nulls aside.

    ``NUMBER`` has neither NaN nor a zero with a sign, which engines take for different things;
    ``MIXED`` holds whatever else cells can be that have no parts.
    """

    NUMBER = "number"
    TEXT = "text"
    BOOL = "bool"
    NULL = "null"
    MIXED = "mixed"


class BadPlan(ValueError):
    """A plan that cannot be: a table that is not there, a column or row beyond the end."""


class Scan(Struct, tag="scan", frozen=True):
    """All rows of a stored table, in order."""

    table: int


class Project(Struct, tag="project", frozen=True):
    """Some columns, in that order."""

    source: Source
    columns: tuple[int, ...]


class Slice(Struct, tag="slice", frozen=True):
    """The rows from ``start`` to before ``stop``."""

    source: Source
    start: int
    stop: int


class Concat(Struct, tag="concat", frozen=True):
    """The rows of the first, then those of the second, and so on."""

    sources: tuple[Source, ...]


class Zip(Struct, tag="zip", frozen=True):
    """The columns of all, which have equally many rows, side by side."""

    sources: tuple[Source, ...]


Source: TypeAlias = Scan | Project | Slice | Concat | Zip
"""Rows that are in files, as they stand there."""


class CopyRows(Struct, tag="copy", frozen=True):
    """The same rows in a file of their own."""

    source: Source


class Filter(Struct, tag="filter", frozen=True):
    """The rows for which the one column of ``mask``, bools without nulls, is true."""

    source: Source
    mask: Source


class Take(Struct, tag="take", frozen=True):
    """The rows whose numbers stand in the one column of ``rows``; a null takes nulls."""

    source: Source
    rows: Source


class SortKey(Struct, frozen=True):
    """A column to sort by, of one kind; nulls are first, and last in a descending order."""

    column: int
    descending: bool = False


class Sort(Struct, tag="sort", frozen=True):
    """The rows in the order of some columns; equal rows keep their order."""

    source: Source
    keys: tuple[SortKey, ...]


class Aggregation(StrEnum):
    """What is made of a group's cells. Nulls count for ``SIZE``, ``FIRST`` and ``LAST`` only."""

    SUM = "sum"
    AVERAGE = "average"
    MEDIAN = "median"
    STD = "std"
    MIN = "min"
    MAX = "max"
    COUNT = "count"
    SIZE = "size"
    DISTINCT = "distinct"
    FIRST = "first"
    LAST = "last"


OF_NUMBERS = frozenset({Aggregation.SUM, Aggregation.AVERAGE, Aggregation.MEDIAN, Aggregation.STD})
_COUNTS = frozenset({Aggregation.COUNT, Aggregation.SIZE, Aggregation.DISTINCT})


class AggregateColumn(Struct, frozen=True):
    """One column of a grouping's result."""

    column: int
    function: Aggregation


class Group(Struct, tag="group", frozen=True):
    """One row for each different set of values in the columns ``by``, in order of appearance.

    Without such columns there is one row. The keys come first, then the aggregates.
    """

    source: Source
    by: tuple[int, ...]
    aggregates: tuple[AggregateColumn, ...]


class JoinKind(StrEnum):
    """Which rows a join keeps."""

    INNER = "inner"
    LEFT = "left"
    RIGHT = "right"
    FULL = "full"
    SEMI = "semi"
    ANTI = "anti"


class Match(Struct, tag="join", frozen=True):
    """The numbers of the rows that a join puts together, in two columns: left, right.

    In the order of the left rows and, for one left row, of the right ones; right rows without a
    partner come last. A side without a partner is null, as the right is for ``SEMI`` and ``ANTI``.
    Null equals null only with ``nulls_equal``.
    """

    left: Source
    right: Source
    on: tuple[tuple[int, int], ...]
    kind: JoinKind
    nulls_equal: bool = False


Step: TypeAlias = CopyRows | Filter | Take | Sort | Group | Match
"""What an engine does; the result is a new table."""


class Shape(Struct, frozen=True):
    """The kinds of a plan's columns, and how many rows it has."""

    kinds: tuple[CellKind, ...]
    rows: int


TableShape: TypeAlias = Callable[[int], Shape]
"""The shape of a stored table. Raises ``BadPlan`` for a number that no table has."""


def shape_of(plan: Source, table: TableShape) -> Shape:
    """The shape of a plan. Raises ``BadPlan`` where it cannot be."""
    return _shape(plan, table, _Counter())


class _Counter:
    """Bounds the work on a plan that others have made up."""

    def __init__(self) -> None:
        self._left = MOST_NODES

    def count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise BadPlan(f"a plan of more than {MOST_NODES} nodes")


def nodes_of(plan: Source) -> int:
    """How many nodes a plan has."""
    if isinstance(plan, Scan):
        return 1
    if isinstance(plan, Project | Slice):
        return 1 + nodes_of(plan.source)
    return 1 + sum(map(nodes_of, plan.sources))


def tables_of(plan: Source) -> dict[int, None]:
    """The numbers of the tables that a plan scans."""
    if isinstance(plan, Scan):
        return {plan.table: None}
    if isinstance(plan, Project | Slice):
        return tables_of(plan.source)
    return {number: None for source in plan.sources for number in tables_of(source)}


def renumbered(plan: Source, numbers: Callable[[int], int]) -> Source:
    """The plan with other numbers of its tables."""
    if isinstance(plan, Scan):
        return Scan(numbers(plan.table))
    if isinstance(plan, Project | Slice):
        return structs.replace(plan, source=renumbered(plan.source, numbers))
    return structs.replace(
        plan, sources=tuple(renumbered(source, numbers) for source in plan.sources)
    )


def _shape(plan: Source, table: TableShape, counter: _Counter) -> Shape:
    counter.count()
    if isinstance(plan, Scan):
        return table(plan.table)
    if isinstance(plan, Project):
        inner = _shape(plan.source, table, counter)
        _check_columns(plan.columns, inner)
        return Shape(tuple(inner.kinds[c] for c in plan.columns), inner.rows)
    if isinstance(plan, Slice):
        inner = _shape(plan.source, table, counter)
        if not 0 <= plan.start <= plan.stop <= inner.rows:
            raise BadPlan("rows beyond the end of a table")
        return Shape(inner.kinds, plan.stop - plan.start)
    parts = [_shape(part, table, counter) for part in plan.sources]
    if not parts:
        raise BadPlan("nothing to put together")
    if isinstance(plan, Zip):
        if any(part.rows != parts[0].rows for part in parts):
            raise BadPlan("tables of different lengths side by side")
        return _checked(Shape(tuple(k for part in parts for k in part.kinds), parts[0].rows))
    if any(len(part.kinds) != len(parts[0].kinds) for part in parts):
        raise BadPlan("tables of different widths under each other")
    kinds = tuple(map(common_kind, zip(*(part.kinds for part in parts), strict=True)))
    return _checked(Shape(kinds, sum(part.rows for part in parts)))


def _checked(shape: Shape) -> Shape:
    if len(shape.kinds) > MOST_COLUMNS or shape.rows > MOST_ROWS:
        raise BadPlan("a table that is too large")
    return shape


def common_kind(kinds: Sequence[CellKind]) -> CellKind:
    """The kind of a column whose parts have these kinds."""
    different = set(kinds) - {CellKind.NULL}
    if len(different) > 1:
        return CellKind.MIXED
    return different.pop() if different else CellKind.NULL


def _check_columns(columns: Sequence[int], shape: Shape) -> None:
    if len(columns) > MOST_COLUMNS or any(not 0 <= c < len(shape.kinds) for c in columns):
        raise BadPlan("a column that a table does not have")


def kinds_after(step: Step, table: TableShape) -> tuple[CellKind, ...]:
    """The kinds of the columns that a step makes. Raises ``BadPlan`` where it cannot be."""
    counter = _Counter()
    if isinstance(step, Match):
        _check_match(step, table, counter)
        return (CellKind.NUMBER, CellKind.NUMBER)
    shape = _shape(step.source, table, counter)
    if isinstance(step, Filter):
        mask = _shape(step.mask, table, counter)
        if mask.kinds not in ((CellKind.BOOL,), (CellKind.NULL,)) or mask.rows != shape.rows:
            raise BadPlan("a mask that does not fit")
    elif isinstance(step, Take):
        rows = _shape(step.rows, table, counter)
        if rows.kinds not in ((CellKind.NUMBER,), (CellKind.NULL,)):
            raise BadPlan("numbers of rows that are none")
    elif isinstance(step, Sort):
        _check_columns([key.column for key in step.keys], shape)
        if not step.keys or any(shape.kinds[k.column] is CellKind.MIXED for k in step.keys):
            raise BadPlan("an engine does not sort by a mixed column")
    elif isinstance(step, Group):
        return _kinds_after_group(step, shape)
    return shape.kinds


def _kinds_after_group(step: Group, shape: Shape) -> tuple[CellKind, ...]:
    _check_columns([*step.by, *(a.column for a in step.aggregates)], shape)
    if not step.by and not step.aggregates:
        raise BadPlan("a grouping of nothing")
    if any(shape.kinds[c] is CellKind.MIXED for c in step.by):
        raise BadPlan("an engine does not group by a mixed column")
    kinds = [shape.kinds[c] for c in step.by]
    for each in step.aggregates:
        kind = shape.kinds[each.column]
        if kind is CellKind.MIXED and each.function not in (Aggregation.COUNT, Aggregation.SIZE):
            raise BadPlan("an engine only counts the cells of a mixed column")
        if each.function in OF_NUMBERS and kind not in (CellKind.NUMBER, CellKind.NULL):
            raise BadPlan("numbers are needed")
        is_number = each.function in _COUNTS or each.function in OF_NUMBERS
        kinds.append(CellKind.NUMBER if is_number else kind)
    return tuple(kinds)


def _check_match(step: Match, table: TableShape, counter: _Counter) -> None:
    left = _shape(step.left, table, counter)
    right = _shape(step.right, table, counter)
    _check_columns([one for one, _ in step.on], left)
    _check_columns([other for _, other in step.on], right)
    if not step.on:
        raise BadPlan("a join on nothing")
    for one, other in step.on:
        if left.kinds[one] is not right.kinds[other] or left.kinds[one] is CellKind.MIXED:
            raise BadPlan("keys of different kinds")
