"""The Python functions and loops that are being made, and the ways to leave them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class VisibleBlock:
    """The variables of a block, and the lines of the statements that see them."""

    first_line: int
    last_line: int
    names: Mapping[str, str]


@dataclass(slots=True, eq=False)
class Frame:
    """A Python function that is being made: the names that it stores to, and the ways in which its
    caller must go on. ``outer`` is the function around that of a nested block.
    """

    outer: Frame | None
    stored: set[str] = field(default_factory=set)
    exits: list[Jump] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class LoopFrame:
    """A loop that is being made: the Python function it is in, and the flags for ``next``.

    A flag tells behind this loop that it was left for the next step of a loop further out.
    """

    frame: Frame
    leaves: list[tuple[str, LoopFrame]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Jump:
    """A way to leave blocks: ``return``, or ``break`` or ``next`` of a loop."""

    word: Literal["return", "break", "next"]
    loop: LoopFrame | None = None
