"""Statements of the language as statements of Python.

CPython allows 20 nested loops and ``try`` statements in a function and writes a ``finally`` block
out once for every way that leaves the statement. So blocks that nest deeply become functions within
the function, which tell by what they return how they were left.

Source: language reference, sections 6 and 8.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from datacode.language import nodes, scopes
from datacode.language.assigning import Assigning
from datacode.language.facts import Builtin, Facts
from datacode.language.kinds import ANY, ARRAY, INTEGER, NULL, STRING, only, step_of, with_elements
from datacode.language.python import Piece
from datacode.language.scopes import Names
from datacode.language.variables import SET, UNSURE, State, joined

Block = TypeVar("Block", nodes.For, nodes.Try)

MAX_BLOCKS = 12
"""Loops and ``try`` statements in one Python function; one ``try`` counts for three."""

MAX_ROUNDS = 8
MAX_WIDENED = 6
"""Loops within loops whose variables are looked at; in deeper ones nothing is known of them."""

MAX_BRANCHES = 20
"""Python nests each ``elif`` in the one before it."""

SMALL_FINAL = 6


@dataclass(frozen=True, slots=True)
class Visible:
    """The variables of a block, and the lines of the statements that see them."""

    first_line: int
    last_line: int
    names: Mapping[str, str]


@dataclass(slots=True, eq=False)
class Loop:
    """A loop that is being compiled: the Python function it is in, and the flags for ``next``.

    A flag tells behind this loop that it was left for the next step of a loop further out.
    """

    frame: Frame
    leaves: list[tuple[str, Loop]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Jump:
    """A way to leave blocks: ``return``, or ``break`` or ``next`` of a loop."""

    word: str
    loop: Loop | None = None


@dataclass(slots=True, eq=False)
class Frame:
    """A Python function that is being compiled, and the ways in which its caller must go on."""

    outer: Frame | None
    stored: set[str]
    blocks: int = 0
    exits: list[Jump] = field(default_factory=list)


class Statements(Assigning):
    """The part of the compiler that makes statements."""

    def __init__(
        self,
        names: Names,
        facts: Facts,
        builtins: Mapping[str, Builtin],
        parameters: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__(names, facts, builtins, parameters)
        self.frame = Frame(None, self.stored)
        self.loops: list[Loop] = []
        self.shared_names: set[str] = set()
        self.seen_blocks: list[Visible] = []
        self._last_line = 0
        self.returned = 0
        self._assigned: dict[int, frozenset[str]] = {}
        self._read: dict[int, frozenset[str]] = {}
        self._flags = 0
        self._functions = 0

    def block(self, statements: Sequence[nodes.Statement]) -> list[ast.stmt]:
        """Python's statements for a block; what follows a jump is never reached and left out."""
        outer = self.out
        made: list[ast.stmt] = []
        self.out = made
        for statement in statements:
            if not self.state.live:
                break
            self.statement(statement)
        self.out = outer
        return made

    def statement(self, node: nodes.Statement) -> None:
        """Emit one statement."""
        self.go_to(node.line, node.column)
        self._last_line = node.line
        self.restart_temporaries()
        self.volatile = self.may_be_volatile and self._calls_functions(node)
        if self.facts.steps:
            self.do(self.call("step"))
        match node:
            case nodes.Assign():
                self.assign_variable(node)
            case nodes.ExpressionStatement(value=value):
                self.do(self.expression(value).node)
            case nodes.AssignElement():
                self.assign_element(node)
            case nodes.If():
                self._if(node)
            case nodes.For():
                self._within_limit(node, 1, self._for)
            case nodes.Try():
                self._within_limit(node, 3, self._try)
            case nodes.Throw(value=value):
                self.do(self.call("throw", self.expression(value).node))
                self.state.live = False
            case nodes.Return():
                self._return(node)
            case nodes.Break():
                self._jump(Jump("break", self.loops[-1]))
            case nodes.Next(depth=depth):
                self._jump(Jump("next", self.loops[-1 - depth]))
            case nodes.Function():
                raise AssertionError("functions are defined between stretches of code")

    @property
    def may_be_volatile(self) -> bool:
        """Are there variables that functions change in place and this code mentions?"""
        return bool(self.facts.written & self.facts.changed & self.names.variables)

    def _calls_functions(self, node: nodes.Statement) -> bool:
        """May functions of the program run in the expressions of the statement itself?"""
        parts: Iterable[scopes.Part]
        match node:
            case nodes.If(branches=branches):
                parts = [branch.condition for branch in branches]
            case nodes.For(iterable=iterable):
                parts = [iterable]
            case nodes.Try():
                parts = []
            case _:
                parts = [node]
        return any(self._is_function_call(part) for part in scopes.walk(parts))

    def _is_function_call(self, part: scopes.Part) -> bool:
        if not isinstance(part, nodes.Call):
            return False
        entry = self.builtins.get(part.name)
        return entry is None or entry.calls_back or part.name in self.facts.functions

    # if ----------------------------------------------------------------------

    def _if(self, node: nodes.If) -> None:
        """Python nests each branch in the one before; so many go beside each other instead."""
        ends: list[State] = []
        count = len(node.branches)
        flag = self._new_flag()
        if count > MAX_BRANCHES:
            self.assign(flag, self.constant(True))
        for first in range(0, count, MAX_BRANCHES):
            stop = first + MAX_BRANCHES
            made: list[ast.stmt] = []
            outer, self.out = self.out, made
            self._branches(node, first, stop, flag if stop < count else None, ends)
            self.out = outer
            if first == 0:
                self.out.extend(made)
            else:
                self.emit(self.if_(self.name(flag), made))
        state = ends[0]
        for other in ends[1:]:
            state = joined(state, other)
        self.state = state

    def _branches(
        self, node: nodes.If, first: int, stop: int, flag: str | None, ends: list[State]
    ) -> None:
        """The branches from ``first`` to before ``stop``; one that is taken clears the flag."""
        if first == len(node.branches):
            if node.otherwise is not None:
                self.out.extend(self.block(node.otherwise))
            ends.append(self.state)
        if first >= min(stop, len(node.branches)):
            return
        branch = node.branches[first]
        self.go_to(branch.line, branch.column)
        test = self.test(branch.condition)
        before = self.state.copy()
        body = self.block(branch.body)
        ends.append(self.state)
        self.state = before
        self.go_to(branch.line, branch.column)
        if flag is not None:
            body.insert(0, self.assignment(self.constant(False), self.target(flag)))
        rest: list[ast.stmt] = []
        outer, self.out = self.out, rest
        self._branches(node, first + 1, stop, flag, ends)
        self.out = outer
        self.go_to(branch.line, branch.column)
        self.emit(self.if_(test, body, rest))

    def _new_flag(self) -> str:
        self._flags += 1
        return f"e_{self._flags}"

    # for ---------------------------------------------------------------------

    def _for(self, node: nodes.For) -> None:
        iterator, kinds, shadow = self._visited(node)
        self._widen(node)
        head = self.state.copy()
        self.frame.blocks += 1
        loop = Loop(self.frame)
        self.loops.append(loop)
        block = self.open_block(node.variables)
        for name in node.variables:
            slot = self.slot(block[name], name, True)
            self.state.set[slot.python] = SET
            if kinds != ANY:
                self.state.kinds[slot.python] = kinds
        shadow_name = None
        if shadow and node.variables[0] not in self._assigned_in(node.body):
            shadow_name = f"w{self.block_count}_{block[node.variables[0]]}"
            self.wholes[block[node.variables[0]]] = shadow_name
        line = node.line
        body = self.block(node.body)
        self.seen_blocks.append(Visible(line + 1, self._last_line, dict(block)))
        self.go_to(line, node.column)
        body = self._loop_prologue(node, block) + body
        target, iterator = self._loop_target(node, block, body, iterator, shadow_name)
        self.wholes.pop(block[node.variables[0]], None)
        self.close_block()
        self.loops.pop()
        self.frame.blocks -= 1
        self.state = head
        for flag, _ in loop.leaves:
            self.assign(flag, self.constant(False))
        self.emit(ast.For(target, iterator, body or [self.pass_()], [], None, **self.at))
        self._after_loop(loop)

    def _after_loop(self, loop: Loop) -> None:
        """Where ``next`` for a loop further out has left this one: leave on, or go on there."""
        outer = self.loops[-1] if self.loops else None
        for flag, target in loop.leaves:
            if target is outer:
                jump: ast.stmt = ast.Continue(**self.at)
            else:
                assert outer is not None
                outer.leaves.append((flag, target))
                jump = ast.Break(**self.at)
            self.emit(self.if_(self.name(flag), [jump]))

    def _visited(self, node: nodes.For) -> tuple[ast.expr, int, bool]:
        """What Python's ``for`` runs over, the kinds of its elements, and whether it is a range."""
        iterable = node.iterable
        if len(node.variables) == 1 and self._is_range(iterable):
            assert isinstance(iterable, nodes.Call)
            pieces = self.operands(
                [
                    argument
                    for argument in iterable.arguments
                    if not isinstance(argument, nodes.Spread | nodes.NamedArgument)
                ]
            )
            bounds = [self._whole_bound(piece) for piece in pieces]
            before = self.look_at(iterable.line, iterable.column)
            numbers = self.call("whole_range", *bounds)
            self.at = before
            return numbers, INTEGER, True
        piece = self.expression(iterable, keep=True)
        if len(node.variables) > 1:
            count = self.constant(len(node.variables))
            before = self.look_at(iterable.line, iterable.column)
            each = self.call("each_unpacked", piece.node, count)
            self.at = before
            return each, ANY, False
        kinds = step_of(piece.kinds)
        if only(piece.kinds, STRING) or only(piece.kinds, ARRAY):
            return piece.node, kinds, False
        if not piece.plain:
            piece = self.spill(piece)
        before = self.look_at(iterable.line, iterable.column)
        each = self.call("each", piece.node)
        self.at = before
        return self.choose(self.is_a(piece.node, "list"), piece.node, each), kinds, False

    def _is_range(self, node: nodes.Expr) -> bool:
        if not isinstance(node, nodes.Call) or node.name != "range":
            return False
        if "range" in self.facts.functions or not 1 <= len(node.arguments) <= 3:
            return False
        return not any(_is_special(argument) for argument in node.arguments)

    def _whole_bound(self, piece: Piece) -> ast.expr:
        """A bound of a range; a Python int where that is known."""
        return piece.whole if piece.whole is not None and piece.is_exact else piece.node

    def _loop_target(
        self,
        node: nodes.For,
        block: dict[str, str],
        body: list[ast.stmt],
        iterator: ast.expr,
        shadow: str | None,
    ) -> tuple[ast.expr, ast.expr]:
        """The target of Python's ``for``, and what it runs over.

        The variable of a range exists as a number, as a Python int to index with, or as both.
        """
        if len(node.variables) > 1:
            return self.target(self._element), iterator
        python = block[node.variables[0]]
        if not self._is_range(node.iterable):
            return self.target(python), iterator
        assert isinstance(iterator, ast.Call)
        used = _names_in(body, {python, shadow or python}) if self._shallow else {python, shadow}
        if shadow is None or shadow not in used:
            return self.target(python), self._called(iterator, "number_range")
        if python not in used:
            return self.target(shadow), iterator
        both = ast.Tuple([self.target(shadow), self.target(python)], ast.Store(), **self.at)
        return both, self._called(iterator, "double_range")

    def _called(self, call: ast.Call, name: str) -> ast.Call:
        return ast.copy_location(self.call(name, *call.args), call)

    @property
    def _shallow(self) -> bool:
        return len(self.loops) <= MAX_WIDENED

    @property
    def _element(self) -> str:
        return f"e{len(self.loops)}_"

    def _loop_prologue(self, node: nodes.For, block: dict[str, str]) -> list[ast.stmt]:
        """The first things of each step."""
        first: list[ast.stmt] = []
        outer, self.out = self.out, first
        if len(node.variables) > 1:
            self._unpack(node, block)
        loop_variables = {block[name] for name in node.variables}
        self._unset_in(block, loop_variables)
        if self.facts.steps:
            self.do(self.call("step"))
        self.out = outer
        return first

    def _unpack(self, node: nodes.For, block: dict[str, str]) -> None:
        count = len(node.variables)
        element = self.name(self._element)
        fits = self.compare(self.call("len", element), [ast.Eq()], [self.constant(count)])
        targets: list[ast.expr] = [self.target(block[name]) for name in node.variables]
        unpacked = self.assignment(element, ast.Tuple(targets, ast.Store(), **self.at))
        wrong = ast.Expr(self.call("unpack_error", element, self.constant(count)), **self.at)
        test = self.all_of([self.is_a(element, "list"), fits])
        self.emit(self.if_(test, [unpacked], [wrong]))

    def _unset_in(self, block: dict[str, str], certain: set[str]) -> None:
        """Make the variables of a block unset where code looks whether they are set."""
        for python in sorted(block.values()):
            if python in self.needs_unset and python not in certain:
                self.assign(python, self.name("unset"))

    # What comes round in loops --------------------------------------------------

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
        for name in names:
            for python in self._slots_named(name):
                if state.set.get(python) != SET:
                    state.set[python] = UNSURE
                wide = kinds.get(name, ANY)
                if wide != ANY and self._known(python):
                    state.kinds[python] = wide
                else:
                    state.kinds.pop(python, None)

    def _known(self, python: str) -> bool:
        return self._may_refine(python)

    def _slots_named(self, name: str) -> list[str]:
        """The Python names of the variables that the name may mean here."""
        found = list(self.seen_in_blocks(name))
        if name in self.own:
            found.append(f"l_{name}")
        if not self.in_function:
            if name in self.names.made_local or name in self.facts.local:
                found.append(f"t_{name}")
            found.append(f"v_{name}")
        return found

    def _widen(self, node: nodes.For) -> None:
        """Make the state hold at the head of a loop however often it has run."""
        names = self._assigned_by(node)
        kinds = self._kinds_around(node, names) if self._shallow else {}
        for name in names:
            self._settle(name)
        self._forget(names, kinds)

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
                    kind = partial(self._kinds_visited, iterable, len(variables))
                    sources += [(name, kind) for name in variables]
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
                return {name: kinds[name] | entry[name] for name in names}
        return {}

    def _read_outside(self, node: nodes.Statement) -> frozenset[str]:
        """The names that a statement reads, except where they mean variables of its loops."""
        known = self._read.get(id(node))
        if known is None:
            known = self._read[id(node)] = self._find_read(node)
        return known

    def _find_read(self, node: nodes.Statement) -> frozenset[str]:
        if isinstance(node, nodes.For):
            inner = frozenset[str]().union(*map(self._read_outside, node.body))
            return inner.difference(node.variables) | scopes.read_in([node.iterable])
        if isinstance(node, nodes.If):
            bodies = [each for branch in node.branches for each in branch.body]
            bodies += node.otherwise or ()
            inner = frozenset[str]().union(*map(self._read_outside, bodies))
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

    # try -----------------------------------------------------------------------

    def _try(self, node: nodes.Try) -> None:
        block = self.open_block(())
        first = len(self.out)
        if node.final is None:
            self._guarded(node, block)
        else:
            self._with_final(node, block)
        made = self.out[first:]
        del self.out[first:]
        self._unset_in(block, set())
        self.out.extend(made)
        self.seen_blocks.append(Visible(node.line + 1, self._last_line, dict(block)))
        self.close_block()

    def _with_final(self, node: nodes.Try, block: dict[str, str]) -> None:
        assert node.final is not None
        outer = self.out
        made: list[ast.stmt] = []
        self.out = made
        before = self.state.copy()
        self.frame.blocks += 1
        self._guarded(node, block)
        self.frame.blocks -= 1
        self.out = outer
        done = self.state
        assigned = self._assigned_in(node.body) | self._assigned_in(node.handler or ())
        self.state = before
        self.state.live = True
        self._forget_all(assigned | ({node.variable} if node.variable else set()))
        self.go_to(node.line, node.column)
        final = self._final(node.final)
        after = self.state
        if final and isinstance(final[0], ast.FunctionDef):
            self.emit(final.pop(0))  # once, however often Python writes the block out
        running = self.if_(self.call("running"), final)
        self.emit(ast.Try(made or [self.pass_()], [], [], [running], **self.at))
        self.state = self._after_final(done, after, self._assigned_in(node.final))

    def _final(self, statements: tuple[nodes.Statement, ...]) -> list[ast.stmt]:
        """The block of a ``finally``, which Python writes out several times."""
        self.frame.blocks += 1
        simple = len(statements) <= SMALL_FINAL and not any(
            isinstance(statement, nodes.If | nodes.For | nodes.Try) for statement in statements
        )
        made = self.block(statements) if simple else self._apart(lambda: self.block(statements))
        self.frame.blocks -= 1
        return made

    def _after_final(self, done: State, after: State, assigned: frozenset[str]) -> State:
        """What is known when the statement is left at its end."""
        if not done.live or not after.live:
            dead = after.copy()
            dead.live = False
            return dead
        state = done.copy()
        for name in assigned:
            for python in self._slots_named(name):
                for known, late in ((state.kinds, after.kinds), (state.set, after.set)):
                    if python in late:
                        known[python] = late[python]
                    else:
                        known.pop(python, None)
        return state

    def _forget_all(self, names: Iterable[str]) -> None:
        gone = frozenset(names)
        for name in gone:
            self._settle(name)
        self._forget(gone)

    def _guarded(self, node: nodes.Try, block: dict[str, str]) -> None:
        """The body with its ``catch``."""
        if node.handler is None:
            self.out.extend(self.block(node.body))
            return
        before = self.state.copy()
        self.frame.blocks += 1
        body = self.block(node.body)
        done = self.state
        self.state = before
        self._forget_all(self._assigned_in(node.body))
        self.go_to(node.line, node.column)
        handler = self._handler(node, block)
        self.frame.blocks -= 1
        self.go_to(node.line, node.column)
        caught = ast.ExceptHandler(
            self.name("Exception"), None, handler or [self.pass_()], **self.at
        )
        self.emit(ast.Try(body or [self.pass_()], [caught], [], [], **self.at))
        self.state = joined(done, self.state)

    def _handler(self, node: nodes.Try, block: dict[str, str]) -> list[ast.stmt]:
        outer = self.out
        made: list[ast.stmt] = []
        self.out = made
        message = self.call("caught")
        if node.variable is None:
            self.do(message)
        else:
            self.store(self.in_innermost(node.variable), Piece(message, STRING))
        self.out = outer
        assert node.handler is not None
        return made + self.block(node.handler)

    # Leaving ---------------------------------------------------------------------

    def _return(self, node: nodes.Return) -> None:
        if node.value is None:
            value: ast.expr = self.constant(None)
            self.returned |= NULL
        else:
            piece = self.expression(node.value, keep=True)
            value = piece.node
            self.returned |= piece.kinds
        if self.frame.outer is not None:
            value = ast.Tuple([value], ast.Load(), **self.at)
            self._exit_code(Jump("return"))
        self.emit(ast.Return(value, **self.at))
        self.state.live = False

    def _jump(self, jump: Jump) -> None:
        """Leave the innermost loop, or go on with the next step of a loop around."""
        self.state.live = False
        innermost, target = self.loops[-1], jump.loop
        assert target is not None
        if target.frame is not self.frame or innermost.frame is not self.frame:
            self.emit(ast.Return(self.constant(self._exit_code(jump)), **self.at))
        elif jump.word == "break":
            self.emit(ast.Break(**self.at))
        elif target is innermost:
            self.emit(ast.Continue(**self.at))
        else:
            self.assign(self._flag_for(innermost, target), self.constant(True))
            self.emit(ast.Break(**self.at))

    def _flag_for(self, innermost: Loop, target: Loop) -> str:
        for flag, known in innermost.leaves:
            if known is target:
                return flag
        flag = self._new_flag()
        innermost.leaves.append((flag, target))
        return flag

    def _exit_code(self, jump: Jump) -> int:
        """The number by which the function of a block tells its caller to jump."""
        exits = self.frame.exits
        if jump not in exits:
            exits.append(jump)
        return exits.index(jump)

    # Functions within the function -------------------------------------------------

    def _within_limit(self, node: Block, blocks: int, make: Callable[[Block], None]) -> None:
        """Emit a block statement, in a function of its own if Python would count too many."""
        if self.frame.blocks + blocks <= MAX_BLOCKS:
            make(node)
        else:
            self.out.extend(self._apart(lambda: self._alone(node, make)))

    def _alone(self, node: Block, make: Callable[[Block], None]) -> list[ast.stmt]:
        outer, made = self.out, list[ast.stmt]()
        self.out = made
        make(node)
        self.out = outer
        return made

    def _apart(self, make: Callable[[], list[ast.stmt]]) -> list[ast.stmt]:
        """Statements in a function of their own, and the code that calls it."""
        line = self.line
        outer, outer_stored = self.frame, self.stored
        self.stored = set()
        self.frame = Frame(outer, self.stored)
        body = make()
        inner, self.frame, self.stored = self.frame, outer, outer_stored
        self.go_to(line)
        self._functions += 1
        name = f"_block{self._functions}"
        body = self.declarations(inner.stored, is_inner=True) + body
        self.shared_names |= {each for each in inner.stored if is_private(each)}
        definition = self.function(name, [], body)
        outer_out = self.out
        made: list[ast.stmt] = [definition]
        self.out = made
        live = self.state.live
        if inner.exits:
            self.assign("_left", self.call(name))
            self._leave(inner)
        else:
            self.do(self.call(name))
        self.state.live = live
        self.out = outer_out
        return made

    def _leave(self, inner: Frame) -> None:
        """Do what the function of a block says by what it returned."""
        left = self.name("_left")
        for code, jump in enumerate(inner.exits):
            body: list[ast.stmt] = []
            outer, self.out = self.out, body
            if jump.word == "return":
                test: ast.expr = self.is_a(left, "tuple")
                self._return_what_block_left()
            else:
                test = self.compare(left, [ast.Eq()], [self.constant(code)])
                self._jump(jump)
            self.out = outer
            self.emit(self.if_(test, body))

    def _return_what_block_left(self) -> None:
        value: ast.expr = self.name("_left")
        if self.frame.outer is None:
            value = self.subscript(value, self.constant(0))
        else:
            self._exit_code(Jump("return"))
        self.emit(ast.Return(value, **self.at))

    def declarations(self, stored: set[str], *, is_inner: bool) -> list[ast.stmt]:
        """``global`` and ``nonlocal`` for the names that a function stores to."""
        made: list[ast.stmt] = []
        shared = sorted(name for name in stored if is_global(name))
        if shared:
            made.append(ast.Global(shared, **self.at))
        private = sorted(name for name in stored if is_private(name))
        if private and is_inner:
            made.append(ast.Nonlocal(private, **self.at))
        return made

    def function(
        self, name: str, parameters: Sequence[str], body: Sequence[ast.stmt]
    ) -> ast.FunctionDef:
        """A Python function."""
        arguments = ast.arguments(
            posonlyargs=[],
            args=[ast.arg(parameter, None, **self.at) for parameter in parameters],
            vararg=None,
            kwonlyargs=[],
            kw_defaults=[],
            kwarg=None,
            defaults=[],
        )
        return ast.FunctionDef(
            name, arguments, list(body) or [self.pass_()], [], None, None, **self.at
        )


def is_global(python: str) -> bool:
    """Does the Python name stand for a global, or for something beside one?"""
    return python.startswith(("v_", "t_", "o_v_", "o_t_"))


def is_private(python: str) -> bool:
    """Does the Python name stand for a variable of a function or block, or something beside it?"""
    if python.startswith("o_"):
        python = python[2:]
    return python.startswith("l_") or (python[:1] == "b" and python[1:2].isdigit())


def _is_special(argument: nodes.Expr | nodes.Spread | nodes.NamedArgument) -> bool:
    return isinstance(argument, nodes.Spread | nodes.NamedArgument)


def _names_in(statements: Sequence[ast.stmt], wanted: set[str]) -> set[str]:
    """Which of the wanted names are read or stored in the statements."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(statements)
    while waiting and len(found) < len(wanted):
        node = waiting.pop()
        if isinstance(node, ast.Name):
            if node.id in wanted:
                found.add(node.id)
        else:
            waiting.extend(ast.iter_child_nodes(node))
    return found
