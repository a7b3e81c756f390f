"""Which blocks and brackets are open."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode.language.syntax.lexer import tokens
from datacode.language.tools.blocks import Blocks, Lines


class BlockTests(SynchronousTestCase):
    """``Blocks`` after the lexemes of short texts."""

    def opened(self, text: str) -> list[str]:
        """The words and brackets that are open at the end of a text, which is not broken."""
        blocks = self.after(text)
        self.assertFalse(blocks.broken, text)
        return [lexeme.text for lexeme in blocks.open]

    def after(self, text: str) -> Blocks:
        """What is known at the end of a text."""
        blocks = Blocks()
        for lexeme in tokens(text):
            blocks.feed(lexeme)
        return blocks

    def test_blocks(self) -> None:
        """Every kind of block opens and closes."""
        self.assertEqual(
            self.opened("function f() do\nfor a in b do\nif c do\ntry\n"),
            ["function", "for", "if", "try"],
        )
        self.assertEqual(self.opened("if a do\ntry\nendtry\nfor a in b do\nnext a\nendeif"), [])

    def test_else_if(self) -> None:
        """``else if`` on one line opens nothing; ``if`` on the line below ``else`` does."""
        self.assertEqual(self.opened("if a do\nelse if b do\n"), ["if"])
        self.assertEqual(self.opened("if a do\nelse\nif b do\n"), ["if", "if"])

    def test_next_as_a_statement(self) -> None:
        """Inside an ``if`` it closes no loop; outside any loop it breaks the text."""
        self.assertEqual(self.opened("for a in b do\nif c do\nnext a\n"), ["for", "if"])
        self.assertTrue(self.after("if c do\nnext a\n").broken)

    def test_keys_and_members(self) -> None:
        """Words in brackets and behind points open nothing."""
        self.assertEqual(self.opened("x = {if: 1, for: [2]}.try"), [])
        self.assertEqual(self.opened("f(\n{if: 1"), ["(", "{"])

    def test_broken(self) -> None:
        """What is closed must have been opened, and be the innermost."""
        for text in ("endif", ")", "if a do\nendtry", "(]", "for a in b do\nendif"):
            self.assertTrue(self.after(text).broken, text)


class LineTests(SynchronousTestCase):
    """``Lines``: may the text be whole?"""

    def fed(self, text: str) -> list[bool]:
        """The answers to the lines of a text."""
        lines = Lines()
        return [lines.feed(line) for line in text.split("\n")]

    def test_blocks_and_strings(self) -> None:
        """No while something is open; a word in a string does not count."""
        self.assertEqual(self.fed("if a do\nx = 'b\nendif'\nendif"), [False, False, False, True])
        self.assertEqual(self.fed('"""\nif a do\n"""\nx'), [False, False, True, True])

    def test_broken(self) -> None:
        """A text that is wrong is as whole as it will ever be."""
        self.assertEqual(self.fed("if a do\n)\nx"), [False, True, True])
