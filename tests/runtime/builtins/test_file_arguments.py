"""No argument of reading or writing is passed over: formats by arguments (reference, 2.7, 2.9)."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from datacode.errors import DataCodeError
from datacode.runtime.builtins.registry import BUILTINS
from datacode.tables.file_arguments import FORMATS, READ, WRITE
from datacode.values.table import Table
from tests.runtime.builtins.calling import BuiltinTestCase
from tests.tables.making import table

BOOKS = Path(__file__).parents[2] / "tables" / "argument_files"

NAMES = ["код", "сумма", "день", "число", "группа", "цена"]
ROWS: list[list[Any]] = [
    ["0017", "1 200,5", "31.12.2025", 5, "А", "1 200"],
    ["-", "7,25", "1.12.2025", 6, None, "300"],
    ["Итого", "1 207,75", "2.12.2025", 7, "Б", "1 500"],
]


def delimited(delimiter: str) -> bytes:
    """The rows as a text; every cell in quotes."""
    rows = [NAMES, *ROWS]
    shown = [['"' + ("" if c is None else str(c)) + '"' for c in row] for row in rows]
    return "\n".join(map(delimiter.join, shown)).encode()


def records() -> list[dict[str, Any]]:
    """The rows as JSON has them."""
    return [dict(zip(NAMES, row, strict=True)) for row in ROWS]


def cells(found: Table) -> list[list[Any]]:
    """The cells of the columns."""
    return [list(column) for column in found.columns]


def in_polars(kind: str) -> bytes:
    """The rows as Polars writes them."""
    frame, target = pl.DataFrame(records()), io.BytesIO()
    if kind == "parquet":
        frame.write_parquet(target)
    else:
        frame.write_ipc(target)
    return target.getvalue()


FILES: dict[str, bytes] = {
    "csv": delimited(","),
    "tsv": delimited("\t"),
    "txt": delimited(","),
    **{kind: (BOOKS / f"report.{kind}").read_bytes() for kind in ("xlsx", "xlsb", "xls", "ods")},
    "json": json.dumps(records()).encode("utf-16"),
    "jsonl": "\n".join(map(json.dumps, records())).encode("utf-16"),
    "parquet": in_polars("parquet"),
    "arrow": in_polars("arrow"),
}
for _kind in ("json", "jsonl"):
    FILES[_kind] = FILES[_kind].decode("utf-16").encode()

GIVEN: dict[str, Any] = {
    "delimiter": ";",
    "encoding": "utf-16-le",
    "decimal": ",",
    "thousands": " ",
    "types": "String",
    "nulls": ["-"],
    "dates": "DD.MM.YYYY",
    "header": {"код": "code"},
    "header=false": False,
    "header_row": 1,
    "header_rows": 2,
    "skip_footer": 1,
    "until": "Итого",
    "max_rows": 1,
    "columns": ["день"],
    "range": "B1:C3",
    "sheet": "Ещё",
    "sheet_name": "Ещё",
    "fill_merged": True,
    "ragged": "skip",
    "text": True,
    "auto": True,
}
"""For every argument a value that shows in the result."""


class ReadArgumentTests(BuiltinTestCase):
    def outcome(self, function: str, path: str, **named: Any) -> Any:
        """A table's content, another result, or the error's code; and the warnings' codes."""
        self.warnings.clear()
        self.host.end_warnings()
        try:
            found = self.call(function, path, **named)
        except DataCodeError as error:
            return error.message.code, error.text
        content = [list(found.names), *map(list, found.rows())] if type(found) is Table else found
        return repr(content), sorted(each.code for each in self.warnings)

    def test_table_is_complete(self) -> None:
        """Every argument of the signature has its row, and every format its column."""
        keywords = {*BUILTINS["read_file"].parameters, "header=false"} - {"path"}
        self.assertEqual(set(READ), keywords)
        self.assertEqual(set(GIVEN), keywords)
        self.assertEqual(set(FILES), set(FORMATS))

    def test_all_pairs(self) -> None:
        """Each argument changes what is read, or the error names it and the format."""
        for kind, content in FILES.items():
            self.files.contents[f"a.{kind}"] = content
            self.files.contents[f"a.{kind}.gz"] = gzip.compress(content)
            for name, value in GIVEN.items():
                for path in (f"a.{kind}", f"a.{kind}.gz"):
                    self.pair(kind, path, name, value)

    def pair(self, kind: str, path: str, name: str, value: Any) -> None:
        where = f"{path}, {name}"
        named = {name.partition("=")[0]: value}
        if name == "ragged" and kind in READ[name]:
            self.files.contents[path] = FILES[kind] + b"\nx"
            if path.endswith("gz"):
                self.files.contents[path] = gzip.compress(FILES[kind] + b"\nx")
        plain = self.outcome("read_file", path)
        found = self.outcome("read_file", path, **named)
        if (kind, name) == ("txt", "text"):
            self.assertEqual(found, plain)
        elif kind in READ[name] or (kind == "txt" and name in ("delimiter", "auto")):
            self.assertNotEqual(found, plain, where)
            self.assertNotIn("meaning", found[0], where)
        elif name in {"txt": ["header_row", "sheet_name", "header"], "csv": ["sheet_name"]}.get(
            kind, []
        ):
            self.assertEqual(found, (plain[0], ["argument_left_aside", *plain[1]]), where)
        else:
            self.assertEqual(
                found[0],
                "argument_for_tables"
                if kind == "txt" and name not in ("sheet", "fill_merged")
                else "argument_without_meaning",
                where,
            )
            self.assertIn(name, found[1])
            self.assertIn(
                "text" if kind == "txt" and "text" in found[1] else FORMATS[kind], found[1]
            )

    def test_any_text(self) -> None:
        """A file of any extension, or none, is a text where the program says so."""
        self.files.contents.update(
            {"server.log": b"a,1\n", "conf": b"k: v", "a.csv": "б;1".encode("cp1251"), "b.gz": b"x"}
        )
        self.assertGives("a,1\n", "read_file", "server.log", text=True)
        self.assertGives("k: v", "read_file", "conf", text=True)
        self.assertGives("б;1", "read_file", "a.csv", text=True, encoding="cp1251")
        self.assertIn("UTF-8", self.failure("read_file", "a.csv", text=True))
        self.assertIn("extension: log", self.failure("read_file", "server.log", text=False))
        self.assertIn(
            "delimiter has no meaning", self.failure("read_file", "conf", text=True, delimiter=";")
        )

    def test_texts_with_delimiters(self) -> None:
        """Programs call tables ``.txt``, too: with a delimiter, or ``auto``, it is one."""
        self.files.contents["a.txt"] = "код;сумма\n1;2,5\n".encode("cp1251")
        found = self.call(
            "read_file", "a.txt", delimiter=";", encoding="cp1251", decimal=",", columns=["сумма"]
        )
        self.assertEqual(cells(found), [[2.5]])
        found = self.call("read_file", "a.txt", auto=True)
        self.assertEqual([*found.names, *found.rows()], ["код", "сумма", [1.0, 2.5]])

    def test_positions(self) -> None:
        """What 1.x passed over is warned about; other formats came later and refuse it."""
        self.files.contents["a.csv"] = b"a\n1"
        self.files.contents["a.json"] = b'[{"a": 1}]'
        self.assertEqual(len(self.call("read_file", "a.csv", 0, "Лист1")), 1)
        self.assertEqual([str(each) for each in self.warnings], [
            "sheet_name has no meaning for CSV and was left aside"
        ])  # fmt: skip
        self.assertIn("header_row has no meaning for JSON", self.failure("read_file", "a.json", 1))

    def test_several_files(self) -> None:
        """An argument must mean something for one of them at least."""
        self.files.contents["a.csv"] = b"x;y\n1;2"
        self.files.contents["b.json"] = b'[{"x": 3, "y": 4}]'
        found = self.call("read_files", ["a.csv", "b.json"], delimiter=";", max_rows=1)
        self.assertEqual(cells(found)[1:], [[1.0, 3.0], [2.0, 4.0]])
        error = self.failure("read_files", ["b.json", "a.csv"], sheet="x")
        self.assertIn("read_files: sheet has no meaning for JSON, only for XLSX", error)

    def test_many_files(self) -> None:
        """What is found out in each is said once for all in which it is the same."""
        for number in range(100):
            delimiter = ";" if number < 98 else "|"
            self.files.contents[f"in/{number:03}.csv"] = f"x{delimiter}y\n1{delimiter}2,5".encode()
        self.call("read_files", "in/*.csv", auto=True)
        self.assertEqual(
            [str(each) for each in self.warnings],
            [
                '000.csv and 97 more: Read with delimiter=";", encoding="utf-8", decimal=","',
                '098.csv and 1 more: Read with delimiter="|", encoding="utf-8", decimal=","',
            ],
        )
        self.warnings.clear()
        for number in range(100):
            self.files.contents[f"in/{number:03}.csv"] = f"x,y\n1 {number:03},a\n5,b".encode()
        self.call("read_files", "in/*.csv")
        self.assertEqual(len(self.warnings), 21)
        self.assertEqual(str(self.warnings[-1]), "80 more warnings about these are not shown")

    def test_sheets(self) -> None:
        """So is that of sheets."""
        self.call("write_file", "b.xlsx", {name: table("x y", [1.0], ["a"]) for name in "АБ"})
        self.call("read_file", "b.xlsx", sheet="*", auto=True)
        self.assertEqual([str(e) for e in self.warnings], ["А and 1 more: Read with header_row=0"])

    def test_merged_in_xlsb(self) -> None:
        """The areas of the binary format are known, too."""
        for kind in ("xlsx", "xlsb", "xls", "ods"):
            self.files.contents[f"a.{kind}"] = FILES[kind]
            found = self.call("read_file", f"a.{kind}", fill_merged=True)
            self.assertEqual(cells(found)[4], ["А", "А", "Б"], kind)

    def test_shares(self) -> None:
        """JSON that holds no records is a text there, unless a table is asked for."""
        self.files.contents["lib://s/a.json"] = b'{"a": 1}'
        self.files.contents["lib://s/a.log"] = b"a"
        self.assertEqual(self.call("read_file", "lib://s/a.json"), '{"a": 1}')
        self.assertIn("no array", self.failure("read_file", "lib://s/a.json", max_rows=1))
        self.assertEqual(self.call("read_file", "lib://s/a.log", encoding="cp1251"), "a")
        error = self.failure("read_file", "lib://s/a.log", max_rows=1)
        self.assertIn("max_rows has no meaning for files .log", error)


class WriteArgumentTests(BuiltinTestCase):
    given: ClassVar[dict[str, Any]] = {
        "delimiter": ";",
        "decimal": ",",
        "encoding": "cp1251",
        "excel": "ru",
        "sheet": "Май",
        "formats": {"день": "DD.MM.YYYY"},
        "totals": True,
        "append": True,
    }

    def test_all_pairs(self) -> None:
        """Each argument changes what is written, or the error names it and the format."""
        keywords = {*BUILTINS["write_file"].parameters} - {"path", "content"}
        self.assertEqual(set(self.given), keywords)
        self.assertEqual(set(WRITE), set(self.given))
        written = table("день сумма", ["2025-12-31"], [1.5])
        for kind in ("csv", "tsv", "xlsx", "json", "jsonl", "parquet", "arrow"):
            for name, value in self.given.items():
                path = f"a.{kind}"
                self.call("write_file", path, written)
                plain = self.files.contents[path]
                if name == "append":
                    value, written_again = True, {"Ещё": written}
                else:
                    written_again = written
                if kind in WRITE[name]:
                    named = {name: value} | ({"delimiter": ";"} if name == "decimal" else {})
                    self.call("write_file", path, written_again, **named)
                    self.assertNotEqual(self.files.contents[path], plain, (kind, name))
                elif name != "append":
                    error = self.failure("write_file", path, written, **{name: value})
                    self.assertIn(f"{name} has no meaning for {FORMATS[kind]}", error)

    def test_texts(self) -> None:
        """A text has an encoding, and nothing that tables have."""
        self.call("write_file", "a.txt", "ж", encoding="cp1251")
        self.assertEqual(self.files.contents["a.txt"], "ж".encode("cp1251"))
        for name, value in self.given.items():
            if name not in ("encoding", "excel"):
                error = self.failure("write_file", "a.txt", "ж", **{name: value})
                self.assertIn(f"{name} has no meaning for a text", error)
