"""The text of a program, ready to be read, and the line under which an error is marked.

Source: language reference, 3.1.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

BYTE_ORDER_MARK = "\ufeff"

_EXCERPT_WIDTH = 120
"""Characters of a line that an excerpt shows; longer lines are cut around the column."""


@dataclass(frozen=True, slots=True)
class Source:
    """A program's text as the lexer reads it, and its lines.

    ``raw`` is what the user wrote. ``text`` has no byte order mark, and ``LF`` for ``CR LF``;
    all lines and columns are places in ``text`` and count from 1, columns in characters.
    """

    raw: str
    text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        text = self.raw.removeprefix(BYTE_ORDER_MARK)
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        object.__setattr__(self, "text", text)

    @property
    def multiline(self) -> bool:
        """Whether there is more than one line to look at; a final line break opens no new one."""
        return "\n" in self.text.removesuffix("\n")

    def line(self, number: int) -> str:
        """The line with that number, without its line break; empty where there is none."""
        if number < 1:
            return ""
        start = 0
        for _ in range(number - 1):
            start = self.text.find("\n", start) + 1
            if start == 0:
                return ""
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]

    def excerpt(self, line: int, column: int) -> str:
        """The line, and below it a caret under the column; two lines, no line break at the end.

        What a terminal cannot show is replaced; long lines are cut, the cut marked ``…``.
        """
        content = self.line(line)
        column = max(1, min(column, len(content) + 1))
        begin = max(0, column - 1 - _EXCERPT_WIDTH * 2 // 3)
        end = begin + _EXCERPT_WIDTH
        before = content[begin : column - 1]
        after = content[column - 1 : end]
        lead = "…" if begin else ""
        trail = "…" if end < len(content) else ""
        shown = lead + _visible(before) + _visible(after) + trail
        return f"{shown}\n{' ' * len(lead)}{_blank(before)}^"


def _visible(text: str) -> str:
    """The text with a mark in place of each character that has no picture (tabs stay)."""
    return "".join(c if c == "\t" or c.isprintable() else "\ufffd" for c in text)


def _blank(text: str) -> str:
    """White space as wide as the text is on a terminal."""
    return "".join(map(_blank_character, text))


def _blank_character(character: str) -> str:
    if character == "\t":
        return "\t"
    if unicodedata.combining(character):
        return ""
    return "  " if unicodedata.east_asian_width(character) in "WF" else " "
