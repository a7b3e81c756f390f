"""The registry: a builtin is one typed Python function, described in one place.

Name, parameters, allowed numbers of arguments and documentation are read from the function
itself, and serve calls, completion, help and the library's documentation alike::

    @builtin("arrays")
    def push(array: Value, item: Value) -> Value:
        \"\"\"A copy of ``array`` with ``item`` as one more element.

        Example::

            print(push([1], 2))     # [1, 2]
        \"\"\"

Parameters without a default are required; ``*values`` takes any number. A parameter behind a
bare ``*`` can be given by name only, one that begins with ``_`` by position only; a trailing
``_`` keeps a name apart from Python's (``str_``, also the function's own) and is not part of it.
Optional parameters for which null is a value like any other have the default ``ABSENT``. A first
parameter ``host`` is no parameter of the language: it is the interpreter's ``Host``.

Values of the language are Python's (``values.types``); a builtin never changes an argument.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeVar

from datacode.errors import DataCodeError, argument_count_error, runtime_error
from datacode.language.analysis.builtin_info import Intrinsic
from datacode.language.analysis.type_sets import ANY

Function = TypeVar("Function", bound=Callable[..., Any])
CountError = Callable[["Builtin", int], DataCodeError]
TypeRule = Callable[[Sequence[int]], int]


class _Absent:
    """The type of ``ABSENT``."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Any = _Absent()
"""The default of a parameter that was not given; no program can make this value."""


@dataclass(frozen=True, slots=True)
class Builtin:
    """One function of the library.

    ``parameters`` are the names that a program may write, ``minimum`` and ``maximum`` the
    allowed numbers of positional arguments; ``maximum`` is None where any number may follow.
    ``needs_host`` functions take the interpreter's ``Host`` first. ``calls_back`` functions run
    functions of the program or expressions that it gives as a text.
    ``signature`` is the call as documentation and help show it; ``alias_of`` names the function
    that this is another name of.

    The rest is for the compiler (``language.analysis.builtin_info``) and holds whatever the
    arguments are. ``keeps``: a result may hold an argument or a part of one, so that the argument
    is shared afterwards; only what certainly does not, such as ``len`` or ``sum``, says False.
    ``returns`` is the type set of the result, or the rule that gives it for those of the arguments.
    ``makes_table``: it is a table, or nothing that has rows of cells.
    ``fresh``: the result is a new array that nothing else refers to. ``pure``: no other code sees
    a variable while it runs. ``intrinsic`` is what the compiler can do instead of calling it, and
    ``bare_words`` need no quotes as the last argument.
    """

    name: str
    family: str
    function: Callable[..., Any]
    parameters: tuple[str, ...]
    positions: tuple[str, ...]
    required: frozenset[str]
    minimum: int
    maximum: int | None
    count_error: CountError
    needs_host: bool
    calls_back: bool
    keeps: bool
    returns: int | TypeRule
    makes_table: bool
    fresh: bool
    pure: bool
    intrinsic: Intrinsic | None
    bare_words: frozenset[str]
    documentation: str
    signature: str
    python_names: Mapping[str, str]
    alias_of: str | None = None

    def accepts(self, count: int) -> bool:
        """May it be called with so many positional arguments?"""
        return self.minimum <= count and (self.maximum is None or count <= self.maximum)

    def wrong_count(self, count: int) -> DataCodeError:
        """The error of a call with so many positional arguments."""
        return self.count_error(self, count)

    def result_type(self, arguments: Sequence[int]) -> int:
        """The type set of what it returns, if it returns, for arguments of such types."""
        if isinstance(self.returns, int):
            return self.returns
        return self.returns(arguments) if self.accepts(len(arguments)) else ANY

    def keywords(self, count: int, names: Sequence[str]) -> list[str]:
        """Check a call with ``count`` positional and some named arguments.

        Gives for each of ``names`` the keyword under which ``function`` takes it (of two equal
        ones the program means the later). Raises what is wrong with the call: names that it
        does not have or that a positional argument has filled already, and missing arguments.
        """
        if not names:
            if not self.accepts(count):
                raise self.wrong_count(count)
            return []
        if not self.parameters:
            raise runtime_error(
                "no_named_arguments",
                "Function '{name}' does not support named arguments",
                name=self.name,
            )
        if self.maximum is not None and count > self.maximum:
            raise self.wrong_count(count)
        filled = set(self.positions[:count])
        for name in names:
            self._check_name(name, filled)
        filled.update(names)
        if not self.required <= filled:
            self._raise_missing(count, filled)
        return [self.python_names[name] for name in names]

    def _check_name(self, name: str, filled: set[str]) -> None:
        if name not in self.python_names:
            raise runtime_error(
                "unknown_named_argument",
                "Unknown named argument '{argument}' for {name}",
                argument=name,
                name=self.name,
            )
        if name in filled:
            raise given_twice(self.name, name)

    def _raise_missing(self, count: int, filled: set[str]) -> None:
        """A required argument is missing: say their number, or its name if the number is right."""
        by_name = filled.intersection(self.positions[count:])
        found = count + len(by_name)
        if found < self.minimum:
            raise self.wrong_count(found)
        missing = next(name for name in self.parameters if name in self.required - filled)
        raise missing_argument(self.name, missing)


def given_twice(function: str, argument: str) -> DataCodeError:
    """The error of an argument that is given by position and by name."""
    return runtime_error(
        "argument_given_twice",
        "Argument '{argument}' of function '{name}' is given twice",
        argument=argument,
        name=function,
    )


def missing_argument(function: str, argument: str) -> DataCodeError:
    """The error of an argument that is needed, in a call that has enough of them."""
    return runtime_error(
        "argument_missing",
        "Function '{name}' needs the argument '{argument}'",
        name=function,
        argument=argument,
    )


_registry: dict[str, Builtin] = {}
BUILTINS: Mapping[str, Builtin] = MappingProxyType(_registry)
"""Every builtin by name; complete once ``datacode.runtime.builtins`` is imported."""


def expects(shown: int, called: str | None = None) -> CountError:
    """Wording A: ``Function 'X' expects E arguments, found M``, with a fixed number shown."""

    def count_error(called_builtin: Builtin, found: int) -> DataCodeError:
        return argument_count_error(called or called_builtin.name, shown, found)

    return count_error


def expects_range(minimum: int, maximum: int) -> CountError:
    """Wording B: ``Function 'X' expects A-B arguments, got M``, a Runtime Error."""

    def count_error(called_builtin: Builtin, found: int) -> DataCodeError:
        return runtime_error(
            "argument_count_out_of_range",
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
            "too_few_arguments",
            "Function '{name}' expects at least {minimum} arguments, got {found}",
            name=called_builtin.name,
            minimum=minimum,
            found=found,
        )

    return count_error


def builtin(
    family: str,
    *,
    minimum: int | None = None,
    count_error: CountError | None = None,
    calls_back: bool = False,
    keeps: bool | None = None,
    returns: int | TypeRule = ANY,
    fresh: bool = False,
    pure: bool = False,
    intrinsic: Intrinsic | None = None,
    bare_words: frozenset[str] = frozenset(),
    signature: str | None = None,
) -> Callable[[Function], Function]:
    """Register a function of the library under its name.

    Without ``minimum`` it is the number of required parameters; without ``count_error`` a wrong
    number of arguments is said in wording A with the minimum; without ``signature`` that is
    written from the parameters. ``keeps`` need not be given where the annotation of the function's
    result says that it is False, ``makes_table`` where it names tables.
    """

    def register(function: Function) -> Function:
        own_name = function.__name__.rstrip("_")
        python_signature = inspect.signature(function)
        parameters = list(python_signature.parameters.values())
        may_keep = python_signature.return_annotation not in _INDEPENDENT
        needs_host = bool(parameters) and parameters[0].name == "host"
        if needs_host:
            parameters = parameters[1:]
        positional = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        nameable = [p for p in parameters if p.kind is not p.VAR_POSITIONAL and p.name[:1] != "_"]
        required = [p for p in positional if p.default is p.empty]
        least = len(required) if minimum is None else minimum
        is_open = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        _add(
            Builtin(
                name=own_name,
                family=family,
                function=function,
                parameters=tuple(_shown(p) for p in nameable),
                positions=tuple(_shown(p) for p in positional),
                required=frozenset(_shown(p) for p in required),
                minimum=least,
                maximum=None if is_open else len(positional),
                count_error=count_error or expects(least),
                needs_host=needs_host,
                calls_back=calls_back,
                keeps=may_keep if keeps is None else keeps,
                returns=returns,
                makes_table=python_signature.return_annotation in _TABLES,
                fresh=fresh,
                pure=pure,
                intrinsic=intrinsic,
                bare_words=bare_words,
                documentation=inspect.getdoc(function) or "",
                signature=signature or f"{own_name}({_written(parameters)})",
                python_names=MappingProxyType({_shown(p): p.name for p in nameable}),
            )
        )
        return function

    return register


_INDEPENDENT = frozenset(
    (
        *("None", "bool", "float", "float | None", "str", "str | None", "Path", "Path | None"),
        *("list[str]", "list[float]", "list[Path]"),
    )
)
"""Annotations of results that cannot hold an argument or a part of one."""


_TABLES = frozenset(("Table", "Table | None", "Table | str"))
"""Annotations of results that are tables, if rows of them are read."""


def alias(name: str, of: str) -> None:
    """Register ``name`` as another name of the builtin ``of``."""
    original = _registry[of]
    signature = original.signature.replace(of, name, 1)
    _add(replace(original, name=name, signature=signature, alias_of=of))


def _add(entry: Builtin) -> None:
    if entry.name in _registry:
        raise ValueError(f"builtin {entry.name!r} is registered twice")
    _registry[entry.name] = entry


def _shown(parameter: inspect.Parameter) -> str:
    """The name that a program writes. A leading ``_`` stays: no program can name it so."""
    return parameter.name.rstrip("_")


def _written(parameters: Sequence[inspect.Parameter]) -> str:
    """The parameters as the documentation shows them: ``base, exp``, ``path, regex=…``."""
    texts = []
    for parameter in parameters:
        shown = _shown(parameter).lstrip("_")
        if parameter.kind is parameter.VAR_POSITIONAL:
            texts.append(f"{shown}...")
        elif parameter.default is parameter.empty:
            texts.append(shown)
        elif parameter.kind is parameter.KEYWORD_ONLY:
            texts.append(f"{shown}={_default(parameter.default)}")
        else:
            texts.append(f"[{shown}]")
    return ", ".join(texts)


def _default(value: Any) -> str:
    if value is ABSENT:
        return "..."
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"'{value}'" if isinstance(value, str) else f"{value:g}"
