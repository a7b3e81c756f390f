"""Durations compare, sort and add up as such, in columns and on their own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from datacode.tables.duration_columns import are_durations, duration_of
from datacode.tables.filters import are_among, are_between, where
from datacode.tables.group import Aggregate, grouped
from datacode.tables.sort import order_of
from datacode.values.date_text import duration_text_of
from datacode.values.table import Table
from datacode.values.types import Value
from tests.runtime.builtins.test_tables import ProgramTestCase
from tests.tables.making import TableTestCase, mixed, quickly, typed

DURATIONS = st.one_of(
    st.integers(-400_000, 4_000_000).map(duration_text_of),
    st.sampled_from(["9:30", "09:30:00", "9:30:00", "255:30", "-1:00", "0:00:00"]),
)
CELLS = st.lists(st.one_of(DURATIONS, DURATIONS, st.none()), min_size=1, max_size=12)


def seconds(text: str) -> float:
    """An independent reading of a duration."""
    sign = -1 if text.startswith("-") else 1
    parts = [int(part) for part in text.lstrip("-").split(":")]
    hours, minutes, *rest = parts
    return float(sign * (hours * 3600 + minutes * 60 + (rest[0] if rest else 0)))


class ColumnTests(TableTestCase):
    @quickly
    @given(CELLS, DURATIONS, DURATIONS)
    def test_against_loops(self, cells: list[Value], low: str, high: str) -> None:
        """In typed columns and in others the same as in a loop over the seconds."""
        known = [None if cell is None else seconds(cell) for cell in cells]
        if not any(cell is not None for cell in cells):
            return
        least, most = seconds(low), seconds(high)
        expected = {
            "<": [k is not None and k < least for k in known],
            ">=": [k is not None and k >= least for k in known],
            "=": [k is not None and k == least for k in known],
        }
        order = sorted(range(len(cells)), key=lambda i: (known[i] is not None, known[i] or 0.0))
        filled = [(k, c) for k, c in zip(known, cells, strict=True) if k is not None]
        answers = [
            min(filled, key=lambda each: each[0])[1],
            max(filled, key=lambda each: each[0])[1],
            duration_text_of(sum(k for k, _ in filled)),
        ]
        for store in (mixed, typed):
            column = store(cells)
            for sign, mask in expected.items():
                self.assertEqual(list(where(column, sign, low)), mask, (sign, store))
            self.assertEqual(
                list(are_between(column, low, high)),
                [k is not None and least <= k <= most for k in known],
            )
            self.assertEqual(
                list(are_among(column, [low, None, "x"])), [k is None or k == least for k in known]
            )
            self.assertEqual(list(order_of(column)), order)
            table = Table(["k", "t"], [store(["a"] * len(cells)), column], len(cells))
            wanted = [Aggregate(f, 1, f) for f in ("min", "max", "sum")]
            found = grouped(table, [0], wanted, lambda *_: None)
            self.assertEqual(list(found.row(0))[1:], answers)

    def test_what_they_are(self) -> None:
        """Every cell must be one; a day has 24 hours, a duration any number."""
        for store in (mixed, typed):
            self.assertTrue(are_durations(store(["255:30:00", None])))
            for cells in (["9:30", "x"], [None], [], ["9:60"], ["2025-12-31 9:30"], [5.0]):
                self.assertFalse(are_durations(store(list(cells))), cells)
        self.assertEqual(duration_of("-1:30"), -5400.0)


class ProgramTests(ProgramTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.run_program(
            "d = table([['a', '9:30:00', 1], ['a', '255:30:00', 2], ['b', '10:15', 3],"
            " ['b', null, 4]], ['k', 't', 'n'])\n"
            "many = merge_tables(bulk_create(100, d))"
        )

    def test_values(self) -> None:
        """Two texts that are durations are compared by how long they are."""
        self.assertPrints("[true, false]", "['9:30' < '10:15', '9:30' > '100:00:00']")
        self.assertPrints("255:30:00", "max('9:30', '255:30:00')", "max(['9:30', '255:30:00'])")
        self.assertPrints("[-1:00, 9:30, 10:15]", "sort(['9:30', '10:15', '-1:00'])")

    def test_conditions(self) -> None:
        """In every form of a condition, for few and for many rows."""
        for table in ("d", "many"):
            for condition in (
                "t > '10:00:00'", "t > '10:00' and n > 0", "t between '10:00' and '300:00'",
                "if(t > '10:00:00', true, false)", "not (t <= '10:00:00') and t is not null",
                "t in ['10:15:00', '255:30']",
            ):  # fmt: skip
                self.assertPrints("[2, 3]", f'unique({table}["{condition}"].n)')
            self.assertPrints("[2, 3]", f"unique(table_where({table}, 't', '>', '10:00').n)")
            self.assertPrints("[1]", f"unique({table}[\"t = '09:30:00'\"].n)")

    def test_functions(self) -> None:
        """Totals, the first and last, ranks."""
        self.assertPrints("[Total, 275:15:00, 10]", "table_total(d).idx[-1]")
        self.assertPrints("[9:30:00, 255:30:00]", "[min(d['t > 0:00'].t), max(d['t > 0:00'].t)]")
        self.assertPrints("[255:30:00]", "extend(table_top(d, 1, 't').t, [])")


class ExtremeTests(ProgramTestCase):
    """``min`` and ``max`` of other values than numbers."""

    def test_kinds(self) -> None:
        """Dates by the day, amounts by their size; of a column as it is called."""
        self.assertPrints("1.12.2025", "min('31.12.2025', '1.12.2025', '2025-12-31')")
        self.assertPrints("$40", "max(['$5', '$40'])")
        self.assertPrints("$40.00", "max(money(5), money(40))")
        self.run_program("t = table([['01/31/2024'], ['02/01/2024'], ['01/02/2024']], ['d'])")
        self.assertPrints("02/01/2024", "max(t.d)")
        for call in ("min('a', 'b')", "max(['31.12.2025', 'b'])", "max(['31.12.2025', null])"):
            self.assertIn("expected", self.failure(call))
        self.assertIn("different currencies", self.failure("max('$5', '7 €')"))
