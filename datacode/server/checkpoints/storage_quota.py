"""How much there may be of the states that are kept: of one session, of one owner, in all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from datacode.server.options.settings import MIB


class NoRoom(Exception):
    """A state is not kept: what it would take is more than may be."""


@dataclass(frozen=True, slots=True)
class StorageLimits:
    """In bytes; 0 is no limit."""

    session: int = 0
    owner: int = 0
    total: int = 0


class StorageQuota:
    """One server's. For the reactor's thread."""

    def __init__(self, limits: StorageLimits) -> None:
        self._limits = limits
        self._used = 0
        self._of_owner: Counter[str] = Counter()

    @property
    def used(self) -> int:
        """Bytes that are taken in all."""
        return self._used

    def part(self, owner: str) -> QuotaPart:
        """A new session's part. ``owner`` is an account, or an address."""
        return QuotaPart(self, owner)

    def take(self, part: QuotaPart, size: int) -> None:
        """Count so many bytes more. Raises ``NoRoom``."""
        limits = self._limits
        for used, limit, whose in (
            (part.used, limits.session, "one session"),
            (self._of_owner[part.owner], limits.owner, "one account or address"),
            (self._used, limits.total, "all sessions"),
        ):
            if limit and used + size > limit:
                raise NoRoom(f"the limit of {limit / MIB:g} MiB for {whose} is reached")
        self._add(part, size)

    def give(self, part: QuotaPart, size: int) -> None:
        """So many bytes are free again."""
        self._add(part, -size)

    def _add(self, part: QuotaPart, size: int) -> None:
        part.used += size
        self._used += size
        self._of_owner[part.owner] += size
        if not self._of_owner[part.owner]:
            del self._of_owner[part.owner]


class QuotaPart:
    """What one session has of the quota."""

    def __init__(self, quota: StorageQuota, owner: str) -> None:
        self.owner = owner
        self.used = 0
        self._quota = quota

    def take(self, size: int) -> None:
        """Have so many bytes more. Raises ``NoRoom``."""
        self._quota.take(self, size)

    def give(self, size: int) -> None:
        """So many bytes are free again."""
        self._quota.give(self, size)

    def close(self) -> None:
        """The session is over."""
        self._quota.give(self, self.used)
