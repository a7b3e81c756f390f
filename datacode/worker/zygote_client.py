"""The server's end of the zygote: start it, ask it for workers, start it again if it dies."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, fail
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

import datacode
from datacode.worker.channel import Channel, pair
from datacode.worker.wire import (
    MAX_FROM_WORKER,
    Fork,
    Forked,
    FromZygote,
    SandboxReport,
    from_zygote,
)

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop()); "
    "from datacode.worker.zygote import main; main()"
)
_PASSED_ON = ("TZ", "TMPDIR")
_LOGGED = 4096
_TRIES = 5
_SETTLED = 5.0
_LOOK_AGAIN = 0.01
_LAST_WORDS = 1.0
"""Seconds after the end of a zygote in which its channel is read: a process that it was just making
may hold the other end for a moment."""


class NoZygote(Exception):
    """Workers cannot be made: the zygote has been stopped, or does not start."""


class _Life(ProcessProtocol):
    """One zygote process: what it prints is logged, its end reported."""

    def __init__(self, log: Logger, ended: Callable[[Failure], None]) -> None:
        self._log = log
        self._ended = ended
        self._left = _LOGGED

    def childDataReceived(self, childFD: int, data: bytes) -> None:
        text = data[: self._left].decode("utf-8", "backslashreplace").strip()
        self._left -= len(text)
        if text:
            self._log.warn("zygote: {text}", text=text)

    def processEnded(self, reason: Failure) -> None:
        self._ended(reason)


class ZygoteClient:
    """The process that workers are forked from, as the server sees it.

    ``entry`` names the function that a worker runs, for tests of what surrounds it. ``known``
    tells the numbers of the workers that somebody owns.
    """

    _log = Logger()

    def __init__(
        self,
        reactor: Any,
        *,
        walls: bool,
        entry: str,
        environment: dict[str, str],
        known: Callable[[], set[int]],
    ) -> None:
        self._reactor = reactor
        self._known = known
        self._walls = walls
        self._entry = entry
        self._environment = environment
        self._channel: Channel[FromZygote] | None = None
        self._transport: Any = None
        self._number = 0
        self._sweeps: list[Deferred[None]] = []
        self._report: Deferred[SandboxReport] | None = None
        self._ended: Deferred[None] | None = None
        self._reason: Failure | None = None
        self._overdue: Any = None
        self._ready = False
        self._stopping = False
        self._failures = 0
        self._began = 0.0
        self._later: Any = None
        self._numbers = 0
        self._waiting: dict[int, tuple[Deferred[int], Fork, tuple[int, int]]] = {}
        self._asked: dict[int, Deferred[int]] = {}

    @property
    def process(self) -> int | None:
        """The number of the process, if there is one."""
        return None if self._transport is None else self._transport.pid

    def start(self) -> Deferred[SandboxReport]:
        """Start the process; fires when it can fork. Fails with ``NoZygote``."""
        self._report = Deferred()
        self._spawn()
        return self._report

    def stop(self) -> Deferred[None]:
        """End the process; fires when it is gone."""
        self._stopping = True
        if self._later is not None and self._later.active():
            self._later.cancel()
        self._refuse()
        if self._transport is None and self._channel is None:
            return self._swept()
        self._ended = Deferred()
        self._ended.addCallback(lambda _: self._swept())
        if self._channel is not None:
            self._channel.close()
        if self._transport is not None:
            try:
                self._transport.signalProcess("KILL")
            except ProcessExitedAlready:
                self._log.debug("the zygote has ended already")
        return self._ended

    def fork(
        self, channels: tuple[socket.socket, ...], memory: int, recursion: int
    ) -> Deferred[int]:
        """A new worker at the other ends of these sockets, which are closed here; its number."""
        descriptors = (channels[0].detach(), channels[1].detach())
        if self._stopping:
            for descriptor in descriptors:
                os.close(descriptor)
            return fail(NoZygote("the workers have been stopped"))
        self._numbers += 1
        answer: Deferred[int] = Deferred()
        request = Fork(self._numbers, memory, recursion)
        if self._ready:
            self._ask(answer, request, descriptors)
        else:
            self._waiting[request.request] = (answer, request, descriptors)
        return answer

    def _ask(self, answer: Deferred[int], request: Fork, descriptors: tuple[int, int]) -> None:
        assert self._channel is not None
        self._asked[request.request] = answer
        self._channel.send(request, descriptors)

    # The process

    def _spawn(self) -> None:
        self._began = self._reactor.seconds()
        self._ready = False
        self._reason = None
        self._channel = Channel[FromZygote](
            from_zygote, MAX_FROM_WORKER, self._received, self._channel_lost
        )
        root = str(Path(datacode.__file__).resolve().parents[1])
        path = [root, *(p for p in sys.path if p and Path(p).is_absolute() and p != root)]
        walls = "on" if self._walls else "off"
        command = [sys.executable, "-I", "-c", _BOOT, "3", walls, self._entry, json.dumps(path)]
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        with pair(self._reactor, self._channel) as theirs, open(os.devnull, "rb") as nothing:
            descriptors = {0: nothing.fileno(), 1: "r", 2: "r", 3: theirs.fileno()}
            try:
                self._transport = self._reactor.spawnProcess(
                    _Life(self._log, self._process_ended),
                    sys.executable,
                    command,
                    env=self._environment | passed_on,
                    childFDs=descriptors,
                )
            except (OSError, ValueError) as error:
                self._log.error("Python cannot be started: {error}", error=str(error))
                self._process_ended(Failure(error))  # type: ignore[no-untyped-call]
            else:
                self._number = self._transport.pid

    def _received(self, message: FromZygote) -> None:
        if isinstance(message, Forked):
            self._forked(message)
            return
        if self._reason is not None:
            return  # it was ready, and has ended
        self._ready = True
        if self._report is not None:
            self._report.callback(message.sandbox)
            self._report = None
        waiting, self._waiting = self._waiting, {}
        for answer, request, descriptors in waiting.values():
            self._ask(answer, request, descriptors)

    def _forked(self, message: Forked) -> None:
        answer = self._asked.pop(message.request, None)
        if answer is None:
            return
        if message.process:
            answer.callback(message.process)
        else:
            answer.errback(NoZygote(message.trouble))

    def _channel_lost(self, fault: str | None) -> None:
        """Without its channel a zygote is of no use, whatever it may be doing."""
        if fault is not None:
            self._log.error("the zygote broke the rules: {fault}", fault=fault)
        self._ready = False
        self._channel = None
        if self._reason is not None:
            self._over(self._reason)
        elif self._transport is not None and self._transport.pid is not None:
            os.kill(self._transport.pid, signal.SIGKILL)

    def _process_ended(self, reason: Failure) -> None:
        """It is over when its channel has been read to the end: it told of workers there."""
        self._ready = False
        self._transport = None
        self._reason = reason
        if self._channel is None:
            self._over(reason)
        else:
            self._overdue = self._reactor.callLater(_LAST_WORDS, self._channel.close)

    def _over(self, reason: Failure) -> None:
        """A zygote has ended and said its last: whoever waits for it is told, another started."""
        if self._overdue is not None and self._overdue.active():
            self._overdue.cancel()
        asked, self._asked = self._asked, {}
        if asked:
            self._sweep(self._number)
        for answer in asked.values():
            answer.errback(NoZygote("the zygote has ended"))
        if self._stopping:
            if self._ended is not None:
                self._ended.callback(None)
            return
        lasted = self._reactor.seconds() - self._began
        self._failures = 0 if lasted > _SETTLED else self._failures + 1
        self._log.warn("the zygote has ended: {why}", why=reason.getErrorMessage())
        if self._failures >= _TRIES:
            self._give_up()
        else:
            self._later = self._reactor.callLater(0.05 * 4**self._failures - 0.05, self._spawn)

    def _sweep(self, zygote: int) -> None:
        sweep = Deferred.fromCoroutine(self._end_orphans(zygote))
        self._sweeps.append(sweep)
        sweep.addErrback(lambda why: self._log.failure("workers of nobody are left", why))
        sweep.addCallback(lambda _: self._sweeps.remove(sweep))

    def _swept(self) -> Deferred[None]:
        """Fires when no orphans are left."""
        return DeferredList(list(self._sweeps)).addCallback(lambda _: None)

    async def _end_orphans(self, zygote: int) -> None:
        """End the workers that a zygote has made and could not tell of any more.

        They are this process's children by now, in the session that Twisted made the zygote lead.
        One that was taken over would not end with its channels.
        """
        told: set[int] = set()
        while orphans := children_in_session(zygote) - self._known():
            for process in orphans:
                os.kill(process, signal.SIGKILL)
                if process not in told:
                    self._log.warn("worker {process} was nobody's: ended", process=process)
            told |= orphans
            await deferLater(self._reactor, _LOOK_AGAIN)  # one of them may just have forked
            for process in orphans:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(process, os.WNOHANG)

    def _give_up(self) -> None:
        """It does not start: say so to all who wait, and try again when somebody asks."""
        self._failures = _TRIES - 1
        self._refuse()
        if self._report is not None:
            report, self._report = self._report, None
            report.errback(NoZygote("the process for workers does not start"))
            return
        self._later = self._reactor.callLater(_SETTLED, self._spawn)

    def _refuse(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for answer, _, descriptors in waiting.values():
            for descriptor in descriptors:
                os.close(descriptor)
            answer.errback(NoZygote("no process for workers"))


def children_in_session(leader: int) -> set[int]:
    """The children of this process in the session that ``leader`` leads or led."""
    found = set()
    own = str(os.getpid())
    for process in filter(str.isdecimal, os.listdir("/proc")):
        try:
            status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # it has ended meanwhile
        _, parent, _, session = status.rpartition(")")[2].split()[:4]
        if parent == own and session == str(leader):
            found.add(int(process))
    return found
