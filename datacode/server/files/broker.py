"""What a session's programs may ask of the outside, and who answers.

``lib://`` goes to the session's shares, everything else to this machine's disk under the rules
of ``local_files``. All of it is asked from the worker, which can open nothing itself. Nothing
here blocks: the disk's work is done in threads of the service's own pool.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred

from datacode.runtime.files import Entry, FilesError
from datacode.runtime.patterns import matching
from datacode.server.files.sandboxed_files import READ_ONLY, LocalFiles
from datacode.server.files.session_folder import SessionFolder, StoreError
from datacode.smb import errors, share_paths
from datacode.smb.errors import Operation, ShareError

Result = TypeVar("Result")


class InThread(Protocol):
    """Runs a function that blocks, and gives something to await for what it returns."""

    def __call__(self, function: Callable[..., Result], *arguments: Any) -> Awaitable[Result]: ...


class SharedFiles(Protocol):
    """What the broker asks of a session's shares. All may raise ``ShareError``."""

    async def fetch(
        self, share: str, path: str, *, progress: Callable[[int, int], object] | None = None
    ) -> int: ...

    async def list_folder(self, share: str, path: str) -> list[Entry]: ...

    async def match(self, share: str, path: str) -> list[str]: ...

    async def kind(self, share: str, path: str) -> str | None: ...

    async def stat(self, share: str, path: str) -> Entry | None: ...

    async def write(self, share: str, path: str, content: bytes | int) -> None: ...

    async def make_folder(self, share: str, path: str) -> None: ...

    async def delete(self, share: str, path: str) -> None: ...


class Broker:
    """One session's. ``folder`` is None without ``--use-ve``; then nothing can be written.

    ``on_read`` is told of every file of a share that a program reads, for the audit log;
    ``on_progress``, while somebody wants to know, of path, bytes done and bytes in all.
    """

    def __init__(
        self,
        files: LocalFiles,
        shares: SharedFiles,
        in_thread: InThread,
        *,
        folder: SessionFolder | None = None,
        on_read: Callable[[str], None] = lambda path: None,
    ) -> None:
        self._files = files
        self._shares = shares
        self._in_thread = in_thread
        self._folder = folder
        self._on_read = on_read
        self.on_progress: Callable[[str, int, int], object] | None = None
        self._under_way: set[Deferred[Any]] = set()

    async def open(self, path: str) -> int:
        """A descriptor of the file, for reading, at its start; the caller closes it."""
        if share_paths.is_share_path(path):
            self._on_read(path)
            share, rest = share_paths.split(path)
            fetching = self._shares.fetch(share, rest, progress=self._reporter(path))
            return await self._from_share(fetching)
        return await self._locally(self._files.open, path)

    async def list_folder(self, path: str) -> list[Entry]:
        """The entries of a folder, sorted by name."""
        if share_paths.is_share_path(path):
            return await self._from_share(self._shares.list_folder(*share_paths.split(path)))
        return await self._locally(self._files.list_folder, path)

    async def match(self, pattern: str) -> list[str]:
        """The paths that match a pattern, in order."""
        if share_paths.is_share_path(pattern):
            return await self._from_share(self._shares.match(*share_paths.split(pattern)))
        return await self._locally(matching, pattern, self._files.list_folder)

    async def kind(self, path: str) -> str | None:
        """``"file"``, ``"folder"``, or None where nothing (allowed) is there."""
        if share_paths.is_share_path(path):
            return await self._from_share(self._shares.kind(*share_paths.split(path)))
        return await self._locally(self._files.kind, path)

    async def stat(self, path: str) -> Entry:
        """What is at a path, with size and time; an error where nothing is."""
        if not share_paths.is_share_path(path):
            return await self._locally(self._files.stat, path)
        share, rest = share_paths.split(path)
        found = await self._from_share(self._shares.stat(share, rest))
        if found is None:
            raise ShareError(errors.MISSING, share=share, path=rest).during(Operation.LOOK)
        return found

    async def write(self, path: str, content: bytes) -> None:
        """Replace a file by ``content``: in the session folder, or on a share where allowed."""
        await self._replace(path, content)

    async def copy(self, source: str, target: str) -> None:
        """Replace a file by a copy of another; either may lie on a share."""
        self._check_may_change(target)
        descriptor = await self.open(source)
        try:
            await self._replace(target, descriptor)
        finally:
            os.close(descriptor)

    async def make_folder(self, path: str) -> None:
        """Make a folder, and those above it."""
        if share_paths.is_share_path(path):
            await self._from_share(self._shares.make_folder(*share_paths.split(path)))
        else:
            await self._in_thread(self._writable().make_folder, path)

    async def delete(self, path: str) -> None:
        """Delete a file, or a folder that is empty."""
        if share_paths.is_share_path(path):
            await self._from_share(self._shares.delete(*share_paths.split(path)))
        else:
            await self._in_thread(self._writable().delete, path)

    def give_up(self) -> None:
        """Nobody waits any more for what shares were asked: end it. The disk's work goes on."""
        for call in list(self._under_way):
            call.cancel()

    async def working_folder(self) -> str:
        """The text that ``getcwd()`` gives."""
        return self._files.working_folder

    async def _from_share(self, asked: Coroutine[Any, Any, Result]) -> Result:
        call = Deferred.fromCoroutine(asked)
        self._under_way.add(call)
        try:
            return await call
        finally:
            self._under_way.discard(call)

    def _reporter(self, path: str) -> Callable[[int, int], object] | None:
        """Tells whoever wants to know now, and nobody else later."""
        hook = self.on_progress

        def report(done: int, total: int) -> None:
            if hook is not None and self.on_progress is hook:
                hook(path, done, total)

        return None if hook is None else report

    async def _replace(self, path: str, content: bytes | int) -> None:
        """Replace a file by bytes, or by all that a descriptor holds."""
        if share_paths.is_share_path(path):
            await self._from_share(self._shares.write(*share_paths.split(path), content))
        else:
            await self._in_thread(self._writable().write, path, content)

    def _check_may_change(self, path: str) -> None:
        """Say that a path is only for reading before anything is done for it."""
        if not share_paths.is_share_path(path):
            self._writable()

    def _writable(self) -> SessionFolder:
        if self._folder is None:
            raise FilesError(READ_ONLY)
        return self._folder

    async def _locally(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Do the disk's work in a thread; a session folder is there as soon as it is looked at."""
        if self._folder is not None and not self._folder.exists:
            try:
                await self._in_thread(self._folder.make)
            except StoreError as error:
                raise error.for_program() from None
        return await self._in_thread(function, *arguments)
