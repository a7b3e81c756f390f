"""How a file is read: the arguments of ``read_file`` behind the path, checked.

Source: tables and files reference, 2.
"""

from __future__ import annotations

from dataclasses import replace

from datacode.errors import runtime_error
from datacode.runtime.builtins.registry import ABSENT
from datacode.tables.csv.encodings import codec_for
from datacode.tables.read_options import ReadOptions
from datacode.values.types import Value


def row_number(value: float) -> int:
    """A number of a row, from 0."""
    if not value.is_integer() or value < 0:
        raise runtime_error("header_row_not_natural", "header_row must be a non-negative integer")
    return int(value)


def text_options(
    options: ReadOptions, delimiter: Value, encoding: Value, decimal: Value
) -> ReadOptions:
    """The options with those of text and CSV, each of them checked."""
    if delimiter is not ABSENT:
        options = replace(options, delimiter=_delimiter(delimiter))
    if encoding is not ABSENT:
        if encoding.__class__ is not str:
            raise runtime_error("encoding_not_string", "encoding must be a string")
        options = replace(options, encoding=codec_for(encoding))
    if decimal is not ABSENT:
        if decimal not in (".", ","):
            raise runtime_error("bad_decimal", "decimal must be '.' or ','")
        options = replace(options, decimal=decimal)
    if options.delimiter == options.decimal == ",":
        raise runtime_error("two_commas", "delimiter and decimal cannot both be ','")
    return options


def _delimiter(value: Value) -> str:
    """One character. As strings have no escapes, a backslash and a ``t`` are a tab."""
    delimiter = "\t" if value == "\\t" else value
    if delimiter.__class__ is not str or len(delimiter) != 1 or delimiter in '"\r\n':
        raise runtime_error(
            "bad_delimiter", "delimiter must be one character, other than a quote or a line end"
        )
    return str(delimiter)
