"""Paths as texts: joining them, and their members (language reference, 5.5 and 5.8).

Nothing here looks at a disk.
"""

from __future__ import annotations

from datacode.values.types import Path, PathPattern

LONGEST = 4096
"""Bytes of UTF-8 that a path may have."""

MEMBERS = "name, parent, exists, is_file, is_dir, extension, stem, to_string, len"
"""As the error message lists them."""


def join(left: str, right: str) -> Path | PathPattern:
    """``left / right`` as POSIX paths are joined; with ``*``, ``?`` or ``[`` it is a pattern."""
    if right.startswith("/"):
        text = right
    elif not left or left.endswith("/"):
        text = left + right
    else:
        text = f"{left}/{right}"
    return PathPattern(text) if any(c in right for c in "*?[") else Path(text)


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
