"""The same worker on a kernel that has no seccomp."""

from __future__ import annotations

from datacode.worker.sandbox import seccomp
from tests.worker.takeover import serve

__all__ = ["serve"]


def _absent(process: int) -> bool:
    return False


seccomp.shut = _absent
