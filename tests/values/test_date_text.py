"""Which text is a date, and how dates compare (builtins reference, 2.4)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode.values.date_text import (
    DayOrder,
    both_dates,
    date_key,
    is_date_text,
    moment_from_text,
    order_told,
)


class DateTextTests(SynchronousTestCase):
    def test_dates(self) -> None:
        """Every form of the table, at its limits."""
        for text in (
            "0001-01-01", "2024-02-29", "1900-1-1", "2100-12-1", "31.12.2024", "29.02.00",
            "1.12.2025", "15.12.2025 9:15:00", "15.12.2025 17:18", "1.1.2100 0:00", "15.12.25 9:15",
            "31/12/2025 17:18", "2025-12-15 17:18", "2025-12-15T9:15", "2024-01-31T10:00Z",
            "2024-01-31 10:00:00.5",
            "31.12.2024 23:59:59", "31/01/2024", "01/31/2024", "31/01/24", "1/31/2024", "31/1/2024",
            "1/1/00", "2024-01-31T00:00:00Z", "2024-01-31T23:59:59.123456789+14:00",
            "2024-01-31T10:00:00", "2024-01-31 10:00:00",
        ):  # fmt: skip
            self.assertTrue(is_date_text(text), text)

    def test_no_dates(self) -> None:
        """Impossible days, other orders and separators, white space, other digits."""
        for text in (
            "0000-01-01", "2023-02-29", "1899-1-1", "2101-1-1", "1.1.24", "2024/01/15",
            "2024.01.15", "10-01-2024", "20240115", "2024-01", "12:30", " 2024-01-31",
            "2024-01-31\n", "31.04.2024", "1.1.1899", "1.1.2024 9", "1.1.2024T10:00:00",
            "31.12.2024 24:00:00", "13/13/2024",
            "12/32/24", "1/1/1899", "30/2/2024", "2024-01-31T10:00:00+24:00",
            "2024-01-31T10:00:00z", "2024-01-31 10:00:00Z", "2024-1-1 10:00:00",
            "1.1.2024 9:5", "2024-01-31T10:00:60Z", "15.12.2025 9:15:00Z", "٢٠٢٤-٠١-٠١", "",
            "2024-01-31T10:00:00.0000000000000000Z",
        ):  # fmt: skip
            self.assertFalse(is_date_text(text), text)

    def test_which_day_is_meant(self) -> None:
        """Slashes: the day first with two digits each, the month first otherwise."""
        for text, month, day in [
            ("05/03/2024", 3, 5), ("05/13/2024", 5, 13), ("5/3/2024", 5, 3), ("13/3/2024", 3, 13),
            ("5/03/2024", 5, 3),
        ]:  # fmt: skip
            moment = moment_from_text(text)
            assert moment is not None
            self.assertEqual((moment.time.month, moment.time.day), (month, day), text)

    def test_two_digit_years(self) -> None:
        """From 1970 to 2069."""
        for text, year in [("01.01.69", 2069), ("01.01.70", 1970)]:
            moment = moment_from_text(text)
            assert moment is not None
            self.assertEqual(moment.time.year, year)

    def test_written_as_read(self) -> None:
        """A moment gives its own text back."""
        for text in (
            "2024-02-29", "2024-2-9", "9.2.2024", "15.12.2025 9:15:00", "15.12.2025 17:18",
            "1.12.2025 9:05", "2024-02-29 01:02", "09.02.2024", "09.02.24", "09/02/2024",
            "02/19/24",
            "2/9/2024", "19/2/24", "2024-02-29 01:02:03", "2024-02-29T01:02:03.120Z",
            "2024-02-29T01:02:03-03:30", "2024-02-29T01:02:03+00:00", "29.02.2024 01:02:03",
            "2024-02-29T01:02:03.12345678Z",
        ):  # fmt: skip
            moment = moment_from_text(text)
            assert moment is not None
            self.assertEqual(
                moment.text(), text.replace("5678Z", "5600Z") if "5678" in text else text
            )


class ComparingTests(SynchronousTestCase):
    """What two dates compare by."""

    def test_any_forms(self) -> None:
        """The form does not matter, nor does the zone."""
        for text in ("01.12.2025", "1.12.2025", "2025-12-01", "01/12/2025", "2025-12-1"):
            pair = both_dates(text, "2025-12-01")
            assert pair is not None
            self.assertEqual(*pair)
        early, late = both_dates("15.12.2025 9:15:00", "15.12.2025 17:18") or (None, None)
        assert early is not None
        assert late is not None
        self.assertLess(early, late)
        pair = both_dates("2024-01-01T01:00:00+03:00", "2023-12-31T22:00:00Z")
        assert pair is not None
        self.assertEqual(*pair)

    def test_a_day_without_a_time(self) -> None:
        """It stands for the whole day beside a time of that day."""
        pair = both_dates("31.12.2025 17:18", "2025-12-31")
        assert pair is not None
        self.assertEqual(*pair)

    def test_other_texts(self) -> None:
        """One text that is no date, and both are texts."""
        self.assertIsNone(both_dates("01.12.2025", "1.13.2025"))
        self.assertIsNone(both_dates("x", "01.12.2025"))
        self.assertIsNone(both_dates("123", "0123456789" * 5))

    def test_order(self) -> None:
        """The day or the month first, as told; what a date itself tells."""
        for order, month in ((None, 2), (DayOrder.DAY_FIRST, 2), (DayOrder.MONTH_FIRST, 1)):
            key = date_key("01/02/2024", order)
            assert key is not None
            self.assertEqual(key.moment.month, month)
        self.assertIs(order_told("13/01/2024"), DayOrder.DAY_FIRST)
        self.assertIs(order_told("1/13/24 9:15"), DayOrder.MONTH_FIRST)
        for text in ("01/02/2024", "05/05/2024", "1.2.2024"):
            self.assertIsNone(order_told(text))
