"""Tables drawn for a terminal."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode.console.terminal_table import drawn, record_lines, redrawn
from datacode.tables.show import show_text
from datacode.values.table import Table


def lines(table: Table, width: int = 80, locale: str = "en") -> list[str]:
    """The lines that a terminal of the width is shown."""
    return "".join(drawn(table, width, locale)).splitlines()


class DrawnTests(SynchronousTestCase):
    """``drawn``."""

    def test_numbers(self) -> None:
        """Points stand below each other; texts to the left; six digits that matter are kept."""
        table = Table.from_rows(
            ["item", "n", "price", "tiny"],
            [
                ["paper", 4.0, 349.5, 0.000123456789],
                ["pens", 1000.0, 415.0, 12345.678901234],
                ["s", None, -28.25, 1 / 3],
            ],
        )
        self.assertEqual(
            lines(table),
            [
                "┌───────┬──────┬────────┬─────────────────┐",
                "│ item  │    n │  price │            tiny │",
                "├───────┼──────┼────────┼─────────────────┤",
                "│ paper │    4 │ 349.50 │     0.000123457 │",
                "│ pens  │ 1000 │ 415    │ 12345.678901    │",
                "│ s     │ null │ -28.25 │     0.333333    │",
                "└───────┴──────┴────────┴─────────────────┘",
            ],
        )

    def test_kinds_mixed(self) -> None:
        """A column that holds anything but numbers and nulls is one of text."""
        shown = lines(Table.from_rows(["a", "b"], [[1.0, None], ["x", None], [100.0, None]]))
        self.assertEqual(shown[3], "│ 1   │ null │")

    def test_columns_left_out(self) -> None:
        """Those without room are named, all others are whole lines; no line is too long."""
        names = [f"column{i}" for i in range(12)]
        table = Table.from_rows(names, [[float(i) * 1e6 for i in range(12)]])
        for width in range(18, 140):
            shown = lines(table, width)
            self.assertTrue(all(len(line) <= width for line in shown), width)
            count = shown[0].count("┬") + 1
            if count < 12:
                self.assertIn(f": {12 - count} (column{count}", " ".join(shown[5:]))
            else:
                self.assertEqual(len(shown), 5)
        self.assertIn("… columns without room: ", lines(table, 60)[5])
        self.assertIn("… не поместилось столбцов: ", lines(table, 60, "ru")[5])

    def test_texts_give_way(self) -> None:
        """Texts are cut, numbers never are."""
        table = Table.from_rows(["text", "number"], [["long " * 20, 123456789.0]])
        self.assertEqual(lines(table, 30)[3], "│ long long lon… │ 123456789 │")

    def test_narrow_terminal(self) -> None:
        """Of a single column as much is shown as there is room for."""
        table = Table.from_rows(["text", "n"], [["abcdefghij", 1.0]])
        for width in range(1, 12):
            shown = lines(table, width)
            self.assertEqual(len({len(line) for line in shown[:5]}), 1)

    def test_empty(self) -> None:
        """As everywhere else."""
        self.assertEqual(lines(Table.from_rows(["a"], [])), ["Empty table"])


class RedrawnTests(SynchronousTestCase):
    """``redrawn``."""

    def test_as_drawn(self) -> None:
        """Where two decimals are enough a frame becomes what the table itself would."""
        table = Table.from_rows(
            ["item", "n", "code", "a │ b"],
            [["paper │ x", 4.5, "007", None], ["pens", 10.0, "12", None]],
        )
        for width in (80, 30, 20):
            frame = show_text(table).splitlines()
            self.assertEqual(redrawn(frame, width, "en"), lines(table, width), width)

    def test_frames_of_others(self) -> None:
        """What is no table of ours stays."""
        for frame in (["┌─┐", "└─┘"], ["┌─┐", "│x│", "│y│", "│z│", "└─┘"]):
            self.assertEqual(redrawn(frame, 3, "en"), frame)


class RecordTests(SynchronousTestCase):
    """``record_lines``."""

    def test_long_values(self) -> None:
        """They go on below, with their own line breaks; long names are cut."""
        cells = [("a name that is long", "x"), ("b", "one\ntwo three"), ("c", "")]
        self.assertEqual(
            list(record_lines(cells, 15)),
            ["a na…  x", "b      one", "       two thre", "       e", "c"],
        )
