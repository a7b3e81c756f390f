"""The message layer against a server that does what real ones do once a year."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from twisted.trial.unittest import SynchronousTestCase

from datacode.smb import errors
from datacode.smb.client import pipelined_io
from datacode.smb.client.negotiate import Negotiated
from datacode.smb.client.smb_connection import HardenedSMB3, ShareConnection
from datacode.smb.deadline import Deadline
from datacode.smb.errors import Cause, ShareError, Status
from datacode.smb.policy import Offer
from datacode.smb.protocol import messages
from datacode.smb.protocol.connection import Related, RelatedResponses, Sizes, WireConnection
from datacode.smb.protocol.crypto import Unprotected
from datacode.smb.protocol.messages import Command, Dialect
from datacode.smb.target import Target

CONTENT = bytes(range(256)) * 5000
HANDLE = b"h" * 16


@dataclass(frozen=True)
class Request:
    """What a request said."""

    command: int
    charge: int
    message: int
    body: bytes

    @property
    def offset(self) -> int:
        """Of a read or write."""
        return int(struct.unpack_from("<Q", self.body, 8)[0])

    @property
    def length(self) -> int:
        """Of a read or write."""
        return int(struct.unpack_from("<I", self.body, 4)[0])


def reply(
    request: Request,
    body: bytes = b"",
    *,
    status: int = Status.OK,
    credits: int = 64,
    flags: int = 1,
    message: int | None = None,
    following: int = 0,
) -> bytes:
    """An answer without its frame."""
    head = messages.HEADER.pack(
        *(messages.MAGIC, 64, 1, status, request.command, credits, flags, following),
        *(request.message if message is None else message, 0, 1, 9, b""),
    )
    return head + body


def data(content: bytes) -> bytes:
    """The body of an answer to a read."""
    return struct.pack("<HBBIII", 17, 80, 0, len(content), 0, 0) + content


def frame(*parts: bytes) -> bytes:
    """Answers as they are sent."""
    whole = b"".join(parts)
    return struct.pack(">I", len(whole)) + whole


def part(request: Request, short: int = 0) -> bytes:
    """The answer to a read, ``short`` bytes less than was asked for."""
    return reply(request, data(CONTENT[request.offset : request.offset + request.length - short]))


def on_wire(wire: WireConnection) -> ShareConnection:
    """Impacket's connection on one where nobody had to log in."""
    negotiated = Negotiated(
        dialect=wire.dialect,
        mode=messages.SIGNING_ENABLED,
        capabilities=0,
        server=bytes(16),
        client=bytes(16),
        preauth=bytes(64),
        cipher=0,
        signing=0,
        sizes=wire.sizes,
        token=b"",
        credits=1,
        offer=Offer(),
    )
    session = HardenedSMB3(Target("server"), wire._socket, negotiated, Deadline(5, 5))
    session.adopt(wire)
    return ShareConnection(session)


Script = Callable[[Iterator[Request], socket.socket], None]


class WireTestCase(SynchronousTestCase):
    """Has a server that follows a script."""

    def wire(
        self,
        script: Script,
        *,
        dialect: int = Dialect.SMB_3_1_1,
        credits: int = 64,
        read: int = 65536,
        large: bool = True,
    ) -> WireConnection:
        """A wire to a server that does ``script`` with the requests that come."""
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)

        def serve() -> None:
            with theirs, contextlib.suppress(OSError, StopIteration):
                script(_Requests(theirs), theirs)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        self.addCleanup(thread.join, 5)
        self.addCleanup(ours.close)
        return WireConnection(
            ours,
            Unprotected(),
            dialect=dialect,
            session=9,
            sizes=Sizes(read, read, 65536, large),
            next_message=3,
            credits=credits,
        )

    def each(self, answer: Callable[[Request], bytes]) -> Script:
        """A script that gives each request its answer."""

        def script(requests: Iterator[Request], sock: socket.socket) -> None:
            for request in requests:
                sock.sendall(answer(request))

        return script

    def read(self, wire: WireConnection, size: int = len(CONTENT)) -> bytes:
        """What a read of a file of this size gives."""
        with tempfile.TemporaryFile() as file:
            with wire.during(Deadline(10, 2)):
                pipelined_io.read_file(
                    wire, 1, HANDLE, size, file.fileno(), lambda done, total: None
                )
            return os.pread(file.fileno(), len(CONTENT) + 1, 0)

    def breaks(self, cause: Cause, wire: WireConnection) -> None:
        """Assert that a read ends with this, and the wire too."""
        error = self.assertRaises(ShareError, self.read, wire)
        self.assertIs(error.cause, cause)
        self.assertTrue(wire.broken)


class WireTests(WireTestCase):
    """Requests and answers."""

    def test_in_any_order(self) -> None:
        """Answers that come last first belong to their own requests."""

        def script(requests: Iterator[Request], sock: socket.socket) -> None:
            while True:
                for request in reversed([next(requests) for _ in range(4)]):
                    sock.sendall(frame(part(request)))

        size = 16 * 65536
        self.assertEqual(self.read(self.wire(script), size), CONTENT[:size])

    def test_still_working_on_it(self) -> None:
        """An interim answer is not the answer; several are not either."""

        def answer(request: Request) -> bytes:
            interim = frame(reply(request, b"\0" * 9, status=Status.PENDING, flags=3, credits=1))
            return interim * 2 + frame(reply(request, part(request)[64:], flags=3))

        self.assertEqual(self.read(self.wire(self.each(answer))), CONTENT)

    def test_what_nobody_asked_for(self) -> None:
        """Signs of life, and notices that a file is wanted elsewhere, are passed over."""

        def answer(request: Request) -> bytes:
            notice = frame(reply(request, b"\0" * 24, message=messages.UNASKED))
            return b"\x85\0\0\0" + notice + frame(part(request))

        self.assertEqual(self.read(self.wire(self.each(answer))), CONTENT)

    def test_two_answers_in_one_frame(self) -> None:
        """Both are taken."""

        def script(requests: Iterator[Request], sock: socket.socket) -> None:
            while True:
                first, second = next(requests), next(requests)
                body = part(first)[64:]
                body += b"\0" * (-len(body) % 8)
                head = reply(first, body, following=64 + len(body))
                sock.sendall(frame(head, part(second)))

        size = 8 * 65536
        self.assertEqual(self.read(self.wire(script), size), CONTENT[:size])

    def test_bytes_that_drip(self) -> None:
        """Frames arrive in pieces of any size."""

        def script(requests: Iterator[Request], sock: socket.socket) -> None:
            for request in requests:
                whole = frame(part(request))
                for start in range(0, len(whole), 7919):
                    sock.sendall(whole[start : start + 7919])

        self.assertEqual(self.read(self.wire(script)), CONTENT)

    def test_an_answer_to_another_question(self) -> None:
        """Breaks the protocol, and the wire."""
        for message in (0, 2, 999):
            wire = self.wire(
                self.each(lambda request, m=message: frame(reply(request, message=m)))  # type: ignore[misc]
            )
            self.breaks(errors.NONSENSE, wire)

    def test_an_answer_twice(self) -> None:
        """The second one is nobody's."""
        wire = self.wire(
            self.each(lambda request: frame(part(request)) * 2), credits=1, large=False
        )
        self.breaks(errors.NONSENSE, wire)

    def test_frames_that_cannot_be(self) -> None:
        """Too long, too short, of another kind, without a header."""
        for text in (
            struct.pack(">I", 0x00FFFFFF),
            struct.pack(">I", 63) + b"x" * 63,
            struct.pack(">I", 0x83000001) + b"x",
            frame(b"x" * 64),
            frame(b"\xfeSMB" + b"\0" * 60),
        ):
            self.breaks(errors.NONSENSE, self.wire(self.each(lambda request, t=text: t)))  # type: ignore[misc]

    def test_bodies_that_cannot_be(self) -> None:
        """A successful answer that holds no data, or more than was asked for."""
        for body in (b"", b"\x11\0", data(CONTENT[:70000]), data(b"x" * 10)[:-5]):
            wire = self.wire(self.each(lambda request, b=body: frame(reply(request, b))))  # type: ignore[misc]
            self.breaks(errors.NONSENSE, wire)

    def test_a_session_that_is_over(self) -> None:
        """Is a lost connection: logging in again is all it takes."""
        for status in (Status.USER_SESSION_DELETED, Status.SESSION_EXPIRED):
            wire = self.wire(self.each(lambda request, s=status: frame(reply(request, status=s))))  # type: ignore[misc]
            self.breaks(errors.EXPIRED, wire)

    def test_a_caller_that_leaves_early(self) -> None:
        """Takes the wire with it: the next caller would get its answers."""
        wire = self.wire(self.each(lambda request: frame(part(request))))

        def leave() -> None:
            with wire.during(Deadline(5, 5)):
                wire.send(Command.READ, messages.read(HANDLE, 0, 10), 1, 10)
                raise KeyError

        self.assertRaises(KeyError, leave)
        self.assertTrue(wire.broken)


OPEN: Related = (Command.CREATE, lambda handle: messages.create("x", 1, 1, 0))
OPENED = struct.pack("<HBBIQQQQQQII16sII", *(89, 0, 0, 1, 0, 0, 7, 7, 0, 3, 0x80, 0, HANDLE, 0, 0))
FLUSHED = struct.pack("<HH", 4, 0)


class RelatedTests(WireTestCase):
    """Requests about one handle."""

    REQUESTS = (OPEN, (Command.FLUSH, messages.flush), (Command.CLOSE, messages.close))

    def answered(
        self, statuses: dict[int, int], *, credits: int = 64, end: int | None = None
    ) -> tuple[list[Request], RelatedResponses, WireConnection]:
        """What was asked and answered where commands have these statuses, the rest OK.

        The server closes the connection instead of answering the command ``end``.
        """
        seen: list[Request] = []

        def script(requests: Iterator[Request], sock: socket.socket) -> None:
            for request in requests:
                seen.append(request)
                if request.command == end:
                    return
                status = statuses.get(request.command, Status.OK)
                body = OPENED if request.command == Command.CREATE else FLUSHED
                sock.sendall(frame(reply(request, body, status=status, credits=1)))

        wire = self.wire(script, credits=credits)
        with wire.during(Deadline(5, 2)):
            replies = wire.ask_related(self.REQUESTS, 1)
        return seen, replies, wire

    def test_one_frame(self) -> None:
        """The later ones are about what the first one opens, and follow at multiples of 8."""
        sent: list[bytes] = []

        def script(requests: Iterator[Request], sock: socket.socket) -> None:
            size = int.from_bytes(sock.recv(4, socket.MSG_WAITALL), "big")
            sent.append(sock.recv(size, socket.MSG_WAITALL))

        wire = self.wire(script)
        with wire.during(Deadline(5, 2)):
            self.assertRaises(ShareError, lambda: wire.ask_related(self.REQUESTS, 7)[0])
        rest, found = sent[0], []
        while rest:
            fields = messages.HEADER.unpack_from(rest)
            following = fields[7] or len(rest)
            self.assertTrue(following % 8 == 0 or following == len(rest))
            found.append((fields[4], fields[6], fields[8], fields[10], rest[64:following]))
            rest = rest[following:]
        self.assertEqual([each[0] for each in found], [5, 7, 6])
        self.assertEqual([each[1] for each in found], [0, 4, 4])
        self.assertEqual([each[2] for each in found], [3, 4, 5])
        self.assertEqual({each[3] for each in found}, {7})
        for each in found[1:]:
            self.assertEqual(each[4][8:24], messages.PREVIOUS)

    def test_answers(self) -> None:
        """Each has its own status."""
        _, replies, _ = self.answered({Command.FLUSH: 0xC0000022})
        statuses = [replies[place].status for place in range(3)]
        self.assertEqual(statuses, [0, 0xC0000022, 0])
        self.assertEqual(replies[0].body, OPENED)
        self.assertEqual(replies[-1].header.command, Command.CLOSE)

    def test_one_after_the_other(self) -> None:
        """Where there are too few credits, by the handle itself; with the same answers."""
        for credits in (1, 2):
            seen, replies, wire = self.answered({Command.FLUSH: 0xC0000022}, credits=credits)
            self.assertEqual([request.command for request in seen], [5, 7, 6])
            self.assertEqual([request.body[8:24] for request in seen[1:]], [HANDLE, HANDLE])
            self.assertEqual([replies[place].status for place in range(3)], [0, 0xC0000022, 0])
            self.assertFalse(wire.broken)

    def test_nothing_was_opened(self) -> None:
        """Then nothing is asked about it, where there is a choice."""
        seen, replies, _ = self.answered({Command.CREATE: 0xC0000034}, credits=1)
        self.assertEqual([request.command for request in seen], [5])
        self.assertEqual(replies[0].status, 0xC0000034)
        self.assertIs(self.assertRaises(ShareError, lambda: replies[-1]).cause, errors.MISSING)

    def test_an_end_in_the_middle(self) -> None:
        """What was answered is known; the rest is a lost connection."""
        for credits in (64, 1):
            _, replies, wire = self.answered({}, credits=credits, end=Command.CLOSE)
            self.assertEqual([replies[0].status, replies[1].status], [0, 0])
            for place in (2, -1):
                error = self.assertRaises(ShareError, replies.__getitem__, place)
                self.assertIs(error.cause, errors.LOST)
            self.assertTrue(wire.broken)

    def test_an_answer_to_something_else(self) -> None:
        """Breaks the connection."""
        wire = self.wire(self.each(lambda request: frame(reply(request, OPENED, message=9))))
        with wire.during(Deadline(5, 2)):
            error = self.assertRaises(ShareError, lambda: wire.ask_related(self.REQUESTS, 1)[0])
        self.assertIs(error.cause, errors.NONSENSE)


class CreditTests(WireTestCase):
    """A server says how much may be on its way."""

    def together(self, count: int, credits: int, surplus: list[bytes]) -> Script:
        """Answers only when ``count`` requests are there, and notes what came beyond them."""

        def script(requests: Iterator[Request], sock: socket.socket) -> None:
            while True:
                waiting = [next(requests) for _ in range(count)]
                with contextlib.suppress(BlockingIOError):
                    surplus.append(sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
                for each in waiting:
                    sock.sendall(frame(reply(each, part(each)[64:], credits=credits)))

        return script

    def test_one_at_a_time(self) -> None:
        """A server that gives one credit for each gets one request at a time."""
        surplus: list[bytes] = []
        wire = self.wire(self.together(1, 1, surplus), credits=1)
        self.assertEqual(self.read(wire, 300_000), CONTENT[:300_000])
        self.assertEqual(surplus, [])

    def test_eight_at_a_time(self) -> None:
        """Where there are credits enough, eight are on their way."""
        surplus: list[bytes] = []
        size = 8 * 65536
        wire = self.wire(self.together(pipelined_io.IN_FLIGHT, 64, surplus))
        self.assertEqual(self.read(wire, size), CONTENT[:size])
        self.assertEqual((surplus, pipelined_io.IN_FLIGHT), ([], 8))

    def test_four_mebibytes_at_a_time(self) -> None:
        """Of large pieces there are fewer."""
        surplus: list[bytes] = []
        script = self.together(4, 64, surplus)
        wire = self.wire(script, credits=200, read=1 << 20)
        self.patch(sys.modules[__name__], "CONTENT", bytes(9 << 20))
        self.assertEqual(len(self.read(wire, 8 << 20)), 8 << 20)
        self.assertEqual(surplus, [])

    def test_none_at_all(self) -> None:
        """A server that never gives any back is broken; nobody waits for it."""
        answers = self.each(lambda request: frame(reply(request, part(request)[64:], credits=0)))
        self.breaks(errors.NONSENSE, self.wire(answers, credits=2))

    def test_large_reads_cost_more(self) -> None:
        """One credit for each 64 KiB, and as many message numbers."""
        seen: list[Request] = []

        def answer(request: Request) -> bytes:
            seen.append(request)
            return frame(part(request))

        self.read(self.wire(self.each(answer), read=1 << 20), 1_200_000)
        self.assertEqual([each.charge for each in seen], [16, 3])
        self.assertEqual([each.message for each in seen], [3, 19])

    def test_fewer_credits_than_a_large_read_costs(self) -> None:
        """Then it is a smaller one."""
        seen: list[int] = []

        def answer(request: Request) -> bytes:
            seen.append(request.length)
            return frame(reply(request, part(request)[64:], credits=3))

        content = self.read(self.wire(self.each(answer), read=1 << 20, credits=3), 1_000_000)
        self.assertEqual(content, CONTENT[:1_000_000])
        self.assertLessEqual(max(seen), 3 * 65536)

    def test_the_oldest_dialect(self) -> None:
        """Knows no charges: the field is zero, the pieces are small."""
        seen: list[Request] = []

        def answer(request: Request) -> bytes:
            seen.append(request)
            return frame(part(request))

        wire = self.wire(self.each(answer), dialect=Dialect.SMB_2_0_2, large=False, read=1 << 16)
        self.assertEqual(self.read(wire, 200_000), CONTENT[:200_000])
        self.assertEqual({each.charge for each in seen}, {0})
        self.assertEqual([each.message for each in seen], [3, 4, 5, 6])


class TransferTests(WireTestCase):
    """Reads and writes that are not answered in full."""

    def test_short_answers(self) -> None:
        """What is missing is asked for again."""

        def answer(request: Request) -> bytes:
            return frame(part(request, short=request.length // 3))

        self.assertEqual(self.read(self.wire(self.each(answer))), CONTENT)

    def test_the_end_before_the_end(self) -> None:
        """A file that became shorter is told apart from one that was read."""
        for end in (0, 100_000, 131_072):

            def answer(request: Request, end: int = end) -> bytes:
                rest = CONTENT[request.offset : min(end, request.offset + request.length)]
                if not rest:
                    return frame(reply(request, b"\0" * 9, status=Status.END_OF_FILE))
                return frame(reply(request, data(rest)))

            wire = self.wire(self.each(answer))
            self.assertRaises(pipelined_io.Shrunk, self.read, wire)
            self.assertFalse(wire.broken)

    def test_a_failure_in_the_middle(self) -> None:
        """All answers are waited for, so that the wire stays good."""

        def answer(request: Request) -> bytes:
            if request.offset == 2 * 65536:
                return frame(reply(request, b"\0" * 9, status=0xC0000054))
            return frame(part(request))

        wire = self.wire(self.each(answer))
        error = self.assertRaises(ShareError, self.read, wire)
        self.assertIs(error.cause, errors.LOCKED)
        self.assertFalse(wire.broken)

    def test_short_writes(self) -> None:
        """The rest is written after it."""
        stored = bytearray(len(CONTENT))

        def answer(request: Request) -> bytes:
            count = max(1, request.length // 2)
            content = request.body[48 : 48 + count]
            stored[request.offset : request.offset + count] = content
            return frame(reply(request, struct.pack("<HHIIHH", 17, 0, count, 0, 0, 0)))

        wire = self.wire(self.each(answer))
        with wire.during(Deadline(10, 2)):
            pipelined_io.write_file(
                wire, 1, HANDLE, pipelined_io.BytesSource(CONTENT), lambda done, total: None
            )
        self.assertEqual(bytes(stored), CONTENT)

    def test_a_slow_way_out(self) -> None:
        """One that takes longer than a stall for one piece is slow, and not silent."""

        def script(requests: Iterator[Request], sock: socket.socket) -> None:
            received = bytearray()
            while len(received) < len(CONTENT):
                time.sleep(0.05)
                received += sock.recv(60_000) or bytes(len(CONTENT))
            sock.close()

        wire = self.wire(script, read=1 << 21)
        wire._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)

        def write() -> None:
            with wire.during(Deadline(60, 0.4)):
                pipelined_io.write_file(
                    wire, 1, HANDLE, pipelined_io.BytesSource(CONTENT), lambda done, total: None
                )

        # All of it went out; only then the server hangs up.
        self.assertIs(self.assertRaises(ShareError, write).cause, errors.LOST)

    def test_the_end_of_all_time(self) -> None:
        """What comes all the time, but too slowly, is told as that."""

        def slow(request: Request) -> bytes:
            time.sleep(0.01)
            return frame(part(request))

        def read(wire: WireConnection, seconds: float) -> None:
            with wire.during(Deadline(seconds, 5)), tempfile.TemporaryFile() as file:
                pipelined_io.read_file(wire, 1, HANDLE, 1 << 40, file.fileno(), lambda *_: None)

        self.patch(sys.modules[__name__], "CONTENT", _Endless())
        error = self.assertRaises(ShareError, read, self.wire(self.each(slow)), 1)
        self.assertEqual(
            str(error.named(ip="h", path="a.txt")),
            "соединение с h слишком медленное: 'a.txt' не передан за 1 с",
        )
        error = self.assertRaises(ShareError, read, self.wire(self.each(slow)), 0.1)
        self.assertIs(error.cause, errors.SILENT)

    def test_a_write_that_claims_too_much(self) -> None:
        """A count that was not asked for breaks the protocol."""
        for count in (0, 70_000):
            body = struct.pack("<HHIIHH", 17, 0, count, 0, 0, 0)
            wire = self.wire(self.each(lambda request, b=body: frame(reply(request, b))))  # type: ignore[misc]

            def write(wire: WireConnection = wire) -> None:
                with wire.during(Deadline(5, 2)):
                    pipelined_io.write_file(
                        wire, 1, HANDLE, pipelined_io.BytesSource(CONTENT), lambda done, total: None
                    )

            self.assertIs(self.assertRaises(ShareError, write).cause, errors.NONSENSE)


class _Endless:
    """A content that never ends."""

    def __getitem__(self, where: slice) -> bytes:
        return bytes(where.stop - where.start)


class _Requests:
    """The requests that come, to the end of the connection; goes on after a time-out."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._buffer = bytearray()

    def __iter__(self) -> _Requests:
        return self

    def __next__(self) -> Request:
        buffer = self._buffer
        while len(buffer) < 4 or len(buffer) < 4 + (size := int.from_bytes(buffer[:4], "big")):
            received = self._socket.recv(1 << 16)
            if not received:
                raise StopIteration
            buffer += received
        fields = messages.HEADER.unpack_from(buffer, 4)
        end = fields[7] or size
        request = Request(fields[4], fields[2], fields[8], bytes(buffer[68 : 4 + end]))
        del buffer[: 4 + end]
        if end < size:  # related requests follow in the same frame
            buffer[:0] = struct.pack(">I", size - end)
        return request
