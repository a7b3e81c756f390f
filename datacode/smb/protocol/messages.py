"""SMB2 messages: requests to bytes, answers from bytes. No I/O, no state.

What comes from a server is not trusted: a length or an offset that does not fit raises
``Malformed``. Source: [MS-SMB2], section 2.2; the numbers of its parts stand at each message.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from datacode.smb.share_paths import encode_name

HEADER = struct.Struct("<4sHHIHHIIQIIQ16s")
MAGIC = b"\xfeSMB"
SIGNATURE = slice(48, 64)
HEADER_SIZE = 64

FLAG_ASYNC = 0x2
FLAG_RELATED = 0x4
FLAG_SIGNED = 0x8
UNASKED = 0xFFFFFFFFFFFFFFFF
"""The message number of what a server sends of its own accord."""

PREVIOUS = b"\xff" * 16
"""In related requests the handle that the request before has opened or used (3.2.4.1.4)."""


class Command:
    """The commands that we use (2.2.1)."""

    NEGOTIATE = 0
    LOGOFF = 2
    TREE_CONNECT = 3
    CREATE = 5
    CLOSE = 6
    FLUSH = 7
    READ = 8
    WRITE = 9
    IOCTL = 11
    ECHO = 13
    QUERY_DIRECTORY = 14
    QUERY_INFO = 16
    SET_INFO = 17


class Dialect:
    """The dialects, oldest first."""

    SMB_2_0_2 = 0x0202
    SMB_2_1 = 0x0210
    SMB_3_0 = 0x0300
    SMB_3_0_2 = 0x0302
    SMB_3_1_1 = 0x0311
    ALL = (SMB_2_0_2, SMB_2_1, SMB_3_0, SMB_3_0_2, SMB_3_1_1)


class AccessMask:
    """Rights that an open asks for (2.2.13.1)."""

    READ_DATA = 0x1
    WRITE_DATA = 0x2
    READ_ATTRIBUTES = 0x80
    WRITE_ATTRIBUTES = 0x100
    DELETE = 0x10000
    WRITE_DAC = 0x40000
    READ_CONTROL = 0x20000
    SYNCHRONIZE = 0x100000
    TO_READ = READ_DATA | READ_ATTRIBUTES | SYNCHRONIZE
    TO_DELETE = DELETE | READ_ATTRIBUTES
    TO_REPLACE = WRITE_DATA | TO_DELETE | SYNCHRONIZE


class CreateDisposition:
    """What to do about a name that is there, or is not (2.2.13)."""

    OPEN = 1
    OPEN_IF = 3
    OVERWRITE_IF = 5


class CreateOptions:
    """Options of an open (2.2.13)."""

    DIRECTORY = 0x1
    SEQUENTIAL = 0x4
    NOT_DIRECTORY = 0x40


SHARE_ALL = 0x7
ATTRIBUTE_DIRECTORY = 0x10
ATTRIBUTE_NORMAL = 0x80
CAPABILITY_LARGE_MTU = 0x4
CAPABILITY_ENCRYPTION = 0x40
CAPABILITIES = CAPABILITY_LARGE_MTU | CAPABILITY_ENCRYPTION
"""What we can do that not everybody can."""

SIGNING_ENABLED = 0x1
FSCTL_VALIDATE_NEGOTIATE = 0x00140204
_EPOCH = 116_444_736_000_000_000


class Malformed(Exception):
    """An answer is not what its message must be."""


class SMB2Header(NamedTuple):  # which is made in half the time of a dataclass
    """The head of an answer."""

    status: int
    command: int
    credits: int
    flags: int
    next: int
    message: int
    tree: int
    session: int


class Response(NamedTuple):
    """An answer that was checked. ``body`` is good until the next one is received."""

    header: SMB2Header
    body: memoryview

    @property
    def status(self) -> int:
        """The NT status."""
        return self.header.status

    def kept(self) -> Response:
        """The same, and good for ever."""
        return Response(self.header, memoryview(bytes(self.body)))


@dataclass(frozen=True, slots=True)
class FileInfo:
    """Size (bytes), times (100 ns since 1601) and attributes: equal while a file is the same."""

    size: int
    written: int
    changed: int
    attributes: int

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return bool(self.attributes & ATTRIBUTE_DIRECTORY)

    @property
    def is_exact(self) -> bool:
        """Whether the times are finer than seconds, so that no second change can go unnoticed."""
        return bool(self.written % 10_000_000 or self.changed % 10_000_000)

    @property
    def modified(self) -> float | None:
        """The last write in seconds of the epoch; None where the server does not know."""
        return seconds(self.written)


def seconds(filetime: int) -> float | None:
    """A time of Windows (100 ns since 1601) in seconds of the epoch; None for "unknown"."""
    return (filetime - _EPOCH) / 10_000_000 if filetime else None


def header(
    command: int,
    message: int,
    charge: int,
    wanted: int,
    tree: int,
    session: int,
    *,
    flags: int = 0,
    following: int = 0,
) -> bytes:
    """2.2.1.2, of a request, without signature; the next one begins ``following`` bytes later."""
    zero = b"\0" * 16
    return HEADER.pack(
        *(MAGIC, 64, charge, 0, command, wanted, flags, following, message),
        *(0xFEFF, tree, session, zero),
    )


def parse_header(data: memoryview) -> SMB2Header:
    """2.2.1, of an answer."""
    if len(data) < HEADER_SIZE:
        raise Malformed
    magic, size, _, status, command, credit, flags, following, message, _, tree, session, _ = (
        HEADER.unpack_from(data)
    )
    if magic != MAGIC or size != 64:
        raise Malformed
    return SMB2Header(status, command, credit, flags, following, message, tree, session)


@dataclass(frozen=True, slots=True)
class NegotiateResponse:
    """2.2.4, and its contexts as kind and data."""

    mode: int
    dialect: int
    server: bytes
    capabilities: int
    max_transact: int
    max_read: int
    max_write: int
    token: bytes
    contexts: tuple[tuple[int, memoryview], ...]


def negotiate(
    client: bytes, dialects: Sequence[int], contexts: Sequence[tuple[int, bytes]]
) -> bytes:
    """2.2.3: what we can speak. The contexts go with the dialect 3.1.1."""
    names = struct.pack(f"<{len(dialects)}H", *dialects)
    end = HEADER_SIZE + 36 + len(names)
    padding = b"\0" * (-end % 8)
    body = bytearray()
    for kind, data in contexts:
        body += b"\0" * (-len(body) % 8) + struct.pack("<HHI", kind, len(data), 0) + data
    start = struct.pack("<IHH", end + len(padding) if contexts else 0, len(contexts), 0)
    fixed = struct.pack("<HHHHI16s", 36, len(dialects), SIGNING_ENABLED, 0, CAPABILITIES, client)
    return fixed + start + names + (padding + bytes(body) if contexts else b"")


def parse_negotiate(body: memoryview) -> NegotiateResponse:
    """2.2.4."""
    fields = _unpack("<HHHH16sIIIIQQHHI", body, 65)
    _, mode, dialect, count, server, capabilities, transact, read, write = fields[:9]
    _, _, offset, length, start = fields[9:]
    contexts: list[tuple[int, memoryview]] = []
    if dialect == Dialect.SMB_3_1_1:
        rest = body[start - HEADER_SIZE :] if start >= HEADER_SIZE else body[:0]
        for _ in range(count):
            kind, size = _context(rest)
            contexts.append((kind, rest[8 : 8 + size]))
            rest = rest[8 + size + (-size % 8) :]
    if min(transact, read, write) < 4096:
        raise Malformed
    token = bytes(_part(body, offset, length))
    return NegotiateResponse(
        mode, dialect, server, capabilities, transact, read, write, token, tuple(contexts)
    )


def _context(data: memoryview) -> tuple[int, int]:
    if len(data) < 8:
        raise Malformed
    kind, size = struct.unpack_from("<HH", data)
    if 8 + size > len(data):
        raise Malformed
    return kind, size


def tree_connect(unc: str) -> bytes:
    """2.2.9: open a share by its ``\\\\server\\share``."""
    path = encode_name(unc)
    return struct.pack("<HHHH", 9, 0, HEADER_SIZE + 8, len(path)) + path


def parse_tree_connect(body: memoryview) -> int:
    """2.2.10: the kind of a share, 1 for a disk."""
    return int(_unpack("<HBBIII", body, 16)[1])


def create(
    path: str,
    access: int,
    disposition: int,
    options: int,
    attributes: int = 0,
    sharing: int = SHARE_ALL,
) -> bytes:
    """2.2.13: open or make a file or folder; the empty path is the share's root."""
    name = encode_name(path)
    return struct.pack(
        "<HBBIQQIIIIIHHII",
        *(57, 0, 0, 2, 0, 0, access, attributes, sharing, disposition, options),
        *(HEADER_SIZE + 56, len(name), 0, 0),
    ) + (name or b"\0")


def parse_create(body: memoryview) -> tuple[bytes, FileInfo, int]:
    """2.2.14: the handle, what it is of, and when that was made (100 ns since 1601)."""
    fields = _unpack("<HBBIQQQQQQII16sII", body, 89)
    _, _, _, _, created, _, written, changed, _, size, attributes, _, handle, _, _ = fields
    return handle, FileInfo(size, written, changed, attributes), created


def close(handle: bytes) -> bytes:
    """2.2.15: give a handle back, and ask what it was of at the end."""
    return struct.pack("<HHI16s", 24, 1, 0, handle)


def parse_close(body: memoryview) -> FileInfo | None:
    """2.2.16: what it was of at the end; None where the server does not say."""
    _, flags, _, _, _, written, changed, _, size, attributes = _unpack("<HHIQQQQQQI", body, 60)
    return FileInfo(size, written, changed, attributes) if flags & 1 else None


def read(handle: bytes, offset: int, length: int) -> bytes:
    """2.2.19."""
    return struct.pack("<HBBIQ16sIIIHHB", 49, 0x50, 0, length, offset, handle, 0, 0, 0, 0, 0, 0)


def parse_read(body: memoryview, asked: int) -> memoryview:
    """2.2.20: the bytes; never more than were asked for."""
    _, offset, _, length, _, _ = _unpack("<HBBIII", body, 17)
    if length > asked:
        raise Malformed
    return _part(body, offset, length)


def write(handle: bytes, offset: int, length: int) -> bytes:
    """2.2.21, all but the bytes, which follow."""
    return struct.pack("<HHIQ16sIIHHI", 49, HEADER_SIZE + 48, length, offset, handle, 0, 0, 0, 0, 0)


def flush(handle: bytes) -> bytes:
    """2.2.17: have what was written stored."""
    return struct.pack("<HHI16s", 24, 0, 0, handle)


def parse_write(body: memoryview) -> int:
    """2.2.22: how many bytes were written."""
    return int(_unpack("<HHIIHH", body, 17)[2])


def query_directory(handle: bytes, kind: int, pattern: str, room: int, *, restart: bool) -> bytes:
    """2.2.33: the next entries of an open folder, as many as go into ``room`` bytes."""
    name = encode_name(pattern)
    return (
        struct.pack(
            "<HBBI16sHHI",
            *(33, kind, 1 if restart else 0, 0, handle, HEADER_SIZE + 32, len(name), room),
        )
        + name
    )


def parse_query_directory(body: memoryview) -> memoryview:
    """2.2.34: the entries."""
    _, offset, length = _unpack("<HHI", body, 9)
    return _part(body, offset, length)


def query_info(handle: bytes, kind: int, file_class: int, what: int, room: int) -> bytes:
    """2.2.37: a fact about an open file; ``what`` are the wanted parts of its security."""
    return struct.pack("<HBBIHHIII16sx", *(41, kind, file_class, room, 0, 0, 0, what, 0), handle)


def parse_query_info(body: memoryview) -> bytes:
    """2.2.38: the fact."""
    _, offset, length = _unpack("<HHI", body, 9)
    return bytes(_part(body, offset, length))


def set_info(handle: bytes, kind: int, file_class: int, data: bytes, what: int = 0) -> bytes:
    """2.2.39: change a fact about an open file; ``what`` are the given parts of its security."""
    return (
        struct.pack(
            "<HBBIHHI16s", *(33, kind, file_class, len(data), HEADER_SIZE + 32, 0, what, handle)
        )
        + data
    )


FILE_FACT = 1
SECURITY_FACT = 3
"""Kinds of facts: about the file, and whose it is and who may what with it (2.2.37)."""

PERMISSIONS = 0x4
OWNER_GROUP_PERMISSIONS = 0x1 | 0x2 | PERMISSIONS
"""The parts of its security (2.2.37)."""

BASIC = 4
RENAME = 10
DISPOSITION = 13
END_OF_FILE = 20
_LEAST_RENAME = 24


def new_name(path: str, *, replacing: bool) -> bytes:
    """2.2.39 with [MS-FSCC] 2.4.42.2: the new name of an open file."""
    name = encode_name(path)
    data = struct.pack("<B7xQI", replacing, 0, len(name)) + name
    return data.ljust(_LEAST_RENAME, b"\0")  # Windows refuses anything shorter


def basic_information(created: int, attributes: int) -> bytes:
    """[MS-FSCC], 2.4.7: set when a file was made and its attributes, and leave its other times.

    A ``created`` of 0 is left, too.
    """
    return struct.pack("<QQQQII", created, 0, 0, 0, attributes or ATTRIBUTE_NORMAL, 0)


@dataclass(frozen=True, slots=True)
class Security:
    """Whose a file is and who may what with it."""

    owner: bytes
    group: bytes
    permissions: frozenset[bytes]


def parse_security(data: bytes) -> Security:
    """[MS-DTYP], 2.4.6: a security descriptor whose parts follow it."""
    try:
        _, _, _, owner, group, _, permissions = struct.unpack_from("<BBHIIII", data)
    except struct.error:
        raise Malformed from None
    return Security(_sid(data, owner), _sid(data, group), _acl(data, permissions))


def _sid(data: bytes, start: int) -> bytes:
    """2.4.2: a security identifier; empty where there is none."""
    if not start:
        return b""
    end = start + 8 + 4 * (data[start + 1] if start + 1 < len(data) else 0)
    if end > len(data):
        raise Malformed
    return data[start:end]


def _acl(data: bytes, start: int) -> frozenset[bytes]:
    """2.4.5: the entries of an access control list, which servers repeat; none without a list."""
    if not start:
        return frozenset()
    size, count = struct.unpack_from("<HH", data.ljust(start + 8, b"\0"), start + 2)
    end, at, entries = start + size, start + 8, []
    for _ in range(count):
        length = int.from_bytes(data[at + 2 : at + 4], "little")
        if length < 4 or at + length > min(end, len(data)):
            raise Malformed
        entries.append(data[at : at + length])
        at += length
    return frozenset(entries)


def _unpack(form: str, body: memoryview, size: int) -> tuple[Any, ...]:
    """The fixed part of an answer, whose ``StructureSize`` must be ``size``."""
    try:
        fields = struct.unpack_from(form, body)
    except struct.error:
        raise Malformed from None
    if fields[0] != size:
        raise Malformed
    return fields


def _part(body: memoryview, offset: int, length: int) -> memoryview:
    """A part of an answer by its offset from the header."""
    start = offset - HEADER_SIZE
    if length and (start < 0 or start + length > len(body)):
        raise Malformed
    return body[start : start + length] if length else body[:0]
