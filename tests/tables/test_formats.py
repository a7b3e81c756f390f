"""Files of other formats: workbooks of many programs, archives, JSON, Parquet (reference, 2.8)."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from datacode.errors import DataCodeError
from datacode.i18n.message import Message
from datacode.tables.formats.detect import detected
from datacode.tables.formats.ods import MIME_TYPE
from datacode.tables.formats.workbook import read_workbook, sheets_of_workbook
from datacode.tables.polars_files import from_polars_file, to_parquet
from datacode.tables.read_options import ReadOptions, unheard
from datacode.values.lazy_polars import pl
from datacode.values.table import Table
from tests.runtime.builtins.calling import BuiltinTestCase
from tests.tables.making import TableTestCase, contents, table

OFFICE = Path(__file__).with_name("office")
MEMORY = 1 << 30


def opened(content: bytes, name: str = "x", memory: int = MEMORY) -> tuple[str, bytes]:
    """The kind of a file, and what it holds when it is unpacked."""
    found = detected(io.BytesIO(content), name, name.rpartition(".")[2], memory)
    return found.kind, found.file.read()


def book(content: bytes, kind: str, memory: int = MEMORY, **options: Any) -> Table:
    """The table of a workbook."""
    warn = options.pop("warn", unheard)
    return read_workbook(kind, io.BytesIO(content), ReadOptions(**options), warn, memory)


class OfficeTests(TableTestCase):
    """The same workbook, written by several programs in several formats."""

    def test_all(self) -> None:
        """The first visible sheet, with every kind of cell."""
        for path in sorted(OFFICE.glob("*")):
            if path.suffix in (".js", ".py", ".sh") or path.stem == "protected":
                continue
            kind, content = opened(path.read_bytes(), path.name)
            self.assertEqual(kind, path.suffix[1:])
            # SheetJS writes no formats of numbers into XLS and ODS, and into ODS neither errors nor
            # which sheets are hidden.
            plain = path.stem == "sheetjs"
            day = 46022.0 if plain and kind in ("xls", "ods") else "2025-12-31"
            error_text = None if plain and kind == "ods" else "ERROR: NA"
            warned: list[Message] = []
            found = book(content, kind, sheet="Данные", warn=warned.append)
            self.assertTable(
                found,
                "имя число день флаг формула",
                ["Ёлкин", 1.5, day, True, 3.0],
                ["a<b", -2.0, None, False, error_text],
            )
            if not plain or kind != "ods":
                self.assertEqual([each.code for each in warned], ["cells_with_errors"], path.name)
                self.assertEqual(contents(book(content, kind)), contents(found))
            names = sheets_of_workbook(kind, io.BytesIO(content), MEMORY)
            self.assertEqual(names, ["Скрытый", "Данные"])
            error = self.assertRaises(DataCodeError, book, content, kind, sheet="нет")
            self.assertIn("'Скрытый', 'Данные'", error.text)

    def test_lost_digits(self) -> None:
        """Numbers that a spreadsheet has stored without their last digits are told of."""
        old, new = (struct.pack("<d", number) for number in (1.5, 4.0702810900000012e19))
        xls = (OFFICE / "sheetjs.xls").read_bytes()
        assert old in xls
        xlsb = (OFFICE / "sheetjs.xlsb").read_bytes()
        for content, kind in (
            (xls.replace(old, new), "xls"),
            (changed(xlsb, ".bin", lambda part: part.replace(old, new)), "xlsb"),
        ):
            warned: list[Message] = []
            found = book(content, kind, warn=warned.append)
            self.assertEqual(found.row(0)[1], 4.0702810900000012e19, kind)
            self.assertIn("rounded_numbers", [each.code for each in warned], kind)

    def test_protected(self) -> None:
        """Whoever opens it is told to take the password away, in every format."""
        xls = (OFFICE / "sheetjs.xls").read_bytes()
        start = xls.index(b"\x09\x08\x10\x00\x00\x06") + 20
        xls = xls[:start] + b"\x2f\x00" + xls[start + 2 :]
        ods = package({"mimetype": MIME_TYPE, "META-INF/manifest.xml": b"<encryption-data/>"})
        for content, kind in (
            ((OFFICE / "protected.xlsx").read_bytes(), "xls"),
            (xls, "xls"),
            (ods, "ods"),
        ):
            error = self.assertRaises(DataCodeError, book, content, kind)
            self.assertEqual(error.message.code, "workbook_protected")

    def test_damaged(self) -> None:
        """Cut off or changed anywhere, a file is an error or a table, and never anything else."""
        for name in ("sheetjs.xls", "sheetjs.xlsb", "sheetjs.ods", "protected.xlsx"):
            content = (OFFICE / name).read_bytes()
            step = len(content) // 37
            for position in range(0, len(content), step):
                for bad in (
                    content[:position],
                    content[:position] + b"\xff\xff\xff\xff" + content[position + 4 :],
                    content[:position] + b"\0\0\0\0" + content[position + 4 :],
                ):
                    try:
                        book(bad, name.rpartition(".")[2].replace("xlsx", "xls"), 1 << 24)
                    except DataCodeError:
                        continue


class TooLargeTests(TableTestCase):
    """Small files that would fill the memory."""

    def refused(self, code: str, work: Callable[..., Any], *arguments: Any) -> None:
        """It is refused with this code."""
        error = self.assertRaises(DataCodeError, work, *arguments)
        self.assertEqual(error.message.code, code)

    def test_xls(self) -> None:
        """Two cells far from each other, whatever the program said of the sheet's size."""
        content = bytearray((OFFICE / "sheetjs.xls").read_bytes())
        number = content.index(struct.pack("<HH", 0x0203, 14)) + 4
        content[number : number + 4] = struct.pack("<HH", 65_535, 255)
        self.refused("sheet_too_large", book, bytes(content), "xls", 1 << 26)

    def test_xlsb(self) -> None:
        """The same."""
        row = bytes([0, 25]) + struct.pack("<I", 1_000_000) + b"\0" * 21
        cell = bytes([5, 16]) + struct.pack("<IId", 16_000, 0, 1.5)
        content = changed((OFFICE / "sheetjs.xlsb").read_bytes(), ".bin", lambda _: row + cell)
        self.refused("sheet_too_large", book, content, "xlsb", 1 << 26)

    def test_ods(self) -> None:
        """Repeated rows, cells and texts."""
        for cells, code in (
            ('<t:table-row t:number-rows-repeated="1000000"><t:table-cell o:value-type="float" '
             'o:value="1" t:number-columns-repeated="1000"/></t:table-row>', "sheet_too_large"),
            ('<t:table-row t:number-rows-repeated="9999999"/><t:table-row><t:table-cell '
             'o:value-type="float" o:value="1"/></t:table-row>', "sheet_too_large"),
            ('<t:table-row t:number-rows-repeated="500000"><t:table-cell o:value-type="string">'
             f'<x:p>{"x" * 10_000}</x:p></t:table-cell></t:table-row>', "xlsx_too_large"),
        ):  # fmt: skip
            self.refused(code, book, ods(cells), "ods", 1 << 26)

    def test_archives(self) -> None:
        """What unpacks to more than there is room for."""
        self.refused("archive_too_large", opened, gzip.compress(b"\0" * 10**7), "a.gz", 10**7)
        self.refused("archive_too_large", opened, package({"a": b"\0" * 10**7}), "a.zip", 10**7)

    def test_parquet(self) -> None:
        """A column of equal values takes next to nothing in a file."""
        content = io.BytesIO()
        pl.DataFrame({"a": pl.Series([0]).new_from_index(0, 10**7)}).write_parquet(content)
        self.refused("table_too_large", from_polars_file, "parquet", content, 10**7)


class OdsTests(TableTestCase):
    """ODS, as LibreOffice writes it."""

    def test_cells(self) -> None:
        """Every kind, white space, notes, repeated and merged cells, and what ends a sheet."""
        content = ods(
            """
            <t:table-row t:number-rows-repeated="3"><t:table-cell t:number-columns-repeated="9"/></t:table-row>
            <t:table-row><t:table-cell/>
              <t:table-cell o:value-type="string"><x:p>h</x:p></t:table-cell>
              <t:table-cell o:value-type="string"><x:p>i</x:p></t:table-cell></t:table-row>
            <t:table-row><t:table-cell/>
              <t:table-cell o:value-type="string">
                <o:annotation><x:p>a note</x:p></o:annotation>
                <x:p>a<x:s x:c="2"/><x:span>b</x:span> c</x:p><x:p>d</x:p></t:table-cell>
              <t:table-cell o:value-type="percentage" o:value="0.5"><x:p>50%</x:p></t:table-cell></t:table-row>
            <t:table-row><t:table-cell/>
              <t:table-cell o:value-type="date" o:date-value="1812-09-07"><x:p>7.9.</x:p></t:table-cell>
              <t:table-cell o:value-type="date" o:date-value="2025-12-31T10:05:00.5"/></t:table-row>
            <t:table-row><t:table-cell/>
              <t:table-cell o:value-type="time" o:time-value="PT30H05M01S"/>
              <t:table-cell o:value-type="boolean" o:boolean-value="true"/></t:table-row>
            <t:table-row t:number-rows-repeated="2"><t:table-cell/>
              <t:table-cell o:value-type="currency" o:value="-7" t:number-columns-repeated="2"/></t:table-row>
            <t:table-row><t:table-cell/>
              <t:table-cell t:formula="of:=1"/><t:table-cell o:value-type="string" c:value-type="error"><x:p>#N/A</x:p></t:table-cell></t:table-row>
            <t:table-row><t:table-cell/>
              <t:table-cell t:number-columns-spanned="2" t:number-rows-spanned="2" o:value-type="float" o:value="1"/>
              <t:covered-table-cell o:value-type="float" o:value="9"/></t:table-row>
            <t:table-row><t:table-cell/><t:covered-table-cell t:number-columns-repeated="2"/></t:table-row>
            <t:table-row t:number-rows-repeated="1048000"><t:table-cell t:number-columns-repeated="16384"/></t:table-row>
            """  # noqa: E501
        )
        warned: list[Message] = []
        expected = [
            ["a  b c\nd", 0.5],
            ["1812-09-07", "2025-12-31 10:05:00"],
            ["30:05:01", True],
            [-7.0, -7.0],
            [-7.0, -7.0],
            [None, "ERROR: NA"],
            [1.0, None],
        ]
        self.assertTable(book(content, "ods", warn=warned.append), "h i", *expected)
        self.assertEqual(
            [(each.code, each.params["cell"]) for each in warned],
            [("cells_with_errors", "C10"), ("formulas_without_results", "B10")],
        )
        filled = book(content, "ods", fill_merged=True)
        self.assertEqual(filled.row(6), [1.0, 1.0])

    def test_long_numbers(self) -> None:
        """More digits than a float keeps stay, with their column; digits that are lost are told."""
        content = ods(
            "".join(
                f'<t:table-row t:number-rows-repeated="{rows}"><t:table-cell o:value-type="{kind}" '
                f'o:value="{value}" o:string-value="{value}"/></t:table-row>'
                for kind, value, rows in (
                    ("string", "n", 1), ("float", "40702810900000012345", 2), ("float", "7", 1),
                    ("float", "-" + "9" * 5000, 1),
                )
            )
        )  # fmt: skip
        found = [row[0] for row in book(content, "ods").rows()]
        long = "40702810900000012345"
        self.assertEqual(found, [long, long, "7", "-" + "9" * 4095])
        content = ods(
            '<t:table-row><t:table-cell o:value-type="string" o:string-value="n"/></t:table-row>'
            '<t:table-row><t:table-cell o:value-type="float" o:value="4.07028109E+019"/>'
            "</t:table-row>"
        )
        warned: list[Message] = []
        self.assertTable(book(content, "ods", warn=warned.append), "n", [4.07028109e19])
        self.assertEqual([each.code for each in warned], ["rounded_numbers"])

    def test_hidden(self) -> None:
        """A sheet whose style says so is not the first one."""
        content = ods(
            '<t:table-row><t:table-cell o:value-type="float" o:value="1"/></t:table-row>',
            '<s:style s:name="h"><s:table-properties t:display="false"/></s:style>',
            '<t:table t:name="secret" t:style-name="h"><t:table-row><t:table-cell '
            'o:value-type="string"><x:p>s</x:p></t:table-cell></t:table-row></t:table>',
        )
        self.assertEqual(book(content, "ods").names, ("1",))
        self.assertEqual(book(content, "ods", sheet="secret").names, ("s",))

    def test_refused(self) -> None:
        """No XML, and XML that declares its own."""
        for content in (b"<a", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'):
            bad = package({"mimetype": MIME_TYPE, "content.xml": content})
            self.assertRaises(DataCodeError, book, bad, "ods")


class KindTests(TableTestCase):
    """``detected``."""

    def test_by_content(self) -> None:
        """Workbooks, Parquet and archives, whatever they are called; text by its name."""
        xlsx = (OFFICE / "exceljs.xlsx").read_bytes()
        for content, name, kind in (
            (xlsx, "a.csv", "xlsx"),
            (xlsx, "a.xls", "xlsx"),
            (xlsx, "a.xlsm", "xlsx"),
            (xlsx, "a", "xlsx"),
            ((OFFICE / "sheetjs.xls").read_bytes(), "a.xlsx", "xls"),
            (b"a,b", "a.csv", "csv"),
            (b"a,b", "a.txt", "txt"),
            (b"a,b", "a.xlsx", "xlsx"),
            (gzip.compress(b"a,b"), "a.csv.gz", "csv"),
            (gzip.compress(xlsx), "a.gz", "xlsx"),
            (package({"b.csv": b"a,b"}), "a.zip", "csv"),
            (package({"__MACOSX/._b": b"", "x/": b"", "x/b.json": b"[]"}), "a.zip", "json"),
            (to_parquet(table("a", [1.0]), unheard), "a.dat", "parquet"),
        ):
            self.assertEqual(opened(content, name)[0], kind, name)

    def test_refused(self) -> None:
        """What is not what it is called, and archives of anything but one file."""
        for content, name, code in (
            (b"<html><table></table></html>", "a.xls", "not_as_named"),
            (b"a;b", "a.ods", "not_as_named"),
            (package({"a": b"1", "b": b"2"}), "a.zip", "archive_of_several"),
            (package({}), "a.zip", "archive_of_several"),
            (gzip.compress(gzip.compress(b"a")), "a.csv.gz", "packed_twice"),
            (gzip.compress(b"a" * 1000)[:-20], "a.csv.gz", "archive_damaged"),
            (b"PK\3\4" + b"\0" * 50, "a.zip", "archive_damaged"),
        ):
            error = self.assertRaises(DataCodeError, opened, content, name)
            self.assertEqual(error.message.code, code, name)


class ColumnFileTests(TableTestCase):
    """Parquet and Arrow."""

    def test_types(self) -> None:
        """Every type as a value of the language; what a number cannot hold is text."""
        frame = pl.DataFrame(
            {
                "i": pl.Series([1, None], dtype=pl.Int64),
                "big": [2**60 + 1, 1],
                "f": pl.Series([1.5, None], dtype=pl.Float32),
                "d": pl.Series(["2025-12-31", None]).str.to_date(),
                "at": pl.Series(["2025-12-31 10:00:00", "2025-12-31 00:00:00"]).str.to_datetime(),
                "c": pl.Series(["x", None], dtype=pl.Categorical),
                "l": [[1, 2], None],
                "s": [{"a": 1}, {"a": 2}],
                "b": [b"\1\2", None],
            }
        ).with_columns(
            z=pl.col("at").dt.replace_time_zone("UTC"), p=pl.col("at") - pl.col("at").dt.date()
        )
        first = [1.0, "1152921504606846977", 1.5, "2025-12-31", "2025-12-31 10:00:00", "x"]
        first += [[1.0, 2.0], {"a": 1.0}, "0102", "2025-12-31T10:00:00+00:00", "10:00:00"]
        second = [None, "1", None, None, "2025-12-31", None, None, {"a": 2.0}, None]
        second += ["2025-12-31T00:00:00+00:00", "00:00:00"]
        for kind, write in (("parquet", frame.write_parquet), ("arrow", frame.write_ipc)):
            content = io.BytesIO()
            write(content)
            found = from_polars_file(kind, content, MEMORY)
            self.assertTable(found, "i big f d at c l s b z p", first, second)

    def test_damaged(self) -> None:
        """An error that names the format."""
        content = to_parquet(table("a", [1.0, 2.0]), unheard)
        for bad in (content[:20], content[:-9] + b"\xff" + content[-8:], b"PAR1PAR1"):
            self.assertRaises(DataCodeError, from_polars_file, "parquet", io.BytesIO(bad), MEMORY)


class ReadFileTests(BuiltinTestCase):
    """``read_file`` and ``sheet_names``."""

    def test_every_format(self) -> None:
        """What is written is read again, alone and packed."""
        source = Table.from_rows(["a", "день"], [[1.5, "2025-12-31"], [None, "2026-01-01"]])
        for extension in ("csv", "tsv", "xlsx", "json", "jsonl", "ndjson", "parquet", "arrow"):
            name = f"t.{extension}"
            self.call("write_file", name, source)
            self.files.contents[f"{name}.gz"] = gzip.compress(self.files.contents[name])
            self.files.contents["t.zip"] = package({name: self.files.contents[name]})
            for each in (name, f"{name}.gz", "t.zip"):
                found = self.call("read_file", each)
                self.assertEqual(contents(found), contents(source), each)
        self.assertEqual(self.call("read_file", "t.parquet", header=["a"]).names, ("a",))

    def test_records(self) -> None:
        """Keys that some records lack, and numbers with too many digits."""
        self.files.contents["a.json"] = (
            b'\xef\xbb\xbf[{"a": 1, "n": 12345678901234567891}, {"b": [1, {"c": null}], "n": 5}]'
        )
        found = self.call("read_file", "a.json")
        self.assertEqual(
            [list(found.names), *found.rows()],
            [["a", "n", "b"], [1.0, "12345678901234567891", None], [None, "5", [1.0, {"c": None}]]],
        )
        self.files.contents["a.jsonl"] = b'{"a": 1}\n\n{"a": 2}\r\n'
        self.assertEqual(list(self.call("read_file", "a.jsonl").rows()), [[1.0], [2.0]])

    def test_no_records(self) -> None:
        """What is no JSON, and JSON that is no table."""
        for name, content, text in (
            ("a.json", b"[1]", "Record 1 is no JSON object"),
            ("a.json", b"5", "no array of records"),
            ("a.json", b"[{", "line 1"),
            ("a.jsonl", b'{"a": 1}\n{"a"', "Line 2"),
            ("a.jsonl", b'{"a": NaN}', "Line 1"),
        ):
            self.files.contents[name] = content
            self.assertIn(text, self.failure("read_file", name))

    def test_text_in_an_archive(self) -> None:
        """A text stays one."""
        self.files.contents["a.txt.gz"] = gzip.compress("ж".encode())
        self.assertGives("ж", "read_file", "a.txt.gz")

    def test_sheet_names(self) -> None:
        """Of workbooks only."""
        self.files.contents["a.ods"] = (OFFICE / "sheetjs.ods").read_bytes()
        self.assertGives(["Скрытый", "Данные"], "sheet_names", "a.ods")
        self.files.contents["a.csv"] = b"a"
        self.assertIn("no workbook", self.failure("sheet_names", "a.csv"))
        self.assertIn("No such file", self.failure("sheet_names", "none.xlsx"))

    def test_unknown_extensions(self) -> None:
        """Told as before, unless the content is a table."""
        self.files.contents["a.dat"] = b"text"
        self.assertIn("Unsupported file extension: dat", self.failure("read_file", "a.dat"))
        self.files.contents["a.dat"] = (OFFICE / "exceljs.xlsx").read_bytes()
        self.assertEqual(len(self.call("read_file", "a.dat")), 2)


def package(parts: dict[str, bytes]) -> bytes:
    """A zip of these parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def changed(content: bytes, end: str, change: Callable[[bytes], bytes]) -> bytes:
    """The package with its sheets, whose names end so, changed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return package(
        {
            name: change(part) if "worksheets/sheet" in name and name.endswith(end) else part
            for name, part in parts.items()
        }
    )


def ods(rows: str, styles: str = "", before: str = "") -> bytes:
    """A workbook with a sheet of these rows."""
    names = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<o:document-content xmlns:o="{names}:office:1.0" xmlns:t="{names}:table:1.0" '
        f'xmlns:x="{names}:text:1.0" xmlns:s="{names}:style:1.0" '
        'xmlns:c="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
        f"<o:automatic-styles>{styles}</o:automatic-styles><o:body><o:spreadsheet>{before}"
        f'<t:table t:name="one">{rows}</t:table></o:spreadsheet></o:body></o:document-content>'
    )
    return package({"mimetype": MIME_TYPE, "content.xml": content.encode()})
