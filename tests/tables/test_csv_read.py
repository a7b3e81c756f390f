"""Reading CSV (tables and files reference, 2.3): the rule, the errors, and the fast way."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from datacode.errors import DataCodeError
from datacode.i18n.message import Message
from datacode.tables.csv import read as module
from datacode.tables.csv.read import read_csv
from datacode.tables.csv.records import records
from datacode.tables.read_options import ReadOptions, unheard
from datacode.values.table import Table
from tests.tables.making import TableTestCase, contents, quickly

QUOTED = st.text('a ,"\n;1é', max_size=5)
PLAIN = st.sampled_from(["1", "2.5", "a", "b c", " x", "", "yes", "na", "$5", "я", "é", "\u00a07"])
FIELDS = st.one_of(PLAIN, QUOTED)
BOOLS = st.sampled_from(
    [
        *("true", "FALSE", "tRuE", "", "true", "false"),
        *("yes", " true", "0", "t", "na", "true\u00a0"),
    ]
)


def read(content: str | bytes, **options: Any) -> Table:
    """Read a file in memory."""
    warn = options.pop("warn", unheard)
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    return read_csv(stream, ReadOptions(**options), warn)


def written(rows: list[list[str]], line_end: str = "\n", **options: Any) -> str:
    """Rows as Python's own module writes them."""
    target = io.StringIO(newline="")
    csv.writer(target, lineterminator=line_end, **options).writerows(rows)
    return target.getvalue()


class CsvTestCase(TableTestCase):
    """Reads files both ways."""

    def slowly(self, content: str | bytes, **options: Any) -> Table:
        """Read record by record."""
        return self.with_limit(1 << 60, lambda: read(content, **options))

    def fast(self, content: str | bytes, **options: Any) -> Table:
        """Read through Polars where that is possible."""
        return self.with_limit(0, lambda: read(content, **options))

    def with_limit(self, small: int, work: Callable[[], Table]) -> Table:
        """Do something with another limit for small files."""
        before = module.SMALL
        module.SMALL = small
        try:
            return work()
        finally:
            module.SMALL = before

    def failure(self, content: str | bytes, **options: Any) -> str:
        """The error, which is the same on both ways."""
        slow = self.assertRaises(DataCodeError, self.slowly, content, **options)
        fast = self.assertRaises(DataCodeError, self.fast, content, **options)
        self.assertEqual(str(slow), str(fast))
        return slow.text

    def assertBoth(
        self, content: str | bytes, names: str, *rows: list[Any], **options: Any
    ) -> None:
        """Both ways give this table."""
        for way in (self.slowly, self.fast):
            self.assertTable(way(content, **options), names, *rows)


class RecordTests(TableTestCase):
    """Cutting a text into records."""

    def cells(self, text: str, delimiter: str = ",") -> list[list[str]]:
        """The cells of every record."""
        return [record.cells for record in records(text, delimiter)]

    def test_line_ends(self) -> None:
        """LF, CRLF and CR end a record; the last one needs no end."""
        self.assertEqual(self.cells("a\nb\r\nc\rd"), [["a"], ["b"], ["c"], ["d"]])

    def test_quotes(self) -> None:
        """Quoted cells hold delimiters, line ends and doubled quotes."""
        self.assertEqual(self.cells('"a,b","c\nd","e""f",""'), [["a,b", "c\nd", 'e"f', ""]])

    def test_odd_quotes(self) -> None:
        """A quote inside is ordinary; what follows a closing quote is appended."""
        self.assertEqual(self.cells('a"b,"1" ,2\n'), [['a"b', "1 ", "2"]])
        self.assertEqual(self.cells('"a"b"c,d'), [['ab"c', "d"]])
        self.assertEqual(self.cells('a"b"c\n'), [['a"b"c']])

    def test_blank_lines(self) -> None:
        """Lines of white space are no records, unless the white space is quoted."""
        self.assertEqual(self.cells('\n \na,b\n\t\n\n"",""\n'), [["a", "b"], ["", ""]])
        self.assertEqual(self.cells("a\tb\n\t\n \n", "\t"), [["a", "b"], ["", ""]])

    def test_places(self) -> None:
        """Records know where they start, quoted line ends counted."""
        found = [(r.start, r.line) for r in records('a,"b\nc\r\nd"\n\nx,y\r\nz,z')]
        self.assertEqual(found, [(0, 1), (12, 5), (17, 6)])

    @quickly
    @given(st.lists(st.lists(FIELDS, min_size=1, max_size=4), max_size=5))
    def test_what_python_writes(self, rows: list[list[str]]) -> None:
        """Files written by Python's module are read back, cell for cell."""
        text = written(rows, quoting=csv.QUOTE_ALL)
        self.assertEqual(self.cells(text), rows)


class ReadTests(CsvTestCase):
    """Whole files."""

    def test_table(self) -> None:
        """Names and cells are trimmed, cells typed."""
        self.assertBoth(" a ,b\n 1 , x \n2,\n", "a b", [1.0, "x"], [2.0, None])

    def test_byte_order_mark(self) -> None:
        """A mark at the start is no part of the first name."""
        self.assertBoth(b"\xef\xbb\xbfa,b\n1,2\n", "a b", [1.0, 2.0])

    def test_header_row(self) -> None:
        """Records above the header may have any width and count without blank lines."""
        self.assertBoth("Report\n\n1,2,3\na,b\n5,6\n", "a b", [5.0, 6.0], header_row=2)

    def test_no_rows(self) -> None:
        """A header without records makes an empty table."""
        self.assertBoth("a,b", "a b")
        self.assertBoth("a,b\n\n", "a b")

    def test_one_column(self) -> None:
        """In a file of one column a blank line is no empty cell, two quotes are."""
        self.assertBoth('a\n1\n\n""\n  \n2\n', "a", [1.0], [None], [2.0])
        self.assertBoth("a\n1\n\n2\n", "a", [1.0], [2.0])

    def test_delimiter_and_decimal(self) -> None:
        """Other delimiters, and numbers with a comma."""
        self.assertBoth("a;b\n1,5;x\n", "a b", [1.5, "x"], delimiter=";", decimal=",")
        self.assertBoth("a\tb\n\t\n1\t2\n", "a b", [None, None], [1.0, 2.0], delimiter="\t")
        self.assertBoth("a b\r\n \r\n1 2\r\n", "a b", [None, None], [1.0, 2.0], delimiter=" ")
        self.assertBoth("a→b\n1→2\n", "a b", [1.0, 2.0], delimiter="→")

    def test_encodings(self) -> None:
        """Files in other character sets, under several names."""
        for encoding, codec in (
            ("cp1251", "cp1251"),
            ("Windows-1251", "cp1251"),
            ("utf-16", "utf-16"),
        ):
            content = "имя,n\nМира,1\n".encode(codec)
            self.assertBoth(content, "имя n", ["Мира", 1.0], encoding=encoding)

    def test_file_on_disk(self) -> None:
        """A file on disk is read where it is, wherever it was left."""
        path = Path(self.mktemp())
        path.write_text("a,b\n" + "1,x\n" * 5)
        for small in (0, 1 << 60):
            with path.open("rb") as file:
                file.read(3)
                table = self.with_limit(small, lambda file=file: read_csv(file))  # type: ignore[misc]
            self.assertTable(table, "a b", *[[1.0, "x"]] * 5)

    def test_pipe(self) -> None:
        """A file that cannot be searched in is read as well."""

        class Pipe(io.BytesIO):
            def seekable(self) -> bool:
                return False

        self.assertTable(read_csv(Pipe(b"a\n1\n")), "a", [1.0])


class SameTests(CsvTestCase):
    """Both ways give the same table or the same error."""

    def assertSame(self, content: str, **options: Any) -> None:
        """What one way makes of a file the other does, too."""
        found = []
        for way in (self.slowly, self.fast):
            try:
                found.append(contents(way(content, **options)))
            except DataCodeError as error:
                found.append(error.text)  # type: ignore[arg-type]
        self.assertEqual(*found)

    @quickly
    @given(
        st.lists(st.lists(FIELDS, min_size=3, max_size=3), max_size=6),
        st.sampled_from(["\n", "\r\n", "\r"]),
        st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    )
    def test_regular_files(self, rows: list[list[str]], line_end: str, quoting: int) -> None:
        """Files as they should be."""
        self.assertSame(written([["a", "b", "c"], *rows], line_end, quoting=quoting))

    @quickly
    @given(
        st.lists(st.lists(FIELDS, min_size=1, max_size=3), max_size=8),
        st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    )
    def test_uneven_files(self, rows: list[list[str]], quoting: int) -> None:
        """Files with records of all widths."""
        self.assertSame(written([["a", "b"], *rows], quoting=quoting))

    @quickly
    @given(
        st.lists(st.tuples(BOOLS, BOOLS, FIELDS), max_size=6),
        st.sampled_from(["\n", "\r\n"]),
        st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    )
    def test_bools(self, rows: list[tuple[str, ...]], line_end: str, quoting: int) -> None:
        """A column that begins with bools may hold anything."""
        head = [["true", "False", "x"]] * module._SAMPLE
        for start in (head[:2], head):
            rest = [list(row) for row in rows]
            self.assertSame(written([["a", "b", "c"], *start, *rest], line_end, quoting=quoting))

    def test_kinds_of_columns(self) -> None:
        """Columns are typed where they can be, whichever way they were read."""
        table = self.fast("a,b,c,d\n" + "1,true,x,yes\n2.5,FALSE,,no\n,,y,\n" * 100)
        kinds = [str(column.stored_series().dtype) for column in table.columns]  # type: ignore[union-attr]
        self.assertEqual(kinds, ["Float64", "Boolean", "String", "Boolean"])
        self.assertEqual(table.row(1), [2.5, False, None, False])

    @quickly
    @given(st.text(' \n\r\t,"a1;é', max_size=30))
    def test_any_text(self, text: str) -> None:
        """Anything at all below a header, or as a whole file."""
        self.assertSame("a,b\n" + text)
        self.assertSame("a\n" + text)
        self.assertSame(text)
        self.assertSame(text, delimiter=";")

    def test_mark_below_the_header(self) -> None:
        """A byte order mark that begins a cell belongs to it, also in the first row."""
        for content in ("a,b\n\ufeff,1\n\ufeff,2\n", "a,b\r\n\ufeffx,y\r\n", "\ufeffa\n\ufeffb\n"):
            self.assertSame(content)

    def test_fast_way_is_taken(self) -> None:
        """Regular files, quotes, other line ends and blank lines do go through Polars."""

        def refuse(*_: Any) -> Table:
            raise AssertionError("read record by record")

        self.patch(module._RecordReader, "table", refuse)
        for content in (
            "a,b\n1,2\n3,4",
            "a,b\r\n1,2\r\n",
            "a,b\r1,2\r",
            'a,b\n"x,1","y""z"\n"p\nq",\n',
            "a,b\n\n1,2\n\n\n3,4\n\n",
            "a\n1\n\n2\n",
        ):
            self.assertIsInstance(self.fast(content), Table)


class ErrorTests(CsvTestCase):
    """What is wrong, and where."""

    def test_empty(self) -> None:
        """Nothing, or nothing but blank lines."""
        self.assertEqual(self.failure(""), "Empty CSV file")
        self.assertEqual(self.failure("\n \n"), "Empty CSV file")

    def test_too_few_records(self) -> None:
        """The header lies behind the end."""
        expected = "File has fewer than 3 rows (header_row = 2)"
        self.assertEqual(self.failure("a\n1\n", header_row=2), expected)

    def test_widths(self) -> None:
        """A record is named by its number, line and byte, blank lines and quotes counted."""
        self.assertEqual(
            self.failure('é,b\n"x\ny",2\n\n1,2,3\n'),
            "Failed to read row 3: CSV error: record 2 (line: 5, byte: 14): "
            "found record with 3 fields, but the previous record has 2 fields",
        )

    def test_bytes_that_are_no_text(self) -> None:
        """The first bad byte is named by record, line, field and place."""
        self.assertEqual(
            self.failure(b"a,b\n1,2\nx,yz\xff\n"),
            "Failed to read row 3: CSV parse error: record 2 (line 3, field: 1, byte: 8): "
            "invalid utf-8: invalid UTF-8 in field 1 near byte index 2",
        )

    def test_first_error_is_told(self) -> None:
        """Of several faults the first in the file is told."""
        self.assertIn("Failed to read row 2: CSV error", self.failure(b"a,b\n1\n\xff,2\n"))
        self.assertIn("Failed to read row 2: CSV parse", self.failure(b"a,b\n\xff,2\n1\n"))

    def test_semicolons(self) -> None:
        """Who meant another delimiter is told."""
        self.assertTrue(
            self.failure("a;b\n1,5;x\n").endswith(
                "The file looks as if ';' separated its cells: try delimiter=\";\""
            )
        )
        warnings: list[Message] = []
        read("a;b\n1;2\n", warn=warnings.append)
        read("a;b\n1\n", warn=warnings.append)
        read("a,b\n1;2,3\n", warn=warnings.append)
        self.assertEqual([message.code for message in warnings], ["semicolons_separate"])

    def test_cyrillic(self) -> None:
        """Who has a file in CP1251 is told."""
        failure = self.failure("Имя,Город\nМира,Осло\n".encode("cp1251"))
        self.assertTrue(
            failure.endswith(
                "near byte index 0. The file looks as if it were encoded in CP1251: "
                'try encoding="cp1251"'
            )
        )
        self.assertIn("Failed to read header row", failure)
        self.assertNotIn("CP1251", self.failure("é,ü,ß,ö\n".encode("latin-1")))

    def test_utf_16(self) -> None:
        """And who has one in UTF-16."""
        content = "Имя,Город\nМира,Осло\n".encode("utf-16")
        failure = self.failure(content)
        self.assertTrue(failure.endswith('encoded in UTF-16: try encoding="utf-16"'), failure)
        self.assertBoth(content, "Имя Город", ["Мира", "Осло"], encoding="utf-16")

    def test_options(self) -> None:
        """Delimiters, decimals and encodings that cannot be."""
        self.assertIn("delimiter must be one character", self.failure("a", delimiter=";;"))
        self.assertIn("decimal must be", self.failure("a", decimal=";"))
        self.assertIn(
            "Unknown encoding 'zlib'. Known are: utf-8", self.failure("a", encoding="zlib")
        )
        self.assertIn("is not in the encoding sjis", self.failure(b"\xff", encoding="sjis"))
