"""Clients that read slowly, and those that do not read at all, where pings come often."""

from __future__ import annotations

import json
import socket
import time

from tests.daemons import PATIENCE, foreground
from tests.server.frames import CONTINUATION, TEXT, Reader, frame, handshake
from tests.test_daemon import DaemonTestCase

NARROW = 4096
LENGTH = 1_500_000


class SlowReaderTests(DaemonTestCase):
    """A ping waits behind what was sent before it: who reads that slowly has not seen it yet."""

    def setUp(self) -> None:
        super().setUp()
        self.daemon = self.start(foreground("--port", "0", "--ping-interval", "0.4"))
        self.port = self.daemon.port()

    def client(self) -> socket.socket:
        """One with hardly any room for what it has not read, that has asked for a long answer."""
        client = socket.socket()
        self.addCleanup(client.close)
        client.settimeout(PATIENCE)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW)
        client.connect(("127.0.0.1", self.port))
        request = json.dumps({"code": f"print('x' * {LENGTH})"}).encode()
        client.sendall(handshake() + frame(TEXT, request))
        return client

    def test_slow(self) -> None:
        """It gets all of its answer, though it answers no ping before."""
        client, reader = self.client(), Reader()
        answer, whole = b"", False
        while not whole:
            time.sleep(0.01)
            piece = client.recv(NARROW)
            self.assertTrue(piece, "the server ended the connection")
            for each in reader.feed(piece):
                if each.opcode in (TEXT, CONTINUATION):
                    answer += each.payload
                    whole = each.fin
        expected = {"success": True, "output": "x" * LENGTH + "\n", "error": None}
        self.assertEqual(json.loads(answer), expected)

    def test_hanging(self) -> None:
        """One that takes in nothing is given up."""
        self.client()
        self.daemon.wait_for(r"Клиент отключился .*: .*(pong|closing handshake timeout)")
        self.assertEqual(self.talk(self.port).ask(code="print(1)")["output"], "1\n")
