"""A zygote that stops itself in the middle of making a worker, when told to by a signal.

After SIGUSR1 it stops when it has forked and before it tells of it; after SIGUSR2 when it has told
the server and before the worker may begin. Its workers are those that have been taken over.
"""

from __future__ import annotations

import os
import signal

from datacode.worker import wire, zygote
from tests.worker.takeover import serve

__all__ = ["prepare", "serve"]

_fork, _let_begin = zygote._fork, zygote._let_begin
_stops_at: set[int] = set()


def _told_to_stop(number: int, frame: object) -> None:
    _stops_at.add(number)


def _stop_if_told(number: int) -> None:
    if number in _stops_at:
        _stops_at.remove(number)
        os.kill(os.getpid(), signal.SIGSTOP)


def _fork_and_stop(*arguments: object) -> wire.Forked:
    answer = _fork(*arguments)  # type: ignore[arg-type]
    _stop_if_told(signal.SIGUSR1)
    return answer


def _stop_and_let_begin(tell: int) -> None:
    _stop_if_told(signal.SIGUSR2)
    _let_begin(tell)


def prepare() -> None:
    """In the zygote, before it can fork."""
    zygote._fork = _fork_and_stop
    zygote._let_begin = _stop_and_let_begin
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, _told_to_stop)
