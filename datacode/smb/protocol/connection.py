"""A logged-in connection: message numbers, credits, responses in any order.

Blocking, and for one thread at a time. Every failure of the connection is a ``ShareError`` whose
cause is ``broken``; after it the connection is of no more use. Source: [MS-SMB2], 3.2.4.1, 3.2.5.1.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from datacode.smb import errors
from datacode.smb.deadline import CallCancelled, Deadline
from datacode.smb.errors import Cause, ShareError, Status, of_status
from datacode.smb.protocol import messages
from datacode.smb.protocol.crypto import TAG, Forged, Transform
from datacode.smb.protocol.messages import Command, Dialect, Malformed, Response

CREDIT = 65536
"""How many bytes one credit pays for."""

_WANTED_CREDITS = 512
_HEAD = 4
_KEEP_ALIVE = 0x85
_LONGER = 3
"""How many stalls a server may take after STATUS_PENDING: to open a file it may first have to break
the oplock of a client that sleeps, to which Windows gives 35 seconds ([MS-SMB2], 3.3.4.6)."""

_SMALL = 1 << 16
_AHEAD = 4096
"""Bytes that are asked for with the head of a frame: most answers have come whole then."""

_OVERHEAD = 4096


@dataclass(frozen=True, slots=True)
class Sizes:
    """What both sides can take, in bytes; ``large``: one message may cost several credits."""

    read: int
    write: int
    listing: int
    large: bool


Related = tuple[int, Callable[[bytes], bytes]]
"""One of several requests about the same handle: its command, and its body for that handle."""


class RelatedResponses:
    """The answers to related requests, by their places.

    To ask for one that has not come any more raises what has ended the connection.
    """

    def __init__(self, responses: Sequence[Response], failure: ShareError | None) -> None:
        self._responses = responses
        self._failure = failure

    def __getitem__(self, place: int) -> Response:
        if self._failure is not None and not 0 <= place < len(self._responses):
            raise self._failure
        return self._responses[place]


class WireConnection:
    """A connection that has logged in."""

    def __init__(
        self,
        sock: socket.socket,
        transform: Transform,
        *,
        dialect: int,
        session: int,
        sizes: Sizes,
        next_message: int,
        credits: int,
    ) -> None:
        self.dialect = dialect
        self.sizes = sizes
        self.broken = False
        self._socket = sock
        self._transform = transform
        self._session = session
        self._next_message = next_message
        self._credits = max(credits, 1)
        self._waiting: dict[int, int] = {}
        self._held_up: set[int] = set()
        self._replies: deque[Response] = deque()
        self._deadline: Deadline | None = None
        self._timeout = -1.0
        self._frame = bytearray(_SMALL)
        self._ahead = memoryview(bytearray(_AHEAD))
        self._unread = slice(0, 0)
        self._biggest = max(sizes.read, sizes.listing) + CREDIT + _OVERHEAD

    @property
    def encrypts(self) -> bool:
        """Whether every message is encrypted."""
        return self._transform.encrypts

    @property
    def protected(self) -> bool:
        """Whether every answer is checked."""
        return self._transform.checks

    @contextlib.contextmanager
    def during(self, deadline: Deadline) -> Iterator[None]:
        """While inside, calls have the time of ``deadline`` and can be ended by it."""
        self._deadline = deadline
        try:
            with deadline.watching(self._socket):
                yield
        finally:
            self._deadline = None
            if len(self._frame) > _SMALL and not self._replies:
                self._frame = bytearray(_SMALL)
                self._transform.shrink()
            if self._waiting:
                # Somebody left without an answer: the next caller would get it.
                self.drop()

    def affordable(self, size: int) -> int:
        """How many of ``size`` bytes one message may move now; 0 until answers bring credits."""
        if not self.sizes.large:
            return min(size, CREDIT) if self._credits else 0
        return min(size, self._credits * CREDIT)

    def send(self, command: int, body: bytes, tree: int = 0, moves: int = 0) -> int:
        """Send a request that moves up to ``moves`` bytes; the number that its answer will have."""
        charge = max(1, -(-moves // CREDIT)) if self.sizes.large else 1
        if charge > self._credits:
            raise self.broke(errors.NONSENSE)
        message = self._next_message
        sealed = self._transform.seal((self._head(command, tree, charge) + body,))
        self._waiting[message] = command
        self._transmit(sealed)
        return message

    def _head(
        self, command: int, tree: int, charge: int, flags: int = 0, following: int = 0
    ) -> bytes:
        """The head of the next request, which is paid for."""
        message = self._next_message
        self._next_message += charge
        self._credits -= charge
        return messages.header(
            command,
            message,
            0 if self.dialect == Dialect.SMB_2_0_2 else charge,
            max(charge, _WANTED_CREDITS - self._credits),
            tree,
            self._session,
            flags=flags,
            following=following,
        )

    def receive(self) -> Response:
        """The next answer to any request that still waits for one.

        Where none does, the server has given no credits to ask for anything.
        """
        if not self._waiting:
            raise self.broke(errors.NONSENSE)
        while True:
            while not self._replies:
                self._receive_frame()
            reply = self._replies.popleft()
            header = reply.header
            if header.message == messages.UNASKED:
                continue
            self._credits += header.credits
            if header.status == Status.PENDING and header.flags & messages.FLAG_ASYNC:
                if header.command not in (Command.READ, Command.WRITE):
                    self._held_up.add(header.message)
                continue
            self._held_up.discard(header.message)
            if self._waiting.pop(header.message, None) != header.command:
                raise self.broke(errors.NONSENSE)
            if header.status in (Status.USER_SESSION_DELETED, Status.SESSION_EXPIRED):
                raise self.broke(errors.EXPIRED)
            return reply

    def ask(self, command: int, body: bytes, tree: int = 0, moves: int = 0) -> Response:
        """Send a request and wait for its answer, whatever its status."""
        number = self.send(command, body, tree, moves)
        reply = self.receive()
        if reply.header.message != number:
            raise self.broke(errors.NONSENSE)
        return reply

    def ask_related(
        self, requests: Sequence[Related], tree: int, handle: bytes = b""
    ) -> RelatedResponses:
        """Send requests about one handle in one frame (3.2.4.1.4); their answers.

        The handle is ``handle``, or what the first of them opens. Each may move up to ``CREDIT``
        bytes. The server does the later ones also where an earlier one fails, but where none is
        opened. One that may take long must be the last: servers refuse to wait before others.
        Where the credits do not suffice, they are sent one after the other.
        """
        if len(requests) > self._credits:
            return self._ask_in_turn(requests, tree, handle)
        first = self._next_message
        sent: list[bytes] = []
        for place, (command, body_for) in enumerate(requests):
            body = body_for(handle if not place else messages.PREVIOUS)
            flags, following = messages.FLAG_RELATED if place else 0, 0
            if place < len(requests) - 1:
                body += b"\0" * (-len(body) % 8)
                following = messages.HEADER_SIZE + len(body)
            self._waiting[self._next_message] = command
            sent.append(self._head(command, tree, 1, flags, following) + body)
        self._transmit(self._transform.seal(sent))
        found: dict[int, Response] = {}
        failure: ShareError | None = None
        try:
            for _ in requests:
                reply = self.receive()
                found[reply.header.message] = reply.kept()
        except ShareError as error:
            failure = error
        numbers = range(first, first + len(found))
        if any(number not in found for number in numbers):
            raise failure or self.broke(errors.NONSENSE)
        return RelatedResponses([found[number] for number in numbers], failure)

    def _ask_in_turn(
        self, requests: Sequence[Related], tree: int, handle: bytes
    ) -> RelatedResponses:
        """The same, one after the other; nothing follows where nothing was opened."""
        found: list[Response] = []
        try:
            for command, body_for in requests:
                reply = self.ask(command, body_for(handle), tree).kept()
                found.append(reply)
                if command == Command.CREATE:
                    if reply.status != Status.OK:
                        return RelatedResponses(found, of_status(reply.status))
                    with self.parsing():
                        handle = messages.parse_create(reply.body)[0]
        except ShareError as error:
            return RelatedResponses(found, error)
        return RelatedResponses(found, None)

    @contextlib.contextmanager
    def parsing(self) -> Iterator[None]:
        """While inside, an answer that cannot be understood breaks the connection."""
        try:
            yield
        except Malformed:
            raise self.broke(errors.NONSENSE) from None

    def drop(self) -> None:
        """Close the socket without LOGOFF."""
        self.broken = True
        self._socket.close()

    def _transmit(self, message: bytes) -> None:
        data = memoryview(struct.pack(">I", len(message)) + message)
        try:
            while data:  # sendall would have one time limit for all of it
                self._wait_at_most(self._timeout_now())
                sent = self._socket.send(data)
                self._moved(sent)
                data = data[sent:]
        except TimeoutError:
            raise self._silent() from None
        except OSError:
            raise self.broke(errors.LOST) from None

    def _receive_frame(self) -> None:
        """Take the next frame from the connection, check it, and queue the answers in it."""
        head = self._next_head()
        kind, size = head[0], int.from_bytes(head[1:], "big")
        if kind == _KEEP_ALIVE and size == 0:
            return
        if kind != 0 or not messages.HEADER_SIZE <= size <= self._biggest:
            raise self.broke(errors.NONSENSE)
        if len(self._frame) < size + TAG:
            self._frame = bytearray(size + TAG)
        self._fill(memoryview(self._frame)[:size])
        try:
            self._queue(self._transform.open(self._frame, size))
        except Forged:
            raise self.broke(self._why_unprotected(size)) from None
        except Malformed:
            raise self.broke(errors.NONSENSE) from None

    def _queue(self, frame: memoryview) -> None:
        while True:
            header = messages.parse_header(frame)
            end = header.next or len(frame)
            if not messages.HEADER_SIZE <= end <= len(frame):
                raise Malformed
            self._replies.append(Response(header, frame[messages.HEADER_SIZE : end]))
            if not header.next:
                return
            frame = frame[end:]

    def _why_unprotected(self, size: int) -> Cause:
        """A server that has forgotten the session can no longer sign: that is not a forgery.

        The status stands in an unsigned header; a forged one costs a new connection and no more.
        """
        with contextlib.suppress(Malformed):
            header = messages.parse_header(memoryview(self._frame)[:size])
            if header.status in (Status.USER_SESSION_DELETED, Status.SESSION_EXPIRED):
                return errors.LOST
        return errors.FORGED

    def _next_head(self) -> bytes:
        """The four bytes before a frame; what comes with them is kept for ``_fill``."""
        have = self._unread.stop - self._unread.start
        if have < _HEAD:
            self._ahead[:have] = bytes(self._ahead[self._unread])
            while have < _HEAD:
                have += self._received(self._ahead[have:])
            self._unread = slice(0, have)
        start = self._unread.start
        self._unread = slice(start + _HEAD, self._unread.stop)
        return bytes(self._ahead[start : start + _HEAD])

    def _fill(self, room: memoryview) -> None:
        """Fill it with the next bytes: those that have come with a head, and others."""
        start = self._unread.start
        have = min(len(room), self._unread.stop - start)
        room[:have] = self._ahead[start : start + have]
        self._unread = slice(start + have, self._unread.stop)
        while have < len(room):
            have += self._received(room[have:])

    def _received(self, room: memoryview) -> int:
        """How many bytes have come into it, at least one."""
        try:
            self._wait_at_most(self._timeout_now())
            got = self._socket.recv_into(room)
        except TimeoutError:
            raise self._silent() from None
        except OSError:
            raise self.broke(errors.LOST) from None
        if not got:
            raise self.broke(errors.LOST)
        self._moved(got)
        return got

    def _moved(self, count: int) -> None:
        if self._deadline is not None:
            self._deadline.moved += count

    def _wait_at_most(self, seconds: float) -> None:
        if seconds != self._timeout:  # setting it costs a system call
            self._socket.settimeout(seconds)
            self._timeout = seconds

    def _timeout_now(self) -> float:
        assert self._deadline is not None, "used outside of during()"
        try:
            return self._deadline.timeout(_LONGER if self._held_up else 1)
        except (ShareError, CallCancelled):
            self.drop()
            raise

    def _silent(self) -> ShareError | CallCancelled:
        """What to raise after a timeout: that of the stall, or what the deadline itself raises."""
        try:
            self._timeout_now()
        except (ShareError, CallCancelled) as error:
            return error
        return self.broke(errors.SILENT)

    def broke(self, cause: Cause) -> ShareError | CallCancelled:
        """Drop the connection; the error to raise, which is another one after a cancel."""
        self.drop()
        if self._deadline is not None and self._deadline.cancelled:
            return CallCancelled()
        return ShareError(cause)
