"""A checkpoint as a file: the manifest, stored columns, and what belongs to the session around it
(checkpoint reference, 5).

A file is read section by section, and nothing is believed of it: sizes are bounded, and memory is
taken for bytes that are there only. Whoever reads must take in each section before the next.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import msgspec
from msgspec import Struct

from datacode.i18n.message import Message
from datacode.values.column_encoding import CheckpointError, damaged

VERSION = 4
"""Of the format. A reader knows this one and all before it."""

LARGEST_MANIFEST = 1 << 28
LARGEST_COLUMN = 1 << 32
LARGEST_FILE = 1 << 32
LARGEST_TABLE = 1 << 40
MOST_SECTIONS = 50_000
"""What is read of a file, in bytes and sections."""

MAGIC = b"DataCode state\r\n"
MANIFEST, COLUMN, TABLE, FILE, SHARES = b"M", b"C", b"T", b"F", b"S"

_VERSION = struct.Struct("<I")
_LENGTH = struct.Struct("<Q")
_NAME_LENGTH = struct.Struct("<H")
_COLUMN_NAME = 12
_LONGEST_NAME = 4096
_SHARES_BYTES = 1 << 20
_MOST_SHARES = 1000
_AT_ONCE = 1 << 20


class KeptShare(Struct, array_like=True, frozen=True):
    """A share that the session had: all that connecting it takes but the password."""

    name: str
    host: str
    share: str
    login: str
    domain: str


_shares = msgspec.msgpack.Decoder(list[KeptShare])


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the file. ``name`` is that of a column or of a file with a part of a large table,
    in hexadecimal, or the path of a file of the session, with ``/``."""

    kind: bytes
    name: str
    size: int


def head() -> bytes:
    """What a file begins with."""
    return MAGIC + _VERSION.pack(VERSION)


def section_head(kind: bytes, size: int, name: str = "") -> bytes:
    """What stands before the ``size`` bytes of a section."""
    start = b""
    if kind in (COLUMN, TABLE):
        start = bytes.fromhex(name)
    elif kind == FILE:
        encoded = name.encode("utf-8", "surrogatepass")
        start = _NAME_LENGTH.pack(len(encoded)) + encoded
    return kind + _LENGTH.pack(len(start) + size) + start


def shares_section(shares: list[KeptShare]) -> bytes:
    """The whole section of shares."""
    content = msgspec.msgpack.encode(shares)
    return section_head(SHARES, len(content)) + content


def shares_of(content: bytes) -> list[KeptShare]:
    """The shares in a section. Raises ``CheckpointError``."""
    try:
        found = _shares.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise damaged(str(fault)) from None
    if len(found) > _MOST_SHARES:
        raise damaged("too many shares")
    return found


class CheckpointFileReader:
    """Reads a file of any version that is known.

    Raises ``CheckpointError`` for what is none, and ``OSError`` of the file.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        if file.read(len(MAGIC)) != MAGIC:
            raise CheckpointError(
                Message("no_checkpoint", "This is no file with a state saved by DataCode")
            )
        (self.version,) = _VERSION.unpack(self.exactly(_VERSION.size))
        if not 1 <= self.version <= VERSION:
            raise CheckpointError(
                Message(
                    "checkpoint_too_new",
                    "The state was saved by a newer DataCode (format {version}, this reads "
                    "{known})",
                    {"version": str(self.version), "known": str(VERSION)},
                )
            )
        self._left = 0

    def sections(self) -> Iterator[Section]:
        """Every section; ``content`` or ``pieces`` takes in the present one."""
        found = self._sections_before_3() if self.version < 3 else self._sections()
        for number, section in enumerate(found):
            if number >= MOST_SECTIONS:
                raise damaged("too many sections")
            if number == 0 and section.kind != MANIFEST:
                raise damaged("it does not begin with its manifest")
            if number and section.kind == MANIFEST:
                raise damaged("two manifests")
            self._left = section.size
            yield section
            if self._left:
                raise damaged("a section of another size")

    def _sections_before_3(self) -> Iterator[Section]:
        (size,) = _LENGTH.unpack(self.exactly(_LENGTH.size))
        yield self._checked(Section(MANIFEST, "", size))
        while name := self._file.read(_COLUMN_NAME):
            (size,) = _LENGTH.unpack(self.exactly(_LENGTH.size))
            yield self._checked(Section(COLUMN, name.hex(), size))

    def _sections(self) -> Iterator[Section]:
        while kind := self._file.read(1):
            (size,) = _LENGTH.unpack(self.exactly(_LENGTH.size))
            name = ""
            if kind in (COLUMN, TABLE):
                size -= _COLUMN_NAME
                name = self.exactly(_COLUMN_NAME).hex()
            elif kind == FILE:
                (length,) = _NAME_LENGTH.unpack(self.exactly(_NAME_LENGTH.size))
                if length > _LONGEST_NAME:
                    raise damaged("a file's name")
                size -= _NAME_LENGTH.size + length
                try:
                    name = self.exactly(length).decode()
                except UnicodeDecodeError:
                    raise damaged("a file's name") from None
            yield self._checked(Section(kind, name, size))

    def _checked(self, section: Section) -> Section:
        most = {
            MANIFEST: LARGEST_MANIFEST,
            COLUMN: LARGEST_COLUMN,
            TABLE: LARGEST_TABLE,
            FILE: LARGEST_FILE,
            SHARES: _SHARES_BYTES,
        }.get(section.kind)
        if most is None:
            raise damaged("a section of no known kind")
        if not 0 <= section.size <= most:
            raise damaged("the size of a section")
        return section

    def content(self) -> bytes:
        """The present section as a whole."""
        return b"".join(self.pieces())

    def pieces(self) -> Iterator[bytes]:
        """The present section piece by piece."""
        while self._left:
            piece = self._file.read(min(self._left, _AT_ONCE))
            if not piece:
                raise damaged("it is cut off")
            self._left -= len(piece)
            yield piece

    def pass_over(self) -> None:
        """Do not take in the present section, of a file that can be read at any place. Whether it
        is whole shows with what follows."""
        self._file.seek(self._left, os.SEEK_CUR)
        self._left = 0

    def exactly(self, size: int) -> bytes:
        """So many bytes, few of them."""
        found = self._file.read(size)
        if len(found) != size:
            raise damaged("it is cut off")
        return found
