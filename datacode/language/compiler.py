"""From the tree to code objects: the one place where Python's own compiler is called.

A program is a row of *chunks* of top-level statements with function definitions in between. The
interpreter defines the functions and has each chunk compiled when it is about to run, and each
function when it is first called, so that the compiler can be told exactly what exists by then
(``CompileEnvironment``). Compiled code is Python functions over the interpreter's globals; what it
finds there is listed in ``runtime.compiled_builtins``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import CodeType
from weakref import WeakKeyDictionary

from datacode.language import python_names
from datacode.language.analysis import plan
from datacode.language.analysis.builtin_info import Builtins
from datacode.language.analysis.environment import CompileEnvironment
from datacode.language.analysis.infer import constant_position
from datacode.language.analysis.scopes import Names, names_of, walk
from datacode.language.codegen.builder import Builder
from datacode.language.codegen.expressions import EXPRESSIONS
from datacode.language.codegen.frames import VisibleBlock
from datacode.language.codegen.statements import STATEMENTS
from datacode.language.codegen.variables import nothing
from datacode.language.passes import improved
from datacode.language.planning.units import plan_chunk, plan_condition, plan_function
from datacode.language.syntax import nodes

PROGRAM_FILE = "<datacode>"
"""The file that compiled programs claim to come from; tracebacks are searched for it."""

CONDITION_FILE = "<datacode condition>"
"""The same for conditions over rows, whose lines are not those of a program."""

CHUNK = 100
"""Top-level statements that are compiled together, to keep a huge program in bounds."""


@dataclass(frozen=True, slots=True)
class TopLevelChunk:
    """Consecutive top-level statements."""

    statements: tuple[nodes.Statement, ...]
    names: Names

    @property
    def creatable(self) -> frozenset[str]:
        """Names of the variables that may come to be when the statements run."""
        names = self.names
        return names.assigned | names.made_global | names.made_local


@dataclass(frozen=True, slots=True)
class Definition:
    """A function of the program with what other code must know of it."""

    node: nodes.Function
    names: Names

    @property
    def settled(self) -> frozenset[str]:
        """Names that it may find or not find beyond its own, which decides what they mean."""
        return (self.names.assigned | self.names.made_local).difference(self.node.parameters)

    @property
    def written(self) -> frozenset[str]:
        """Variables outside that it may change."""
        return self.names.made_global.union(self.names.assigned.difference(self.node.parameters))

    def touched(self, builtins: Builtins) -> frozenset[str] | None:
        """Variables outside that it may look at or set, but for what it calls; None if code may run
        in it that finds variables by other names than those that stand there.
        """
        if not self.is_plain(builtins):
            return None
        return self.names.variables.difference(self.node.parameters) | self.names.made_global

    def is_plain(self, builtins: Builtins) -> bool:
        """Is there no call of a builtin that calls back, none whose number of arguments shows at
        run time, and no index that may be a text, and so a condition over rows?
        """
        for part in walk(self.node.body):
            match part:
                case nodes.Call(positional=None):
                    return False
                case nodes.Call(name=name) if name in builtins and builtins[name].calls_back:
                    return False
                case nodes.Index(index=index) if constant_position(index) is None:
                    return False
        return True


class Compiled:
    """A plan, and the code object of a Python function when it is first wanted.

    ``unset`` are globals that it looks at although they may not exist, ``returns`` the types of its
    result, ``asked`` the answers about specializations that it relies on.
    """

    __slots__ = ("_code", "_unit", "asked", "returns", "unset")

    def __init__(self, unit: plan.Unit) -> None:
        self._unit: plan.Unit | None = unit
        self._code: CodeType | None = None
        self.returns = unit.returns
        self.asked = unit.asked
        self.unset = tuple(
            python for python in unit.unset if python.startswith(python_names.TOP_LEVEL_LOCAL)
        )

    @property
    def code(self) -> CodeType:
        """The code object. Programs share it: two threads may both make it at the same time."""
        unit = self._unit
        if unit is not None:
            self._code = _code_of(unit)
            self._unit = None
        assert self._code is not None
        return self._code


_python_observer: ContextVar[Callable[[ast.FunctionDef], None] | None] = ContextVar(
    "python_observer", default=None
)
_plan_observer: ContextVar[Callable[[plan.Unit], None] | None] = ContextVar(
    "plan_observer", default=None
)


@contextmanager
def observed(
    observer: Callable[[ast.FunctionDef], None] | None = None,
    plans: Callable[[plan.Unit], None] | None = None,
) -> Iterator[None]:
    """While code is compiled whose Python, or whose plan, somebody wants to see. Not for code that
    is cached.
    """
    tokens = _python_observer.set(observer), _plan_observer.set(plans)
    try:
        yield
    finally:
        _python_observer.reset(tokens[0])
        _plan_observer.reset(tokens[1])


_visible: WeakKeyDictionary[CodeType, tuple[VisibleBlock, ...]] = WeakKeyDictionary()


def visible_blocks(code: CodeType) -> tuple[VisibleBlock, ...]:
    """The blocks of compiled code with their variables, inner ones before those around them."""
    return _visible.get(code, ())


def split(program: nodes.Program, builtins: Builtins) -> list[TopLevelChunk | Definition]:
    """The chunks and definitions of a program, in order."""
    parts: list[TopLevelChunk | Definition] = []
    waiting: list[nodes.Statement] = []

    def finish() -> None:
        if waiting:
            parts.append(TopLevelChunk(tuple(waiting), names_of(waiting, builtins)))
            waiting.clear()

    for statement in program.body:
        if isinstance(statement, nodes.Function):
            finish()
            parts.append(Definition(statement, names_of(statement.body, builtins)))
        else:
            waiting.append(statement)
            if len(waiting) == CHUNK:
                finish()
    finish()
    return parts


def compile_chunk(
    chunk: TopLevelChunk, environment: CompileEnvironment, builtins: Builtins
) -> Compiled:
    """A Python function without parameters that runs the statements."""
    return Compiled(plan_chunk(chunk.statements, chunk.names, environment, builtins))


def compile_function(
    definition: Definition,
    environment: CompileEnvironment,
    builtins: Builtins,
    given: Sequence[int] = (),
) -> Compiled:
    """A Python function of the depth of calls and the parameters.

    ``given`` are the types of the arguments that it will be called with.
    """
    return Compiled(plan_function(definition.node, definition.names, environment, builtins, given))


def compile_condition(
    expression: nodes.Expr,
    columns: Sequence[str],
    captured: frozenset[str],
    environment: CompileEnvironment,
    builtins: Builtins,
) -> Compiled:
    """A Python function of the cells of a row, the ``captured`` values, and the depth of calls."""
    return Compiled(plan_condition(expression, columns, captured, environment, builtins))


def _code_of(unit: plan.Unit) -> CodeType:
    """The code object of a Python function that does what the plan says."""
    unit = improved(unit)
    shown = _plan_observer.get()
    if shown is not None:
        shown(unit)
    b = Builder(unit, EXPRESSIONS, STATEMENTS)
    b.go_to(*unit.at)
    body = b.block(unit.body)
    b.go_to(*unit.at)
    start = _prologue(b)
    function = b.function(unit.name, unit.parameters, [*start, *body])
    observer = _python_observer.get()
    if observer is not None:
        observer(function)
    file = CONDITION_FILE if unit.kind == "condition" else PROGRAM_FILE
    code = _code(ast.Module([function], []), file)
    if b.visible_blocks:
        _note_blocks(code, tuple(b.visible_blocks))
    return code


def _note_blocks(code: CodeType, blocks: tuple[VisibleBlock, ...]) -> None:
    """Remember the blocks for the code and for the functions within it."""
    waiting = [code]
    while waiting:
        each = waiting.pop()
        _visible[each] = blocks
        waiting += [inner for inner in each.co_consts if isinstance(inner, CodeType)]


def _prologue(b: Builder) -> list[ast.stmt]:
    """What a Python function does first."""
    unit = b.unit
    declarations = b.declarations(b.frame)
    with b.branch() as start:
        if unit.kind == "function":
            too_deep = b.identical(b.name(python_names.DEPTH), b.constant(None))
            b.emit(b.if_(too_deep, [b.evaluation(b.call("too_deep"))]))
        for python in sorted(unit.unset):
            if python.startswith(python_names.OWN):
                b.assign(python, b.name("unset"))
        for slot in unit.owners:
            if slot.private:
                b.assign(slot.owner, nothing(b))
                if slot.owns_parts:
                    b.assign(slot.parts, b.call("Owned"))
        unbound = sorted(b.shared_names)
        if unbound:
            never = b.assignment(b.constant(None), *map(b.target, unbound))
            b.emit(b.if_(b.constant(False), [never]))
    return declarations + start


def _code(module: ast.Module, file: str) -> CodeType:
    """Python's code object of the only function in the module."""
    whole = compile(module, file, "exec", dont_inherit=True)
    return next(each for each in whole.co_consts if isinstance(each, CodeType))
