"""Where a variable lives at a point of the program, and code to read and assign it.

A name can stand for several variables, innermost first: those of the blocks around, the function's
own, the top-level local, the global (language reference, 8.2). For most of them it is known whether
they are set at this point; only where it is not does the running program have to look.

The Python names are those of ``language.python_names``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from datacode.language import python_names
from datacode.language.analysis.builtin_info import BuiltinInfo, Builtins
from datacode.language.analysis.environment import Facts
from datacode.language.analysis.scopes import Names
from datacode.language.analysis.type_sets import ANY
from datacode.language.codegen.ast_builder import LOOSE, SHARED, STEADY, Piece, Writer
from datacode.language.python_names import is_private

UNSET, UNSURE, SET = 0, 1, 2
"""Whether a variable has a value at a point of the program."""


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


@dataclass(frozen=True, slots=True)
class Found:
    """The Python name that holds a part of a value, its kinds, and the variables it depends on."""

    python: str
    kinds: int
    slots: frozenset[str]


@dataclass(slots=True)
class State:
    """What is known at a point: kinds of values, which variables are set, which of them certainly
    own their array or object (``o_x is v_x``), and the parts of values that have been read.
    """

    kinds: dict[str, int]
    set: dict[str, int]
    live: bool = True
    owned: frozenset[str] = frozenset()
    found: dict[tuple[object, ...], Found] = field(default_factory=dict)

    def copy(self) -> State:
        """The same, to go another way from here."""
        return State(self.kinds.copy(), self.set.copy(), self.live, self.owned, self.found.copy())


def joined(one: State, other: State) -> State:
    """What is known where two ways meet."""
    if not one.live or not other.live:
        return (other if other.live else one).copy()
    kinds = {}
    for slot, kind in one.kinds.items():
        if slot in other.kinds:
            kinds[slot] = kind | other.kinds[slot]
    both: dict[str, int] = {}
    for slot in one.set.keys() | other.set.keys():
        a, b = one.set.get(slot, UNSET), other.set.get(slot, UNSET)
        both[slot] = a if a == b else UNSURE
    found = {key: each for key, each in one.found.items() if other.found.get(key) is each}
    return State(kinds, both, owned=one.owned & other.owned, found=found)


class Variables(Writer):
    """The part of the compiler that knows where variables are."""

    def __init__(
        self,
        names: Names,
        facts: Facts,
        builtins: Builtins,
        parameters: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__()
        self.names = names
        self.facts = facts
        self.builtins = builtins
        self.in_function = parameters is not None
        own = names.assigned | names.made_local if self.in_function else frozenset()
        self.own = own.union(parameters or ())
        self.blocks: list[dict[str, str]] = []
        self._in_blocks: dict[str, list[str]] = {}
        self.block_count = 0
        self.state = State(
            dict(facts.kinds), {python_names.own_variable(name): SET for name in parameters or ()}
        )
        self.needs_unset: set[str] = set()
        self.owners: dict[str, Slot] = {}
        self.volatile = False
        self.wholes: dict[str, str] = {}
        self.row_cells: dict[str, Mapping[int, str]] = {}
        self.assumed: frozenset[tuple[str, int | None]] = frozenset()
        self.visited_kinds: dict[int, tuple[int, ...]] = {}
        self.asked: dict[tuple[str, tuple[int, ...]], tuple[str, int]] = {}

    def builtin(self, name: str) -> BuiltinInfo | None:
        """The builtin that a call of the name means, if it means one."""
        return None if name in self.facts.functions else self.builtins.get(name)

    # Slots -----------------------------------------------------------------

    def slot(self, python: str, name: str, private: bool) -> Slot:
        """A variable, remembered if something has to be kept beside it."""
        if private:
            changed, deep = self.names.changed, self.names.deep
        else:
            changed, deep = self.facts.changed, self.facts.deep
        slot = Slot(python, name, private, name in changed, name in deep)
        if slot.owns:
            self.owners[python] = slot
        return slot

    def setness(self, slot: Slot) -> int:
        """Whether the variable has a value here."""
        known = self.state.set.get(slot.python)
        if known is not None:
            return known
        if slot.private:
            return UNSET
        if slot.python.startswith(python_names.TOP_LEVEL_LOCAL):
            return SET if slot.name in self.facts.local else UNSET
        if slot.name in self.facts.existing:
            return SET
        if self.in_function or slot.name in self.facts.made_global:
            return UNSURE
        return UNSET

    def candidates(self, name: str) -> list[Slot]:
        """The variables that the name may stand for here, innermost first."""
        found = []
        for python in reversed(self._in_blocks.get(name, ())):
            slot = self.slot(python, name, True)
            setness = self.setness(slot)
            if setness != UNSET:
                found.append(slot)
            if setness == SET:
                return found
        if name in self.own:
            slot = self.slot(python_names.own_variable(name), name, True)
            setness = self.setness(slot)
            if setness != UNSET:
                found.append(slot)
            if setness == SET or (setness == UNSURE and not self.may_exist_outside(name)):
                return found
        if name in self.facts.local or (not self.in_function and name in self.names.made_local):
            slot = self.slot(python_names.top_level_local(name), name, False)
            setness = self.setness(slot)
            if setness != UNSET:
                found.append(slot)
            if setness == SET:
                return found
        found.append(self.slot(python_names.global_variable(name), name, False))
        return found

    def may_exist_outside(self, name: str) -> bool:
        """Can a function find a variable of that name beyond its own?"""
        facts = self.facts
        return name in facts.local or name in facts.existing or name in facts.made_global

    def has_known_kind(self, slot: Slot) -> bool:
        """Can only the code being compiled change the variable, while it runs?"""
        return slot.private or (not self.in_function and slot.name not in self.facts.written)

    def kinds_of(self, slot: Slot) -> int:
        """The kinds its value can be of."""
        return self.state.kinds.get(slot.python, ANY)

    # Blocks ------------------------------------------------------------------

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

    def seen_in_blocks(self, name: str) -> list[str]:
        """The variables of that name in all blocks around, the innermost last."""
        return self._in_blocks.get(name, [])

    def close_block(self) -> None:
        """Leave the innermost block."""
        for name, python in self.blocks.pop().items():
            self._in_blocks[name].pop()
            self.state.set.pop(python, None)
            self.state.kinds.pop(python, None)
            self.state.owned -= {python}
            self.lose_found(python)

    # Reading -----------------------------------------------------------------

    def read(self, name: str, *, keep: bool) -> Piece:
        """The value of a variable. ``keep``: something will hold on to it."""
        slots = self.candidates(name)
        pieces = [self.read_slot(slot, keep=keep) for slot in slots]
        last = pieces.pop()
        if not pieces:
            return last
        node, kinds = last.node, last.kinds
        for slot, piece in zip(reversed(slots[:-1]), reversed(pieces), strict=True):
            self.needs_unset.add(slot.python)
            node = self.choose(self.is_set(slot), piece.node, node)
            kinds |= piece.kinds
        return Piece(node, kinds, height=len(slots))

    def read_slot(self, slot: Slot, *, keep: bool) -> Piece:
        """The value of one variable, which stops owning it if something else is to keep it."""
        kinds = self.kinds_of(slot)
        certain = self.setness(slot) == SET
        whole = self.wholes.get(slot.python)
        if slot.owns and (keep or self.is_volatile(slot)):
            self.state.owned -= {slot.python}
            cleared = self.walrus(slot.owner, self.nothing())
            node = ast.BoolOp(ast.Or(), [cleared, self.name(slot.python)], **self.at)
            return Piece(node, kinds, slot=slot.python, height=1)
        return Piece(
            self.name(slot.python),
            kinds,
            plain=True,
            steadiness=(STEADY if slot.private else SHARED) if certain else LOOSE,
            safe=certain,
            slot=slot.python,
            whole=None if whole is None else self.name(whole),
            is_exact=True,
        )

    def is_volatile(self, slot: Slot) -> bool:
        """May a function, called in this very statement, change what the variable owns?"""
        return self.volatile and not slot.private and slot.name in self.facts.written

    def is_set(self, slot: Slot) -> ast.expr:
        """A test, for a variable of which it is not known."""
        return self.compare(self.name(slot.python), [ast.IsNot()], [self.name("unset")])

    def nothing(self) -> ast.expr:
        """What ``o_…`` holds when the variable owns nothing: it is no value, and false."""
        return ast.Tuple([], ast.Load(), **self.at)

    # Assigning ---------------------------------------------------------------

    def assign_plain(self, name: str, value: Piece) -> None:
        """``name = value`` by the rule of the reference, 8.2."""
        self.choose_target(name, value, self.store)

    def choose_target(self, name: str, value: Piece, use: Callable[[Slot, Piece], None]) -> None:
        """Emit ``use`` for the variable that a plain assignment to ``name`` means here."""
        targets = self.targets(name)
        if len(targets) > 1 and not value.plain:
            value = self.spill(value)
        self._choose(targets, value, use)

    def _choose(
        self,
        targets: list[tuple[ast.expr | None, Slot]],
        value: Piece,
        use: Callable[[Slot, Piece], None],
    ) -> None:
        (test, slot), others = targets[0], targets[1:]
        if test is None or not others:
            use(slot, value)
            return
        outer, before = self.out, self.state.copy()
        yes: list[ast.stmt] = []
        self.out = yes
        use(slot, value)
        after_yes, self.state = self.state, before
        no: list[ast.stmt] = []
        self.out = no
        self._choose(others, value, use)
        self.state = joined(after_yes, self.state)
        self.out = outer
        self.emit(self.if_(test, yes, no))

    def targets(self, name: str) -> list[tuple[ast.expr | None, Slot]]:
        """The variables that a plain assignment may mean, each with the test that it is the one."""
        found: list[tuple[ast.expr | None, Slot]] = []
        slots = self.candidates(name)
        for slot in slots:
            setness = self.setness(slot)
            if slot.python.startswith(python_names.GLOBAL):
                break
            if setness == SET:
                return [*found, (None, slot)]
            if slot.python == python_names.own_variable(name) and not self.may_exist_outside(name):
                return [*found, (None, slot)]
            self.needs_unset.add(slot.python)
            found.append((self.is_set(slot), slot))
        outermost = slots[-1]
        if not self.in_function or name in self.facts.existing:
            return [*found, (None, outermost)]
        own = self.slot(python_names.own_variable(name), name, True)
        if name in self.facts.made_global:
            test = self.call("exists", self.constant(outermost.python))
            found.append((test, outermost))
        return [*found, (None, own)]

    def store(self, slot: Slot, value: Piece) -> None:
        """Set one variable."""
        if slot.owns:
            kept = self.target(slot.owner)
            if value.fresh:
                self.emit(self.assignment(value.node, self.target(slot.python), kept))
            else:
                self.assign(slot.python, value.node)
                self.emit(self.assignment(self.nothing(), kept))
        else:
            self.assign(slot.python, value.node)
        self.now_set(slot, value.kinds)
        if slot.owns and value.fresh:
            self.now_owned(slot)

    def lose_found(self, python: str) -> None:
        """The variable changes: parts that depend on it are no longer what was read."""
        found = self.state.found
        for key in [key for key, each in found.items() if python in each.slots]:
            del found[key]

    def now_owned(self, slot: Slot) -> None:
        """Note that the variable owns its array or object."""
        self.state.owned |= {slot.python}

    def lose_globals(self) -> None:
        """Code runs that may let the values of globals be known elsewhere."""
        self.state.owned = frozenset(filter(is_private, self.state.owned))

    def call(self, function: str, *arguments: ast.expr) -> ast.Call:
        """Call a helper or builtin by its Python name."""
        if function.startswith(("f_", "k")) or function == "call_loosely":
            entry = self.builtin(function[2:]) if function.startswith("f_") else None
            if entry is None or not entry.pure:
                self.lose_globals()
        return super().call(function, *arguments)

    def now_set(self, slot: Slot, kinds: int) -> None:
        """Note that the variable has a value of such kinds, and tell the host of a new global."""
        before = self.setness(slot)
        self.state.set[slot.python] = SET
        self.state.owned -= {slot.python}
        self.lose_found(slot.python)
        if self.has_known_kind(slot):
            self.state.kinds[slot.python] = kinds
        if before == SET or slot.private or self.in_function:
            return
        facts = self.facts
        if slot.name in (
            facts.mentioned
            if slot.python.startswith(python_names.TOP_LEVEL_LOCAL)
            else facts.watched
        ):
            self.do(self.call("created", self.constant(slot.name)))

    def refine(self, piece: Piece, kinds: int) -> None:
        """After code that has failed unless the piece was of such kinds: remember it."""
        if piece.slot is None or not self.state.live:
            return
        known = self.state.kinds.get(piece.slot)
        if known is not None:
            self.state.kinds[piece.slot] = known & kinds or kinds
        elif self._may_refine(piece.slot):
            self.state.kinds[piece.slot] = kinds

    def _may_refine(self, python: str) -> bool:
        if python[0] in "lb":
            return True
        return not self.in_function and python_names.variable_name(python) not in self.facts.written
