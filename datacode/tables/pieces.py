"""Long texts in pieces: few enough to be quick, small enough to stop before there are too many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_PIECE = 1 << 16
"""About so many characters are in a piece, unless one line alone has more."""


def in_pieces(lines: Iterable[str]) -> Iterator[str]:
    """The lines, as many at once as make a piece."""
    piece: list[str] = []
    size = 0
    for line in lines:
        piece.append(line)
        size += len(line)
        if size >= _PIECE:
            yield "".join(piece)
            piece, size = [], 0
    if piece:
        yield "".join(piece)
