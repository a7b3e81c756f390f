"""Reading XLSX (tables and files reference, 2.4): both readers agree, and nothing is too large."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.chart import BarChart
from openpyxl.styles import Font

from datacode.errors import DataCodeError
from datacode.i18n.message import Message
from datacode.tables.cell_range import cell_range
from datacode.tables.read_options import ReadOptions, unheard
from datacode.tables.xlsx import book as book_module
from datacode.tables.xlsx import package
from datacode.tables.xlsx import read as module
from datacode.tables.xlsx.read import read_xlsx, xlsx_sheets
from datacode.values.table import Table
from datacode.values.types import Value
from tests.tables.making import SHEET_CELLS, TableTestCase, by_openpyxl, contents, quickly

SHEET = "xl/worksheets/sheet1.xml"


def made(fill: Callable[[Any], object], *, epoch: datetime | None = None) -> bytes:
    """A workbook; ``fill`` gets its sheet, which knows the book as ``parent``."""
    book = openpyxl.Workbook()
    if epoch is not None:
        book.epoch = epoch
    fill(book.active)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def rows(*lines: list[Any]) -> bytes:
    """A workbook of these rows."""
    return made(lambda sheet: [sheet.append(line) for line in lines])


def changed(content: bytes, old: bytes, new: bytes, part: str = SHEET) -> bytes:
    """The workbook with other bytes in one of its parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            data = source.read(name)
            if name == part:
                assert old in data, data
                data = data.replace(old, new)
            copy.writestr(name, data, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def read(content: bytes, **options: Any) -> Table:
    """Read a workbook in memory."""
    memory = options.pop("memory", None)
    if "sheet_name" in options:
        options["sheet"] = options.pop("sheet_name")
    warn = options.pop("warn", unheard)
    return read_xlsx(io.BytesIO(content), ReadOptions(**options), warn, memory=memory)


class XlsxTestCase(TableTestCase):
    """Reads with both readers."""

    def by_calamine(self, content: bytes, **options: Any) -> Table:
        """Read with calamine, which must manage alone."""
        self.patch(module, "_by_openpyxl", None)
        return read(content, **options)

    def by_openpyxl(self, content: bytes, header_row: int = 0, sheet: str | None = None) -> Table:
        """Read with the fallback."""
        options = ReadOptions(header_row=header_row, sheet=sheet)
        return by_openpyxl(content, options)

    def assertBoth(self, content: bytes, names: list[str], *expected: list[Value]) -> None:
        """Both readers give this table."""
        table = Table.from_rows(names, expected)
        self.assertEqual(contents(self.by_calamine(content)), contents(table))
        self.assertEqual(contents(self.by_openpyxl(content)), contents(table))

    def failure(self, content: bytes, **options: Any) -> str:
        """The error's text."""
        return self.assertRaises(DataCodeError, read, content, **options).text


class CellTests(XlsxTestCase):
    """What becomes of cells."""

    def test_kinds(self) -> None:
        """Every cell keeps its type; text is trimmed and not parsed."""
        self.assertBoth(
            rows(["a", "b", "c", "d"], [1, " x ", True, None], [2.5, "17", False, "  "]),
            ["a", "b", "c", "d"],
            [1.0, "x", True, None],
            [2.5, "17", False, None],
        )

    def test_moments(self) -> None:
        """Dates, times and durations are ISO text, with seconds rounded."""
        self.assertBoth(
            rows(
                ["date", "midnight", "stamp", "time", "length"],
                [
                    date(2024, 1, 15),
                    datetime(2024, 1, 15),
                    datetime(2024, 1, 15, 10, 30, 0, 600_000),
                    time(9, 5, 59, 700_000),
                    timedelta(hours=30, minutes=5),
                ],
                [
                    date(1999, 12, 31),
                    datetime(2000, 2, 29),
                    datetime(2023, 12, 31, 23, 59, 59, 800_000),
                    time(0, 0, 1),
                    timedelta(days=2),
                ],
            ),
            ["date", "midnight", "stamp", "time", "length"],
            ["2024-01-15", "2024-01-15", "2024-01-15 10:30:01", "09:06:00", "30:05:00"],
            ["1999-12-31", "2000-02-29", "2024-01-01", "00:00:01", "48:00:00"],
        )

    def test_other_epoch(self) -> None:
        """The dates of a workbook that counts from 1904."""
        book = made(
            lambda sheet: (
                [
                    sheet.append(line)
                    for line in (["d"], [date(2024, 2, 29)], [datetime(1950, 1, 1, 12, 0)])
                ]
            ),
            epoch=datetime(1904, 1, 1),
        )
        self.assertBoth(book, ["d"], ["2024-02-29"], ["1950-01-01 12:00:00"])

    def test_numbers_that_are_no_date(self) -> None:
        """Before the first day there is no date, and none of them is midnight: they stay numbers.

        Durations may be negative."""

        def fill(sheet: Any) -> None:
            forms = ["yyyy-mm-dd", "hh:mm", "General", "[h]:mm", "yyyy-mm-dd"]
            for line in ([-1, "b", "c", "d", "e"], [-0.25, -3, -5, -0.5, 0.5], [1, 0.25, 0, 1, -2]):
                sheet.append(line)
            for row in sheet.iter_rows():
                for cell, form in zip(row, forms, strict=True):
                    cell.number_format = form

        table = self.by_calamine(made(fill))
        self.assertEqual(
            contents(table),
            contents(
                Table.from_rows(
                    ["-1", "b", "c", "d", "e"],
                    [
                        [-0.25, -3.0, -5.0, "-12:00:00", "12:00:00"],
                        ["1900-01-01", "06:00:00", 0.0, "24:00:00", -2.0],
                    ],
                )
            ),
        )

    def test_longest_durations(self) -> None:
        """A number too large for a duration does not keep the rest from being read."""

        def fill(sheet: Any) -> None:
            for value in ("a", 1e300, 0.5):
                sheet.append([value])
            sheet["A2"].number_format = sheet["A3"].number_format = "[h]:mm"

        self.assertEqual(read(made(fill)).columns[0].values(), ["ERROR: Value", "12:00:00"])

    def test_number_formats(self) -> None:
        """A format changes no number, except to a date."""

        def fill(sheet: Any) -> None:
            sheet.append(["a", "b", "c", "d"])
            sheet.append([0.5, 1234.5, 45306, 45306])
            for cell, form in (
                ("A2", "0%"),
                ("B2", "#,##0 $"),
                ("C2", "yyyy-mm-dd"),
                ("D2", '0"d"'),
            ):
                sheet[cell].number_format = form

        self.assertBoth(made(fill), ["a", "b", "c", "d"], [0.5, 1234.5, "2024-01-15", 45306.0])

    def test_errors(self) -> None:
        """Errors are text with the name of the error; text that looks like one is not."""
        codes = ["#N/A", "#DIV/0!", "#REF!", "#NAME?", "#VALUE!", "#NUM!", "#NULL!"]
        names = ["NA", "Div0", "Ref", "Name", "Value", "Num", "Null"]

        def fill(sheet: Any) -> None:
            for code in ["e", *codes]:
                sheet.append([code, "#N/A"])
                sheet.cell(sheet.max_row, 2).data_type = "s"

        self.assertBoth(made(fill), ["e", "#N/A"], *[[f"ERROR: {name}", "#N/A"] for name in names])

    def test_error_in_the_header(self) -> None:
        """A column can be called by an error."""
        self.assertBoth(rows(["#REF!", "b"], [1, 2]), ["ERROR: Ref", "b"], [1.0, 2.0])

    def test_new_error(self) -> None:
        """An error that calamine does not know is read by the fallback."""
        book = changed(
            rows(["a"], [7]), b'<c r="A2" t="n"><v>7</v>', b'<c r="A2" t="e"><v>#SPILL!</v>'
        )
        self.assertTable(read(book), "a", ["ERROR: Spill"])

    def test_formulas(self) -> None:
        """A formula is its stored result, null if there is none."""
        book = changed(
            rows(["a", "b", "c"], [1, "=A2+1", "=A2&A2"]),
            b'<c r="B2"><f>A2+1</f><v /></c>',
            b'<c r="B2"><f>A2+1</f><v>2</v></c>',
        )
        self.assertBoth(book, ["a", "b", "c"], [1.0, 2.0, None])

    def test_stored_dates(self) -> None:
        """Dates that are stored as ISO text stay as they are stored."""
        book = rows(["a", "b"], [5, 6])
        for old, text in (
            (b'"A2" t="n"><v>5', b"2024-01-15T10:30:00"),
            (b'"B2" t="n"><v>6', b"P1D"),
        ):
            book = changed(book, old, old.replace(b't="n"', b't="d"')[:-1] + text)
        self.assertTable(self.by_calamine(book), "a b", ["2024-01-15T10:30:00", "P1D"])

    def test_merged_cells(self) -> None:
        """A merged area has its value in the first cell."""

        def fill(sheet: Any) -> None:
            sheet.append(["a", "b"])
            sheet.append(["x", None])
            sheet.append([None, None])
            sheet.append(["y", "z"])
            sheet.merge_cells("A2:B3")

        self.assertBoth(made(fill), ["a", "b"], ["x", None], [None, None], ["y", "z"])

    @quickly
    @given(
        st.lists(
            st.lists(
                st.one_of(
                    SHEET_CELLS,
                    st.integers(-(2**53), 2**53),
                    st.text("ab é€\n", max_size=3),
                    st.datetimes(datetime(1900, 3, 1), datetime(2200, 1, 1)),
                    st.times(),
                ),
                min_size=3,
                max_size=3,
            ),
            max_size=4,
        )
    )
    def test_readers_agree(self, lines: list[list[Any]]) -> None:
        """Whatever is in the cells, both readers see the same."""
        book = rows(["a", "b", "c"], *lines, ["end", "end", "end"])
        self.assertEqual(contents(self.by_calamine(book)), contents(self.by_openpyxl(book)))


class LongTests(XlsxTestCase):
    """Sheets whose columns are stored as series."""

    def test_columns(self) -> None:
        """What is typed and what is not comes out alike."""
        lines = [
            [float(i), f" t{i} " if i % 3 else None, i % 2 == 0, date(2024, 1, 1 + i % 28), None]
            for i in range(700)
        ]
        lines[600][0] = "n/a"
        book = rows(["n", "t", "b", "d", "e"], *lines)
        expected = [
            [n, t and t.strip(), b, d.isoformat(), e]
            for n, t, b, d, e in lines  # type: ignore[attr-defined]
        ]
        for small in (0, 1 << 60):
            self.patch(book_module, "_SMALL", small)
            self.assertEqual(list(self.by_calamine(book).rows()), expected)


class HeaderTests(XlsxTestCase):
    """Names, and where the table begins."""

    def test_names(self) -> None:
        """Text as it is, numbers without ``.0``, dates and bools as shown, empty as ``Column``."""
        self.assertBoth(
            rows([" pad ", 1, 2.5, None, True, date(2024, 5, 1)], [1, 2, 3, 4, 5, 6]),
            [" pad ", "1", "2.5", "Column", "true", "2024-05-01"],
            [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        )

    def test_used_rectangle(self) -> None:
        """Empty rows and columns around the cells, styled or not, do not count; inside they do."""

        def fill(sheet: Any) -> None:
            sheet["A1"].font = Font(bold=True)
            sheet["C4"], sheet["D4"] = "x", "y"
            sheet["C6"] = 1
            sheet["F9"].font = Font(bold=True)

        self.assertBoth(made(fill), ["x", "y"], [None, None], [1.0, None])

    def test_header_row(self) -> None:
        """``header_row`` counts from the first row that is used."""

        def fill(sheet: Any) -> None:
            sheet["B3"], sheet["B5"], sheet["C5"], sheet["B6"] = "Title", "x", "y", 1

        book = made(fill)
        expected = (["x", "y"], [["Number(1.0)", "Null"]])
        self.assertEqual(contents(self.by_calamine(book, header_row=2)), expected)
        self.assertEqual(contents(self.by_openpyxl(book, 2)), expected)

    def test_errors_below_a_later_header(self) -> None:
        """Errors are found in their rows wherever the table begins."""

        def fill(sheet: Any) -> None:
            sheet["B3"], sheet["B4"], sheet["B5"] = "#N/A", "h", "#REF!"

        self.assertTable(self.by_calamine(made(fill), header_row=1), "h", ["ERROR: Ref"])

    def test_too_few_rows(self) -> None:
        """The header lies behind the end."""
        message = "File has fewer than 3 rows (header_row = 2)"
        self.assertEqual(self.failure(rows(["a"], [1]), header_row=2), message)
        empty = made(lambda sheet: None)
        self.assertEqual(self.failure(empty), "File has fewer than 1 rows (header_row = 0)")


class SheetTests(XlsxTestCase):
    """Which sheet is read."""

    def book(self) -> bytes:
        """A chart, a hidden sheet, and an ordinary one."""

        def fill(sheet: Any) -> None:
            book = sheet.parent
            sheet.title, sheet.sheet_state = "hidden", "hidden"
            sheet.append(["h"])
            book.create_sheet("last").append(["l"])
            book.create_chartsheet("chart", 0).add_chart(BarChart())

        return made(fill)

    def test_first(self) -> None:
        """Without a name the first visible sheet with cells is read, or the first if none is."""
        self.assertEqual(self.by_calamine(self.book()).names, ("l",))
        self.assertEqual(self.by_openpyxl(self.book()).names, ("l",))
        hidden = changed(
            self.book(),
            b'"last" sheetId="3" state="visible"',
            b'"last" sheetId="3" state="veryHidden"',
            "xl/workbook.xml",
        )
        self.assertEqual(self.by_calamine(hidden).names, ("h",))

    def test_names(self) -> None:
        """All with cells, hidden ones, too."""
        self.assertEqual(xlsx_sheets(io.BytesIO(self.book())), ["hidden", "last"])

    def test_by_number(self) -> None:
        """From 1, hidden ones counted."""
        self.assertEqual(self.by_calamine(self.book(), sheet=2).names, ("l",))
        for number in (0, 3):
            self.assertEqual(
                self.failure(self.book(), sheet=number),
                f"Failed to read sheet {number}: the workbook has 2 sheets: 'hidden', 'last'",
            )

    def test_all(self) -> None:
        """The visible ones, under a column of their names and all of their own."""

        def fill(sheet: Any) -> None:
            sheet.title = "one"
            sheet.append(["a", "b"])
            sheet.append([1, 2])
            for name, state, lines in (
                ("empty", "visible", []),
                ("hidden", "hidden", [["a"], [9]]),
                ("two", "visible", [["b", "c"], [3, 4], [5, 6]]),
            ):
                more = sheet.parent.create_sheet(name)
                more.sheet_state = state
                for line in lines:
                    more.append(line)

        warned: list[Message] = []
        found = read(made(fill), sheet="*", warn=warned.append)
        self.assertTable(
            found,
            "sheet a b c",
            ["one", 1.0, 2.0, None],
            ["two", None, 3.0, 4.0],
            ["two", None, 5.0, 6.0],
        )
        self.assertEqual(
            [(each.code, each.params["name"]) for each in warned], [("sheet_is_hidden", "hidden")]
        )
        self.assertEqual(self.failure(made(lambda sheet: None), sheet="*"), "No sheets found")

    def test_by_name(self) -> None:
        """Names are exact; the error lists them."""
        self.assertEqual(self.by_calamine(self.book(), sheet_name="last").names, ("l",))
        self.assertEqual(
            self.failure(self.book(), sheet_name="Last"),
            "Failed to read sheet 'Last': Worksheet 'Last' not found. "
            "The workbook has: 'hidden', 'last'",
        )
        self.assertEqual(
            self.failure(self.book(), sheet_name="chart"),
            "Failed to read sheet 'chart': it is a chart",
        )


class FaultTests(XlsxTestCase):
    """Nothing that a sheet shows is read as something else without a word."""

    def warnings(self, content: bytes, **options: Any) -> list[tuple[str, Any, Any]]:
        """The codes of the warnings, how many cells they are about, and the first of these."""
        found: list[Message] = []
        read(content, warn=found.append, **options)
        return [(e.code, int(str(e.params["count"])), e.params["cell"]) for e in found]

    def test_texts_without_a_result(self) -> None:
        """A formula for a text has no result either where nothing is stored."""
        book = changed(
            rows(["a", "b"], [1, "=1"]),
            b'<c r="B2"><f>1</f><v /></c>',
            b'<c r="B2" t="str"><f>1</f></c>',
        )
        self.assertEqual(self.warnings(book), [("formulas_without_results", 1, "B2")])

    def test_numbers_of_texts(self) -> None:
        """What is no number of a text is an error that names the cell, never another's text."""
        book = made(lambda sheet: sheet.append(["a"]))
        text = b'<c r="A1" t="inlineStr"><is><t>a</t></is></c>'
        for index in (b"-1", b"9", b"1.0", b"x", b"99999999999"):
            for cell in (b'<c r="A1" t="s"><v>%b</v></c>', b"<c r='A1' t='s'><v>%b</v></c>"):
                with self.assertRaises(DataCodeError) as caught:
                    read(changed(book, text, cell % index))
                self.assertIn("cell A1 refers to a text", str(caught.exception), index)

    def test_long_numbers(self) -> None:
        """Whole numbers with more digits than a float keeps stay as they are, with their column;
        what the file's writer has rounded is told."""
        book = changed(
            rows(["a", "b"], [1, 1], [5, 2], [None, 3], ["x", 4]),
            b'<c r="A2" t="n"><v>1</v>',
            b'<c r="A2"><v>40702810900000012345</v>',
        )
        expected = [["40702810900000012345", 1.0], ["5", 2.0], [None, 3.0], ["x", 4.0]]
        self.assertEqual(list(read(book).rows()), expected)
        self.assertEqual(self.warnings(book), [])
        exact = [[1234567890123456.0], [1e20], [0.1234567890123456]]
        book = rows(["a"], [1234567890123456], [1e20], [0.1234567890123456])
        self.assertEqual(list(read(book).rows()), exact)
        book = rows(["a"], [40702810900000012345], [1.5e10])
        self.assertEqual(list(read(book).rows()), [[4.070281090000001e19], [1.5e10]])
        self.assertEqual(self.warnings(book), [("rounded_numbers", 1, "A2")])

    def test_formulas_without_results(self) -> None:
        """Those are null, with a warning; an empty text is a result."""
        book = rows(["a", "b"], ["=1+1", "=2"], ["=3", "=4"], ["=5", 6])
        self.assertEqual(self.warnings(book), [("formulas_without_results", 5, "A2")])
        for old, new in (
            (b'<c r="A2"><f>1+1</f><v /></c>', b'<c r="A2"><f>1+1</f><v>2</v></c>'),
            (b'<c r="B2"><f>2</f><v /></c>', b'<c r="B2" t="str"><f>2</f><v></v></c>'),
            (b'<c r="A3"><f>3</f><v /></c>', b'<c r="A3"><f t="shared" si="0"/></c>'),
        ):
            book = changed(book, old, new)
        self.assertEqual(self.warnings(book), [("formulas_without_results", 3, "A3")])
        self.assertEqual(read(book).row(0), [2.0, None])

    def test_formulas_outside_of_table(self) -> None:
        """Those beside, above and below all values, too, unless nobody wants what is there."""
        book = rows(
            [None, "=1"],
            ["=2", "a", "b"],
            [None, 1, 2, "=3"],
            [None, 3, 4],
            [None, "x", 6],
            [None, "=4", "=5"],
        )
        code = "formulas_outside_of_table"
        self.assertEqual(list(read(book).rows()), [[1.0, 2.0], [3.0, 4.0], ["x", 6.0]])
        for options, expected in (
            ({}, [(code, 5, "B1")]),
            ({"skip_footer": 1}, [(code, 5, "B1")]),
            ({"max_rows": 1}, [(code, 3, "B1")]),
            ({"until": "x"}, [(code, 3, "B1")]),
            ({"cells": cell_range("B2:C4")}, []),
            ({"cells": cell_range("A2:C4")}, [(code, 1, "A2")]),
            ({"cells": cell_range("B2:D5")}, [(code, 1, "D3")]),
            ({"cells": cell_range("B3:C9"), "header_row": 1}, [(code, 2, "B6")]),
        ):
            self.assertEqual(self.warnings(book, **options), expected, options)
        empty: list[Message] = []
        with self.assertRaises(DataCodeError):
            read(rows(["=1", "=2"]), warn=empty.append)
        self.assertEqual([each.code for each in empty], [code])

    def test_faults_in_cells_that_are_not_wanted(self) -> None:
        """A range and chosen columns have only their own."""
        book = made(
            lambda sheet: [
                sheet.append(line)
                for line in (["a", "b", "c"], ["#N/A", 1, "#REF!"], [-1, 2, -1], [time(5), 3, 4])
            ]
        )
        self.assertEqual(list(read(book, cells=cell_range("B1:B3")).rows()), [[1.0], [2.0]])
        self.assertEqual(self.warnings(book, cells=cell_range("B1:B3")), [])
        self.assertEqual(self.warnings(book, columns=("b",)), [])
        found = read(book, cells=cell_range("B1:C3"))
        self.assertEqual(list(found.rows()), [[1.0, "ERROR: Ref"], [2.0, -1.0]])
        self.assertEqual(self.warnings(book, columns=("c",)), [("cells_with_errors", 1, "C2")])

    def test_errors(self) -> None:
        """Texts with a warning, whoever reads them."""
        book = rows(["a", "b"], [1, "#N/A"], ["#REF!", 2])
        self.assertEqual(self.warnings(book), [("cells_with_errors", 2, "B2")])
        new = changed(
            rows(["a"], [7]), b'<c r="A2" t="n"><v>7</v>', b'<c r="A2" t="e"><v>#SPILL!</v>'
        )
        self.assertEqual(self.warnings(new), [("cells_with_errors", 1, "A2")])

    def test_texts_that_are_not_there(self) -> None:
        """The number of a text that the workbook does not have is an error that names the cell."""
        inline = b't="inlineStr"><is><t>b</t></is>'
        for number in (b"2", b"-1", b"x", b"99999999999"):
            book = changed(rows(["a"], ["b"]), inline, b't="s"><v>%b</v>' % number)
            self.assertEqual(
                self.failure(book),
                "Failed to read sheet 'Sheet': the workbook is damaged, cell A2 refers to a text "
                "that it does not have",
            )
        empty = changed(rows(["a"], ["b"], [1]), inline, b't="s"><v/>')
        self.assertEqual(read(empty).column_named("a").cells(), [None, 1.0])  # type: ignore[union-attr]

    def test_days_before_1900(self) -> None:
        """Numbers with a warning; the leap day that there was not is itself."""

        def fill(sheet: Any) -> None:
            for value in ("a", 59, 60, 60.5, 61, -1):
                sheet.append([value])
                sheet.cell(sheet.max_row, 1).number_format = "yyyy-mm-dd"

        self.assertEqual(self.warnings(made(fill)), [("days_before_1900", 1, "A6")])
        self.assertTable(
            self.by_calamine(made(fill)),
            "a",
            ["1900-02-28"],
            ["1900-02-29"],
            ["1900-02-29 12:00:00"],
            ["1900-03-01"],
            [-1.0],
        )

    def test_merged_areas(self) -> None:
        """``fill_merged`` puts their value into all of their cells."""

        def fill(sheet: Any) -> None:
            for line in (["", "a", "b"], ["", "x", 1], ["", None, 2], ["", "y", None]):
                sheet.append(line)
            for area in ("B2:B3", "B4:C4"):
                sheet.merge_cells(area)

        book = made(fill)
        names, expected = ["a", "b"], [["x", 1.0], ["x", 2.0], ["y", "y"]]
        self.assertTable(read(book, fill_merged=True), " ".join(names), *expected)
        found = by_openpyxl(book, ReadOptions(fill_merged=True))
        self.assertTable(found, " ".join(names), *expected)
        self.assertTable(read(book), "a b", ["x", 1.0], [None, 2.0], ["y", None])

    def test_areas_that_overlap(self) -> None:
        """A file that would take for ever is refused."""
        areas = b"".join(b'<mergeCell ref="A1:A%d"/>' % (i + 3) for i in range(500))
        book = changed(
            rows(["a"], *[[i] for i in range(400)]),
            b"</sheetData>",
            b"</sheetData><mergeCells>%b</mergeCells>" % areas,
        )
        self.assertIn("overlap", self.failure(book, fill_merged=True))
        self.assertEqual(len(read(book)), 400)


class PartNameTests(XlsxTestCase):
    """Packages name their parts in more ways than one."""

    BOOK = rows(["n", "s"], [1, "a"])

    def repacked(
        self, name: Callable[[str], str], change: Callable[[str, bytes], bytes] = lambda _, x: x
    ) -> bytes:
        """The workbook with other names and contents of its parts."""
        target = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(self.BOOK)) as file, zipfile.ZipFile(target, "w") as copy:
            for each in file.namelist():
                entry = zipfile.ZipInfo("x")
                entry.filename = name(each)
                copy.writestr(entry, change(each, file.read(each)))
        return target.getvalue()

    def test_readable(self) -> None:
        """Other case, backslashes, and targets of every kind."""

        def to(target: bytes) -> Callable[[str, bytes], bytes]:
            usual = b"/xl/worksheets/sheet1.xml"
            return lambda part, x: x.replace(usual, target) if part.endswith("k.xml.rels") else x

        def moved(part: str, content: bytes) -> bytes:
            return (
                content.replace(b"xl/workbook.xml", b"xl/book.xml")
                if "xl/" not in part
                else content
            )

        same = str
        for content in (
            self.repacked(lambda name: name.replace("sheet1", "Sheet1")),
            self.repacked(str.upper),
            self.repacked(lambda name: name.replace("/", "\\")),
            self.repacked(lambda name: name.replace("workbook", "book"), moved),
            self.repacked(same, to(b"worksheets/sheet1.xml")),
            self.repacked(same, to(b"/xl/worksheets/SHEET1.xml")),
            self.repacked(same, to(b"worksheets\\sheet1.xml")),
            self.repacked(same, to(b"\\xl\\worksheets\\sheet1.xml")),
            self.repacked(same, to(b"./worksheets/../worksheets/sheet1.xml")),
        ):
            self.assertTable(read(content), "n s", [1.0, "a"])
            self.assertEqual(xlsx_sheets(io.BytesIO(content)), ["Sheet"])

    def test_two_parts_of_a_name(self) -> None:
        """Of two parts whose names differ in case only nobody knows which is meant."""
        target = io.BytesIO(self.BOOK)
        with zipfile.ZipFile(target, "a") as file:
            file.writestr(SHEET.upper(), b"")
        self.assertIn("two parts of the same name", self.failure(target.getvalue()))

    def test_wrong_size(self) -> None:
        """A sheet that says it begins in row 0."""
        book = changed(self.BOOK, b'<dimension ref="A1:B2"', b'<dimension ref="A0:AZ48943"')
        self.assertTable(read(book), "n s", [1.0, "a"])


class RefusedTests(XlsxTestCase):
    """Files that are no workbooks, are damaged, or would not fit."""

    def test_other_files(self) -> None:
        """What is no workbook is told apart."""
        no_workbook = "Failed to open xlsx: the file is not an XLSX workbook"
        for content in (b"", b"name,age\n", rows(["a"])[:300]):
            self.assertEqual(self.failure(content), no_workbook)
        self.assertEqual(
            self.failure(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600),
            "Failed to open xlsx: the file is an old .xls or is protected by a password",
        )

    def test_zip_of_something_else(self) -> None:
        """A zip without a workbook."""
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as file:
            file.writestr("note.txt", "hello")
        self.assertIn("Failed to open xlsx: ", self.failure(target.getvalue()))

    def test_damaged_part(self) -> None:
        """Compressed data that cannot be unpacked."""
        book = bytearray(rows(["a"], *[[i] for i in range(500)]))
        with zipfile.ZipFile(io.BytesIO(bytes(book))) as file:
            offset = file.getinfo(SHEET).header_offset + 80
        book[offset : offset + 60] = b"\xff" * 60
        self.assertEqual(self.failure(bytes(book)), f"Failed to open xlsx: part {SHEET} is damaged")

    def test_damaged_directory(self) -> None:
        """A directory of which the place is given wrongly, so that parts begin before the file."""
        book = rows(["a"])
        end = book.rindex(b"PK\5\6")
        place = int.from_bytes(book[end + 16 : end + 20], "little") + 10_000_000
        wrong = book[: end + 16] + place.to_bytes(4, "little") + book[end + 20 :]
        message = self.failure(wrong)
        self.assertTrue(message.startswith("Failed to open xlsx: part "), message)
        self.assertTrue(message.endswith(" is damaged"), message)

    def repacked(self, book: bytes, compression: int) -> bytes:
        """The same parts, compressed in another way."""
        target = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(book)) as file,
            zipfile.ZipFile(target, "w", compression) as copy,
        ):
            for name in file.namelist():
                copy.writestr(name, file.read(name))
        return target.getvalue()

    def test_ways_of_compression(self) -> None:
        """Parts may be stored as they are; what is neither that nor deflated is refused."""
        stored = self.repacked(rows(["a"], [1]), zipfile.ZIP_STORED)
        self.assertEqual(contents(read(stored)), (["a"], [["Number(1.0)"]]))
        message = self.failure(self.repacked(rows(["a"], [1]), zipfile.ZIP_BZIP2))
        self.assertRegex(message, "^Failed to open xlsx: part .* is compressed in an unknown way$")

    def test_protected_parts(self) -> None:
        """A zip whose parts are encrypted."""
        book = bytearray(rows(["a"], [1]))
        entry = book.index(b"PK\1\2")
        while entry >= 0:
            book[entry + 8] |= 1
            entry = book.find(b"PK\1\2", entry + 1)
        self.assertEqual(
            self.failure(bytes(book)), "Failed to open xlsx: the file is protected by a password"
        )

    def test_many_parts(self) -> None:
        """More parts than a workbook has, or an index of them that is no index any more."""
        for name, most in (("_MOST_PARTS", 3), ("_MOST_INDEX_BYTES", 20)):
            self.patch(package, name, most)
            self.assertIn("the workbook is too large", self.failure(rows(["a"], [1])), name)

    def test_broken_xml(self) -> None:
        """A sheet that is no XML, for neither reader."""
        book = changed(rows(["a"]), b"<sheetData>", b"<sheetData></wrong>")
        self.assertIn("Failed to open xlsx: ", self.failure(book))

    def test_large_parts(self) -> None:
        """A workbook that unpacks to more than the limit, whatever its directory says."""
        self.patch(package, "MOST_BYTES", 1 << 20)
        book = changed(rows(["a"]), b"<sheetData>", b" " * (3 << 20) + b"<sheetData>")
        self.assertLess(len(book), 20_000)
        message = "Failed to open xlsx: the workbook is too large (more than 1 MiB unpacked)"
        self.assertEqual(self.failure(book), message)
        with zipfile.ZipFile(io.BytesIO(book)) as file:
            size = struct.pack("<L", file.getinfo(SHEET).file_size)
        self.assertEqual(book.count(size), 2)
        self.assertEqual(self.failure(book.replace(size, struct.pack("<L", 900))), message)

    def test_large_styles(self) -> None:
        """What all sheets share counts as well."""
        self.patch(package, "MOST_BYTES", 1 << 20)
        book = changed(rows(["a"]), b"<fonts", b" " * (3 << 20) + b"<fonts", "xl/styles.xml")
        self.assertIn("the workbook is too large", self.failure(book))

    def test_far_cells(self) -> None:
        """One cell far away would make millions of empty ones."""

        def fill(sheet: Any) -> None:
            sheet["A1"] = "a"
            sheet["XFD1048576"] = 1

        self.assertEqual(
            self.failure(made(fill)),
            "Failed to open xlsx: the sheet is too large (1048576 rows by 16384 columns; "
            "at most 50000000 cells are read)",
        )

    def sheet_with(self, second_row: bytes) -> bytes:
        """A workbook whose second row is written in this way."""
        return changed(
            rows(["a"], [1]), b'<row r="2"><c r="A2" t="n"><v>1</v></c></row>', second_row
        )

    def test_far_cells_in_disguise(self) -> None:
        """Rows out of order, places beside their rows, other spelling, and no places at all."""
        value = b"<v>1</v></c>"
        far = (
            b'<row r="1048576"><c r="A1048576">%b</row><row r="2"><c r="XFD2">%b</row>',
            b'<row r="2"><c r="A1048576">%b<c r="XFD2">%b</row>',
            b'<row r="2"><c r="xfd2">%b<c r="a1048576">%b</row>',
            b"<row r='2'><c r='XFD2'>%b<c r='A1048576'>%b</row>",
            b'<row r="2"><c\nr = "XFD2">%b<c s="0" r="A1048576">%b</row>',
            b'<row r="2"><!-- <c r=" --><c s="0" r="XFD2">%b<c r="A1048576">%b</row>',
        )
        for line in far:
            self.assertEqual(
                self.failure(self.sheet_with(line % (value, value))),
                "Failed to open xlsx: the sheet is too large (1048576 rows by 16384 columns; "
                "at most 50000000 cells are read)",
            )
        cells = b"<row>" + (b"<c>" + value) * 600 + b"</row>"
        placeless = cells + b"<row/>" * 99_998 + b"<row><c>" + value + b"</row>"
        self.assertEqual(
            self.failure(self.sheet_with(placeless)),
            "Failed to open xlsx: the sheet is too large (100001 rows by 600 columns; "
            "at most 50000000 cells are read)",
        )

    def test_far_cells_for_the_fallback(self) -> None:
        """The reader that is tried last fills in no billions of cells either."""
        line = (
            b'<row r="2"><c r="XFD2"><v>1</v></c></row>'
            b'<row r="5000"><c r="A5000"><v>1</v></c></row>'
        )
        error = self.assertRaises(DataCodeError, self.by_openpyxl, self.sheet_with(line))
        self.assertEqual(
            error.text,
            "Failed to open xlsx: the sheet is too large (5000 rows by 16384 columns; "
            "at most 50000000 cells are read)",
        )

    def test_little_memory(self) -> None:
        """How many cells are read depends on the memory there is for them."""
        book = self.sheet_with(b'<row r="1000"><c r="CV1000"><v>1</v></c></row>')
        self.assertEqual(len(read(book, memory=48 * 100_000)), 999)
        self.assertEqual(
            self.failure(book, memory=48 * 99_999),
            "Failed to open xlsx: the sheet is too large (1000 rows by 100 columns; "
            "at most 99999 cells are read)",
        )

    def test_far_style_for_the_fallback(self) -> None:
        """A style is no cell for it, either."""
        line = b'<row r="2"><c r="A2"><v>1</v></c></row><row r="5000"><c r="XFD5000"/></row>'
        self.assertTable(self.by_openpyxl(self.sheet_with(line)), "a", [1.0])

    def test_types_in_texts(self) -> None:
        """What looks like the type of a cell is none inside of a text, however often."""
        text = 't="e" ' * 20_000
        cell = b'<c r="A2" t="inlineStr"><is><t>%b</t></is></c>' % text.encode()
        book = self.sheet_with(b'<row r="2">%b<c r="B2" t="e"><v>#N/A</v></c></row>' % cell)
        self.assertTable(self.by_calamine(book), "a Column", [text.strip(), "ERROR: NA"])

    def test_impossible_places(self) -> None:
        """Rows and columns that no sheet has."""
        for line, place in (
            (b'<row r="4294967295"><c r="A4294967295"><v>1</v></c></row>', "row '4294967295'"),
            (b'<row r="9999999"><c r="A9999999"><v>1</v></c></row>', "row '9999999'"),
            (b'<row r="2"><c r="ZZZZZZ2"><v>1</v></c></row>', "'ZZZZZZ2'"),
            (b'<row r="2"><c r="XFE2"><v>1</v></c></row>', "'XFE2'"),
            (b'<row r="-5"><c r="A-5"><v>1</v></c></row>', "row '-5'"),
        ):
            message = self.failure(self.sheet_with(line))
            self.assertTrue(message.startswith("Failed to open xlsx: a cell is "), message)
            self.assertTrue(message.endswith(place), message)

    def test_places_left_out(self) -> None:
        """A sheet whose cells do not say where they are is read in order."""
        book = self.sheet_with(b"<row><c><v>1</v></c></row><row><c><v>2</v></c></row>")
        self.assertTable(self.by_calamine(book), "a", [1.0], [2.0])

    def test_sheet_declares_entities(self) -> None:
        """Entities are not expanded, however small."""
        book = changed(
            rows(["a"], [1]),
            b"<worksheet ",
            b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet ',
        )
        self.assertEqual(
            self.failure(book), "Failed to open xlsx: the sheet declares a document type"
        )

    def test_far_styles(self) -> None:
        """A style is no cell."""

        def fill(sheet: Any) -> None:
            sheet.append(["a"])
            sheet.append([1])
            sheet["A900000"].font = Font(bold=True)

        self.assertTable(self.by_calamine(made(fill)), "a", [1.0])

    def test_many_columns(self) -> None:
        """A sheet that is only wide."""
        book = rows([f"c{i}" for i in range(1500)], list(range(1500)))
        table = self.by_calamine(book)
        self.assertEqual((len(table.names), table.row(0)[1499]), (1500, 1499.0))

    def test_entities(self) -> None:
        """Entities in the index are not expanded."""
        book = changed(
            rows(["a"], [1]),
            b"<workbook ",
            b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><workbook ',
            part="xl/workbook.xml",
        )
        try:
            self.assertTable(read(book), "a", [1.0])
        except DataCodeError as error:
            self.assertIn("Failed to open xlsx: ", error.text)
