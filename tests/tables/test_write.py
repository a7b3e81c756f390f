"""Tables as CSV and XLSX: what is written is read again, by others too."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import time
import tracemalloc
import zipfile
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font
from python_calamine import CalamineWorkbook
from twisted.trial.unittest import SynchronousTestCase

from datacode.errors import DataCodeError
from datacode.i18n.message import Message
from datacode.tables.column_rules import ColumnRule
from datacode.tables.csv.infer import cell_value, column_values
from datacode.tables.csv.read import read_csv
from datacode.tables.csv.write import csv_parts
from datacode.tables.json_records import json_parts
from datacode.tables.polars_files import to_arrow, to_parquet
from datacode.tables.read_options import Warn, unheard
from datacode.tables.xlsx import row_stream
from datacode.tables.xlsx.cells import Rows
from datacode.tables.xlsx.number_formats import stored_format
from datacode.tables.xlsx.read import read_xlsx
from datacode.tables.xlsx.write import PLAIN, SheetOptions, add_sheets, to_xlsx
from datacode.values.lazy_polars import pl
from datacode.values.parse_text import comes_back
from datacode.values.table import Table
from datacode.values.text import printed
from datacode.values.types import Currency, Path, PathPattern, Value
from tests.tables.making import (
    SHEET_CELLS,
    TableTestCase,
    by_openpyxl,
    contents,
    mixed,
    quickly,
    table,
    typed,
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
        """What comes back is what CSV makes of each cell; no row is lost.

        With a number that could be an identifier (of 16 digits, say) all cells are texts.
        """
        text = to_csv(Table.from_rows(["a"], rows))
        texts = ["" if v is None else printed(v) for (v,) in rows]
        cells = [cell_value(v) if isinstance(v, str) else v for (v,) in rows]
        numbers = [t for t, c in zip(texts, cells, strict=True) if isinstance(c, float)]
        if not all(map(comes_back, numbers)):
            cells = column_values(texts, ColumnRule("a"))
        expected = Table.from_rows(["a"], [[cell] for cell in cells])
        found = read_csv(io.BytesIO(text.encode()))
        self.assertEqual(contents(found), contents(expected))

    def test_impossible_delimiter(self) -> None:
        """Delimiters that no reader could tell."""
        for delimiter in ("", ";;", '"', "\n"):
            self.assertRaises(DataCodeError, to_csv, table("a", []), delimiter)


def as_read(value: Value) -> Value:
    """A cell as it comes back from a workbook."""
    return value.strip() or None if isinstance(value, str) else value


SHEET_VALUES = st.one_of(SHEET_CELLS, st.text("ab=#é_x04<&\n", min_size=1, max_size=8))


def to_book(table: Table, options: SheetOptions = PLAIN, warn: Warn = unheard) -> bytes:
    """A workbook of one sheet."""
    return to_xlsx({"Sheet1": table}, options, warn)


class XlsxTests(TableTestCase):
    """``to_xlsx``: what every reader finds in the cells."""

    @quickly
    @given(st.lists(st.lists(SHEET_VALUES, min_size=2, max_size=2), max_size=5))
    def test_we_read_it(self, rows: list[list[Value]]) -> None:
        """Numbers, bools and texts come back; nothing becomes a formula."""
        source = Table.from_rows(["a", "=b"], [*rows, [1.0, "end"]])
        expected = [list(map(as_read, row)) for row in source.rows()]
        for store in (mixed, typed):
            stored = Table(source.names, [store(column) for column in source.columns])
            content = to_book(stored)
            found = read_xlsx(io.BytesIO(content))
            self.assertEqual(contents(found), contents(by_openpyxl(content)))
            self.assertEqual(contents(found), contents(Table.from_rows(source.names, expected)))

    def test_other_kinds(self) -> None:
        """All else as it prints, without what XML cannot hold."""
        cells: list[Value] = [
            Currency("$abc"),
            [1.0, "a"],
            math.inf,
            "a\x00b\ud800",
            "#N/A",
            "_x0041_\r\n.",
            " ",
        ]
        self.assertTable(
            read_xlsx(io.BytesIO(to_book(table("v", cells)))),
            "v",
            ["$abc"],
            ["[1, a]"],
            ["inf"],
            ["a\ufffdb\ufffd"],
            ["#N/A"],
            ["_x0041_\r\n."],
            [None],
        )

    def test_too_large(self) -> None:
        """What a sheet cannot hold is refused."""
        wide = Table([""] * 16_385, table("a", []).columns * 16_385)
        self.assertRaises(DataCodeError, to_book, wide)
        long = Table([], [], 1_048_576)
        self.assertRaises(DataCodeError, to_book, long)
        longest = [None, "x" * 32_767, "_x0041_" * 4_681]
        self.assertTable(
            read_xlsx(io.BytesIO(to_book(table("a", longest)))), "a", *([text] for text in longest)
        )
        self.assertRaises(DataCodeError, to_book, table("a", ["", "x" * 32_768]))

    def test_equal_tables_are_equal_files(self) -> None:
        """Whenever they are written."""
        source = table("a", [1.0, "x"])
        before = to_book(source)
        self.patch(time, "time", lambda: 2_000_000_000.0)
        self.assertEqual(to_book(source), before)

    def test_memory(self) -> None:
        """A long table takes no more room than its file, twice: no cell is kept."""
        rows = 3_000
        source = table("a b c d", *([[float(i) for i in range(rows)]] * 4))
        to_book(source)
        tracemalloc.start()
        try:
            size = len(to_book(source))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        self.assertLess(peak, 2 * size + 1_000_000)


class LookTests(TableTestCase):
    """How a sheet looks: dates, money, formats, header and totals."""

    def cells(self, content: bytes, sheet: int = 0) -> list[list[tuple[Any, str]]]:
        """The values and formats of all cells, as openpyxl tells them."""
        rows = load_workbook(io.BytesIO(content)).worksheets[sheet].iter_rows()
        return [[(cell.value, cell.number_format) for cell in row] for row in rows]

    def test_dates(self) -> None:
        """Date texts are days in the form they had; the rest of such a column stays text."""
        days: list[Value] = [
            "2025-12-31",
            "31.12.2025",
            "31.12.2025 10:30:00",
            "2024-05-01T08:00:00+03:00",
            "1899-12-31",
            None,
            "1900-01-01",
            "1900-02-28",
            "1900-03-01",
            "soon",
        ]
        found = self.cells(to_book(table("day", days)))[1:]
        self.assertEqual(
            [row[0] for row in found],
            [
                (datetime(2025, 12, 31), "yyyy-mm-dd"),
                (datetime(2025, 12, 31), "dd.mm.yyyy"),
                (datetime(2025, 12, 31, 10, 30), "dd.mm.yyyy hh:mm:ss"),
                ("2024-05-01T08:00:00+03:00", "General"),
                ("1899-12-31", "General"),
                (None, "General"),
                (datetime(1900, 1, 1), "yyyy-mm-dd"),
                (datetime(1900, 2, 28), "yyyy-mm-dd"),
                (datetime(1900, 3, 1), "yyyy-mm-dd"),
                ("soon", "General"),
            ],
        )

    def test_text_columns_keep_their_dates(self) -> None:
        """In a column that is not of type Date nothing becomes one."""
        found = self.cells(to_book(table("a", ["2025-12-31", "x", "y"])))
        self.assertEqual(found[1][0][0], "2025-12-31")

    def test_dates_stay_dates(self) -> None:
        """Read and written again, also with a time."""
        source = table(
            "day at time",
            ["2025-12-31", "1900-01-01"],
            ["2025-01-01 10:00:00", None],
            ["09:05:00", "255:30:01"],
        )
        once = to_book(source)
        again = read_xlsx(io.BytesIO(once))
        self.assertSameTable(again, source)
        self.assertEqual(self.cells(to_book(again)), self.cells(once))
        self.assertEqual(self.cells(once)[1][2], (timedelta(hours=9, minutes=5), "[h]:mm:ss"))
        mixed_times = to_book(table("a", ["09:05:00", "x"]))
        self.assertEqual(self.cells(mixed_times)[1][0][0], "09:05:00")

    def test_dates_with_slashes(self) -> None:
        """The column decides which is the day."""
        found = self.cells(to_book(table("d", ["01/31/2024", "02/01/2024"])))
        self.assertEqual(found[2][0], (datetime(2024, 2, 1), "mm/dd/yyyy"))
        found = self.cells(to_book(table("d", ["31/1/2024", "2/1/2024"])))
        self.assertEqual(found[2][0], (datetime(2024, 1, 2), "d/m/yyyy"))

    def test_percent(self) -> None:
        """A column of texts in percent holds numbers in that format, as precise as they are."""
        found = self.cells(to_book(table("a b c", ["12 %", None], ["7,25%", "-3%"], ["5%", "x"])))
        self.assertEqual(found[1], [(0.12, "0%"), (0.0725, "0.00%"), ("5%", "General")])
        self.assertEqual(found[2][1], (-0.03, "0.00%"))
        again = read_xlsx(io.BytesIO(to_book(table("a", ["12,5 %"]))))
        self.assertEqual(list(again.columns[0]), [0.125])

    def test_money(self) -> None:
        """Amounts are numbers with their currency, on the side where it stood."""
        amounts: list[Value] = [Currency("$5"), "1 234,50 ₽", "-€7", "5 USD", "5 $ €", "lots"]
        found = self.cells(to_book(table("m", amounts)))[1:]
        self.assertEqual(
            [row[0] for row in found],
            [
                (5, '"$"#,##0.00'),
                (1234.5, '#,##0.00" ₽"'),
                (-7, '"€"#,##0.00'),
                (5, '#,##0.00" USD"'),
                ("5 $ €", "General"),
                ("lots", "General"),
            ],
        )

    def test_formats(self) -> None:
        """A column's own format is that of its numbers and dates; texts are warned about."""
        source = table("n day s", [1.5, None], ["2025-12-31", None], ["1", "2"])
        warned: list[Message] = []
        options = SheetOptions({"n": "# ##0,00", "day": "ДД.ММ.ГГГГ", "s": "0%"})
        found = self.cells(to_book(source, options, warned.append))[1]
        self.assertEqual(
            found, [(1.5, "#,##0.00"), (datetime(2025, 12, 31), "dd.mm.yyyy"), ("1", "General")]
        )
        self.assertEqual([each.code for each in warned], ["format_of_texts"])

    def test_header(self) -> None:
        """Bold, in sight, with a filter, and columns as wide as their cells."""
        source = table("name n", ["x" * 30, "y"], [1.0, 1234567.25])
        sheet = load_workbook(io.BytesIO(to_book(source))).worksheets[0]
        self.assertEqual([cell.font.b for cell in sheet[1]], [True, True])
        self.assertEqual((sheet.freeze_panes, sheet.auto_filter.ref), ("A2", "A1:B3"))
        self.assertEqual(sheet.column_dimensions["A"].width, 32)
        self.assertLess(sheet.column_dimensions["B"].width, 15)

    def test_width_of_a_long_column(self) -> None:
        """The longest text counts wherever it stands."""
        texts: list[Value] = ["a"] * 3000 + ["x" * 40]
        for store in (mixed, typed):
            content = to_book(table("a", texts, store=store))
            sheet = load_workbook(io.BytesIO(content)).worksheets[0]
            self.assertEqual(sheet.column_dimensions["A"].width, 42)

    def test_totals(self) -> None:
        """Formulas with their results, outside the filter."""
        source = Table.from_rows(
            ["товар", "n", "m", "s"],
            [["a", 1.5, Currency("$5"), "x"], ["b", 2.0, Currency("$6"), None]],
        )
        content = to_book(source, SheetOptions(total_all=True))
        self.assertEqual(
            self.cells(content)[3],
            [
                ("Итого", "General"),
                ("=SUBTOTAL(109,B2:B3)", "General"),
                ("=SUBTOTAL(109,C2:C3)", '"$"#,##0.00'),
                (None, "General"),
            ],
        )
        self.assertEqual(read_xlsx(io.BytesIO(content)).row(2), ["Итого", 3.5, 11.0, None])
        sheet = load_workbook(io.BytesIO(content)).worksheets[0]
        self.assertEqual((sheet.dimensions, sheet.auto_filter.ref), ("A1:D4", "A1:D3"))
        functions = {"товар": "count", "n": "average", "m": "max"}
        content = to_book(source, SheetOptions(totals=functions))
        self.assertEqual(read_xlsx(io.BytesIO(content)).row(2), [2.0, 1.75, 6.0, None])

    def test_totals_leave_texts_out(self) -> None:
        """That is told. Times as people write them have no total."""
        source = table("a n m t", ["x", "y"], [5.0, "1 000,5"], [1.0, 2.0], ["9:30", "30:00:00"])
        warned: list[Message] = []
        to_book(source, SheetOptions(total_all=True), warned.append)
        self.assertEqual(
            [(w.code, w.params["name"]) for w in warned], [("total_without_texts", "n")]
        )

    def test_totals_that_are_none(self) -> None:
        """Amounts in several currencies, texts and unknown columns have no total."""
        source = table("a m", ["x", "y"], [Currency("$5"), Currency("€6")])
        for name, code in (
            ("m", "total_of_currencies"),
            ("a", "total_without_numbers"),
            ("z", "no_column_to_format"),
        ):
            error = self.assertRaises(
                DataCodeError, to_book, source, SheetOptions(totals={name: "sum"})
            )
            self.assertEqual(error.message.code, code)
        found = self.cells(to_book(source, SheetOptions(total_all=True)))
        self.assertEqual([value for value, _ in found[-1]], ["Total", None])

    def test_sheets(self) -> None:
        """Several, in order; names that no sheet can have are refused."""
        content = to_xlsx({"Итоги": table("a", [1.0]), "Данные": table("b", [2.0])})
        self.assertEqual(load_workbook(io.BytesIO(content)).sheetnames, ["Итоги", "Данные"])
        for name in ("", " ", "x" * 32, "a/b", "a[1]", "'a", "\n"):
            error = self.assertRaises(DataCodeError, to_xlsx, {name: table("a", [1.0])})
            self.assertEqual(error.message.code, "bad_sheet_name")
        twice = {"a": table("a", [1.0]), "A": table("a", [1.0])}
        self.assertEqual(
            self.assertRaises(DataCodeError, to_xlsx, twice).message.code, "sheet_exists"
        )
        self.assertRaises(DataCodeError, to_xlsx, {})

    def test_charts_beside_streamed_rows(self) -> None:
        """What openpyxl puts into a sheet stays in it."""
        workbook = Workbook()
        sheet = workbook.worksheets[0]
        chart = BarChart()
        chart.add_data(Reference(sheet, 1, 2, 1, 3))
        sheet.add_chart(chart, "E2")
        rows = Rows(1, 1, ['<row r="1"><c r="A1"><v>7.0</v></c></row>'])
        content = row_stream.save(workbook, {sheet.title: rows})
        found = load_workbook(io.BytesIO(content)).worksheets[0]
        self.assertEqual((found["A1"].value, len(found._charts)), (7, 1))  # type: ignore[attr-defined]


class NumberFormatTests(SynchronousTestCase):
    """``stored_format``."""

    def test_formats(self) -> None:
        """What people write, and what a workbook stores."""
        for written, stored in {
            "# ##0.00": "#,##0.00",
            "# ##0,00": "#,##0.00",
            "#,##0.00": "#,##0.00",
            "#\xa0##0": "#,##0",
            "0,0": "0.0",
            "0,000": "0,000",
            "0%": "0%",
            "0,0 %": "0.0 %",
            "000000": "000000",
            "0.00E+00": "0.00E+00",
            "# ##0,00 ₽": "#,##0.00 ₽",
            "# ##0 руб.": '#,##0 "руб."',
            '# ##0,00;[Red]-# ##0,00;"-"': '#,##0.00;[Red]-#,##0.00;"-"',
            "[$€-407]# ##0": "[$€-407]#,##0",
            "DD.MM.YYYY": "dd.mm.yyyy",
            "ДД.ММ.ГГГГ чч:мм": "dd.mm.yyyy hh:mm",
            "[h]:mm:ss": "[h]:mm:ss",
            "d mmmm yyyy": "d mmmm yyyy",
            "Основной": "General",
            "@": "@",
            "0;;": "0;;",
        }.items():
            self.assertEqual(stored_format(written), stored)

    def test_refused(self) -> None:
        """What a spreadsheet would call a damaged file."""
        for written in ("", " ", "hello", '0"', "0.0.0", "[xyz]0", "=cmd", "0" * 201, "0;0;0;0;0"):
            error = self.assertRaises(DataCodeError, stored_format, written)
            self.assertEqual(error.message.code, "bad_number_format")


class AppendTests(TableTestCase):
    """``add_sheets``: nothing of what was there is lost."""

    def source(self) -> bytes:
        """A workbook with much besides cells, and a formula with its stored result."""
        workbook = Workbook()
        sheet = workbook.worksheets[0]
        sheet.append(["a", "b"])
        sheet.append([1, "=A2*2"])
        sheet["A2"].number_format = "0.000"
        sheet["A1"].font = Font(name="Arial", size=14, italic=True)
        chart = BarChart()
        chart.add_data(Reference(sheet, 1, 2, 1, 3))
        sheet.add_chart(chart, "E2")
        target = io.BytesIO()
        workbook.save(target)
        return with_parts(
            target.getvalue(),
            {"xl/worksheets/sheet1.xml": (b"<f>A2*2</f><v />", b"<f>A2*2</f><v>2</v>")},
        )

    def added(self, content: bytes, **options: Any) -> bytes:
        """The workbook with one more sheet."""
        more = table("day n", ["2025-12-31"], [0.5])
        return add_sheets(io.BytesIO(content), {"Ещё": more}, SheetOptions(**options), unheard)

    def test_nothing_is_lost(self) -> None:
        """All parts but the lists of sheets and styles are the same bytes."""
        source = self.source()
        content = self.added(source, formats={"n": "0%"}, total_all=True)
        before, after = parts(source), parts(content)
        changed = {name for name in before if after[name] != before[name]}
        self.assertEqual(
            changed,
            {
                "xl/workbook.xml",
                "xl/_rels/workbook.xml.rels",
                "[Content_Types].xml",
                "xl/styles.xml",
            },
        )
        self.assertEqual(read_xlsx(io.BytesIO(content)).row(0), [1.0, 2.0])
        found = load_workbook(io.BytesIO(content))
        self.assertEqual(found.sheetnames, ["Sheet", "Ещё"])
        self.assertEqual(found["Sheet"]["A2"].number_format, "0.000")
        added = found["Ещё"]
        cells = [[(c.value, c.number_format, c.font.b) for c in row] for row in added.iter_rows()]
        self.assertEqual(
            cells,
            [
                [("day", "General", True), ("n", "General", True)],
                [(datetime(2025, 12, 31), "yyyy-mm-dd", False), (0.5, "0%", False)],
                [("Total", "General", True), ("=SUBTOTAL(109,B2:B2)", "0%", True)],
            ],
        )
        self.assertEqual(added["A1"].font.name, found["Sheet"]["B1"].font.name)

    def test_again_and_again(self) -> None:
        """Sheets that were added stay when more are; a name is taken once."""
        content = self.added(self.source())
        self.assertEqual(
            self.assertRaises(DataCodeError, self.added, content).message.code, "sheet_exists"
        )
        content = add_sheets(io.BytesIO(content), {"3": table("a", ["x"])}, SheetOptions(), unheard)
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        self.assertEqual(book.sheet_names, ["Sheet", "Ещё", "3"])
        self.assertEqual(book.get_sheet_by_name("3").to_python(), [["a"], ["x"]])

    def test_styles_are_used_again(self) -> None:
        """A workbook that gets a sheet every day does not get more styles every day."""
        contents_ = [self.source()]
        for number in range(3):
            more = table("day n", ["2025-12-31"], [0.5])
            options = SheetOptions({"n": '# ##0.0 "<&>"'}, total_all=True)
            book = io.BytesIO(contents_[-1])
            contents_.append(add_sheets(book, {str(number): more}, options, unheard))
        styles = [parts(each)["xl/styles.xml"] for each in contents_]
        self.assertNotEqual(styles[0], styles[1])
        self.assertEqual(styles[1], styles[3])
        found = load_workbook(io.BytesIO(contents_[-1]))
        for name in ("0", "2"):
            self.assertEqual(found[name]["B2"].number_format, '#,##0.0 "<&>"')
            self.assertEqual((found[name]["A1"].font.b, found[name]["A2"].font.b), (True, False))

    def test_prefixes(self) -> None:
        """Programs that write each element with a prefix are understood."""
        spreadsheet = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        source = with_parts(
            self.source(),
            {
                name: lambda xml: re.sub(
                    rb"<(/?)(?=[a-zA-Z])(?!\?)", rb"<\1x:", xml.partition(b"?>")[2] or xml
                ).replace(b'xmlns="' + spreadsheet, b'xmlns:x="' + spreadsheet)
                for name in ("xl/styles.xml",)
            },
        )
        found = load_workbook(io.BytesIO(self.added(source)))
        self.assertEqual(found["Ещё"]["A2"].number_format, "yyyy-mm-dd")
        self.assertEqual(found["Ещё"]["A1"].font.b, True)

    def test_no_workbook(self) -> None:
        """Other files are refused."""
        for content in (b"", b"PK", b"a,b"):
            self.assertRaises(DataCodeError, self.added, content)


def parts(content: bytes) -> dict[str, bytes]:
    """The parts of a workbook by their names."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return {name: book.read(name) for name in book.namelist()}


def with_parts(content: bytes, changes: dict[str, Any]) -> bytes:
    """The workbook with some parts changed: old and new bytes, or a function."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name, data in parts(content).items():
            change = changes.get(name)
            if isinstance(change, tuple):
                assert change[0] in data, data
                data = data.replace(*change)
            elif change is not None:
                data = change(data)
            copy.writestr(name, data)
    return target.getvalue()


class RecordTests(TableTestCase):
    """JSON, JSON lines, Parquet and Arrow."""

    def test_json(self) -> None:
        """Records; whole numbers without a fraction, null for what JSON does not have."""
        source = table(
            "a b",
            [1.0, 2.5, None, math.nan, True],
            ['"x"\n', "ж\ud800", Currency("$5"), [1.0], {"k": None}],
        )
        warned: list[Message] = []
        text = "".join(json_parts(source, warned.append))
        found = json.loads(text.encode("utf-8", "backslashreplace"))
        self.assertEqual(
            found,
            [
                {"a": 1, "b": '"x"\n'},
                {"a": 2.5, "b": "ж\ud800"},
                {"a": None, "b": "$5"},
                {"a": None, "b": [1]},
                {"a": True, "b": {"k": None}},
            ],
        )
        self.assertEqual([each.code for each in warned], ["no_json_number"])
        lines = "".join(json_parts(source, warned.append, lines=True)).splitlines()
        self.assertEqual(len(lines), 5)
        self.assertEqual(json.loads("".join(json_parts(table("a", []), unheard))), [])
        self.assertRaises(DataCodeError, list, json_parts(table("a a", [], []), unheard))
        nested: Value = []
        for _ in range(200):
            nested = [nested]
        self.assertRaises(DataCodeError, list, json_parts(table("a", [nested]), unheard))

    def test_columns(self) -> None:
        """Parquet and Arrow keep the types of columns."""
        source = table(
            "i f s b d at m n",
            [1.0, None],
            [1.5, 2.0],
            ["x", None],
            [True, None],
            ["2025-12-31", None],
            ["2025-12-31 10:00:00", "31.12.2025 11:00:00"],
            [1.0, "x"],
            [None, None],
        )
        warned: list[Message] = []
        for write_, read in ((to_parquet, pl.read_parquet), (to_arrow, pl.read_ipc)):
            found = read(io.BytesIO(write_(source, warned.append)))
            self.assertEqual(
                [str(kind) for kind in found.dtypes],
                [
                    "Int64",
                    "Float64",
                    "String",
                    "Boolean",
                    "Date",
                    "Datetime(time_unit='us', time_zone=None)",
                    "String",
                    "Null",
                ],
            )
            self.assertEqual(found["m"].to_list(), ["1", "x"])
        self.assertEqual({each.code for each in warned}, {"mixed_column_as_text"})
        self.assertRaises(DataCodeError, to_parquet, table("a a", [], []), unheard)
