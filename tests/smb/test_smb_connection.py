"""Impacket's own code on our connection: what of it is left, and what a bad answer does to it."""

from __future__ import annotations

import contextlib
import gc
import random
import struct
import threading
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import FunctionType

from hypothesis import given, settings
from hypothesis import strategies as st
from impacket import smb3
from impacket.smbconnection import SMBConnection
from twisted.trial.unittest import SynchronousTestCase

from datacode.smb import errors
from datacode.smb.client.pipelined_io import BytesSource
from datacode.smb.client.reconnecting import ReconnectingShare
from datacode.smb.client.session_setup import log_in, share_names
from datacode.smb.client.smb_connection import (
    _CREDENTIALS,
    ASK_SECURITY,
    DISK,
    HardenedSMB3,
    ShareConnection,
)
from datacode.smb.deadline import CallCancelled, Deadline
from datacode.smb.errors import Cause, ShareError
from datacode.smb.policy import ConnectionPolicy, Offer
from datacode.smb.protocol import messages
from datacode.smb.protocol.messages import Command
from datacode.smb.target import Target
from tests.smb.blocking import perform
from tests.smb.proxy import Fault, FaultProxy
from tests.smb.samba import PASSWORD, Samba, samba
from tests.smb.test_connection import HANDLE, Request, WireTestCase, frame, on_wire, reply
from tests.smb.test_faults import PROTECTIONS, TAMPERED, FaultTestCase
from tests.smb.test_share import ShareTestCase

LEFT_ALONE = {
    HardenedSMB3: {
        *("getCredentials", "getDialect", "getIOCapabilities", "getKerberos", "getRemoteName"),
        *("getServerIP", "get_remote_host", "get_remote_name", "isGuestSession", "kerberosLogin"),
        *("login", "read_andx", "signSMB", "writeFile"),
    },
    ShareConnection: {
        *("closeFile", "getCredentials", "getDialect", "getRemoteHost", "getRemoteName"),
        *("getSMBServer", "logoff", "openFile", "readFile", "setInfo", "writeFile"),
    },
}
"""What Impacket's classes do by themselves: after an upgrade look whether it still does it."""

MUST_BE_SHUT = {
    HardenedSMB3: {
        *("rename", "remove", "mkdir", "rmdir", "retrieveFile", "storeFile", "listPath"),
        *("retr_file", "stor_file", "list_path", "printStatus", "getSessionKey", "nt_create_andx"),
    },
    ShareConnection: {
        *("rename", "deleteFile", "createDirectory", "deleteDirectory", "getFile", "getFileEx"),
        *("putFile", "listPath", "reconnect", "negotiateSession", "negotiateSessionWildcard"),
        *("login", "kerberosLogin", "createFile"),
    },
}


def functions(cls: type) -> dict[str, FunctionType]:
    """The public functions of a class itself."""
    return {
        name: value
        for name, value in vars(cls).items()
        if isinstance(value, FunctionType) and not name.startswith("_")
    }


def is_shut(method: object) -> bool:
    """Whether a method is one that refuses."""
    return getattr(method, "__qualname__", "").startswith("_shut_off.")


class LeftTests(SynchronousTestCase):
    """Of Impacket's classes only what we know is left."""

    PAIRS = ((HardenedSMB3, smb3.SMB3), (ShareConnection, SMBConnection))

    def test_every_alias_of_an_override(self) -> None:
        """Is the override, too: Impacket's aliases are bound to its own functions."""
        for own, base in self.PAIRS:
            for name, function in functions(base).items():
                for alias, other in functions(base).items():
                    if other is function and name in vars(own) and not is_shut(vars(own)[name]):
                        self.assertIs(vars(own).get(alias), vars(own)[name], f"{name}, {alias}")

    def test_nothing_else_is_left(self) -> None:
        """A method that an upgrade brings is shut off until somebody has looked at it."""
        for own, base in self.PAIRS:
            self.assertEqual(set(functions(base)) - set(vars(own)), LEFT_ALONE[own])

    def test_what_is_shut_off_raises(self) -> None:
        """Every one of them, whatever it is given."""
        connection = object.__new__(ShareConnection)
        session = object.__new__(HardenedSMB3)
        for own, instance in ((HardenedSMB3, session), (ShareConnection, connection)):
            shut = {name for name in functions(own) if is_shut(vars(own)[name])}
            self.assertTrue(MUST_BE_SHUT[own] <= shut, MUST_BE_SHUT[own] - shut)
            for name in shut:
                self.assertRaises(NotImplementedError, getattr(instance, name), 1, "a", b="c")


def reachable(start: object) -> Iterator[object]:
    """Every object that holds together what hangs on ``start``; no code."""
    seen: set[int] = set()
    waiting = [start]
    while waiting:
        found = waiting.pop()
        if id(found) in seen or isinstance(found, type | types.ModuleType | FunctionType):
            continue
        seen.add(id(found))
        yield found
        waiting.extend(gc.get_referents(found))


class CredentialTests(ShareTestCase):
    """A connection that has logged in needs no password any more."""

    def test_forgotten(self) -> None:
        """Nothing that hangs on it is the password, or one of Impacket's keys."""
        for name, options in PROTECTIONS.items():
            connection = log_in(samba(**options).target(), ConnectionPolicy(), self.deadline())
            self.addCleanup(connection.wire.drop)
            self.assertEqual(set(connection.getCredentials()), {""}, name)
            private = {each for each in vars(connection.session) if each.startswith("_SMB3__")}
            self.assertEqual(private, {f"_SMB3__{each}" for each in _CREDENTIALS})
            held = [each for each in reachable(connection) if isinstance(each, str | bytes)]
            self.assertGreater(len(held), 10)
            for text in held:
                secret = PASSWORD if isinstance(text, str) else PASSWORD.encode("utf-16-le")
                self.assertFalse(secret in text, name)  # type: ignore[operator]
            keys = {
                key: value for key, value in connection.session._Session.items() if "Key" in key
            }
            self.assertEqual(set(keys.values()), {b""}, name)


Work = Callable[[ShareConnection], object]

CALLS: dict[str, Work] = {
    "setInfo": lambda c: c.setInfo(1, HANDLE, messages.DISPOSITION, b"\1"),
    "flush": lambda c: c.flush(1, HANDLE),
    "told_security": lambda c: c.told_security(c.wire.ask_related([ASK_SECURITY], 1, HANDLE)[0]),
    "control": lambda c: c.control(1, messages.FSCTL_VALIDATE_NEGOTIATE, b"question", 24),
    "echo": lambda c: c.session.echo(),
    "logoff": lambda c: c.logoff(),
    "readFile": lambda c: c.readFile(1, HANDLE),
    "writeFile": lambda c: c.writeFile(1, HANDLE, b"text"),
    "openFile": lambda c: c.openFile(1, "x"),
    "closeFile": lambda c: c.closeFile(1, HANDLE),
    "connectTree": lambda c: c.connectTree("data", DISK),
    "entries": lambda c: list(c.entries(1, HANDLE)),
    "share_names": lambda c: c.share_names(),
}


class NonsenseTests(WireTestCase):
    """A server that has the key, and answers what no server answers."""

    def called(self, work: Work, body: bytes, status: int = 0) -> Cause | None:
        """Why a call fails that is answered with ``body``, again and again; None if it does not."""
        answer = self.each(lambda request: frame(reply(request, body, status=status)))
        connection = on_wire(self.wire(answer))
        start = time.monotonic()
        try:
            with connection.wire.during(Deadline(5, 2)):
                work(connection)
        except ShareError as error:
            self.assertEqual(connection.broken, error.cause is errors.NONSENSE)
            return error.cause
        finally:
            connection.wire.drop()
            self.assertLess(time.monotonic() - start, 30)
        return None

    @settings(max_examples=200, deadline=None)
    @given(
        st.sampled_from(sorted(CALLS)),
        st.binary(max_size=120),
        st.sampled_from([0, 2, 4, 9, 16, 17, 24, 49, 60, 89]),
    )
    def test_any_body(self, name: str, body: bytes, size: int) -> None:
        """Is understood, or breaks the connection; nothing else is ever raised."""
        allowed = (None, errors.NONSENSE, errors.NOT_A_DISK, errors.TOO_MANY_NAMES)
        for text in (body, struct.pack("<H", size) + body):
            self.assertIn(self.called(CALLS[name], text), allowed, name)

    def test_cut_bodies(self) -> None:
        """Where Impacket fails to read one, the connection is of no more use."""
        for name in ("told_security", "control", "readFile", "share_names"):
            self.assertIs(self.called(CALLS[name], b"\x29"), errors.NONSENSE, name)

    def test_statuses(self) -> None:
        """Are told by their causes, whosever code has asked."""
        for name, work in CALLS.items():
            if name not in ("closeFile", "connectTree"):
                self.assertIs(self.called(work, bytes(9), 0xC0000022), errors.DENIED, name)

    def test_another_number(self) -> None:
        """An answer to something else that was asked is none to this."""
        answer = self.each(
            lambda request: frame(reply(request, b"\2\0", message=request.message + 1))
        )
        connection = on_wire(self.wire(answer))
        with connection.wire.during(Deadline(5, 2)):
            error = self.assertRaises(ShareError, CALLS["setInfo"], connection)
        self.assertIs(error.cause, errors.NONSENSE)

    def test_pieces_that_cost_one_credit(self) -> None:
        """What Impacket reads and writes on pipes is never more than the server has allowed."""
        seen: list[Request] = []

        def answer(request: Request) -> bytes:
            seen.append(request)
            if request.command == Command.WRITE:
                return frame(reply(request, struct.pack("<HHIIHH", 17, 0, request.length, 0, 0, 0)))
            return frame(reply(request, struct.pack("<HBBIII", 17, 80, 0, 4, 0, 0) + b"text"))

        connection = on_wire(self.wire(self.each(answer), credits=1, read=1 << 20))
        with connection.wire.during(Deadline(5, 2)):
            connection.writeFile(1, HANDLE, bytes(200_000))
            self.assertEqual(connection.readFile(1, HANDLE), b"text")
        self.assertEqual([request.length for request in seen], [65536, 65536, 65536, 3392, 65536])
        self.assertEqual({request.charge for request in seen}, {1})

    def test_an_endless_pipe(self) -> None:
        """A list of shares that never ends does not fill the memory."""
        data = struct.pack("<HBBIII", 17, 80, 0, 65536, 0, 0) + bytes(65536)
        connection = on_wire(self.wire(self.each(lambda request: frame(reply(request, data)))))
        read = 0

        def read_on() -> None:
            nonlocal read
            while True:
                read += len(connection.readFile(1, HANDLE))

        with connection.wire.during(Deadline(20, 5)):
            error = self.assertRaises(ShareError, read_on)
        self.assertIs(error.cause, errors.NONSENSE)
        self.assertEqual(read, 1 << 20)


class DowngradeTests(ShareTestCase):
    """Somebody on the way may have changed what was negotiated before there was a key."""

    def connected(self, **changed: object) -> ShareConnection:
        """Logged in, where something else was negotiated than the server knows."""
        connection = log_in(samba(dialect="2.1").target(), ConnectionPolicy(), self.deadline())
        self.addCleanup(connection.wire.drop)
        session = connection.session
        session._negotiated = replace(session._negotiated, **changed)
        session._question = session._negotiated.question
        return connection

    def test_nothing_was_changed(self) -> None:
        """The question is asked once."""
        connection = self.connected()
        with connection.wire.during(self.deadline()):
            connection.connectTree("data", DISK)
            self.assertIsNone(connection.session._question)
            connection.connectTree("IPC$")

    def test_something_was(self) -> None:
        """The connection is of no more use: by the answer, or as the server ends it."""
        for changed in (
            {"capabilities": 0x7F},
            {"server": bytes(16)},
            {"dialect": 0x0202},
            {"client": bytes(16)},
            {"offer": Offer(dialects=(0x0202,))},
        ):
            connection = self.connected(**changed)
            with connection.wire.during(self.deadline()):
                error = self.assertRaises(ShareError, connection.connectTree, "data", DISK)
            self.assertIs(error.cause, errors.FORGED, changed)
            self.assertTrue(connection.broken)


class TamperedTests(FaultTestCase):
    """A bit that changes on the way, while Impacket's code asks."""

    def tampered(self, server: Samba, work: Callable[[Target], object], step: int) -> int:
        """Do ``work`` with each ``step``-th byte from the server changed; how often it was refused.

        ``work`` must assert itself that what it has come to is right.
        """
        proxy = FaultProxy(server.port)
        self.addCleanup(proxy.close)
        target = server.target(port=proxy.port)
        work(target)
        refused = 0
        for at in range(0, proxy.received, step):
            proxy.every(Fault("flip", at, at % 8))
            try:
                work(target)
            except ShareError as error:
                self.assertIn(error.cause, TAMPERED, f"{at}: {error}")
                refused += 1
        return refused

    def test_share_names(self) -> None:
        """The list of shares is the server's, or there is none."""
        for options in ({}, {"encrypt": "off"}, {"dialect": "2.1"}):
            server = samba(**options)
            names = share_names(server.target(), ConnectionPolicy(), Deadline(60, 5))
            self.assertIn(("data", 0, ""), names)

            def work(target: Target, names: list[tuple[str, int, str]] = names) -> None:
                found = share_names(target, ConnectionPolicy(), Deadline(60, 0.3))
                self.assertEqual(found, names)

            self.assertGreater(self.tampered(server, work, 89), 15)

    def test_share_names_by_long_keys(self) -> None:
        """Impacket knows one cipher; our connection has them all."""
        server = samba(server_smb3_encryption_algorithms="AES-256-GCM")
        names = share_names(server.target(), ConnectionPolicy(), Deadline(60, 5))
        self.assertLess({"data", "IPC$"}, {name for name, _, _ in names})

    def test_replacing_and_deleting(self) -> None:
        """A file is what it was or what it should become; where no failure is told, the latter."""
        server = samba()
        file = self.folder_of(server) / "file"
        path = f"{file.parent.name}/file"
        contents = [random.Random(seed).randbytes(500) for seed in (1, 2)]

        def work(target: Target) -> None:
            old, new = contents
            contents.reverse()
            file.write_bytes(old)
            share = ReconnectingShare(target, "data", ConnectionPolicy(), 20)
            try:
                perform(
                    share,
                    lambda opened, deadline: opened.store(
                        path, BytesSource(new), deadline, token="t"
                    ),
                    Deadline(60, 0.3),
                    again=False,
                )
                self.assertTrue(file.read_bytes() == new)
                perform(
                    share,
                    lambda opened, deadline: opened.remove(path, deadline),
                    Deadline(60, 0.3),
                    again=False,
                )
                self.assertFalse(file.exists())
            finally:
                share.drop()
                # A server that has lost its client may delete the file at any moment.
                with contextlib.suppress(FileNotFoundError):
                    self.assertIn(file.read_bytes(), (old, new))

        self.assertGreater(self.tampered(server, work, 71), 15)


class TimeTests(FaultTestCase):
    """Impacket's code waits no longer than ours."""

    def listing(self, deadline: Deadline, at: int) -> Exception:
        """What becomes of a list of shares whose server stalls after ``at`` bytes."""
        proxy = self.proxied(samba())
        proxy.every(Fault("stall", at))
        start = time.monotonic()
        try:
            share_names(samba().target(port=proxy.port), ConnectionPolicy(), deadline)
        except (ShareError, CallCancelled) as error:
            self.assertLess(time.monotonic() - start, 30)
            return error
        raise AssertionError("it does not stall")

    def test_silence(self) -> None:
        """In the login and in the remote procedure calls."""
        for at in (300, 1500, 1900):
            error = self.listing(Deadline(30, 0.3), at)
            self.assertTrue(isinstance(error, ShareError) and error.cause is errors.SILENT, at)

    def test_cancel(self) -> None:
        """Ends it at once."""
        for at in (300, 1500, 1900):
            deadline = Deadline(30, 20)
            timer = threading.Timer(0.3, deadline.cancel)
            timer.start()
            self.addCleanup(timer.join)
            self.assertIsInstance(self.listing(deadline, at), CallCancelled, at)
