"""Tables as JSON and back: records by the names of columns, in an array or one on a line.

Source: tables and files reference, 2.7 and 2.8.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

from datacode.errors import DataCodeError, runtime_error
from datacode.i18n.message import Message
from datacode.tables.show import in_blocks
from datacode.values.column_storage import ColumnData
from datacode.values.table import Table
from datacode.values.text import number_text, printed
from datacode.values.types import Value

_DEEPEST = 100
"""Arrays and objects in a cell, each in the other."""

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def json_parts(
    table: Table, warn: Callable[[Message], None], *, lines: bool = False
) -> Iterator[str]:
    """The records in blocks: an array with one on each line, or without it (JSON lines).

    Whole numbers have no fraction; what JSON does not have, such as NaN, is null, with a warning;
    every other value is its printed text. Raises a Runtime Error for two columns of one name.
    """
    check_names(table, "JSON")
    names = [_ENCODER.encode(name) for name in table.names]
    lost = [0]
    records = (
        "{" + ",".join([f"{n}:{_text(v, lost)}" for n, v in zip(names, row, strict=True)]) + "}"
        for row in table.rows()
    )
    if lines:
        yield from in_blocks(record + "\n" for record in records)
    else:
        yield from in_blocks(_as_array(records))
    if lost[0]:
        warn(
            Message(
                "no_json_number",
                "{count} numbers that JSON does not have (NaN, inf) were written as null",
            ).filled(count=lost[0])
        )


def _as_array(records: Iterator[str]) -> Iterator[str]:
    separator = "[\n"
    for record in records:
        yield separator + record
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def check_names(table: Table, form: str) -> None:
    """Refuse a table with two columns of one name, which records cannot hold."""
    seen = set()
    for name in table.names:
        if name in seen:
            raise runtime_error(
                "two_columns_of_a_name",
                "The table has two columns '{name}', which {form} cannot hold: rename one",
                name=name,
                form=form,
            )
        seen.add(name)


def _text(value: Value, lost: list[int]) -> str:
    kind = value.__class__
    if kind is str:
        return _ENCODER.encode(value)
    if value is None:
        return "null"
    if kind is float and value.is_integer():
        return str(int(value))
    return _ENCODER.encode(_plain(value, lost, 0))


def _plain(value: Value, lost: list[int], depth: int) -> Any:
    """The value as Python's encoder takes it."""
    kind = value.__class__
    if kind is float:
        if not math.isfinite(value):
            lost[0] += 1
            return None
        return int(value) if value.is_integer() else value
    if value is None or kind is bool or kind is str:
        return value
    if kind is list or kind is dict:
        if depth >= _DEEPEST:
            raise runtime_error(
                "too_deep_for_json",
                "A cell nests more than {most} arrays or objects",
                most=_DEEPEST,
            )
        if kind is list:
            return [_plain(each, lost, depth + 1) for each in value]
        return {name: _plain(each, lost, depth + 1) for name, each in value.items()}
    return printed(value)


# Reading ---------------------------------------------------------------------------

_EXACT = 15
"""Digits that every number keeps."""


def table_of_records(text: str, parse: Callable[[str], Value], *, lines: bool) -> Table:
    """The table of the records in a text: an array of objects, or with ``lines`` one on each line.

    The columns are the keys in the order in which they come; where a record has none of a name,
    null. ``parse`` makes values of JSON. Raises Runtime Errors.
    """
    records = list(_lines(text, parse)) if lines else parse(text)
    if records.__class__ is not list:
        raise runtime_error("no_records", "The JSON is no array of records")
    names: dict[str, int] = {}
    for number, record in enumerate(records, 1):
        if record.__class__ is not dict:
            raise runtime_error("no_record", "Record {number} is no JSON object", number=number)
        for name in record:
            names.setdefault(name, len(names))
    columns = [_column([record.get(name) for record in records]) for name in names]
    return Table(names, map(ColumnData.of_list, columns), len(records))


def _lines(text: str, parse: Callable[[str], Value]) -> Iterator[Value]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield parse(line)
            except DataCodeError as error:
                raise runtime_error(
                    "json_line_unreadable",
                    "Line {number} is no JSON record: {problem}",
                    number=number,
                    problem=error.message,
                ) from None


def _column(values: list[Value]) -> list[Value]:
    """The values; numbers are texts beside those with more digits than a number keeps."""
    has_long = any(
        value.__class__ is str and len(value) > _EXACT and value.lstrip("-").isdigit()
        for value in values
    )
    if not has_long:
        return values
    return [number_text(value) if value.__class__ is float else value for value in values]
