"""The library's documentation is what the functions say of themselves, and true."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from datacode.runtime.builtins import documentation
from datacode.runtime.interpreter import Interpreter
from tests.runtime.builtins.calling import MemoryFiles

LIBRARY = Path(__file__).resolve().parents[3] / "docs" / "library.md"


def without_trailing_space(text: str) -> str:
    """Comments end where their text ends."""
    return "\n".join(line.rstrip() for line in text.splitlines())


class DocumentationTests(SynchronousTestCase):
    def test_the_page_is_current(self) -> None:
        """``python -m datacode.runtime.builtins.documentation > docs/library.md`` was run."""
        self.assertEqual(LIBRARY.read_text("utf-8"), documentation.markdown())

    def test_every_example_runs(self) -> None:
        """And prints what the comments behind its statements say."""
        for example in documentation.examples():
            interpreter = Interpreter(files=MemoryFiles())
            outcome = interpreter.run(example.program)
            interpreter.close()
            self.assertIsNone(outcome.error, f"{example.name}: {outcome.error}")
            self.assertEqual(
                without_trailing_space(outcome.output),
                without_trailing_space(example.output),
                example.name,
            )
            self.assertTrue(example.output, f"the example of {example.name} prints nothing")

    def test_comments_are_found_behind_texts(self) -> None:
        """A ``#`` inside a text begins no comment."""
        program = 'print("#1")     # #1\nx = 5\n# only a comment'
        self.assertEqual(documentation._expected(program), "#1\nonly a comment\n")
