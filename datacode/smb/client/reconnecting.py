"""A share whose connection is opened when needed, and again once when it breaks. Blocking."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from datacode.smb import errors
from datacode.smb.deadline import Deadline
from datacode.smb.errors import ShareError
from datacode.smb.policy import ConnectionPolicy
from datacode.smb.target import Target

if TYPE_CHECKING:
    from datacode.smb.client.dfs_namespace import DfsNamespace

Result = TypeVar("Result")

_STALE = 5.0
"""Seconds without a request after which ECHO finds out first whether the connection still works."""

_ECHO_TIMEOUT = 5.0


class ReconnectingShare:
    """One connection, for one call at a time.

    ``connecting`` is the time in seconds that opening may take, at most.
    """

    def __init__(
        self, target: Target, name: str, policy: ConnectionPolicy, connecting: float
    ) -> None:
        self._target = target
        self._name = name
        self._policy = policy
        self._connecting = connecting
        self._share: DfsNamespace | None = None
        self._used = 0.0

    def perform(
        self, work: Callable[[DfsNamespace, Deadline], Result], deadline: Deadline, *, again: bool
    ) -> Result:
        """Do ``work`` on the open share.

        ``again`` allows a second attempt on a new connection after the first was lost: for work
        that changes nothing, or may be done twice. What the server has refused without doing
        anything, because it has forgotten us, is tried again in any case.
        """
        try:
            return self._perform(work, deadline, again=again)
        except ShareError as error:
            if not (error.cause.undone or (again and error.cause.again)):
                raise
            lost = error
        try:
            return self._perform(work, deadline, again=again)
        except ShareError as error:
            if error.cause is errors.UNREACHABLE:
                error = lost  # it was there a moment ago
            raise error.named(tries=2) from None

    def _perform(
        self, work: Callable[[DfsNamespace, Deadline], Result], deadline: Deadline, *, again: bool
    ) -> Result:
        """One attempt; a connection that is of no more use after it is dropped."""
        try:
            return work(self._opened(deadline, again=again), deadline)
        except ShareError as error:
            if error.cause.broken:
                self.drop()
            raise
        finally:
            self._used = time.monotonic()

    @property
    def is_open(self) -> bool:
        """Whether there is a connection that is not known to be broken."""
        return self._share is not None and not self._share.broken

    def open(self, deadline: Deadline) -> None:
        """Open the share, if it is not."""
        try:
            self._opened(deadline, again=True)
        except ShareError:
            self.drop()
            raise
        finally:
            self._used = time.monotonic()

    def close(self, deadline: Deadline) -> None:
        """Log off and close."""
        if self._share is not None:
            self._share.close(deadline)
            self._share = None

    def drop(self) -> None:
        """Close without LOGOFF."""
        if self._share is not None:
            self._share.drop()
            self._share = None

    def _opened(self, deadline: Deadline, *, again: bool) -> DfsNamespace:
        # Impacket takes a third of a second, in a server without shares for nothing.
        from datacode.smb.client.dfs_namespace import (
            open_namespace,  # loads Impacket, which takes its time
        )

        share = self._share
        if share is not None and not share.broken and not again and self._is_stale():
            with contextlib.suppress(ShareError), deadline.within(_ECHO_TIMEOUT):
                share.check(deadline)
        if share is None or share.broken:
            self.drop()
            self._share = share = open_namespace(
                *(self._target, self._name, self._policy, deadline), connecting=self._connecting
            )
        return share

    def _is_stale(self) -> bool:
        return time.monotonic() - self._used > _STALE
