"""Sessions on the disk, from one start of the server to the next (``--state``).

A session that can be attached has a folder of its name with its state and a record: SHA-256 of its
token, account, numbers and answers, never a token or a password. The record is written after every
answered request, before the answer goes out. After a restart a session comes back when somebody
attaches; those that nobody wants are deleted by age and number.

Source: server reference, 6.7.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import time
from pathlib import Path

import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from datacode.i18n.message import MessageError
from datacode.server.attachment import SessionRecord
from datacode.server.checkpoints.storage import CheckpointStorage, SessionStorage
from datacode.server.checkpoints.storage_quota import NoRoom, QuotaPart
from datacode.server.checkpoints.stored_index import StoredIndex, read_index, written_at
from datacode.server.files.file_threads import SessionWork
from datacode.server.session import Session
from datacode.server.workspace import Workspace

FOLDER = "datacode-sessions-kept"
"""Its name in the state folder begins as those do which programs never see."""

_LOCK = ".in-use"
_PATIENCE, _LONG = 5.0, 60.0
"""Seconds that an answer waits for the state that goes with it to be written; and that it has."""

_NAME = re.compile(r"[0-9a-f]{16}")


class InUse(Exception):
    """Another server has the folder."""


class StateFolder:
    """The folder of kept sessions, which one server has at a time. Every method blocks."""

    def __init__(self, state: Path) -> None:
        self.path = state / FOLDER
        self._lock: int | None = None

    def open(self) -> None:
        """Make it, and delete what belongs to no session. Raises ``OSError``, ``InUse``."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            self._lock = None
            raise InUse from None
        for folder in self.path.iterdir():
            if folder.is_dir() and not (_NAME.fullmatch(folder.name) and _has_record(folder)):
                shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Let another server have it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _has_record(folder: Path) -> bool:
    try:
        written_at(folder)
    except FileNotFoundError:
        return False
    return True


class KeptSessions:
    """One server's; the registry's ``SessionStore``. ``folder`` is open."""

    log = Logger()

    def __init__(
        self,
        folder: Path,
        storage: CheckpointStorage,
        work: SessionWork,
        *,
        keep_seconds: float,
        most: int,
    ) -> None:
        """Sessions that nobody has are deleted after ``keep_seconds``, and above ``most`` of them;
        0 is no limit."""
        self._folder = folder
        self._storage = storage
        self._work = work
        self._keep_seconds = keep_seconds
        self._most = most
        self._asleep: dict[str, tuple[QuotaPart, QuotaPart]] = {}
        self._loaded: dict[str, tuple[Path, StoredIndex]] = {}
        self._awake: set[str] = set()

    # What the registry asks --------------------------------------------------------------------

    def load(self, session: str) -> Deferred[SessionRecord | None]:
        """What was kept of a session; None where there is none."""
        return Deferred.fromCoroutine(self._load(session))

    async def _load(self, session: str) -> SessionRecord | None:
        if not _NAME.fullmatch(session) or session in self._awake:
            return None
        folder = self._folder / session
        try:
            index = await self._work.run(read_index, folder)
            record = msgspec.msgpack.decode(index.record, type=SessionRecord)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, msgspec.DecodeError, UnicodeDecodeError) as error:
            self.log.warn("The session in {folder} is lost: {error}", folder=folder, error=error)
            return None
        if record.session != session:
            return None
        self._loaded[session] = folder, index
        return record

    def restore(self, session: Session) -> None:
        """Give a session that was made of its record the state that it had."""
        assert session.attachment is not None
        assert session.workspace.storage is not None
        name = session.attachment.session
        folder, index = self._loaded.pop(name)
        for part in self._asleep.pop(name, ()):
            part.close()
        self._awake.add(name)
        try:
            session.workspace.storage.wake_up(folder, index)
        except (NoRoom, OSError) as error:
            self.log.warn("A session comes back without its state: {error}", error=error)
            session.workspace.storage.lose(index)

    def forget(self, session: Session) -> None:
        """A session has ended for good; its storage deletes its folder."""
        if session.workspace.storage is not None:
            session.workspace.storage.stays = False
        if session.attachment is not None:
            self._awake.discard(session.attachment.session)

    async def save(self, session: Session) -> None:
        """Write a session's record once its newest state is kept; where that takes long, twice."""
        await self.keep_files(session)
        if not await self._is_kept(session, _PATIENCE):
            late = Deferred.fromCoroutine(self._save_later(session))
            late.addErrback(lambda failure: self.log.failure("Keeping a session", failure))
        await self.note(session)

    async def _save_later(self, session: Session) -> None:
        if await self._is_kept(session, _LONG) and not session.is_ending:
            await self.note(session)

    async def _is_kept(self, session: Session, seconds: float) -> bool:
        interpreter = session.workspace.opened
        return interpreter is None or await interpreter.newest_kept(seconds)

    async def keep_files(self, session: Session) -> None:
        """Keep the files of a session's folder as they are between two programs, with the next
        record; at once where none has changed."""
        folder, storage = session.workspace.folder, session.workspace.storage
        if folder is None or storage is None or storage.files_changes == folder.changes:
            return
        if storage.files_changes is None and not folder.exists:
            return
        try:
            await storage.keep_files(folder.paths(), folder.changes)
        except (NoRoom, OSError) as error:
            self.log.warn("The files of a session are not kept: {error}", error=error)

    async def give_files(self, session: Session) -> None:
        """Put the files that were kept into the folder of a session that comes back."""
        folder, storage = session.workspace.folder, session.workspace.storage
        if folder is None or storage is None:
            return
        try:
            await storage.give_session_files(folder)
        except (MessageError, OSError) as error:
            self.log.warn("A session comes back without all its files: {error}", error=error)

    async def note(self, session: Session) -> None:
        """Write a session's record as it is."""
        workspace: Workspace = session.workspace
        own, storage = session.attachment, workspace.storage
        if own is None or storage is None:
            return
        newest = storage.newest if workspace.opened is None else workspace.opened.state_number
        kept = own.record()
        kept.shares = [*workspace.kept_shares(), *workspace.missing_shares()]
        record = msgspec.msgpack.encode(kept)
        self._awake.add(own.session)
        try:
            await storage.write_record(own.session, record, newest)
        except OSError as error:
            self.log.warn("A session is not kept on the disk: {error}", error=error.strerror)

    def leave(self, session: Session) -> None:
        """The server stops: what the session has on the disk stays there."""
        storage: SessionStorage | None = session.workspace.storage
        if storage is not None:
            storage.stays = True

    # Those that nobody has asked for -----------------------------------------------------------

    async def sweep(self) -> None:
        """Count what lies there, and delete what is too old or too much; now and then."""
        found = await self._work.run(self._look, frozenset(self._awake))
        kept = {name for name, *_ in found}
        for name in set(self._asleep) - kept:
            for part in self._asleep.pop(name):
                part.close()
        for name, *sizes in found:
            if name not in self._asleep and name not in self._awake:
                owner = f"kept:{name}"
                parts = self._storage.quota.part(owner), self._storage.tables.part(owner)
                for part, size in zip(parts, sizes, strict=True):
                    with contextlib.suppress(NoRoom):
                        part.take(size)
                self._asleep[name] = parts

    def _look(self, awake: frozenset[str]) -> list[tuple[str, int, int]]:
        """In a thread: the sessions that sleep, their bytes and those of large tables, when the
        superfluous are gone."""
        ages: list[tuple[float, Path]] = []
        for folder in self._folder.iterdir():
            if _NAME.fullmatch(folder.name) and folder.name not in awake:
                with contextlib.suppress(FileNotFoundError):
                    ages.append((time.time() - written_at(folder), folder))
        ages.sort()
        found: list[tuple[str, int, int]] = []
        for number, (age, folder) in enumerate(ages):
            too_old = self._keep_seconds and age > self._keep_seconds
            if too_old or (self._most and number >= self._most):
                shutil.rmtree(folder, ignore_errors=True)
                self.log.info(
                    "Deleted a session that nobody came back to: {name}", name=folder.name
                )
            else:
                with contextlib.suppress(FileNotFoundError):  # it is being deleted
                    sizes = [0, 0]
                    for each in folder.iterdir():
                        sizes[each.name.startswith("table-")] += each.stat().st_size
                    found.append((folder.name, sizes[0], sizes[1]))
        return found
