"""Who may come in: origins of web pages, tokens, and patience with wrong ones.

Pure rules; what they need of the connection is given to them. Source: server reference, 4.4.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Place:
    """Host and port of an origin, or of a ``Host`` header."""

    host: str
    port: int

    @classmethod
    def of_origin(cls, origin: str) -> Place | None:
        """Where a page comes from; None for what is no origin of a web page."""
        try:
            parts = urlsplit(origin)
            port = parts.port
        except ValueError:
            return None
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            return None
        return cls(_host(parts.hostname), port or _DEFAULT_PORTS[parts.scheme])

    @classmethod
    def of_host(cls, header: str, origin: str) -> Place | None:
        """What the client calls us; without a port, it is the one that the page came from.

        A proxy in front may speak TLS where we do not, so our own scheme says nothing.
        """
        return cls.of_origin(f"{origin.partition('://')[0]}://{header}")

    @property
    def is_local(self) -> bool:
        """Whether it is this machine, by name."""
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

    A page of another site must not drive a server on its visitor's machine. Nor must a page
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
        page = Place.of_origin(origin)
        if page is None:
            return False
        if page.is_local:
            return True
        return page == Place.of_host(host, origin) and (public or page.is_address)


class Token:
    """The token of ``--token``: compared without telling, by time, how much of it was right."""

    def __init__(self, token: str) -> None:
        self._digest = _digest(token)

    def matches(self, shown: str) -> bool:
        """Whether it is the right one."""
        return hmac.compare_digest(self._digest, _digest(shown))


class Patience:
    """Counts wrong tokens and passwords for each address.

    After ``tries`` of them within ``seconds``, an address is turned away until the oldest is
    ``seconds`` old. At most ``addresses`` are remembered, the latest ones.
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
        """Somebody there showed a wrong token or password."""
        network = network_of(address)
        times = self._recent(network)
        times.append(self._now())
        self._failures[network] = times[-self._tries :]
        self._failures.move_to_end(network)
        while len(self._failures) > self._addresses:
            self._failures.popitem(last=False)

    def wait(self, address: str) -> int:
        """Seconds until somebody there may try again; 0 for now."""
        times = self._recent(network_of(address))
        if len(times) < self._tries:
            return 0
        return max(1, round(times[0] + self._seconds - self._now()))

    def _recent(self, network: str) -> list[float]:
        oldest = self._now() - self._seconds
        return [time for time in self._failures.get(network, ()) if time > oldest]


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that a single IPv6 host may own."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def is_loopback(address: str) -> bool:
    """Whether an address (or the name ``localhost``) is this machine's own."""
    if address == "localhost":
        return True
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_loopback


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _host(name: str) -> str:
    return name.lower().removesuffix(".")


def _folded(origin: str) -> str:
    return origin.strip().rstrip("/").lower()
