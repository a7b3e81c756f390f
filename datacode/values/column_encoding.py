"""A column of a table as bytes, and back (checkpoint reference, 4).

A typed column is a stream of Arrow's, written by Polars: one field, one record batch or more,
nothing compressed. Every other column whose cells have no parts is a list in msgpack. What is
read may be anybody's: its kind, its length and its size are checked before any of it is used.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec
from msgspec.msgpack import Ext

from datacode.i18n.message import Message, MessageError
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl
from datacode.values.types import Currency, Path, PathPattern, Value

_ARROW, _MIXED, _MIXED_BYTES = b"A", b"M", b"B"

PATH, PATTERN, CURRENCY = 2, 3, 4
"""The codes of msgpack extensions for values that are a text of a kind of their own."""

_CODES: dict[type, int] = {Path: PATH, PathPattern: PATTERN, Currency: CURRENCY}
_CLASSES: dict[int, type] = {code: kind for kind, code in _CODES.items()}

SIMPLE = frozenset({float, str, bool, type(None), *_CODES})
"""The classes of values that have no parts."""

PIECE = 1 << 19
"""About how many bytes of a column are written at once."""

_LEAST_ROWS = 64
_MIXED_ROWS = 8192

_CONTINUATION = 0xFFFFFFFF
_END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"
_RECORD_BATCH, _SCHEMA = 3, 1


class CheckpointError(MessageError):
    """What was to be read is no checkpoint, or a broken one."""


def damaged(what: str) -> CheckpointError:
    """Something in it is not as the format says; ``what`` is for those who look into it."""
    return CheckpointError(
        Message("checkpoint_damaged", "The checkpoint is damaged: {what}", {"what": what})
    )


# Values of one text ----------------------------------------------------------------------


def extension(value: Value) -> Ext:
    """A path, a pattern or an amount of money as an extension."""
    return Ext(_CODES[value.__class__], encoded(value.text))


def from_extension(found: Ext) -> Value:
    """The value of an extension. Raises ``CheckpointError``."""
    kind = _CLASSES.get(found.code)
    if kind is None:
        raise damaged(f"extension {found.code}")
    return kind(decoded(bytes(found.data)))


def encoded(text: str) -> bytes:
    """A text as bytes, which UTF-8 alone cannot do with half of a surrogate pair."""
    return text.encode("utf-8", "surrogatepass")


def decoded(data: bytes) -> str:
    """The text of these bytes. Raises ``CheckpointError``."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise damaged("a text that is not UTF-8") from None


# Columns -------------------------------------------------------------------------------------


def can_be_encoded(cells: ColumnData) -> bool:
    """Does the column, whose cells are in memory, hold nothing that has parts of its own?"""
    return cells.is_stored_as_series() or SIMPLE.issuperset(map(type, cells.values()))


def column_pieces(cells: ColumnData) -> Iterator[bytes]:
    """The column in pieces, made one by one: beside the column itself only a piece takes memory.

    ``can_be_encoded`` holds for it. Most pieces have about ``PIECE`` bytes, more where the cells of
    a column differ much in length.
    """
    kind = _kind_of(cells)
    if kind is None:
        return _mixed_pieces(cells)
    return _typed_pieces(cells, kind)


def _kind_of(cells: ColumnData) -> Any:
    """The type of the series that the cells make, None for a mixed column."""
    if cells.is_stored_as_series():
        series = cells.stored_series()
        return None if series is None else series.dtype
    kinds = set(map(type, cells.values())) - {type(None)}
    if len(kinds) > 1:
        return None
    kind = kinds.pop() if kinds else type(None)
    if kind is str and any(map(_has_half_pair, cells.values())):
        return None
    types = {float: pl.Float64, str: pl.String, bool: pl.Boolean, type(None): pl.Null}
    return types.get(kind)


def _has_half_pair(text: str | None) -> bool:
    """Is there half of a surrogate pair, for which UTF-8 has no bytes?"""
    if text is None or text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _typed_pieces(cells: ColumnData, kind: Any) -> Iterator[bytes]:
    """One stream of Arrow's: its head, and a record batch for each piece."""
    yield _ARROW
    rows = _rows_of_piece(cells, kind)
    for start in range(0, len(cells) or 1, rows):
        part = cells.slice(start, start + rows)
        series = (
            part.stored_series()
            if part.is_stored_as_series()
            else pl.Series(part.values(), dtype=kind)
        )
        target = io.BytesIO()
        # The older form of texts is the smaller one in a file.
        pl.DataFrame([series.alias("c")]).write_ipc_stream(  # type: ignore[union-attr]
            target, compression="uncompressed", compat_level=pl.CompatLevel.oldest()
        )
        written = target.getvalue()
        if start:
            (head,) = struct.unpack_from("<I", written, 4)
            written = written[8 + head :]
        yield written.removesuffix(_END_OF_STREAM)
    yield _END_OF_STREAM


def _rows_of_piece(cells: ColumnData, kind: Any) -> int:
    """How many rows make a piece."""
    length = max(1, len(cells))
    size = 8 * length
    if kind == pl.String:
        if cells.is_stored_as_series():
            size += int(cells.stored_series().estimated_size())  # type: ignore[union-attr]
        else:
            size += sum(map(len, filter(None, cells.values())))
    return max(_LEAST_ROWS, min(length, PIECE * length // size))


def column_from_bytes(data: bytes, length: int) -> ColumnData:
    """A column of ``length`` cells. Raises ``CheckpointError`` for anything else."""
    if data[:1] == _ARROW:
        return ColumnData.of_series(_series(data, length))
    if data[:1] not in (_MIXED, _MIXED_BYTES):
        raise damaged("a column of no known kind")
    return ColumnData.of_list(_cells(data, length))


def _mixed_pieces(cells: ColumnData) -> Iterator[bytes]:
    """An array in msgpack; its head, and the cells of each piece."""
    values = cells.values()
    has_half_pair = any(value.__class__ is str and _has_half_pair(value) for value in values)
    yield _MIXED_BYTES if has_half_pair else _MIXED
    yield b"\xdd" + len(values).to_bytes(4, "big")
    for start in range(0, len(values), _MIXED_ROWS):
        part = values[start : start + _MIXED_ROWS]
        if not set(_CODES).isdisjoint(map(type, part)):
            part = [extension(value) if value.__class__ in _CODES else value for value in part]
        if has_half_pair:
            part = [encoded(value) if value.__class__ is str else value for value in part]
        yield msgspec.msgpack.encode(part)[1 if len(part) < 16 else 3 :]  # without its own head


@lru_cache(maxsize=2)
def _decoder(kind: bytes) -> msgspec.msgpack.Decoder[Any]:
    text: Any = bytes if kind == _MIXED_BYTES else str
    return msgspec.msgpack.Decoder(list[float | bool | text | Ext | None])


def _cells(data: bytes, length: int) -> list[Value]:
    try:
        cells: list[Value] = _decoder(data[:1]).decode(memoryview(data)[1:])
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise damaged(str(fault)) from None
    if len(cells) != length:
        raise damaged("a column of another length")
    if {bytes, Ext}.isdisjoint(map(type, cells)):
        return cells
    return [
        from_extension(cell)
        if cell.__class__ is Ext
        else decoded(cell)
        if cell.__class__ is bytes
        else cell
        for cell in cells
    ]


def _series(data: bytes, length: int) -> pl.Series:
    _check_stream(data, length)
    try:
        frame = pl.read_ipc_stream(io.BytesIO(data[1:]))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as fault:
        raise damaged(f"a column: {type(fault).__name__}") from None
    if frame.width != 1 or frame.height != length:
        raise damaged("a column of another shape")
    series = frame.to_series()
    if series.dtype not in (pl.Float64, pl.String, pl.Boolean, pl.Null):
        raise damaged(f"a column of {series.dtype}")
    return series


# Arrow's stream. A few bytes can ask for any amount of memory: by compression, which we do not use,
# or by a number of rows that takes no bytes. So the heads of its messages are looked at first.


def _check_stream(data: bytes, length: int) -> None:
    """Raise ``CheckpointError`` unless it is messages of the kinds and sizes that we write."""
    place, rows = 1, 0
    try:
        while place < len(data):
            mark, size = struct.unpack_from("<II", data, place)
            if mark != _CONTINUATION:
                raise damaged("a column's message without its mark")
            if size == 0:
                break
            start = place + 8
            if start + size > len(data):
                raise damaged("a column that is cut off")
            head = memoryview(data)[start : start + size]
            message = _Table(head, struct.unpack_from("<I", head, 0)[0])
            kind, body = message.byte(1), message.number(3)
            if kind == _RECORD_BATCH:
                batch = message.table(2)
                if batch is None or batch.offset(3):
                    raise damaged("a compressed column")
                rows += batch.number(0)
            elif kind != _SCHEMA:
                raise damaged(f"a column's message of kind {kind}")
            if not 0 <= body <= len(data) - start - size or not 0 <= rows <= length:
                raise damaged("a column that is larger than it says")
            place = start + size + body
    except struct.error:
        raise damaged("a column that is cut off") from None
    if rows != length:
        raise damaged("a column of another length")


class _Table:
    """A table of Flatbuffers, the little of it that is needed here."""

    def __init__(self, data: memoryview, start: int) -> None:
        self._data = data
        self._start = start
        self._fields = start - struct.unpack_from("<i", data, start)[0]
        if self._fields < 0:
            raise struct.error
        self._size = struct.unpack_from("<H", data, self._fields)[0]

    def offset(self, field: int) -> int:
        """Where a field is, from the table's start; 0 where it has its default."""
        place = 4 + 2 * field
        if place + 2 > self._size:
            return 0
        found: int = struct.unpack_from("<H", self._data, self._fields + place)[0]
        return found

    def byte(self, field: int) -> int:
        """A field of one byte."""
        offset = self.offset(field)
        return struct.unpack_from("<B", self._data, self._start + offset)[0] if offset else 0

    def number(self, field: int) -> int:
        """A field of eight bytes."""
        offset = self.offset(field)
        return struct.unpack_from("<q", self._data, self._start + offset)[0] if offset else 0

    def table(self, field: int) -> _Table | None:
        """A field that is a table."""
        offset = self.offset(field)
        if not offset:
            return None
        place = self._start + offset
        return _Table(self._data, place + struct.unpack_from("<I", self._data, place)[0])
