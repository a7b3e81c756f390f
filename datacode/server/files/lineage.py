"""Which files programs have read: path, size, time and SHA-256, for the audit log and for answers.

A file is hashed before the program gets it, in steps in the threads of the disk. What has been
hashed once is not hashed again while size and times are the same. Source: server reference, 8.9.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from datacode.runtime.in_steps import Steps
from datacode.server.api.messages import ReadDetails

_PIECE = 1 << 20
"""Bytes that are hashed in a step: about a millisecond."""
_KNOWN = 64
"""Hashes that a session remembers."""
_MOST = 1000
"""Files that an answer names; the others are counted."""

_State = tuple[int, int, int, int, int]
_Hashed = tuple[int, float, str | None]


class _Work(Protocol):
    def run(self, function: Callable[..., Any], *arguments: Any) -> Awaitable[Any]: ...


class Lineage:
    """One session's. ``on_read`` is told of each file, None where nobody wants to know."""

    def __init__(self, work: _Work, on_read: Callable[[ReadDetails], None] | None = None) -> None:
        self._work = work
        self._on_read = on_read
        self._known: OrderedDict[_State, str] = OrderedDict()
        self._files: dict[ReadDetails, None] | None = None
        self._left_out = 0

    @property
    def is_wanted(self) -> bool:
        """Whether files have to be hashed."""
        return self._on_read is not None or self._files is not None

    def begin(self) -> None:
        """Collect what is read from now on."""
        self._files, self._left_out = {}, 0

    def end(self) -> tuple[list[ReadDetails], int]:
        """What has been read since, each file once, and how many are not named."""
        files, self._files = self._files or {}, None
        return list(files), self._left_out

    async def add(self, path: str, descriptor: int, modified: float | None = None) -> None:
        """A program is about to get this file; ``modified`` is what its share says, in seconds."""
        held = os.fdopen(os.dup(descriptor), "rb", buffering=0)
        try:
            size, changed, digest = await self._work.run(self._hash, held)
        finally:
            held.close()  # a thread that is still at it ends; nobody hears of it
        self._tell(ReadDetails(path, size, changed if modified is None else modified, digest))

    def refused(self, path: str) -> None:
        """A program has asked for this file in vain."""
        if self._on_read is not None:
            self._on_read(ReadDetails(path, None, None, None))

    def _tell(self, read: ReadDetails) -> None:
        if self._on_read is not None:
            self._on_read(read)
        if self._files is not None and read not in self._files:
            if len(self._files) < _MOST:
                self._files[read] = None
            else:
                self._left_out += 1

    def _hash(self, held: Any) -> Steps[_Hashed]:
        """In a thread: size, time and hash; no hash of a file that changes meanwhile."""
        # Opened anew: the program's own descriptor has its own position.
        descriptor = os.open(f"/proc/self/fd/{held.fileno()}", os.O_RDONLY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            before = _state(file)
            size, modified = before[2], os.fstat(file.fileno()).st_mtime
            digest = self._known.get(before)
            if digest is None:
                found = hashlib.sha256()
                while piece := file.read(_PIECE):
                    found.update(piece)
                    yield
                if _state(file) != before:
                    return size, modified, None
                digest = found.hexdigest()
                self._known[before] = digest
                if len(self._known) > _KNOWN:
                    self._known.popitem(last=False)
            return size, modified, digest


def _state(file: Any) -> _State:
    status = os.fstat(file.fileno())
    return (
        *(status.st_dev, status.st_ino, status.st_size),
        *(status.st_mtime_ns, status.st_ctime_ns),
    )
