"""What a session's programs streamed lately, to be sent again to a client that missed it.

Each piece has a position: how many bytes the session has streamed up to its end. What falls out
of the ring is known by its bytes only. Source: server reference, 5.7.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from msgspec import Struct

_BEGINS = 64
"""Requests of which is known where their output begins."""
_PIECE_BYTES = 200
"""What a piece takes beside its text, in memory."""


class OutputPiece(Struct, array_like=True, frozen=True):
    """A piece as it was sent; ``seq`` is the request's, ``start`` and ``end`` positions."""

    seq: int
    start: int
    end: int
    message: bytes

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return len(self.message) + _PIECE_BYTES


class OutputRing:
    """The latest pieces, at most so many bytes of them. ``hold`` counts memory, in bytes."""

    def __init__(self, limit: int, hold: Callable[[int], None], position: int = 0) -> None:
        self.position = position
        self._limit = limit
        self._hold = hold
        self._pieces: deque[OutputPiece] = deque()
        self._size = 0
        self._begins: deque[tuple[int, int]] = deque(maxlen=_BEGINS)

    def add(self, seq: int, size: int, message: Callable[[int], bytes]) -> bytes:
        """Keep a piece whose text has ``size`` bytes; ``message`` makes it, of its position."""
        start, self.position = self.position, self.position + size
        if not self._begins or self._begins[-1][0] != seq:
            self._begins.append((seq, start))
        piece = OutputPiece(seq, start, self.position, message(self.position))
        self._pieces.append(piece)
        self._size += piece.size
        self._hold(piece.size)
        while self._size > self._limit and self._pieces:
            self._drop_oldest()
        return piece.message

    def latest(self, limit: int) -> list[OutputPiece]:
        """The last pieces, as many as have at most so many bytes together."""
        found: list[OutputPiece] = []
        for piece in reversed(self._pieces):
            limit -= piece.size
            if limit < 0:
                break
            found.append(piece)
        return found[::-1]

    @property
    def begins(self) -> list[tuple[int, int]]:
        """Requests, and where their output begins."""
        return list(self._begins)

    def put_back(self, pieces: list[OutputPiece], begins: list[tuple[int, int]]) -> None:
        """Have what ``latest`` and ``begins`` gave once."""
        self._begins.extend(begins)
        for piece in pieces:
            self._pieces.append(piece)
            self._size += piece.size
            self._hold(piece.size)
        while self._size > self._limit and self._pieces:
            self._drop_oldest()

    def missed(self, seen: int, position: int) -> tuple[list[OutputPiece], int]:
        """The pieces behind ``position`` of requests behind ``seen``, and how many bytes before
        them are kept no more."""
        begin = next((start for seq, start in self._begins if seq > seen), self.position)
        position = max(position, begin)
        pieces = [each for each in self._pieces if each.seq > seen and each.end > position]
        kept_from = pieces[0].start if pieces else self.position
        return pieces, max(0, kept_from - position)

    def acknowledge(self, seen: int) -> None:
        """The client has the answers up to this one, and with each all of its output."""
        while self._pieces and self._pieces[0].seq <= seen:
            self._drop_oldest()

    def clear(self) -> None:
        """Keep nothing of what there is."""
        while self._pieces:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        piece = self._pieces.popleft()
        self._size -= piece.size
        self._hold(-piece.size)
