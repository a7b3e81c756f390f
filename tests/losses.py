"""What may be lost under a session, one after another, whoever its client is: its process between
two programs and within one, its connection, its memory, its server. Variables, tables and functions
are there after each."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.daemons import workers
from tests.smb.proxy import FaultProxy
from tests.web.running_server import RunningServer

PATIENCE = 60.0
BEGIN = (
    "x = 7",
    "t = table([[1], [2]], ['n'])",
    "function f(n) do\n  return n + x\nendfunction",
    "a = []",
)
LOOK = "print(x, len(t), f(1), len(a))"
SEEN = "7 2 8 0"
HUNGRY = "for i in range(1000000000) do\n  a = push(a, 'text ' + str(i))\nnext i"
ENDLESS = "for i in range(1000000000) do\n  x = i\nnext i"
_BUSY_TICKS = 20
"""Ticks of the processor's clock after which a process is running a program."""


class Losses:
    """A server with sessions that outlive it, and a proxy in front of it."""

    def __init__(self, test: SynchronousTestCase) -> None:
        self._test = test
        self._state = tempfile.mkdtemp(prefix="datacode-state-")
        test.addCleanup(shutil.rmtree, self._state, ignore_errors=True)
        self._serve(0)
        self.proxy = FaultProxy(self.server.port)
        test.addCleanup(self.proxy.close)
        self.address = f"127.0.0.1:{self.proxy.port}"

    def _serve(self, port: int) -> None:
        words = ("--state", self._state, "--memory-limit-mib", "128")
        self.server = RunningServer(*words, port=port)
        self._test.addCleanup(self.server.stop)

    def all(
        self, say: Callable[[str], str], back: Callable[[int], object] = lambda before: None
    ) -> None:
        """Lose one after another. ``say`` runs a program that is one statement, and gives whatever
        the user is told; ``back`` waits until the client, which had made so many connections, has
        another one."""
        for program in BEGIN:
            say(program)
        self._look(say, "nothing")
        self.kill_workers()
        self._look(say, "its process")
        before = self.proxy.connections
        self.proxy.drop_all()
        back(before)
        self._look(say, "its connection")
        self._test.assertRegex(say(HUNGRY).lower(), "memory|памяти")
        self._look(say, "its memory")
        killer = threading.Thread(target=self._kill_busy)
        killer.start()
        told = say(ENDLESS).lower()
        killer.join()
        self._test.assertRegex(told, "as they were before|такими, какими были до")
        self._look(say, "its process in a program")
        before = self.proxy.connections
        self.server.process.kill()
        self.server.process.wait()
        self._serve(self.server.port)
        back(before)
        self._look(say, "its server")

    def _look(self, say: Callable[[str], str], lost: str) -> None:
        told = say(LOOK)
        self._test.assertIn(SEEN, told, f"after the session has lost {lost}: {told}")

    def kill_workers(self) -> None:
        """Kill all of them, and wait until the server has heard of it."""
        killed = workers(self.server.process.pid)
        for process in killed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        end = time.monotonic() + PATIENCE
        while any(Path(f"/proc/{process}").exists() for process in killed):
            self._test.assertLess(time.monotonic(), end, "a killed process is not buried")
            time.sleep(0.01)

    def _kill_busy(self) -> None:
        """Kill a process once it is in a program."""
        before: dict[int, int] = {}
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for process in workers(self.server.process.pid):
                with contextlib.suppress(OSError):
                    ticks = int(Path(f"/proc/{process}/stat").read_text().split(")")[1].split()[11])
                    if ticks - before.setdefault(process, ticks) >= _BUSY_TICKS:
                        os.kill(process, signal.SIGKILL)
                        return
            time.sleep(0.01)
