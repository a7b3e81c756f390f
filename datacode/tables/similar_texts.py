"""What two texts differ by that look the same to people: the case of letters, ё and е, Latin
letters in Russian words, kinds of spaces. Source: builtins reference, 10.
"""

from __future__ import annotations

import unicodedata

from datacode.i18n.message import Message
from datacode.values.lazy_polars import pl
from datacode.values.parse_text import WHITE_SPACE

_LETTERS = dict(zip("abcehkmoptxyі", "авсенкмортхуi", strict=True))
"""Latin letters that look, small or capital, as the Cyrillic ones beside them, and a Ukrainian one
that looks Latin."""

_YO = {"ё": "е"}

_DASHES = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
_QUOTES = dict.fromkeys("«»„“”‟″", '"') | dict.fromkeys("‘’‚‛′`ʼ", "'")
_UNSEEN = dict.fromkeys([*WHITE_SPACE, *"\xad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"], "")
_SIGNS = _DASHES | _QUOTES | _UNSEEN
_ALL = _SIGNS | _YO | _LETTERS


_TABLE = str.maketrans(_ALL)

_CASE = Message("differ_by_case", "the case of letters")
_BY_YO = Message("differ_by_yo", "the letters yo and ye")
_BY_LETTERS = Message("differ_by_letters", "Latin and Cyrillic letters that look the same")
_BY_SIGNS = Message("differ_by_signs", "spaces, kinds of dashes and quotes, or unseen characters")
_BY_SEVERAL = Message("differ_by_several", "the case and look of letters, spaces and other signs")


def folded(text: str) -> str:
    """The same text for all that look the same; leading zeros do not count."""
    plain = unicodedata.normalize("NFKC", text).lower().translate(_TABLE)
    return plain.lstrip("0") or plain[:1]


def folded_series(texts: pl.Series) -> pl.Series:
    """The same for a column, though of zeros only nothing is left."""
    plain = texts.str.normalize("NFKC").str.to_lowercase().str.replace_many(_ALL)
    return plain.str.strip_chars_start("0")


def difference(one: str, other: str) -> Message:
    """What two texts with the same fold differ by."""
    if one.lower() == other.lower():
        return _CASE
    if _same(one, other, _YO):
        return _BY_YO
    if _same(one, other, _LETTERS):
        return _BY_LETTERS
    one, other = (unicodedata.normalize("NFKC", text) for text in (one, other))
    return _BY_SIGNS if _same(one, other, _SIGNS) else _BY_SEVERAL


def _same(one: str, other: str, replaced: dict[str, str]) -> bool:
    """Are two texts the same but for some characters, small or capital?"""
    capitals = {small.upper(): text.upper() for small, text in replaced.items()}
    table = str.maketrans(replaced | capitals)
    return one.translate(table) == other.translate(table)
