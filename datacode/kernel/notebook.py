"""What a kernel asks of whatever runs its cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from datacode.values.table import Table


@dataclass(frozen=True, slots=True)
class CellFailure:
    """Why a cell failed: the kind of error, its sentence, the lines that show where."""

    name: str
    text: str
    lines: Sequence[str]


class Output(Protocol):
    """Where a cell shows things."""

    def write(self, text: str) -> None:
        """Printed text."""

    def frame(self, text: str) -> str:
        """A table in its frame, whose cells may still come; what it is called from now on."""

    def frame_again(self, name: str, text: str) -> None:
        """More of a frame."""

    def table(self, name: str, frame: str, beginning: Table, row_count: int) -> None:
        """They have come: the table's first rows, in the place of the frame."""

    def chart_description(self, description: dict[str, Any]) -> None:
        """A chart, as a server sends it."""


class Notebook(Protocol):
    """The session of one notebook. With ``rolls_back`` a cell that fails changes nothing."""

    rolls_back: bool

    def run(self, code: str) -> CellFailure | None:
        """Run a cell in the main thread; SIGINT ends it."""

    def variable_names(self) -> list[str]:
        """Names of the variables."""

    def complete(self, code: str, position: int) -> tuple[int, list[str]]:
        """Where the word at ``position`` begins, and what it may become."""

    def explain(self, name: str) -> str | None:
        """What a function of the notebook or a builtin does, or what a variable holds."""

    def save(self, name: str) -> None:
        """Write the state to a file. Raises ``StateFileError``."""

    def load(self, name: str) -> None:
        """Put the state of a file in place of the present one. Raises ``StateFileError``."""

    def end(self) -> None:
        """The user ends the session: nothing of it is kept."""
