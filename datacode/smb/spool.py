"""Temporary files without a name, and a session's cache of them.

A file that was fetched lies in an unlinked temporary file: nobody else can open it, and it is
gone with its last descriptor, whatever ends the process.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections import OrderedDict
from dataclasses import dataclass

from datacode.smb import errors
from datacode.smb.errors import ShareError
from datacode.smb.protocol.messages import FileInfo


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


class Cache:
    """What a session has read lately, at most ``size`` bytes and ``count`` files of it.

    For one thread. A file is only as good as its info: whoever takes one out asks the server
    first whether it is still the same.
    """

    def __init__(self, size: int, count: int) -> None:
        self._size = size
        self._count = count
        self._used = 0
        self._files: OrderedDict[tuple[str, str], Kept] = OrderedDict()

    def get(self, share: str, path: str) -> Kept | None:
        """The file as it was fetched last, if it is still kept."""
        kept = self._files.get((share, path))
        if kept is not None:
            self._files.move_to_end((share, path))
        return kept

    def put(self, share: str, path: str, info: FileInfo, descriptor: int) -> None:
        """Keep a file through a descriptor of its own; do nothing where it does not fit."""
        self.forget(share, path)
        if info.size > self._size or not self._count:
            return
        own = reopened(descriptor)
        if own is None:
            return
        while self._files and (
            self._used + info.size > self._size or len(self._files) >= self._count
        ):
            self.forget(*next(iter(self._files)))
        self._files[share, path] = Kept(info, own)
        self._used += info.size

    def forget(self, share: str, path: str) -> None:
        """Let go of one file."""
        kept = self._files.pop((share, path), None)
        if kept is not None:
            self._used -= kept.info.size
            os.close(kept.descriptor)

    def forget_share(self, share: str) -> None:
        """Let go of all files of a share."""
        for key in [key for key in self._files if key[0] == share]:
            self.forget(*key)

    def clear(self) -> None:
        """Let go of everything."""
        with contextlib.suppress(StopIteration):
            while True:
                self.forget(*next(iter(self._files)))
