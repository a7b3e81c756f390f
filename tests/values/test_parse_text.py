"""Which text is a number or money (builtins reference, 2.3 and 2.5)."""

from __future__ import annotations

import math

from twisted.trial.unittest import SynchronousTestCase

from datacode.values.parse_text import currency_amount, is_money_text, number_from_text


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
