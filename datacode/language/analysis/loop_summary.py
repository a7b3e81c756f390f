"""Summaries of loops: which variables a body may change, to values of which types.

A summary is made before the body is compiled and holds at the head of the loop however often it has
run. It looks at each assignment without regard to where it stands, again and again until nothing
changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from datacode.language import python_names
from datacode.language.analysis import rules, scopes
from datacode.language.analysis.flow import SET, UNSET, UNSURE, Flow
from datacode.language.analysis.infer import Types, infer_type, may_be_condition
from datacode.language.analysis.scopes import names_of
from datacode.language.analysis.slots import Slot
from datacode.language.analysis.type_sets import ANY, INTEGER, STRING, with_elements
from datacode.language.python_names import is_private
from datacode.language.syntax import nodes

MAX_ITERATIONS = 8
"""How often the assignments of a loop are looked at before its types are given up."""


def invalidate(flow: Flow, names: frozenset[str], types: Types | None = None) -> None:
    """Code may have run that sets these variables, to values of such types."""
    types = types or {}
    state = flow.state
    state.owned = frozenset()
    for name in names:
        for python in flow.slots_named(name):
            flow.invalidate_cached(python)
            slot = Slot(python, name, is_private(python), owns=False, owns_parts=False)
            # One that another of the name hides has no part in ``types``, and keeps its own.
            old = flow.types_of(slot) if flow.setness(slot) != UNSET else 0
            if state.set.get(python) != SET:
                state.set[python] = UNSURE
            known = types.get(name, ANY)
            if known != ANY and flow.may_refine(python):
                state.types[python] = known | old
            else:
                state.types.pop(python, None)


def invalidate_all(flow: Flow, names: Iterable[str]) -> None:
    """Code may have run that sets these variables to anything, or only a part of it."""
    gone = frozenset(names)
    for name in gone:
        pin(flow, name)
    invalidate(flow, gone)


def pin(flow: Flow, name: str) -> None:
    """Write down in the state what is known only from the environment, before it may change."""
    for slot in flow.candidates(name):
        flow.state.set.setdefault(slot.python, flow.setness(slot))


def widen_at_head(flow: Flow, node: nodes.For) -> None:
    """Make the state hold at the head of a loop however often it has run."""
    names = flow.block_names.assigned_by(node)
    types = loop_fixpoint(flow, node, names) if flow.is_shallow else {}
    for name in names:
        pin(flow, name)
    owned = flow.state.owned
    invalidate(flow, names, types)
    flow.state.owned = _owned_throughout(flow, node, owned, types)


def loop_fixpoint(flow: Flow, node: nodes.For, names: frozenset[str]) -> dict[str, int]:
    """The types of ``names`` and of variables of blocks anywhere in the loop; none if unknown."""
    sources = _assignments(flow, node)
    bound = {name for name, _ in sources}
    entry = {name: _types_at_entry(flow, name) for name in names | bound}
    free = flow.block_names.read_outside(node)
    types = {name: entry[name] if name in free else 0 for name in entry}
    for _ in range(MAX_ITERATIONS):
        before = types.copy()
        for name, source in sources:
            types[name] |= source(types)
        if types == before:
            return {name: types[name] | entry[name] for name in entry}
    return {}


def _assignments(flow: Flow, node: nodes.For) -> list[tuple[str, Callable[[Types], int]]]:
    """Everything in the loop that sets a variable, with the types that it gets."""
    found: list[tuple[str, Callable[[Types], int]]] = []
    for part in scopes.walk([node]):
        match part:
            case nodes.Assign(name=name, value=value):
                found.append((name, partial(infer_type, flow, value)))
            case nodes.AssignElement(name=name, path=path, value=value):
                found.append((name, partial(_container_types, flow, value, len(path))))
            case nodes.For(variables=variables, iterable=iterable):
                known = flow.version_types.get(id(part), ())
                visited = partial(_visited_types, flow, iterable, len(variables))
                for index, name in enumerate(variables):
                    found.append((name, _always(known[index]) if index < len(known) else visited))
            case nodes.Try(variable=str() as variable):
                found.append((variable, _always(STRING)))
            case _:
                pass
    found.reverse()
    return found


def _always(types: int) -> Callable[[Types], int]:
    return lambda _: types


def _container_types(flow: Flow, value: nodes.Expr, depth: int, variables: Types) -> int:
    """What an assignment so deep into a container adds to the types of it."""
    return with_elements(infer_type(flow, value, variables), depth)


def _visited_types(flow: Flow, iterable: nodes.Expr, count: int, variables: Types) -> int:
    """The types of a loop's variables."""
    if count > 1:
        return ANY
    if is_range(flow, iterable):
        return INTEGER
    types = infer_type(flow, iterable, variables)
    return types and rules.visited(types)


def _types_at_entry(flow: Flow, name: str) -> int:
    """The types of a variable before the loop; none if it certainly is not set."""
    types = 0
    for slot in flow.candidates(name):
        types |= flow.types_of(slot) if flow.setness(slot) else 0
    return types


def is_range(flow: Flow, node: nodes.Expr) -> bool:
    """Is it ``range(…)`` of the library?"""
    if not isinstance(node, nodes.Call) or node.positional is None:
        return False
    builtin = flow.builtin(node.name)
    if builtin is None or builtin.intrinsic != "range":
        return False
    return builtin.accepts(len(node.positional))


# Ownership -------------------------------------------------------------------------------


def _owned_throughout(
    flow: Flow, node: nodes.For, owned: frozenset[str], types: Mapping[str, int]
) -> frozenset[str]:
    """Those of the variables that own their array or object that go on to in the whole loop."""
    if not owned or not flow.is_shallow:
        return frozenset()
    bound = names_of(node.body, flow.builtins)
    growing: set[int] = set()
    for part in scopes.walk(node.body):
        if not owned:
            break
        if _may_show_globals(flow, part, types):
            owned = frozenset(filter(is_private, owned))
        kept = _kept_by(part)
        if id(part) in growing:
            kept = kept[1:]
        gone = {inner.name for inner in kept if isinstance(inner, nodes.Name)}
        if isinstance(part, nodes.Assign):
            if part.name not in bound.bound | bound.made_local and _grows_here(flow, part):
                growing.add(id(part.value))
            else:
                gone.add(part.name)
        owned = frozenset(
            python for python in owned if python_names.variable_name(python) not in gone
        )
    return owned


def _grows_here(flow: Flow, node: nodes.Assign) -> bool:
    """Is it ``x = push(x, …)``, and is it known which variable that is?"""
    if node.scope is not None or not scopes.grows(node, flow.builtins):
        return False
    assert isinstance(node.value, nodes.Call)
    is_builtin = flow.builtin(node.value.name) is not None
    return is_builtin and flow.only_target(node.name) is not None


def _may_show_globals(flow: Flow, part: scopes.TreeNode, types: Types) -> bool:
    """May code run there that lets the values of globals be known elsewhere?"""
    match part:
        case nodes.Call(name=name):
            builtin = flow.builtin(name)
            return builtin is None or not builtin.pure
        case nodes.Index():
            return not types or may_be_condition(flow, part, types)
    return False


def _kept_by(part: scopes.TreeNode) -> Sequence[scopes.TreeNode]:
    """The parts of which something may hold on to the value."""
    match part:
        case nodes.Index() | nodes.Member() | nodes.ExpressionStatement() | nodes.If():
            return ()
        case nodes.Binary() | nodes.Logical() | nodes.Unary():
            return ()
    return scopes.children(part)
