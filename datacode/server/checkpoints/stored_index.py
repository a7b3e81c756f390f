"""What stands in a kept session's folder beside its columns: the record, and what of the state it
goes with. Only the server writes it; it is checked all the same when it is read.

There are two files, written in turn and in place: a new file for each record, renamed over the old
one, costs file systems a hundred times as much. Each begins with a checksum, and of those that are
whole the later one counts.
"""

from __future__ import annotations

import contextlib
import os
import re
import struct
import zlib
from pathlib import Path

import msgspec
from msgspec import Struct

from datacode.server.checkpoints.checkpoint_parts import column_file, table_file
from datacode.worker import wire

RECORDS = ("record-0", "record-1")
"""The names of the files."""

_HEAD = struct.Struct("<IQ")
_OPEN = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC

_VERSION = 2
_LARGEST = 1 << 24
_FILE = re.compile(r"file-[0-9a-f]{16}")
_MANIFEST = re.compile(r"manifest-[0-9a-f]{16}")


class StoredIndex(Struct, kw_only=True):
    """``number`` counts the records; ``record`` is the session's own, encoded; ``state`` the number
    of the state that is kept, ``newest`` that of the last there was. A small manifest stands here,
    a large one in a file. ``columns`` and files of large ``tables`` have their names and
    sizes, ``files`` of the session's folder their name there, that of the file that is kept, and
    its size."""

    number: int
    record: bytes
    state: int
    newest: int
    manifest: bytes
    manifest_file: str
    columns: list[tuple[bytes, int]]
    tables: list[tuple[bytes, int]] = []
    files: list[tuple[str, str, int]] = []
    version: int = _VERSION


def write_index(folder: Path, index: StoredIndex) -> None:
    """Write it, over the last but one. Blocks. Raises ``OSError``."""
    content = msgspec.msgpack.encode(index)
    whole = memoryview(_HEAD.pack(zlib.crc32(content), len(content)) + content)
    descriptor = os.open(folder / RECORDS[index.number % len(RECORDS)], _OPEN, 0o600)
    try:
        place = 0
        while place < len(whole):
            place += os.pwrite(descriptor, whole[place:], place)
        os.ftruncate(descriptor, len(whole))
    finally:
        os.close(descriptor)


def written_at(folder: Path) -> float:
    """When a folder got its last record, in seconds of the epoch. Raises ``FileNotFoundError``."""
    times = []
    for name in RECORDS:
        with contextlib.suppress(FileNotFoundError):
            times.append((folder / name).stat().st_mtime)
    if not times:
        raise FileNotFoundError(2, "there is no record", str(folder))
    return max(times)


def read_index(folder: Path) -> StoredIndex:
    """The index in a folder, whose files are all there. Blocks. Raises ``OSError``, and
    ``ValueError`` for what is none."""
    written_at(folder)
    found = [index for name in RECORDS if (index := _whole(folder / name)) is not None]
    if not found:
        raise ValueError("no record is whole")
    index = max(found, key=lambda each: each.number)
    if not 1 <= index.version <= _VERSION:
        raise ValueError(f"a record of version {index.version}")
    if index.manifest_file:
        if not _MANIFEST.fullmatch(index.manifest_file):
            raise ValueError("a manifest of another name")
        (folder / index.manifest_file).stat()
    count = len(index.columns) + len(index.tables)
    if not 0 <= index.state <= index.newest or count > wire.STORED_COLUMNS:
        raise ValueError("a state that cannot be")
    files = [(name, size, column_file(name)) for name, size in index.columns]
    files += [(name, size, table_file(name)) for name, size in index.tables]
    for _, file, size in index.files:
        if not _FILE.fullmatch(file) or (folder / file).stat().st_size != size:
            raise ValueError("a file of another size")
    for name, size, file in files:
        path = folder / file
        if len(name) != wire.COLUMN_NAME or path.stat().st_size != size:
            raise ValueError("a column of another size")
    return index


def _whole(path: Path) -> StoredIndex | None:
    """What stands in a file; None where it is not whole."""
    try:
        with open(path, "rb") as file:
            written = file.read(_LARGEST)
    except FileNotFoundError:
        return None
    content = written[_HEAD.size :]
    if written[: _HEAD.size] != _HEAD.pack(zlib.crc32(content), len(content)):
        return None
    try:
        return msgspec.msgpack.decode(content, type=StoredIndex)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
