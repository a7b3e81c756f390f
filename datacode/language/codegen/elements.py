"""Assignments to elements: ``name[i].key = value``.

Source: language reference, 6.1.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from datacode.language.analysis.type_sets import (
    ARRAY,
    NUMBER,
    OBJECT,
    OWN,
    STRING,
    only,
    part_of,
    with_elements,
)
from datacode.language.codegen.ast_builder import LOOSE, STEADY, Piece
from datacode.language.codegen.expressions import Expressions
from datacode.language.codegen.variables import SET, Slot, joined
from datacode.language.syntax import nodes


@dataclass(frozen=True, slots=True)
class Path:
    """The way to the element of a container: the steps, and which of them are members.

    ``place`` is that of the only step; None where there are more, as any of them can fail.
    """

    steps: list[Piece]
    members: list[bool]
    place: tuple[int, int] | None


class Elements(Expressions):
    """The part of the compiler that assigns to elements."""

    def assign_element(self, node: nodes.AssignElement) -> None:
        """``name[i].key = value``."""
        value = self.expression(node.value, keep=True)
        pieces = [value]
        for step in node.path:
            mark = len(self.out)
            piece = self.string(step) if isinstance(step, str) else self.expression(step)
            self.keep_order(pieces, mark)
            pieces.append(piece)
        # The variable is looked at last, as finding the indexes may change it.
        calls = any(piece.calls for piece in pieces[1:])
        pieces = [
            self._handy(piece, calls) if place == 0 else self._as_key(piece)
            for place, piece in enumerate(pieces)
        ]
        members = [isinstance(step, str) for step in node.path]
        path = Path(pieces[1:], members, node.places[0] if len(node.places) == 1 else None)
        self._into_first(self.candidates(node.name), pieces[0], path)

    def _handy(self, piece: Piece, calls: bool = False) -> Piece:
        """A piece that may stand several times, and later than code that ``calls`` functions."""
        if piece.plain and (piece.steadiness == STEADY or not (calls or piece.steadiness == LOOSE)):
            return piece
        return self.spill(piece)

    def _as_key(self, piece: Piece) -> Piece:
        """An index, as a Python int where it is known as one: then the number is not needed."""
        if piece.whole is not None and piece.is_exact and piece.safe:
            return replace(piece, node=piece.whole, plain=True)
        return self._handy(piece)

    def _into_first(self, slots: list[Slot], value: Piece, path: Path) -> None:
        """Assign into the variable that is found by the rule for plain assignment."""
        slot, others = slots[0], slots[1:]
        if not others:
            self._into(slot, value, path)
            return
        self.needs_unset.add(slot.python)
        outer, before = self.out, self.state.copy()
        yes: list[ast.stmt] = []
        no: list[ast.stmt] = []
        self.out = yes
        self._into(slot, value, path)
        after, self.state = self.state, before
        self.out = no
        self._into_first(others, value, path)
        self.state = joined(after, self.state)
        self.out = outer
        self.emit(self.if_(self.is_set(slot), yes, no))

    def _into(self, slot: Slot, value: Piece, path: Path) -> None:
        """Assign to an element of what one variable holds."""
        container = Piece(self.name(slot.python), self.kinds_of(slot), plain=True)
        is_owned = self.identical(self.name(slot.owner), container.node)
        if path.place is not None:
            self.look_at(*path.place)
        if slot.owns_parts:
            slow = self._put_deep(slot, is_owned, value, path)
        else:
            slow = self.call(
                "put",
                container.node,
                is_owned,
                path.steps[0].node,
                value.node,
                self.constant(path.members[0]),
            )
        store = self.assignment(slow, self.target(slot.python), self.target(slot.owner))
        fast = self._in_place(slot, is_owned, container, value, path)
        if fast is None:
            self.emit(store)
        else:
            tests, statement = fast
            self.emit(self.if_(self.all_of(tests), [statement], [store]) if tests else statement)
        own = container.kinds & (ARRAY | OBJECT) or ARRAY | OBJECT
        if self.has_known_kind(slot):
            added = with_elements(value.kinds, len(path.steps))
            self.state.kinds[slot.python] = own | container.kinds & ~OWN | added
        if self.setness(slot) != SET and slot.private:
            self.state.set[slot.python] = SET
        self.now_owned(slot)
        self.lose_found(slot.python)

    def _put_deep(
        self,
        slot: Slot,
        is_owned: ast.expr,
        value: Piece,
        path: Path,
    ) -> ast.expr:
        steps: list[ast.expr] = [
            ast.Tuple([step.node, self.constant(member)], ast.Load(), **self.at)
            for step, member in zip(path.steps, path.members, strict=True)
        ]
        return self.call(
            "put_deep",
            self.name(slot.python),
            is_owned,
            self.name(slot.parts),
            ast.Tuple(steps, ast.Load(), **self.at),
            value.node,
        )

    def _in_place(
        self,
        slot: Slot,
        is_owned: ast.expr,
        container: Piece,
        value: Piece,
        path: Path,
    ) -> tuple[list[ast.expr], ast.stmt] | None:
        """Code for the usual case, and the tests for it."""
        steps, members = path.steps, path.members
        tests: list[ast.expr] = [] if slot.python in self.state.owned else [is_owned]
        if len(steps) == 1 and not slot.owns_parts:
            place: ast.expr = container.node
            kinds = container.kinds
        elif len(steps) == 2 and not members[0] and steps[0].kinds & NUMBER:
            # The row that was assigned into last, if it is still at that place.
            if not only(container.kinds, ARRAY):
                tests.append(self.is_a(container.node, "list"))
            if not only(steps[0].kinds, NUMBER):
                tests.append(self.is_a(steps[0].node, "float"))
            row = self.subscript(container.node, self.position(steps[0], steps[0].whole))
            place = self.name(self.temporary())
            last = ast.Attribute(self.name(slot.parts), "last", ast.Load(), **self.at)
            tests.append(self.identical(self.walrus(place.id, last), row))
            kinds = part_of(container.kinds) & (ARRAY | OBJECT) or ARRAY | OBJECT
        else:
            return None
        step = steps[-1]
        if not members[-1] and step.kinds & NUMBER and kinds & ARRAY:
            self._class_test(tests, place, kinds, ARRAY, "list")
            self._class_test(tests, step.node, step.kinds, NUMBER, "float")
            key = self.position(step, step.whole)
        elif step.kinds & STRING and kinds & OBJECT and len(steps) == 1:
            self._class_test(tests, place, kinds, OBJECT, "dict")
            self._class_test(tests, step.node, step.kinds, STRING, "str")
            key = step.node
        else:
            return None
        target = self.subscript(place, key, store=True)
        return tests, self.assignment(value.node, target)

    def _class_test(
        self, tests: list[ast.expr], node: ast.expr, kinds: int, wanted: int, name: str
    ) -> None:
        if not only(kinds, wanted):
            tests.append(self.is_a(node, name))
