"""Assigning to elements, ``x[i] = v`` and ``x.name = v``: in place if the variable owns its value.

Arrays and objects are values: assigning them shares them, and the first assignment to an element
of a shared one copies it. Source: language reference, 6.1.
"""

from __future__ import annotations

from collections.abc import Sequence

from datacode.errors import runtime_error
from datacode.runtime.indexing import (
    array_bounds,
    missing_key,
    missing_member,
    no_array_member,
    no_index,
    position_of,
)
from datacode.values.described import described
from datacode.values.types import Value


class Owned(dict[int, Value]):
    """The parts of one variable's value that nothing else refers to, by identity.

    ``last`` is the innermost container that was assigned into, so that compiled code can go on
    there at once. A part that is read to be kept elsewhere must be released first.
    """

    __slots__ = ("last",)

    def __init__(self) -> None:
        super().__init__()
        self.last: Value = ()

    def release(self, value: Value) -> Value:
        """The value, which from now on belongs to others too."""
        self.pop(id(value), None)
        self.last = ()
        return value


def copied(container: Value) -> Value:
    """A shallow copy of an array or object."""
    return container.copy()


def put(container: Value, is_owned: bool, key: Value, value: Value, by_member: bool) -> Value:
    """The container with one element assigned; a copy unless it ``is_owned``."""
    if key.__class__ is int:
        key = float(key)
    check_place(container, key, by_member)
    if not is_owned:
        container = copied(container)
    _put(container, key, value)
    return container


def put_deep(
    container: Value, is_owned: bool, owned: Owned, path: Sequence[tuple[Value, bool]], value: Value
) -> Value:
    """The container with the element at the end of ``path`` assigned.

    ``path`` has a key or index for each step and whether it was written as a member. Containers on
    the way are copied unless they are ``owned``, and are owned afterwards.
    """
    owned.last = ()
    if not is_owned:
        _check_container(container)
        owned.clear()
        container = copied(container)
    place = container
    for step, (key, by_member) in enumerate(path):
        if key.__class__ is int:
            key = float(key)
        if step == len(path) - 1:
            break
        part = _read(place, key, by_member)
        if part.__class__ is list or part.__class__ is dict:
            if owned.get(id(part)) is not part:
                part = _taken(part, owned)
                _put(place, key, part)
        else:
            _check_container(part)
        place = part
    check_place(place, key, by_member)
    if owned:
        _drop_replaced(place, key, owned)
    _put(place, key, value)
    owned.last = place
    return container


def _taken(part: Value, owned: Owned) -> Value:
    """A copy that is owned, whose own parts are not."""
    part = copied(part)
    for inner in part if part.__class__ is list else part.values():
        if inner.__class__ is list or inner.__class__ is dict:
            owned.pop(id(inner), None)
    owned[id(part)] = part
    return part


def _drop_replaced(place: Value, key: Value, owned: Owned) -> None:
    old = place[int(key)] if place.__class__ is list else place.get(key)
    if old.__class__ is list or old.__class__ is dict:
        owned.pop(id(old), None)


def _read(container: Value, key: Value, by_member: bool) -> Value:
    """A step of a path that is not its last."""
    kind = container.__class__
    if kind is dict and key.__class__ is str:
        if key not in container:
            raise missing_member(key) if by_member else missing_key(key)
        return container[key]
    check_place(container, key, by_member)
    return container[int(key)]


def check_place(container: Value, key: Value, by_member: bool) -> None:
    """Raise what is wrong with assigning to ``container[key]``, if anything is."""
    kind = container.__class__
    if kind is list:
        if by_member:
            raise no_array_member(key)
        if key.__class__ is not float:
            raise no_index(container, key)
        if position_of(key, len(container)) is None:
            raise array_bounds(key)
    elif kind is dict:
        if key.__class__ is not str:
            raise no_index(container, key)
    else:
        _check_container(container)


def _check_container(container: Value) -> None:
    if container.__class__ is not list and container.__class__ is not dict:
        raise runtime_error(
            "cannot_assign_to_element",
            "Cannot assign to an element of {value}",
            value=described(container),
        )


def _put(container: Value, key: Value, value: Value) -> None:
    container[int(key) if container.__class__ is list else key] = value
