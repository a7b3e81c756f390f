"""What is wrong, or looks wrong, in a text that is not run: all its errors, and warnings.

Errors are the parser's. After the first one the offending line is replaced by one that opens or
closes the same block, and the text is read again, so that a reader sees all of them at once.
Warnings need a tree, so they come only for a text without errors:

- a variable that nothing assigns, a function that nothing defines, or only further down;
- a wrong number of arguments;
- a local variable of a function that is never read;
- statements behind ``return``, ``break``, ``next`` or ``throw``.

Of a text without errors it is also said which loops over tables could be one expression.

Nothing here recurses with the nesting of the program.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from types import MappingProxyType
from typing import Literal

from datacode.errors import DataCodeError, argument_count_error, function_error, variable_error
from datacode.i18n.message import Message
from datacode.language.analysis.builtin_info import BuiltinInfo, Builtins, by_position
from datacode.language.analysis.scopes import TreeNode, blocks_of, children, own_expressions
from datacode.language.syntax import nodes
from datacode.language.syntax.parser import parse
from datacode.language.syntax.source import Source
from datacode.language.tools.loop_advice import Tables, loop_advice

MAX_ERRORS = 20
"""Errors after which the rest of a text is not looked at."""

RECOVERY_CHARACTERS = 200_000
"""A longer text is read once only; its first error is all that is said."""

_UNUSED = Message("variable_never_used", "Variable '{name}' is assigned but never used")
_TOO_EARLY = Message(
    "called_before_definition", "Function '{name}' is called before its definition in line {line}"
)
_NOT_SO_MANY = Message(
    "arguments_expected", "Function '{name}': arguments expected: {minimum}, found: {found}"
)
_OUT_OF_RANGE = Message(
    "arguments_expected_between",
    "Function '{name}': arguments expected: {minimum} to {maximum}, found: {found}",
)
_TOO_FEW = Message(
    "arguments_expected_at_least",
    "Function '{name}': arguments expected: at least {minimum}, found: {found}",
)
_UNREACHED = Message("statement_never_reached", "This statement is never reached")


@dataclass(frozen=True, slots=True)
class LintProblem:
    """One thing to say; ``severity`` is ``error``, ``warning`` or ``info``, ``kind`` as that of an
    error.
    """

    severity: Literal["error", "warning", "info"]
    line: int
    column: int
    kind: str
    message: Message

    def render(self, locale: str) -> str:
        """The sentence, without its place."""
        return self.message.render(locale)


def check(
    text: str,
    *,
    known_variables: Collection[str] = (),
    known_functions: Collection[str] = (),
    known_tables: Tables = MappingProxyType({}),
    builtins: Builtins = MappingProxyType({}),
) -> list[LintProblem]:
    """Everything to say about a text, in the order of its lines.

    The known names are those of the session; ``known_tables`` are those variables that hold tables,
    with the names of their columns.
    """
    errors, program = _errors(text)
    if program is None:
        return errors
    survey = _Survey(program, frozenset(known_variables), frozenset(known_functions), builtins)
    advice = [
        LintProblem("info", loop.line, loop.column, "runtime", message)
        for loop, message in loop_advice(program, known_tables, builtins)
    ]
    return sorted([*survey.problems, *advice], key=lambda p: (p.line, p.column))


# Errors ------------------------------------------------------------------------


def _errors(text: str) -> tuple[list[LintProblem], nodes.Program | None]:
    """The errors of a text, and its tree if it has none."""
    problems: list[LintProblem] = []
    lines = Source(text).text.split("\n")
    while len(problems) < MAX_ERRORS:
        try:
            program = parse("\n".join(lines))
        except DataCodeError as error:
            line, column = error.line or 1, error.column or 1
            if problems and line <= problems[-1].line:
                break
            problems.append(LintProblem("error", line, column, "syntax", error.message))
            if error.incomplete or len(text) > RECOVERY_CHARACTERS:
                break
            lines[line - 1] = _harmless(lines[line - 1], error)
        else:
            return problems, None if problems else program
    return problems, None


_OPENINGS = (
    (re.compile(r"\s*else\s+if\b"), "else if true do"),
    (re.compile(r"\s*else\b"), "else"),
    (re.compile(r"\s*if\b"), "if true do"),
    (re.compile(r"\s*try\b"), "try"),
    (re.compile(r"\s*catch\b"), "catch"),
    (re.compile(r"\s*finally\b"), "finally"),
    (re.compile(r"\s*(?:(?:global|local)\s+)?function\b"), "function _() do"),
    (re.compile(r"\s*(?:while|foreach)\b"), "for _ in [] do"),
    (re.compile(r"\s*endif\b|\s*endeif\b"), "endif"),
    (re.compile(r"\s*endtry\b"), "endtry"),
    (re.compile(r"\s*endfunction\b"), "endfunction"),
)


def _harmless(line: str, error: DataCodeError) -> str:
    """A line without the error that keeps the blocks around it in balance."""
    if expected := error.message.value("expected"):
        return expected
    if loop := re.match(r"\s*for\s+([^\W\d]\w*)", line):
        return f"for {loop[1]} in [] do"
    if step := re.match(r"\s*next\s+[^\W\d]\w*", line):
        return step[0] if error.message.code != "unexpected_next" else ""
    for pattern, replacement in _OPENINGS:
        if pattern.match(line):
            return replacement
    return ""


# Warnings -----------------------------------------------------------------------

_LEAVES = (nodes.Return, nodes.Break, nodes.Next, nodes.Throw)


@dataclass(slots=True)
class _Scope:
    """Names that one function, or the top level, or one block can see."""

    names: set[str]
    outer: _Scope | None
    function: nodes.Function | None

    def sees(self, name: str) -> bool:
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.names:
                return True
            scope = scope.outer
        return False

    def block(self, names: Iterable[str] = ()) -> _Scope:
        return _Scope(set(names), self, self.function)


class _Survey:
    """One walk over a program; ``problems`` is what it found."""

    def __init__(
        self,
        program: nodes.Program,
        known_variables: frozenset[str],
        known_functions: frozenset[str],
        builtins: Builtins,
    ) -> None:
        self.problems: list[LintProblem] = []
        self._known_functions = known_functions
        self._builtins = builtins
        self._definitions = {s.name: s for s in program.body if isinstance(s, nodes.Function)}
        self._defined: set[str] = set()
        self._reads: dict[int, set[str]] = {}
        top = _Scope(set(known_variables), None, None)
        for statement in program.body:
            self._collect(statement, top)
        for statement in program.body:
            if isinstance(statement, nodes.Function):
                self._function(statement, top)
                self._defined.add(statement.name)
            else:
                self._walk((statement,), top)
        self._unreachable(program.body)

    # Names that exist ----------------------------------------------------------

    def _collect(self, statement: nodes.Statement, top: _Scope) -> None:
        """The globals and top-level locals that a statement may make."""
        inside_function = isinstance(statement, nodes.Function)
        for inner, in_block in _statements(statement):
            if not isinstance(inner, nodes.Assign):
                continue
            if inner.scope == "global" or (
                not inside_function and not (inner.scope == "local" and in_block)
            ):
                top.names.add(inner.name)

    def _function(self, function: nodes.Function, top: _Scope) -> None:
        own = set(function.parameters)
        assigned: dict[str, nodes.Assign] = {}
        for inner, _ in _statements(function):
            if isinstance(inner, nodes.Assign) and inner.scope != "global":
                own.add(inner.name)
                assigned.setdefault(inner.name, inner)
        reads = self._reads[id(function)] = set()
        self._unreachable(function.body)
        self._walk(function.body, _Scope(own, top, function))
        for name, statement in assigned.items():
            local = statement.scope == "local" or name not in top.names
            if local and name not in reads and name not in function.parameters:
                self._warn(statement, "variable", _UNUSED.filled(name=name))

    # The walk --------------------------------------------------------------------

    def _walk(self, body: Sequence[nodes.Statement], scope: _Scope) -> None:
        pending: list[tuple[Sequence[nodes.Statement], _Scope]] = [(body, scope)]
        while pending:
            statements, scope = pending.pop()
            for statement in statements:
                for expression in own_expressions(statement):
                    self._read(expression, scope)
                if isinstance(statement, nodes.AssignElement):
                    self._variable(statement, statement.name, scope)
                for inner, names in _blocks(statement):
                    self._unreachable(inner)
                    pending.append((inner, scope if names is None else scope.block(names)))

    def _read(self, expression: TreeNode, scope: _Scope) -> None:
        pending = [expression]
        while pending:
            node = pending.pop()
            if isinstance(node, nodes.Name):
                self._variable(node, node.name, scope)
            elif isinstance(node, nodes.Call):
                self._call(node, scope)
                pending.extend(self._arguments(node))
            else:
                pending.extend(children(node))

    def _variable(self, node: nodes.Node, name: str, scope: _Scope) -> None:
        if scope.function is not None:
            self._reads[id(scope.function)].add(name)
        if not scope.sees(name):
            self._warn(node, "variable", variable_error(name).message)

    def _call(self, call: nodes.Call, scope: _Scope) -> None:
        name = call.name
        definition = self._definitions.get(name)
        if definition is None:
            self._foreign_call(call)
            return
        known = name in self._known_functions or name in self._builtins
        if scope.function is None and not known and name not in self._defined:
            self._warn(call, "function", _TOO_EARLY.filled(name=name, line=definition.line))
        elif call.positional is not None and len(call.arguments) != len(definition.parameters):
            error = argument_count_error(name, len(definition.parameters), len(call.arguments))
            self._warn(call, "function", error.message)

    def _foreign_call(self, call: nodes.Call) -> None:
        """A call of a builtin, or of a function that an earlier program defined."""
        if call.name in self._known_functions:
            return
        entry = self._builtins.get(call.name)
        if entry is None:
            self._warn(call, "function", function_error(call.name).message)
        elif call.positional is not None and not entry.accepts(len(call.arguments)):
            self._warn(call, "function", _wrong_count(call.name, entry, len(call.arguments)))

    def _arguments(self, call: nodes.Call) -> Iterator[TreeNode]:
        """The arguments that are read; not the names that are no variables (5.9)."""
        entry = self._builtins.get(call.name)
        intrinsic = entry.intrinsic if entry is not None else None
        arguments: Sequence[TreeNode] = call.arguments
        if entry is not None and intrinsic in ("isset", "isinstance"):
            arguments = by_position(call, entry) or arguments
        if intrinsic == "isset" and len(arguments) == 1 and isinstance(arguments[0], nodes.Name):
            return
        for position, argument in enumerate(arguments):
            if intrinsic == "isinstance" and position == 1 and isinstance(argument, nodes.Name):
                continue
            if isinstance(argument, nodes.Spread | nodes.NamedArgument):
                argument = argument.value
            yield argument

    def _unreachable(self, body: Sequence[nodes.Statement]) -> None:
        for before, after in pairwise(body):
            if isinstance(before, _LEAVES):
                self._warn(after, "runtime", _UNREACHED)
                return

    def _warn(self, node: nodes.Node, kind: str, message: Message) -> None:
        self.problems.append(LintProblem("warning", node.line, node.column, kind, message))


def _wrong_count(name: str, entry: BuiltinInfo, found: int) -> Message:
    """What running the call would say, with the true bounds: those of 1.x are not all true."""
    bounds: dict[str, object] = {"name": name, "minimum": entry.minimum, "found": found}
    if entry.maximum is None:
        return _TOO_FEW.filled(**bounds)
    if entry.minimum == entry.maximum:
        return _NOT_SO_MANY.filled(**bounds)
    return _OUT_OF_RANGE.filled(**bounds, maximum=entry.maximum)


# The shape of the tree -------------------------------------------------------------


def _blocks(
    statement: nodes.Statement,
) -> Iterator[tuple[Sequence[nodes.Statement], set[str] | None]]:
    """The blocks in a statement, with the names that are theirs; None where they make no scope."""
    match statement:
        case nodes.For(variables=variables, body=body):
            yield body, {*variables, *_locals(body)}
        case nodes.Try(variable=variable):
            blocks = blocks_of(statement)
            names = set().union(*map(_locals, blocks), [] if variable is None else [variable])
            yield from ((block, names) for block in blocks)
        case _:
            yield from ((block, None) for block in blocks_of(statement))


def _locals(body: Sequence[nodes.Statement]) -> set[str]:
    """The names that ``local`` makes directly in a block (an ``if`` in it is no block)."""
    names: set[str] = set()
    pending = list(body)
    while pending:
        statement = pending.pop()
        if isinstance(statement, nodes.Assign) and statement.scope == "local":
            names.add(statement.name)
        elif isinstance(statement, nodes.If):
            pending.extend(chain.from_iterable(blocks_of(statement)))
    return names


def _statements(statement: nodes.Statement) -> Iterator[tuple[nodes.Statement, bool]]:
    """A statement and all inside it; with each, whether a ``for`` or ``try`` is around it."""
    pending = [(statement, False)]
    while pending:
        inner, in_block = pending.pop()
        yield inner, in_block
        if isinstance(inner, nodes.Function):
            pending.extend((s, False) for s in inner.body)
        for block, names in _blocks(inner):
            pending.extend((s, in_block or names is not None) for s in block)
