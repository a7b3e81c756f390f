"""Reading a large CSV file through Polars, if it is one that Polars reads as we do.

Polars fills short rows up, takes blank lines for rows and has its own way with stray quotes.
What it made of a file is therefore trusted only if every byte of the file is accounted for: the
cells, a delimiter between two of them, a line end behind each row, and the quotes. Everything
else gives None, and is read the plain way (``csv_records``).

Columns that begin with numbers are read as numbers at once. Polars refuses whatever is no number
(and takes for numbers no more than we do); then all columns are read as text.
"""

from __future__ import annotations

import io
import os
import re
from dataclasses import dataclass, replace
from typing import BinaryIO, TypeAlias

from datacode.tables.cells import Cells
from datacode.tables.engine import pl
from datacode.tables.from_text import columns_from_texts

_PIECE = 1 << 18
"""The file is searched in pieces of so many bytes, which stay in the processor's cache."""

Source: TypeAlias = "BinaryIO | bytes"


@dataclass(frozen=True, slots=True)
class Body:
    """The records below the header: from byte ``start``, at line ``line`` (from 1), of ``file``.

    ``size`` is the number of bytes of the whole file, ``width`` that of cells in a record.
    ``numbers`` are the columns that hold nothing but numbers, as far as one has looked.
    """

    file: BinaryIO
    start: int
    line: int
    size: int
    width: int
    delimiter: str
    numbers: frozenset[int] = frozenset()


def read(body: Body, decimal: str) -> tuple[list[Cells], int] | None:
    """The columns and the number of rows; None if the file has to be read the plain way."""
    if len(body.delimiter.encode()) > 1 or not body.width:
        return None
    traits = _traits(body)
    frame = _frame(body, traits)
    if frame is None and body.numbers:
        body = replace(body, numbers=frozenset())  # there is something else among them
        frame = _frame(body, traits)
    if frame is None:
        return None
    texts = frame.select(pl.col(pl.String))
    made = columns_from_texts(
        texts,
        decimal,
        has_odd_space=bool(traits & _ODD_SPACE),
        has_signs=bool(traits & _SIGN_BYTES),
    )
    by_name = dict(zip(texts.columns, made, strict=True))
    columns = [by_name.get(s.name) or Cells.of_series(s) for s in frame.get_columns()]
    return columns, frame.height


def _frame(body: Body, traits: set[bytes]) -> pl.DataFrame | None:
    if traits & {b'"', b"\r"}:
        return _cleaned_frame(body, b'"' in traits, b"\r" in traits)
    return _plain_frame(body)


_ODD_SPACE = {b"\t", b"\v", b"\f", b"\r", b'"', b"\xc2", b"\xe1", b"\xe2", b"\xe3"}
"""Bytes with which white space other than spaces and line feeds begins; line feeds need quotes."""

_SIGN_BYTES = {b"$", b"\xc2", b"\xe2"}
"""Bytes with which the signs of currencies begin."""


def _traits(body: Body) -> set[bytes]:
    """Which of the bytes that matter are anywhere in the body."""
    found: set[bytes] = set()
    missing = _ODD_SPACE | _SIGN_BYTES
    beyond_ascii = {byte for byte in missing if byte > b"\x7f"}
    piece = bytearray(_PIECE)
    body.file.seek(body.start)
    while count := body.file.readinto(piece):  # type: ignore[attr-defined]
        search = missing - beyond_ascii if piece.isascii() else missing
        now = {byte for byte in search if piece.find(byte, 0, count) >= 0}
        found |= now
        missing -= now
    return found


# Without quotes --------------------------------------------------------------


def _plain_frame(body: Body) -> pl.DataFrame | None:
    """Read a file without quotes and with plain line ends where it is."""
    body.file.seek(0)
    above = body.file.read(body.start)
    body.file.seek(body.size - 1)
    last = body.file.read(1)
    if last == body.delimiter.encode() or above.count(b"\n") != body.line - 1:
        return _cleaned_frame(body, False, False)
    body.file.seek(0)
    is_on_disk = isinstance(body.file, io.BufferedReader) and isinstance(body.file.raw, io.FileIO)
    source: Source = body.file if is_on_disk else body.file.read()
    frame = _parse(source, body, skip_lines=body.line - 1)
    if frame is None:
        return None
    if body.numbers:
        complete = not frame.to_series(-1).null_count() or _has_delimiters(frame, _count(body))
    else:
        complete = _is_complete(frame, body.size - body.start, last == b"\n")
    return _without_blank_lines(frame) if complete else _cleaned_frame(body, False, False)


def _parse(source: Source, body: Body, *, skip_lines: int = 0) -> pl.DataFrame | None:
    try:
        return pl.read_csv(
            source,
            has_header=False,
            skip_lines=skip_lines,
            separator=body.delimiter,
            schema={
                str(i): pl.Float64 if i in body.numbers else pl.String for i in range(body.width)
            },
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError):
        return None


def _count(body: Body) -> int:
    """The number of delimiters in a body without quotes."""
    delimiter = body.delimiter.encode()
    piece = bytearray(_PIECE)
    found = 0
    body.file.seek(body.start)
    while count := body.file.readinto(piece):  # type: ignore[attr-defined]
        found += piece.count(delimiter, 0, count)
    return found


def _has_delimiters(frame: pl.DataFrame, count: int) -> bool:
    """Is there a delimiter between any two cells of a row? More of them Polars refuses."""
    return count == frame.height * (frame.width - 1)


def _is_complete(frame: pl.DataFrame, size: int, ends_line: bool, quotes: int = 0) -> bool:
    """Do cells, delimiters, line ends and quotes make up the size in bytes?

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


# With quotes, other line ends, blank lines ------------------------------------


def _cleaned_frame(body: Body, has_quotes: bool, has_returns: bool) -> pl.DataFrame | None:
    """Read a file of which the outside of quotes is brought into the plain form first."""
    body.file.seek(body.start)
    content = body.file.read()
    if not has_quotes:
        parts, escaped = [content], 0
    else:
        parts = content.split(b'"')
        outside = parts[2:-1:2]
        escaped = len(outside) - sum(map(bool, outside))
        if not _are_quotes_regular(parts, body.delimiter.encode()):
            return None
    parts[::2] = [_plain_lines(part, has_returns, body) for part in parts[::2]]
    content = b'"'.join(parts).lstrip(b"\n")
    if not content.endswith(b"\n"):
        content += b"\n"  # behind a last delimiter Polars would miss a cell
    frame = _parse(content, body)
    if frame is None:
        return None
    if body.numbers:
        delimiter = body.delimiter.encode()
        complete = _has_delimiters(frame, sum(part.count(delimiter) for part in parts[::2]))
    else:
        complete = _is_complete(frame, len(content), True, len(parts) - 1 - escaped)
    return _without_blank_lines(frame, has_quotes) if complete else None


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


_BLANK_LINES = re.compile(rb"\n(?:[ \t\v\f]*\n)+")
_BLANK_LINES_OF_TABS = re.compile(rb"\n(?:[ \v\f]*\n)+")


def _plain_lines(part: bytes, has_returns: bool, body: Body) -> bytes:
    """Text outside of quotes with every line end a line feed, and without blank lines."""
    if has_returns and b"\r" in part:
        part = part.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if part.count(b"\n") < 2:
        return part
    blank = _BLANK_LINES_OF_TABS if body.delimiter == "\t" else _BLANK_LINES
    return blank.sub(b"\n", part)


def size_of(file: BinaryIO) -> int:
    """The number of bytes in a file that can be searched in."""
    return file.seek(0, os.SEEK_END)
