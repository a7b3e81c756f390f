"""Calls of the program's functions and of the library's.

Source: language reference, 5.9.
"""

from __future__ import annotations

from collections.abc import Sequence

from datacode.language.analysis import plan
from datacode.language.analysis.builtin_info import BuiltinInfo, by_position
from datacode.language.analysis.type_sets import ANY, BOOL, INTEGER, of_argument
from datacode.language.planning.planner import Planner, place
from datacode.language.planning.variables import is_set
from datacode.language.syntax import nodes


def call(p: Planner, node: nodes.Call) -> plan.Expr:
    """A call of any kind."""
    name, positional = node.name, node.positional
    builtin = p.flow.builtin(name)
    if positional is None:
        ordered = by_position(node, builtin) if builtin is not None else None
        bare = _bare_call(p, node, builtin, ordered) if builtin and ordered else None
        return bare or _loose_call(p, node)
    if name in p.flow.environment.functions:
        return _user_call(p, node, positional)
    if builtin is None:
        arguments = p.expressions(positional)
        return plan.CallWrong(place(node), ANY, name, arguments, "no function")
    return _builtin_call(p, node, builtin, positional)


def _user_call(p: Planner, node: nodes.Call, positional: Sequence[nodes.Expr]) -> plan.Expr:
    at, name = place(node), node.name
    arguments = p.expressions(positional, keep=True)
    expected = p.flow.environment.functions[name]
    if len(arguments) != expected:
        return plan.CallWrong(at, ANY, name, arguments, "count", expected)
    given = tuple(of_argument(each.type) for each in arguments)
    python, types = p.flow.specialization(name, given)
    p.flow.note_call(None)
    touched = p.flow.environment.touched.get(name)
    return plan.CallUser(at, types, python, arguments, touched)


def _builtin_call(
    p: Planner, node: nodes.Call, builtin: BuiltinInfo, positional: Sequence[nodes.Expr]
) -> plan.Expr:
    bare = _bare_call(p, node, builtin, positional)
    if bare is not None:
        return bare
    at, name = place(node), node.name
    arguments = p.expressions(positional, keep=builtin.keeps)
    if not builtin.accepts(len(arguments)):
        return plan.CallWrong(at, ANY, name, arguments, "builtin count")
    if builtin.intrinsic == "length":
        return plan.Length(at, INTEGER, name, arguments[0])
    p.flow.note_call(builtin)
    return plan.CallBuiltin(
        at,
        builtin.result_type([each.type for each in arguments]),
        name,
        arguments,
        calls_back=builtin.calls_back,
        pure=builtin.pure,
        fresh=builtin.fresh,
    )


def _bare_call(
    p: Planner, node: nodes.Call, builtin: BuiltinInfo, arguments: Sequence[nodes.Expr]
) -> plan.Expr | None:
    """A call with a bare name that is read as no variable; None of other calls."""
    match builtin.intrinsic, arguments:
        case "isinstance", [tested, nodes.Name(name=word)] if word in builtin.bare_words:
            return plan.IsInstance(place(node), BOOL, p.expression(tested), word)
        case "isset", [nodes.Name(name=name)]:
            return is_set(p, place(node), name)
    return None


def _loose_call(p: Planner, node: nodes.Call) -> plan.Expr:
    """A call with spread or named arguments: their number shows when the program runs."""
    arguments = []
    for argument in node.arguments:
        value = argument
        if isinstance(argument, nodes.Spread | nodes.NamedArgument):
            value = argument.value
        assert not isinstance(value, nodes.Spread | nodes.NamedArgument)
        arguments.append(
            plan.Argument(
                place(argument),
                p.expression(value, keep=True),
                is_spread=isinstance(argument, nodes.Spread),
                name=argument.name if isinstance(argument, nodes.NamedArgument) else None,
            )
        )
    p.flow.note_call(None)
    return plan.CallLoose(place(node), ANY, node.name, tuple(arguments))
