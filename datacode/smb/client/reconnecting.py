"""A share whose connection is opened when needed, and again once when it breaks."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from datacode.smb import errors
from datacode.smb.client.steps import Step, Steps, UnopenedLink
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

    def steps(
        self, work: Callable[[DfsNamespace, Deadline], Result], *, again: bool
    ) -> Steps[Result]:
        """Do ``work`` on the open share; what connects is a step of its own.

        ``again`` allows a second attempt on a new connection after the first was lost: for work
        that changes nothing, or may be done twice. What the server has refused without doing
        anything, because it has forgotten us, is tried again in any case.
        """
        try:
            return (yield from self._attempt(work, again=again))
        except ShareError as error:
            if not (error.cause.undone or (again and error.cause.again)):
                raise
            lost = error
        try:
            return (yield from self._attempt(work, again=again))
        except ShareError as error:
            if error.cause is errors.UNREACHABLE:
                error = lost  # it was there a moment ago
            if "incomplete" in lost.params:
                error = error.named(incomplete=True)
            raise error.named(tries=2) from None

    def _attempt(
        self, work: Callable[[DfsNamespace, Deadline], Result], *, again: bool
    ) -> Steps[Result]:
        """One attempt; a connection that is of no more use after it is dropped."""
        try:
            if self.is_open and not again and self._is_stale():
                yield Step(self._check)
            if not self.is_open:
                yield Step(self._open, connects=True)
            while True:
                try:
                    done: Result = yield Step(partial(self._do, work))
                except UnopenedLink as link:
                    yield Step(link.open, connects=True)
                else:
                    return done
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

    def _open(self, deadline: Deadline) -> None:
        # Impacket takes a third of a second, in a server without shares for nothing.
        from datacode.smb.client.dfs_namespace import (
            open_namespace,  # loads Impacket, which takes its time
        )

        self.drop()
        self._share = open_namespace(
            *(self._target, self._name, self._policy, deadline), connecting=self._connecting
        )

    def _check(self, deadline: Deadline) -> None:
        """Find out whether the connection still works: it is broken if not."""
        assert self._share is not None
        with contextlib.suppress(ShareError), deadline.within(_ECHO_TIMEOUT):
            self._share.check(deadline)

    def _do(self, work: Callable[[DfsNamespace, Deadline], Result], deadline: Deadline) -> Result:
        assert self._share is not None
        return work(self._share, deadline)

    def _is_stale(self) -> bool:
        return time.monotonic() - self._used > _STALE
