"""The values of the language: the Python classes that represent them.

========  =======================================
Number    ``float``, always
String    ``str``
Bool      ``bool``
Null      ``None``
Array     ``list``
Object    ``dict`` with ``str`` keys, in written order
Path, PathPattern, Currency   the classes here
Table, Column, Indexer        the classes of ``datacode.values.table``
Chart, Report                 the classes of ``datacode.values.chart`` and ``report``
========  =======================================

Arrays and objects are values of the language, so no function may change one that it was given.
Source: language reference, 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

Value: TypeAlias = Any
"""Any value of the language (see the table above)."""

EPSILON = 2.0**-52
"""Numbers closer than this are ``==`` (language reference, 5.6)."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path, exactly as the program spelled it."""

    text: str


@dataclass(frozen=True, slots=True)
class PathPattern:
    """A path with ``*``, ``?`` or ``[`` in a part that was joined to it."""

    text: str


@dataclass(frozen=True, slots=True)
class Currency:
    """An amount with its currency, kept as the text it was given in."""

    text: str
