"""What the page tells of a column of a shown table: its values, counts, extremes, distribution."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis.strategies import floats, integers, lists, none
from twisted.trial.unittest import SynchronousTestCase

from datacode.tables.column_types import ColumnType, column_kind
from datacode.tables.grid_statistics import EXACT, column_statistics, edges
from datacode.tables.grid_values import LONGEST, matching_values, value_counts
from datacode.values.column_storage import SHORT, ColumnData
from datacode.values.lazy_polars import pl
from datacode.values.types import Value
from tests.large import storage

HERE = Path(__file__)
CASES = json.loads(HERE.with_name("statistics.json").read_text("utf-8"))
"""Cases that the page's own statistics are held to as well."""
VALUES = json.loads(HERE.with_name("browsing.json").read_text("utf-8"))["values"]
_TIMES = SHORT + 1


def _cells(cells: list[Any], times: int = 1) -> ColumnData:
    values: list[Value] = [
        float(cell) if isinstance(cell, int) and not isinstance(cell, bool) else cell
        for cell in cells
    ]
    return ColumnData.of_list(values * times)


class StatisticsTests(SynchronousTestCase):
    """The statistics of one column."""

    def test_cases(self) -> None:
        """Every case."""
        for case in CASES:
            kind = ColumnType(case["type"])
            found = asdict(column_statistics(_cells(case["cells"]), 4, kind, sums_only=False))
            told = json.loads(json.dumps(found))
            self.assertEqual(told, {"column": 4, **case["statistics"], "sampled": None}, case)

    def test_long(self) -> None:
        """A long column, by Polars, has the same values, each more often."""
        for case in CASES:
            kind, size = ColumnType(case["type"]), len(case["cells"])
            if kind is ColumnType.MIXED:
                continue
            short = case["statistics"]
            long = column_statistics(_cells(case["cells"], _TIMES), 0, kind, sums_only=False)
            self.assertEqual(long.rows, size * _TIMES)
            for name in ("min", "max", "distinct"):
                self.assertEqual(getattr(long, name), short[name], case)
            self.assertEqual(
                [list(each) for each in long.top],
                [[value, count * _TIMES] for value, count in short["top"]],
                case,
            )
            self.assertEqual(
                sum(count for _, _, count in long.bars),
                sum(count for _, _, count in short["bars"]) * _TIMES,
            )

    def test_sums_only(self) -> None:
        """Without the different values nothing but sums and extremes is found."""
        found = column_statistics(_cells([1, 4, None]), 0, ColumnType.INTEGER, sums_only=True)
        self.assertEqual((found.rows, found.nulls, found.numbers), (3, 1, 2))
        self.assertEqual((found.sum, found.mean, found.min, found.max), (5.0, 2.5, 1.0, 4.0))
        self.assertEqual(
            (found.distinct, found.median, found.top, found.bars), (None, None, [], [])
        )

    def test_no_numbers_of_json(self) -> None:
        """NaN and infinities are no numbers; a sum that overflows is none either."""
        found = column_statistics(
            ColumnData.of_list([math.nan, math.inf, 2.0]), 0, ColumnType.FLOAT, sums_only=False
        )
        self.assertEqual((found.numbers, found.sum, found.distinct), (1, 2.0, 3))
        huge = ColumnData.of_list([1.7e308, 1.7e308])
        found = column_statistics(huge, 0, ColumnType.FLOAT, sums_only=False)
        self.assertEqual((found.sum, found.mean, found.max), (None, None, 1.7e308))
        wide = ColumnData.of_list([-1.7e308, 1.7e308])
        self.assertEqual(column_statistics(wide, 0, ColumnType.FLOAT, sums_only=False).bars, [])

    def test_very_long(self) -> None:
        """Of a very long column sums and bars are of all rows, what needs them at once of some."""
        series = pl.int_range(0, EXACT + 1000, eager=True).cast(pl.Float64)
        found = column_statistics(
            ColumnData.of_series(series), 0, ColumnType.INTEGER, sums_only=False
        )
        self.assertEqual((found.rows, found.min, found.max), (EXACT + 1000, 0.0, EXACT + 999.0))
        self.assertEqual(found.sampled, 16 << 16)
        assert found.median is not None
        self.assertLess(abs(found.median / EXACT - 0.5), 0.05)
        self.assertEqual(sum(count for _, _, count in found.bars), EXACT + 1000)

    def test_long_texts(self) -> None:
        """Texts beyond measure are cut."""
        found = column_statistics(
            ColumnData.of_list(["x" * 5000, "y"]), 0, ColumnType.STRING, sums_only=False
        )
        self.assertLess(len(str(found.min)), 300)
        self.assertLess(len(str(found.top[0][0])), 300)

    @given(lists(none() | floats(-1e300, 1e300) | integers(-50, 50).map(float), max_size=40))
    def test_bars_count_every_number(self, values: list[float | None]) -> None:
        """Whatever the numbers are, each is in one bar, and the bars are in order."""
        cells = ColumnData.of_list(list(values))
        found = column_statistics(cells, 0, column_kind(cells).type, sums_only=False)
        numbers = [value for value in values if value is not None]
        if found.bars:
            self.assertEqual(sum(count for _, _, count in found.bars), len(numbers))
        self.assertLessEqual(len(found.bars), 20)
        starts = [begin for begin, _, _ in found.bars]
        self.assertEqual(starts, sorted(starts, key=float))

    def test_edges(self) -> None:
        """Whole numbers get bars of a whole width."""
        self.assertEqual(edges(1, 3, 3, are_whole=True), [1, 2, 3, 4])
        self.assertEqual(edges(0, 1, 2, are_whole=False), [0, 0.5, 1])
        self.assertEqual(len(edges(0, 10**9, 10**9, are_whole=False)), 21)


class ValueTests(SynchronousTestCase):
    """The list of a column's values."""

    def test_cases(self) -> None:
        """Every case, short and long."""
        for case in VALUES:
            kind = ColumnType(case["type"])
            for times in (1, _TIMES):
                counted = value_counts(_cells(case["cells"], times))
                found, distinct = matching_values(counted, kind, case["search"], case["most"])
                wanted = [(value, count * times) for value, count in case["found"]]
                self.assertEqual((found, distinct), (wanted, case["distinct"]), case)

    def test_long_texts(self) -> None:
        """A text that nobody would choose is counted, not listed."""
        counted = value_counts(ColumnData.of_list(["x" * (LONGEST + 1), "y"]))
        self.assertEqual(matching_values(counted, ColumnType.STRING, "", 9), ([("y", 1)], 2))


class StoredTests(SynchronousTestCase):
    """Columns whose cells are in files."""

    def test_as_in_memory(self) -> None:
        """The statistics are the same, without the column being loaded."""
        count = 70_000
        columns = [
            ColumnData.of_list([None if n % 7 == 0 else float(n % 1000) for n in range(count)]),
            ColumnData.of_list([f"t{n % 300}" for n in range(count)]),
            ColumnData.of_list([n % 3 == 0 for n in range(count)]),
        ]
        with storage(memory=1000) as own:
            stored = own.placed(columns)
            for number, (cells, there) in enumerate(zip(columns, stored, strict=True)):
                self.assertIsNotNone(there.source)
                kind = column_kind(cells).type
                for sums_only in (True, False):
                    self.assertEqual(
                        column_statistics(there, number, kind, sums_only=sums_only),
                        column_statistics(cells, number, kind, sums_only=sums_only),
                    )
