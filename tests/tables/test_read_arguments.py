"""Reading what offices have: the arguments of ``read_file`` (tables and files reference, 2.9)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from datacode.errors import DataCodeError
from datacode.i18n.message import Message
from datacode.tables.cell_range import cell_range
from datacode.tables.csv import read as module
from datacode.tables.csv.read import read_csv
from datacode.tables.read_options import EVERYTHING, ReadOptions, unheard
from datacode.tables.xlsx.read import read_xlsx
from datacode.values.date_picture import date_picture
from datacode.values.table import Table
from datacode.values.types import Currency, Value
from tests.tables.making import TableTestCase, contents, quickly

REPORT = """Отчёт по продажам;;;

Период: январь;;;
Товар;Сумма;;Дата
;без НДС;с НДС;
Болт;1 234,50;1 481,40;31.12.2025
Гайка;-;н/д;1.12.2025
Винт;\u00a05,00;6,00;
Итого;1 239,50;;
Директор;;;
"""

DAYS = ["31.12.2025", "1.12.2025", "15.01.2026", "32.01.2026", "2025-01-31"]
CELLS = st.sampled_from(
    [
        *("1", "2.5", "-3", "1,5", "1 234,5", "1\u00a0000", "12 34", "007", "+4", "-0", "1e3"),
        *("12E4", "40702810900000012345", "1E590003", "+79161234567", "9" * 15, "9" * 16),
        *("9F3C", "0x1F", "12AB", "+7 916 123-45-67"),
        *("a", "Итого", "Итого по складу", "Итоговый", "yes", "НЕТ", "true", "null", "NA", "-"),
        *("$5", "5 ₽", "", " ", " x ", "\u00a07\u2003", "н/д", 'q"q', "l\nl", *DAYS),
    ]
)
NUMBERS = st.one_of(
    st.integers(-(10**17), 10**17).map(str), st.floats(0, 1000).map("{:.2f}".format)
)


def columns_of(height: int) -> st.SearchStrategy[list[str]]:
    """Columns that are of one kind for most of their length, and of many kinds."""
    return st.one_of(
        st.lists(CELLS, min_size=height, max_size=height),
        st.lists(NUMBERS, min_size=height, max_size=height),
        st.lists(st.sampled_from(DAYS), min_size=height, max_size=height),
        st.lists(st.sampled_from(["true", "False", "", "yes"]), min_size=height, max_size=height),
    )


@st.composite
def files(draw: Callable[[Any], Any]) -> str:
    """Files with three columns, and now and then with rows of another width."""
    height = draw(st.integers(0, 8))
    columns = [draw(columns_of(height)) for _ in range(3)]
    rows = [["a", "b", "c"], *map(list, zip(*columns, strict=True))]
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        place = draw(st.integers(0, len(rows) - 1))
        rows[place] = draw(st.lists(CELLS, min_size=1, max_size=5))
    blank = draw(st.sampled_from(["", "", "\n"]))
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator=draw(st.sampled_from(["\n", "\r\n"])), delimiter=";")
    for row in rows:
        writer.writerow(row)
        target.write(blank)
    return target.getvalue()


TYPES = st.sampled_from(["String", "Number", "Integer", "Bool", "Date", "Currency"])
OPTIONS = st.fixed_dictionaries(
    {"delimiter": st.just(";")},
    optional={
        "header_row": st.integers(0, 2),
        "header_rows": st.integers(0, 3),
        "decimal": st.just(","),
        "thousands": st.sampled_from([" ", "'"]),
        "types": st.one_of(TYPES, st.dictionaries(st.sampled_from("abc"), TYPES, max_size=2)),
        "nulls": st.just(("-", "н/д", "1")),
        "dates": st.sampled_from([date_picture("DD.MM.YYYY")]),
        "skip_footer": st.integers(0, 3),
        "until": st.just("Итого"),
        "max_rows": st.integers(0, 4),
        "ragged": st.sampled_from(["error", "pad", "skip"]),
        "columns": st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(tuple),
    },
)


def read(content: str, **options: Any) -> Table:
    """Read a text file in memory."""
    warn = options.pop("warn", unheard)
    return read_csv(io.BytesIO(content.encode()), ReadOptions(**options), warn)


class ReadArgumentsTestCase(TableTestCase):
    """Reads text files both ways, and workbooks."""

    def one_way(self, small: int, content: str, **options: Any) -> Any:
        """What reading gives: a table's content and the warnings, or the error."""
        self.patch(module, "SMALL", small)
        self.patch(module, "FEW_ROWS", -1)
        warned: list[str] = []
        try:
            table = read(content, warn=lambda message: warned.append(str(message)), **options)
        except DataCodeError as error:
            return error.text
        return contents(table), warned

    def assertBothWays(self, content: str, **options: Any) -> None:
        """The fast reader and the record reader give the same."""
        slow = self.one_way(1 << 60, content, **options)
        self.assertEqual(self.one_way(0, content, **options), slow)

    def assertReads(self, content: str, names: str, *rows: list[Value], **options: Any) -> None:
        """Both ways give this table."""
        self.assertBothWays(content, **options)
        self.assertTable(read(content, **options), names, *rows)

    def failure(self, content: str, **options: Any) -> str:
        """The error of both ways."""
        self.assertBothWays(content, **options)
        return self.assertRaises(DataCodeError, read, content, **options).text

    def warnings(self, content: str, **options: Any) -> list[str]:
        """The codes of what is told."""
        warned: list[Message] = []
        read(content, warn=warned.append, **options)
        return [message.code for message in warned]


class BothWaysTests(ReadArgumentsTestCase):
    """The fast reader and the record reader agree, whatever is asked."""

    @quickly
    @given(files(), OPTIONS)
    def test_any_arguments(self, content: str, options: dict[str, Any]) -> None:
        """Every combination of arguments over files of every kind."""
        self.assertBothWays(content, **options)

    @quickly
    @given(columns_of(6), columns_of(3), OPTIONS)
    def test_long_files(self, head: list[str], tail: list[str], options: dict[str, Any]) -> None:
        """What the first rows look like decides nothing."""
        target = io.StringIO(newline="")
        cells = [*head * 60, *tail]
        csv.writer(target, delimiter=";").writerows(
            [["a", "b", "c"], *([cell, str(place), "x"] for place, cell in enumerate(cells))]
        )
        self.assertBothWays(target.getvalue(), **options)


class NumberTests(ReadArgumentsTestCase):
    """A column with a number that would not come back stays text."""

    def test_identifiers(self) -> None:
        """Long integers, digits around an E, telephones: all of the column is text."""
        for odd in ("40702810900000012345", "1E590003", "12E4", "+79161234567", "1e999", "1e-999"):
            self.assertReads(f"a,b\n1,2\n{odd},3\n,4\n", "a b", ["1", 2.0], [odd, 3.0], [None, 4.0])
            content = "a,b\n" + "7,x\n" * 3000 + f"{odd},y\n"
            self.assertBothWays(content)
            self.assertEqual(read(content).row(0), ["7", "x"])

    def test_identifiers_beside_numbers(self) -> None:
        """Those that are no numbers make text of whole numbers beside them, in all ways to read."""
        for odd in ("0x1F", "9F3C", "1e5a", "+7 916 123-45-67", "+7 (916) 1234567"):
            self.assertReads(
                f"a,b\n1,2\n{odd},3\n007,4\n,5\n",
                "a b",
                ["1", 2.0],
                [odd, 3.0],
                ["007", 4.0],
                [None, 5.0],
            )
            for content in (
                "a,b\n" + "7,x\n" * 3000 + f"{odd},y\nyes,y\n-,y\n",
                "a,b\n" + f"{odd},y\n" * 3000 + "7,x\n",
                "a,b\n" + "".join(f"{n},x\n" for n in range(3000)) + f"{odd},y\n",
            ):
                self.assertBothWays(content)
                column = read(content).columns[0].values()
                self.assertLessEqual({type(value) for value in column}, {str})
        self.assertReads("a\n9F3C\n7\n", "a", [None], [7.0], nulls=["9F3C"])

    def test_texts_beside_numbers(self) -> None:
        """Words, units, and identifiers where numbers have a sign or a fraction, are as before."""
        for odd in ("-", "н/д", "Итого", "abc", "cafe", "abc123", "100B", "10ea", "2B", "1_0"):
            self.assertReads(f"a\n1\n{odd}\n", "a", [1.0], [odd])
        for number in ("1.5", "-3", "inf"):
            self.assertReads(f"a\n1\n9F3C\n{number}\n", "a", [1.0], ["9F3C"], [float(number)])
            self.assertBothWays("a,b\n" + "7,x\n" * 3000 + f"9F3C,x\n{number},y\n")

    def test_usual_numbers(self) -> None:
        """Leading zeros, exponents and fifteen digits are numbers as before."""
        rows = "007,1e3\n+4,2.5E-3\n999999999999999,-0\n"
        self.assertReads(
            f"a,b\n{rows}", "a b", [7.0, 1000.0], [4.0, 0.0025], [999999999999999.0, 0.0]
        )

    def test_grouped_digits(self) -> None:
        """Every kind of space groups digits; a group has three."""
        self.assertReads(
            "a;b\n1 234,5;1\n-1\u00a0234\u202f567,25;12 34\n",
            "a b",
            [1234.5, 1.0],
            [-1234567.25, "12 34"],
            delimiter=";",
            decimal=",",
            thousands=" ",
        )
        self.assertReads("a;b\n1'234.5;x\n", "a b", [1234.5, "x"], delimiter=";", thousands="'")

    def test_mixed_column_is_told(self) -> None:
        """Numbers below a thousand and texts with spaces are told of."""
        content = "a;b\n950,5;x\n1\u00a0234,56;y\n"
        self.assertEqual(
            self.warnings(content, delimiter=";", decimal=","), ["numbers_with_spaces"]
        )
        self.assertEqual(self.warnings(content, delimiter=";", decimal=",", thousands=" "), [])

    def test_other_forms_are_told(self) -> None:
        """Amounts that are no numbers here stay texts beside numbers, which is told."""
        for amount in ("(1 234,50)", "5,00-", "\u22125,5", "7 %", "4'567,8"):
            content = f"a;b\n950,5;x\n{amount};y\n"
            self.assertEqual(
                self.warnings(content, delimiter=";", decimal=",", thousands=" "),
                ["numbers_written_otherwise"],
                amount,
            )
        for text in ("none", "A5", "1.02.2026 12:00", "-", "9:30"):
            content = f"a;b\n950,5;x\n{text};y\n"
            self.assertEqual(self.warnings(content, delimiter=";", decimal=","), [], text)

    def test_codes_are_told(self) -> None:
        """``auto=true`` says where zeros are lost."""
        content = "code;day;n\n007;01.02.2026;5\n12;02.02.2026;0,5\n"
        told = ["auto_took", "codes_read_as_numbers"]
        self.assertEqual(self.warnings(content, find=EVERYTHING), told)
        self.assertEqual(self.warnings(content, find=EVERYTHING, types="String"), told[:1])


class TypeTests(ReadArgumentsTestCase):
    """Types that are asked for."""

    def test_strings(self) -> None:
        """Texts keep what they say, words for null too; an empty cell is null."""
        content = "code,b\n007,1\nNA, yes \n,2\n"
        self.assertReads(
            content, "code b", ["007", "1"], ["NA", "yes"], [None, "2"], types="String"
        )
        self.assertReads(
            content, "code b", ["007", 1.0], ["NA", True], [None, 2.0], types={"code": "String"}
        )

    def test_other_types(self) -> None:
        """Each takes the texts of its kind, and null for none."""
        self.assertReads(
            "n,i,b,d,c\n1.5,40702810900000012345,да,31.12.2025,5 ₽\nnull,,0,,NA\n",
            "n i b d c",
            [1.5, 40702810900000012345.0, True, "2025-12-31", Currency("5 ₽")],
            [None, None, False, None, None],
            types={"n": "Number", "i": "Integer", "b": "Bool", "d": "Date", "c": "Currency"},
            dates=date_picture("DD.MM.YYYY"),
        )

    def test_misfits(self) -> None:
        """A cell of another kind is named."""
        for kind, text in (
            ("Number", "x"),
            ("Integer", "1.5"),
            ("Bool", "2"),
            ("Date", "31.13.2025"),
            ("Currency", "abc"),
        ):
            self.assertEqual(
                self.failure(f"a,b\n1,\n1,{text}\n", types={"b": kind}),
                f"'{text}' in row 2 of column 'b' is no {kind}",
            )
        self.assertEqual(
            self.failure("a,b\n1,2\n", types={"c": "String"}),
            "The file has no column 'c'. It has 'a', 'b'",
        )

    def test_nulls(self) -> None:
        """Texts that stand for null, numbers among them."""
        self.assertReads(
            "a,b\n-,1\n-1,н/д\n5,2\n",
            "a b",
            [None, 1.0],
            [None, None],
            [5.0, 2.0],
            nulls=("-", "-1", "н/д"),
        )

    def test_dates(self) -> None:
        """Columns of dates become ISO; one that has something else stays, and is told of."""
        self.assertReads(
            "a,b\n3/4/2025,x\n,y\n",
            "a b",
            ["2025-03-04", "x"],
            [None, "y"],
            dates=date_picture("MM/DD/YYYY"),
        )
        self.assertReads(
            "a,b\n1.2.2025,3.4.2025\n?,5.6.2025\n",
            "a b",
            ["1.2.2025", "2025-04-03"],
            ["?", "2025-06-05"],
            dates=date_picture("DD.MM.YYYY"),
        )
        self.assertEqual(
            self.warnings("a,b\n1.2.2025,1\n?,2\n", dates=date_picture("DD.MM.YYYY")),
            ["column_not_all_dates"],
        )


class ShapeTests(ReadArgumentsTestCase):
    """Where the table is."""

    def test_report(self) -> None:
        """A title, a header of two rows, totals and what stands below them."""
        table = read(
            REPORT,
            delimiter=";",
            decimal=",",
            thousands=" ",
            nulls=("-", "н/д"),
            dates=date_picture("DD.MM.YYYY"),
            header_row=2,
            header_rows=2,
            until="Итого",
        )
        self.assertEqual(table.names, ("Товар", "Сумма / без НДС", "Сумма / с НДС", "Дата"))
        self.assertEqual(
            list(table.rows()),
            [
                ["Болт", 1234.5, 1481.4, "2025-12-31"],
                ["Гайка", None, None, "2025-12-01"],
                ["Винт", 5.0, 6.0, None],
            ],
        )

    def test_no_header(self) -> None:
        """Columns are numbered, as in tables without headers."""
        self.assertReads("1,x\n2,y\n", "Column_0 Column_1", [1.0, "x"], [2.0, "y"], header_rows=0)
        self.assertEqual(self.failure("", header_rows=0), "Empty CSV file")

    def test_footers(self) -> None:
        """The last rows, whatever their width, and all from the one with the word on."""
        content = "a,b\n1,2\nИтоговый,3\n ,Итого:\n5,6,7\n"
        kept: list[list[Value]] = [[1.0, 2.0], ["Итоговый", 3.0]]
        self.assertReads(content, "a b", *kept, skip_footer=2)
        self.assertReads(content, "a b", *kept, until="Итого")
        self.assertReads(content, "a b", skip_footer=20)
        self.assertEqual(self.warnings("a,b\n1,2\n", until="Итого"), ["no_row_ends_table"])

    def test_most_rows(self) -> None:
        """Nothing behind the last wanted row is looked at."""
        content = 'a,b\n1,2\n3,4\n5\n"6\n'
        self.assertReads(content, "a b", [1.0, 2.0], [3.0, 4.0], max_rows=2)
        self.assertReads(content, "a b", max_rows=0)

    def test_ragged(self) -> None:
        """Rows of other widths are filled up or left out, and nothing is lost without a word."""
        content = "a,b\n1,x,\n2\n3,y\n"
        self.assertReads(content, "a b", [1.0, "x"], [2.0, None], [3.0, "y"], ragged="pad")
        self.assertReads("a\n1,x\n2\n", "a Column_1", [1.0, "x"], [2.0, None], ragged="pad")
        self.assertReads(content, "a b", [3.0, "y"], ragged="skip")
        self.assertEqual(self.warnings(content, ragged="skip"), ["rows_of_other_width"])
        self.assertTrue(self.failure(content).endswith('are empty: try ragged="pad"'))
        self.assertTrue(self.failure("a,b\n1,2\nTotal: 2\n").endswith('try until="Total"'))

    def test_columns(self) -> None:
        """Wanted columns in their order; one that is not there is an error."""
        content = "a,b,c\n1,x,2\n"
        self.assertReads(content, "c a", [2.0, 1.0], columns=("c", "a"))
        self.assertIn("has no column 'd'", self.failure(content, columns=("a", "d")))

    def test_range(self) -> None:
        """Cells as spreadsheets count them: blank lines are rows, short rows have empty cells."""
        content = "title\n\n,a,b\n,1,2\n,3\n,x,y\n"
        self.assertReads(content, "a b", [1.0, 2.0], [3.0, None], cells=cell_range("B3:C5"))
        self.assertReads("x\n,a\n,1\n,2\n", "a", [1.0], [2.0], cells=cell_range("B2"))

    def test_ranges_elsewhere(self) -> None:
        """A range beside the table is no empty table."""
        for cells in ("ZZ1:ZZ3", "C1:D2"):
            part = cell_range(cells)
            self.assertIn("no names", self.failure("a,b\n1,2\n", cells=part))
            error = self.assertRaises(
                DataCodeError, read_xlsx, workbook([["a"], [1]]), ReadOptions(cells=part)
            )
            self.assertIn("no names", error.text)

    def test_ranges(self) -> None:
        """What is a range, and what is none."""
        for text in ("B4:H200", "$b$4:$h$200", "B:H", "4:200", "B4", "B4:H"):
            cell_range(text)
        for text in ("", "H4:B5", "B5:H4", "B0", "4B", "B4:", "ABCD1", "A1:B2:C3", "XFE1"):
            self.assertRaises(DataCodeError, cell_range, text)


class QuoteTests(ReadArgumentsTestCase):
    """A quote that never closes is no cell."""

    def test_quotes_that_are_not_doubled(self) -> None:
        """What follows a closing quote is told, once; spaces are nothing."""
        content = 'a,b\n1,"LLC "Daisy""\n2,"LLC "Lily"\n3,"x" \n'
        self.assertEqual(self.warnings(content), ["text_behind_quote"])
        self.assertEqual(self.warnings('a,b\n1,"LLC ""Daisy"""\n3,"x" \n'), [])

    def test_numbers_too_long_before_the_point(self) -> None:
        """A number with more than 15 digits before its point is none, however it is read."""
        for number in ("40702810900000012345.00", "1234567890123456.78", "12345678901234567.5"):
            for rows in (2, 5000):
                lines = "".join(f"{n},x\n" for n in range(rows))
                table = read(f"a,b\n{lines}{number},y\n")
                self.assertEqual(
                    (table.columns[0].cell(0), table.columns[0].cell(rows)), ("0", number)
                )
        for number in ("1234567890123.456", "1000000000000000.0", "0.1234567890123456789"):
            table = read(f"a,b\n5,x\n{number},y\n")
            self.assertEqual(table.columns[0].cell(1), float(number), number)

    def test_open_quotes(self) -> None:
        """The error names the line where it opened."""
        text = "Failed to read CSV: the quote that opens a cell in line 3 is never closed"
        self.assertEqual(self.failure('a,b\n1,x\n2,"5 inch\n3,y\n' + "4,z\n" * 20000), text)
        self.assertIn(
            "in line 2 is not closed before line 3, where more text follows it",
            self.failure('a,b\n1,"5 inch\n2,"6 inch\n'),
        )
        self.assertReads('a,b\n1,"x" \n', "a b", [1.0, "x"])


def workbook(rows: list[list[Any]], *merged: str) -> io.BytesIO:
    """A workbook of one sheet."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for area in merged:
        sheet.merge_cells(area)
    target = io.BytesIO()
    book.save(target)
    target.seek(0)
    return target


class WorkbookTests(ReadArgumentsTestCase):
    """The same arguments for workbooks."""

    def found(self, file: io.BytesIO, **options: Any) -> Table:
        """Read a workbook."""
        file.seek(0)
        warn = options.pop("warn", unheard)
        return read_xlsx(file, ReadOptions(**options), warn)

    def test_report(self) -> None:
        """Merged names, texts that are numbers, totals."""
        file = workbook(
            [
                ["Отчёт"],
                [],
                ["Товар", "Сумма", None, "Дата"],
                [None, "без НДС", "с НДС", None],
                ["Болт", "1 234,50", 1481.4, "31.12.2025"],
                ["Гайка", "-", None, "1.12.2025"],
                ["Итого", "1 234,50", 1481.4, None],
            ],
            *("A3:A4", "B3:C3", "D3:D4"),
        )
        wanted = {
            "decimal": ",",
            "thousands": " ",
            "nulls": ("-",),
            "dates": date_picture("DD.MM.YYYY"),
        }
        names = ("Товар", "Сумма / без НДС", "Сумма / с НДС", "Дата")
        rows = [["Болт", 1234.5, 1481.4, "2025-12-31"], ["Гайка", None, None, "2025-12-01"]]
        for options in (
            {"header_row": 2, "header_rows": 2, "until": "Итого"},
            {"header_row": 2, "header_rows": 2, "skip_footer": 1},
            {"cells": cell_range("A3:D6"), "header_rows": 2},
            {"find": frozenset(("rows",))},
        ):
            table = self.found(file, **wanted, **options)
            self.assertEqual(table.names, names)
            self.assertEqual(list(table.rows()), rows)
        table = self.found(
            file, header_rows=0, header_row=4, max_rows=1, columns=("Column_2", "Column_0")
        )
        self.assertTable(table, "Column_2 Column_0", [1481.4, "Болт"])

    def test_types(self) -> None:
        """Numbers become the texts that they show; texts what is wanted."""
        file = workbook([["a", "b"], [7, "5"], [None, "x"]])
        self.assertTable(self.found(file, types={"a": "String"}), "a b", ["7", "5"], [None, "x"])
        error = self.assertRaises(DataCodeError, self.found, file, types="Number")
        self.assertEqual(error.text, "'x' in row 2 of column 'b' is no Number")

    def test_identifiers(self) -> None:
        """Texts that would not come back as numbers keep their column text."""
        file = workbook([["a"], ["40702810900000012345"], ["5"]])
        self.assertTable(self.found(file, thousands=" "), "a", ["40702810900000012345"], ["5"])
        file = workbook([["a", "b"], [" 9F3C ", "9F3C"], ["5", "1,5"]])
        self.assertTable(self.found(file, decimal=","), "a b", ["9F3C", "9F3C"], ["5", 1.5])
        file = workbook([["a", "b"], ["0012", "00,5"], ["13", "1,5"]])
        self.assertTable(self.found(file, decimal=","), "a b", ["0012", 0.5], ["13", 1.5])

    def test_nothing_there(self) -> None:
        """Fewer rows than the header takes."""
        error = self.assertRaises(DataCodeError, self.found, workbook([["a"]]), header_rows=2)
        self.assertIn("fewer than 2 rows", error.text)


class AutoTests(ReadArgumentsTestCase):
    """What is found out, and said."""

    def assertFound(self, content: bytes, arguments: str, **options: Any) -> Table:
        """What was taken, as arguments, and the table."""
        warned: list[str] = []
        table = read_csv(
            io.BytesIO(content),
            ReadOptions(find=EVERYTHING, **options),
            lambda message: warned.append(str(message)),
        )
        self.assertEqual(warned, [f"Read with {arguments}"])
        return table

    def test_report(self) -> None:
        """Encoding, delimiter, decimal, thousands, header and footer of an export."""
        table = self.assertFound(
            REPORT.encode("cp1251"),
            'delimiter=";", encoding="cp1251", decimal=",", thousands=" ", header_row=2, '
            "header_rows=2, skip_footer=2",
        )
        self.assertEqual(table.names, ("Товар", "Сумма / без НДС", "Сумма / с НДС", "Дата"))
        self.assertEqual(len(table), 3)

    def test_plain_files(self) -> None:
        """A file as it should be is read as it is."""
        self.assertTable(
            self.assertFound(b"id,name\n1,a\n2,b\n", 'encoding="utf-8"'),
            "id name",
            [1.0, "a"],
            [2.0, "b"],
        )

    def test_encodings(self) -> None:
        """Russian in the three encodings that it comes in, and UTF-16."""
        text = "Имя;Город;Сумма\nИванов Пётр;Москва;5\nСидорова Анна;Тверь;6\n"
        for encoding in ("cp1251", "cp866", "koi8-r", "utf-16", "utf-8"):
            table = self.assertFound(text.encode(encoding), f'delimiter=";", encoding="{encoding}"')
            self.assertEqual(table.row(0), ["Иванов Пётр", "Москва", 5.0])

    def test_given_arguments_count(self) -> None:
        """Numbers in the American way, tabs, and rows with delimiters at their ends."""
        table = self.assertFound(
            b"a\tb\n1,234.50\tx\t\n5.00\ty\t\n",
            'delimiter="\\t", encoding="utf-8", thousands=",", ragged="pad"',
        )
        self.assertTable(table, "a b", [1234.5, "x"], [5.0, "y"])
