"""Shares for programs that run without a server: ``datacode --smb HOST,LOGIN,SHARE FILE.dc``.

The server's shares, with a reactor of its own in a thread of its own: the process may have
another, and a reactor runs only once. Source: server reference, 9.1.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

from twisted.internet.defer import Deferred
from twisted.internet.selectreactor import SelectReactor
from twisted.internet.threads import blockingCallFromThread

from datacode.runtime.file_operations import FileOperation, Open, OperationFiles
from datacode.runtime.local_files import LocalFiles
from datacode.smb.file_router import FileRouter, is_on_share
from datacode.smb.policy import SharePolicy
from datacode.smb.shares import SharePool
from datacode.smb.target import Target

Result = TypeVar("Result")


class _OwnReactor(SelectReactor):
    """One that leaves the process's idea of which thread is the reactor's as it is."""

    _registerAsIOThread = False


class ShareFiles(OperationFiles):
    """The files of this computer, and those of the shares that have been connected.

    All is done with the rights of the accounts that were named, writing too. ``close`` logs off.
    """

    def __init__(self) -> None:
        self._reactor: Any = _OwnReactor()
        self._pool = SharePool(self._reactor, SharePolicy(writes=True))
        self._shares = self._pool.session()
        self._local = LocalFiles()
        self._router = _Router(self._shares)
        self._thread = threading.Thread(
            target=self._reactor.run, kwargs={"installSignalHandlers": False}, daemon=True
        )
        self._thread.start()
        self._call(self._start)

    async def _start(self) -> None:
        self._pool.start()

    def _call(self, ask: Callable[..., Coroutine[Any, Any, Result]], *words: Any) -> Result:
        """What the reactor's thread answers."""

        def begin() -> Any:
            return Deferred.fromCoroutine(ask(*words))

        answer: Any = blockingCallFromThread(self._reactor, begin)
        return cast(Result, answer)

    def connect(self, target: Target, share: str) -> None:
        """Connect a share. Raises ``FilesError``."""
        self._call(self._shares.connect, target, share)

    def close(self) -> None:
        """Log off and end the thread."""
        self._call(self._pool.stop)
        self._reactor.callFromThread(self._reactor.stop)
        self._thread.join()

    def do(self, operation: FileOperation[Any]) -> Any:
        """What is about no share is done in the program's own thread, as without any."""
        if not is_on_share(operation):
            return operation.on(self._local)
        answer: Any = self._call(self._router.do, operation)
        return os.fdopen(answer, "rb") if isinstance(operation, Open) else answer


class _Router(FileRouter):
    """What is copied to or from a share is read and written here, too."""

    async def elsewhere(self, operation: FileOperation[Any]) -> Any:
        """On this computer, in the reactor's thread: it is nobody else's."""
        answer = operation.on(LocalFiles())
        if not isinstance(operation, Open):
            return answer
        with answer as file:
            return os.dup(file.fileno())
