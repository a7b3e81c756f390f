"""``datacode passwd [--token] FILE NAME``: accounts for ``--auth accounts:FILE``."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from datacode.server.accounts import AccountsError, make_token, set_password

USAGE = """\
datacode passwd FILE NAME           set the password of an account
datacode passwd --token FILE NAME   give an account a new bearer token, printed once
"""


def passwd(words: list[str]) -> int:
    """Exit status: 0, 1 the file cannot be used, 2 wrong usage."""
    names = [word for word in words if word != "--token"]
    if len(names) != 2 or any(name.startswith("-") for name in names):
        wants_help = bool({"--help", "-h"} & set(words))
        (sys.stdout if wants_help else sys.stderr).write(USAGE)
        return 0 if wants_help else 2
    file, name = Path(names[0]), names[1]
    try:
        if "--token" in words:
            sys.stdout.write(f"{make_token(file, name)}\n")
            return 0
        password = _asked()
        if not password:
            sys.stderr.write("❌ The password is empty, or the two differ; nothing was changed.\n")
            return 1
        set_password(file, name, password)
    except (AccountsError, OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"❌ {error}\n")
        return 1
    return 0


def _asked() -> str:
    """The password: typed twice at a terminal, else the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    return password if password == getpass.getpass("Once more: ") else ""
