"""Whom to log in to, as whom: the fields of ``smb_connect``, understood.

Nothing is resolved or connected here. Source: server reference, 8.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address
from pathlib import Path

from datacode.smb import errors
from datacode.smb.errors import ShareError

DEFAULT_PORT = 445
_MOST_PASSWORD = 4096
"""Bytes of a password in a file."""
_GUEST_LOGINS = ("", "guest")


@dataclass(frozen=True, slots=True)
class Target:
    """A file server and an account on it.

    ``host`` is a name or an address without brackets. ``domain`` may be empty. ``spelled`` is
    the client's own text for the host, which messages show. The password is in no ``repr``.
    ``password_file`` holds it where the operator has set the share up (server reference, 8.8).
    """

    host: str
    port: int = DEFAULT_PORT
    login: str = ""
    password: str = field(default="", repr=False)
    domain: str = ""
    spelled: str = ""
    password_file: Path | None = None

    @classmethod
    def parse(cls, ip: str, login: str, password: str, domain: str) -> Target:
        """The target that four fields of a request mean.

        ``ip``: a name, an address, ``host:port``, ``[v6]`` or ``[v6]:port``. ``login`` may be
        ``DOMAIN\\user`` or ``user@realm`` where ``domain`` is empty. A ``ShareError`` for an
        address that cannot be one, and for a password without a login.
        """
        host, port = split_address(ip)
        if not domain:
            login, domain = split_login(login)
        if "\0" in login + password + domain or (not login and password):
            raise ShareError(errors.WRONG_LOGIN)
        return cls(host, port, login, password, domain, ip)

    @property
    def shown(self) -> str:
        """The host as messages name it."""
        return self.spelled or self.host

    @property
    def wants_guest(self) -> bool:
        """Whether being let in as a guest is what was asked for."""
        has_password = bool(self.password) or self.password_file is not None
        return not has_password and self.login.lower() in _GUEST_LOGINS

    def with_password(self) -> Target:
        """The same with the password that its file holds now. Blocking.

        The file is read at each log-in, so that a new password needs no restart. A ``ShareError``
        where it cannot be read, or holds none.
        """
        if self.password_file is None:
            return self
        try:
            with open(self.password_file, "rb") as file:
                content = file.read(_MOST_PASSWORD + 1)
            password = content.decode().removesuffix("\n").removesuffix("\r")
        except (OSError, UnicodeDecodeError):
            raise ShareError(errors.NO_PASSWORD) from None
        if not password or "\0" in password or "\n" in password or len(content) > _MOST_PASSWORD:
            raise ShareError(errors.NO_PASSWORD)
        return replace(self, password=password, password_file=None)

    @property
    def accounts(self) -> tuple[Target, ...]:
        """The accounts to try in turn; for a guest the anonymous one, then ``Guest``."""
        if self.login or not self.wants_guest:
            return (self,)
        return (self, replace(self, login="Guest"))

    def unc(self, share: str) -> str:
        """``\\\\host\\share``; an IPv6 address cannot stand there as it is."""
        host = self.host
        if _is_v6(host):
            host = host.replace(":", "-").replace("%", "s") + ".ipv6-literal.net"
        return f"\\\\{host}\\{share}"


def split_address(text: str) -> tuple[str, int]:
    """Host and port of a client's text; a ``ShareError`` where it cannot be an address."""
    text = text.strip()
    host, port = text, ""
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        if not bracket or not _is_v6(host) or (port and not port.startswith(":")):
            raise _bad_host(text)
        port = port.removeprefix(":") if port != ":" else "none"
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
        port = port or "none"
    elif ":" in text and not _is_v6(text):
        raise _bad_host(text)
    if not host or len(host) > 255 or any(c <= " " or c in "/\\@" for c in host):
        raise _bad_host(text)
    return host, _port(port, text)


def split_login(login: str) -> tuple[str, str]:
    """``DOMAIN\\user`` and ``user@realm`` as user and domain."""
    domain, slash, user = login.partition("\\")
    if slash:
        return user, domain
    user, at, realm = login.rpartition("@")
    if at and user and realm:
        return user, realm
    return login, ""


def _port(text: str, address: str) -> int:
    if not text:
        return DEFAULT_PORT
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) < 65536 and len(text) < 6):
        raise _bad_host(address)
    return int(text)


def _is_v6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _bad_host(text: str) -> ShareError:
    return ShareError(errors.BAD_HOST, ip=text)
