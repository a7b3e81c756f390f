"""Reading XLSX (tables and files reference, 2.4): every cell keeps its type, nothing is parsed.

python-calamine reads them, and openpyxl those that calamine refuses. What calamine does not give,
errors and dates stored as text, is looked up in the XML of the sheet (``package``).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any, BinaryIO

from datacode.errors import runtime_error
from datacode.tables.csv.diagnostics import too_few_records
from datacode.tables.read_options import DEFAULTS, ReadOptions, Warn, unheard
from datacode.tables.xlsx import openpyxl_reader, package
from datacode.tables.xlsx.package import CellPosition, Package, Sheet, Unreadable
from datacode.tables.xlsx.size_limits import BYTES_A_CELL, MOST_CELLS
from datacode.values.column_storage import ColumnData, typed
from datacode.values.parse_text import WHITE_SPACE
from datacode.values.table import Table
from datacode.values.text import number_text
from datacode.values.types import Value

_ROWS_AT_ONCE = 300

_LAST = datetime.max - timedelta(seconds=1)

_SMALL = 2_000_000
"""Tables with up to so many cells stay in the lists that were read; larger ones take less room."""


def read_xlsx(
    file: BinaryIO,
    options: ReadOptions = DEFAULTS,
    warn: Warn = unheard,
    *,
    memory: int | None = None,
) -> Table:
    """A table of a sheet, the first one if no name is given.

    ``header_row`` counts from the first row of the used rectangle. A sheet that would not fit
    into ``memory`` bytes is refused before it is read. Raises Runtime Errors in
    the words of the tables and files reference, 2.4.
    """
    if not file.seekable():
        file = io.BytesIO(file.read())
    archive = Package(file)
    most = MOST_CELLS if memory is None else min(MOST_CELLS, memory // BYTES_A_CELL)
    try:
        return _by_calamine(file, archive, options, most)
    except Unreadable as error:
        try:
            return _by_openpyxl(file, options, most)
        except Unreadable:
            raise package.open_error(str(error)) from None


# Readers -----------------------------------------------------------------------


def _by_calamine(
    file: BinaryIO,
    archive: Package,
    options: ReadOptions,
    most_cells: int,
) -> Table:
    parts = {sheet.name: sheet.part for sheet in archive.sheets() if sheet.part}
    counted = package.check_indexes(archive, set(parts.values()))
    file.seek(0)
    book = _calamine(lambda: _calamine_module().CalamineWorkbook.from_filelike(file))
    kinds = _calamine_module().SheetTypeEnum
    sheets = [m.name for m in book.sheets_metadata if m.typ == kinds.WorkSheet]
    name = _chosen(sheets, book.sheet_names, options.sheet)
    part = parts.get(name)
    if part is None:
        raise Unreadable(f"the part of sheet '{name}' is missing")
    has_special = package.check_sheet(archive, part, counted, most_cells)
    found = _calamine(lambda: book.get_sheet_by_name(name))
    special = package.special_cells(archive, part) if has_special else {}
    if special is None:
        raise Unreadable("cells of the sheet do not say where they are")
    top, left = found.start or (0, 0)
    rows = _rows(found) if found.start else iter(())
    return _table(
        Sheet(top, left, islice(rows, top, None)),
        options.header_row,
        special,
        lambda: package.negative_cells(archive, part),
    )


def _calamine_module() -> Any:
    # Programs without XLSX should not pay for it.
    import python_calamine

    return python_calamine


def _calamine(step: Any) -> Any:
    """Run a step of calamine, which says what is wrong in several ways."""
    try:
        return step()
    except (_calamine_module().CalamineError, OSError, ValueError) as error:
        raise Unreadable(str(error)) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # Rust's; its class has no public name
            raise
        raise Unreadable("the workbook is damaged") from None


def _rows(sheet: Any) -> Iterator[Sequence[Any]]:
    """The rows of a sheet of calamine's, which cannot make some durations that a cell can hold."""
    rows = sheet.iter_rows()
    try:
        yield from rows
    except OverflowError as error:
        raise Unreadable(str(error)) from None


def _by_openpyxl(file: BinaryIO, options: ReadOptions, most_cells: int = MOST_CELLS) -> Table:
    # Rarely needed: Calamine reads almost every file.
    file.seek(0)
    names, worksheets = openpyxl_reader.open_workbook(file)
    chosen = _chosen(list(worksheets), names, options.sheet)
    sheet = openpyxl_reader.read_sheet(worksheets[chosen], most_cells)
    return _table(sheet, options.header_row, {})


def _chosen(worksheets: list[str], all_sheets: list[str], wanted: str | int | None) -> str:
    """The sheet of the wanted name, or the first with cells."""
    if wanted is None:
        if not worksheets:
            raise runtime_error("no_sheets", "No sheets found")
        return worksheets[0]
    if wanted not in worksheets:
        if wanted in all_sheets:
            raise runtime_error(
                "sheet_is_chart", "Failed to read sheet '{name}': it is a chart", name=wanted
            )
        raise runtime_error(
            "sheet_not_found",
            "Failed to read sheet '{name}': Worksheet '{name}' not found",
            name=wanted,
        )
    return str(wanted)


# Rows to columns -----------------------------------------------------------------


def _table(
    sheet: Sheet,
    header_row: int,
    special: dict[CellPosition, str],
    find_negative: Callable[[], dict[CellPosition, float]] = dict,
) -> Table:
    header = next(islice(sheet.rows, header_row, None), None)
    if header is None:
        raise too_few_records(header_row)
    columns: list[list[Any]] = [[cell] for cell in header]
    kinds = set(map(type, header))
    while part := list(islice(sheet.rows, _ROWS_AT_ONCE)):
        for column, cells in zip(columns, zip(*part, strict=True), strict=True):
            now = set(map(type, cells))
            column.extend(_values(cells, now))
            kinds |= now
    first = sheet.top + header_row
    if time in kinds:
        _keep_numbers(find_negative(), columns, first, sheet.left)
    for (row, column_number), text in special.items():
        if first <= row < first + len(columns[0]):
            columns[column_number - sheet.left][row - first] = text
    names = [_name(column.pop(0)) for column in columns]
    rows = len(columns[0]) if columns else 0
    if rows * len(columns) <= _SMALL:
        return Table(names, map(ColumnData.of_list, columns), rows)
    return Table(names, map(_typed_if_possible, columns), rows)


def _keep_numbers(
    negative: dict[CellPosition, float], columns: list[list[Any]], first: int, left: int
) -> None:
    """Put back the negative numbers of which calamine has made times of the day.

    No date and no time is negative; a duration may be, and has its sign.
    """
    for (row, column_number), number in negative.items():
        if first <= row < first + len(columns[0]):
            value = columns[column_number - left][row - first]
            if value.__class__ is time or (value.__class__ is str and not value.startswith("-")):
                columns[column_number - left][row - first] = number


def _name(cell: Any) -> str:
    if isinstance(cell, str):
        return cell or "Column"
    value = _value(cell)
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value) if isinstance(value, float) else str(value)


def _typed_if_possible(values: list[Value]) -> ColumnData:
    series = typed(values)
    return ColumnData.of_list(values) if series is None else ColumnData.of_series(series)


# Cells ---------------------------------------------------------------------------


def _values(cells: Sequence[Any], kinds: set[type]) -> Iterable[Value]:
    """The values of some cells of a column, as a reader gives them, of these kinds."""
    if kinds <= {float, bool}:
        return cells
    if kinds == {str}:
        return [cell.strip(WHITE_SPACE) or None for cell in cells]
    return [c if c.__class__ is float else _value(c) for c in cells]


def _value(cell: Any) -> Value:
    """The value of one cell."""
    kind = cell.__class__
    if kind is float or kind is bool:
        return cell
    if kind is str:
        return cell.strip(WHITE_SPACE) or None
    if kind is int:
        return float(cell)
    return _moment_text(cell)


@lru_cache(maxsize=4096)
def _moment_text(moment: date | time | timedelta) -> str:
    """A date, time or duration in ISO form, rounded to seconds."""
    if isinstance(moment, timedelta):
        return _clock(round(moment.total_seconds()))
    if isinstance(moment, time):
        seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
        return _clock(seconds + (moment.microsecond >= 500_000))
    if isinstance(moment, datetime):
        if moment.microsecond >= 500_000 and moment < _LAST:
            moment += timedelta(seconds=1)
        if moment.hour or moment.minute or moment.second:
            return moment.replace(microsecond=0, tzinfo=None).isoformat(" ")
        moment = moment.date()
    return moment.isoformat()


def _clock(seconds: int) -> str:
    """``09:05:00``; durations of a day and more have more than 23 hours."""
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
