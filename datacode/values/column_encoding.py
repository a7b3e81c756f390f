"""A column of a table as bytes, and back (checkpoint reference, 4).

A typed column is a stream of Arrow's, written by Polars: one field, one record batch or more,
nothing compressed. Every other column whose cells have no parts is a list in msgpack. What is
read may be anybody's: its kind, its length and its size are checked before any of it is used.
"""

from __future__ import annotations

import io
import struct
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

_CONTINUATION = 0xFFFFFFFF
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
    """Does the column hold nothing that has parts of its own?"""
    return cells.is_stored_as_series() or SIMPLE.issuperset(map(type, cells.values()))


def column_to_bytes(cells: ColumnData) -> bytes:
    """The column; ``can_be_encoded`` holds for it."""
    series = cells.stored_series()
    if series is None:
        return _mixed(cells.values())
    target = io.BytesIO()
    target.write(_ARROW)
    # The older form of texts is the smaller one in a file.
    pl.DataFrame([series.alias("c")]).write_ipc_stream(
        target, compression="uncompressed", compat_level=pl.CompatLevel.oldest()
    )
    return target.getvalue()


def column_from_bytes(data: bytes, length: int) -> ColumnData:
    """A column of ``length`` cells. Raises ``CheckpointError`` for anything else."""
    if data[:1] == _ARROW:
        return ColumnData.of_series(_series(data, length))
    if data[:1] not in (_MIXED, _MIXED_BYTES):
        raise damaged("a column of no known kind")
    return ColumnData.of_list(_cells(data, length))


def _mixed(values: list[Value]) -> bytes:
    if not set(_CODES).isdisjoint(map(type, values)):
        values = [extension(value) if value.__class__ in _CODES else value for value in values]
    try:
        return _MIXED + msgspec.msgpack.encode(values)
    except UnicodeEncodeError:
        texts = [encoded(value) if value.__class__ is str else value for value in values]
        return _MIXED_BYTES + msgspec.msgpack.encode(texts)


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
