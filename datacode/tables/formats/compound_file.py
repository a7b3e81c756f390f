"""The compound files in which old and protected workbooks are: streams in a file of sectors.

Source: [MS-CFB]: Compound File Binary File Format.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_END = 0xFFFFFFFA
"""Sector numbers from here on are none."""

_MINI_SECTOR = 64
_MOST_STREAMS = 4096


class NoCompoundFile(Exception):
    """The file is damaged."""


class CompoundFile:
    """The streams of a compound file by name, in any depth. Raises ``NoCompoundFile``."""

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        self._content = file.read()
        try:
            self._open()
        except (struct.error, IndexError, ValueError):
            raise NoCompoundFile from None

    def _open(self) -> None:
        header = self._content[:512]
        shift = struct.unpack_from("<H", header, 30)[0]
        if header[:8] != MAGIC or shift not in (9, 12):
            raise NoCompoundFile
        self._size = 1 << shift
        self._sectors = max(len(self._content) // self._size - 1, 0) + 1
        first_directory = struct.unpack_from("<I", header, 48)[0]
        self._cutoff, first_mini, _, first_more, _ = struct.unpack_from("<5I", header, 56)
        tables = list(struct.unpack_from("<109I", header, 76))
        while first_more < _END and len(tables) <= self._sectors:
            part = self._numbers(first_more)
            tables += part[:-1]
            first_more = part[-1]
        self._next: list[int] = []
        for sector in tables:
            if sector < _END and len(self._next) <= self._sectors:
                self._next += self._numbers(sector)
        directory = b"".join(self._chain(first_directory))
        self._mini_next: list[int] = []
        for sector in self._chain(first_mini) if first_mini < _END else ():
            self._mini_next += struct.unpack(f"<{self._size // 4}I", sector)
        self._entries: dict[str, tuple[int, int]] = {}
        self._mini = b""
        for start in range(0, min(len(directory), 128 * _MOST_STREAMS), 128):
            self._add(directory[start : start + 128])

    def _add(self, entry: bytes) -> None:
        length, kind = struct.unpack_from("<HB", entry, 64)
        first, size = struct.unpack_from("<II", entry, 116)
        if kind == 5:  # the root, whose stream holds all short ones
            self._mini = b"".join(self._chain(first)) if first < _END else b""
        elif kind == 2:
            name = entry[: max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace")
            self._entries.setdefault(name, (first, size))

    def _numbers(self, sector: int) -> list[int]:
        return list(struct.unpack(f"<{self._size // 4}I", self._sector(sector)))

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        return self._content[start : start + self._size].ljust(self._size, b"\0")

    def _chain(self, first: int) -> Iterator[bytes]:
        """The sectors of a stream, in order; one that runs in a circle is damaged."""
        for _ in range(self._sectors + 1):
            if first >= _END:
                return
            yield self._sector(first)
            first = self._next[first]
        raise NoCompoundFile

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def stream(self, name: str) -> bytes:
        """The bytes of a stream."""
        first, size = self._entries[name]
        try:
            if size >= self._cutoff:
                return b"".join(self._chain(first))[:size]
            parts: list[bytes] = []
            while first < _END and len(parts) * _MINI_SECTOR < size:
                parts.append(self._mini[first * _MINI_SECTOR : (first + 1) * _MINI_SECTOR])
                first = self._mini_next[first]
            return b"".join(parts)[:size]
        except IndexError:
            raise NoCompoundFile from None
