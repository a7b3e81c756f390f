"""Halves of surrogate pairs, which a text may have and UTF-8 lacks."""

from __future__ import annotations

from typing import Any


def replaced(value: Any) -> Any:
    """The same data, its texts without lone surrogates: each becomes U+FFFD, a pair one character.

    Looks into lists, tuples (which become lists) and dictionaries.
    """
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, (list, tuple)):
        return [replaced(item) for item in value]
    if isinstance(value, dict):
        return {replaced(key): replaced(item) for key, item in value.items()}
    return value
