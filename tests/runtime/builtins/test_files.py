"""Reading and writing files (tables and files reference, 2 and 4.1)."""

from __future__ import annotations

import errno
import io
import tracemalloc

import openpyxl

from datacode.errors import DataCodeError
from datacode.values.table import Table
from datacode.values.types import Path
from tests.runtime.builtins.calling import BuiltinTestCase

MISSING = "No such file or directory (os error 2)"


def rows(table: Table) -> list[list[object]]:
    """The names and the cells."""
    return [list(table.names), *table.rows()]


class TextFileTests(BuiltinTestCase):
    def test_as_it_is(self) -> None:
        """Line ends stay, a byte order mark does not; what 1.x passed over is warned about."""
        self.files.contents["A.TXT"] = "\ufeff ж\r\n".encode()
        self.assertGives(" ж\r\n", "read_file", "A.TXT")
        self.assertGives(" ж\r\n", "read_file", Path("A.TXT"), 3, "x", header=["a"])
        self.assertEqual([each.code for each in self.warnings], ["argument_left_aside"] * 3)

    def test_encodings(self) -> None:
        """UTF-8 only, unless another is named."""
        self.files.contents["a.txt"] = "привет".encode("cp1251")
        self.assertEqual(
            self.failure("read_file", "a.txt"),
            "Runtime Error: Failed to read file: stream did not contain valid UTF-8",
        )
        self.assertGives("привет", "read_file", "a.txt", encoding="Windows-1251")
        self.files.contents["odd.txt"] = b"odd"
        self.assertEqual(
            self.failure("read_file", "odd.txt", encoding="utf-16-le"),
            "Runtime Error: Failed to read file: the content is not text in utf-16-le",
        )

    def test_failures(self) -> None:
        """Each way of reading begins its errors differently."""
        self.files.broken["no.txt"] = errno.EACCES
        self.files.refused.add("secret.txt")
        for path, error in [
            ("none.txt", f"Failed to read file: {MISSING}: 'none.txt'"),
            ("none.csv", f"Failed to read CSV: {MISSING}: 'none.csv'"),
            ("none.xlsx", f"Failed to open xlsx: I/O error: {MISSING}: 'none.xlsx'"),
            ("no.txt", "Failed to read file: Permission denied (os error 13)"),
            ("a\0b.txt", "Failed to read file: Invalid argument (os error 22)"),
            ("secret.txt", "'secret.txt' is out of bounds"),
            ("a.DAT", "Unsupported file extension: dat"),
            (".csv", "Unsupported file extension: "),
        ]:
            self.assertEqual(self.failure("read_file", path), f"Runtime Error: {error}")
        self.assertEqual(self.failure("read_file", 5), "Type Error: expected Path, found other")

    def test_nothing_is_opened_for_wrong_arguments(self) -> None:
        """Arguments are checked first."""
        self.files.contents["a.csv"] = b"x\n1"
        for named in (
            {"header_row": "1"},
            {"sheet_name": 5},
            {"header": []},
            {"delimiter": ",,"},
            {"encoding": "rot13"},
            {"decimal": ";"},
        ):
            self.assertRaises(DataCodeError, self.call, "read_file", "a.csv", **named)
        self.assertEqual(self.files.opened, [])


class ArgumentTests(BuiltinTestCase):
    def test_positions(self) -> None:
        """A header row, a sheet's name, or both in this order."""
        wrong = "Second argument must be either a number (header_row) or a string (sheet_name)"
        self.assertEqual(self.failure("read_file", "a.csv", True), f"Runtime Error: {wrong}")
        both = "Expected (path, header_row: Number, sheet_name: String)"
        self.assertEqual(self.failure("read_file", "a.csv", "s", 0), f"Runtime Error: {both}")
        for row in (-1, 0.5):
            self.assertEqual(
                self.failure("read_file", "a.csv", row),
                "Runtime Error: header_row must be a non-negative integer",
            )

    def test_names_win_over_positions(self) -> None:
        """The row by name counts."""
        self.files.contents["a.csv"] = b"a\nb\n1"
        self.assertEqual(rows(self.call("read_file", "a.csv", 0, header_row=1)), [["b"], [1.0]])

    def test_counts(self) -> None:
        """Named arguments do not stand for the path."""
        self.assertEqual(
            self.failure("read_file", header_row=1),
            "Runtime Error: read_file expects 1-3 arguments, got 0",
        )
        self.assertEqual(
            self.failure("read_file"),
            "Runtime Error: Function 'read_file' expects 1-3 arguments, got 0",
        )
        self.assertEqual(
            self.failure("read_file", "a", 1, "s", 2),
            "Runtime Error: Function 'read_file' expects 1-3 arguments, got 4",
        )
        self.assertEqual(
            self.failure("read_file", "a.csv", colour=1),
            "Runtime Error: Unknown named argument 'colour' for read_file",
        )

    def test_separators(self) -> None:
        """One character each; a backslash and a t are a tab."""
        self.files.contents["a.csv"] = b"a\tb\n1,5\t2"
        self.assertEqual(
            rows(self.call("read_file", "a.csv", delimiter="\\t", decimal=",")),
            [["a", "b"], [1.5, 2.0]],
        )
        self.assertIn("decimal must be", self.failure("read_file", "a.csv", decimal=" "))
        self.assertIn("delimiter must be", self.failure("read_file", "a.csv", delimiter='"'))
        self.assertIn(
            "cannot both be", self.failure("read_file", "a.csv", delimiter=".", decimal=".")
        )

    def test_comma_for_both(self) -> None:
        """A comma separates cells and stands in numbers, which are in quotes then."""
        self.files.contents["a.csv"] = b'a,b\n"1234,5",x\n2,y'
        expected = [["a", "b"], [1234.5, "x"], [2.0, "y"]]
        self.assertEqual(rows(self.call("read_file", "a.csv", decimal=",")), expected)
        self.assertEqual(rows(self.call("read_file", "a.csv", auto=True)), expected)
        self.files.contents["a.csv"] = b'a,b\n"1,234.5",x\n2,y'
        self.assertEqual(rows(self.call("read_file", "a.csv", thousands=",")), expected)


class TableFileTests(BuiltinTestCase):
    def test_csv(self) -> None:
        """Columns can be chosen and renamed; whatever the extension for ``read_csv_safe``."""
        self.files.contents["a.csv"] = self.files.contents["a.dat"] = b"a,b\n1,x"
        self.assertEqual(rows(self.call("read_file", "a.csv")), [["a", "b"], [1.0, "x"]])
        self.assertEqual(rows(self.call("read_file", "a.csv", header=["b"])), [["b"], ["x"]])
        self.assertEqual(
            rows(self.call("read_file", "a.csv", header={"a": "n", "b": None})),
            [["n", "b"], [1.0, "x"]],
        )
        self.assertEqual(rows(self.call("read_csv_safe", Path("a.dat"))), [["a", "b"], [1.0, "x"]])
        self.assertIn("• b (String)", self.call("analyze_csv", "a.dat"))
        self.assertEqual(self.host.take_output(), "")

    def test_xlsx(self) -> None:
        """The sheet by name."""
        book = openpyxl.Workbook()
        book.create_sheet("second").append(["n"])
        book["second"].append([2])
        content = io.BytesIO()
        book.save(content)
        self.files.contents["b.XLSX"] = content.getvalue()
        self.assertEqual(rows(self.call("read_file", "b.XLSX", "second")), [["n"], [2.0]])

    def test_xlsx_beyond_memory(self) -> None:
        """A sheet that a session's memory would not hold is refused, not tried."""
        book = openpyxl.Workbook()
        book.active["A1"], book.active["Z10000"] = "n", 2
        content = io.BytesIO()
        book.save(content)
        self.files.contents["b.xlsx"] = content.getvalue()
        self.assertEqual(len(self.call("read_file", "b.xlsx")), 9999)
        self.host.memory_limit = 8 << 20
        error = self.assertRaises(DataCodeError, self.call, "read_file", "b.xlsx")
        self.assertIn("the sheet is too large (10000 rows by 26 columns", str(error))

    def test_text_beyond_memory(self) -> None:
        """A table whose text would not fit is refused while it is made, cells shared or not."""
        long = ["x" * 1_000_000]
        table = Table.from_rows(["a"], [long] * 1000)
        self.host.memory_limit = 8 << 20
        for call in (("write_file", "t.csv", table), ("to_csv", table)):
            tracemalloc.start()
            self.addCleanup(tracemalloc.stop)
            error = self.assertRaises(DataCodeError, self.call, *call)
            self.assertEqual(error.message.code, "value_too_large")
            self.assertLess(tracemalloc.get_traced_memory()[1], 64 << 20)
            tracemalloc.stop()


class ShareFileTests(BuiltinTestCase):
    """Files of a share are read by their bytes, and more leniently."""

    def put(self, name: str, content: bytes) -> str:
        self.files.contents[f"lib://s/{name}"] = content
        return f"lib://s/{name}"

    def test_unknown_extensions_are_text(self) -> None:
        """If they are UTF-8."""
        self.assertGives("{}", "read_file", self.put("a.json", b"\xef\xbb\xbf{}"))
        self.assertGives("x", "read_file", self.put("noext", b"x"))
        self.assertGives("[1]", "read_file", self.put("a.jsonl", b"[1]"))
        self.assertEqual(
            rows(self.call("read_file", self.put("b.json", b'[{"a": 1}]'))), [["a"], [1.0]]
        )
        self.assertEqual(
            self.failure("read_file", self.put("a.BIN", b"\xff\xfe")),
            "Runtime Error: Unsupported file extension: bin. Cannot read binary file.",
        )

    def test_windows_text(self) -> None:
        """What is not UTF-8 is Windows-1251, in texts and CSV."""
        self.assertGives("мир", "read_file", self.put("a.txt", "мир".encode("cp1251")))
        table = self.call("read_file", self.put("a.csv", "имя\nОля".encode("cp1251")))
        self.assertEqual(rows(table), [["имя"], ["Оля"]])
        table = self.call("read_file", self.put("b.csv", "имя\nОля".encode()))
        self.assertEqual(rows(table), [["имя"], ["Оля"]])
        failure = self.failure("read_file", self.put("b.txt", b"\xff\x98"))
        self.assertIn("Failed to decode file content: ", failure)


class WriteTests(BuiltinTestCase):
    def test_text(self) -> None:
        """Exactly the text, in UTF-8 or the encoding that is named."""
        self.assertGives(None, "write_file", "a.txt", "ж\n")
        self.assertEqual(self.files.contents["a.txt"], "ж\n".encode())
        self.call("write_file", Path("b.csv"), "ж", encoding="cp1251")
        self.assertEqual(self.files.contents["b.csv"], b"\xe6")
        self.assertEqual(
            self.failure("write_file", "c.txt", "ж€😀", encoding="cp1251"),
            "Runtime Error: Failed to write file: cp1251 has no character '😀'",
        )

    def test_tables(self) -> None:
        """As CSV or XLSX, and read back the same."""
        table = Table.from_rows(["имя", "n"], [["a;b", 1.5], ["", None]])
        self.call("write_file", "t.csv", table, delimiter=";", decimal=",")
        again = self.call("read_file", "t.csv", delimiter=";", decimal=",")
        self.assertEqual(rows(again), [["имя", "n"], ["a;b", 1.5], [None, None]])
        self.call("write_file", "t.xlsx", table)
        self.assertEqual(rows(self.call("read_file", "t.xlsx"))[:2], [["имя", "n"], ["a;b", 1.5]])
        self.assertEqual(
            self.failure("write_file", "t.txt", table),
            "Runtime Error: A table can be written to a file of the extensions csv, tsv, xlsx, "
            "json, jsonl, ndjson, parquet, arrow, feather, not to 't.txt'",
        )

    def test_csv_for_excel(self) -> None:
        """One argument is the delimiter, the decimal comma and the mark; others still count."""
        table = Table.from_rows(["имя", "n"], [["a", 1.5]])
        self.call("write_file", "t.csv", table, excel="ru")
        self.assertEqual(self.files.contents["t.csv"], "\ufeffимя;n\na;1,5\n".encode())
        self.call("write_file", "t.csv", table, excel="ru", delimiter="\t", encoding="cp1251")
        self.assertEqual(self.files.contents["t.csv"], "имя\tn\na\t1,5\n".encode("cp1251"))
        for named in ({"excel": "fr"}, {"excel": True}):
            self.assertIn("excel must be", self.failure("write_file", "t.csv", table, **named))
        self.assertIn("for CSV", self.failure("write_file", "t.xlsx", table, excel="ru"))

    def test_mark(self) -> None:
        """``utf-8-sig`` is written with the mark, and read without it."""
        self.call("write_file", "t.txt", "ж", encoding="UTF-8-SIG")
        self.assertEqual(self.files.contents["t.txt"], b"\xef\xbb\xbf\xd0\xb6")
        self.assertGives("ж", "read_file", "t.txt", encoding="utf-8-sig")

    def test_records(self) -> None:
        """By the extension: tabs, records, columns."""
        table = Table.from_rows(["a", "b"], [[1.0, "x"]])
        for name, start in (
            ("t.tsv", b"a\tb\n1\tx\n"),
            ("t.json", b'[\n{"a":1,"b":"x"}\n]\n'),
            ("t.jsonl", b'{"a":1,"b":"x"}\n'),
            ("t.ndjson", b'{"a":1,"b":"x"}\n'),
            ("t.parquet", b"PAR1"),
            ("t.arrow", b"ARROW1"),
        ):
            self.call("write_file", name, table)
            self.assertTrue(self.files.contents[name].startswith(start), name)

    def test_sheets(self) -> None:
        """An object is a sheet for each table; more can be added to a book that is there."""
        one = Table.from_rows(["a"], [[1.0]])
        two = Table.from_rows(["b"], [["x"]])
        self.call("write_file", "t.xlsx", {"Итоги": one, "Данные": two})
        self.assertEqual(rows(self.call("read_file", "t.xlsx", "Данные")), [["b"], ["x"]])
        self.call("write_file", "t.xlsx", two, sheet="Ещё", append=True)
        self.call("write_file", "new.xlsx", {"N": one}, append=True, totals=True)
        book = openpyxl.load_workbook(io.BytesIO(self.files.contents["t.xlsx"]))
        self.assertEqual(book.sheetnames, ["Итоги", "Данные", "Ещё"])
        self.assertEqual(rows(self.call("read_file", "new.xlsx", "N")), [["a"], [1.0], [1.0]])

    def test_no_book_to_extend(self) -> None:
        """Sheets are added to XLSX only; what is there stays."""
        for content in (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, b"PAR1PAR1"):
            self.files.contents["t.xlsx"] = content
            table = Table.from_rows(["a"], [[1.0]])
            self.assertIn(
                "XLSX workbook only", self.failure("write_file", "t.xlsx", table, append=True)
            )
            self.assertEqual(self.files.contents["t.xlsx"], content)

    def test_wrong_arguments_for_books(self) -> None:
        """Each is named, and nothing is written."""
        table = Table.from_rows(["a"], [[1.0]])
        for path, content, named in (
            ("t.csv", table, {"formats": {"a": "0"}}),
            ("t.txt", "x", {"append": True}),
            ("t.xlsx", table, {"append": 1}),
            ("t.xlsx", table, {"sheet": 1}),
            ("t.xlsx", {"a": table}, {"sheet": "b"}),
            ("t.xlsx", {"a": 1}, {}),
            ("t.xlsx", {}, {}),
            ("t.xlsx", table, {"formats": ["a"]}),
            ("t.xlsx", table, {"formats": {"a": 1}}),
            ("t.xlsx", table, {"formats": {"b": "0"}}),
            ("t.xlsx", table, {"totals": {"a": "median"}}),
            ("t.xlsx", table, {"totals": [1]}),
            ("t.xlsx", table, {"totals": "a"}),
            ("t.xlsm", table, {}),
            ("t.json", {"a": table}, {}),
        ):
            self.assertRaises(DataCodeError, self.call, "write_file", path, content, **named)
        self.assertEqual(self.files.contents, {})

    def test_failures(self) -> None:
        """Wrong kinds, and what the disk says."""
        self.assertEqual(
            self.failure("write_file", 5, "x"), "Type Error: expected Path or String, found other"
        )
        self.assertEqual(
            self.failure("write_file", "a.txt", 5), "Type Error: expected String, found other"
        )
        self.assertEqual(
            self.failure("write_file", "a.txt"),
            "Runtime Error: Function 'write_file' expects 2-2 arguments, got 1",
        )
        self.files.broken["full.txt"] = errno.ENOSPC
        self.assertEqual(
            self.failure("write_file", "full.txt", "x"),
            "Runtime Error: Failed to write file: No space left on device (os error 28)",
        )
