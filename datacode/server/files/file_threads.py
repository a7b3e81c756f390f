"""Threads for work on this machine's disk, shared fairly by sessions.

Work is a function, or a generator that works in steps (``runtime.in_steps``): a search through many
folders. Functions are short, and wait for nobody's search, which have threads of their own, few, as
they compete for the interpreter's lock. A search has its thread for a moment, then the next session
in turn has it; it ends with its session, or when nobody waits for it any more.
"""

from __future__ import annotations

import contextlib
import inspect
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from datacode.smb.thread_quota import Reactor

Result = TypeVar("Result")

_FUNCTIONS = 8
_SEARCHES = 2
_TURN = 0.02
"""Seconds that a search has a thread for."""

_END_SECONDS = 1.0
_NOT_DONE = object()


class FileThreads:
    """The server's threads for the disk."""

    def __init__(self, reactor: Reactor) -> None:
        self._reactor = reactor
        self._pool = _DaemonThreads(0, _FUNCTIONS + _SEARCHES, "datacode-disk")
        self._functions = _Lane(_FUNCTIONS, 4)
        self._searches = _Lane(_SEARCHES, 1)
        self._stopped = False

    def start(self) -> None:
        """Start the threads."""
        self._pool.start()

    async def stop(self) -> None:
        """End searches, and the threads; one that is stuck in the system is left behind."""
        if not self._pool.started or self._stopped:
            return
        self._stopped = True
        for lane in (self._searches, self._functions):
            _end(lane.take(lambda job: True), lane.under_way)
        ended: Deferred[None] = Deferred()

        def over() -> None:
            if not ended.called:
                ended.callback(None)

        def end() -> None:
            self._pool.stop()
            self._reactor.callFromThread(over)

        ending = threading.Thread(target=end, daemon=True)
        ending.start()
        timer = self._reactor.callLater(_END_SECONDS, ended.cancel)
        with contextlib.suppress(CancelledError):
            await ended
            # It has called back and has nothing left to do but to end.
            ending.join()
        if timer.active():
            timer.cancel()

    def session(self) -> SessionWork:
        """The work of a new session."""
        return SessionWork(self)

    def add(self, job: _Job) -> None:
        """Queue a job, and start what may be started."""
        lane = self._searches if job.in_steps else self._functions
        lane.add(job)
        self._go_on(lane)

    def give_up(self, session: SessionWork) -> None:
        """End the searches of a session."""
        lane = self._searches
        _end(
            lane.take(lambda job: job.session is session),
            [job for job in lane.under_way if job.session is session],
        )

    def _go_on(self, lane: _Lane) -> None:
        _end(lane.take(lambda job: job.given_up and job.in_steps), ())
        if self._stopped:
            _end(lane.take(lambda job: True), ())
        for job in lane.next_jobs():
            turn = deferToThreadPool(self._reactor, self._pool, job.turn)  # type: ignore[arg-type]
            turn.addCallbacks(
                self._done, self._failed, callbackArgs=(lane, job), errbackArgs=(lane, job)
            )

    def _done(self, result: object, lane: _Lane, job: _Job) -> None:
        lane.release(job)
        if result is _NOT_DONE:
            lane.add(job)
        else:
            job.succeed(result)
        self._go_on(lane)

    def _failed(self, failure: Failure, lane: _Lane, job: _Job) -> None:
        lane.release(job)
        job.fail(failure)
        self._go_on(lane)


def _end(waiting: Iterable[_Job], under_way: Iterable[_Job]) -> None:
    """Have jobs that are under way end, and say of those that wait that they never begin."""
    for job in under_way:
        job.given_up = True
    for job in waiting:
        job.fail(Failure(CancelledError()))  # type: ignore[no-untyped-call]


class SessionWork:
    """One session's work on the disk."""

    def __init__(self, threads: FileThreads) -> None:
        self._threads = threads

    def run(self, function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        """What a function returns, or a generator function in the end.

        Cancelling the Deferred ends a search; a function goes on, unheard.
        """
        job = _Job(self, partial(function, *arguments), inspect.isgeneratorfunction(function))
        self._threads.add(job)
        return job.result

    def give_up(self) -> None:
        """End the session's searches: nobody waits for them."""
        self._threads.give_up(self)


class _Job:
    """A function or a search, and who waits for it."""

    def __init__(self, session: SessionWork, begin: Callable[[], Any], in_steps: bool) -> None:
        self.session = session
        self.in_steps = in_steps
        self.given_up = False
        self.result: Deferred[Any] = Deferred(self._cancelled)
        self._begin = begin
        self._steps: Generator[None, None, Any] | None = None

    def turn(self) -> object:
        """In a thread: do all of a function, or some of a search, which may be ``_NOT_DONE``."""
        if not self.in_steps:
            return self._begin()
        if self._steps is None:
            self._steps = self._begin()
        end = time.monotonic() + _TURN
        while time.monotonic() < end:
            if self.given_up:
                self._steps.close()
                raise CancelledError
            try:
                next(self._steps)
            except StopIteration as stop:
                return stop.value
        return _NOT_DONE

    def succeed(self, result: object) -> None:
        """It is done; nobody hears of it where it was cancelled."""
        if not self.result.called:
            self.result.callback(result)

    def fail(self, failure: Failure) -> None:
        """It has failed."""
        if not self.result.called:
            self.result.errback(failure)

    def _cancelled(self, result: Deferred[Any]) -> None:
        self.given_up = True


@dataclass(slots=True)
class _Lane:
    """Jobs that wait for some threads, in the order in which sessions have their turns."""

    limit: int
    of_session: int
    busy: int = 0
    running: Counter[SessionWork] = field(default_factory=Counter)
    under_way: set[_Job] = field(default_factory=set)
    waiting: OrderedDict[SessionWork, deque[_Job]] = field(default_factory=OrderedDict)

    def add(self, job: _Job) -> None:
        """Put a job behind the others of its session."""
        self.waiting.setdefault(job.session, deque()).append(job)

    def take(self, wanted: Callable[[_Job], bool]) -> list[_Job]:
        """Take away what waits and is wanted."""
        found: list[_Job] = []
        for session, queue in list(self.waiting.items()):
            taken = [job for job in queue if wanted(job)]
            if taken:
                found += taken
                left = deque(job for job in queue if not wanted(job))
                if left:
                    self.waiting[session] = left
                else:
                    del self.waiting[session]
        return found

    def next_jobs(self) -> list[_Job]:
        """Take the jobs that may start now: one session after the other has a turn."""
        found: list[_Job] = []
        for session in list(self.waiting):
            if self.busy >= self.limit:
                break
            if self.running[session] >= self.of_session:
                continue
            queue = self.waiting[session]
            found.append(queue.popleft())
            self.busy += 1
            self.running[session] += 1
            self.under_way.add(found[-1])
            self.waiting.move_to_end(session)
            if not queue:
                del self.waiting[session]
        return found

    def release(self, job: _Job) -> None:
        """A job has left its thread."""
        self.under_way.discard(job)
        self.busy -= 1
        self.running[job.session] -= 1
        if not self.running[job.session]:
            del self.running[job.session]


class _DaemonThreads(ThreadPool):
    """Threads that do not keep the process alive: a disk can hold one for as long as it likes."""

    threadFactory = staticmethod(partial(threading.Thread, daemon=True))  # type: ignore[assignment]
