"""Programs over files as offices have them, each with what it is to print.

A folder of ``office_files`` is a case: its files and the program ``run.dc``.
"""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from datacode.i18n.message import Message
from datacode.runtime.interpreter import Interpreter

_CASES = Path(__file__).with_name("office_files")


class OfficeFileTests(SynchronousTestCase):
    """Dates in Russian form, lost zeros, files with other columns."""

    def run_case(self, name: str) -> tuple[list[str], list[Message]]:
        """The lines that the case prints, and its warnings."""
        before = Path.cwd()
        self.addCleanup(os.chdir, before)
        os.chdir(_CASES / name)
        warnings: list[Message] = []
        text = Path("run.dc").read_text("utf-8")
        outcome = Interpreter(on_warning=warnings.append).run(text)
        self.assertIsNone(outcome.error)
        return outcome.output.splitlines(), warnings

    def test_dates_of_december(self) -> None:
        """A month is filtered, a column of dates sorted, its latest day found."""
        lines, warnings = self.run_case("dates_dd_mm_period")
        self.assertEqual(lines, ["2", "[15.03.2024, Иванов, 100.5] [31.12.2025]", "2"])
        self.assertEqual(warnings, [])

    def test_dates_of_1c(self) -> None:
        """Times without seconds, hours of one digit, days of one digit."""
        self.assertEqual(self.run_case("dates_of_1c")[0], ["12", "12", "12"])

    def test_leading_zeros(self) -> None:
        """A code that became a number finds the code that is a text, and that is told."""
        lines, warnings = self.run_case("join_leading_zeros")
        self.assertEqual(lines, ["[[7, 5, 007, Bolt], [8, 6, 008, Nut]]", "2"])
        self.assertEqual([each.code for each in warnings], ["number_key_with_text_key"])

    def test_a_file_with_another_column(self) -> None:
        """What is left out is told, with the number of the table and the column."""
        lines, (warning,) = self.run_case("merge_drops_a_file")
        self.assertEqual((lines, warning.code), (["2"], "table_left_out"))
        self.assertEqual((warning.value("number"), warning.value("rows")), ("3", "1"))
        self.assertIn("note", str(warning))
