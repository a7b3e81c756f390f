"""What waits in memory for clients: bounded for a connection, for an address and in all.

Counted is what a client can make wait: messages that are not whole yet, requests and what they
hold while they are answered, answers that are not read. Where a connection has much of it, it is
not read for a while (``is_full``); where all of them have, no long message is begun
(``MemoryBudget.wait``); above a bound what is kept for clients that may come back is let go of
(``is_spare``), and then the connection that holds the most is closed.

Source: server reference, 6.4.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable

from datacode.server.auth.addresses import is_loopback, network_of
from datacode.server.options.settings import MIB, Bounds

CLOSE_POLICY = 1008
CLOSE_TRY_LATER = 1013

_FULL_SHARE = 4
"""A connection is not read while more than this part of its bound waits: there must be room for
one message more, and for what it becomes."""

_LARGEST_HOLDER = 2
"""Messages are bounded, and an upload is held twice: as it came, and decoded."""


Close = Callable[[int, str], object]
"""Ends what holds too much, with a code and a reason."""


class MemoryBudget:
    """One server's. For each bound, 0 is none."""

    def __init__(self, bounds: Bounds) -> None:
        self._connection = bounds.buffered_per_connection
        if self._connection:
            self._connection = max(self._connection, _LARGEST_HOLDER * bounds.message_bytes)
        self._address = bounds.buffered_per_address
        self._total = bounds.buffered
        self.held = 0
        self._by_network: Counter[str] = Counter()
        self._accounts: set[MemoryAccount] = set()
        self._waiting: deque[Callable[[], object]] = deque()

    def account(self, address: str, close: Close) -> MemoryAccount:
        """The account of a new connection; ``close`` ends it with a code and a reason."""
        return self.opened(network_of(address), is_loopback(address), close)

    def opened(
        self, network: str, is_local: bool, close: Close, is_spare: bool = False
    ) -> MemoryAccount:
        """A new account of a network."""
        account = MemoryAccount(self, network, is_local, close, is_spare)
        self._accounts.add(account)
        return account

    @property
    def is_short(self) -> bool:
        """Whether so much waits that nothing long should be begun."""
        return bool(self._total) and self.held > self._total // 2

    def wait(self, resume: Callable[[], object]) -> None:
        """Call back when it is short no more; the longest waiting first."""
        self._waiting.append(resume)

    def make_room(self) -> None:
        """Somebody has waited long enough: close the connection that holds the most."""
        self._relieve(None, self._total // 2, lambda: self.is_short, "on this server")

    # What accounts call ------------------------------------------------------------------------

    def changed(self, account: MemoryAccount, size: int) -> None:
        """An account holds so many bytes more (fewer, if negative): look at the bounds."""
        self.held += size
        self._by_network[account.network] += size
        if size <= 0:
            self._tell_waiting()
            return
        if self._connection and account.held > self._connection:
            self._close(account, CLOSE_POLICY, self._connection, "on this connection")
            return
        network = account.network
        if self._address and not account.is_local:
            self._relieve(
                network,
                self._address,
                lambda: self._by_network[network] > self._address,
                "for this address",
            )
        if self._total:
            self._relieve(None, self._total, lambda: self.held > self._total, "on this server")

    def forget(self, account: MemoryAccount) -> None:
        """A connection is gone, or is about to be; what it holds counts no more."""
        if account in self._accounts:
            self._accounts.discard(account)
            self.held -= account.held
            self._by_network[account.network] -= account.held
            if not self._by_network[account.network]:
                del self._by_network[account.network]
            self._tell_waiting()

    def is_full(self, account: MemoryAccount) -> bool:
        """Whether a connection has so much waiting that it should not be read."""
        return bool(self._connection) and account.held > self._connection // _FULL_SHARE

    def _relieve(
        self, network: str | None, bound: int, is_over: Callable[[], bool], where: str
    ) -> None:
        """While so much waits: have what can be spared let go of, else close the largest one."""
        while is_over():
            found = [each for each in self._accounts if network in (None, each.network)]
            spare = [each for each in found if each.is_spare and each.held]
            largest = max(spare or found, key=lambda account: account.held)
            self._close(largest, CLOSE_TRY_LATER, bound, where)
            if not spare:
                return

    def _close(self, account: MemoryAccount, code: int, bound: int, where: str) -> None:
        account.end()
        account.close(code, f"more than {bound / MIB:g} MiB are waiting {where}")

    def _tell_waiting(self) -> None:
        while self._waiting and not self.is_short:
            self._waiting.popleft()()


class MemoryAccount:
    """What waits for one connection, in bytes."""

    __slots__ = ("_budget", "_open", "close", "held", "is_local", "is_spare", "network")

    def __init__(
        self,
        budget: MemoryBudget,
        network: str,
        is_local: bool,
        close: Close,
        is_spare: bool = False,
    ) -> None:
        self.network = network
        self.is_local = is_local
        self.is_spare = is_spare
        self.close = close
        self.held = 0
        self._budget = budget
        self._open = True

    @property
    def is_full(self) -> bool:
        """Whether so much waits that nothing more should be read."""
        return self._budget.is_full(self)

    def hold(self, size: int) -> None:
        """Count so many bytes; the connection may be closed for it."""
        if self._open and size:
            self.held += size
            self._budget.changed(self, size)

    def release(self, size: int) -> None:
        """Count them no more."""
        if self._open and size:
            self.held -= size
            self._budget.changed(self, -size)

    def beside(self, close: Close, *, is_spare: bool = False) -> MemoryAccount:
        """Another account for the same address, which lives as long as whoever opened it wants.

        With ``is_spare`` it holds what can be let go of, which its ``close`` does.
        """
        return self._budget.opened(self.network, self.is_local, close, is_spare)

    def follow(self, other: MemoryAccount) -> None:
        """Count for the address of another account from now on."""
        held = self.held
        self.release(held)
        self.network, self.is_local = other.network, other.is_local
        self.hold(held)

    def end(self) -> None:
        """The connection is gone, or is being closed."""
        self._open = False
        self._budget.forget(self)


class Holding:
    """What one request holds: its fields, what it makes, its answer. Released together, once."""

    __slots__ = ("_account", "size")

    def __init__(self, account: MemoryAccount, size: int = 0) -> None:
        self._account = account
        self.size = size
        account.hold(size)

    def add(self, size: int) -> None:
        """Count so many bytes more."""
        self.size += size
        self._account.hold(size)

    def release(self) -> None:
        """Nothing of it is needed any more."""
        size, self.size = self.size, 0
        self._account.release(size)
