"""The engine's process: answers requests of one session, in order, until the other side hangs up.

The main thread works; a second one reads, so that a cancel reaches DuckDB in the middle of a step.
"""

from __future__ import annotations

import errno
import importlib
import io
import json
import os
import queue
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import NoReturn

import duckdb
from msgspec import DecodeError, structs

from datacode.engine import database, gather, sql, walls
from datacode.engine.external_sort import NotHere, Sorting, Spool
from datacode.engine.row_blocks import Blocks, Output
from datacode.engine.tables import Piece, Tables, TooMuch
from datacode.i18n.message import Message
from datacode.plans import messages, nodes, parts, table_files
from datacode.plans.nodes import BadPlan, CellKind
from datacode.plans.settings import EngineSetting
from datacode.plans.table_files import TableFile
from datacode.values.lazy_polars import pl
from datacode.worker.sandbox import syscalls

_MOST_FETCHED = 1 << 22
"""The most rows of one answer."""

_AT_ONCE = 1 << 20
_WAITING = 16
"""So many requests are read ahead; a client that waits for its answers sends one."""

_MEMORY = Message("engine_out_of_memory", "Not enough memory for this step on the large table")
_SPACE = Message(
    "engine_out_of_space",
    "The disk space for large tables is used up ({mebibytes} MiB for this session)",
)
_BAD = Message("engine_bad_request", "The engine for large tables was asked for what cannot be")
_FAULT = Message("engine_failed", "The engine for large tables failed: {reason}")


class EngineServer:
    """Carries out requests one by one."""

    def __init__(self, setting: EngineSetting) -> None:
        self._tables = Tables(setting.folder, setting.quota)
        self._databases = database.opened(setting.folder, setting.memory, setting.quota)
        self._current: int | None = None
        self._cancelled: set[int] = set()
        self._lock = threading.Lock()
        self._step: duckdb.DuckDBPyConnection | None = None
        """The database that carries out a step just now."""
        self._done: int | None = None
        """Per cent of a step that is carried out block by block."""

    def cancel(self, request: int) -> None:
        """Give up that request, under way or still to come. Called by the other thread."""
        with self._lock:
            self._cancelled.add(request)
            if self._current == request:
                for each in self._databases:
                    each.interrupt()

    def progress(self) -> messages.StepProgress | None:
        """How far the step is that is being carried out. Called by another thread."""
        with self._lock:
            request, step, done = self._current, self._step, self._done
        if request is None or (step is None and done is None):
            return None
        # -1 while DuckDB has no idea yet.
        found = (done or 0) if step is None else int(step.query_progress())
        return messages.StepProgress(request, max(0, min(found, 100)))

    def answer(self, asked: messages.ToEngine) -> messages.FromEngine | None:
        """What is answered to a request."""
        if isinstance(asked, messages.Drop):
            for number in asked.tables:
                self._tables.drop(number)
            return None
        assert not isinstance(asked, messages.CancelRequest)
        with self._lock:
            self._current = asked.request
            is_cancelled = asked.request in self._cancelled
        message: Message | None = None
        try:
            if not is_cancelled:
                return self._carried_out(asked)
        except duckdb.InterruptException:
            message = None
        except (duckdb.OutOfMemoryException, MemoryError) as error:
            is_disk = "max_temp_directory_size" in str(error)
            message = self._no_space() if is_disk else _MEMORY
        except TooMuch:
            message = self._no_space()
        except BadPlan:
            message = _BAD
        except (duckdb.Error, OSError, pl.exceptions.PolarsError) as error:
            is_disk = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EFBIG)
            is_disk = is_disk or "No space left" in str(error) or "File too large" in str(error)
            message = self._no_space() if is_disk else _FAULT.filled(reason=str(error)[:500])
        except (Exception, pl.exceptions.PanicException) as fault:  # noqa: BLE001 - a fault of ours must not end the other tables
            traceback.print_exc()
            message = _FAULT.filled(reason=type(fault).__name__)
        finally:
            with self._lock:
                self._current = None
                self._cancelled.discard(asked.request)
        return messages.EngineFailed(asked.request, message)

    def _no_space(self) -> Message:
        return _SPACE.filled(mebibytes=self._tables.quota() >> 20)

    def _carried_out(self, asked: messages.ToEngine) -> messages.FromEngine:
        if isinstance(asked, messages.Append):
            return self._append(asked)
        if isinstance(asked, messages.Finish):
            return self._finish(asked)
        if isinstance(asked, messages.TakeUp):
            return self._take_up(asked)
        if isinstance(asked, messages.Run):
            return self._run(asked)
        if isinstance(asked, messages.Fetch):
            return self._fetch(asked)
        assert isinstance(asked, messages.Measure)
        return self._measure(asked)

    # Tables that are sent -----------------------------------------------------------

    def _append(self, asked: messages.Append) -> messages.EngineDone:
        table = self._tables.unfinished(asked.table)
        if asked.rows < 0 or len(asked.kinds) > nodes.MOST_COLUMNS:
            raise BadPlan("no such piece")
        if len(asked.data) > self._tables.free():
            raise TooMuch
        path = self._tables.new_path()
        with open(path, "xb") as file:
            file.write(asked.data)
        self._check(path, asked.rows, asked.kinds)
        table.add(Piece(path, table.shape.rows, asked.rows, asked.kinds))
        return messages.EngineDone(asked.request)

    def _check(self, path: str, row_count: int, kinds: tuple[CellKind, ...]) -> None:
        """Is the file what it is said to be? Raises ``BadPlan``."""
        found = self._databases[0].execute(
            f"SELECT column_name, column_type FROM (DESCRIBE FROM read_parquet({sql.quoted(path)}))"
        )
        wanted = [
            (name, sql.TYPES[name[-1]])
            for number, kind in enumerate(kinds)
            for name in parts.names(number, kind)
        ]
        if found.fetchall() != [(parts.ROW, "BIGINT"), *wanted]:
            raise BadPlan("a piece of other columns")
        rows = self._databases[0].execute(f"SELECT count(*) FROM read_parquet({sql.quoted(path)})")
        if rows.fetchall() != [(row_count,)]:
            raise BadPlan("a piece of other rows")

    def _take_up(self, asked: messages.TakeUp) -> messages.TookUp:
        """Tables that another engine has made."""
        missing = []
        for each in asked.tables:
            try:
                self._tables.take_up(each.table, self._found(each.files))
            except (BadPlan, duckdb.Error, OSError):
                missing.append(each.table)
        self._tables.remove_others()
        return messages.TookUp(asked.request, tuple(missing))

    def _found(self, files: tuple[TableFile, ...]) -> list[Piece]:
        """The files of a table, which somebody may have made up. Raises ``BadPlan``."""
        if len(files) > table_files.MOST_FILES:
            raise BadPlan("too many files")
        found = []
        first = 0
        for file in files:
            if not table_files.is_name(file.name) or file.rows < 0:
                raise BadPlan("no such file")
            path = self._tables.path_of(file.name)
            self._check(path, file.rows, file.kinds)
            found.append(Piece(path, first, file.rows, file.kinds))
            first += file.rows
        return found

    def _finish(self, asked: messages.Finish) -> messages.Made:
        table = self._tables.unfinished(asked.table)
        if not table.pieces:
            raise BadPlan("a table without pieces")
        table.is_whole = True
        return self._made(asked.request, asked.table, 0.0)

    # Steps --------------------------------------------------------------------------

    def _run(self, asked: messages.Run) -> messages.Made:
        begin = time.thread_time()
        selection = sql.Selection(self._tables.__getitem__)
        kinds = nodes.kinds_after(asked.step, lambda number: self._tables[number].shape)
        self._tables.free()
        blocks = Blocks(self._databases[0], selection)
        output = self._by_blocks(asked, blocks, selection, kinds)
        if output is None:
            pieces = [self._copied(sql.step(selection, asked.step, kinds), kinds)]
        else:
            pieces = output.pieces
        number = self._tables.new_number()
        self._tables.put(number, pieces)
        self._tables.free()
        nulls = None if output is None else output.nulls
        made = self._made(asked.request, number, time.thread_time() - begin, nulls)
        if not isinstance(asked.step, nodes.Match):
            return made
        sides = (asked.step.left, asked.step.right)
        wanted = [selection.shape(side).rows == made.rows for side in sides]
        left, right = (
            is_full and gather.is_whole(blocks, nodes.Project(nodes.Scan(number), (n,)), made.rows)
            for n, is_full in enumerate(wanted)
        )
        return structs.replace(made, whole=(left, right))

    def _copied(self, text: str, kinds: tuple[CellKind, ...]) -> Piece:
        """What DuckDB makes of a statement, as a file."""
        path = self._tables.new_path()
        copy = f"COPY ({text}) TO {sql.quoted(path)} (FORMAT parquet, COMPRESSION lz4)"
        try:
            return Piece(path, 0, self._tried(copy), kinds)
        except BaseException:
            if os.path.exists(path):
                os.unlink(path)
            raise

    def _by_blocks(
        self,
        asked: messages.Run,
        blocks: Blocks,
        selection: sql.Selection,
        kinds: tuple[CellKind, ...],
    ) -> Output | None:
        """The result of a step that is done block by block; None if it is left to DuckDB."""
        step = asked.step
        if not isinstance(step, nodes.Take | nodes.Sort | nodes.Filter):
            return None
        spool = Spool(self._tables.new_path())

        def room() -> None:
            self._tables.free(spool.bytes)
            if asked.request in self._cancelled:
                raise duckdb.InterruptException

        def told(part: float) -> None:
            self._done = int(100 * part)

        output = Output(kinds, self._tables.new_path, room)
        try:
            self._done = 0
            if isinstance(step, nodes.Sort):
                is_done = Sorting(blocks, selection, output, spool, told).can_sort(step)
            elif isinstance(step, nodes.Filter):
                is_done = gather.filtered(blocks, selection, step, output, told)
            else:
                is_done = gather.taken(blocks, selection, step, output, told)
            if is_done:
                output.finish()
                return output
        except NotHere:
            _remove(output.pieces)
        except BaseException:
            _remove(output.pieces)
            raise
        finally:
            self._done = None
            spool.close()
        return None

    def _tried(self, statement: str) -> int:
        """Run a statement, after failing for want of memory once more with less of it."""
        try:
            return self._executed(self._databases[0], statement)
        except duckdb.OutOfMemoryException as error:
            if "max_temp_directory_size" in str(error):
                raise
        return self._executed(self._databases[1], statement)

    def _executed(self, database: duckdb.DuckDBPyConnection, statement: str) -> int:
        self._step = database
        try:
            return int(database.execute(statement).fetchall()[0][0])
        finally:
            self._step = None

    def _made(
        self, request: int, number: int, seconds: float, known_nulls: Sequence[int] | None = None
    ) -> messages.Made:
        shape = self._tables[number].shape
        nulls = (
            self._of_columns(nodes.Scan(number), shape, _nulls_of)
            if known_nulls is None
            else tuple(known_nulls)
        )
        files = tuple(piece.file for piece in self._tables[number].pieces)
        return messages.Made(
            request, number, shape.rows, shape.kinds, nulls, round(seconds, 3), files
        )

    def _of_columns(
        self, plan: nodes.Source, shape: nodes.Shape, of_column: Callable[[int, CellKind], str]
    ) -> tuple[int, ...]:
        """A number for each column of a plan."""
        wanted = [of_column(number, kind) for number, kind in enumerate(shape.kinds)]
        if not wanted:
            return ()
        rows = sql.Selection(self._tables.__getitem__).all_of(plan)
        found = self._databases[0].execute(f"SELECT {', '.join(wanted)} FROM ({rows})")
        return tuple(map(int, found.fetchall()[0]))

    # Rows that are asked for ----------------------------------------------------------

    def _fetch(self, asked: messages.Fetch) -> messages.FetchedRows:
        selection = sql.Selection(self._tables.__getitem__)
        shape = selection.shape(asked.source)
        if not 0 <= asked.start <= asked.stop <= shape.rows:
            raise BadPlan("rows beyond the end")
        if asked.stop - asked.start > _MOST_FETCHED:
            raise BadPlan("too many rows at once")
        frame = Blocks(self._databases[0], selection).rows(asked.source, asked.start, asked.stop)
        file = io.BytesIO()
        # As older readers want it: with the texts that there are, and none beside them.
        frame.write_ipc_stream(file, compat_level=pl.CompatLevel.oldest())
        return messages.FetchedRows(asked.request, shape.kinds, file.getvalue())

    def _measure(self, asked: messages.Measure) -> messages.Measured:
        shape = sql.Selection(self._tables.__getitem__).shape(asked.source)
        sizes, nulls = (
            self._of_columns(asked.source, shape, each) for each in (_text_bytes_of, _nulls_of)
        )
        return messages.Measured(asked.request, sizes, nulls)


def _remove(pieces: list[Piece]) -> None:
    for piece in pieces:
        if os.path.exists(piece.path):
            os.unlink(piece.path)


def _text_bytes_of(number: int, kind: CellKind) -> str:
    return (
        f"coalesce(sum(strlen(c{number}s)), 0)" if kind in (CellKind.TEXT, CellKind.MIXED) else "0"
    )


def _nulls_of(number: int, kind: CellKind) -> str:
    if kind is CellKind.NULL:
        return "count(*)"
    if kind is CellKind.MIXED:
        return f"count(*) - count(nullif(c{number}k, {parts.NULL}))"
    return f"count(*) - count({parts.name(number, kind)})"


# The process ---------------------------------------------------------------------------


def serve(engine: EngineServer, connection: socket.socket, report_every: float) -> NoReturn:
    """Answer until the other side hangs up, or breaks the rules."""
    waiting: queue.Queue[messages.ToEngine] = queue.Queue(_WAITING)
    reader = threading.Thread(
        target=_read, args=(connection, waiting.put, engine.cancel), daemon=True
    )
    reader.start()
    sending = threading.Lock()

    def send(message: messages.FromEngine) -> None:
        with sending:
            try:
                connection.sendall(messages.frame(message))
            except OSError:
                os._exit(0)

    send(messages.EngineReady())
    threading.Thread(target=_report, args=(engine, send, report_every), daemon=True).start()
    while True:
        answer = engine.answer(waiting.get())
        if answer is not None:
            send(answer)


def _report(
    engine: EngineServer, send: Callable[[messages.FromEngine], None], every: float
) -> None:
    """Tell how far a long step is, again and again."""
    while True:
        time.sleep(every)
        progress = engine.progress()
        if progress is not None:
            send(progress)


def _read(
    connection: socket.socket,
    put: Callable[[messages.ToEngine], None],
    cancel: Callable[[int], None],
) -> None:
    frames = messages.Frames()
    try:
        while data := connection.recv(_AT_ONCE):
            frames.add(data)
            while (body := frames.take()) is not None:
                asked = messages.to_engine.decode(body)
                if isinstance(asked, messages.CancelRequest):
                    cancel(asked.request)
                else:
                    put(asked)
    except (OSError, ValueError, DecodeError, MemoryError):
        os._exit(2)
    os._exit(0)


def main(descriptor: int, text: str) -> NoReturn:
    """Start: import everything, fork, shut the walls, serve. The first process waits."""
    setting = EngineSetting(**json.loads(text))
    _load()
    parent = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    child = os.fork()  # libraries have threads by now, and walls are for a process that has one
    if child:
        # Whoever ends this one would otherwise have a child that nobody waits for.
        signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    if child:
        os.close(descriptor)
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    connection = socket.socket(fileno=descriptor)
    syscalls.call_process("datacode-engine")
    walls.limit(setting.memory, setting.quota)
    engine = EngineServer(setting)
    if setting.has_walls:
        walls.shut(setting.folder, parent)
    else:
        walls.end_with(parent)
    serve(engine, connection, setting.report_every)


def _load() -> None:
    """Import what would be imported in the middle of a request, when files are out of sight."""
    pl.DataFrame, pl.Series  # noqa: B018 - the first name asked for imports Polars
    importlib.import_module("polars._utils.parquet")  # what ``write_parquet`` imports


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
