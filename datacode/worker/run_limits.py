"""A running program as the server sees it, and what ends it where it does not end by itself.

A worker heeds its limits and a cancel on its own (``child.interrupts``), and then the variables are
kept. Native code may not let it; a worker that does not heed is killed after a grace.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred

from datacode.errors import DataCodeError, limit_error
from datacode.i18n.message import Message
from datacode.runtime.interpreter import Outcome
from datacode.values.chart import Chart
from datacode.worker import wire
from datacode.worker.limits import Limits
from datacode.worker.settings import PoolSettings
from datacode.worker.worker_process import Ending, WorkerProcess
from datacode.worker.zygote import OUT_OF_MEMORY

_PATIENCE = 3.0
"""Seconds after which a worker that gets little processor time is killed all the same."""

_AGAIN = 0.1


@dataclass(slots=True)
class ActiveRun:
    """A program on its way, and who listens to it. ``done`` fires with its Outcome."""

    number: int
    worker: WorkerProcess
    code: str
    max_steps: int | None
    on_output: Callable[[str], None] | None
    on_table: Callable[[wire.TableShown], None] | None
    on_export: Callable[[bytes], None] | None
    export_bytes: int
    keep_tables: bool = False
    on_warning: Callable[[Message], None] | None = None
    rolls_back: bool = False
    on_chart: Callable[[Chart, int], None] | None = None
    """Gets the characters of output before it, too."""
    shows_value: bool = False
    on_progress: Callable[[wire.WorkProgress], None] | None = None
    document: bytes = b""
    progress_at: float = 0.0
    done: Deferred[Outcome] = field(default_factory=Deferred)
    hold: Callable[[int], None] = lambda size: None
    """Counts memory that the run takes here, in bytes."""
    output: bytearray = field(default_factory=bytearray)
    """In UTF-8: as texts, pieces with one wide letter each would take four times as much."""
    written: int = 0
    shown: int = 0
    charts: int = 0
    warned: int = 0
    warning_characters: int = 0
    killed_for: DataCodeError | None = None
    heard: bool = False
    """Has its process said anything? Then it has begun, and must not be run again."""
    tries: int = 1
    timers: list[Any] = field(default_factory=list)

    def message(self, limits: Limits, saves: int) -> wire.RunProgram:
        """What the worker is told of it; ``saves`` is what is wanted of the state after it."""
        steps = [n for n in (limits.max_steps, self.max_steps) if n]
        return wire.RunProgram(
            self.number,
            self.code,
            limits.run_seconds,
            limits.cpu_seconds,
            limits.output_bytes,
            min(steps) if steps else 0,
            self.on_output is not None,
            self.on_table is not None,
            self.export_bytes,
            self.keep_tables,
            self.on_warning is not None,
            self.rolls_back,
            saves,
            self.on_chart is not None,
            self.shows_value,
            self.on_progress is not None,
            self.document,
        )

    def stop_timers(self) -> None:
        """Nothing is to happen to it by time any more."""
        for timer in self.timers:
            if timer.active():
                timer.cancel()

    def finish(self, error: DataCodeError | None) -> None:
        """The program has ended, or its process has."""
        self.stop_timers()
        output, self.output = self.output, bytearray()
        self.hold(-len(output))  # from here on the outcome's owner counts it
        self.done.callback(Outcome(output.decode(), error))


class LimitEnforcer:
    """Sees to it that the programs of one session end when they must."""

    def __init__(self, reactor: Any, limits: Limits, settings: PoolSettings) -> None:
        self._reactor = reactor
        self._limits = limits
        self._settings = settings

    def begin(self, run: ActiveRun) -> None:
        """The program has been sent: set the clocks."""
        if self._limits.run_seconds:
            self._later(run, self._limits.run_seconds, self._run_time_up, run)
        if self._limits.cpu_seconds:
            spent = run.worker.processor_seconds()
            self._later(run, self._limits.cpu_seconds, self._watch_processor, run, spent)

    def cancel(self, run: ActiveRun) -> None:
        """Have the worker end the program, and see that it does."""
        run.worker.control.send(wire.CancelRun(run.number))
        run.worker.run.resume()
        error = limit_error(
            "interrupted_reset", "Execution was interrupted; the state of the session was reset"
        )
        self._insist(run, self._settings.cancel_grace, error)

    def _later(
        self, run: ActiveRun, seconds: float, call: Callable[..., None], *arguments: Any
    ) -> None:
        """Call back in so many seconds if the program still runs then."""
        run.timers = [timer for timer in run.timers if timer.active()]
        run.timers.append(self._reactor.callLater(seconds, call, *arguments))

    def _run_time_up(self, run: ActiveRun) -> None:
        """The worker should end the program by itself now, unless its output holds it up."""
        run.worker.run.resume()
        error = limit_error(
            "run_time_limit_reset",
            "Run time limit exceeded ({seconds} s); the state of the session was reset",
            seconds=f"{self._limits.run_seconds:.6g}",
        )
        self._insist(run, self._settings.limit_grace, error)

    def _watch_processor(self, run: ActiveRun, before: float) -> None:
        """The same for processor time, which passes as slowly as the machine is busy."""
        left = before + self._limits.cpu_seconds - run.worker.processor_seconds()
        if left > 0:
            wait = max(left / self._settings.polars_threads, _AGAIN)
            self._later(run, wait, self._watch_processor, run, before)
            return
        run.worker.run.resume()
        error = limit_error(
            "cpu_time_limit_reset",
            "CPU time limit exceeded ({seconds} s); the state of the session was reset",
            seconds=f"{self._limits.cpu_seconds:.6g}",
        )
        self._insist(run, self._settings.limit_grace, error)

    def _insist(self, run: ActiveRun, grace: float, error: DataCodeError) -> None:
        """Kill the worker if the program still runs after a grace, of processor time as well."""
        spent = run.worker.processor_seconds()
        self._later(run, grace, self._kill_unless_starved, run, error, spent, grace, grace)

    def _kill_unless_starved(
        self, run: ActiveRun, error: DataCodeError, spent: float, grace: float, waited: float
    ) -> None:
        """On a busy machine a worker may not have had the time to heed what it was asked."""
        used = run.worker.processor_seconds() - spent
        if used < grace and waited < _PATIENCE:
            waited += _AGAIN
            self._later(run, _AGAIN, self._kill_unless_starved, run, error, spent, grace, waited)
            return
        # Timers come before what can be read: its answer may have been here for long.
        self._later(run, 0, self._kill, run, error)

    def _kill(self, run: ActiveRun, error: DataCodeError) -> None:
        run.killed_for = error
        run.worker.kill()


def stopped() -> DataCodeError:
    """The process is gone, for a reason that is none of the program's."""
    return limit_error(
        "interpreter_stopped", "The interpreter has stopped; the state of the session was reset"
    )


def too_much_waits() -> DataCodeError:
    """The process is ended, as more of the program's output waits than the server can keep."""
    return limit_error(
        "too_much_waits_reset",
        "Too much waits for the session in memory; the state of the session was reset",
    )


_PLAIN = {
    "too_much_waits_reset": Message("too_much_waits", "Too much waits for the session in memory"),
    "interrupted_reset": Message("interrupted", "Execution was interrupted"),
    "run_time_limit_reset": Message("run_time_limit", "Run time limit exceeded ({seconds} s)"),
    "cpu_time_limit_reset": Message("cpu_time_limit", "CPU time limit exceeded ({seconds} s)"),
    "out_of_memory_reset": Message("out_of_memory", "Not enough memory"),
    "interpreter_stopped": Message("program_stopped", "The program was ended"),
}
"""Why a process was ended, without what became of the session's state."""


_RESTORED = Message("state_restored", "{reason}; variables are as they were before the program")
_RESTORED_OLDER = Message(
    "state_restored_older",
    "{reason}; variables are as they were before the last programs that changed them ({count})",
)
_NOT_RESTORED = Message(
    "state_not_restored",
    "{reason}; the state of the session could not be restored and was reset: {why}",
)


def _with_state(error: DataCodeError, state: Message, **more: object) -> DataCodeError:
    """The error with ``state`` in place of "the state of the session was reset"."""
    plain = _PLAIN.get(error.message.code)
    if plain is None:
        return error
    reason = plain.filled(**error.message.params)
    return DataCodeError(error.kind, state.filled(reason=reason, **more))


def restored(error: DataCodeError) -> DataCodeError:
    """Why a process was ended, where another one has the state before the program again."""
    return _with_state(error, _RESTORED)


def restored_older(error: DataCodeError, count: int) -> DataCodeError:
    """The same where the state is that before ``count`` programs more."""
    return _with_state(error, _RESTORED_OLDER, count=count)


def not_restored(error: DataCodeError, why: Message | None) -> DataCodeError:
    """The same where a state had been kept, and cannot be had again."""
    return _with_state(error, _NOT_RESTORED, why="" if why is None else why)


def too_long(limit: int) -> DataCodeError:
    """The text of a program is longer than so many bytes."""
    kibibytes = f"{limit / 1024:g}" if limit % 1024 else limit // 1024
    return limit_error(
        "source_size_limit", "Source size limit exceeded ({kibibytes} KiB)", kibibytes=kibibytes
    )


def too_busy() -> DataCodeError:
    """A question about the session was not answered in time."""
    return limit_error("interpreter_busy", "The interpreter is busy and did not answer")


def cause(ending: Ending) -> DataCodeError:
    """What a program is told whose process ended by itself.

    Native code that gets no memory aborts; nothing else of ours does.
    """
    no_memory = ending.number == signal.SIGABRT or ending.status == OUT_OF_MEMORY
    if no_memory and ending.fault is None:
        return limit_error(
            "out_of_memory_reset", "Not enough memory; the state of the session was reset"
        )
    return stopped()
