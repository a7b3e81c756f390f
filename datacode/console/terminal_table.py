"""Tables as a terminal shows them: as wide as it is, numbers to the right and with their decimals.

What a program writes with ``show_table`` for files, pipes and clients is drawn elsewhere and never
depends on a terminal. Columns that have no room are left out, and named below.
Source: server reference, 9.2.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from datacode.i18n import catalog
from datacode.tables.show import cell_text, in_blocks
from datacode.values.table import Table
from datacode.values.text import number_text
from datacode.values.types import Currency, Value

SIGNIFICANT = 6
"""Digits that a number with a fraction is shown with at least, where it has so many."""

_LEAST = 2
"""Decimals of a number that has any, as everywhere else in the language."""

_READABLE = 6
"""Characters that a text is not cut below."""

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?|-?inf|NaN")


def drawn(table: Table, width: int, locale: str) -> Iterator[str]:
    """The table in a frame that is no wider than the terminal, in blocks of lines."""
    if not len(table) or not table.columns:
        yield "Empty table\n"
        return
    names = [cell_text(name) for name in table.names]
    layouts = [
        _layout(name, map(_text, column), _is_numeric(column))
        for name, column in zip(names, table.columns, strict=True)
    ]
    yield from _framed(names, layouts, (map(_text, row) for row in table.rows()), width, locale)


def redrawn(lines: list[str], width: int, locale: str) -> list[str]:
    """The lines of a frame that ``show_table`` drew, drawn for a terminal."""
    places = [0]
    for part in lines[0][1:-1].split("┬"):
        places.append(places[-1] + len(part) + 1)
    inner = [lines[1], *lines[3:-1]]
    if len(inner) < 2 or lines[2][0] != "├" or any(line[0] != "│" for line in inner):
        return lines  # none of ours
    names, *rows = (_cells(line, places) for line in inner)
    layouts = []
    for name, column in zip(names, zip(*rows, strict=True), strict=True):
        filled = [text for text in column if text != "null"]
        is_numeric = bool(filled) and all(map(_NUMBER.fullmatch, filled))
        layouts.append(_layout(name, column, is_numeric))
    return "".join(_framed(names, layouts, rows, width, locale)).splitlines()


def _cells(line: str, places: list[int]) -> list[str]:
    return [line[start + 2 : end - 1].rstrip() for start, end in pairwise(places)]


# Cells -----------------------------------------------------------------------------


def _text(value: Value) -> str:
    return _decimal(value) if value.__class__ is float else cell_text(value)


def _decimal(number: float) -> str:
    """The number with as many decimals as it has, but for digits that nobody reads."""
    text = number_text(number)
    whole, point, fraction = text.partition(".")
    if not point:
        return text
    leading = len(fraction) - len(fraction.lstrip("0")) if whole in ("0", "-0") else 0
    most = leading + SIGNIFICANT
    if len(fraction) > most:
        text = f"{number:.{most}f}".rstrip("0")
        whole, point, fraction = text.partition(".")
    return f"{whole}.{fraction.ljust(_LEAST, '0')}"


def _is_numeric(column: Iterable[Value]) -> bool:
    found = False
    for value in column:
        if value.__class__ is float or value.__class__ is Currency:
            found = True
        elif value is not None:
            return False
    return found


# Columns ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a column is drawn: ``whole`` and ``fraction`` are the widths before and from the point
    on, both 0 in columns of text. Numbers are never cut."""

    width: int
    least: int
    whole: int = 0
    fraction: int = 0

    def placed(self, text: str) -> str:
        """A cell, with the spaces that put its decimal point below those above it."""
        if not self.whole:
            return text
        whole, fraction = _split(text)
        return whole.rjust(self.whole) + fraction.ljust(self.fraction)


def _split(text: str) -> tuple[str, str]:
    """A cell before its decimal point, and from there on; money is not taken apart."""
    place = text.find(".") if _NUMBER.fullmatch(text) else -1
    return (text, "") if place < 0 else (text[:place], text[place:])


def _layout(name: str, texts: Iterable[str], is_numeric: bool) -> _Layout:
    if not is_numeric:
        width = max(len(name), max(map(len, texts)))
        return _Layout(width, min(width, _READABLE))
    wholes = fractions = 0
    for text in texts:
        whole, fraction = _split(text)
        wholes = max(wholes, len(whole))
        fractions = max(fractions, len(fraction))
    width = max(len(name), wholes + fractions)
    return _Layout(width, wholes + fractions, width - fractions, fractions)


def _framed(
    names: list[str], layouts: list[_Layout], rows: Iterable[Iterable[str]], width: int, locale: str
) -> Iterator[str]:
    widths = _widths(layouts, width)
    shown = [
        layout if layout.width == cut or not layout.whole else _narrowed(layout, cut)
        for layout, cut in zip(layouts, widths, strict=False)
    ]

    def line(texts: Iterable[str]) -> str:
        cells = (
            _cut(layout.placed(text), cut)
            for layout, cut, text in zip(shown, widths, texts, strict=False)
        )
        return f"│ {' │ '.join(cells)} │\n"

    def rule(left: str, middle: str, right: str) -> str:
        return left + middle.join("─" * (cut + 2) for cut in widths) + right + "\n"

    head = (
        _cut(name, cut).strip().rjust(cut) if layout.whole else _cut(name, cut)
        for name, layout, cut in zip(names, shown, widths, strict=False)
    )
    yield rule("┌", "┬", "┐") + f"│ {' │ '.join(head)} │\n" + rule("├", "┼", "┤")
    yield from in_blocks(map(line, rows))
    yield rule("└", "┴", "┘")
    if len(widths) < len(names):
        yield _left_out(names[len(widths) :], width, locale) + "\n"


def _widths(layouts: list[_Layout], width: int) -> list[int]:
    """The widths of the columns that there is room for, from the first on; at least of one."""
    shown = 1
    needed = layouts[0].least + 4
    while shown < len(layouts) and needed + layouts[shown].least + 3 <= width:
        needed += layouts[shown].least + 3
        shown += 1
    kept = layouts[:shown]
    room = max(width - 3 * shown - 1, 1)
    limit = max(layout.width for layout in kept)
    low = 1
    while low < limit:  # the largest limit with which all have room
        middle = (low + limit + 1) // 2
        if sum(_limited(layout, middle) for layout in kept) <= room:
            low = middle
        else:
            limit = middle - 1
    widths = [_limited(layout, low) for layout in kept]
    return widths if sum(widths) <= room else [room]


def _limited(layout: _Layout, limit: int) -> int:
    return max(min(layout.width, limit), layout.least)


def _narrowed(layout: _Layout, width: int) -> _Layout:
    """A column of numbers whose name does not fit."""
    return _Layout(width, layout.least, max(width - layout.fraction, 1), layout.fraction)


def _cut(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"


def _left_out(names: list[str], width: int, locale: str) -> str:
    template = catalog.translate(
        catalog.mark(
            "… columns without room: {count} ({names}); `record` shows a row line by line"
        ),
        locale,
    )
    listed = _cut(", ".join(names), max(width, _READABLE)).rstrip()
    return textwrap.fill(template.format(count=len(names), names=listed), max(width, _READABLE))


# One row ---------------------------------------------------------------------------


def record_lines(cells: Iterable[tuple[str, str]], width: int) -> Iterator[str]:
    """A row, a line for each column; a text that is longer goes on below itself."""
    pairs = [(cell_text(name), text) for name, text in cells]
    margin = min(max((len(name) for name, _ in pairs), default=0), max(width // 3, 1))
    room = max(width - margin - 2, 1)
    for name, text in pairs:
        lines = [
            line[start : start + room]
            for line in text.splitlines() or [""]
            for start in range(0, max(len(line), 1), room)
        ]
        yield f"{_cut(name, margin)}  {lines[0]}".rstrip()
        for line in lines[1:]:
            yield f"{' ' * (margin + 2)}{line}".rstrip()
