"""Rows of a stored table, as the columns of programs see them (``values.column_storage``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from weakref import WeakMethod, WeakValueDictionary

from datacode.errors import DataCodeError, runtime_error
from datacode.plans import messages, nodes, parts, table_files
from datacode.plans.client import EngineClient
from datacode.plans.facts import Facts, facts_of, size_of
from datacode.plans.nodes import Aggregation, CellKind, Source
from datacode.plans.table_files import TableFile
from datacode.values.column_storage import (
    ColumnData,
    Indices,
    KeptFiles,
    KeptRows,
    Mask,
    StoredRows,
)
from datacode.values.lazy_polars import pl
from datacode.values.stored_column import BATCH, StoredColumn

_DEEP = 50
"""Plans of more nodes are made files of their own."""

_WINDOW = BATCH


class _Hold:
    """A table of an engine that somebody needs; when nobody does any more, the engine is told."""

    __slots__ = ("__weakref__", "_client", "kept", "life", "shape", "table")

    def __init__(self, client: EngineClient, table: int) -> None:
        self._client = client
        self.table = table
        self.life = client.life
        self.kept: KeptFiles | None = None
        """Of a table that is whole: its files, for checkpoints."""
        self.shape = nodes.Shape((), 0)
        """Of a table that was taken up from a checkpoint."""

    def is_whole(self, files: tuple[TableFile, ...]) -> None:
        """All of the table is there, in these files."""
        self._client.is_whole(self.table, files)
        names = tuple(each.name for each in files)
        self.kept = KeptFiles(names, table_files.described_files(files))

    def __del__(self) -> None:
        self._client.drop(self.table)


class Making:
    """A table that is being sent to an engine."""

    def __init__(self, client: EngineClient) -> None:
        self._client = client
        self._rows = 0
        self.hold: _Hold | None = None
        self.facts: list[Facts] = []

    def add(self, columns: Sequence[ColumnData]) -> None:
        """The next rows. Raises ``NotStorable``."""
        rows = len(columns[0]) if columns else 0
        if not rows and self.hold is not None:
            return
        kinds, data = parts.encoded(columns, self._rows, rows)
        if len(data) > messages.LARGEST_PIECE and rows > 1:
            for start, stop in ((0, rows // 2), (rows // 2, rows)):
                self.add([column.slice(start, stop) for column in columns])
            return
        table = self._client.new_table() if self.hold is None else self.hold.table
        self._client.ask(
            lambda request: messages.Append(request, table, rows, tuple(kinds), data),
            messages.EngineDone,
            life=None if self.hold is None else self.hold.life,
        )
        if self.hold is None:
            self.hold = _Hold(self._client, table)
        found = [facts_of(c, kind) for c, kind in zip(columns, kinds, strict=True)]
        known = self.facts or found
        self.facts = [a.joined(b) for a, b in zip(known, found, strict=True)]
        self._rows += rows


@dataclass(frozen=True, slots=True)
class StepRecord:
    """How a table came about: what was done, in how many seconds of an engine's processor time."""

    name: str
    seconds: float
    rows: int


class Storage:
    """The stored tables of one program, and what limits them.

    ``threshold``: tables that would take more bytes are stored. ``memory``: bytes that columns may
    take which are loaded whole. ``small``: results of at most so many bytes are ordinary columns at
    once.
    """

    def __init__(self, client: EngineClient, *, threshold: int, memory: int, small: int) -> None:
        self.client = client
        self.threshold = threshold
        self.memory = memory
        self.small = small
        self._loaded: list[tuple[WeakMethod[Callable[[], None]], int]] = []
        self._taken: WeakValueDictionary[tuple[str, ...], _Hold] = WeakValueDictionary()

    def placed(self, columns: Sequence[ColumnData]) -> list[ColumnData]:
        """Columns in memory, stored; as they are where that cannot be."""
        found = self.store(cut(columns), "store") if columns else None
        return list(columns) if found is None else found.columns()

    def store(self, pieces: Callable[[], list[ColumnData] | None], name: str) -> EngineRows | None:
        """A table of pieces in memory, which are asked for one after another, None at the end.

        None where a piece holds values that cannot be stored.
        """
        making = self.making()
        try:
            while (columns := pieces()) is not None:
                making.add(columns)
        except parts.NotStorable:
            return None
        return self.finished(making, name)

    def making(self) -> Making:
        """A table to be sent piece by piece."""
        return Making(self.client)

    def finished(self, making: Making, name: str) -> EngineRows | None:
        """The table, if it has got any piece."""
        if making.hold is None:
            return None
        hold = making.hold
        made = self.client.ask(
            lambda request: messages.Finish(request, hold.table), messages.Made, life=hold.life
        )
        hold.is_whole(made.files)
        return self._rows(made, hold, making.facts, (StepRecord(name, made.seconds, made.rows),))

    def run(self, step: nodes.Step, held: Sequence[_Hold]) -> tuple[messages.Made, _Hold]:
        """Have a step carried out."""
        made = self.client.ask(
            lambda request: messages.Run(request, step), messages.Made, tables=_numbers(held)
        )
        hold = _Hold(self.client, made.table)
        hold.is_whole(made.files)
        return made, hold

    def kept(self, kept: KeptRows) -> EngineRows:
        """The rows that a checkpoint tells of. Raises ``BadPlan`` for what cannot be."""
        described = table_files.rows_described(kept.description)
        holds: dict[int, _Hold] = {}
        shapes: dict[int, nodes.Shape] = {}

        def number(place: int) -> int:
            if not 0 <= place < len(kept.files):
                raise nodes.BadPlan("a table that is not there")
            if place not in holds:
                holds[place] = hold = self._taken_up(kept.files[place])
                shapes[hold.table] = hold.shape
            return holds[place].table

        plan = nodes.renumbered(described.plan, number)
        shape = nodes.shape_of(plan, shapes.__getitem__)
        facts = [
            Facts(f.kind, f.nulls, f.is_plain, f.is_finite, f.are_days) for f in described.facts
        ]
        if shape != nodes.Shape(tuple(f.kind for f in facts), described.rows):
            raise nodes.BadPlan("rows of another shape")
        if any(f.nulls is not None and not 0 <= f.nulls <= shape.rows for f in facts):
            raise nodes.BadPlan("more nulls than rows")
        step = StepRecord("load", 0.0, described.rows)
        return EngineRows(self, plan, described.rows, facts, tuple(holds.values()), (step,))

    def _taken_up(self, kept: KeptFiles) -> _Hold:
        """A table in files of a checkpoint; the same one as long as somebody needs it."""
        hold = self._taken.get(kept.names)
        if hold is None:
            files = table_files.files_of(kept.names, kept.description)
            hold = _Hold(self.client, self.client.take_up(files))
            hold.shape = table_files.shape_of_files(files)
            hold.is_whole(files)
            self._taken[kept.names] = hold
        return hold

    def _rows(
        self,
        made: messages.Made,
        hold: _Hold,
        facts: Sequence[Facts],
        steps: tuple[StepRecord, ...],
    ) -> EngineRows:
        known = tuple(
            f.with_nulls(kind, nulls)
            for f, kind, nulls in zip(facts, made.kinds, made.nulls, strict=True)
        )
        return EngineRows(self, nodes.Scan(made.table), made.rows, known, (hold,), steps)

    def make_room(self, size: int, unload: WeakMethod[Callable[[], None]], rows: int) -> None:
        """Let a column of so many bytes be loaded, and others go. Raises a Runtime Error."""
        if size > self.memory:
            raise too_large(rows)
        loaded = [(method, taken) for method, taken in self._loaded if method() is not None]
        while loaded and size + sum(taken for _, taken in loaded) > self.memory:
            method = loaded.pop(0)[0]()
            if method is not None:
                method()
        self._loaded = [*loaded, (unload, size)]


_FUNCTIONS = {each.value: each for each in Aggregation} | {
    "avg": Aggregation.AVERAGE,
    "mean": Aggregation.AVERAGE,
}


class EngineRows:
    """A plan whose rows an engine has in files."""

    def __init__(
        self,
        storage: Storage,
        plan: Source,
        row_count: int,
        facts: Sequence[Facts],
        held: tuple[_Hold, ...],
        steps: tuple[StepRecord, ...],
    ) -> None:
        self.row_count = row_count
        self.steps = steps
        self.facts = list(facts)
        self._storage = storage
        self._plan = plan
        self._held = held
        self._windows: dict[int, tuple[int, ColumnData]] = {}
        self._recent: set[int] = set()
        self._kept: KeptRows | None = None

    @property
    def column_count(self) -> int:
        return len(self.facts)

    def kept(self) -> KeptRows:
        if self._kept is None:
            numbers = list(nodes.tables_of(self._plan))
            by_number = {hold.table: hold for hold in self._held}
            files = [by_number[number].kept for number in numbers]
            plan = nodes.renumbered(self._plan, numbers.index)
            description = table_files.described_rows(plan, self.row_count, self.facts)
            self._kept = KeptRows(tuple(each for each in files if each is not None), description)
        return self._kept

    # What is known --------------------------------------------------------------------

    def kind(self, position: int) -> type | None:
        facts = self.facts[position]
        if facts.kind is not CellKind.NULL and self.null_count(position) == self.row_count:
            return type(None)
        return {
            CellKind.NUMBER: float,
            CellKind.TEXT: str,
            CellKind.BOOL: bool,
            CellKind.NULL: type(None),
        }.get(facts.kind)

    def null_count(self, position: int) -> int:
        nulls = self.facts[position].nulls
        if nulls is None:
            facts = self.facts[position]
            nulls = self._measured([position]).nulls[0]
            self.facts[position] = facts.with_nulls(facts.kind, nulls)
        return nulls

    def is_plain(self, position: int) -> bool:
        return self.facts[position].is_plain

    def are_days(self, position: int) -> bool:
        return self.facts[position].are_days

    # Cells ----------------------------------------------------------------------------

    def window(self, position: int, start: int, stop: int) -> ColumnData:
        first = start // _WINDOW * _WINDOW
        if stop > first + _WINDOW:
            (column,) = self.fetch([position], start, stop)
            return column
        at, cells = self._windows.get(position, (-1, None))
        if cells is None or at != first:
            if any(place == first for place, _ in self._windows.values()):
                self._recent.add(position)
            else:
                self._recent = {position, *self._windows}
                self._windows = {}
            wanted = [p for p in sorted(self._recent) if self._windows.get(p, (-1,))[0] != first]
            columns = self.fetch(wanted, first, min(first + _WINDOW, self.row_count))
            for each, column in zip(wanted, columns, strict=True):
                self._windows[each] = first, column
            cells = self._windows[position][1]
        return cells.slice(start - first, stop - first)

    def fetch(self, positions: Sequence[int], start: int, stop: int) -> list[ColumnData]:
        pieces = [
            self._fetch(positions, low, min(low + BATCH, stop)) for low in range(start, stop, BATCH)
        ] or [self._fetch(positions, start, stop)]
        return [_joined([piece[n] for piece in pieces]) for n in range(len(positions))]

    def _fetch(self, positions: Sequence[int], start: int, stop: int) -> list[ColumnData]:
        plan = self._project(positions)
        found = self._storage.client.ask(
            lambda request: messages.Fetch(request, plan, start, stop),
            messages.FetchedRows,
            tables=_numbers(self._held),
        )
        try:
            return parts.decoded(found.kinds, found.data, stop - start)
        except (ValueError, pl.exceptions.PolarsError) as fault:
            raise damaged() from fault

    def has_room(self, position: int, *, as_list: bool = False) -> bool:
        of_values = 40 * self.row_count if as_list else 0
        return self._size([position]) + of_values <= self._storage.memory

    def check_room(self, cells: int) -> None:
        if 24 * cells > self._storage.memory:
            raise too_large(self.row_count)

    def passed(self, row: int) -> None:
        self._storage.client.tell("scan", 100 * row // max(self.row_count, 1))

    def load(
        self, position: int, unload: WeakMethod[Callable[[], None]], *, as_list: bool
    ) -> ColumnData:
        size = self._size([position])
        if as_list:
            size += 40 * self.row_count
        self._storage.make_room(size, unload, self.row_count)
        (column,) = self.fetch([position], 0, self.row_count)
        return column

    def _size(self, positions: Sequence[int]) -> int:
        """How many bytes columns take in memory."""
        size = sum(size_of(self.facts[p], self.row_count) for p in positions)
        texts = [p for p in positions if self.facts[p].kind in (CellKind.TEXT, CellKind.MIXED)]
        if texts:
            size += sum(self._measured(texts).sizes)
        return size

    def _measured(self, positions: Sequence[int]) -> messages.Measured:
        plan = self._project(positions)
        return self._storage.client.ask(
            lambda request: messages.Measure(request, plan),
            messages.Measured,
            tables=_numbers(self._held),
        )

    # Plans ------------------------------------------------------------------------------

    def _project(self, positions: Sequence[int]) -> Source:
        if list(positions) == list(range(len(self.facts))):
            return self._plan
        if isinstance(self._plan, nodes.Project):
            columns = self._plan.columns
            return nodes.Project(self._plan.source, tuple(columns[p] for p in positions))
        return nodes.Project(self._plan, tuple(positions))

    def _of(self, plan: Source, rows: int, facts: Sequence[Facts], name: str) -> EngineRows:
        """Other rows of the same tables; a deep plan becomes a file of its own."""
        steps = (*self.steps, StepRecord(name, 0.0, rows)) if name else self.steps
        made = EngineRows(self._storage, plan, rows, tuple(facts), self._held, steps)
        return made._copied() if nodes.nodes_of(plan) > _DEEP else made

    def _copied(self) -> EngineRows:
        made, hold = self._storage.run(nodes.CopyRows(self._plan), self._held)
        step = StepRecord("copy", made.seconds, made.rows)
        return self._storage._rows(made, hold, self.facts, (*self.steps, step))

    def columns(self) -> list[ColumnData]:
        """All columns: stored ones, or ordinary ones where there are few cells."""
        small = self._storage.small
        everything = range(len(self.facts))
        if sum(size_of(f, self.row_count) for f in self.facts) <= small and (
            self._size(everything) <= small
        ):
            return self.fetch(everything, 0, self.row_count)
        return [StoredColumn(self, position) for position in everything]

    def _done(
        self, step: nodes.Step, facts: Sequence[Facts], name: str, others: Sequence[_Hold] = ()
    ) -> list[ColumnData]:
        made, hold = self._storage.run(step, [*self._held, *others])
        steps = (*self.steps, StepRecord(name, made.seconds, made.rows))
        return self._storage._rows(made, hold, facts, steps).columns()

    def _some_facts(self, positions: Sequence[int]) -> list[Facts]:
        return [self.facts[p] for p in positions]

    # What can be done ---------------------------------------------------------------------

    def slice(self, positions: Sequence[int], start: int, stop: int) -> list[ColumnData]:
        plan = nodes.Slice(self._project(positions), start, stop)
        facts = [
            f.with_nulls(f.kind, 0 if f.nulls == 0 else None) for f in self._some_facts(positions)
        ]
        return self._of(plan, stop - start, facts, "").columns()

    def keep(self, positions: Sequence[int], mask: Mask) -> list[ColumnData]:
        series = mask if isinstance(mask, pl.Series) else pl.Series(mask, dtype=pl.Boolean)
        stored = self._stored([ColumnData.of_series(series.fill_null(False))])
        step = nodes.Filter(self._project(positions), stored._plan)
        return self._done(step, self._some_facts(positions), "filter", stored._held)

    def take(self, positions: Sequence[int], indices: Indices) -> list[ColumnData]:
        series = indices if isinstance(indices, pl.Series) else pl.Series(indices, dtype=pl.UInt32)
        return self.take_rows(positions, ColumnData.of_series(series.cast(pl.Float64)))

    def take_rows(self, positions: Sequence[int], rows: ColumnData) -> list[ColumnData]:
        stored = self._stored([rows])
        step = nodes.Take(self._project(positions), stored._plan)
        return self._done(step, self._some_facts(positions), "take", stored._held)

    def _stored(self, columns: Sequence[ColumnData]) -> EngineRows:
        found = together(self._storage, columns)
        assert found is not None, "cells that can be stored"
        return found

    def together(self, columns: Sequence[ColumnData]) -> StoredRows | None:
        return together(self._storage, columns)

    def under_each_other(self, parts: Sequence[Sequence[ColumnData]]) -> list[ColumnData] | None:
        found = [together(self._storage, columns) for columns in parts]
        rows = [each for each in found if each is not None]
        if len(rows) < len(found):
            return None
        plan = nodes.Concat(tuple(each._plan for each in rows))
        facts = list(rows[0].facts)
        for each in rows[1:]:
            facts = [one.joined(other) for one, other in zip(facts, each.facts, strict=True)]
        held = tuple(dict.fromkeys(hold for each in rows for hold in each._held))
        count = sum(each.row_count for each in rows)
        steps = tuple(dict.fromkeys(step for each in rows for step in each.steps))
        made = EngineRows(self._storage, plan, count, tuple(facts), held, steps)
        return (made._copied() if nodes.nodes_of(plan) > _DEEP else made).columns()

    def new_columns(self, parts: Iterable[Sequence[ColumnData]]) -> list[ColumnData]:
        room = self._storage.memory // 40
        pieces = iter(parts)
        first: list[list[ColumnData]] = []
        for columns in pieces:
            first.append(list(columns))
            room -= sum(map(len, columns))
            if room < 0:
                break
        else:
            return [_joined(column) for column in zip(*first, strict=True)]
        rest = chain(first, map(list, pieces))
        found = self._storage.store(lambda: next(rest, None), "column")
        if found is None:
            raise too_large(self.row_count)
        return found.columns()

    def sorted(self, keys: Sequence[tuple[int, bool]]) -> list[ColumnData] | None:
        if any(
            self.facts[p].kind is CellKind.MIXED or not self.facts[p].compares_as_text
            for p, _ in keys
        ):
            return None
        step = nodes.Sort(self._plan, tuple(nodes.SortKey(p, d) for p, d in keys))
        return self._done(step, self.facts, "sort")

    def grouped(
        self, by: Sequence[int], wanted: Sequence[tuple[int, str]]
    ) -> list[ColumnData] | None:
        facts = self.facts
        if not self.row_count or any(not self._is_key(p) for p in by):
            return None
        aggregates = []
        made = [facts[p] for p in by]
        for position, name in wanted:
            function = _FUNCTIONS.get(name)
            if function is None or not self._can_aggregate(facts[position], function):
                return None
            aggregates.append(nodes.AggregateColumn(position, function))
            made.append(facts[position])
        step = nodes.Group(self._plan, tuple(by), tuple(aggregates))
        return self._done(step, made, "group")

    def _is_key(self, position: int) -> bool:
        return (
            self.facts[position].kind is not CellKind.MIXED
            and self.facts[position].compares_as_text
        )

    @staticmethod
    def _can_aggregate(facts: Facts, function: Aggregation) -> bool:
        if function in (Aggregation.COUNT, Aggregation.SIZE):
            return True
        if facts.kind is CellKind.MIXED:
            return False
        if function in nodes.OF_NUMBERS:
            return facts.kind in (CellKind.NUMBER, CellKind.NULL) and facts.is_finite
        return facts.compares_as_text or function in (Aggregation.FIRST, Aggregation.LAST)

    def joined(
        self, other: StoredRows, on: Sequence[tuple[int, int]], kind: str, nulls_equal: bool
    ) -> list[ColumnData] | None:
        if not isinstance(other, EngineRows):
            return None
        for one, two in on:
            if self.facts[one].kind is not other.facts[two].kind:
                return None
            if not self._is_key(one) or not other._is_key(two):
                return None
        how = nodes.JoinKind(kind)
        step = nodes.Match(self._plan, other._plan, tuple(on), how, nulls_equal)
        held = tuple(dict.fromkeys((*self._held, *other._held)))
        found, hold = self._storage.run(step, held)
        sides = [self] if how in (nodes.JoinKind.SEMI, nodes.JoinKind.ANTI) else [self, other]
        taken = [side._matched(found, hold, number) for number, side in enumerate(sides)]
        seconds = found.seconds + sum(each.steps[-1].seconds for each in taken)
        steps = (*self.steps, StepRecord("join", round(seconds, 3), found.rows))
        plans = tuple(each._plan for each in taken)
        plan = nodes.Zip(plans) if len(plans) > 1 else plans[0]
        facts = tuple(f for each in taken for f in each.facts)
        held = tuple(dict.fromkeys(hold for each in taken for hold in each._held))
        made = EngineRows(self._storage, plan, found.rows, facts, held, steps)
        return (made._copied() if nodes.nodes_of(plan) > _DEEP else made).columns()

    def _matched(self, found: messages.Made, hold: _Hold, number: int) -> EngineRows:
        """These rows as one side of a match."""
        if found.whole[number]:
            step = StepRecord("take", 0.0, found.rows)
            return EngineRows(
                self._storage, self._plan, self.row_count, self.facts, self._held, (step,)
            )
        rows = nodes.Project(nodes.Scan(found.table), (number,))
        made, own = self._storage.run(nodes.Take(self._plan, rows), [*self._held, hold])
        step = StepRecord("take", made.seconds, made.rows)
        return self._storage._rows(made, own, self.facts, (step,))


def _numbers(held: Iterable[_Hold]) -> list[int]:
    return [hold.table for hold in held]


def damaged() -> DataCodeError:
    """The error for files that do not hold what was said of them."""
    return runtime_error(
        "large_table_damaged", "The files of the large table are damaged: make it again"
    )


def too_large(rows: int) -> DataCodeError:
    """The error for what needs more of a table in memory than there is room for."""
    return runtime_error(
        "large_table",
        "The table is too large for this ({rows} rows): make it smaller (table_filter, "
        "table_select, table_head)",
        rows=f"{rows:,}".replace(",", " "),
    )


def together(storage: Storage, columns: Sequence[ColumnData]) -> EngineRows | None:
    """Columns as rows of one engine; None where one cannot be stored there."""
    runs: list[tuple[StoredRows | None, list[ColumnData]]] = []
    for column in columns:
        if runs and runs[-1][0] is column.source:
            runs[-1][1].append(column)
        else:
            runs.append((column.source, [column]))
    found: list[EngineRows] = []
    for source, own in runs:
        if isinstance(source, EngineRows):
            positions = [column.position for column in own]
            plan, facts = source._project(positions), source._some_facts(positions)
            rows = EngineRows(
                storage, plan, source.row_count, tuple(facts), source._held, source.steps
            )
        else:
            stored = storage.store(cut(own), "store")
            if stored is None:
                return None
            rows = stored
        found.append(rows)
    if len(found) == 1:
        return found[0]
    plan = nodes.Zip(tuple(each._plan for each in found))
    held = tuple(dict.fromkeys(hold for each in found for hold in each._held))
    facts = [f for each in found for f in each.facts]
    steps = tuple(dict.fromkeys(step for each in found for step in each.steps))
    made = EngineRows(storage, plan, found[0].row_count, tuple(facts), held, steps)
    return made._copied() if nodes.nodes_of(plan) > _DEEP else made


def cut(columns: Sequence[ColumnData]) -> Callable[[], list[ColumnData] | None]:
    """Columns in memory, piece by piece; of no rows, one piece of none."""
    length = len(columns[0]) if columns else 0
    rows = max(1024, 8 * BATCH // (len(columns) + 1))
    starts = iter(range(0, length or 1, rows))

    def piece() -> list[ColumnData] | None:
        start = next(starts, None)
        if start is None:
            return None
        return [column.slice(start, min(start + rows, length)) for column in columns]

    return piece


def _joined(pieces: Sequence[ColumnData]) -> ColumnData:
    """One column of pieces in memory."""
    if len(pieces) == 1:
        return pieces[0]
    series = [found for piece in pieces if (found := piece.stored_series()) is not None]
    kinds = {each.dtype for each in series} - {pl.Null}
    if len(series) == len(pieces) and len(kinds) <= 1:
        kind = kinds.pop() if kinds else pl.Null()
        return ColumnData.of_series(pl.concat([each.cast(kind) for each in series]))
    return ColumnData.of_list([value for piece in pieces for value in piece])
