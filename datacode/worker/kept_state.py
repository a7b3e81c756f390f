"""The state of a session outside its process: what is kept of it, and whether that is the newest.

States are numbered from 0, which is a session without any variables. A program that changes the
state makes the next one, and its process sends that: a small one at once, any other beside the
next program. So what is kept may lag behind for a while; ``behind`` tells by how many states.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from datacode.worker import wire
from datacode.worker.waiters import Waiters

_RETRY_SECONDS = 30.0
"""After a state could not be kept, none is asked for during so many seconds."""


class StateStore(Protocol):
    """Keeps one session's states; only the newest, whole one counts.

    Deferreds fail with whatever exception tells why something could not be kept. What was asked
    for earlier is done earlier.
    """

    @property
    def state(self) -> int:
        """The number of the state that is kept, 0 for none."""

    @property
    def newest(self) -> int:
        """The number of the state that there was last, kept or not."""

    def put(self, state: int, manifest: bytes, columns: Sequence[bytes]) -> Deferred[None] | None:
        """Keep a small state, whose columns are there; None where that is done at once."""

    def add(self, piece: wire.StatePiece) -> Deferred[None]:
        """Keep a piece; the state is whole with the last one of its manifest."""

    def add_file(self, file: wire.StateFile, folder: Path) -> Deferred[None]:
        """Keep a file of a large table that is in that folder, which is another process's."""

    def give_files(self, folder: Path) -> Deferred[None]:
        """Put the files of large tables that are kept into a folder, where they are not yet."""

    def break_off(self) -> None:
        """No more pieces come of what is not whole."""

    def manifest(self) -> Deferred[bytes | int]:
        """The manifest of the state that is kept, or a descriptor of its own to read it from."""

    def column(self, name: bytes) -> Deferred[int]:
        """A descriptor of its own to read a column of that state from."""

    def settled(self) -> Deferred[None]:
        """Fires when all that was asked for is done."""

    def clear(self) -> None:
        """Keep nothing."""

    def close(self) -> Deferred[None]:
        """The session is over."""


class KeptState:
    """What the server knows of a session's state. ``store`` is None where none is kept."""

    _log = Logger()

    def __init__(self, store: StateStore | None, seconds: Callable[[], float]) -> None:
        self.store = store
        self.newest = 0 if store is None else store.newest
        """The number of the state that the session has."""
        self.kept = 0 if store is None else store.state
        """The number of the newest state that is kept."""
        self._seconds = seconds
        self._generation = 0
        self._under_way = 0
        self._unanswered = 0
        self._until_answered: Waiters[None] = Waiters()
        self._not_before = 0.0
        self._has_failed = False
        self._waiting: Waiters[bool] = Waiters()

    @property
    def behind(self) -> int:
        """By how many states what is kept is older than the newest."""
        return max(0, self.newest - self.kept)

    @property
    def exists(self) -> bool:
        """Is there a state to be restored?"""
        return self.kept > 0

    def wanted(self) -> int:
        """What is wanted of the state after the next program (``wire.RunProgram.saves``)."""
        if self.store is None or self._seconds() < self._not_before:
            return wire.SAVES_NOTHING
        if self._has_failed:
            self._has_failed = False
            return wire.SAVES_ALL
        return wire.SAVES_NEW

    def finished(self, message: wire.Finished) -> None:
        """A program has ended. Raises ``FrameError`` for a state that cannot be."""
        if self.store is None or message.state == self.newest:
            return
        if message.state != self.newest + 1 or len(message.columns) % wire.COLUMN_NAME:
            raise wire.FrameError("a state of another number")
        self.newest = message.state
        if message.manifest:
            stored = self.store.put(message.state, message.manifest, _split(message.columns))
            generation = self._generation
            if stored is None:
                self._is_kept(message.state, generation)
                return
            self._unanswered += 1
            stored.addCallbacks(
                lambda _: self._is_kept(message.state, generation),
                lambda f: self._failed(generation, f),
            ).addBoth(lambda _: self._answered())

    def piece(self, piece: wire.StatePiece, taken: Callable[[], None]) -> None:
        """A piece of a state has come; ``taken`` is called when it is written.

        Raises ``FrameError`` for what an honest process does not send.
        """
        if (
            self.store is None
            or self._under_way > wire.STATE_PIECES
            or len(piece.content) > wire.STATE_PIECE
            or not (piece.content or piece.is_last)
            or len(piece.name) not in (0, wire.COLUMN_NAME)
            or len(piece.columns) % wire.COLUMN_NAME
            or len(piece.columns) > wire.STORED_COLUMNS * wire.COLUMN_NAME
            or not self.kept < piece.state <= self.newest + 1
        ):
            if self.store is not None and piece.state <= self.kept:
                taken()  # a newer one has overtaken it
                return
            raise wire.FrameError("a piece of a state that nobody wanted")
        whole = piece.state if piece.is_last and not piece.name else 0
        self._take(self.store.add(piece), taken, whole)

    def file(self, file: wire.StateFile, folder: Path | None, taken: Callable[[], None]) -> None:
        """A file of a large table is to be kept; ``folder`` is that of the process's engine.

        Raises ``FrameError`` as ``piece`` does.
        """
        if (
            self.store is None
            or folder is None
            or self._under_way > wire.STATE_PIECES
            or len(file.name) != wire.COLUMN_NAME
            or not self.kept < file.state <= self.newest + 1
        ):
            if self.store is not None and file.state <= self.kept:
                taken()
                return
            raise wire.FrameError("a file of a state that nobody wanted")
        self._take(self.store.add_file(file, folder), taken, 0)

    def _take(self, stored: Deferred[None], taken: Callable[[], None], whole: int) -> None:
        """A part of a state is being written; with it that of the number ``whole`` is there."""
        self._under_way += 1
        generation = self._generation

        def done(result: Any) -> None:
            self._under_way -= 1
            taken()
            if isinstance(result, Failure):
                self._failed(generation, result)
            elif whole:
                self._is_kept(whole, generation)

        self._unanswered += 1
        stored.addBoth(done).addBoth(lambda _: self._answered())

    def not_saved(self, state: int) -> None:
        """The process could not write a state."""
        if state == self.newest:
            self._waiting.tell(False)

    def is_newest_kept(self) -> Deferred[bool]:
        """Fires when the newest state is kept, with True, or cannot be."""
        if not self.behind or self.store is None or self._seconds() < self._not_before:
            return succeed(not self.behind)
        return self._waiting.wait()

    async def settle(self) -> None:
        """The process is gone: wait until what it had sent is dealt with."""
        if self.store is not None:
            self.store.break_off()
            await self.store.settled()
        if self._unanswered:  # it is done, and we have not heard of it yet
            await self._until_answered.wait()
        self._under_way = 0
        if self.behind:
            self._waiting.tell(False)  # nobody will send it any more

    def _answered(self) -> None:
        self._unanswered -= 1
        if not self._unanswered:
            self._until_answered.tell(None)

    def begin_again(self) -> None:
        """The session goes on with what is kept: that is the newest state now."""
        self.newest = self.kept
        self._waiting.tell(True)

    def forget(self) -> None:
        """The session has no variables any more."""
        self.newest = self.kept = 0
        self._generation += 1
        self._has_failed = False
        self._not_before = 0.0
        if self.store is not None:
            self.store.clear()
        self._waiting.tell(True)

    def _is_kept(self, state: int, generation: int) -> None:
        if generation == self._generation and self.kept < state:
            self.kept = state
            if not self.behind:
                self._waiting.tell(True)

    def _failed(self, generation: int, failure: Failure) -> None:
        if generation != self._generation:
            return
        if not self._has_failed:
            self._has_failed = True
            self._not_before = self._seconds() + _RETRY_SECONDS
            why = failure.getErrorMessage()
            self._log.warn("The state of a session is not kept: {why}", why=why)
        self._waiting.tell(False)


def _split(names: bytes) -> list[bytes]:
    """The names that stand in one piece."""
    size = wire.COLUMN_NAME
    return [names[start : start + size] for start in range(0, len(names), size)]
