"""One session's interpreter, as the server sees it: run, cancel, ask, reset, close.

It has the interface of the in-process ``Interpreter``, made asynchronous. What runs in the worker
is ended by the worker itself where possible (``child.interrupts``), because then the variables
survive; ``running`` ends it where that does not work.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from msgspec import structs
from twisted.internet.defer import CancelledError, Deferred, DeferredLock
from twisted.internet.task import deferLater
from twisted.logger import Logger

from datacode.errors import DataCodeError, Kind, internal_error, limit_error, runtime_error
from datacode.i18n.message import Message
from datacode.runtime.host import MOST_WARNINGS
from datacode.runtime.interpreter import Outcome, VariableSummary
from datacode.values.chart import Chart
from datacode.worker import wire
from datacode.worker.engines import Engines, Refused, SessionTables
from datacode.worker.file_server import Broker, FileServer
from datacode.worker.kept_state import KeptState, StateStore
from datacode.worker.limits import Limits
from datacode.worker.run_limits import (
    ActiveRun,
    LimitEnforcer,
    cause,
    not_restored,
    restored,
    restored_older,
    stopped,
    too_busy,
    too_long,
    too_much_waits,
)
from datacode.worker.settings import PoolSettings
from datacode.worker.waiters import Waiters
from datacode.worker.wire import CodeProblem, Suggestion, TableShown
from datacode.worker.worker_process import Ending, WorkerProcess

Expected = TypeVar("Expected", bound=wire.Reply)
Found = TypeVar("Found", bound=wire.FoundInTable)

_ANSWERS_AT_ONCE = 16
_PROGRESS_EVERY = 0.05
_TRIES = 3
_REFUSED = Message("state_refused", "The state cannot be restored: {reason}")
_UNREADABLE = Message("state_unreadable", "The state cannot be read: {reason}")
_TROUBLES, _TROUBLE = 20, 1000
_UNASKED = 100
"""Replies beyond the questions that a worker may give: those to what was given up."""
_UNREAD_QUESTIONS = 1 << 20
"""Bytes of questions that a worker may leave unread before it counts as busy."""
_TABLE_MEMORY = 4
"""Bytes of memory for each that a table takes to say, at most."""


class WorkerUnavailable(Exception):
    """No interpreter can be had: the workers have been stopped, or none can be made."""


@dataclass(frozen=True, slots=True)
class Completed:
    """What may stand at a position: each suggestion replaces the text from ``start`` on.

    ``path`` is the beginning of a path, as written, if the position is inside one: what files
    could follow, the caller knows.
    """

    start: int
    suggestions: list[Suggestion]
    path: str | None = None


class RemoteInterpreter:
    """One session's interpreter, in a process of its own.

    Runs follow one another: a ``run`` that is called while another is active waits for it. After
    a process has died the next run has another one, with the state that ``store`` has kept. Where
    that is not the newest, or there is none, and it died between two runs, the next one is not run,
    but told so.
    """

    _log = Logger()

    def __init__(
        self,
        reactor: Any,
        make: Callable[[Limits], WorkerProcess],
        broker: Broker,
        limits: Limits,
        settings: PoolSettings,
        engines: Engines,
        store: StateStore | None = None,
    ) -> None:
        self._reactor = reactor
        self._make = make
        self._engines = engines
        self._broker = broker
        self._limits = limits
        self._settings = settings
        self._enforcement = LimitEnforcer(reactor, limits, settings)
        self._turn = DeferredLock()
        self._worker: WorkerProcess | None = None
        self._files: FileServer | None = None
        self._active: ActiveRun | None = None
        self._runs = 0
        self._closed = False
        self._lost: DataCodeError | None = None
        self._paused = False
        self._requests = 0
        self._unasked = 0
        self._asked: dict[int, Deferred[wire.Reply]] = {}
        self._state = KeptState(store, reactor.seconds)
        self._restoring: tuple[WorkerProcess, Deferred[Message | None]] | None = None
        self._is_waking = False
        self._waiting_for_state: Waiters[None] = Waiters()
        self._last_used = 0.0
        self._idle_timer: Any = None

    # Programs ---------------------------------------------------------------------

    async def run(
        self,
        code: str,
        *,
        on_output: Callable[[str], None] | None = None,
        on_table: Callable[[TableShown], None] | None = None,
        on_chart: Callable[[Chart, int], None] | None = None,
        on_export: Callable[[bytes], None] | None = None,
        on_warning: Callable[[Message], None] | None = None,
        on_progress: Callable[[wire.WorkProgress], None] | None = None,
        export_bytes: int = 0,
        keep_tables: bool = False,
        shows_value: bool = False,
        max_steps: int | None = None,
        rolls_back: bool = False,
        document: bytes = b"",
        hold: Callable[[int], None] = lambda size: None,
    ) -> Outcome:
        """Run a program. Never raises for what the program or its process does.

        ``on_output`` receives the output piece by piece while the program runs; the Outcome has
        all of it all the same. ``on_table`` receives each table that the program shows; with
        ``keep_tables`` their rows can be asked for later (``rows``).
        ``on_chart`` receives each chart that it shows, and the characters of output before it.
        With ``shows_value`` an expression at the end of the program shows its value.
        ``on_warning`` receives what the program is warned of, ``on_progress`` how far long work on
        large tables is. With ``rolls_back`` a program that fails leaves variables and functions as
        they were before it.
        ``on_export`` receives, piece by piece, the SQLite database of the global tables after a
        success, if there are any; it has at most ``export_bytes``, or the run fails. With a
        ``document``, the description of a report as JSON, no program runs, and it receives the
        report's file.
        ``hold`` counts memory that this takes, in bytes: output while the program runs, tables.
        Raises ``WorkerUnavailable`` when no process can be had at all.
        """
        limit = self._limits.source_bytes
        if limit and len(code) > limit // 4 and len(code.encode("utf-8", "replace")) > limit:
            return Outcome("", too_long(limit))
        await self._turn.acquire()
        run: ActiveRun | None = None
        try:
            if self._needs_state():
                await self._woken()
            if rolls_back and self._state.behind:
                await self._until_kept()
            if self._lost is not None:
                lost, self._lost = self._lost, None
                return Outcome("", lost)
            self._runs += 1
            run = ActiveRun(
                self._runs,
                self._living(),
                code,
                max_steps,
                on_output,
                on_table,
                on_export,
                export_bytes if on_export is not None else 0,
                keep_tables,
                on_warning,
                rolls_back,
                on_chart,
                shows_value,
                on_progress,
                document,
                hold=hold,
            )
            self._begin(run)
            return await run.done
        except CancelledError:
            if run is not None:
                self._abandon(run)
            raise
        finally:
            self._turn.release()
            self._used()

    def _abandon(self, run: ActiveRun) -> None:
        """Nobody waits for the program any more: end it with its process."""
        if self._active is run:
            self._active = None
            run.stop_timers()
            self._has_died(run.worker)
            run.worker.kill()

    def _begin(self, run: ActiveRun) -> None:
        """Send the program to its process, and set the clocks."""
        self._active = run
        run.worker.run.send(run.message(self._limits, self._state.wanted()))
        if self._paused and run.on_output is not None:
            run.worker.run.pause()
        self._enforcement.begin(run)

    @property
    def running(self) -> bool:
        """Is a program running?"""
        return self._active is not None

    def cancel(self) -> bool:
        """End the running program; ``run`` then gives its Outcome. False if nothing runs.

        Variables are kept, unless the program is somewhere where it cannot be interrupted: then
        its process is killed.
        """
        run = self._active
        if run is None:
            return False
        self._enforcement.cancel(run)
        return True

    def end_for_memory(self) -> bool:
        """End the running program with its process, at once: more of what it has made waits than
        the server can keep. False if nothing runs."""
        run = self._active
        if run is None:
            return False
        run.killed_for = too_much_waits()
        run.worker.kill()
        return True

    def pause(self) -> None:
        """Whoever reads the output is slow: let programs that stream theirs wait."""
        self._paused = True
        if self._active is not None and self._active.on_output is not None:
            self._active.worker.run.pause()

    def resume(self) -> None:
        """Go on reading."""
        self._paused = False
        if self._active is not None:
            self._active.worker.run.resume()

    # Questions ----------------------------------------------------------------------

    async def inspect(self) -> list[VariableSummary]:
        """The variables, also while a program runs. Raises DataCodeError if too busy to tell."""
        if self._worker is None and not self._needs_state():
            return []
        answer = await self._ask(wire.VariableList, wire.ListVariables(self._next_request()))
        return answer.variables

    async def complete(self, text: str, position: int) -> Completed:
        """What may stand at a position of a text, also while a program runs."""
        request = wire.CompleteCode(self._next_request(), text, position)
        answer = await self._ask(wire.SuggestionList, request)
        return Completed(answer.start, answer.suggestions, answer.path)

    async def check(self, text: str) -> list[CodeProblem]:
        """The errors and warnings of a text, also while a program runs."""
        answer = await self._ask(wire.ProblemList, wire.CheckCode(self._next_request(), text))
        try:
            for problem in answer.problems:
                problem.error.exception()
        except wire.FrameError as fault:
            if self._worker is not None:
                self._worker.kill(str(fault))
            raise stopped() from None
        return answer.problems

    async def rows(self, wanted: wire.FindRows) -> wire.FoundRows:
        """Rows of a table that was shown, also while a program runs; ``request`` is set here.

        Raises DataCodeError where the table is not kept any more, or a column does not exist.
        """
        return await self._of_table(wire.FoundRows, wanted)

    async def values(self, wanted: wire.FindValues) -> wire.FoundValues:
        """The different values of a column of such a table, as ``rows``."""
        return await self._of_table(wire.FoundValues, wanted)

    async def statistics(self, wanted: wire.FindStatistics) -> wire.FoundStatistics:
        """Statistics of columns of such a table, as ``rows``."""
        return await self._of_table(wire.FoundStatistics, wanted)

    async def _of_table(self, expected: type[Found], wanted: wire.FindInTable) -> Found:
        if self._worker is None:
            raise runtime_error("table_gone", "The table is no longer kept: run the program again")
        asked = structs.replace(wanted, request=self._next_request())
        answer = await self._ask(expected, asked, self._settings.rows_seconds)
        if answer.error is not None:
            raise self._told(answer.error)
        return answer

    def _told(self, error: wire.Error) -> DataCodeError:
        """An error of the worker, if it can be shown; a worker that sends another is ended."""
        try:
            return error.exception()
        except wire.FrameError as fault:
            if self._worker is not None:
                self._worker.kill(str(fault))
            return stopped()

    def _next_request(self) -> int:
        self._requests += 1
        return self._requests

    async def _ask(
        self,
        expected: type[Expected],
        request: wire.ListVariables | wire.CompleteCode | wire.CheckCode | wire.FindInTable,
        seconds: float | None = None,
    ) -> Expected:
        """Ask on the control channel. DataCodeError if there is no answer in time, or none."""
        limit = self._limits.source_bytes
        if (
            limit
            and isinstance(request, wire.CompleteCode | wire.CheckCode)
            and len(request.text) > limit
        ):
            raise too_long(limit)
        if len(self._asked) >= _ANSWERS_AT_ONCE:
            raise too_busy()
        if self._needs_state():
            if len(self._waiting_for_state) >= _ANSWERS_AT_ONCE:
                raise too_busy()
            await self._within_patience(self._woken())
        worker = self._living()
        if worker.control.unsent > _UNREAD_QUESTIONS:
            raise too_busy()
        reply: Deferred[wire.Reply] = Deferred()
        self._asked[request.request] = reply
        worker.control.send(request)
        patience = self._settings.reply_seconds if seconds is None else seconds
        timer = self._reactor.callLater(patience, self._too_late, reply)
        try:
            answer = await reply
        finally:
            self._asked.pop(request.request, None)
            if timer.active():
                timer.cancel()
        if isinstance(answer, expected):
            return answer
        if isinstance(answer, wire.Unable):
            self._trouble(worker, answer.text)
        raise internal_error()

    async def _within_patience(self, waiter: Deferred[None]) -> None:
        """Wait for it. DataCodeError if that takes too long."""
        timer = self._reactor.callLater(self._settings.reply_seconds, self._too_late, waiter)
        try:
            await waiter
        finally:
            if timer.active():
                timer.cancel()
            self._waiting_for_state.leave_out(waiter)

    def _too_late(self, reply: Deferred[Any]) -> None:
        reply.errback(too_busy())

    # The process --------------------------------------------------------------------

    async def reset(self) -> None:
        """Forget every variable and function; a running program is ended first."""
        self._state.forget()
        await self._end_process()
        self._lost = None

    async def _end_process(self) -> None:
        if self._active is not None:
            self._active.killed_for = limit_error("interrupted", "Execution was interrupted")
        worker = self._worker
        if worker is not None:
            self._let_go(worker)
            worker.kill()
            await worker.gone()

    async def close(self) -> None:
        """End the process, whatever it is doing. For good; twice is no harm."""
        self._closed = True
        if self._idle_timer is not None and self._idle_timer.active():
            self._idle_timer.cancel()
        await self._end_process()
        if self._state.store is not None:
            await self._state.store.close()

    def _living(self) -> WorkerProcess:
        """The session's process; a new one if there is none."""
        if self._closed:
            raise WorkerUnavailable("the session has been closed")
        if self._worker is None:
            try:
                worker = self._worker = self._make(self._limits)
            except OSError as error:
                self._log.error("no worker: {why}", why=error.strerror)
                raise WorkerUnavailable(str(error)) from None
            files = FileServer(
                self._broker,
                worker.run.send,
                self._limits.write_bytes,
                is_read=lambda: worker.run.is_read,
                broken=worker.kill,
                turn=lambda: deferLater(self._reactor, 0),
            )
            self._files = files
            self._unasked = 0
            worker.received = lambda message: self._received(worker, files, message)
            worker.replied = lambda message: self._replied(worker, message)
            worker.ended = lambda ending: self._ended(worker, files, ending)
        return self._worker

    def _let_go(self, worker: WorkerProcess) -> None:
        """The session has no process any more."""
        if self._worker is worker:
            self._worker = None
        self._end_tables(worker)
        if self._restoring is not None and self._restoring[0] is worker:
            self._restoring_is_over(stopped().message)
        asked, self._asked = self._asked, {}
        for reply in asked.values():
            reply.errback(stopped())

    def _ended(self, worker: WorkerProcess, files: FileServer, ending: Ending) -> None:
        """A process is gone, whyever. What it was doing fails; the next run has a new one."""
        files.close()
        self._end_tables(worker)
        if ending.never_started and self._restoring is not None:
            self._restoring[1].errback(WorkerUnavailable("no process could be made"))
            self._restoring = None
        run = self._active
        expected = self._worker is not worker
        if not expected:
            self._let_go(worker)
        if run is not None and run.worker is worker:
            self._active = None
            if not ending.never_started or run.heard or run.killed_for:
                error = run.killed_for or cause(ending)
                if expected or self._state.store is None:
                    run.finish(error)
                else:
                    self._start(self._finish_killed(run, error))
            else:
                self._again(run)
        elif not expected:
            self._has_died(worker)

    def _has_died(self, worker: WorkerProcess) -> None:
        """The process is gone, or as good as gone, and nobody is told of it yet."""
        self._let_go(worker)
        if self._state.store is None and self._runs > 0:
            self._lost = stopped()
        elif self._state.behind:
            self._start(self._state.settle())

    # The state, which another process gets ----------------------------------------------------

    def _needs_state(self) -> bool:
        """Is there a state that the process does not have, or not yet?"""
        return self._is_waking or (
            self._worker is None and (self._state.exists or self._state.behind > 0)
        )

    def _woken(self) -> Deferred[None]:
        """Fires when the process has the state that is kept; ``_lost`` tells where it has not."""
        waiter = self._waiting_for_state.wait()
        if not self._is_waking:
            self._is_waking = True
            self._start(self._wake())
        return waiter

    async def _wake(self) -> None:
        """Have a process with the state; whoever waits for that goes on in any case."""
        failure: WorkerUnavailable | None = None
        try:
            self._lost = await self._restored(stopped())
        except WorkerUnavailable as error:
            failure = error
        finally:
            self._is_waking = False
            if failure is None:
                self._waiting_for_state.tell(None)
            else:
                self._waiting_for_state.fail(failure)

    async def _finish_killed(self, run: ActiveRun, error: DataCodeError) -> None:
        """Tell how a program ended whose process had to be killed, and what became of the state."""
        try:
            await self._woken()
        except WorkerUnavailable:
            self._log.warn("no process for a state yet")  # the next program asks again
        lost, self._lost = self._lost, None
        if lost is None:
            run.finish(restored(error))
        elif lost.message.code == "state_restored_older":
            run.finish(restored_older(error, int(lost.message.value("count"))))
        elif lost.message.code == "state_not_restored":
            why = lost.message.params.get("why")
            run.finish(not_restored(error, why if isinstance(why, Message) else None))
        else:
            run.finish(error)

    async def _restored(self, error: DataCodeError) -> DataCodeError | None:
        """Give a process the state that is kept; what to say where that is not the newest.

        Raises ``WorkerUnavailable`` where there is no process; the state stays where it is.
        """
        state = self._state
        await state.settle()
        behind = state.behind
        if not state.exists:
            state.forget()
            return error if behind else None
        problem: Message | None = None
        for _ in range(_TRIES):
            problem = await self._loaded()
            if not state.exists or self._closed:
                return None  # it was reset meanwhile
            if problem is None:
                state.begin_again()
                return restored_older(error, behind) if behind else None
            if problem.code in (_REFUSED.code, _UNREADABLE.code):
                break  # another process would be no help
        self._log.error("a state could not be restored: {why}", why=str(problem))
        state.forget()
        return not_restored(error, problem)

    async def _loaded(self) -> Message | None:
        """Send the state that is kept to a new process; why that did not work."""
        store = self._state.store
        assert store is not None
        try:
            manifest = await store.manifest()
        except OSError as error:
            return _UNREADABLE.filled(reason=str(error))
        done: Deferred[Message | None] = Deferred()
        try:
            worker = self._living()
        except WorkerUnavailable:
            if isinstance(manifest, int):
                os.close(manifest)
            raise
        self._restoring = worker, done
        if isinstance(manifest, int):
            worker.run.send(wire.RestoreCheckpoint(self._state.kept, None), (manifest,))
        else:
            worker.run.send(wire.RestoreCheckpoint(self._state.kept, manifest))
        timer = self._reactor.callLater(
            self._settings.restore_seconds, worker.kill, "it did not restore its state in time"
        )
        try:
            return await done
        finally:
            if timer.active():
                timer.cancel()

    async def _send_column(self, worker: WorkerProcess, wanted: wire.ColumnWanted) -> None:
        """Answer a process that is restoring its state."""
        store = self._state.store
        assert store is not None
        try:
            descriptor = await store.column(wanted.name)
        except OSError as error:
            worker.run.send(wire.Failed(wanted.request, error.errno or errno.EIO))
        else:
            worker.run.send(wire.Opened(wanted.request), (descriptor,))

    def _restoring_is_over(self, problem: Message | None) -> None:
        """Tell whoever waits for it."""
        assert self._restoring is not None
        (_, done), self._restoring = self._restoring, None
        done.callback(problem)

    async def _until_kept(self, seconds: float | None = None) -> None:
        """Wait until the newest state is kept, as long as that can be and is worth while."""
        waiter = self._state.is_newest_kept()
        patience = self._settings.restore_seconds if seconds is None else seconds
        timer = self._reactor.callLater(patience, waiter.cancel)
        try:
            await waiter
        except CancelledError:
            if timer.active():
                raise  # nobody waits for the program any more
        finally:
            if timer.active():
                timer.cancel()

    def _start(self, work: Any) -> None:
        """Run a coroutine that nobody waits for."""
        Deferred.fromCoroutine(work).addErrback(
            lambda failure: self._log.failure("looking after a session's state", failure)
        )

    @property
    def state_number(self) -> int:
        """The number of the newest state, kept or not."""
        return self._state.newest

    async def newest_kept(self, seconds: float) -> bool:
        """Wait until the newest state is kept, at most so many seconds; whether it is.

        Programs go on meanwhile, and make newer ones.
        """
        await self._until_kept(seconds)
        return not self._state.behind and self._state.store is not None

    async def state_kept(self, seconds: float | None = None) -> None:
        """Wait until the newest state is kept. Raises ``DataCodeError`` where it cannot be, or not
        within so many seconds.

        To be called between programs.
        """
        await self._turn.acquire()
        try:
            if self._state.behind:
                await self._until_kept(seconds)
        finally:
            self._turn.release()
        if self._state.behind or self._state.store is None:
            raise runtime_error(
                "state_not_kept", "The state of the session is too large to be kept"
            )

    async def replace_state(self, store: StateStore) -> None:
        """Go on with the state of another store, which belongs to this session from now on.

        Raises ``DataCodeError`` where it is none, and ``WorkerUnavailable``; then everything is as
        it was before, and the store the caller's. To be called between programs.
        """
        await self._turn.acquire()
        try:
            await self._replaced(store)
        finally:
            self._turn.release()
            self._used()

    async def _replaced(self, store: StateStore) -> None:
        if self._is_waking:
            await self._woken()
        before, state = self._worker, self._state
        self._worker, self._state = None, KeptState(store, self._reactor.seconds)
        self._is_waking = True
        problem: Message | None = stopped().message
        try:
            problem = await self._loaded()
        finally:
            if problem is None and not self._closed:
                if before is not None:
                    before.kill()
                if state.store is not None:
                    self._start(_closed(state.store))
                self._lost = None
            else:
                self._set_aside(before, state)
            self._is_waking = False
            self._waiting_for_state.tell(None)
        if problem is not None:
            raise DataCodeError(Kind.RUNTIME, problem)

    def _set_aside(self, before: WorkerProcess | None, state: KeptState) -> None:
        """The state that was to be restored cannot be: be what we were before."""
        worker = self._worker
        if worker is not None and worker is not before:
            self._let_go(worker)
            worker.kill()
        self._state = state
        if before is not None and before.alive and not self._closed:
            self._worker = before

    # Idle sessions ----------------------------------------------------------------------------

    def _used(self) -> None:
        """Something was asked: the process is wanted for a while."""
        self._last_used = self._reactor.seconds()
        if self._idle_timer is None and self._settings.suspend_seconds and not self._closed:
            self._idle_timer = self._reactor.callLater(
                self._settings.suspend_seconds, self._perhaps_suspend
            )

    def _perhaps_suspend(self) -> None:
        self._idle_timer = None
        left = self._last_used + self._settings.suspend_seconds - self._reactor.seconds()
        if self._worker is None or self._closed:
            return
        if left > 0 or not self.suspend():
            self._idle_timer = self._reactor.callLater(max(left, 1.0), self._perhaps_suspend)

    def suspend(self) -> bool:
        """End the process of a session that does nothing and whose state is kept; the next request
        gets another one with that state. False where this cannot be now."""
        worker = self._worker
        if (
            worker is None
            or self._active is not None
            or self._turn.locked
            or self._asked
            or self._is_waking
            or self._state.store is None
            or self._state.behind
        ):
            return False
        self._let_go(worker)
        worker.kill()
        return True

    def _again(self, run: ActiveRun) -> None:
        """There was no process for the program: ask for another, a few times."""
        run.stop_timers()
        try:
            if run.tries >= _TRIES:
                raise WorkerUnavailable("no process could be made")
            run.tries += 1
            run.worker = self._living()
        except WorkerUnavailable as error:
            run.done.errback(error)
            return
        self._begin(run)

    # Messages of the worker, whose process may have been taken over ------------------------------

    def _received(self, worker: WorkerProcess, files: FileServer, message: wire.FromWorker) -> None:
        run = self._active
        if isinstance(message, wire.Trouble):
            self._trouble(worker, message.text)
            return
        if isinstance(message, wire.Restored | wire.ColumnWanted):
            self._of_restoring(worker, message)
            return
        if run is None or run.worker is not worker:
            worker.kill("it spoke while no program was running")
            return
        run.heard = True
        if isinstance(message, wire.OutputText):
            self._output(run, message.text)
        elif isinstance(message, wire.Finished):
            files.forget()
            self._finished(run, message)
        elif isinstance(message, wire.TableShown):
            self._shown(run, message)
        elif isinstance(message, wire.ChartShown):
            self._chart_shown(run, message)
        elif isinstance(message, wire.Warned):
            self._warned(run, message)
        elif isinstance(message, wire.WorkProgress):
            self._progressed(run, message)
        elif isinstance(message, wire.Exported):
            self._exported(run, message.content)
        elif isinstance(message, wire.EngineRequest):
            self._engine_wanted(worker, message.request)
        else:
            files.ask(message)

    def _engine_wanted(self, worker: WorkerProcess, request: int) -> None:
        """Give a process an engine for its large tables, in place of one it may have had."""
        if worker.waits_for_engine:
            worker.kill("it asks for an engine while it gets one")
            return
        worker.waits_for_engine = True
        self._start(self._give_engine(worker, request))

    async def _give_engine(self, worker: WorkerProcess, request: int) -> None:
        try:
            if worker.tables is None:
                worker.tables = self._engines.open()
            tables: SessionTables = worker.tables
            await tables.no_engine()
            store = self._state.store
            if store is not None and worker is self._worker and not tables.is_ended:
                try:
                    await store.give_files(tables.folder)
                except Exception as error:  # noqa: BLE001 - a table is lost, and the program told
                    self._log.warn("large tables are not there again: {error}", error=error)
            if tables.is_ended:
                return
            descriptor = tables.start()
        except Refused as refused:
            code = None if refused.message is not None else errno.ENOSYS
            worker.run.send(wire.Failed(request, code, refused.message))
        else:
            worker.run.send(wire.Opened(request), (descriptor,))
        finally:
            worker.waits_for_engine = False

    def _end_tables(self, worker: WorkerProcess) -> None:
        """The large tables of a process go with it, when what is to be kept of them is."""
        if worker.tables is not None and not worker.tables.is_ended:
            store = self._state.store
            worker.tables.end(None if store is None else store.settled())

    def _trouble(self, worker: WorkerProcess, text: str) -> None:
        """A fault of ours in the worker; a worker that has many of them is none of ours."""
        worker.troubles += 1
        if worker.troubles > _TROUBLES:
            worker.kill("it had too much to complain of")
        else:
            cut = text if len(text) <= _TROUBLE else "…" + text[-_TROUBLE:]  # its end tells most
            self._log.error("trouble in a worker: {text}", text=cut)

    def _output(self, run: ActiveRun, text: str) -> None:
        if not text:
            run.worker.kill("it printed nothing")
            return
        run.written += len(text)
        limit = self._limits.output_bytes
        if limit and run.written > limit:
            run.worker.kill("it printed more than its limit")
            return
        data = text.encode("utf-8", "replace")
        run.output += data
        run.hold(len(data))
        self._tell(run.on_output, text)

    def _shown(self, run: ActiveRun, table: TableShown) -> None:
        size = table.size()
        run.shown += size
        run.hold(_TABLE_MEMORY * size)
        if run.shown > wire.SHOWN_TABLES:
            run.worker.kill("it showed more tables than its limit")
        else:
            self._tell(run.on_table, table)

    def _chart_shown(self, run: ActiveRun, shown: wire.ChartShown) -> None:
        size = shown.size()
        run.charts += size
        if run.charts > wire.SHOWN_CHARTS or run.on_chart is None:
            run.worker.kill("it showed more charts than its limit")
            return
        run.hold(_TABLE_MEMORY * size)
        try:
            run.on_chart(shown.chart, run.written)
        except Exception:  # noqa: BLE001 - a listener's fault is not the program's
            self._log.failure("a listener to a program failed")

    def _warned(self, run: ActiveRun, warned: wire.Warned) -> None:
        run.warned += 1
        run.warning_characters += warned.size()
        too_many = run.warned > MOST_WARNINGS + 1  # the last one counts those left out
        if too_many or run.warning_characters > wire.SHOWN_WARNINGS:
            run.worker.kill("it gave more warnings than its limit")
            return
        try:
            message = warned.checked()
        except wire.FrameError as fault:
            run.worker.kill(str(fault))
            return
        self._tell(run.on_warning, message)

    def _progressed(self, run: ActiveRun, progress: wire.WorkProgress) -> None:
        """Pass it on, ten times a second at most."""
        if run.on_progress is None or not progress.is_sound():
            run.worker.kill("it told of progress that cannot be")
            return
        now = self._reactor.seconds()
        if now - run.progress_at >= _PROGRESS_EVERY or progress.done == progress.total:
            run.progress_at = now
            self._tell(run.on_progress, progress)

    def _exported(self, run: ActiveRun, content: bytes) -> None:
        run.export_bytes -= len(content)
        if run.export_bytes < 0 or not content:
            run.worker.kill("it exported more than its limit")
        else:
            self._tell(run.on_export, content)

    def _of_restoring(
        self, worker: WorkerProcess, message: wire.Restored | wire.ColumnWanted
    ) -> None:
        if self._restoring is None or self._restoring[0] is not worker:
            worker.kill("it restored what nobody had sent")
        elif isinstance(message, wire.ColumnWanted):
            self._start(self._send_column(worker, message))
        elif message.problem is None:
            self._restoring_is_over(None)
        elif not wire.is_harmless(message.problem):
            worker.kill("a problem that cannot be shown")
        else:
            self._restoring_is_over(_REFUSED.filled(reason=message.problem))
            self._let_go(worker)
            worker.kill()

    def _tell(self, listener: Callable[[Any], None] | None, what: object) -> None:
        if listener is None:
            return
        try:
            listener(what)
        except Exception:  # noqa: BLE001 - a listener's fault is not the program's
            self._log.failure("a listener to a program failed")

    def _finished(self, run: ActiveRun, message: wire.Finished) -> None:
        if message.run != run.number:
            run.worker.kill("it ended a program that was not running")
            return
        try:
            error = None if message.error is None else message.error.exception()
            self._state.finished(message)
        except wire.FrameError as fault:
            run.worker.kill(str(fault))
            return
        if message.output:
            self._output(run, message.output)
        if not run.worker.was_killed:
            run.worker.run.resume()
            self._active = None
            run.finish(error)

    def _state_came(
        self, worker: WorkerProcess, message: wire.StatePiece | wire.StateFile | wire.NotSaved
    ) -> None:
        if self._worker is not worker:
            return
        if isinstance(message, wire.NotSaved):
            if message.trouble:
                self._trouble(worker, message.trouble)
            self._state.not_saved(message.state)
            return

        def taken() -> None:
            worker.control.send(wire.StateTaken())

        try:
            if isinstance(message, wire.StateFile):
                folder = None if worker.tables is None else worker.tables.folder
                self._state.file(message, folder, taken)
            else:
                self._state.piece(message, taken)
        except wire.FrameError as fault:
            worker.kill(str(fault))
        if worker.control.unsent > _UNREAD_QUESTIONS:
            worker.kill("it does not read that its state is taken")

    def _replied(self, worker: WorkerProcess, message: wire.FromControl) -> None:
        if isinstance(message, wire.StatePiece | wire.StateFile | wire.NotSaved):
            self._state_came(worker, message)
            return
        reply = self._asked.pop(message.request, None)
        self._unasked += reply is None
        if reply is not None:
            reply.callback(message)
        elif self._unasked > _UNASKED:
            worker.kill("it answers what nobody asks")


async def _closed(store: StateStore) -> None:
    """A store that is needed no more is closed."""
    await store.close()
