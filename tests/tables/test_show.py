"""How tables look (tables and files reference, 1.6), and as data for clients."""

from __future__ import annotations

import json
import math

from hypothesis import given

from datacode.tables.show import cell_text, info_text, show_parts, show_text, structured
from datacode.values.table import Column, Indexer, Table
from datacode.values.types import Currency, Path, PathPattern, Value
from tests.tables.making import TableTestCase, columns, mixed, quickly, table, typed


class FrameTests(TableTestCase):
    """``show_table``."""

    def test_frame(self) -> None:
        """Columns as wide as their widest text, in characters."""
        self.assertEqual(
            show_text(table("id имя", [1.0, 20.0], ["привет", None])),
            "┌────┬────────┐\n"
            "│ id │ имя    │\n"
            "├────┼────────┤\n"
            "│ 1  │ привет │\n"
            "│ 20 │ null   │\n"
            "└────┴────────┘\n",
        )

    def test_empty(self) -> None:
        """No rows, or no columns."""
        self.assertEqual(show_text(table("a", [])), "Empty table\n")
        self.assertEqual(show_text(Table([], [], 3)), "Empty table\n")

    def test_cells(self) -> None:
        """The text of every kind of cell."""
        inner = table("a b", [1.0, 2.0], [3.0, 4.0])
        for value, text in (
            (1.0, "1"),
            (1e20, "100000000000000000000"),
            (-0.0, "0"),
            (0.125, "0.12"),
            (2.675, "2.67"),
            (-0.001, "-0.00"),
            (math.nan, "NaN"),
            (-math.inf, "-inf"),
            ("a\r\nb\tc\nd\re", "a b c d e"),
            (True, "true"),
            (None, "null"),
            ([1.0, [2.0]], "[2]"),
            ({"a": 1.0}, "{1}"),
            (Currency("$5\n"), "$5 "),
            (Path("a/b"), "a/b"),
            (PathPattern("*.csv"), "*.csv"),
            (inner, "Table(2x2)"),
            (Column(inner, 1), "Column(b)"),
            (Indexer(inner), "TableIndexer(2x2)"),
        ):
            self.assertEqual(cell_text(value), text)

    @quickly
    @given(columns(min_size=1))
    def test_every_line_is_as_long(self, values: list[Value]) -> None:
        """The frame holds, whatever is in the cells."""
        for store in (mixed, typed):
            lines = show_text(table("v w", values, values, store=store)).split("\n")
            self.assertEqual(len(lines), len(values) + 5)
            self.assertEqual(len({len(line) for line in lines[:-1]}), 1)

    def test_long_tables_come_in_parts(self) -> None:
        """A long table need not be in memory as one text."""
        long = table("n", [float(i) for i in range(50_000)], store=typed)
        parts = list(show_parts(long))
        self.assertGreater(len(parts), 4)
        self.assertEqual("".join(parts).count("\n"), 50_004)

    def test_long_lines(self) -> None:
        """Nor are many lines in one piece if they are long."""
        wide = table("a", ["x" * 50_000] * 20)
        parts = list(show_parts(wide))
        self.assertLess(max(map(len, parts)), 200_000)
        self.assertEqual("".join(parts), show_text(wide))


class InfoTests(TableTestCase):
    """``table_info``."""

    def test_info(self) -> None:
        """Size, types, and filled cells."""
        self.assertEqual(
            info_text(table("a b", [1.0, None], ["x", "y"])),
            "📊 Информация о таблице:\n   Строк: 2\n   Колонок: 2\n\n📋 Колонки:\n"
            "   • a (Integer) - 1 значений\n   • b (String) - 2 значений\n",
        )


class StructuredTests(TableTestCase):
    """Tables as data."""

    def test_data(self) -> None:
        """Names, types, rows up to a number, and how many there are."""
        source = table("a b", [1.0, 2.5, 3.0], ["x", None, "z"])
        self.assertEqual(
            structured(source, 2),
            {
                "columns": ["a", "b"],
                "types": ["Float", "String"],
                "nulls": [0, 1],
                "rows": [[1.0, "x"], [2.5, None]],
                "row_count": 3,
            },
        )
        self.assertEqual(structured(source, 0)["rows"], [])
        self.assertEqual(len(structured(source, 99)["rows"]), 3)

    @quickly
    @given(columns())
    def test_json(self, values: list[Value]) -> None:
        """Whatever the cells are, strict JSON can hold them."""
        text = json.dumps(structured(table("v", values), 100), allow_nan=False)
        self.assertEqual(len(json.loads(text)["rows"]), len(values))

    def test_what_json_has_not(self) -> None:
        """Other values are their printed texts."""
        cells: list[Value] = [math.nan, math.inf, Currency("$5"), [1.0, "a"], PathPattern("*")]
        rows = structured(table("v", cells), 9)["rows"]
        self.assertEqual(rows, [["NaN"], ["inf"], ["$5"], ["[1, a]"], ["*"]])
