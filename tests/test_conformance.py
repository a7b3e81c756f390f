"""Every program in ``conformance/`` prints exactly what it must and ends in exactly its error."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from twisted.trial import unittest

from datacode import Interpreter

CASES = Path(__file__).parent / "conformance"


class ConformanceTests(unittest.SynchronousTestCase):
    """What the cases have in common."""

    def interpreter(self) -> Interpreter:
        """What runs a case."""
        return Interpreter()

    def check(self, case: Path) -> None:
        """Run one program."""
        outcome = self.interpreter().run(case.read_text("utf-8"))
        self.assertEqual(outcome.output, case.with_suffix(".out").read_text("utf-8"))
        self.assertEqual(str(outcome.error or ""), _expected_error(case))


class LanguageCases(ConformanceTests):
    """The cases of the language reference."""


class BuiltinsCases(ConformanceTests):
    """The cases of the builtins and of the tables and files reference, run in their folder."""

    def setUp(self) -> None:
        """Programs find their data where they lie."""
        super().setUp()
        before = Path.cwd()
        os.chdir(CASES / "builtins")
        self.addCleanup(self._tidy)
        self.addCleanup(os.chdir, before)

    def _tidy(self) -> None:
        """Remove what programs have written."""
        for written in (CASES / "builtins" / "data").glob("tmp_*"):
            written.unlink()


class LanguageConformanceTests(LanguageCases):
    """The cases of the language reference."""


class BuiltinsConformanceTests(BuiltinsCases):
    """The cases of the builtins and of the tables and files reference."""


def _expected_error(case: Path) -> str:
    error = case.with_suffix(".err")
    return error.read_text("utf-8").rstrip("\n") if error.exists() else ""


def add_cases(folder: Path, tests: type[ConformanceTests]) -> None:
    """A test for each program in a folder."""
    for case in sorted(folder.glob("*.dc")):
        setattr(tests, f"test_{case.stem}", _test_of(case))


def _test_of(case: Path) -> Callable[[ConformanceTests], None]:
    def test(self: ConformanceTests) -> None:
        self.check(case)

    first_line = case.read_text("utf-8").partition("\n")[0]
    test.__doc__ = f"{case.stem}: {first_line.lstrip('# ')}"
    return test


add_cases(CASES / "language", LanguageConformanceTests)
add_cases(CASES / "builtins", BuiltinsConformanceTests)
