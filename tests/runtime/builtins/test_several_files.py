"""Reading several files into one table (tables and files reference, 2.9)."""

from __future__ import annotations

from datacode.i18n.message import Message
from datacode.values.types import Path
from tests.runtime.builtins.calling import BuiltinTestCase


class ReadFilesTests(BuiltinTestCase):
    """``read_files``."""

    def setUp(self) -> None:
        """Three files, one of which has other columns."""
        super().setUp()
        self.warned: list[Message] = []
        self.host.on_warning = self.warned.append
        self.files.contents |= {
            "in/a.csv": b"x;y\n1;a\n",
            "in/b.csv": b"x;y\n2;b\n",
            "in/c.csv": b"x;z\n3;c\n",
            "out/a.csv": b"x;y\n4;d\n",
            "note.txt": b"text",
        }

    def read(self, paths: object, **named: object) -> list[list[object]]:
        """The names and the rows."""
        table = self.call("read_files", paths, delimiter=";", **named)
        return [list(table.names), *table.rows()]

    def test_patterns_and_arrays(self) -> None:
        """In the order of names or of the array, under a column of the files' names."""
        rows: list[list[object]] = [["a.csv", 1.0, "a"], ["b.csv", 2.0, "b"]]
        self.assertEqual(self.read("in/[ab].csv"), [["file", "x", "y"], *rows])
        self.assertEqual(
            self.read([Path("in/b.csv"), "in/a.csv"], file_column="f"),
            [["f", "x", "y"], rows[1], rows[0]],
        )
        self.assertEqual(self.read("in/a.csv"), [["file", "x", "y"], rows[0]])
        self.assertEqual(self.warned, [])

    def test_same_names(self) -> None:
        """Files of one name in two folders are told apart."""
        found = self.read(["in/a.csv", "out/a.csv"])
        self.assertEqual([row[0] for row in found[1:]], ["in/a.csv", "out/a.csv"])

    def test_other_columns(self) -> None:
        """No column is lost, and who lacks one is told of."""
        found = self.read("in/*.csv")
        self.assertEqual(found[0], ["file", "x", "y", "z"])
        self.assertEqual(found[3], ["c.csv", 3.0, None, "c"])
        self.assertEqual(
            [message.code for message in self.warned], ["files_lack_columns", "file_lacks_columns"]
        )

    def test_arguments(self) -> None:
        """Those of ``read_file`` hold for every file."""
        found = self.read("in/[ab].csv", types={"x": "String"}, columns=["x"])
        self.assertEqual(found, [["file", "x"], ["a.csv", "1"], ["b.csv", "2"]])

    def test_failures(self) -> None:
        """The file is named."""
        for paths, error in (
            ("in/*.xlsx", "No file is named 'in/*.xlsx'"),
            ([], "No file is named '[]'"),
            (["note.txt"], "'note.txt' is a text, not a table"),
        ):
            self.assertEqual(self.failure("read_files", paths), f"Runtime Error: {error}")
        self.files.contents["in/d.csv"] = b"a,b\n1\n"
        self.assertIn("in/d.csv: Failed to read row 2", self.failure("read_files", "in/d*"))
        self.assertIn(
            "choose another file_column",
            self.failure("read_files", "in/a.csv", delimiter=";", file_column="x"),
        )
        self.files.contents["in/e.csv"] = b"x,x\n1,2\n"
        self.assertIn("has two columns 'x'", self.failure("read_files", "in/[ae].csv"))


class ReadArgumentTests(BuiltinTestCase):
    """What ``read_file`` refuses before it opens a file."""

    def test_conflicts(self) -> None:
        """Arguments that contradict each other."""
        self.files.contents["a.csv"] = b"x\n1"
        for named, words in (
            ({"columns": ["x"], "header": ["x"]}, "give columns or header, not both"),
            ({"header": False, "header_rows": 2}, "give header=false or header_rows, not both"),
            ({"header": False, "header_row": 1}, "give header=false or header_row, not both"),
            ({"sheet": 1, "sheet_name": "x"}, "give sheet or sheet_name, not both"),
            ({"decimal": ".", "thousands": "."}, "decimal and thousands cannot both be '.'"),
            ({"delimiter": " ", "thousands": " "}, "delimiter and thousands cannot both be ' '"),
        ):
            self.assertIn(words, self.failure("read_file", "a.csv", **named))
        self.assertEqual(self.files.opened, [])

    def test_wrong_values(self) -> None:
        """Each argument says what it takes."""
        self.files.contents["a.csv"] = b"x\n1"
        for named in (
            {"header_rows": 1.5},
            {"header_rows": 1000},
            {"skip_footer": -1},
            {"max_rows": "5"},
            {"until": " "},
            {"until": 5},
            {"ragged": "fill"},
            {"columns": []},
            {"columns": [5]},
            {"nulls": 5},
            {"range": "H4:B1"},
            {"types": "Numbr"},
            {"types": {"x": 5}},
            {"dates": "DD.MM"},
            {"dates": "DD.MM.YYYY DD"},
            {"sheet": 0},
            {"fill_merged": 1},
            {"auto": "yes"},
            {"thousands": "ab"},
            {"thousands": "5"},
        ):
            ((name, _),) = named.items()
            words = self.failure("read_file", "a.csv", **named)
            self.assertTrue(name in words or "picture of a date" in words, words)
        self.assertEqual(self.files.opened, [])

    def test_headers(self) -> None:
        """A bool says whether there are names; an array and an object choose columns."""
        self.files.contents["a.csv"] = b"x,y\n1,2"
        for header, names in (
            (True, ("x", "y")),
            (False, ("Column_0", "Column_1")),
            (["y"], ("y",)),
            ({"x": "z"}, ("z", "y")),
        ):
            self.assertEqual(self.call("read_file", "a.csv", header=header).names, names)
        self.assertEqual(
            self.call("read_file", "a.csv", delimiter="auto", encoding="auto").names, ("x", "y")
        )

    def test_huge_numbers(self) -> None:
        """Numbers of rows beyond all files."""
        self.files.contents["a.csv"] = b"x\n1"
        self.assertEqual(len(self.call("read_file", "a.csv", max_rows=1e300)), 1)
        self.assertEqual(len(self.call("read_file", "a.csv", skip_footer=1e300)), 0)
        self.assertIn("fewer than", self.failure("read_file", "a.csv", header_row=1e300))

    def test_texts(self) -> None:
        """The encoding of a text can be found out, too."""
        self.files.contents["a.txt"] = "Привет, мир, это текст".encode("cp1251")
        self.assertGives("Привет, мир, это текст", "read_file", "a.txt", encoding="auto")

    def test_records(self) -> None:
        """What is asked of cells and rows holds for files with columns of their own."""
        self.files.contents["a.json"] = b'[{"a": "1 5", "b": 7}, {"a": "1 234", "b": 8}]'
        table = self.call(
            "read_file", "a.json", thousands=" ", types={"b": "String"}, max_rows=1, columns=["b"]
        )
        self.assertEqual([list(table.names), *table.rows()], [["b"], ["7"]])
