"""The conformance suite once more with every table stored: same output, same errors."""

from __future__ import annotations

import io
import os
from pathlib import Path

from datacode import Interpreter
from datacode.runtime import checkpoint
from tests import test_conformance
from tests.large import StoredTestCase, TablesIn, storage
from tests.test_conformance import CASES
from tests.test_conformance_cut import cuts


class StoredCases(StoredTestCase):
    """Runs programs with every table in files, by one engine for all."""

    def interpreter(self) -> Interpreter:
        """What runs a case."""
        return Interpreter(large_tables=self.storage)


class StoredLanguageTests(StoredCases, test_conformance.LanguageCases):
    """The cases of the language reference."""


class StoredBuiltinsTests(StoredCases, test_conformance.BuiltinsCases):
    """The cases of the builtins and of the tables and files reference."""


class StoredCutTests(StoredTestCase):
    """Programs go on with another engine after their state was saved and loaded in the middle."""

    maxDiff = None

    def test_cut(self) -> None:
        """Those about tables; all of them for the night, some otherwise."""
        every = 1 if os.environ.get("DATACODE_LONG_TESTS") else 16
        folder = CASES / "builtins"
        self.addCleanup(os.chdir, Path.cwd())
        os.chdir(folder)
        tables = TablesIn(self.storage)
        count = 0
        for case in sorted(folder.glob("*table*.dc"))[::every]:
            text = case.read_text("utf-8")
            places = cuts(text)
            if not places or "now(" in text:
                continue
            line = places[-1]
            lines = text.split("\n")
            second = "\n" * (line - 1) + "\n".join(lines[line - 1 :])
            interpreter = Interpreter(large_tables=self.storage)
            interpreter.run("\n".join(lines[: line - 1]))
            file = io.BytesIO()
            checkpoint.save(interpreter.snapshot(), file, tables)
            expected = interpreter.run(second)
            file.seek(0)
            with storage() as other:
                again = Interpreter(large_tables=other)
                again.restore(checkpoint.load(file, TablesIn(other), other.kept))
                found = again.run(second)
                self.assertEqual(
                    (found.output, str(found.error)), (expected.output, str(expected.error)), case
                )
                again.close()
            count += b"T" in file.getvalue()
        for written in (folder / "data").glob("tmp_*"):
            written.unlink()
        self.assertGreater(count, 20 // every)


test_conformance.add_cases(CASES / "language", StoredLanguageTests)
test_conformance.add_cases(CASES / "builtins", StoredBuiltinsTests)
