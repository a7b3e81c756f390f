"""The server behind nginx and HAProxy as ``deploy/`` configures them: real programs, loopback."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as connect_socket

from datacode.client import Client, connect
from tests.daemons import Daemon, twistd
from tests.deploy import proxies
from tests.deploy.proxies import PATIENCE, Proxy

COUNTS = """for i in range(20) do
  for k in range(400000) do
    n = k
  next k
  print(i)
next i"""


class Proxied:
    """A server with a proxy in front of it."""

    def __init__(self, kind: str) -> None:
        proxies.program(kind)
        # In a folder with a short name: the path of a socket may not be long.
        self._temporary = tempfile.TemporaryDirectory(prefix="dc-")
        self.folder = Path(self._temporary.name)
        self.server = Daemon(
            twistd(self.folder, "--port", "0", "--proxies", "1", "--use-ve"), self.folder
        )
        self.proxy: Proxy = getattr(proxies, kind)(self.folder, self.server.port())


_running: dict[str, Proxied] = {}


class ProxyTestCase:
    """What holds behind either of them."""

    kind = ""

    def setUp(self) -> None:
        """Start both if this is the first test."""
        if self.kind not in _running:
            _running[self.kind] = Proxied(self.kind)
        self.server = _running[self.kind].server
        self.proxy = _running[self.kind].proxy
        self.folder = _running[self.kind].folder
        self.host = f"127.0.0.1:{self.proxy.port}"

    def client(self, **options: Any) -> Client:
        """A connection through the proxy."""
        made = connect(f"wss://{self.host}/", ssl=self.proxy.trust, locale="en", **options)
        self.addCleanup(made.close)  # type: ignore[attr-defined]
        return made

    def get(self, path: str, source: str = "127.0.0.1") -> http.client.HTTPResponse:
        """The answer to a plain request, as seen from an address."""
        connection = http.client.HTTPSConnection(
            "127.0.0.1",
            self.proxy.port,
            context=self.proxy.trust,
            source_address=(source, 0),
            timeout=PATIENCE,
        )
        self.addCleanup(connection.close)  # type: ignore[attr-defined]
        connection.request("GET", path)
        return connection.getresponse()


class Common(ProxyTestCase):
    """The tests; run once for each proxy."""

    def test_away(self: Any) -> None:
        """The proxy is killed and started again while a program runs, then reloaded while another
        does: the session goes on, nothing is lost or doubled."""
        client = self.client(ping_interval=1, ping_timeout=1)
        client.execute("x = 7")
        for disturb in (self.proxy.restart, self.proxy.reload):
            pieces: list[str] = []

            def printed(
                text: str, pieces: list[str] = pieces, disturb: Callable[[], None] = disturb
            ) -> None:
                if not pieces:
                    disturb()
                pieces.append(text)

            result = client.execute(COUNTS, on_output=printed)
            self.assertEqual(result.output, "".join(f"{i}\n" for i in range(20)))
            self.assertEqual("".join(pieces), result.output)
            self.assertEqual(client.execute("print(x)").output, "7\n")
        self.assertEqual(client.output_lost, 0)

    def test_websocket(self: Any) -> None:
        """Programs run, state stays, many messages one after another."""
        client = self.client()
        self.assertEqual(client.execute("x = 1\nprint('привет')").output, "привет\n")
        for _ in range(20):
            client.execute("x = x + 1")
        self.assertEqual(client.execute("print(x)").output, "21\n")

    def test_streaming(self: Any) -> None:
        """Output is seen while the program still runs: nobody on the way keeps it back."""
        client = self.client()
        pieces: list[str] = []

        def told(text: str) -> None:
            pieces.append(text)
            client.interrupt()

        endless = "print('begun')\nfor i in range(1000000000) do\n  x = i\nnext i"
        result = client.execute(endless, on_output=told)
        self.assertEqual(pieces[0], "begun\n")
        self.assertEqual(result.error, "Limit Error: Execution was interrupted")

    def test_large_messages(self: Any) -> None:
        """Far above what proxies allow for plain requests, both ways."""
        client = self.client()
        content = bytes(range(256)) * 20_000
        client.upload("big.bin", content)
        self.assertEqual(client.download("big.bin"), content)

    def test_page_and_health(self: Any) -> None:
        """The web client, and what tells whether the server lives."""
        page = self.get("/")
        self.assertEqual(page.status, 200)
        self.assertIn(b"<!doctype html", page.read(200).lower())
        self.assertEqual(self.get("/healthz").status, 200)
        self.assertEqual(self.get("/readyz").status, 200)

    def test_metrics_are_not_for_everybody(self: Any) -> None:
        """Who comes from elsewhere is refused by the proxy."""
        self.assertEqual(self.get("/metrics", source="127.0.0.9").status, 403)

    def test_origins(self: Any) -> None:
        """The page that came through the proxy may connect, a page of another site may not."""
        client = self.client(headers={"Origin": f"https://{self.host}"})
        self.assertEqual(client.execute("print(1)").output, "1\n")
        with self.assertRaises(InvalidStatus) as caught:
            self.client(headers={"Origin": "https://evil.example"})
        self.assertEqual(caught.exception.response.status_code, 403)

    def test_address_of_the_client(self: Any) -> None:
        """The server's log names the client, not the proxy."""
        raw = socket.create_connection(
            ("127.0.0.1", self.proxy.port), PATIENCE, source_address=("127.0.0.7", 0)
        )
        client = self.client(sock=raw)
        self.assertEqual(client.execute("print(1)").output, "1\n")
        self.server.wait_for(r"подключение от 127\.0\.0\.7\b")


class NginxTests(Common, SynchronousTestCase):
    """Behind nginx."""

    kind = "nginx"

    def test_metrics_for_this_machine(self) -> None:
        """Who watches the server from beside it may."""
        answer = self.get("/metrics")
        self.assertEqual(answer.status, 200)
        self.assertIn(b"datacode_", answer.read())


class PasswordTests(SynchronousTestCase):
    """nginx asks for a password of its own (``auth_basic``), the server for a token."""

    def setUp(self) -> None:
        proxies.program("nginx")
        temporary = tempfile.TemporaryDirectory(prefix="dc-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def behind(self, *options: str) -> tuple[Daemon, Proxy]:
        """A server with such options, and nginx."""
        server = Daemon(twistd(self.folder, "--port", "0", "--proxies", "1", *options), self.folder)
        self.addCleanup(server.close)
        proxy = proxies.nginx_with_passwords(self.folder, server.port())
        self.addCleanup(proxy.stop)
        return server, proxy

    def browser(self, proxy: Proxy, password: str, query: str = "") -> ClientConnection:
        """A connection whose browser has given nginx a password."""
        basic = base64.b64encode(f"anna:{password}".encode()).decode()
        made = connect_socket(
            f"wss://127.0.0.1:{proxy.port}/{query}",
            ssl=proxy.trust,
            additional_headers={"Authorization": f"Basic {basic}"},
        )
        self.addCleanup(made.close)
        return made

    def asked(self, browser: ClientConnection, **request: Any) -> dict[str, Any]:
        """The answer to a request."""
        browser.send(json.dumps(request))
        answer: dict[str, Any] = json.loads(browser.recv(PATIENCE))
        return answer

    def test_beside_a_token(self) -> None:
        """nginx checks its password; that is no wrong token, and the right one opens the door."""
        server, proxy = self.behind("--token", "T")
        shown_first = self.browser(proxy, "secret")
        self.assertTrue(self.asked(shown_first, type="auth", token="T")["success"])
        for browser in (shown_first, self.browser(proxy, "secret", "?token=T")):
            self.assertEqual(self.asked(browser, code="print(1)")["output"], "1\n")
        refused = self.browser(proxy, "secret", "?token=X")
        with self.assertRaises(ConnectionClosed) as closed:
            refused.recv(PATIENCE)
        self.assertEqual(closed.exception.rcvd.code, 4401)
        with self.assertRaises(InvalidStatus) as caught:
            self.browser(proxy, "wrong")
        self.assertEqual(caught.exception.response.status_code, 401)
        self.assertNotIn("secret", "\n".join(server.lines))

    def test_without_anything(self) -> None:
        """A server that asks nobody who he is does not look at it either."""
        _, proxy = self.behind()
        answer = self.asked(self.browser(proxy, "secret"), code="print(1)")
        self.assertEqual(answer["output"], "1\n")


class HaproxyTests(Common, SynchronousTestCase):
    """Behind HAProxy."""

    kind = "haproxy"

    def state(self) -> str:
        """What HAProxy thinks of the server: the last health check, and UP or DOWN."""
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(self.folder / "control"))
            control.sendall(b"show stat json\n")
            text = b"".join(iter(lambda: control.recv(65536), b""))
        for fields in json.loads(text):
            found = {f["field"]["name"]: f["value"]["value"] for f in fields}
            if found["svname"] == "one":
                return f"{found['check_status']} {found['status']}"
        raise AssertionError(text)

    def wait_for_state(self, expected: str) -> None:
        """Wait until HAProxy thinks so."""
        end = time.monotonic() + PATIENCE
        while not self.state().startswith(expected):
            self.assertLess(time.monotonic(), end, self.state())
            time.sleep(0.02)

    def test_zz_health_checks(self) -> None:
        """A living server is UP, one that was stopped gets nobody. The last test: it stops it."""
        self.wait_for_state("L7OK UP")
        self.assertEqual(self.server.stop(), 0)
        self.wait_for_state("L4CON")
        self.assertEqual(self.get("/").status, 503)
        del _running[self.kind]
