"""Which text is a number, a date, money (builtins reference, 2.3 to 2.5)."""

from __future__ import annotations

import math

from twisted.trial.unittest import SynchronousTestCase

from datacode.values.parse_text import (
    currency_amount,
    is_date_text,
    is_money_text,
    moment_from_text,
    number_from_text,
)


class NumberTextTests(SynchronousTestCase):
    def test_numbers(self) -> None:
        """Sign, point and exponent, in every allowed place."""
        for text, number in [
            ("5", 5), ("-5.", -5), ("+.5", 0.5), ("1E+3", 1000), ("\u2028 7\t", 7),
            ("-inf", -math.inf), ("INFINITY", math.inf), ("007", 7), ("1e400", math.inf),
        ]:  # fmt: skip
            self.assertEqual(number_from_text(text), number, text)
        self.assertTrue(math.isnan(number_from_text("-NaN") or 0))

    def test_no_numbers(self) -> None:
        """Python's extras, and what only looks like a number."""
        for text in (
            ".",
            "",
            "e5",
            "1e",
            "1_0",
            "0x1",
            "1,5",
            "٣",
            "５",
            "\x1c5",
            "in f",
            "1.2.3",
            "+",
            "ınf",
            "1\u00b2",
        ):
            self.assertIsNone(number_from_text(text), text)


class DateTextTests(SynchronousTestCase):
    def test_dates(self) -> None:
        """Every form of the table, at its limits."""
        for text in (
            "0001-01-01", "2024-02-29", "1900-1-1", "2100-12-1", "31.12.2024", "29.02.00",
            "31.12.2024 23:59:59", "31/01/2024", "01/31/2024", "31/01/24", "1/31/2024", "31/1/2024",
            "1/1/00", "2024-01-31T00:00:00Z", "2024-01-31T23:59:59.123456789+14:00",
            "2024-01-31T10:00:00", "2024-01-31 10:00:00",
        ):  # fmt: skip
            self.assertTrue(is_date_text(text), text)

    def test_no_dates(self) -> None:
        """Impossible days, other orders and separators, white space, other digits."""
        for text in (
            "0000-01-01", "2023-02-29", "1899-1-1", "2101-1-1", "1.1.2024", "2024/01/15",
            "2024.01.15", "10-01-2024", "20240115", "2024-01", "12:30", " 2024-01-31",
            "2024-01-31\n", "31.04.2024", "31.12.24 23:59:59", "31.12.2024 24:00:00", "13/13/2024",
            "12/32/24", "1/1/1899", "30/2/2024", "2024-01-31T10:00:00+24:00",
            "2024-01-31T10:00:00z", "2024-01-31 10:00:00Z", "2024-1-1 10:00:00",
            "2024-01-31T10:00", "2024-01-31T10:00:60Z", "2024-01-31T10:00:00.5", "٢٠٢٤-٠١-٠١", "",
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
            "2024-02-29", "2024-2-9", "09.02.2024", "09.02.24", "09/02/2024", "02/19/24",
            "2/9/2024", "19/2/24", "2024-02-29 01:02:03", "2024-02-29T01:02:03.120Z",
            "2024-02-29T01:02:03-03:30", "2024-02-29T01:02:03+00:00", "29.02.2024 01:02:03",
            "2024-02-29T01:02:03.12345678Z",
        ):  # fmt: skip
            moment = moment_from_text(text)
            assert moment is not None
            self.assertEqual(
                moment.text(), text.replace("5678Z", "5600Z") if "5678" in text else text
            )


class MoneyTextTests(SynchronousTestCase):
    def test_money(self) -> None:
        """A symbol anywhere, or a code at either end."""
        for text in (
            "$5",
            "5 ₽",
            "-$5",
            "1,000.50 EUR",
            "usd 100",
            "100usd",
            " 5€ ",
            "1\xa0000 ₽",
            "5$ USD",
        ):
            self.assertTrue(is_money_text(text), text)

    def test_no_money(self) -> None:
        """No digit, no mark, other letters or signs, too long."""
        for text in (
            "$",
            "USD",
            "$abc5",
            "5%",
            "(5$)",
            "100 руб",
            "100",
            "",
            "$٥",
            "$" + "1" * 50,
            "5 \u212aZT",
            "₽" * 17,
        ):
            self.assertFalse(is_money_text(text), text)

    def test_amounts(self) -> None:
        """Commas group unless a single one stands before the last one or two digits."""
        for text, amount in [
            ("$5.00", 5), ("1,000.50 EUR", 1000.5), ("€ 7,50", 7.5), ("7,5 €", 7.5),
            ("€1,000", 1000), ("1,000,00 €", 100000), ("1 000 ₽", 1000), ("$-5.5", -5.5),
            ("-$5", -5), ("50 EUR", 50),
        ]:  # fmt: skip
            self.assertEqual(currency_amount(text), amount, text)
        for text in ("$abc", "1.2.3 $", "", "5 pcs", "--5 $"):
            self.assertIsNone(currency_amount(text), text)
