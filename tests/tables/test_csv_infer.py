"""From the text of a CSV cell to its value, one by one and by the column."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from datacode.tables.column_rules import ColumnRule
from datacode.tables.csv import infer
from datacode.tables.csv.infer import Hints, cell_value, column_values, columns_from_texts
from datacode.values.lazy_polars import pl
from datacode.values.types import Currency, Value
from tests.tables.making import TableTestCase, quickly, shown

CELLS = st.one_of(
    st.sampled_from(
        [
            "1",
            "007",
            "+4",
            "1e2",
            ".5",
            "5.",
            "-0",
            "NaN",
            "inf",
            "-Infinity",
            "1,5",
            "1_0",
            "0x1",
            "9F3C",
            "+7 916 123-45-67",
            "１",
        ]
    ),
    st.sampled_from(
        ["true", "YES", "no", "False", "null", "NA", "Null", "", " ", "on", "n/a", "None"]
    ),
    st.sampled_from(
        ["$5", "€4", "£", "$abc", "₽8", " $ 7 ", "\u00a05\u2003", "\x1f5", "\t1", "5\n"]
    ),
    st.sampled_from(["9F3C", "0x1F", "12", "7"]),
    st.text("0123456789+-.,eE infaN", max_size=6),
    st.text(max_size=5),
    st.floats().map(repr),
)


def column(texts: list[str | None], decimal: str = ".", **hints: bool) -> list[Value]:
    """A column made in Polars."""
    frame = pl.DataFrame({"a": pl.Series(texts, dtype=pl.String)})
    return columns_from_texts(frame, [ColumnRule("a", decimal=decimal)], Hints(**hints))[0].values()


class CellTests(TableTestCase):
    """The rule for one cell."""

    def assertCells(self, expected: Value, *texts: str) -> None:
        """Each text has this value."""
        for text in texts:
            self.assertEqual(shown([cell_value(text)]), shown([expected]), text)

    def test_numbers(self) -> None:
        """Numbers as the language reads them from text."""
        self.assertCells(7.0, "7", "007", " 7 ", "+7", "7.", "7e0", "70E-1")
        self.assertCells(0.5, ".5", "0.5")
        self.assertCells(math.nan, "NaN", "nan")
        self.assertCells(-math.inf, "-inf", "-Infinity", "-1e999")

    def test_words(self) -> None:
        """Words for bools and null in any letter case."""
        self.assertCells(True, "true", "YES", " Yes")
        self.assertCells(False, "false", "no", "NO")
        self.assertCells(None, "", "  ", "null", "NA", "Null")

    def test_money(self) -> None:
        """What begins with a sign of currency is money, whatever follows."""
        self.assertCells(Currency("$9"), "$9", " $9 ")
        self.assertCells(Currency("€abc"), "€abc")
        self.assertCells(Currency("£"), "£")

    def test_texts(self) -> None:
        """Everything else is text."""
        for text in ("on", "1_000", "0x1F", "50%", "4 USD", "₽8", "n/a", "2024-01-31", "１", "1,5"):
            self.assertCells(text, text)

    def test_decimal_comma(self) -> None:
        """With a comma before the fraction a point is none."""
        self.assertEqual(cell_value("1,5", ","), 1.5)
        self.assertEqual(cell_value(",5", ","), 0.5)
        self.assertEqual(cell_value("7", ","), 7.0)
        self.assertEqual(cell_value("1.5", ","), "1.5")
        self.assertEqual(cell_value("1,5,6", ","), "1,5,6")


class ColumnTests(TableTestCase):
    """Whole columns give what their cells give, whatever way was tried first."""

    def assertColumn(self, texts: list[str | None], decimal: str = ".", **hints: bool) -> None:
        """The column is that of the cells."""
        rule = ColumnRule("a", decimal=decimal)
        expected = column_values([text or "" for text in texts], rule)
        self.assertEqual(shown(column(texts, decimal, **hints)), shown(expected))

    @quickly
    @given(st.lists(st.one_of(CELLS, st.none()), max_size=12))
    def test_any_cells(self, texts: list[str | None]) -> None:
        """Cells of all kinds together."""
        self.assertColumn(texts)
        self.assertColumn(texts, ",")

    @quickly
    @given(st.lists(CELLS, min_size=1, max_size=3), st.lists(CELLS, max_size=3))
    def test_column_that_changes(self, head: list[str], tail: list[str]) -> None:
        """What the first rows look like decides nothing."""
        self.assertColumn(head * 300 + tail)

    def test_one_cell_among_many(self) -> None:
        """A single text at the end of a column of numbers is kept, and so are the numbers."""
        texts: list[str | None] = [str(i) for i in range(3000)]
        self.assertColumn([*texts, "n/a"])
        self.assertColumn([*texts, " 7 "])
        self.assertColumn([*texts, ""])
        self.assertColumn([*["a"] * 3000, "5"])
        self.assertColumn([*["yes", "no"] * 1500, "maybe"])
        self.assertColumn([*["a", "b"] * 1500, *texts, "na"])

    def test_kinds_of_columns(self) -> None:
        """Columns of one kind are stored as a series."""
        for texts, kind in (
            (["1", "2.5", None], pl.Float64),
            (["a", "b", None], pl.String),
            (["yes", "", "no"], pl.Boolean),
            (["a ", "na"], pl.String),
            (["", "null"], pl.Null),
        ):
            frame = pl.DataFrame({"a": pl.Series(texts, dtype=pl.String)})
            for repeated in (1, 400):
                long = pl.concat([frame] * repeated)
                series = columns_from_texts(long, [ColumnRule("a")])[0].stored_series()
                assert series is not None
                self.assertEqual(series.dtype, kind)

    def test_hints(self) -> None:
        """Who says that something is not in the texts is believed, which is all the difference."""
        self.assertColumn(["a", "b "] * 500, odd_space=False, signs=False)
        self.assertColumn(["a", "$5"] * 500, odd_space=False)
        self.assertColumn(["a", "b\t"] * 500, signs=False)
        self.assertColumn([f"w{i} " for i in range(2000)], odd_space=False, signs=False)

    @quickly
    @given(st.one_of(st.floats().map(repr), st.text("0123456789+-.eExinfaN_ ", max_size=8)))
    def test_polars_reads_the_same_numbers(self, text: str) -> None:
        """The numbers that Polars sees in a text are those of the language."""
        found = pl.Series([text]).cast(pl.Float64, strict=False).to_list()
        expected = infer.number_from_text(text) if text == text.strip() else None
        self.assertEqual(shown(found), shown([expected]))
