"""A connected share of a session: its target, and the pool of its connections."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from twisted.internet.defer import Deferred, DeferredList, DeferredSemaphore
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from datacode.smb import errors, share_paths
from datacode.smb.client.reconnecting import ReconnectingShare
from datacode.smb.client.steps import Steps
from datacode.smb.deadline import CallCancelled, Deadline
from datacode.smb.errors import Operation, ShareError
from datacode.smb.policy import SharePolicy
from datacode.smb.target import Target
from datacode.smb.thread_quota import EXPECTED, SessionQuota

if TYPE_CHECKING:  # loading it takes half a second, so a thread does it
    from datacode.smb.client.dfs_namespace import DfsNamespace

Result = TypeVar("Result")
Work = Callable[["DfsNamespace", Deadline], Result]


@dataclass(frozen=True, slots=True)
class SessionThreads:
    """The threads of one session: those in which it connects, and those in which it works."""

    connecting: SessionQuota
    working: SessionQuota


SPARE = 30.0
"""Seconds after which a connection is closed that was needed only for a moment."""


class ConnectedShare:
    """A connected share: its target, and the pool of its connections.

    ``writes`` tells whether programs may change its files. ``is_of_account`` shares are the
    operator's for this account (``account_share``): nobody has connected them.
    """

    _log = Logger(namespace="datacode.smb")

    def __init__(
        self,
        threads: SessionThreads,
        policy: SharePolicy,
        target: Target,
        share: str,
        name: str,
        *,
        is_of_account: bool = False,
    ) -> None:
        self._threads = threads.working
        self._connecting = threads.connecting
        self._policy = policy
        self.target = target
        self.share = share
        self.name = name
        self.key = share_paths.same_share(name)
        self.is_of_account = self.is_open = is_of_account
        self.writes = policy.writes
        self._closed = False
        self._free = DeferredSemaphore(policy.limits.connections)
        self._idle: list[ReconnectingShare] = []
        self._uses: dict[Deferred[None], Deadline] = {}
        self._trimming: IDelayedCall | None = None

    async def call(
        self,
        work: Work[Result],
        seconds: float,
        *,
        operation: Operation,
        path: str = "",
        again: bool = True,
        undo: Work[object] | None = None,
        unwanted: Callable[[Result], object] = lambda result: None,
    ) -> Result:
        """Do ``work`` on a free connection; failures get their names and the prefix.

        ``again`` as in ``ReconnectingShare.steps``. ``undo`` is done on a new connection where
        the last one broke, or the call was cancelled, in the middle of the work.
        """
        try:
            waiting = self._on_connection(work, seconds, again, undo, unwanted)
            return await self._threads.bounded(Deferred.fromCoroutine(waiting), seconds)
        except ShareError as error:
            named = error.named(ip=self.target.shown, share=self.name, path=path)
            self._log.info(
                "{operation}: {reason} (share {share!r}, path {path!r}, host {host})",
                operation=operation.name,
                reason=str(named),
                share=self.name,
                path=path,
                host=self.target.shown,
            )
            raise named.during(operation) from None

    async def close(self) -> None:
        """Cancel calls, log off, close; within a second."""
        self._closed = True
        self.is_open = False
        if self._trimming is not None and self._trimming.active():
            self._trimming.cancel()
        for deadline in self._uses.values():
            deadline.cancel()
        goodbye = self._policy.timeouts.goodbye
        connections, self._idle = self._idle, []
        calls = [
            self._threads.run(connection.close, goodbye, goodbye) for connection in connections
        ]
        # Copies: giving up cancels what one waits for, and a thread is busy until it ends.
        ended = [*map(_copy, (call.ended for call in calls)), *map(_copy, self._uses)]
        with contextlib.suppress(ShareError):
            await self._threads.bounded(DeferredList(ended, consumeErrors=True), 0)
        for call in calls:
            call.cancel()  # one that is still at it, or never got a thread

    async def _on_connection(
        self,
        work: Work[Result],
        seconds: float,
        again: bool,
        undo: Work[object] | None,
        unwanted: Callable[[Result], object],
    ) -> Result:
        await self._free.acquire()
        if self._closed:
            self._free.release()
            raise ShareError(errors.NOT_CONNECTED)
        deadline = Deadline(seconds, self._policy.timeouts.stall)
        result: Deferred[Result] = Deferred(lambda _: deadline.cancel())
        use = Deferred.fromCoroutine(self._use(work, deadline, again, undo, result, unwanted))
        if not use.called:
            self._uses[use] = deadline
            use.addCallback(lambda _: self._uses.pop(use))
        return await result

    async def _use(
        self,
        work: Work[Result],
        deadline: Deadline,
        again: bool,
        undo: Work[object] | None,
        result: Deferred[Result],
        unwanted: Callable[[Result], object],
    ) -> None:
        """Do ``work`` on a connection, and fire ``result`` unless it is cancelled.

        Never cancelled itself: it ends when the connection is free, or of no more use.
        """
        policy, connecting = self._policy.connection, self._policy.timeouts.connect
        connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = ReconnectingShare(self.target, self.share, policy, connecting)
        try:
            found = await self._done(connection.steps(work, again=again), deadline)
        except Exception as error:  # noqa: BLE001 - whoever waits for the result gets it
            if undo is not None and _is_cut_off(error):
                await self._undo(connection, undo)
            self._take_back(connection, usable=not deadline.cancelled)
            if not result.called:
                # Without the frames that it went through: they hold the password.
                result.errback(Failure(error.with_traceback(None)))  # type: ignore[no-untyped-call]
            elif not isinstance(error, EXPECTED):
                self._log.failure("A call to a share failed after it was cancelled")
        else:
            self._take_back(connection, usable=not deadline.cancelled)
            if result.called:
                unwanted(found)
            else:
                result.callback(found)

    async def _undo(self, connection: ReconnectingShare, undo: Work[object]) -> None:
        """Remove on a new connection what work has left behind."""
        connection.drop()
        goodbye = self._policy.timeouts.goodbye
        with contextlib.suppress(ShareError, CallCancelled):
            await self._done(connection.steps(undo, again=False), Deadline(goodbye, goodbye))

    async def _done(self, steps: Steps[Result], deadline: Deadline) -> Result:
        """Do steps one after the other, each in a thread of its kind."""
        try:
            step = next(steps)
            while True:
                threads = self._connecting if step.connects else self._threads
                try:
                    done = await threads.run_within(step.call, deadline).result
                except Exception as error:  # noqa: BLE001 - what becomes of it, the steps know
                    step = steps.throw(error)
                else:
                    step = steps.send(done)
        except StopIteration as end:
            found: Result = end.value
            return found

    def _take_back(self, connection: ReconnectingShare, *, usable: bool) -> None:
        """A call has ended: its connection is free, or of no more use."""
        if usable and not self._closed:
            self._idle.append(connection)
            self._trim_later()
        else:
            connection.drop()
        self._free.release()

    def _trim_later(self) -> None:
        """Close connections beyond the first that nobody has needed for a while."""
        if len(self._idle) > 1 and self._trimming is None:
            self._trimming = self._threads.reactor.callLater(SPARE, self._trim)

    def _trim(self) -> None:
        self._trimming = None
        goodbye = self._policy.timeouts.goodbye
        if len(self._idle) > 1:
            # The one that rested longest; those that come back go to the end.
            self._threads.run(self._idle.pop(0).close, goodbye, goodbye)
        self._trim_later()


def _is_cut_off(error: Exception) -> bool:
    """Whether work ended in the middle: cancelled, or with its connection."""
    return isinstance(error, CallCancelled) or (
        isinstance(error, ShareError) and error.cause.broken
    )


def _copy(source: Deferred[Any]) -> Deferred[None]:
    """Another Deferred that fires when ``source`` does."""
    copy: Deferred[None] = Deferred()

    def fire(result: object) -> object:
        copy.callback(None)
        return result

    source.addCallback(fire)
    return copy
