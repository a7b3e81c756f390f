"""The answers to what a running program asks of files (the child asks in ``remote_files``)."""

from __future__ import annotations

import errno
import os
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from msgspec import Raw, Struct
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from datacode.errors import internal_error
from datacode.i18n.message import Message
from datacode.runtime.file_operations import AnyFileOperation, FileOperation, Open, Write
from datacode.runtime.files import FilesError
from datacode.runtime.in_steps import emptied
from datacode.worker.limits import MIB
from datacode.worker.wire import (
    Answered,
    Failed,
    FileRequest,
    Opened,
    WritePiece,
    packed,
    packed_in_pieces,
)

_TOO_LARGE = Message(
    "file_too_large_to_write", "The file is too large to be written: {mebibytes} MiB are allowed"
)

_AT_ONCE = 8

_A_TURN = 2000
"""Names that are encoded at a time."""

_UNREAD = 32
"""Answers, each of which may be an open file, that a worker may leave unread. An honest one reads
each before it asks again, but for those that it was cancelled in waiting for."""


class Broker(Protocol):
    """Carries out what a session's programs ask of files."""

    async def do(self, operation: FileOperation[Any]) -> Any:
        """What the operation gives; for ``Open`` a descriptor, which is closed once it is sent.

        May raise ``OSError`` or ``FilesError``. Where the program waits no longer, what is given
        is dropped.
        """

    def give_up(self) -> None:
        """No program waits for what was asked so far: end what can be ended."""


async def _at_once() -> None:
    """Wait for nothing."""


class FileServer:
    """Puts a worker's requests to the broker and sends back what it says.

    A program asks one thing at a time; but what an earlier one asked may still be under way
    after it was cancelled, so a few are allowed at once.
    """

    _log = Logger()

    def __init__(
        self,
        broker: Broker,
        send: Callable[[Struct, tuple[int, ...]], None],
        write_bytes: int,
        is_read: Callable[[], bool] = lambda: True,
        broken: Callable[[str], None] = lambda fault: None,
        turn: Callable[[], Awaitable[None]] = _at_once,
    ) -> None:
        """``is_read`` tells whether the worker has read all that was sent; ``broken`` is told of a
        worker that does not. ``turn`` waits for the reactor's next turn.
        """
        self._turn = turn
        self._is_read = is_read
        self._broken = broken
        self._unread = 0
        self._broker = broker
        self._send = send
        self._write_bytes = write_bytes
        self._under_way = 0
        self._writing = 0
        self._content = bytearray()
        self._closed = False

    def ask(self, request: FileRequest | WritePiece) -> None:
        """Carry out what is asked, now or later; a piece is kept until its file is whole."""
        if isinstance(request, WritePiece):
            self._keep(request.request, request.content)
            return
        if isinstance(request.operation, Write):
            self._keep(request.request, request.operation.content)
        if self._leaves_unread():
            return
        if self._under_way >= _AT_ONCE:
            self._answered(Failed(request.request, errno.EBUSY), ())
            return
        self._under_way += 1
        answered = Deferred.fromCoroutine(self._answer(request.request, request.operation))
        answered.addErrback(lambda f: self._log.failure("answering a worker", f))

    def close(self) -> None:
        """The worker is gone: drop what is still under way."""
        self._closed = True
        self.forget()

    def forget(self) -> None:
        """The program has ended, whatever it still waits for."""
        self._content = bytearray()
        self._broker.give_up()

    def _keep(self, request: int, piece: bytes) -> None:
        """Keep a piece of a file; beyond the limit nothing, as it will be refused anyway."""
        if request != self._writing:
            self._writing = request
            self._content = bytearray()
        if not self._write_bytes or len(self._content) <= self._write_bytes:
            self._content += piece

    async def _answer(self, request: int, operation: AnyFileOperation) -> None:
        descriptors: tuple[int, ...] = ()
        answer: Struct
        try:
            if isinstance(operation, Write):
                operation = Write(operation.path, self._whole())
            found = await self._broker.do(operation)
            if isinstance(operation, Open):
                descriptors, answer = (found,), Opened(request)
            else:
                answer = Answered(request, Raw(await self._packed(found)))
        except CancelledError:
            answer = Failed(request, errno.EINTR)
        except FilesError as error:
            answer = Failed(request, None, error.message)
        except OSError as error:
            answer = Failed(request, error.errno or errno.EIO)
        except Exception:  # noqa: BLE001 - a fault of ours must not leave the program waiting
            self._log.failure("a broker failed")
            answer = Failed(request, None, internal_error().message)
        finally:
            self._under_way -= 1
        if not self._closed:
            self._answered(answer, descriptors)
        else:
            for descriptor in descriptors:
                os.close(descriptor)

    async def _packed(self, found: Any) -> bytes:
        """What was found, encoded; a long list in turns, between which others have theirs."""
        if not isinstance(found, list) or len(found) <= _A_TURN:
            return packed(found)
        pieces = bytearray()
        for piece in packed_in_pieces(found, _A_TURN):
            pieces += piece
            await self._turn()
        for _ in emptied(found):
            await self._turn()
        return bytes(pieces)

    def _answered(self, answer: Struct, descriptors: tuple[int, ...]) -> None:
        self._unread += 1
        self._send(answer, descriptors)

    def _leaves_unread(self) -> bool:
        """Whether the worker asks on and on without reading; then it is broken."""
        if self._unread + self._under_way < _AT_ONCE:
            return False
        if self._is_read():
            self._unread = 0
        elif self._unread >= _UNREAD:
            self._broken("it does not read what it asks for")
            return True
        return False

    def _whole(self) -> bytes:
        """The file whose pieces have come, unless it is too large."""
        content, self._content = bytes(self._content), bytearray()
        if self._write_bytes and len(content) > self._write_bytes:
            raise FilesError(_TOO_LARGE.filled(mebibytes=f"{self._write_bytes / MIB:.6g}"))
        return content
