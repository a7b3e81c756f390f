"""Dates: arithmetic keeps the form in which a date was written."""

from __future__ import annotations

from tests.runtime.builtins.calling import BuiltinTestCase


class DateAddTests(BuiltinTestCase):
    def test_forms_are_kept(self) -> None:
        """The result is written as the argument was."""
        for date, later in [
            ("2024-02-28", "2024-02-29"), ("2024-2-9", "2024-2-10"), ("31.12.2024", "01.01.2025"),
            ("31.12.24", "01.01.25"), ("31/12/2024", "01/01/2025"), ("12/31/2024", "01/01/2025"),
            ("1/31/24", "2/1/24"), ("28/2/2023", "1/3/2023"),
            ("2024-12-31T10:00:00Z", "2025-01-01T10:00:00Z"),
            ("2024-12-31T10:00:00.50-03:30", "2025-01-01T10:00:00.50-03:30"),
            ("31.12.2024 23:59:59", "01.01.2025 23:59:59"),
            ("2024-01-15 10:30:00", "2024-01-16 10:30:00"),
        ]:  # fmt: skip
            self.assertGives(later, "date_add", date, 1)

    def test_months_end_with_their_last_day(self) -> None:
        """A day that the month does not have becomes its last."""
        self.assertGives("2024-02-29", "date_add", "2024-01-31", 1, "months")
        self.assertGives("2023-02-28", "date_add", "2024-02-29", -1, unit="Years")
        self.assertGives("2022-12-31", "date_add", "2024-01-31", -13, "month")

    def test_hours_add_a_time_where_there_is_none(self) -> None:
        """In a form that is a date again."""
        self.assertGives("2024-01-31 06:00:00", "date_add", "2024-01-31", 6, "hours")
        self.assertGives("31.01.2024 00:30:00", "date_add", "31.01.2024", 30, "minutes")
        self.assertGives("2024-01-31 00:00:05", "date_add", "1/31/2024", 5, "seconds")
        self.assertGives("2024-02-01", "date_add", "2024-01-31", 24, "hours")

    def test_two_digits_grow_where_they_must(self) -> None:
        """A year that two digits would not give back is written with four."""
        self.assertGives("01.01.2070", "date_add", "31.12.69", 1)

    def test_refusals(self) -> None:
        """What is no date, no whole number, no unit, no year."""
        self.assertEqual(
            self.failure("date_add", "soon", 1), "Runtime Error: Cannot parse 'soon' as date"
        )
        self.assertEqual(
            self.failure("date_add", 5, 1), "Runtime Error: Cannot convert Number(5.0) to date"
        )
        self.assertEqual(
            self.failure("date_add", "2024-01-01", 1.5),
            "Runtime Error: date_add: amount must be a whole number",
        )
        self.assertEqual(
            self.failure("date_add", "2024-01-01", 1, "fortnights"),
            "Runtime Error: Unknown unit of time: fortnights. "
            "Expected years, months, weeks, days, hours, minutes or seconds",
        )
        for amount, unit in [
            (9000, "years"),
            (-9000, "years"),
            (1e15, "days"),
            (1e18, "weeks"),
            (1e15, "months"),
        ]:
            self.assertEqual(
                self.failure("date_add", "2024-01-01", amount, unit),
                "Runtime Error: date_add: the year would not lie between 1 and 9999",
            )


class DateDiffTests(BuiltinTestCase):
    def test_exact_units(self) -> None:
        """With a fraction, and negative when the dates stand the other way round."""
        self.assertGives(366, "date_diff", "2024-01-01", "01.01.2025")
        self.assertGives(-1.5, "date_diff", "2024-01-02 12:00:00", "2024-01-01")
        self.assertGives(90, "date_diff", "2024-01-01 10:00:00", "2024-01-01T11:30:00", "minutes")

    def test_complete_months_and_years(self) -> None:
        """Counted as ``date_add`` would add them."""
        self.assertGives(1, "date_diff", "2024-01-31", "2024-02-29", "months")
        self.assertGives(0, "date_diff", "2024-01-31", "2024-02-28", "months")
        self.assertGives(-23, "date_diff", "2024-01-01", "2022-02-01", "months")
        self.assertGives(1, "date_diff", "2023-02-28", "2024-02-29", "years")
        self.assertGives(0, "date_diff", "2024-02-29", "2025-02-27", "years")

    def test_zones(self) -> None:
        """The same moment in two zones; without a zone UTC is meant."""
        self.assertGives(
            0, "date_diff", "2024-01-01T10:00:00+03:00", "2024-01-01T07:00:00Z", "seconds"
        )
        self.assertGives(3, "date_diff", "2024-01-01T00:00:00+03:00", "2024-01-01", "hours")


class DateFormatTests(BuiltinTestCase):
    def test_pictures(self) -> None:
        """Words that are pictures are replaced, others and what is in brackets are not."""
        for picture, text in [
            ("DD.MM.YYYY", "05.03.2024"), ("YYYYMMDD", "20240305"), ("D/M/YY", "5/3/24"),
            ("YYYY-MM-DDTHH:mm:ss", "2024-03-05T09:07:01"), ("H:mm", "9:07"),
            ("DD [MM] comma class", "05 MM comma class"), ("YYYY год", "2024 год"), ("", ""),
        ]:  # fmt: skip
            self.assertGives(text, "date_format", "2024-03-05 09:07:01", picture)

    def test_parts(self) -> None:
        """Year, month and day of every form."""
        for date in (
            "2024-03-05",
            "05.03.24",
            "05/03/2024",
            "3/5/2024",
            "2024-03-05T23:30:00-05:00",
        ):
            self.assertEqual([self.call(n, date) for n in ("year", "month", "day")], [2024, 3, 5])


class RefusedDateTests(BuiltinTestCase):
    def test_no_such_year(self) -> None:
        """A difference in months whose second date, in the first one's zone, has no year."""
        self.assertEqual(
            self.failure(
                "date_diff", "2024-01-01T00:00:00-12:00", "0001-01-01T00:00:00Z", "months"
            ),
            "Runtime Error: date_diff: the year would not lie between 1 and 9999",
        )

    def test_texts_only(self) -> None:
        """Units and formats are strings."""
        self.assertIn("String", self.failure("date_add", "2024-01-01", 1, 2))
        self.assertIn("String", self.failure("date_format", "2024-01-01", 5))
