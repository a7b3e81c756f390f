"""What one session owns: an interpreter, shares, a folder. Made when needed, closed together.

Source: server reference, 6.1, 7.1 and 8.6.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, DeferredLock
from twisted.logger import Logger

from datacode.runtime.checkpoint_file import KeptShare
from datacode.server.api.messages import ReadDetails
from datacode.server.checkpoints.storage import SessionStorage
from datacode.server.files.broker import FileBroker, ReadingBroker, Work
from datacode.server.files.sandboxed_files import SandboxedFiles
from datacode.server.files.session_folder import SessionFolder
from datacode.smb.account_share import AccountShare
from datacode.smb.target import Target
from datacode.worker.limits import Limits


class Workspace:
    """One session's.

    ``workers`` opens interpreters (``worker.pool.WorkerPool``), ``shares`` is the session's own
    ``smb.shares.Shares``, ``share_names`` asks a host for its shares. ``folder`` is None without
    ``--use-ve``. ``on_read`` is told of each file that a program reads, None where nobody wants to
    know. ``storage`` makes what keeps the state of the interpreter. ``account_shares`` are the
    shares of an account, ``turn`` gives a turn for a process beside the interpreter's.
    """

    log = Logger()

    def __init__(
        self,
        *,
        workers: Any,
        shares: Any,
        share_names: Callable[[Target], Awaitable[list[Any]]],
        files: SandboxedFiles,
        folder: SessionFolder | None,
        work: Work,
        limits: Limits,
        on_read: Callable[[ReadDetails], None] | None = None,
        storage: Callable[[], SessionStorage] | None = None,
        account_shares: Callable[[str | None], Iterable[AccountShare]] = lambda account: (),
        turn: Callable[[], AbstractAsyncContextManager[object]] = nullcontext,
    ) -> None:
        self.shares = shares
        self._account_shares = account_shares
        self.share_names = share_names
        self.folder = folder
        self.in_thread = work.run
        self.broker = FileBroker(files, shares, work, folder=folder, on_read=on_read)
        self._reading_broker = ReadingBroker(files, shares, work, on_read=on_read)
        self._aside_turn = DeferredLock()
        self._turn = turn
        self._workers = workers
        self._limits = limits
        self._new_storage = storage
        self.storage = None if storage is None else storage()
        self._interpreter: Any = None
        self.shares_before: list[KeptShare] = []
        """Shares that the session had before it came here: after a restart, or from a file."""

    def belongs_to(self, account: str | None) -> None:
        """Whose it is has been found out; None where nobody has to say."""
        self.shares.add_of_account(self._account_shares(account))

    def kept_shares(self) -> list[KeptShare]:
        """The shares that it has, without passwords."""
        return [
            KeptShare(name, target.shown, share, target.login, target.domain)
            for name, share, target in self.shares.connections()
        ]

    def missing_shares(self) -> list[KeptShare]:
        """Those that it had and are not connected again."""
        if not self.shares_before:
            return []
        connected = set(self.shares.names())
        return [each for each in self.shares_before if each.name not in connected]

    @property
    def opened(self) -> Any:
        """The interpreter if there is one already, else None."""
        return self._interpreter

    @property
    def has_state(self) -> bool:
        """Is there a state, with an interpreter or without one yet?"""
        return self._interpreter is not None or (
            self.storage is not None and self.storage.newest > 0
        )

    def interpreter(self) -> Any:
        """The session's interpreter."""
        if self._interpreter is None:
            self._interpreter = self._workers.open(self.broker, self._limits, self.storage)
        return self._interpreter

    @asynccontextmanager
    async def aside(self) -> AsyncIterator[Any]:
        """An interpreter for work beside the session's program: with nothing in it, for reading
        only, and gone afterwards. There is one at a time, and few on the server; others wait."""
        await self._aside_turn.acquire()
        try:
            async with self._turn():
                interpreter = self._workers.open(self._reading_broker, self._limits, None)
                try:
                    yield interpreter
                finally:
                    self._reading_broker.on_progress = None
                    await interpreter.close()
        finally:
            self._aside_turn.release()

    @property
    def reading_broker(self) -> FileBroker:
        """Who reads files for what runs aside."""
        return self._reading_broker

    def new_storage(self) -> SessionStorage:
        """Room for another state, which may take the place of the present one."""
        assert self._new_storage is not None
        return self._new_storage()

    async def replace_state(self, storage: SessionStorage) -> None:
        """Go on with another state. Raises ``DataCodeError``; then nothing has changed."""
        await self.interpreter().replace_state(storage)
        before, self.storage = self.storage, storage
        if before is not None:
            await before.close()  # its folder may have the name that this one gets

    async def close(self) -> None:
        """Close all of it. A failure is logged, and the rest is closed all the same."""
        self.broker.give_up()
        endings = [Deferred.fromCoroutine(self.shares.close())]
        if self._interpreter is not None:
            endings.append(Deferred.fromCoroutine(self._interpreter.close()))
        elif self.storage is not None:
            endings.append(self.storage.close())
        await self._all(endings)
        # Last: a program that still ran might have written into it.
        if self.folder is not None and self.folder.exists:
            await self._all([Deferred.fromCoroutine(self._remove_folder(self.folder))])

    async def _remove_folder(self, folder: SessionFolder) -> None:
        await self.in_thread(folder.remove)
        self.log.info("🗑️  Удалена папка пользователя: {folder}", folder=str(folder.path))

    async def _all(self, endings: list[Deferred[None]]) -> None:
        for succeeded, result in await DeferredList(endings, consumeErrors=True):
            if not succeeded:
                self.log.failure("Ending a session", failure=result)
