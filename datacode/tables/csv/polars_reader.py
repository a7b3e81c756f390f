"""Parsing a large CSV file by Polars, where the result is certainly that of ``records``.

Polars pads short rows, takes blank lines for rows and parses stray quotes by rules of its own.
Its result is therefore used only if every byte of the file is accounted for: the cells, a
delimiter between two of them, a line end behind each row, and the quotes. For everything else
``read`` gives None, and the file is read record by record.

Columns that begin with whole numbers, or with ``true`` and ``false``, are read as such at once.
Polars refuses whatever is none (and takes for one no more than we do); then all columns are read
as text, and so they are if there are numbers that would not come back. Columns that begin with
other numbers are read as such only if no exponents are to be expected, as an identifier like
``12E4`` is no number, and the value does not tell.
"""

from __future__ import annotations

import codecs
import io
import os
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Literal, TypeAlias

from datacode.tables.csv.infer import Hints, without_minus_zero
from datacode.values.lazy_polars import pl

_CHUNK = 1 << 18
"""The file is searched in chunks of so many bytes, which stay in the processor's cache."""

_BOM = codecs.BOM_UTF8

Readable: TypeAlias = "BinaryIO | bytes"

TypedBy: TypeAlias = Literal["integer", "number", "bool"]

_TYPES: Mapping[str, type[pl.DataType]] = {
    "integer": pl.Int64,
    "number": pl.Float64,
    "bool": pl.Boolean,
    "text": pl.String,
}


@dataclass(frozen=True, slots=True)
class Body:
    """The records below the header: from byte ``start``, at line ``line`` (from 1), of ``file``.

    ``size`` is the number of bytes of the whole file, ``width`` that of cells in a record.
    ``typed`` are the columns that hold nothing but numbers or bools, as far as one has looked;
    ``has_gaps`` tells whether a last cell was seen empty there.
    """

    file: BinaryIO
    start: int
    line: int
    size: int
    width: int
    delimiter: str
    typed: Mapping[int, TypedBy] = field(default_factory=dict)
    has_gaps: bool = True


def parse(body: Body) -> tuple[pl.DataFrame, Hints] | None:
    """The rows, a column for each place, and what may be in the texts among them.

    Columns that are not ``typed`` hold texts. None if the file has to be read by ``records``.
    """
    if len(body.delimiter.encode()) > 1 or not body.width:
        return None
    source = _readable(body.file)
    if _bytes(source, body.start, body.start + len(_BOM)) == _BOM:
        return None  # here it is part of a cell, and Polars drops it
    traits, frame = _scan_and_parse(source, body)
    if frame is not None and not _numbers_come_back(frame, traits):
        frame = None
    if frame is None and body.typed:
        body = replace(body, typed={})  # there is something else among them
        frame = _parse_again(source, body, traits)
    if frame is None:
        return None
    hints = Hints(
        odd_space=bool(traits.found & _SPACE_BYTES),
        signs=bool(traits.found & _SIGN_BYTES),
        exponents=bool(traits.found & _EXPONENT_BYTES),
    )
    floats = [without_minus_zero(s) for s in frame.select(pl.col(pl.Float64)).get_columns()]
    return frame.with_columns(pl.col(pl.Int64).cast(pl.Float64), *floats), hints


_TOO_LARGE = 10**15
"""Beyond so much, integers have more digits than a float keeps."""


def _numbers_come_back(frame: pl.DataFrame, traits: _ByteTraits) -> bool:
    """Are the numbers of typed columns safe to be kept as such?"""
    numbers = frame.select(pl.col(pl.Int64, pl.Float64))
    if not numbers.width:
        return True
    if b"+" in traits.found:
        return False
    if pl.Float64 in numbers.dtypes and traits.found & {*_EXPONENT_BYTES, _MANY_ZEROS}:
        return False
    large = (pl.all() >= _TOO_LARGE) | (pl.all() <= -_TOO_LARGE)
    return not numbers.select(pl.any_horizontal(large.any())).item()


def _readable(file: BinaryIO) -> Readable:
    """What two threads can read at the same time: a file on disk, or all its bytes."""
    is_on_disk = isinstance(file, io.BufferedReader) and isinstance(file.raw, io.FileIO)
    file.seek(0)
    return file if is_on_disk and hasattr(os, "pread") else file.read()


def _scan_and_parse(source: Readable, body: Body) -> tuple[_ByteTraits, pl.DataFrame | None]:
    """Scan the bytes while Polars parses the file, which is right if it has no quotes."""
    head = _bytes(source, body.start, body.start + _CHUNK)
    if b'"' in head or b"\r" in head or not _can_parse_in_place(source, body):
        traits = _scan(source, body)
        return traits, _parse_again(source, body, traits)
    with ThreadPoolExecutor(1) as pool:
        searching = pool.submit(_scan, source, body)
        frame = _parse_in_place(source, body)
        traits = searching.result()
    if traits.has_plain_lines and frame is not None:
        return traits, _checked(frame, source, body, traits)
    return traits, None if traits.has_plain_lines else _parse_normalized(source, body, traits)


def _parse_again(source: Readable, body: Body, traits: _ByteTraits) -> pl.DataFrame | None:
    if not traits.has_plain_lines or not _can_parse_in_place(source, body):
        return _parse_normalized(source, body, traits)
    frame = _parse_in_place(source, body)
    return None if frame is None else _checked(frame, source, body, traits)


# Searching -----------------------------------------------------------------------

_SPACE_BYTES = {b"\t", b"\v", b"\f", b"\r", b'"', b"\xc2", b"\xe1", b"\xe2", b"\xe3"}
"""Bytes with which white space other than spaces and line feeds begins; line feeds need quotes."""

_SIGN_BYTES = {b"$", b"\xc2", b"\xe2"}
"""Bytes with which the signs of currencies begin."""

_EXPONENT_BYTES = {b"e", b"E", b"+"}

_MANY_ZEROS = b"0" * 150
"""Part of every number without an exponent that a float takes for 0 though it is not."""


@dataclass(frozen=True, slots=True)
class _ByteTraits:
    """Which special bytes are in the body, and how many delimiters (None: not counted)."""

    found: set[bytes]
    delimiters: int | None

    @property
    def has_plain_lines(self) -> bool:
        """No quotes, and only line feeds at the ends of lines?"""
        return not self.found & {b'"', b"\r"}


def _scan(source: Readable, body: Body) -> _ByteTraits:
    found: set[bytes] = set()
    missing = _SPACE_BYTES | _SIGN_BYTES | _EXPONENT_BYTES
    if "number" in body.typed.values():
        missing.add(_MANY_ZEROS)
    beyond_ascii = {byte for byte in missing if byte > b"\x7f"}
    counts = bool(body.typed) and body.has_gaps
    delimiter = body.delimiter.encode()
    delimiters = 0
    for chunk in _chunks(source, body):
        search = missing - beyond_ascii if chunk.isascii() else missing
        now = {byte for byte in search if byte in chunk}
        found |= now
        missing -= now
        if counts:
            delimiters += chunk.count(delimiter)
    return _ByteTraits(found, delimiters if counts else None)


def _chunks(source: Readable, body: Body) -> Iterator[bytes]:
    for start in range(body.start, body.size, _CHUNK):
        yield _bytes(source, start, start + _CHUNK)


def _bytes(source: Readable, start: int, stop: int) -> bytes:
    if isinstance(source, bytes):
        return source[start:stop]
    return os.pread(source.fileno(), stop - start, start)


# Without quotes --------------------------------------------------------------------


def _can_parse_in_place(source: Readable, body: Body) -> bool:
    """Does Polars count the lines above as ``records``, and see a cell behind a last delimiter?"""
    above = _bytes(source, 0, body.start)
    last = _bytes(source, body.size - 1, body.size)
    return last != body.delimiter.encode() and above.count(b"\n") == body.line - 1


def _parse_in_place(source: Readable, body: Body) -> pl.DataFrame | None:
    """Parse a file without quotes and with line feeds only, without copying it."""
    if not isinstance(source, bytes):
        source.seek(0)
    return _parse(source, body, skip_lines=body.line - 1)


def _parse(source: Readable, body: Body, *, skip_lines: int = 0) -> pl.DataFrame | None:
    try:
        return pl.read_csv(
            source,
            has_header=False,
            skip_lines=skip_lines,
            separator=body.delimiter,
            schema={str(i): _TYPES[body.typed.get(i, "text")] for i in range(body.width)},
        )
    except OSError:
        if isinstance(source, bytes):
            return None
        # A worker may not ask about open files as Polars does, but it may read them.
        return _parse(_bytes(source, 0, body.size), body, skip_lines=skip_lines)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError):
        return None


def _checked(
    frame: pl.DataFrame, source: Readable, body: Body, traits: _ByteTraits
) -> pl.DataFrame | None:
    """The frame, if all bytes are accounted for; else that of a copy without blank lines."""
    if not body.typed:
        ends_line = _bytes(source, body.size - 1, body.size) == b"\n"
        is_complete = _is_complete(frame, body.size - body.start, ends_line)
    elif not frame.to_series(-1).null_count():
        is_complete = True  # a row that is too short has nothing at its end
    else:
        is_complete = _has_delimiters(frame, _delimiters(source, body, traits))
    if is_complete:
        return _without_blank_lines(frame)
    return _parse_normalized(source, body, traits)


def _delimiters(source: Readable, body: Body, traits: _ByteTraits) -> int:
    if traits.delimiters is not None:
        return traits.delimiters
    delimiter = body.delimiter.encode()
    return sum(chunk.count(delimiter) for chunk in _chunks(source, body))


def _has_delimiters(frame: pl.DataFrame, count: int) -> bool:
    """Is there a delimiter between any two cells of a row? More of them Polars refuses."""
    return count == frame.height * (frame.width - 1)


def _is_complete(frame: pl.DataFrame, size: int, ends_line: bool, quotes: int = 0) -> bool:
    """Do cells (all texts), delimiters, line ends and quotes make up the size in bytes?

    A row that is too short, or is a blank line, leaves delimiters unaccounted for; rows that
    are too long Polars refuses.
    """
    cells = frame.select(pl.sum_horizontal(pl.all().str.len_bytes().sum())).item() or 0
    between = frame.height * frame.width - (0 if ends_line else 1)
    return bool(cells + between + quotes == size)


def _without_blank_lines(frame: pl.DataFrame, has_quotes: bool = False) -> pl.DataFrame | None:
    """In a file of one column a blank line looks like a cell without a text."""
    if frame.width > 1:
        return frame
    only = frame.to_series()
    blank = only.is_null() | ~only.str.contains(r"\S")
    if has_quotes and (blank & only.is_not_null()).any():
        return None
    return frame.filter(~blank)


# With quotes, other line ends, blank lines ------------------------------------------


def _parse_normalized(source: Readable, body: Body, traits: _ByteTraits) -> pl.DataFrame | None:
    """Parse a copy with line feeds as line ends, and without blank lines, outside of quotes."""
    content = _bytes(source, body.start, body.size)
    has_quotes = b'"' in traits.found
    delimiter = body.delimiter.encode()
    if not has_quotes:
        parts, escaped = [content], 0
    else:
        parts = content.split(b'"')
        outside = parts[2:-1:2]
        escaped = len(outside) - sum(map(bool, outside))
        if not _are_quotes_regular(parts, delimiter):
            return None
    parts[::2] = [_normalized_lines(part, b"\r" in traits.found, body) for part in parts[::2]]
    content = b'"'.join(parts).lstrip(b"\n")
    if not content.endswith(b"\n"):
        content += b"\n"  # behind a last delimiter Polars would miss a cell
    frame = _parse(content, body)
    if frame is None:
        return None
    if body.typed:
        is_complete = _has_delimiters(frame, sum(part.count(delimiter) for part in parts[::2]))
    else:
        is_complete = _is_complete(frame, len(content), True, len(parts) - 1 - escaped)
    return _without_blank_lines(frame, has_quotes) if is_complete else None


def _are_quotes_regular(parts: list[bytes], delimiter: bytes) -> bool:
    """Does every quoted cell begin and end with its quotes, and every other one hold none?

    ``parts`` is the text cut at its quotes, so that every second one lay between two of them;
    an empty part in between comes from a doubled quote.
    """
    if len(parts) % 2 == 0:
        return False
    around = {delimiter, b"\n", b"\r"}
    first, last = parts[0], parts[-1]
    outside = [part for part in parts[2:-1:2] if part]
    ends = {part[-1:] for part in outside}
    starts = {part[:1] for part in outside}
    ends.add(first[-1:] or b"\n")
    starts.add(last[:1] or b"\n")
    return ends <= around and starts <= around


_SPACES = b" \t\v\f"


def _normalized_lines(part: bytes, has_returns: bool, body: Body) -> bytes:
    """Text outside of quotes with every line end a line feed, and without blank lines."""
    if has_returns and b"\r" in part:
        part = part.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if part.count(b"\n") < 2:
        return part
    spaces = _SPACES.replace(body.delimiter.encode(), b"")  # a line of delimiters has cells
    return re.sub(rb"\n(?:[%b]*\n)+" % spaces, b"\n", part)
