"""A session's checkpoint as one file, written from what is stored and taken apart again.

Every function blocks and belongs in a thread. What is read may be anybody's: see
``runtime.checkpoint_file``.
"""

from __future__ import annotations

import binascii
import contextlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from datacode.runtime import checkpoint_file
from datacode.runtime.checkpoint_file import (
    COLUMN,
    FILE,
    MANIFEST,
    TABLE,
    CheckpointFileReader,
    KeptShare,
)
from datacode.values.column_encoding import CheckpointError, damaged

_AT_ONCE = 1 << 20
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PREFIX = b"base64:"


class TooLargeFile(Exception):
    """The file would have more than ``limit`` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} bytes")
        self.limit = limit


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A column, or a file of the session folder: its name, and where its bytes are."""

    name: str
    path: Path


@dataclass(slots=True)
class ReadParts:
    """What a file has been taken apart into. ``sizes`` are those of columns, ``tables`` those of
    files of large tables, in bytes."""

    manifest: bytes = b""
    sizes: dict[bytes, int] = field(default_factory=dict)
    tables: dict[bytes, int] = field(default_factory=dict)
    files: list[StoredPart] = field(default_factory=list)
    shares: list[KeptShare] = field(default_factory=list)


def write_file(
    target: BinaryIO,
    manifest: bytes | Path,
    columns: list[StoredPart],
    tables: list[StoredPart],
    files: list[StoredPart],
    shares: list[KeptShare],
    most: int,
) -> int:
    """Write it all; its size. Raises ``TooLargeFile`` above ``most`` bytes (0: no bound), before
    anything that large is written, and ``OSError``."""
    written = target.write(checkpoint_file.head())

    def add(kind: bytes, name: str, content: BinaryIO, size: int) -> None:
        nonlocal written
        if most and written + size > most:
            raise TooLargeFile(most)
        written += target.write(checkpoint_file.section_head(kind, size, name))
        for piece in _exactly(content, size):
            written += target.write(piece)

    if isinstance(manifest, bytes):
        add(MANIFEST, "", io.BytesIO(manifest), len(manifest))
    else:
        with open(manifest, "rb") as content:
            add(MANIFEST, "", content, os.fstat(content.fileno()).st_size)
    if shares:
        written += target.write(checkpoint_file.shares_section(shares))
    for kind, parts in ((COLUMN, columns), (TABLE, tables), (FILE, files)):
        for part in parts:
            with open(part.path, "rb") as content:
                add(kind, part.name, content, os.fstat(content.fileno()).st_size)
    target.flush()
    return written


def _exactly(content: BinaryIO, size: int) -> Iterator[bytes]:
    """So many bytes of a file that nobody changes meanwhile."""
    while size > 0:
        piece = content.read(min(size, _AT_ONCE))
        if not piece:
            raise OSError("a file has become shorter")
        size -= len(piece)
        yield piece


def read_file(source: BinaryIO, folder: Path) -> ReadParts:
    """Take a file apart into files of ``folder``, which is new.

    Raises ``CheckpointError`` and ``OSError``; then part of it may lie there.
    """
    found = ReadParts()
    reader = CheckpointFileReader(source)
    names: set[str] = set()
    for section in reader.sections():
        if section.kind == MANIFEST:
            found.manifest = reader.content()
        elif section.kind == COLUMN:
            raw = bytes.fromhex(section.name)
            if raw in found.sizes:
                raise damaged("two columns of one name")
            found.sizes[raw] = section.size
            _store(folder / column_file(raw), reader)
        elif section.kind == TABLE:
            raw = bytes.fromhex(section.name)
            if raw in found.tables:
                raise damaged("two files of a table of one name")
            found.tables[raw] = section.size
            _store(folder / table_file(raw), reader)
        elif section.kind == FILE:
            if section.name in names:
                raise damaged("two files of one name")
            names.add(section.name)
            path = folder / f"file-{len(found.files)}"
            _store(path, reader)
            found.files.append(StoredPart(section.name, path))
        elif found.shares:
            raise damaged("two lists of shares")
        else:
            found.shares = checkpoint_file.shares_of(reader.content())
    if not found.manifest:
        raise damaged("it has no manifest")
    return found


def column_file(name: bytes) -> str:
    """The name of a column's file."""
    return f"column-{name.hex()}"


def table_file(name: bytes) -> str:
    """The name under which a file of a large table is kept."""
    return f"table-{name.hex()}"


def table_bytes(source: BinaryIO) -> int:
    """How many of a file's bytes are files of large tables. Raises as ``read_file``; the file is
    then read from its beginning again."""
    size = 0
    reader = CheckpointFileReader(source)
    for section in reader.sections():
        if section.kind == TABLE:
            size += section.size
        reader.pass_over()
    source.seek(0)
    return size


def _store(path: Path, reader: CheckpointFileReader) -> None:
    descriptor = os.open(path, _NEW_FILE, 0o600)
    with open(descriptor, "wb") as file:
        for piece in reader.pieces():
            file.write(piece)


def from_base64(content: bytes | bytearray) -> BinaryIO:
    """The bytes in a request's ``content``. Raises ``CheckpointError``."""
    if not content.startswith(_PREFIX):
        raise damaged("it does not begin with base64:")
    encoded = memoryview(content)[len(_PREFIX) :]
    decoded = io.BytesIO()
    with contextlib.suppress(binascii.Error):
        for start in range(0, len(encoded), 4 * _AT_ONCE):
            piece = bytes(encoded[start : start + 4 * _AT_ONCE])
            decoded.write(binascii.a2b_base64(piece, strict_mode=True))
        decoded.seek(0)
        return decoded
    raise CheckpointError(damaged("its base64").message)
