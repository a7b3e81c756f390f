"""The order of rows (tables and files reference, 1.5)."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from datacode.tables.money_columns import as_money, is_money
from datacode.tables.sort import order_of, sorted_by
from datacode.values.ordering import sort_key
from datacode.values.types import Currency, Value
from tests.tables.making import TableTestCase, columns, mixed, quickly, table, typed


class SortTests(TableTestCase):
    """``table_sort``."""

    @quickly
    @given(columns(max_size=30), st.booleans())
    def test_stable(self, values: list[Value], descending: bool) -> None:
        """The order of ``sort``; equal cells keep their order, descending too. In a column of money
        texts that are money count as their amounts, between numbers and other texts."""
        cells = mixed(values)
        keys = list(map(sort_key, as_money(cells) if is_money(cells) else values))
        expected = sorted(range(len(values)), key=keys.__getitem__, reverse=descending)
        self.assertEqual(list(order_of(mixed(values), descending=descending)), expected)
        fast = self.by_polars(lambda: list(order_of(typed(values), descending=descending)))
        self.assertEqual(fast, expected)

    def test_kinds(self) -> None:
        """Null, bools, numbers with NaN last, money by amount, texts, all else."""
        values: list[Value] = [
            [1.0],
            "b",
            Currency("$20"),
            math.nan,
            3.0,
            True,
            None,
            "a",
            Currency("$3"),
        ]
        found = sorted_by(table("v", values), 0)
        self.assertTable(
            found,
            "v",
            *(
                [v]
                for v in (
                    None,
                    True,
                    3.0,
                    math.nan,
                    Currency("$3"),
                    Currency("$20"),
                    "a",
                    "b",
                    [1.0],
                )
            ),
        )

    def test_long_columns_of_one_kind(self) -> None:
        """Long columns go through Polars: nulls first, then by value, and last in descending."""
        values: list[Value] = [float(i % 7) if i % 5 else None for i in range(3000)]
        source = table("v n", values, [float(i) for i in range(3000)], store=typed)
        ascending = [row[1] for row in sorted_by(source, 0).rows()]
        descending = [row[1] for row in sorted_by(source, 0, descending=True).rows()]
        keys = [sort_key(v) for v in values]
        self.assertEqual(ascending, [float(i) for i in sorted(range(3000), key=keys.__getitem__)])
        self.assertEqual(
            descending, [float(i) for i in sorted(range(3000), key=keys.__getitem__, reverse=True)]
        )
