"""The program's own functions: when they are compiled, and when again.

A function is compiled when it is first called. What its code then relies on may change: a global
comes to be, a function is replaced, arrays of a variable are changed in place. Then the code is
forgotten and made again at the next call. Only top-level code can bring such changes about, so no
function is running when its code is forgotten.

For arguments whose kinds are known where the call stands, a function is compiled specially, under a
name of its own; then the kinds of its result are known too. Code that relies on them is forgotten
together with the function.

A stretch of top-level code cannot be forgotten while it runs. It gets no promise of a function
whose results may change by what the stretch itself does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from datacode.language import python_names
from datacode.language.analysis.environment import Facts
from datacode.language.analysis.scopes import Names
from datacode.language.analysis.type_sets import ANY, NUMBER
from datacode.language.compiler import Compiled, Definition, compile_function
from datacode.language.program_cache import Part
from datacode.runtime.builtins import BUILTINS
from datacode.values.types import Value

MAX_FORMS = 4
"""Special forms of one function."""

MAX_NESTED = 8
"""Functions that are compiled because another one is being compiled that calls them."""

MAX_AT_ONCE = 100
"""Functions compiled before one statement can run, rather than when they are called."""

Kinds = tuple[int, ...]
MakeFunction = Callable[[Compiled], Callable[..., Value]]


@dataclass(eq=False, slots=True)
class Form:
    """A function as it is compiled for some kinds of arguments; () is for any."""

    function: Function
    given: Kinds
    python: str
    result: int | None = None
    assumed: int = ANY
    is_bound: bool = False
    depends_on: frozenset[str] = frozenset()


@dataclass(eq=False, slots=True)
class Function:
    """A function that is defined at present."""

    part: Part[Definition]
    forms: dict[Kinds, Form] = field(default_factory=dict)
    relied_on_by: set[Function] = field(default_factory=set)

    @property
    def name(self) -> str:
        """Its name in the program."""
        return self.part.tree.node.name

    @property
    def arity(self) -> int:
        """The number of its parameters."""
        return len(self.part.tree.node.parameters)


class Functions:
    """The functions of a session.

    ``python_globals`` is where compiled code looks for them; ``facts`` tells what holds at present,
    and ``make`` turns a code object into a function.
    """

    def __init__(
        self,
        python_globals: dict[str, Any],
        facts: Callable[[Names], Facts],
        make: MakeFunction,
    ) -> None:
        self._globals = python_globals
        self._facts = facts
        self._make = make
        self.defined: dict[str, Function] = {}
        self.creatable: frozenset[str] = frozenset()
        """Names of variables that the running stretch may create."""
        self._mentions: dict[str, set[Function]] = {}
        self._callers: dict[str, set[Function]] = {}
        self._compiling: list[Form] = []
        self._left = MAX_AT_ONCE

    # Definitions ---------------------------------------------------------------

    def define(self, part: Part[Definition]) -> bool:
        """The function takes effect; False if just this one is defined already."""
        name, names = part.tree.node.name, part.tree.names
        known = self.defined.get(name)
        if known is not None:
            if known.part is part:
                return False
            self._unlink(known)
        function = Function(part)
        self.defined[name] = function
        for mentioned in names.variables:
            self._mentions.setdefault(mentioned, set()).add(function)
        for called in names.calls:
            self._callers.setdefault(called, set()).add(function)
        self.forget(self._callers.get(name, ()))
        self._lay_aside(self._form(function, ()))
        return True

    def _unlink(self, function: Function) -> None:
        """A function that is replaced: nothing concerns it any more."""
        self.forget(function.relied_on_by)
        names = function.part.tree.names
        for index, keys in ((self._mentions, names.variables), (self._callers, names.calls)):
            for key in keys:
                index[key].discard(function)
        for form in function.forms.values():
            self._globals.pop(form.python, None)

    def are_mentioning(self, name: str) -> bool:
        """Do functions mention a variable of that name?"""
        return bool(self._mentions.get(name))

    # Forgetting -----------------------------------------------------------------

    def forget_mentioning(self, name: str) -> None:
        """Something has changed about variables of that name."""
        self.forget(self._mentions.get(name, ()))

    def forget(self, functions: Iterable[Function]) -> None:
        """Compile these functions again when they are called, and those that rely on them."""
        waiting = list(functions)
        seen = set(waiting)
        while waiting:
            function = waiting.pop()
            for form in function.forms.values():
                if form.is_bound or form.result is not None:
                    self._lay_aside(form)
            relying = function.relied_on_by - seen
            function.relied_on_by = set()
            seen |= relying
            waiting += relying

    def forget_all(self) -> None:
        """Compile every function again."""
        self.forget(self.defined.values())

    def _lay_aside(self, form: Form) -> None:
        form.is_bound = False
        form.result = None

        def first_call(*arguments: Value) -> Value:
            if not form.is_bound:
                self._left = MAX_AT_ONCE
                self._bind(form)
            made: Callable[..., Value] = self._globals[form.python]
            return made(*arguments)

        self._globals[form.python] = first_call

    # Compiling --------------------------------------------------------------------

    def start(self, creatable: frozenset[str]) -> None:
        """A stretch is about to be compiled and run, which may create these variables."""
        self.creatable = creatable
        self._compiling.clear()
        self._left = MAX_AT_ONCE

    def find(self, name: str, given: Kinds) -> tuple[str, int]:
        """The form of a function for such arguments, and the kinds of its result."""
        function = self.defined[name]
        form = function.forms.get(given)
        if form is None:
            if len(function.forms) > MAX_FORMS:
                return python_names.function(name), ANY
            form = self._form(function, given)
            self._lay_aside(form)
        if form in self._compiling:
            return form.python, form.assumed if form is self._compiling[-1] else ANY
        if form.result is None and len(self._compiling) < MAX_NESTED and self._left > 0:
            self._left -= 1
            self._bind(form)
        return form.python, self._promised(form)

    def _form(self, function: Function, given: Kinds) -> Form:
        name = function.name
        python = python_names.specialization(name, given) if given else python_names.function(name)
        form = function.forms[given] = Form(function, given, python)
        return form

    def _promised(self, form: Form) -> int:
        """The kinds of a form's result as far as whoever asks may rely on them."""
        if form.result is None or form.result == ANY:
            return ANY
        if not self._compiling:
            return ANY if form.depends_on & self.creatable else form.result
        asking = self._compiling[-1]
        asking.depends_on |= form.depends_on
        form.function.relied_on_by.add(asking.function)
        return form.result

    def _bind(self, form: Form) -> None:
        """Compile a form and let calls find it."""
        definition = form.function.part.tree
        form.depends_on = definition.settled
        form.assumed = NUMBER
        compiled = self._compiled(form)
        if compiled.returns & ~form.assumed:
            form.assumed = ANY
            compiled = self._compiled(form)
        form.result = compiled.returns
        form.is_bound = True
        self._globals[form.python] = self._make(compiled)

    def _compiled(self, form: Form) -> Compiled:
        part = form.function.part
        definition = part.tree
        facts = self._facts(definition.names)
        self._compiling.append(form)
        try:
            return part.compiled(
                (form.given, *facts.key(definition.names)),
                lambda: compile_function(definition, facts, BUILTINS, form.given),
                self.still_holds,
            )
        finally:
            self._compiling.pop()

    def still_holds(self, compiled: Compiled) -> bool:
        """Would the code, if compiled now, be told the same?"""
        return all(self.find(*query) == answer for query, answer in compiled.asked.items())
