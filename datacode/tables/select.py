"""Choosing columns and rows: ``header=``, ``table_select``, heads, samples, merging.

Source: tables and files reference, 1.5 and 2.5; builtins reference, 10 (``merge_tables``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from random import SystemRandom
from typing import TypeAlias

from datacode.errors import DataCodeError, runtime_error
from datacode.i18n.message import Message
from datacode.values import column_storage
from datacode.values.column_storage import ColumnData
from datacode.values.lazy_polars import pl
from datacode.values.table import Table
from datacode.values.types import Value

HeaderChoice: TypeAlias = "list[str] | dict[str, str | None]"
"""Columns to keep, in order; or columns to rename (None keeps a name) while all others stay."""


# header= ---------------------------------------------------------------------


def checked_header(header: Value) -> HeaderChoice:
    """``header=`` as a program gave it; what it cannot be is a Runtime Error."""
    if header.__class__ is dict:
        return _checked_renaming(header)
    if header.__class__ is not list:
        raise runtime_error("header_not_strings", "header must be an array of strings")
    if not header:
        raise runtime_error("header_array_empty", "header array cannot be empty")
    for index, name in enumerate(header):
        if name.__class__ is not str:
            raise runtime_error(
                "header_array_element",
                "header array must contain only strings, but element {index} is not a string",
                index=index,
            )
    return list(header)


def _checked_renaming(header: dict[str, Value]) -> HeaderChoice:
    if not header:
        raise runtime_error("header_object_empty", "header object cannot be empty")
    for name, new_name in header.items():
        if new_name is not None and new_name.__class__ is not str:
            raise runtime_error(
                "header_object_value",
                "header object must contain only strings and nulls, but '{name}' holds neither",
                name=name,
            )
    return dict(header)


def select_header(table: Table, wanted: HeaderChoice, warn: Callable[[Message], None]) -> Table:
    """Keep or rename the columns that ``header=`` names; ``warn`` is told of missing ones."""
    missing = [name for name in wanted if table.position(name) is None]
    if len(missing) == len(wanted):
        raise runtime_error(
            "no_specified_column_found",
            "None of the specified columns found. Available columns: {columns}",
            columns=_quoted(table.names),
        )
    if missing:
        warn(
            Message(
                "columns_not_found",
                "Columns not found: {missing}. Available columns: {columns}",
                {"missing": _quoted(missing), "columns": _quoted(table.names)},
            )
        )
    if isinstance(wanted, dict):
        return renamed(table, {old: new for old, new in wanted.items() if new is not None})
    positions = [table.position(name) for name in wanted]
    return table.select([p for p in positions if p is not None])


def _quoted(names: Iterable[str]) -> str:
    """``["name", "age"]``, with a backslash before quotes and backslashes."""
    texts = ('"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"' for name in names)
    return f"[{', '.join(texts)}]"


def renamed(table: Table, new_names: dict[str, str]) -> Table:
    """The same columns, the first of each given name under its new one."""
    names = list(table.names)
    for old, new in new_names.items():
        position = table.position(old)
        if position is not None:
            names[position] = new
    return Table(names, table.columns, len(table))


# Rows --------------------------------------------------------------------------


def head(table: Table, count: int) -> Table:
    """The first rows; fewer if there are not so many, none for a negative number."""
    return table.slice(0, min(max(count, 0), len(table)))


def tail(table: Table, count: int) -> Table:
    """The last rows."""
    return table.slice(max(len(table) - max(count, 0), 0), len(table))


def sample(table: Table, count: int) -> Table:
    """Different rows at random, in random order; the whole table in order if it has no more."""
    if count >= len(table):
        return table
    return table.take(SystemRandom().sample(range(len(table)), max(count, 0)))


# Tables under each other -------------------------------------------------------


def under_each_other(parts: Sequence[Table]) -> Table:
    """The rows of all tables, which have as many columns as the first, under its names."""
    first = parts[0]
    columns = [column for part in parts for column in part.columns]
    source = next((column.source for column in columns if column.source is not None), None)
    found = None if source is None else source.under_each_other([p.columns for p in parts])
    if found is not None:
        return Table(first.names, found, sum(map(len, parts)))
    columns = [concatenated([part.columns[i] for part in parts]) for i in range(len(first.columns))]
    return Table(first.names, columns, sum(map(len, parts)))


def concatenated(parts: Sequence[ColumnData]) -> ColumnData:
    """One column of the cells of several, in order."""
    parts = [part for part in parts if len(part)] or list(parts[:1])
    if len(parts) == 1:
        return parts[0]
    if all(part.is_stored_as_series() for part in parts):
        series = [s for part in parts if (s := part.stored_series()) is not None]
        kinds = {s.dtype for s in series} - {pl.Null}
        if len(kinds) <= 1:
            kind = kinds.pop() if kinds else pl.Null()
            return ColumnData.of_series(pl.concat([s.cast(kind) for s in series]).rechunk())
    return ColumnData.of_list([value for part in parts for value in part])


def merged_outer(parts: Sequence[Table]) -> Table:
    """The rows of all tables under the union of their columns, null where one has none."""
    names = list(dict.fromkeys(name for part in parts for name in part.names))
    return under_each_other([_with_columns(part, names) for part in parts])


def merged_inner(parts: Sequence[Table]) -> Table:
    """The rows of all tables under the columns that all of them have, in the first's order."""
    common = [
        name
        for name in dict.fromkeys(parts[0].names)
        if all(part.position(name) is not None for part in parts)
    ]
    return under_each_other([_with_columns(part, common) for part in parts])


def _with_columns(table: Table, names: Sequence[str]) -> Table:
    """These columns (the first of each name), with nulls for those the table lacks."""
    missing = column_storage.nulls(len(table))
    positions = map(table.position, names)
    columns = [missing if p is None else table.columns[p] for p in positions]
    return Table(names, columns, len(table))


def position_of(table: Table, name: str) -> int:
    """Where a column is; one that does not exist is a Runtime Error in English."""
    position = table.position(name)
    if position is None:
        raise renamed_by_join(table, name) or runtime_error(
            "column_not_found", "Column '{name}' not found", name=name
        )
    return position


def renamed_by_join(table: Table, name: str) -> DataCodeError | None:
    """The error for a column that a join has named otherwise; None if there is none of those."""
    found = [name + suffix for suffix in ("_left", "_right") if name + suffix in table.names]
    if not found:
        return None
    return runtime_error(
        "column_renamed_by_join",
        "Column '{name}' not found: after the join it is called {names}",
        name=name,
        names=" / ".join(f"'{each}'" for each in found),
    )
