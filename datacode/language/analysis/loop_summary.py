"""What comes round in loops: which variables a block may change, and to what kinds.

Code for a loop has to hold however often it has run, so this is found out before it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from datacode.language import python_names
from datacode.language.analysis import scopes
from datacode.language.analysis.builtin_info import Builtins
from datacode.language.analysis.environment import Facts
from datacode.language.analysis.scopes import Names, names_of
from datacode.language.analysis.type_sets import ANY, INTEGER, STRING, step_of, with_elements
from datacode.language.codegen.functions import Frames
from datacode.language.codegen.variables import SET, UNSET, UNSURE, Slot
from datacode.language.python_names import is_private
from datacode.language.syntax import nodes

MAX_ROUNDS = 8
MAX_WIDENED = 6
"""Loops within loops whose variables are looked at; in deeper ones nothing is known of them."""


class Rounds(Frames):
    """The part of the compiler that knows what blocks change."""

    def __init__(
        self,
        names: Names,
        facts: Facts,
        builtins: Builtins,
        parameters: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__(names, facts, builtins, parameters)
        self._assigned: dict[int, frozenset[str]] = {}
        self._read: dict[int, frozenset[str]] = {}

    def _assigned_in(self, statements: Sequence[nodes.Statement]) -> frozenset[str]:
        """The variables that statements may set, but for those of blocks among them."""
        names: set[str] = set()
        for part in statements:
            names |= self._assigned_by(part)
        return frozenset(names)

    def _assigned_by(self, node: nodes.Statement) -> frozenset[str]:
        match node:
            case nodes.Assign(name=name) | nodes.AssignElement(name=name):
                return frozenset((name,))
            case nodes.For() | nodes.Try() | nodes.If():
                known = self._assigned.get(id(node))
                if known is None:
                    known = self._assigned_in_block(node)
                    self._assigned[id(node)] = known
                return known
            case _:
                return frozenset()

    def _assigned_in_block(self, node: nodes.For | nodes.Try | nodes.If) -> frozenset[str]:
        match node:
            case nodes.For(body=body):
                return self._assigned_in(body)
            case nodes.Try(body=body, handler=handler, final=final):
                inner = self._assigned_in(body) | self._assigned_in(handler or ())
                return inner | self._assigned_in(final or ())
            case nodes.If(branches=branches, otherwise=otherwise):
                names = self._assigned_in(otherwise or ())
                for branch in branches:
                    names |= self._assigned_in(branch.body)
                return names

    def _forget(self, names: frozenset[str], kinds: dict[str, int] | None = None) -> None:
        """Code may have run that sets these variables, to values of such kinds."""
        kinds = kinds or {}
        state = self.state
        state.owned = frozenset()
        for name in names:
            for python in self._slots_named(name):
                self.lose_found(python)
                slot = Slot(python, name, is_private(python), owns=False, owns_parts=False)
                # One that another of the name hides has no part in ``kinds``, and keeps its own.
                old = self.kinds_of(slot) if self.setness(slot) != UNSET else 0
                if state.set.get(python) != SET:
                    state.set[python] = UNSURE
                wide = kinds.get(name, ANY)
                if wide != ANY and self._known(python):
                    state.kinds[python] = wide | old
                else:
                    state.kinds.pop(python, None)

    def _forget_all(self, names: Iterable[str]) -> None:
        gone = frozenset(names)
        for name in gone:
            self._settle(name)
        self._forget(gone)

    def _known(self, python: str) -> bool:
        return self._may_refine(python)

    def _slots_named(self, name: str) -> list[str]:
        """The Python names of the variables that the name may mean here."""
        found = list(self.seen_in_blocks(name))
        if name in self.own:
            found.append(python_names.own_variable(name))
        if not self.in_function:
            if name in self.names.made_local or name in self.facts.local:
                found.append(python_names.top_level_local(name))
            found.append(python_names.global_variable(name))
        return found

    # Loops ------------------------------------------------------------------------

    def _widen(self, node: nodes.For) -> None:
        """Make the state hold at the head of a loop however often it has run."""
        names = self._assigned_by(node)
        kinds = self._kinds_around(node, names) if self._shallow else {}
        for name in names:
            self._settle(name)
        owned = self.state.owned
        self._forget(names, kinds)
        self.state.owned = self._owned_throughout(node, owned, kinds)

    def _owned_throughout(
        self, node: nodes.For, owned: frozenset[str], kinds: dict[str, int]
    ) -> frozenset[str]:
        """Those of the variables that own their array or object that go on to in the whole loop."""
        if not owned or not self._shallow:
            return frozenset()
        bound = names_of(node.body, self.builtins)
        growing: set[int] = set()
        for part in scopes.walk(node.body):
            if not owned:
                break
            if self._may_show_globals(part, kinds):
                owned = frozenset(filter(is_private, owned))
            kept = _kept_by(part)
            if id(part) in growing:
                kept = kept[1:]
            gone = {inner.name for inner in kept if isinstance(inner, nodes.Name)}
            if isinstance(part, nodes.Assign):
                if part.name not in bound.bound | bound.made_local and self._grows_here(part):
                    growing.add(id(part.value))
                else:
                    gone.add(part.name)
            owned = frozenset(
                each for each in owned if python_names.variable_name(each) not in gone
            )
        return owned

    def _grows_here(self, node: nodes.Assign) -> bool:
        """Is it ``x = push(x, …)``, and is it known which variable that is?"""
        if node.scope is not None or not scopes.grows(node, self.builtins):
            return False
        assert isinstance(node.value, nodes.Call)
        is_builtin = self.builtin(node.value.name) is not None
        return is_builtin and self.only_target(node.name) is not None

    def _may_show_globals(self, part: scopes.Part, kinds: dict[str, int]) -> bool:
        """May code run there that lets the values of globals be known elsewhere?"""
        match part:
            case nodes.Call(name=name):
                entry = self.builtin(name)
                return entry is None or not entry.pure
            case nodes.Index():
                return not kinds or self.may_be_condition(part, kinds)
        return False

    def _settle(self, name: str) -> None:
        """Write down what is known only from the facts, before it may change."""
        for slot in self.candidates(name):
            self.state.set.setdefault(slot.python, self.setness(slot))

    def _kinds_around(self, node: nodes.For, names: frozenset[str]) -> dict[str, int]:
        """The kinds that each variable can have anywhere in the loop."""
        sources: list[tuple[str, Callable[[dict[str, int]], int]]] = []
        for part in scopes.walk([node]):
            match part:
                case nodes.Assign(name=name, value=value):
                    sources.append((name, partial(self.kinds_in, value)))
                case nodes.AssignElement(name=name, path=path, value=value):
                    sources.append((name, partial(self._kinds_put, value, len(path))))
                case nodes.For(variables=variables, iterable=iterable):
                    known = self.visited_kinds.get(id(part), ())
                    kind = partial(self._kinds_visited, iterable, len(variables))
                    for place, name in enumerate(variables):
                        assumed = _always(known[place]) if place < len(known) else kind
                        sources.append((name, assumed))
                case nodes.Try(variable=str() as variable):
                    sources.append((variable, lambda _: STRING))
                case _:
                    pass
        sources.reverse()
        bound = {name for name, _ in sources}
        entry = {name: self._kinds_at_entry(name) for name in names | bound}
        free = self._read_outside(node)
        kinds = {name: entry[name] if name in free else 0 for name in entry}
        for _ in range(MAX_ROUNDS):
            before = kinds.copy()
            for name, source in sources:
                kinds[name] |= source(kinds)
            if kinds == before:
                return {name: kinds[name] | entry[name] for name in entry}
        return {}

    def _read_outside(self, node: nodes.Statement) -> frozenset[str]:
        """The names that a statement reads, except where they mean variables of its loops."""
        known = self._read.get(id(node))
        if known is None:
            known = self._read[id(node)] = self._find_read(node)
        return known

    def _find_read(self, node: nodes.Statement) -> frozenset[str]:
        # Lists: Python has little patience with calls of Python code by C code within each other.
        if isinstance(node, nodes.For):
            inner = frozenset[str]().union(*[self._read_outside(each) for each in node.body])
            return inner.difference(node.variables) | scopes.read_in([node.iterable])
        if isinstance(node, nodes.If):
            bodies = [each for branch in node.branches for each in branch.body]
            bodies += node.otherwise or ()
            inner = frozenset[str]().union(*[self._read_outside(each) for each in bodies])
            return inner | scopes.read_in([branch.condition for branch in node.branches])
        return scopes.read_in([node])

    def _kinds_put(self, value: nodes.Expr, depth: int, kinds: dict[str, int]) -> int:
        """What is added to a container's kinds by an assignment so deep into it."""
        return with_elements(self.kinds_in(value, kinds), depth)

    def _kinds_visited(self, iterable: nodes.Expr, count: int, kinds: dict[str, int]) -> int:
        """The kinds of a loop's variables."""
        if count > 1:
            return ANY
        return INTEGER if self._is_range(iterable) else step_of(self.kinds_in(iterable, kinds))

    def _kinds_at_entry(self, name: str) -> int:
        """The kinds of a variable before the loop; none if it certainly is not set."""
        kinds = 0
        for slot in self.candidates(name):
            kinds |= self.kinds_of(slot) if self.setness(slot) else 0
        return kinds

    def _is_range(self, node: nodes.Expr) -> bool:
        if not isinstance(node, nodes.Call):
            return False
        entry = self.builtin(node.name)
        if entry is None or entry.intrinsic != "range" or not entry.accepts(len(node.arguments)):
            return False
        return not any(_is_special(argument) for argument in node.arguments)

    @property
    def _shallow(self) -> bool:
        return len(self.loops) <= MAX_WIDENED


def _kept_by(part: scopes.Part) -> Sequence[scopes.Part]:
    """The parts of which something may hold on to the value."""
    match part:
        case nodes.Index() | nodes.Member() | nodes.ExpressionStatement() | nodes.If():
            return ()
        case nodes.Binary() | nodes.Logical() | nodes.Unary():
            return ()
    return scopes.inner_parts(part)


def _always(kinds: int) -> Callable[[dict[str, int]], int]:
    return lambda _: kinds


def _is_special(argument: nodes.Expr | nodes.Spread | nodes.NamedArgument) -> bool:
    return isinstance(argument, nodes.Spread | nodes.NamedArgument)
