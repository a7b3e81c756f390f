"""Loops over long tables that only add up: found, to be run for many rows at once.

Python's loop takes fifty times what the same sums cost by columns. The body of a loop can be run
for many rows at once, a *fold*, if nothing but its results can be noticed: it chooses with ``if``,
computes with cells, constants and variables that it does not change, sets variables that each row
sets anew before it reads them, and adds to accumulators, which it reads nowhere else. Whether that
gives the same numbers depends on the cells; ``tables.folds`` looks, and leaves other rows to the
loop as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from datacode.language.analysis import plan
from datacode.language.analysis.slots import Slot
from datacode.language.passes.rewrite import rewrite

MAX_DEPTH = 40
"""Expressions and blocks that nest deeper are left alone: Python's stack has its bounds."""

MAX_PARTS = 400
"""Parts of a body; each costs time for every chunk of rows."""

_ORDER = frozenset({"<", "<=", ">", ">="})
_ARITHMETIC = frozenset("+-*/%^")
_ADDING = {"+": "add", "-": "subtract"}


class _NoFold(Exception):
    """The body does something else."""


def add_folds(unit: plan.Unit) -> plan.Unit:
    """The plan with folds at all loops that can have one."""

    def change(node: Any) -> Any:
        if node.__class__ is plan.Loop and isinstance(node.source, plan.Cells):
            fold = _fold(node, unit.counts_steps)
            return node if fold is None else replace(node, fold=fold)
        return node

    return rewrite(unit, change)


def _fold(loop: plan.Loop, counts_steps: bool) -> plan.Fold | None:
    try:
        return _Body(loop, counts_steps).fold()
    except _NoFold:
        return None


@dataclass(frozen=True, slots=True)
class _Assignment:
    """``target = value``, or ``target = target ± term ± …`` where there are terms."""

    target: plan.AssignTarget
    value: plan.Expr
    terms: tuple[tuple[str, plan.Expr], ...]


@dataclass(slots=True)
class _Variables:
    """The variables that a body assigns, by their Python names, with the numbers they get."""

    numbers: dict[str, int]
    accumulators: list[plan.AssignTarget]
    kept: list[plan.AssignTarget]
    extremes: frozenset[str]
    """The accumulators that are raised or lowered."""
    stored: frozenset[str]
    """The arrays and objects that get more."""
    objects: dict[str, plan.ElementTarget] = field(default_factory=dict)
    arrays: dict[str, plan.AssignTarget] = field(default_factory=dict)


class _Body:
    """The body of one loop, while its fold is made."""

    def __init__(self, loop: plan.Loop, counts_steps: bool) -> None:
        self._loop = loop
        self._counts_steps = counts_steps
        self._parts = 0
        self._inputs: dict[str, plan.Read | plan.Cell] = {}
        self._cached: dict[str, plan.FoldProgram] = {}
        self._cells = self._cell_numbers()
        self._variables = _variables(loop, self._cells)

    def fold(self) -> plan.Fold:
        """The fold; raises ``_NoFold``."""
        program = self._block(self._loop.body, set(), 0)
        found = self._variables
        if not (found.numbers or found.objects or found.arrays):
            raise _NoFold
        return plan.Fold(
            self._loop.source.at,
            program,
            tuple(self._inputs.values()),
            tuple(found.accumulators),
            tuple(found.objects.values()),
            tuple(found.arrays.values()),
            tuple(found.kept),
        )

    def _cell_numbers(self) -> dict[str, plan.FoldProgram]:
        """What stands for the variables of the loop and for its cells."""
        loop, source = self._loop, self._loop.source
        assert isinstance(source, plan.Cells)
        found: dict[str, plan.FoldProgram] = {}
        if loop.cells is not None:
            cells: Sequence[str] = loop.cells
        else:
            cells = loop.variables[1:] if source.is_numbered else loop.variables
        for index, python in enumerate(cells):
            found[python] = ("cell", index)
        if source.is_numbered:
            found[loop.variables[0]] = ("number",)
        return found

    # Statements ------------------------------------------------------------------

    def _block(self, body: Sequence[plan.Stmt], known: set[str], depth: int) -> plan.FoldProgram:
        """A block; ``known`` are the variables that the row has set before, and will be afterwards.

        What follows an ``if`` with ``next`` in it belongs to its branches that do not leave.
        """
        if depth > MAX_DEPTH:
            raise _NoFold
        made: list[plan.FoldProgram] = []
        steps = 0
        skipped = False
        for index, node in enumerate(body):
            self._count()
            steps += 1
            following = body[index + 1 :]
            if isinstance(node, plan.NextPlan):
                if node.depth or following:
                    raise _NoFold
            elif skipped:
                skipped = False
            elif isinstance(node, plan.IfPlan) and _is_extreme(node):
                made.append(self._extreme(node, known, depth))
            elif isinstance(node, plan.IfPlan) and _starts_key(node, following):
                skipped = True
                made.append(self._add_by_key(following[0], known, depth, node))
            elif isinstance(node, plan.StoreElement):
                made.append(self._add_by_key(node, known, depth))
            elif isinstance(node, plan.AppendArray):
                made.append(self._push(node, known, depth))
            elif isinstance(node, plan.IfPlan):
                joined = any(_may_leave(each) for each in _ways(node))
                made.append(self._if(node, following if joined else (), known, depth))
                if joined:
                    break
            else:
                made += self._assignment(node, known, depth)
        if self._counts_steps:
            made.insert(0, ("steps", steps if depth else steps + 1))  # a row is a step, too
        return tuple(made)

    def _if(
        self, node: plan.IfPlan, following: Sequence[plan.Stmt], known: set[str], depth: int
    ) -> plan.FoldProgram:
        ways = [tuple(each) for each in _ways(node)]
        ways = [way if _leaves(way) else (*way, *following) for way in ways]
        tests = [self._expression(each.condition, known, depth + 1) for each in node.branches]
        blocks = []
        set_within: set[str] = set()
        for way in ways:
            within = set(known)
            blocks.append(self._block(way, within, depth + 1))
            set_within |= _assigned(way)
        known -= set_within
        made = blocks.pop()
        while blocks:
            made = (("if", tests.pop(), blocks.pop(), made),)
        statement: plan.FoldProgram = made[0]
        return statement

    def _assignment(self, node: plan.Stmt, known: set[str], depth: int) -> list[plan.FoldProgram]:
        found = _as_assignment(node)
        python = found.target.slot.python
        if python in self._variables.extremes:
            raise _NoFold
        number = self._variables.numbers[python]
        if number < len(self._variables.accumulators):
            return [
                (_ADDING[operator], number, self._expression(term, known, depth + 1))
                for operator, term in found.terms
            ]
        value = self._expression(found.value, known, depth + 1)
        known.add(python)
        return [("set", number, value)]

    def _extreme(self, node: plan.IfPlan, known: set[str], depth: int) -> plan.FoldProgram:
        """``if value > best``: ``best`` gets the value, and others get theirs."""
        if self._counts_steps:
            raise _NoFold
        branch = node.branches[-1]
        best, operator, value = _compared(branch)
        stored = self._expression(value, known, depth + 1)
        assignments = []
        for each in map(_as_assignment, branch.body):
            python = each.target.slot.python
            made = self._expression(each.value, known, depth + 1)
            if python != best:
                assignments.append((self._variables.numbers[python], made))
            elif repr(made) != repr(stored):
                raise _NoFold
        number = self._variables.numbers[best]
        if any(variable < len(self._variables.accumulators) for variable, _ in assignments):
            raise _NoFold
        known -= _assigned(branch.body)
        return "extreme", number, operator, stored, tuple(assignments)

    def _push(self, node: plan.AppendArray, known: set[str], depth: int) -> plan.FoldProgram:
        """``xs = push(xs, value)``, the only one for ``xs``."""
        target, arrays = node.target, self._variables.arrays
        python = target.slot.python
        own = self._loop.visible.values()
        if target.test is not None or target.is_announced or node.is_extended or python in own:
            raise _NoFold
        if python in arrays or not node.is_certain:
            raise _NoFold
        arrays[python] = target
        return "push", len(arrays) - 1, self._expression(node.item, known, depth + 1)

    def _add_by_key(
        self, node: Any, known: set[str], depth: int, start: plan.IfPlan | None = None
    ) -> plan.FoldProgram:
        """``by[key] = by[key] + value``, the only one for ``by``, perhaps behind
        ``if not has_key(by, key)``, where it is set to a number first.
        """
        if not isinstance(node, plan.StoreElement) or len(node.targets) != 1:
            raise _NoFold
        (target,), objects, value = node.targets, self._variables.objects, node.value
        python = target.slot.python
        if target.is_tested or not target.is_certain or target.slot.owns_parts:
            raise _NoFold
        if python in objects or python in self._loop.visible.values() or len(node.path) != 1:
            raise _NoFold
        if not isinstance(value, plan.Arith) or value.operator not in _ADDING:
            raise _NoFold
        element, path = value.left, node.path[0]
        if not isinstance(element, plan.Element) or not isinstance(element.base, plan.Read):
            raise _NoFold
        if path.is_member or element.base.slot.python != python:
            raise _NoFold
        objects[python] = target
        key = self._expression(path.index, known, depth + 1)
        same = [self._expression(element.index, known, depth + 1)]
        begin = None
        if start is not None:
            begin, keys = self._start(start, python)
            same += [self._expression(each, known, depth + 1) for each in keys]
        if any(repr(each) != repr(key) for each in same):
            raise _NoFold
        number = self._expression(value.right, known, depth + 1)
        if value.operator == "-":
            number = "negate", number
        return "add by key", len(objects) - 1, key, number, begin

    def _start(self, node: plan.IfPlan, python: str) -> tuple[float | None, list[plan.Expr]]:
        """What a key of an object begins with, and the keys that ``has_key`` and the assignment
        name.
        """
        if self._counts_steps:
            raise _NoFold
        call, first = _start_of_key(node)
        if _variable_of(call.arguments[0]) != python or _variable_of(first) != python:
            raise _NoFold
        return plan.number_of(first.value), [call.arguments[1], first.path[0].index]

    # Expressions -----------------------------------------------------------------

    def _expression(self, node: plan.Expr, known: set[str], depth: int) -> plan.FoldProgram:
        self._count()
        if depth > MAX_DEPTH:
            raise _NoFold

        def inner(part: plan.Expr) -> plan.FoldProgram:
            return self._expression(part, known, depth + 1)

        match node:
            case plan.Const(value=value):
                return "constant", value
            case plan.Cell(python=python):
                return self._cells.get(python) or self._input(python, node)
            case plan.Read():
                return self._read(node, known)
            case plan.Arith(operator=operator, left=left, right=right):
                if operator not in _ARITHMETIC:
                    raise _NoFold
                return operator, inner(left), inner(right)
            case plan.Compare(operator=operator, left=left, right=right):
                if operator in _ORDER:
                    return operator, inner(left), inner(right), node.may_mean_more
                return operator, inner(left), inner(right)
            case plan.LogicalPlan(operator=operator, left=left, right=right):
                return operator, inner(left), inner(right)
            case plan.Negate(operand=operand):
                return "negate", inner(operand)
            case plan.Not(operand=operand):
                return "not", inner(operand)
        return self._part_or_call(node, inner)

    def _part_or_call(
        self, node: plan.Expr, inner: Callable[[plan.Expr], plan.FoldProgram]
    ) -> plan.FoldProgram:
        match node:
            case plan.CallBuiltin(name=name, calls_back=False) if node.arguments:
                return "call", name, tuple(map(inner, node.arguments))
            case plan.Length(name=name, value=value):
                return "call", name, (inner(value),)
            case plan.CacheDef(python=python, value=value):
                self._cached[python] = inner(value)
                return self._cached[python]
            case plan.CacheUse(python=python) if python in self._cached:
                return self._cached[python]
            case plan.Field(base=base, name=name):
                return _part(inner(base), ("constant", name), is_member=True)
            case plan.Element(base=base, index=index):
                return _part(inner(base), inner(index), is_member=False)
        raise _NoFold

    def _read(self, node: plan.Read, known: set[str]) -> plan.FoldProgram:
        python = node.slot.python
        if python in self._cells:
            return self._cells[python]
        if python in self._variables.stored:
            raise _NoFold
        number = self._variables.numbers.get(python)
        if number is not None:
            if python not in known:
                raise _NoFold
            return "variable", number
        if not node.certain or python in self._loop.visible.values():
            raise _NoFold
        return self._input(python, replace(node, released=False))

    def _input(self, python: str, node: plan.Read | plan.Cell) -> plan.FoldProgram:
        self._inputs.setdefault(python, node)
        return "input", list(self._inputs).index(python)

    def _count(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise _NoFold


_TEXT_MEMBERS = frozenset({"len", "length", "upper", "lower", "trim"})
"""Members of texts that are what the functions of these names give."""


def _part(base: plan.FoldProgram, key: plan.FoldProgram, *, is_member: bool) -> plan.FoldProgram:
    """``base[key]`` or ``base.key``: of values that no row changes, and of texts."""
    if base[0] in ("input", "part"):
        if key[0] != "constant":
            return "lookup", base, key
        before = base[2] if base[0] == "part" else ()
        return "part", base[1], (*before, key[1])
    if is_member and key[1] in _TEXT_MEMBERS:
        return "call", key[1], (base,)
    raise _NoFold


# Assignments -----------------------------------------------------------------------------


def _variables(loop: plan.Loop, cells: dict[str, plan.FoldProgram]) -> _Variables:
    """The variables that the body assigns: accumulators first, then those that are kept."""
    added: dict[str, plan.AssignTarget] = {}
    others: dict[str, plan.AssignTarget] = {}
    extremes: dict[str, int] = {}
    stored: set[str] = set()
    for node in _statements(loop.body):
        if isinstance(node, plan.StoreElement):
            stored |= {each.slot.python for each in node.targets}
            continue
        if isinstance(node, plan.AppendArray):
            stored.add(node.target.slot.python)
            continue
        if isinstance(node, plan.IfPlan):
            best = _compared(node.branches[-1])[0]
            extremes[best] = extremes.get(best, 0) + 1
            continue
        each = _as_assignment(node)
        target = each.target
        if target.is_announced or target.slot.python in cells:
            raise _NoFold
        (added if each.terms else others)[target.slot.python] = target
    own = set(loop.visible.values())
    best_of = {python: others.pop(python) for python in extremes if python in others}
    if any(number > 1 for number in extremes.values()) or not stored.isdisjoint((*added, *others)):
        raise _NoFold
    accumulators = [each for python, each in added.items() if python not in others]
    accumulators += best_of.values()
    if any(each.slot.python in own for each in accumulators) or not added.keys().isdisjoint(
        best_of
    ):
        raise _NoFold
    kept = [each for python, each in others.items() if python not in own]
    local = [each for python, each in others.items() if python in own]
    pythons = [each.slot.python for each in (*accumulators, *kept, *local)]
    return _Variables(
        {python: i for i, python in enumerate(pythons)},
        accumulators,
        kept,
        frozenset(best_of),
        frozenset(stored),
    )


def _as_assignment(node: plan.Stmt) -> _Assignment:
    match node:
        case plan.Store(targets=(target,), value=value):
            pass
        case plan.AppendByType(target=target, value=value):
            pass
        case plan.AddOne(target=target, added=added):
            read = plan.Read(node.at, node.type, target.slot, True)
            value = plan.Arith(added.at, node.type, "+", read, added.value)
        case _:
            raise _NoFold
    if target.test is not None:
        raise _NoFold
    return _Assignment(target, value, _terms(target.slot, value))


def _terms(slot: Slot, value: plan.Expr) -> tuple[tuple[str, plan.Expr], ...]:
    """What is added to the variable, in order; none if it is assigned otherwise."""
    terms: list[tuple[str, plan.Expr]] = []
    while isinstance(value, plan.Arith) and value.operator in _ADDING:
        terms.append((value.operator, value.right))
        if _is_read(value.right, slot) and value.operator == "+" and not _reads(value.left, slot):
            terms[-1] = "+", value.left
            return tuple(reversed(terms))
        value = value.left
    if not _is_read(value, slot) or any(_reads(term, slot) for _, term in terms):
        return ()
    return tuple(reversed(terms))


def _is_read(node: plan.Expr, slot: Slot) -> bool:
    return isinstance(node, plan.Read) and node.slot.python == slot.python and node.certain


def _reads(node: plan.Expr, slot: Slot) -> bool:
    return any(each.__class__ is Slot and each.python == slot.python for each in plan.walk([node]))


# Extremes ----------------------------------------------------------------------------------

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _compared(branch: plan.BranchPlan) -> tuple[str, str, plan.Expr]:
    """The variable that is the greatest or least value so far, and how which value is compared with
    it: the variable is assigned in the branch, and one side of the comparison.
    """
    test = branch.condition
    if isinstance(test, plan.Compare) and test.operator in _ORDER:
        sides = (
            (test.right, test.operator, test.left),
            (test.left, _MIRRORED[test.operator], test.right),
        )
        for best, operator, value in sides:
            if isinstance(best, plan.Read) and best.certain:
                python = best.slot.python
                if any(_stores(each, python) for each in branch.body):
                    return python, operator, value
    raise _NoFold


def _stores(node: plan.Stmt, python: str) -> bool:
    return isinstance(node, plan.Store) and node.targets[0].slot.python == python


def _is_extreme(node: plan.IfPlan) -> bool:
    """Is it ``if value > best``, perhaps behind ``if best == null`` with the same body?"""
    if node.otherwise is not None or len(node.branches) > 2:
        return False
    if not all(isinstance(each, plan.Store) for way in _ways(node) for each in way):
        return False
    try:
        best, _, value = _compared(node.branches[-1])
    except _NoFold:
        return False
    if _reads_name(value, best):
        return False
    if len(node.branches) == 1:
        return True
    test = node.branches[0].condition
    return (
        isinstance(test, plan.Compare)
        and test.operator == "=="
        and isinstance(test.left, plan.Read)
        and test.left.slot.python == best
        and isinstance(test.right, plan.Const)
        and test.right.value is None
    )


def _reads_name(node: plan.Expr, python: str) -> bool:
    return any(each.__class__ is Slot and each.python == python for each in plan.walk([node]))


# Sums by key -------------------------------------------------------------------------------


def _starts_key(node: plan.IfPlan, following: Sequence[plan.Stmt]) -> bool:
    """Is it ``if not has_key(by, key)``, with a number for the key, before ``by[key] = …``?"""
    if not following or not isinstance(following[0], plan.StoreElement):
        return False
    try:
        _start_of_key(node)
    except _NoFold:
        return False
    return True


def _start_of_key(node: plan.IfPlan) -> tuple[plan.CallBuiltin, plan.StoreElement]:
    """The call of ``has_key``, and the assignment of a number."""
    match node:
        case plan.IfPlan(
            branches=(
                plan.BranchPlan(
                    condition=plan.Not(operand=plan.CallBuiltin(name="has_key") as call),
                    body=(plan.StoreElement(path=(plan.AccessStep(is_member=False),)) as first,),
                ),
            ),
            otherwise=None,
        ) if len(call.arguments) == 2 and plan.number_of(first.value) is not None:
            return call, first
    raise _NoFold


def _variable_of(node: plan.Expr | plan.StoreElement) -> str | None:
    """The Python name of the only variable that is read or assigned into."""
    if isinstance(node, plan.StoreElement):
        return node.targets[0].slot.python if len(node.targets) == 1 else None
    return plan.variable_of(node)


# Blocks ------------------------------------------------------------------------------------


def _ways(node: plan.IfPlan) -> list[plan.Block]:
    """The blocks of which one is run."""
    return [*(each.body for each in node.branches), node.otherwise or ()]


def _leaves(body: plan.Block) -> bool:
    """Does the block end with ``next``?"""
    return bool(body) and isinstance(body[-1], plan.NextPlan)


def _may_leave(body: plan.Block) -> bool:
    """Is there a ``next`` in the block?"""
    return any(
        isinstance(node, plan.NextPlan)
        or (isinstance(node, plan.IfPlan) and any(map(_may_leave, _ways(node))))
        for node in body
    )


def _statements(body: Sequence[plan.Stmt]) -> list[plan.Stmt]:
    """All statements but ``next``, those within others included; of ``if`` those that look for an
    extreme, with what their last branch assigns.
    """
    found: list[plan.Stmt] = []
    waiting = list(reversed(body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, plan.IfPlan):
            if _is_extreme(node):
                found.append(node)
                waiting += reversed(node.branches[-1].body)
                continue
            for way in reversed(_ways(node)):
                waiting += reversed(way)
        elif not isinstance(node, plan.NextPlan):
            found.append(node)
    return found


def _assigned(body: Sequence[plan.Stmt]) -> set[str]:
    return {
        _as_assignment(node).target.slot.python
        for node in _statements(body)
        if not isinstance(node, plan.IfPlan | plan.StoreElement | plan.AppendArray)
    }
