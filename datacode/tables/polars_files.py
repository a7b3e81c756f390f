"""Tables as files of Polars and back: Parquet and Arrow, which keep the types of columns.

Source: tables and files reference, 2.7 and 2.8.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any, BinaryIO

from datacode.errors import DataCodeError, runtime_error
from datacode.i18n.message import Message
from datacode.tables.column_types import ColumnType, column_kind
from datacode.tables.json_records import check_names
from datacode.values.column_storage import ColumnData
from datacode.values.date_text import moment_from_text
from datacode.values.lazy_polars import pl
from datacode.values.table import Table
from datacode.values.text import printed
from datacode.values.types import Value

Warn = Callable[[Message], None]


def to_parquet(table: Table, warn: Warn) -> bytes:
    """The table as a Parquet file."""
    target = io.BytesIO()
    _frame(table, warn, "Parquet").write_parquet(target)
    return target.getvalue()


def to_arrow(table: Table, warn: Warn) -> bytes:
    """The table as an Arrow file."""
    target = io.BytesIO()
    _frame(table, warn, "Arrow").write_ipc(target)
    return target.getvalue()


def _frame(table: Table, warn: Warn, form: str) -> pl.DataFrame:
    """A column for each column: numbers (whole ones as such), bools, texts and dates.

    A column of several kinds of values is one of their printed texts, with a warning.
    """
    check_names(table, form)
    columns = {
        _in_unicode(name): _series(name, cells, warn)
        for name, cells in zip(table.names, table.columns, strict=True)
    }
    return pl.DataFrame(columns)


def _series(name: str, cells: ColumnData, warn: Warn) -> pl.Series:
    series = cells.stored_series()
    kind = column_kind(cells).type
    if series is None:
        texts = [None if value is None else _in_unicode(printed(value)) for value in cells]
        if len({value.__class__ for value in cells if value is not None}) > 1:
            warn(
                Message(
                    "mixed_column_as_text",
                    "Column '{name}' holds several kinds of values: they were written as texts",
                ).filled(name=name)
            )
        return pl.Series(texts, dtype=pl.String)
    if kind is ColumnType.INTEGER and float(series.abs().max() or 0) < 2**53:  # type: ignore[arg-type]
        return series.cast(pl.Int64)
    if kind is ColumnType.DATE and series.dtype == pl.String:
        days = _days(cells)
        return series if days is None else days
    return series


def _days(cells: ColumnData) -> pl.Series | None:
    """The dates of a column in which every text is one, all with a time or all without."""
    moments: list[datetime | None] = []
    have_time = set()
    for text in cells:
        moment = None if text is None else moment_from_text(text)
        if text is not None and (moment is None or moment.time.tzinfo is not None):
            return None
        moments.append(None if moment is None else moment.time)
        if moment is not None:
            have_time.add(moment.separator is not None)
    if have_time == {False}:
        days: list[date | None] = [moment and moment.date() for moment in moments]
        return pl.Series(days, dtype=pl.Date)
    return pl.Series(moments, dtype=pl.Datetime("us")) if have_time == {True} else None


def _in_unicode(text: Value) -> str:
    """The text without halves of surrogate pairs, which UTF-8 does not have."""
    return str(text).encode("utf-8", "replace").decode()


# Reading ---------------------------------------------------------------------------

_BYTES_A_CELL = 24
"""What a cell takes at least while it is read: a small file can hold a billion equal ones."""

_LARGEST_EXACT = 2**53


def from_polars_file(kind: str, file: BinaryIO, memory: int) -> Table:
    """The table of a file of this kind, ``parquet`` or ``arrow``.

    Whole numbers are numbers if all in the column are exact, else texts. Dates and times are ISO
    texts. Raises Runtime Errors, also for a table that would not fit into ``memory`` bytes.
    """
    scan, read = (
        (pl.scan_parquet, pl.read_parquet) if kind == "parquet" else (pl.scan_ipc, pl.read_ipc)
    )
    with _failures(kind):
        file.seek(0)
        content = file.read()
        frame = scan(io.BytesIO(content))
        width = len(frame.collect_schema())
        rows = int(frame.select(pl.len()).collect().item())
        if rows * max(width, 1) * _BYTES_A_CELL > memory:
            raise runtime_error(
                "table_too_large",
                "The table is too large for the memory: {rows} rows of {columns} columns",
                rows=rows,
                columns=width,
            )
        found = read(io.BytesIO(content))
        return Table(found.columns, [_cells(each) for each in found.get_columns()], found.height)


class PolarsFileParts:
    """A large file of this kind, ``parquet`` or ``arrow``, read some rows at a time.

    Of ``file``, which has a descriptor, only what these rows need is read: in Parquet the groups of
    rows that they are in. The parts together are the table that ``from_polars_file`` gives. Raises
    its errors.

    Behind a worker's walls Polars cannot ask the system for the size of a file: it gets the bytes.
    """

    def __init__(self, kind: str, file: BinaryIO) -> None:
        self._kind = kind
        try:
            with _failures(kind):
                self._open(file)
        except DataCodeError:
            file.seek(0)
            content = file.read()
            with _failures(kind):
                self._open(content)
        self.names = self._schema.names()

    def _open(self, source: BinaryIO | bytes) -> None:
        scan = pl.scan_parquet if self._kind == "parquet" else pl.scan_ipc
        self._scan = scan(source)
        self._schema = self._scan.collect_schema()
        self.row_count = int(self._scan.select(pl.len()).collect().item())

    @property
    def size_in_memory(self) -> int:
        """About how many bytes the table takes."""
        return self.row_count * len(self.names) * _BYTES_A_CELL

    def parts(self, rows: int) -> Iterator[list[ColumnData]]:
        """The columns of so many rows after another; of no rows, once."""
        exact = self._exact_integers(rows)
        for start in range(0, self.row_count or 1, rows):
            with _failures(self._kind):
                found = self._scan.slice(start, rows).collect().get_columns()
                made = [_cells(each, are_exact=exact.get(each.name)) for each in found]
            yield made

    def _exact_integers(self, rows: int) -> dict[str, bool]:
        """Which of the columns of large whole numbers have only exact ones."""
        large = (pl.Int64, pl.UInt64, pl.Int128, pl.UInt128)
        wanted = [name for name, kind in self._schema.items() if kind in large]
        exact = dict.fromkeys(wanted, True)
        for start in range(0, self.row_count if wanted else 0, rows):
            with _failures(self._kind):
                part = self._scan.select(wanted).slice(start, rows).collect()
                for each in part.get_columns():
                    exact[each.name] = exact[each.name] and _are_exact(each)
        return exact


@contextmanager
def _failures(kind: str) -> Iterator[None]:
    try:
        yield
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise _unreadable(kind, str(error)) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # Rust's; it derives from BaseException
            raise
        raise _unreadable(kind, "the file is damaged") from None


def _unreadable(kind: str, reason: str) -> DataCodeError:
    return runtime_error(
        "polars_failed",
        "Failed to read {kind}: {reason}",
        kind=kind,
        reason=reason.partition("\n")[0][:200],
    )


def _are_exact(series: pl.Series) -> bool:
    edges = [edge for edge in (series.min(), series.max()) if isinstance(edge, int)]
    return all(abs(edge) <= _LARGEST_EXACT for edge in edges)


def _cells(series: pl.Series, *, are_exact: bool | None = None) -> ColumnData:
    """``are_exact``: are the whole numbers in the column exact as numbers, if that is known?"""
    kind = series.dtype
    if kind.is_integer():
        exact = _are_exact(series) if are_exact is None else are_exact
        return ColumnData.of_series(series.cast(pl.Float64 if exact else pl.String))
    if kind.is_float():
        return ColumnData.of_series(series.cast(pl.Float64))
    if kind.is_decimal():
        exact = (kind.precision or 38) <= 15  # type: ignore[attr-defined]
        return ColumnData.of_series(series.cast(pl.Float64 if exact else pl.String))
    if kind in (pl.String, pl.Boolean, pl.Null):
        return ColumnData.of_series(series)
    if kind == pl.Date:
        return ColumnData.of_series(series.dt.to_string("%Y-%m-%d"))
    if kind == pl.Datetime:
        return ColumnData.of_series(_moments(series))
    if kind == pl.Time:
        return ColumnData.of_series(series.dt.to_string("%H:%M:%S"))
    if kind == pl.Binary:
        return ColumnData.of_series(series.bin.encode("hex"))
    if kind in (pl.Categorical, pl.Enum):
        return ColumnData.of_series(series.cast(pl.String))
    return ColumnData.of_list([_nested(value) for value in series.to_list()])


def _moments(series: pl.Series) -> pl.Series:
    """A day where the time is midnight, otherwise with the time, in seconds."""
    if series.dtype.time_zone is not None:  # type: ignore[attr-defined]
        return series.dt.to_string("%Y-%m-%dT%H:%M:%S%:z")
    texts = series.dt.to_string("%Y-%m-%d %H:%M:%S")
    return texts.str.strip_suffix(" 00:00:00")


def _nested(value: Any) -> Value:
    """A value of Polars within a list or struct, or a duration, as one of the language."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return (
            float(value) if abs(value) <= _LARGEST_EXACT or isinstance(value, float) else str(value)
        )
    if isinstance(value, list):
        return [_nested(each) for each in value]
    if isinstance(value, dict):
        return {str(name): _nested(each) for name, each in value.items()}
    if isinstance(value, timedelta):
        seconds = abs(round(value.total_seconds()))
        sign = "-" if value < timedelta(0) else ""
        return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return value.hex() if isinstance(value, bytes) else str(value)
