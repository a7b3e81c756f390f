"""What readers of a shown table ask for: filters, orders, both together, short and long."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis.strategies import lists, sampled_from, text
from twisted.trial.unittest import SynchronousTestCase

from datacode.tables.column_types import ColumnType
from datacode.tables.grid_view import CellChoice, ViewQuery, natural_key, order_of, rows_of
from datacode.values.column_storage import SHORT, ColumnData, Indices
from datacode.values.table import Table
from datacode.values.types import Currency, Value
from tests.column_tables import table_of_columns

CASES = json.loads(Path(__file__).with_name("browsing.json").read_text("utf-8"))
"""Cases that the page's own sorting and filtering is held to as well."""

_TIMES = SHORT + 1
_MIXED: list[Value] = [
    None,
    True,
    False,
    1.0,
    -2.5,
    10.0,
    "a",
    "B",
    "$9",
    "$10",
    "b\ud800",
    "05.01.2024",
]


def _value(cell: Any) -> Value:
    return float(cell) if isinstance(cell, int) and not isinstance(cell, bool) else cell


def _column(cells: list[Any]) -> Table:
    return table_of_columns(["c"], [[_value(cell) for cell in cells]])


def _listed(numbers: Indices | None, table: Table) -> list[int]:
    if numbers is None:
        return list(range(len(table)))
    return numbers if isinstance(numbers, list) else numbers.to_list()


class FilterTests(SynchronousTestCase):
    """What was typed above a column."""

    def test_cases(self) -> None:
        """Every case, in a short column and, the cells repeated, in one that Polars looks at."""
        for case in CASES["filters"]:
            cells, wanted = case["cells"], case["passing"]
            arrangement = ViewQuery(filters=((0, case["text"]),))
            short = _column(cells)
            self.assertEqual(_listed(rows_of(short, arrangement), short), wanted, case)
            long = _column(cells * _TIMES)
            found = _listed(rows_of(long, arrangement), long)
            size = len(cells)
            self.assertEqual(found, [n * size + w for n in range(_TIMES) for w in wanted], case)

    def test_choices(self) -> None:
        """Rows by their cells themselves, and all the others, short and long."""
        for case in CASES["choices"]:
            cells, wanted = case["cells"], case["passing"]
            values = tuple(_value(each) for each in case["values"])
            others = [n for n in range(len(cells)) if n not in wanted]
            for expected, is_without in ((wanted, False), (others, True)):
                query = ViewQuery(choices=(CellChoice(0, values, is_without),))
                short = _column(cells)
                self.assertEqual(_listed(rows_of(short, query), short), expected, case)
                long = _column(cells * _TIMES)
                size = len(cells)
                found = [n * size + w for n in range(_TIMES) for w in expected]
                self.assertEqual(_listed(rows_of(long, query), long), found, case)

    def test_chosen_texts_of_numbers(self) -> None:
        """What JSON has no number for is chosen by its text."""
        for times in (1, _TIMES):
            table = _column([math.nan, math.inf, -math.inf, 1.0, None] * times)
            for said, place in (("NaN", 0), ("inf", 1), ("-inf", 2)):
                found = rows_of(table, ViewQuery(choices=(CellChoice(0, (said,)),)))
                self.assertEqual(_listed(found, table)[:1], [place])
                self.assertEqual(len(_listed(found, table)), times)

    def test_not_a_number(self) -> None:
        """NaN is neither above nor below anything, and not equal to anything."""
        for times in (1, _TIMES):
            table = _column([math.nan, 1.0] * times)
            for sign, wanted in ((">0", 1), ("<2", 1), ("=1", 1), ("!=1", 1), ("nan", 1)):
                found = rows_of(table, ViewQuery(filters=((0, sign),)))
                self.assertEqual(len(_listed(found, table)), wanted * times, (sign, times))

    def test_infinities(self) -> None:
        """They are texts, as on a page: JSON has no such numbers."""
        for times in (1, _TIMES):
            table = _column([math.inf, -math.inf, 1.0] * times)
            for sign, wanted in ((">0", 1), ("<= 2", 1), ("=1", 1), ("!=1", 2), ("inf", 2)):
                found = rows_of(table, ViewQuery(filters=((0, sign),)))
                self.assertEqual(len(_listed(found, table)), wanted * times, (sign, times))

    def test_lone_surrogate(self) -> None:
        """What no UTF-8 can hold is looked for like any other text."""
        table = _column(["a\ud800", "b"] * _TIMES)
        self.assertEqual(rows_of(table, ViewQuery(filters=((0, "=a\ud800"),))).__len__(), _TIMES)
        plain = _column(["a", "b"] * _TIMES)
        self.assertEqual(len(rows_of(plain, ViewQuery(filters=((0, "\ud800"),))) or []), 0)

    def test_several(self) -> None:
        """A row passes all filters; typed and mixed columns go together."""
        table = table_of_columns(
            ["n", "mixed"],
            [[float(n) for n in range(2000)], [("x" if n % 2 else float(n)) for n in range(2000)]],
        )
        found = rows_of(table, ViewQuery(filters=((0, ">= 1990"), (1, "x"))))
        self.assertEqual(_listed(found, table), [1991, 1993, 1995, 1997, 1999])


class OrderTests(SynchronousTestCase):
    """Sorting by a column's head."""

    def test_cases(self) -> None:
        """Every case in both directions, short and long; equal cells keep their order."""
        for case in CASES["orders"]:
            kind, size = ColumnType(case["type"]), len(case["cells"])
            for descending, wanted in ((False, case["up"]), (True, case["down"])):
                cells = ColumnData.of_list([_value(cell) for cell in case["cells"]])
                short = order_of(cells, kind, descending=descending)
                self.assertEqual(list(short), wanted, case)
                long = order_of(
                    ColumnData.of_list([_value(cell) for cell in case["cells"]] * _TIMES),
                    kind,
                    descending=descending,
                )
                first = [number for number in long if number < size]
                self.assertEqual(first, wanted, case)

    def test_not_a_number(self) -> None:
        """NaN is the last of the numbers, before null."""
        for times in (1, _TIMES):
            values: list[Value] = [math.nan, None, 2.0, 1.0] * times
            order = order_of(ColumnData.of_list(values), ColumnType.FLOAT, descending=False)
            shown = [values[number] for number in order]
            self.assertEqual(shown[: 2 * times], [1.0] * times + [2.0] * times)
            self.assertEqual(shown[-times:], [None] * times)

    def test_infinities(self) -> None:
        """As texts they come behind the numbers."""
        for times in (1, _TIMES):
            values: list[Value] = [math.inf, None, -math.inf, 2.0] * times
            order = order_of(ColumnData.of_list(values), ColumnType.FLOAT, descending=False)
            shown = [values[number] for number in order]
            expected = [each for each in (2.0, -math.inf, math.inf, None) for _ in range(times)]
            self.assertEqual(shown, expected)

    def test_several_keys(self) -> None:
        """The first column counts most; equal rows keep their order, nulls come last."""
        for case in CASES["severalKeys"]:
            rows = [[_value(cell) for cell in row] for row in case["rows"]]
            query = ViewQuery(sort=tuple((column, down) for column, down in case["sort"]))
            for times in (1, _TIMES):
                columns = [list(cells) * times for cells in zip(*rows, strict=True)]
                table = table_of_columns(["a", "b"], columns)
                found = [n for n in _listed(rows_of(table, query), table) if n < len(rows)]
                self.assertEqual(found, case["order"], case)

    def test_money(self) -> None:
        """The language's own money is ordered by its amount."""
        values: list[Value] = [Currency("$10"), Currency("$9")]
        order = order_of(ColumnData.of_list(values), ColumnType.CURRENCY, descending=False)
        self.assertEqual(list(order), [1, 0])

    def test_filtered_and_sorted(self) -> None:
        """The numbers are places in the whole table."""
        table = _column([float(n % 700) for n in range(2100)])
        found = rows_of(table, ViewQuery(sort=((0, True),), filters=((0, ">= 698"),)))
        self.assertEqual(_listed(found, table), [699, 1399, 2099, 698, 1398, 2098])

    @given(lists(text("аяёЁabZ019 .№é", max_size=8), min_size=2, max_size=9))
    def test_long_columns_are_ordered_alike(self, texts: list[str]) -> None:
        """Polars and plain Python put the same texts into the same order."""
        short = order_of(ColumnData.of_list(list(texts)), ColumnType.STRING, descending=False)
        long = order_of(ColumnData.of_list(texts * _TIMES), ColumnType.STRING, descending=False)
        self.assertEqual([n for n in long if n < len(texts)], short)

    @given(lists(sampled_from(_MIXED), min_size=2, max_size=12))
    def test_long_mixed_columns_are_ordered_alike(self, values: list[Value]) -> None:
        """Cells of every kind, in both directions."""
        for descending in (False, True):
            for kind in (ColumnType.MIXED, ColumnType.CURRENCY):
                short = order_of(ColumnData.of_list(list(values)), kind, descending=descending)
                long = order_of(ColumnData.of_list(values * _TIMES), kind, descending=descending)
                first = [number for number in long if number < len(values)]
                self.assertEqual(first, list(short))

    def test_natural(self) -> None:
        """Long runs of digits are ordered by their value, too."""
        texts = ["v2", "v10", "v9", "v100000000000000000000", "v99999999999999999999"]
        self.assertEqual(
            sorted(texts, key=natural_key),
            ["v2", "v9", "v10", "v99999999999999999999", "v100000000000000000000"],
        )
