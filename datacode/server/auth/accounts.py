"""Accounts: a file of names with argon2 hashes of passwords, or hashes of bearer tokens.

A line is ``name:$argon2id$…`` or ``name:sha256$…``; ``datacode passwd`` writes them. Tokens are
random and long, so a plain hash is enough for them; passwords are not.

Source: server reference, 4.4.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import ICredentials, IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger
from zope.interface import Attribute, implementer

from datacode.i18n.message import Message, MessageError

_OF_TOKEN = "sha256$"  # noqa: S105 - what stands before a hash
_hasher = PasswordHasher()

TOKEN_HOLDER = "token"  # noqa: S105 - a name
"""The account of whoever shows the token of ``--token``."""


class IBearerToken(ICredentials):
    """A token that stands for an account, shown without a name."""

    token = Attribute("the token, a text")


@implementer(IBearerToken)
@dataclass(frozen=True)
class BearerToken:
    """A token as a client showed it."""

    token: str = field(repr=False)


class ServerToken:
    """The token of ``--token``, compared in constant time."""

    def __init__(self, token: str) -> None:
        self._digest = _digest(token)

    def matches(self, shown: str) -> bool:
        """Whether a client showed the right one."""
        return hmac.compare_digest(self._digest, _digest(shown))


_NO_ACCOUNT = Message("bad_accounts_line", "{path}, line {number}: expected NAME:HASH")
_NO_NAME = Message("bad_account", "an account's name is not empty and has no colon, no line break")


class AccountsError(MessageError):
    """A file of accounts cannot be used; it says which line, never what is in it."""


@implementer(ICredentialsChecker)
class AccountsFile:
    """Checks names, passwords and tokens against a file, which is read again when it changes.

    ``in_thread`` runs a function in a thread and gives a Deferred: argon2 takes a tenth of a
    second on purpose.
    """

    log = Logger()
    credentialInterfaces = (IUsernamePassword, IBearerToken)

    def __init__(self, path: Path, in_thread: Callable[..., Any] | None = None) -> None:
        self.path = path
        self.in_thread = in_thread
        self._read_at: tuple[int, int] | None = None
        self._accounts: dict[str, str] = {}
        # What an unknown name is checked against, so that it takes as long as a known one.
        self._nobody = _hasher.hash(secrets.token_hex(16))
        self.read()

    def read(self) -> None:
        """Read the file if it has changed. Raises ``AccountsError``, ``OSError``."""
        status = self.path.stat()
        stamp = (status.st_mtime_ns, status.st_size)
        if stamp != self._read_at:
            self._accounts = read_accounts(self.path)
            self._read_at = stamp

    def requestAvatarId(self, credentials: Any) -> Deferred[bytes | tuple[()]]:
        """The account's name, or ``UnauthorizedLogin``."""
        if self.in_thread is None:
            return maybeDeferred(self.check, credentials)
        found: Deferred[bytes | tuple[()]] = self.in_thread(self.check, credentials)
        return found

    def check(self, credentials: Any) -> bytes:
        """As ``requestAvatarId``, blocking. An unreadable file changes nothing."""
        try:
            self.read()
        except (OSError, AccountsError) as error:
            self.log.error("Cannot read the accounts: {error}", error=str(error))
        if IBearerToken.providedBy(credentials):
            name = self._owner_of(credentials.token)
        else:
            name = self._verified(credentials.username, credentials.password)
        if name is None:
            raise UnauthorizedLogin
        return name.encode()

    def _owner_of(self, token: str) -> str | None:
        """Whose token it is. Compares with every account, so that time tells nothing."""
        digest = _OF_TOKEN + _token_hash(token)
        owner = None
        for name, stored in self._accounts.items():
            if secrets.compare_digest(stored.encode(), digest.encode()):
                owner = name
        return owner

    def _verified(self, username: bytes, password: bytes) -> str | None:
        name = username.decode("utf-8", "replace")
        stored = self._accounts.get(name, "")
        known = bool(stored) and not stored.startswith(_OF_TOKEN)
        try:
            _hasher.verify(stored if known else self._nobody, password)
        except (VerificationError, InvalidHashError):
            return None
        return name if known else None


def read_accounts(path: Path) -> dict[str, str]:
    """Names and hashes. Raises ``AccountsError`` for a line that is none, ``OSError``."""
    accounts: dict[str, str] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, colon, stored = text.partition(":")
        if not colon or not name or not stored.startswith((_OF_TOKEN, "$argon2")):
            raise AccountsError(_NO_ACCOUNT.filled(path=path, number=number))
        accounts[name] = stored
    return accounts


def set_password(path: Path, name: str, password: str) -> None:
    """Add an account, or change its password. Raises ``AccountsError``, ``OSError``."""
    _store(path, name, _hasher.hash(password))


def make_token(path: Path, name: str) -> str:
    """Give an account a new bearer token. Only its hash is stored."""
    token = secrets.token_urlsafe(32)
    _store(path, name, _OF_TOKEN + _token_hash(token))
    return token


def _store(path: Path, name: str, stored: str) -> None:
    if not name or any(c in name for c in ":\n\r") or name != name.strip() or name[0] == "#":
        raise AccountsError(_NO_NAME)
    accounts = read_accounts(path) if path.exists() else {}
    accounts[name] = stored
    text = "".join(f"{name}:{stored}\n" for name, stored in accounts.items())
    # Under another name first: a server may be reading, and must not find half a file.
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        if path.exists():
            os.fchmod(descriptor, path.stat().st_mode & 0o777)
    os.replace(temporary, path)


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
