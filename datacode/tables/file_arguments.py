"""Which arguments of reading and writing mean something for a file of which format.

An argument that would change nothing is refused, never passed over: whoever gives it expects
something of it. Source: tables and files reference, 2.7 and 2.9.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from datacode.errors import DataCodeError, runtime_error
from datacode.i18n.message import Message

FORMATS: Mapping[str, str] = {
    "csv": "CSV",
    "tsv": "TSV",
    "txt": "TXT",
    "xlsx": "XLSX",
    "xlsb": "XLSB",
    "xls": "XLS",
    "ods": "ODS",
    "json": "JSON",
    "jsonl": "JSONL",
    "parquet": "Parquet",
    "arrow": "Arrow",
}
"""The formats that are told apart, and how they are called."""

_SAME = {"xlsm": "xlsx", "ndjson": "jsonl", "feather": "arrow"}
"""Extensions that are another name, or another use, of a format."""

_DELIMITED = frozenset({"csv", "tsv"})
_BOOKS = frozenset({"xlsx", "xlsb", "xls", "ods"})
_JSON = frozenset({"json", "jsonl"})
_TABLES = frozenset(FORMATS) - {"txt"}

READ: Mapping[str, frozenset[str]] = {
    "delimiter": _DELIMITED,
    "encoding": _DELIMITED | _JSON | {"txt"},
    "ragged": _DELIMITED,
    **dict.fromkeys(("header_row", "header_rows", "header=false", "range"), _DELIMITED | _BOOKS),
    **dict.fromkeys(("sheet", "sheet_name", "fill_merged"), _BOOKS),
    **dict.fromkeys(("decimal", "thousands", "types", "nulls", "dates"), _TABLES),
    **dict.fromkeys(("header", "columns", "skip_footer", "until", "max_rows", "auto"), _TABLES),
    "text": frozenset(FORMATS),
}
"""For each argument of ``read_file`` the formats for which it means something."""

_WRITTEN_BOOKS = frozenset({"xlsx"})

WRITE: Mapping[str, frozenset[str]] = {
    "delimiter": _DELIMITED,
    "decimal": _DELIMITED,
    "encoding": _DELIMITED,
    "excel": frozenset({"csv"}),
    **dict.fromkeys(("sheet", "formats", "totals", "append"), _WRITTEN_BOOKS),
}
"""For each argument of ``write_file`` the formats of tables for which it means something."""

_ONCE_IGNORED = {
    "txt": frozenset({"header_row", "sheet_name", "header"}),
    "csv": frozenset({"sheet_name"}),
}
"""What DataCode 1.x took and passed over: there is a warning, and the program goes on."""


def format_of(kind: str) -> str:
    """The format of a kind of file or an extension; what is none of ``FORMATS`` stays."""
    return _SAME.get(kind, kind)


def meaningless(kind: str, given: Iterable[str]) -> list[str]:
    """The arguments of ``read_file`` among those given that mean nothing for such a file."""
    own = format_of(kind)
    own = own if own in FORMATS else "txt"
    return [name for name in READ if name in given and own not in READ[name]]


def is_once_ignored(name: str, kind: str) -> bool:
    """Is it an argument that 1.x passed over for such files?"""
    return name in _ONCE_IGNORED.get(format_of(kind), ())


def left_aside(name: str, kind: str) -> Message:
    """The warning about an argument that 1.x passed over."""
    return Message(
        "argument_left_aside", "{argument} has no meaning for {format} and was left aside"
    ).filled(argument=name, format=_shown(kind))


def no_meaning(function: str, name: str, kind: str, formats: Iterable[str]) -> DataCodeError:
    """The error of an argument that means something for other formats only."""
    if format_of(kind) == "txt" and function == "read_file" and "csv" in formats:
        return runtime_error(
            "argument_for_tables",
            "{function}: {argument} has no meaning for a text; with delimiter or auto=true the "
            "file is read as a table",
            function=function,
            argument=name,
        )
    return runtime_error(
        "argument_without_meaning",
        "{function}: {argument} has no meaning for {format}, only for {formats}",
        function=function,
        argument=name,
        format=_shown(kind),
        formats=", ".join(shown for each, shown in FORMATS.items() if each in formats),
    )


def _shown(kind: str) -> str:
    return FORMATS.get(format_of(kind), f"files .{kind}")
