"""Memory that is put by, so that a program which has used up the rest can be ended in order.

There are two parts. The *reserve* is given up only when a program runs out of memory: it is what
going back to the state before it, and saying so, takes. The *room* is given to each program when
it begins and taken back at its end. A program that leaves less than that has run out of memory,
although its last statement worked: after it no other program could run.
"""

from __future__ import annotations

import ctypes
import gc
import mmap

_RESERVE = 8 << 20
_ROOM = 4 << 20

_libc = ctypes.CDLL(None)
_trim = getattr(_libc, "malloc_trim", None)
"""Gives free memory back to the kernel; the C library of some systems has no such function."""


class MemoryReserve:
    """The two parts: ``begin`` comes before each run, ``end`` after one that succeeded."""

    def __init__(self) -> None:
        self._reserve = _mapped(_RESERVE)
        self._room = _mapped(_ROOM)
        self._had_room = True

    def begin(self) -> None:
        """A program is about to run: it gets the room."""
        if self._reserve is None:
            self._reserve = _mapped(_RESERVE)
        self._had_room = self._room is not None
        if self._room is not None:
            self._room.close()
            self._room = None

    def end(self) -> bool:
        """Take the room back after a program; False if it was that which has left none.

        Memory that is free in many small pieces gives no room, and serves small programs.
        """
        self._room = _mapped(_ROOM)
        if self._room is None:
            _tidy()
            self._room = _mapped(_ROOM)
        return self._room is not None or not self._had_room or _is_free(_ROOM)

    def give_up(self) -> None:
        """Memory has run out: free everything that is put by."""
        for part in (self._reserve, self._room):
            if part is not None:
                part.close()
        self._reserve = self._room = None

    def renew(self) -> None:
        """A run is over: put memory by again, as far as there is any."""
        if self._reserve is None:
            _tidy()
        self._reserve = self._reserve or _mapped(_RESERVE)
        self._room = self._room or _mapped(_ROOM)


def _mapped(size: int) -> mmap.mmap | None:
    try:
        return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE)
    except OSError:
        return None


def _is_free(size: int) -> bool:
    """Is there so much among what has been freed, but not given back to the kernel?"""
    try:
        bytearray(size)
    except MemoryError:
        return False
    return True


def _tidy() -> None:
    """Find what only refers to itself, and give back what is free."""
    gc.collect()
    if _trim is not None:
        _trim(0)
