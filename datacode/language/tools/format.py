"""``datacode fmt``: one way to lay out a program, which never changes what it means.

Blocks and brackets are indented, spaces between tokens are set by rule, runs of blank lines are
shortened. Line breaks stay where they are, comments and strings are not touched, and comments
behind statements that stand in one column keep doing so. Formatting twice changes nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import NamedTuple

from datacode.language.syntax.lexer import KEYWORDS, NEWLINE, tokens
from datacode.language.syntax.parser import parse
from datacode.language.syntax.source import Source
from datacode.language.tools.blocks import BRACKETS, CLOSES, CLOSING_WORDS, DIVIDES

INDENT = 2
"""Spaces for a level of blocks or brackets."""


def format_source(text: str, indent: int = INDENT) -> str:
    """The program laid out, with a line break at its end; ``indent`` spaces a level.

    Raises DataCodeError if the text is not a program: what cannot be read is left alone.
    """
    parse(text)
    layout = _Indenter(indent)
    lines = [layout.line(words) for words in _physical_lines(Source(text).text)]
    _align(lines)
    return "".join(f"{line.text()}\n" for line in _without_long_gaps(lines))


@dataclass(slots=True)
class _Line:
    """A line of the result, or several where a string or comment has line breaks."""

    code: str = ""
    comment: str = ""
    column: int = 0
    """Where the comment stood in the text."""
    gap: int = 2
    """Spaces between code and comment."""
    block: int = 0
    """How many blocks it is in."""

    def text(self) -> str:
        """What is written."""
        if not self.comment:
            return self.code
        return f"{self.code}{' ' * self.gap}{self.comment}"

    def width(self) -> int:
        """How far the code reaches in its last line."""
        return len(self.code) - self.code.rfind("\n") - 1


# Words -----------------------------------------------------------------------


class _Word(NamedTuple):
    """A lexeme of the text and its role, which is its kind, or tells apart what looks alike."""

    role: str
    text: str
    column: int

    @property
    def is_comment(self) -> bool:
        """Whether it means nothing to the program."""
        return self.role in ("COMMENT", "BLOCK_COMMENT")


_NEGATION, _SPREAD, _CALL, _INDEX = "negation", "spread", "call", "index"

_BRACKETS = {**BRACKETS, _CALL: ")", _INDEX: "]"}
_CLOSING = frozenset(_BRACKETS.values())
_ENDS_OPERAND = _CLOSING | {"NAME", "NUMBER", "STRING", "TRUE", "FALSE", "NULL"}

_TIGHT_BEFORE = _CLOSING | {",", ":", ".", _CALL, _INDEX}
_TIGHT_BEHIND = frozenset(_BRACKETS) | {".", "!", _NEGATION, _SPREAD}


def _words(text: str) -> Iterator[_Word]:
    """The lexemes of a program with their roles, line breaks included."""
    lexemes = list(tokens(text))
    before = ""  # the role of the last word of this statement
    depth = 0
    for i, lexeme in enumerate(lexemes):
        follower = lexemes[i + 1].kind if i + 1 < len(lexemes) else ""
        role = _role(lexeme.kind, before, follower)
        depth += (role in _BRACKETS) - (role in _CLOSING)
        word = _Word(
            role, lexeme.text.rstrip() if role == "COMMENT" else lexeme.text, lexeme.column
        )
        yield word
        if role == NEWLINE:
            before = before if depth else ""
        elif not word.is_comment:
            before = role


def _role(kind: str, before: str, follower: str) -> str:
    """What a lexeme is, seen from its neighbours."""
    if kind in _RESERVED and (before == "." or follower == ":"):
        return "NAME"
    if kind == "-" and before not in _ENDS_OPERAND:
        return _NEGATION
    if kind == "*" and before in {_CALL, ","}:
        return _SPREAD
    if kind == "(" and before == "NAME":
        return _CALL
    if kind == "[" and before in _ENDS_OPERAND:
        return _INDEX
    return kind


_RESERVED = frozenset(KEYWORDS.values())


def _joined(words: list[_Word]) -> str:
    """The words with the spaces that belong between them."""
    parts = [words[0].text]
    for left, right in pairwise(words):
        if _apart(left, right):
            parts.append(" ")
        parts.append(right.text)
    return "".join(parts)


def _apart(left: _Word, right: _Word) -> bool:
    """Whether a space stands between two words."""
    if left.is_comment or right.is_comment:
        return True
    if right.role == "." and left.role == "NUMBER" and "." not in left.text:
        return True  # 1 .len is not 1.len
    return left.role not in _TIGHT_BEHIND and right.role not in _TIGHT_BEFORE


# Lines -----------------------------------------------------------------------


def _physical_lines(text: str) -> Iterator[list[_Word]]:
    """The words of each line; an empty list for each blank line between two others."""
    line: list[_Word] = []
    for word in _words(text):
        if word.role != NEWLINE:
            line.append(word)
            continue
        if line:
            yield line
        yield from ([] for _ in range(word.text.count("\n") - 1))
        line = []
    if line:
        yield line


def _without_long_gaps(lines: list[_Line]) -> Iterator[_Line]:
    """The lines with one blank line at the most between two in a block, two at the top level."""
    blank = 0
    begun = False
    for line in lines:
        if not line.code and not line.comment:
            blank += 1
            continue
        if begun:
            yield from (_Line() for _ in range(min(blank, 1 if line.block else 2)))
        begun, blank = True, 0
        yield line


def _align(lines: list[_Line]) -> None:
    """Put comments of neighbouring lines into one column if they were in one before."""
    for column, group in groupby(lines, lambda line: line.column if line.comment else 0):
        if column:
            members = list(group)
            widest = max(line.width() for line in members)
            for line in members:
                line.gap = widest + 2 - line.width()


# One line --------------------------------------------------------------------


@dataclass(slots=True)
class _Indenter:
    """What is open where a line begins."""

    indent: int
    blocks: list[str] = field(default_factory=list)
    """The word that opened each block."""
    brackets: list[int] = field(default_factory=list)
    """For each bracket the indentation of the line in which it opens."""
    comment_column: int = 0
    """Where a comment below the one behind the line before stands; 0 if there was none."""

    def line(self, words: list[_Word]) -> _Line:
        """The words of one line, laid out."""
        line = _Line(block=len(self.blocks))
        if words and words[-1].role == "COMMENT":
            column = words[-1].column
            if len(words) > 1 or column == self.comment_column:
                line.comment, line.column = words.pop().text, column
        self.comment_column = line.column
        if words:
            line.code = self._code(words)
        return line

    def _code(self, words: list[_Word]) -> str:
        """The line without the comment behind it."""
        code = [word for word in words if not word.is_comment]
        first = code[0].role if code else ""
        if self.brackets:
            spaces = self.brackets[-1] + (0 if first in _CLOSING else self.indent)
        else:
            spaces = self.indent * self._level(first)
            self._open_block(code)
        for word in code:
            if word.role in _BRACKETS:
                self.brackets.append(spaces)
            elif word.role in _CLOSING:
                self.brackets.pop()
        return " " * spaces + _joined(words)

    def _level(self, first: str) -> int:
        """How far a statement is indented that begins so: a level for each block it is in."""
        if first in CLOSES and (first != "NEXT" or self.blocks[-1] == "FOR"):
            self.blocks.pop()
        return len(self.blocks) - (first in DIVIDES)

    def _open_block(self, code: list[_Word]) -> None:
        """Note the block that the statement opens, if it does."""
        roles = [word.role for word in code[:2]]
        if roles and roles[0] in {"GLOBAL", "LOCAL"}:
            del roles[0]
        if roles and roles[0] in CLOSING_WORDS:
            self.blocks.append(roles[0])
