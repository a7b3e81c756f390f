"""How a text file with a table is written: encoding, delimiter, decimal and thousands.

Used where a program asks for it only (``delimiter="auto"``, ``auto=true``). Source: tables and
files reference, 2.9.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice

from datacode.tables.csv.records import OpenQuote, Record, records
from datacode.values.parse_text import SPACES_IN_NUMBERS, WHITE_SPACE

_SAMPLE = 1 << 18
"""So many bytes or characters of the beginning are looked at."""

_ROWS = 500

# Encoding ------------------------------------------------------------------------

_CYRILLIC = ("cp1251", "cp866", "koi8-r")
_FREQUENT = frozenset("оеаинтсрвлкмдпу")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def likely_encoding(content: bytes) -> str:
    """The codec by which bytes are most likely text."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return name
    head = content[:_SAMPLE]
    if b"\0" in head:
        return "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be"
    with suppress(UnicodeDecodeError):
        content.decode()
        return "utf-8"
    scores = {name: _russian(head.decode(name, "replace")) for name in _CYRILLIC}
    best = max(_CYRILLIC, key=lambda name: scores[name])
    return best if scores[best] > 0 else "cp1252"


def _russian(text: str) -> int:
    """How much a text looks like Russian: frequent small letters count, signs of drawing against.

    A capital behind a small letter counts against it, too: the same bytes in a wrong Cyrillic
    encoding make words of capitals.
    """
    beyond = Counter(c for c in text if c > "\x7f")
    letters = sum(n for c, n in beyond.items() if c.lower() in _FREQUENT)
    others = sum(n for c, n in beyond.items() if not ("А" <= c <= "я" or c in "ёЁ№«»—–\xa0₽…”“"))
    wrong_case = len(re.findall("[а-яё][А-ЯЁ]", text))
    return letters - 3 * others - 3 * wrong_case


# Delimiter -----------------------------------------------------------------------

_DELIMITERS = (";", "\t", "|", ",")


def likely_delimiter(text: str) -> str:
    """The character that cuts most rows of a text into the same number of cells."""
    found = [(_regularity(first_records(text, mark)), mark) for mark in _DELIMITERS]
    best, mark = max(found, key=lambda each: each[0])
    return mark if best > 0 else ","


def first_records(text: str, delimiter: str) -> list[Record]:
    """The first records of a text, as many as are looked at."""
    found: list[Record] = []
    with suppress(OpenQuote):
        for record in islice(records(text[:_SAMPLE], delimiter), _ROWS):
            found.append(record)
    return found[:-1] if len(text) > _SAMPLE and len(found) > 1 else found


def is_short(text: str, count: int) -> bool:
    """Are the ``count`` first records all that a text has?"""
    return len(text) <= _SAMPLE and count < _ROWS


def last_records(text: str, delimiter: str) -> list[Record]:
    """The last records of a long text. Within quotes they are none."""
    tail = text[-_SAMPLE // 8 :]
    tail = tail[max(tail.find("\n"), tail.find("\r")) + 1 :]
    with suppress(OpenQuote):
        return list(records(tail, delimiter))
    return []


def _regularity(found: Sequence[Record]) -> float:
    """The share of rows of the usual width; more if that is wide, nothing if it is one cell."""
    widths = Counter(len(record.cells) for record in found)
    del widths[1]
    if not widths:
        return 0
    width, count = max(widths.items(), key=lambda pair: (pair[1], pair[0]))
    return count / len(found) + min(width, 50) / 1000


# Numbers -------------------------------------------------------------------------

_SPACED = re.compile(rf"[+-]?[0-9]{{1,3}}(?:[{SPACES_IN_NUMBERS}][0-9]{{3}})+(?:[.,][0-9]+)?")
_APOSTROPHES = re.compile(r"[+-]?[0-9]{1,3}(?:'[0-9]{3})+(?:[.,][0-9]+)?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:([.,])[0-9]{3})+(?:(?!\1)([.,])[0-9]+)?")
_PLACES = re.compile(rf"[+-]?[0-9{SPACES_IN_NUMBERS}']+([.,])[0-9]+")


def likely_numbers(cells: Iterable[str], delimiter: str) -> tuple[str, str | None]:
    """The decimal point or comma, and what groups thousands, in the cells of a table."""
    points: Counter[str] = Counter()
    groups: Counter[str] = Counter()
    doubtful: Counter[str] = Counter()
    for cell in cells:
        text = cell.strip(WHITE_SPACE)
        if _SPACED.fullmatch(text):
            groups[" "] += 1
        elif _APOSTROPHES.fullmatch(text):
            groups["'"] += 1
        grouped = _GROUPED.fullmatch(text)
        if grouped is not None and (grouped[2] or text.count(grouped[1]) > 1):
            groups[grouped[1]] += 1
            points[grouped[2] or _other(grouped[1])] += 1
        elif grouped is not None:
            doubtful[grouped[1]] += 1  # 1,234 or 1.234
        elif places := _PLACES.fullmatch(text):
            points[places[1]] += 1
    if not points and doubtful:
        # 1,234 alone: where ; separates cells, the comma is most likely the decimal one.
        sign = doubtful.most_common(1)[0][0]
        points[sign if sign == "." or delimiter != "," else "."] += 1
    decimal = "," if points[","] > points["."] else "."
    groups.update({sign: count for sign, count in doubtful.items() if sign != decimal})
    del groups[decimal]
    return decimal, groups.most_common(1)[0][0] if groups else None


def _other(sign: str) -> str:
    return "," if sign == "." else "."
