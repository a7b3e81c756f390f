"""Turns for work beside the programs of sessions, each of which takes a process of its own.

There are few in all, and fewer for one client: whoever opens many sessions keeps nobody waiting but
himself.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from twisted.internet.defer import Deferred

IN_ALL = 16
OF_ONE = 4


class AsideTurns:
    """The server's: ``in_all`` at the same time, ``of_one`` for the same owner; others wait, in the
    order in which they came."""

    def __init__(self, in_all: int = IN_ALL, of_one: int = OF_ONE) -> None:
        self._in_all = in_all
        self._of_one = of_one
        self._taken: Counter[str] = Counter()
        self._waiting: deque[tuple[str, Deferred[None]]] = deque()

    @asynccontextmanager
    async def turn(self, owner: str) -> AsyncIterator[None]:
        """Wait for a turn of this account or network, and have it while inside."""
        granted: Deferred[None] = Deferred()
        asking = (owner, granted)
        self._waiting.append(asking)
        self._grant()
        try:
            await granted
        except BaseException:
            self._waiting.remove(asking)  # given up; nobody has granted it
            raise
        try:
            yield
        finally:
            self._taken[owner] -= 1
            if not self._taken[owner]:
                del self._taken[owner]
            self._grant()

    def _grant(self) -> None:
        for asking in list(self._waiting):
            owner, granted = asking
            if self._taken.total() >= self._in_all:
                return
            if self._taken[owner] < self._of_one:
                self._waiting.remove(asking)
                self._taken[owner] += 1
                granted.callback(None)
