"""Log-ins that file servers have refused: a password that was wrong is not sent again.

Every log-in with it would count against the account, which most servers lock after a few. Source:
server reference, 8.1.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from datacode.smb.deadline import Deadline
from datacode.smb.errors import LOGIN_REFUSED, Cause, ShareError
from datacode.smb.target import Target

_MOST = 256
"""How many are kept; beyond that the oldest are forgotten."""

_POLL = 0.01
"""Seconds between two looks at whether another log-in is over."""

_Account = tuple[str, int, str, str, str]


class RefusedLogins:
    """One session's. For any thread; the passwords are in no ``repr``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._causes: dict[_Account, Cause] = {}
        self._being_tried: set[_Account] = set()

    def check(self, target: Target) -> None:
        """A ``ShareError`` with the server's reason where it has refused this password."""
        with self._lock:
            self._check(_account(target))

    @contextlib.contextmanager
    def trying(self, target: Target, deadline: Deadline) -> Iterator[None]:
        """While inside, log in; that it was refused is remembered.

        One log-in after the other for an account, so that no password is sent twice which turns
        out to be wrong. Tickets and guests may come at any time, and again.
        """
        if not target.password:
            yield
            return
        account = _account(target)
        while not self._take_turn(account):
            deadline.pause(_POLL)
        try:
            yield
        except ShareError as error:
            if error.cause in LOGIN_REFUSED:
                self._note(account, error.cause)
            raise
        finally:
            with self._lock:
                self._being_tried.discard(account)

    def forget(self, target: Target) -> None:
        """Somebody asks for this log-in in so many words: it may be tried."""
        with self._lock:
            self._causes.pop(_account(target), None)

    def has(self, target: Target) -> bool:
        """Whether the server has refused this password."""
        with self._lock:
            return _account(target) in self._causes

    def _take_turn(self, account: _Account) -> bool:
        with self._lock:
            self._check(account)
            if account in self._being_tried:
                return False
            self._being_tried.add(account)
            return True

    def _check(self, account: _Account) -> None:
        cause = self._causes.get(account)
        if cause is not None:
            raise ShareError(cause)

    def _note(self, account: _Account, cause: Cause) -> None:
        with self._lock:
            self._causes[account] = cause
            if len(self._causes) > _MOST:
                del self._causes[next(iter(self._causes))]


def _account(target: Target) -> _Account:
    return (
        *(target.host.casefold(), target.port),
        *(target.login.casefold(), target.domain.casefold(), target.password),
    )
