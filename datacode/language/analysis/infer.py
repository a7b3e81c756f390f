"""The kinds of expressions without code: for loops, whose code may only be made once it is known
what comes round.
"""

from __future__ import annotations

from collections.abc import Sequence

from datacode.language import python_names
from datacode.language.analysis.type_sets import (
    ANY,
    ARRAY,
    BOOL,
    FRACTION,
    INTEGER,
    NULL,
    NUMBER,
    OBJECT,
    OTHER,
    STRING,
    arithmetic,
    of_argument,
    only,
    part_of,
    with_elements,
)
from datacode.language.codegen.arithmetics import OPERATORS
from datacode.language.codegen.evaluation_order import Operands, constant_position
from datacode.language.syntax import nodes


class Foresight(Operands):
    """The part of the compiler that knows kinds beforehand."""

    def kinds_in(self, node: nodes.Expr, names: dict[str, int]) -> int:
        """The kinds an expression can have when variables have those in ``names``.

        Used for loops, where code may only be made once it is known what comes round.
        """
        match node:
            case nodes.Number(value=value):
                return INTEGER if value.is_integer() else FRACTION
            case nodes.String():
                return STRING
            case nodes.Bool():
                return BOOL
            case nodes.Null():
                return NULL
            case nodes.Array(elements=elements):
                return ARRAY | self._kinds_of_parts(elements, names)
            case nodes.Object(pairs=pairs):
                return OBJECT | self._kinds_of_parts([value for _, value in pairs], names)
            case nodes.Logical():
                return BOOL
            case nodes.Name(name=name):
                return self._kinds_of_name(name, names)
            case nodes.Binary():
                return self._kinds_of_chain(node, names)
            case nodes.Unary(operator=operator, operand=operand):
                if operator != "-":
                    return BOOL
                inner = self.kinds_in(operand, names)
                return INTEGER if only(inner, INTEGER) else NUMBER
            case nodes.Call():
                return self._kinds_of_call(node, names)
            case nodes.Index(base=nodes.Name(name=name), index=index) if (
                self.assumed and (name, constant_position(index)) in self.assumed
            ):
                return NUMBER
            case nodes.Index(base=base):
                return part_of(self.kinds_in(base, names))
            case _:
                return ANY

    def may_be_condition(self, node: nodes.Index, names: dict[str, int]) -> bool:
        """May it be ``t['a > x']``, rows by a condition, when variables have those kinds?"""
        is_text = self.kinds_in(node.index, names) & STRING
        return bool(is_text and self.kinds_in(node.base, names) & OTHER)

    def _kinds_of_name(self, name: str, names: dict[str, int]) -> int:
        if self.rows is not None:
            return ANY
        if name in names:
            return names[name]
        kinds = 0
        for slot in self.candidates(name):
            kinds |= self.kinds_of(slot)
        return kinds

    def _kinds_of_parts(self, parts: Sequence[nodes.Expr], names: dict[str, int]) -> int:
        kinds = 0
        for part in parts:
            kinds |= with_elements(self.kinds_in(part, names))
        return kinds

    def _kinds_of_call(self, node: nodes.Call, names: dict[str, int]) -> int:
        given = []
        for argument in node.arguments:
            if isinstance(argument, nodes.Spread | nodes.NamedArgument):
                return ANY
            given.append(self.kinds_in(argument, names))
        if node.name in self.facts.functions:
            if len(given) != self.facts.functions[node.name] or 0 in given:
                return ANY if 0 not in given else 0
            return self.specialist(node.name, tuple(map(of_argument, given)))[1]
        entry = self.builtins.get(node.name)
        return ANY if entry is None else entry.result_type(given)

    def _kinds_of_chain(self, node: nodes.Binary, names: dict[str, int]) -> int:
        row: list[nodes.Binary] = []
        first: nodes.Expr = node
        while isinstance(first, nodes.Binary):
            row.append(first)
            first = first.left
        if row[0].operator not in OPERATORS:
            return BOOL
        kinds = self.kinds_in(first, names)
        for each in reversed(row):
            if each.operator in OPERATORS:
                kinds = arithmetic(each.operator, kinds, self.kinds_in(each.right, names))
            else:
                kinds = BOOL
        return kinds

    def specialist(self, name: str, given: tuple[int, ...]) -> tuple[str, int]:
        """The Python name of the function for such arguments, and the kinds of its result."""
        if self.facts.specialists is None or all(kinds == ANY for kinds in given):
            return python_names.function(name), ANY
        query = (name, given)
        if query not in self.asked:
            self.asked[query] = self.facts.specialists.find(name, given)
        return self.asked[query]
