"""The child's end of the run channel, and ``Files`` that asks the server and waits."""

from __future__ import annotations

import errno
import os
import select
import socket
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

from msgspec import Struct

from datacode.runtime.file_operations import FileOperation, Open, OperationFiles, Write
from datacode.runtime.files import FilesError
from datacode.worker import wire
from datacode.worker.child.interrupts import InterruptGate

_AT_ONCE = 1 << 18


class RunChannel:
    """Frames on a blocking socket. Ends the process when the server has hung up."""

    def __init__(self, run: socket.socket, gate: InterruptGate) -> None:
        self._socket = run
        self._gate = gate
        self._frames = wire.FrameSplitter(wire.MAX_FROM_SERVER)
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

    def next_run(self) -> tuple[wire.RunProgram | wire.RestoreCheckpoint, BinaryIO | None]:
        """Wait for a program, or a state and its file; answers that nobody waits for any more are
        dropped."""
        while True:
            message, file = self._received(interruptible=False)
            if isinstance(message, wire.RunProgram | wire.RestoreCheckpoint):
                return message, file
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
            is_other = isinstance(message, wire.RunProgram | wire.RestoreCheckpoint)
            if not is_other and message.request == request:  # type: ignore[union-attr]
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
        is_in_file = isinstance(message, wire.RestoreCheckpoint) and message.manifest is None
        if is_in_file or isinstance(message, wire.Opened):
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


class RemoteFiles(OperationFiles):
    """``Files`` of a program in a worker: every operation goes to the server."""

    def __init__(
        self, channel: RunChannel, gate: InterruptGate, before: Callable[[], None]
    ) -> None:
        """``before`` is called before each question, the gate closed: it sends the output."""
        self._channel = channel
        self._gate = gate
        self._before = before

    def do(self, operation: FileOperation[Any]) -> Any:
        """Ask the server. Raises what it says went wrong, or what interrupts the wait."""
        request = self._channel.next_request()
        asked: Any = operation
        if isinstance(operation, Write):
            asked = Write(operation.path, self._last_piece(request, operation.content))
        return self._answered(request, operation, asked)

    def write_parts(self, path: str, parts: Iterable[bytes]) -> None:
        """``Write`` of parts, which are sent as they come: there may be more than fits here."""
        request = self._channel.next_request()
        waiting = b""
        for part in parts:
            waiting = self._last_piece(request, waiting + part)
        last = Write(path, self._last_piece(request, waiting))
        self._answered(request, last, last)

    def _answered(self, request: int, operation: FileOperation[Any], asked: Any) -> Any:
        answer, file = self._ask(wire.FileRequest(request, asked))
        if isinstance(answer, wire.Failed):
            raise _failure(answer)
        if isinstance(answer, wire.Answered) and not isinstance(operation, Open):
            return wire.answer_to(operation, answer)
        if file is None or not isinstance(operation, Open):
            raise RuntimeError(f"{type(answer).__name__} is no answer to {operation.method()}")
        return file

    def _last_piece(self, request: int, content: bytes) -> bytes:
        """What is left of a file's content when all before it is sent, a frame a piece."""
        *pieces, last = [
            content[i : i + wire.PIECE] for i in range(0, len(content) or 1, wire.PIECE)
        ]
        for piece in pieces:
            with self._gate.closed():  # a run may be interrupted between two, in none of them
                self._channel.send(wire.WritePiece(request, piece))
        return last

    def _ask(self, request: wire.FileRequest) -> tuple[wire.ToWorker, BinaryIO | None]:
        self._gate.close()
        self._before()
        self._channel.send(request)
        answer = self._channel.answer(request.request)
        self._gate.open()
        return answer


def _failure(answer: wire.Failed) -> Exception:
    """What the broker raised, as far as it crosses the wire."""
    if answer.message is not None:
        return FilesError(answer.message)
    number = answer.errno or errno.EIO
    return OSError(number, os.strerror(number))
