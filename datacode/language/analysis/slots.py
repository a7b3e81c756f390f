"""Variables as compiled code has them."""

from __future__ import annotations

from dataclasses import dataclass

from datacode.language import python_names


@dataclass(frozen=True, slots=True)
class Slot:
    """One variable: its Python name, the name in the program, and what may be relied on.

    ``private`` ones are seen by this code only. ``owns`` and ``owns_parts`` tell that there are
    ``o_…`` and ``n_…`` beside it.
    """

    python: str
    name: str
    private: bool
    owns: bool
    owns_parts: bool

    @property
    def owner(self) -> str:
        """Where the container is kept that this variable owns."""
        return python_names.owner(self.python)

    @property
    def parts(self) -> str:
        """Where the parts are kept that this variable owns."""
        return python_names.owned_parts(self.python)
