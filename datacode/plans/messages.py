"""What goes to an engine and what comes back: frames of MessagePack on one stream.

Four bytes say how long a frame is. An engine answers each request but ``Drop`` and
``CancelRequest`` once, in order, under its number. Both sides check what they receive: neither
trusts the other.
"""

from __future__ import annotations

import struct
from typing import TypeAlias

import msgspec
from msgspec import Struct

from datacode.i18n.message import Message
from datacode.plans.nodes import CellKind, Source, Step
from datacode.plans.table_files import TableFile

LARGEST_FRAME = 128 * 2**20
LARGEST_PIECE = 24 * 2**20
"""A larger piece of a table is sent in two."""

_LENGTH = struct.Struct("<I")


class Append(Struct, tag="append", frozen=True):
    """More rows for a table that is being made, in Parquet (``parts``); answered by ``EngineDone``.

    ``kinds`` are those of this piece.
    """

    request: int
    table: int
    rows: int
    kinds: tuple[CellKind, ...]
    data: bytes


class Finish(Struct, tag="finish", frozen=True):
    """The table is whole; answered by ``Made``."""

    request: int
    table: int


class TakenUp(Struct, array_like=True, frozen=True):
    """A table that was made before, and the files in the engine's folder that hold it."""

    table: int
    files: tuple[TableFile, ...]


class TakeUp(Struct, tag="take-up", frozen=True):
    """Go on with these tables; what else is in the folder is removed. Answered by ``TookUp``."""

    request: int
    tables: tuple[TakenUp, ...]


class Run(Struct, tag="run", frozen=True):
    """Carry out a step; answered by ``Made``."""

    request: int
    step: Step


class Fetch(Struct, tag="fetch", frozen=True):
    """The rows of a plan from ``start`` to before ``stop``; answered by ``FetchedRows``."""

    request: int
    source: Source
    start: int
    stop: int


class Measure(Struct, tag="measure", frozen=True):
    """How large a plan's columns are; answered by ``Measured``."""

    request: int
    source: Source


class Drop(Struct, tag="drop", frozen=True):
    """Nobody needs these tables any more."""

    tables: tuple[int, ...]


class CancelRequest(Struct, tag="cancel", frozen=True):
    """Nobody waits for that request's answer any more."""

    request: int


ToEngine: TypeAlias = Append | Finish | TakeUp | Run | Fetch | Measure | Drop | CancelRequest


class EngineReady(Struct, tag="ready", frozen=True):
    """The engine has been started, and its walls stand. It says so once, before anything else."""

    request: int = 0


class EngineDone(Struct, tag="done", frozen=True):
    """The request is carried out."""

    request: int


class Made(Struct, tag="made", frozen=True):
    """A table is there: its number, rows, for each column its kind and number of nulls, and the
    files that hold it.

    ``whole``, of a ``Match``: are these all rows of the left side, and of the right one, each once
    and in order?
    """

    request: int
    table: int
    rows: int
    kinds: tuple[CellKind, ...]
    nulls: tuple[int, ...]
    seconds: float
    files: tuple[TableFile, ...]
    whole: tuple[bool, bool] = (False, False)


class TookUp(Struct, tag="took-up", frozen=True):
    """The tables are there, but for ``missing``, whose files are not or hold no such table."""

    request: int
    missing: tuple[int, ...]


class FetchedRows(Struct, tag="fetched", frozen=True):
    """Rows as an Arrow stream (``parts``)."""

    request: int
    kinds: tuple[CellKind, ...]
    data: bytes


class Measured(Struct, tag="measured", frozen=True):
    """The bytes of each column's texts, and its nulls."""

    request: int
    sizes: tuple[int, ...]
    nulls: tuple[int, ...]


class StepProgress(Struct, tag="progress", frozen=True):
    """How far the step of a request is, in per cent; its answer is still to come."""

    request: int
    done: int


class EngineFailed(Struct, tag="failed", frozen=True):
    """Why a request could not be carried out; None: it was cancelled."""

    request: int
    message: Message | None


FromEngine: TypeAlias = (
    EngineReady | EngineDone | Made | TookUp | FetchedRows | Measured | StepProgress | EngineFailed
)

to_engine = msgspec.msgpack.Decoder(ToEngine)
from_engine = msgspec.msgpack.Decoder(FromEngine)
_encoder = msgspec.msgpack.Encoder()


def frame(message: ToEngine | FromEngine) -> bytes:
    """A message, ready to be sent."""
    body = _encoder.encode(message)
    if len(body) > LARGEST_FRAME:
        raise ValueError("a message that is too large")
    return _LENGTH.pack(len(body)) + body


class Frames:
    """Takes bytes in and gives whole frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def wanted(self) -> int:
        """How many bytes are missing for the next frame, as far as one can tell; 0 for none."""
        if len(self._buffer) < _LENGTH.size:
            return _LENGTH.size - len(self._buffer)
        return max(0, self._size() + _LENGTH.size - len(self._buffer))

    def add(self, data: bytes) -> None:
        """Bytes that have come. Raises ValueError where a frame is too large."""
        self._buffer += data
        if len(self._buffer) >= _LENGTH.size and self._size() > LARGEST_FRAME:
            raise ValueError("a frame that is too large")

    def take(self) -> bytes | None:
        """The next frame's body, if it is whole."""
        if self.wanted():
            return None
        end = _LENGTH.size + self._size()
        body = bytes(memoryview(self._buffer)[_LENGTH.size : end])
        del self._buffer[:end]
        return body

    def _size(self) -> int:
        size: int = _LENGTH.unpack_from(self._buffer)[0]
        return size
