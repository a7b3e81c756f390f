"""The functions that reshape and sum up tables, against plain loops in Python and against Polars.

Every call is made of typed columns by Polars, of typed columns that are short, and of lists; all
three must give what the loop gives.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from datacode.errors import DataCodeError
from datacode.runtime.host import Host
from datacode.values.equality import same
from datacode.values.ordering import sort_key
from datacode.values.table import Table
from datacode.values.types import Value
from tests.runtime.builtins.calling import MemoryFiles, as_value, call_with
from tests.runtime.test_every_builtin import OnlyBuiltins
from tests.tables.making import TableTestCase, contents, mixed, quickly, shown, typed

NULL = st.none()
KEYS = st.sampled_from(["a", "b", "c"]) | NULL
NUMBERS = st.integers(-20, 20).map(lambda n: n / 2) | NULL
TEXTS = st.sampled_from(["x,y", "", "x", "a,,b", "ё", "Е", "e", "Ж,1", "я", "Я"]) | NULL
ANY = st.one_of(NUMBERS, TEXTS, st.booleans(), st.just([1.0]), NULL)
ROWS = st.lists(st.tuples(KEYS, NUMBERS, TEXTS, ANY), max_size=14)
NAMES = ["k", "n", "s", "m"]

Rows = list[list[Value]]


def stored(rows: list[tuple[Value, ...]], store: Callable[[list[Value]], Any]) -> Table:
    """The rows as a table."""
    columns = [[row[i] for row in rows] for i in range(len(NAMES))]
    return Table(NAMES, [store(column) for column in columns])


class AgainstTestCase(TableTestCase):
    """Calls of a function in three ways."""

    def setUp(self) -> None:
        self.host = Host(MemoryFiles())
        self.host.attach(OnlyBuiltins(self.host))

    def call(self, function: str, /, *arguments: Any, **named: Any) -> Any:
        """One call."""
        values = {key: as_value(value) for key, value in named.items()}
        first = [a if isinstance(a, Table) else as_value(a) for a in arguments]
        return call_with(self.host, function, first, values)

    def table(
        self, function: str, rows: list[tuple[Value, ...]], /, *arguments: Any, **named: Any
    ) -> Any:
        """The table that a call gives, or its error; the same in all three ways."""

        def outcome(source: Table) -> Any:
            try:
                found = self.call(function, source, *arguments, **named)
            except DataCodeError as error:
                return str(error)
            return contents(found) if isinstance(found, Table) else shown([found])

        expected = outcome(stored(rows, mixed))
        self.assertEqual(outcome(stored(rows, typed)), expected)
        self.assertEqual(self.by_polars(lambda: outcome(stored(rows, typed))), expected)
        self.assertEqual(self.by_polars(lambda: outcome(stored(rows, mixed))), expected)
        return expected

    def assertRows(self, found: Any, names: list[str], rows: Rows) -> None:
        """The table has these names and rows."""
        self.assertEqual(found, (names, [shown(row) for row in rows]))


def groups(rows: list[tuple[Value, ...]], key: int) -> dict[Value, list[int]]:
    """The numbers of the rows of each group, in order of appearance."""
    found: dict[Value, list[int]] = {}
    for number, row in enumerate(rows):
        found.setdefault(row[key], []).append(number)
    return found


class ReshapeTests(AgainstTestCase):
    """``table_fill``, ``table_unpivot``, ``table_split``, ``table_explode``, ``table_dedupe``."""

    @quickly
    @given(ROWS, st.sampled_from(NAMES), st.booleans())
    def test_fill(self, rows: list[tuple[Value, ...]], name: str, upward: bool) -> None:
        """Down, up, and with a value."""
        place = NAMES.index(name)
        expected = [list(row) for row in rows]
        last = None
        for row in reversed(expected) if upward else expected:
            row[place] = last = last if row[place] is None else row[place]
        found = self.table("table_fill", rows, name, "up" if upward else "down")
        self.assertRows(found, NAMES, expected)
        for value in (0.5, "x", True, None, [1.0]):
            expected = [list(row) for row in rows]
            for row in expected:
                row[place] = value if row[place] is None else row[place]
            self.assertRows(self.table("table_fill", rows, name, value=value), NAMES, expected)

    @quickly
    @given(ROWS)
    def test_unpivot(self, rows: list[tuple[Value, ...]]) -> None:
        """A column after the other."""
        expected = [
            [row[0], row[1], name, row[NAMES.index(name)]] for name in ("s", "m") for row in rows
        ]
        found = self.table("table_unpivot", rows, ["k", "n"])
        self.assertRows(found, ["k", "n", "name", "value"], expected)
        found = self.table("table_unpivot", rows, "k", ["n"], name="what", value="v")
        self.assertRows(found, ["k", "what", "v"], [[row[0], "n", row[1]] for row in rows])
        frame = pl.DataFrame(
            [(row[0], row[2]) for row in rows], ["k", "s"], schema_overrides={"k": str, "s": str},
            orient="row",
        ).unpivot(on=["s", "k"], index=None)  # fmt: skip
        found = self.table("table_unpivot", rows, [], ["s", "k"])
        self.assertRows(found, ["name", "value"], [list(row) for row in frame.rows()])

    @quickly
    @given(ROWS, st.sampled_from("snm"), st.sampled_from([",", "x", ",,"]), st.integers(1, 3))
    def test_split(self, rows: list[tuple[Value, ...]], name: str, by: str, count: int) -> None:
        """The last column has the rest."""
        place = NAMES.index(name)
        expected: Rows = []
        for row in rows:
            cell = row[place]
            parts = cell.split(by, count - 1) if isinstance(cell, str) else [cell]
            parts += [None] * (count - len(parts))
            expected.append([*row[:place], *parts, *row[place + 1 :]])
        new = [f"part{i}" for i in range(count)]
        found = self.table("table_split", rows, name, by, new)
        self.assertRows(found, [*NAMES[:place], *new, *NAMES[place + 1 :]], expected)
        most = max((row[place].count(by) for row in rows if isinstance(row[place], str)), default=0)
        names = self.table("table_split", rows, name, by, keep=True)[0]
        self.assertEqual(names[place + 1 :], [
            *(f"{name}_{i}" for i in range(1, most + 2)), *NAMES[place + 1 :],
        ])  # fmt: skip

    @quickly
    @given(ROWS, st.sampled_from("smn"), st.sampled_from([None, ",", "x"]))
    def test_explode(self, rows: list[tuple[Value, ...]], name: str, by: str | None) -> None:
        """Arrays, and texts if there is a delimiter."""
        place = NAMES.index(name)
        expected: Rows = []
        for row in rows:
            cell = row[place]
            parts = [cell]
            if isinstance(cell, list):
                parts = cell or [None]
            elif by and isinstance(cell, str):
                parts = cell.split(by)
            expected += [[*row[:place], part, *row[place + 1 :]] for part in parts]
        self.assertRows(self.table("table_explode", rows, name, by), NAMES, expected)

    @quickly
    @given(
        ROWS,
        st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True),
        st.sampled_from(["first", "last", "none"]),
    )
    def test_dedupe(self, rows: list[tuple[Value, ...]], keys: list[str], keep: str) -> None:
        """Each row that has no equal one, or is the first or last of them."""
        places = [NAMES.index(key) for key in keys]
        expected: Rows = []
        for number, row in enumerate(rows):
            equal = [
                other
                for other, each in enumerate(rows)
                if all(same(each[p], row[p]) for p in places)
            ]
            kept = {"first": equal[0], "last": equal[-1], "none": number}[keep]
            if kept == number and (keep != "none" or len(equal) == 1):
                expected.append(list(row))
        self.assertRows(self.table("table_dedupe", rows, keys, keep), NAMES, expected)

    def test_refused(self) -> None:
        """What makes no sense, and what would be too large."""
        rows: list[tuple[Value, ...]] = [("a", 1.0, "x,y", None)] * 3
        for expected, name, *arguments in (
            ("needs 'down', 'up' or value=", "table_fill", "k"),
            ("needs 'down', 'up' or value=", "table_fill", "k", "sideways"),
            ("Column 'z' not found", "table_fill", "z", "down"),
            ("no column is left", "table_unpivot", NAMES),
            ("cannot be empty", "table_split", "s", ""),
            ("two columns called 'k'", "table_split", "s", ",", ["k", "b"]),
            ("two columns called 'b'", "table_split", "s", ",", ["b", "b"]),
            ("cannot be empty", "table_explode", "s", ""),
            ("keep must be", "table_dedupe", "k", "some"),
        ):  # fmt: skip
            self.assertIn(expected, self.table(name, rows, *arguments))
        found = self.table("table_unpivot", rows, "k", name="k", value="name")
        self.assertIn("two columns called 'k'", found)
        self.host.memory_limit = 1000
        many = rows * 10
        for name, arguments in (
            ("table_unpivot", ("k",)),
            ("table_split", ("s", ",", [f"p{i}" for i in range(9)])),
            ("table_explode", ("s", ",")),
            ("table_bins", ("n", 1000.0)),
        ):
            self.assertIn("too large", self.table(name, many, *arguments))


class OrderTests(AgainstTestCase):
    """``table_sort`` by several columns, ``table_top``."""

    @quickly
    @given(ROWS, st.permutations(NAMES), st.lists(st.booleans(), min_size=4, max_size=4))
    def test_sort(self, rows: list[tuple[Value, ...]], names: list[str], up: list[bool]) -> None:
        """The last key first, each time stable."""
        expected = list(rows)
        for name, ascending in reversed(list(zip(names[:3], up, strict=False))):
            place = NAMES.index(name)
            expected.sort(key=lambda row, place=place: sort_key(row[place]), reverse=not ascending)
        found = self.table("table_sort", rows, names[:3], up[:3])
        self.assertRows(found, NAMES, [list(row) for row in expected])

    @quickly
    @given(ROWS)
    def test_alphabet(self, rows: list[tuple[Value, ...]]) -> None:
        """Ё between Е and Ж, capitals like small letters."""
        letters = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"

        def key(row: tuple[Value, ...]) -> list[float]:
            return [] if row[2] is None else [-1] + [
                ord("е") + letters.index(c) if c in letters else ord(c) for c in row[2].lower()
            ]  # fmt: skip

        expected = [list(row) for row in sorted(rows, key=key)]
        self.assertRows(self.table("table_sort", rows, "s", locale="ru"), NAMES, expected)

    @quickly
    @given(ROWS, st.integers(0, 4), st.sampled_from(NAMES), st.booleans())
    def test_top(self, rows: list[tuple[Value, ...]], count: int, name: str, least: bool) -> None:
        """Of all rows, and of each group."""
        place = NAMES.index(name)
        filled = [row for row in rows if row[place] is not None]
        ordered = sorted(filled, key=lambda row: sort_key(row[place]), reverse=not least)
        ordered += [row for row in rows if row[place] is None]
        found = self.table("table_top", rows, count, name, least=least)
        self.assertRows(found, NAMES, [list(row) for row in ordered[:count]])
        expected: Rows = []
        for key in groups(rows, 0):
            expected += [list(row) for row in ordered if row[0] == key][:count]
        found = self.table("table_top", rows, count, name, "k", least=least)
        self.assertRows(found, NAMES, expected)

    def test_refused(self) -> None:
        """As many directions as columns, a language that is known."""
        rows: list[tuple[Value, ...]] = [("a", 1.0, "x", None)]
        self.assertIn("2 values for 1", self.table("table_sort", rows, ["k"], [True, False]))
        self.assertIn("one of ru, en", self.table("table_sort", rows, "k", locale="xx"))


def running(values: list[Value], make: Callable[[list[float]], Value]) -> list[Value]:
    """For each place what is made of the numbers up to it."""
    return [make([v for v in values[: place + 1] if v is not None]) for place in range(len(values))]


def rolling(values: list[Value], count: int, make: Callable[[list[float]], Value]) -> list[Value]:
    """For each place what is made of the last ``count`` cells, if they all are numbers."""
    found: list[Value] = []
    for place in range(len(values)):
        part = values[max(place + 1 - count, 0) : place + 1]
        found.append(make(part) if len(part) == count and None not in part else None)
    return found


def mean(numbers: list[float]) -> Value:
    """Of no numbers null."""
    return sum(numbers) / len(numbers) if numbers else None


WINDOWS: dict[str, Callable[[list[Value], int], list[Value]]] = {
    "sum": lambda v, n: running(v, lambda part: float(sum(part))),
    "mean": lambda v, n: running(v, mean),
    "min": lambda v, n: running(v, lambda part: min(part, default=None)),
    "max": lambda v, n: running(v, lambda part: max(part, default=None)),
    "count": lambda v, n: running(v, lambda part: float(len(part))),
    "lag": lambda v, n: [v[i - n] if i - n >= 0 else None for i in range(len(v))],
    "lead": lambda v, n: [v[i + n] if i + n < len(v) else None for i in range(len(v))],
    "diff": lambda v, n: [
        v[i] - v[i - n] if i >= n and v[i] is not None and v[i - n] is not None else None
        for i in range(len(v))
    ],
    "total": lambda v, n: [float(sum(x for x in v if x is not None))] * len(v),
    "share": lambda v, n: [
        None if x is None or not (all_ := sum(y for y in v if y is not None)) else x / all_
        for x in v
    ],
    "rank": lambda v, n: [
        None if x is None else 1.0 + sum(y is not None and y > x for y in v) for x in v
    ],
    "dense_rank": lambda v, n: [
        None if x is None else 1.0 + len({y for y in v if y is not None and y > x}) for x in v
    ],
    "row_number": lambda v, n: [float(i + 1) for i in range(len(v))],
    "rolling_sum": lambda v, n: rolling(v, n, lambda part: float(sum(part))),
    "rolling_mean": lambda v, n: rolling(v, n, mean),
    "rolling_min": lambda v, n: rolling(v, n, min),
    "rolling_max": lambda v, n: rolling(v, n, max),
}


class WindowTests(AgainstTestCase):
    """``table_window``."""

    def number(self, text: str) -> float | None:
        """The number of a shown cell."""
        return None if text == "Null" else float(text.removeprefix("Number(").removesuffix(")"))

    @quickly
    @given(
        ROWS, st.sampled_from(sorted(WINDOWS)), st.integers(1, 3), st.booleans(),
        st.sampled_from([None, "s", "m"]),
    )  # fmt: skip
    def test_windows(
        self,
        rows: list[tuple[Value, ...]],
        function: str,
        count: int,
        grouped: bool,
        order: str | None,
    ) -> None:
        """Every function, with groups and without, in the order of the rows and in another."""
        expected: list[Value] = [None] * len(rows)
        places = list(groups(rows, 0).values()) if grouped else [list(range(len(rows)))]
        for group in places:
            if order:
                group = sorted(group, key=lambda i: sort_key(rows[i][NAMES.index(order)]))
            made = WINDOWS[function]([rows[i][1] for i in group], count)
            for place, value in zip(group, made, strict=True):
                expected[place] = value
        takes_number = function in ("lag", "lead", "diff") or function.startswith("rolling")
        wanted = ["n", function, count] if takes_number else ["n", function]
        found = self.table("table_window", rows, {"w": wanted}, "k" if grouped else None, order)
        self.assertEqual(found[0], [*NAMES, "w"])
        cells = [self.number(row[-1]) for row in found[1]]
        for cell, value in zip(cells, expected, strict=True):
            if cell is None or value is None:
                self.assertIs(cell, value)
            else:
                self.assertTrue(math.isclose(cell, value, abs_tol=1e-9), (function, cells))

    @quickly
    @given(ROWS, st.sampled_from("sm"))
    def test_other_cells(self, rows: list[tuple[Value, ...]], name: str) -> None:
        """Cells that are no numbers are moved, counted and ranked."""
        values = [row[NAMES.index(name)] for row in rows]
        self.table("table_window", rows, {"w": [name, "sum"]})
        found = self.table("table_window", rows, {"w": [name, "lag", 2]}, replace=1)
        self.assertIn("Unknown named argument", found)
        found = self.table("table_window", rows, {"w": [name, "lag", 2], "c": [name, "count"]})
        expected = [[None, None, *values][i] for i in range(len(rows))]
        self.assertEqual([row[-2] for row in found[1]], shown(expected))
        found = self.table("table_window", rows, {"w": [name, "rank"]})
        keys = [sort_key(v) for v in values]
        ranks = [
            None if v is None else float(1 + sum(k > key for k in keys))
            for v, key in zip(values, keys, strict=True)
        ]
        self.assertEqual([row[-1] for row in found[1]], shown(ranks))

    def test_refused(self) -> None:
        """Functions that there are not, numbers that are missing or make no sense."""
        rows: list[tuple[Value, ...]] = [("a", 1.0, "x", None)]
        for wanted, expected in (
            (["n", "nope"], "There is no window function 'nope'"),
            (["n", "rolling_sum"], "needs the number of rows"),
            (["n", "rolling_sum", 0], "0 is no number of rows"),
            (["n", "lag", -1], "-1 is no number of rows"),
            (["n", "sum", 3], "3 is no number of rows"),
            (["n", "lag", 1.5], "must be a whole number"),
            (["z", "sum"], "Column 'z' not found"),
            (["s", "sum"], "sum needs numbers"),
            ("n", "must be an array"),
            (["n"], "must be an array"),
        ):
            self.assertIn(expected, self.table("table_window", rows, {"w": wanted}))
        found = self.table("table_window", rows, {"w": ["n", "rolling mean", 1e15]})
        self.assertEqual(found[1][0][-1], "Null")


class SummaryTests(AgainstTestCase):
    """Totals, counts, quantiles, bins, months, descriptions."""

    @quickly
    @given(ROWS)
    def test_total(self, rows: list[tuple[Value, ...]]) -> None:
        """One more row."""
        numbers = [row[1] for row in rows if row[1] is not None]
        last: list[Value] = ["Итого", float(sum(numbers)), None, None]
        found = self.table("table_total", rows, "n", label="Итого")
        self.assertRows(found, NAMES, [*map(list, rows), last])
        last = ["Total", mean(numbers), float(sum(row[2] is not None for row in rows)), None]
        found = self.table("table_total", rows, {"n": "average", "s": "count"})
        self.assertRows(found, NAMES, [*map(list, rows), last])

    @quickly
    @given(ROWS, st.sampled_from(NAMES))
    def test_count(self, rows: list[tuple[Value, ...]], name: str) -> None:
        """The most frequent first, others as they appear."""
        place = NAMES.index(name)
        keys = [repr((type(row[place]), row[place])) for row in rows]
        counts = Counter(keys)
        first = {key: row[place] for key, row in reversed(list(zip(keys, rows, strict=True)))}
        expected = [[first[key], float(count)] for key, count in counts.most_common()]
        self.assertRows(self.table("table_count", rows, name), [name, "count"], expected)

    @quickly
    @given(ROWS, st.floats(0, 1))
    def test_quantile(self, rows: list[tuple[Value, ...]], part: float) -> None:
        """As Polars does it in proportion."""
        numbers = [row[1] for row in rows if row[1] is not None]
        expected = pl.Series(numbers, dtype=pl.Float64).quantile(part, "linear")
        (text,) = self.table("table_quantile", rows, "n", part)
        found = WindowTests.number(self, text)  # type: ignore[arg-type]
        if expected is None:
            self.assertIsNone(found)
        else:
            self.assertTrue(math.isclose(found or 0.0, expected, abs_tol=1e-9))

    @quickly
    @given(ROWS, st.lists(st.integers(-10, 10), min_size=2, max_size=5, unique=True))
    def test_bins(self, rows: list[tuple[Value, ...]], edges: list[int]) -> None:
        """The last bin holds its end; outside there is none."""
        edges = sorted(edges)
        labels = [f"b{i}" for i in range(len(edges) - 1)]
        expected: Rows = []
        for row in rows:
            label = None
            for low, high, name in zip(edges, edges[1:], labels, strict=False):
                is_last = high == edges[-1] and row[1] == high
                if row[1] is not None and (low <= row[1] < high or is_last):
                    label = name
            expected.append([*row, label])
        found = self.table("table_bins", rows, "n", edges, labels)
        self.assertRows(found, [*NAMES, "n_bin"], expected)

    def test_bins_of_the_same_width(self) -> None:
        """From the least to the greatest."""
        rows: list[tuple[Value, ...]] = [(None, n, None, None) for n in (0.0, 1.0, 9.0, 10.0)]
        found = self.table("table_bins", rows, "n", 2, name="b")
        labels = ["[0, 5)", "[0, 5)", "[5, 10]", "[5, 10]"]
        self.assertEqual([row[-1] for row in found[1]], shown(labels))
        texts: list[tuple[Value, ...]] = [(None, None, "x", None)]
        self.assertIn("other values", self.table("table_bins", texts, "s", 2))
        for bins in (0, 1.5, [1], [2, 1], [1, math.nan], ["a", "b"]):
            self.assertRegex(self.table("table_bins", rows, "n", bins), "bins must be|whole number")
        self.assertIn("2 bins, but 1", self.table("table_bins", rows, "n", [0, 1, 2], ["a"]))

    @quickly
    @given(st.lists(st.tuples(st.dates(), NUMBERS, st.booleans()), max_size=8))
    def test_months(self, days: list[tuple[Any, float | None, bool]]) -> None:
        """Every month between the first and the last; a date in any form is one."""
        days = [(day.replace(year=2000 + day.year % 3), n, dots) for day, n, dots in days
                if (day.month, day.day) != (2, 29)]  # fmt: skip
        rows: list[tuple[Value, ...]] = [
            (f"{day:%d.%m}.{day.year}" if dots else day.isoformat(), n, None, None)
            for day, n, dots in days
        ]
        months = [day.year * 12 + day.month - 1 for day, _, _ in days]
        expected: Rows = []
        for month in range(min(months), max(months) + 1) if months else ():
            numbers = [n for (_, n, _), m in zip(days, months, strict=True) if m == month and n]
            found = [n for (_, n, _), m in zip(days, months, strict=True) if m == month]
            text = f"{month // 12:04}-{month % 12 + 1:02}-01"
            expected.append([text, float(sum(numbers)), float(len(found))])
        found = self.table("table_months", rows, "k", {"n": ["n", "sum"], "days": ["k", "size"]})
        self.assertRows(found, ["k", "n", "days"], expected)

    def test_months_without_dates(self) -> None:
        """Rows without a date are told of, and other cells are an error."""
        warnings: list[Any] = []
        self.host.on_warning = warnings.append
        rows: list[tuple[Value, ...]] = [("2024-01-31", 2.0, None, None), (None, 3.0, None, None)]
        self.assertRows(self.table("table_months", rows, "k"), ["k", "n"], [["2024-01-01", 2.0]])
        self.assertIn("1 rows without a date in 'k'", str(warnings[0]))
        rows.append(("soon", 1.0, None, None))
        self.assertIn("Column 'k': 'soon' is no date", self.table("table_months", rows, "k"))

    @quickly
    @given(ROWS)
    def test_describe(self, rows: list[tuple[Value, ...]]) -> None:
        """Counts and, of numbers, what Polars says."""
        found = self.table("table_describe", rows)
        series = pl.Series([row[1] for row in rows], dtype=pl.Float64)
        numbers = found[1][1]
        self.assertEqual(numbers[0], 'String("n")')
        if series.count():
            for place, expected in (
                (2, series.count()), (3, series.null_count()), (5, series.min()),
                (6, series.max()), (7, series.sum()), (8, series.mean()), (9, series.std()),
                (10, series.quantile(0.25, "linear")), (11, series.median()),
            ):  # fmt: skip
                value = WindowTests.number(self, numbers[place])  # type: ignore[arg-type]
                if expected is None:
                    self.assertIsNone(value)
                else:
                    self.assertTrue(math.isclose(value or 0.0, float(expected), abs_tol=1e-9))  # type: ignore[arg-type]


class PivotTests(AgainstTestCase):
    """``table_pivot``."""

    @quickly
    @given(ROWS, st.sampled_from(["sum", "count", "max", "first"]), st.booleans())
    def test_pivot(self, rows: list[tuple[Value, ...]], function: str, in_order: bool) -> None:
        """Every cell by a loop, and the totals."""
        make: dict[str, Callable[[list[Value]], Value]] = {
            "sum": lambda cells: float(sum(c for c in cells if c is not None)),
            "count": lambda cells: float(sum(c is not None for c in cells)),
            "max": lambda cells: max((c for c in cells if c is not None), default=None),
            "first": lambda cells: cells[0],
        }
        of = make[function]
        lines, headings = list(groups(rows, 0)), list(groups(rows, 2))
        if in_order:
            headings.sort(key=sort_key)

        def cell(*tests: tuple[int, Value]) -> Value:
            cells = [row[1] for row in rows if all(row[p] == v for p, v in tests)]
            return of(cells) if cells else None

        expected = [
            [key, *(cell((0, key), (2, h)) for h in headings), cell((0, key))] for key in lines
        ]
        if rows:
            expected.append(["Итого", *(cell((2, h)) for h in headings), cell()])
        found = self.table(
            "table_pivot", rows, "k", "s", "n", function, sort=in_order, totals="Итого"
        )
        names = ["k", *("null" if h is None else h for h in headings), "Итого"]
        self.assertRows(found, names if rows else ["k"], expected)

    def test_several(self) -> None:
        """Several functions and several columns of values."""
        rows: list[tuple[Value, ...]] = [("a", 1.0, "x", 5.0), ("a", 3.0, "x", 7.0)]
        found = self.table("table_pivot", rows, "k", "s", ["n", "m"], ["sum", "count"])
        names = ["k", "x / n / sum", "x / n / count", "x / m / sum", "x / m / count"]
        self.assertRows(found, names, [["a", 4.0, 2.0, 12.0, 2.0]])
        found = self.table("table_pivot", rows, "k", "s", "n", ["sum", "max"], totals=True)
        names = ["k", "x / sum", "x / max", "Total / sum", "Total / max"]
        self.assertRows(found, names, [["a", 4.0, 3.0, 4.0, 3.0], ["Total", 4.0, 3.0, 4.0, 3.0]])

    def test_too_many_cells(self) -> None:
        """What would not fit is refused before it is made."""
        self.host.memory_limit = 100_000
        rows: list[tuple[Value, ...]] = [(f"k{i}", float(i), f"s{i}", None) for i in range(200)]
        self.assertIn("too large", self.table("table_pivot", rows, "k", "s", "n"))

    def test_headings(self) -> None:
        """Values that look alike get columns of their own."""
        rows: list[tuple[Value, ...]] = [("x", 1.0, "1", 1.0), ("x", 2.0, "1", "1")]
        found = self.table("table_pivot", rows, "k", "m", "n", "count")
        self.assertRows(found, ["k", "1", "1"], [["x", 1.0, 1.0]])


class JoinTests(AgainstTestCase):
    """``table_join``."""

    def pair(
        self, left: list[tuple[Value, ...]], right: list[tuple[Value, ...]], **named: Any
    ) -> Any:
        """The outcome, the same in all ways of storing."""

        def outcome(store: Callable[[list[Value]], Any]) -> Any:
            one = Table(["k", "n", "x"], [store([row[i] for row in left]) for i in range(3)])
            other = Table(["k", "n", "y"], [store([row[i] for row in right]) for i in range(3)])
            try:
                return contents(self.call("table_join", one, other, **named))
            except DataCodeError as error:
                return str(error)

        expected = outcome(mixed)
        self.assertEqual(outcome(typed), expected)
        self.assertEqual(self.by_polars(lambda: outcome(typed)), expected)
        return expected

    small = st.lists(st.tuples(KEYS, NUMBERS, st.integers(0, 99).map(float)), max_size=6)

    @quickly
    @given(small, small, st.sampled_from(["inner", "left", "right", "full"]))
    def test_one_key(
        self, left: list[tuple[Value, ...]], right: list[tuple[Value, ...]], how: str
    ) -> None:
        """Each key once, whichever side has it."""
        expected: Rows = []
        paired = set()
        for a in left:
            matches = [i for i, b in enumerate(right) if a[0] is not None and a[0] == b[0]]
            paired.update(matches)
            expected += [[*a, *right[i][1:]] for i in matches]
            if not matches and how in ("left", "full"):
                expected.append([*a, None, None])
        if how in ("right", "full"):
            expected += [[b[0], None, None, *b[1:]] for i, b in enumerate(right) if i not in paired]
        found = self.pair(left, right, on="k", how=how)
        self.assertRows(found, ["k", "n_left", "x", "n_right", "y"], expected)

    @quickly
    @given(small, small, st.sampled_from(["one_to_one", "one_to_many", "many_to_one"]))
    def test_check(
        self, left: list[tuple[Value, ...]], right: list[tuple[Value, ...]], check: str
    ) -> None:
        """A key that occurs twice where it may not."""

        def repeats(rows: list[tuple[Value, ...]]) -> bool:
            keys = [row[0] for row in rows if row[0] is not None]
            return len(set(keys)) < len(keys)

        fails = (check != "many_to_one" and repeats(left)) or (
            check != "one_to_many" and repeats(right)
        )
        found = self.pair(left, right, on="k", check=check)
        self.assertEqual(isinstance(found, str), fails, found)

    @quickly
    @given(small, small, st.sampled_from([0, 0.5, 3]))
    def test_tolerance(
        self, left: list[tuple[Value, ...]], right: list[tuple[Value, ...]], tolerance: float
    ) -> None:
        """The nearest row of those with the same key, if it is near enough."""
        found = self.pair(left, right, on=["k", "n"], how="left", tolerance=tolerance)
        if isinstance(found, str):
            self.fail(found)
        for row, (a, line) in enumerate(zip(left, found[1], strict=True)):
            near = [
                (abs(b[1] - a[1]), b[2])
                for b in right
                if None not in (a[0], a[1], b[1]) and b[0] == a[0]
            ]
            least = min((distance for distance, _ in near), default=math.inf)
            if least > tolerance:
                self.assertEqual(line[-1], "Null", row)
            else:
                self.assertIn(line[-1], shown(y for distance, y in near if distance == least))

    def test_days(self) -> None:
        """Dates are as near as their days."""
        left: list[tuple[Value, ...]] = [("2024-01-10", 1.0, 1.0), ("2024-03-01", 1.0, 2.0)]
        right: list[tuple[Value, ...]] = [("12.01.2024", 2.0, 3.0)]
        found = self.pair(left, right, on="k", tolerance=2)
        names = ["k", "n_left", "x", "n_right", "y"]
        self.assertRows(found, names, [["2024-01-10", 1.0, 1.0, 2.0, 3.0]])

    def test_refused(self) -> None:
        """With the key and its table."""
        rows: list[tuple[Value, ...]] = [("a", 1.0, 1.0), ("a", 1.0, 2.0)]
        found = self.pair(rows, rows, on="k", check="one_to_one")
        self.assertIn("The left table has the key k = a more than once", found)
        self.assertIn("check must be one of", self.pair(rows, rows, on="k", check="few"))
        self.assertIn("tolerance must be", self.pair(rows, rows, on="n", tolerance=-1))
        self.assertIn("how must be", self.pair(rows, rows, on="n", tolerance=1, how="full"))
        self.assertIn("right table", self.pair(rows, rows, on=[["k", "z"]]))
        both = self.pair(rows, rows, on="k", keep_key=False)
        self.assertEqual(both[0], ["k_left", "n_left", "x", "k_right", "n_right", "y"])
