"""Patterns of paths: which files match ``data/**/*.csv``, for any ``Files`` that lists folders.

``*`` is any run of characters inside one part (a leading dot too), ``?`` one character,
``[abc]``, ``[a-z]``, ``[!abc]`` one of some; ``**`` as a whole part is any number of folders.
Case counts. Source: tables and files reference, 3.2.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from datacode.i18n.message import Message
from datacode.runtime.files import Entry, FilesError

BAD_PATTERN = Message(
    "bad_glob_pattern",
    "Invalid glob pattern: Pattern syntax error near position {position}: {reason}",
)
_TOO_MANY_FOLDERS = Message("too_many_folders", "The pattern leads into more than {limit} folders")

MOST_FOLDERS = 20_000
"""Folders that one search looks into; links can go round in circles."""

_DEEPEST = 64


class _AnyFolders:
    """The part ``**``."""


_ANY_FOLDERS: Final = _AnyFolders()
Part = str | re.Pattern[str] | _AnyFolders
"""One part of a pattern: a name as it is, a pattern of names, or any number of folders."""


def parts_of(pattern: str) -> list[Part]:
    """The parts of a pattern between its slashes; ``FilesError`` for a malformed one."""
    return list(_parts(pattern))


def _parts(pattern: str) -> Iterator[Part]:
    start = position = 0
    has_wildcard = False
    while position < len(pattern):
        char = pattern[position]
        if char == "/":
            yield _part(pattern[start:position], has_wildcard)
            start, has_wildcard = position + 1, False
        elif char == "*" and _count_stars(pattern, position) == 2:
            yield _ANY_FOLDERS
            start = position = position + 3
            if position > len(pattern):
                return
            continue
        elif char == "[":
            position = _end_of_set(pattern, position)
            has_wildcard = True
        elif char in "*?":
            has_wildcard = True
        position += 1
    yield _part(pattern[start:], has_wildcard)


def _part(text: str, has_wildcard: bool) -> Part:
    """A name, or the expression that ``fnmatch`` makes, which takes no time to speak of."""
    return re.compile(fnmatch.translate(text)) if has_wildcard else text


def _count_stars(pattern: str, start: int) -> int:
    """One or two; more, and two beside other characters, are malformed."""
    end = start
    while end < len(pattern) and pattern[end] == "*":
        end += 1
    if end - start > 2:
        raise _malformed(start + 2, "wildcards are either regular `*` or recursive `**`")
    if end - start == 2:
        whole_part = "recursive wildcards must form a single path component"
        if start > 0 and pattern[start - 1] != "/":
            raise _malformed(start - 1, whole_part)
        if end < len(pattern) and pattern[end] != "/":
            raise _malformed(end, whole_part)
    return end - start


def _end_of_set(pattern: str, start: int) -> int:
    """Where the ``]`` of a set is; one directly behind ``[`` or ``[!`` belongs to the set."""
    first = start + (3 if pattern[start + 1 : start + 2] == "!" else 2)
    end = pattern.find("]", first)
    if end < 0:
        raise _malformed(start, "invalid range pattern")
    return end


def _malformed(position: int, reason: str) -> FilesError:
    return FilesError(BAD_PATTERN.filled(position=position, reason=reason))


@dataclass(slots=True)
class _Search:
    """One search: what lists a folder, and how many it has listed."""

    list_folder: Callable[[str], list[Entry]]
    listed: int = 0

    def entries(self, prefix: str) -> list[Entry]:
        """The entries of the folder that ``prefix`` stands for; none where there is no such."""
        self.listed += 1
        if self.listed > MOST_FOLDERS:
            raise FilesError(_TOO_MANY_FOLDERS.filled(limit=MOST_FOLDERS))
        folder = prefix if prefix in ("", "/") else prefix.removesuffix("/")
        try:
            return self.list_folder(folder)
        except OSError:
            return []
        except FilesError:
            if self.listed == 1:
                raise
            return []  # a link among the entries leads to where nothing may be seen

    def paths(self, prefix: str, parts: list[Part], depth: int) -> Iterator[str]:
        """The paths below ``prefix`` that match the parts."""
        part, rest = parts[0], parts[1:]
        if isinstance(part, _AnyFolders):
            yield from self._in_any_folder(prefix, rest, depth)
            return
        if rest and (part in ("", ".", "..")):
            yield from self.paths(f"{prefix}{part}/", rest, depth)
            return
        for entry in self.entries(prefix):
            if part != entry.name if isinstance(part, str) else not part.match(entry.name):
                continue
            if not rest:
                yield prefix + entry.name
            elif entry.is_folder and rest == [""]:
                yield f"{prefix}{entry.name}/"
            elif entry.is_folder:
                yield from self.paths(f"{prefix}{entry.name}/", rest, depth)

    def _in_any_folder(self, prefix: str, rest: list[Part], depth: int) -> Iterator[str]:
        """The folder itself and all folders inside; at the end of a pattern just the latter."""
        if rest:
            yield from self.paths(prefix, rest, depth)
        if depth >= _DEEPEST:
            return
        for entry in self.entries(prefix):
            if entry.is_folder:
                if not rest:
                    yield prefix + entry.name
                yield from self._in_any_folder(f"{prefix}{entry.name}/", rest, depth + 1)


def matching(pattern: str, list_folder: Callable[[str], list[Entry]]) -> list[str]:
    """The paths that match, in name order; the parts before the first wildcard stay as written.

    ``list_folder`` takes a path as the pattern spells it (the empty one for the working folder).
    Folders that cannot be listed hold nothing. Raises ``FilesError`` for a malformed pattern,
    for a search without end, and where the folder that it begins in is refused.
    """
    parts = parts_of(pattern)
    prefix = ""
    while len(parts) > 1 and isinstance(parts[0], str):
        prefix += f"{parts.pop(0)}/"
    found = set(_Search(list_folder).paths(prefix, parts, 0))
    return sorted(found, key=lambda path: path.split("/"))
