"""Compiles functions of the program: when first called, for argument types, and again when needed.

A function is compiled at its first call. Its code relies on assumptions: which globals exist,
which functions are defined, which arrays are changed in place. When one ceases to hold, the code
is invalidated (deoptimised) and compiled again at the next call. Only top-level code can break
an assumption, so no function is running when its code is invalidated.

Where a call's argument types are known, a specialisation of the function for them is planned,
under a Python name of its own, and its result types are known too; its code is made when it is
first called. Code that relies on those types is invalidated together with the function.

A chunk of top-level code cannot be invalidated while it runs. It may not rely on result types
that its own statements could change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from datacode.language import python_names
from datacode.language.analysis.environment import CompileEnvironment
from datacode.language.analysis.scopes import Names
from datacode.language.analysis.type_sets import ANY, NUMBER
from datacode.language.compiler import Compiled, Definition, compile_function
from datacode.language.program_cache import CachedUnit
from datacode.runtime.builtins import BUILTINS
from datacode.values.types import Value

MAX_SPECIALIZATIONS = 4
"""Specialisations of one function, besides the one for any arguments."""

MAX_ONLY_PLANNED = 8
"""Forms of one function of which nothing but the result types has been asked for."""

MAX_NESTED = 8
"""Functions that are planned because another one is being planned that calls them."""

MAX_AT_ONCE = 100
"""Functions planned before one statement can run, rather than when they are called."""

TypeSets = tuple[int, ...]
MakeFunction = Callable[[Compiled], Callable[..., Value]]


@dataclass(eq=False, slots=True)
class Specialization:
    """A function compiled for certain argument types; () is for any.

    ``python`` is its name in generated code, ``result`` the types that it returns once it is
    planned, ``assumed`` those that calls within itself rely on meanwhile. ``depends_on`` are
    variables that must not come to be while code runs that relies on ``result``. ``compiled`` is
    the plan; ``is_bound``: code that has been made of it is what calls find.
    """

    function: DefinedFunction
    given: TypeSets
    python: str
    result: int | None = None
    assumed: int = ANY
    compiled: Compiled | None = None
    is_bound: bool = False
    depends_on: frozenset[str] = frozenset()


@dataclass(eq=False, slots=True)
class DefinedFunction:
    """A function that is defined at present."""

    unit: CachedUnit[Definition]
    specializations: dict[TypeSets, Specialization] = field(default_factory=dict)
    only_planned: dict[TypeSets, Specialization] = field(default_factory=dict)
    """Those that no code calls; they are not counted."""
    relied_on_by: set[DefinedFunction] = field(default_factory=set)
    _touched: tuple[frozenset[str] | None] | None = None

    @property
    def touched(self) -> frozenset[str] | None:
        """Variables outside that it may look at or set, but for what it calls; None for any."""
        if self._touched is None:
            self._touched = (self.unit.tree.touched(BUILTINS),)
        return self._touched[0]

    @property
    def name(self) -> str:
        """Its name in the program."""
        return self.unit.tree.node.name

    @property
    def arity(self) -> int:
        """The number of its parameters."""
        return len(self.unit.tree.node.parameters)


class Functions:
    """The functions of one namespace.

    ``python_globals`` is where compiled code looks for them; ``environment`` tells what holds at
    present, and ``make`` turns a code object into a function.
    """

    def __init__(
        self,
        python_globals: dict[str, Any],
        environment: Callable[[Names], CompileEnvironment],
        make: MakeFunction,
    ) -> None:
        self._globals = python_globals
        self._environment = environment
        self._make = make
        self.defined: dict[str, DefinedFunction] = {}
        self.creatable: frozenset[str] = frozenset()
        """Names of variables that the running chunk may create."""
        self._mentions: dict[str, set[DefinedFunction]] = {}
        self._callers: dict[str, set[DefinedFunction]] = {}
        self._compiling: list[Specialization] = []
        self._left = MAX_AT_ONCE

    # Definitions ---------------------------------------------------------------

    def define(self, unit: CachedUnit[Definition]) -> bool:
        """The function takes effect; False if just this one is defined already."""
        name, names = unit.tree.node.name, unit.tree.names
        known = self.defined.get(name)
        if known is not None:
            if known.unit is unit:
                return False
            self._unlink(known)
        function = DefinedFunction(unit)
        self.defined[name] = function
        for mentioned in names.variables:
            self._mentions.setdefault(mentioned, set()).add(function)
        for called in names.calls:
            self._callers.setdefault(called, set()).add(function)
        self.deoptimize(self._callers.get(name, ()))
        self._invalidate(self._add_specialization(function, ()))
        return True

    def undefine(self, name: str) -> None:
        """The function is no more, as if it had never been defined."""
        self._unlink(self.defined.pop(name))
        self.deoptimize(self._callers.get(name, ()))

    def _unlink(self, function: DefinedFunction) -> None:
        """A function that is replaced: nothing concerns it any more."""
        self.deoptimize(function.relied_on_by)
        names = function.unit.tree.names
        for index, keys in ((self._mentions, names.variables), (self._callers, names.calls)):
            for key in keys:
                index[key].discard(function)
        for specialization in function.specializations.values():
            self._globals.pop(specialization.python, None)

    def are_mentioning(self, name: str) -> bool:
        """Do functions mention a variable of that name?"""
        return bool(self._mentions.get(name))

    def touched_by(self, calls: frozenset[str]) -> dict[str, frozenset[str]]:
        """Those of the functions of which it is known what variables they, with those that they
        call, may look at or set; with these.
        """
        found = {}
        for name in calls & self.defined.keys():
            touched = self._touched(name)
            if touched is not None:
                found[name] = touched
        return found

    def _touched(self, name: str) -> frozenset[str] | None:
        waiting, seen = [name], {name}
        touched: frozenset[str] = frozenset()
        while waiting:
            function = self.defined[waiting.pop()]
            if function.touched is None:
                return None
            touched |= function.touched
            called = function.unit.tree.names.calls & self.defined.keys() - seen
            seen |= called
            waiting += called
        return touched

    # Deoptimisation --------------------------------------------------------------

    def deoptimize_mentioning(self, name: str) -> None:
        """An assumption about variables of that name has ceased to hold."""
        self.deoptimize(self._mentions.get(name, ()))

    def deoptimize(self, functions: Iterable[DefinedFunction]) -> None:
        """Compile these functions again when they are called, and those that rely on them."""
        waiting = list(functions)
        seen = set(waiting)
        while waiting:
            function = waiting.pop()
            function.only_planned.clear()
            for specialization in function.specializations.values():
                if specialization.is_bound or specialization.result is not None:
                    self._invalidate(specialization)
            relying = function.relied_on_by - seen
            function.relied_on_by = set()
            seen |= relying
            waiting += relying

    def deoptimize_all(self) -> None:
        """Compile every function again."""
        self.deoptimize(self.defined.values())

    def _invalidate(self, specialization: Specialization) -> None:
        specialization.is_bound = False
        specialization.compiled = None
        specialization.result = None
        self._offer(specialization)

    def _offer(self, specialization: Specialization) -> None:
        """Let calls find what makes the code first."""

        def compile_and_call(*arguments: Value) -> Value:
            if not specialization.is_bound:
                self._left = MAX_AT_ONCE
                self._bind(specialization)
            made: Callable[..., Value] = self._globals[specialization.python]
            return made(*arguments)

        self._globals[specialization.python] = compile_and_call

    # Compiling --------------------------------------------------------------------

    def start(self, creatable: frozenset[str]) -> None:
        """A chunk is about to be compiled and run, which may create these variables."""
        self.creatable = creatable
        self._compiling.clear()
        self._left = MAX_AT_ONCE

    def find(self, name: str, given: TypeSets) -> tuple[str, int]:
        """The Python name of a function for such arguments, and its result types."""
        function = self.defined[name]
        specialization = function.specializations.get(given)
        if specialization is None:
            if len(function.specializations) > MAX_SPECIALIZATIONS:
                return python_names.function(name), ANY
            specialization = self._add_specialization(function, given)
            self._offer(specialization)
        return specialization.python, self._planned_result(specialization)

    def result_types(self, name: str, given: TypeSets) -> int:
        """The result types for such arguments, with which nothing may be called."""
        function = self.defined[name]
        known = function.only_planned
        specialization = function.specializations.get(given) or known.get(given)
        if specialization is None:
            if len(known) >= MAX_ONLY_PLANNED:
                return ANY
            specialization = known[given] = _new_specialization(function, given)
        return self._planned_result(specialization)

    def _planned_result(self, specialization: Specialization) -> int:
        """The result types, for which it is planned unless too much is being planned."""
        if specialization in self._compiling:
            is_innermost = specialization is self._compiling[-1]
            return specialization.assumed if is_innermost else ANY
        if specialization.result is None and len(self._compiling) < MAX_NESTED and self._left > 0:
            self._left -= 1
            self._plan(specialization)
        return self._result_types(specialization)

    def _add_specialization(self, function: DefinedFunction, given: TypeSets) -> Specialization:
        made = function.only_planned.pop(given, None) or _new_specialization(function, given)
        function.specializations[given] = made
        return made

    def _result_types(self, specialization: Specialization) -> int:
        """The result types as far as the code that is being compiled may rely on them."""
        if specialization.result is None or specialization.result == ANY:
            return ANY
        if not self._compiling:
            return ANY if specialization.depends_on & self.creatable else specialization.result
        asking = self._compiling[-1]
        asking.depends_on |= specialization.depends_on
        specialization.function.relied_on_by.add(asking.function)
        return specialization.result

    def _bind(self, specialization: Specialization) -> None:
        """Make the code of a specialisation and let calls find it."""
        compiled = specialization.compiled or self._plan(specialization)
        self._globals[specialization.python] = self._make(compiled)
        specialization.is_bound = True

    def _plan(self, specialization: Specialization) -> Compiled:
        """Plan a specialisation; then its result types are known.

        A recursive function is assumed to return numbers; if it does not, it is planned again.
        """
        definition = specialization.function.unit.tree
        specialization.depends_on = definition.settled
        specialization.assumed = NUMBER
        compiled = self._compiled(specialization)
        if compiled.returns & ~specialization.assumed:
            specialization.assumed = ANY
            compiled = self._compiled(specialization)
        specialization.result = compiled.returns
        specialization.compiled = compiled
        return compiled

    def _compiled(self, specialization: Specialization) -> Compiled:
        unit = specialization.function.unit
        definition = unit.tree
        environment = self._environment(definition.names)
        self._compiling.append(specialization)
        try:
            return unit.compiled(
                (specialization.given, *environment.key(definition.names)),
                lambda: compile_function(definition, environment, BUILTINS, specialization.given),
                self.still_holds,
            )
        finally:
            self._compiling.pop()

    def still_holds(self, compiled: Compiled) -> bool:
        """Would the code, if compiled now, be told the same?"""
        return all(
            self.find(*query) == (python, types) if python else self.result_types(*query) == types
            for query, (python, types) in compiled.asked.items()
        )


def _new_specialization(function: DefinedFunction, given: TypeSets) -> Specialization:
    name = function.name
    python = python_names.specialization(name, given) if given else python_names.function(name)
    return Specialization(function, given, python)
