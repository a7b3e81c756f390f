"""The language as its reference says it, as plainly as possible, to compare the compiler with.

Values are copied whole wherever they go, scopes are dictionaries that are searched at run time, and
nothing is known beforehand. Operators and builtins are the real ones: what is compared is order of
evaluation, scopes, control flow, errors and their lines, and who sees which change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datacode.errors import (
    DataCodeError,
    Kind,
    argument_count_error,
    function_error,
    runtime_error,
    variable_error,
)
from datacode.i18n.message import Message
from datacode.language.analysis.builtin_info import by_position
from datacode.language.syntax import nodes
from datacode.language.syntax.parser import parse
from datacode.runtime import indexing, iteration, operators
from datacode.runtime.builtins.conversions import TYPE_WORDS
from datacode.runtime.builtins.registry import BUILTINS
from datacode.runtime.element_assignment import check_place
from datacode.runtime.host import Host
from datacode.runtime.local_files import LocalFiles
from datacode.runtime.namespace import deep_copy
from datacode.runtime.tracebacks import RecursionTooDeep
from datacode.values.equality import equal
from datacode.values.text import debug, printed

LIMIT = 40
"""Calls that may be active: this evaluator recurses."""

STEPS = 3000
"""Statements that a program may take."""


class TooLong(Exception):
    """The program takes too many statements to be worth comparing."""


class Leave(Exception):
    """A jump out of blocks."""


class Break(Leave):
    """``break``."""


class Next(Leave):
    """``next`` for the loop so many further out."""

    def __init__(self, depth: int) -> None:
        self.depth = depth


class Return(Leave):
    """``return``."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Frame:
    """A call, or the top level: its blocks and, for a call, its own variables."""

    def __init__(self, own: dict[str, Any] | None) -> None:
        self.own = own
        self.blocks: list[dict[str, Any]] = []


class Evaluator:
    """Runs programs one after another."""

    def __init__(self) -> None:
        self.globals: dict[str, Any] = {}
        self.top: dict[str, Any] = {}
        self.functions: dict[str, nodes.Function] = {}
        self.frames = [Frame(None)]
        self.line = 0
        self.steps = 0
        self.host = Host(LocalFiles())
        self.host.attach(self)  # type: ignore[arg-type]
        check = self.host.check_size
        self.operators = {
            "+": operators.add,
            "-": operators.subtract,
            "*": operators.multiplication(check),
            "/": operators.divide,
            "%": operators.modulo,
            "^": operators.power,
            "<": operators.less,
            "<=": operators.less_equal,
            ">": operators.greater,
            ">=": operators.greater_equal,
            "==": equal,
            "!=": lambda a, b: not equal(a, b),
        }
        self.read_index = indexing.reader(lambda table, text: None)
        self.read_member = indexing.member_reader(self.host.file_kind)

    def run(self, text: str) -> tuple[str, str]:
        """The output and the error of a program, as texts."""
        self.frames = [Frame(None)]
        self.steps = 0
        error = ""
        try:
            for statement in parse(text).body:
                self.statement(statement)
        except DataCodeError as failure:
            error = str(failure)
        return self.host.take_output(), error

    # Variables ------------------------------------------------------------

    def places(self) -> list[dict[str, Any]]:
        """Where a name is looked for, in order."""
        frame = self.frames[-1]
        own = [] if frame.own is None else [frame.own]
        return [*reversed(frame.blocks), *own, self.top, self.globals]

    def find(self, name: str) -> dict[str, Any]:
        """The scope in which a variable is."""
        for place in self.places():
            if name in place:
                return place
        raise variable_error(name)

    def set(self, name: str, value: Any, scope: str | None) -> None:
        """An assignment."""
        frame = self.frames[-1]
        if scope == "global":
            place = self.globals
        elif scope == "local":
            inner = frame.blocks[-1] if frame.blocks else self.top
            place = inner if frame.own is None else frame.own
        else:
            found = [place for place in self.places() if name in place]
            new = self.globals if frame.own is None else frame.own
            place = found[0] if found else new
        place[name] = deep_copy(value)

    # Statements -------------------------------------------------------------

    def block(self, statements: Sequence[nodes.Statement]) -> None:
        """Statements in order."""
        for statement in statements:
            self.statement(statement)

    def statement(self, node: Any) -> None:
        """One statement; an error that leaves it has its line."""
        before, self.line = self.line, node.line
        self.steps += 1
        if self.steps > STEPS:
            raise TooLong
        try:
            self.execute(node)
        except DataCodeError as error:
            if error.line is None:
                error.line = self.line
            raise
        finally:
            self.line = before

    def execute(self, node: Any) -> None:
        """What a statement does."""
        match node:
            case nodes.Function():
                self.functions[node.name] = node
            case nodes.ExpressionStatement():
                self.value(node.value)
            case nodes.Assign():
                self.set(node.name, self.value(node.value), node.scope)
            case nodes.AssignElement():
                self.assign_element(node)
            case nodes.If():
                self.choose(node)
            case nodes.For():
                self.loop(node)
            case nodes.Try():
                self.guard(node)
            case nodes.Throw():
                text = printed(self.value(node.value))
                raise DataCodeError(
                    Kind.EXCEPTION, Message("thrown", "{message}", {"message": text})
                )
            case nodes.Return():
                raise Return(None if node.value is None else self.value(node.value))
            case nodes.Break():
                raise Break
            case nodes.Next():
                raise Next(node.depth)

    def choose(self, node: nodes.If) -> None:
        """``if``; the line of a condition is that of its branch."""
        for branch in node.branches:
            self.line = branch.line
            if self.host.truth(self.value(branch.condition)):
                self.block(branch.body)
                return
        self.block(node.otherwise or ())

    def loop(self, node: nodes.For) -> None:
        """``for``."""
        collection = self.value(node.iterable)
        count = len(node.variables)
        visited = iteration.each(collection)
        if count > 1:
            visited = iteration.each_unpacked(collection, count)
        blocks = self.frames[-1].blocks
        for element in visited:
            self.line = node.line
            if count == 1:
                block = {node.variables[0]: deep_copy(element)}
            else:
                if element.__class__ is not list or len(element) != count:
                    iteration.unpack_error(element, count)
                block = dict(zip(node.variables, deep_copy(element), strict=True))
            blocks.append(block)
            height = len(blocks)
            try:
                self.block(node.body)
            except Break:
                break
            except Next as jump:
                if jump.depth:
                    raise Next(jump.depth - 1) from None
            finally:
                del blocks[height - 1 :]

    def guard(self, node: nodes.Try) -> None:
        """``try``."""
        blocks = self.frames[-1].blocks
        blocks.append({})
        height = len(blocks)
        frames = len(self.frames)
        try:
            try:
                self.block(node.body)
            except DataCodeError as error:
                del self.frames[frames:], blocks[height:]
                if node.handler is None:
                    raise
                if node.variable is not None:
                    thrown = error.kind is Kind.EXCEPTION
                    blocks[-1][node.variable] = error.text if thrown else str(error)
                self.block(node.handler)
            finally:
                if node.final is not None:
                    self.block(node.final)
        finally:
            del blocks[height - 1 :]

    def assign_element(self, node: nodes.AssignElement) -> None:
        """``name[i].key = value``."""
        value = self.value(node.value)
        path = [(s, True) if isinstance(s, str) else (self.value(s), False) for s in node.path]
        place = self.find(node.name)
        whole = deep_copy(place[node.name])
        container = whole
        for key, member in path[:-1]:
            if container.__class__ not in (list, dict):
                raise runtime_error(
                    "cannot_assign_to_element",
                    "Cannot assign to an element of {value}",
                    value=debug(container),
                )
            if member:
                container = self.read_member(container, key)
            else:
                container = self.read_index(container, key)
        key, member = path[-1]
        check_place(container, key, member)
        container[int(key) if container.__class__ is list else key] = deep_copy(value)
        place[node.name] = whole

    # Expressions ---------------------------------------------------------------

    def value(self, node: Any) -> Any:
        """The value of an expression."""
        match node:
            case nodes.Number() | nodes.String() | nodes.Bool():
                return node.value
            case nodes.Null():
                return None
            case nodes.Name():
                return deep_copy(self.find(node.name)[node.name])
            case nodes.Array():
                return [self.value(element) for element in node.elements]
            case nodes.Object():
                return {key: self.value(value) for key, value in node.pairs}
            case nodes.Unary(operator="-"):
                return operators.negate(self.value(node.operand))
            case nodes.Unary():
                return not self.host.truth(self.value(node.operand))
            case nodes.Binary():
                left = self.value(node.left)
                return self.operators[node.operator](left, self.value(node.right))
            case nodes.Logical():
                left = self.host.truth(self.value(node.left))
                right = self.host.truth(self.value(node.right))
                return (left and right) if node.operator == "and" else (left or right)
            case nodes.Index():
                base = self.value(node.base)
                return self.read_index(base, self.value(node.index))
            case nodes.Member():
                return self.read_member(self.value(node.base), node.name)
            case nodes.Call():
                return self.call_node(node)
        raise AssertionError(node)

    def call_node(self, node: nodes.Call) -> Any:
        """A call as it is written."""
        own = node.name in self.functions
        entry = None if own else BUILTINS.get(node.name)
        arguments = list(node.arguments)
        if entry is not None and node.name in ("isinstance", "isset"):
            arguments = list(by_position(node, entry) or arguments)
        if not own and node.name == "isinstance" and len(arguments) == 2:
            kind = arguments[1]
            if isinstance(kind, nodes.Name) and kind.name in TYPE_WORDS:
                arguments[1] = nodes.String(kind.line, kind.column, kind.name)
        if not own and node.name == "isset" and len(arguments) == 1:
            name = arguments[0]
            known = {each for place in self.places() for each in place}
            if isinstance(name, nodes.Name) and name.name not in known:
                return False
        given: list[Any] = []
        named: list[tuple[str, Any]] = []
        for argument in arguments:
            if isinstance(argument, nodes.Spread):
                given.extend(iteration.spread(self.value(argument.value)))
            elif isinstance(argument, nodes.NamedArgument):
                named.append((argument.name, self.value(argument.value)))
            else:
                given.append(self.value(argument))
        return self.call_named(node.name, given, named)

    def call_named(
        self, name: str, arguments: Sequence[Any], named: Sequence[tuple[str, Any]]
    ) -> Any:
        """A call with named arguments."""
        if not named:
            return self.call(name, arguments)
        if name in self.functions:
            raise runtime_error(
                "no_named_arguments_of_user", "User functions do not support named arguments yet"
            )
        if name not in BUILTINS:
            raise function_error(name)
        entry = BUILTINS[name]
        keywords = entry.keywords(len(arguments), [each for each, _ in named])
        host = [self.host] if entry.needs_host else []
        return entry.function(
            *host, *arguments, **dict(zip(keywords, (v for _, v in named), strict=True))
        )

    def call(self, name: str, arguments: Sequence[Any]) -> Any:
        """A call by name."""
        function = self.functions.get(name)
        if function is None:
            if name not in BUILTINS:
                raise function_error(name)
            entry = BUILTINS[name]
            if not entry.accepts(len(arguments)):
                raise entry.wrong_count(len(arguments))
            host = [self.host] if entry.needs_host else []
            return entry.function(*host, *arguments)
        if len(arguments) != len(function.parameters):
            raise argument_count_error(name, len(function.parameters), len(arguments))
        if len(self.frames) > LIMIT:
            raise RecursionTooDeep(LIMIT)
        own = {p: deep_copy(a) for p, a in zip(function.parameters, arguments, strict=True)}
        self.frames.append(Frame(own))
        height, line = len(self.frames), self.line
        try:
            self.block(function.body)
        except Return as left:
            return left.value
        finally:
            del self.frames[height - 1 :]
            self.line = line
        return None
