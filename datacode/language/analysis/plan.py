"""The plan: what code is to be made for a part of a program, every decision taken.

Analysis (``language.planning``) makes it, passes change it (``language.passes``), and code
generation writes it out. It is a tree of its own, since one statement of the program may be
compiled several times with different knowledge. Every expression has the set of types that its
value can be of (``type_sets``), every name is resolved to variables (``Slot``), and what is never
reached is not in it. Nothing here knows of Python's ``ast`` or of the state of an interpreter.

``at`` is the place in the program: the line, and the column in characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Literal, TypeVar, dataclass_transform

from datacode.language.analysis.slots import Slot

Place = tuple[int, int]

Made = TypeVar("Made")


@dataclass_transform(eq_default=False, frozen_default=True)
def node(cls: type[Made]) -> type[Made]:
    """A class of nodes. Nobody changes one, which the type checker sees to: a check at run time
    would cost a tenth of the time to compile a program.
    """
    return dataclass(slots=True, eq=False)(cls)


@node
class Expr:
    """An expression; ``type`` is the set of types that its value can be of."""

    at: Place
    type: int


@node
class Stmt:
    """A statement."""

    at: Place


# Values and variables ------------------------------------------------------------------


@node
class Const(Expr):
    """A number, string, bool or null."""

    value: float | str | bool | None


@node
class Read(Expr):
    """The value of a variable. ``certain``: it is known to be set. ``released``: it stops owning
    its array or object, as something else will hold on to it.
    """

    slot: Slot
    certain: bool
    released: bool = False


@node
class ReadFirst(Expr):
    """The value of the first of several variables that is set; the last is not tested."""

    reads: tuple[Read, ...]


@node
class Cell(Expr):
    """A cell of the row that a loop is at, which is in a Python local."""

    python: str


@node
class RowCell(Expr):
    """A cell of the row that a condition looks at."""

    position: int


@node
class Captured(Expr):
    """A variable of the caller, in a condition over rows."""

    name: str


@node
class CacheDef(Expr):
    """A part of a value that will be read again; ``python`` is the local that keeps it."""

    python: str
    value: Expr


@node
class CacheUse(Expr):
    """What a ``CacheDef`` has kept."""

    python: str


@node
class ArrayLiteral(Expr):
    """``[a, b]``."""

    elements: tuple[Expr, ...]


@node
class ObjectLiteral(Expr):
    """``{key: value}``."""

    keys: tuple[str, ...]
    values: tuple[Expr, ...]


# Operators -----------------------------------------------------------------------------


@node
class OperationPlan(Expr):
    """``left operator right``; rows of operations are deep on their left."""

    operator: str
    left: Expr
    right: Expr


@node
class Arith(OperationPlan):
    """One of ``+ - * / % ^``."""


@node
class Compare(OperationPlan):
    """One of ``== != < > <= >=``.

    ``may_mean_more``: the operands may be texts of dates or money, which compare as such.
    ``bounds``: the least and the greatest number that is equal to the operand that is a constant.
    """

    may_mean_more: bool
    bounds: tuple[float, float] | None = None


@node
class IsMultiple(Expr):
    """``value % divisor == 0``, or ``!= 0`` if ``is_negated``, of what is certainly a number and a
    constant whole number from 1 on (``passes.constant_equality``).
    """

    value: Expr
    divisor: Expr
    is_negated: bool


@node
class LogicalPlan(OperationPlan):
    """``and`` or ``or``."""


@node
class Negate(Expr):
    """``-operand``, of anything but a constant number."""

    operand: Expr


@node
class Not(Expr):
    """``not operand``."""

    operand: Expr


# Parts ---------------------------------------------------------------------------------


@node
class Element(Expr):
    """``base[index]``; ``released`` are variables that may own the element and stop to."""

    base: Expr
    index: Expr
    released: tuple[Slot, ...] = ()


@node
class Field(Expr):
    """``base.name``; ``released`` as for an ``Element``."""

    base: Expr
    name: str
    released: tuple[Slot, ...] = ()


# Calls ---------------------------------------------------------------------------------


@node
class CallUser(Expr):
    """A call of a function of the program, by its Python name. ``touched`` are the variables that
    may be looked at or set meanwhile, None for any.
    """

    python: str
    arguments: tuple[Expr, ...]
    touched: frozenset[str] | None


@node
class CallBuiltin(Expr):
    """A call of a builtin. ``calls_back``: it runs functions of the program; ``pure``: no other
    code sees a variable meanwhile; ``fresh``: the result is a new array.
    """

    name: str
    arguments: tuple[Expr, ...]
    calls_back: bool
    pure: bool
    fresh: bool


@node
class Length(Expr):
    """``len(value)``; ``name`` is the builtin for what is neither array nor string."""

    name: str
    value: Expr


@node
class IsInstance(Expr):
    """``isinstance(value, word)`` with a bare word."""

    value: Expr
    word: str


@node
class Possible:
    """One of the variables that ``isset(name)`` may mean: known to be set, to be tested, or a
    global to be looked up.
    """

    slot: Slot
    how: Literal["set", "test", "look up"]


@node
class IsSet(Expr):
    """``isset(name)``: of one of several variables, innermost first, or of the value ``read``."""

    possible: tuple[Possible, ...]
    read: Expr | None = None


@node
class Argument:
    """An argument that is spread (``*x``), or has a name, or neither."""

    at: Place
    value: Expr
    is_spread: bool = False
    name: str | None = None


@node
class CallLoose(Expr):
    """A call whose number of arguments shows when the program runs."""

    name: str
    arguments: tuple[Argument, ...]


@node
class CallWrong(Expr):
    """A call that fails when its arguments have been computed: there is no such function, or it
    takes another number of them (``expected``, of a function of the program).
    """

    name: str
    arguments: tuple[Expr, ...]
    why: Literal["no function", "count", "builtin count"]
    expected: int = 0


# Conditions over rows ------------------------------------------------------------------


@node
class RowTestPlan(Expr):
    """``in``, ``like`` and other words."""

    operator: str
    is_negated: bool
    operands: tuple[Expr, ...]


@node
class ChoicePlan(Expr):
    """``if(…)`` and ``case``: pairs of a condition and a result."""

    branches: tuple[tuple[Expr, Expr], ...]
    otherwise: Expr


# Assignments ---------------------------------------------------------------------------


@node
class AssignTarget:
    """A variable that an assignment may mean, and how the running program tells that it is the one.

    ``set``: if it is set, ``exists``: if the global exists; None: it is the one. ``announced``: the
    runtime must be told that it has come to be.
    """

    slot: Slot
    test: Literal["set", "exists"] | None = None
    is_announced: bool = False


@node
class Store(Stmt):
    """``name = value``: to the first of the targets that is the one."""

    targets: tuple[AssignTarget, ...]
    value: Expr


@node
class AppendArray(Stmt):
    """``x = push(x, item)``; ``type`` is that of ``x``, ``function`` the builtin. ``is_certain``:
    it is known to be set. ``is_owned``: it is certain that it owns its array. ``is_extended``: by
    all elements of ``item``.
    """

    target: AssignTarget
    type: int
    item: Expr
    function: str
    is_certain: bool
    is_owned: bool
    is_extended: bool


@node
class Added:
    """What is added to a string, with the place of its ``+``."""

    at: Place
    value: Expr


@node
class AppendText(Stmt):
    """``s = s + t + …`` for a string ``s``; ``checked`` is read before all else, as it may not
    exist.
    """

    target: AssignTarget
    added: tuple[Added, ...]
    checked: Expr | None = None


@node
class AppendByType(Stmt):
    """The same where ``s`` may be a string or not: one way for strings, the other for all else."""

    read: Expr
    text: AppendText
    target: AssignTarget
    value: Expr


@node
class AddOne(Stmt):
    """``x = x + y`` where ``x``, of ``type``, may be a number or a string."""

    target: AssignTarget
    type: int
    added: Added


@node
class ElementTarget:
    """A variable that is assigned into. ``type`` is that of its value; ``is_certain``: it is known
    to be set, ``is_owned``: it certainly owns it, ``is_tested``: it is the one if it is set.
    """

    slot: Slot
    type: int
    is_certain: bool
    is_owned: bool
    is_tested: bool = False


@node
class AccessStep:
    """``[index]``, or ``.key`` if ``is_member``."""

    index: Expr
    is_member: bool


@node
class StoreElement(Stmt):
    """``name[i].key = value``; ``place`` is that of the only step, None where there are more."""

    targets: tuple[ElementTarget, ...]
    value: Expr
    path: tuple[AccessStep, ...]
    place: Place | None


# Other statements ------------------------------------------------------------------------


@node
class Evaluate(Stmt):
    """An expression whose value is dropped."""

    value: Expr


@node
class ThrowPlan(Stmt):
    """``throw value``."""

    value: Expr


@node
class ReturnPlan(Stmt):
    """``return value``."""

    value: Expr | None


@node
class BreakPlan(Stmt):
    """``break``."""


@node
class NextPlan(Stmt):
    """``next``; ``depth`` counts the loops that are left on the way."""

    depth: int


Block = tuple[Stmt, ...]


@node
class BranchPlan:
    """A condition with its body."""

    at: Place
    condition: Expr
    body: Block


@node
class IfPlan(Stmt):
    """``if`` with every ``else if``, and ``else`` or None."""

    branches: tuple[BranchPlan, ...]
    otherwise: Block | None


@node
class Range:
    """The numbers of ``range(…)``."""

    at: Place
    bounds: tuple[Expr, ...]


@node
class Elements:
    """What a value has: ``elements``; pairs of a number and an element, whole (``pairs``) or taken
    apart (``numbered``); elements that are taken apart (``unpacked``).
    """

    at: Place
    how: Literal["elements", "pairs", "numbered", "unpacked"]


@node
class Cells:
    """Of a table, the cells of each row at ``positions``; of a column of numbers its elements, if
    there are no positions.

    ``numbers`` are positions of columns that must hold nothing but numbers. ``is_unpacked``: the
    cells are the loop's variables. ``is_numbered``: a number stands before them.
    """

    at: Place
    positions: tuple[int, ...] | None
    numbers: tuple[int, ...]
    is_unpacked: bool
    is_numbered: bool


FoldProgram = tuple[Any, ...]
"""A body of a loop for many rows at once, as tuples that generated code can hold.

A block is a tuple of statements:

- ``("steps", n)``: so many statements of the program are run;
- ``("if", condition, block, block)``;
- ``("set", variable, expression)``;
- ``("add", variable, expression)``, ``("subtract", variable, expression)``;
- ``("extreme", variable, operator, expression, assignments)``: if ``expression operator variable``
  the variable gets the value, and others get theirs: ``assignments`` are pairs of a variable and an
  expression;
- ``("push", array, expression)``;
- ``("add by key", object, key, expression, start)``; ``start`` is what a key that is not there
  begins with, None if there is no such thing.

An expression is one of

- ``("constant", value)``, ``("cell", index)``, ``("number",)`` (of the row, from 0),
  ``("input", index)``, ``("variable", index)``, which was set before in the same row;
- ``(operator, left, right)`` for arithmetic, ``==``, ``!=``, ``and`` and ``or``;
- ``(operator, left, right, may_mean_more)`` for ``<`` and its like, as in ``Compare``;
- ``("negate", operand)``, ``("not", operand)``;
- ``("part", index, keys)``: a part of an input, by keys of objects and places in arrays;
- ``("lookup", input or part, expression)``: a member of an object, by a key that rows have;
- ``("call", name, arguments)``: a function of the library whose result depends on these alone.
"""


@node
class Fold:
    """How a loop over cells is run for many rows at once (``passes.folds``, ``tables.folds``).

    ``inputs`` are what the body reads of beyond and does not set, ``accumulators`` the variables
    that it only adds to, or only raises or lowers, ``objects`` those to whose members it only adds,
    ``arrays`` those that it only pushes to, ``set`` those that it sets and that exist beyond it.
    The variables of ``program`` are the accumulators, those that are ``set``, and behind these any
    that one row alone knows.
    """

    at: Place
    program: FoldProgram
    inputs: tuple[Read | Cell, ...]
    accumulators: tuple[AssignTarget, ...]
    objects: tuple[ElementTarget, ...]
    arrays: tuple[AssignTarget, ...]
    set: tuple[AssignTarget, ...]


@node
class Loop:
    """One version of a loop over its source.

    ``variables`` are the Python names of the loop's variables, ``shadow`` the Python int that may
    stand beside the first one, ``cells`` the Python names of the cells that stand for the last one.
    ``visible`` are the variables of the block by their names, ``unset`` those that must be unset at
    the beginning of a step. ``fold`` is there for long tables, if the body can be run so.
    """

    source: Range | Elements | Cells
    variables: tuple[str, ...]
    shadow: str | None
    cells: tuple[str, ...] | None
    body: Block
    visible: Mapping[str, str]
    unset: tuple[str, ...]
    fold: Fold | None = None


@node
class ForPlan(Stmt):
    """A loop over ``value`` (None for a range): the first of ``versions`` that fits the value runs,
    or else ``rest``. ``is_outlined``: in a Python function of its own. ``set_before``: the globals
    and top-level locals that certainly are set before it, if it is in no other block.
    """

    value: Expr | None
    versions: tuple[Loop, ...]
    rest: Loop
    is_outlined: bool
    set_before: frozenset[str] | None


@node
class Handler:
    """``catch``, with the variable that gets the text of the error."""

    target: AssignTarget | None
    body: Block


@node
class TryPlan(Stmt):
    """``try``. ``visible`` and ``unset`` as for a ``Loop``, ``set_before`` as for a ``ForPlan``;
    ``is_final_outlined``: the ``finally`` block is in a Python function of its own.
    """

    body: Block
    handler: Handler | None
    final: Block | None
    visible: Mapping[str, str]
    unset: tuple[str, ...]
    is_outlined: bool
    is_final_outlined: bool
    set_before: frozenset[str] | None


@node
class Promotion:
    """A global or top-level local that is kept in the Python local ``inner`` for a while.

    ``is_set``: it certainly is set before; ``is_stored``: it may be set meanwhile.
    """

    outer: Slot
    inner: Slot
    is_set: bool
    is_stored: bool


@node
class Promoted(Stmt):
    """A statement with variables in Python locals (``passes.promotion``)."""

    promotions: tuple[Promotion, ...]
    statement: Stmt


# Units -----------------------------------------------------------------------------------

Query = tuple[str, tuple[int, ...]]
Answer = tuple[str, int]


@node
class Unit:
    """The plan of a chunk, of a function, or of a condition over rows.

    ``at`` is where it begins. ``returns`` are the types of its result, ``unset`` the Python names
    of variables that it looks at although they may not exist, ``owners`` the variables that may own
    what they hold. ``asked`` are the answers about specializations that the plan relies on.
    ``nests``: nested blocks may be Python functions. ``counts_steps``: statements are counted.
    ``has_blocks``: there are loops or ``try`` statements in it, ``visits_cells``: loops over the
    cells of rows, ``compares_constants``: comparisons for equality with constant numbers. No pass
    looks for them where there are none.
    """

    kind: Literal["chunk", "function", "condition"]
    name: str
    parameters: tuple[str, ...]
    at: Place
    body: Block
    returns: int
    unset: frozenset[str]
    owners: tuple[Slot, ...]
    asked: Mapping[Query, Answer]
    nests: bool
    counts_steps: bool
    has_blocks: bool
    visits_cells: bool
    compares_constants: bool


# Looking at plans --------------------------------------------------------------------------


def is_fresh(node: Expr) -> bool:
    """Is the value a new array or object that nothing else refers to?"""
    return isinstance(node, ArrayLiteral | ObjectLiteral) or (
        isinstance(node, CallBuiltin) and node.fresh
    )


def variable_of(node: Expr) -> str | None:
    """The Python name of the variable that an expression reads, if it is nothing else."""
    if isinstance(node, Read):
        return node.slot.python
    return node.python if isinstance(node, Cell | CacheDef | CacheUse) else None


def number_of(node: Expr) -> float | None:
    """The number that an expression is, if it is a constant number."""
    if isinstance(node, Const) and isinstance(node.value, float):
        return node.value
    return None


_PLAIN = frozenset(
    (
        "Place",
        "int",
        "bool",
        "str",
        "str | None",
        "float | str | bool | None",
        "frozenset[str]",
        "frozenset[str] | None",
        "tuple[str, ...]",
        "tuple[str, ...] | None",
        "tuple[int, ...]",
        "Mapping[str, str]",
        "FoldProgram",
    )
)
"""Types of fields that hold no nodes, as they are written above."""


@cache
def parts_of(kind: Any) -> tuple[str, ...]:
    """The fields of a class of nodes in which there may be nodes; none for other classes."""
    if kind.__module__ not in (__name__, Slot.__module__) and not issubclass(kind, Stmt):
        return ()
    return tuple(each.name for each in fields(kind) if each.type not in _PLAIN)


def is_node(value: object) -> bool:
    """Is it a node of a plan?"""
    kind: Any = value.__class__
    return _is_kind_of_node(kind)


@cache
def _is_kind_of_node(kind: Any) -> bool:
    return kind.__module__ == __name__ or issubclass(kind, Slot | Stmt)


def walk(parts: Sequence[object]) -> Iterator[Any]:
    """Every node of a plan in ``parts``, these included, in no particular order."""
    waiting: list[Any] = list(parts)
    while waiting:
        part = waiting.pop()
        kind = part.__class__
        if kind is tuple:
            waiting.extend(part)
        elif _is_kind_of_node(kind):
            yield part
            for name in parts_of(kind):
                waiting.append(getattr(part, name))
