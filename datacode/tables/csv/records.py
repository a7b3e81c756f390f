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


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one record, and where it starts: index in the text, and line from 1."""

    start: int
    line: int
    cells: list[str]


@lru_cache(maxsize=8)
def _patterns(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    mark = re.escape(delimiter)
    quoted = re.compile(rf'"([^"]*(?:""[^"]*)*)(?:"([^\r\n{mark}]*))?')
    return quoted, re.compile(rf"[^\r\n{mark}]*")


def records(text: str, delimiter: str = ",", position: int = 0, line: int = 1) -> Iterator[Record]:
    """The records from ``position``, which is in line ``line``; blank lines are none."""
    blank = WHITE_SPACE.replace(delimiter, "")
    find_end = _LINE_END.search
    end = len(text)
    while position < end:
        match = find_end(text, position)
        stop, after = match.span() if match else (end, end)
        content = text[position:stop]
        if '"' in content:
            cells, after, lines = _quoted_record(text, position, delimiter)
            yield Record(position, line, cells)
            line += lines
        else:
            if content.strip(blank):
                yield Record(position, line, content.split(delimiter))
            line += 1
        position = after


def _quoted_record(text: str, position: int, delimiter: str) -> tuple[list[str], int, int]:
    """A record with quotes: its cells, where the next one starts, and how many lines it takes."""
    quoted, plain = _patterns(delimiter)
    cells = []
    lines = 1
    while True:
        match = quoted.match(text, position)
        if match is not None:
            inside, behind = match.groups()
            lines += len(_LINE_END.findall(inside))
            cells.append(inside.replace('""', '"') + (behind or ""))
        else:
            match = plain.match(text, position)
            assert match is not None, "a pattern that matches nothing at all, too"
            cells.append(match.group())
        position = match.end()
        if not text.startswith(delimiter, position):
            break
        position += 1
    line_end = _LINE_END.match(text, position)
    return cells, line_end.end() if line_end else position, lines
