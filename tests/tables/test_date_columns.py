"""Columns that are called Date (tables and files reference, 1.3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from datacode.plans.nodes import JoinKind
from datacode.tables.asof import Direction, asof_join
from datacode.tables.column_types import ColumnType, column_kind
from datacode.tables.filters import are_among, are_between, different, where
from datacode.tables.group import Aggregate, grouped
from datacode.tables.join import compared_join, equal_join
from datacode.tables.show import info_text
from datacode.tables.sort import order_of, sorted_cells
from datacode.values.column_storage import ColumnData
from datacode.values.table import Table
from datacode.values.types import Value
from tests.tables.making import TableTestCase, mixed, quickly, typed

FORMS = (
    "{0:%Y-%m-%d}", "{0:%Y-%m-%d %H:%M:%S}", "{0:%d.%m.%Y}", "{0.day}.{0.month}.{0.year}",
    "{0:%d.%m.%Y} {0.hour}:{0:%M:%S}", "{0:%d.%m.%Y} {0.hour}:{0:%M}", "{0:%d.%m.%y}",
    "{0:%Y-%m-%dT%H:%M:%S}Z", "{0:%d/%m/%Y}",
)  # fmt: skip
MOMENTS = st.datetimes(datetime(2025, 11, 20), datetime(2025, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0)
)
TEXTS = st.builds(lambda form, moment: form.format(moment), st.sampled_from(FORMS), MOMENTS)
CELLS = st.lists(st.one_of(TEXTS, TEXTS, TEXTS, st.none(), st.sampled_from(["н/д", "12"])))


def values(mask: Any) -> list[bool]:
    """A mask as a list."""
    return [bool(each) for each in mask]


class DateColumnTests(TableTestCase):
    """Filters, order, groups and joins go by the dates."""

    def both_ways(self, cells: list[Value], work: Any) -> Any:
        """What a column gives, mixed and typed: it must be the same."""
        plain = work(mixed(cells))
        self.assertEqual(self.by_polars(lambda: work(typed(cells))), plain)
        return plain

    def test_filters(self) -> None:
        """The same rows whatever the form of cell and value."""
        cells: list[Value] = ["15.03.2024", "31.12.2025", "01.12.2025", "2025-11-20", None, "н/д"]
        for first in ("01.12.2025", "2025-12-01", "1.12.2025"):
            found = self.both_ways(
                cells, lambda c, low=first: values(are_between(c, low, "31.12.2025"))
            )
            self.assertEqual(found, [False, True, True, False, False, False])
            found = self.both_ways(cells, lambda c, low=first: values(where(c, ">=", low)))
            self.assertEqual(found, [False, True, True, False, False, False])
            found = self.both_ways(cells, lambda c, day=first: values(where(c, "=", day)))
            self.assertEqual(found, [False, False, True, False, False, False])
            found = self.both_ways(cells, lambda c, day=first: values(where(c, "!=", day)))
            self.assertEqual(found, [True, True, False, True, True, True])
            among = ["20.11.2025", first, "н/д", None]
            found = self.both_ways(cells, lambda c, days=among: values(are_among(c, days)))
            self.assertEqual(found, [False, False, True, True, True, True])
        found = self.both_ways(cells, lambda c: values(are_between(c, None, "01.12.2025")))
        self.assertEqual(found, [True, False, True, True, True, False])

    def test_times(self) -> None:
        """A value without a time is its whole day, a cell among times its midnight."""
        cells: list[Value] = ["14.12.2025 23:59:59", "15.12.2025", "15.12.2025 9:15:00"]
        cells += ["15.12.2025 17:18", "16.12.2025 0:00"]
        for sign, value, expected in (
            ("=", "15.12.2025", "01110"), ("<=", "15.12.2025", "11110"),
            (">", "15.12.2025", "00001"),
            ("<", "2025-12-15 10:00:00", "11100"), ("=", "2025-12-15 17:18:00", "00010"),
        ):  # fmt: skip
            found = self.both_ways(cells, lambda c, s=sign, v=value: values(where(c, s, v)))
            self.assertEqual("".join(str(int(each)) for each in found), expected, (sign, value))
        self.assertEqual(sorted_cells(mixed(list(reversed(cells)))), cells)

    def test_order(self) -> None:
        """By the day, texts that are no dates last, nulls first."""
        cells: list[Value] = ["31.12.2025", None, "н/д", "1.2.2025", "2024-03-15", "15.03.2024"]
        self.assertEqual(self.both_ways(cells, lambda c: list(order_of(c))), [1, 4, 5, 3, 0, 2])
        self.assertEqual(
            self.both_ways(cells, lambda c: list(order_of(c, descending=True))), [2, 0, 3, 4, 5, 1]
        )

    def test_distinct(self) -> None:
        """One of the texts of each date, the first."""
        cells: list[Value] = ["1.12.2025", "01.12.2025", "2025-12-01", "2.12.2025", None, "x", "x"]
        self.assertEqual(self.both_ways(cells, different), ["1.12.2025", "2.12.2025", None, "x"])

    def test_groups(self) -> None:
        """Keys, the least and the greatest, how many different."""
        days: list[Value] = [
            "01.12.2025",
            "1.12.2025",
            "31.11.2025",
            "9.12.2025",
            "10.12.2025",
            "x",
        ]
        keys: list[Value] = ["a", "a", "b", "a", "a", "b"]
        wanted = [
            Aggregate("first", 1, "min"), Aggregate("last", 1, "max"),
            Aggregate("n", 1, "distinct"),
        ]  # fmt: skip

        def work(days: ColumnData) -> list[Any]:
            table = Table(["key", "day"], [typed(keys), days], 6)
            found = grouped(table, [0], wanted, self.fail)
            by_day = grouped(table, [1], [Aggregate("n", 0, "size")], self.fail)
            return [list(found.rows()), list(by_day.rows())]

        found, by_day = self.both_ways(days, work)
        self.assertEqual(
            found, [["a", "01.12.2025", "10.12.2025", 3.0], ["b", "31.11.2025", "x", 2.0]]
        )
        self.assertEqual(by_day[0], ["01.12.2025", 2.0])
        self.assertEqual(len(by_day), 5)

    def test_joins(self) -> None:
        """Equal days, days in order, the nearest day."""
        left = Table(["d"], [mixed(["1.12.2025", "31.12.2025", "x"])], 3)
        right = Table(["e"], [mixed(["2025-12-01", "2025-12-15", "x"])], 3)
        found = equal_join(left, right, [("d", "e")], JoinKind.INNER, lambda _: None)
        self.assertEqual(list(found.rows()), [["1.12.2025", "2025-12-01"], ["x", "x"]])
        found = compared_join(left, right, ("d", ">", "e"), JoinKind.INNER, lambda _: None)
        self.assertEqual(
            list(found.rows()), [["31.12.2025", "2025-12-01"], ["31.12.2025", "2025-12-15"]]
        )
        for direction, expected in (
            (Direction.BACKWARD, ["2025-12-01", "2025-12-15", None]),
            (Direction.FORWARD, ["2025-12-01", None, None]),
            (Direction.NEAREST, ["2025-12-01", "2025-12-15", None]),
        ):
            found = asof_join(left, right, ("d", "e"), [], direction)
            self.assertEqual([row[1] for row in found.rows()], expected)

    def test_joins_by_the_day(self) -> None:
        """Times on one side only: it is the day that must be the same."""
        left = Table(["d"], [mixed(["1.12.2025 9:15", "2.12.2025 17:18:00"])], 2)
        right = Table(["e"], [mixed(["01.12.2025", "03.12.2025"])], 2)
        found = equal_join(left, right, [("d", "e")], JoinKind.INNER, lambda _: None)
        self.assertEqual(list(found.rows()), [["1.12.2025 9:15", "01.12.2025"]])

    def test_slashes(self) -> None:
        """The column tells which number is the day; where it contradicts itself it is text."""
        american: list[Value] = ["01/13/2024", "02/01/2024", "12/05/2023"]
        self.assertEqual(
            self.both_ways(american, sorted_cells), ["12/05/2023", "01/13/2024", "02/01/2024"]
        )
        found = self.both_ways(american, lambda c: values(where(c, ">", "2024-01-15")))
        self.assertEqual(found, [False, True, False])
        for unclear in (["01/13/2024", "13/01/2024", "2024-01-01"], ["01/02/2024", "1/2/2024"]):
            kind = self.both_ways(list(unclear), column_kind)
            self.assertTrue(kind.has_unclear_dates)
            self.assertEqual(kind.type, ColumnType.STRING)
            text = info_text(Table(["d"], [mixed(list(unclear))], len(unclear)))
            self.assertIn("(String: даты, в которых", text)
        self.assertEqual(
            self.both_ways(["01/13/2024", "13/01/2024"], sorted_cells), ["01/13/2024", "13/01/2024"]
        )

    @quickly
    @given(CELLS, TEXTS, TEXTS)
    def test_both_ways(self, cells: list[Value], low: str, high: str) -> None:
        """Typed and mixed columns give the same, at every operation."""
        for sign in ("<", "<=", "=", "!=", ">=", ">"):
            self.both_ways(cells, lambda c, s=sign: values(where(c, s, low)))
        self.both_ways(cells, lambda c: values(are_between(c, low, high)))
        self.both_ways(cells, lambda c: values(are_among(c, [low, high, "12"])))
        self.both_ways(cells, lambda c: list(order_of(c)))
        self.both_ways(cells, lambda c: list(order_of(c, descending=True)))
        self.both_ways(cells, different)
        self.both_ways(cells, column_kind)
        wanted = [Aggregate(name, 0, name) for name in ("min", "max", "distinct", "count")]

        def groups(cells: ColumnData) -> list[Any]:
            table = Table(["d", "k"], [cells, typed(["a"] * len(cells))], len(cells))
            one = list(grouped(table, [1], wanted, self.fail).rows())
            return [one, list(grouped(table, [0], [wanted[-1]], self.fail).rows())]

        self.both_ways(cells, groups)

    @quickly
    @given(st.lists(MOMENTS, min_size=1), st.sampled_from(FORMS[:6]))
    def test_order_of_moments(self, moments: list[datetime], form: str) -> None:
        """Sorting texts is sorting the moments that they stand for."""
        if "H" not in form:
            moments = [m.replace(hour=0, minute=0, second=0) for m in moments]
        if "S" not in form:
            moments = [m.replace(second=0) for m in moments]
        texts: list[Value] = [form.format(moment) for moment in moments]
        expected = [form.format(moment) for moment in sorted(moments)]
        self.assertEqual(self.both_ways(texts, sorted_cells), expected)
