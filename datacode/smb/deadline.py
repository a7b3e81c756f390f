"""How long a blocking call may take, and how another thread cancels it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

from datacode.smb import errors
from datacode.smb.errors import ShareError

_SLOW_FROM = 1 << 20
"""Bytes: a server that has moved so many is too slow, and not silent."""

_POLL = 0.05
"""Seconds between two looks at whether a pause was cancelled."""


class CallCancelled(Exception):
    """The caller has cancelled the call and no longer waits for its result."""


class Deadline:
    """The time that one blocking call has, and the means to cancel it.

    ``seconds`` bounds the whole call, ``stall`` each single wait for a byte (seconds).
    ``moved`` counts the bytes that were sent and received.
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
        self.cancelled = False
        self.moved = 0

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """While inside, there are at most so many seconds."""
        self._ends.append(min(self._ends[-1], self._clock() + seconds))
        try:
            yield
        finally:
            self._ends.pop()

    def cancel(self) -> None:
        """Cancel the call: from any thread, at once, any number of times."""
        with self._lock:
            self.cancelled = True
            if self._socket is not None:
                # Wakes a thread that waits in it; closing would not.
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def watching(self, sock: socket.socket) -> Iterator[None]:
        """While inside, ``cancel`` ends what blocks on ``sock``."""
        with self._lock:
            if self.cancelled:
                raise CallCancelled
            outer, self._socket = self._socket, sock
        try:
            yield
        finally:
            with self._lock:
                self._socket = outer

    def pause(self, seconds: float) -> None:
        """Sleep; raises as ``timeout`` does."""
        end = self._clock() + seconds
        while (left := end - self._clock()) > 0:
            time.sleep(min(left, self.timeout(), _POLL))

    def timeout(self, stalls: int = 1) -> float:
        """Seconds that the next wait may take, at most so many times ``stall``.

        Raises ``CallCancelled``; when no time is left, ``ShareError`` with the cause ``SILENT``,
        or ``TOO_SLOW`` where many bytes were moved.
        """
        if self.cancelled:
            raise CallCancelled
        left = self._ends[-1] - self._clock()
        if left <= 0 and self.moved >= _SLOW_FROM and len(self._ends) == 1:
            raise ShareError(errors.TOO_SLOW, seconds=f"{self._seconds:.0f}")
        if left <= 0:
            raise ShareError(errors.SILENT)
        return min(left, stalls * self._stall)
