"""Dates with slashes count as their column says, in expressions too (reference, 1.3)."""

from __future__ import annotations

from datacode.tables.slash_dates import read_otherwise
from tests.runtime.builtins.test_tables import ProgramTestCase
from tests.tables.making import mixed, typed

MONTH_FIRST = ["01/31/2024", "02/01/2024", "01/02/2024"]


class SlashDateTests(ProgramTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.run_program(
            "t = table([['01/31/2024', 1], ['02/01/2024', 2], ['01/02/2024', 3]], ['d', 'n'])\n"
            "u = table([['01/31/2024', 1], ['31/01/2024', 2], ['01/02/2024', 3]], ['d', 'n'])\n"
            "function own(n) do\nreturn n > 0\nendfunction"
        )

    def test_agreement(self) -> None:
        """Few rows and many, the short form and expressions: all read them alike."""
        for table in ("t", "merge_tables(bulk_create(300, t))"):
            for condition in (
                "d < '2024-01-31'", "d < '2024-01-31' and n > 0", "d in ['2024-01-02'] and n > 0",
                "if(d < '2024-01-31', true, false)", "d between '01/01/2024' and '01/30/2024'",
                "month(d) = 1 and day(d) = 2", "date_trunc(d, 'day') = '2024-01-02' and true",
            ):  # fmt: skip
                self.assertPrints("[3]", f'unique({table}["{condition}"].n)')
            months = f"table_add_column({table}, 'm', expression='month(d)').m"
            self.assertPrints("[1, 2]", f"unique({months})")

    def test_refused(self) -> None:
        """What is only worked out row by row would read each on its own."""
        for table in ("t", "u"):
            error = self.failure(f"table_query({table}, \"d < '2024-01-31' and own(n)\")")
            self.assertIn("Column 'd' has dates such as 0", error)
        self.assertIn("Column 'd'", self.failure("u[\"d < '2024-01-31' and n > 0\"]"))
        self.assertIn("Column 'd'", self.failure("table_add_column(u, 'm', expression='year(d)')"))

    def test_allowed(self) -> None:
        """Other uses of the texts, and saying what they are."""
        self.assertPrints("[1, 2, 3]", "extend(u[\"contains(d, '/') and own(n)\"].n, [])")
        dated = "table_add_column(t, 'e', expression=\"date(d, 'MM/DD/YYYY')\")"
        self.assertPrints("[2024-01-31, 2024-02-01, 2024-01-02]", f"extend({dated}.e, [])")
        self.assertPrints("[3]", f"extend({dated}[\"e < '2024-01-31' and own(n)\"].n, [])")

    def test_which(self) -> None:
        """Columns whose dates mean the same on their own are no matter."""
        for store in (mixed, typed):
            self.assertEqual(read_otherwise(store(list(MONTH_FIRST))), "02/01/2024")
            self.assertEqual(read_otherwise(store(["31/01/2024", "1/2/2024"])), "1/2/2024")
            self.assertEqual(read_otherwise(store(["31/01/2024", "01/31/2024"])), "31/01/2024")
            for cells in (["31/01/2024", "01/02/2024"], ["31.01.2024"], ["a/b"], [None], [5.0]):
                self.assertIsNone(read_otherwise(store(list(cells))), cells)
