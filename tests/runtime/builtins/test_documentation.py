"""The library's documentation is what the functions say of themselves, and true."""

from __future__ import annotations

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from datacode.i18n import catalog
from datacode.runtime.builtins import documentation
from datacode.runtime.builtins.registry import BUILTINS
from datacode.runtime.interpreter import Interpreter
from tests import library_page
from tests.runtime.builtins.calling import MemoryFiles

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGES = {"en": DOCS / "library.md", "ru": DOCS / "ru" / "library.md"}


def without_trailing_space(text: str) -> str:
    """Comments end where their text ends."""
    return "\n".join(line.rstrip() for line in text.splitlines())


class DocumentationTests(SynchronousTestCase):
    def test_the_pages_are_current(self) -> None:
        """``python -m tests.library_page en > docs/library.md`` was run."""
        for locale, page in PAGES.items():
            self.assertEqual(page.read_text("utf-8"), library_page.markdown(locale))

    def test_the_russian_page_is_russian(self) -> None:
        """Outside of code and signatures there is hardly a word without Russian letters around."""
        text = re.sub(r"```.*?```|`[^`]*`", "", library_page.markdown("ru"), flags=re.DOTALL)
        for paragraph in text.split("\n\n"):
            if re.search(r"[A-Za-z]{3}", paragraph) and not paragraph.strip().startswith("#"):
                self.assertRegex(paragraph, "[а-я]")

    def test_names_in_code_survive_translation(self) -> None:
        """What stands in backquotes is the program's, whatever language is around it."""
        for paragraph in library_page.paragraphs():
            translated = catalog.translate(paragraph, "ru")
            for name in set(re.findall(r"`([a-z_]+)`", paragraph)):
                self.assertIn(name, translated, paragraph)

    def test_for_a_terminal(self) -> None:
        """Signature, explanation, example; nothing of the docstring's markup."""
        text = documentation.plain(BUILTINS["push"], "ru")
        self.assertEqual(
            text,
            "push(array, item)\n\n"
            "Копия массива с ещё одним элементом в конце.\n\n"
            "    print(push([1, 2], 3), push([1], [2]))      # [1, 2, 3] [1, [2]]",
        )
        self.assertNotIn("::", documentation.plain(BUILTINS["push"], "en"))

    def test_other_names(self) -> None:
        """A function with two names says the same under both, apart from the name."""
        for name, entry in BUILTINS.items():
            if entry.alias_of is not None:
                self.assertEqual(
                    documentation.explanation(entry, "ru"),
                    documentation.explanation(BUILTINS[entry.alias_of], "ru"),
                    name,
                )

    def test_every_example_runs(self) -> None:
        """And prints what the comments behind its statements say."""
        for example in library_page.examples():
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
        self.assertEqual(library_page.expected_output(program), "#1\nonly a comment\n")
