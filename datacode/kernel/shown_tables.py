"""Tables in the output of a program that runs on a server.

A program that shows a table prints it in a frame, which comes while it runs; the cells come with
the answer. Frames are taken out of the output and shown in their places, and replaced by tables
when the cells are there. Frames that a program drew itself stay what they are.

Source: ``docs/protocol.md``, tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from datacode.client import TableData
from datacode.kernel.notebook import Output
from datacode.values.table import Table

_TOP = re.compile(r"┌[─┬]+┐\n")
_LINES = ("│", "├", "└")
_COUNT = re.compile(r"⋮ \d+/\d+\n")
_MOST = 4 << 20
"""Characters of a frame; a longer one is text like any other."""


@dataclass(slots=True)
class _ShownFrame:
    name: str
    text: str


class StreamedTables:
    """The output of one cell."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._plain: list[str] = []
        self._is_within = False
        """Is a line under way that is none of a frame?"""
        self._line = ""
        """The beginning of a line that may be one of a frame."""
        self._frame: list[str] = []
        self._size = 0
        self._shown: list[_ShownFrame] = []
        self._is_behind_frame = False

    def write(self, text: str) -> None:
        """The next part of the output."""
        for part in _parts(text):
            if self._is_within:
                self._plain.append(part)
                self._is_within = not part.endswith("\n")
                continue
            self._line += part
            if self._line.endswith("\n") or not self._may_be_of_frame(self._line):
                line, self._line = self._line, ""
                self._take(line)
        self._flush()

    def end(self, tables: Sequence[TableData]) -> None:
        """The cell has ended: what it printed is all there, and these are the cells."""
        self._give_frame_up()
        self._plain.append(self._line)
        self._line = ""
        self._flush()
        waiting = [table for table in tables if table.rows and table.columns]
        for frame in self._shown:
            if waiting and _is_of(frame.text, waiting[0]):
                table = waiting.pop(0)
                self._output.table(frame.name, frame.text, _beginning(table), table.row_count)

    def _may_be_of_frame(self, line: str) -> bool:
        if self._frame:
            return line.startswith(_LINES)
        return line.startswith("┌") or (self._is_behind_frame and line.startswith("⋮"))

    def _take(self, line: str) -> None:
        """A line, or the beginning of one that is none of a frame."""
        is_behind_frame, self._is_behind_frame = self._is_behind_frame, False
        if is_behind_frame and _COUNT.fullmatch(line):
            last = self._shown[-1]
            last.text += line
            self._output.frame_again(last.name, last.text)
        elif self._frame and line.startswith(_LINES):
            self._frame.append(line)
            self._size += len(line)
            if self._size > _MOST:
                self._give_frame_up()
            elif line.startswith("└"):
                self._show_frame()
        else:
            self._give_frame_up()
            if _TOP.fullmatch(line):
                self._frame, self._size = [line], len(line)
            else:
                self._plain.append(line)
                self._is_within = not line.endswith("\n")

    def _show_frame(self) -> None:
        self._flush()
        text = "".join(self._frame)
        self._frame = []
        self._shown.append(_ShownFrame(self._output.frame(text), text))
        self._is_behind_frame = True

    def _give_frame_up(self) -> None:
        """What looked like a frame is none."""
        self._plain += self._frame
        self._frame = []

    def _flush(self) -> None:
        text = "".join(self._plain)
        self._plain.clear()
        if text:
            self._output.write(text)


def _parts(text: str) -> Iterator[str]:
    """The lines of a text, each with its end; the last one may have none."""
    start = 0
    while (end := text.find("\n", start) + 1) > 0:
        yield text[start:end]
        start = end
    if start < len(text):
        yield text[start:]


def _is_of(frame: str, table: TableData) -> bool:
    head = frame.split("\n", 2)[1]
    return _squeezed(head) == _squeezed("│" + "│".join(table.columns) + "│")


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _beginning(table: TableData) -> Table:
    rows = [[float(cell) if type(cell) is int else cell for cell in row] for row in table.rows]
    return Table.from_rows(table.columns, rows)
