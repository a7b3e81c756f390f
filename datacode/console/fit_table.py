"""Tables fitted to the width of a terminal: the widest columns of a shown table are narrowed."""

from __future__ import annotations

from collections.abc import Callable

_TOP, _END = "┌", "└"


def fit(lines: list[str], width: int) -> list[str]:
    """The lines of one framed table, no wider than ``width`` where columns can give way.

    Cells that do not fit end in ``…``. A table of more columns than fit at all stays as it is.
    """
    if not lines or len(lines[0]) <= width:
        return lines
    widths = [len(part) - 2 for part in lines[0][1:-1].split("┬")]
    room = width - 3 * len(widths) - 1
    if room < 3 * len(widths):
        return lines
    narrow = _narrowed(widths, room)
    cuts = [0]
    for cell in widths:
        cuts.append(cuts[-1] + cell + 3)
    return [_redraw(line, cuts, widths, narrow) for line in lines]


def _narrowed(widths: list[int], room: int) -> list[int]:
    """Widths that sum up to ``room`` at most: one limit for all that are wider than it."""
    limit = max(widths)
    while sum(min(w, limit) for w in widths) > room:
        limit -= 1
    return [min(w, limit) for w in widths]


def _redraw(line: str, cuts: list[int], widths: list[int], narrow: list[int]) -> str:
    parts = []
    for cut, wide, small in zip(cuts, widths, narrow, strict=False):
        cell = line[cut + 2 : cut + 2 + wide]
        parts.append(line[cut : cut + 2])
        if len(cell.rstrip()) <= small or line[cut + 1] == "─":
            parts.append(cell[:small])
        else:
            parts.append(cell[: small - 1] + "…")
        parts.append(line[cut + 2 + wide])
    parts.append(line[cuts[-1]])
    return "".join(parts)


class TableFitter:
    """Passes output on, line by line where a table is being drawn, at once otherwise."""

    def __init__(
        self,
        write: Callable[[str], object],
        width: Callable[[], int],
        redraw: Callable[[list[str], int], list[str]] = fit,
    ) -> None:
        self._write = write
        self._width = width
        self._redraw = redraw
        self._table: list[str] = []
        self._rest = ""

    def write(self, text: str) -> None:
        """Output of a program, in pieces of any size."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._line(line)
        if self._rest and not self._table and self._rest[0] != _TOP:
            self._write(self._rest)
            self._rest = ""

    def _line(self, line: str) -> None:
        if line[:1] == _TOP or self._table:
            self._table.append(line)
            if line[:1] == _END:
                self._draw()
        else:
            self._write(line + "\n")

    def _draw(self) -> None:
        lines, self._table = self._table, []
        regular = all(len(line) == len(lines[0]) for line in lines)
        for line in self._redraw(lines, self._width()) if regular else lines:
            self._write(line + "\n")

    def finish(self) -> None:
        """What is left when the program has ended."""
        for line in self._table:
            self._write(line + "\n")
        self._table = []
        if self._rest:
            self._write(self._rest)
            self._rest = ""
