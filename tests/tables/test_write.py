"""Tables as CSV and XLSX: what is written is read again, by others too."""

from __future__ import annotations

import csv
import io
import math
import time
import tracemalloc
import zipfile
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font
from python_calamine import CalamineWorkbook

from datacode.errors import DataCodeError
from datacode.tables.csv.infer import cell_value
from datacode.tables.csv.read import read_csv
from datacode.tables.csv.write import csv_parts
from datacode.tables.xlsx import row_stream, write
from datacode.tables.xlsx.read import _by_openpyxl, read_xlsx
from datacode.tables.xlsx.write import to_xlsx
from datacode.values.table import Table
from datacode.values.types import Currency, Path, PathPattern, Value
from tests.tables.making import (
    SHEET_CELLS,
    VALUES,
    TableTestCase,
    contents,
    quickly,
    table,
    without_minus_zero,
)

TEXTS = st.text('a1 ,;"\r\né', max_size=5)


def to_csv(table: Table, delimiter: str = ",", decimal: str = ".") -> str:
    """The whole text."""
    return "".join(csv_parts(table, delimiter, decimal))


class CsvTests(TableTestCase):
    """``to_csv``."""

    def test_text(self) -> None:
        """Quotes where they are needed, nothing for null."""
        self.assertEqual(
            to_csv(table("a b", [1.0, 2.5, None], ['x,"y"', "p\nq", ""])),
            'a,b\n1,"x,""y"""\n2.5,"p\nq"\n,\n',
        )
        self.assertEqual(to_csv(table("a b", [1.5], ["x;y"]), ";", ","), 'a;b\n1,5;"x;y"\n')

    def test_other_kinds(self) -> None:
        """All else as it prints."""
        cells: list[Value] = [
            True,
            Currency("$5"),
            Path("a"),
            PathPattern("*"),
            [1.0],
            1e21,
            math.nan,
        ]
        self.assertEqual(
            to_csv(Table(["v"], table("v", cells).columns)),
            "v\ntrue\n$5\na\n*\n[1]\n1000000000000000000000\nNaN\n",
        )

    @quickly
    @given(st.lists(st.lists(TEXTS, min_size=2, max_size=2), max_size=6), st.sampled_from(",;\t"))
    def test_python_reads_it(self, rows: list[list[str]], delimiter: str) -> None:
        """Python's own module sees the same cells."""
        text = to_csv(Table.from_rows(["a", "b"], rows), delimiter)
        found = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        self.assertEqual(found, [["a", "b"], *rows])

    @quickly
    @given(
        st.lists(
            st.lists(
                st.one_of(st.none(), st.booleans(), st.floats().map(without_minus_zero), TEXTS),
                min_size=1,
                max_size=1,
            )
        )
    )
    def test_we_read_it(self, rows: list[list[Value]]) -> None:
        """What comes back is what CSV makes of each cell; no row is lost."""
        text = to_csv(Table.from_rows(["a"], rows))
        expected = Table.from_rows(
            ["a"], [[cell_value(v) if isinstance(v, str) else v for v in row] for row in rows]
        )
        found = read_csv(io.BytesIO(text.encode()))
        self.assertEqual(contents(found), contents(expected))

    def test_impossible_delimiter(self) -> None:
        """Delimiters that no reader could tell."""
        for delimiter in ("", ";;", '"', "\n"):
            self.assertRaises(DataCodeError, to_csv, table("a", []), delimiter)


def as_read(value: Value) -> Value:
    """A cell as it comes back from a workbook."""
    return value.strip() or None if isinstance(value, str) else value


SHEET_VALUES = st.one_of(
    SHEET_CELLS,
    st.text("ab=#é_x04<&\n", min_size=1, max_size=8),
)


class XlsxTests(TableTestCase):
    """``to_xlsx``, by openpyxl alone and with streamed rows."""

    def both_ways(self, table: Table) -> list[bytes]:
        """The table as a short one is written, and as a long one is."""
        books = []
        for short in (len(table) * len(table.columns), -1 if len(table) else 0):
            self.patch(write, "SHORT", short)
            books.append(to_xlsx(table))
        return books

    @quickly
    @given(
        st.lists(st.lists(SHEET_VALUES, min_size=2, max_size=2), max_size=5),
    )
    def test_we_read_it(self, rows: list[list[Value]]) -> None:
        """Numbers, bools and texts come back; nothing becomes a formula."""
        source = Table.from_rows(["a", "=b"], [*rows, [1.0, "end"]])
        expected = [list(map(as_read, row)) for row in source.rows()]
        for content in self.both_ways(source):
            found = read_xlsx(io.BytesIO(content))
            self.assertEqual(contents(found), contents(_by_openpyxl(io.BytesIO(content), 0, None)))
            self.assertEqual(contents(found), contents(Table.from_rows(source.names, expected)))

    def test_other_kinds(self) -> None:
        """All else as it prints, without what XML cannot hold."""
        cells: list[Value] = [
            Currency("$5"),
            [1.0, "a"],
            math.inf,
            "a\x00b\ud800",
            "#N/A",
            "_x0041_\r\n.",
        ]
        for content in self.both_ways(table("v", cells)):
            self.assertTable(
                read_xlsx(io.BytesIO(content)),
                "v",
                ["$5"],
                ["[1, a]"],
                ["inf"],
                ["a\ufffdb\ufffd"],
                ["#N/A"],
                ["_x0041_\r\n."],
            )

    def test_too_large(self) -> None:
        """What a sheet cannot hold is refused."""
        wide = Table([""] * 16_385, table("a", []).columns * 16_385)
        self.assertRaises(DataCodeError, to_xlsx, wide)
        long = Table([], [], 1_048_576)
        self.assertRaises(DataCodeError, to_xlsx, long)
        longest = [None, "x" * 32_767, "_x0041_" * 4_681]
        for content in self.both_ways(table("a", longest)):
            self.assertTable(read_xlsx(io.BytesIO(content)), "a", *([text] for text in longest))
        self.assertRaises(DataCodeError, self.both_ways, table("a", ["", "x" * 32_768]))
        self.patch(write, "SHORT", 0)
        self.assertRaises(DataCodeError, to_xlsx, table("a", ["", "x" * 32_768]))

    @quickly
    @given(
        st.lists(
            st.lists(st.one_of(SHEET_VALUES, VALUES), min_size=3, max_size=3),
            min_size=1,
            max_size=6,
        )
    )
    def test_no_reader_can_tell(self, rows: list[list[Value]]) -> None:
        """The streamed rows are the same cells to openpyxl and to calamine, and so is the rest."""
        short, long = self.both_ways(Table.from_rows(["a", "", "=c\r\n"], rows))
        self.assertEqual(by_openpyxl(long), by_openpyxl(short))
        self.assertEqual(by_calamine(long), by_calamine(short))
        self.assertEqual(other_parts(long), other_parts(short))

    @quickly
    @given(st.lists(st.lists(SHEET_VALUES, min_size=3, max_size=3), min_size=1, max_size=6))
    def test_formats(self, rows: list[list[Value]]) -> None:
        """Streamed rows have the formats of the row above, in every sheet of a larger workbook."""
        short, long = formatted(rows, len(rows)), formatted(rows, 1)
        self.assertEqual(by_openpyxl(long), by_openpyxl(short))
        self.assertEqual(by_calamine(long), by_calamine(short))
        self.assertEqual(other_parts(long), other_parts(short))

    def test_equal_tables_are_equal_files(self) -> None:
        """Whenever they are written."""
        source = table("a", [1.0, "x"])
        before = self.both_ways(source)
        self.patch(time, "time", lambda: 2_000_000_000.0)
        self.assertEqual(self.both_ways(source), before)

    def test_memory(self) -> None:
        """A long table takes no more room than its file, twice: no cell is kept."""
        rows = 3_000
        source = table("a b c d", *([[float(i) for i in range(rows)]] * 4))
        self.patch(write, "SHORT", 0)
        to_xlsx(source)
        tracemalloc.start()
        try:
            size = len(to_xlsx(source))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        self.assertLess(peak, 2 * size + 1_000_000)


def formatted(rows: list[list[Value]], held: int) -> bytes:
    """A workbook of two sheets with formats, widths, a filter and a chart, written by hand.

    The first sheet holds so many of the rows; all others are streamed.
    """
    workbook = Workbook()
    first, second = workbook.worksheets[0], workbook.create_sheet("Два")
    for number, row in enumerate([["a", "b", "c"], *rows[:held]], 1):
        for column, value in enumerate(row, 1):
            cell = first.cell(number, column)
            row_stream.fill(cell, value)
            cell.font = Font(bold=number == 1)
            if number > 1 and column < 3:
                cell.number_format = "# ##0.00" if column == 1 else "0%"
    first.freeze_panes = "A2"
    first.auto_filter.ref = f"A1:C{len(rows) + 1}"
    first.column_dimensions["B"].width = 30
    chart = BarChart()
    chart.add_data(Reference(first, 1, 2, 1, len(rows) + 1))
    first.add_chart(chart, "E2")
    second.append(["</sheetData>", 1.5])
    streamed = {first.title: row_stream.Rows(rows[held:], len(rows) - held)}
    return row_stream.save(workbook, streamed)


def by_openpyxl(content: bytes) -> list[Any]:
    """All that openpyxl tells of a workbook's sheets and cells, in both of its ways to read."""
    found: list[Any] = []
    for sheet in load_workbook(io.BytesIO(content)).worksheets:
        widths = {name: each.width for name, each in sheet.column_dimensions.items()}
        found += [sheet.title, sheet.dimensions, sheet.freeze_panes, sheet.auto_filter.ref, widths]
        found += [len(sheet._charts)]  # type: ignore[attr-defined]
        found += [
            (c.coordinate, c.data_type, repr(c.value), c.number_format, c.font.b, c.has_style)
            for row in sheet.iter_rows()
            for c in row
        ]
    for sheet in load_workbook(io.BytesIO(content), read_only=True).worksheets:
        found += [sheet.calculate_dimension(), repr(list(sheet.values))]
    return found


def by_calamine(content: bytes) -> list[Any]:
    """All that calamine tells of a workbook's sheets."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    sheets = map(book.get_sheet_by_name, book.sheet_names)
    return [(each.name, each.start, each.end, repr(each.to_python())) for each in sheets]


def other_parts(content: bytes) -> dict[str, bytes]:
    """The parts that are no sheets."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return {name: book.read(name) for name in book.namelist() if "/sheet" not in name}
