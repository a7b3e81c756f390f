"""Calls of the program's functions and of the library's.

Source: language reference, 5.9.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from datacode.language import python_names
from datacode.language.analysis.builtin_info import BuiltinInfo, by_position
from datacode.language.analysis.type_sets import ANY, BOOL, of_argument
from datacode.language.codegen.builder import Builder, Operand
from datacode.language.codegen.evaluation_order import combine, keep_order, operands_of
from datacode.language.codegen.subscripts import length_of_any
from datacode.language.codegen.variables import value_or_null
from datacode.language.syntax import nodes


def call(b: Builder, node: nodes.Call) -> Operand:
    """A call of any kind."""
    name, positional = node.name, node.positional
    builtin = b.flow.builtin(name)
    if positional is None:
        ordered = by_position(node, builtin) if builtin is not None else None
        bare = _bare_call(b, builtin, ordered) if builtin and ordered else None
        return bare or _loose_call(b, node)
    if name in b.flow.environment.functions:
        return _user_call(b, name, positional)
    if builtin is None:
        operands = operands_of(b, positional)
        return _wrong_call(b, operands, "no_function", b.constant(name))
    return _builtin_call(b, name, builtin, positional)


def _wrong_call(b: Builder, operands: list[Operand], helper: str, *what: ast.expr) -> Operand:
    """A call that certainly fails, once the arguments have been computed."""
    node = b.call(helper, *what, b.tuple_(*(operand.node for operand in operands)))
    return combine(Operand(node), *operands, Operand(node))


def _user_call(b: Builder, name: str, arguments: Sequence[nodes.Expr]) -> Operand:
    operands = operands_of(b, arguments, keep=True)
    expected = b.flow.environment.functions[name]
    height = _height(operands) + 1
    if len(operands) != expected:
        wrong = _wrong_call(b, operands, "wrong_count", b.constant(name), b.constant(expected))
        return Operand(wrong.node, ANY, calls=True, height=height)
    given = tuple(of_argument(operand.types) for operand in operands)
    function, types = b.flow.specialization(name, given)
    b.flow.note_call(None)
    node = b.call(function, depth(b), *(operand.node for operand in operands))
    return Operand(node, types, calls=True, height=height)


def depth(b: Builder) -> ast.expr:
    """How many more calls may be active in a function that is called here."""
    if not b.flow.in_function:
        return b.name("depth_limit")
    return b.subscript(b.name(python_names.DEPTH), b.constant(0))


def _height(operands: Sequence[Operand]) -> int:
    return max((operand.height for operand in operands), default=0)


def _builtin_call(
    b: Builder, name: str, builtin: BuiltinInfo, arguments: Sequence[nodes.Expr]
) -> Operand:
    bare = _bare_call(b, builtin, arguments)
    if bare is not None:
        return bare
    operands = operands_of(b, arguments, keep=builtin.keeps)
    if not builtin.accepts(len(operands)):
        return _wrong_call(b, operands, "wrong_builtin_count", b.constant(name))
    function = python_names.function(name)
    if builtin.intrinsic == "length":
        return length_of_any(b, operands[0], function)
    values = [operand.node for operand in operands]
    if builtin.calls_back and values:
        # Once all arguments are known: functions called for them leave their own depth.
        values[-1] = b.call("at_depth", depth(b), values[-1])
    b.flow.note_call(builtin)
    return Operand(
        b.call(function, *values),
        builtin.result_type([operand.types for operand in operands]),
        calls=builtin.calls_back or any(operand.calls for operand in operands),
        height=_height(operands) + 1,
        fresh=builtin.fresh,
    )


def _bare_call(b: Builder, builtin: BuiltinInfo, arguments: Sequence[nodes.Expr]) -> Operand | None:
    """A call with a bare name that is read as no variable; None of other calls."""
    match builtin.intrinsic, arguments:
        case "isinstance", [tested, nodes.Name(name=word)] if word in builtin.bare_words:
            value = b.expression(tested)
            function, *others = python_names.function("isinstance"), b.constant(word)
        case "isset", [nodes.Name(name=name)]:
            value = value_or_null(b, name)
            function, *others = (python_names.function("isset"),)
        case _:
            return None
    return combine(Operand(b.call(function, value.node, *others), BOOL), value)


def _loose_call(b: Builder, node: nodes.Call) -> Operand:
    """A call with spread or named arguments: their number shows when the program runs."""
    operands: list[Operand] = []
    positional: list[ast.expr] = []
    named: list[str] = []
    for argument in node.arguments:
        mark = len(b.out)
        value = argument
        if isinstance(argument, nodes.Spread | nodes.NamedArgument):
            value = argument.value
        assert not isinstance(value, nodes.Spread | nodes.NamedArgument)
        operand = b.expression(value, keep=True)
        if isinstance(argument, nodes.Spread):
            with b.at(argument):
                spread = b.call("spread", operand.node)
            operand = Operand(spread, calls=operand.calls, height=operand.height + 1)
        keep_order(b, operands, mark)
        operands.append(operand)
        if isinstance(argument, nodes.NamedArgument):
            named.append(argument.name)
    values = [operand.node for operand in operands]
    count = len(values) - len(named)
    for argument, value_node in zip(node.arguments, values[:count], strict=False):
        is_spread = isinstance(argument, nodes.Spread)
        positional.append(b.starred(value_node) if is_spread else value_node)
    b.flow.note_call(None)
    made = b.call(
        "call_loosely",
        depth(b),
        b.constant(node.name),
        b.list_(positional),
        b.list_([b.constant(name) for name in named]),
        b.list_(values[count:]),
    )
    return Operand(made, ANY, calls=True, height=_height(operands) + 2)
