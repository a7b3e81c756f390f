"""Calls of the program's functions and of the library's.

Source: language reference, 5.9.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from datacode.language import python_names
from datacode.language.analysis.builtin_info import BuiltinInfo, by_position
from datacode.language.analysis.infer import Foresight
from datacode.language.analysis.type_sets import ANY, BOOL, of_argument
from datacode.language.codegen.ast_builder import Piece
from datacode.language.codegen.subscripts import Parts
from datacode.language.codegen.variables import SET
from datacode.language.syntax import nodes


class Calling(Foresight, Parts):
    """The part of the compiler that makes calls."""

    def _call(self, node: nodes.Call) -> Piece:
        name, arguments = node.name, node.arguments
        if any(isinstance(a, nodes.Spread | nodes.NamedArgument) for a in arguments):
            entry = self.builtin(name)
            ordered = by_position(node, entry) if entry is not None else None
            bare = self._bare_call(entry, ordered) if entry and ordered else None
            return bare or self._loose_call(node)
        positional = [a for a in arguments if not isinstance(a, nodes.Spread | nodes.NamedArgument)]
        if name in self.facts.functions:
            return self._user_call(name, positional)
        entry = self.builtins.get(name)
        if entry is None:
            pieces = self.operands(positional)
            missing = self.call("no_function", self.constant(name), self._tuple(pieces))
            return self._finished(Piece(missing), *pieces, Piece(missing))
        return self._builtin_call(name, entry, positional)

    def _user_call(self, name: str, arguments: Sequence[nodes.Expr]) -> Piece:
        pieces = self.operands(arguments, keep=True)
        expected = self.facts.functions[name]
        values = [piece.node for piece in pieces]
        kinds = ANY
        if len(pieces) == expected:
            given = tuple(of_argument(piece.kinds) for piece in pieces)
            function, kinds = self.specialist(name, given)
            node: ast.expr = self.call(function, self.deeper(), *values)
        else:
            node = self.call(
                "wrong_count", self.constant(name), self.constant(expected), self._tuple(pieces)
            )
        height = max((piece.height for piece in pieces), default=0) + 1
        return Piece(node, kinds, calls=True, height=height)

    def deeper(self) -> ast.expr:
        """How many more calls may be active, for the function that is called."""
        if not self.in_function:
            return self.name("depth_limit")
        return self.subscript(self.name(python_names.DEPTH), self.constant(0))

    def depth(self) -> ast.expr:
        """How many more calls may be active here; the outermost function gets all of them."""
        return self.deeper()

    def _tuple(self, pieces: Sequence[Piece]) -> ast.expr:
        return ast.Tuple([piece.node for piece in pieces], ast.Load(), **self.at)

    def _builtin_call(
        self, name: str, entry: BuiltinInfo, arguments: Sequence[nodes.Expr]
    ) -> Piece:
        bare = self._bare_call(entry, arguments)
        if bare is not None:
            return bare
        pieces = self.operands(arguments, keep=entry.keeps)
        if not entry.accepts(len(pieces)):
            node = self.call("wrong_builtin_count", self.constant(name), self._tuple(pieces))
            return self._finished(Piece(node), *pieces, Piece(node))
        function = python_names.function(name)
        if entry.intrinsic == "length":
            return self._length_of_any(pieces[0], function)
        values = [piece.node for piece in pieces]
        if entry.calls_back and values:
            # Once all arguments are known: functions called for them leave their own depth.
            values[-1] = self.call("at_depth", self.depth(), values[-1])
        node = self.call(function, *values)
        kinds = entry.result_type([piece.kinds for piece in pieces])
        height = max((piece.height for piece in pieces), default=0) + 1
        calls = entry.calls_back or any(piece.calls for piece in pieces)
        return Piece(node, kinds, calls=calls, height=height, fresh=entry.fresh)

    def _bare_call(self, entry: BuiltinInfo, arguments: Sequence[nodes.Expr]) -> Piece | None:
        """A call with a bare name that is read as no variable; None of other calls."""
        if entry.intrinsic == "isinstance" and len(arguments) == 2:
            kind = arguments[1]
            if isinstance(kind, nodes.Name) and kind.name in entry.bare_words:
                value = self.expression(arguments[0])
                node = self.call("f_isinstance", value.node, self.constant(kind.name))
                return self._finished(Piece(node, BOOL), value)
        if (
            entry.intrinsic == "isset"
            and len(arguments) == 1
            and isinstance(arguments[0], nodes.Name)
        ):
            value = self._value_or_null(arguments[0].name)
            return self._finished(Piece(self.call("f_isset", value.node), BOOL), value)
        return None

    def _value_or_null(self, name: str) -> Piece:
        """The value of a variable, null where there is none."""
        if self.rows is not None and (name in self.rows or name in self.captured):
            return self._variable(name, keep=False)
        slots = self.candidates(name)
        node: ast.expr | None = None
        for slot in reversed(slots):
            setness = self.setness(slot)
            value = self.name(slot.python)
            if setness == SET:
                node = value
            elif slot.private:
                self.needs_unset.add(slot.python)
                node = self.choose(self.is_set(slot), value, node or self.constant(None))
            else:
                found = self.call("value_or_null", self.constant(slot.python))
                if slot.python.startswith(python_names.TOP_LEVEL_LOCAL):
                    self.needs_unset.add(slot.python)
                    found_or = self.choose(self.is_set(slot), value, node or self.constant(None))
                    node = found_or
                else:
                    node = found
        assert node is not None
        return Piece(node, ANY, height=len(slots))

    def _loose_call(self, node: nodes.Call) -> Piece:
        """A call with spread or named arguments: their number shows when the program runs."""
        pieces: list[Piece] = []
        spread: list[bool] = []
        named: list[str] = []
        for argument in node.arguments:
            mark = len(self.out)
            value = argument
            if isinstance(argument, nodes.Spread | nodes.NamedArgument):
                value = argument.value
            assert not isinstance(value, nodes.Spread | nodes.NamedArgument)
            piece = self.expression(value, keep=True)
            if isinstance(argument, nodes.Spread):
                outer = self.look_at(argument.line, argument.column)
                spread_out = self.call("spread", piece.node)
                self.at = outer
                piece = Piece(spread_out, calls=piece.calls, height=piece.height + 1)
            self.keep_order(pieces, mark)
            pieces.append(piece)
            spread.append(isinstance(argument, nodes.Spread))
            if isinstance(argument, nodes.NamedArgument):
                named.append(argument.name)
        first_named = len(pieces) - len(named)
        positional: list[ast.expr] = [
            ast.Starred(piece.node, ast.Load(), **self.at) if is_spread else piece.node
            for piece, is_spread in zip(pieces[:first_named], spread, strict=False)
        ]
        call = self.call(
            "call_loosely",
            self.depth(),
            self.constant(node.name),
            self.sequence(positional),
            self.sequence([self.constant(name) for name in named]),
            self.sequence([piece.node for piece in pieces[first_named:]]),
        )
        height = max(piece.height for piece in pieces) + 2
        return Piece(call, ANY, calls=True, height=height)
