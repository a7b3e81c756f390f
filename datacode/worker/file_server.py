"""The answers to what a running program asks of files (the child asks in ``remote_files``)."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from datacode.errors import internal_error
from datacode.i18n.message import Message
from datacode.runtime.files import Entry, FilesError
from datacode.worker.limits import MIB
from datacode.worker.wire import (
    Change,
    Copy,
    Delete,
    Done,
    Entries,
    Failed,
    FindKind,
    ListFolder,
    MakeFolder,
    Match,
    Names,
    Open,
    Opened,
    Request,
    Stat,
    Text,
    WorkingFolder,
    Write,
)

_TOO_LARGE = Message(
    "file_too_large_to_write", "The file is too large to be written: {mebibytes} MiB are allowed"
)

_AT_ONCE = 8


class Broker(Protocol):
    """What a session's programs may ask of the server. All may raise OSError or FilesError.

    The answer to a question that its program no longer waits for is dropped.
    """

    async def open(self, path: str) -> int:
        """A descriptor of the file, read-only; it is closed once it has been sent."""

    async def list_folder(self, path: str) -> list[Entry]:
        """The entries of a folder, sorted by name."""

    async def match(self, pattern: str) -> list[str]:
        """The paths that match a pattern, in order."""

    async def kind(self, path: str) -> str | None:
        """``"file"``, ``"folder"`` or None."""

    async def write(self, path: str, content: bytes) -> None:
        """Replace a file by ``content``."""

    async def stat(self, path: str) -> Entry:
        """What is at a path, with size and time; an error where nothing is."""

    async def copy(self, source: str, target: str) -> None:
        """Replace the file ``target`` by what the file ``source`` holds."""

    async def make_folder(self, path: str) -> None:
        """Make a folder, and those above it."""

    async def delete(self, path: str) -> None:
        """Delete a file, or a folder that is empty."""

    async def working_folder(self) -> str:
        """The text that ``getcwd()`` gives."""

    def give_up(self) -> None:
        """No program waits for what was asked so far: end what can be ended."""


class FileAnswers:
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
    ) -> None:
        self._broker = broker
        self._send = send
        self._write_bytes = write_bytes
        self._under_way = 0
        self._writing = 0
        self._content = bytearray()
        self._closed = False

    def ask(self, request: Request) -> None:
        """Answer a request, now or later."""
        if isinstance(request, Write) and not self._collect(request):
            return
        if self._under_way >= _AT_ONCE:
            self._send(Failed(request.request, errno.EBUSY), ())
            return
        self._under_way += 1
        answered = Deferred.fromCoroutine(self._answer(request))
        answered.addErrback(lambda f: self._log.failure("answering a worker", f))

    def close(self) -> None:
        """The worker is gone: drop what is still under way."""
        self._closed = True
        self.forget()

    def forget(self) -> None:
        """The program has ended, whatever it still waits for."""
        self._content = bytearray()
        self._broker.give_up()

    def _collect(self, piece: Write) -> bool:
        """Is the file whole with this piece?"""
        if piece.request != self._writing:
            self._writing = piece.request
            self._content = bytearray()
        if not self._write_bytes or len(self._content) <= self._write_bytes:
            self._content += piece.content
        return piece.last

    async def _answer(self, request: Request) -> None:
        descriptors: tuple[int, ...] = ()
        try:
            if isinstance(request, Open):
                descriptors = (await self._broker.open(request.path),)
                answer: Struct = Opened(request.request)
            else:
                answer = await self._answered(request)
        except CancelledError:
            answer = Failed(request.request, errno.EINTR)
        except FilesError as error:
            answer = Failed(request.request, None, error.message)
        except OSError as error:
            answer = Failed(request.request, error.errno or errno.EIO)
        except Exception:  # noqa: BLE001 - a fault of ours must not leave the program waiting
            self._log.failure("a broker failed")
            answer = Failed(request.request, None, internal_error().message)
        finally:
            self._under_way -= 1
        if not self._closed:
            self._send(answer, descriptors)
        else:
            for descriptor in descriptors:
                os.close(descriptor)

    async def _answered(self, request: Request) -> Struct:
        """The answer to a question about what is there."""
        number = request.request
        if isinstance(request, ListFolder):
            found = await self._broker.list_folder(request.path)
            return Entries(number, [_told(entry) for entry in found])
        if isinstance(request, Match):
            return Names(number, await self._broker.match(request.pattern))
        if isinstance(request, FindKind):
            return Text(number, await self._broker.kind(request.path))
        if isinstance(request, WorkingFolder):
            return Text(number, await self._broker.working_folder())
        if isinstance(request, Stat):
            return Entries(number, [_told(await self._broker.stat(request.path))])
        assert not isinstance(request, Open)
        await self._change(request)
        return Done(number)

    async def _change(self, request: Change) -> None:
        if isinstance(request, Copy):
            await self._broker.copy(request.source, request.target)
        elif isinstance(request, MakeFolder):
            await self._broker.make_folder(request.path)
        elif isinstance(request, Delete):
            await self._broker.delete(request.path)
        else:
            await self._write(request)

    async def _write(self, request: Write) -> None:
        content, self._content = bytes(self._content), bytearray()
        if self._write_bytes and len(content) > self._write_bytes:
            raise FilesError(_TOO_LARGE.filled(mebibytes=f"{self._write_bytes / MIB:.6g}"))
        await self._broker.write(request.path, content)


def _told(entry: Entry) -> tuple[str, bool, int | None, float | None]:
    return (entry.name, entry.is_folder, entry.size, entry.modified)
