"""What the compiler may assume of the interpreter that its code will run in.

Code is made when it is about to run, so this can be exact. What may change is written down here
with what is compiled again; all of it happens between statements of top-level code, where no
function is running:

| what happens | who tells it | what is compiled again |
| --- | --- | --- |
| a ``watched`` global or ``mentioned`` top-level local comes to be | generated code calls \
``created`` | functions that mention the name |
| a function is defined or replaced | ``Functions.define`` | functions that call the name, and \
those that rely on a result of the old one, and so on |
| a name is newly written, made global, changed in place or below the first level | \
``Namespace`` before it runs a chunk or definition | functions that mention the name |
| counting of steps begins or ends | ``Namespace.run`` | all functions |
| other globals or types of globals at a chunk or condition | ``key`` is different | that chunk |
| a specialization would be another one | ``still_holds`` at each use of cached code | that code |

A chunk that is running cannot be compiled again: it gets no promise of a result that depends on
variables that the chunk itself may create.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from datacode.language.analysis.scopes import Names


class SpecializationLookup(Protocol):
    """Knows functions that are compiled for certain types of arguments."""

    def find(self, name: str, given: tuple[int, ...]) -> tuple[str, int]:
        """The Python name of a function for such arguments, and the types of its result."""

    def result_types(self, name: str, given: tuple[int, ...]) -> int:
        """The types of its result alone; no code will call the function with such arguments."""


@dataclass(frozen=True, slots=True)
class CompileEnvironment:
    """The state of an interpreter as far as some code depends on it: names in several roles.

    ``existing`` are the globals that exist, ``local`` the top-level locals. Making a global of a
    ``watched`` name, or a top-level local of a ``mentioned`` one, must be announced. ``written``
    are globals and top-level locals that functions may change, ``made_global`` those that
    functions may create, ``changed`` those whose arrays are changed in place anywhere, ``deep``
    those changed below the first level. ``functions`` are the program's own with their number of
    parameters. ``touched`` are the variables that a function, with those that it calls, may look at
    or set; of functions that are not there it may be any. ``types`` are those of globals that only
    the code to be compiled can change.
    ``steps`` asks for code that counts statements.
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
    touched: Mapping[str, frozenset[str]] = field(default_factory=dict)
    types: Mapping[str, int] = field(default_factory=dict)
    steps: bool = False
    specializations: SpecializationLookup | None = None

    def key(self, names: Names) -> tuple[object, ...]:
        """What of the environment code with such names depends on."""
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
            frozenset((f, touched & variables) for f, touched in self.touched.items()),
            tuple(sorted(self.types.items())),
            self.steps,
        )
