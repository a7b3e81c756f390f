"""``datacode passwd [--token] FILE NAME``: accounts for ``--auth accounts:FILE``."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from datacode.i18n import catalog
from datacode.i18n.catalog import locale_of_environment
from datacode.i18n.os_errors import system_reason
from datacode.server.auth.accounts import AccountsError, make_token, set_password

USAGE = {
    "en": """\
datacode passwd FILE NAME           set the password of an account
datacode passwd --token FILE NAME   give an account a new bearer token, printed once
""",
    "ru": """\
datacode passwd ФАЙЛ ИМЯ            задать пароль учётной записи
datacode passwd --token ФАЙЛ ИМЯ    выдать учётной записи новый токен, который печатается один раз
""",
}


def passwd(words: list[str]) -> int:
    """Exit status: 0, 1 the file cannot be used, 2 wrong usage."""
    locale = locale_of_environment()
    names = [word for word in words if word != "--token"]
    if len(names) != 2 or any(name.startswith("-") for name in names):
        wants_help = bool({"--help", "-h"} & set(words))
        (sys.stdout if wants_help else sys.stderr).write(USAGE[locale])
        return 0 if wants_help else 2
    file, name = Path(names[0]), names[1]
    try:
        if "--token" in words:
            sys.stdout.write(f"{make_token(file, name)}\n")
            return 0
        password = _asked(locale)
        if not password:
            text = catalog.mark("The password is empty, or the two differ; nothing was changed.")
            sys.stderr.write(f"❌ {catalog.translate(text, locale)}\n")
            return 1
        set_password(file, name, password)
    except AccountsError as error:
        sys.stderr.write(f"❌ {error.render(locale)}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"❌ {file}: {system_reason(error).render(locale)}\n")
        return 1
    except UnicodeDecodeError as error:
        sys.stderr.write(f"❌ {error}\n")
        return 1
    return 0


def _asked(locale: str) -> str:
    """The password: typed twice at a terminal, else the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass(catalog.translate(catalog.mark("Password: "), locale))
    again = getpass.getpass(catalog.translate(catalog.mark("Once more: "), locale))
    return password if password == again else ""
