"""Connections behind a proxy that sends a header ahead: the header, and whose they are then."""

from __future__ import annotations

import struct
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.trial.unittest import SynchronousTestCase

from datacode.server.net import proxy_protocol
from datacode.server.net.proxy_header import BadProxyHeader, ProxyHeader, read
from datacode.server.net.proxy_protocol import ProxyProtocolFactory
from datacode.server.options.settings import Bounds, Settings
from tests.server.frames import handshake
from tests.server.test_websocket import Server, Transport

LINE = b"PROXY TCP4 198.51.100.7 203.0.113.1 4711 443\r\n"
PROXY = IPv4Address("TCP", "127.0.0.1", 5000)
SIGN = b"\r\n\r\n\0\r\nQUIT\n"


def block(
    source: str, destination: str, *, command: int = 0x21, family: int | None = None, more: int = 0
) -> bytes:
    """A header of bytes."""
    hosts = ip_address(source).packed + ip_address(destination).packed
    body = hosts + struct.pack("!HH", 4711, 443) + bytes(more)
    found = {8: 0x11, 32: 0x21}[len(hosts)]
    return (
        SIGN
        + bytes((command, found if family is None else family))
        + len(body).to_bytes(2, "big")
        + body
    )


def ends(header: ProxyHeader | None) -> tuple[Any, ...]:
    """The length of a header, and the addresses in it as text."""
    assert header is not None
    both = (header.source, header.destination)
    return (header.length, *(each and f"{each.host} {each.port}" for each in both))


class HeaderTests(SynchronousTestCase):
    def test_read(self) -> None:
        """Both forms, both kinds of addresses, and what follows is left alone."""
        six = b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n"
        for data, expected in (
            (LINE, (len(LINE), "198.51.100.7 4711", "203.0.113.1 443")),
            (six, (len(six), "2001:db8::7 4711", "2001:db8::1 443")),
            (b"PROXY UNKNOWN\r\n", (15, None, None)),
            (b"PROXY UNKNOWN ::1 whatever\r\n", (28, None, None)),
            (block("198.51.100.7", "203.0.113.1"), (28, "198.51.100.7 4711", "203.0.113.1 443")),
            (block("2001:db8::7", "::1", more=9), (61, "2001:db8::7 4711", "::1 443")),
            (block("::1", "::1", command=0x20), (52, None, None)),
            (block("::1", "::1", family=0x00), (52, None, None)),
        ):
            self.assertEqual(ends(read(data)), expected)
            self.assertEqual(ends(read(data + b"GET / ")), expected)
            for end in range(len(data)):
                self.assertIsNone(read(data[:end]), data[:end])

    def test_wrong(self) -> None:
        """What is no header, or has addresses that are none, is refused, and soon."""
        for data in (
            b"GET / HTTP/1.1\r\n",
            b"PROXY TCP4 198.51.100.7 203.0.113.1 4711\r\n",
            b"PROXY TCP4 198.51.100.7 203.0.113.1 4711 443 1\r\n",
            b"PROXY TCP4 198.51.100.7 2001:db8::1 4711 443\r\n",
            b"PROXY TCP4 198.51.100.700 203.0.113.1 4711 443\r\n",
            b"PROXY TCP4 198.51.100.7 203.0.113.1 4711 65536\r\n",
            b"PROXY TCP4 198.51.100.7 203.0.113.1 -1 443\r\n",
            b"PROXY UDP4 198.51.100.7 203.0.113.1 4711 443\r\n",
            b"PROXY \xff\r\n",
            b"PROXY UNKNOWN" + b"x" * 94,
            block("::1", "::1", command=0x22),
            block("198.51.100.7", "203.0.113.1", family=0x21),
            block("::1", "::1", more=5000)[:16],
        ):
            self.assertRaises(BadProxyHeader, read, data)


class ProxiedTests(SynchronousTestCase):
    """The server's own factory behind a proxy, in memory."""

    def setUp(self) -> None:
        """A server with room for one connection of an address."""
        bounds = Bounds(per_address=1, handshake_seconds=10)
        self.server = Server(Path(self.mktemp()), Settings(bounds=bounds))
        self.reactor = self.server.reactor
        self.factory = ProxyProtocolFactory(self.reactor, self.server.factory, 10)

    def connect(self, *pieces: bytes) -> Transport:
        """A connection of the proxy that begins with these bytes."""
        protocol: Any = self.factory.buildProtocol(PROXY)
        transport = Transport(hostAddress=IPv4Address("TCP", "127.0.0.1", 80), peerAddress=PROXY)
        transport.protocol = protocol
        protocol.makeConnection(transport)
        for piece in pieces:
            protocol.dataReceived(piece)
        return transport

    def test_addresses(self) -> None:
        """A session is its client's, not the proxy's: in the log, and for the limits."""
        header = LINE + handshake()
        first = self.connect(*(header[at : at + 1] for at in range(len(header))))
        self.assertIn(b" 101 ", first.value())
        (session,) = self.server.admission.sessions.values()
        self.assertEqual(session.identity.address, "198.51.100.7")
        self.assertIn(b"one address is reached", self.connect(header).value())
        other = self.connect(block("2001:db8::7", "::1") + handshake())
        self.assertIn(b" 101 ", other.value())
        first.loseConnection()
        other.loseConnection()
        self.assertEqual(self.server.admission.sessions, {})
        self.assertEqual(self.server.metrics.connections, 0)

    def test_checks(self) -> None:
        """A proxy that speaks for itself has its own address."""
        self.connect(b"PROXY UNKNOWN\r\n" + handshake())
        (session,) = self.server.admission.sessions.values()
        self.assertEqual(session.identity.address, "127.0.0.1")

    def test_no_header(self) -> None:
        """Who sends none, or nothing at all, is cut off, and has never been a client."""
        self.assertTrue(self.connect(handshake()).aborted)
        silent = self.connect(b"PROXY ")
        self.assertFalse(silent.aborted)
        self.reactor.advance(10)
        self.assertTrue(silent.aborted)
        self.assertEqual(self.server.metrics.connections, 0)
        self.assertEqual(self.factory.waiting, 0)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_room_of_each_client(self) -> None:
        """Connections count for their clients, not for the proxy that brings them."""
        flood = [self.connect(LINE) for _ in range(65)]
        other = self.connect(block("198.51.100.8", "203.0.113.1"))
        self.assertEqual([each.aborted for each in flood], [True] + [False] * 64)
        self.assertFalse(other.aborted)
        for each in (*flood[1:], other):
            each.loseConnection()

    def test_too_many_wait(self) -> None:
        """Connections without a header are few."""
        self.patch(proxy_protocol, "_MOST_WAITING", 2)
        first = self.connect()
        self.connect()
        self.assertIsNone(self.factory.buildProtocol(PROXY))
        first.loseConnection()
        self.connect(LINE)
        self.assertEqual(self.factory.waiting, 1)
        self.assertIsNotNone(self.factory.buildProtocol(PROXY))
