"""Parts of values: elements, members, lengths.

Source: language reference, 5.8.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from datacode.language import python_names
from datacode.language.analysis.type_sets import (
    ANY,
    ARRAY,
    INTEGER,
    NUMBER,
    OBJECT,
    OTHER,
    STRING,
    only,
    part_of,
)
from datacode.language.codegen.ast_builder import STEADY, Piece
from datacode.language.codegen.evaluation_order import Operands, constant_position, text_of
from datacode.language.syntax import nodes


class Parts(Operands):
    """The part of the compiler that looks into values."""

    def cell_of_row(self, node: nodes.Index | nodes.Member) -> Piece | None:
        """``row[1]`` in a loop over the cells of rows, where there is no row."""
        if not self.row_cells or not isinstance(node, nodes.Index):
            return None
        if not isinstance(node.base, nodes.Name):
            return None
        cells = self.row_cells.get(self.candidates(node.base.name)[0].python)
        position = constant_position(node.index)
        if cells is None or position is None:
            return None
        python = cells[position]
        kinds = self.state.kinds.get(python, ANY)
        value = self.name(python)
        return Piece(value, kinds, plain=True, steadiness=STEADY, safe=True, slot=python)

    def _index(self, node: nodes.Index, *, keep: bool) -> Piece:
        base = self.expression(node.base)
        mark = len(self.out)
        index = self.expression(node.index)
        piece = self.element(base, mark, index)
        return self._released(node, piece) if keep else piece

    def element(self, base: Piece, mark: int, index: Piece) -> Piece:
        """``base[index]``."""
        calls = base.calls or index.calls
        height = max(base.height, index.height) + 2
        kinds = part_of(base.kinds)
        key = text_of(index)
        if key is not None and base.kinds & OBJECT:
            base, index = self.two(base, mark, index, "l")
            if base.kinds & OTHER:
                self.lose_globals()  # it may be a condition over rows
            return self._key(base, index.node, self.call("read_index", base.node, index.node))
        sure = only(base.kinds, ARRAY) and only(index.kinds, NUMBER)
        whole = index.whole
        if whole is not None and index.is_exact and index.safe:
            # A Python int is as good for the helpers, and the number itself is not needed.
            index = replace(index, node=whole, plain=True)
        base, index = self.two(base, mark, index, "" if sure else "lr")
        if index.kinds & STRING and base.kinds & OTHER:
            self.lose_globals()  # it may be a condition over rows
        node: ast.expr = self.call("read_index", base.node, index.node)
        if index.kinds & STRING and base.kinds & OBJECT:
            tests = self._class_tests(base, OBJECT, "dict", index, STRING, "str")
            fast = self.subscript(base.node, index.node)
            node = self.choose(self.all_of(tests), fast, node) if tests else fast
        if index.kinds & NUMBER and base.kinds & ARRAY:
            tests = self._class_tests(base, ARRAY, "list", index, NUMBER, "float")
            fast = self.subscript(base.node, self.position(index, whole))
            node = self.choose(self.all_of(tests), fast, node) if tests else fast
        if only(base.kinds, ARRAY):
            self.refine(index, index.kinds & NUMBER or NUMBER)
        return Piece(node, kinds, calls=calls, height=height)

    def _class_tests(
        self, base: Piece, containers: int, container: str, index: Piece, keys: int, key: str
    ) -> list[ast.expr]:
        """Tests that ``base`` is such a container and ``index`` a key of it."""
        tests: list[ast.expr] = []
        if not only(base.kinds, containers):
            tests.append(self.is_a(base.node, container))
        if not only(index.kinds, keys):
            tests.append(self.is_a(index.node, key))
        return tests

    def position(self, index: Piece, whole: ast.expr | None) -> ast.expr:
        """A number as the position in a list; ``_i`` remembers it for the error message."""
        if isinstance(whole, ast.Name):
            return whole  # the error message finds it by the mark of the subscript
        if whole is not None:
            return self.walrus(python_names.INDEX, whole)
        return self.call("trunc", self.walrus(python_names.INDEX, index.node))

    def _key(self, base: Piece, key: ast.expr, slow: ast.expr) -> Piece:
        """The value of an object's key, which is a constant."""
        fast = self.subscript(base.node, key)
        kinds = part_of(base.kinds)
        if only(base.kinds, OBJECT):
            return Piece(fast, kinds, calls=base.calls, height=base.height + 1)
        node = self.choose(self.is_a(base.node, "dict"), fast, slow)
        return Piece(node, kinds, calls=base.calls, height=base.height + 2)

    def _member(self, node: nodes.Member, *, keep: bool) -> Piece:
        base = self.expression(node.base)
        base = self.spilled(base)
        name = node.name
        slow = self.call("read_member", base.node, self.constant(name))
        if name in ("len", "length") and not base.kinds & OBJECT:
            if only(base.kinds, ARRAY | STRING):
                return self.length(base)
            return Piece(slow, ANY, height=base.height + 1)
        if not base.kinds & OBJECT:
            kinds = STRING if only(base.kinds, STRING) else ANY
            return Piece(slow, kinds, height=base.height + 1)
        fast = self.subscript(base.node, self.constant(name), member=True)
        if only(base.kinds, OBJECT):
            piece = Piece(fast, ANY, height=base.height + 1)
        else:
            other: ast.expr = slow
            if name in ("len", "length"):
                other = self.choose(self.is_a(base.node, "list"), self.length(base).node, slow)
            test = self.is_a(base.node, "dict")
            piece = Piece(self.choose(test, fast, other), ANY, height=base.height + 3)
        return self._released(node, piece) if keep else piece

    # Lengths --------------------------------------------------------------------

    def length(self, piece: Piece) -> Piece:
        """The length of what certainly is an array or a string."""
        whole = self.call("len", piece.node)
        node = self.call("float", whole)
        height = piece.height + 2
        return Piece(node, INTEGER, calls=piece.calls, height=height, whole=whole, is_exact=True)

    def _length_of_any(self, piece: Piece, function: str) -> Piece:
        """The builtin ``len``, which itself is only needed for odd things."""
        if only(piece.kinds, ARRAY | STRING):
            return self.length(piece)
        piece = self.spilled(piece)
        other: ast.expr = self.call("trunc", self.call(function, piece.node))
        for kind, name in ((STRING, "str"), (ARRAY, "list")):
            if piece.kinds & kind:
                length = self.call("len", piece.node)
                other = self.choose(self.is_a(piece.node, name), length, other)
        node = self.call("float", other)
        return Piece(node, INTEGER, calls=piece.calls, height=4, whole=other, is_exact=True)

    # Ownership ------------------------------------------------------------------

    def _released(self, node: nodes.Index | nodes.Member, piece: Piece) -> Piece:
        """A part that something will hold on to: the variable that it is of owns it no longer."""
        root: nodes.Expr = node
        while isinstance(root, nodes.Index | nodes.Member):
            root = root.base
        if not isinstance(root, nodes.Name) or not piece.kinds & (ARRAY | OBJECT):
            return piece
        for slot in self.candidates(root.name):
            if slot.owns_parts:
                piece = self.spilled(piece)
                released = ast.Call(
                    ast.Attribute(self.name(slot.parts), "release", ast.Load(), **self.at),
                    [piece.node],
                    [],
                    **self.at,
                )
                node_ = self.choose(self.is_a(piece.node, "float"), piece.node, released)
                piece = Piece(node_, piece.kinds, height=2)
        return piece
