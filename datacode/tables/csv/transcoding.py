"""A file in another encoding, read as UTF-8 without being held in memory."""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from datacode.errors import DataCodeError, runtime_error

_AT_ONCE = 1 << 20


def not_in_encoding(encoding: str | None, error: UnicodeError, before: int = 0) -> DataCodeError:
    """The error of a file that is in another encoding than was said, from byte ``before`` on."""
    return runtime_error(
        "csv_not_in_encoding",
        "Failed to read CSV: the file is not in the encoding {encoding} (byte {byte})",
        encoding=encoding,
        byte=before + int(getattr(error, "start", 0)),
    )


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where decoding can go on: a byte of the text, one of the file, the decoder's state."""

    place: int
    at: int
    state: Any


class TranscodedFile(io.BufferedIOBase):
    """A seekable file's text in UTF-8, as a file that can only be read.

    ``codec`` is Python's name of the file's encoding, ``encoding`` that of whoever chose it. The
    whole file is gone through once at the start. Raises a Runtime Error where it is not in it.
    """

    def __init__(self, file: BinaryIO, codec: str, encoding: str | None) -> None:
        self._file = file
        self._codec = _in_order(codec, file)
        self._marks: list[_Mark] = []
        self.size = 0
        try:
            for mark, text in self._decoded(_Mark(0, 0, None)):
                self._marks.append(mark)
                self.size = mark.place + len(text)
        except _BadPlaceError as bad:
            raise not_in_encoding(encoding, bad.error, bad.before) from None
        self.seek(0)

    def _decoded(self, mark: _Mark) -> Iterator[tuple[_Mark, bytes]]:
        """Pieces from a mark on, and where each begins."""
        decoder = codecs.getincrementaldecoder(self._codec)()
        if mark.state is not None:
            decoder.setstate(mark.state)
        self._file.seek(mark.at)
        place, at = mark.place, mark.at
        while True:
            state = decoder.getstate()
            read = self._file.read(_AT_ONCE)
            try:
                piece = decoder.decode(read, final=not read).encode()
            except UnicodeError as error:
                raise _BadPlaceError(error, at - len(state[0])) from None
            yield _Mark(place, at, state), piece
            if not read:
                return
            place += len(piece)
            at += len(read)

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """To a byte of the text, from its start or its end."""
        place = offset + self.size if whence == io.SEEK_END else offset
        mark = self._marks[0]
        for each in self._marks:
            if each.place > place:
                break
            mark = each
        self._pieces = self._decoded(mark)
        self._waiting = b""
        self._skip(place - mark.place)
        return place

    def _skip(self, count: int) -> None:
        while count > len(self._waiting):
            count -= len(self._waiting)
            found = next(self._pieces, None)
            self._waiting = b"" if found is None else found[1]
            if found is None:
                return
        self._waiting = self._waiting[count:]

    def read(self, size: int | None = -1, /) -> bytes:
        """So many bytes, fewer at the end only; all that are left without a size."""
        parts = [self._waiting]
        held = len(self._waiting)
        while size is None or size < 0 or held < size:
            found = next(self._pieces, None)
            if found is None:
                break
            parts.append(found[1])
            held += len(found[1])
        data = b"".join(parts)
        end = held if size is None or size < 0 else size
        self._waiting = data[end:]
        return data[:end]


def _in_order(codec: str, file: BinaryIO) -> str:
    """The encoding with its order of bytes where no mark at the start tells it.

    Without one it is the machine's, for text as a whole; a text in parts would need the mark.
    """
    name = codecs.lookup(codec).name
    marks = _BYTE_ORDER_MARKS.get(name)
    if marks is None:
        return codec
    file.seek(0)
    has_mark = file.read(4).startswith(marks)
    return codec if has_mark else f"{name}-{'le' if sys.byteorder == 'little' else 'be'}"


_BYTE_ORDER_MARKS = {
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
}


class _BadPlaceError(Exception):
    def __init__(self, error: UnicodeError, before: int) -> None:
        super().__init__()
        self.error = error
        self.before = before
