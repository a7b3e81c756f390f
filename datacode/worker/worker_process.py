"""One worker as the server sees it: two channels, a process number, an end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from datacode.worker.channel import Channel, pair
from datacode.worker.engines import SessionTables
from datacode.worker.waiters import Waiters
from datacode.worker.wire import MAX_FROM_WORKER, FromControl, FromWorker, from_control, from_worker
from datacode.worker.zygote import NOT_BEGUN
from datacode.worker.zygote_client import ZygoteClient

_FIRST_LOOK, _LAST_LOOK = 0.001, 0.1


@dataclass(frozen=True, slots=True)
class Ending:
    """How a worker ended. ``number`` is the signal's, ``fault`` the rule that it broke.

    ``never_started`` tells that no process could be made, or none that began, as far as is known.
    """

    number: int | None = None
    status: int | None = None
    fault: str | None = None
    never_started: bool = False


class WorkerProcess:
    """A worker process. It is asked for at once; messages sent before it lives wait for it.
    Raises ``OSError`` where there are no descriptors for its channels.

    Whoever owns it sets ``received`` and ``replied`` for its messages, and ``ended``, which is
    called once when the process is gone.
    """

    _log = Logger()

    def __init__(self, reactor: Any, zygote: ZygoteClient, memory: int, recursion: int) -> None:
        self._reactor = reactor
        self.received: Callable[[FromWorker], None] = _ignored
        self.replied: Callable[[FromControl], None] = _ignored
        self.ended: Callable[[Ending], None] = _ignored
        self.run = Channel[FromWorker](from_worker, MAX_FROM_WORKER, self._on_run, self._lost)
        self.control = Channel[FromControl](
            from_control, MAX_FROM_WORKER, self._on_control, self._lost
        )
        self.process: int | None = None
        self.troubles = 0
        self._fault: str | None = None
        self._dying = False
        self._gone: Ending | None = None
        self._waiting: Waiters[None] = Waiters()
        self.tables: SessionTables | None = None
        """Where its large tables are, once it has asked for that."""
        self.waits_for_engine = False
        run = pair(reactor, self.run)
        try:
            channels = (run, pair(reactor, self.control))
        except OSError:
            run.close()
            self.run.close()
            raise
        zygote.fork(channels, memory, recursion).addCallbacks(self._forked, self._fork_failed)

    def _on_run(self, message: FromWorker) -> None:
        self.received(message)

    def _on_control(self, message: FromControl) -> None:
        self.replied(message)

    @property
    def alive(self) -> bool:
        """Is it there, or about to be? Notices an end of which no channel has told yet."""
        if self._dying or self.process is None:
            return not self._dying
        try:
            ended = os.waitid(os.P_PID, self.process, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return False
        return ended is None

    @property
    def was_killed(self) -> bool:
        """Have we ended it, or has it been found dead?"""
        return self._dying

    def processor_seconds(self) -> float:
        """The processor time that it has used, with all its threads; 0 if that is not known."""
        if self.process is None:
            return 0.0
        try:
            return time.clock_gettime((~self.process << 3) | 2)
        except OSError:
            return 0.0

    def kill(self, fault: str | None = None) -> None:
        """End it now, whatever it is doing."""
        if fault is not None and self._fault is None:
            self._fault = fault
        if self._gone is not None:
            return
        if self.process is not None:
            # It is our child and we have not waited for it: the number is nobody else's.
            os.kill(self.process, signal.SIGKILL)
        if not self._dying:
            self._dying = True
            self.run.close()
            self.control.close()
            if self.process is not None:
                self._look(_FIRST_LOOK)

    def gone(self) -> Deferred[None]:
        """Fires when the process is no more."""
        return self._waiting.wait() if self._gone is None else succeed(None)

    def _forked(self, process: int) -> None:
        self.process = process
        if self._dying:
            os.kill(process, signal.SIGKILL)
            self._look(_FIRST_LOOK)

    def _fork_failed(self, reason: Failure) -> None:
        self._log.error("no worker: {why}", why=reason.getErrorMessage())
        self._dying = True
        self.run.close()
        self.control.close()
        self._end(Ending(never_started=True))

    def _lost(self, fault: str | None) -> None:
        """A channel is gone: the process has ended, or is of no use."""
        self.kill(fault)

    def _look(self, wait: float) -> None:
        """Has the process ended? If not, look again a little later."""
        assert self.process is not None
        try:
            process, status = os.waitpid(self.process, os.WNOHANG)
        except ChildProcessError:
            self._end(Ending(fault=self._fault))  # somebody else has waited for it
            return
        if process == 0:
            self._reactor.callLater(wait, self._look, min(2 * wait, _LAST_LOOK))
        elif os.WIFSIGNALED(status):
            self._end(Ending(number=os.WTERMSIG(status), fault=self._fault))
        else:
            status = os.WEXITSTATUS(status)
            began = status != NOT_BEGUN
            self._end(Ending(status=status, fault=self._fault, never_started=not began))

    def _end(self, ending: Ending) -> None:
        self._gone = ending
        if ending.fault is not None:
            self._log.error("a worker broke the rules: {fault}", fault=ending.fault)
        self.ended(ending)
        self._waiting.tell(None)


def _ignored(message: object) -> None:
    """The handler of a worker that has no owner yet."""
