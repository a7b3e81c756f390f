"""Whether a value is of an inferred type: called by code that is compiled to check the compiler.

``DATACODE_CHECK_TYPES=1`` in the environment has every interpreter compile its code so.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import chain, islice
from typing import Any

from datacode.language.analysis.type_sets import (
    ANY,
    ARRAY,
    BOOL,
    FRACTION,
    INTEGER,
    NULL,
    OBJECT,
    OTHER,
    STRING,
    elements_of,
)
from datacode.values.table import Column, Indexer, Table
from datacode.values.types import Currency, Path, PathPattern, Value

ELEMENTS = 40
"""Elements of one array or object that are looked at, from its beginning and from its end."""

_TYPES: dict[type, int] = {str: STRING, bool: BOOL, type(None): NULL, list: ARRAY, dict: OBJECT}
_TYPES |= dict.fromkeys((Path, PathPattern, Currency, Table, Column, Indexer), OTHER)


class TypeMismatch(BaseException):
    """The compiler has inferred a wrong type. No program catches it, and no host takes it for one
    of a program's errors.
    """


def is_switched_on() -> bool:
    """Does the environment ask for code that checks its types?"""
    return os.environ.get("DATACODE_CHECK_TYPES") == "1"


def checked(value: Value, inferred: int, what: str) -> Value:
    """The value itself. Raises TypeMismatch if it is not of the type set inferred for ``what``."""
    if not fits(value, inferred):
        raise TypeMismatch(f"{what}: {value!r:.200} is not of {inferred:#x}")
    return value


def fits(value: Any, types: int) -> bool:
    """Is the value, with its elements as far as anything is known of them, of the type set?"""
    if types == ANY:
        return True
    if value.__class__ is float:
        is_fraction = value - value == 0 and not value.is_integer()
        return bool(types & (FRACTION if is_fraction else INTEGER))
    if not _TYPES.get(value.__class__, 0) & types:
        return False
    if value.__class__ is not list and value.__class__ is not dict:
        return True
    inner = elements_of(types)
    return all(fits(element, inner) for element in _some(value))


def _some(container: list[Value] | dict[str, Value]) -> Iterable[Value]:
    elements = container.values() if isinstance(container, dict) else container
    return chain(islice(elements, ELEMENTS), islice(reversed(elements), ELEMENTS))
