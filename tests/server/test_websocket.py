"""The protocol and admission control on a transport in memory: server reference, 4."""

from __future__ import annotations

import base64
import json
import sys
import zlib
from pathlib import Path
from typing import Any

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import MemoryReactorClock, StringTransportWithDisconnection
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from datacode.server.admission import AdmissionControl
from datacode.server.net.http import Page, Site
from datacode.server.net.websocket import FRAMES_A_TURN, ClientProtocol, ServerFactory
from datacode.server.ops.audit import NoAudit
from datacode.server.ops.metrics import Metrics
from datacode.server.options.settings import Bounds, Settings
from datacode.server.session import ClientIdentity, ServerContext
from datacode.server.workspace import Workspace
from tests.server.fakes import FakeRun, Room
from tests.server.frames import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    Frame,
    Reader,
    close,
    frame,
    handshake,
)


class Transport(StringTransportWithDisconnection):
    """A TCP transport in memory that can be cut off, and tells whether it is read from."""

    aborted = False
    disconnecting = False

    def abortConnection(self) -> None:
        self.aborted = True
        self.loseConnection()

    def setTcpNoDelay(self, enabled: bool) -> None:
        pass

    def fileno(self) -> int:
        return -1

    @property
    def reading(self) -> bool:
        return self.producerState == "producing"


class Connection:
    """One client of a server in memory."""

    def __init__(
        self, server: Server, address: str = "127.0.0.1", local: str = "127.0.0.1"
    ) -> None:
        self.server = server
        kind = IPv6Address if ":" in address else IPv4Address
        self.protocol: ClientProtocol = server.factory.buildProtocol(kind("TCP", address, 4711))
        self.transport = Transport(
            hostAddress=IPv4Address("TCP", local, 8080), peerAddress=kind("TCP", address, 4711)
        )
        self.transport.protocol = self.protocol
        self.reader = Reader()
        self.frames: list[Frame] = []
        self.protocol.makeConnection(self.transport)

    def send(self, *pieces: bytes) -> Connection:
        """Send bytes, one piece after the other; then read what has come back."""
        for piece in pieces:
            if self.transport.connected:
                self.protocol.dataReceived(piece)
            self.read()
        return self

    def read(self) -> None:
        """Read what the server has sent."""
        data = self.transport.value()
        self.transport.clear()
        self.frames.extend(self.reader.feed(data))

    def open(self, path: str = "/", **headers: str | None) -> Connection:
        """Do the handshake."""
        return self.send(handshake(path, **headers))

    @property
    def status(self) -> int | None:
        """The status of the HTTP answer, if one has come."""
        return int(self.reader.head.split()[1]) if self.reader.head else None

    @property
    def texts(self) -> list[str]:
        """The messages that have come."""
        return [each.payload.decode() for each in self.frames if each.opcode == TEXT]

    @property
    def close_code(self) -> int | None:
        """The code of the close frame that has come."""
        codes = [each.code for each in self.frames if each.opcode == CLOSE]
        return codes[0] if codes else None

    def ask(self, **request: Any) -> Connection:
        """Send a request."""
        return self.send(frame(TEXT, json.dumps(request).encode()))

    def lose(self) -> None:
        """The client drops TCP."""
        if self.transport.connected:
            self.transport.connected = False
            self.protocol.connectionLost(Failure(ConnectionDone()))


class Server:
    """Admission and factory as the service makes them, with a fake room for each session."""

    def __init__(self, root: Path, settings: Settings, page: Page | None = None) -> None:
        self.settings = settings
        self.reactor = MemoryReactorClock()
        self.metrics = Metrics()
        self.rooms: list[Room] = []
        self._root = root
        site = Site(
            lambda: (True, {"sessions": len(self.admission.sessions)}),
            self.metrics.text,
            lambda: b"{}",
            page,
            settings.path_prefix,
        )
        context = ServerContext(settings, self.reactor, self.metrics, NoAudit())
        self.admission = AdmissionControl(context, site, self.workspace)
        self.admission.open()
        self.factory = ServerFactory(settings, self.admission, self.reactor)
        self.factory.doStart()

    def workspace(self, identity: ClientIdentity) -> Workspace:
        self.rooms.append(Room(self._root / str(identity.number), self.settings))
        return self.rooms[-1].workspace

    def turns(self, count: int) -> None:
        """Let the reactor do what is due, so many times."""
        for _ in range(count):
            self.reactor.advance(0)

    def run(self, number: int = 0) -> FakeRun:
        """The running program of a session."""
        active = self.rooms[number].interpreter.active
        assert active is not None
        return active


class ServerTestCase(SynchronousTestCase):
    def setUp(self) -> None:
        """No connections yet."""
        self.connections: list[Connection] = []

    def server(self, **settings: Any) -> Server:
        """A server; every connection is ended at the end of the test."""
        page = settings.pop("page", None)
        server = Server(Path(self.mktemp()), Settings(**settings), page)
        self.addCleanup(self.check_nothing_is_left, server)
        return server

    def connect(self, server: Server, *args: Any, **more: Any) -> Connection:
        connection = Connection(server, *args, **more)
        self.connections.append(connection)
        return connection

    def opened(self, server: Server | None = None, path: str = "/", **headers: Any) -> Connection:
        """A client after its handshake."""
        connection = self.connect(server or self.server()).open(path, **headers)
        self.assertEqual(connection.status, 101, connection.reader.rest)
        return connection

    def check_nothing_is_left(self, server: Server) -> None:
        for connection in self.connections:
            connection.lose()
        server.reactor.advance(60)
        self.assertEqual(server.admission.sessions, {})
        self.assertEqual(server.admission.endings, [])
        self.assertEqual(server.factory.unread, set())
        self.assertEqual(server.metrics.connections, 0)
        self.assertEqual(server.reactor.getDelayedCalls(), [])


class HandshakeTests(ServerTestCase):
    def test_accepted(self) -> None:
        """Any path and query, no foreign subprotocol, no extension, and the key's answer."""
        for path in ("/", "/any/path?x=1", "/%D1%8F"):
            connection = self.opened(path=path, Sec_WebSocket_Protocol="chat, super")
            head = connection.reader.head.decode().lower()
            self.assertIn("sec-websocket-accept: ", head)
            self.assertNotIn("protocol:", head)
            self.assertNotIn("extensions", head)

    def test_subprotocol(self) -> None:
        """Ours is granted to who asks for it."""
        connection = self.opened(Sec_WebSocket_Protocol="chat, datacode.v1")
        self.assertIn(b"\r\nSec-WebSocket-Protocol: datacode.v1\r\n", connection.reader.head)

    def test_in_pieces(self) -> None:
        """A handshake may come byte by byte, with the first frame right behind."""
        connection = self.connect(self.server())
        data = handshake() + frame(TEXT, b'{"code":"x"}')
        connection.send(*(data[i : i + 1] for i in range(len(data))))
        self.assertEqual(connection.texts, ['{"success":true,"output":"x","error":null}'])

    def test_frame_behind_the_handshake(self) -> None:
        """What comes in the same packet is not lost."""
        connection = self.connect(self.server())
        connection.send(handshake() + frame(TEXT, b'{"code":"x"}'))
        self.assertEqual(len(connection.texts), 1)

    def refused(self, data: bytes) -> tuple[int | None, str]:
        """Status and reason of a handshake that fails; the connection ends."""
        connection = self.connect(self.server()).send(data)
        self.assertFalse(connection.transport.connected)
        head = connection.reader.head.decode()
        self.assertIn(f"Content-Length: {len(connection.reader.rest)}", head)
        return connection.status, connection.reader.rest.decode().strip()

    def test_bad_handshakes(self) -> None:
        """Each is answered in HTTP, with a reason."""
        for data, status in (
            (handshake(Sec_WebSocket_Key="abc"), 400),
            (handshake(Sec_WebSocket_Key=None), 400),
            (handshake(Sec_WebSocket_Version="12"), 400),
            (handshake(Sec_WebSocket_Version="x"), 400),
            (handshake(Connection="close"), 400),
            (handshake(Host=None), 403),
            (handshake().replace(b"GET", b"POST"), 405),
            (b"POST / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
            (b"GET /chat HTTP/1.1\r\nHost: x\r\n\r\n", 426),
            (b"GET / HTTP/3.0\r\n\r\n", 505),
            (b"hello\r\n\r\n", 400),
            (b"\x16\x03\x01\x02\x00\x01", 400),
            (b"GET / HTTP/1.1\r\n: x\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nX: " + b"y" * 20_000, 431),
            (b"GET / HTTP/1.1\r\nX: " + b"y" * 20_000 + b"\r\n\r\n", 431),
        ):
            found, reason = self.refused(data)
            self.assertEqual(found, status, data[:60])
            self.assertGreater(len(reason), 5)

    def test_control_characters(self) -> None:
        """One in a header does not begin another header; it is refused, as are headers twice."""
        for character in (*range(9), *range(10, 32), 127, 133):
            for cookie in (bytes((character,)), chr(character).encode()):
                data = handshake().replace(b"Host:", b"X: a" + cookie + b"Y: b\r\nHost:")
                self.assertEqual(self.refused(data)[0], 400, cookie)
        for line in (b"Host: a", b"Origin: null\r\nOrigin: null", b" folded", b"a b: c", b"a : b"):
            data = handshake().replace(b"Host:", line + b"\r\nHost:")
            self.assertEqual(self.refused(data)[0], 400, line)
        self.assertEqual(self.refused(handshake(Content_Length="5"))[0], 400)

    def test_letters_of_other_languages(self) -> None:
        """What only has a byte in common with a control character is a letter."""
        for letters in ("ЕхЅ".encode(), b"\xe9\xa0"):
            data = handshake().replace(b"Host:", b"User-Agent: " + letters + b"\r\nHost:")
            self.assertEqual(self.connect(self.server()).send(data).status, 101)

    def test_half_a_handshake(self) -> None:
        """It is dropped after ten seconds."""
        connection = self.connect(self.server()).send(b"GET / HTTP/1.1\r\n")
        connection.server.reactor.advance(9.9)
        self.assertTrue(connection.transport.connected)
        connection.server.reactor.advance(0.2)
        self.assertTrue(connection.transport.aborted)

    def test_origins(self) -> None:
        """A foreign page gets 403 and a reason; ours come in."""
        server = self.server(origins=("https://ok.example",))
        for origin, status in (
            ("null", 403),
            ("http://localhost:3000", 101),
            ("https://ok.example", 101),
            ("http://evil.example", 403),
            ("http://evil.example:8080", 403),
            ("garbage", 403),
        ):
            connection = self.connect(server).open(Origin=origin, Host="evil.example:8080")
            self.assertEqual(connection.status, status, origin)

    def test_names_that_lead_here(self) -> None:
        """A page's own name is believed where it is known, or where a token is asked for."""
        page = {"Origin": "https://office.example", "Host": "office.example"}
        refused = self.connect(self.server()).open(**page)
        self.assertEqual(refused.status, 403)
        self.assertIn(b"--allow-host", refused.reader.rest)
        for local in ("127.0.0.1", "10.0.0.5"):  # another machine's client, another's proxy
            for server in (self.server(), self.server(proxies=1)):
                connection = self.connect(server, "10.0.0.9", local)
                connection.open(X_Forwarded_For="10.0.0.1", **page)
                self.assertEqual(connection.status, 403)
        self.opened(self.server(allow_hosts=("office.example",)), **page)
        self.opened(self.server(host="office.example"), **page)
        self.opened(self.server(token="T"), **page)

    def test_programs_ask_for_names_of_ours(self) -> None:
        """Without a token every request names an address, a name of ours, or one without a dot."""
        for host, status in (
            ("127.0.0.1:8080", 101),
            ("[::1]:8080", 101),
            ("10.0.0.5", 101),
            ("localhost", 101),
            ("datacode:8080", 101),
            ("office.example", 403),
            ("evil.example:8080", 403),
            ("10.0.0.5.evil.example", 403),
        ):
            connection = self.connect(self.server()).open(Origin=None, Host=host)
            self.assertEqual(connection.status, status, host)
            if status == 403:
                self.assertIn(b"--allow-host", connection.reader.rest)
        name = {"Origin": None, "Host": "office.example"}
        self.opened(self.server(allow_hosts=("office.example",)), **name)
        self.opened(self.server(token="T"), **name)

    def test_proxy_that_hides_the_name(self) -> None:
        """The refusal tells how to configure it."""
        page = {"Origin": "https://office.example", "Host": "127.0.0.1:8080"}
        refused = self.connect(self.server(token="T")).open(**page)
        self.assertEqual(refused.status, 403)
        self.assertIn(b"proxy_set_header Host", refused.reader.rest)

    def test_pages_from_disk(self) -> None:
        """They show the pairing code; frames of other pages have the same origin, but no code."""
        server = self.server()
        refused = self.connect(server).open(Origin="null")
        self.assertEqual(refused.status, 403)
        self.assertIn(b"pairing code", refused.reader.rest)
        code = str(server.admission.pairing)
        for shown in (code, code.lower().replace("-", "")):
            self.opened(server, f"/?pairing={shown}", Origin="null").ask(code="x")
        self.assertEqual(len(server.rooms), 2)
        for _ in range(10):
            wrong = self.opened(server, "/?pairing=AAAA-AAAA", Origin="null")
            self.assertEqual(wrong.close_code, 4403)
        self.assertEqual(self.connect(server).open("/?pairing=x", Origin="null").status, 429)
        self.assertEqual(len(server.rooms), 2)
        self.opened(self.server(allow_null_origin=True), Origin="null")
        strict = self.server(strict_origin=True)
        path = f"/?pairing={strict.admission.pairing}"
        self.assertEqual(self.connect(strict).open(path, Origin="null").status, 403)

    def test_pages_from_disk_with_a_token(self) -> None:
        """They show the token themselves: what a browser or a proxy adds, it adds for any page."""
        server = self.server(token="T")
        self.assertIsNone(self.opened(server, "/?token=T", Origin="null").close_code)
        added = self.opened(server, Origin="null", Authorization="Bearer T").ask(code="x")
        self.assertEqual(added.close_code, 4401)

    def test_locale_of_the_handshake(self) -> None:
        """Russian, unless a program's header or the address asks for another. What a browser
        prefers is no request: its pages get the documented sentences."""
        prefers = {"Accept_Language": "en-US,en;q=0.9,ru;q=0.5"}
        page = {"Origin": "http://localhost", **prefers}
        for path, headers, expected in (
            ("/", {}, "Ошибка"),
            ("/", prefers, "Request error"),
            ("/", page, "Ошибка"),
            ("/?locale=auto", page, "Request error"),
            ("/?locale=auto", {}, "Ошибка"),
            ("/?locale=en", {}, "Request error"),
            ("/?locale=ru", prefers, "Ошибка"),
            ("/?locale=fr", page, "Ошибка"),
        ):
            connection = self.opened(path=path, **headers).ask(type="x")
            self.assertIn(expected, connection.texts[0], (path, headers))

    def test_before_the_server_is_ready(self) -> None:
        """Handshakes wait until workers can be had; plain HTTP does not."""
        server = self.server()
        server.admission._waiting = []
        connection = self.connect(server).open()
        self.assertIsNone(connection.status)
        self.assertEqual(self.connect(server).send(b"GET /healthz HTTP/1.1\r\n\r\n").status, 200)
        server.admission.open()
        connection.read()
        self.assertEqual(connection.status, 101)

    def test_gone_before_the_server_is_ready(self) -> None:
        """A client that does not wait leaves nothing."""
        server = self.server()
        server.admission._waiting = []
        connection = self.connect(server).open()
        connection.lose()
        server.admission.open()
        self.assertEqual(server.rooms, [])


class LimitTests(ServerTestCase):
    def test_connections(self) -> None:
        """At the limit a handshake gets 503; when one goes there is room again."""
        server = self.server(bounds=Bounds(connections=2))
        first = self.opened(server)
        self.opened(server)
        third = self.connect(server).open()
        self.assertEqual(third.status, 503)
        self.assertIn("limit of 2 connections", third.reader.rest.decode())
        first.lose()
        self.opened(server)

    def test_per_address(self) -> None:
        """One address has its own limit; this machine has none."""
        server = self.server(bounds=Bounds(per_address=1), strict_origin=True)
        self.assertEqual(self.connect(server, "10.0.0.1").open().status, 101)
        self.assertEqual(self.connect(server, "10.0.0.1").open().status, 503)
        self.assertEqual(self.connect(server, "10.0.0.2").open().status, 101)
        self.assertEqual(self.connect(server, "2001:db8::1").open().status, 101)
        self.assertEqual(self.connect(server, "2001:db8::2").open().status, 503)
        self.opened(server)
        self.opened(server)

    def test_behind_a_proxy(self) -> None:
        """Addresses are those that trusted proxies name."""
        server = self.server(bounds=Bounds(per_address=1), proxies=1)
        for address, status in (("10.0.0.1", 101), ("10.0.0.1", 503), ("10.0.0.2", 101)):
            connection = self.connect(server).open(X_Forwarded_For=f"6.6.6.6, {address}")
            self.assertEqual(connection.status, status)
        self.assertEqual(server.admission.sessions[1].identity.address, "10.0.0.1")

    def test_too_many_to_answer(self) -> None:
        """Connections that are no sessions have room of their own; the oldest has to go."""
        server = self.server(bounds=Bounds(connections=2))
        session = self.opened(server)
        waiting = [self.connect(server) for _ in range(70)]
        self.assertEqual([each.transport.aborted for each in waiting], [True] * 6 + [False] * 64)
        self.opened(server)
        session.ask(code="x")
        self.assertEqual(len(session.texts), 1)

    def test_many_of_one_address(self) -> None:
        """Who fills the room is who has to go, whichever came first."""
        server = self.server(bounds=Bounds(connections=200))
        other = self.connect(server, "10.0.0.1")
        flood = [self.connect(server, "10.0.0.2") for _ in range(200)]
        self.assertFalse(other.transport.aborted)
        self.assertEqual(sum(not each.transport.aborted for each in flood), 64)

    def test_one_proxy_for_all(self) -> None:
        """What a proxy brings counts for its clients, not for the proxy."""
        server = self.server(proxies=1, bounds=Bounds(connections=400))
        for number in range(300):
            connection = self.connect(server, "10.0.0.9")
            connection.open(X_Forwarded_For=f"10.1.{number // 100}.{number % 100}")
            self.assertEqual(connection.status, 101, number)

    def test_message_too_large(self) -> None:
        """However it is framed: close 1009, before it is collected."""
        for pieces in (
            (frame(TEXT, b"x" * 1001),),
            (frame(TEXT, b"x" * 600, fin=False), frame(0, b"x" * 600)),
            (frame(TEXT, b"", length=2**40),),
        ):
            connection = self.opened(self.server(bounds=Bounds(message_bytes=1000)))
            connection.send(*pieces)
            self.assertEqual(connection.close_code, 1009)
            connection.server.reactor.advance(2)
            self.assertFalse(connection.transport.connected)

    def test_largest_message(self) -> None:
        """Exactly the limit is fine, and an answer may be larger."""
        connection = self.opened(self.server(bounds=Bounds(message_bytes=1000)))
        code = "\x01" * 160
        data = json.dumps({"code": code}).encode()
        data = data + b" " * (1000 - len(data))
        connection.send(frame(TEXT, data))
        self.assertEqual(json.loads(connection.texts[0])["output"], code)

    def test_tiny_fragments(self) -> None:
        """A message in one-byte fragments takes its own size, no more."""
        connection = self.opened()
        data = b'{"code":"' + b"x" * 5000 + b'"}'
        connection.send(frame(TEXT, data[:1], fin=False))
        for byte in data[1:-1]:
            connection.send(frame(0, bytes((byte,)), fin=False))
            self.assertLess(sys.getsizeof(connection.protocol._pieces), 2 * len(data))
        connection.send(frame(0, data[-1:]))
        self.assertEqual(len(json.loads(connection.texts[0])["output"]), 5000)

    def test_idle(self) -> None:
        """A session that asks nothing for too long is closed; a busy one is not."""
        server = self.server(bounds=Bounds(idle_seconds=100, ping_seconds=0))
        idle, busy = self.opened(server), self.opened(server).ask(code="wait")
        server.reactor.advance(101)
        server.admission.close_idle()
        idle.read()
        busy.read()
        self.assertEqual((idle.close_code, busy.close_code), (4408, None))


class MessageTests(ServerTestCase):
    def test_text(self) -> None:
        """A message in one frame, in several, with control frames between."""
        connection = self.opened()
        connection.send(
            frame(TEXT, b'{"co', fin=False),
            frame(PING, b"p"),
            frame(0, b'de":', fin=False),
            frame(0, b'"x"}'),
        )
        self.assertEqual([each.opcode for each in connection.frames], [PONG, TEXT])
        self.assertEqual(connection.frames[0].payload, b"p")

    def test_binary(self) -> None:
        """A binary message is answered, and the connection stays."""
        connection = self.opened().send(frame(BINARY, b"\x00\xff"))
        self.assertEqual(
            json.loads(connection.texts[0]),
            {
                "success": False,
                "output": "",
                "error": "Ошибка парсинга запроса: ожидается текстовое сообщение с JSON",
            },
        )
        self.assertEqual(len(connection.ask(code="x").texts), 2)

    def test_long_answers(self) -> None:
        """Each form of length in a frame's head."""
        connection = self.opened()
        for size in (0, 80, 81, 82, 200, 65_400, 65_500, 70_000):
            connection.ask(code="x" * size)
            self.assertEqual(len(json.loads(connection.texts[-1])["output"]), size)

    def test_fault_of_ours(self) -> None:
        """An error of ours in receiving closes this connection with 1011, and is logged."""
        connection = self.opened()
        connection.protocol._session.receive = None
        connection.ask(code="x")
        self.assertEqual(connection.close_code, 1011)
        self.assertEqual(len(self.flushLoggedErrors(TypeError)), 1)


class CloseTests(ServerTestCase):
    def test_echo(self) -> None:
        """A close frame is answered with its own code and reason."""
        for code, reason in ((1000, b""), (1001, b"bye"), (3000, "я".encode()), (4999, b"x" * 123)):
            connection = self.opened().send(close(code, reason))
            answer = connection.frames[-1]
            self.assertEqual((answer.opcode, answer.code), (CLOSE, code))
            self.assertEqual(answer.payload[2:], reason)
            self.assertFalse(connection.transport.connected)

    def test_echo_without_code(self) -> None:
        """An empty one with an empty one."""
        connection = self.opened().send(close())
        self.assertEqual(
            (connection.frames[-1].opcode, connection.frames[-1].payload), (CLOSE, b"")
        )

    def test_violations(self) -> None:
        """Frames that break RFC 6455 are answered with 1002, bad UTF-8 with 1007."""
        for data, code in (
            (frame(TEXT, b"{}", masked=False), 1002),
            (frame(TEXT, b"{}", rsv=1), 1002),
            (frame(3), 1002),
            (frame(11), 1002),
            (frame(0, b"x"), 1002),
            (frame(PING, b"x", fin=False), 1002),
            (frame(PING, b"x" * 126), 1002),
            (frame(CLOSE, b"x"), 1002),
            (close(1005), 1002),
            (close(999), 1002),
            (close(5000), 1002),
            (frame(TEXT, b"{}", long_form=2), 1002),
            (frame(TEXT, b"\xff"), 1007),
            (frame(TEXT, b"\xd1"), 1007),
            (close(1000, b"\xff"), 1007),
        ):
            connection = self.opened().send(data)
            self.assertEqual(connection.close_code, code, data[:4])
            connection.server.reactor.advance(2)
            self.assertFalse(connection.transport.connected)

    def test_dropped(self) -> None:
        """A client that drops TCP ends its session, and what it ran."""
        connection = self.opened().ask(code="wait")
        connection.lose()
        self.assertTrue(connection.server.rooms[0].interpreter.closed)

    def test_no_answer_to_our_close(self) -> None:
        """A client that does not answer a close frame is cut off."""
        connection = self.opened()
        connection.protocol.close(1001, "bye")
        connection.read()
        self.assertEqual(connection.close_code, 1001)
        self.assertTrue(connection.transport.connected)
        connection.server.reactor.advance(1.1)
        self.assertTrue(connection.transport.aborted)

    def test_missing_pong(self) -> None:
        """Without an answer to our ping: close 1011."""
        connection = self.opened()
        connection.server.reactor.advance(30)
        connection.read()
        self.assertEqual(connection.frames[0].opcode, PING)
        connection.server.reactor.advance(30)
        connection.read()
        self.assertEqual(connection.close_code, 1011)
        self.assertIn(b"no pong", connection.frames[-1].payload)

    def test_busy_client(self) -> None:
        """Its session ends at once; when it looks again it finds code and reason, and no reset."""
        connection = self.opened(self.server(bounds=Bounds(ping_seconds=5))).ask(code="x")
        server = connection.server
        server.reactor.advance(5)
        server.reactor.advance(5)
        self.assertEqual(server.admission.sessions, {})
        self.assertEqual(server.rooms[0].interpreter.closed, True)
        server.reactor.advance(4.9)
        connection.ask(code="x")
        self.assertTrue(connection.transport.connected)
        self.assertEqual(connection.close_code, 1011)
        connection.send(close(1011))
        self.assertFalse(connection.transport.connected)
        self.assertFalse(connection.transport.aborted)

    def test_client_that_is_gone(self) -> None:
        """Its connection ends in the end, in order if it can."""
        connection = self.opened()
        for _ in range(3):
            connection.server.reactor.advance(30)
        self.assertFalse(connection.transport.connected)
        self.assertFalse(connection.transport.aborted)

    def test_pong(self) -> None:
        """With an answer the connection lives on."""
        connection = self.opened()
        for _ in range(5):
            connection.server.reactor.advance(30)
            connection.read()
            connection.send(frame(PONG, connection.frames[-1].payload))
        self.assertIsNone(connection.close_code)

    def test_pong_that_we_did_not_read(self) -> None:
        """While we read nothing from a client, its pong cannot have come."""
        server = self.server(bounds=Bounds(queue=1))
        connection = self.opened(server).ask(code="wait").ask(code="wait").ask(code="wait")
        self.assertFalse(connection.transport.reading)
        for _ in range(10):
            server.reactor.advance(30)
        connection.read()
        self.assertIsNone(connection.close_code)


class BackPressureTests(ServerTestCase):
    def test_full_queue(self) -> None:
        """More than 16 waiting: nothing is read, not even what has come already; then all is."""
        connection = self.opened().ask(code="wait")
        data = frame(TEXT, b'{"code":"x"}') * 40
        connection.send(data)
        self.assertFalse(connection.transport.reading)
        self.assertEqual(len(connection.protocol._session._queue), 17)
        connection.server.run().finish()
        for _ in range(10):
            connection.server.reactor.advance(0)
        connection.read()
        self.assertEqual(len(connection.texts), 41)
        self.assertTrue(connection.transport.reading)

    def test_flood_of_frames(self) -> None:
        """One client's frames are handled some at a time: the others have their turn."""
        connection = self.opened().send(frame(PING, b"x") * 1000)
        self.assertLessEqual(len(connection.frames), FRAMES_A_TURN + 1)
        self.assertFalse(connection.transport.reading)
        for _ in range(40):
            connection.server.reactor.advance(0)
        connection.read()
        self.assertEqual(len(connection.frames), 1000)
        self.assertTrue(connection.transport.reading)

    def test_client_does_not_read(self) -> None:
        """Its program is paused, pongs are not collected, and all goes on when it reads."""
        connection = self.opened().ask(code="wait", stream=True)
        connection.protocol.pauseProducing()
        interpreter = connection.server.rooms[0].interpreter
        self.assertTrue(interpreter.paused)
        connection.send(*(frame(PING, bytes((n,))) for n in range(50)))
        self.assertEqual(connection.frames, [])
        connection.protocol.resumeProducing()
        connection.read()
        self.assertFalse(interpreter.paused)
        self.assertEqual([each.payload for each in connection.frames], [bytes((49,))])


class LongAnswerTests(ServerTestCase):
    code = "x" * 1_000_000

    def answer_of(self, connection: Connection) -> str:
        """What came last, joined from its frames."""
        kinds = [each.opcode for each in connection.frames]
        self.assertEqual(kinds, [TEXT] + [0] * (len(kinds) - 1))
        self.assertEqual([each.fin for each in connection.frames][-2:], [False, True])
        answer = json.loads(b"".join(each.payload for each in connection.frames))
        return str(answer["output"])

    def test_in_fragments(self) -> None:
        """It comes in frames of one message, some in a turn; what it held is released."""
        connection = self.opened().ask(code=self.code)
        self.assertLess(sum(len(each.payload) for each in connection.frames), len(self.code))
        connection.server.turns(10)
        connection.read()
        self.assertEqual(self.answer_of(connection), self.code)
        self.assertEqual(connection.protocol.account.held, 0)

    def test_compressed(self) -> None:
        """So it does where messages are compressed."""
        server = self.server(compress=True)
        connection = self.opened(server, Sec_WebSocket_Extensions="permessage-deflate")
        connection.ask(code=self.code)
        server.turns(10)
        connection.read()
        packed = b"".join(each.payload for each in connection.frames)
        plain = zlib.decompressobj(wbits=-15).decompress(packed + b"\0\0\xff\xff")
        self.assertEqual(json.loads(plain)["output"], self.code)
        self.assertEqual([each.rsv for each in connection.frames][:2], [4, 0])

    def test_client_does_not_read(self) -> None:
        """No more of it is made than the transport takes; the next answers keep their order."""
        connection = self.opened()
        connection.protocol.transport.write = self.full(connection)
        connection.ask(code=self.code).ask(code="short", id=2)
        server = connection.server
        server.turns(10)
        connection.read()
        self.assertEqual(len(connection.frames), 1)
        self.assertGreater(connection.protocol.account.held, len(self.code))
        for _ in range(20):
            connection.protocol.resumeProducing()
            server.turns(5)
        connection.read()
        last = connection.frames.pop()
        self.assertEqual(json.loads(last.payload)["id"], 2)
        self.assertEqual(self.answer_of(connection), self.code)

    def full(self, connection: Connection) -> Any:
        """``write`` of a transport that is full after each piece."""
        write = connection.transport.write

        def written(data: bytes) -> None:
            write(data)
            if len(data) > 1000:
                connection.protocol.pauseProducing()

        connection.protocol._write = written
        return written

    def test_close_waits_behind_it(self) -> None:
        """Who is to be closed gets first what it was sent, if it takes it in time."""
        for reads in (True, False):
            connection = self.opened()
            connection.protocol.transport.write = self.full(connection)
            connection.ask(code=self.code)
            connection.protocol.close(1001, "bye")
            connection.read()
            self.assertIsNone(connection.close_code)
            if reads:
                for _ in range(20):
                    connection.protocol.resumeProducing()
                    connection.server.turns(5)
            else:
                connection.server.reactor.advance(6)
            connection.read()
            self.assertEqual(connection.close_code, 1001)
            whole = any(each.fin for each in connection.frames if each.opcode == 0)
            self.assertEqual(whole, reads)
            self.assertEqual(connection.protocol.account.held, 0)


class MemoryTests(ServerTestCase):
    """What waits for a client is bounded: it is not read for a while, and closed above a bound."""

    def test_large_requests_wait(self) -> None:
        """After a few it is not read, though sixteen may wait; then it goes on."""
        connection = self.opened().ask(code="wait")
        for _ in range(20):
            connection.ask(code="x" * 2_000_000 + "\U0001f600")
            if not connection.transport.reading:
                break
        held = connection.protocol.account.held
        self.assertGreater(held, 32 << 20)
        self.assertLess(held, 48 << 20)
        connection.server.run().finish()
        connection.server.turns(200)
        self.assertTrue(connection.transport.reading)
        self.assertEqual(connection.protocol.account.held, 0)

    def test_unfinished_messages(self) -> None:
        """Messages that never end count, and who has most of them is closed with a reason."""
        bounds = Bounds(message_bytes=4 << 20, buffered=6 << 20, buffered_per_connection=8 << 20)
        server = self.server(bounds=bounds)
        small, large = self.opened(server), self.opened(server)
        for number in range(40):
            large.send(frame(0 if number else TEXT, b"x" * 100_000, fin=False))
        self.assertFalse(server.factory.budget.held < 3_900_000)
        for number in range(30):
            small.send(frame(0 if number else TEXT, b"x" * 60_000, fin=False))
        self.assertIsNone(large.close_code)
        for _ in range(10):
            small.send(frame(0, b"x" * 100_000, fin=False))
        large.read()
        self.assertEqual((large.close_code, small.close_code), (1013, None))
        self.assertIn(b"more than 6 MiB are waiting on this server", large.frames[-1].payload)
        large.send(frame(0, b"x" * 100_000, fin=False))
        self.assertLess(server.factory.budget.held, 4 << 20)

    def test_short_of_memory(self) -> None:
        """A long message waits while much is held; after a while its holder has to go."""
        bounds = Bounds(message_bytes=4 << 20, buffered=4 << 20)
        server = self.server(bounds=bounds)
        holder, first, second = (self.opened(server) for _ in range(3))
        holder.protocol.account.hold(3 << 20)
        message = frame(TEXT, json.dumps({"code": "x" * 100_000}).encode())
        first.send(message)
        self.assertFalse(first.transport.reading)
        self.assertEqual(second.ask(code="x").frames[-1].opcode, TEXT)
        holder.protocol.account.release(3 << 20)
        server.turns(10)
        first.read()
        self.assertEqual(len(first.frames), 1)
        holder.protocol.account.hold(3 << 20)
        second.send(message)
        server.reactor.advance(11)
        server.turns(10)
        holder.read()
        second.read()
        self.assertEqual((holder.close_code, second.close_code), (1013, None))
        self.assertEqual(len(second.frames), 2)
        holder = self.opened(server)
        holder.protocol.account.hold(3 << 20)
        second.send(message)
        second.lose()  # nobody waits for the one that is gone
        holder.protocol.account.end()

    def test_gone(self) -> None:
        """Nothing is held for a client that is gone."""
        connection = self.opened().ask(code="wait").ask(code="x" * 1_000_000)
        self.assertGreater(connection.server.factory.budget.held, 1_000_000)
        connection.lose()
        self.assertEqual(connection.server.factory.budget.held, 0)


class AuthTests(ServerTestCase):
    def checked(self, **settings: Any) -> Server:
        """A server with a token and an account."""
        checker = InMemoryUsernamePasswordDatabaseDontUse(anna=b"geheim")
        return self.server(token="T", checkers=(checker,), **settings)

    def test_in_the_handshake(self) -> None:
        """A bearer token, a token in the URL, name and password."""
        server = self.checked()
        basic = base64.b64encode(b"anna:geheim").decode()
        for path, headers in (
            ("/", {"Authorization": "Bearer T"}),
            ("/?token=T", {}),
            ("/", {"Authorization": f"Basic {basic}"}),
        ):
            connection = self.opened(server, path, **headers).ask(code="x")
            self.assertEqual(len(connection.texts), 1)
        self.assertEqual(server.admission.sessions[3].identity.account, "anna")

    def test_wrong_in_the_handshake(self) -> None:
        """A wrong one: the handshake, then close 4401, which a page can see."""
        server = self.checked()
        wrong = base64.b64encode(b"anna:falsch").decode()
        for path, authorization in (
            ("/", "Bearer X"),
            ("/?token=X", None),
            ("/", f"Basic {wrong}"),
            ("/", "Basic ???"),
        ):
            server.reactor.advance(1)
            connection = self.opened(server, path, Authorization=authorization)
            self.assertEqual(connection.close_code, 4401)
            connection.ask(code="x")
            self.assertEqual(connection.texts, [])
        self.assertEqual(server.rooms, [])

    def test_first_message(self) -> None:
        """A token or an account as first message."""
        server = self.checked()
        for fields in ({"token": "T"}, {"login": "anna", "password": "geheim"}):
            connection = self.opened(server).ask(type="auth", **fields).ask(code="x")
            self.assertEqual(json.loads(connection.texts[0])["message"], "Доступ разрешён")
            self.assertEqual(len(connection.texts), 2)

    def test_wrong_first_message(self) -> None:
        """Anything else is turned away."""
        server = self.checked()
        for fields, error in (
            ({"type": "auth", "token": "X"}, "Неверный токен"),
            ({"type": "auth"}, "Неверный токен"),
            ({"type": "auth", "login": "anna", "password": ""}, "Неверное имя или пароль"),
            ({"code": "x"}, None),
        ):
            server.reactor.advance(1)
            connection = self.opened(server).ask(**fields)
            self.assertEqual(connection.close_code, 4401)
            errors = [json.loads(text)["error"] for text in connection.texts]
            self.assertEqual(errors, [error] if error else [])

    def test_nothing_in_time(self) -> None:
        """Who shows nothing for ten seconds is turned away."""
        connection = self.opened(self.checked())
        connection.server.reactor.advance(10)
        connection.read()
        self.assertEqual(connection.close_code, 4401)

    def test_too_many_tries(self) -> None:
        """After ten failures an address is refused, without another look."""
        server = self.checked()
        for _ in range(10):
            self.opened(server, Authorization="Bearer X")
            server.reactor.advance(1)  # it rests after each
        connection = self.connect(server).open(Authorization="Bearer T")
        self.assertEqual(connection.status, 429)
        self.assertEqual(
            self.connect(server, "10.0.0.1").open(Authorization="Bearer T").status, 101
        )

    def test_failure_of_ours(self) -> None:
        """A fault while a client is let in is told without its text, which may hold anything."""
        server = self.server(token="T")

        def broken(*arguments: object) -> None:
            raise RuntimeError("secret")

        self.patch(server.admission, "_found", broken)
        connection = self.connect(server).open(Authorization="Bearer T")
        self.assertEqual((connection.status, connection.reader.rest), (500, b"internal error\n"))
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_whole_address(self) -> None:
        """The first line may have the whole address, if it is that of Host."""
        server = self.server()
        rest = handshake().partition(b"\r\n")[2]
        for target, status in (
            ("http://127.0.0.1:8080/x?y=1", 101),
            ("ws://127.0.0.1:8080", 101),
            ("http://evil.example/", 400),
            ("http://127.0.0.1:8080@evil.example/", 400),
            ("file://127.0.0.1:8080/", 400),
            ("x", 400),
        ):
            connection = self.connect(server).send(f"GET {target} HTTP/1.1\r\n".encode() + rest)
            self.assertEqual(connection.status, status, target)

    def test_no_host(self) -> None:
        """A proxy that does not pass on Host is told to."""
        connection = self.connect(self.server()).open(Host=None)
        self.assertEqual(connection.status, 403)
        self.assertIn(b"nginx: proxy_set_header Host $http_host", connection.reader.rest)

    def test_figures_need_their_token(self) -> None:
        """Figures and details are for this machine, and for who shows the token for them."""
        server = self.server(metrics_token="M")
        for path, refused in (("/metrics", 401), ("/readyz", 200)):
            for address, lines, shown in (
                ("127.0.0.1", b"", True),
                ("10.0.0.1", b"", False),
                ("10.0.0.1", b"Authorization: Bearer M\r\n", True),
                ("10.0.0.1", b"Authorization: Bearer X\r\n", False),
                ("127.0.0.1", b"X-Forwarded-For: 10.0.0.1\r\n", False),
                ("127.0.0.1", b"X-Real-IP: 10.0.0.1\r\n", False),
                ("127.0.0.1", b"Forwarded: for=10.0.0.1\r\n", False),
                ("127.0.0.1", b"Via: 1.1 proxy\r\n", False),
                ("127.0.0.1", b"Host: evil.example\r\n", False),
            ):
                request = f"GET {path} HTTP/1.1\r\n".encode() + lines + b"\r\n"
                answer = self.connect(server, address).send(request)
                self.assertEqual(answer.status, 200 if shown else refused, (path, lines))
                self.assertEqual(b"sessions" in answer.reader.rest, shown, (path, lines))

    def test_basic_beside_a_token(self) -> None:
        """Where there are no accounts, a proxy's name and password are none of ours."""
        server = self.server(token="T")
        basic = base64.b64encode(b"anna:geheim").decode()
        for path in ("/", "/?token=T"):
            connection = self.opened(server, path, Authorization=f"Basic {basic}")
            connection.ask(type="auth", token="T").ask(code="x")
            self.assertEqual(len(connection.texts), 2)

    def test_first_message_is_short(self) -> None:
        """Before the token, 64 KiB; behind it as much as anybody."""
        server = self.checked()
        long = self.opened(server).ask(type="auth", token="T" * 65536)
        self.assertEqual(long.close_code, 1009)
        admitted = self.opened(server).ask(type="auth", token="T").ask(code="x" * 100_000)
        self.assertEqual(len(admitted.texts), 2)

    def test_no_sessions_before_the_token(self) -> None:
        """Who has shown nothing takes no session's place, and gets none where all are taken."""
        server = self.checked(bounds=Bounds(connections=1))
        waiting = [self.opened(server) for _ in range(5)]
        waiting[0].ask(type="auth", token="T").ask(code="x")
        self.assertEqual(len(waiting[0].texts), 2)
        waiting[1].ask(type="auth", token="T")
        self.assertIn("предел", waiting[1].texts[0])
        self.assertEqual(waiting[1].close_code, 4401)


class SiteTests(ServerTestCase):
    def get(self, path: str, method: str = "GET", page: Page | None = None, **headers: str) -> Any:
        """What plain HTTP gets."""
        lines = "".join(f"{name.replace('_', '-')}: {v}\r\n" for name, v in headers.items())
        connection = self.connect(self.server(page=page))
        connection.send(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode())
        self.assertFalse(connection.transport.connected)
        return connection

    def test_page(self) -> None:
        """The web client, compressed for who takes it, and not sent twice."""
        page = Page(b"<html>", zlib.compress(b"<html>"), '"tag"')
        answer = self.get("/?x=1", page=page)
        self.assertEqual((answer.status, answer.reader.rest), (200, b"<html>"))
        self.assertIn(b"nosniff", answer.reader.head)
        answer = self.get("/", page=page, Accept_Encoding="gzip, br")
        self.assertIn(b"Content-Encoding: gzip", answer.reader.head)
        answer = self.get("/", page=page, If_None_Match='"tag"')
        self.assertEqual((answer.status, answer.reader.rest), (304, b""))

    def test_path_prefix(self) -> None:
        """Behind a proxy that keeps a path in front: page, figures and socket are there, too."""
        server = self.server(path_prefix="/datacode", page=Page(b"<html>", b"", '"tag"'))
        for path, status in (
            ("/datacode/", 200),
            ("/datacode/?x=1", 200),
            ("/datacode/healthz", 200),
            ("/datacode", 308),
            ("/", 200),
            ("/datacodes/", 426),
        ):
            answer = self.connect(server).send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            self.assertEqual(answer.status, status, path)
            if status == 308:
                self.assertIn(b"\r\nLocation: /datacode/\r\n", answer.reader.head)
        self.opened(server, "/datacode/")

    def test_no_page(self) -> None:
        """Without the web client a sentence."""
        self.assertIn(b"WebSocket", self.get("/").reader.rest)

    def test_health(self) -> None:
        """It lives, and says whether it is ready."""
        self.assertEqual(self.get("/healthz").status, 200)
        answer = self.get("/readyz")
        self.assertEqual(json.loads(answer.reader.rest), {"ready": True, "sessions": 0})

    def test_metrics(self) -> None:
        """Figures for Prometheus."""
        self.assertIn(b"datacode_sessions 0.0", self.get("/metrics").reader.rest)

    def test_head(self) -> None:
        """HEAD has no body; other methods are refused, with what is possible."""
        answer = self.get("/healthz", method="HEAD")
        self.assertEqual((answer.status, answer.reader.rest), (200, b""))
        answer = self.get("/", method="DELETE")
        self.assertEqual(answer.status, 405)
        self.assertIn(b"Allow: GET, HEAD", answer.reader.head)

    def test_reader_that_never_reads(self) -> None:
        """An HTTP client that does not take its answer is cut off in the end."""
        server = self.server()
        connection = self.connect(server)
        connection.transport.loseConnection = lambda: None
        connection.send(b"GET /healthz HTTP/1.1\r\n\r\n")
        server.reactor.advance(5)
        self.assertTrue(connection.transport.aborted)
        connection.protocol.connectionLost(Failure(ConnectionDone()))
        self.connections.remove(connection)


class CompressionTests(ServerTestCase):
    offer = "permessage-deflate; client_max_window_bits"

    def test_off_by_default(self) -> None:
        """The offer is not taken up."""
        connection = self.opened(Sec_WebSocket_Extensions=self.offer)
        self.assertNotIn(b"Extensions", connection.reader.head)

    def compressed(self, data: bytes) -> bytes:
        """A compressed message."""
        deflate = zlib.compressobj(wbits=-15)
        packed = deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH)
        return frame(TEXT, packed[:-4], rsv=4)

    def test_on(self) -> None:
        """With --compress messages go compressed, both ways."""
        server = self.server(compress=True)
        connection = self.opened(server, Sec_WebSocket_Extensions=self.offer)
        self.assertIn(b"permessage-deflate", connection.reader.head)
        connection.send(self.compressed(json.dumps({"code": "x" * 1000}).encode()))
        answer = connection.frames[0]
        self.assertEqual(answer.rsv, 4)
        plain = zlib.decompressobj(wbits=-15).decompress(answer.payload + b"\0\0\xff\xff")
        self.assertEqual(json.loads(plain)["output"], "x" * 1000)
        self.assertLess(len(answer.payload), 100)

    def test_turns(self) -> None:
        """What few bytes become is handled a megabyte at a time: the others have their turn."""
        server = self.server(compress=True)
        connection = self.opened(server, Sec_WebSocket_Extensions=self.offer)
        code = "#" * 7_000_000
        connection.send(self.compressed(json.dumps({"code": code + "x"}).encode()))
        self.assertFalse(connection.transport.reading)
        self.assertLess(connection.protocol._pieces.tell(), 2_000_000)
        server.reactor.advance(0)
        self.assertEqual([run.code for run in server.rooms[0].interpreter.runs], [code + "x"])
        self.assertTrue(connection.transport.reading)

    def test_bomb(self) -> None:
        """What is small only when compressed is refused by its real size."""
        server = self.server(compress=True, bounds=Bounds(message_bytes=10_000))
        connection = self.opened(server, Sec_WebSocket_Extensions=self.offer)
        connection.send(self.compressed(b" " * 10_000_000))
        self.assertEqual(connection.close_code, 1009)
