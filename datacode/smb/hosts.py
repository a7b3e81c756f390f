"""Which file servers clients may name: the operator's list.

Source: server reference, 3.2 (``--smb-host``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from datacode.smb.errors import ShareError
from datacode.smb.target import split_address


@dataclass(frozen=True, slots=True)
class _Rule:
    """One word of the list: a name or a network, with one port or any."""

    name: str | None
    network: IPv4Network | IPv6Network | None
    port: int | None


class HostPolicy:
    """The hosts that may be reached; any, where the list is empty.

    An entry is a name, an address or a network (``10.0.0.0/8``), the first two optionally with
    ``:port``. A name allows what a client calls by that name, whatever its address. An address
    or network allows every name that leads there: the addresses are checked after resolving, and
    the one that was checked is the one that is connected to. ``ValueError`` for an entry that is
    none of these.
    """

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self._rules = tuple(_rule(entry) for entry in entries)

    def also(self, host: str, port: int) -> HostPolicy:
        """The same list with one host more; where there is no list, the same."""
        if self.allows_any or self.allows_name(host, port):
            return self
        more = HostPolicy()
        more._rules = (*self._rules, _named(host, port))
        return more

    @property
    def allows_any(self) -> bool:
        """Whether there is no list at all."""
        return not self._rules

    def allows_name(self, host: str, port: int) -> bool:
        """Whether the client's own name for the host is on the list."""
        name = _folded(host)
        return self.allows_any or any(
            rule.name == name and rule.port in (None, port) for rule in self._rules
        )

    def allows_address(self, address: str, port: int) -> bool:
        """Whether an address, as text, lies in a network of the list."""
        found = ip_address(address.partition("%")[0])
        if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        return self.allows_any or any(
            rule.network is not None and found in rule.network and rule.port in (None, port)
            for rule in self._rules
        )

    def names_port(self, port: int) -> bool:
        """Whether some entry of the list names this port."""
        return any(rule.port == port for rule in self._rules)


def _named(host: str, port: int) -> _Rule:
    """The rule for a host that is called so, be it an address or a name."""
    try:
        return _Rule(_folded(host), ip_network(host), port)
    except ValueError:
        return _Rule(_folded(host), None, port)


def _rule(entry: str) -> _Rule:
    text = entry.strip()
    try:
        return _Rule(None, ip_network(text, strict=False), None)
    except ValueError:
        pass  # not a bare network: a name, or something with a port
    try:
        host, port = split_address(text)
    except ShareError:
        raise ValueError(
            f"{entry!r} is neither a host's name nor an address nor a network"
        ) from None
    with_port = port if text != host and text != f"[{host}]" else None
    try:
        return _Rule(None, ip_network(host), with_port)
    except ValueError:
        return _Rule(_folded(host), None, with_port)


def _folded(host: str) -> str:
    """A host's name for comparison: case and the final dot of a full name do not count."""
    return host.casefold().removesuffix(".")


ANY_HOST = HostPolicy()
