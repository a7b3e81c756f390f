"""Engines for the large tables of sessions: started when a program needs one, ended with it.

Each has a folder of its own below the operator's, with a part of the disk that is set aside for it
while it lives: there are never more engines than their parts have room for.
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
from twisted.internet.threads import deferToThread
from twisted.logger import Logger
from twisted.python.failure import Failure

from datacode.i18n.message import Message
from datacode.plans import process
from datacode.plans.settings import MEMORY, EngineSetting

GIB = 1 << 30
_LOGGED = 4096
_PREFIX = "session-"

_NO_ROOM = Message(
    "engines_full",
    "The disk space for large tables of all sessions is given out: the table is read into memory",
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
    """One engine. ``end`` kills it; its folder goes with it."""

    _log = Logger()

    def __init__(self, folder: str, ended: Callable[[SessionEngine], None]) -> None:
        self.folder = folder
        self.gone: Deferred[None] = Deferred()
        self._ended = ended
        self._left = _LOGGED

    def end(self) -> None:
        """End the process."""
        transport: Any = self.transport
        if transport is not None and transport.pid is not None:
            with contextlib.suppress(ProcessExitedAlready):
                transport.signalProcess("KILL")

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        text = data[: self._left].decode("utf-8", "backslashreplace").strip()
        self._left -= len(text)
        if text:
            self._log.warn("engine: {text}", text=text)

    def processEnded(self, reason: Failure) -> None:
        removed = deferToThread(shutil.rmtree, self.folder, ignore_errors=True)
        removed.addBoth(lambda _: self._ended(self))


class Engines:
    """The engines of a server. Without settings there are none."""

    _log = Logger()

    def __init__(self, reactor: Any, settings: EngineSettings | None) -> None:
        self._reactor = reactor
        self._settings = settings
        self._engines: set[SessionEngine] = set()
        self._is_swept = False

    def start(self) -> tuple[SessionEngine, int]:
        """An engine, and a descriptor for the other end of its connection. Raises ``Refused``."""
        settings = self._settings
        if settings is None:
            raise Refused(None)
        share = min(settings.quota, settings.total)
        if (len(self._engines) + 1) * share > settings.total:
            raise Refused(_NO_ROOM)
        try:
            self._sweep(settings.folder)
            free = shutil.disk_usage(settings.folder).free
            quota = min(share, free - free // 10)
            folder = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=settings.folder)
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        except OSError as error:
            self._log.error("no engine for large tables: {why}", why=error.strerror)
            raise Refused(None) from None
        engine = SessionEngine(folder, self._forget)
        setting = EngineSetting(folder, settings.memory, quota, settings.has_walls)
        with ours, theirs, open(os.devnull, "rb") as nothing:
            try:
                self._reactor.spawnProcess(
                    engine,
                    sys.executable,
                    process.command(setting, 3),
                    env=process.environment(),
                    childFDs={0: nothing.fileno(), 1: "r", 2: "r", 3: theirs.fileno()},
                )
            except (OSError, ValueError) as error:
                self._log.error("no engine for large tables: {why}", why=str(error))
                shutil.rmtree(folder, ignore_errors=True)
                raise Refused(None) from None
            self._engines.add(engine)
            return engine, os.dup(ours.fileno())

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

    def _forget(self, engine: SessionEngine) -> None:
        self._engines.discard(engine)
        engine.gone.callback(None)

    def stop(self) -> Deferred[Any]:
        """End them all; fires when they and their folders are gone."""
        waiting = [engine.gone for engine in self._engines]
        for engine in list(self._engines):
            engine.end()
        return DeferredList(waiting)
