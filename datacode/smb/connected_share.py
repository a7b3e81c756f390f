"""A connected share of a session: its target, and the pool of its connections."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from twisted.internet.defer import Deferred, DeferredList, DeferredSemaphore
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from datacode.smb import errors, share_paths
from datacode.smb.client.reconnecting import ReconnectingShare
from datacode.smb.deadline import CallCancelled, Deadline
from datacode.smb.errors import Operation, ShareError
from datacode.smb.policy import SharePolicy
from datacode.smb.target import Target
from datacode.smb.thread_quota import BlockingCall, SessionQuota

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
    """A connected share: its target, and the pool of its connections."""

    _log = Logger(namespace="datacode.smb")

    def __init__(
        self, threads: SessionThreads, policy: SharePolicy, target: Target, share: str, name: str
    ) -> None:
        self._threads = threads.working
        self._connecting = threads.connecting
        self._policy = policy
        self.target = target
        self._share = share
        self.name = name
        self.key = share_paths.same_share(name)
        self.is_open = False
        self._closed = False
        self._free = DeferredSemaphore(policy.limits.connections)
        self._idle: list[ReconnectingShare] = []
        self._calls: set[BlockingCall[Any]] = set()
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

        ``again`` as in ``ReconnectingShare.perform``. ``undo`` is done on a new connection where
        the last one broke, or the call was cancelled, in the middle of the work.
        """
        try:
            on_connection = _on(work, again, undo, self._policy.timeouts.goodbye)
            done = Deferred.fromCoroutine(self._on_connection(on_connection, seconds, unwanted))
            return await self._threads.bounded(done, seconds)
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
        for call in list(self._calls):
            call.cancel()
        goodbye = self._policy.timeouts.goodbye
        connections, self._idle = self._idle, []
        calls = [
            self._threads.run(connection.close, goodbye, goodbye) for connection in connections
        ]
        ended = [call.ended for call in calls] + [_copy(call.ended) for call in self._calls]
        with contextlib.suppress(ShareError):
            await self._threads.bounded(DeferredList(ended), 0)
        for call in calls:
            call.cancel()  # one that is still at it, or never got a thread

    async def _on_connection(
        self,
        work: Callable[[ReconnectingShare, Deadline], Result],
        seconds: float,
        unwanted: Callable[[Result], object],
    ) -> Result:
        await self._free.acquire()
        if self._closed:
            self._free.release()
            raise ShareError(errors.NOT_CONNECTED)
        timeouts, policy = self._policy.timeouts, self._policy.connection
        connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = ReconnectingShare(self.target, self._share, policy, timeouts.connect)
        if not connection.is_open:
            await self._open(connection)
        call = self._threads.run(partial(work, connection), seconds, timeouts.stall)
        call.unwanted = unwanted
        self._calls.add(call)
        call.ended.addCallback(self._take_back, connection, call)
        return await call.result

    async def _open(self, connection: ReconnectingShare) -> None:
        """Open a connection, in a thread of those for that."""
        timeouts = self._policy.timeouts
        call = self._connecting.run(connection.open, timeouts.connect, timeouts.stall)
        self._calls.add(call)
        try:
            await call.result
        except BaseException:
            call.ended.addCallback(self._take_back, connection, call)
            raise
        self._calls.discard(call)

    def _take_back(
        self, usable: bool, connection: ReconnectingShare, call: BlockingCall[Any]
    ) -> bool:
        """A call has ended: its connection is free, or of no more use."""
        self._calls.discard(call)
        if usable and not self._closed:
            self._idle.append(connection)
            self._trim_later()
        else:
            connection.drop()
        self._free.release()
        return usable

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


def _on(
    work: Work[Result], again: bool, undo: Work[object] | None, goodbye: float
) -> Callable[[ReconnectingShare, Deadline], Result]:
    """``work`` for any connection, followed by ``undo`` where it breaks off in the middle."""

    def perform(connection: ReconnectingShare, deadline: Deadline) -> Result:
        try:
            return connection.perform(work, deadline, again=again)
        except (ShareError, CallCancelled) as error:
            if undo is not None and (isinstance(error, CallCancelled) or error.cause.broken):
                connection.drop()
                with contextlib.suppress(ShareError, CallCancelled):
                    connection.perform(undo, Deadline(goodbye, goodbye), again=False)
            raise

    return perform


def _copy(source: Deferred[bool]) -> Deferred[bool]:
    """Another Deferred that fires when ``source`` does."""
    copy: Deferred[bool] = Deferred()

    def fire(result: bool) -> bool:
        copy.callback(result)
        return result

    source.addCallback(fire)
    return copy
