"""The same worker on a kernel that has no Landlock."""

from __future__ import annotations

from datacode.worker.sandbox import landlock
from tests.worker.takeover import serve

__all__ = ["serve"]


def _absent() -> int:
    return 0


landlock.version = _absent
