"""What whoever starts an engine tells it."""

from __future__ import annotations

from msgspec import Struct

MEMORY = 512 * 2**20
"""Bytes of an engine's memory."""


ALLOWANCE = "allowance"
"""A file in an engine's folder: so many bytes may its files take just now, less than the quota.

Whoever shares out the disk writes it again and again.
"""


class EngineSetting(Struct, frozen=True):
    """Bytes of memory and of files, the folder where those go, and whether there are walls.

    ``report_every``: so many seconds pass between two reports of how far a step is.
    """

    folder: str
    memory: int = MEMORY
    quota: int = 20 * 2**30
    has_walls: bool = True
    report_every: float = 0.5
