"""The tables that a session's programs showed: a first look at each, and any rows of it later.

A table is kept as long as the program itself has it. Beyond that, the latest ones are kept up to
a share of the session's memory: a table that somebody looks at should not vanish with the
variable, and one that nobody has any more should not cost the next program its memory.
"""

from __future__ import annotations

import mmap
import queue
import signal
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import islice
from weakref import ref

from msgspec import Struct

from datacode.errors import DataCodeError, runtime_error
from datacode.tables.column_types import column_kind
from datacode.tables.grid_statistics import EXACT, ColumnStatistics, column_statistics
from datacode.tables.grid_values import matching_values, value_counts
from datacode.tables.grid_view import CellChoice, ViewQuery, rows_of
from datacode.tables.show import plain, structured
from datacode.values.column_storage import ColumnData, Indices
from datacode.values.stored_column import in_memory
from datacode.values.table import Table
from datacode.values.types import Value
from datacode.worker import wire

_ROWS, _CELLS, _CHARACTERS = 1000, 20_000, 100_000
"""How much of a table is shown at first."""

_ROWS_AT_ONCE, _CHARACTERS_AT_ONCE = 10_000, 200_000
"""How much of it one question gets; four bytes a character must fit into a frame."""

_TABLES = 100
_SHARE_OF_MEMORY, _WITHOUT_LIMIT = 8, 64 << 20
_IN_FILES = 3
"""So many tables in files are kept that no variable has any more."""

_ARRANGEMENTS = 4
_MOST_ARRANGED = 3_000_000
_LOOKED_AT = 1000
"""Rows of a column in files by which its size is estimated; fewer are no sample of it, either."""

_BESIDE_VALUE = 400
"""Bytes that counting and ordering a value takes beside the value."""

_WAITING = 32
_STACK = 4 << 20


def first_look(table: Table) -> wire.TableShown:
    """The head of a table and its first rows: fewer of one that is wide or full of long texts.

    A table whose head alone is too much is told by its number of rows.
    """
    if sum(map(len, table.names)) + 16 * len(table.names) > 4 * _CHARACTERS:
        return wire.TableShown([], [], [], len(table))
    return wire.TableShown(**structured(table, _rows_of(table)))


def _rows_of(table: Table) -> int:
    most = min(len(table), _ROWS, _CELLS // max(1, len(table.names)))
    size = 0
    for number, row in enumerate(islice(table.rows(), most)):
        size += wire.row_size(row)
        if size > _CHARACTERS:
            return number
    return most


class ShownTables:
    """What was shown, by name. The program's thread keeps tables, another one asks for rows."""

    def __init__(self, memory_bytes: int) -> None:
        self._room = memory_bytes // _SHARE_OF_MEMORY if memory_bytes else _WITHOUT_LIMIT
        self._known: OrderedDict[str, ref[Table]] = OrderedDict()
        self._held: OrderedDict[str, tuple[Table, int]] = OrderedDict()
        self._arranged: dict[tuple[str, ViewQuery], Indices] = {}

    # The program's thread ------------------------------------------------------------

    def keep(self, name: str, table: Table) -> None:
        """Keep a table under a name of its own."""
        self._known[name] = ref(table)
        while len(self._known) > _TABLES:
            oldest, _ = self._known.popitem(last=False)
            self._held.pop(oldest, None)
        size = self._size(table)
        if size > self._room:
            return
        self._held[name] = table, size
        while sum(size for _, size in list(self._held.values())) > self._room:
            self._held.popitem(last=False)

    def _size(self, table: Table) -> int:
        """About how many bytes a table's cells take. One in files counts as a part of the room, as
        its files stay as long as it does."""
        if any(column.source is not None for column in table.columns):
            return self._room // _IN_FILES
        return sum(map(column_size, table.columns))

    def let_go(self) -> None:
        """Memory is short: hold on to nothing that the program itself does not have."""
        self._held.clear()
        self.forget_arrangements()

    def forget_arrangements(self) -> None:
        """Give back what is kept of the questions so far."""
        self._arranged.clear()

    # The thread that answers ------------------------------------------------------------

    def answer(self, asked: wire.FindInTable) -> wire.FoundInTable:
        """What was asked for. Raises a Runtime Error where that cannot be had."""
        if isinstance(asked, wire.FindRows):
            return self._rows(asked)
        return (
            self._values(asked) if isinstance(asked, wire.FindValues) else self._statistics(asked)
        )

    def _rows(self, asked: wire.FindRows) -> wire.FoundRows:
        """The rows asked for, as many as fit, and at least one where there is one."""
        table, wanted = self._looked_up(asked.table, asked.wanted, asked.columns)
        order = self._order(asked.table, table, wanted)
        total = len(table) if order is None else len(order)
        start = min(max(asked.offset, 0), total)
        stop = min(start + min(asked.count, _ROWS_AT_ONCE), total)
        part = table.select(asked.columns) if asked.columns else table
        if order is None:
            numbers = list(range(start, stop))
        else:
            picked = order[start:stop]
            numbers = picked if isinstance(picked, list) else picked.to_list()
        rows = _fitting(_part(part, order, start, stop))
        return wire.FoundRows(asked.request, rows, numbers[: len(rows)], total)

    def _values(self, asked: wire.FindValues) -> wire.FoundValues:
        table, wanted = self._looked_up(asked.table, asked.wanted, [asked.column])
        if len(table) > _MOST_ARRANGED:
            raise _too_many_rows(table)
        cells = table.columns[asked.column]
        if _rows_at_once(cells) < len(cells):
            raise MemoryError
        order = self._order(asked.table, table, wanted.without_column(asked.column))
        kind = column_kind(cells).type
        if order is not None:
            cells = _part(table.select([asked.column]), order, 0, len(order)).columns[0]
        found, distinct = matching_values(value_counts(cells), kind, asked.search, asked.count)
        return wire.FoundValues(asked.request, _fitting_values(found), distinct)

    def _statistics(self, asked: wire.FindStatistics) -> wire.FoundStatistics:
        table, wanted = self._looked_up(asked.table, asked.wanted, asked.columns)
        order = self._order(asked.table, table, wanted)
        total = len(table) if order is None else len(order)
        start = min(max(asked.offset, 0), total)
        stop = total if asked.count is None else min(start + asked.count, total)
        found: list[ColumnStatistics] = []
        for number in asked.columns:
            cells = table.columns[number]
            kind = column_kind(cells).type
            at_once = EXACT if asked.sums_only else _rows_at_once(cells)
            if order is not None or (start, stop) != (0, len(table)):
                cells = _part(table.select([number]), order, start, stop).columns[0]
            found.append(
                column_statistics(cells, number, kind, sums_only=asked.sums_only, at_once=at_once)
            )
        return wire.FoundStatistics(asked.request, found, total)

    def _looked_up(
        self, name: str, asked: wire.RowsWanted, columns: Sequence[int]
    ) -> tuple[Table, ViewQuery]:
        """The table of that name and which of its rows are wanted; all columns are there."""
        known = self._known.get(name)
        table = known() if known is not None else None
        if table is None:
            raise runtime_error("table_gone", "The table is no longer kept: run the program again")
        choices = (CellChoice(column, tuple(values), out) for column, values, out in asked.choices)
        wanted = ViewQuery(tuple(asked.sort), tuple(asked.filters), tuple(choices))
        for column in (*wanted.columns(), *columns):
            if not 0 <= column < len(table.columns):
                raise runtime_error(
                    "no_column_of_number",
                    "There is no column {column}: the table has {count}, counted from 0",
                    column=str(column),
                    count=str(len(table.columns)),
                )
        return table, wanted

    def _order(self, name: str, table: Table, wanted: ViewQuery) -> Indices | None:
        """The rows of an arrangement; those asked for last are remembered."""
        if not wanted.columns():
            return None
        order = self._arranged.get((name, wanted))
        if order is None:
            if len(table) > _MOST_ARRANGED:
                raise _too_many_rows(table)
            _insist_on_memory([table.columns[column] for column in wanted.columns()])
            order = rows_of(table, wanted)
        if order is not None:
            self._arranged[name, wanted] = order
            for oldest in list(self._arranged)[:-_ARRANGEMENTS]:
                self._arranged.pop(oldest, None)
        return order


def _too_many_rows(table: Table) -> DataCodeError:
    return runtime_error(
        "too_many_rows_to_arrange",
        "The table has too many rows to sort or filter here ({rows}; the limit is "
        "{limit}): do it in the program",
        rows=str(len(table)),
        limit=str(_MOST_ARRANGED),
    )


def _part(table: Table, order: Indices | None, start: int, stop: int) -> Table:
    """Some rows of a table in an order, or in its own."""
    return table.slice(start, stop) if order is None else table.take(order[start:stop])


def column_size(cells: ColumnData) -> int:
    """About how many bytes a column takes in memory, or would take if it were there."""
    if cells.source is not None:
        head = in_memory([cells], 0, min(_LOOKED_AT, len(cells)))[0]
        return column_size(head) * len(cells) // max(1, len(head))
    if cells.is_stored_as_series():
        series = cells.stored_series()
        return 0 if series is None else int(series.estimated_size())
    return 64 * len(cells)


def _has_room(needed: int) -> bool:
    """Is there so much memory? Native code that gets none ends the process, and with it the
    session's variables."""
    try:
        mmap.mmap(-1, needed + 1, flags=mmap.MAP_PRIVATE).close()
    except OSError:
        return False
    return True


def _insist_on_memory(looked_at: Sequence[ColumnData]) -> None:
    """Raise ``MemoryError`` where there is none to arrange columns in."""
    if not _has_room(sum(2 * column_size(cells) + 80 * len(cells) for cells in looked_at)):
        raise MemoryError


def _rows_at_once(cells: ColumnData) -> int:
    """How many rows of a column there is room for to count and order its values. Raises
    ``MemoryError`` where there is hardly any."""
    if not len(cells):
        return EXACT
    each = 3 * column_size(cells) // len(cells) + _BESIDE_VALUE
    rows = EXACT
    while not _has_room(min(rows, len(cells)) * each):
        rows //= 2
        if rows < _LOOKED_AT:
            raise MemoryError
    return rows


def _fitting(part: Table) -> list[wire.Row]:
    """As many rows as may be said at once. The first is cut where it is too much alone."""
    rows: list[wire.Row] = []
    most = max(1, _CELLS // max(1, len(part.names)))
    size = 0
    for row in islice(part.rows(), most):
        said = [plain(cell) for cell in row]
        size += wire.row_size(said)
        if size > _CHARACTERS_AT_ONCE:
            if not rows:
                rows.append(_cut(said))
            break
        rows.append(said)
    return rows


def _fitting_values(found: list[tuple[Value, int]]) -> list[tuple[str | float | bool | None, int]]:
    """As many values as may be said at once."""
    fitting: list[tuple[str | float | bool | None, int]] = []
    size = 0
    for value, count in found:
        said = plain(value)
        size += wire.row_size([said])
        if size > _CHARACTERS_AT_ONCE:
            break
        fitting.append((said, count))
    return fitting


def _cut(row: wire.Row) -> wire.Row:
    room = max(1, (_CHARACTERS_AT_ONCE - 16 * len(row)) // max(1, len(row)))
    return [
        cell[: room - 1] + "…" if isinstance(cell, str) and len(cell) > room else cell
        for cell in row
    ]


_ANSWERS: dict[type[Struct], Callable[..., wire.FoundInTable]] = {
    wire.FindRows: wire.FoundRows,
    wire.FindValues: wire.FoundValues,
    wire.FindStatistics: wire.FoundStatistics,
}


class RowsThread:
    """Answers questions for rows one by one, so that sorting a table holds up no cancel."""

    def __init__(
        self,
        tables: ShownTables,
        reply: Callable[[Struct], None],
        trouble: Callable[[BaseException], str],
    ) -> None:
        self._tables = tables
        self._reply = reply
        self._trouble = trouble
        self._asked: queue.Queue[wire.FindInTable] = queue.Queue(_WAITING)
        self._started = False

    def ask(self, asked: wire.FindInTable) -> None:
        """Have a question answered in its turn; one too many is not, and nobody waits for ever."""
        if not self._started:
            self._started = True
            before = threading.stack_size(_STACK)
            threading.Thread(target=self._serve, name="rows", daemon=True).start()
            threading.stack_size(before)
        try:
            self._asked.put_nowait(asked)
        except queue.Full:
            self._reply(wire.Unable(asked.request, "too many questions for rows at once"))

    def _serve(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while True:
            asked = self._asked.get()
            try:
                self._reply(self._answer(asked))
            except OSError:
                return  # the server has hung up; the control thread ends the process

    def _answer(self, asked: wire.FindInTable) -> Struct:
        try:
            return self._tables.answer(asked)
        except DataCodeError as error:
            return _ANSWERS[type(asked)](asked.request, error=wire.Error.of(error))
        except MemoryError:
            self._tables.forget_arrangements()
            short = runtime_error(
                "too_little_memory_to_arrange",
                "There is not enough memory to sort or filter the table",
            )
            return _ANSWERS[type(asked)](asked.request, error=wire.Error.of(short))
        except Exception as fault:  # noqa: BLE001 - the question fails, not the session
            return wire.Unable(asked.request, self._trouble(fault))
