"""Signals, and how the process ends.

A stop that was asked for is no failure: ``twistd`` would end the process by the same signal
again, we end it with 0. A hang-up signal reads certificates again. A server that cannot go on
ends with 1.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from twisted.application.service import Service
from twisted.logger import Logger


class Signals(Service):
    """Handles SIGTERM, SIGINT and SIGHUP once the reactor runs."""

    log = Logger(namespace="datacode.server")

    def __init__(self, reactor: Any) -> None:
        self.on_hangup: Callable[[], object] = lambda: None
        self._reactor = reactor

    def startService(self) -> None:
        """Install the handlers, after the reactor has installed its own."""
        super().startService()  # type: ignore[no-untyped-call]
        self._reactor.callWhenRunning(self._install)

    def _install(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, self._hang_up)

    def _stop(self, number: int, frame: Any) -> None:
        self._reactor.callFromThread(self._stop_once)

    def _stop_once(self) -> None:
        if self._reactor.running:
            self._reactor.stop()

    def _hang_up(self, number: int, frame: Any) -> None:
        self._reactor.callFromThread(self.on_hangup)

    def fail(self, sentence: str) -> None:
        """Say why the server cannot go on, stop, and let the process end with 1."""
        self.log.critical("{sentence}", sentence=sentence)
        atexit.register(_exit_with_failure)
        self._reactor.callWhenRunning(self._stop_once)


def _exit_with_failure() -> None:
    """End the process with status 1, at its exit: ``twistd`` itself always ends with 0."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(1)
