"""Calls of the program's functions and of the library's.

Source: language reference, 5.9.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from datacode.language import python_names
from datacode.language.analysis import plan
from datacode.language.analysis.type_sets import ANY, BOOL
from datacode.language.codegen.builder import Builder, Operand
from datacode.language.codegen.evaluation_order import combine, keep_order, operands_of
from datacode.language.codegen.subscripts import length_of_any
from datacode.language.codegen.variables import value_or_null


def call_user(b: Builder, node: plan.CallUser) -> Operand:
    """A call of a function of the program."""
    operands = operands_of(b, node.arguments)
    made = b.call(node.python, depth(b), *(operand.node for operand in operands))
    return Operand(made, node.type, calls=True, height=_height(operands) + 1)


def depth(b: Builder) -> ast.expr:
    """How many more calls may be active in a function that is called here."""
    if b.unit.kind == "chunk":
        return b.name("depth_limit")
    return b.subscript(b.name(python_names.DEPTH), b.constant(0))


def _height(operands: Sequence[Operand]) -> int:
    return max((operand.height for operand in operands), default=0)


def call_wrong(b: Builder, node: plan.CallWrong) -> Operand:
    """A call that certainly fails, once the arguments have been computed."""
    operands = operands_of(b, node.arguments)
    what: list[ast.expr] = [b.constant(node.name)]
    if node.why == "count":
        what.append(b.constant(node.expected))
    helper = {
        "no function": "no_function",
        "count": "wrong_count",
        "builtin count": "wrong_builtin_count",
    }[node.why]
    made = b.call(helper, *what, b.tuple_(*(operand.node for operand in operands)))
    if node.why == "count":
        return Operand(made, ANY, calls=True, height=_height(operands) + 1)
    return combine(Operand(made), *operands, Operand(made))


def call_builtin(b: Builder, node: plan.CallBuiltin) -> Operand:
    """A call of a function of the library."""
    operands = operands_of(b, node.arguments)
    values = [operand.node for operand in operands]
    if node.calls_back and values:
        # Once all arguments are known: functions called for them leave their own depth.
        values[-1] = b.call("at_depth", depth(b), values[-1])
    return Operand(
        b.call(python_names.function(node.name), *values),
        node.type,
        calls=node.calls_back or any(operand.calls for operand in operands),
        height=_height(operands) + 1,
        fresh=node.fresh,
    )


def length_call(b: Builder, node: plan.Length) -> Operand:
    """``len(x)``."""
    (operand,) = operands_of(b, [node.value])
    return length_of_any(b, operand, python_names.function(node.name))


def is_instance(b: Builder, node: plan.IsInstance) -> Operand:
    """``isinstance(x, word)``."""
    value = b.expression(node.value)
    made = b.call(python_names.function("isinstance"), value.node, b.constant(node.word))
    return combine(Operand(made, BOOL), value)


def is_set(b: Builder, node: plan.IsSet) -> Operand:
    """``isset(x)``."""
    value = value_or_null(b, node) if node.read is None else b.expression(node.read)
    made = b.call(python_names.function("isset"), value.node)
    return combine(Operand(made, BOOL), value)


def call_loosely(b: Builder, node: plan.CallLoose) -> Operand:
    """A call with spread or named arguments: their number shows when the program runs."""
    operands: list[Operand] = []
    for argument in node.arguments:
        mark = len(b.out)
        operand = b.expression(argument.value)
        if argument.is_spread:
            with b.at(argument.at):
                spread = b.call("spread", operand.node)
            operand = Operand(spread, calls=operand.calls, height=operand.height + 1)
        keep_order(b, operands, mark)
        operands.append(operand)
    values = [operand.node for operand in operands]
    named = [argument.name for argument in node.arguments if argument.name is not None]
    count = len(values) - len(named)
    positional = [
        b.starred(value) if argument.is_spread else value
        for argument, value in zip(node.arguments, values[:count], strict=False)
    ]
    made = b.call(
        "call_loosely",
        depth(b),
        b.constant(node.name),
        b.list_(positional),
        b.list_([b.constant(name) for name in named]),
        b.list_(values[count:]),
    )
    return Operand(made, ANY, calls=True, height=_height(operands) + 2)
