"""The child's end of the run channel, and ``Files`` that asks the server and waits."""

from __future__ import annotations

import errno
import os
import select
import socket
from collections import deque
from collections.abc import Callable
from typing import BinaryIO, TypeVar

from msgspec import Struct

from datacode.runtime.files import Entry, FilesError
from datacode.worker import wire
from datacode.worker.child.interrupts import Gate

Expected = TypeVar("Expected", bound=wire.Answer)

_AT_ONCE = 1 << 18


class RunChannel:
    """Frames on a blocking socket. Ends the process when the server has hung up."""

    def __init__(self, run: socket.socket, gate: Gate) -> None:
        self._socket = run
        self._gate = gate
        self._frames = wire.Frames(wire.MAX_FROM_SERVER)
        self._descriptors: deque[int] = deque()
        self._readable = select.poll()
        self._readable.register(run, select.POLLIN)
        self._requests = 0

    def send(self, message: Struct) -> None:
        """Send a message. The gate is closed: half a frame must not be left on the way."""
        try:
            self._socket.sendall(wire.encode(message))
        except OSError:
            os._exit(0)

    def next_run(self) -> wire.Execute:
        """Wait for a program; answers that nobody waits for any more are dropped."""
        while True:
            message, file = self._received(interruptible=False)
            if isinstance(message, wire.Execute):
                return message
            if file is not None:
                file.close()

    def next_request(self) -> int:
        """The number of the next request."""
        self._requests += 1
        return self._requests

    def answer(self, request: int) -> tuple[wire.ToWorker, BinaryIO | None]:
        """Wait for the answer to that request, and its file. The wait can be interrupted."""
        while True:
            message, file = self._received(interruptible=True)
            if not isinstance(message, wire.Execute) and message.request == request:
                return message, file
            if file is not None:
                file.close()

    def _received(self, *, interruptible: bool) -> tuple[wire.ToWorker, BinaryIO | None]:
        while (frame := self._frames.take()) is None:
            if interruptible:
                self._gate.open()
                self._readable.poll()
                self._gate.close()
            self._read()
        message = wire.to_worker(frame)
        if isinstance(message, wire.Opened):
            return message, open(self._descriptors.popleft(), "rb")
        return message, None

    def _read(self) -> None:
        """Take in what there is. A descriptor comes with the first byte of its frame at latest."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._socket, _AT_ONCE, 4)
        except OSError:
            os._exit(0)
        if not data:
            os._exit(0)
        self._descriptors.extend(descriptors)
        self._frames.add(data)


class RemoteFiles:
    """``Files`` of a program in a worker: every question goes to the server (runtime.files)."""

    def __init__(self, channel: RunChannel, gate: Gate, before: Callable[[], None]) -> None:
        """``before`` is called before each question, the gate closed: it sends the output."""
        self._channel = channel
        self._gate = gate
        self._before = before

    def working_folder(self) -> str:
        """The text that ``getcwd()`` gives."""
        request = self._channel.next_request()
        return self._ask(wire.Text, wire.WorkingFolder(request))[0].text or ""

    def open(self, path: str) -> BinaryIO:
        """The file for reading."""
        request = self._channel.next_request()
        _, file = self._ask(wire.Opened, wire.Open(request, path))
        if file is None:
            raise RuntimeError("a file was opened and did not come")
        return file

    def list_folder(self, path: str) -> list[Entry]:
        """The entries of a folder, sorted by name."""
        request = self._channel.next_request()
        answer, _ = self._ask(wire.Entries, wire.ListFolder(request, path))
        return [Entry(*entry) for entry in answer.entries]

    def match(self, pattern: str) -> list[str]:
        """The paths that match a pattern, in order."""
        request = self._channel.next_request()
        return self._ask(wire.Names, wire.Match(request, pattern))[0].names

    def kind(self, path: str) -> str | None:
        """``"file"``, ``"folder"`` or None."""
        request = self._channel.next_request()
        return self._ask(wire.Text, wire.FindKind(request, path))[0].text

    def stat(self, path: str) -> Entry:
        """What is at a path, with size and time."""
        request = self._channel.next_request()
        return Entry(*self._ask(wire.Entries, wire.Stat(request, path))[0].entries[0])

    def copy(self, source: str, target: str) -> None:
        """Replace a file by a copy of another; its bytes do not come here."""
        request = self._channel.next_request()
        self._ask(wire.Done, wire.Copy(request, source, target))

    def make_folder(self, path: str) -> None:
        """Make a folder, and those above it."""
        request = self._channel.next_request()
        self._ask(wire.Done, wire.MakeFolder(request, path))

    def delete(self, path: str) -> None:
        """Delete a file, or a folder that is empty."""
        request = self._channel.next_request()
        self._ask(wire.Done, wire.Delete(request, path))

    def write(self, path: str, content: bytes) -> None:
        """Replace a file by ``content``, which goes in pieces."""
        request = self._channel.next_request()
        *pieces, last = [
            content[i : i + wire.PIECE] for i in range(0, len(content) or 1, wire.PIECE)
        ]
        for piece in pieces:
            self._send(wire.Write(request, path, piece, False))
        self._ask(wire.Done, wire.Write(request, path, last, True))

    def _send(self, message: Struct) -> None:
        """Send without waiting for an answer. May be interrupted before and after."""
        with self._gate.closed():
            self._channel.send(message)

    def _ask(
        self, expected: type[Expected], request: wire.Request
    ) -> tuple[Expected, BinaryIO | None]:
        """Ask and wait. Raises what the server says went wrong, or what interrupts the wait."""
        self._gate.close()
        self._before()
        self._channel.send(request)
        answer, file = self._channel.answer(request.request)
        self._gate.open()
        if isinstance(answer, expected):
            return answer, file
        if isinstance(answer, wire.Failed):
            raise _failure(answer)
        raise RuntimeError(f"{type(answer).__name__} is no answer to {type(request).__name__}")


def _failure(answer: wire.Failed) -> Exception:
    """What the broker raised, as far as it crosses the wire."""
    if answer.message is not None:
        return FilesError(answer.message)
    number = answer.errno or errno.EIO
    return OSError(number, os.strerror(number))
