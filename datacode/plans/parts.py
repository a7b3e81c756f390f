"""Cells of tables as parts of files, and back: what columns look like outside of memory.

A column is one in a file, called by its number and kind: ``c0n`` numbers, ``c0s`` texts, ``c0b``
bools. A mixed one is three: ``c0k`` says what each cell is, and ``c0n`` and ``c0s`` hold it. Nulls
alone take none. ``row`` numbers the rows of a table through all its pieces.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from datacode.plans.nodes import CellKind
from datacode.values.column_storage import ColumnData, nulls
from datacode.values.lazy_polars import pl
from datacode.values.types import Currency, Path, PathPattern, Value

ROW = "row"

NULL, NUMBER, TEXT, BOOL, CURRENCY, NAN, HALVES, PATH, PATTERN = range(9)
"""What a mixed cell is. ``HALVES``: a text with half of a surrogate pair, which no file holds."""

_OF_TEXT = {CURRENCY: Currency, PATH: Path, PATTERN: PathPattern}
_CODES = {kind: code for code, kind in _OF_TEXT.items()}


class NotStorable(Exception):
    """A column holds values that have parts, such as arrays."""


def kind_of(column: ColumnData) -> CellKind:
    """The kind of a column in memory, as files have it."""
    series = column.stored_series()
    if series is None:
        return CellKind.MIXED
    if series.dtype == pl.Float64:
        if series.null_count() == len(series):
            return CellKind.NULL
        return CellKind.MIXED if _has_odd_numbers(series) else CellKind.NUMBER
    if series.dtype == pl.String:
        return CellKind.TEXT
    return CellKind.BOOL if series.dtype == pl.Boolean else CellKind.NULL


def _has_odd_numbers(series: pl.Series) -> bool:
    """NaN, or a zero with a sign?"""
    if series.is_nan().any():
        return True
    zeros = series.filter(series == 0)
    return len(zeros) > 0 and bool(((1 / zeros) < 0).any())


def encoded(
    columns: Sequence[ColumnData], first_row: int, rows: int
) -> tuple[list[CellKind], bytes]:
    """Rows as a file in Parquet, and the kinds of the columns. Raises ``NotStorable``."""
    series = [pl.int_range(first_row, first_row + rows, eager=True).alias(ROW)]
    kinds = []
    for number, column in enumerate(columns):
        kind = kind_of(column)
        kinds.append(kind)
        if kind is CellKind.MIXED:
            series += _mixed(column, number)
        elif kind is not CellKind.NULL:
            cells = column.stored_series()
            assert cells is not None
            series.append(cells.alias(name(number, kind)))
    file = io.BytesIO()
    pl.DataFrame(series).write_parquet(file, compression="lz4", statistics=True)
    return kinds, file.getvalue()


_LETTERS = {CellKind.NUMBER: "n", CellKind.TEXT: "s", CellKind.BOOL: "b"}


def name(number: int, kind: CellKind) -> str:
    """The name of the one column in a file that a column of this kind is."""
    return f"c{number}{_LETTERS[kind]}"


def names(number: int, kind: CellKind) -> list[str]:
    """The names of all columns in a file that a column of this kind is."""
    if kind is CellKind.MIXED:
        return [f"c{number}{letter}" for letter in "kns"]
    return [] if kind is CellKind.NULL else [name(number, kind)]


def _mixed(column: ColumnData, number: int) -> list[pl.Series]:
    cells = [_parts(value) for value in column]
    parts = list(zip(*cells, strict=True)) or [(), (), ()]
    return [
        pl.Series(f"c{number}k", parts[0], dtype=pl.Int8),
        pl.Series(f"c{number}n", parts[1], dtype=pl.Float64),
        pl.Series(f"c{number}s", parts[2], dtype=pl.String),
    ]


def _parts(value: Value) -> tuple[int, float | None, str | None]:
    kind = value.__class__
    if value is None:
        return NULL, None, None
    if kind is float:
        return (NUMBER, value, None) if value == value else (NAN, None, None)
    if kind is bool:
        return BOOL, float(value), None
    code = TEXT if kind is str else _CODES.get(kind)
    if code is None:
        raise NotStorable(kind.__name__)
    text = value if code == TEXT else value.text
    try:
        text.encode()
    except UnicodeEncodeError:
        if code != TEXT:
            raise NotStorable("a path with half of a surrogate pair") from None
        return HALVES, None, text.encode("utf-8", "surrogatepass").decode("latin-1")
    return code, None, text


def decoded(kinds: Sequence[CellKind], data: bytes, rows: int) -> list[ColumnData]:
    """The cells of rows that an engine has sent as an Arrow stream. Raises ValueError."""
    frame = pl.read_ipc_stream(io.BytesIO(data))
    if frame.height != rows and frame.width:
        raise ValueError("other rows than were asked for")
    return [_column(frame, number, kind, rows) for number, kind in enumerate(kinds)]


_TYPES = {"n": pl.Float64, "s": pl.String, "b": pl.Boolean, "k": pl.Int8}


def _column(frame: pl.DataFrame, number: int, kind: CellKind, rows: int) -> ColumnData:
    if kind is CellKind.NULL:
        return nulls(rows)
    parts = [frame[each] for each in names(number, kind)]
    for part in parts:
        if part.dtype != _TYPES[part.name[-1]]:
            raise ValueError("a column of another type")
    if kind is not CellKind.MIXED:
        return ColumnData.of_series(parts[0])
    codes, numbers, texts = parts
    codes = codes.fill_null(NULL)
    if codes.is_in([NULL, NUMBER, NAN]).all():
        return ColumnData.of_series(numbers.set(codes == NAN, float("nan")))
    return ColumnData.of_list(
        [_cell(*cell) for cell in zip(codes, numbers.to_list(), texts.to_list(), strict=True)]
    )


def _cell(code: int, number: float | None, text: str | None) -> Value:
    if code == TEXT:
        return text
    if code == NUMBER:
        return number
    if code == NULL:
        return None
    if code == BOOL:
        return bool(number)
    if code == NAN:
        return float("nan")
    if code == HALVES:
        return (text or "").encode("latin-1").decode("utf-8", "surrogatepass")
    return _OF_TEXT[code](text or "")
