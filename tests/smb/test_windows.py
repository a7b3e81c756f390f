"""What Windows does and Samba does not, by servers that follow a script ([MS-SMB2])."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator

from twisted.trial.unittest import SynchronousTestCase

from datacode.smb import errors
from datacode.smb.client import dfs_namespace
from datacode.smb.client.pipelined_io import BytesSource
from datacode.smb.client.reconnecting import ReconnectingShare
from datacode.smb.client.share import Share
from datacode.smb.client.tree import Tree
from datacode.smb.deadline import Deadline
from datacode.smb.errors import Operation, ShareError, Status, of_status
from datacode.smb.policy import ConnectionPolicy
from datacode.smb.protocol import messages
from datacode.smb.protocol.connection import WireConnection
from datacode.smb.protocol.messages import Command
from datacode.smb.target import Target
from tests.smb.blocking import perform
from tests.smb.test_connection import HANDLE, Request, WireTestCase, frame, on_wire, reply

DENIED, SHARING_VIOLATION = 0xC0000022, 0xC0000043
NAME_DELETED = 0xC00000C9
INTERNAL_ERROR = 0xC00000E5
"""What Samba says of a request that would have to wait before others of its frame."""

QUERY_INFO = 16
NOBODYS = struct.pack("<BBHIIII", 1, 0, 0x8000, 0, 0, 0, 0)
"""A security descriptor without any parts."""

Answers = Callable[[Request], tuple[int, bytes]]


def opened(attributes: int = messages.ATTRIBUTE_NORMAL) -> bytes:
    """The body of an answer to CREATE."""
    return struct.pack(
        "<HBBIQQQQQQII16sII", *(89, 0, 0, 1, 0, 0, 7, 7, 0, 3, attributes, 0, HANDLE, 0, 0)
    )


def closed() -> bytes:
    """The body of an answer to CLOSE."""
    return struct.pack("<HHIQQQQQQI", 60, 1, 0, 0, 0, 7, 7, 0, 3, 0)


def written(request: Request) -> bytes:
    """The body of an answer to WRITE."""
    return struct.pack("<HHIIHH", 17, 0, request.length, 0, 0, 0) + b"\0"


def usual(request: Request) -> tuple[int, bytes]:
    """What a server answers to which all is well."""
    bodies = {
        Command.CREATE: opened(),
        Command.CLOSE: closed(),
        Command.FLUSH: struct.pack("<HH", 4, 0),
        Command.SET_INFO: struct.pack("<H", 2),
        QUERY_INFO: struct.pack("<HHI", 9, 72, len(NOBODYS)) + NOBODYS,
    }
    if request.command == Command.WRITE:
        return Status.OK, written(request)
    return Status.OK, bodies[request.command]


def create_fields(request: Request) -> tuple[int, int]:
    """The access and the sharing that a CREATE asks for."""
    access, _, sharing = struct.unpack_from("<III", request.body, 24)
    return access, sharing


class AccountTests(SynchronousTestCase):
    def test_reasons(self) -> None:
        """Each of these has a sentence of its own."""
        for status, cause in (
            (0xC0000234, errors.ACCOUNT_LOCKED),
            (0xC0000072, errors.ACCOUNT_DISABLED),
            (0xC0000193, errors.ACCOUNT_EXPIRED),
            (0xC0000071, errors.PASSWORD_EXPIRED),
            (0xC0000224, errors.PASSWORD_TO_CHANGE),
            (0xC000006F, errors.WRONG_HOURS),
            (0xC0000070, errors.WRONG_PLACE),
            (0xC000006D, errors.WRONG_LOGIN),
        ):
            self.assertIs(errors.of_status(status).cause, cause)
            self.assertIn(cause, errors.LOGIN_REFUSED)


class WindowsTests(WireTestCase):
    """Answers that only Windows gives."""

    def share(self, answers: Answers) -> Share:
        """A share on a server that answers so."""

        def answer(request: Request) -> bytes:
            status, body = answers(request)
            return frame(reply(request, body or b"\x09\0" + bytes(7), status=status))

        return self.on(self.wire(self.each(answer)))

    def on(self, wire: WireConnection) -> Share:
        """A share that is open on a wire."""
        connected = on_wire(wire)
        return Share(connected, Tree(connected, 1), "data", Target("server"))

    def connection(self, *servers: Answers) -> ReconnectingShare:
        """A connection that reaches one of these after the other, each time that it connects."""
        waiting: Iterator[Answers] = iter(servers)
        self.patch(dfs_namespace, "open_share", lambda *arguments: self.share(next(waiting)))
        connection = ReconnectingShare(Target("server"), "data", ConnectionPolicy(), 10)
        self.addCleanup(connection.drop)
        return connection

    def delete(self, connection: ReconnectingShare) -> None:
        """Delete a file, which must not be done twice."""
        perform(connection, lambda share, i: share.remove("x.txt", i), Deadline(10, 5), again=False)

    def test_short_new_names(self) -> None:
        """FileRenameInformation has at least 24 bytes ([MS-FSCC], 2.4.42.2)."""
        for name in ("", "x", "xy", "xyz", "a longer name"):
            data = messages.new_name(name, replacing=True)
            self.assertGreaterEqual(len(data), 24)
            length = int.from_bytes(data[16:20], "little")
            self.assertEqual(data[20 : 20 + length].decode("utf-16-le"), name)

    def test_an_expired_session(self) -> None:
        """Was refused before anything was done, so even a deletion is tried once more."""
        deleted: list[int] = []

        def well(request: Request) -> tuple[int, bytes]:
            deleted.append(request.command)
            return usual(request)

        for status in (Status.SESSION_EXPIRED, Status.USER_SESSION_DELETED, NAME_DELETED):
            deleted.clear()
            self.delete(self.connection(lambda request, s=status: (s, b""), well))  # type: ignore[misc]
            self.assertEqual(deleted, [Command.CREATE, Command.SET_INFO, Command.CLOSE])

    def test_expired_twice(self) -> None:
        """Then it is told, with how often it was tried."""
        expired: Answers = lambda request: (Status.SESSION_EXPIRED, b"")  # noqa: E731
        error = self.assertRaises(ShareError, self.delete, self.connection(expired, expired))
        self.assertEqual(
            str(error.during(Operation.DELETE)),
            "Ошибка удаления: соединение с server потеряно (lib://data/x.txt, попыток: 2)",
        )

    def test_a_share_that_is_gone_does_not_stay(self) -> None:
        """What was lost in the middle of a change is made anew for the next one."""

        def lost(request: Request) -> tuple[int, bytes]:
            if request.command == Command.CREATE:
                return usual(request)
            return 0xC000020C, b""

        connection = self.connection(lost, usual)
        error = self.assertRaises(ShareError, self.delete, connection)
        self.assertIs(error.cause, errors.LOST)
        self.delete(connection)

    def test_an_end_after_the_change(self) -> None:
        """What was done is done, though the server says nothing more."""

        def gone(request: Request) -> tuple[int, bytes]:
            if request.command == Command.CLOSE:
                return Status.SESSION_EXPIRED, b""
            return usual(request)

        self.delete(self.connection(gone))

    def test_replacing_a_file_that_is_in_use(self) -> None:
        """Windows calls that "denied"; whether it is in use tells an open that shares nothing."""

        def in_use(request: Request) -> tuple[int, bytes]:
            if request.command == Command.SET_INFO and request.body[3] == messages.RENAME:
                return DENIED, b""
            if request.command == Command.CREATE and create_fields(request)[1] == 0:
                return SHARING_VIOLATION, b""
            return usual(request)

        share = self.share(in_use)
        error = self.assertRaises(
            ShareError, share.store, "x.txt", BytesSource(b"new"), Deadline(10, 5), token="t"
        )
        self.assertIs(error.cause, errors.LOCKED)

    def test_replacing_a_file_that_is_in_use_for_a_moment(self) -> None:
        """A reader, a virus scanner: it is tried again."""
        renames: list[bytes] = []

        def in_use(request: Request) -> tuple[int, bytes]:
            if request.command == Command.SET_INFO and request.body[3] == messages.RENAME:
                renames.append(request.body)
                return (Status.OK if len(renames) == 3 else SHARING_VIOLATION), struct.pack("<H", 2)
            return usual(request)

        share = self.share(in_use)
        share.store("x.txt", BytesSource(b"new"), Deadline(10, 5), token="t")
        self.assertEqual(len(renames), 3)

    def refusing_the_first(self, commands: tuple[int, ...]) -> tuple[int, list[int]]:
        """Store a file where these requests of the first frame that renames are refused.

        How many renames were asked for, and the access with which the new file was opened.
        """
        renames: list[Request] = []
        opened_for: list[int] = []

        def answer(request: Request) -> tuple[int, bytes]:
            renaming = request.command == Command.SET_INFO and request.body[3] == messages.RENAME
            if renaming:
                renames.append(request)
            if request.command == Command.CREATE and create_fields(request)[0] & 0x10000:
                opened_for.append(create_fields(request)[0])
            if len(renames) == 1 and (renaming or request.command in commands):
                return INTERNAL_ERROR, b""
            return usual(request)

        self.share(answer).store("x.txt", BytesSource(b"new"), Deadline(10, 5), token="t")
        return len(renames), opened_for

    def test_a_rename_that_has_to_be_the_last_of_its_frame(self) -> None:
        """Is done alone then; what the frame has closed is opened again, to be changed."""
        renames, opened_for = self.refusing_the_first(())
        self.assertEqual((renames, len(opened_for)), (2, 2))
        self.assertTrue(opened_for[1] & messages.AccessMask.WRITE_ATTRIBUTES)

    def test_a_frame_that_ends_at_a_refused_rename(self) -> None:
        """Has closed nothing: the new file is still open."""
        renames, opened_for = self.refusing_the_first((Command.SET_INFO, Command.CLOSE))
        self.assertEqual((renames, len(opened_for)), (2, 1))

    def test_a_new_file_that_is_gone_after_a_refused_rename(self) -> None:
        """Cannot be given its name any more: the refusal is what is told."""

        def gone(request: Request) -> tuple[int, bytes]:
            if request.command == Command.SET_INFO and request.body[3] == messages.RENAME:
                return DENIED, b""
            if request.command == Command.CREATE and create_fields(request)[0] & 0x10000:
                disposition = struct.unpack_from("<I", request.body, 36)[0]
                if disposition == messages.CreateDisposition.OPEN:
                    return 0xC0000034, b""
            return usual(request)

        error = self.assertRaises(
            ShareError,
            *(self.share(gone).store, "x.txt", BytesSource(b"new"), Deadline(10, 5)),
            token="t",
        )
        self.assertIs(error.cause, errors.DENIED)

    def test_a_new_file_that_another_client_makes_meanwhile(self) -> None:
        """Is never replaced unseen: it is looked at as any file that was there before."""
        renames: list[int] = []
        opened_now: list[int] = []

        def made(status: int) -> Answers:
            def answer(request: Request) -> tuple[int, bytes]:
                if request.command == Command.CREATE and not create_fields(request)[0] & 0x10000:
                    opened_now.append(request.command)
                    return (0xC0000034 if len(opened_now) == 1 else status), opened()
                if request.command == Command.SET_INFO and request.body[3] == messages.RENAME:
                    renames.append(request.body[32])
                    return (Status.OK if request.body[32] else 0xC0000035), struct.pack("<H", 2)
                return usual(request)

            return answer

        def store(status: int) -> None:
            renames.clear()
            opened_now.clear()
            content = BytesSource(b"new")
            self.share(made(status)).store("x.txt", content, Deadline(10, 5), token="t")

        store(Status.OK)
        self.assertEqual(renames, [0, 1])
        error = self.assertRaises(ShareError, store, SHARING_VIOLATION)
        self.assertIs(error.cause, errors.LOCKED)
        self.assertEqual(renames, [0])

    def test_a_write_that_is_cut_short(self) -> None:
        """Of a small file, too: the rest is written, and all of it is stored."""
        asked: list[tuple[int, int]] = []

        def short(request: Request) -> tuple[int, bytes]:
            if request.command in (Command.WRITE, Command.FLUSH):
                asked.append((request.command, request.length if request.command == 9 else 0))
            if len(asked) == 1 and request.command == Command.WRITE:
                return Status.OK, struct.pack("<HHIIHH", 17, 0, 1, 0, 0, 0) + b"\0"
            return usual(request)

        self.share(short).store("x.txt", BytesSource(b"text"), Deadline(10, 5), token="t")
        self.assertEqual(asked[-2:], [(Command.WRITE, 4), (Command.FLUSH, 0)])

    def test_attributes_that_the_server_refuses(self) -> None:
        """Then the file is written itself, and no other takes its place."""
        commands: list[tuple[int, int]] = []

        def refuses(request: Request) -> tuple[int, bytes]:
            if request.command == Command.SET_INFO:
                commands.append((request.command, request.body[3]))
                if request.body[3] == messages.BASIC:
                    return DENIED, b""
            return usual(request)

        self.share(refuses).store("x.txt", BytesSource(b"text"), Deadline(10, 5), token="t")
        kinds = [messages.BASIC, messages.DISPOSITION, messages.END_OF_FILE]
        self.assertEqual([kind for _, kind in commands], kinds)

    def test_replacing_what_one_may_not(self) -> None:
        """Stays "denied"."""

        def forbidden(request: Request) -> tuple[int, bytes]:
            if request.command == Command.SET_INFO and request.body[3] == messages.RENAME:
                return DENIED, b""
            return usual(request)

        share = self.share(forbidden)
        error = self.assertRaises(
            ShareError, share.store, "x.txt", BytesSource(b"new"), Deadline(10, 5), token="t"
        )
        self.assertIs(error.cause, errors.DENIED)

    def test_a_file_that_another_client_has(self) -> None:
        """The server says that it has to wait for that one: so do we, longer than usual."""

        def script(requests: Iterator[Request], sock: socket.socket) -> None:
            request = next(requests)
            pending = reply(request, bytes(9), status=Status.PENDING, flags=3, credits=1)
            sock.sendall(frame(pending))
            time.sleep(1.5)  # longer than one stall, shorter than three
            sock.sendall(frame(reply(request, usual(request)[1])))
            request = next(requests)
            sock.sendall(frame(reply(request, usual(request)[1])))

        wire = self.wire(script)
        share = self.on(wire)
        found = share.stat("x.xlsx", Deadline(60, 1.2))
        assert found is not None
        self.assertEqual(found.size, 3)

    def test_what_only_windows_says(self) -> None:
        """Has sentences, too."""
        for status, text in (
            (0xC0000418, "сервер h не принимает вход по паролю (NTLM), нужен Kerberos"),
            (0xC000005E, "сервер h не может проверить учётную запись в домене"),
            (0xC0000906, "сервер h считает файл 'a.txt' заражённым"),
            (0xC0000267, "файл 'a.txt' находится в архиве и сейчас недоступен"),
            (0xC000003F, "диск сервера h неисправен: 'a.txt' не прочитан"),
            (0xC0000243, "файл занят другим процессом"),
            (0xC00000CE, "сервер h перегружен"),
        ):
            error = of_status(status).named(ip="h", share="data", path="a.txt")
            self.assertEqual(str(error.during(Operation.READ)), f"Ошибка чтения файла: {text}")
            self.assertNotRegex(error.during(Operation.READ).render("en"), "[а-я]")
