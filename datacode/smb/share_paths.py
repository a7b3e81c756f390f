"""``lib://share/a/b`` to a share and a path on it, and back; patterns of names. Pure.

Source: server reference, 8.2 and 8.3; tables and files reference, 3.2 and 4.1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from datacode.runtime.files import FilesError
from datacode.runtime.name_patterns import NamePattern, composed, end_of_set, is_long_name
from datacode.runtime.patterns import BAD_PATTERN
from datacode.smb import errors
from datacode.smb.errors import ShareError
from datacode.values import paths

PREFIX = "lib://"
_MAX_NT_BYTES = 0xFFFF - 1
_FORBIDDEN = re.compile(r'[\x00-\x1f:*?"<>|]')
_WILD = re.compile(r"[*?\[]")


def is_share_path(text: str) -> bool:
    """Whether a program's path means a share; ``lib://`` is lower case and exact."""
    return text.startswith(PREFIX)


def split(text: str) -> tuple[str, str]:
    """Share and rest of ``lib://share/rest``, both as written; either may be empty."""
    share, _, rest = text.removeprefix(PREFIX).partition("/")
    return share, rest


def join(share: str, parts: Sequence[str]) -> str:
    """The path of a program for a place on a share."""
    return PREFIX + "/".join((share, *parts))


def same_share(share: str) -> str:
    """What two spellings of one share's name have in common: case does not count."""
    return share.casefold()


def components(path: str) -> tuple[str, ...]:
    """The names on the way to a place on a share, ``()`` for its root.

    ``/`` and ``\\`` both separate; empty parts and ``.`` are ignored. A ``ShareError`` for
    ``..``, for characters that no name on a share can have, and for what is too long.
    """
    check_length(path)
    parts = tuple(part for part in re.split(r"[/\\]", path) if part not in ("", "."))
    if ".." in parts:
        raise ShareError(errors.BAD_PATH)
    if any(_FORBIDDEN.search(part) or is_long_name(part) for part in parts):
        raise ShareError(errors.BAD_NAME, path=path)
    return parts


def check_length(path: str) -> None:
    """A ``ShareError`` for a path that is longer than any may be."""
    if paths.is_too_long(path):
        raise ShareError(errors.PATH_TOO_LONG, limit=paths.LONGEST)


def nt_path(parts: Sequence[str]) -> str:
    """The path as it is sent to a file server; a ``ShareError`` where it is too long to send."""
    text = "\\".join(parts)
    if len(encode_name(text)) > _MAX_NT_BYTES:
        raise ShareError(errors.BAD_NAME, path="/".join(parts))
    return text


def encode_name(name: str) -> bytes:
    """A name in the encoding of the wire. Windows allows lone surrogates, so we do too."""
    return name.encode("utf-16-le", "surrogatepass")


def decode_name(data: bytes | memoryview) -> str:
    """A name from the wire, such that ``encode_name`` gives the same bytes again."""
    return str(data, "utf-16-le", "surrogatepass")


def is_shown(name: str) -> bool:
    """Whether a listing contains a name: not the folder itself, nor what macOS leaves about."""
    return name not in (".", "..", ".DS_Store") and not name.startswith("._")


def order(name: str) -> tuple[str, str]:
    """The key that sorts listings: case folded."""
    return name.casefold(), name


def has_wildcard(path: str) -> bool:
    """Whether a path is a pattern rather than the name of one place."""
    return _WILD.search(path) is not None


def in_any_folder(pattern: str) -> str:
    """The pattern whose last part may match in any folder inside, too."""
    folder, slash, last = pattern.replace("\\", "/").rpartition("/")
    return f"{folder}{slash}**/{last}"


Part = str | NamePattern | None
"""A part of a pattern: a plain name, the names that match, or any number of folders."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern of paths on a share, a part for each folder.

    ``None`` is ``**``: any number of folders. ``*`` stands for any run of characters in one
    part, ``?`` for one, ``[abc]``, ``[a-z]`` and ``[!abc]`` for one of some. Case does not
    count, as everywhere on a share.
    """

    parts: tuple[Part, ...]

    @classmethod
    def parse(cls, share: str, path: str) -> Pattern:
        """The pattern that ``lib://share/path`` means.

        A ``FilesError`` with the place and the fault of a malformed one, in the words of the
        tables and files reference, 3.2; a ``ShareError`` for ``..``, and for one too long.
        """
        check_length(path)
        parts: list[Part] = []
        position = len(PREFIX) + len(share) + 1
        for text in re.split(r"[/\\]", path):
            if text == "..":
                raise ShareError(errors.BAD_PATH)
            if text == "**":
                if not parts or parts[-1] is not None:
                    parts.append(None)
            elif text not in ("", "."):
                parts.append(_part(text, position))
            position += len(text) + 1
        return cls(tuple(parts))

    @property
    def fixed(self) -> tuple[str, ...]:
        """The folders in front that are named outright; the last part is never one of them."""
        names: list[str] = []
        for part in self.parts[:-1]:
            if not isinstance(part, str):
                break
            names.append(part)
        return tuple(names)


def part_matches(part: Part, name: str) -> bool:
    """Whether a name fits a part of a pattern."""
    if isinstance(part, str):
        return composed(part).casefold() == composed(name).casefold()
    return part is None or part.fits(name)


def _part(text: str, position: int) -> Part:
    if not has_wildcard(text):
        components(text)
        return text
    _check_wildcards(text, position)
    return NamePattern(text, fold=True)


def _check_wildcards(text: str, start: int) -> None:
    """A ``FilesError`` where one part of a pattern is malformed; ``start`` is its place in all."""
    i = 0
    while i < len(text):
        if text[i] == "*":
            stars = len(text) - i - len(text[i:].lstrip("*"))
            if stars > 1:
                raise _malformed(start + i + min(stars - 1, 2), _STARS[stars > 2])
        elif text[i] == "[":
            end = end_of_set(text, i)
            if end < 0:
                raise _malformed(start + i, "invalid range pattern")
            i = end
        i += 1


_STARS = (
    "recursive wildcards must form a single path component",
    "wildcards are either regular `*` or recursive `**`",
)


def _malformed(position: int, reason: str) -> FilesError:
    return FilesError(BAD_PATTERN.filled(position=position, reason=reason))
