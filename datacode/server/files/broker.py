"""The files of a session's programs: who carries out what they ask, and whether it is allowed.

``lib://`` goes to the session's shares, everything else to this machine's disk: reading under the
rules of ``sandboxed_files``, changing in the session folder only. All of it is asked from the
worker, which can open nothing itself. Nothing here blocks: the disk's work is done in threads of
the service's own pool.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from msgspec import structs
from twisted.internet.defer import Deferred

from datacode.runtime.file_operations import FileOperation, ListFolder, Match, Open
from datacode.runtime.files import FilesError
from datacode.server.api.messages import ReadDetails
from datacode.server.files.lineage import Lineage
from datacode.server.files.sandboxed_files import SandboxedFiles
from datacode.server.files.session_folder import SessionFolder, StoreError
from datacode.smb.client.pipelined_io import ALL
from datacode.smb.errors import ShareError
from datacode.smb.file_router import FileRouter, Progress, SharedFiles
from datacode.smb.share_paths import is_share_path, split
from datacode.values.paths import is_too_long


class Work(Protocol):
    """Runs what blocks in threads (``file_threads.SessionWork``)."""

    def run(self, function: Callable[..., Any], *arguments: Any) -> Awaitable[Any]:
        """What a function returns, or a generator function in the end."""

    def give_up(self) -> None:
        """End what generators are at."""


class FileBroker(FileRouter):
    """One session's. ``folder`` is None without ``--use-ve``; then nothing can be written.

    ``on_read`` is told of every file that a program reads, for the audit log;
    ``on_progress``, while somebody wants to know, of path, bytes done and bytes in all.
    """

    def __init__(
        self,
        files: SandboxedFiles,
        shares: SharedFiles,
        work: Work,
        *,
        folder: SessionFolder | None = None,
        on_read: Callable[[ReadDetails], None] | None = None,
    ) -> None:
        super().__init__(shares)
        self._files = files
        self._work = work
        self._folder = folder
        self.lineage = Lineage(work, on_read)
        self.on_progress: Callable[[str, int, int], object] | None = None
        self._under_way: set[Deferred[Any]] = set()

    async def do(self, operation: FileOperation[Any]) -> Any:
        """Check paths and the permission, before anything is read for it, then carry it out."""
        if any(isinstance(each, str) and is_too_long(each) for each in structs.astuple(operation)):
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        if operation.changes and self._folder is None and not is_share_path(operation.place):
            raise FilesError(operation.refused)
        return await super().do(operation)

    async def elsewhere(self, operation: FileOperation[Any]) -> Any:
        """Carry it out on the disk, in a thread. The session folder is made at the first use."""
        if self._folder is not None and not self._folder.exists:
            try:
                await self._work.run(self._folder.make)
            except StoreError as error:
                raise error.for_program() from None
        if isinstance(operation, ListFolder):
            return await self._work.run(self._files.listing, operation.path)
        if isinstance(operation, Match):
            return await self._work.run(self._files.searching, operation.pattern)
        files = self._folder if operation.changes else self._files
        done = await self._work.run(operation.on, files)
        if isinstance(operation, Open) and self.lineage.is_wanted:
            await self._hashed(operation.path, done)
        return done

    async def on_share(self, operation: FileOperation[Any]) -> Any:
        """Carry it out on a share; ``give_up`` cancels it."""
        if isinstance(operation, Open) and self.lineage.is_wanted:
            call = Deferred.fromCoroutine(self._open_hashed(operation))
        else:
            call = Deferred.fromCoroutine(super().on_share(operation))
        self._under_way.add(call)
        try:
            return await call
        finally:
            self._under_way.discard(call)

    async def _open_hashed(self, operation: Open) -> int:
        share, path = split(operation.path)
        try:
            part = await self._shares.fetch_part(
                share, path, ALL, progress=self.progress(operation.path)
            )
        except ShareError:
            self.lineage.refused(operation.path)
            raise
        await self._hashed(operation.path, part.descriptor, part.modified)
        return part.descriptor

    async def _hashed(self, path: str, descriptor: int, modified: float | None = None) -> None:
        """Name a file before its program gets it; closed where that does not come to an end."""
        try:
            await self.lineage.add(path, descriptor, modified)
        except BaseException:
            os.close(descriptor)
            raise

    def progress(self, path: str) -> Progress | None:
        """Reports to the ``on_progress`` of now; to nobody once that has been replaced."""
        hook = self.on_progress

        def report(done: int, total: int) -> None:
            if hook is not None and self.on_progress is hook:
                hook(path, done, total)

        return None if hook is None else report

    def give_up(self) -> None:
        """Cancel what shares were asked for, and searches on the disk."""
        self._work.give_up()
        self._shares.program_ended()
        self.cancel_calls()

    def cancel_calls(self) -> None:
        """Cancel what shares were asked for through this broker."""
        for call in list(self._under_way):
            call.cancel()


class ReadingBroker(FileBroker):
    """For what runs beside a session's program: it changes nothing on the disk, and when it ends
    the program's own work goes on."""

    def give_up(self) -> None:
        """Cancel what was asked through this broker only."""
        self.cancel_calls()
