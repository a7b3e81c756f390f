"""A zygote that stops itself, when told to by SIGUSR1, after a fork and before it tells of it.

Its workers are those that have been taken over.
"""

from __future__ import annotations

import os
import signal

from datacode.worker import wire, zygote
from tests.worker.takeover import serve

__all__ = ["prepare", "serve"]

_fork = zygote._fork
_stops = False


def _told_to_stop(number: int, frame: object) -> None:
    global _stops
    _stops = True


def _fork_and_stop(*arguments: object) -> wire.Forked:
    global _stops
    answer = _fork(*arguments)  # type: ignore[arg-type]
    if _stops:
        _stops = False
        os.kill(os.getpid(), signal.SIGSTOP)
    return answer


def prepare() -> None:
    """In the zygote, before it can fork."""
    zygote._fork = _fork_and_stop
    signal.signal(signal.SIGUSR1, _told_to_stop)
