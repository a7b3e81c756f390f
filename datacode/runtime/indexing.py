"""Reading parts of values: ``x[i]`` and ``x.name``.

Compiled code reads elements of arrays and keys of objects itself; these functions do the rest and
raise every error. Source: language reference, 5.8.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from math import trunc

from datacode.errors import DataCodeError, runtime_error
from datacode.tables.select import renamed_by_join
from datacode.values import paths
from datacode.values.described import described
from datacode.values.parse_text import WHITE_SPACE
from datacode.values.table import Column, Indexer, Table
from datacode.values.text import number_text
from datacode.values.types import Path, PathPattern, Value

Condition = Callable[[Table, str], Value]
"""Filters a table by the text in ``t['age > 30']``; None if the text is no condition."""


# Positions -------------------------------------------------------------------


def array_bounds(index: float) -> DataCodeError:
    """The error of an index that an array does not have, as the program wrote it."""
    return runtime_error("array_index", "Array index {index} out of bounds", index=_shown(index))


def string_bounds(index: float) -> DataCodeError:
    """The error of an index that a string does not have."""
    return runtime_error("string_index", "String index {index} out of bounds", index=_shown(index))


def row_bounds(index: float, rows: int) -> DataCodeError:
    """The error of a row that a table does not have."""
    return runtime_error(
        "row_index",
        "Table row index {index} out of bounds (rows: {rows})",
        index=_shown(index),
        rows=rows,
    )


def _shown(index: float) -> str:
    return str(int(index)) if math.isfinite(index) else number_text(index)


def position_of(index: float, size: int) -> int | None:
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
            position = position_of(index, len(value))
            if position is None:
                raise array_bounds(index)
            return value[position]
        if kind is dict and by_text:
            if index not in value:
                raise missing_key(index)
            return value[index]
        if kind is str and by_number:
            position = position_of(index, len(value))
            if position is None:
                raise string_bounds(index)
            return value[position]
        if kind is Table and by_number:
            raise runtime_error(
                "cannot_index_table",
                "Cannot index table with number. Use table.idx[i] to access rows "
                "or table['column_name'] to access columns",
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
            raise renamed_by_join(table, name) or runtime_error(
                "no_table_column", "Column '{name}' not found in table", name=name
            )
        return filtered

    return read_index


def _row_or_cell(view: Indexer | Column, index: float) -> Value:
    rows = len(view.table)
    position = position_of(index, rows)
    if position is None:
        raise row_bounds(index, rows)
    return view.cell(position) if isinstance(view, Column) else view.table.row(position)


def no_index(value: Value, index: Value) -> DataCodeError:
    """The error of ``value[index]`` for kinds that do not go together."""
    return runtime_error(
        "cannot_index",
        "Cannot index {value} with {index}",
        value=described(value),
        index=described(index),
    )


def missing_key(key: str) -> DataCodeError:
    """The error of ``object[key]``."""
    return runtime_error("key_not_found", "Key '{key}' not found in object", key=key)


def missing_member(name: str) -> DataCodeError:
    """The error of ``object.name``."""
    return runtime_error("no_object_member", "Member '{name}' not found in object", name=name)


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
            raise runtime_error(
                "indexer_without_members",
                "TableIndexer does not support member access '{name}'",
                name=name,
            )
        if kind is Path or kind is PathPattern:
            return _path_member(value.text, name)
        raise runtime_error(
            "cannot_access_member",
            "Cannot access member '{name}' on {value}",
            name=name,
            value=described(value),
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
            "no_path_member",
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
    return runtime_error("no_array_member", "Array has no member '{name}'", name=name)


def _string_member(text: str, name: str) -> Value:
    if name == "len" or name == "length":
        return float(len(text))
    if name == "upper":
        return text.upper()
    if name == "lower":
        return text.lower()
    if name == "trim":
        return text.strip(WHITE_SPACE)
    raise runtime_error("no_string_member", "String has no member '{name}'", name=name)


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
        raise renamed_by_join(table, name) or runtime_error(
            "no_table_member", "Table has no member or column '{name}'", name=name
        )
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
