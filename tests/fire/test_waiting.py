"""What waits in memory for clients, in numbers: beside a session at work.

With ``DATACODE_FIGURES=1`` the figures for the table in docs/security.md are printed.
"""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

from websockets.sync.client import ClientConnection, connect

from tests.daemons import PATIENCE
from tests.fire.test_entry import Bystander
from tests.server.frames import CLOSE, CONTINUATION, TEXT, Reader, frame, handshake
from tests.shared_daemon import SharedDaemonTestCase

MIB = 1 << 20
ENDLESS = frame(TEXT, b'{"code": "i = 0\\nwhile true do\\ni = i + 1\\nendwhile"}')
ESCAPES = "s = '" + "\x01" * 15 + "'\nfor i in range(20) do\ns = s + s\nnext i\nprint(s)"
"""A program whose output is six times as long in JSON."""


def resident(process: int) -> int:
    """Mebibytes of memory that a process has."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) // 1024


class WaitingTests(SharedDaemonTestCase):
    timeout = 180

    def command(self, folder: Path) -> list[str]:
        """A file to read, and a total that is soon reached."""
        (folder / "a.txt").write_text("x")
        self.words = ("--max-buffered-mib", "256")
        return super().command(folder)

    def raw(self) -> socket.socket:
        """A client with hardly any room for what it has not read."""
        client = socket.socket()
        self.addCleanup(client.close)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(PATIENCE)
        client.connect(("127.0.0.1", self._port))
        client.sendall(handshake())
        self.assertTrue(client.recv(4096).startswith(b"HTTP/1.1 101 "))
        return client

    def begin(self) -> ClientConnection:
        """Somebody at work, how that is without an attack, and how much memory that takes."""
        client = connect(f"ws://127.0.0.1:{self._port}", open_timeout=PATIENCE)
        self.addCleanup(client.close)
        with Bystander(client) as calm:
            time.sleep(1)
        self.calm = calm.p99
        self.memory = resident(self._daemon.process.pid)
        return client

    def tell(self, attack: str, during: Bystander, most: int) -> None:
        """Print the figures where they are asked for; somebody at work must not notice much."""
        if os.environ.get("DATACODE_FIGURES"):
            print(f"{attack}: {self.calm:.3f} s, {during.p99:.3f} s; {most} MiB more")
        self.assertLess(during.p99, 2.0)

    def most_during(self, seconds: float) -> int:
        """Mebibytes by which the server grows at most."""
        most, until = 0, time.monotonic() + seconds
        while time.monotonic() < until:
            most = max(most, resident(self._daemon.process.pid) - self.memory)
            time.sleep(0.05)
        return most

    def test_answers_that_nobody_reads(self) -> None:
        """Ten clients that ask for sixteen mebibytes of escapes each, and read nothing."""
        request = frame(TEXT, json.dumps({"code": ESCAPES, "tables": True}).encode())
        with Bystander(self.begin()) as during:
            for _ in range(10):
                self.raw().sendall(request * 17)
            most = self.most_during(10)
        self.tell("answers that nobody reads", during, most)
        self.assertLess(most, 10 * 64)

    def test_requests_that_wait(self) -> None:
        """Four clients, each with a program that does not end and large requests behind it."""
        request = frame(
            TEXT, json.dumps({"code": "#" * 7 * MIB + "\U0001f600"}, ensure_ascii=False).encode()
        )
        with Bystander(self.begin()) as during:
            for _ in range(4):
                client = self.raw()
                client.sendall(ENDLESS)
                client.setblocking(False)
                for _ in range(6):
                    self.pushed(client, request, 0.3)
            most = self.most_during(3)
        self.tell("requests that wait", during, most)
        self.assertLess(most, 4 * 128)

    def pushed(self, client: socket.socket, data: bytes, seconds: float) -> None:
        """Send as much as is taken in so many seconds."""
        left, until = memoryview(data), time.monotonic() + seconds
        while left and time.monotonic() < until:
            try:
                left = left[client.send(left[: 1 << 18]) :]
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:
                return

    def test_messages_without_end(self) -> None:
        """Ten clients that begin a message of sixty mebibytes each and never end it: the largest
        ones are closed with a reason, the server's total holds."""
        piece, clients = b"x" * MIB, []
        message = frame(TEXT, piece, fin=False) + frame(CONTINUATION, piece, fin=False) * 54
        with Bystander(self.begin()) as during:
            for _ in range(10):
                clients.append(self.raw())
                clients[-1].setblocking(False)
                self.pushed(clients[-1], message, 3)
            most = self.most_during(12)
        self.tell("messages without end", during, most)
        self.assertLess(most, 256)
        self.assertIn(1013, {self.close_code(client) for client in clients})

    def close_code(self, client: socket.socket) -> int | None:
        """The code of the close frame that has come, if one has."""
        reader = Reader()
        reader.head = b"HTTP/1.1 101 "
        try:
            data = client.recv(4096)
        except OSError:
            return None
        return next((each.code for each in reader.feed(data) if each.opcode == CLOSE), None)
