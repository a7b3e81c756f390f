"""Work on a share in steps, for those that connect wait in other threads than those that read.

Whoever does work on a share is a generator of steps. It is sent what a step returned, or thrown
what it raised; ``Step.connects`` says in which kind of thread the step is to be done.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from datacode.smb.deadline import Deadline

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Step:
    """A blocking call. ``connects``: it opens a connection, and may wait for a silent host."""

    call: Callable[[Deadline], Any]
    connects: bool = False


Steps: TypeAlias = Generator[Step, Any, Result]
"""Steps whose end is a ``Result``."""


class UnopenedLink(Exception):
    """Work has met a link to a share that has no connection yet; nothing was done behind it.

    ``open`` connects. Then the work can be done again, from its beginning.
    """

    def __init__(self, open: Callable[[Deadline], object]) -> None:
        super().__init__()
        self.open = open
