"""What a JSON decoder does not say about a message: repeated keys, and how deep it is nested.

Works on the bytes of a message that a strict decoder has accepted already, and builds no
values, so that a hostile message costs no memory. Source: server reference, 5.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from datacode.i18n.message import MessageError
from datacode.server.api import texts

MAX_DEPTH = 512
"""Levels of nesting in a message, the message's own braces included."""

MAX_VALUES = 250_000
"""Strings and brackets inside the fields that are ignored; a bound for the time spent on them."""

MAX_FIELDS = 10_000
"""Fields of a message, those that are ignored among them; for the same reason."""

_SMALL = 1 << 16
"""Bytes up to which a search for each known key is quicker than a walk over the fields."""
_LONGEST_ESCAPE = 6

_SPACES = re.compile(rb"[ \t\r\n]*+")
_TOKEN = re.compile(rb'["\[\]{}]')
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{4}|.)")
_WHOLE = re.compile(
    rb"(?:[^\\]++|\\[^u]|\\u(?![dD][89abAB])....|\\u[dD][89abAB]..\\u....)*+", re.DOTALL
)
"""Whole letters and escapes; both halves of a pair of surrogates together."""
_REST_OF_STRING = re.compile(_STRING.pattern[1:], re.DOTALL)
_STEP = 1 << 16
"""Bytes that are decoded at a time: well below a millisecond."""
_BACKSLASHES = b"\\" * _STEP
_texts = msgspec.json.Decoder(str)


class RepeatedKey(Exception):
    """A key that we read appears twice; its argument is the key."""


class LimitExceeded(MessageError):
    """A message is nested too deeply, or has too many fields or ignored values."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that somebody reads, plain and as they stand in JSON.

    ``longest`` is how many bytes one of them can have, every letter written as an escape.
    """

    plain: frozenset[bytes]
    quoted: tuple[bytes, ...]
    longest: int

    @classmethod
    def of(cls, names: Iterable[str]) -> Keys:
        """Names of ASCII letters and underscores."""
        plain = [name.encode() for name in names]
        quoted = tuple(b'"' + name + b'"' for name in plain)
        return cls(frozenset(plain), quoted, _LONGEST_ESCAPE * max(map(len, plain)))


def check(data: bytes, known: Keys) -> None:
    """Raise for a repeated key among ``known``, or for nesting that is too deep.

    ``data`` must be one valid JSON object. Keys inside nested values are nobody's.
    """
    # In a large message the walk is quicker: it passes a text without looking for keys in it.
    if len(data) < _SMALL and not _needs_a_look(data, known):
        return
    seen: set[bytes] = set()
    for number, key in enumerate(_keys(data)):
        if number >= MAX_FIELDS:
            raise LimitExceeded(texts.TOO_MANY_FIELDS.filled(limit=MAX_FIELDS))
        if len(key) > known.longest:
            continue
        if b"\\" in key:
            key = _unescaped(key)
        if key not in known.plain:
            continue
        if key in seen:
            raise RepeatedKey(key.decode())
        seen.add(key)


def _needs_a_look(data: bytes, known: Keys) -> bool:
    """Whether any of it is possible at all: nearly always not, and that is quickly seen.

    A known key that stands there twice is there twice with its quotes around it, or has a letter
    written as an escape, which begins like this.
    """
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH or b"\\u00" in data:
        return True
    for key in known.quoted:  # noqa: SIM110 - a generator would take three times as long
        if data.count(key) > 1:
            return True
    return False


def _keys(data: bytes) -> Iterator[bytes]:
    """The top level's keys as they are written, without quotes."""
    skip = _SPACES.match
    at = _end(skip(data, data.index(b"{") + 1))
    values = 0
    while data[at] != 0x7D:  # }
        end = _string_end(data, at)
        yield data[at + 1 : end - 1]
        at = _end(skip(data, end)) + 1  # the colon
        at = _end(skip(data, at))
        first = data[at]
        if first == 0x22:
            at = _string_end(data, at)
        elif first in b"[{":
            at, values = _container_end(data, at, values)
        else:
            at = _scalar_end(data, at)
        at = _end(skip(data, at))
        if data[at] == 0x2C:
            at = _end(skip(data, at + 1))


def _end(match: re.Match[bytes] | None) -> int:
    assert match is not None, "the text was not valid JSON"
    return match.end()


def _string_end(data: bytes, at: int) -> int:
    """The position behind the string that begins at ``at``.

    Most strings end at the next quote that no backslash precedes, and finding that is a
    search for one byte. The pattern, ten times slower, takes over at the first doubt.
    """
    end = data.index(b'"', at + 1)
    return end + 1 if data[end - 1] != 0x5C else _end(_STRING.match(data, at))


def ends_within(data: bytes, begin: int, length: int) -> bool:
    """Whether the string that begins at ``begin`` ends within so many bytes."""
    return _STRING.match(data, begin, begin + length) is not None


def long_string_end(data: bytes, begin: int, tail: int) -> int:
    """The position behind the string that begins at ``begin`` and, unless its first quote ends
    it, is known to end behind ``tail``; 0 where it does not end.

    A search for one byte does for a string without escaped quotes, whatever its length. With
    them a walk over all of it would take too long: it begins at ``tail``, in the right place,
    which may be behind half an escape.
    """
    end = data.find(b'"', begin + 1)
    if end < 0 or data[end - 1] != 0x5C:
        return end + 1
    at = tail
    while at - _STEP > begin and data[at - _STEP : at] == _BACKSLASHES:
        at -= _STEP  # an even number, ten times as quick as one by one
    before = data[max(begin + 1, at - _STEP) : at]
    is_half = (len(before) - len(before.rstrip(b"\\"))) % 2
    match = _REST_OF_STRING.match(data, tail + is_half)
    return 0 if match is None else match.end()


def decoded(data: memoryview) -> bytearray:
    """The text of a JSON string, in UTF-8, a piece at a time: other threads have their turn.

    Raises ``msgspec.DecodeError`` (``UnicodeDecodeError``) for what is no string.
    """
    at, end = 1, len(data) - 1
    text = bytearray(end - at)  # never longer: joining pieces would take the memory twice
    length = 0
    while at < end:
        match = _WHOLE.match(data, at, min(at + _STEP, end))
        assert match is not None, "it matches nothing as well"
        to = match.end()
        while to < end and at < to and data[to] & 0xC0 == 0x80:
            to -= 1  # never within a letter
        if to == at:
            raise msgspec.DecodeError("no whole letter or escape")
        piece = _texts.decode(b'"%b"' % bytes(data[at:to])).encode()
        text[length : length + len(piece)] = piece
        length += len(piece)
        at = to
    del text[length:]
    return text


def _scalar_end(data: bytes, at: int) -> int:
    """The position behind the number or word that begins at ``at``; searches, as above."""
    end = data.find(b",", at)
    if end < 0:
        end = len(data)
    for sign in (b"}", b" ", b"\n", b"\r", b"\t"):
        found = data.find(sign, at, end)
        if found >= 0:
            end = found
    return end


def _container_end(data: bytes, at: int, values: int) -> tuple[int, int]:
    """The position behind an array or object, and the count of values so far."""
    depth = 1
    while True:
        match = _TOKEN.search(data, at)
        assert match is not None, "the text was not valid JSON"
        at = match.end()
        token = data[at - 1]
        values += 1
        if values > MAX_VALUES:
            raise LimitExceeded(texts.TOO_MANY_VALUES.filled(limit=MAX_VALUES))
        if token == 0x22:
            at = _string_end(data, at - 1)
        elif token in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise LimitExceeded(texts.TOO_NESTED.filled(limit=MAX_DEPTH))
        else:
            depth -= 1
            if depth == 1:
                return at, values


def _unescaped(key: bytes) -> bytes:
    """A key's own letters; only escapes of ASCII can matter, as every key we know is ASCII."""

    def letter(match: re.Match[bytes]) -> bytes:
        escape = match[0]
        return (
            chr(int(escape[2:], 16)).encode("utf-8", "replace") if escape[1:2] == b"u" else escape
        )

    return _ESCAPE.sub(letter, key)
