"""A limit on wrong tokens and passwords from one address. Source: server reference, 4.4."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from datacode.server.auth.addresses import network_of

_REST_SECONDS = 0.1
"""After a wrong one, for each that there were lately."""


class LoginThrottle:
    """Counts wrong tokens and passwords for each address.

    After ``tries`` of them within ``seconds``, an address is turned away until the oldest is
    ``seconds`` old. Up to then it rests between them, so that a burst which is over at once has
    not used up what everybody at the address has. At most ``addresses`` are remembered, the
    latest ones.
    """

    def __init__(
        self,
        now: Callable[[], float],
        *,
        tries: int = 10,
        seconds: float = 60.0,
        addresses: int = 10_000,
    ) -> None:
        self._now = now
        self._tries = tries
        self._seconds = seconds
        self._addresses = addresses
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def failed(self, address: str) -> None:
        """Count a wrong token or password from an address."""
        network = network_of(address)
        times = self._recent(network)
        times.append(self._now())
        self._failures[network] = times[-self._tries :]
        self._failures.move_to_end(network)
        while len(self._failures) > self._addresses:
            self._failures.popitem(last=False)

    def forgive(self, address: str) -> None:
        """The latest one there was right after all: it was counted before it was checked."""
        times = self._failures.get(network_of(address))
        if times:
            times.pop()

    def failures(self, network: str) -> int:
        """How many wrong ones a network has shown lately."""
        return len(self._recent(network))

    def wait(self, address: str) -> int:
        """Seconds until that address may try again; 0 if it may now."""
        times = self._recent(network_of(address))
        if len(times) < self._tries:
            return 0
        return max(1, round(times[0] + self._seconds - self._now()))

    def rest(self, network: str) -> float:
        """Seconds until the next one of a network is looked at; 0 where it would be turned away."""
        times = self._recent(network)
        if not times or len(times) >= self._tries:
            return 0.0
        return max(0.0, times[-1] + len(times) * _REST_SECONDS - self._now())

    def _recent(self, network: str) -> list[float]:
        oldest = self._now() - self._seconds
        return [time for time in self._failures.get(network, ()) if time > oldest]
