"""What compiled code finds besides its variables: its only ``__builtins__``.

Names that a program can write have a prefix there (``v_``, ``f_``, …), so none of them can meet one
of these; and no attribute of Python is ever looked up by a name from a program.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import trunc
from types import MethodType
from typing import Any, NoReturn

from datacode.errors import argument_count_error, function_error
from datacode.language import python_names
from datacode.runtime import (
    call_depth,
    element_assignment,
    indexing,
    iteration,
    operators,
    row_tests,
    tracebacks,
)
from datacode.runtime.builtins import BUILTINS
from datacode.runtime.caught_errors import CaughtErrors
from datacode.runtime.host import Host
from datacode.runtime.interrupts import Interrupted
from datacode.tables.condition_warnings import warn_of_filter
from datacode.tables.conditions import filter_by_condition
from datacode.tables.folds import FoldChunk
from datacode.values import equality, text
from datacode.values.table import Column, Table
from datacode.values.types import Value


class _Unset:
    """The type of ``UNSET``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Any = _Unset()
"""What a variable holds that has no value yet, where code has to ask whether it has one."""

_CLASSES = (Column, Exception, FoldChunk, Table, bool, dict, float, list, str, tuple)


def make_builtins(
    host: Host, limit: int, variables: Mapping[str, Value], caught_errors: CaughtErrors
) -> dict[str, Any]:
    """What code of one namespace can call, by the names that the compiler uses.

    ``limit`` is the number of calls that may be active at once, ``variables`` are the globals of
    the code, ``caught_errors`` remembers what programs catch. The methods of the namespace itself
    are still to be added.
    """
    found: dict[str, Any] = {each.__name__: each for each in _CLASSES}
    found |= _OPERATORS
    found |= {
        "unset": UNSET,
        "len": len,
        "trunc": trunc,
        "Owned": element_assignment.Owned,
        "Thrown": tracebacks.Thrown,
        "exception": sys.exception,
        "depth_limit": call_depth.depth(limit),
        "truth": host.truth,
        "multiply": operators.multiplication(host.check_size),
        "read_index": indexing.reader(_row_filter(host)),
        "read_member": indexing.member_reader(host.file_kind),
        "exists": variables.__contains__,
        "value_or_null": variables.get,
    }
    library = _library(host)

    def call(name: str, arguments: Sequence[Value]) -> Value:
        return library[python_names.function(name)](*arguments)

    found |= {
        "cells_of_rows": partial(iteration.cells_of_rows, call),
        "numbers_of_column": partial(iteration.numbers_of_column, call),
    }
    return found | _failing(limit, caught_errors) | library


_OPERATORS: dict[str, Callable[..., Any]] = {
    "add": operators.add,
    "subtract": operators.subtract,
    "divide": operators.divide,
    "modulo": operators.modulo,
    "power": operators.power,
    "negate": operators.negate,
    "equal": equality.equal,
    "cell_equal": operators.cell_equal,
    "row_in": row_tests.row_in,
    "row_like": row_tests.row_like,
    "row_matches": row_tests.row_matches,
    "row_between": row_tests.row_between,
    "printed": text.printed,
    "number_text": text.number_text,
    "appended": operators.appended,
    "spread": iteration.spread,
    "put": element_assignment.put,
    "put_deep": element_assignment.put_deep,
    "each": iteration.each,
    "each_unpacked": iteration.each_unpacked,
    "unpack_error": iteration.unpack_error,
    "whole_range": iteration.whole_range,
    "number_range": iteration.number_range,
    "double_range": iteration.double_range,
    "numbered": iteration.numbered,
    "each_numbered": iteration.each_numbered,
    "each_pair": iteration.each_pair,
}
for _compare in (operators.less, operators.less_equal, operators.greater, operators.greater_equal):
    _OPERATORS[_compare.__name__] = _compare
    _OPERATORS[f"cell_{_compare.__name__}"] = operators.lenient(_compare)


def _failing(limit: int, caught_errors: CaughtErrors) -> dict[str, Any]:
    def caught() -> str:
        """What the catch variable is set to; a fault of ours is logged."""
        exception = sys.exception()
        assert isinstance(exception, Exception)
        if isinstance(exception, tracebacks.Thrown):
            return str(exception.args[0])
        return caught_errors.note(tracebacks.caught_exception(exception, limit))

    def running() -> bool:
        """May a ``finally`` block run? Not when the host is ending the program."""
        return not isinstance(sys.exception(), Interrupted)

    def too_deep() -> NoReturn:
        raise tracebacks.RecursionTooDeep(limit)

    def no_function(name: str, _arguments: tuple[Value, ...]) -> NoReturn:
        raise function_error(name)

    def wrong_count(name: str, expected: int, arguments: tuple[Value, ...]) -> NoReturn:
        raise argument_count_error(name, expected, len(arguments))

    def wrong_builtin_count(name: str, arguments: tuple[Value, ...]) -> NoReturn:
        raise BUILTINS[name].wrong_count(len(arguments))

    failing: tuple[Callable[..., Any], ...] = (
        caught,
        running,
        too_deep,
        no_function,
        wrong_count,
        wrong_builtin_count,
    )
    return {each.__name__: each for each in failing}


def _library(host: Host) -> dict[str, Any]:
    """The builtins, as ``f_name``."""
    found: dict[str, Any] = {}
    for name, entry in BUILTINS.items():
        function: Any = entry.function
        found[python_names.function(name)] = (
            MethodType(function, host) if entry.needs_host else function
        )
    return found


def _row_filter(host: Host) -> indexing.Condition:
    """``t['age > 30']``: rows by a condition; None for a text that is none."""

    def rows(table: Table, text: str) -> Table | None:
        found = filter_by_condition(host.engine, table, text)
        if found is not None:
            warn_of_filter(host.engine, table, text, host.warn, names_win=True)
        return found

    return rows
