"""Loops over long tables that are run for many rows at once give what they give row by row."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from random import Random
from unittest import mock

import numpy
import polars as pl
from twisted.trial.unittest import SynchronousTestCase

from datacode.tables import folds, running_sums
from datacode.values.column_storage import ColumnData
from datacode.values.table import Table
from tests.language.fold_programs import chunks_of, differences, numpy_imported, outcome
from tests.large import StoredTestCase

NEVER = 10**9

START = """
s = 0
n = 0
best = 7
rate = 1.1
last = null
xs = []
by = {}
by["Москва"] = 0
by["Тверь"] = 0.5
by["Омск"] = 0
by["2023"] = 0
by["2024"] = 0
by["2025"] = 0
by["2026"] = 0
same = by
seen = {}
cfg = {rate: 1.1, parts: [1, 2.5], more: {rate: 3}}
rates = {}
rates["Москва"] = 2
rates["Тверь"] = 0.5
rates["Омск"] = -1
"""

FOLDED = (
    "s = s + row[0]",
    "s = s - row[0] * rate + row[1] / 3",
    "s = row[0] + s",
    'if row[2] == "Москва" and row[0] > 50 do\n s = s + row[1]\n n = n + 1\n endif',
    "if row[0] > 50 do\n s = s + row[1]\n else if row[0] > 20 do\n s = s - row[1]\n else\n"
    " s = s + 0.1\n n = n + 0.1\n endif",
    "x = row[0] * 2\n if x > 30 or not (row[1] < x) do\n s = s + x\n last = x\n endif",
    'if row[2] != "Москва" do\n next row\n endif\n s = s + row[0]\n n = n + 1',
    "if row[0] > 50 do\n if row[1] > 50 do\n next row\n endif\n n = n + 1\n endif\n s = s + row[1]",
    "n = n + row[3] % 7",
    "n = n + row[0] % 0.7 - (row[1] - 50) % row[0]",
    "s = s + row[0] ^ 2 + row[1] ^ (row[3] / 999) + rate ^ 2",
    "s = s + round(row[0], 1) - abs(row[1] - 50) + round(rate)",
    'if contains(row[2], "ск") and len(row[2]) > 4 do\n last = upper(row[2])\n n = n + 1\n endif',
    'if row[5] >= "2024-05-01" and row[5] < "2025-01-01" do\n n = n + 1\n endif',
    "if row[4] do\n n = n + 1\n endif\n last = row[2]",
    'if row[2] < "Я" do\n n = n + 1\n endif',
    "if row[0] > best do\n best = row[0]\n last = row[2]\n endif",
    "if best >= row[3] % 10 do\n best = row[3] % 10\n last = row[0]\n endif",
    "s = s + row[0] * cfg.rate * cfg['rate'] - cfg.parts[1] + cfg.more.rate\n n = n + cfg.parts[0]",
    "s = s + row[0] * rates[row[2]]\n last = rates[row[2]] + rates['Омск']",
    "if year(row[5]) == 2025 and month(row[5]) > 3 do\n n = n + day(row[5])\n endif",
    'if lower(row[2]) == "москва" or row[2].len == 4 do\n last = row[2].upper\n n = n + 1\n endif',
    "last = substring(row[2], 1, 2) + str(row[3])\n s = s + sqrt(row[0]) + number(str(row[3]))",
    "by[substring(row[5], 0, 4)] = by[substring(row[5], 0, 4)] + row[2].len",
    "if row[4] do\n xs = push(xs, row[0] * rate)\n endif",
    "xs = push(xs, null)\n s = s + row[0]",
    "by[row[2]] = by[row[2]] + row[0]",
    'if row[0] > 50 do\n by["Омск"] = by["Омск"] - 1\n endif',
    "if not has_key(seen, row[2]) do\n seen[row[2]] = 0\n endif\n"
    " seen[row[2]] = seen[row[2]] + row[1]\n n = n + row[0]",
)
"""Bodies of which every chunk of a plain table is folded."""


def plain(rows: int) -> Table:
    """Two columns of fractions, texts, whole numbers, bools, dates."""
    random = Random(rows)
    columns: list[list[object]] = [
        [random.uniform(0, 100) for _ in range(rows)],
        [random.uniform(1, 100) for _ in range(rows)],
        [random.choice(("Москва", "Тверь", "Омск")) for _ in range(rows)],
        [float(random.randrange(1000)) for _ in range(rows)],
        [random.random() < 0.5 for _ in range(rows)],
        [f"202{random.randrange(3, 7)}-0{random.randrange(1, 10)}-13" for _ in range(rows)],
    ]
    return Table("abcdef", [ColumnData.of_list(list(each)) for each in columns], rows)


def loop(body: str) -> str:
    """A program with this body of a loop."""
    return (
        f"{START}for row in t do\n {body}\nnext row\nprint(s, n, best, last, xs, by, seen, same)\n"
    )


def random_size(random: Random) -> float:
    """A number of any size."""
    return random.uniform(-1, 1) * 10.0 ** random.randrange(-9, 9)


class FoldTests(SynchronousTestCase):
    """Chunk by chunk and row by row."""

    def setUp(self) -> None:
        self.results: list[bool] = []
        folded = folds.FoldChunk.folded

        def counted(*arguments: object) -> object:
            found = folded(*arguments)  # type: ignore[arg-type]
            self.results.append(found is not None)
            return found

        self.patch(folds.FoldChunk, "folded", counted)

    def assert_same(
        self, program: str, table: Table, rows: int, steps: int | None = None
    ) -> tuple[object, ...]:
        """The program does the same in chunks of so many rows as row by row."""
        with chunks_of(1, shortest=NEVER):
            expected = outcome(program, table, steps)
        self.results.clear()
        with chunks_of(rows):
            self.assertEqual(outcome(program, table, steps), expected, program)
        return expected

    def test_folded(self) -> None:
        for body in FOLDED:
            for rows in (1, 99, 100, 101):
                self.assert_same(loop(body), plain(rows), 50)
                self.assertEqual(self.results, [True] * -(-rows // 50), body)

    def test_borders(self) -> None:
        for rows in (folds.CHUNK - 1, folds.CHUNK, folds.CHUNK + 1):
            table = plain(rows)
            for body in FOLDED[1], FOLDED[4], FOLDED[5]:
                self.assert_same(loop(body), table, folds.CHUNK)
                self.assertEqual(self.results, [True] * -(-rows // folds.CHUNK))

    def test_short_and_empty(self) -> None:
        self.assert_same(loop(FOLDED[0]), plain(0), 10)
        self.assertEqual(self.results, [])
        outcome(loop(FOLDED[0]), plain(folds.SHORTEST - 1))
        self.assertEqual(self.results, [])
        outcome(loop(FOLDED[0]), plain(folds.SHORTEST))
        self.assertEqual(self.results, [True])

    def test_other_loops(self) -> None:
        programs = (
            f"{START}for i, row in enum(t) do\n s = s + row[0] * i\nnext i",
            f"{START}for a, b, c, d, e, f in t do\n s = s + a * b\nnext a",
            f'{START}for x in t["a"] do\n s = s + x\nnext x',
            f'{START}for i, x in enum(t["a"]) do\n s = s + x * i\nnext i',
            "function f(t, rate) do\n s = 0\n for row in t do\n s = s + row[0] * rate\n next row\n"
            " return s\nendfunction\nx = f(t, 3)",
            f"{START}for k in [1, 2] do\n for row in t do\n s = s + row[0] * k\n next row\nnext k",
        )
        for program in programs:
            self.assert_same(program, plain(100), 50)
            self.assertIn(self.results, ([True] * 2, [True] * 4), program)

    def test_not_folded(self) -> None:
        bodies = (
            "s = s + row[0]\n last = s",
            "if n > 3 do\n break\n endif\n n = n + 1",
            "s = s * row[0]",
            "last = last\n s = s + row[0]",
            "if row[0] > 50 do\n x = row[0]\n endif\n last = isset(x)",
            "s = s + to_json(row[3])",
            "s = s + row[2][0]",
            "s = s + rates[row[2]]\n rates = {}",
            "print(row[0])",
            "xs = push(xs, row[0])\n xs = push(xs, row[1])",
            "xs = push(xs, row[0])\n n = n + len(xs)",
            "by[row[2]] = by[row[2]] + by.a",
            "if row[0] > best do\n best = row[1]\n endif",
            "if row[0] > best do\n best = row[0]\n n = n + 1\n endif",
            "if row[0] > best do\n best = row[0]\n endif\n last = best",
            "s = s + missing",
        )
        for body in bodies:
            self.assert_same(loop(body), plain(20), 7)
            self.assertEqual(self.results, [], body)

    def test_one_chunk_fails(self) -> None:
        """The error has its line, its column and the variables of its row."""
        cells: list[object] = [float(i) for i in range(100)]
        cells[72] = None
        table = Table(["a", "b"], [ColumnData.of_list(cells), *plain(100).columns[:1]])
        body = "last = row[1]\n n = n + 1\n if row[1] > 0 do\n  s = s + 1 - row[0]\n endif"
        _, error, _ = self.assert_same(loop(body), table, 10)
        self.assertEqual(self.results, [True] * 7 + [False])
        self.assertIn("Cannot subtract", str(error))
        self.assert_same(loop("if row[0] != null do\n s = s + row[0]\n endif"), table, 10)
        self.assertEqual(self.results, [True] * 10)
        by = "if not has_key(seen, row[1]) do\n seen[row[1]] = 0\n endif\n"
        self.assert_same(loop(f"{by} seen[row[1]] = seen[row[1]] + 1"), table, 10)
        self.assertEqual(self.results, [False])
        divided = "if row[0] == null do\n next row\n endif\n s = s + row[1] / row[0]"
        self.assert_same(loop(divided), table, 10)
        self.assertEqual(self.results, [False])

    def test_left_to_the_loop_for_some_chunks(self) -> None:
        """After a chunk that cannot be folded more and more rows are left to the loop."""
        cells: list[object] = [float(i) for i in range(400)]
        for row in range(100, 200):
            cells[row] = float("nan")
        table = Table(["a"], [ColumnData.of_list(cells)])
        self.assert_same(loop("if row[0] > 50 do\n n = n + 1\n endif"), table, 10)
        self.assertEqual(self.results, [True] * 10 + [False] * 4 + [True] * 15)

    def test_remainders_of_zero(self) -> None:
        """The sign of a remainder that is 0 is that of the loop."""
        rows = [[a, b] for a in (-0.0, 0.0, -3.0, 3.0) for b in (-1.0, 1.0, 1.5, -1.5, 1e-300)]
        columns = [ColumnData.of_list(list(cells)) for cells in zip(*rows, strict=True)]
        for term in ("row[0] % row[1]", "row[0] % 1.5", "row[0] % -1", "-0 % row[1]"):
            for size in (1, 5, 20):
                self.assert_same(loop(f"xs = push(xs, {term})"), Table("ab", columns), size)
                self.assertEqual(self.results, [True] * (20 // size), term)

    def test_steps(self) -> None:
        """A limit of statements is met at the same one, and the total is the same."""
        program = loop("if row[0] > 50 do\n n = n + 1\n next row\n endif\n s = s + row[0]")
        start = START.count("\n") - 1
        for steps in (4, 5, 6, 28, 90, 140, 190, 288, 289, 290, 291, 292, 293, 294, 388):
            self.assert_same(program, plain(75), 10, start + steps)
            self.assertTrue(self.results)

    def test_random_programs(self) -> None:
        for found in differences(range(250)):
            self.fail(found)


class StoredTests(StoredTestCase):
    """Tables in files are run chunk by chunk as the chunks come."""

    def run_chunks(self, body: str, table: Table) -> tuple[object, list[int]]:
        """What a loop over a table in files gives, and how many rows were in memory at once."""
        sizes: list[int] = []
        series_of = folds._series_of

        def noted(columns: Sequence[ColumnData]) -> object:
            sizes.append(len(columns[0]))
            return series_of(columns)

        stored = Table(table.names, self.storage.placed(table.columns), table.row_count)
        self.assertTrue(all(folds._is_in_files(column) for column in stored.columns))
        with mock.patch.object(folds, "_series_of", noted), chunks_of(100):
            found = outcome(loop(body), stored)
        self.assertTrue(all(folds._is_in_files(column) for column in stored.columns))
        return found, sizes

    def test_same_as_in_memory(self) -> None:
        """Never more than a chunk is in memory, and the results are those of rows."""
        table = plain(350)
        for body in FOLDED:
            found, sizes = self.run_chunks(body, table)
            self.assertEqual(sizes, [100, 100, 100, 50], body)
            with chunks_of(1, shortest=NEVER):
                self.assertEqual(found, outcome(loop(body), table), body)

    def test_chunks_that_are_not_folded(self) -> None:
        """Columns of several kinds, errors with their rows."""
        cells: list[object] = [float(i) for i in range(400)]
        cells[150] = "n/a"
        table = Table(["a", "b"], [ColumnData.of_list(cells), *plain(400).columns[:1]])
        for body in ("s = s + row[1]\n last = row[0]", "s = s + row[0]\n n = n + 1"):
            found, sizes = self.run_chunks(body, table)
            self.assertEqual(sizes[:2], [100, 100])
            with chunks_of(1, shortest=NEVER):
                self.assertEqual(found, outcome(loop(body), table), body)


class LibraryTests(SynchronousTestCase):
    """What folds rely on in Polars and NumPy."""

    def test_running_sum(self) -> None:
        """The numbers are added in order, one by one."""
        random = Random(1)
        for count in (1, 7, 1000, 70_000):
            numbers = [random_size(random) for _ in range(count)]
            expected = functools.reduce(operator.add, numbers)
            parts = pl.concat([pl.Series(numbers[:1]), pl.Series(numbers[1:], dtype=pl.Float64)])
            self.assertEqual(pl.Series(numbers).cum_sum().item(-1), expected)
            self.assertEqual(parts.cum_sum().item(-1), expected)
            array = numpy.array(numbers)
            self.assertEqual(numpy.add.accumulate(array)[-1], expected)
            total = numpy.zeros(1)
            numpy.add.at(total, numpy.zeros(count, dtype="int64"), array)
            self.assertEqual(total[0], expected)
            self.assertEqual(running_sums.running_sum(0.0, pl.Series(numbers)), expected)
        self.assertTrue(running_sums._products_add_in_order())

    def test_other_order(self) -> None:
        """Products are used for sums only if they add in order."""
        numbers = pl.Series([random_size(Random(seed)) for seed in range(5000)])
        expected = functools.reduce(operator.add, numbers.to_list(), 0.25)
        backwards = mock.patch.object(
            running_sums, "_product_with_ones", lambda _, numbers: float(numbers[::-1].sum())
        )
        with backwards:
            running_sums._products_add_in_order.cache_clear()
            self.addCleanup(running_sums._products_add_in_order.cache_clear)
            self.assertEqual(running_sums.running_sum(0.25, numbers), expected)
            self.assertFalse(running_sums._products_add_in_order())

    def test_sums_by_key(self) -> None:
        """For few keys and many, with NumPy and without, from -0 on, too."""
        for count in (2, 5, 40):
            random = Random(count)
            keys = [f"k{random.randrange(count)}" for _ in range(6000)]
            numbers = [random_size(random) for _ in keys]
            before = {key: -0.0 if key == "k1" else 0.5 for key in dict.fromkeys(keys)}
            expected = dict(before)
            for key, number in zip(keys, numbers, strict=True):
                expected[key] += number
            for imported in (True, False):
                with numpy_imported(imported):
                    found = running_sums.sums_by_key(before, pl.Series(keys), pl.Series(numbers))
                self.assertEqual(list(found.items()), list(expected.items()))
            found = running_sums.sums_by_key(before, pl.Series(keys), pl.Series(numbers))
            self.assertEqual(list(found.items()), list(expected.items()))

    def test_arithmetic(self) -> None:
        """Products, sums, differences and quotients of columns are those of Python's numbers."""
        random = Random(2)
        left = [random_size(random) for _ in range(5000)]
        right = [random_size(random) for _ in range(5000)]
        one, other = pl.Series(left), pl.Series(right)
        for compute in (operator.add, operator.sub, operator.mul, operator.truediv):
            expected = list(map(compute, left, right))
            self.assertEqual(compute(one, other).to_list(), expected)
        for compute in (operator.add, operator.sub, operator.mul):
            self.assertEqual(compute(one, 1.1).to_list(), [compute(x, 1.1) for x in left])
            self.assertEqual(compute(1.1, one).to_list(), [compute(1.1, x) for x in left])
        zeros = pl.Series([-0.0, 0.0]) + pl.Series([0.0, 0.0])
        self.assertEqual(list(map(str, zeros.to_list())), ["0.0", "0.0"])
        thirds = one / pl.Series([3.1]).new_from_index(0, len(one))
        self.assertEqual(thirds.to_list(), [x / 3.1 for x in left])
