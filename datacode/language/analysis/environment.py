"""What the compiler is told of the interpreter that its code will run in.

Code is made when it is about to run, so this can be exact: functions are defined between stretches
of top-level code only, and whoever changes a fact has the code made again that relied on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from datacode.language.analysis.scopes import Names


class Specialists(Protocol):
    """Knows functions that are compiled for certain kinds of arguments."""

    def find(self, name: str, given: tuple[int, ...]) -> tuple[str, int]:
        """The Python name of a function for such arguments, and the kinds of its result."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The state of an interpreter as far as some code depends on it.

    ``existing`` are the globals that exist, ``local`` the top-level locals. Making a global of a
    ``watched`` name, or a top-level local of a ``mentioned`` one, must be announced. ``written``
    are globals and top-level locals that functions may change, ``made_global`` those that
    functions may create, ``changed`` those whose arrays are changed in place anywhere, ``deep``
    those changed below the first level. ``functions`` are the program's own with their number of
    parameters. ``kinds`` are those of globals that only the code to be compiled can change.
    ``steps`` asks for code that counts statements, ``checks_types`` for code that checks what has
    been inferred.
    """

    existing: frozenset[str] = frozenset()
    local: frozenset[str] = frozenset()
    watched: frozenset[str] = frozenset()
    mentioned: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()
    made_global: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    deep: frozenset[str] = frozenset()
    functions: Mapping[str, int] = field(default_factory=dict)
    kinds: Mapping[str, int] = field(default_factory=dict)
    steps: bool = False
    checks_types: bool = False
    specialists: Specialists | None = None

    def key(self, names: Names) -> tuple[object, ...]:
        """What of these facts code with such names depends on."""
        variables = names.variables
        return (
            self.existing & variables,
            self.local & variables,
            self.watched & variables,
            self.mentioned & names.made_local,
            self.written & variables,
            self.made_global & variables,
            self.changed & variables,
            self.deep & variables,
            tuple(sorted((f, self.functions[f]) for f in names.calls if f in self.functions)),
            tuple(sorted(self.kinds.items())),
            self.steps,
            self.checks_types,
        )
