"""The state of one interpreter: its variables and functions, and what the compiler is told of them.

The variables are Python globals (``v_x``, ``t_x``; see ``language.python_names``).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import is_
from types import FrameType, FunctionType
from typing import Any

from datacode.errors import DataCodeError, argument_count_error, function_error, runtime_error
from datacode.language import program_cache, python_names
from datacode.language.analysis import type_sets
from datacode.language.analysis.environment import CompileEnvironment
from datacode.language.analysis.scopes import Names, names_of
from datacode.language.compiler import (
    Compiled,
    Definition,
    TopLevelChunk,
    compile_chunk,
    compile_condition,
    visible_blocks,
)
from datacode.language.program_cache import CachedUnit
from datacode.language.syntax import nodes
from datacode.language.syntax.parser import remembered_expression
from datacode.runtime import call_depth, compiled_builtins, tracebacks
from datacode.runtime.builtins import BUILTINS
from datacode.runtime.call_depth import Depth
from datacode.runtime.caught_errors import CaughtErrors
from datacode.runtime.element_assignment import Owned
from datacode.runtime.host import Host
from datacode.runtime.interrupts import StepLimit
from datacode.runtime.specializer import Functions
from datacode.values.types import Value

_VARIABLES = (python_names.GLOBAL, python_names.TOP_LEVEL_LOCAL)
"""What the Python names of a program's variables begin with."""

_BEHIND_ERRORS = ("exception", "caught", "running")
"""What ``catch`` and ``finally`` call before anything else."""

_TYPES: dict[type, int] = {
    float: type_sets.NUMBER,
    str: type_sets.STRING,
    list: type_sets.SOME_ARRAY,
    dict: type_sets.OBJECT | type_sets.ANY & ~type_sets.OWN,
}
"""What the compiler is told of the value that a variable has when a chunk begins."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What there was at one moment between two programs: references, nothing is copied.

    Between programs no variable owns its value, so a later program copies what it changes, and
    what a snapshot refers to stays as it is. ``variables`` have their Python names.
    """

    variables: dict[str, Value]
    functions: dict[str, CachedUnit[Definition]]
    relations: list[Value]

    def is_same_as(self, other: Snapshot) -> bool:
        """Do both have the very same values, by identity, in the same order?"""
        return (
            len(self.variables) == len(other.variables)
            and len(self.functions) == len(other.functions)
            and len(self.relations) == len(other.relations)
            and all(map(is_, self.variables.values(), other.variables.values()))
            and all(map(is_, self.functions.values(), other.functions.values()))
            and all(map(is_, self.relations, other.relations))
            and list(self.variables) == list(other.variables)
        )


class Namespace:
    """One interpreter's variables and functions; runs programs on them.

    ``limit`` is the number of calls that may be active at once.
    """

    def __init__(self, host: Host, limit: int) -> None:
        self.host = host
        self.limit = limit
        self.deepest = call_depth.depth(limit)
        self.depth: Depth = self.deepest
        """How many calls may still be active in functions that a builtin calls."""
        self._steps_left = 0
        self._max_steps: int | None = None
        self._assumptions: dict[str, set[str]] = {"written": set(), "made_global": set()}
        self._assumptions |= {"changed": set(), "deep": set(), "watched": set()}
        self.globals: dict[str, Any] = {}
        self.caught_errors = CaughtErrors()
        self.builtins = compiled_builtins.make_builtins(
            host, limit, self.globals, self.caught_errors
        )
        self._frames: list[FrameType] = []
        """The frames in whose locals some variables are at present, each called by the one before
        it, and none of them with a variable of another."""
        self.builtins |= {
            "promoting": self._promoting,
            "promoted": self._promoted,
            **{name: self._settling(self.builtins[name]) for name in _BEHIND_ERRORS},
            "created": self.created,
            "at_depth": self.at_depth,
            "call_loosely": self.call_loosely,
            "step": self.step,
            "take_steps": self.take_steps,
        }
        self.globals["__builtins__"] = self.builtins
        self.functions = Functions(self.globals, self.environment, self._function)

    # Running -------------------------------------------------------------

    def run(self, units: program_cache.CachedProgram, max_steps: int | None) -> None:
        """Run a program: define its functions and execute its statements, in order."""
        self.depth = self.deepest
        self._release_ownership()
        self._set_step_limit(max_steps)
        for unit in units:
            if isinstance(unit.tree, Definition):
                self._define(unit)  # type: ignore[arg-type]
            else:
                self._execute(unit)  # type: ignore[arg-type]

    def _execute(self, unit: CachedUnit[TopLevelChunk]) -> None:
        names = unit.tree.names
        self._record_changes(names)
        environment = self.environment(names)
        environment = replace(
            environment,
            types=self._types_now(environment),
            touched=self.functions.touched_by(names.calls),
        )
        self.functions.start(
            unit.tree.creatable.difference(environment.existing & environment.local)
        )
        compiled = unit.compiled(
            environment.key(names),
            lambda: compile_chunk(unit.tree, environment, BUILTINS),
            self.functions.still_holds,
        )
        self._function(compiled)()

    def _function(self, compiled: Compiled) -> Callable[..., Value]:
        for name in compiled.unset:
            self.builtins[name] = compiled_builtins.UNSET
        return FunctionType(compiled.code, self.globals)

    def _release_ownership(self) -> None:
        """No variable owns its array any more: between programs the host may have taken values."""
        for name in [name for name in self.globals if name.startswith(python_names.OWNER)]:
            del self.globals[name]
        for name in self._assumptions["deep"]:
            for python in _globals_named(name):
                owned = self.builtins[python_names.owned_parts(python)]
                owned.clear()
                owned.last = ()

    def _set_step_limit(self, max_steps: int | None) -> None:
        if (self._max_steps is None) != (max_steps is None):
            self.functions.deoptimize_all()
        self._max_steps = max_steps
        self._steps_left = max_steps or 0

    def step(self) -> None:
        """One more statement is about to run."""
        self._steps_left -= 1
        if self._steps_left < 0:
            raise StepLimit(self._max_steps or 0)

    def take_steps(self, count: int) -> bool:
        """So many statements have been run at once, if the program may run so many: it may not run
        the last of them otherwise, and the caller runs them one by one.
        """
        if count > self._steps_left:
            return False
        self._steps_left -= count
        return True

    # Variables in locals ------------------------------------------------------------

    def _promoting(self) -> None:
        """The locals of the caller hold variables from now on (``language.passes.promotion``)."""
        self._frames.append(sys._getframe(1))

    def _promoted(self) -> None:
        """It has written them back."""
        self._frames.pop()

    def now(self) -> Mapping[str, Any]:
        """The Python globals, with the variables that are in locals; while a program runs, too."""
        found = self.globals
        for frame in self._frames:
            found = found | _promoted_in(frame)
        return found

    def settle(self) -> None:
        """Write back what an error or interrupt has left in the locals of frames, when no code of
        the program runs. Done again, after an interrupt in the middle of it, it does no harm.
        """
        for frame in self._frames:
            self.globals.update(_promoted_in(frame))
        self._frames.clear()

    def _settle_left(self) -> None:
        """The same for frames that an error has left, before code goes on behind it."""
        frames = self._frames
        running: FrameType | None = sys._getframe(2)
        while frames and running is not frames[-1]:
            if running is not None:
                running = running.f_back
                continue
            self.globals.update(_promoted_in(frames[-1]))
            frames.pop()
            running = sys._getframe(2)

    def _settling(self, function: Callable[[], Any]) -> Callable[[], Any]:
        """A function that generated code calls first of all behind an error."""

        frames = self._frames

        def settled() -> Any:
            if frames and frames[-1] is not sys._getframe(1):
                self._settle_left()
            return function()

        return settled

    # Going back -------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """What there is now; to be called before a program begins, not while one runs."""
        self.settle()
        self._release_ownership()
        return Snapshot(
            {name: value for name, value in self.globals.items() if name.startswith(_VARIABLES)},
            {name: function.unit for name, function in self.functions.defined.items()},
            list(self.host.relations),
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Make variables, functions and relations what they were; no program is running.

        What takes memory goes first, as there may be none left. Done twice it does no harm.
        """
        self._frames.clear()
        self._release_ownership()
        present = [name for name in self.globals if name.startswith(_VARIABLES)]
        for name in present:
            del self.globals[name]
        self.globals.update(snapshot.variables)
        self.host.relations[:] = snapshot.relations
        for name in [name for name in self.functions.defined if name not in snapshot.functions]:
            self.functions.undefine(name)
        for unit in snapshot.functions.values():
            self._define(unit)
        if set(present) != snapshot.variables.keys():
            self.functions.deoptimize_all()

    # The compiler's environment -----------------------------------------------

    def environment(self, names: Names) -> CompileEnvironment:
        """What holds now, as far as it concerns code with these names."""
        variables = names.variables
        defined = self.functions.defined
        known = self._assumptions
        return CompileEnvironment(
            existing=frozenset(
                name for name in variables if python_names.global_variable(name) in self.globals
            ),
            local=frozenset(
                name for name in variables if python_names.top_level_local(name) in self.globals
            ),
            mentioned=frozenset(filter(self.functions.are_mentioning, names.made_local)),
            functions={name: defined[name].arity for name in names.calls if name in defined},
            steps=self._max_steps is not None,
            specializations=self.functions,
            written=variables & known["written"],
            made_global=variables & known["made_global"],
            changed=variables & known["changed"],
            deep=variables & known["deep"],
            watched=variables & known["watched"],
        )

    def _types_now(self, environment: CompileEnvironment) -> dict[str, int]:
        """The types of the variables that only top-level code can change."""
        found = {}
        for names, prefix in (
            (environment.existing, python_names.GLOBAL),
            (environment.local, python_names.TOP_LEVEL_LOCAL),
        ):
            for name in names - environment.written:
                types = _TYPES.get(self.globals[prefix + name].__class__)
                if types is not None:
                    found[prefix + name] = types
        return found

    def created(self, name: str) -> None:
        """A global or top-level local of that name has been created."""
        self.functions.deoptimize_mentioning(name)

    def _record(self, assumption: str, names: Iterable[str]) -> list[str]:
        """Widen an assumption by names; functions that mention new ones are deoptimised."""
        known = self._assumptions[assumption]
        new = [name for name in names if name not in known]
        known.update(new)
        for name in new:
            self.functions.deoptimize_mentioning(name)
        return new

    def _record_changes(self, names: Names) -> None:
        """Code with these names may run from now on."""
        for name in self._record("changed", names.changed):
            for python in _globals_named(name):
                self.builtins[python_names.owner(python)] = ()
        for name in self._record("deep", names.deep):
            for python in _globals_named(name):
                self.builtins[python_names.owned_parts(python)] = Owned()

    def _define(self, unit: CachedUnit[Definition]) -> None:
        definition = unit.tree
        if self.functions.define(unit):
            self._assumptions["watched"] |= definition.settled
            self._record("written", definition.written)
            self._record("made_global", definition.names.made_global)
            self._record_changes(definition.names)

    # Calls by name ---------------------------------------------------------------

    def at_depth(self, depth: Depth, value: Value) -> Value:
        """The value; a builtin is about to be called that may call functions from this depth."""
        self.depth = depth
        return value

    def call(self, name: str, arguments: Sequence[Value]) -> Value:
        """Call a function by name, the program's own before the builtins."""
        count = len(arguments)
        function = self.functions.defined.get(name)
        if function is not None:
            if count != function.arity:
                raise argument_count_error(name, function.arity, count)
            return self._call_own(self.globals[python_names.function(name)], arguments)
        entry = BUILTINS.get(name)
        if entry is None:
            raise function_error(name)
        if not entry.accepts(count):
            raise entry.wrong_count(count)
        return self.builtins[python_names.function(name)](*arguments)

    def _call_own(self, function: Callable[..., Value], arguments: Sequence[Value]) -> Value:
        """Written without ``*`` where possible: so Python's own stack does not grow."""
        depth = self.depth
        try:
            match len(arguments):
                case 0:
                    return function(depth)
                case 1:
                    return function(depth, arguments[0])
                case 2:
                    return function(depth, arguments[0], arguments[1])
                case 3:
                    return function(depth, arguments[0], arguments[1], arguments[2])
            return function(depth, *arguments)
        except Exception:
            self._settle_left()  # what has called may go on
            raise
        finally:
            self.depth = depth

    def call_loosely(
        self, depth: Depth, name: str, arguments: list[Value], names: list[str], values: list[Value]
    ) -> Value:
        """A call whose number of arguments shows only now; of two with one name the later wins."""
        self.depth = depth
        if not names:
            return self.call(name, arguments)
        if name in self.functions.defined:
            raise runtime_error(
                "no_named_arguments_of_user", "User functions do not support named arguments yet"
            )
        entry = BUILTINS.get(name)
        if entry is None:
            raise function_error(name)
        keywords = entry.keywords(len(arguments), names)
        given = dict(zip(keywords, values, strict=True))
        return self.builtins[python_names.function(name)](*arguments, **given)

    def defines(self, name: str) -> bool:
        """Has the program a function of that name?"""
        return name in self.functions.defined

    # Conditions over rows -----------------------------------------------------------

    def condition(self, text: str, columns: Sequence[str]) -> Callable[[Sequence[Value]], Value]:
        """Compile a condition over the cells of one row (tables and files reference, 1.7)."""
        own = ("case",) if self.defines("case") else ()
        tree = remembered_expression(text, tuple(columns), own)
        names = names_of([nodes.Return(tree.line, tree.column, tree)], BUILTINS)
        seen = {name: value for name, value in self._variables_of_caller() if name in names.read}
        for name in names.read:
            for python in map(python_names.owner, _globals_named(name)):
                if python in self.globals:
                    self.globals[python] = ()
        compiled = compile_condition(
            tree, columns, frozenset(seen), self.environment(names), BUILTINS
        )
        code = self._function(compiled)
        left = self.depth

        def evaluate(row: Sequence[Value]) -> Value:
            self.depth = left
            try:
                return code(row, seen, (left,))
            except Exception as failure:
                self._settle_left()
                if isinstance(failure, DataCodeError) and failure.line is not None:
                    raise  # a condition within this one has done what follows
                error = tracebacks.translate_exception(failure, self.limit)
                if error.line is None:
                    tracebacks.locate_in_caller(error)
                raise error from None

        return evaluate

    def _variables_of_caller(self) -> Iterator[tuple[str, Value]]:
        """The variables of the function and of the blocks that are running, not the globals."""
        frame = tracebacks.program_frame()
        if frame is None:
            return
        values: dict[str, Any] = {}
        blocks = visible_blocks(frame.f_code)
        line = frame.f_lineno
        while frame is not None:
            values = frame.f_locals | values
            # A block with a Python function of its own sees what is around it.
            frame = frame.f_back if python_names.is_block_function(frame.f_code.co_name) else None
        names = {
            python_names.variable_name(python): python
            for python in values
            if python.startswith(python_names.OWN)
        }
        for block in reversed(blocks):
            if block.first_line <= line <= block.last_line:
                names.update(block.names)
        for name, python in names.items():
            value = values.get(python, compiled_builtins.UNSET)
            if value is compiled_builtins.UNSET:
                value = _loop_variable(values, python)
            if value is not compiled_builtins.UNSET:
                owned = values.get(python_names.owner(python)) is value
                yield name, deep_copy(value) if owned else value


def _promoted_in(frame: FrameType) -> dict[str, Value]:
    """The variables that are in the locals of a frame, by their names as globals."""
    return {
        outer: value
        for python, value in frame.f_locals.items()
        if (outer := python_names.promoted_from(python)) and value is not compiled_builtins.UNSET
    }


def _globals_named(name: str) -> tuple[str, str]:
    return python_names.global_variable(name), python_names.top_level_local(name)


def _loop_variable(values: Mapping[str, Any], python: str) -> Value:
    """The value of a loop's variable that exists only as a Python int."""
    for shadow, whole in values.items():
        if python_names.shadow_of(shadow) == python:
            return float(whole)
    return compiled_builtins.UNSET


def deep_copy(value: Value) -> Value:
    """A copy that has no part in common with the value."""
    if value.__class__ is not list and value.__class__ is not dict:
        return value
    copy = value.copy()
    copies = {id(value): copy}
    waiting = [copy]
    while waiting:
        made = waiting.pop()
        keys: Iterable[Any] = range(len(made)) if made.__class__ is list else list(made)
        for key in keys:
            part = made[key]
            if part.__class__ is list or part.__class__ is dict:
                if id(part) not in copies:
                    copies[id(part)] = part.copy()
                    waiting.append(copies[id(part)])
                made[key] = copies[id(part)]
    return copy


def variables(values: Mapping[str, Any], prefix: str) -> dict[str, Value]:
    """The variables among Python globals, by their names, in the order of their creation."""
    found = {}
    for python in list(values):
        if python.startswith(prefix):
            found[python[len(prefix) :]] = values[python]
    return found
