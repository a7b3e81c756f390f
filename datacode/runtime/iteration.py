"""What a ``for`` visits, and what ``*value`` in a call stands for.

Loops over ``range(…)`` and ``enum(…)`` make no array of what they visit.
Source: language reference, 6.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice
from math import trunc
from typing import Any, NoReturn

from datacode.errors import runtime_error
from datacode.language.analysis.plan import FoldProgram
from datacode.runtime.builtins.arrays import range_bounds
from datacode.runtime.builtins.functional import numbered_elements
from datacode.tables import folds
from datacode.values.described import described
from datacode.values.table import Column, Table
from datacode.values.types import Value

EXACT = 2**53
"""Up to here every whole number is a float, and counting in floats makes no error."""


def each(value: Value) -> Iterable[Value]:
    """What a ``for`` with one variable visits."""
    kind = value.__class__
    if kind is list or kind is str:
        return value  # type: ignore[no-any-return]
    if kind is dict:
        return [[key, value[key]] for key in sorted(value)]
    if kind is Table:
        return value.rows()  # type: ignore[no-any-return]
    if kind is Column:
        return iter(value)  # type: ignore[no-any-return]
    raise runtime_error("cannot_iterate", "Cannot iterate over {value}", value=described(value))


def cells_of_rows(
    call: folds.FunctionCall,
    table: Table,
    positions: Sequence[int],
    width: int | None,
    numbers: Sequence[int],
    program: FoldProgram | None = None,
    is_numbered: bool = False,
) -> Iterable[Any] | None:
    """What a ``for`` visits that wants these cells of every row; None if it cannot have them.

    Single cells, or tuples of several. With a ``width`` all rows must be so long, and the columns
    of ``numbers`` must hold nothing else. With the ``program`` of a fold it is pieces of that, one
    after another, and behind numbers if that is so; those of long tables are ``FoldChunk``s, which
    call functions of the library with ``call``.
    """
    columns = len(table.names)
    if width is not None and columns != width:
        return None
    for position in positions:
        if not -columns <= position < columns:
            return None
    for position in numbers:
        if not table.columns[position].is_all_numbers():
            return None
    if program is None:
        return table.cells_of_rows(positions)
    if table.row_count >= folds.SHORTEST:
        found = [table.columns[position] for position in positions]
        if folds.are_worth_folding(found, program):
            return folds.chunks(table, found, positions, program, is_numbered, call)
    cells = table.cells_of_rows(positions)
    return (numbered(cells) if is_numbered else cells,)


def numbers_of_column(
    call: folds.FunctionCall,
    column: Column,
    program: FoldProgram | None = None,
    is_numbered: bool = False,
) -> Iterable[Any] | None:
    """What a ``for`` over a column visits if it holds numbers and nothing else; else None."""
    if not column.stored.is_all_numbers():
        return None
    if program is None:
        return iter(column)
    return cells_of_rows(call, column.table, (column.position,), None, (), program, is_numbered)


def each_unpacked(value: Value, count: int) -> Iterable[Value]:
    """What a ``for`` with several variables visits: arrays, to be unpacked with ``unpack``."""
    kind = value.__class__
    if kind is list or kind is Column:
        elements = value if kind is list else value.cells()
        if elements and elements[0].__class__ is not list:
            if len(elements) != count:
                raise runtime_error(
                    "cannot_unpack_element",
                    "Cannot unpack array of length {length} into {count} variables. "
                    "For iteration over array elements, each element must be an array.",
                    length=len(elements),
                    count=count,
                )
            return (elements,)
        return elements  # type: ignore[no-any-return]
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is dict:
        if value and count != 2:
            raise runtime_error(
                "object_loop_variables",
                "Object iteration supports 1 or 2 variables, got {count}",
                count=count,
            )
        return [[key, value[key]] for key in sorted(value)]
    if kind is Table:
        width = len(value.names)
        if len(value) and width != count:
            raise runtime_error(
                "cannot_unpack_row",
                "Cannot unpack table row of length {length} into {count} variables",
                length=width,
                count=count,
            )
        return value.rows()  # type: ignore[no-any-return]
    raise runtime_error("cannot_iterate", "Cannot iterate over {value}", value=described(value))


def unpack_error(element: Value, count: int) -> NoReturn:
    """An element that a ``for`` with ``count`` variables has reached cannot be unpacked."""
    if element.__class__ is not list:
        raise runtime_error(
            "cannot_unpack_value",
            "Cannot unpack non-array value into {count} variables",
            count=count,
        )
    raise runtime_error(
        "cannot_unpack_array",
        "Cannot unpack array of length {length} into {count} variables",
        length=len(element),
        count=count,
    )


def spread(value: Value) -> Sequence[Value] | Iterator[Value]:
    """The arguments that ``*value`` stands for."""
    kind = value.__class__
    if kind is list:
        return value  # type: ignore[no-any-return]
    if kind is dict:
        return [value[key] for key in sorted(value)]
    if kind is Column:
        return value.cells()  # type: ignore[no-any-return]
    raise runtime_error("cannot_spread", "Spread operator can only be used with objects or arrays")


# range(…) and enum(…) --------------------


def whole_range(*bounds: Value) -> range:
    """The numbers as Python ints. A bound that the compiler knows as an int is one already."""
    if len(bounds) == 1:
        end = bounds[0]
        kind = end.__class__
        if (kind is int or kind is float) and 0 <= end < EXACT:
            return range(trunc(end))
        return range_bounds(float(end) if kind is int else end)
    for bound in bounds:
        if bound.__class__ is not int:
            return range_bounds(*(float(b) if b.__class__ is int else b for b in bounds))
    return range(*bounds) if bounds[-1] or len(bounds) == 2 else range_bounds(*map(float, bounds))


def number_range(*bounds: Value) -> Iterator[float]:
    """The numbers."""
    if len(bounds) == 1:
        end = bounds[0]
        kind = end.__class__
        if (kind is int or kind is float) and 0 <= end < EXACT:
            return islice(count(0.0, 1.0), trunc(end))
    return _as_numbers(whole_range(*bounds))


def double_range(*bounds: Value) -> Iterator[tuple[int, float]]:
    """Each number twice: as an int to index with, and as it is."""
    whole = whole_range(*bounds)
    return zip(whole, _as_numbers(whole), strict=False)


def _as_numbers(whole: range) -> Iterator[float]:
    if max(abs(whole.start), abs(whole.stop)) + abs(whole.step) < EXACT:
        return islice(count(float(whole.start), float(whole.step)), len(whole))
    return map(float, whole)


def numbered(elements: Iterable[Value]) -> Iterator[tuple[float, Value]]:
    """Each element behind its number, from 0."""
    return zip(count(0.0), elements, strict=False)


def each_numbered(value: Value) -> Iterator[tuple[float, Value]]:
    """What ``for i, x in enum(value)`` visits."""
    return numbered(numbered_elements(value))


def each_pair(value: Value) -> Iterator[list[Value]]:
    """What ``for pair in enum(value)`` visits."""
    return map(list, each_numbered(value))
