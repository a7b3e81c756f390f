"""The state of a session, sent to the server before a program and taken back from it.

A process may have to be killed, and what it held is gone then. A program that is to leave no trace
where it fails therefore begins with sending the state, if that is not too large.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator

from datacode.runtime import checkpoint
from datacode.runtime.interpreter import Interpreter
from datacode.worker import wire
from datacode.worker.child.shown_tables import column_size

_PIECE = 1 << 19


def state_pieces(interpreter: Interpreter) -> Iterator[wire.StatePiece]:
    """The state in messages; none where it is too large, or memory too short to write it."""
    content = b""
    with contextlib.suppress(MemoryError):
        content = _written(interpreter)
    for start in range(0, len(content), _PIECE):
        piece = content[start : start + _PIECE]
        yield wire.StatePiece(piece, start + _PIECE >= len(content))


def _written(interpreter: Interpreter) -> bytes:
    snapshot = interpreter.snapshot()
    written = checkpoint.write(snapshot)
    size = len(written.manifest) + sum(map(column_size, written.columns.values()))
    if size > wire.LARGEST_STATE // 2:
        return b""  # Polars ends a process that has no memory for a copy of a column
    target = io.BytesIO()
    checkpoint.save(snapshot, target)
    content = target.getvalue()
    return content if len(content) <= wire.LARGEST_STATE else b""


class StateReceiver:
    """Takes the pieces of a state and puts it into an interpreter when they are all there."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._content = bytearray()

    def take(self, piece: wire.RestorePiece) -> bool:
        """Is the state whole, and restored? Raises ``CheckpointError`` where it is none."""
        self._content += piece.content
        if piece.is_last:
            content, self._content = bytes(self._content), bytearray()
            self._interpreter.restore(checkpoint.load(io.BytesIO(content)))
        return piece.is_last
