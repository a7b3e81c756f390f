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
            "Expected years, quarters, months, weeks, days, hours, minutes or seconds",
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
            ("ДД.ММ.ГГГГ ЧЧ:мм:сс", "05.03.2024 09:07:01"), ("ДДММГГ", "050324"),
            ("D.M.YYYY г.", "5.3.2024 г."), ("дддд, Ч ч", "Tuesday, 9 ч"),
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


class PartTests(BuiltinTestCase):
    """Quarters, weeks, days of the week, and where they begin."""

    def test_parts(self) -> None:
        """Of dates in every form."""
        for date, quarter, week, weekday in (
            ("15.12.2025 9:15:00", 4, 51, 1), ("1.3.2026", 1, 9, 7), ("2027-01-01", 1, 53, 5),
            ("30/06/2024", 2, 26, 7),
        ):  # fmt: skip
            self.assertGives(quarter, "quarter", date)
            self.assertGives(week, "week", date)
            self.assertGives(weekday, "weekday", date)

    def test_beginnings(self) -> None:
        """The form stays; whole days have no time."""
        for date, unit, expected in (
            ("15.12.2025 17:18", "year", "01.01.2025"),
            ("15.12.2025 17:18", "quarter", "01.10.2025"),
            ("15.12.2025", "months", "01.12.2025"), ("2025-12-17 01:02:03", "week", "2025-12-15"),
            ("15.12.2025 17:18", "day", "15.12.2025"),
            ("15.12.2025 7:18", "hour", "15.12.2025 7:00"),
            ("2025-12-15 17:18:19", "minute", "2025-12-15 17:18:00"),
            ("2025-12-15T17:18:19.5Z", "second", "2025-12-15T17:18:19Z"),
            ("2025-12-15T17:18:19.5Z", "day", "2025-12-15T00:00:00Z"),
        ):  # fmt: skip
            self.assertGives(expected, "date_trunc", date, unit)
        self.assertIn("Unknown unit of time", self.failure("date_trunc", "2025-01-01", "era"))

    def test_ranges(self) -> None:
        """Both ends included, forwards and backwards, by months from the first date."""
        days = ["30.12.2025", "31.12.2025", "01.01.2026"]
        self.assertGives(days, "date_range", "30.12.2025", "2026-01-01")
        self.assertGives(["2025-03-02", "2025-03-01"], "date_range", "2025-03-02", "2025-03-01", -1)
        self.assertGives(
            ["2025-01-31", "2025-02-28", "2025-03-31"],
            "date_range", "2025-01-31", "2025-04-01", 1, "months",
        )  # fmt: skip
        self.assertGives(
            ["1.1.2025 9:00", "1.1.2025 9:30", "1.1.2025 10:00"],
            "date_range", "1.1.2025 9:00", "1.1.2025 10:15", 30, "minutes",
        )  # fmt: skip
        self.assertGives([], "date_range", "2025-01-02", "2025-01-01")
        self.assertEqual(len(self.call("date_range", "9999-12-30", "9999-12-31")), 2)
        self.assertIn("step cannot be 0", self.failure("date_range", "2025-01-01", "2025-01-02", 0))
        self.assertIn(
            "too large", self.failure("date_range", "0001-01-01", "9999-12-31", 1, "seconds")
        )

    def test_durations(self) -> None:
        """They add up, and are added to dates."""
        self.assertGives(255.5, "duration", "255:30:00")
        self.assertGives(-90, "duration", "-1:30", "minutes")
        self.assertGives("265:45:00", "duration_sum", ["255:30:00", None, "10:15"])
        self.assertGives("-00:00:01", "duration_text", -1, "seconds")
        self.assertGives("02.12.2025 12:30:00", "date_add", "01.12.2025", "36:30:00")
        for value in ("1:60:00", "1:2:3", "x", 5, True):
            self.assertIn("is not a duration", self.failure("duration", value))
        self.assertIn("duration_sum", self.failure("sum", ["1:00:00"]))

    def test_names(self) -> None:
        """Months and days of the week in both languages."""
        for picture, locale, expected in (
            ("D MMMM YYYY", "ru", "5 мая 2025"), ("MMMM YYYY", "ru", "май 2025"),
            ("D MMMM YYYY", "en", "5 May 2025"), ("ddd, DD MMM", "ru", "пн, 05 май"),
            ("dddd", "en", "Monday"), ("Q-YYYY", "en", "2-2025"),
            ("DD.MM.YYYY г.", "ru", "05.05.2025 г."),
        ):  # fmt: skip
            self.assertGives(expected, "date_format", "5.5.2025", picture, locale)
        for picture in ("dd.MM.yyyy", "DDMMMMM", "hh:mm", "DDDD", "m"):
            self.assertIn("Unknown part", self.failure("date_format", "5.5.2025", picture))
        for picture in ("foo", "день", "%"):
            self.assertIn("no picture of a date", self.failure("date_format", "5.5.2025", picture))
        self.assertIn("locale must be", self.failure("date_format", "5.5.2025", "D", "de"))
