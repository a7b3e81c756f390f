"""The patterns of ``LIKE``: ``%`` is any run of characters, ``_`` one character."""

from __future__ import annotations

import re
from collections.abc import Callable

from datacode.values.lazy_polars import pl

LONGEST_EXPRESSION = 1000
"""Characters of a pattern of which Polars certainly makes a regular expression: there is a limit
to the size of what it compiles."""


_RUN = re.compile("%+")


def like_test(pattern: str) -> Callable[[str], bool]:
    """Does the pattern cover a whole text? In time proportional to the text, for each ``%``.

    What stands between two ``%`` is taken where it comes first, so nothing is tried twice.
    """
    pattern = _RUN.sub("%", pattern)
    parts = [re.compile(_escaped(part), re.DOTALL) for part in pattern.split("%")]
    if len(parts) == 1:
        return lambda text: parts[0].fullmatch(text) is not None
    first, *middle, last = parts
    last_length = len(pattern.rpartition("%")[2])

    def test(text: str) -> bool:
        found = first.match(text)
        for part in middle:
            if found is None:
                return False
            found = part.search(text, found.end())
        start = len(text) - last_length
        return found is not None and found.end() <= start and last.match(text, start) is not None

    return test


def like_pattern(pattern: str) -> str:
    """The regular expression for Polars, whose engine never tries anything twice."""
    parts = (".".join(map(pl.escape_regex, part.split("_"))) for part in pattern.split("%"))
    return f"\\A(?s:{'.*'.join(parts)})\\z"


def _escaped(part: str) -> str:
    return ".".join(re.escape(text) for text in part.split("_"))
