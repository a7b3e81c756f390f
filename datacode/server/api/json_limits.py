"""What a JSON decoder does not say about a message: repeated keys, and how deep it is nested.

Works on the bytes of a message that a strict decoder has accepted already, and builds no
values, so that a hostile message costs no memory. Source: server reference, 5.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MAX_DEPTH = 512
"""Levels of nesting in a message, the message's own braces included."""

MAX_VALUES = 250_000
"""Strings and brackets inside the fields that are ignored; a bound for the time spent on them."""

MAX_FIELDS = 10_000
"""Fields of a message, those that are ignored among them; for the same reason."""

_SMALL = 1 << 16
_LONGEST_ESCAPE = 6

_SPACES = re.compile(rb"[ \t\r\n]*+")
_TOKEN = re.compile(rb'["\[\]{}]')
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{4}|.)")


class RepeatedKey(Exception):
    """A key that we read appears twice; its argument is the key."""


class TooDeep(Exception):
    """Nested deeper than ``MAX_DEPTH``."""


class TooManyFields(Exception):
    """A message has more than ``MAX_FIELDS``."""


class TooMany(Exception):
    """More than ``MAX_VALUES`` values in fields that nobody reads."""


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

    def has(self, data: bytes, begin: int, end: int) -> bool:
        """Is it one of them that stands there between quotes?"""
        if end - begin > self.longest:
            return False
        written = data[begin:end]
        return (_unescaped(written) if b"\\" in written else written) in self.plain


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
            raise TooManyFields
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
            raise TooMany
        if token == 0x22:
            at = _string_end(data, at - 1)
        elif token in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise TooDeep
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
