"""The state of a session, sent to the server after each program and taken back from it.

A process may have to be killed, and what it held is gone then. So after a program that has changed
anything the state goes to the server: a small one with the end of the program, any other from a
thread of its own, beside the next program, piece by piece. A column is sent once.
"""

from __future__ import annotations

import mmap
import signal
import threading
from collections.abc import Callable
from typing import BinaryIO

from msgspec import Struct

from datacode.runtime import checkpoint
from datacode.runtime.checkpoint import Checkpoint, CheckpointError
from datacode.runtime.interpreter import Interpreter
from datacode.runtime.namespace import Snapshot
from datacode.values.column_encoding import PIECE, column_pieces, damaged
from datacode.values.column_storage import KeptRows, StoredRows
from datacode.worker import wire
from datacode.worker.child.remote_files import RunChannel

_STACK = 4 << 20
_FOR_A_PIECE = 4 * PIECE
"""Memory that writing a piece of a column takes: native code ends a process that has none."""


class StateSaver:
    """Sends states.

    ``after``, ``begin`` and ``let_go`` are for the thread that runs programs, ``taken`` is for the
    one of the control channel, on which ``send`` sends.
    """

    def __init__(
        self,
        interpreter: Interpreter,
        send: Callable[[Struct], None],
        trouble: Callable[[BaseException], str],
    ) -> None:
        self._interpreter = interpreter
        self._send = send
        self._trouble = trouble
        self._state = 0
        self._last: Snapshot | None = Snapshot({}, {}, [])
        self._stored: set[str] = set()
        self._turn = threading.Condition()
        self._next: tuple[int, Snapshot] | None = None
        self._waiting: tuple[int, Snapshot] | None = None
        self._wanted_from = 0
        self._room = threading.Semaphore(wire.STATE_PIECES)
        self._started = False

    def restored(self, state: int, columns: set[str]) -> None:
        """The interpreter has got the state of this number; the server has all of it."""
        self._state = state
        self._last = self._interpreter.snapshot()
        self._stored = columns

    def after(self, wanted: int) -> tuple[int, bytes, bytes]:
        """A program has ended: the number of the state, and a small one's manifest and columns."""
        if wanted == wire.SAVES_NOTHING:
            self._state += 1
            self._last = None
            return self._state, b"", b""
        if wanted == wire.SAVES_ALL:
            with self._turn:
                self._stored.clear()
            self._last = None
        number = self._state + 1
        try:
            snapshot = self._interpreter.snapshot()
            if self._last is not None and snapshot.is_same_as(self._last):
                return self._state, b"", b""
            self._state, self._last = number, snapshot
            with self._turn:
                stored = frozenset(self._stored)
            if checkpoint.is_small(snapshot, stored):
                written = checkpoint.write(snapshot)
                with self._turn:
                    self._wanted_from = number
                    self._waiting = None
                    self._stored.intersection_update(written.names)
                return number, written.manifest, _names(written)
            self._next = number, snapshot
        except (MemoryError, CheckpointError):
            self._state = number
            self.let_go()
            self._send(wire.NotSaved(number))
        return number, b"", b""

    def let_go(self) -> None:
        """Memory is short: what is being sent is given up, and no state is kept for it."""
        self._last = None
        with self._turn:
            self._waiting = None
            self._wanted_from = self._state + 1

    def taken(self) -> None:
        """The server has written a piece."""
        self._room.release()

    # The thread -----------------------------------------------------------------------------

    def begin(self) -> None:
        """The end of the program has been told: send its state, if that is a large one."""
        if self._next is None:
            return
        with self._turn:
            self._waiting, self._next = self._next, None
            self._turn.notify()
        if not self._started:
            before = threading.stack_size(_STACK)
            try:
                threading.Thread(target=self._serve, name="state", daemon=True).start()
                self._started = True
            except (RuntimeError, MemoryError):  # there is no memory for a thread
                with self._turn:
                    waiting, self._waiting = self._waiting, None
                if waiting is not None:
                    self._not_saved(waiting[0])
            finally:
                threading.stack_size(before)

    def _serve(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._waiting is not None)
                assert self._waiting is not None
                number, snapshot = self._waiting
                self._waiting = None
            try:
                self._write(number, snapshot)
            except OSError:
                return  # the server has hung up; the control thread ends the process
            except (MemoryError, CheckpointError):
                self._not_saved(number)
            except Exception as fault:  # noqa: BLE001 - the state is not kept, the session goes on
                self._not_saved(number, self._trouble(fault))
            del snapshot  # a state that is over is not to stay in memory

    def _not_saved(self, number: int, trouble: str = "") -> None:
        with self._turn:
            self._stored.clear()
        self._last = None
        self._send(wire.NotSaved(number, trouble))

    def _write(self, number: int, snapshot: Snapshot) -> None:
        """Send what the server does not have of a state, as long as it is wanted."""
        written = checkpoint.write(snapshot)
        if (
            len(written.names) > wire.STORED_COLUMNS
            or len(written.manifest) > checkpoint.LARGEST_MANIFEST
        ):
            self._not_saved(number)
            return
        try:
            for name in written.files:
                if name not in self._stored:
                    if not self._piece(wire.StateFile(number, bytes.fromhex(name))):
                        return
                    with self._turn:
                        self._stored.add(name)
        finally:
            if written.files:
                self._until_taken()
        for name, cells in written.columns.items():
            if name not in self._stored:
                raw = bytes.fromhex(name)
                _insist_on_memory()
                for piece in column_pieces(cells):
                    if not self._send_pieces(number, raw, piece):
                        return
                    _insist_on_memory()
                if not self._piece(wire.StatePiece(number, raw, b"", True)):
                    return
                with self._turn:
                    self._stored.add(name)
        with self._turn:
            if number < self._wanted_from:
                return
            self._stored.intersection_update(written.names)
        size = wire.STATE_PIECE
        last = max(0, len(written.manifest) - 1) // size * size
        if self._send_pieces(number, b"", written.manifest[:last]):
            end = written.manifest[last:]
            self._piece(wire.StatePiece(number, b"", end, True, _names(written)))

    def _send_pieces(self, number: int, name: bytes, content: bytes) -> bool:
        size = wire.STATE_PIECE
        return all(
            self._piece(wire.StatePiece(number, name, content[start : start + size], False))
            for start in range(0, len(content), size)
        )

    def _until_taken(self) -> None:
        """Wait for all that was sent: files stay only as long as the state refers to them."""
        for _ in range(wire.STATE_PIECES):
            self._room.acquire()
        for _ in range(wire.STATE_PIECES):
            self._room.release()

    def _piece(self, piece: wire.StatePiece | wire.StateFile) -> bool:
        """Send a piece when there is room for it; False where the state is not wanted any more."""
        self._room.acquire()
        if piece.state < self._wanted_from:
            self._room.release()
            return False
        self._send(piece)
        return True


def _names(written: Checkpoint) -> bytes:
    return bytes.fromhex("".join(written.names))


def _insist_on_memory() -> None:
    try:
        mmap.mmap(-1, _FOR_A_PIECE, flags=mmap.MAP_PRIVATE).close()
    except OSError:
        raise MemoryError from None


class StateReader:
    """Puts a state that the server has into an interpreter."""

    def __init__(self, interpreter: Interpreter, channel: RunChannel, saver: StateSaver) -> None:
        self._interpreter = interpreter
        self._channel = channel
        self._saver = saver
        self._columns: set[str] = set()

    def restore(self, message: wire.RestoreCheckpoint, file: BinaryIO | None) -> wire.Restored:
        """Do it, and say so; a state that is none leaves the interpreter as it was."""
        manifest = message.manifest
        if file is not None:
            with file:
                manifest = file.read()
        try:
            snapshot = checkpoint.read(manifest or b"", self._column, self._rows)
            self._interpreter.restore(snapshot)
        except CheckpointError as error:
            return wire.Restored(error.message)
        finally:
            columns, self._columns = self._columns, set()
        self._saver.restored(message.state, columns)
        return wire.Restored()

    def _rows(self, kept: KeptRows) -> StoredRows:
        storage = self._interpreter.large_tables
        if storage is None:
            raise CheckpointError(checkpoint.NO_LARGE_TABLES)
        self._columns.update(name for files in kept.files for name in files.names)
        return storage.kept(kept)

    def _column(self, name: str) -> bytes:
        self._columns.add(name)
        try:
            raw = bytes.fromhex(name)
        except ValueError:
            raise damaged("a column's name") from None
        wanted = wire.ColumnWanted(self._channel.next_request(), raw)
        self._channel.send(wanted)
        _, file = self._channel.answer(wanted.request)
        if file is None:
            raise damaged("a column is missing")
        with file:
            return file.read()
