"""What is said about a CSV file that cannot be read, or that was not meant to be read so.

The texts of the errors are those of the tables and files reference, 2.3; a sentence of advice
follows where the file itself shows what would help.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

from datacode.errors import DataCodeError, Kind, runtime_error
from datacode.i18n.message import Message
from datacode.tables.csv.records import OpenQuote, Record
from datacode.tables.read_options import Warn
from datacode.values.parse_text import WHITE_SPACE

_LETTERS = re.compile("[А-яЁё]")
_WORDS = re.compile("[А-Яа-яЁё][а-яё]{2}|[А-ЯЁ]{3}")
_TOTAL = re.compile(r"(?:Итого|ИТОГО|Всего|ВСЕГО|Total|TOTAL|Grand total|Sum)\b")
"""Words that begin the last row of a report."""

_SURE = 6
"""Letters that a text must have before its language is told by them."""


def width_error(record: Record, number: int, byte: int, names: Sequence[str]) -> DataCodeError:
    """Record ``number`` (from 0), at ``byte``, has more or fewer cells than there are columns."""
    found, expected = len(record.cells), len(names)
    message = Message(
        "csv_row_width",
        "Failed to read row {row}: CSV error: record {record} (line: {line}, byte: {byte}): "
        "found record with {found} fields, but the previous record has {expected} fields",
    ).filled(
        row=number + 1, record=number, line=record.line, byte=byte, found=found, expected=expected
    )
    if looks_separated_by_semicolons(names, [",".join(record.cells)]):
        message = Message(
            "csv_likely_delimiter",
            "{problem}. The file looks as if ';' separated its cells: try delimiter=\";\"",
        ).filled(problem=message)
    elif not any(cell.strip(WHITE_SPACE) for cell in record.cells[expected:]) and found > expected:
        message = Message(
            "csv_empty_cells_behind",
            '{problem}. The cells behind the header are empty: try ragged="pad"',
        ).filled(problem=message)
    elif total := _TOTAL.match(record.cells[0].strip(WHITE_SPACE)):
        message = Message(
            "csv_row_of_totals", '{problem}. If this row ends the table, try until="{word}"'
        ).filled(problem=message, word=total[0])
    return DataCodeError(Kind.RUNTIME, message)


def encoding_error(
    content: bytes,
    record: Record,
    number: int,
    byte: int,
    field: int,
    index: int,
    *,
    is_header: bool,
) -> DataCodeError:
    """Field ``field`` of record ``number`` (both from 0) is not UTF-8 from its byte ``index`` on.

    The record is at ``byte`` of the file's ``content``.
    """
    failure = Message("csv_row_failed", "Failed to read row {row}").filled(row=number + 1)
    if is_header:
        failure = Message("csv_header_failed", "Failed to read header row")
    message = Message(
        "csv_not_utf_8",
        "{failure}: CSV parse error: record {record} (line {line}, field: {field}, byte: {byte}): "
        "invalid utf-8: invalid UTF-8 in field {field} near byte index {index}",
    ).filled(failure=failure, record=number, line=record.line, field=field, byte=byte, index=index)
    likely = _likely_encoding(content)
    if likely is not None:
        message = Message(
            "csv_likely_encoding",
            '{problem}. The file looks as if it were encoded in {encoding}: try encoding="{name}"',
        ).filled(problem=message, encoding=likely, name=likely.lower())
    return DataCodeError(Kind.RUNTIME, message)


def too_few_records(header_row: int, header_rows: int = 1) -> DataCodeError:
    """The file ends before the header."""
    return runtime_error(
        "csv_without_header",
        "File has fewer than {rows} rows (header_row = {header_row})",
        rows=header_row + header_rows,
        header_row=header_row,
    )


_TEXT_BEHIND_QUOTE = Message(
    "text_behind_quote",
    "In line {line} text follows the quote that ends a cell, which was read as '{text}': quotes"
    " within a cell in quotes must be doubled",
)


def warn_of_odd_cell(record: Record, warn: Warn) -> None:
    """Tell of the cell of a record, if it has one, whose closing quote has text behind it."""
    if record.odd_cell is not None:
        warn(_TEXT_BEHIND_QUOTE.filled(line=record.line, text=record.odd_cell[:100]))


def open_quote_error(quote: OpenQuote) -> DataCodeError:
    """A quote is not closed where its cell ends."""
    if quote.closed is None:
        return runtime_error(
            "csv_open_quote",
            "Failed to read CSV: the quote that opens a cell in line {line} is never closed",
            line=quote.line,
        )
    return runtime_error(
        "csv_late_quote",
        "Failed to read CSV: the quote that opens a cell in line {line} is not closed before line "
        "{closed}, where more text follows it",
        line=quote.line,
        closed=quote.closed,
    )


def _likely_encoding(content: bytes) -> str | None:
    """The encoding of a file that is not in UTF-8, as far as one can tell."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16"
    return "CP1251" if _looks_like_cp1251(content) else None


def _looks_like_cp1251(content: bytes) -> bool:
    """Do the bytes beyond ASCII make Cyrillic words when they are read as CP1251?"""
    sample = content[:200_000].decode("cp1251", "replace")
    beyond = sum(1 for c in sample if c > "\x7f")
    letters = len(_LETTERS.findall(sample))
    return letters >= _SURE and letters >= 0.8 * beyond and _WORDS.search(sample) is not None


def looks_separated_by_semicolons(names: Sequence[str], cells: Sequence[object]) -> bool:
    """Is a file of one column rather one of several, with ``;`` between the cells?"""
    if len(names) != 1 or ";" not in names[0]:
        return False
    return all(isinstance(cell, str) and ";" in cell for cell in cells)
