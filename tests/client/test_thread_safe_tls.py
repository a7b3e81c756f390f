"""TLS of the blocking client: two threads in one connection."""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from datacode.client import thread_safe_tls
from datacode.client.thread_safe_tls import ThreadSafeTLSContext, ThreadSafeTLSSocket
from tests.deploy.proxies import certificate

ROOT = Path(__file__).resolve().parents[2]
MUCH = bytes(range(256)) * 20_000
"""More than the kernel keeps of a connection that nobody reads."""


class ConnectionTests(SynchronousTestCase):
    """A connection to a real TLS server, which is another thread."""

    def setUp(self) -> None:
        """Both ends, hands shaken."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        both = certificate(Path(folder.name))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        trust = ssl.create_default_context(cafile=str(both))
        ours, theirs = socket.socketpair()
        ends: list[ssl.SSLSocket] = []
        accepting = threading.Thread(
            target=lambda: ends.append(context.wrap_socket(theirs, server_side=True))
        )
        accepting.start()
        ours.settimeout(20)
        self.tls = ThreadSafeTLSContext(trust).wrap_socket(ours, server_hostname="127.0.0.1")
        accepting.join()
        (self.server,) = ends
        self.addCleanup(self.server.close)
        self.addCleanup(self.tls.close)

    def in_thread(self, *work: object) -> threading.Thread:
        """Call a function with arguments in a thread, which is joined after the test."""
        function, *arguments = work
        thread = threading.Thread(target=function, args=arguments)  # type: ignore[arg-type]
        thread.start()
        return thread

    def test_writes_while_it_waits_to_read(self) -> None:
        """A reader that waits keeps no writer waiting."""
        got: list[bytes] = []
        reading = self.in_thread(lambda: got.append(self.tls.recv(100)))
        self.tls.sendall(b"asked")
        self.assertEqual(self.server.recv(100), b"asked")
        self.server.sendall(b"answered")
        reading.join(20)
        self.assertEqual(got, [b"answered"])

    def test_reads_while_it_waits_to_write(self) -> None:
        """A writer whose other side does not read yet keeps no reader waiting."""
        writing = self.in_thread(self.tls.sendall, MUCH)
        self.server.sendall(b"first")
        self.assertEqual(self.tls.recv(100), b"first")
        self.assertTrue(writing.is_alive())
        received = bytearray()
        while len(received) < len(MUCH):
            received += self.server.recv(1 << 16)
        writing.join(20)
        self.assertEqual(received, MUCH)

    def test_timeout(self) -> None:
        """As a socket of Python: reading and writing end with ``TimeoutError``."""
        self.assertEqual(self.tls.gettimeout(), 20)
        self.tls.settimeout(0.01)
        with self.assertRaises(TimeoutError):
            self.tls.recv(1)
        with self.assertRaises(TimeoutError):
            self.tls.sendall(MUCH)

    def test_close_wakes_a_reader(self) -> None:
        """Nobody waits in a connection that was closed."""
        self.tls.settimeout(None)
        ended = threading.Event()

        def read() -> None:
            with contextlib.suppress(OSError):
                self.tls.recv(1)
            ended.set()

        self.in_thread(read)
        self.tls.close()
        self.assertTrue(ended.wait(20))

    def test_close_while_a_reader_begins_to_wait(self) -> None:
        """Not even one who has made everything ready and has not waited yet."""
        tls, woken = self.tls, []

        class Closing(selectors.DefaultSelector):
            def select(self, timeout: float | None = None) -> Any:
                tls.close()
                woken.append(super().select(20))
                return woken[-1]

        self.patch(thread_safe_tls.selectors, "DefaultSelector", Closing)
        with contextlib.suppress(OSError):
            tls.recv(1)
        self.assertTrue(woken[0])

    def test_end_of_the_stream(self) -> None:
        """What came before it is read first; what this side has ended can still be read from."""
        self.tls.shutdown(socket.SHUT_WR)
        self.server.sendall(b"last")
        self.server.close()
        self.assertEqual(self.tls.recv(100), b"last")
        self.assertEqual(self.tls.recv(100), b"")

    def test_the_rest_is_the_socket(self) -> None:
        """Other attributes are those of ``ssl.SSLSocket``."""
        self.assertIsInstance(self.tls, ThreadSafeTLSSocket)
        self.assertEqual(self.tls.version(), "TLSv1.3")
        self.assertGreater(self.tls.fileno(), 0)


class SessionTicketTests(SynchronousTestCase):
    """The blocking client and a server that speaks while the request is written."""

    def test_no_request_is_lost(self) -> None:
        """Every connection is made, every call answered."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.client.session_tickets", "60"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=110,
        )
        self.assertEqual((done.returncode, done.stdout), (0, "60\n"), done.stderr[-2000:])
