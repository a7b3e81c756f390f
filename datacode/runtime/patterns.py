"""Patterns of paths: which files match ``data/**/*.csv``, for any ``Files`` that lists folders.

``*`` is any run of characters inside one part (a leading dot too), ``?`` one character,
``[abc]``, ``[a-z]``, ``[!abc]`` one of some; ``**`` as a whole part is any number of folders.
Case counts. Source: tables and files reference, 3.2.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Final

from datacode.i18n.message import Message
from datacode.runtime.files import Entry, FilesError
from datacode.runtime.in_steps import EVERY, Steps, done, sorted_in_steps
from datacode.runtime.name_patterns import NamePattern, composed, end_of_set
from datacode.values import paths

BAD_PATTERN = Message(
    "bad_glob_pattern",
    "Invalid glob pattern: Pattern syntax error near position {position}: {reason}",
)
_TOO_MANY_FOLDERS = Message("too_many_folders", "The pattern leads into more than {limit} folders")
_TOO_MANY_NAMES = Message("pattern_too_many_names", "The pattern leads to more than {limit} names")
_TOO_MANY_PARTS = Message("pattern_too_many_parts", "The pattern has more than {limit} parts")

MOST_FOLDERS = 20_000
"""Folders that one search looks into; links can go round in circles."""

MOST_NAMES = 1_000_000
"""Names that one search looks at."""

_DEEPEST = 64
_MOST_PARTS = 100
"""Parts from the first wildcard on: each is searched within the one before."""


class _AnyFolders:
    """The part ``**``."""


_ANY_FOLDERS: Final = _AnyFolders()
Part = str | NamePattern | _AnyFolders
"""One part of a pattern: a name as it is, a pattern of names, or any number of folders."""

Listing = list[Entry] | Steps[list[Entry]]
"""The entries of a folder, at once or in steps."""


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
    return NamePattern(text) if has_wildcard else text


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
    """Where the ``]`` of a set is."""
    end = end_of_set(pattern, start)
    if end < 0:
        raise _malformed(start, "invalid range pattern")
    return end


def _malformed(position: int, reason: str) -> FilesError:
    return FilesError(BAD_PATTERN.filled(position=position, reason=reason))


Found = Generator[str | None, None, None]
"""Paths as they are found, and None where a step ends."""


@dataclass(slots=True)
class _Search:
    """One search: what lists a folder, how many it has listed, and how many names it has seen."""

    list_folder: Callable[[str], Listing]
    listed: int = 0
    seen: int = 0

    def entries(self, prefix: str) -> Generator[None, None, list[Entry]]:
        """The entries of the folder that ``prefix`` stands for; none where there is no such."""
        self.listed += 1
        if self.listed > MOST_FOLDERS:
            raise FilesError(_TOO_MANY_FOLDERS.filled(limit=MOST_FOLDERS))
        folder = prefix if prefix in ("", "/") else prefix.removesuffix("/")
        yield
        try:
            found = self.list_folder(folder)
            entries = found if isinstance(found, list) else (yield from found)
        except OSError:
            return []
        except FilesError:
            if self.listed == 1:
                raise
            return []  # a link among the entries leads to where nothing may be seen
        self.seen += len(entries)
        if self.seen > MOST_NAMES:
            raise FilesError(_TOO_MANY_NAMES.filled(limit=MOST_NAMES))
        return entries

    def paths(self, prefix: str, parts: list[Part], depth: int) -> Found:
        """The paths below ``prefix`` that match the parts."""
        part, rest = parts[0], parts[1:]
        if isinstance(part, _AnyFolders):
            yield from self._in_any_folder(prefix, rest, depth)
            return
        if rest and (part in ("", ".", "..")):
            yield from self.paths(f"{prefix}{part}/", rest, depth)
            return
        entries = yield from self.entries(prefix)
        for number, entry in enumerate(_fitting(part, entries)):
            if number % EVERY == 0:
                yield None
            if entry is None:
                continue
            if not rest:
                yield prefix + entry.name
            elif entry.is_folder and rest == [""]:
                yield f"{prefix}{entry.name}/"
            elif entry.is_folder:
                yield from self.paths(f"{prefix}{entry.name}/", rest, depth)

    def _in_any_folder(self, prefix: str, rest: list[Part], depth: int) -> Found:
        """The folder itself and all folders inside; at the end of a pattern just the latter."""
        if rest:
            yield from self.paths(prefix, rest, depth)
        if depth >= _DEEPEST:
            return
        entries = yield from self.entries(prefix)
        for number, entry in enumerate(entries):
            if number % EVERY == 0:
                yield None
            if entry.is_folder:
                if not rest:
                    yield prefix + entry.name
                yield from self._in_any_folder(f"{prefix}{entry.name}/", rest, depth + 1)


def _fitting(part: str | NamePattern, entries: list[Entry]) -> Iterator[Entry | None]:
    """Of each entry itself or None, as it fits; what is spelled like a pattern in brackets first.

    A name with brackets is a name where there is one, and only otherwise a pattern.
    """
    if isinstance(part, NamePattern):
        if part.has_set:
            literal = [entry for entry in entries if part.is_name(entry.name)]
            if literal:
                yield from literal
                return
        for entry in entries:
            yield entry if part.fits(entry.name) else None
        return
    name = composed(part)
    for entry in entries:
        yield entry if composed(entry.name) == name else None


def searching(pattern: str, list_folder: Callable[[str], Listing]) -> Steps[list[str]]:
    """The paths that match, in name order; the parts before the first wildcard stay as written.

    ``list_folder`` takes a path as the pattern spells it (the empty one for the working folder).
    Folders that cannot be listed hold nothing. Raises ``FilesError`` for a malformed pattern, for
    a search without end, and where the folder that it begins in is refused; ``OSError`` for a
    pattern that is too long.
    """
    if paths.is_too_long(pattern):
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
    parts = parts_of(pattern)
    prefix = ""
    while len(parts) > 1 and isinstance(parts[0], str):
        prefix += f"{parts.pop(0)}/"
    parts = [
        part
        for part, before in zip(parts, [None, *parts], strict=False)
        if part is not _ANY_FOLDERS or before is not _ANY_FOLDERS
    ]
    if len(parts) > _MOST_PARTS:
        raise FilesError(_TOO_MANY_PARTS.filled(limit=_MOST_PARTS))
    found: set[str] = set()
    for path in _Search(list_folder).paths(prefix, parts, 0):
        if path is None:
            yield
        else:
            found.add(path)
    # In the order of their parts, which are not made: so many lists keep Python's collector busy.
    return (yield from sorted_in_steps(found, lambda path: path.replace("/", "\0")))


def matching(pattern: str, list_folder: Callable[[str], list[Entry]]) -> list[str]:
    """The same, at once."""
    return done(searching(pattern, list_folder))
