"""``lib://share/a/b`` to a share and a path on it, and back; patterns of names. Pure.

Source: server reference, 8.2 and 8.3; tables and files reference, 3.2 and 4.1.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Literal

from datacode.runtime.files import FilesError
from datacode.runtime.patterns import BAD_PATTERN
from datacode.smb import errors
from datacode.smb.errors import ShareError

PREFIX = "lib://"
_FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")
_MAX_SPELLINGS = 16
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
    ``..``, and for characters that no name on a share can have.
    """
    parts = tuple(part for part in re.split(r"[/\\]", path) if part not in ("", "."))
    if ".." in parts:
        raise ShareError(errors.BAD_PATH)
    if any(_FORBIDDEN.search(part) for part in parts):
        raise ShareError(errors.BAD_NAME, path=path)
    return parts


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


def spellings(path: str) -> tuple[str, ...]:
    """The path as it is, then with its accents composed and taken apart, in all names or in some.

    macOS takes letters such as й apart, everybody else keeps them whole; which of both a file or
    folder has cannot be seen, so a program need not know.
    """
    if path.isascii():
        return (path,)
    whole = (path, *(unicodedata.normalize(form, path) for form in _FORMS))
    names = [
        dict.fromkeys((name, *(unicodedata.normalize(form, name) for form in _FORMS)))
        for name in path.split("\\")
    ]
    mixed = ("\\".join(each) for each in product(*names))
    return tuple(dict.fromkeys((*whole, *islice(mixed, _MAX_SPELLINGS))))


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


Part = str | re.Pattern[str] | None
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
        tables and files reference, 3.2; a ``ShareError`` for ``..``.
        """
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
        return part.casefold() == name.casefold()
    return part is None or part.match(name) is not None


def _part(text: str, position: int) -> Part:
    if not has_wildcard(text):
        components(text)
        return text
    return re.compile(_expression(text, position), re.IGNORECASE | re.DOTALL)


def _expression(text: str, start: int) -> str:
    """The regular expression for one part of a pattern; ``start`` is its place in the whole."""
    runs = [""]  # what stands between the stars
    i = 0
    while i < len(text):
        character = text[i]
        if character == "*":
            stars = len(text) - i - len(text[i:].lstrip("*"))
            if stars > 1:
                raise _malformed(start + i + min(stars - 1, 2), _STARS[stars > 2])
            runs.append("")
        elif character == "?":
            runs[-1] += "."
        elif character == "[":
            end = text.find("]", i + 3 if text[i + 1 : i + 2] == "!" else i + 2)
            if end < 0:
                raise _malformed(start + i, "invalid range pattern")
            runs[-1] += _character_class(text[i + 1 : end])
            i = end
        else:
            runs[-1] += re.escape(character)
        i += 1
    # Each star takes the first place where the run behind it fits, and never comes back to
    # look for another: that finds every match, in time that no pattern can make explode.
    middle = "".join(f"(?>.*?{run})" for run in runs[1:-1])
    return runs[0] + middle + (f".*{runs[-1]}" if len(runs) > 1 else "") + r"\Z"


def _character_class(text: str) -> str:
    negated = text.startswith("!")
    text = text.removeprefix("!")
    items: list[str] = []
    i = 0
    while i < len(text):
        first = text[i]
        if text[i + 1 : i + 2] == "-" and i + 2 < len(text):
            last = text[i + 2]
            if first <= last:
                items.append(f"{re.escape(first)}-{re.escape(last)}")
            i += 3
        else:
            items.append(re.escape(first))
            i += 1
    if not items:
        return "." if negated else r"(?!)"
    return f"[{'^' if negated else ''}{''.join(items)}]"


_STARS = (
    "recursive wildcards must form a single path component",
    "wildcards are either regular `*` or recursive `**`",
)


def _malformed(position: int, reason: str) -> FilesError:
    return FilesError(BAD_PATTERN.filled(position=position, reason=reason))
