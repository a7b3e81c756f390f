"""Sections ``[shares.NAME]`` and ``[groups]`` of the configuration: shares that accounts have.

``accounts`` of a share are names of accounts, ``@group`` for those of a group, and ``*`` for
whoever comes in. Source: server reference, 8.8.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from datacode.i18n.message import Message
from datacode.server.options.usage_errors import OptionError
from datacode.smb import share_paths
from datacode.smb.account_share import AccountShare
from datacode.smb.errors import ShareError
from datacode.smb.target import Target

SECTIONS = frozenset({"shares", "groups"})
_ANYBODY = "*"
_TEXTS = ("host", "share", "login", "domain", "password_file")
_KEYS = frozenset({*_TEXTS, "accounts", "write"})
_MOST = 100
"""Shares that a file may have: every session has an object for each of its account's."""


@dataclass(frozen=True, slots=True)
class AccountShares:
    """The shares, each with the names of its accounts."""

    entries: tuple[tuple[AccountShare, frozenset[str]], ...] = ()

    def of(self, account: str | None) -> list[AccountShare]:
        """Those of an account; None is whoever comes in where nobody has to show one."""
        return [share for share, names in self.entries if account in names or _ANYBODY in names]

    def password_files(self) -> Iterator[Path]:
        """Where the passwords are."""
        for share, _ in self.entries:
            if share.target.password_file is not None:
                yield share.target.password_file


NO_SHARES = AccountShares()


def account_shares(
    sections: Mapping[str, object], path: str, environment: Mapping[str, str]
) -> AccountShares:
    """What the sections of the file at ``path`` say. Raises ``OptionError``."""
    folder = Path(environment.get("CREDENTIALS_DIRECTORY") or Path(path).absolute().parent)
    groups = _groups(sections.get("groups", {}), path)
    shares = sections.get("shares", {})
    if not isinstance(shares, dict) or not all(isinstance(each, dict) for each in shares.values()):
        raise OptionError(
            "bad_share_section", "❌ {path}: shares: expected sections [shares.NAME]", path=path
        )
    if len(shares) > _MOST:
        raise OptionError(
            "too_many_share_sections",
            "❌ {path}: too many sections [shares.NAME] (limit {limit})",
            path=path,
            limit=_MOST,
        )
    entries = [_Section(path, name, table, folder, groups).read() for name, table in shares.items()]
    names = [share_paths.same_share(share.name) for share, _ in entries]
    for (share, _), name in zip(entries, names, strict=True):
        if names.count(name) > 1:
            raise OptionError(
                "same_share_section",
                "❌ {path}: [shares.{share}]: there are two shares of this name"
                " (upper and lower case are the same)",
                path=path,
                share=share.name,
            )
    return AccountShares(tuple(entries))


def _groups(section: object, path: str) -> dict[str, frozenset[str]]:
    if not isinstance(section, dict) or not all(map(_is_texts, section.values())):
        raise OptionError(
            "bad_groups_section",
            "❌ {path}: [groups]: expected names of groups with arrays of accounts",
            path=path,
        )
    return {name: frozenset(accounts) for name, accounts in section.items()}


class _Section:
    """One ``[shares.NAME]``, checked key by key."""

    def __init__(
        self,
        path: str,
        name: str,
        table: Mapping[str, Any],
        folder: Path,
        groups: Mapping[str, frozenset[str]],
    ) -> None:
        self._path = path
        self._name = name
        self._table = {key.replace("-", "_"): value for key, value in table.items()}
        self._folder = folder
        self._groups = groups

    def read(self) -> tuple[AccountShare, frozenset[str]]:
        if (
            not self._name
            or "/" in self._name
            or "\\" in self._name
            or not self._name.isprintable()
        ):
            self._wrong(Message("bad_share_name", "a share's name has no / and no \\"))
        if "password" in self._table:
            self._wrong(
                Message("share_password_in_file", "write the password into a file: password_file")
            )
        for key in self._table:
            if key not in _KEYS:
                self._wrong(
                    Message("unknown_share_setting", "unknown setting: {key}").filled(key=key)
                )
        writes = self._table.get("write", False)
        if not isinstance(writes, bool):
            self._wrong(Message("bad_share_write", "write: expected true or false"))
        texts = {key: self._text(key) for key in _TEXTS}
        share = AccountShare(self._name, self._target(texts), texts["share"] or self._name, writes)
        return share, self._accounts()

    def _text(self, key: str) -> str:
        value = self._table.get(key, "")
        if not isinstance(value, str) or "\0" in value:
            self._wrong(Message("bad_share_text", "{key}: expected a string").filled(key=key))
        return value

    def _target(self, texts: Mapping[str, str]) -> Target:
        if not texts["host"]:
            self._wrong(Message("share_without_host", "host is missing"))
        file = self._password_file(texts["password_file"])
        if file is not None and not texts["login"]:
            self._wrong(Message("share_without_login", "password_file needs a login"))
        try:
            target = Target.parse(texts["host"], texts["login"], "", texts["domain"])
        except ShareError:
            self._wrong(
                Message("bad_share_host", "host: invalid address: {host}").filled(
                    host=texts["host"]
                )
            )
        return Target(
            target.host, target.port, target.login, "", target.domain, texts["host"], file
        )

    def _password_file(self, text: str) -> Path | None:
        if not text:
            return None
        file = self._folder / text
        if not file.is_file():
            self._wrong(
                Message("no_share_password_file", "password_file: {file} not found").filled(
                    file=file
                )
            )
        return file

    def _accounts(self) -> frozenset[str]:
        words = self._table.get("accounts")
        if not words or not _is_texts(words):
            self._wrong(
                Message(
                    "share_without_accounts",
                    'accounts: expected an array of names, of groups ("@sales") or "*"',
                )
            )
        names: set[str] = set()
        for word in words:
            if not word.startswith("@"):
                names.add(word)
            elif word[1:] in self._groups:
                names |= self._groups[word[1:]]
            else:
                self._wrong(
                    Message("unknown_group", "accounts: there is no group {group}").filled(
                        group=word[1:]
                    )
                )
        return frozenset(names)

    def _wrong(self, reason: Message) -> NoReturn:
        raise OptionError(
            "bad_share_setting",
            "❌ {path}: [shares.{share}]: {reason}",
            path=self._path,
            share=self._name,
            reason=reason,
        )


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
