"""Common subexpressions: parts of values that are read again and certainly are the same.

Arrays and objects are values, so the part that ``person.age`` means changes only when one of its
variables is assigned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from datacode.language.analysis import scopes
from datacode.language.analysis.flow import SET, Flow
from datacode.language.analysis.infer import may_be_condition
from datacode.language.syntax import nodes

MAX_DEPTH = 4
"""Steps from a part to its variable; longer ways are not looked at."""

_VOLATILE = frozenset({"exists", "is_file", "is_dir", "len", "length"})
"""Members that are read each time: what a path leads to may change, and lengths are cheap."""

_PARTS = (nodes.Index, nodes.Member)

Shape = tuple[object, ...]
"""What equal expressions have in common."""


class SubexpressionCache:
    """Which parts are worth keeping in the code being compiled; numbers those that are kept."""

    def __init__(self, statements: Iterable[nodes.Statement]) -> None:
        counts: Counter[Shape] = Counter()
        for part in scopes.walk(statements):
            if isinstance(part, _PARTS):
                shape = _shape(part, MAX_DEPTH)
                if shape is not None:
                    counts[shape] += 1
        self._counts = counts
        self._kept = 0

    def next_number(self) -> int:
        """The number of one more part that is kept."""
        self._kept += 1
        return self._kept

    def key(self, flow: Flow, node: nodes.Index | nodes.Member) -> Shape | None:
        """What the part is known by; None if it is read once or may change at any time."""
        if not self._counts or flow.columns is not None:
            return None
        shape = _shape(node, MAX_DEPTH)
        if shape is None or self._counts[shape] < 2:
            return None
        slots = variables_of(flow, node)
        if slots is None or _holds_condition(flow, node):
            return None
        return shape, *sorted(slots)


def variables_of(flow: Flow, node: nodes.Expr) -> frozenset[str] | None:
    """The variables of a part; None if one of them is not certain or others may change it."""
    found = set()
    for part in _reads(node):
        slots = flow.candidates(part.name)
        if len(slots) > 1 or slots[0].owns_parts:
            return None
        if flow.setness(slots[0]) != SET or not flow.has_known_types(slots[0]):
            return None
        found.add(slots[0].python)
    return frozenset(found)


def _holds_condition(flow: Flow, node: nodes.Expr) -> bool:
    """Is there ``t['a > x']`` in it, perhaps, which depends on more than its variables?"""
    return any(
        isinstance(part, nodes.Index) and may_be_condition(flow, part, {})
        for part in scopes.walk([node])
    )


def _shape(node: nodes.Expr, depth: int) -> Shape | None:
    """Something that equal expressions have in common; None for those that are not looked at."""
    if depth == 0:
        return None
    match node:
        case nodes.Name(name=name):
            return "name", name
        case nodes.Number(value=value):
            return "number", value
        case nodes.String(value=text):
            return "text", text
        case nodes.Member(base=base, name=name) if name not in _VOLATILE:
            inner = _shape(base, depth - 1)
            return None if inner is None else (".", inner, name)
        case nodes.Index(base=base, index=index):
            return _pair("[", base, index, depth)
        case nodes.Binary(operator="+" | "-" as operator, left=left, right=right):
            return _pair(operator, left, right, depth)
    return None


def _pair(kind: str, left: nodes.Expr, right: nodes.Expr, depth: int) -> Shape | None:
    one, other = _shape(left, depth - 1), _shape(right, depth - 1)
    return None if one is None or other is None else (kind, one, other)


def _reads(node: nodes.Expr) -> Iterator[nodes.Name]:
    return (part for part in scopes.walk([node]) if isinstance(part, nodes.Name))
