"""Which web pages may connect: the ``Origin`` of a handshake. Pure.

Source: server reference, 4.4; RFC 6454.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
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
        if (
            parts.scheme not in _DEFAULT_PORTS
            or not parts.hostname
            or set("@ ") & set(parts.netloc)
        ):
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


class HostNames:
    """The names under which clients may ask for this server.

    A name of anybody's own can be made to lead here, once a browser has a page from it (DNS
    rebinding). Addresses cannot, nor can names that the operator has listed or that this machine
    has. ``allowed`` are the operator's.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._known = {_host(name) for name in allowed}
        self._known |= _own_names()

    def knows(self, host: HostPort | None) -> bool:
        """Whether it is one of them."""
        if host is None:
            return False
        name = host.host
        return (
            host.is_local or host.is_address or name in self._known or name.endswith(".localhost")
        )

    def of_header(self, header: str | None) -> bool:
        """Whether a plain request's ``Host`` is one of them, is not there, or has no dot.

        A name without a dot is in no public DNS; proxies and containers have such.
        """
        if header is None:
            return True
        host = HostPort.of_origin(f"http://{header}")
        return host is not None and ("." not in host.host or self.knows(host))


def _own_names(table: Path = Path("/etc/hosts")) -> set[str]:
    """This machine's names: its own, that in mDNS, and those beside them in its table of hosts.

    The DNS is not asked: it may take long, and others write it.
    """
    name = _host(socket.gethostname())
    short = name.partition(".")[0]
    names = {name, short, f"{short}.local"}
    try:
        lines = table.read_text("utf-8", "replace").splitlines()
    except OSError:
        return names
    for line in lines:
        found = {_host(word) for word in line.partition("#")[0].split()[1:]}
        if found & {name, short}:
            names |= found
    return names


class OriginError(Exception):
    """A page may not connect; the text says what would let it."""


class Origins:
    """Which web pages may connect.

    A page of another site must not drive a server on its visitor's machine. A page that this
    server has itself handed out may, if it was under a name that is the server's (``hosts``): on
    a server where nobody shows who he is (not ``guarded``) any other may be a trick.
    """

    def __init__(
        self, allowed: Iterable[str] = (), hosts: HostNames | None = None, *, guarded: bool = False
    ) -> None:
        self._allowed = frozenset(_folded(origin) for origin in allowed)
        self._hosts = HostNames() if hosts is None else hosts
        self._guarded = guarded

    @staticmethod
    def is_null(origin: str | None) -> bool:
        """Whether a page has no site: one opened from disk, but also a frame of any page."""
        return origin is not None and (origin == "null" or origin.startswith("file:"))

    def lists(self, origin: str) -> bool:
        """Whether the operator has named it."""
        return _folded(origin) in self._allowed or "*" in self._allowed

    def check(self, origin: str | None, host: str) -> None:
        """Raise ``OriginError`` unless a page of this ``Origin`` may ask for this ``Host``.

        ``null`` is not for this method: whether it may depends on what the page shows.
        """
        if origin is None or self.lists(origin):
            return
        page = HostPort.of_origin(origin)
        if page is None:
            raise OriginError("pages of this origin may not connect; see --allow-origin")
        if page.is_local:
            return
        if page != HostPort.of_host(host, origin):
            raise OriginError(
                f"pages of {origin[:200]} may not connect: a proxy in front has to pass on Host "
                "(nginx: proxy_set_header Host $http_host), and other sites need --allow-origin"
            )
        if not self._guarded and not self._hosts.knows(page):
            raise OriginError(
                f"{page.host[:200]} is not known as a name of this server: "
                f"see --allow-host, or set --token"
            )


def _host(name: str) -> str:
    return name.lower().removesuffix(".")


def _folded(origin: str) -> str:
    return origin.strip().rstrip("/").lower()
