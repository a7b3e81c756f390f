"""Which text is a number or money (builtins reference, 2.3 and 2.5)."""

from __future__ import annotations

import math

from twisted.trial.unittest import SynchronousTestCase

from datacode.values.parse_text import (
    currency_amount,
    is_identifier,
    is_money_text,
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


class IdentifierTests(SynchronousTestCase):
    def test_identifiers(self) -> None:
        """Hexadecimal digits, and telephones with a plus."""
        for text in (
            "9F3C", "9f3c", "0x1F", "0XaF", "0x7", "1E5A", "00FF", "a1b2c3", "1E59000F", "12AB",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "+7 916 123-45-67", "+7 (916) 123-45-67", "+7(916)1234567", "+44\u00a020\u00a079460000",
            "+79161234567",
        ):  # fmt: skip
            self.assertTrue(is_identifier(text), text)

    def test_no_identifiers(self) -> None:
        """Words, numbers, numbers with a unit, and what is too short or too long."""
        for text in (
            "", "-", "н/д", "Итого", "abc", "cafe", "DEADBEEF", "abc123", "FF00", "9Fab", "2B",
            "1e5", "1E+5", "1234", "-9F3C", "100B", "365d", "20cd", "15dB", "10ea", "100EA", "0x",
            "9F3C" * 17, "0xG1", "2024-12-05", "9F3G", "+7 916", "+7.916.123", "7 916 123", "٩F3C",
        ):  # fmt: skip
            self.assertFalse(is_identifier(text), text)

    def test_hostile(self) -> None:
        """A long text takes no long time."""
        self.assertFalse(is_identifier("1a" * 10**6))
        self.assertFalse(is_identifier("1a" * 31 + "z"))
        self.assertFalse(is_identifier("+" + "1 " * 31))


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
