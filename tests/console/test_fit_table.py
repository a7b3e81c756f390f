"""Tables fitted to a terminal."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode.console.fit_table import TableFitter, fit

TABLE = [
    "┌────┬───────────────┐",
    "│ id │ name          │",
    "├────┼───────────────┤",
    "│ 1  │ a longer text │",
    "│ 2  │ short         │",
    "└────┴───────────────┘",
]


class FitTests(SynchronousTestCase):
    """``fit`` and what passes through ``TableFitter``."""

    def test_wide_enough(self) -> None:
        """A table that fits stays as it is."""
        self.assertEqual(fit(TABLE, 22), TABLE)

    def test_widest_column_gives_way(self) -> None:
        """Cells that are cut end in an ellipsis, the frame stays closed."""
        self.assertEqual(
            fit(TABLE, 16),
            [
                "┌────┬─────────┐",
                "│ id │ name    │",
                "├────┼─────────┤",
                "│ 1  │ a long… │",
                "│ 2  │ short   │",
                "└────┴─────────┘",
            ],
        )

    def test_too_narrow_for_all_columns(self) -> None:
        """Where no column could be read, nothing is cut."""
        self.assertEqual(fit(TABLE, 5), TABLE)

    def test_output_in_pieces(self) -> None:
        """Text around a table comes out as it is, in order, however it was cut."""
        text = "before " + "\n".join(["", *TABLE, "after"]) + " end"
        for size in (1, 3, 1000):
            written: list[str] = []
            fitter = TableFitter(written.append, lambda: 16)
            for start in range(0, len(text), size):
                fitter.write(text[start : start + size])
            fitter.finish()
            expected = "\n".join(["before ", *fit(TABLE, 16), "after end"])
            self.assertEqual("".join(written), expected)

    def test_unfinished_table(self) -> None:
        """What only looks like a table is not lost."""
        written: list[str] = []
        fitter = TableFitter(written.append, lambda: 16)
        fitter.write("┌─ not a table\nrest")
        fitter.finish()
        self.assertEqual("".join(written), "┌─ not a table\nrest")
