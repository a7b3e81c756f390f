"""The content of a file as it stands in an answer. Blocking: belongs in a thread.

Files are large and so are their texts: all is done in pieces, because what works on a whole one
keeps the interpreter's lock, and with it the reactor, for a good part of a second.
"""

from __future__ import annotations

import binascii
import codecs
import os
from collections.abc import Iterable, Iterator

from msgspec import Raw, json

_PIECE = 3 << 16
"""Bytes; a multiple of 3, so that pieces of base64 fit together."""


class TooLarge(Exception):
    """There are more bytes than an answer may have."""


def of_descriptor(descriptor: int, offset: int, length: int | None, most: int) -> Raw:
    """The bytes of a file from ``offset`` on, as a JSON string; closes the descriptor.

    It is their text where they are UTF-8 and cannot be mistaken for base64, else ``base64:`` and
    base64. ``length`` is None for all of the file; ``most`` is 0 for no bound. Raises ``TooLarge``
    before anything is read, ``OSError``.
    """
    with open(descriptor, "rb") as file:
        size = os.fstat(descriptor).st_size if length is None else length
        if most and size > most:
            raise TooLarge
        file.seek(offset)
        data = file.read(size)
    return as_json(data)


def as_json(data: bytes) -> Raw:
    """Bytes as a JSON string."""
    if not data.startswith(b"base64:"):
        try:
            return _string(list(_text(data)))
        except UnicodeDecodeError:
            pass  # binary: told apart by exactly this
    return _string((b"base64:", *_base64(data)))


def base64_text(data: bytes) -> Raw:
    """Bytes as a JSON string of base64 alone."""
    return _string(_base64(data))


def _string(pieces: Iterable[bytes]) -> Raw:
    return Raw(b"".join((b'"', *pieces, b'"')))


def _pieces(data: bytes) -> Iterator[memoryview]:
    view = memoryview(data)
    for start in range(0, len(view), _PIECE):
        yield view[start : start + _PIECE]


def _text(data: bytes) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    for piece in _pieces(data):
        yield json.encode(decoder.decode(piece))[1:-1]
    decoder.decode(b"", final=True)


def _base64(data: bytes) -> Iterator[bytes]:
    for piece in _pieces(data):
        yield binascii.b2a_base64(piece, newline=False)
