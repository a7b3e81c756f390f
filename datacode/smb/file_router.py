"""Which files an operation is about: ``lib://`` means a session's shares, all else is elsewhere.

The server's sessions and programs that run without a server share this. Nothing here blocks.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Protocol

from msgspec import structs

from datacode.runtime.file_operations import Copy, FileOperation, Open, Stat, WriteFrom
from datacode.runtime.files import Entry
from datacode.smb import errors, share_paths
from datacode.smb.client.pipelined_io import Span
from datacode.smb.errors import Operation, ShareError

Progress = Callable[[int, int], object]


class FetchedPart(Protocol):
    """Bytes of a file of a share (``shares.FilePart``)."""

    @property
    def descriptor(self) -> int:
        """The caller's to close."""

    @property
    def modified(self) -> float | None:
        """Of the whole file, in seconds of the epoch."""


class SharedFiles(Protocol):
    """A session's shares (``shares.Shares``): a method for each operation, and four for others.

    All may raise ``ShareError``.
    """

    def program_ended(self) -> None: ...

    async def fetch(self, share: str, path: str, *, progress: Progress | None = None) -> int: ...

    async def fetch_part(
        self, share: str, path: str, span: Span, *, progress: Progress | None = None
    ) -> FetchedPart: ...

    async def list_folder(self, share: str, path: str) -> list[Entry]: ...

    async def match(self, share: str, path: str) -> list[str]: ...

    async def kind(self, share: str, path: str) -> str | None: ...

    async def stat(self, share: str, path: str) -> Entry | None: ...

    async def write(self, share: str, path: str, content: bytes | int) -> None: ...

    async def make_folder(self, share: str, path: str) -> None: ...

    async def delete(self, share: str, path: str) -> None: ...


def is_on_share(operation: FileOperation[Any]) -> bool:
    """Whether any path of an operation is one on a share."""
    if isinstance(operation, Copy) and share_paths.is_share_path(operation.source):
        return True
    return share_paths.is_share_path(operation.place)


class FileRouter:
    """Has operations carried out by the shares, or else by ``elsewhere``, which subclasses have."""

    def __init__(self, shares: SharedFiles) -> None:
        self._shares = shares

    async def do(self, operation: FileOperation[Any]) -> Any:
        """What the operation gives; for ``Open`` a descriptor, which is the caller's to close."""
        if not is_on_share(operation):
            return await self.elsewhere(operation)
        if not isinstance(operation, Copy):
            return await self.on_share(operation)
        descriptor = await self.do(Open(operation.source))
        try:
            return await self.do(WriteFrom(operation.target, descriptor))
        finally:
            os.close(descriptor)

    async def elsewhere(self, operation: FileOperation[Any]) -> Any:
        """What an operation gives that is about no share."""
        raise NotImplementedError

    async def on_share(self, operation: FileOperation[Any]) -> Any:
        """What an operation gives that is about a share."""
        share, path = share_paths.split(operation.place)
        if isinstance(operation, Open):
            return await self._shares.fetch(share, path, progress=self.progress(operation.path))
        asked = getattr(self._shares, operation.method())
        found = await asked(share, path, *structs.astuple(operation)[1:])
        if found is None and isinstance(operation, Stat):
            raise ShareError(errors.MISSING, share=share, path=path).during(Operation.LOOK)
        return found

    def progress(self, path: str) -> Progress | None:
        """What is told how far the reading of a file is; nothing unless subclasses want it."""
        return None
