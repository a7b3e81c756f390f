"""How arrays and strings grow without being copied each time.

A string grows in place where Python sees that a local variable holds the only reference to it; an
array where the variable owns it (see ``assigning``).
"""

from __future__ import annotations

import ast

from datacode.language import python_names
from datacode.language.analysis import scopes
from datacode.language.analysis.type_sets import (
    ARRAY,
    BOOL,
    NUMBER,
    STRING,
    arithmetic,
    only,
)
from datacode.language.codegen.ast_builder import Piece
from datacode.language.codegen.expressions import Expressions
from datacode.language.codegen.variables import SET, Slot, State, joined
from datacode.language.syntax import nodes


class Growing(Expressions):
    """The part of the compiler that makes ``x = push(x, …)`` and ``s = s + …``."""

    has_cells = False
    """Blocks are put into functions of their own: local variables are no longer quite local."""

    def only_target(self, name: str) -> Slot | None:
        """The variable that a plain assignment means, if it is known which and that it is set."""
        targets = self.targets(name)
        if len(targets) != 1:
            return None
        slot = targets[0][1]
        return slot if len(self.candidates(name)) == 1 else None

    def _grows_array(self, node: nodes.Assign) -> bool:
        """``x = push(x, item)``: in place, if the variable owns its array."""
        if not scopes.grows(node, self.builtins):
            return False
        assert isinstance(node.value, nodes.Call)
        function, (first, second) = node.value.name, node.value.arguments
        slot, entry = self.only_target(node.name), self.builtin(function)
        if slot is None or not slot.owns or entry is None or self.is_volatile(slot):
            return False
        assert isinstance(first, nodes.Name)
        assert not isinstance(second, nodes.Spread | nodes.NamedArgument)
        kinds = self.kinds_of(slot)
        mark = len(self.out)
        array = self.spill(Piece(self.name(slot.python), kinds))
        item = self.expression(second, keep=True)
        item = self.spilled(item)
        tests: list[ast.expr] = []
        if slot.python in self.state.owned:  # so it is what it was before
            del self.out[mark]
            array = Piece(self.name(slot.python), kinds, plain=True)
        else:
            tests.append(self.identical(self.name(slot.owner), array.node))
        if not only(kinds, ARRAY):
            tests.append(self.is_a(array.node, "list"))
        if entry.intrinsic == "extend" and not only(item.kinds, ARRAY):
            tests.append(self.is_a(item.node, "list"))
        method = "extend" if entry.intrinsic == "extend" else "append"
        grow = ast.Call(
            ast.Attribute(array.node, method, ast.Load(), **self.at), [item.node], [], **self.at
        )
        longer = self.call(python_names.function(function), array.node, item.node)
        copy = self.assignment(longer, self.target(slot.python), self.target(slot.owner))
        yes = [ast.Expr(grow, **self.at)]
        self.out += [self.if_(self.all_of(tests), list(yes), [copy])] if tests else yes
        self.now_set(slot, entry.result_type([kinds, item.kinds]))
        self.now_owned(slot)
        return True

    # Strings ---------------------------------------------------------------

    def _grows_string(self, node: nodes.Assign) -> bool:
        """``s = s + t + …``: the texts are put together and then behind ``s``, in place."""
        added = _added_to(node)
        slot = self.only_target(node.name) if added else None
        if slot is None or not self.kinds_of(slot) & STRING or self.rows is not None:
            return False
        if not slot.private and slot.name in self.facts.written and self._has_calls(added):
            return False
        if only(self.kinds_of(slot), STRING):
            if self.setness(slot) != SET:
                self.do(self.expression(added[0].left).node)  # it has to exist before all else
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
        piece = self.spilled(piece)
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
        piece = self.spilled(piece)
        between = self.constant("") if text is None else text.node
        other = self.call("appended", self.name(slot.python), between, piece.node)
        node = self.choose(self.is_a(piece.node, "str"), piece.node, other)
        return Piece(node, STRING, height=2)

    def _append_to_shared(self, slot: Slot, text: Piece) -> None:
        """For a moment a local name holds the only reference, so that Python appends in place.

        No signal is handled between these statements, as none of them calls or jumps back. If the
        memory is used up Python has lost the string, and the variable becomes null.
        """
        only_one = python_names.only_reference(slot.python)
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
