"""Objects. Keys come in ascending order, as in loops (language reference, 4 and 15)."""

from __future__ import annotations

from datacode.errors import type_error
from datacode.runtime.builtins.arguments import mapping
from datacode.runtime.builtins.registry import builtin
from datacode.values.types import Value


@builtin("objects")
def keys(object: Value) -> list[str]:
    """The keys of an object, in ascending order.

    Raises an error for a value that is not an object.

    Example::

        print(keys({b: 1, a: 2}))       # [a, b]
    """
    return sorted(mapping(object))


@builtin("objects")
def values(object: Value) -> list[Value]:
    """The values of an object, in the order of their keys.

    Raises an error for a value that is not an object.

    Example::

        print(values({b: 1, a: 2}))     # [2, 1]
    """
    found = mapping(object)
    return [found[key] for key in sorted(found)]


@builtin("objects")
def has_key(object: Value, key: Value) -> bool:
    """Does the object have the key?

    Raises an error for a value that is not an object.

    Example::

        print(has_key({a: null}, "a"), has_key({a: 1}, "b"))        # true false
    """
    found = mapping(object)
    if key.__class__ is not str:
        raise type_error("Object and String")
    return key in found
