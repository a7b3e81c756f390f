"""What the documentation shows is what happens."""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter

DOCS = Path(__file__).resolve().parents[1] / "docs"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def shown(page: Path, language: str) -> Iterator[tuple[str, str]]:
    """The blocks of a language on a page, each with the ``text`` block that follows it, if any."""
    blocks = [(m[1], m[2]) for m in _BLOCK.finditer(page.read_text("utf-8"))]
    for position, (kind, text) in enumerate(blocks):
        if kind == language:
            following = blocks[position + 1 : position + 2]
            yield text, following[0][1] if following and following[0][0] == "text" else ""


class ProgramTests(SynchronousTestCase):
    """The DataCode programs on the pages."""

    def check(self, page: Path) -> int:
        """Run every program of a page; how many there were."""
        interpreter = Interpreter()
        count = 0
        for program, expected in shown(page, "datacode"):
            if not program.startswith("# goes on"):
                interpreter = Interpreter()
            outcome = interpreter.run(program)
            error = "" if outcome.error is None else f"{outcome.error}\n"
            self.assertEqual(outcome.output + error, expected, program)
            count += 1
        return count

    def test_language(self) -> None:
        """Every block of the language page prints what stands below it."""
        self.assertGreater(self.check(DOCS / "language.md"), 10)


class EmbeddingTests(SynchronousTestCase):
    """The Python programs of the embedding page."""

    def test_embedding(self) -> None:
        """Each prints what stands below it."""
        folder = self.mktemp()
        os.mkdir(folder)
        before = os.getcwd()
        os.chdir(folder)
        self.addCleanup(os.chdir, before)
        count = 0
        for program, expected in shown(DOCS / "embedding.md", "python"):
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                exec(compile(program, "embedding.md", "exec"), {"__name__": "__main__"})
            self.assertEqual(output.getvalue(), expected)
            count += 1
        self.assertGreaterEqual(count, 3)
