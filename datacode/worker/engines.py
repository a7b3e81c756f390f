"""Engines for the large tables of sessions: started when a program needs one, ended with it.

Each session has a folder of its own below the operator's, which stays while the session's process
lives, whatever becomes of its engine. What the folders take is looked at again and again, and what
is left of the disk for all is shared out among them: an engine is told by a file how much it may
take just now, up to the quota of a session.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThread
from twisted.logger import Logger
from twisted.python.failure import Failure

from datacode.i18n.message import Message
from datacode.plans import process
from datacode.plans.settings import ALLOWANCE, MEMORY, EngineSetting

GIB = 1 << 30
_LOGGED = 4096
_PREFIX = "session-"
_END_SECONDS = 5.0
_SHARED_EVERY = 2.0
"""Seconds between two looks at what the folders take."""

_LEAST = 64 << 20
"""Bytes that there have to be for one more session."""

_NO_ROOM = Message(
    "engines_full",
    "The disk space for large tables of all sessions is used up: the table is read into memory",
)


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Where large tables go, and how many bytes of disk a session and all together may take.

    ``memory`` is that of one engine, in bytes.
    """

    folder: Path
    quota: int = 20 * GIB
    total: int = 100 * GIB
    memory: int = MEMORY
    has_walls: bool = True


class Refused(Exception):
    """No engine can be had; what a program is told, if there is anything to tell."""

    def __init__(self, message: Message | None) -> None:
        super().__init__()
        self.message = message


class SessionEngine(ProcessProtocol):
    """One engine. ``gone`` fires when its process has ended."""

    _log = Logger()

    def __init__(self, reactor: Any) -> None:
        self.gone: Deferred[None] = Deferred()
        self._left = _LOGGED
        self._reactor = reactor
        self._overdue: Any = None

    def end(self) -> None:
        """End the process, which ends that of the engine first."""
        self._signal("TERM")
        if self._overdue is None and not self.gone.called:
            self._overdue = self._reactor.callLater(_END_SECONDS, self._signal, "KILL")

    def _signal(self, name: str) -> None:
        transport: Any = self.transport
        if transport is not None and transport.pid is not None:
            with contextlib.suppress(ProcessExitedAlready):
                transport.signalProcess(name)

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        text = data[: self._left].decode("utf-8", "backslashreplace").strip()
        self._left -= len(text)
        if text:
            self._log.warn("engine: {text}", text=text)

    def processEnded(self, reason: Failure) -> None:
        if self._overdue is not None and self._overdue.active():
            self._overdue.cancel()
        self.gone.callback(None)


class SessionTables:
    """The large tables of one session's process: their folder, and the engine that has them.

    An engine that ends leaves the files to the next one; ``end`` removes them.
    """

    _log = Logger()

    def __init__(
        self, reactor: Any, folder: str, setting: EngineSetting, gone: Callable[[], None]
    ) -> None:
        self.folder = Path(folder)
        self.is_ended = False
        self._reactor = reactor
        self._setting = setting
        self._engine: SessionEngine | None = None
        self._gone = gone
        self.gone: Deferred[None] = Deferred()
        """Fires when all of it is gone."""

    async def no_engine(self) -> None:
        """End the engine that there is; returns when its process is gone."""
        engine, self._engine = self._engine, None
        if engine is not None:
            gone: Deferred[None] = Deferred()
            engine.gone.chainDeferred(gone)
            engine.end()
            await gone

    def start(self) -> int:
        """Start an engine, when there is none: a descriptor for the other end of its connection.

        Raises ``Refused``.
        """
        engine = SessionEngine(self._reactor)
        try:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        except OSError as error:
            raise _refused(error) from None
        with ours, theirs, open(os.devnull, "rb") as nothing:
            try:
                self._reactor.spawnProcess(
                    engine,
                    sys.executable,
                    process.command(self._setting, 3),
                    env=process.environment(),
                    childFDs={0: nothing.fileno(), 1: "r", 2: "r", 3: theirs.fileno()},
                )
            except (OSError, ValueError) as error:
                raise _refused(error) from None
            self._engine = engine
            return os.dup(ours.fileno())

    def end(self, after: Deferred[None] | None = None) -> None:
        """End the engine and remove the files, but not before ``after`` has fired."""
        if not self.is_ended:
            self.is_ended = True
            Deferred.fromCoroutine(self._end(after)).addErrback(
                lambda failure: self._log.failure("ending an engine for large tables", failure)
            )

    async def _end(self, after: Deferred[None] | None) -> None:
        try:
            await self.no_engine()
            if after is not None:
                await after
            await deferToThread(shutil.rmtree, self.folder, ignore_errors=True)
        finally:
            self._gone()
            self.gone.callback(None)


def _refused(error: Exception) -> Refused:
    Logger().error("no engine for large tables: {why}", why=str(error))
    return Refused(None)


def _bytes_in(folder: Path) -> int:
    """What the files of a session take, those of a step under way included."""
    found = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # it may be gone by now
                found += os.lstat(os.path.join(place, name)).st_size
    return found


def _allow(folder: Path, size: int) -> None:
    """Let the files of a session take so many bytes. Raises OSError."""
    new = folder / f"{ALLOWANCE}.new"
    new.write_text(str(size), "ascii")
    new.replace(folder / ALLOWANCE)


class Engines:
    """The large tables of a server's sessions. Without settings there are none."""

    _log = Logger()

    def __init__(self, reactor: Any, settings: EngineSettings | None) -> None:
        self._reactor = reactor
        self._settings = settings
        self._open: set[SessionTables] = set()
        self._taken: dict[SessionTables, int] = {}
        """What their folders took at the last look."""
        self._is_swept = False
        self._sharing = LoopingCall(lambda: Deferred.fromCoroutine(self._look()))
        self._sharing.clock = reactor

    def open(self) -> SessionTables:
        """A place for a session's tables. Raises ``Refused``."""
        settings = self._settings
        if settings is None:
            raise Refused(None)
        share = min(settings.quota, settings.total)
        try:
            self._sweep(settings.folder)
            left = (settings.total - sum(self._taken.values())) // (len(self._open) + 1)
            if left < min(_LEAST, share):
                raise Refused(_NO_ROOM)
            free = shutil.disk_usage(settings.folder).free
            folder = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=settings.folder)
            _allow(Path(folder), min(share, left))
        except OSError as error:
            raise _refused(error) from None
        quota = min(share, free - free // 10)
        setting = EngineSetting(folder, settings.memory, quota, settings.has_walls)
        tables = SessionTables(self._reactor, folder, setting, lambda: self._closed(tables))
        self._open.add(tables)
        self._share_out()
        if not self._sharing.running:
            self._sharing.start(_SHARED_EVERY, now=False).addErrback(
                lambda failure: self._log.failure("sharing out the disk", failure)
            )
        return tables

    def _closed(self, tables: SessionTables) -> None:
        self._open.discard(tables)
        self._taken.pop(tables, None)
        if not self._open and self._sharing.running:
            self._sharing.stop()

    async def _look(self) -> None:
        """See what the folders take, and share out the rest."""
        folders = {tables: tables.folder for tables in self._open}
        taken = await deferToThread(
            lambda: {tables: _bytes_in(folder) for tables, folder in folders.items()}
        )
        self._taken = {tables: size for tables, size in taken.items() if tables in self._open}
        self._share_out()

    def _share_out(self) -> None:
        """Tell each engine how much it may take, all together no more than there is for all."""
        assert self._settings is not None
        left = max(self._settings.total - sum(self._taken.values()), 0)
        left //= max(len(self._open), 1)
        for tables in self._open:
            try:
                _allow(tables.folder, min(self._settings.quota, self._taken.get(tables, 0) + left))
            except OSError as error:
                self._log.warn("disk space for large tables: {why}", why=str(error))

    def _sweep(self, folder: Path) -> None:
        """Before the first engine, remove what an earlier server has left."""
        if self._is_swept:
            return
        self._is_swept = True
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for found in folder.glob(f"{_PREFIX}*"):
            number = found.name.removeprefix(_PREFIX).partition("-")[0]
            if not Path(f"/proc/{number}").exists():
                shutil.rmtree(found, ignore_errors=True)

    def stop(self) -> Deferred[Any]:
        """End them all; fires when they and their folders are gone."""
        ending = list(self._open)
        for tables in ending:
            tables.end()
        return DeferredList([tables.gone for tables in ending])
