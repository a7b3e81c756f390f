"""The registry: a builtin is one typed Python function, described in one place.

Name, parameters, allowed numbers of arguments and documentation are read from the function
itself, and serve calls, completion, help and the library's documentation alike::

    @builtin("array")
    def push(array: Value, item: Value) -> Value:
        \"\"\"A copy of ``array`` with ``item`` as one more element.

        Example::

            print(push([1], 2))     # [1, 2]
        \"\"\"

Parameters without a default are required; ``*values`` takes any number. Values of the language
are Python's (``runtime.values``); a builtin never changes an argument.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from datacode.errors import DataCodeError, argument_count_error, runtime_error

Function = TypeVar("Function", bound=Callable[..., Any])
CountError = Callable[["Builtin", int], DataCodeError]


@dataclass(frozen=True, slots=True)
class Builtin:
    """One function of the library.

    ``maximum`` is None where any number of arguments may follow. ``needs_host`` functions take
    the interpreter's ``Host`` first. ``calls_back`` functions run other functions by name.
    ``keeps`` tells whether a result may hold an argument or a part of one (so that the
    compiler must treat the argument as shared afterwards); only what certainly does not, such
    as ``len`` or ``sum``, says False.
    """

    name: str
    family: str
    function: Callable[..., Any]
    parameters: tuple[str, ...]
    minimum: int
    maximum: int | None
    count_error: CountError
    needs_host: bool
    calls_back: bool
    keeps: bool
    documentation: str

    def accepts(self, count: int) -> bool:
        """May it be called with so many positional arguments?"""
        return self.minimum <= count and (self.maximum is None or count <= self.maximum)


_registry: dict[str, Builtin] = {}
BUILTINS: Mapping[str, Builtin] = MappingProxyType(_registry)
"""Every builtin by name; complete once ``datacode.runtime.builtins.library`` is imported."""


def expects(shown: int, called: str | None = None) -> CountError:
    """Wording A: ``Function 'X' expects E arguments, found M``, with a fixed number shown."""

    def count_error(called_builtin: Builtin, found: int) -> DataCodeError:
        return argument_count_error(called or called_builtin.name, shown, found)

    return count_error


def expects_range(minimum: int, maximum: int) -> CountError:
    """Wording B: ``Function 'X' expects A-B arguments, got M``, a Runtime Error."""

    def count_error(called_builtin: Builtin, found: int) -> DataCodeError:
        return runtime_error(
            "Function '{name}' expects {minimum}-{maximum} arguments, got {found}",
            name=called_builtin.name,
            minimum=minimum,
            maximum=maximum,
            found=found,
        )

    return count_error


def expects_at_least(minimum: int) -> CountError:
    """Wording B for an open number: ``Function 'X' expects at least A arguments, got M``."""

    def count_error(called_builtin: Builtin, found: int) -> DataCodeError:
        return runtime_error(
            "Function '{name}' expects at least {minimum} arguments, got {found}",
            name=called_builtin.name,
            minimum=minimum,
            found=found,
        )

    return count_error


def builtin(
    family: str,
    *,
    name: str | None = None,
    count_error: CountError | None = None,
    needs_host: bool = False,
    calls_back: bool = False,
    keeps: bool = True,
) -> Callable[[Function], Function]:
    """Register a function of the library under its own name, or under ``name``.

    Without ``count_error`` a wrong number of arguments is said in wording A with the number of
    required parameters.
    """

    def register(function: Function) -> Function:
        parameters = list(inspect.signature(function).parameters.values())
        if needs_host:
            parameters = parameters[1:]
        fixed = [p for p in parameters if p.kind is not p.VAR_POSITIONAL]
        minimum = sum(1 for p in fixed if p.default is p.empty)
        entry = Builtin(
            name=name or function.__name__.rstrip("_"),
            family=family,
            function=function,
            parameters=tuple(p.name.rstrip("_") for p in fixed),
            minimum=minimum,
            maximum=None if len(fixed) < len(parameters) else len(fixed),
            count_error=count_error or expects(minimum),
            needs_host=needs_host,
            calls_back=calls_back,
            keeps=keeps,
            documentation=inspect.getdoc(function) or "",
        )
        if entry.name in _registry:
            raise ValueError(f"builtin {entry.name!r} is registered twice")
        _registry[entry.name] = entry
        return function

    return register
