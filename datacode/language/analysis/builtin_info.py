"""What analysis and code generation know of the functions of the library.

The library registers its functions above this layer (``runtime.builtins.registry``); what it states
there reaches the compiler as ``BuiltinInfo``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from datacode.errors import DataCodeError
from datacode.language.syntax import nodes

Intrinsic = Literal["append", "extend", "length", "range", "numbered", "isinstance", "isset"]
"""Functions that the compiler has code of its own for:

- ``append``, ``extend``: ``x = push(x, …)`` changes the array of ``x`` in place where nobody can
  tell;
- ``length``: Python's ``len`` for arrays and strings;
- ``range``, ``numbered``: a loop over the result makes no array of it;
- ``isinstance``, ``isset``: an argument may be a bare name that is read as no variable.
"""


class BuiltinInfo(Protocol):
    """The facts about one function, stated where it is registered."""

    @property
    def minimum(self) -> int:
        """The least number of positional arguments."""

    @property
    def maximum(self) -> int | None:
        """The greatest number of positional arguments, None for any."""

    @property
    def positions(self) -> Sequence[str]:
        """The parameters that a program may give by position, in order."""

    @property
    def keeps(self) -> bool:
        """May a result hold an argument or a part of one?"""

    @property
    def calls_back(self) -> bool:
        """Does it run functions of the program?"""

    @property
    def pure(self) -> bool:
        """Is it certain that no other code sees a variable while it runs?"""

    @property
    def fresh(self) -> bool:
        """Is the result a new array that nothing else refers to?"""

    @property
    def makes_table(self) -> bool:
        """Is the result a table, if rows of it are read?"""

    @property
    def intrinsic(self) -> Intrinsic | None:
        """What the compiler can do instead of calling it."""

    @property
    def bare_words(self) -> frozenset[str]:
        """The words that need no quotes as its last argument."""

    def accepts(self, count: int) -> bool:
        """May it be called with so many positional arguments?"""

    def wrong_count(self, count: int) -> DataCodeError:
        """The error of a call with so many positional arguments."""

    def result_type(self, arguments: Sequence[int]) -> int:
        """The type set of what it returns, if it returns, for arguments of such types."""


Builtins = Mapping[str, BuiltinInfo]


def by_position(call: nodes.Call, info: BuiltinInfo) -> list[nodes.Expr] | None:
    """The arguments in the order of the parameters, by name or not.

    None if they are not one for each parameter, or if that shows only at run time.
    """
    found: dict[str, nodes.Expr] = {}
    for position, argument in zip(info.positions, call.arguments, strict=False):
        if isinstance(argument, nodes.Spread):
            return None
        if isinstance(argument, nodes.NamedArgument):
            found[argument.name] = argument.value
        else:
            found[position] = argument
    if len(call.arguments) != len(info.positions) or found.keys() != set(info.positions):
        return None
    return [found[position] for position in info.positions]
