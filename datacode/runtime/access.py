"""Parts of values: ``x[i]``, ``x.name``, ``x[i] = v``, and visiting them in a ``for``.

Compiled code reads elements of arrays and keys of objects itself; these functions do the rest and
raise every error. Source: language reference, 5.8, 6.1 and 6.4.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import trunc
from typing import NoReturn

from datacode.errors import DataCodeError, runtime_error
from datacode.values import paths
from datacode.values.parse_text import WHITE_SPACE
from datacode.values.table import Column, Indexer, Table
from datacode.values.text import debug, number_text
from datacode.values.types import Path, PathPattern, Value

Condition = Callable[[Table, str], Value]
"""Filters a table by the text in ``t['age > 30']``; None if the text is no condition."""


# Positions -------------------------------------------------------------------


def array_bounds(index: float) -> DataCodeError:
    """The error of an index that an array does not have, as the program wrote it."""
    return runtime_error("Array index {index} out of bounds", index=_shown(index))


def string_bounds(index: float) -> DataCodeError:
    """The error of an index that a string does not have."""
    return runtime_error("String index {index} out of bounds", index=_shown(index))


def row_bounds(index: float, rows: int) -> DataCodeError:
    """The error of a row that a table does not have."""
    return runtime_error(
        "Table row index {index} out of bounds (rows: {rows})", index=_shown(index), rows=rows
    )


def _shown(index: float) -> str:
    return str(int(index)) if math.isfinite(index) else number_text(index)


def _position(index: float, size: int) -> int | None:
    """Where the index points among so many elements, or None."""
    if not -size - 1 < index < size:
        return None
    position = int(index)
    if position < 0:
        position += size
    return position if 0 <= position < size else None


# Reading ---------------------------------------------------------------------


def reader(condition: Condition) -> Callable[[Value, Value], Value]:
    """``value[index]`` for all kinds of values."""

    def read_index(value: Value, index: Value) -> Value:
        kind = value.__class__
        by = index.__class__
        if by is int or by is float:  # an int comes of a loop over a range
            # What comes here most often; the compiled code itself looks into arrays.
            if kind is Column and 0 <= index < value.table.row_count:
                return value.table.columns[value.position].cell(trunc(index))
            if kind is Indexer and 0 <= index < value.table.row_count:
                return value.table.row(trunc(index))
            index = float(index)
        by_number, by_text = index.__class__ is float, by is str
        if kind is Table and by_text:
            return _column(value, index)
        if kind is list and by_number:
            position = _position(index, len(value))
            if position is None:
                raise array_bounds(index)
            return value[position]
        if kind is dict and by_text:
            if index not in value:
                raise missing_key(index)
            return value[index]
        if kind is str and by_number:
            position = _position(index, len(value))
            if position is None:
                raise string_bounds(index)
            return value[position]
        if kind is Table and by_number:
            raise runtime_error(
                "Cannot index table with number. Use table.idx[i] to access rows "
                "or table['column_name'] to access columns"
            )
        if (kind is Indexer or kind is Column) and by_number:
            return _row_or_cell(value, index)
        raise no_index(value, index)

    def _column(table: Table, name: str) -> Value:
        column = table.column_named(name)
        if column is not None:
            return column
        filtered = condition(table, name)
        if filtered is None:
            raise runtime_error("Column '{name}' not found in table", name=name)
        return filtered

    return read_index


def _row_or_cell(view: Indexer | Column, index: float) -> Value:
    rows = len(view.table)
    position = _position(index, rows)
    if position is None:
        raise row_bounds(index, rows)
    return view.cell(position) if isinstance(view, Column) else view.table.row(position)


def no_index(value: Value, index: Value) -> DataCodeError:
    """The error of ``value[index]`` for kinds that do not go together."""
    return runtime_error(
        "Cannot index {value} with {index}", value=debug(value), index=debug(index)
    )


def missing_key(key: str) -> DataCodeError:
    """The error of ``object[key]``."""
    return runtime_error("Key '{key}' not found in object", key=key)


def missing_member(name: str) -> DataCodeError:
    """The error of ``object.name``."""
    return runtime_error("Member '{name}' not found in object", name=name)


def member_reader(file_kind: Callable[[str], str | None]) -> Callable[[Value, str], Value]:
    """``value.name`` for all kinds of values; ``file_kind`` looks at the disk for paths."""

    def read_member(value: Value, name: str) -> Value:
        kind = value.__class__
        if kind is dict:
            if name not in value:
                raise missing_member(name)
            return value[name]
        if kind is list or kind is Column:
            return _array_member(value, name)
        if kind is str:
            return _string_member(value, name)
        if kind is Table:
            return _table_member(value, name)
        if kind is Indexer:
            raise runtime_error("TableIndexer does not support member access '{name}'", name=name)
        if kind is Path or kind is PathPattern:
            return _path_member(value.text, name)
        raise runtime_error(
            "Cannot access member '{name}' on {value}", name=name, value=debug(value)
        )

    def _path_member(path: str, name: str) -> Value:
        if name in _PATH_MEMBERS:
            return _PATH_MEMBERS[name](path)
        if name == "exists":
            return file_kind(path) is not None
        if name == "is_file":
            return file_kind(path) == "file"
        if name == "is_dir":
            return file_kind(path) == "folder"
        raise runtime_error(
            "Path has no member '{name}'. Available members: {members}",
            name=name,
            members=paths.MEMBERS,
        )

    return read_member


def _array_member(value: list[Value] | Column, name: str) -> Value:
    if name == "len" or name == "length":
        return float(len(value))
    if name == "first" or name == "last":
        if not len(value):
            return None
        position = 0 if name == "first" else len(value) - 1
        return value.cell(position) if isinstance(value, Column) else value[position]
    raise no_array_member(name)


def no_array_member(name: str) -> DataCodeError:
    """The error of ``array.name``."""
    return runtime_error("Array has no member '{name}'", name=name)


def _string_member(text: str, name: str) -> Value:
    if name == "len" or name == "length":
        return float(len(text))
    if name == "upper":
        return text.upper()
    if name == "lower":
        return text.lower()
    if name == "trim":
        return text.strip(WHITE_SPACE)
    raise runtime_error("String has no member '{name}'", name=name)


def _table_member(table: Table, name: str) -> Value:
    if name == "rows":
        return {"rows": list(table.rows()), "len": float(len(table))}
    if name == "columns":
        return float(len(table.names))
    if name == "column_names":
        return list(table.names)
    if name == "idx":
        return Indexer(table)
    column = table.column_named(name)
    if column is None:
        raise runtime_error("Table has no member or column '{name}'", name=name)
    return column


def _parent(path: str) -> Path | None:
    parent = paths.parent(path)
    return None if parent is None else Path(parent)


_PATH_MEMBERS: dict[str, Callable[[str], Value]] = {
    "name": paths.name,
    "parent": _parent,
    "extension": lambda path: paths.stem_and_extension(path)[1],
    "stem": lambda path: paths.stem_and_extension(path)[0],
    "to_string": lambda path: path,
    "len": lambda path: float(len(path)),
}


# Visiting --------------------------------------------------------------------


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
    raise runtime_error("Cannot iterate over {value}", value=debug(value))


def cells_of_rows(
    table: Table, positions: Sequence[int], width: int | None, numbers: Sequence[int]
) -> Iterable[Value] | None:
    """What a ``for`` visits that wants these cells of every row; None if it cannot have them.

    Single cells, or tuples of several. With a ``width`` all rows must be so long, and the columns
    of ``numbers`` must hold nothing else.
    """
    columns = len(table.names)
    if width is not None and columns != width:
        return None
    if not all(-columns <= position < columns for position in positions):
        return None
    if not all(table.columns[position].is_all_numbers() for position in numbers):
        return None
    return table.cells_of_rows(positions)


def numbers_of_column(column: Column) -> Iterable[Value] | None:
    """What a ``for`` over a column visits if it holds numbers and nothing else; else None."""
    return iter(column) if column.stored.is_all_numbers() else None


def each_unpacked(value: Value, count: int) -> Iterable[Value]:
    """What a ``for`` with several variables visits: arrays, to be unpacked with ``unpack``."""
    kind = value.__class__
    if kind is list or kind is Column:
        elements = value if kind is list else value.cells()
        if elements and elements[0].__class__ is not list:
            if len(elements) != count:
                raise runtime_error(
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
                "Object iteration supports 1 or 2 variables, got {count}", count=count
            )
        return [[key, value[key]] for key in sorted(value)]
    if kind is Table:
        width = len(value.names)
        if len(value) and width != count:
            raise runtime_error(
                "Cannot unpack table row of length {length} into {count} variables",
                length=width,
                count=count,
            )
        return value.rows()  # type: ignore[no-any-return]
    raise runtime_error("Cannot iterate over {value}", value=debug(value))


def unpack_error(element: Value, count: int) -> NoReturn:
    """An element that a ``for`` with ``count`` variables has reached cannot be unpacked."""
    if element.__class__ is not list:
        raise runtime_error("Cannot unpack non-array value into {count} variables", count=count)
    raise runtime_error(
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
    raise runtime_error("Spread operator can only be used with objects or arrays")


# Element assignment -------------------------------------------------------------


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


copies_made = 0
"""Counts copies of arrays and objects that assignments made; tests look at it."""


def copied(container: Value) -> Value:
    """A shallow copy of an array or object."""
    global copies_made
    copies_made += 1
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
        if _position(key, len(container)) is None:
            raise array_bounds(key)
    elif kind is dict:
        if key.__class__ is not str:
            raise no_index(container, key)
    else:
        _check_container(container)


def _check_container(container: Value) -> None:
    if container.__class__ is not list and container.__class__ is not dict:
        raise runtime_error("Cannot assign to an element of {value}", value=debug(container))


def _put(container: Value, key: Value, value: Value) -> None:
    container[int(key) if container.__class__ is list else key] = value
