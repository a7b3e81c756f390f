"""The conformance suite once more with every table stored: same output, same errors."""

from __future__ import annotations

from datacode import Interpreter
from tests import test_conformance
from tests.large import StoredTestCase
from tests.test_conformance import CASES


class StoredCases(StoredTestCase):
    """Runs programs with every table in files, by one engine for all."""

    def interpreter(self) -> Interpreter:
        """What runs a case."""
        return Interpreter(large_tables=self.storage)


class StoredLanguageTests(StoredCases, test_conformance.LanguageCases):
    """The cases of the language reference."""


class StoredBuiltinsTests(StoredCases, test_conformance.BuiltinsCases):
    """The cases of the builtins and of the tables and files reference."""


test_conformance.add_cases(CASES / "language", StoredLanguageTests)
test_conformance.add_cases(CASES / "builtins", StoredBuiltinsTests)
