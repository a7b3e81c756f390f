"""Laying out programs: what it looks like, and that it never changes what a program means."""

from __future__ import annotations

from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

import datacode
from datacode.errors import DataCodeError
from datacode.language.syntax.lexer import tokens
from datacode.language.tools.format import format_source
from tests.language.trees import tree

ROOT = Path(datacode.__file__).parents[1]
PROGRAMS = [*(ROOT / "tests/conformance").rglob("*.dc"), *(ROOT / "examples").rglob("*.dc")]

SAMPLE = """\
global function f(a, b) do
  if -a > 1 .len and not (b) or !c do
    return [1, {x: 5., "y z": -2, if: q.next()[0]},]
  else if a.if[-1] == "'" + '"' then
    f(*a, --b, k = 1,)  # named
  else
    x[0].y = (a + b) * c ^ -2
  endif
endfunction
for i, j in f() do
  try
    throw ""
  catch e
    next i
  finally
    local z = 5.5.len
  endtry
next i, j
"""


def comments(text: str) -> list[str]:
    """The comments of a text, in order."""
    return [lexeme.text.rstrip() for lexeme in tokens(text) if "COMMENT" in lexeme.kind]


class Formatting(SynchronousTestCase):
    """Tests of results."""

    def assert_format(self, text: str, expected: str) -> None:
        """The text becomes what is expected, and that stays as it is."""
        self.assertEqual(format_source(text), expected)
        self.assertEqual(format_source(expected), expected)

    def assert_same(self, text: str) -> None:
        """The result means the same, has the same comments, and is not changed again."""
        result = format_source(text)
        self.assertEqual(tree(result), tree(text))
        self.assertEqual(comments(result), comments(text.replace("\r\n", "\n")))
        self.assertEqual(format_source(result), result)


class SpaceTests(Formatting):
    """Spaces between the words of a line."""

    def test_operators(self) -> None:
        """Spaces around binary operators, none behind signs."""
        self.assert_format("a=-b+ -c*2^ - d", "a = -b + -c * 2 ^ -d\n")
        self.assert_format("a=! b==not(c)", "a = !b == not (c)\n")
        self.assert_format("a=1--1", "a = 1 - -1\n")
        self.assert_format("a=(\nb\n- c)", "a = (\n  b\n  - c)\n")

    def test_brackets(self) -> None:
        """None inside of brackets, none before those of a call or an index."""
        self.assert_format("f ( a , b [ 0 ] , )", "f(a, b[0],)\n")
        self.assert_format("x=[ 1,2 ] [0]", "x = [1, 2][0]\n")
        self.assert_format("return_ = ( a )", "return_ = (a)\n")
        self.assert_format("for i in[ 1 ]do\nnext i", "for i in [1] do\nnext i\n")
        self.assert_format("f( * a,* b )", "f(*a, *b)\n")

    def test_words(self) -> None:
        """A space behind reserved words, unless they are keys or members."""
        self.assert_format("throw(a)", "throw (a)\n")
        self.assert_format("a = { if :1,not : o . next ( ) }", "a = {if: 1, not: o.next()}\n")

    def test_numbers_before_a_point(self) -> None:
        """A number without a point keeps its space before a member."""
        self.assert_format("a = 1  .len + 1. .len", "a = 1 .len + 1..len\n")

    def test_strings_are_not_touched(self) -> None:
        """Their spaces and line breaks stay."""
        self.assert_format("a='b  \n  c'+  \"\"", "a = 'b  \n  c' + \"\"\n")

    def test_block_comments(self) -> None:
        """They stand apart; what is in them stays."""
        self.assert_format('a=1"""b\n   c"""+2', 'a = 1 """b\n   c""" + 2\n')


class LineTests(Formatting):
    """Lines and their indentation."""

    def test_sample(self) -> None:
        """Every kind of block; what is laid out already stays as it is."""
        self.assert_format(SAMPLE, SAMPLE)
        self.assert_format("\n".join(line.strip() for line in SAMPLE.split("\n")), SAMPLE)

    def test_indentation(self) -> None:
        """Other widths than two."""
        self.assertEqual(format_source("if a do\nb\nendif", 4), "if a do\n    b\nendif\n")

    def test_brackets(self) -> None:
        """A level for the brackets of a line; a line that closes goes back."""
        self.assert_format(
            "x = f([\n1,\n{a: [\n2\n]}\n], 3)\ny", "x = f([\n  1,\n  {a: [\n    2\n  ]}\n], 3)\ny\n"
        )

    def test_blank_lines(self) -> None:
        """None at the ends, two between statements, one in a block or bracket."""
        self.assert_format(
            "\n\na\n\n\n\n\nif b do\n\n\n\nc\nendif\n \n", "a\n\n\nif b do\n\n  c\nendif\n"
        )

    def test_next_as_a_statement(self) -> None:
        """Only the closing ``next`` goes back a level."""
        text = "for a in b do\n  if c do\n    next a\n  endif\nnext a\n"
        self.assert_format(text, text)

    def test_empty(self) -> None:
        """A text without anything is empty."""
        self.assertEqual(format_source(" \n\n"), "")

    def test_line_breaks(self) -> None:
        """The result has LF only, one at its end, and no byte order mark."""
        self.assertEqual(format_source("\ufeffa\r\nb  # c\r\n\r\n"), "a\nb  # c\n")

    def test_not_a_program(self) -> None:
        """What cannot be read is not formatted."""
        self.assertRaises(DataCodeError, format_source, "a = = 1")
        self.assertRaises(DataCodeError, format_source, "break")


class CommentTests(Formatting):
    """Comments stay where they belong."""

    def test_behind_statements(self) -> None:
        """Two spaces; a column of comments stays one."""
        self.assert_format("a # b\nccc   # d", "a  # b\nccc  # d\n")
        self.assert_format("a     # b\nc = 1 # d", "a      # b\nc = 1  # d\n")

    def test_below_a_comment(self) -> None:
        """A comment that goes on below one behind a statement stays below it."""
        self.assert_format("a=1 # b\n    # c\nd", "a = 1  # b\n       # c\nd\n")

    def test_on_lines_of_their_own(self) -> None:
        """Indented like the block they are in."""
        self.assert_format(
            "# a\nif b do\n# c\nendif\nf(\n# d\n)", "# a\nif b do\n  # c\nendif\nf(\n  # d\n)\n"
        )

    def test_before_a_block_word(self) -> None:
        """A block comment in front of a word does not hide it."""
        self.assert_format('""" a """ if b do\nc\nendif', '""" a """ if b do\n  c\nendif\n')


class MeaningTests(Formatting):
    """The tree stays the same."""

    def test_all_programs(self) -> None:
        """Every program of the conformance suite and every example."""
        self.assertGreater(len(PROGRAMS), 500)
        for path in PROGRAMS:
            text = path.read_text("utf-8")
            try:
                tree(text)
            except DataCodeError:
                continue
            self.assert_same(text)

    @settings(max_examples=100, deadline=None, database=None)
    @given(st.integers(0, 2**32))
    def test_any_layout(self, seed: int) -> None:
        """The sample with any white space and comments between its words."""
        choose = Random(seed).choice
        spaces = ["", " ", "  ", "\t", ' """ x """ ', '"""\n"""', "\r "]
        breaks = ["\n", "\n\n\n\n", " # c\n", "\n  # c\n", "\r\n", "  # d\n      # d\n"]
        text, depth, before = "", 0, ""
        for lexeme in tokens(SAMPLE):
            if lexeme.kind == "NEWLINE":
                text += choose(breaks)
                before = ""
            elif lexeme.kind != "COMMENT":
                gap = choose([*spaces, *(breaks if depth else [])])
                text += (gap if _separate(before, gap, lexeme.text) else " ") + lexeme.text
                before = lexeme.text
                depth += (lexeme.kind in "([{") - (lexeme.kind in ")]}")
        self.assertEqual(tree(text), tree(SAMPLE))
        self.assert_same(text)


def _separate(left: str, gap: str, right: str) -> bool:
    """Whether two words are still the same two with the gap between them."""
    words = [
        p.text for p in tokens(left + gap + right) if p.kind[-7:] not in ("COMMENT", "NEWLINE")
    ]
    return words == [word for word in (left, right) if word]
