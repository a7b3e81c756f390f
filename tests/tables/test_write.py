"""Tables as CSV and XLSX: what is written is read again."""

from __future__ import annotations

import csv
import io
import math

from hypothesis import given
from hypothesis import strategies as st

from datacode.errors import DataCodeError
from datacode.tables.csv.infer import cell_value
from datacode.tables.csv.read import read_csv
from datacode.tables.csv.write import csv_parts
from datacode.tables.xlsx.read import _by_openpyxl, read_xlsx
from datacode.tables.xlsx.write import to_xlsx
from datacode.values.table import Table
from datacode.values.types import Currency, Path, PathPattern, Value
from tests.tables.making import TableTestCase, contents, quickly, table, without_minus_zero

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


class XlsxTests(TableTestCase):
    """``to_xlsx``."""

    @quickly
    @given(
        st.lists(
            st.lists(
                st.one_of(
                    st.none(),
                    st.booleans(),
                    st.floats(allow_nan=False, allow_infinity=False).map(without_minus_zero),
                    st.text("ab=#é_x04<&\n", min_size=1, max_size=8),
                ),
                min_size=2,
                max_size=2,
            ),
            max_size=5,
        )
    )
    def test_we_read_it(self, rows: list[list[Value]]) -> None:
        """Numbers, bools and texts come back; nothing becomes a formula."""
        source = Table.from_rows(["a", "=b"], [*rows, [1.0, "end"]])
        content = to_xlsx(source)
        found = read_xlsx(io.BytesIO(content))
        self.assertEqual(contents(found), contents(_by_openpyxl(io.BytesIO(content), 0, None)))
        expected = [list(map(as_read, row)) for row in source.rows()]
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
        found = read_xlsx(io.BytesIO(to_xlsx(table("v", cells))))
        self.assertTable(
            found, "v", ["$5"], ["[1, a]"], ["inf"], ["a\ufffdb\ufffd"], ["#N/A"], ["_x0041_\r\n."]
        )

    def test_too_large(self) -> None:
        """What a sheet cannot hold is refused."""
        wide = Table([""] * 16_385, table("a", []).columns * 16_385)
        self.assertRaises(DataCodeError, to_xlsx, wide)
        long = Table([], [], 1_048_576)
        self.assertRaises(DataCodeError, to_xlsx, long)
        self.assertRaises(DataCodeError, to_xlsx, table("a", ["x" * 32_768]))
