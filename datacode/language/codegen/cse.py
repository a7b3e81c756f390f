"""Parts of values that are read again: ``person.age`` is what it was while ``person`` is.

Arrays and objects are values, so the part that an expression means changes only when one of its
variables is assigned. The first of several equal expressions leaves its value in ``m1``, ``m2``, …,
and so what has been found out of its kind is known for the others too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from datacode.language import python_names
from datacode.language.analysis import scopes
from datacode.language.analysis.infer import Foresight
from datacode.language.codegen.ast_builder import STEADY, Piece
from datacode.language.codegen.subscripts import Parts
from datacode.language.codegen.variables import SET, Found
from datacode.language.syntax import nodes

DEPTH = 4
"""Steps from a part to its variable; longer ways are not looked at."""

_DIFFERENT = frozenset({"exists", "is_file", "is_dir", "len", "length"})
"""Members that are read each time: what a path leads to may change, and lengths are cheap."""

Shape = tuple[object, ...]


class Repeats(Foresight, Parts):
    """The part of the compiler that reads parts of values once."""

    _counts: Mapping[Shape, int] = MappingProxyType({})
    _found = 0

    def count_parts(self, statements: Iterable[nodes.Statement]) -> None:
        """See which parts of values are read more than once in the code to be compiled."""
        counts: Counter[Shape] = Counter()
        for part in scopes.walk(statements):
            if isinstance(part, nodes.Index | nodes.Member):
                shape = _shape(part, DEPTH)
                if shape is not None:
                    counts[shape] += 1
        self._counts = counts

    def part(self, node: nodes.Index | nodes.Member, *, keep: bool) -> Piece:
        """``base[index]`` or ``base.name``."""
        cell = self.cell_of_row(node)
        if cell is not None:
            return cell
        key = self._key_of(node)
        found = None if key is None else self.state.found.get(key)
        if found is None:
            if isinstance(node, nodes.Index):
                piece = self.low(self._index(node, keep=keep))
            else:
                piece = self.low(self._member(node, keep=keep))
            if key is None:
                return piece
            self._found += 1
            found = Found(
                python_names.cached_part(self._found),
                piece.kinds,
                self._slots_in(node) or frozenset(),
            )
            self.assign(found.python, piece.node)
            self.state.found[key] = found
            self.state.kinds[found.python] = piece.kinds
        kinds = self.state.kinds.get(found.python, found.kinds)
        value = self.name(found.python)
        return Piece(value, kinds, plain=True, steadiness=STEADY, safe=True, slot=found.python)

    def _key_of(self, node: nodes.Index | nodes.Member) -> Shape | None:
        """What the part is known by; None if it is read once or may change at any time."""
        if not self._counts or self.rows is not None:
            return None
        shape = _shape(node, DEPTH)
        if shape is None or self._counts[shape] < 2:
            return None
        slots = self._slots_in(node)
        if slots is None or self._holds_condition(node):
            return None
        return shape, *sorted(slots)

    def _slots_in(self, node: nodes.Expr) -> frozenset[str] | None:
        """The variables of a part; None if one of them is not certain or others may change it."""
        found = set()
        for part in _reads(node):
            slots = self.candidates(part.name)
            if len(slots) > 1 or slots[0].owns_parts:
                return None
            if self.setness(slots[0]) != SET or not self.has_known_kind(slots[0]):
                return None
            found.add(slots[0].python)
        return frozenset(found)

    def _holds_condition(self, node: nodes.Expr) -> bool:
        """Is there ``t['a > x']`` in it, perhaps, which depends on more than its variables?"""
        return any(
            isinstance(part, nodes.Index) and self.may_be_condition(part, {})
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
        case nodes.Member(base=base, name=name) if name not in _DIFFERENT:
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
