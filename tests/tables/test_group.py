"""Groups and pivots, against plain Python, on both ways."""

from __future__ import annotations

import math
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from datacode.errors import DataCodeError, function_error
from datacode.tables.group import FUNCTIONS, Aggregate, grouped
from datacode.values.table import Table
from datacode.values.types import Value
from tests.tables.making import (
    KINDS,
    NULL,
    VALUES,
    TableTestCase,
    contents,
    mixed,
    quickly,
    table,
    typed,
    without_minus_zero,
)


def fine(cells: float) -> None:
    """Nothing is too large."""


def no_function(name: str, arguments: list[Value]) -> Value:
    """A program without functions."""
    raise function_error(name)


FRACTIONS = st.one_of(st.floats(-100, 100), st.floats(-1e16, 1e16)).map(without_minus_zero)
"""Numbers whose sums depend on the order and on the way."""


class GroupTests(TableTestCase):
    """``table_group``."""

    def group(self, source: Table, **wanted: str) -> Table:
        """Group by the first column; ``name="column function"``."""
        aggregates = []
        for name, text in wanted.items():
            column, function = text.split()
            position = source.position(column)
            assert position is not None
            aggregates.append(Aggregate(name, position, function))
        return grouped(source, [0], aggregates, no_function)

    def test_long_tables(self) -> None:
        """Sums do not depend on how many rows there are, nor on how many processors."""
        chance = random.Random(1)
        numbers = [chance.uniform(0, 1e6) for _ in range(20_000)]
        keys = ["abc"[n % 3] for n in range(len(numbers))]
        source = table("k n", keys, numbers, store=typed)
        for name in ("sum", "average", "std"):  # each by itself: together they go another way
            found = self.group(source, answer=f"n {name}")
            for number, key in enumerate("abc"):
                wanted = FUNCTIONS[name].of_values(numbers[number::3])
                self.assertEqual(found.row(number), [key, wanted])

    def test_functions(self) -> None:
        """Every function, with nulls left out."""
        rows: list[list[Any]] = [["a", 3.0], ["b", None], ["a", 1.0], ["a", None], ["a", 1.0]]
        source = Table.from_rows(["k", "n"], rows)
        expected = {
            "sum": [5.0, 0.0],
            "average": [5 / 3, None],
            "median": [1.0, None],
            "min": [1.0, None],
            "max": [3.0, None],
            "count": [3.0, 0.0],
            "size": [4.0, 1.0],
            "distinct": [2.0, 0.0],
            "first": [3.0, None],
            "last": [1.0, None],
        }
        for function, (a, b) in expected.items():
            found = self.group(source, x=f"n {function}")
            self.assertTable(found, "k x", ["a", a], ["b", b])
        deviation = self.group(source, x="n std").columns[1]
        self.assertAlmostEqual(deviation.cell(0), math.sqrt(4 / 3), 12)
        self.assertIsNone(deviation.cell(1))
        self.assertEqual(
            self.group(source, x="n avg").row(0), self.group(source, x="n mean").row(0)
        )

    @quickly
    @given(
        st.one_of(*(st.lists(st.one_of(k, NULL), max_size=12) for k in KINDS)),
        st.lists(st.one_of(NULL, FRACTIONS), min_size=12, max_size=12),
        st.sampled_from(sorted(FUNCTIONS)),
    )
    def test_both_ways(self, keys: list[Value], numbers: list[Value], function: str) -> None:
        """Typed columns in Polars give what lists give, to the last digit."""
        numbers = numbers[: len(keys)]
        plain = self.group(table("k n", keys, numbers), x=f"n {function}")
        fast = self.by_polars(
            lambda: self.group(table("k n", keys, numbers, store=typed), x=f"n {function}")
        )
        self.assertEqual(fast.names, plain.names)
        self.assertEqual(contents(fast.select([0])), contents(plain.select([0])))
        self.assertEqual(contents(fast.select([1])), contents(plain.select([1])))

    @quickly
    @given(
        st.lists(VALUES, max_size=12), st.sampled_from(["min", "max", "count", "distinct", "last"])
    )
    def test_any_cells(self, cells: list[Value], function: str) -> None:
        """Columns of all kinds, and of one kind, by a key that is always the same."""

        def outcome(made: Table) -> object:
            try:
                return contents(self.group(made, x=f"v {function}"))
            except DataCodeError as error:  # amounts in different currencies
                return error.text

        found = []
        for store in (mixed, typed):
            made = table("k v", ["x"] * len(cells), cells, store=store)
            found.append(self.by_polars(lambda made=made: outcome(made)))
        self.assertEqual(found[0], found[1])

    def test_several_keys(self) -> None:
        """Groups of several columns, in order of appearance, null a group of its own."""
        source = Table.from_rows(
            ["a", "b", "n"],
            [["x", 1.0, 1.0], ["x", None, 2.0], ["y", 1.0, 3.0], ["x", 1.0, 4.0], ["x", None, 5.0]],
        )
        for store in (
            lambda: source,
            lambda: Table(source.names, map(typed, zip(*source.rows(), strict=True))),
        ):
            found = self.by_polars(
                lambda store=store: grouped(
                    store(), [0, 1], [Aggregate("s", 2, "sum")], no_function
                )
            )
            self.assertTable(found, "a b s", ["x", 1.0, 5.0], ["x", None, 7.0], ["y", 1.0, 3.0])

    def test_odd_keys(self) -> None:
        """Arrays can be keys, and tables; nested ones are told apart exactly."""
        keys: list[Value] = [[[1.0]], [["1"]], [[1.0]]]
        found = self.group(table("k n", keys, [1.0, 2.0, 3.0]), s="n sum")
        self.assertTable(found, "k s", [[[1.0]], 4.0], [[["1"]], 2.0])
        for one, like_it, other in (
            ([0.0], [-0.0], [0.5]),
            ([math.nan], [math.nan], ["NaN"]),
            (math.nan, math.nan, "NaN"),
            (table("a", [1.0]), table("a", [1.0]), table("a", [2.0])),
            ({"a": [1.0], "b": None}, {"b": None, "a": [1.0]}, {"a": None, "b": [1.0]}),
        ):
            source = table("k n", [one, other, like_it, other], [1.0] * 4)
            found = self.group(source, n="n size")
            self.assertEqual(found.columns[1].values(), [2.0, 2.0], one)
            source = table("k n", [1.0] * 4, [one, other, like_it, other])
            self.assertEqual(self.group(source, n="n distinct").columns[1].values(), [2.0])

    def test_own_function(self) -> None:
        """Other names are functions that get all cells of a group."""
        source = table("k n", ["a", "b", "a"], [1.0, 2.0, None])

        def call(name: str, arguments: list[Value]) -> Value:
            return f"{name}{arguments}"

        found = grouped(source, [0], [Aggregate("x", 1, "f")], call)
        self.assertTable(found, "k x", ["a", "f[1.0, None]"], ["b", "f[2.0]"])

    def test_texts_have_no_sum(self) -> None:
        """What needs numbers says so, in both ways."""
        source = table("k n", ["a", "a"], ["x", "y"], store=typed)
        for way in (lambda work: work(), self.by_polars):
            error = self.assertRaises(DataCodeError, way, lambda: self.group(source, total="n sum"))
            self.assertEqual(
                error.text, "Column 'total': sum needs numbers, and there are other values"
            )

    def test_no_rows(self) -> None:
        """No rows, no groups."""
        self.assertTable(self.group(table("k n", [], []), s="n sum"), "k s")
