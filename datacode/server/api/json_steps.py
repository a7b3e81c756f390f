"""A large message made short, a little at a time, so that nobody waits for its decoder.

A decoder of JSON cannot be interrupted, and a message may be many megabytes of what nobody
reads. Before it is decoded, that is taken out here: texts of fields that no request has become
empty, long rows of numbers become two, long white space one blank. What stays is a message that
makes sense exactly where the first one did, and says the same.

Each step takes about a millisecond. Source: server reference, 4.3 and 5.1.
"""

from __future__ import annotations

import re
from collections.abc import Generator

import msgspec

from datacode.server.api import json_limits

STEP = 1 << 16
"""Bytes that are looked at in one step."""

_TOKEN_COST = STEP >> 9
_LITTLE = 16
_MOST_TOKENS = json_limits.MAX_VALUES + json_limits.MAX_FIELDS + 2
"""Strings and brackets. ``json_text.check`` counts neither the braces of the message nor the
bracket that begins a value of one of its fields, and settles what lies below."""

_SPACE = b" \t\r\n"
_MUCH_SPACE = re.compile(rb"[ \t\r\n]{2,}+")
_TWO = b" 0,0,"
"""Instead of a row of numbers. The blank keeps it apart from what stands in front, which would make
no sense with it; and as there are two, it makes none where only one value may stand."""

_TEXT = re.compile(
    rb'(?:[^"\\]++|\\[^u]|\\u(?![dD][89abAB])[0-9a-fA-F]{4}'
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[0-9a-fA-F]{4})*+",
    re.DOTALL,
)
"""Whole letters and escapes; both halves of a pair of surrogates together."""

_decoder = msgspec.json.Decoder(msgspec.Raw)


class TooMuch(Exception):
    """A bound is passed: ``cause`` as ``json_text.check`` would raise it.

    ``before`` is the message up to the field in which that was found, as a message.
    """

    def __init__(self, cause: Exception, before: bytes) -> None:
        super().__init__(cause)
        self.cause = cause
        self.before = before


def shortened(data: bytes, known: json_limits.Keys) -> Generator[None, None, bytes]:
    """A short message in the place of ``data``: of the keys in ``known`` nothing is changed.

    It is valid JSON if and only if ``data`` is; where that is found out here, it is empty.
    Yields between steps. Raises ``TooMuch``.
    """
    return _Shortening(data, known).steps()


class _Shortening:
    def __init__(self, data: bytes, known: json_limits.Keys) -> None:
        self._data = data
        self._known = known
        self._out: list[bytes] = []
        self._at = 0
        self._depth = 0
        self._keys = 0
        self._tokens = 0
        self._key_at = 0
        self._is_read = False
        self._after_colon = False

    def steps(self) -> Generator[None, None, bytes]:
        """Runs of what is no string, and strings, in turn."""
        spent = 0
        while self._at < len(self._data):
            begun = self._at
            quote = self._data.find(b'"', self._at)
            yield from self._run(len(self._data) if quote < 0 else quote)
            if quote >= 0 and not (yield from self._string()):
                return b""
            spent += min(self._at - begun, STEP) + _TOKEN_COST
            if spent >= STEP:
                spent = 0
                yield
        return b"".join(self._out)

    # What is no string ------------------------------------------------------------------

    def _run(self, end: int) -> Generator[None, None, None]:
        self._after_colon = False
        whole = True  # whether a piece begins where a value may
        while self._at < end:
            cut = end
            if end - self._at > 2 * STEP:
                limit = self._at + 2 * STEP
                cut = self._data.find(b",", self._at + STEP, limit) + 1 or limit
                yield
            piece = self._data[self._at : cut]
            self._at = cut
            row = self._count(piece)
            if len(piece) >= STEP:
                if whole and row and not self._is_read and _is_valid(b"[" + piece[:-1] + b"]"):
                    piece = _TWO
                else:
                    piece = _MUCH_SPACE.sub(b" ", piece)
            whole = cut < end and piece.endswith(b",")
            self._out.append(piece)

    def _count(self, piece: bytes) -> bool:
        """Note what is in it; whether it is several values and nothing around them."""
        opened = piece.count(b"[") + piece.count(b"{")
        closed = piece.count(b"]") + piece.count(b"}")
        self._depth += opened - closed
        self._tokens += opened + closed
        commas = piece.count(b",")
        if self._is_read:
            self._tokens += commas  # here numbers stay, and cost
        self._check()
        if solid := piece.rstrip(_SPACE):
            self._after_colon = solid.endswith(b":")
        return not opened + closed and commas > 1 and piece.endswith(b",")

    def _check(self) -> None:
        if self._keys > json_limits.MAX_FIELDS:
            raise TooMuch(json_limits.TooManyFields(), self._before())
        if self._tokens > _MOST_TOKENS:
            raise TooMuch(json_limits.TooMany(), self._before())

    def _before(self) -> bytes:
        kept = b"".join(self._out[: self._key_at]).rstrip(_SPACE)
        return kept.removesuffix(b",") + b"}"

    # Strings ------------------------------------------------------------------------------

    def _string(self) -> Generator[None, None, bool]:
        """Pass the string that begins here; False where it is none."""
        is_key = self._depth == 1 and not self._after_colon
        begun = self._at
        end = self._data.find(b'"', begun + 1)
        if end < 0:
            return False
        stays = self._is_read and not is_key  # and so the decoder will look at it
        little = end - begun <= _LITTLE
        if (stays or little) and self._data.find(b"\\", max(begun, end - 1), end) < 0:
            self._at = end + 1
        elif not (yield from self._skip(check=not stays)):
            return False
        if is_key:
            self._keys += 1
            self._key_at = len(self._out)
            self._is_read = self._known.has(self._data, begun + 1, self._at - 1)
        elif self._depth > 1:
            self._tokens += 1
        self._check()
        stays = self._is_read or little
        self._out.append(self._data[begun : self._at] if stays else b'""')
        return True

    def _skip(self, check: bool = True) -> Generator[None, None, bool]:
        """Pass a string piece by piece, looking whether each is right."""
        data, at = self._data, self._at + 1
        while True:
            match = _TEXT.match(data, at, at + STEP)
            assert match is not None, "it matches nothing as well"
            end = match.end()
            while end > at and end < len(data) and data[end] & 0xC0 == 0x80:
                end -= 1  # never within a letter
            if check and not _is_valid(b'"' + data[at:end] + b'"'):
                return False
            if data[end : end + 1] == b'"':
                self._at = end + 1
                return True
            if end == at:
                return False
            at = end
            yield


def _is_valid(text: bytes) -> bool:
    try:
        _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True
