"""Connections that are no session: not yet, or not any more.

They have room of their own, so that they take none from sessions. Where it is full, the oldest
connection of the network that has the most of them goes: who fills it hurts himself first.
"""

from __future__ import annotations

from typing import Protocol

from datacode.server.auth.addresses import is_loopback, network_of


class Droppable(Protocol):
    """A connection that can be ended at once."""

    def drop(self) -> None: ...


class PendingConnections:
    """At most ``most`` in all and ``most_of_one`` of a network; this machine's own may be all."""

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._networks: dict[str, dict[Droppable, None]] = {}
        self._where: dict[Droppable, str] = {}

    def __len__(self) -> int:
        return len(self._where)

    def add(self, connection: Droppable, address: str | None) -> None:
        """Take in a connection, or one whose address is better known now.

        ``address`` is None where it is a proxy's, and so nobody's. Others may have to go.
        """
        self.remove(connection)
        network = "" if address is None else network_of(address)
        self._where[connection] = network
        own = self._networks.setdefault(network, {})
        own[connection] = None
        exempt = address is None or is_loopback(address)
        if not exempt and len(own) > self._most_of_one:
            self._drop_oldest(own)
        elif len(self._where) > self._most:
            self._drop_oldest(max(self._networks.values(), key=len))

    def remove(self, connection: Droppable) -> None:
        """Forget a connection: it is gone, or a session. Nothing where it is not here."""
        network = self._where.pop(connection, None)
        if network is not None:
            own = self._networks[network]
            del own[connection]
            if not own:
                del self._networks[network]

    def _drop_oldest(self, of: dict[Droppable, None]) -> None:
        oldest = next(iter(of))
        self.remove(oldest)
        oldest.drop()
