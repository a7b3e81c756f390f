"""Shares for programs that run without a server: ``datacode --smb HOST,LOGIN,SHARE FILE.dc``.

The server's shares, with a reactor of its own in a thread of its own: the process may have
another, and a reactor runs only once. Source: server reference, 9.1.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, BinaryIO, TypeVar, cast

from twisted.internet.defer import Deferred
from twisted.internet.selectreactor import SelectReactor
from twisted.internet.threads import blockingCallFromThread

from datacode.runtime.files import Entry
from datacode.runtime.local_files import LocalFiles
from datacode.smb import share_paths
from datacode.smb.policy import SharePolicy
from datacode.smb.shares import SharePool
from datacode.smb.target import Target

Result = TypeVar("Result")


class _OwnReactor(SelectReactor):
    """One that leaves the process's idea of which thread is the reactor's as it is."""

    _registerAsIOThread = False


class ShareFiles(LocalFiles):
    """The files of this computer, and those of the shares that have been connected.

    All is done with the rights of the accounts that were named, writing too. ``close`` logs off.
    """

    def __init__(self) -> None:
        self._reactor: Any = _OwnReactor()
        self._pool = SharePool(self._reactor, SharePolicy(writes=True))
        self._shares = self._pool.session()
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

    # What programs ask ----------------------------------------------------------------

    def open(self, path: str) -> BinaryIO:
        """The file for reading."""
        if not share_paths.is_share_path(path):
            return super().open(path)
        descriptor = self._call(self._shares.fetch, *share_paths.split(path))
        return os.fdopen(descriptor, "rb")

    def list_folder(self, path: str) -> list[Entry]:
        """The entries of a folder, sorted by name."""
        if not share_paths.is_share_path(path):
            return super().list_folder(path)
        return self._call(self._shares.list_folder, *share_paths.split(path))

    def match(self, pattern: str) -> list[str]:
        """The paths that match."""
        if not share_paths.is_share_path(pattern):
            return super().match(pattern)
        return self._call(self._shares.match, *share_paths.split(pattern))

    def kind(self, path: str) -> str | None:
        """File, folder, or nothing."""
        if not share_paths.is_share_path(path):
            return super().kind(path)
        return self._call(self._shares.kind, *share_paths.split(path))

    def stat(self, path: str) -> Entry:
        """Name, kind, size and time of what is there."""
        if not share_paths.is_share_path(path):
            return super().stat(path)
        found = self._call(self._shares.stat, *share_paths.split(path))
        if found is None:
            raise FileNotFoundError(2, os.strerror(2))
        return found

    def write(self, path: str, content: bytes) -> None:
        """Replace the file."""
        if not share_paths.is_share_path(path):
            return super().write(path, content)
        return self._call(self._shares.write, *share_paths.split(path), content)

    def copy(self, source: str, target: str) -> None:
        """Replace the file ``target`` by what ``source`` holds."""
        if not share_paths.is_share_path(source) and not share_paths.is_share_path(target):
            return super().copy(source, target)
        with self.open(source) as file:
            return self.write(target, file.read())

    def make_folder(self, path: str) -> None:
        """Make a folder and those above it."""
        if not share_paths.is_share_path(path):
            return super().make_folder(path)
        return self._call(self._shares.make_folder, *share_paths.split(path))

    def delete(self, path: str) -> None:
        """Delete a file, or a folder that is empty."""
        if not share_paths.is_share_path(path):
            return super().delete(path)
        return self._call(self._shares.delete, *share_paths.split(path))
