"""Splitting the text of a CSV file into records.

This is the definition of the format: ``polars_reader`` takes only files of which it gives the
same. Source: tables and files reference, 2.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from datacode.values.parse_text import WHITE_SPACE

_LINE_END = re.compile("\r\n|\r|\n")


class OpenQuote(Exception):
    """A quote that opens a cell in ``line`` is not closed where the cell ends.

    Either no quote follows at all, or it has text behind it in a later line, and so was meant to
    open a cell of its own.
    """

    def __init__(self, line: int, closed: int | None) -> None:
        self.line = line
        self.closed = closed
        """The line of the quote that would close it."""


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one record, and where it starts: index in the text, and line from 1.

    ``odd_cell`` is one whose closing quote has text behind it: most likely a quote within the cell
    that should be doubled.
    """

    start: int
    line: int
    cells: list[str]
    odd_cell: str | None = None


@lru_cache(maxsize=8)
def _patterns(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    mark = re.escape(delimiter)
    quoted = re.compile(rf'"([^"]*(?:""[^"]*)*)(?:"([^\r\n{mark}]*))?')
    return quoted, re.compile(rf"[^\r\n{mark}]*")


def records(text: str, delimiter: str = ",", *, with_blank: bool = False) -> Iterator[Record]:
    """The records of a text. Blank lines are none, or ``with_blank`` records without cells.

    Raises ``OpenQuote``.
    """
    blank = WHITE_SPACE.replace(delimiter, "")
    find_end = _LINE_END.search
    position, line, end = 0, 1, len(text)
    while position < end:
        match = find_end(text, position)
        stop, after = match.span() if match else (end, end)
        content = text[position:stop]
        if '"' in content:
            cells, after, lines, odd_cell = _quoted_record(text, position, delimiter, line)
            yield Record(position, line, cells, odd_cell)
            line += lines
        else:
            if content.strip(blank):
                yield Record(position, line, content.split(delimiter))
            elif with_blank:
                yield Record(position, line, [])
            line += 1
        position = after


def _quoted_record(
    text: str, position: int, delimiter: str, line: int
) -> tuple[list[str], int, int, str | None]:
    """A record with quotes: its cells, where the next one starts, how many lines it takes, and a
    cell with text behind its closing quote."""
    quoted, plain = _patterns(delimiter)
    cells = []
    lines = 1
    odd_cell = None
    while True:
        match = quoted.match(text, position)
        if match is not None:
            inside, behind = match.groups()
            inner = len(_LINE_END.findall(inside))
            if behind is None or (inner and behind.strip(WHITE_SPACE)):
                raise OpenQuote(
                    line + lines - 1, None if behind is None else line + lines + inner - 1
                )
            lines += inner
            cells.append(inside.replace('""', '"') + behind)
            if behind and odd_cell is None and behind.strip(WHITE_SPACE):
                odd_cell = cells[-1]
        else:
            match = plain.match(text, position)
            assert match is not None, "a pattern that matches nothing at all, too"
            cells.append(match.group())
        position = match.end()
        if not text.startswith(delimiter, position):
            break
        position += 1
    line_end = _LINE_END.match(text, position)
    return cells, line_end.end() if line_end else position, lines, odd_cell
