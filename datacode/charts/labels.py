"""Texts of programs and files as labels: on one line, of bounded length, of visible characters."""

from __future__ import annotations

import re

LONGEST_LABEL = 100
LONGEST_TITLE = 200
"""Characters of a label and of a title; what is longer ends in an ellipsis."""

_UNWANTED = re.compile(
    "[\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff0-\uffff"
    "\ud800-\udfff]+"
)
"""White space of all kinds, control characters, marks that turn the direction of text, halves of
surrogate pairs."""


def label(text: str, longest: int = LONGEST_LABEL) -> str:
    """The text as a label."""
    cut = text[: 4 * longest]
    clean = _UNWANTED.sub(" ", cut).strip()
    if len(clean) > longest or len(cut) < len(text):
        clean = clean[: longest - 1].rstrip() + "…"
    return clean
