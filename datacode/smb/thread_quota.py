"""Blocking calls in a thread pool of our own, as Deferreds that can be cancelled.

The threads are not the reactor's, so that file servers that hang cannot use those up. Nor can
one client use up these: a thread that waits for a name server is held until the system gives
up, however long nobody has wanted its answer any more, so each session has a quota of the
threads, and so has each address that sessions come from.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from datacode.runtime.files import FilesError
from datacode.smb import errors
from datacode.smb.client.steps import UnopenedLink
from datacode.smb.deadline import CallCancelled, Deadline
from datacode.smb.errors import ShareError
from datacode.smb.policy import ThreadLimits

Result = TypeVar("Result")

EXPECTED = (FilesError, CallCancelled, UnopenedLink)
"""What calls end with that is no bug."""


class Reactor(Protocol):
    """What is asked of a reactor here."""

    def callLater(
        self, delay: float, callable: Callable[..., object], /, *args: Any, **kwargs: Any
    ) -> IDelayedCall:
        """Call later."""

    def callFromThread(
        self, callable: Callable[..., object], /, *args: Any, **kwargs: Any
    ) -> object:
        """Call in the reactor's thread, from any."""


class BlockingCall(Generic[Result]):
    """One call. Cancelling ``result`` cancels it; ``ended`` fires when its thread is free."""

    _log = Logger()

    def __init__(self, work: Callable[[Deadline], Result], deadline: Deadline) -> None:
        self._work = work
        self._deadline = deadline
        self.result: Deferred[Result] = Deferred(lambda _: deadline.cancel())
        self.ended: Deferred[None] = Deferred()

    def cancel(self) -> None:
        """Cancel it: whoever waits gets ``CallCancelled``."""
        self._deadline.cancel()

    def start(self, reactor: Reactor, pool: ThreadPool) -> None:
        """Do the work in a thread of ``pool``."""
        called = deferToThreadPool(reactor, pool, self._work, self._deadline)  # type: ignore[arg-type]
        called.addCallbacks(self._done, self._failed)

    def _done(self, result: Result) -> None:
        self.ended.callback(None)
        if not self.result.called:
            self.result.callback(result)

    def _failed(self, failure: Failure) -> None:
        error = failure.value
        if isinstance(error, EXPECTED):
            # Expected, so without the frames that it went through: they hold the password.
            failure = Failure(error.with_traceback(None))  # type: ignore[no-untyped-call]
        self.ended.callback(None)
        if not self.result.called:
            self.result.errback(failure)
        elif not isinstance(error, EXPECTED):
            self._log.failure("A call to a share failed after it was cancelled", failure)


@dataclass(slots=True)
class _Address:
    """The calls of one address: how many run, and the queue of the others."""

    busy: int = 0
    waiting: deque[tuple[SessionQuota, BlockingCall[Any]]] = field(default_factory=deque)


class ThreadQuota:
    """The thread pool, and how many of its threads sessions and addresses have."""

    def __init__(
        self, reactor: Reactor, limits: ThreadLimits, grace: float, name: str = "smb"
    ) -> None:
        self.reactor = reactor
        self._limits = limits
        self._grace = grace
        self._threads = _Threads(0, limits.total, name)
        self._addresses: dict[str, _Address] = {}

    def start(self, first: Callable[[], object]) -> None:
        """Start, and do ``first`` in a thread."""
        self._threads.start()
        self._threads.callInThread(first)

    async def stop(self) -> None:
        """End the threads; one that is stuck in the system is left behind."""
        ended: Deferred[None] = Deferred()

        def over() -> None:
            if not ended.called:
                ended.callback(None)

        def end() -> None:
            self._threads.stop()
            self.reactor.callFromThread(over)

        threading.Thread(target=end, daemon=True).start()
        with contextlib.suppress(ShareError):
            await self.bounded(ended, 0)

    def session(self, address: str) -> SessionQuota:
        """The quota of a new session that comes from ``address``."""
        return SessionQuota(self, address)

    async def bounded(self, result: Deferred[Result], seconds: float) -> Result:
        """Wait for ``result``, and a little longer than it should take.

        A call bounds itself; this is for what no socket's time limit reaches, such as waiting
        for a name server, for a free connection or a free thread.
        """
        result.addTimeout(seconds + self._grace, self.reactor)  # type: ignore[arg-type]
        try:
            return await result
        except DeferredTimeout:
            raise ShareError(errors.SILENT) from None
        except CallCancelled:
            raise CancelledError from None

    def wait(self, session: SessionQuota, call: BlockingCall[Any]) -> None:
        """Queue a call, and start what the quotas allow."""
        self._addresses.setdefault(session.address, _Address()).waiting.append((session, call))
        self._go_on(session.address)

    def _go_on(self, name: str) -> None:
        """Start queued calls of an address, as far as its quota and those of sessions allow."""
        address = self._addresses[name]
        held: deque[tuple[SessionQuota, BlockingCall[Any]]] = deque()
        while address.waiting and address.busy < self._limits.address:
            session, call = address.waiting.popleft()
            if session.busy >= self._limits.session:
                held.append((session, call))
                continue
            session.busy += 1
            address.busy += 1
            call.ended.addBoth(self._ended, session)
            call.start(self.reactor, self._threads)
        address.waiting.extendleft(reversed(held))
        if not address.busy and not address.waiting:
            del self._addresses[name]

    def _ended(self, how: object, session: SessionQuota) -> object:
        session.busy -= 1
        self._addresses[session.address].busy -= 1
        self._go_on(session.address)
        return how


class SessionQuota:
    """The threads that one session may have; ``busy`` are those that it has."""

    def __init__(self, quota: ThreadQuota, address: str) -> None:
        self.address = address
        self.busy = 0
        self.reactor = quota.reactor
        self.bounded = quota.bounded
        self._quota = quota

    def run(
        self, work: Callable[[Deadline], Result], seconds: float, stall: float
    ) -> BlockingCall[Result]:
        """Do ``work`` in a thread, as soon as there is one for this session."""
        return self.run_within(work, Deadline(seconds, stall))

    def run_within(
        self, work: Callable[[Deadline], Result], deadline: Deadline
    ) -> BlockingCall[Result]:
        """The same, in the time that is left of a deadline."""
        call = BlockingCall(work, deadline)
        self._quota.wait(self, call)
        return call


class _Threads(ThreadPool):
    """Threads that do not keep the process alive: a name server can hold one for minutes."""

    threadFactory = staticmethod(partial(threading.Thread, daemon=True))  # type: ignore[assignment]
