"""The Pygments lexer against the language's own tokens."""

from __future__ import annotations

from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Error, Name, Token, Whitespace
from twisted.trial.unittest import SynchronousTestCase

from datacode.console.highlight import DataCodeLexer
from datacode.language.syntax.lexer import RESERVED_WORDS, tokens
from tests.test_examples import programs


class HighlightTests(SynchronousTestCase):
    """What is coloured how."""

    def kinds(self, text: str) -> dict[str, object]:
        """The token types by text; the last one counts."""
        return {value: kind for kind, value in DataCodeLexer().get_tokens(text)}

    def test_reserved_words(self) -> None:
        """Each is a word of the language and no name."""
        for word in RESERVED_WORDS:
            kind = self.kinds(word)[word]
            self.assertNotIn(kind, Name, word)
            self.assertNotEqual(kind, Token.Text, word)

    def test_names(self) -> None:
        """Functions, builtins, members and variables differ."""
        found = self.kinds("function my_own(цена) do\nreturn len(цена) + o.if + my_own(1)")
        self.assertEqual(found["my_own"], Name.Function)
        self.assertEqual(found["len"], Name.Builtin)
        self.assertEqual(found["if"], Name.Attribute)
        self.assertEqual(found["цена"], Name.Variable)

    def test_examples(self) -> None:
        """In no program of ours is anything an error, and the pieces are the lexer's own."""
        for program in programs():
            text = program.read_text("utf-8")
            found = list(DataCodeLexer().get_tokens(text))
            self.assertNotIn(Error, {kind for kind, _ in found}, program.name)
            pieces = [
                value for kind, value in found if kind not in Whitespace and kind not in Comment
            ]
            expected = [p.text for p in tokens(text) if p.kind not in ("NEWLINE", "COMMENT")]
            self.assertEqual("".join(pieces), "".join(expected), program.name)

    def test_registered(self) -> None:
        """Other programs find it by name, once the package is installed."""
        try:
            lexer = get_lexer_by_name("datacode")
        except Exception as problem:  # noqa: BLE001
            self.skipTest(f"the package is not installed: {problem}")
        self.assertIsInstance(lexer, DataCodeLexer)
