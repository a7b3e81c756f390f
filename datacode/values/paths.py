"""Paths as texts: joining them, and their members (language reference, 5.5 and 5.8).

Nothing here looks at a disk.
"""

from __future__ import annotations

import unicodedata
from itertools import islice, product
from typing import Literal

from datacode.values.types import Path, PathPattern

_FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")
_MAX_SPELLINGS = 16

LONGEST = 4096
"""Bytes of UTF-8 that a path may have."""

MEMBERS = "name, parent, exists, is_file, is_dir, extension, stem, to_string, len"
"""As the error message lists them."""


def may_be_name(pattern: PathPattern) -> bool:
    """Whether a pattern has brackets only, as names of files and folders have, too."""
    return "*" not in pattern.text and "?" not in pattern.text


def join(left: Path | PathPattern, right: str) -> Path | PathPattern:
    """``left / right`` as POSIX paths are joined; with ``*``, ``?`` or ``[`` it is a pattern.

    What is joined to a pattern that may be a folder's name is one, too.
    """
    before = left.text
    if right.startswith("/"):
        text = right
    elif not before or before.endswith("/"):
        text = before + right
    else:
        text = f"{before}/{right}"
    is_pattern = left.__class__ is PathPattern and text is not right
    return PathPattern(text) if is_pattern or any(c in right for c in "*?[") else Path(text)


def spellings(path: str, separator: str = "/") -> tuple[str, ...]:
    """The path as it is, then with its accents composed and taken apart, in all names or in some.

    macOS takes letters such as й apart, everybody else keeps them whole; which of both a file or
    folder has cannot be seen, so a program need not know.
    """
    if path.isascii():
        return (path,)
    whole = (path, *(unicodedata.normalize(form, path) for form in _FORMS))
    names = [
        dict.fromkeys((name, *(unicodedata.normalize(form, name) for form in _FORMS)))
        for name in path.split(separator)
    ]
    mixed = (separator.join(each) for each in product(*names))
    return tuple(dict.fromkeys((*whole, *islice(mixed, _MAX_SPELLINGS))))


def is_too_long(path: str) -> bool:
    """Whether a path has more bytes than a system takes."""
    if len(path) * 4 <= LONGEST:
        return False
    return len(path) > LONGEST or len(path.encode("utf-8", "surrogatepass")) > LONGEST


def lies_below(path: str, folder: str) -> bool:
    """Do the parts of ``path`` begin with all parts of ``folder``?"""
    parts, first = _parts(path), _parts(folder)
    return parts[: len(first)] == first


def _parts(text: str) -> list[str]:
    parts = [part for part in text.split("/") if part]
    return ["/", *parts] if text.startswith("/") else parts


def name(path: str) -> str:
    """The last part, ignoring a ``/`` behind it; empty where there is none, or for ``..``."""
    last = path.rstrip("/").rpartition("/")[2]
    return "" if last == ".." else last


def parent(path: str) -> str | None:
    """The path without its last part; None for the root and for the empty path."""
    bare = path.rstrip("/")
    if not bare:
        return None
    head = bare.rpartition("/")[0]
    return head.rstrip("/") or ("/" if bare.startswith("/") else "")


def stem_and_extension(path: str) -> tuple[str, str]:
    """The name before its last dot and what is behind it; a leading dot begins no extension."""
    last = name(path)
    stem, dot, extension = last.rpartition(".")
    return (stem, extension) if dot and stem else (last, "")
