"""Tables as the sheets of an XLSX workbook (tables and files reference, 2.7)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, Any, BinaryIO

from datacode.errors import DataCodeError, runtime_error
from datacode.i18n.message import Message
from datacode.tables.column_types import ColumnType, column_kind
from datacode.tables.read_options import Warn, unheard
from datacode.tables.xlsx.append import ExtendedBook
from datacode.tables.xlsx.cells import Rows, SheetColumn, Style, StyleIds, cell_xml, shown_width
from datacode.tables.xlsx.number_formats import stored_format
from datacode.values.table import Table

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
"""What a sheet can hold, the header included."""

MOST_SHEETS = 1_000
_LONGEST_TITLE = 31

_AT_ONCE = 1024
"""So many rows are made at once."""

_NARROWEST, _WIDEST = 6, 60
"""Characters that a column is made for."""

_BUTTON = 3
"""Characters that the button of a filter takes beside a name."""

TOTALS: Mapping[str, int] = {"sum": 109, "average": 101, "min": 105, "max": 104, "count": 103}
"""The functions of totals, with the number of SUBTOTAL's function that leaves out hidden rows."""


@dataclass(frozen=True, slots=True)
class SheetOptions:
    """How sheets are made: formats of columns by name, and the functions of a row of totals.

    ``totals`` is None for no such row, or the functions of columns by name. With ``total_all`` all
    columns of numbers but the first are summed. Columns that only some of the tables have count
    for these.
    """

    formats: Mapping[str, str] = field(default_factory=dict)
    totals: Mapping[str, str] | None = None
    total_all: bool = False


PLAIN = SheetOptions()


def to_xlsx(
    sheets: Mapping[str, Table],
    options: SheetOptions = PLAIN,
    warn: Warn = unheard,
    decorate: Callable[[Mapping[str, Any]], None] = lambda made: None,
) -> bytes:
    """The bytes of a workbook of these sheets.

    ``decorate`` gets the sheets as openpyxl has them, by their titles, to add charts.

    Raises a Runtime Error for what does not fit into a sheet.
    """
    # Programs that write no workbook start without it.
    from openpyxl import Workbook

    from datacode.tables.xlsx.row_stream import BookStyles, save

    sheets = checked_sheets(sheets)
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    made = {title: workbook.create_sheet(title) for title in sheets}
    plans = plan_sheets(sheets, options, BookStyles(workbook), warn)
    streamed = {title: plan.lay_out(made[title]) for title, plan in plans.items()}
    decorate(made)
    return save(workbook, streamed)


def add_sheets(
    file: BinaryIO, sheets: Mapping[str, Table], options: SheetOptions, warn: Warn
) -> bytes:
    """The bytes of the workbook in ``file`` with these sheets behind its own.

    Raises Runtime Errors for a file that is no such workbook, a name that it has already, and
    what does not fit into a sheet.
    """
    # As above.
    from openpyxl import Workbook

    from datacode.tables.xlsx.row_stream import write_sheet

    extended = ExtendedBook(file)
    checked_sheets(sheets, extended.sheet_names)
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    made = {title: workbook.create_sheet(title) for title in sheets}
    plans = plan_sheets(sheets, options, extended.styles, warn)

    def write(title: str, part: IO[bytes]) -> None:
        write_sheet(made[title], plans[title].lay_out(made[title]), part)

    return extended.save(list(sheets), write)


# What a workbook can hold --------------------------------------------------------

_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


def checked_sheets(sheets: Mapping[str, Table], taken: Sequence[str] = ()) -> Mapping[str, Table]:
    """The sheets, if they can be ones beside those whose names are taken."""
    if not sheets:
        raise runtime_error("no_sheets_to_write", "A workbook needs at least one sheet")
    if len(sheets) + len(taken) > MOST_SHEETS:
        raise runtime_error(
            "too_many_sheets", "A workbook is written with at most {most} sheets", most=MOST_SHEETS
        )
    names = {name.casefold() for name in taken}
    for title, table in sheets.items():
        _check_title(title)
        if title.casefold() in names:
            raise runtime_error(
                "sheet_exists",
                "The workbook would have two sheets of the name '{name}'",
                name=title,
            )
        names.add(title.casefold())
        if len(table) >= MOST_ROWS or len(table.columns) > MOST_COLUMNS:
            raise runtime_error(
                "too_much_for_sheet",
                "A sheet holds at most {rows} rows with the header, and {columns} columns",
                rows=MOST_ROWS,
                columns=MOST_COLUMNS,
            )
    return sheets


def _check_title(title: str) -> None:
    length = len(title.encode("utf-16-le", "surrogatepass")) // 2
    is_quoted = title[:1] == "'" or title[-1:] == "'"
    if not title.strip() or length > _LONGEST_TITLE or is_quoted or _FORBIDDEN.search(title):
        raise runtime_error(
            "bad_sheet_name",
            "'{name}' cannot name a sheet: a name has 1 to {most} characters, none of them "
            "[ ] : * ? / \\, and no apostrophe at an end",
            name=title[:100],
            most=_LONGEST_TITLE,
        )


def _no_column(name: str, known: Iterable[str]) -> DataCodeError:
    return runtime_error(
        "no_column_to_format",
        "No table has a column '{name}'. They have {columns}",
        name=name[:100],
        columns=", ".join(f"'{each[:100]}'" for each in islice(known, _NAMED)),
    )


_NAMED = 20
"""Columns that an error lists."""


# Plans ---------------------------------------------------------------------------

_TOTAL_WITHOUT_TEXTS = Message(
    "total_without_texts", "Column '{name}': the total leaves out texts such as '{text}'"
)


def plan_sheets(
    sheets: Mapping[str, Table], options: SheetOptions, style_ids: StyleIds, warn: Warn
) -> dict[str, SheetPlan]:
    """How each sheet is to be made; what the options ask and no table has is an error."""
    formats = {name: stored_format(text) for name, text in options.formats.items()}
    known = dict.fromkeys(name for table in sheets.values() for name in table.names)
    for name in (*formats, *(options.totals or ())):
        if name not in known:
            raise _no_column(name, known)
    plans = {}
    for title, table in sheets.items():
        plans[title] = SheetPlan(table, formats, options, style_ids)
        plans[title].warn_of_texts(warn)
    return plans


class SheetPlan:
    """A table on its way to a sheet."""

    def __init__(
        self, table: Table, formats: Mapping[str, str], options: SheetOptions, style_ids: StyleIds
    ) -> None:
        self._table = table
        self._style_ids = style_ids
        self.columns = [
            SheetColumn(position, cells, formats.get(name), style_ids)
            for position, (name, cells) in enumerate(zip(table.names, table.columns, strict=True))
        ]
        self._totals = self._found_totals(options)

    def warn_of_texts(self, warn: Warn) -> None:
        """Say where a format was given for texts, which it does not change, and which totals leave
        texts out."""
        for name, column in zip(self._table.names, self.columns, strict=True):
            total = (self._totals or {}).get(column.letter)
            text = None if total is None or total.function == "count" else column.first_text()
            if text is not None:
                warn(_TOTAL_WITHOUT_TEXTS.filled(name=name[:100], text=text[:100]))
        for name, column in zip(self._table.names, self.columns, strict=True):
            count = column.texts_in_format()
            if count:
                warn(
                    Message(
                        "format_of_texts",
                        "Column '{name}': {count} cells are texts, which a number format "
                        "does not change",
                    ).filled(name=name, count=count)
                )

    def lay_out(self, sheet: Any) -> Rows:
        """Give an openpyxl sheet its widths, its filter and its frozen header; gives the rows."""
        width, rows = len(self.columns), len(self._table) if self.columns else 0
        if width:
            sheet.freeze_panes = "A2"
            sheet.auto_filter.ref = f"A1:{self.columns[-1].letter}{rows + 1}"
        for name, column in zip(self._table.names, self.columns, strict=True):
            sheet.column_dimensions[column.letter].width = self._width(name, column)
        count = 1 + rows + (self._totals is not None)
        return Rows(count if width else 0, width, self._xml(rows))

    def _width(self, name: str, column: SheetColumn) -> int:
        widest = max(map(len, name.split("\n"))) + _BUTTON
        total = (self._totals or {}).get(column.letter)
        if total is not None:
            widest = max(widest, shown_width(total.value, total.number_format) + 1)
        return min(max(widest, column.width() + 2, _NARROWEST), _WIDEST)

    # Totals ----------------------------------------------------------------------

    def _found_totals(self, options: SheetOptions) -> dict[str, _Total] | None:
        if options.totals is None and not options.total_all:
            return None
        wanted = options.totals or {}
        found: dict[str, _Total] = {}
        for position, name in enumerate(self._table.names):
            function = wanted.get(name)
            if options.total_all and self._may_be_summed(position):
                function = "sum"
            if function is not None and position == self._table.position(name):
                found[self.columns[position].letter] = self._total(position, name, function)
        return found

    def _may_be_summed(self, position: int) -> bool:
        """Not the first of several columns: the word for totals stands there."""
        if position == 0 and len(self.columns) > 1:
            return False
        kind = column_kind(self._table.columns[position]).type
        if kind is ColumnType.CURRENCY:
            return len(self.columns[position].number_formats()) == 1
        if kind is ColumnType.STRING:
            return self.columns[position].is_durations
        return kind in (ColumnType.INTEGER, ColumnType.FLOAT)

    def _total(self, position: int, name: str, function: str) -> _Total:
        column = self.columns[position]
        if function == "count":
            return _Total(function, float(column.filled()), "General")
        numbers = list(column.numbers())
        formats = column.number_formats()
        if len(formats) > 1 and column.type is ColumnType.CURRENCY:
            raise runtime_error(
                "total_of_currencies",
                "Column '{name}' holds amounts in several currencies, which have no total",
                name=name,
            )
        if not numbers and len(self._table):
            raise runtime_error(
                "total_without_numbers", "Column '{name}' holds no numbers to total", name=name
            )
        number_format = min(formats, default="General")
        return _Total(function, _FUNCTIONS[function](numbers) if numbers else 0.0, number_format)

    # XML -------------------------------------------------------------------------

    def _xml(self, rows: int) -> Iterator[str]:
        if not self.columns:
            return
        bold = self._style_ids(Style(is_bold=True))
        names = [
            cell_xml(f'<c r="{column.letter}1" s="{bold}"', name)
            for name, column in zip(self._table.names, self.columns, strict=True)
        ]
        yield f'<row r="1">{"".join(names)}</row>'
        for start in range(0, rows, _AT_ONCE):
            stop, first = min(start + _AT_ONCE, rows), start + 2
            cells = [column.block(start, stop, first) for column in self.columns]
            yield "".join(
                [
                    f'<row r="{number}">{"".join(row)}</row>'
                    for number, row in enumerate(zip(*cells, strict=True), first)
                ]
            )
        if self._totals is not None:
            yield self._totals_row(rows)

    def _totals_row(self, rows: int) -> str:
        number = rows + 2
        cells = []
        for position, column in enumerate(self.columns):
            total = (self._totals or {}).get(column.letter)
            number_format = total.number_format if total else "General"
            style = self._style_ids(Style(number_format, is_bold=True))
            start = f'<c r="{column.letter}{number}" s="{style}"'
            if total is not None:
                formula = total.formula(f"{column.letter}2:{column.letter}{max(number - 1, 2)}")
                cells.append(f"{start}><f>{formula}</f><v>{total.value!r}</v></c>")
            elif position == 0:
                cells.append(cell_xml(start, self._word_for_total()))
        return f'<row r="{number}">{"".join(cells)}</row>'

    def _word_for_total(self) -> str:
        """In the language of the table's header."""
        return "Итого" if re.search("[А-Яа-яЁё]", "".join(self._table.names)) else "Total"


@dataclass(frozen=True, slots=True)
class _Total:
    """A cell of the row of totals."""

    function: str
    value: float
    number_format: str

    def formula(self, cells: str) -> str:
        """What computes it again when cells change."""
        return f"SUBTOTAL({TOTALS[self.function]},{cells})"


_FUNCTIONS: Mapping[str, Callable[[list[float]], float]] = {
    "sum": math.fsum,
    "average": lambda numbers: math.fsum(numbers) / len(numbers),
    "min": min,
    "max": max,
}
