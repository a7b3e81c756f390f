"""Every conformance program goes on after its state was saved and loaded between two statements."""

from __future__ import annotations

import io
import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.errors import DataCodeError
from datacode.language.syntax.parser import parse
from datacode.runtime import checkpoint
from tests.fresh_process import FreshProcesses
from tests.test_conformance import CASES


def cuts(text: str) -> list[int]:
    """The lines before which a program can be cut: where a statement of the top level begins."""
    try:
        statements = parse(text).body
    except DataCodeError:
        return []
    return sorted({statement.line for statement in statements[1:]})


def run_cut(text: str, line: int, *, by_checkpoint: bool) -> tuple[str, str]:
    """Output and error of a program that is run in two halves, the second by another interpreter.

    Without ``by_checkpoint`` the same one runs both, which is what it must be equal to.
    """
    lines = text.split("\n")
    first, second = "\n".join(lines[: line - 1]), "\n" * (line - 1) + "\n".join(lines[line - 1 :])
    interpreter = Interpreter()
    before = interpreter.run(first)
    if by_checkpoint:
        file = io.BytesIO()
        checkpoint.save(interpreter.snapshot(), file)
        file.seek(0)
        interpreter = Interpreter()
        interpreter.restore(checkpoint.load(file))
    after = interpreter.run(second)
    return before.output + after.output, f"{before.error}; {after.error}"


class FreshProcessTests(SynchronousTestCase):
    """The second half runs in a process that has done nothing before."""

    maxDiff = None

    def check(self, folder: Path, every: int) -> None:
        """Cut programs of a folder in the middle; all of them for the night, one in ``every``
        otherwise: a process that has not used Polars yet takes a tenth of a second."""
        if os.environ.get("DATACODE_LONG_TESTS"):
            every = 1
        before = Path.cwd()
        fresh = FreshProcesses()
        self.addCleanup(fresh.close)
        os.chdir(folder)
        self.addCleanup(os.chdir, before)
        count = 0
        for case in sorted(folder.glob("*.dc"))[::every]:
            text = case.read_text("utf-8")
            places = cuts(text)
            if not places or "now(" in text:
                continue
            count += 1
            line = places[len(places) // 2]
            lines = text.split("\n")
            second = "\n" * (line - 1) + "\n".join(lines[line - 1 :])
            interpreter = Interpreter()
            interpreter.run("\n".join(lines[: line - 1]))
            file = io.BytesIO()
            checkpoint.save(interpreter.snapshot(), file)
            outcome = interpreter.run(second)
            found = fresh.run(str(folder), file.getvalue(), second)
            self.assertEqual(found, (outcome.output, str(outcome.error)), case.name)
        for written in (folder / "data").glob("tmp_*"):
            written.unlink()
        self.assertGreater(count, 150 // every)

    def test_language(self) -> None:
        """The cases of the language reference."""
        self.check(CASES / "language", 2)

    def test_builtins(self) -> None:
        """The cases of the builtins and of tables."""
        self.check(CASES / "builtins", 8)


class CutTests(SynchronousTestCase):
    """Two halves with a checkpoint in between do what they do without."""

    maxDiff = None

    def check(self, folder: Path) -> None:
        """Cut every program of a folder in the middle and before its last statement."""
        before = Path.cwd()
        os.chdir(folder)
        self.addCleanup(os.chdir, before)
        count = 0
        for case in sorted(folder.glob("*.dc")):
            text = case.read_text("utf-8")
            places = cuts(text)
            if not places or "now(" in text:
                continue
            count += 1
            for line in {places[len(places) // 2], places[-1]}:
                expected = run_cut(text, line, by_checkpoint=False)
                self.assertEqual(run_cut(text, line, by_checkpoint=True), expected, case.name)
        for written in (folder / "data").glob("tmp_*"):
            written.unlink()
        self.assertGreater(count, 150)

    def test_language(self) -> None:
        """The cases of the language reference."""
        self.check(CASES / "language")

    def test_builtins(self) -> None:
        """The cases of the builtins and of tables."""
        self.check(CASES / "builtins")
