"""The TextMate grammar against the language's own words."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from datacode.language.syntax.lexer import RESERVED_WORDS

GRAMMAR = Path(__file__).resolve().parents[2] / "editors" / "datacode.tmLanguage.json"


class TextMateTests(SynchronousTestCase):
    """``editors/datacode.tmLanguage.json``."""

    def setUp(self) -> None:
        """Read it."""
        self.grammar: dict[str, Any] = json.loads(GRAMMAR.read_text("utf-8"))

    def test_keywords(self) -> None:
        """Its words are the reserved words, each once."""
        rules = self.grammar["repository"]["keywords"]["patterns"]
        lists = [re.search(r"\(\?:([a-z|]+)\)", rule["match"]) for rule in rules]
        words = [word for found in lists if found for word in found[1].split("|")]
        self.assertEqual(sorted(words), sorted(RESERVED_WORDS))

    def test_includes(self) -> None:
        """Every rule that is mentioned exists, and every rule is mentioned."""
        mentioned = [rule["include"].removeprefix("#") for rule in self.grammar["patterns"]]
        self.assertEqual(sorted(mentioned), sorted(self.grammar["repository"]))

    def test_block_comments_before_strings(self) -> None:
        """Three quotes open a comment, not an empty string and another one."""
        order = [rule["include"] for rule in self.grammar["patterns"]]
        self.assertLess(order.index("#comments"), order.index("#strings"))
