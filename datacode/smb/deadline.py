"""How a call that blocks in one thread is ended from another, and when it ends by itself."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

from datacode.smb import errors
from datacode.smb.errors import ShareError

_MUCH = 1 << 20
"""Bytes; whoever has sent so many is not silent."""


_BLINK = 0.05
"""Seconds in which nobody notices that a pause goes on."""


class Interrupted(Exception):
    """The call was ended by whoever had asked for it; nobody waits for its result."""


class Interrupt:
    """The time that one call has, and the means to end it early.

    ``seconds`` bounds the call as a whole, ``stall`` each wait in which not a byte arrives.
    ``moved`` is how many bytes came and went.
    """

    def __init__(
        self, seconds: float, stall: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._seconds = seconds
        self._ends = [clock() + seconds]
        self._stall = stall
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.tripped = False
        self.moved = 0

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """While inside, there are at most so many seconds."""
        self._ends.append(min(self._ends[-1], self._clock() + seconds))
        try:
            yield
        finally:
            self._ends.pop()

    def trip(self) -> None:
        """End the call: from any thread, at once, any number of times."""
        with self._lock:
            self.tripped = True
            if self._socket is not None:
                # Wakes a thread that waits in it; closing would not.
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def watching(self, sock: socket.socket) -> Iterator[None]:
        """While inside, ``trip`` ends what blocks on ``sock``."""
        with self._lock:
            if self.tripped:
                raise Interrupted
            outer, self._socket = self._socket, sock
        try:
            yield
        finally:
            with self._lock:
                self._socket = outer

    def pause(self, seconds: float) -> None:
        """Wait, as long as nobody ends the call and there is time left."""
        end = self._clock() + seconds
        while (left := end - self._clock()) > 0:
            time.sleep(min(left, self.patience(), _BLINK))

    def patience(self, stalls: int = 1) -> float:
        """Seconds that the next wait may take, at most so many times ``stall``.

        ``Interrupted``; when none are left ``SILENT``, or ``TOO_SLOW`` where much was moved.
        """
        if self.tripped:
            raise Interrupted
        left = self._ends[-1] - self._clock()
        if left <= 0 and self.moved >= _MUCH and len(self._ends) == 1:
            raise ShareError(errors.TOO_SLOW, seconds=f"{self._seconds:.0f}")
        if left <= 0:
            raise ShareError(errors.SILENT)
        return min(left, stalls * self._stall)
