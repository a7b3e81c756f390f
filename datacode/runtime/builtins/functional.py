"""Functions over arrays (builtins reference, 6).

A function is given by its name, as a text: one of the program's own or a builtin.
"""

from __future__ import annotations

from collections.abc import Iterable

from datacode.errors import runtime_error, type_error
from datacode.runtime.builtins import arguments
from datacode.runtime.builtins.registry import ABSENT, builtin
from datacode.runtime.host import Host
from datacode.values.table import Column, Table
from datacode.values.types import Value


def _array_and_name(values: Value, name: Value) -> tuple[Iterable[Value], str]:
    expected = "Array and String (function name)"
    elements = arguments.elements(values, expected)
    if name.__class__ is not str:
        raise type_error(expected)
    return elements, name


@builtin("functions over arrays", calls_back=True)
def map_(host: Host, array: Value, func: Value) -> list[Value]:
    """What the function gives for each element.

    Raises an error if there is no such function, and whatever error the function raises.

    Example::

        print(map([1, 4, 9], "sqrt"))       # [1, 2, 3]
    """
    elements, name = _array_and_name(array, func)
    return [host.engine.call(name, [element]) for element in elements]


@builtin("functions over arrays", calls_back=True)
def filter_(host: Host, array: Value, func: Value) -> list[Value]:
    """The elements for which the function gives true.

    Of other results false, null, 0 and the empty text leave an element out, all else keeps it.

    Raises an error if there is no such function, and whatever error the function raises.

    Example::

        print(filter(["a", "B", "C"], "isupper"))       # [B, C]
    """
    elements, name = _array_and_name(array, func)
    return [element for element in elements if _keeps(host.engine.call(name, [element]))]


def _keeps(answer: Value) -> bool:
    """Does ``filter`` keep the element? Not for false, null, 0 and the empty text."""
    kind = answer.__class__
    if kind is bool or kind is float or kind is str:
        return bool(answer)
    return answer is not None


@builtin("functions over arrays", calls_back=True)
def reduce_(host: Host, array: Value, func: Value, start: Value = ABSENT) -> Value:
    """One value: the function joins what it gave so far with each element, from the left.

    Without ``start`` the first element starts, and an empty array is an error.

    Example::

        print(reduce([2, 3, 4], "pow"), reduce([], "pow", 1))       # 4096 1
    """
    elements = arguments.elements(array)
    if func.__class__ is not str:
        raise type_error("String (function name)")
    rest = iter(elements)
    result = next(rest, ABSENT) if start is ABSENT else start
    if result is ABSENT:
        raise runtime_error("reduce_of_nothing", "Cannot reduce empty array without initial value")
    for element in rest:
        result = host.engine.call(func, [result, element])
    return result


@builtin("functions over arrays")
def any_(host: Host, array: Value) -> bool:
    """Is some element true, as ``if`` sees it? False for an empty array.

    Example::

        print(any([0, "", 3]), any([]))     # true false
    """
    return any(map(host.truth, arguments.elements(array)))


@builtin("functions over arrays")
def all_(host: Host, array: Value) -> bool:
    """Is every element true, as ``if`` sees it? False for an empty array.

    Example::

        print(all([1, "a", true]), all([1, 0]), all([]))        # true false false
    """
    elements = arguments.elements(array)
    return len(array) > 0 and all(map(host.truth, elements))


@builtin("functions over arrays", intrinsic="numbered")
def enum(host: Host, value: Value) -> list[list[Value]]:
    """Pairs of the position, from 0, and the element of an array, character of a text or row.

    ``for i, row in enum(t)`` takes them one by one, without an array of all.

    Example::

        print(enum(["a", "b"]))     # [[0, a], [1, b]]
    """
    elements = numbered_elements(value)
    cells = len(value.names) if value.__class__ is Table else 0
    host.check_size(len(value) * (cells + 15), 8)
    return [[float(position), element] for position, element in enumerate(elements)]


def numbered_elements(value: Value) -> Iterable[Value]:
    """What ``enum`` gives numbers to."""
    kind = value.__class__
    if kind is Table:
        return value.rows()  # type: ignore[no-any-return]
    if kind is list or kind is str or kind is Column:
        return value  # type: ignore[no-any-return]
    raise type_error("Array, String, or Table")
