"""Assignments, and how arrays, objects and strings grow without being copied each time.

Arrays and objects are values: ``b = a`` shares one Python list, and whoever changes it first must
copy it first. To know that a copy is not needed, ``o_x`` beside a variable ``v_x`` holds the list
that the variable owns alone. Code that makes a list for the variable sets it, every read that lets
the list become known elsewhere clears it, and ``o_x is v_x`` says that it may be changed in place.
``n_x`` does the same for the lists within, which are known by their identity.

A string grows in place where Python sees that a local variable holds the only reference to it.

Source: language reference, 4 and 6.1.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from datacode.language import nodes, scopes
from datacode.language.expressions import Expressions
from datacode.language.kinds import (
    ARRAY,
    BOOL,
    NUMBER,
    OBJECT,
    OWN,
    STRING,
    arithmetic,
    builtin_result,
    only,
    part_of,
    with_elements,
)
from datacode.language.python import LOOSE, STEADY, Piece
from datacode.language.variables import SET, Slot, State, joined


@dataclass(frozen=True, slots=True)
class Path:
    """The way to the element of a container: the steps, and which of them are members.

    ``place`` is that of the only step; None where there are more, as any of them can fail.
    """

    steps: list[Piece]
    members: list[bool]
    place: tuple[int, int] | None


class Assigning(Expressions):
    """The part of the compiler that makes assignments."""

    has_cells = False
    """Blocks are put into functions of their own: local variables are no longer quite local."""

    def assign_variable(self, node: nodes.Assign) -> None:
        """``name = value``, ``global name = value``, ``local name = value``."""
        if node.scope == "global":
            value = self.expression(node.value, keep=True)
            self.store(self.slot(f"v_{node.name}", node.name, False), value)
        elif node.scope == "local":
            value = self.expression(node.value, keep=True)
            self.store(self._innermost(node.name), value)
        elif not (self._grows_array(node) or self._grows_string(node)):
            self.assign_plain(node.name, self.expression(node.value, keep=True))

    def _innermost(self, name: str) -> Slot:
        """The variable that ``local`` sets."""
        if self.in_function:
            return self.slot(f"l_{name}", name, True)
        if not self.blocks:
            return self.slot(f"t_{name}", name, False)
        return self.in_innermost(name)

    def _only_target(self, name: str) -> Slot | None:
        """The variable that a plain assignment means, if it is known which and that it is set."""
        targets = self.targets(name)
        if len(targets) != 1:
            return None
        slot = targets[0][1]
        return slot if len(self.candidates(name)) == 1 else None

    # Arrays ----------------------------------------------------------------

    def _grows_array(self, node: nodes.Assign) -> bool:
        """``x = push(x, item)``: in place, if the variable owns its array."""
        if not scopes.grows(node):
            return False
        assert isinstance(node.value, nodes.Call)
        function, (first, second) = node.value.name, node.value.arguments
        slot = self._only_target(node.name)
        if slot is None or not slot.owns or function in self.facts.functions:
            return False
        if function not in self.builtins or self.is_volatile(slot):
            return False
        assert isinstance(first, nodes.Name)
        assert not isinstance(second, nodes.Spread | nodes.NamedArgument)
        kinds = self.kinds_of(slot)
        array = self.spill(Piece(self.name(slot.python), kinds))
        item = self.expression(second, keep=True)
        if not item.plain:
            item = self.spill(item)
        tests = [self.identical(self.name(slot.owner), array.node)]
        if not only(kinds, ARRAY):
            tests.append(self.is_a(array.node, "list"))
        if function == "extend" and not only(item.kinds, ARRAY):
            tests.append(self.is_a(item.node, "list"))
        method = "extend" if function == "extend" else "append"
        grow = ast.Call(
            ast.Attribute(array.node, method, ast.Load(), **self.at), [item.node], [], **self.at
        )
        longer = self.call(f"f_{function}", array.node, item.node)
        copy = self.assignment(longer, self.target(slot.python), self.target(slot.owner))
        yes = [ast.Expr(grow, **self.at)]
        self.emit(self.if_(self.all_of(tests), list(yes), [copy]))
        self.now_set(slot, builtin_result(function, [kinds, item.kinds]))
        return True

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
            test, statement = fast
            self.emit(self.if_(test, [statement], [store]))
        own = container.kinds & (ARRAY | OBJECT) or ARRAY | OBJECT
        if self.has_known_kind(slot):
            added = with_elements(value.kinds, len(path.steps))
            self.state.kinds[slot.python] = own | container.kinds & ~OWN | added
        if self.setness(slot) != SET and slot.private:
            self.state.set[slot.python] = SET

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
    ) -> tuple[ast.expr, ast.stmt] | None:
        """Code for the usual case, and the test for it."""
        steps, members = path.steps, path.members
        tests = [is_owned]
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
        return self.all_of(tests), self.assignment(value.node, target)

    def _class_test(
        self, tests: list[ast.expr], node: ast.expr, kinds: int, wanted: int, name: str
    ) -> None:
        if not only(kinds, wanted):
            tests.append(self.is_a(node, name))

    # Strings ---------------------------------------------------------------

    def _grows_string(self, node: nodes.Assign) -> bool:
        """``s = s + t + …``: the texts are put together and then behind ``s``, in place."""
        added = _added_to(node)
        slot = self._only_target(node.name) if added else None
        if slot is None or not self.kinds_of(slot) & STRING or self.rows is not None:
            return False
        if not slot.private and slot.name in self.facts.written and self._has_calls(added):
            return False
        if only(self.kinds_of(slot), STRING):
            self._append_texts(slot, added)
            return True
        if len(added) == 1 and self.setness(slot) == SET and self.kinds_of(slot) & NUMBER:
            self._add_one(slot, added[0])
            return True
        known = self.read_slot(slot, keep=False)
        outer, before = self.out, self.state.copy()
        yes: list[ast.stmt] = []
        no: list[ast.stmt] = []
        self.out = yes
        self.state.kinds[slot.python] = STRING
        self._append_texts(slot, added)
        self.state.kinds.pop(slot.python, None)
        after, self.state = self.state, before
        if self.has_known_kind(slot):
            self.state.kinds[slot.python] = self.kinds_of(slot) & ~STRING
        self.out = no
        self._grow_other(slot, node)
        self.state = _met(after, self.state, slot, self.has_known_kind(slot))
        self.out = outer
        self.emit(self.if_(self.is_a(known.node, "str"), yes, no))
        return True

    def _add_one(self, slot: Slot, sum_: nodes.Binary) -> None:
        """``x = x + y`` where ``x`` may be a number, which is looked at first, or a string."""
        piece = self.expression(sum_.right)
        self.look_at(sum_.line, sum_.column)
        if not piece.plain:
            piece = self.spill(piece)
        kinds = self.kinds_of(slot)
        old = Piece(self.name(slot.python), kinds, plain=True)
        result = arithmetic("+", kinds, piece.kinds)
        outer = self.out
        numbers, texts, others = list[ast.stmt](), list[ast.stmt](), list[ast.stmt]()
        for branch in (numbers, others):
            self.out = branch
            if branch is numbers:
                node: ast.expr = self.binary(old.node, ast.Add(), piece.node)
            else:
                node = self.call("add", old.node, piece.node)
            self.assign(slot.python, node)
        self.out = texts
        self._append_text(slot, self._as_text(slot, piece))
        self.out = outer
        unsure = [each for each in (old, piece) if not only(each.kinds, NUMBER)]
        if unsure:
            test = self.all_of([self.is_a(each.node, "float") for each in unsure])
            is_text = self.if_(self.is_a(old.node, "str"), texts, others)
            self.emit(self.if_(test, numbers, [is_text]))
        else:  # making the code for ``y`` has shown that ``x`` must be a number
            self.out.extend(numbers)
        self.now_set(slot, result)

    def _grow_other(self, slot: Slot, node: nodes.Assign) -> None:
        """The same statement, where the variable holds no string."""
        self.store(slot, self.expression(node.value, keep=True))

    def _has_calls(self, sums: list[nodes.Binary]) -> bool:
        added = [each.right for each in sums]
        return any(isinstance(part, nodes.Call) for part in scopes.walk(added))

    def _append_texts(self, slot: Slot, added: list[nodes.Binary]) -> None:
        text: Piece | None = None
        for sum_ in added:
            mark = len(self.out)
            piece = self.expression(sum_.right)
            self.look_at(sum_.line, sum_.column)
            if text is None:
                text = self._as_text(slot, piece)
            else:
                if len(self.out) > mark or not only(piece.kinds, STRING | NUMBER | BOOL):
                    text = self.spill(text, mark)
                before = len(self.out)
                following = self._as_text(slot, piece, text)
                if len(self.out) > before and not text.plain:
                    text = self.spill(text, before)
                node = self.binary(text.node, ast.Add(), following.node)
                text = self.low(self._finished(Piece(node, STRING), text, following))
        assert text is not None
        self._append_text(slot, text)

    def _append_text(self, slot: Slot, text: Piece) -> None:
        if slot.private and not self.has_cells:
            longer = self.binary(self.name(slot.python), ast.Add(), text.node)
            self.emit(self.assignment(longer, self.target(slot.python)))
        else:
            self._append_to_shared(slot, self.spill(text))
        self.now_set(slot, STRING)

    def _as_text(self, slot: Slot, piece: Piece, text: Piece | None = None) -> Piece:
        """What the string of ``slot``, and ``text``, get behind them when the piece is added."""
        if only(piece.kinds, STRING):
            return piece
        if only(piece.kinds, NUMBER | BOOL):
            return self.text(piece)
        if not piece.plain:
            piece = self.spill(piece)
        between = self.constant("") if text is None else text.node
        other = self.call("appended", self.name(slot.python), between, piece.node)
        node = self.choose(self.is_a(piece.node, "str"), piece.node, other)
        return Piece(node, STRING, height=2)

    def _append_to_shared(self, slot: Slot, text: Piece) -> None:
        """For a moment a local name holds the only reference, so that Python appends in place.

        No signal is handled between these statements, as none of them calls or jumps back. If the
        memory is used up Python has lost the string, and the variable becomes null.
        """
        only_one = f"_s_{slot.python}"
        self.assign(only_one, self.name(slot.python))
        self.assign(slot.python, self.constant(None))
        longer = self.binary(self.name(only_one), ast.Add(), text.node)
        self.assign(only_one, longer)
        self.assign(slot.python, self.name(only_one))
        self.assign(only_one, self.constant(None))


def _added_to(node: nodes.Assign) -> list[nodes.Binary]:
    """The sums that end with what ``node`` adds to its variable, as ``a`` and ``b`` in
    ``x = x + a + b``; none for other assignments.
    """
    added: list[nodes.Binary] = []
    value = node.value
    while isinstance(value, nodes.Binary) and value.operator == "+":
        added.append(value)
        value = value.left
    if isinstance(value, nodes.Name) and value.name == node.name:
        return added[::-1]
    return []


def _met(one: State, other: State, slot: Slot, known: bool) -> State:
    """Where the string way and the other way of one statement meet again."""
    state = joined(one, other)
    state.kinds.pop(slot.python, None)
    if known and other.kinds.get(slot.python) is not None:
        state.kinds[slot.python] = other.kinds[slot.python] | STRING
    return state
