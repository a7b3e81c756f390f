"""The text of a report: Markdown, as tokens that refer to nothing outside the document.

HTML within it is text, a picture is its description, and a link is written out with its address, as
on paper: nothing in a report leads out of it or loads anything. Source: chart reference, 5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from datacode.charts.labels import label

_PARSER = (
    MarkdownIt("commonmark", {"html": False, "maxNesting": 100})
    .enable("table")
    .enable("strikethrough")
)

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]"
)
"""Control characters, marks that turn the direction of text, halves of surrogate pairs."""


def tokens(text: str) -> list[Token]:
    """The blocks of a text; those of inline text have their parts as children."""
    return _PARSER.parse(_INVISIBLE.sub("", text))


def inline(children: Iterable[Token] | None) -> Iterator[Token]:
    """The parts of a line of text: of links and pictures only text is left."""
    addresses: list[str] = []
    for token in children or ():
        if token.type == "link_open":
            addresses.append(str(token.attrGet("href") or ""))
        elif token.type == "link_close":
            address = addresses.pop() if addresses else ""
            if address:
                yield _text(f" ({address})")
        elif token.type == "image":
            yield _text(token.content)
        else:
            yield token


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def last_heading(text: str) -> str:
    """The words of the last heading in a text; empty where there is none."""
    found = ""
    parts = tokens(text)
    for number, token in enumerate(parts[:-1]):
        if token.type == "heading_open":
            found = label(parts[number + 1].content)
    return found
