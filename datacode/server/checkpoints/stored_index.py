"""What stands in a kept session's folder beside its columns: the record, and what of the state it
goes with. Only the server writes it; it is checked all the same when it is read."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
from msgspec import Struct

from datacode.worker import wire

RECORD = "record"
"""The name of the file."""

_VERSION = 1
_LARGEST = 1 << 24
_MANIFEST = re.compile(r"manifest-[0-9a-f]{16}")


class StoredIndex(Struct, kw_only=True):
    """``record`` is the session's own, encoded; ``state`` the number of the state that is kept,
    ``newest`` that of the last there was. A small manifest stands here, a large one in a file."""

    record: bytes
    state: int
    newest: int
    manifest: bytes
    manifest_file: str
    columns: list[tuple[bytes, int]]
    version: int = _VERSION


def encoded(index: StoredIndex) -> bytes:
    """The file's content."""
    return msgspec.msgpack.encode(index)


def read_index(folder: Path) -> StoredIndex:
    """The index in a folder, whose files are all there. Blocks. Raises ``OSError``, and
    ``ValueError`` for what is none."""
    with open(folder / RECORD, "rb") as file:
        content = file.read(_LARGEST + 1)
    try:
        index = msgspec.msgpack.decode(content, type=StoredIndex)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise ValueError(f"the record cannot be read: {fault}") from None
    if index.version != _VERSION:
        raise ValueError(f"a record of version {index.version}")
    if index.manifest_file:
        if not _MANIFEST.fullmatch(index.manifest_file):
            raise ValueError("a manifest of another name")
        (folder / index.manifest_file).stat()
    if not 0 <= index.state <= index.newest or len(index.columns) > wire.STORED_COLUMNS:
        raise ValueError("a state that cannot be")
    for name, size in index.columns:
        path = folder / f"column-{name.hex()}"
        if len(name) != wire.COLUMN_NAME or path.stat().st_size != size:
            raise ValueError("a column of another size")
    return index
