"""Whose turn it is to have a password checked. Hashing one is slow on purpose.

One check at a time for each address, a few in all. Of the addresses that wait, one that has shown
nothing wrong lately comes first, and of those the latest: however many guesses wait, a right login
is not behind them. Source: server reference, 4.4.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from twisted.internet.defer import Deferred

T = TypeVar("T")

AT_ONCE = 1 if (os.cpu_count() or 1) <= 4 else 2
"""Checks at a time, and the threads for them. One hash keeps four processors busy."""


@dataclass(eq=False)
class _WaitingCheck:
    network: str
    number: int
    turn: Deferred[None] = field(default_factory=Deferred)


class LoginQueue:
    """At most ``at_once`` checks at a time; ``failures`` tells how many there were of a network."""

    def __init__(self, failures: Callable[[str], int], at_once: int = AT_ONCE) -> None:
        self._failures = failures
        self._at_once = at_once
        self._checking: set[str] = set()
        self._waiting: list[_WaitingCheck] = []
        self._numbers = itertools.count()

    async def check(self, network: str, check: Callable[[], Awaitable[T]]) -> T:
        """What ``check`` gives, once it is this network's turn.

        A cancelled one leaves the queue; one that runs gives its place back when it is over.
        """
        waiting = _WaitingCheck(network, next(self._numbers))
        self._waiting.append(waiting)
        self._go_on()
        try:
            await waiting.turn
        except BaseException:
            self._waiting.remove(waiting)
            raise
        try:
            return await check()
        finally:
            self._checking.discard(network)
            self._go_on()

    def _go_on(self) -> None:
        while len(self._checking) < self._at_once:
            ready = [each for each in self._waiting if each.network not in self._checking]
            if not ready:
                return
            # Of one network the first comes first; of several, the one that came last.
            first = {each.network: each for each in reversed(ready)}
            chosen = min(first.values(), key=lambda w: (self._failures(w.network), -w.number))
            self._waiting.remove(chosen)
            self._checking.add(chosen.network)
            chosen.turn.callback(None)
