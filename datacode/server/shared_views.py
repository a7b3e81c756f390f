"""Views for colleagues: a program with its outputs, under an id that nobody guesses.

They are read by whoever the server admits and has the id, and are changed by nobody: who made one
has its key, and can take it back. They live in the server's memory and end with it.
Source: the protocol, ``publish``.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from datacode.i18n.message import Message, MessageError

LARGEST = 1 << 20
MOST_OF_OWNER = 100
MOST_BYTES = 64 << 20
_DAY = 86400.0

_TOO_LARGE = Message(
    "view_too_large", "The program and its outputs are too large for a link (at most {limit} MiB)"
)
_TOO_MANY = Message(
    "too_many_views", "There are too many links already (at most {most}): take some back"
)
_NO_ROOM = Message("no_room_for_views", "The server has no room for more links")
_UNKNOWN = Message("unknown_view", "There is no such link, or it has expired")


class ViewError(MessageError):
    """A view that cannot be made, or is not there."""


@dataclass(frozen=True, slots=True)
class View:
    """One view; times are seconds since 1970. ``outputs`` is JSON."""

    title: str
    code: str
    outputs: bytes
    owner: str
    account: str | None
    key: str
    made: float
    expires: float

    def __repr__(self) -> str:
        """Without what it shows."""
        return f"View(made={self.made}, expires={self.expires})"

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return 4 * (len(self.title) + len(self.code)) + len(self.outputs)


class SharedViews:
    """All of a server's. ``now`` tells seconds since 1970."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._views: dict[str, View] = {}

    def add(
        self, owner: str, account: str | None, title: str, code: str, outputs: bytes, days: int
    ) -> tuple[str, View]:
        """Keep a view and give its id. Raises ``ViewError``."""
        self._expire()
        made = self._now()
        expires = made + days * _DAY
        view = View(title, code, outputs, owner, account, secrets.token_urlsafe(16), made, expires)
        if len(title) + len(code.encode("utf-8", "replace")) + len(outputs) > LARGEST:
            raise ViewError(_TOO_LARGE.filled(limit=LARGEST >> 20))
        if sum(each.owner == owner for each in self._views.values()) >= MOST_OF_OWNER:
            raise ViewError(_TOO_MANY.filled(most=MOST_OF_OWNER))
        if sum(each.size for each in self._views.values()) + view.size > MOST_BYTES:
            raise ViewError(_NO_ROOM)
        name = secrets.token_urlsafe(16)
        self._views[name] = view
        return name, view

    def find(self, name: str) -> View:
        """The view of an id. Raises ``ViewError``."""
        self._expire()
        view = self._views.get(name)
        if view is None:
            raise ViewError(_UNKNOWN)
        return view

    def remove(self, name: str, key: str) -> None:
        """Take a view back. Raises ``ViewError``, for a wrong key as if there were none."""
        view = self.find(name)
        if not hmac.compare_digest(view.key.encode(), key.encode("utf-8", "replace")):
            raise ViewError(_UNKNOWN)
        del self._views[name]

    def _expire(self) -> None:
        now = self._now()
        for name in [name for name, view in self._views.items() if view.expires <= now]:
            del self._views[name]
