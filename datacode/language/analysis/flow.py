"""What is known of variables at a point of the program: which are set, and the types of values.

A name can stand for several variables, innermost first: those of the blocks around, the function's
own, the top-level local, the global (language reference, 8.2). For most of them it is known whether
they are set at this point; only where it is not does the running program have to look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from datacode.language import python_names
from datacode.language.analysis import scopes
from datacode.language.analysis.builtin_info import BuiltinInfo, Builtins
from datacode.language.analysis.environment import CompileEnvironment
from datacode.language.analysis.scopes import BlockNames, Names
from datacode.language.analysis.slots import Slot
from datacode.language.analysis.type_sets import ANY
from datacode.language.python_names import is_private, own_variable
from datacode.language.syntax import nodes

UNSET, UNSURE, SET = 0, 1, 2
"""Whether a variable has a value at a point of the program."""

MAX_WIDENED = 6
"""Loops within loops whose variables are looked at; in deeper ones nothing is known of them."""


@dataclass(frozen=True, slots=True)
class AssignmentTarget:
    """A variable that an assignment may mean, and how the running program tells that it is the one.

    ``set``: if it is set, ``exists``: if the global exists; None: it is the one.
    """

    slot: Slot
    test: Literal["set", "exists"] | None


@dataclass(frozen=True, slots=True)
class CachedRead:
    """The Python name that holds a part of a value, its types, and the variables it depends on."""

    python: str
    types: int
    slots: frozenset[str]


@dataclass(slots=True)
class FlowState:
    """What is known at a point: types of values, which variables are set, which of them certainly
    own their array or object (``o_x is v_x``), and the parts of values that have been read.

    ``live``: the point can be reached.
    """

    types: dict[str, int]
    set: dict[str, int]
    live: bool = True
    owned: frozenset[str] = frozenset()
    cached: dict[tuple[object, ...], CachedRead] = field(default_factory=dict)

    def copy(self) -> FlowState:
        """The same, to go another way from here."""
        return FlowState(
            self.types.copy(), self.set.copy(), self.live, self.owned, self.cached.copy()
        )


def merge(one: FlowState, other: FlowState) -> FlowState:
    """What is known where two ways meet."""
    if not one.live or not other.live:
        return (other if other.live else one).copy()
    types = {}
    for slot, known in one.types.items():
        if slot in other.types:
            types[slot] = known | other.types[slot]
    both: dict[str, int] = {}
    for slot in one.set.keys() | other.set.keys():
        a, b = one.set.get(slot, UNSET), other.set.get(slot, UNSET)
        both[slot] = a if a == b else UNSURE
    cached = {key: each for key, each in one.cached.items() if other.cached.get(key) is each}
    return FlowState(types, both, owned=one.owned & other.owned, cached=cached)


_NO_ANSWER = "", ANY


class Flow:
    """The state at the statement that is being compiled, and what its names stand for.

    ``columns`` are the positions of cells by their names in a condition over rows, ``captured`` the
    variables of the calling function that it sees.
    """

    def __init__(
        self,
        names: Names,
        environment: CompileEnvironment,
        builtins: Builtins,
        parameters: tuple[str, ...] | None = None,
        columns: Mapping[str, int] | None = None,
        captured: frozenset[str] = frozenset(),
    ) -> None:
        self.names = names
        self.environment = environment
        self.builtins = builtins
        self.in_function = parameters is not None
        self.columns = columns
        self.captured = captured
        # Assignment to a name that exists outside never makes a variable of the function.
        own = names.assigned - environment.existing - environment.local | names.made_local
        self.own = own.union(parameters or ()) if self.in_function else frozenset()
        own_set = {own_variable(name): SET for name in parameters or ()}
        self.state = FlowState(dict(environment.types), own_set)
        self.blocks: list[dict[str, str]] = []
        self._in_blocks: dict[str, list[str]] = {}
        self.block_count = 0
        self.loop_depth = 0
        self.version_depth = 0
        """How many of the loops around are compiled in several versions."""
        self.needs_unset: set[str] = set()
        """Variables of which the running program looks whether they are set."""
        self.owners: dict[str, Slot] = {}
        self._may_be_volatile = bool(environment.written & environment.changed & names.variables)
        self.volatile = False
        """Functions that the statement calls may change what variables own."""
        self.number_cells: frozenset[tuple[str, int | None]] = frozenset()
        """Cells that are numbers in this version of a loop: variable of the row, and position."""
        self.version_types: dict[int, tuple[int, ...]] = {}
        """Types of the variables in this version of a loop, by the identity of its node."""
        self.block_names = BlockNames()
        self.asked: dict[tuple[str, tuple[int, ...]], tuple[str, int]] = {}
        """Questions for specializations, and the answers that the code relies on; without a name
        where only the types were asked for."""

    def builtin(self, name: str) -> BuiltinInfo | None:
        """The builtin that a call of the name means, if it means one."""
        return None if name in self.environment.functions else self.builtins.get(name)

    def specialization(self, name: str, given: tuple[int, ...]) -> tuple[str, int]:
        """The Python function to call with arguments of such types, and the types of its result."""
        lookup = self.environment.specializations
        if lookup is None or all(types == ANY for types in given):
            return python_names.function(name), ANY
        query = (name, given)
        answer = self.asked.get(query, _NO_ANSWER)
        if not answer[0]:
            answer = self.asked[query] = lookup.find(name, given)
        return answer

    def result_types(self, name: str, given: tuple[int, ...]) -> int:
        """The types of the result for arguments of such types, with which it may not be called."""
        lookup = self.environment.specializations
        if lookup is None or all(types == ANY for types in given):
            return ANY
        query = (name, given)
        if query not in self.asked:
            self.asked[query] = "", lookup.result_types(name, given)
        return self.asked[query][1]

    @property
    def is_shallow(self) -> bool:
        """Are there so few loops around that it pays to look at the variables?"""
        return self.loop_depth <= MAX_WIDENED

    def begin_statement(self, node: nodes.Statement) -> None:
        """Code for a statement is about to be made."""
        self.volatile = self._may_be_volatile and self._calls_functions(node)

    def _calls_functions(self, node: nodes.Statement) -> bool:
        """May functions of the program run in the expressions of the statement itself?"""
        parts = scopes.walk(scopes.own_expressions(node))
        return any(self._is_function_call(part) for part in parts)

    def _is_function_call(self, part: scopes.TreeNode) -> bool:
        if not isinstance(part, nodes.Call):
            return False
        builtin = self.builtin(part.name)
        return builtin is None or builtin.calls_back

    # Variables -------------------------------------------------------------------

    def slot(self, python: str, name: str, private: bool) -> Slot:
        """A variable, remembered if something has to be kept beside it."""
        known = self.names if private else self.environment
        slot = Slot(python, name, private, name in known.changed, name in known.deep)
        if slot.owns:
            self.owners[python] = slot
        return slot

    def own_slot(self, name: str) -> Slot:
        """The function's own variable of that name."""
        return self.slot(own_variable(name), name, True)

    def top_level_slot(self, name: str) -> Slot:
        """The top-level local of that name."""
        return self.slot(python_names.top_level_local(name), name, False)

    def global_slot(self, name: str) -> Slot:
        """The global of that name."""
        return self.slot(python_names.global_variable(name), name, False)

    def setness(self, slot: Slot) -> int:
        """Whether the variable has a value here."""
        known = self.state.set.get(slot.python)
        if known is not None:
            return known
        if slot.private:
            return UNSET
        if slot.python.startswith(python_names.TOP_LEVEL_LOCAL):
            return SET if slot.name in self.environment.local else UNSET
        if slot.name in self.environment.existing:
            return SET
        if self.in_function or slot.name in self.environment.made_global:
            return UNSURE
        return UNSET

    def candidates(self, name: str) -> list[Slot]:
        """The variables that the name may stand for here, innermost first."""
        found = []
        for slot in self._inner_slots(name):
            setness = self.setness(slot)
            if setness != UNSET:
                found.append(slot)
            is_own = slot.python == own_variable(name)
            if setness == SET or (setness and is_own and not self._may_exist_outside(name)):
                return found
        return [*found, self.global_slot(name)]

    def _inner_slots(self, name: str) -> Iterator[Slot]:
        """The variables of that name within the global one, innermost first."""
        for python in reversed(self._in_blocks.get(name, ())):
            yield self.slot(python, name, True)
        if name in self.own:
            yield self.own_slot(name)
        is_made_here = not self.in_function and name in self.names.made_local
        if name in self.environment.local or is_made_here:
            yield self.top_level_slot(name)

    def targets(self, name: str) -> list[AssignmentTarget]:
        """The variables that a plain assignment may mean; the last one has no test."""
        found: list[AssignmentTarget] = []
        slots = self.candidates(name)
        for slot in slots:
            if slot.python.startswith(python_names.GLOBAL):
                break
            if self.setness(slot) == SET:
                return [*found, AssignmentTarget(slot, None)]
            if slot.python == own_variable(name) and not self._may_exist_outside(name):
                return [*found, AssignmentTarget(slot, None)]
            self.needs_unset.add(slot.python)
            found.append(AssignmentTarget(slot, "set"))
        outermost = slots[-1]
        if not self.in_function or name in self.environment.existing:
            return [*found, AssignmentTarget(outermost, None)]
        own = self.own_slot(name)
        if name in self.environment.made_global:
            found.append(AssignmentTarget(outermost, "exists"))
        return [*found, AssignmentTarget(own, None)]

    def only_target(self, name: str) -> Slot | None:
        """The variable that a plain assignment means, if it is known which and that it is set."""
        targets = self.targets(name)
        if len(targets) != 1:
            return None
        return targets[0].slot if len(self.candidates(name)) == 1 else None

    def slots_named(self, name: str) -> list[str]:
        """The Python names of the variables that only this code changes and the name may mean."""
        found = list(self._in_blocks.get(name, ()))
        if name in self.own:
            found.append(own_variable(name))
        if not self.in_function:
            if name in self.names.made_local or name in self.environment.local:
                found.append(python_names.top_level_local(name))
            found.append(python_names.global_variable(name))
        return found

    def _may_exist_outside(self, name: str) -> bool:
        """Can a function find a variable of that name beyond its own?"""
        known = self.environment
        return name in known.local or name in known.existing or name in known.made_global

    def has_known_types(self, slot: Slot) -> bool:
        """Can only the code being compiled change the variable, while it runs?"""
        return slot.private or (not self.in_function and slot.name not in self.environment.written)

    def types_of(self, slot: Slot) -> int:
        """The types its value can be of."""
        return self.state.types.get(slot.python, ANY)

    def is_volatile(self, slot: Slot) -> bool:
        """May a function, called in this very statement, change what the variable owns?"""
        return self.volatile and not slot.private and slot.name in self.environment.written

    # Blocks ------------------------------------------------------------------------

    def open_block(self, names: tuple[str, ...]) -> dict[str, str]:
        """A new innermost block with these variables, none of them set yet."""
        self.block_count += 1
        self.blocks.append({})
        for name in names:
            self.in_innermost(name)
        return self.blocks[-1]

    def in_innermost(self, name: str) -> Slot:
        """The variable of that name in the innermost block, which gets it if need be."""
        block = self.blocks[-1]
        if name not in block:
            block[name] = python_names.block_variable(self.block_count, len(self.blocks), name)
            self._in_blocks.setdefault(name, []).append(block[name])
        return self.slot(block[name], name, True)

    def close_block(self) -> None:
        """Leave the innermost block."""
        for name, python in self.blocks.pop().items():
            self._in_blocks[name].pop()
            self.state.set.pop(python, None)
            self.state.types.pop(python, None)
            self.state.owned -= {python}
            self.invalidate_cached(python)

    # Changes of the state ------------------------------------------------------------

    def assign(self, slot: Slot, types: int) -> bool:
        """The variable gets a value of such types; must that be announced to the runtime?"""
        before = self.setness(slot)
        self.state.set[slot.python] = SET
        self.state.owned -= {slot.python}
        self.invalidate_cached(slot.python)
        if self.has_known_types(slot):
            self.state.types[slot.python] = types
        if before == SET or slot.private or self.in_function:
            return False
        known = self.environment
        is_local = slot.python.startswith(python_names.TOP_LEVEL_LOCAL)
        return slot.name in (known.mentioned if is_local else known.watched)

    def refine(self, python: str | None, types: int) -> None:
        """After code that has failed unless a variable's value was of such types: remember it."""
        if python is None or not self.state.live:
            return
        known = self.state.types.get(python)
        if known is not None:
            self.state.types[python] = known & types or types
        elif self.may_refine(python):
            self.state.types[python] = types

    def may_refine(self, python: str) -> bool:
        """Can nothing but this code change the variable?"""
        if python[0] in "lb":
            return True
        name = python_names.variable_name(python)
        return not self.in_function and name not in self.environment.written

    def invalidate_cached(self, python: str) -> None:
        """The variable changes: parts that depend on it are no longer what was read."""
        cached = self.state.cached
        for key in [key for key, each in cached.items() if python in each.slots]:
            del cached[key]

    def set_owned(self, slot: Slot) -> None:
        """The variable owns its array or object."""
        self.state.owned |= {slot.python}

    def release(self, slot: Slot) -> None:
        """Something else holds the variable's array or object from now on."""
        self.state.owned -= {slot.python}

    def release_globals(self) -> None:
        """Code runs that may let the values of globals be known elsewhere."""
        self.state.owned = frozenset(filter(is_private, self.state.owned))

    def note_call(self, builtin: BuiltinInfo | None) -> None:
        """A builtin is called, or, without one, a function of the program."""
        if builtin is None or not builtin.pure:
            self.release_globals()
