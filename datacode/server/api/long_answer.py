"""A long answer as JSON, made piece by piece while it is sent.

As one text an answer can be six times what it was (escapes), and making it would keep all other
clients waiting. So its long texts and lists are kept as they are, and what is made of them is
no longer than a piece. Source: server reference, 5 and 6.4.
"""

from __future__ import annotations

import binascii
import codecs
import secrets
import sys
from collections.abc import Iterator
from typing import Any

from msgspec import Raw, structs

from datacode.server.api.messages import Answer, encode

LONG = 1 << 18
"""Bytes from which an answer is not made as one text."""

PIECE = 3 << 15
"""Characters or bytes of a piece; a multiple of 3, so that pieces of base64 fit together."""

_ITEMS = 1000
"""Items of a list in a piece, unless one of them may be long."""
_ITEM_BYTES = 100
"""What an item takes beside its text, in memory."""


class Piecewise:
    """JSON that is made when it is sent, piece by piece."""

    __slots__ = ()

    @property
    def size(self) -> int:
        """Bytes in memory."""
        raise NotImplementedError

    def pieces(self) -> Iterator[bytes]:
        """The JSON."""
        raise NotImplementedError


class FileText(Piecewise):
    """Bytes of a file that an answer says as a text: as they are, or in base64."""

    __slots__ = ("_base64", "_data", "_prefix")

    def __init__(self, data: list[bytes], *, base64: bool, prefix: bytes = b"") -> None:
        """Without ``base64`` the data must be UTF-8."""
        self._data = data
        self._base64 = base64
        self._prefix = prefix

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return sum(map(len, self._data))

    def pieces(self) -> Iterator[bytes]:
        """The JSON string."""
        yield b'"' + self._prefix
        if self._base64:
            rest = b""
            for piece in self._cut():
                joined = rest + piece
                whole = len(joined) - len(joined) % 3
                rest = joined[whole:]
                yield binascii.b2a_base64(joined[:whole], newline=False)
            yield binascii.b2a_base64(rest, newline=False)
        else:
            decoder = codecs.getincrementaldecoder("utf-8")()
            for piece in self._cut():
                yield encode(decoder.decode(piece))[1:-1]
        yield b'"'

    def _cut(self) -> Iterator[bytes]:
        for data in self._data:
            view = memoryview(data)
            for start in range(0, len(view), PIECE):
                yield bytes(view[start : start + PIECE])


JsonText = Raw | FileText
"""A JSON string: as it is, or to be made when it is sent."""


def json_text(data: list[bytes], *, base64: bool, prefix: bytes = b"") -> JsonText:
    """Bytes of a file as a JSON string, which is made at once where it is short."""
    content = FileText(data, base64=base64, prefix=prefix)
    return content if content.size > LONG else Raw(b"".join(content.pieces()))


class LongAnswer:
    """An answer that is sent in pieces."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def pieces(self) -> Iterator[bytes]:
        """Its JSON, in pieces of about ``PIECE`` characters or more."""
        waiting = bytearray()
        for piece in self._small_pieces():
            waiting += piece
            if len(waiting) >= PIECE:
                yield bytes(waiting)
                waiting.clear()
        yield bytes(waiting)

    def _small_pieces(self) -> Iterator[bytes]:
        """The answer with marks in the place of what is long; nobody can guess a mark."""
        mark = secrets.token_hex(16)
        long = {}
        for name in self._answer.__struct_fields__:
            value = getattr(self._answer, name)
            if _is_long(value):
                long[name] = value
        marked: Any = {name: Raw(b'"%b"' % mark.encode()) for name in long}
        parts = encode(structs.replace(self._answer, **marked)).split(b'"%b"' % mark.encode())
        yield parts[0]
        for value, part in zip(long.values(), parts[1:], strict=True):
            yield from _pieces_of(value)
            yield part


def memory_of(answer: Answer) -> int:
    """About how many bytes of memory an answer takes, tables excepted: they were counted when a
    program showed them."""
    size = 0
    for name in answer.__struct_fields__:
        value = getattr(answer, name)
        kind = type(value)
        if kind is str:
            size += sys.getsizeof(value)
        elif kind is list and value and name != "tables":
            size += _ITEM_BYTES * len(value)
            if isinstance(value[0], str):
                size += sum(map(len, value))
        elif kind is Raw:
            size += len(value)
        elif isinstance(value, Piecewise):
            size += value.size
    return size


def _is_long(value: object) -> bool:
    if isinstance(value, str | Raw):
        return len(value) > LONG // 4
    return isinstance(value, Piecewise) or (isinstance(value, list) and bool(value))


def _pieces_of(value: Any) -> Iterator[bytes]:
    if isinstance(value, Piecewise):
        yield from value.pieces()
    elif isinstance(value, Raw):
        view = memoryview(value)
        for start in range(0, len(view), PIECE):
            yield bytes(view[start : start + PIECE])
    elif isinstance(value, str):
        yield b'"'
        for start in range(0, len(value), PIECE):
            yield encode(value[start : start + PIECE])[1:-1]
        yield b'"'
    else:
        yield from _pieces_of_list(value)


def _pieces_of_list(items: list[Any]) -> Iterator[bytes]:
    step = _ITEMS if isinstance(items[0], str) or not hasattr(items[0], "rows") else 1
    yield b"["
    for start in range(0, len(items), step):
        piece = encode(items[start : start + step])[1:-1]
        yield b"," + piece if start else piece
    yield b"]"
