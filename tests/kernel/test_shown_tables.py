"""Frames of tables are found in output that comes in any pieces."""

from __future__ import annotations

import random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from datacode.client import TableData
from datacode.kernel.shown_tables import StreamedTables
from datacode.tables.show import show_text
from datacode.values.table import Table


class Recorder:
    """What a cell shows, in its order; neighbouring texts are one."""

    def __init__(self) -> None:
        self.shown: list[Any] = []

    def write(self, text: str) -> None:
        """Text."""
        if self.shown and isinstance(self.shown[-1], str):
            self.shown[-1] += text
        else:
            self.shown.append(text)

    def frame(self, text: str) -> str:
        """A frame."""
        self.shown.append([text])
        return str(len(self.shown) - 1)

    def frame_again(self, name: str, text: str) -> None:
        """Its count."""
        self.shown[int(name)] = [text]

    def table(self, name: str, frame: str, beginning: Table, row_count: int) -> None:
        """Its cells."""
        self.shown[int(name)] = (frame, list(beginning.names), list(beginning.rows()), row_count)

    def chart_description(self, description: dict[str, Any]) -> None:
        """No charts here."""
        raise AssertionError(description)


def shown(text: str, tables: list[TableData], cuts: list[int]) -> list[Any]:
    """What is shown of a text that comes in pieces which end at ``cuts``."""
    recorder = Recorder()
    streamed = StreamedTables(recorder)
    start = 0
    for cut in [*sorted(cuts), len(text)]:
        streamed.write(text[start:cut])
        start = cut
    streamed.end(tables)
    return recorder.shown


class StreamedTablesTests(SynchronousTestCase):
    """Whole outputs, cut at every place and at random."""

    def every_way(self, text: str, tables: list[TableData], expected: list[Any]) -> None:
        """The pieces make no difference."""
        self.assertEqual(shown(text, tables, []), expected)
        dice = random.Random(7)
        for cut in range(len(text)):
            self.assertEqual(shown(text, tables, [cut]), expected, cut)
        for _ in range(200):
            cuts = [dice.randrange(len(text)) for _ in range(dice.randrange(1, 20))]
            self.assertEqual(shown(text, tables, cuts), expected, cuts)

    def test_in_place(self) -> None:
        """Tables among text; what is behind a frame, and what only looks like one."""
        one = Table.from_rows(["a b", "c"], [[1.0, "x"], [2.0, "┌─┐"]])
        other = Table.from_rows(["n"], [[float(n)] for n in range(3)])
        frames = [show_text(one), show_text(other)]
        tables = [
            TableData(["a b", "c"], ["Integer", "String"], [[1, "x"], [2, "┌─┐"]], 2),
            TableData([], [], [], 4),
            TableData(["n"], ["Integer"], [[0], [1], [2]], 5000),
        ]
        own = "┌──┐\n│ mine │\n└──┘\n"
        text = (
            f"head\n{frames[0]}{own}middle ┌─┐\n┌── no\n┌─┐\n│ open\nthen\n"
            f"{frames[1]}⋮ 3/5000\n⋮ 3/5000\ntail"
        )
        self.every_way(
            text,
            tables,
            [
                "head\n",
                (frames[0], ["a b", "c"], [[1.0, "x"], [2.0, "┌─┐"]], 2),
                [own],
                "middle ┌─┐\n┌── no\n┌─┐\n│ open\nthen\n",
                (frames[1] + "⋮ 3/5000\n", ["n"], [[0.0], [1.0], [2.0]], 5000),
                "⋮ 3/5000\ntail",
            ],
        )

    def test_no_end(self) -> None:
        """A frame that the end of the program cuts off is text."""
        text = "┌───┐\n│ a │\n├───┤\n│ 1"
        self.every_way(text, [TableData(["a"], ["Integer"], [[1]], 1)], [text])

    def test_at_once(self) -> None:
        """A frame is shown as soon as it is whole, and text as soon as it cannot be a frame."""
        recorder = Recorder()
        streamed = StreamedTables(recorder)
        streamed.write("a line")
        self.assertEqual(recorder.shown, ["a line"])
        streamed.write(" more\n┌─┐\n")
        self.assertEqual(recorder.shown, ["a line more\n"])
        streamed.write("│a│\n└─┘\n")
        self.assertEqual(recorder.shown[1:], [["┌─┐\n│a│\n└─┘\n"]])

    def test_too_long(self) -> None:
        """What has no end is not gathered without end."""
        recorder = Recorder()
        streamed = StreamedTables(recorder)
        streamed.write("┌─┐\n")
        for _ in range(60):
            streamed.write("│" + "x" * 100_000 + "\n")
        self.assertGreater(len(recorder.shown[0]), 4_000_000)
