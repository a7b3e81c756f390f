"""Every program in ``examples/`` prints what stands beside it.

To write the expected output anew after a deliberate change, look at every difference of
``python -m tests.test_examples`` before committing it.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import openpyxl
from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def programs() -> list[Path]:
    """The programs, in the order of their folders."""
    return sorted(EXAMPLES.glob("*/*.dc"))


def run(program: Path) -> str:
    """What a program prints, run in its own folder."""
    before = os.getcwd()
    os.chdir(program.parent)
    try:
        outcome = Interpreter().run(program.read_text("utf-8"))
    finally:
        os.chdir(before)
    error = "" if outcome.error is None else f"{outcome.error}\n"
    return outcome.output + error


class ExampleTests(SynchronousTestCase):
    """The programs as a reader would run them."""

    def test_programs(self) -> None:
        """Each prints its ``.out``; there is one for each."""
        self.assertGreater(len(programs()), 20)
        for program in programs():
            expected = program.with_suffix(".out").read_text("utf-8")
            self.assertEqual(run(program), expected, str(program))

    def test_none_fails(self) -> None:
        """No expected output ends in an error."""
        for program in programs():
            self.assertNotRegex(
                program.with_suffix(".out").read_text("utf-8"), r"(?m)^\w+ Error at"
            )

    def test_sample_data_is_what_its_generator_makes(self) -> None:
        """The committed files are the generator's, cell by cell."""
        path = EXAMPLES / "data" / "generate_sales.py"
        spec = importlib.util.spec_from_file_location("generate_sales", path)
        assert spec is not None
        assert spec.loader is not None
        generator = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(generator)
        committed = {
            n: (EXAMPLES / "data" / f"{n}.csv").read_text("utf-8") for n in generator.TABLES
        }
        book = openpyxl.load_workbook(EXAMPLES / "data" / "sales.xlsx")
        cells = {sheet.title: list(sheet.values) for sheet in book}
        generator.FOLDER = Path(self.mktemp())
        generator.FOLDER.mkdir()
        generator.main()
        for name, text in committed.items():
            self.assertEqual((generator.FOLDER / f"{name}.csv").read_text("utf-8"), text)
        again = openpyxl.load_workbook(generator.FOLDER / "sales.xlsx")
        self.assertEqual({sheet.title: list(sheet.values) for sheet in again}, cells)


if __name__ == "__main__":
    for example in programs():
        example.with_suffix(".out").write_text(run(example), "utf-8")
        sys.stdout.write(f"{example.relative_to(EXAMPLES)}\n")
