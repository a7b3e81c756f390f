"""Whose turn it is to have a password checked. Hashing one is slow on purpose.

One check at a time for each address, a few in all. Of the addresses that wait, one that has shown
nothing wrong lately comes first, and of those the latest: however many guesses wait, a right login
is not behind them. Whoever has gone meanwhile is not checked, so that guesses nobody waits for
cost nothing; and an address rests after a wrong one, the longer the more there were, so that a
burst does not use up at once what all who share the address have. Source: server reference, 4.4.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from datacode.server.auth.throttle import LoginThrottle

T = TypeVar("T")

AT_ONCE = 1 if (os.cpu_count() or 1) <= 4 else 2
"""Checks at a time, and the threads for them. One hash keeps four processors busy."""


def _always() -> bool:
    return True


@dataclass(eq=False)
class _WaitingCheck:
    network: str
    number: int
    is_there: Callable[[], bool]
    turn: Deferred[None] = field(default_factory=Deferred)


class LoginQueue:
    """At most ``at_once`` checks at a time, in an order that ``throttle`` decides on."""

    def __init__(
        self, throttle: LoginThrottle, clock: IReactorTime, at_once: int = AT_ONCE
    ) -> None:
        self._throttle = throttle
        self._clock = clock
        self._at_once = at_once
        self._checking: set[str] = set()
        self._waiting: list[_WaitingCheck] = []
        self._numbers = itertools.count()
        self._is_going_on = False
        self._wakes: IDelayedCall | None = None

    async def check(
        self,
        network: str,
        check: Callable[[], Awaitable[T]],
        is_there: Callable[[], bool] = _always,
    ) -> T:
        """What ``check`` gives, once it is this network's turn.

        A cancelled one leaves the queue, and so does one for which ``is_there`` gives False when
        its turn has come: it raises ``CancelledError``. One that runs gives its place back when it
        is over.
        """
        waiting = _WaitingCheck(network, next(self._numbers), is_there)
        self._waiting.append(waiting)
        self._go_on()
        try:
            await waiting.turn
        except BaseException:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
                self._go_on()
            raise
        try:
            return await check()
        finally:
            self._checking.discard(network)
            self._go_on()

    def _go_on(self) -> None:
        if self._is_going_on:
            return  # a check that was over at once: the loop below sees its place
        self._is_going_on = True
        try:
            while len(self._checking) < self._at_once and (order := self._in_order()):
                for chosen in order:
                    if len(self._checking) >= self._at_once:
                        break
                    self._have_turn(chosen)
        finally:
            self._is_going_on = False
        self._wake_later()

    def _have_turn(self, chosen: _WaitingCheck) -> None:
        if chosen.turn.called:
            return  # cancelled by one that was over at once
        self._waiting.remove(chosen)
        if chosen.is_there():
            self._checking.add(chosen.network)
            chosen.turn.callback(None)
        else:
            chosen.turn.errback(CancelledError())

    def _in_order(self) -> list[_WaitingCheck]:
        """Of each network that may have one looked at now the latest, for whoever came before may
        not be there; those that have shown nothing wrong before others, the latest first."""
        last = {w.network: w for w in self._waiting if w.network not in self._checking}
        rested = [w for w in last.values() if not self._throttle.rest(w.network)]
        return sorted(rested, key=lambda w: (self._throttle.failures(w.network), -w.number))

    def _wake_later(self) -> None:
        """Go on when the first of those who wait has rested, unless a check that ends goes on."""
        if self._wakes is not None and self._wakes.active():
            self._wakes.cancel()
        self._wakes = None
        if len(self._checking) >= self._at_once:
            return
        rests = {self._throttle.rest(network) for network in {w.network for w in self._waiting}}
        rests.discard(0.0)
        self._wakes = self._clock.callLater(min(rests), self._go_on) if rests else None
