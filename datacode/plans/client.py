"""An engine, asked and waited for. Requests are answered in order, one at a time."""

from __future__ import annotations

import select
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import msgspec

from datacode.errors import DataCodeError, Kind, runtime_error
from datacode.i18n.message import Message
from datacode.plans import messages
from datacode.plans.table_files import TableFile

Answer = TypeVar("Answer", bound=msgspec.Struct)

_AT_ONCE = 1 << 20

Connect = Callable[[], "Connection"]


class Lost(Exception):
    """The engine has ended, or what it says makes no sense."""


_UNAVAILABLE = Message(
    "no_engine", "Large tables cannot be stored here: no engine for them can be started"
)


class Unavailable(DataCodeError):
    """No engine can be had. ``is_told``: there is a reason that a reader can do something about."""

    def __init__(self, message: Message | None = None) -> None:
        super().__init__(Kind.RUNTIME, message or _UNAVAILABLE)
        self.is_told = message is not None


class Connection:
    """Bytes to an engine and from it.

    A program is interrupted by exceptions out of signals. A wait may be broken off so, a transfer
    not: half a frame would be the end of the engine. This class holds back SIGINT.
    """

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._readable = select.poll()
        self._readable.register(stream, select.POLLIN)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Within this only ``receive`` can be interrupted."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def wait(self) -> None:
        """Wait until there is something to receive."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))
        try:
            self._readable.poll()
        finally:
            signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))

    def send(self, data: bytes) -> None:
        """Send all of it. Raises OSError."""
        self._stream.sendall(data)

    def receive(self) -> bytes:
        """Some bytes; none when the other side has hung up. Raises OSError."""
        self.wait()
        return self._stream.recv(_AT_ONCE)

    def close(self) -> None:
        """Hang up: the engine ends."""
        self._stream.close()


class EngineClient:
    """One engine, which is connected when it is needed first."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._connection: Connection | None = None
        self._frames = messages.Frames()
        self._requests = 0
        self._tables = 0
        self._whole: dict[int, tuple[TableFile, ...]] = {}
        self._missing: set[int] = set()
        self._unneeded: list[int] = []
        self._turn = threading.Lock()
        self._working_on = ""
        self.life = 0
        """Which engine this is: what was being sent to one that was lost is not in the next."""
        self.on_progress: Callable[[str, int], None] | None = None
        """Is told how far a long step is: its name, and per cent."""

    def tell(self, name: str, done: int) -> None:
        """How far work is that goes through rows of an engine, in per cent."""
        if self.on_progress is not None:
            self.on_progress(name, done)

    def new_table(self) -> int:
        """A number for a table that is going to be sent."""
        self._tables += 1
        return self._tables

    def is_whole(self, table: int, files: tuple[TableFile, ...]) -> None:
        """All of that table stands in these files: an engine that comes later takes it up."""
        self._whole[table] = files

    def take_up(self, files: tuple[TableFile, ...]) -> int:
        """A number for a table in files that the next engine finds in its folder."""
        self.close()
        table = self.new_table()
        self._whole[table] = files
        return table

    def drop(self, table: int) -> None:
        """Nobody needs that table any more; the engine is told with the next request."""
        self._whole.pop(table, None)
        self._missing.discard(table)
        self._unneeded.append(table)

    def ask(
        self,
        make: Callable[[int], messages.ToEngine],
        answer: type[Answer],
        *,
        life: int | None = None,
        tables: Iterable[int] = (),
    ) -> Answer:
        """Send the request that ``make`` gives for a number, and wait for its answer.

        ``life`` is that of the engine to which an unfinished table is sent that the request is
        about, ``tables`` are those that are whole: for them an engine that has ended is replaced,
        and asked once more. Raises a Runtime Error for what the engine could not do, or where it
        is gone.
        """
        if life is not None and (life != self.life or self._connection is None):
            raise gone()
        with self._turn:
            try:
                return self._tried(make, answer, tables)
            except Lost as error:
                if life is not None:
                    raise gone() from error
            try:
                return self._tried(make, answer, tables)
            except Lost as error:
                raise ended() from error

    def _tried(
        self, make: Callable[[int], messages.ToEngine], answer: type[Answer], tables: Iterable[int]
    ) -> Answer:
        connection = self._connected()
        if not self._missing.isdisjoint(tables):
            raise gone()
        with connection.guarded():
            return self._asked(connection, make, answer)

    def _asked(
        self, connection: Connection, make: Callable[[int], messages.ToEngine], answer: type[Answer]
    ) -> Answer:
        self._requests += 1
        request = make(self._requests)
        if isinstance(request, messages.Run):
            self._working_on = str(request.step.__struct_config__.tag)
        try:
            unneeded, self._unneeded = self._unneeded, []
            data = messages.frame(messages.Drop(tuple(unneeded))) if unneeded else b""
            connection.send(data + messages.frame(request))
        except OSError as error:
            self.close()
            raise Lost from error
        try:
            found = self._answer(self._requests)
        except (OSError, ValueError, msgspec.DecodeError, Lost) as error:
            self.close()
            raise Lost from error
        except BaseException:
            self._cancel(self._requests)
            raise
        if isinstance(found, messages.EngineFailed):
            if found.message is None:
                raise ended()
            raise DataCodeError(Kind.RUNTIME, found.message)
        if not isinstance(found, answer):
            self.close()
            raise Lost
        return found

    def _connected(self) -> Connection:
        """The connection to the engine, which is started if there is none. Raises
        ``Unavailable``."""
        if self._connection is None:
            connection = self._connection = self._connect()
            self._frames = messages.Frames()
            self._unneeded.clear()
            self.life += 1
            try:
                with connection.guarded():
                    self._answer(0)
                    self._take_up(connection)
            except (OSError, ValueError, Lost) as error:
                self.close()
                raise Unavailable from error
            except BaseException:
                self.close()
                raise
        return self._connection

    def _take_up(self, connection: Connection) -> None:
        """Tell a new engine which tables there are."""
        self._missing.clear()
        if not self._whole:
            return
        known = tuple(messages.TakenUp(number, files) for number, files in self._whole.items())
        found = self._asked(connection, lambda n: messages.TakeUp(n, known), messages.TookUp)
        self._missing.update(found.missing)

    def _answer(self, request: int) -> messages.FromEngine:
        """The answer to a request; those to others, which nobody waits for any more, are let go."""
        assert self._connection is not None
        while True:
            while (body := self._frames.take()) is None:
                data = self._connection.receive()
                if not data:
                    raise Lost
                self._frames.add(data)
            found = messages.from_engine.decode(body)
            if isinstance(found, messages.StepProgress):
                if found.request == request:
                    self.tell(self._working_on, max(0, min(found.done, 100)))
                continue
            if found.request == request:
                return found
            if isinstance(found, messages.Made):
                self._unneeded.append(found.table)

    def _cancel(self, request: int) -> None:
        """Nobody waits any more: the engine is told, and its answer let go when it comes."""
        if self._connection is not None:
            try:
                self._connection.send(messages.frame(messages.CancelRequest(request)))
            except OSError:
                self.close()

    def close(self) -> None:
        """End the engine. The next one takes up the tables that are whole."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
            self.life += 1


def gone() -> DataCodeError:
    """The error for a table whose files are not there, or were not all written."""
    return runtime_error(
        "large_table_lost", "The large table is lost, as its engine has ended: make it again"
    )


def ended() -> DataCodeError:
    """The error for a step during which the engine has ended twice."""
    return runtime_error(
        "engine_ended",
        "The engine for large tables has ended in the middle of this step; the tables are still "
        "there",
    )
