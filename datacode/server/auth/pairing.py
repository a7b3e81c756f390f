"""The pairing code: with it a page opened from disk shows that its user owns the server.

Such a page has the origin ``null``, and so has a frame that any other page makes. Only somebody who
sees what the server prints, or its own page, knows the code. It is kept from start to start, so
that it has to be typed once. Source: server reference, 4.4.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
from pathlib import Path

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: none of them looks like another."""
_LENGTH = 8
_MEANT = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})


class PairingCode:
    """One server's code, as people see it: two groups of four letters."""

    def __init__(self, code: str | None = None) -> None:
        letters = code or "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
        self._letters = _meant(letters)

    def __str__(self) -> str:
        return f"{self._letters[:4]}-{self._letters[4:]}"

    def __repr__(self) -> str:
        return "PairingCode(...)"

    def matches(self, shown: str) -> bool:
        """Whether it is the right one; capitals, hyphen and letters that look alike do not count.

        Takes the same time whatever is wrong with it.
        """
        return hmac.compare_digest(self._letters.encode(), _meant(shown[:64]).encode())

    @classmethod
    def kept(cls, file: Path) -> PairingCode:
        """The code in a file of this account's own, made if there is none.

        Where the file cannot be had, the code is good until the server stops.
        """
        with contextlib.suppress(OSError, UnicodeDecodeError):
            found = _meant(_read(file))
            if len(found) == _LENGTH and set(found) <= set(_LETTERS):
                return cls(found)
        made = cls()
        with contextlib.suppress(OSError):
            _write(file, f"{made}\n")
        return made


def _read(file: Path) -> str:
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, encoding="ascii") as opened:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            return ""  # somebody else may know it, or have chosen it
        return opened.read(64).strip()


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="ascii") as opened:
        opened.write(text)
    os.replace(beside, file)


def _meant(text: str) -> str:
    return text.upper().translate(_MEANT)
