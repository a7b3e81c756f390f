"""Those who wait for the same thing, and are told of it at once."""

from __future__ import annotations

from typing import Generic, TypeVar

from twisted.internet.defer import Deferred

T = TypeVar("T")


class Waiters(Generic[T]):
    """A ``Deferred`` for each of them; whoever is told may wait anew at once."""

    def __init__(self) -> None:
        self._waiting: list[Deferred[T]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def wait(self) -> Deferred[T]:
        """Fires at the next ``tell`` or ``fail``."""
        waiter: Deferred[T] = Deferred()
        self._waiting.append(waiter)
        return waiter

    def leave_out(self, waiter: Deferred[T]) -> None:
        """Tell that one nothing any more."""
        if waiter in self._waiting:
            self._waiting.remove(waiter)

    def tell(self, what: T) -> None:
        """It has come."""
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            waiter.callback(what)

    def fail(self, why: Exception) -> None:
        """It will not come."""
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            waiter.errback(why)
