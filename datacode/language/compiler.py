"""From the tree to code objects: the one place where Python's own compiler is called.

A program is a row of *stretches* of top-level statements with function definitions in between. The
interpreter defines the functions and has each stretch compiled when it is about to run, and each
function when it is first called, so that the compiler can be told exactly what exists by then
(``Facts``). Compiled code is Python functions over the interpreter's globals; what it finds there
is listed in ``runtime.support``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import CodeType
from weakref import WeakKeyDictionary

from datacode.language import python_names
from datacode.language.analysis.builtin_info import Builtins
from datacode.language.analysis.environment import Facts
from datacode.language.analysis.scopes import Names, names_of
from datacode.language.analysis.type_sets import NULL
from datacode.language.codegen.functions import MAX_BLOCKS, Visible
from datacode.language.codegen.statements import Statements
from datacode.language.codegen.variables import Slot
from datacode.language.syntax import nodes

PROGRAM_FILE = "<datacode>"
"""The file that compiled programs claim to come from; tracebacks are searched for it."""

CONDITION_FILE = "<datacode condition>"
"""The same for conditions over rows, whose lines are not those of a program."""

STRETCH = 100
"""Top-level statements that are compiled together, to keep a huge program in bounds."""


@dataclass(frozen=True, slots=True)
class Stretch:
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


@dataclass(frozen=True, slots=True)
class Compiled:
    """A code object of a Python function.

    ``unset`` are globals that it looks at although they may not exist, ``returns`` the kinds of its
    result, ``asked`` the answers of the specialists that it relies on.
    """

    code: CodeType
    unset: tuple[str, ...]
    returns: int
    asked: Mapping[tuple[str, tuple[int, ...]], tuple[str, int]]


_observer: ContextVar[Callable[[ast.FunctionDef], None] | None] = ContextVar(
    "observer", default=None
)


@contextmanager
def observed(observer: Callable[[ast.FunctionDef], None]) -> Iterator[None]:
    """While code is compiled whose Python somebody wants to see. Not for code that is cached."""
    token = _observer.set(observer)
    try:
        yield
    finally:
        _observer.reset(token)


_visible: WeakKeyDictionary[CodeType, tuple[Visible, ...]] = WeakKeyDictionary()


def visible_blocks(code: CodeType) -> tuple[Visible, ...]:
    """The blocks of compiled code with their variables, inner ones before those around them."""
    return _visible.get(code, ())


def split(program: nodes.Program, builtins: Builtins) -> list[Stretch | Definition]:
    """The stretches and definitions of a program, in order."""
    parts: list[Stretch | Definition] = []
    waiting: list[nodes.Statement] = []

    def finish() -> None:
        if waiting:
            parts.append(Stretch(tuple(waiting), names_of(waiting, builtins)))
            waiting.clear()

    for statement in program.body:
        if isinstance(statement, nodes.Function):
            finish()
            parts.append(Definition(statement, names_of(statement.body, builtins)))
        else:
            waiting.append(statement)
            if len(waiting) == STRETCH:
                finish()
    finish()
    return parts


def compile_stretch(stretch: Stretch, facts: Facts, builtins: Builtins) -> Compiled:
    """A Python function without parameters that runs the statements."""
    maker = Statements(stretch.names, facts, builtins)
    return _compiled(maker, "stretch", (), stretch.statements, (1, 0))


def compile_function(
    definition: Definition,
    facts: Facts,
    builtins: Builtins,
    given: Sequence[int] = (),
) -> Compiled:
    """A Python function of the depth of calls and the parameters.

    ``given`` are the kinds of the arguments that it will be called with.
    """
    node = definition.node
    maker = Statements(definition.names, facts, builtins, node.parameters)
    for name, kinds in zip(node.parameters, given, strict=False):
        maker.state.kinds[python_names.own_variable(name)] = kinds
    last = {name: place for place, name in enumerate(node.parameters)}
    parameters = [python_names.DEPTH]
    for place, name in enumerate(node.parameters):
        parameters.append(
            python_names.own_variable(name)
            if last[name] == place
            else python_names.repeated_parameter(place)
        )
    begin = node.line, node.column
    return _compiled(maker, python_names.function(node.name), parameters, node.body, begin)


def compile_condition(
    expression: nodes.Expr,
    columns: Sequence[str],
    captured: frozenset[str],
    facts: Facts,
    builtins: Builtins,
) -> Compiled:
    """A Python function of the cells of a row, the ``captured`` values, and the depth of calls."""
    statement = nodes.Return(1, 1, expression)
    names = names_of([statement], builtins)
    maker = Statements(names, facts, builtins, ())
    maker.rows = {}
    for place, name in enumerate(columns):
        maker.rows.setdefault(name, place)
    maker.captured = captured
    return _compiled(
        maker,
        "condition",
        (python_names.ROW, python_names.CAPTURED, python_names.DEPTH),
        (statement,),
        (1, 0),
    )


def _compiled(
    maker: Statements,
    name: str,
    parameters: Sequence[str],
    statements: Sequence[nodes.Statement],
    place: tuple[int, int],
) -> Compiled:
    maker.has_cells = _nests(statements)
    maker.go_to(*place)
    maker.count_parts(statements)
    body = maker.block(statements)
    maker.go_to(*place)
    start = _prologue(maker, name.startswith(python_names.FUNCTION))
    function = maker.function(name, parameters, [*start, *body])
    observer = _observer.get()
    if observer is not None:
        observer(function)
    file = CONDITION_FILE if name == "condition" else PROGRAM_FILE
    code = _code(ast.Module([function], []), file)
    unset = tuple(
        python for python in maker.needs_unset if python.startswith(python_names.TOP_LEVEL_LOCAL)
    )
    if maker.seen_blocks:
        _see(code, tuple(maker.seen_blocks))
    returns = maker.returned | (NULL if maker.state.live else 0)
    return Compiled(code, unset, returns, maker.asked)


def _see(code: CodeType, blocks: tuple[Visible, ...]) -> None:
    """Remember the blocks for the code and for the functions within it."""
    waiting = [code]
    while waiting:
        each = waiting.pop()
        _visible[each] = blocks
        waiting += [inner for inner in each.co_consts if isinstance(inner, CodeType)]


def _prologue(maker: Statements, is_function: bool) -> list[ast.stmt]:
    """What a Python function does first."""
    start = maker.declarations(maker.stored, is_inner=False)
    maker.out = start
    if is_function:
        too_deep = maker.identical(maker.name(python_names.DEPTH), maker.constant(None))
        raising = ast.Expr(maker.call("too_deep"), **maker.at)
        maker.emit(maker.if_(too_deep, [raising]))
    for python in sorted(maker.needs_unset):
        if python.startswith(python_names.OWN):
            maker.assign(python, maker.name("unset"))
    for _, slot in sorted(maker.owners.items()):
        if slot.private:
            _own_nothing(maker, slot)
    unbound = sorted(maker.shared_names)
    if unbound:
        never = [maker.assignment(maker.constant(None), *map(maker.target, unbound))]
        maker.emit(maker.if_(maker.constant(False), list(never)))
    return start


def _own_nothing(maker: Statements, slot: Slot) -> None:
    maker.assign(slot.owner, maker.nothing())
    if slot.owns_parts:
        maker.assign(slot.parts, maker.call("Owned"))


def _nests(statements: Sequence[nodes.Statement]) -> bool:
    """May blocks have to become functions of their own?"""
    waiting = [(statement, 0) for statement in statements]
    while waiting:
        node, depth = waiting.pop()
        match node:
            case nodes.For(body=body):
                depth += 1
                waiting += [(each, depth) for each in body]
            case nodes.Try(body=body, handler=handler, final=final):
                depth += 3
                if final is not None:
                    return True
                waiting += [(each, depth) for each in (*body, *(handler or ()))]
            case nodes.If(branches=branches, otherwise=otherwise):
                waiting += [(each, depth) for branch in branches for each in branch.body]
                waiting += [(each, depth) for each in otherwise or ()]
            case _:
                continue
        if depth > MAX_BLOCKS:
            return True
    return False


def _code(module: ast.Module, file: str) -> CodeType:
    """Python's code object of the only function in the module."""
    whole = compile(module, file, "exec", dont_inherit=True)
    return next(each for each in whole.co_consts if isinstance(each, CodeType))
