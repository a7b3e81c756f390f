"""Temporary files without a name, how many bytes of them there may be, and a session's cache.

A file that was fetched lies in an unlinked temporary file: nobody else can open it, and it is
gone with its last descriptor, whatever ends the process.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from datacode.smb import errors
from datacode.smb.errors import ShareError
from datacode.smb.protocol.messages import FileInfo

_HELD_SECONDS = 600.0
"""How long a file counts that somebody was given, unless he is known to have ended before."""


@dataclass(slots=True)
class Spooled:
    """A temporary file: a descriptor to fill it, and one that can only read it."""

    output: int
    reader: int

    def finish(self) -> int:
        """Close the one to fill it; the other belongs to the caller."""
        os.close(self.output)
        return self.reader

    def discard(self) -> None:
        """Close both."""
        os.close(self.output)
        os.close(self.reader)


def spooled(folder: str | None) -> Spooled:
    """A new temporary file in ``folder``, by default the system's own."""
    try:
        output, name = tempfile.mkstemp(prefix="datacode-", dir=folder)
    except OSError:
        raise ShareError(errors.SPOOL_FULL) from None
    try:
        reader = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        os.close(output)
        raise ShareError(errors.SPOOL_FULL) from None
    finally:
        os.unlink(name)
    return Spooled(output, reader)


def reopened(descriptor: int) -> int | None:
    """Another descriptor of a file, with a position of its own; None where that cannot be."""
    try:
        return os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in the cache: what it was when it was fetched, and where its bytes are."""

    info: FileInfo
    descriptor: int


class SpoolRoom:
    """How many bytes of temporary files there may be at the same time, for a whole server.

    A session may have as many bytes as the others leave free: so whoever comes next finds room,
    too. ``spare`` are the bytes that stay free on the disk, a sixteenth of a small one. For any
    thread.
    """

    def __init__(self, size: int, folder: str | None, spare: int) -> None:
        self._size = size
        self._folder = folder or tempfile.gettempdir()
        self._spare = spare
        self._lock = threading.Lock()
        self._used = 0

    def take(self, part: SpoolPart, size: int) -> None:
        """Have so many bytes more for a session; a ``ShareError`` where there is no room."""
        with self._lock:
            left = self._size - self._used - size
            if part.used + size > left or not self._has_space(size):
                raise ShareError(errors.SPOOL_FULL)
            self._used += size
            part.used += size

    def give(self, part: SpoolPart, size: int) -> None:
        """So many bytes of a session are free again."""
        with self._lock:
            self._used -= size
            part.used -= size

    def _has_space(self, size: int) -> bool:
        try:
            disk = os.statvfs(self._folder)
        except OSError:
            return True  # opening the file will say so
        spare = min(self._spare, disk.f_blocks * disk.f_frsize // 16)
        return disk.f_bavail * disk.f_frsize >= size + spare


class SpoolPart:
    """What one session has of the room. Files that a program was given count until it has ended."""

    def __init__(self, room: SpoolRoom) -> None:
        self.used = 0
        self._room = room
        self._given: deque[tuple[float, int]] = deque()

    def take(self, size: int) -> None:
        """Have so many bytes more; a ``ShareError`` where there is no room."""
        self._room.take(self, size)

    def give(self, size: int) -> None:
        """So many bytes are free again."""
        self._room.give(self, size)

    def give_away(self, size: int) -> None:
        """So many bytes are in a file that somebody else has now."""
        self._given.append((time.monotonic(), size))
        while self._given and time.monotonic() - self._given[0][0] > _HELD_SECONDS:
            self.give(self._given.popleft()[1])

    def forget(self) -> None:
        """Whoever was given files has ended."""
        while self._given:
            self.give(self._given.popleft()[1])


class Taken:
    """The room that one call has, whose attempts take the place of each other."""

    def __init__(self, part: SpoolPart) -> None:
        self.size = 0
        self._part = part
        self._over = False

    def take(self, size: int) -> None:
        """Have so many bytes, and no more those of the last attempt; a ``ShareError``."""
        if self._over:
            raise ShareError(errors.SPOOL_FULL)
        self._part.give(self.size)
        self.size = 0
        self._part.take(size)
        self.size = size

    def free(self) -> None:
        """The call has failed, or nobody waits for it."""
        self._over = True
        self._part.give(self.size)
        self.size = 0


class Cache:
    """What a session has read lately, at most ``size`` bytes and ``count`` files of it.

    ``freed`` is told of the bytes of each file that it lets go of.

    For one thread. A file is only as good as its info: whoever takes one out asks the server
    first whether it is still the same.
    """

    def __init__(
        self, size: int, count: int, freed: Callable[[int], object] = lambda size: None
    ) -> None:
        self._freed = freed
        self._size = size
        self._count = count
        self._used = 0
        self._files: OrderedDict[tuple[str, str], Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._files)

    def get(self, share: str, path: str) -> Kept | None:
        """The file as it was fetched last, if it is still kept."""
        kept = self._files.get((share, path))
        if kept is not None:
            self._files.move_to_end((share, path))
        return kept

    def put(self, share: str, path: str, info: FileInfo, descriptor: int) -> bool:
        """Keep a file through a descriptor of its own; False where it does not fit."""
        self.forget(share, path)
        if info.size > self._size or not self._count:
            return False
        own = reopened(descriptor)
        if own is None:
            return False
        while self._files and (
            self._used + info.size > self._size or len(self._files) >= self._count
        ):
            self.forget(*next(iter(self._files)))
        self._files[share, path] = Kept(info, own)
        self._used += info.size
        return True

    def forget(self, share: str, path: str) -> None:
        """Let go of one file."""
        kept = self._files.pop((share, path), None)
        if kept is not None:
            self._used -= kept.info.size
            os.close(kept.descriptor)
            self._freed(kept.info.size)

    def forget_share(self, share: str) -> None:
        """Let go of all files of a share."""
        for key in [key for key in self._files if key[0] == share]:
            self.forget(*key)

    def clear(self) -> None:
        """Let go of everything."""
        with contextlib.suppress(StopIteration):
            while True:
                self.forget(*next(iter(self._files)))
