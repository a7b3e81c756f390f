"""Which web pages may connect: the ``Origin`` of a handshake. Pure.

Source: server reference, 4.4; RFC 6454.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class HostPort:
    """Host and port of an origin, or of a ``Host`` header."""

    host: str
    port: int

    @classmethod
    def of_origin(cls, origin: str) -> HostPort | None:
        """The host and port of an ``Origin`` header; None where it is not http or https."""
        try:
            parts = urlsplit(origin)
            port = parts.port
        except ValueError:
            return None
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            return None
        return cls(_host(parts.hostname), port or _DEFAULT_PORTS[parts.scheme])

    @classmethod
    def of_host(cls, header: str, origin: str) -> HostPort | None:
        """What the client calls us; without a port, it is the one that the page came from.

        A proxy in front may speak TLS where we do not, so our own scheme says nothing.
        """
        return cls.of_origin(f"{origin.partition('://')[0]}://{header}")

    @property
    def is_local(self) -> bool:
        """Whether the host is a name or address of loopback."""
        return self.host in _LOCAL_NAMES

    @property
    def is_address(self) -> bool:
        """Whether the host is an address rather than a name."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return True


class Origins:
    """Which web pages may connect.

    A page of another site must not drive a server on its identity's machine. Nor must a page
    whose own name was made to lead here, once the browser had it, by whoever owns that name: so
    a name that merely equals the ``Host`` header is believed only where the server listens for
    others anyway (``public``), and on loopback only addresses are.
    """

    def __init__(self, allowed: Iterable[str] = (), *, strict: bool = False) -> None:
        self._allowed = frozenset(_folded(origin) for origin in allowed)
        self._strict = strict

    def allows(self, origin: str | None, host: str, *, public: bool) -> bool:
        """Whether a handshake with this ``Origin`` and ``Host`` may go on."""
        if origin is None or _folded(origin) in self._allowed or "*" in self._allowed:
            return True
        if origin == "null" or origin.startswith("file:"):
            return not self._strict
        page = HostPort.of_origin(origin)
        if page is None:
            return False
        if page.is_local:
            return True
        return page == HostPort.of_host(host, origin) and (public or page.is_address)


def _host(name: str) -> str:
    return name.lower().removesuffix(".")


def _folded(origin: str) -> str:
    return origin.strip().rstrip("/").lower()
