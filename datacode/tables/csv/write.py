"""A table as CSV, in the form that ``read_csv`` reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from datacode.errors import runtime_error
from datacode.tables.show import in_blocks
from datacode.values.table import Table
from datacode.values.text import number_text, printed
from datacode.values.types import PathPattern, Value


def csv_parts(table: Table, delimiter: str = ",", decimal: str = ".") -> Iterator[str]:
    """The header and the rows, each ended by a line feed, in blocks of some lines.

    Null is an empty cell, every other value its printed text, in quotes where it needs them;
    ``decimal`` stands in numbers before their fraction.
    CSV has no types: the text ``007`` comes back as the number 7.
    """
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise runtime_error(
            "bad_delimiter_written", "delimiter must be one character, and no quote or line break"
        )
    quote = _quoting(delimiter)
    yield _line(table.names, delimiter, quote)
    yield from in_blocks(
        _line([_text(value, decimal) for value in row], delimiter, quote) for row in table.rows()
    )


def _quoting(delimiter: str) -> Callable[[str], str]:
    needs_quotes = re.compile(f'["\r\n{re.escape(delimiter)}]').search

    def quote(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if needs_quotes(text) else text

    return quote


def _line(texts: Sequence[str], delimiter: str, quote: Callable[[str], str]) -> str:
    if len(texts) == 1 and not texts[0].strip():
        return f'"{texts[0]}"\n'  # a blank line would be no record
    return delimiter.join(map(quote, texts)) + "\n"


def _text(value: Value, decimal: str) -> str:
    if value.__class__ is str:
        return value
    if value is None:
        return ""
    if value.__class__ is float:
        text = number_text(value)
        return text if decimal == "." else text.replace(".", decimal)
    return value.text if value.__class__ is PathPattern else printed(value)
