"""What bad networks and broken servers do to reads, and to a file that is stored.

Every read either returns exactly the file's bytes or fails with one of the honest sentences; a
file that is stored is the old one or the new one.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import struct
import threading
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from datacode.smb import errors
from datacode.smb.client import reconnecting
from datacode.smb.client.dfs_namespace import DfsNamespace
from datacode.smb.client.pipelined_io import BytesSource
from datacode.smb.client.reconnecting import ReconnectingShare
from datacode.smb.client.share import open_share
from datacode.smb.deadline import Deadline
from datacode.smb.errors import Cause, ShareError
from datacode.smb.policy import ConnectionPolicy
from datacode.smb.target import Target
from tests.smb.blocking import perform
from tests.smb.proxy import Fault, FaultProxy
from tests.smb.samba import Samba, samba
from tests.smb.test_share import ShareTestCase

CONTENT = random.Random(7).randbytes(700_001)
NAME = "faults.bin"

CONNECTION = (errors.LOST, errors.SILENT, errors.UNREACHABLE)
TAMPERED = (
    *(*CONNECTION, errors.FORGED, errors.NONSENSE, errors.ONLY_SMB1),
    # A bit of a login that was changed can make it anything that a login can be.
    *(*errors.LOGIN_REFUSED, errors.DENIED, errors.OTHER, errors.BUSY, errors.EXPIRED),
)


class FaultTestCase(ShareTestCase):
    """Reads through a proxy."""

    def proxied(self, server: Samba) -> FaultProxy:
        """A proxy before a server that has the file."""
        if not (server.folder / NAME).exists():
            (server.folder / NAME).write_bytes(CONTENT)
        proxy = FaultProxy(server.port)
        self.addCleanup(proxy.close)
        return proxy

    def connection(self, server: Samba, proxy: FaultProxy) -> ReconnectingShare:
        """A connection to the share through a proxy."""
        connection = ReconnectingShare(
            server.target(port=proxy.port), "data", ConnectionPolicy(), 60
        )
        self.addCleanup(connection.drop)
        return connection

    def read_through(self, connection: ReconnectingShare, *, stall: float = 60) -> bytes:
        """The file, with one more attempt where that is allowed."""
        return self.content(
            perform(
                connection,
                lambda share, deadline: share.fetch(NAME, deadline),
                Deadline(90, stall),
                again=True,
            )
        )

    def outcome(
        self, server: Samba, proxy: FaultProxy, allowed: tuple[Cause, ...], stall: float = 60
    ) -> str:
        """What a read comes to: ``ok``, or the sentence; anything else fails the test."""
        connection = ReconnectingShare(
            server.target(port=proxy.port), "data", ConnectionPolicy(), 60
        )
        try:
            content = self.read_through(connection, stall=stall)
        except ShareError as error:
            self.assertIn(error.cause, allowed, str(error))
            return str(error)
        finally:
            connection.drop()
        self.assertTrue(content == CONTENT, "the bytes are not the file's")
        return "ok"


class FaultTests(FaultTestCase):
    """Connections that break, stall and drip, and what is no file server at all."""

    def setUp(self) -> None:
        self.server = samba()
        self.proxy = self.proxied(self.server)

    def test_the_proxy_itself_changes_nothing(self) -> None:
        """Without a fault the file comes as it is."""
        self.assertEqual(self.outcome(self.server, self.proxy, ()), "ok")

    def test_one_cut_is_not_noticed(self) -> None:
        """A connection that breaks, wherever, is made anew once."""
        for at in (0, 1, 300, 1000, 2000, 100_000, 500_000):
            self.proxy.fault(Fault("cut", at))
            self.assertEqual(self.outcome(self.server, self.proxy, ()), "ok", at)

    def test_two_cuts_are_told(self) -> None:
        """Then it is over, and the sentence names the server as the client did."""
        self.proxy.every(Fault("cut", 100_000))
        self.assertEqual(
            self.outcome(self.server, self.proxy, (errors.LOST,)),
            f"соединение с 127.0.0.1:{self.proxy.port} потеряно",
        )
        self.assertEqual(self.proxy.connections, 2)

    def test_a_server_that_goes_away_for_good(self) -> None:
        """Is lost, not unreachable: it was there a moment ago."""
        connection = self.connection(self.server, self.proxy)
        self.read_through(connection)
        self.proxy.close()
        error = self.assertRaises(ShareError, self.read_through, connection)
        self.assertIs(error.cause, errors.LOST)

    def test_an_idle_connection_that_was_dropped(self) -> None:
        """Is made anew without a word."""
        connection = self.connection(self.server, self.proxy)
        self.read_through(connection)
        self.proxy.drop_all()
        self.assertTrue(self.read_through(connection) == CONTENT)

    def test_a_change_after_a_rest(self) -> None:
        """What must not be done twice is tried on a connection that gave a sign of life."""
        self.patch(reconnecting, "_STALE", 0.0)
        connection = self.connection(self.server, self.proxy)
        self.read_through(connection)
        for name in ("first", "second"):
            (self.server.folder / name).touch()
            self.proxy.drop_all()
            perform(
                connection,
                lambda share, i, n=name: share.remove(n, i),
                Deadline(60, 60),
                again=False,
            )
            self.assertFalse((self.server.folder / name).exists())

    def test_a_change_on_a_connection_that_breaks(self) -> None:
        """Is not repeated: nobody knows whether it was done."""
        connection = self.connection(self.server, self.proxy)
        self.read_through(connection)
        self.proxy.drop_all()
        (self.server.folder / "third").touch()
        error = self.assertRaises(
            ShareError,
            perform,
            connection,
            lambda share, i: share.remove("third", i),
            Deadline(60, 60),
            again=False,
        )
        self.assertIs(error.cause, errors.LOST)
        self.assertEqual(self.proxy.connections, 1)

    def test_a_server_that_restarts(self) -> None:
        """The same, with a real server that ends and begins again."""
        server = samba(comment="restarts")
        connection = self.connection(server, self.proxied(server))
        self.read_through(connection)
        server.kill()
        server.start()
        self.assertTrue(self.read_through(connection) == CONTENT)

    def test_a_share_that_is_closed_by_its_server(self) -> None:
        """When the administrator ends the session, it is made anew."""
        connection = self.connection(self.server, self.proxy)
        self.read_through(connection)

        def log_off(share: DfsNamespace, deadline: Deadline) -> None:
            with share._root._wire.during(deadline):
                share._root._connection.logoff()

        perform(connection, log_off, Deadline(5, 5), again=False)
        self.assertTrue(self.read_through(connection) == CONTENT)

    def test_silence(self) -> None:
        """A server that stops in the middle has so much time, and no second attempt."""
        for at in (0, 300, 200_000):
            self.proxy.every(Fault("stall", at))
            before = self.proxy.connections
            self.assertEqual(
                self.outcome(self.server, self.proxy, (errors.SILENT,), stall=0.2),
                f"сервер 127.0.0.1:{self.proxy.port} не отвечает",
            )
            self.assertEqual(self.proxy.connections, before + 1)

    def test_a_pause_is_no_silence(self) -> None:
        """Slow is not dead."""
        self.proxy.every(Fault("delay", 200_000, seconds=0.3))
        self.assertEqual(self.outcome(self.server, self.proxy, ()), "ok")

    def test_a_drip_ends_at_the_deadline(self) -> None:
        """Bytes that keep coming, but too slowly, do not make a call endless."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def drip() -> None:
            client, _ = listener.accept()
            with client:
                try:
                    client.sendall(b"\0\0\1\0")
                    while True:
                        client.sendall(b"x")
                        stop.wait(0.02)
                except OSError:
                    return

        stop = threading.Event()
        threading.Thread(target=drip, daemon=True).start()
        target = Target.parse(f"127.0.0.1:{listener.getsockname()[1]}", "a", "b", "")
        error = self.assertRaises(
            ShareError, open_share, target, "data", ConnectionPolicy(), Deadline(0.3, 5)
        )
        self.assertIs(error.cause, errors.SILENT)

    def test_what_is_not_smb(self) -> None:
        """Another service on that port breaks the protocol, and that is what is said."""
        for answer in (
            b"SSH-2.0-OpenSSH_9.2p1\r\n" * 20,
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            struct.pack(">I", 64) + b"\xfeSMB" + b"\xff" * 60,
            struct.pack(">I", 200) + b"\xfeSMB" + b"\0" * 196,
            struct.pack(">I", 0xFFFFFF),
            struct.pack(">I", 0),
        ):
            listener = socket.create_server(("127.0.0.1", 0))
            self.addCleanup(listener.close)
            threading.Thread(target=answering, args=(listener, answer), daemon=True).start()
            target = Target.parse(f"127.0.0.1:{listener.getsockname()[1]}", "a", "b", "")
            error = self.assertRaises(
                ShareError, open_share, target, "data", ConnectionPolicy(), Deadline(30, 20)
            )
            self.assertIn(error.cause, (errors.NONSENSE, errors.LOST, errors.OTHER))


class StoreFaultTests(FaultTestCase):
    """A file that is stored while its connection breaks, at every place of every answer."""

    def setUp(self) -> None:
        self.server = samba()
        self.proxy = self.proxied(self.server)
        self.folder = self.folder_of(self.server)
        self.file = self.folder / "book.csv"

    def store(self, content: bytes, stall: float = 60) -> ShareError | None:
        """Store the file on a connection of its own; why it could not be done, if so."""
        connection = self.connection(self.server, self.proxy)
        try:
            perform(
                connection,
                lambda share, i: share.store(
                    f"{self.folder.name}/book.csv", BytesSource(content), i, token="t"
                ),
                Deadline(90, stall),
                again=False,
            )
        except ShareError as error:
            return error
        finally:
            connection.drop()
        return None

    def clean_up(self) -> None:
        """What is done after a store that failed because of its connection."""
        connection = self.connection(self.server, self.proxy)
        with contextlib.suppress(ShareError):  # there need be nothing left
            perform(
                connection,
                lambda share, i: share.discard(f"{self.folder.name}/book.csv", i, token="t"),
                Deadline(90, 60),
                again=False,
            )
        connection.drop()

    def received(self, work: Callable[[], object]) -> int:
        """How many bytes come from the server meanwhile."""
        before = self.proxy.received
        work()
        return self.proxy.received - before

    def places(self, *, new: bool) -> range:
        """Some bytes of every answer that comes in a store, from the end of the login on."""
        if new:
            self.file.unlink(missing_ok=True)
        else:
            self.file.write_bytes(b"old")
        login = self.received(self.connect)
        total = self.received(lambda: self.assertIsNone(self.store(b"new")))
        self.assertGreater(total, login)
        return range(login - 300, total, 61)

    def connect(self) -> None:
        """Log in, and look at the share's root."""
        connection = self.connection(self.server, self.proxy)
        perform(connection, lambda share, i: share.check(i), Deadline(90, 60), again=False)
        connection.drop()

    def check(self, fault: Fault, allowed: tuple[Cause, ...], *, new: bool, stall: float) -> None:
        """The file is the old one or the new one whole, nothing else is left, another one works."""
        if new:
            self.file.unlink(missing_ok=True)
        else:
            self.file.write_bytes(b"old")
        self.proxy.fault(fault)
        failure = self.store(b"new and longer", stall)
        found = self.file.read_bytes() if self.file.exists() else None
        if failure is None:
            self.assertEqual(found, b"new and longer", fault)
        else:
            self.assertIn(failure.cause, allowed, fault)
            self.assertIn(found, (None if new else b"old", b"new and longer"), fault)
            self.clean_up()
        self.assertIsNone(self.store(b"second"), fault)
        self.assertEqual(self.file.read_bytes(), b"second")
        self.assertEqual(os.listdir(self.folder), ["book.csv"], fault)

    def test_cut(self) -> None:
        """A connection that breaks."""
        for new in (False, True):
            for at in self.places(new=new):
                self.check(Fault("cut", at), CONNECTION, new=new, stall=60)

    def test_stalled(self) -> None:
        """A server that says nothing more."""
        for at in self.places(new=False)[::2]:
            self.check(Fault("stall", at), CONNECTION, new=False, stall=0.3)

    def test_changed(self) -> None:
        """A bit that is another one on the way."""
        for at in self.places(new=False):
            self.check(Fault("flip", at, 5), TAMPERED, new=False, stall=1)


def answering(listener: socket.socket, answer: bytes) -> None:
    """Say the same thing to whoever connects, twice at most."""
    for _ in range(2):
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client:
            client.recv(1 << 16)
            client.sendall(answer)


PROTECTIONS: dict[str, dict[str, str]] = {
    "3.1.1 AES-GCM": {},
    "3.1.1 AES-CCM": {"server_smb3_encryption_algorithms": "AES-128-CCM"},
    "3.1.1 AES-GMAC": {"encrypt": "off"},
    "3.1.1 AES-CMAC": {"encrypt": "off", "server_smb3_signing_algorithms": "AES-128-CMAC"},
    "3.0 AES-CCM": {"dialect": "3.0"},
    "3.0 AES-CMAC": {"dialect": "3.0", "encrypt": "off"},
    "2.1 HMAC-SHA256": {"dialect": "2.1"},
    "2.0.2 HMAC-SHA256": {"dialect": "2.0.2"},
}


class IntegrityTests(FaultTestCase):
    """One bit that changes on the way."""

    def setUp(self) -> None:
        self._proxies: dict[Samba, tuple[FaultProxy, int]] = {}

    def untampered(self, server: Samba) -> tuple[FaultProxy, int]:
        """A proxy, and how many bytes come from the server in a read without faults."""
        if server not in self._proxies:
            proxy = self.proxied(server)
            self.assertEqual(self.outcome(server, proxy, ()), "ok")
            self._proxies[server] = proxy, proxy.received
        return self._proxies[server]

    def test_a_bit_of_the_data(self) -> None:
        """Is found under every protection, and nothing is read."""
        for name, options in PROTECTIONS.items():
            server = samba(**options)
            proxy, total = self.untampered(server)
            for at in (total - 400_000, total - 200_000):
                proxy.every(Fault("flip", at, 3))
                self.assertEqual(
                    self.outcome(server, proxy, (errors.FORGED,)),
                    f"ответ сервера 127.0.0.1:{proxy.port} не прошёл проверку целостности",
                    name,
                )

    @settings(max_examples=100, deadline=None, derandomize=True)
    @given(
        st.sampled_from(sorted(PROTECTIONS)),
        st.floats(0, 1, exclude_max=True),
        st.booleans(),
        st.integers(0, 7),
    )
    def test_a_bit_anywhere(self, name: str, place: float, early: bool, bit: int) -> None:
        """Of negotiation, login and all: the file's bytes or a sentence, never anything else."""
        server = samba(**PROTECTIONS[name])
        proxy, total = self.untampered(server)
        proxy.every(Fault("flip", int(place * (2500 if early else total)), bit))
        self.outcome(server, proxy, TAMPERED, stall=0.3)

    @settings(max_examples=40, deadline=None, derandomize=True)
    @given(
        st.sampled_from(["cut", "stall", "delay"]),
        st.floats(0, 1, exclude_max=True),
        st.booleans(),
        st.booleans(),
    )
    def test_any_fault_anywhere(self, kind: str, place: float, early: bool, once: bool) -> None:
        """The same where the connection breaks, stalls or pauses."""
        server = samba()
        proxy, total = self.untampered(server)
        fault = Fault(kind, int(place * (2500 if early else total)), seconds=0.02)
        if once:
            proxy.fault(fault)
        else:
            proxy.every(fault)
        self.outcome(server, proxy, CONNECTION, stall=0.15)
