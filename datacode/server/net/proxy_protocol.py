"""Connections that a proxy passes on, with a header ahead that tells whose they are.

Twisted's own wrapper (``haproxy:`` in front of an endpoint) hands a connection on before its header
has come: limits, logs and rules for this machine would go by the address of the proxy. And over
TLS Autobahn takes the wrapper for the TLS itself and fails. So here a connection begins for the
others only when its header is there, and from then on has the addresses that it names.

Proxies send the header before TLS begins; Twisted's wrapper expects it inside. Either will do.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IAddress, IOpenSSLContextFactory, ISSLTransport, ITransport
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from zope.interface import directlyProvides, providedBy

from datacode.server.net import proxy_header

_TLS_HANDSHAKE = b"\x16"
_MOST_WAITING = 256
"""Connections without a header yet; more are refused. Admission control counts the others."""


class TLSFactory(TLSMemoryBIOFactory):
    """TLS around the connections of a factory."""

    def __init__(self, reactor: Any, factory: Any, certificate: IOpenSSLContextFactory) -> None:
        super().__init__(certificate, False, factory, reactor)


class ProxyProtocolFactory(WrappingFactory):
    """Connections with a header ahead. ``seconds`` is the time that it may take, 0 for any."""

    noisy = False

    def __init__(self, reactor: Any, factory: Any, seconds: float) -> None:
        super().__init__(factory)  # type: ignore[no-untyped-call]
        self.reactor = reactor
        self.seconds = seconds
        self.waiting = 0
        self._behind = factory
        self._over_tls: TLSFactory | None = None

    def add_tls(self, certificate: IOpenSSLContextFactory) -> None:
        """Make the connections TLS; the header may stand before the TLS or inside it."""
        inside = ProxyProtocolFactory(self.reactor, self.wrappedFactory, self.seconds)
        self._over_tls = TLSFactory(self.reactor, inside, certificate)
        self._behind = TLSFactory(self.reactor, self.wrappedFactory, certificate)

    def buildProtocol(self, addr: IAddress | None) -> ProxiedConnection | None:  # type: ignore[override]
        """A protocol that waits for the header; none where too many wait."""
        return None if self.waiting >= _MOST_WAITING else ProxiedConnection(self)

    def begun(self, head: bytes) -> tuple[Any, proxy_header.ProxyHeader] | None:
        """The factory of what follows a connection's first bytes, and the header in them.

        None while more bytes are wanted. Raises ``BadProxyHeader``.
        """
        if self._over_tls is not None and head.startswith(_TLS_HANDSHAKE):
            return self._over_tls, proxy_header.ProxyHeader(0)
        header = proxy_header.read(head)
        return None if header is None else (self._behind, header)


class ProxiedConnection(ProtocolWrapper):
    """One connection: the protocol that reads the header, and the transport of what follows it."""

    factory: ProxyProtocolFactory
    transport: Any = None
    wrappedProtocol: Any
    log = Logger(namespace="datacode.server")

    def __init__(self, factory: ProxyProtocolFactory) -> None:
        super().__init__(factory, None)  # type: ignore[arg-type]
        self._head = b""
        self._header = proxy_header.ProxyHeader(0)
        self._waits = False
        self._header_timer: Any = None

    def logPrefix(self) -> str:
        """For Twisted's log."""
        return "PROXY"

    def makeConnection(self, transport: ITransport) -> None:
        """TCP is connected: wait for the header."""
        # What lies around is not the TLS itself, though it has its methods.
        directlyProvides(self, providedBy(transport) - ISSLTransport)
        self.transport = transport
        self.connected = 1
        self.factory.registerProtocol(self)  # type: ignore[no-untyped-call]
        self.factory.waiting += 1
        self._waits = True
        if self.factory.seconds:
            self._header_timer = self.factory.reactor.callLater(
                self.factory.seconds, self._drop, "no PROXY header came in time"
            )

    def dataReceived(self, data: bytes) -> None:
        """Read the header, then pass bytes on."""
        if self.wrappedProtocol is not None:
            self.wrappedProtocol.dataReceived(data)
            return
        self._head += data
        try:
            begun = self.factory.begun(self._head)
        except proxy_header.BadProxyHeader:
            self._drop("it does not begin with a PROXY header")
            return
        if begun is not None:
            self._begin(*begun)

    def _drop(self, reason: str) -> None:
        self.log.warn(
            "A connection of {proxy} is dropped: {reason}",
            proxy=getattr(self.transport.getPeer(), "host", "localhost"),
            reason=reason,
        )
        self.transport.abortConnection()

    def _begin(self, following: Any, header: proxy_header.ProxyHeader) -> None:
        """Hand the connection on, with what has come behind the header."""
        self._header = header
        self._stop_waiting()
        self.wrappedProtocol = following.buildProtocol(self.getPeer())
        rest, self._head = self._head[header.length :], b""
        self.wrappedProtocol.makeConnection(self)
        if rest:
            self.wrappedProtocol.dataReceived(rest)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """TCP is gone."""
        self._stop_waiting()
        self.factory.unregisterProtocol(self)  # type: ignore[no-untyped-call]
        protocol, self.wrappedProtocol = self.wrappedProtocol, None
        if protocol is not None:
            protocol.connectionLost(reason)

    def _stop_waiting(self) -> None:
        if self._waits:
            self._waits = False
            self.factory.waiting -= 1
            if self._header_timer is not None and self._header_timer.active():
                self._header_timer.cancel()

    def getPeer(self) -> IAddress:
        """The client's address; the proxy's own where it speaks for itself."""
        return self._header.source or self.transport.getPeer()

    def getHost(self) -> IAddress:
        """The address at which the client came in."""
        return self._header.destination or self.transport.getHost()
