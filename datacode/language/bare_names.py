"""Names that stand for themselves as arguments: ``isinstance(x, int)``, ``isset(unknown)``."""

from __future__ import annotations

from datacode.language.syntax import nodes

TYPE_WORDS = frozenset(
    (
        *("int", "float", "num", "str", "text", "bool", "date", "money", "array", "vec"),
        *("object", "dict", "map", "table", "path", "pathpattern", "pattern"),
    )
)
"""Names that need no quotes as the second argument of ``isinstance``."""

_PLACES = {"isinstance": ("value", "type"), "isset": ("value",)}
"""The builtins that look at how an argument is written, and their parameters."""


def in_places(call: nodes.Call) -> list[nodes.Expr] | None:
    """The arguments of such a builtin in their places, by name or not; None of other calls."""
    places = _PLACES.get(call.name, ())
    found: dict[str, nodes.Expr] = {}
    for place, argument in zip(places, call.arguments, strict=False):
        if isinstance(argument, nodes.Spread):
            return None
        if isinstance(argument, nodes.NamedArgument):
            found[argument.name] = argument.value
        else:
            found[place] = argument
    if len(call.arguments) != len(places) or found.keys() != set(places):
        return None
    return [found[place] for place in places]
