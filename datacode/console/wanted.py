"""The shares that a command line asks for, and their passwords.

Mistakes come to light, and passwords are asked for, before anything is connected.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from datacode.console.options import usage_error


@dataclass(frozen=True, slots=True)
class Wanted:
    """One share, and who wants in."""

    host: str
    login: str
    name: str
    password: str = field(repr=False)


def shares_wanted(texts: Sequence[str]) -> list[Wanted]:
    """What ``HOST,LOGIN,SHARE`` mean, each with its password.

    Raises ``UsageError`` for a text that means nothing, and where nobody can be asked.
    """
    named = [_share(text) for text in texts]
    return [Wanted(host, login, name, _password(host, login)) for host, login, name in named]


def _share(text: str) -> list[str]:
    parts = text.split(",", 2)
    if len(parts) < 3 or not all(parts[::2]):
        raise usage_error(
            "bad_smb_option", "--smb expects HOST,LOGIN,SHARE; found: {text}", text=text
        )
    return parts


def _password(host: str, login: str) -> str:
    """From the environment, or from whoever sits at the terminal."""
    from_environment = os.environ.get("DATACODE_SMB_PASSWORD")
    if from_environment is not None or not login:
        return from_environment or ""
    if not sys.stdin.isatty():
        raise usage_error(
            "no_smb_password", "No password for {login}: set DATACODE_SMB_PASSWORD", login=login
        )
    return getpass.getpass(f"{login}@{host}: ")
