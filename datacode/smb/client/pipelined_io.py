"""Many reads or writes of one file in flight at once.

While one answer is checked and stored, the server prepares the next ones. Source: server
reference, 8.7; [MS-SMB2], 3.2.4.6 and 3.2.4.7.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from datacode.smb import errors
from datacode.smb.errors import ShareError, Status, of_status
from datacode.smb.protocol import messages
from datacode.smb.protocol.connection import CREDIT, Related, WireConnection
from datacode.smb.protocol.messages import Command, Response

IN_FLIGHT = 8
"""How many requests wait for answers at the same time, at most."""

AHEAD = 4 << 20
"""How many bytes they move together: more is no faster, and evicts the CPU's caches."""

Progress = Callable[[int, int], None]
"""Called with the bytes done and the bytes in all, from the thread that moves them."""


@dataclass(frozen=True, slots=True)
class Span:
    """Some bytes of a file: from ``offset`` on, ``length`` of them, or all that follow."""

    offset: int = 0
    length: int | None = None

    def length_in(self, size: int) -> int:
        """How many bytes that is in a file of ``size`` bytes."""
        rest = max(0, size - self.offset)
        return rest if self.length is None else min(self.length, rest)


ALL = Span()


class Shrunk(Exception):
    """The file ended before the size that it had when it was opened."""


class ByteSource(Protocol):
    """Bytes to be written, readable at any offset."""

    @property
    def size(self) -> int:
        """How many bytes there are."""

    def part(self, offset: int, length: int) -> bytes:
        """Exactly ``length`` bytes at ``offset``; fewer only where there are no more."""


def read_file(
    wire: WireConnection,
    tree: int,
    handle: bytes,
    size: int,
    output: int,
    progress: Progress,
    *,
    start: int = 0,
) -> None:
    """Copy ``size`` bytes of an open file, from ``start`` on, into the descriptor ``output``."""
    pieces = _Ranges(size, wire.sizes.read)
    asked: dict[int, tuple[int, int]] = {}
    failure: Exception | None = None
    while asked or (pieces.left and failure is None):
        while failure is None and _room(asked) and (piece := pieces.take(wire)):
            offset, length = piece
            body = messages.read(handle, start + offset, length)
            asked[wire.send(Command.READ, body, tree, length)] = piece
        reply = wire.receive()
        offset, length = asked.pop(reply.header.message)
        if reply.status == Status.END_OF_FILE:
            failure = Shrunk()
        elif reply.status != Status.OK:
            failure = of_status(reply.status)
        elif failure is None:
            with wire.parsing():
                data = messages.parse_read(reply.body, length)
            got = len(data)
            if not got:
                failure = Shrunk()
            elif got < length:
                pieces.put_back(offset + got, length - got)
            try:
                store(output, data, offset)
            except OSError:
                failure = ShareError(errors.SPOOL_FULL)
            pieces.done += got
            progress(pieces.done, size)
    if failure is not None:
        raise failure


def write_file(
    wire: WireConnection, tree: int, handle: bytes, source: ByteSource, progress: Progress
) -> None:
    """Copy the bytes of ``source`` into an open file, from its beginning."""
    pieces = _Ranges(source.size, wire.sizes.write)
    asked: dict[int, tuple[int, int]] = {}
    failure: ShareError | None = None
    while asked or (pieces.left and failure is None):
        while failure is None and _room(asked) and (piece := pieces.take(wire)):
            offset, length = piece
            data = source.part(offset, length)
            if len(data) != length:
                failure = ShareError(errors.CHANGED)
                break
            body = messages.write(handle, offset, length) + data
            asked[wire.send(Command.WRITE, body, tree, length)] = piece
        if not asked:
            break
        reply = wire.receive()
        offset, length = asked.pop(reply.header.message)
        if reply.status != Status.OK:
            failure = failure or of_status(reply.status)
        elif failure is None:
            with wire.parsing():
                count = messages.parse_write(reply.body)
                if not 0 < count <= length:
                    raise messages.Malformed
            if count < length:
                pieces.put_back(offset + count, length - count)
            pieces.done += count
            progress(pieces.done, source.size)
    if failure is not None:
        raise failure


def whole_write(wire: WireConnection, source: ByteSource) -> Related | None:
    """The one request that writes all of ``source``; None where it takes none, or several."""
    size = source.size
    if not 0 < size <= min(CREDIT, wire.sizes.write):
        return None
    data = source.part(0, size)
    if len(data) != size:
        raise ShareError(errors.CHANGED)
    return Command.WRITE, lambda handle: messages.write(handle, 0, size) + data


def is_whole(wire: WireConnection, reply: Response, source: ByteSource, progress: Progress) -> bool:
    """Whether that request has written all of it; it may be answered with less."""
    if reply.status != Status.OK:
        raise of_status(reply.status)
    with wire.parsing():
        count = messages.parse_write(reply.body)
        if not 0 < count <= source.size:
            raise messages.Malformed
    progress(count, source.size)
    return count == source.size


def _room(asked: dict[int, tuple[int, int]]) -> bool:
    """Whether one more request may be sent before an answer comes."""
    return len(asked) < IN_FLIGHT and sum(length for _, length in asked.values()) < AHEAD


def store(output: int, data: memoryview, offset: int) -> None:
    """Write all of ``data`` at ``offset`` of a local file."""
    while data:
        written = os.pwrite(output, data, offset)
        data, offset = data[written:], offset + written


@dataclass(frozen=True, slots=True)
class BytesSource:
    """A source that is in memory."""

    content: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return len(self.content)

    def part(self, offset: int, length: int) -> bytes:
        """Some of them."""
        return self.content[offset : offset + length]


class FileSource:
    """A source that is a local file; the descriptor stays the caller's, and where it is.

    It has a descriptor of its own: a thread may still be at it when the caller has given up.
    """

    _descriptor = -1

    def __init__(self, descriptor: int) -> None:
        self._descriptor = os.dup(descriptor)
        self.size = os.fstat(descriptor).st_size

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def part(self, offset: int, length: int) -> bytes:
        """Some of its bytes."""
        parts: list[bytes] = []
        while length and (got := os.pread(self._descriptor, length, offset)):
            parts.append(got)
            offset, length = offset + len(got), length - len(got)
        return b"".join(parts)


class _Ranges:
    """The ranges of a file that have not been requested yet."""

    def __init__(self, size: int, biggest: int) -> None:
        self.done = 0
        self._biggest = biggest
        self._ranges = deque([(0, size)] if size else [])

    @property
    def left(self) -> bool:
        """Whether any range has not been requested."""
        return bool(self._ranges)

    def take(self, wire: WireConnection) -> tuple[int, int] | None:
        """The next piece that there are credits for; None when there are none, or no piece."""
        if not self._ranges:
            return None
        offset, length = self._ranges.popleft()
        part = wire.affordable(min(length, self._biggest))
        if part < length:
            self._ranges.appendleft((offset + part, length - part))
        return (offset, part) if part else None

    def put_back(self, offset: int, length: int) -> None:
        """Request this again: the answer was shorter than the request."""
        self._ranges.appendleft((offset, length))
