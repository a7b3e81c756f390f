"""The order of ``sort`` and the equality of ``unique`` (builtins reference, 2.6 and 2.7)."""

from __future__ import annotations

import math

from twisted.trial.unittest import SynchronousTestCase

from datacode.values.equality import same
from datacode.values.hashing import distinct, is_among
from datacode.values.ordering import in_order
from datacode.values.table import Indexer, Table
from datacode.values.types import Currency, Path


class OrderTests(SynchronousTestCase):
    def test_kinds_in_order(self) -> None:
        """Null, bools, numbers with NaN last, currency by amount, texts, the rest as it was."""
        path, array = Path("a"), [1.0]
        mixed = [
            path, "b", Currency("$10"), math.nan, 2.0, Currency("no"), array, "Z", True, None,
            Currency("$9"), -math.inf, False, Currency("9 €"),
        ]  # fmt: skip
        self.assertEqual(
            repr(in_order(mixed)),
            repr([
                None, False, True, -math.inf, 2.0, math.nan, Currency("$9"), Currency("9 €"),
                Currency("$10"), Currency("no"), "Z", "b", path, array,
            ]),
        )  # fmt: skip

    def test_stable_in_both_directions(self) -> None:
        """Equal values keep their order in a descending sort too."""
        zeros = [0.0, -0.0]
        self.assertEqual(repr(in_order([1.0, *zeros])), "[0.0, -0.0, 1.0]")
        self.assertEqual(repr(in_order([*zeros, 1.0], descending=True)), "[1.0, 0.0, -0.0]")

    def test_nan_among_numbers(self) -> None:
        """Which Python's own sort would leave anywhere."""
        self.assertEqual(repr(in_order([3.0, math.nan, 1.0, math.inf])), "[1.0, 3.0, inf, nan]")

    def test_code_points(self) -> None:
        """No alphabet's own order."""
        self.assertEqual(
            in_order(["ё", "я", "a", "Z", "😀", "\uffff"]), ["Z", "a", "я", "ё", "\uffff", "😀"]
        )


class IdentityTests(SynchronousTestCase):
    def test_kinds_are_kept_apart(self) -> None:
        """Python's ``1 == True`` does not count."""
        values = [
            1.0,
            True,
            "1",
            1.0,
            True,
            "1",
            None,
            None,
            0.0,
            -0.0,
            False,
            Path("1"),
            Currency("1"),
            Path("1"),
        ]
        self.assertEqual(
            repr(distinct(values)),
            repr([1.0, True, "1", None, 0.0, False, Path("1"), Currency("1")]),
        )

    def test_nan_equals_nothing(self) -> None:
        """Not even itself, alone or in an array."""
        self.assertEqual(len(distinct([math.nan, math.nan])), 2)
        nan_in_array = [math.nan]
        self.assertEqual(len(distinct([nan_in_array, nan_in_array])), 2)
        self.assertFalse(is_among([math.nan], math.nan))

    def test_containers_by_content(self) -> None:
        """Arrays in order, objects in any order of keys, tables by their cells."""
        table = Table.from_rows(["a"], [[1.0]])
        values = [
            [1.0, [2.0]], [1.0, [2.0]], [1.0, [3.0]], {"a": 1.0, "b": None}, {"b": None, "a": 1.0},
            [True, [2.0]], table, Table.from_rows(["a"], [[1.0]]), Table.from_rows(["a"], [[2.0]]),
        ]  # fmt: skip
        self.assertEqual(len(distinct(values)), 6)

    def test_deep_values(self) -> None:
        """Nesting of any depth takes no recursion."""
        deep: list[object] = []
        other: list[object] = []
        for _ in range(50_000):
            deep, other = [deep], [other]
        self.assertEqual(len(distinct([deep, other, [deep]])), 2)
        self.assertTrue(is_among([deep], other))

    def test_many_alike_in_shape(self) -> None:
        """NaN, and arrays that differ deep within, are as quick to tell apart as numbers."""
        size = 20_000
        self.assertEqual(len(distinct([math.nan] * size)), size)
        self.assertEqual(len(distinct([[[float(i)]] for i in range(size)])), size)
        tables = [Table.from_rows(["a"], [[float(i % 9)]]) for i in range(size)]
        self.assertEqual(len(distinct(tables)), 9)
        self.assertEqual(len(distinct([table.column_named("a") for table in tables])), 9)
        self.assertEqual(len(distinct([Indexer(table) for table in tables])), 9)

    def test_tables_within_tables(self) -> None:
        """Nested to any depth, and shared to any degree, they are compared part by part."""

        def nested(depth: int, width: int) -> Table:
            made = Table.from_rows(["a"], [[1.0]])
            names = ["a", "b"][:width]
            for _ in range(depth):
                made = Table.from_rows(names, [[made] * width])
            return made

        for depth, width in ((30_000, 1), (60, 2)):
            one, other = nested(depth, width), nested(depth, width)
            self.assertTrue(same(one, other))
            self.assertFalse(same(one, nested(depth - 1, width)))
            self.assertEqual(len(distinct([one, other])), 1)

    def test_is_among(self) -> None:
        """Equal in kind and content."""
        values = [1.0, "a", None, True, [1.0], Path("p")]
        for wanted in (1.0, "a", None, True, [1.0], Path("p")):
            self.assertTrue(is_among(values, wanted), wanted)
        for wanted in ("1", False, 0.0, [True], Path("a"), {}):
            self.assertFalse(is_among(values, wanted), wanted)
