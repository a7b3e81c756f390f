"""How a file is read: the arguments of ``read_file`` behind the path, checked.

Source: tables and files reference, 2.1 and 2.9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from datacode.errors import DataCodeError, runtime_error
from datacode.runtime.builtins.registry import ABSENT
from datacode.tables.cell_range import cell_range
from datacode.tables.csv.encodings import codec_for
from datacode.tables.read_options import AUTO, EVERYTHING, ColumnType, ReadOptions, ToFind
from datacode.tables.select import checked_header
from datacode.values.date_picture import date_picture
from datacode.values.types import Value

_MOST_HEADER_ROWS = 20

_MOST_ROWS = 1 << 60
"""More rows than any file has; Python counts no further than 2 ** 63."""


def positional_options(second: Value, third: Value) -> ReadOptions:
    """The arguments behind the path: a header row, a sheet's name, or both in this order."""
    if third is not ABSENT:
        if second.__class__ is not float or third.__class__ is not str:
            raise runtime_error(
                "read_file_arguments", "Expected (path, header_row: Number, sheet_name: String)"
            )
        given = frozenset({"header_row", "sheet_name"})
        return ReadOptions(row_number(second), sheet=third, given=given)
    if second is ABSENT:
        return ReadOptions()
    if second.__class__ is float:
        return ReadOptions(row_number(second), given=frozenset({"header_row"}))
    if second.__class__ is str:
        return ReadOptions(sheet=second, given=frozenset({"sheet_name"}))
    raise runtime_error(
        "header_row_or_sheet_name",
        "Second argument must be either a number (header_row) or a string (sheet_name)",
    )


def row_number(value: float) -> int:
    """A number of a row, from 0."""
    if not value.is_integer() or value < 0:
        raise runtime_error("header_row_not_natural", "header_row must be a non-negative integer")
    return min(int(value), _MOST_ROWS)


def named_options(
    options: ReadOptions, named: Mapping[str, Value], *, has_delimiter: bool = True
) -> ReadOptions:
    """The options with those given by name, each of them checked, and all of them together.

    ``named`` may hold ``ABSENT``; ``has_delimiter`` tells whether the file is a text with
    delimiters. Raises a Runtime Error that names the argument.
    """
    given = {name: value for name, value in named.items() if value is not ABSENT}
    _refuse_conflicts(given, options)
    changes: dict[str, Any] = {}
    for name, value in given.items():
        if name in _CHECKED:
            field, check = _CHECKED[name]
            changes[field] = check(value)
    find: set[ToFind] = set()
    if "auto" in given and _bool("auto")(given["auto"]):
        find = set(EVERYTHING) - _settled(given, options)
    for name in ("delimiter", "encoding"):
        if changes.get(name) == AUTO:
            find.add(cast(ToFind, name))
            del changes[name]
    if given.get("header") is False:
        changes["header_rows"] = 0
    elif given.get("header", True) is not True:
        changes["header"] = checked_header(given["header"])
    options = replace(
        options, **changes, find=frozenset(find), given=options.given | _wishes(given)
    )
    return _consistent(options, has_delimiter=has_delimiter)


def _wishes(given: Mapping[str, Value]) -> frozenset[str]:
    """The names of the arguments that ask for something."""
    names = {name for name, value in given.items() if name in _CHECKED}
    if given.get("auto") is True:
        names.add("auto")
    if "header" in given and given["header"] is not True:
        names.add("header=false" if given["header"] is False else "header")
    return frozenset(names)


def text_options(
    options: ReadOptions, delimiter: Value, encoding: Value, decimal: Value
) -> ReadOptions:
    """The options with those of a text or CSV file to be written, each of them checked."""
    named = {"delimiter": delimiter, "encoding": encoding, "decimal": decimal}
    return named_options(options, named)


def _settled(given: Mapping[str, Value], options: ReadOptions) -> set[ToFind]:
    """What need not be found out because the program says it."""
    settled: set[ToFind] = {n for n in ("delimiter", "encoding") if n in given}
    if "decimal" in given or "thousands" in given:
        settled.add("numbers")
    rows = ("header_row", "header_rows", "skip_footer", "until", "range")
    if options.header_row or given.get("header") is False or any(name in given for name in rows):
        settled.add("rows")
    if "ragged" in given:
        settled.add("ragged")
    return settled


def _refuse_conflicts(given: Mapping[str, Value], options: ReadOptions) -> None:
    """Refuse arguments that contradict each other."""
    is_list = given.get("header", True).__class__ is not bool
    if "columns" in given and is_list:
        raise _conflict("columns", "header")
    if given.get("header") is False and given.get("header_rows", 0.0) != 0.0:
        raise _conflict("header=false", "header_rows")
    if given.get("header") is False and (options.header_row or given.get("header_row")):
        raise _conflict("header=false", "header_row")
    if "sheet" in given and ("sheet_name" in given or options.sheet is not None):
        raise _conflict("sheet", "sheet_name")


def _conflict(one: str, other: str) -> DataCodeError:
    return runtime_error(
        "read_arguments_conflict",
        "read_file: give {one} or {other}, not both",
        one=one,
        other=other,
    )


def _consistent(options: ReadOptions, *, has_delimiter: bool) -> ReadOptions:
    """The options, if the separators are different characters. A comma may separate cells and stand
    in numbers, too, which are in quotes then: spreadsheets in online services write them so."""
    marks = {"thousands": options.thousands}
    if "numbers" not in options.find:
        marks["decimal"] = options.decimal
    if has_delimiter and "delimiter" not in options.find:
        marks["delimiter"] = options.delimiter
    _refuse_equal("delimiter", "decimal", marks)
    _refuse_equal("decimal", "thousands", marks)
    _refuse_equal("delimiter", "thousands", marks)
    return options


def _refuse_equal(one: str, other: str, marks: Mapping[str, str | None]) -> None:
    mark = marks.get(one)
    if one == "delimiter" and mark == ",":
        return
    if mark is not None and mark == marks.get(other):
        raise runtime_error(
            "separators_are_equal",
            "{one} and {other} cannot both be '{mark}'",
            one=one,
            other=other,
            mark=mark,
        )


# One argument --------------------------------------------------------------------


def _header_row(value: Value) -> int:
    if value.__class__ is not float:
        raise runtime_error("header_row_not_number", "header_row must be a number")
    return row_number(value)


def _count(name: str, most: int | None = None) -> Callable[[Value], int]:
    def check(value: Value) -> int:
        if value.__class__ is not float or not value.is_integer() or value < 0:
            raise runtime_error(
                "count_of_rows_expected", "{name} must be a number of rows", name=name
            )
        if most is not None and value > most:
            raise runtime_error(
                "too_many_rows_wanted", "{name} can be at most {most}", name=name, most=most
            )
        return min(int(value), _MOST_ROWS)

    return check


def _sheet_name(value: Value) -> str:
    if value.__class__ is not str:
        raise runtime_error("sheet_name_not_string", "sheet_name must be a string")
    return str(value)


def _sheet(value: Value) -> str | int:
    if value.__class__ is str:
        return str(value)
    if value.__class__ is float and value.is_integer() and value >= 1:
        return int(value)
    raise runtime_error(
        "sheet_expected", "sheet must be a sheet's name, its number from 1, or '*' for all"
    )


def delimiter_option(value: Value) -> str:
    """One character, or ``auto``. As strings have no escapes, a backslash and a ``t`` are a tab."""
    delimiter = "\t" if value == "\\t" else value
    if delimiter == AUTO:
        return AUTO
    if delimiter.__class__ is not str or len(delimiter) != 1 or delimiter in '"\r\n':
        raise runtime_error(
            "bad_delimiter", "delimiter must be one character, other than a quote or a line end"
        )
    return str(delimiter)


def encoding_option(value: Value) -> str:
    """The codec of a name, or ``auto``."""
    if value.__class__ is not str:
        raise runtime_error("encoding_not_string", "encoding must be a string")
    return AUTO if value == AUTO else codec_for(value)


def decimal_option(value: Value) -> str:
    """A point or a comma."""
    if value not in (".", ","):
        raise runtime_error("bad_decimal", "decimal must be '.' or ','")
    return str(value)


def thousands_option(value: Value) -> str:
    """What groups digits: one character that is no part of a number itself."""
    if value.__class__ is not str or len(value) != 1 or value in '"\r\n+-' or value.isalnum():
        raise runtime_error(
            "bad_thousands", "thousands must be one character, such as ' ', ',', '.' or \"'\""
        )
    return str(value)


_TYPE_NAMES: Mapping[str, ColumnType] = {
    **dict.fromkeys(("string", "str", "text"), "String"),
    **dict.fromkeys(("number", "num", "float", "double"), "Number"),
    **dict.fromkeys(("integer", "int"), "Integer"),
    **dict.fromkeys(("bool", "boolean"), "Bool"),
    **dict.fromkeys(("date", "datetime"), "Date"),
    **dict.fromkeys(("currency", "money"), "Currency"),
}


def _types(value: Value) -> ColumnType | dict[str, ColumnType]:
    if value.__class__ is dict:
        return {name: _type(kind) for name, kind in value.items()}
    return _type(value)


def _type(value: Value) -> ColumnType:
    kind = _TYPE_NAMES.get(value.lower()) if value.__class__ is str else None
    if kind is None:
        raise runtime_error(
            "unknown_column_type",
            "types must be String, Number, Integer, Bool, Date or Currency, "
            "for all columns or in an object by their names",
        )
    return kind


def _texts(name: str) -> Callable[[Value], tuple[str, ...]]:
    def check(value: Value) -> tuple[str, ...]:
        texts = [value] if value.__class__ is str else value
        if texts.__class__ is not list or any(text.__class__ is not str for text in texts):
            raise runtime_error("strings_expected", "{name} must be an array of strings", name=name)
        return tuple(texts)

    return check


def _columns(value: Value) -> tuple[str, ...]:
    names = _texts("columns")(value)
    if not names:
        raise runtime_error("no_columns_wanted", "columns cannot be empty")
    return names


def _text(name: str) -> Callable[[Value], str]:
    def check(value: Value) -> str:
        if value.__class__ is not str or not value.strip():
            raise runtime_error("text_expected", "{name} must be a text", name=name)
        return str(value)

    return check


def _until(value: Value) -> str:
    return _text("until")(value).strip()


def _ragged(value: Value) -> str:
    if value not in ("error", "pad", "skip"):
        raise runtime_error("bad_ragged", "ragged must be 'error', 'pad' or 'skip'")
    return str(value)


def _bool(name: str) -> Callable[[Value], bool]:
    def check(value: Value) -> bool:
        if value.__class__ is not bool:
            raise runtime_error("bool_expected", "{name} must be true or false", name=name)
        return bool(value)

    return check


_CHECKED: Mapping[str, tuple[str, Callable[[Value], Any]]] = {
    "header_row": ("header_row", _header_row),
    "header_rows": ("header_rows", _count("header_rows", _MOST_HEADER_ROWS)),
    "sheet_name": ("sheet", _sheet_name),
    "sheet": ("sheet", _sheet),
    "delimiter": ("delimiter", delimiter_option),
    "encoding": ("encoding", encoding_option),
    "decimal": ("decimal", decimal_option),
    "thousands": ("thousands", thousands_option),
    "types": ("types", _types),
    "nulls": ("nulls", _texts("nulls")),
    "dates": ("dates", lambda value: date_picture(_text("dates")(value))),
    "skip_footer": ("skip_footer", _count("skip_footer")),
    "until": ("until", _until),
    "max_rows": ("max_rows", _count("max_rows")),
    "ragged": ("ragged", _ragged),
    "columns": ("columns", _columns),
    "range": ("cells", lambda value: cell_range(_text("range")(value))),
    "fill_merged": ("fill_merged", _bool("fill_merged")),
    "text": ("as_text", _bool("text")),
}
"""For each argument the field of ``ReadOptions``, and the function that gives its value."""
