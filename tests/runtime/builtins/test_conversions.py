"""Output, types and conversions (builtins reference, 4)."""

from __future__ import annotations

import math

from twisted.trial.unittest import SynchronousTestCase

from datacode.runtime.interpreter import Interpreter
from datacode.values.types import Currency, Path, PathPattern
from tests.runtime.builtins.calling import BuiltinTestCase


class OutputTests(BuiltinTestCase):
    def test_print_writes_a_line(self) -> None:
        """Texts with a space between them, and nothing but a line end without any."""
        self.assertIsNone(self.call("print", "a", 1.5, None, ["b", True]))
        self.call("print")
        self.assertEqual(self.host.take_output(), "a 1.5 null [b, true]\n\n")

    def test_now_is_in_utc_with_fractions(self) -> None:
        """RFC 3339, six digits behind the seconds even if they are zeros."""
        self.assertRegex(self.call("now"), r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00\Z")


class TypeTests(BuiltinTestCase):
    def test_isinstance_takes_any_value_as_a_name(self) -> None:
        """Null means the type null, other values their text."""
        self.assertGives(True, "isinstance", None, None)
        self.assertGives(True, "isinstance", 5, "INT")
        self.assertGives(False, "isinstance", 5.5, "integer")
        self.assertGives(True, "isinstance", "a", Path("text"))
        self.assertEqual(
            self.failure("isinstance", 5, ["int"]), "Runtime Error: Unknown type: [int]"
        )

    def test_infinities_have_no_integers(self) -> None:
        """NaN and the infinities are float."""
        for number in (math.nan, math.inf):
            self.assertGives(False, "isinstance", number, "int")
            self.assertGives("float", "typeof", number)

    def test_dates_and_money_are_texts(self) -> None:
        """Only texts are looked at; currency values are money but no text."""
        self.assertGives(True, "isinstance", "2024-01-31", "date")
        self.assertGives(False, "isinstance", Currency("2024-01-31"), "date")
        self.assertGives(True, "isinstance", Currency("x"), "money")
        self.assertGives(False, "isinstance", Currency("x"), "string")


class ConversionTests(BuiltinTestCase):
    def test_python_numerals_are_no_numbers(self) -> None:
        """Underscores and digits of other scripts, which Python's ``float`` takes."""
        for text in ("1_000", "٣", "１", "0x10", "", "1e", "--1", "1 2"):
            self.assertEqual(
                self.failure("float", text), f"Runtime Error: Cannot convert '{text}' to float"
            )
            self.assertIn("to integer", self.failure("int", text))

    def test_numbers_of_offices(self) -> None:
        """Grouped digits and decimal commas, unless they can be read in two ways."""
        for text, value in (
            ("1 234,50", 1234.5),
            ("-1\xa0234\u202f567", -1234567),
            ("1,5", 1.5),
            ("0,125", 0.125),
            ("1234,567", 1234.567),
        ):
            self.assertGives(value, "float", text)
        for text in ("1,234", "-12,345", "1 23,5", "1,5,6", "1,234.5x"):
            self.failure("float", text)
        self.assertGives(1234.5, "number", "1.234,50", ",", ".")
        self.assertGives(-1234, "number", "-1\xa0234", thousands=" ")
        self.assertGives(5, "number", 5)
        self.assertGives(5, "number", "5", ".", None)
        for arguments in (("1,5",), ("1 5", ".", " "), (None,), ("1", ",", ","), ("1", ";")):
            self.failure("number", *arguments)

    def test_dates_in_a_form(self) -> None:
        """The ISO date of a text in the form of a picture."""
        self.assertGives("2024-03-05", "date", "03/05/2024", "MM/DD/YYYY")
        self.assertGives("2024-03-05 09:30:00", "date", "5.3.2024 9:30", "ДД.ММ.ГГГГ ЧЧ:мм")
        self.assertEqual(
            self.failure("date", "5/3", "MM/DD/YYYY"),
            "Runtime Error: Cannot parse '5/3' as date in the form MM/DD/YYYY",
        )
        self.failure("date", "5/3/2024", "MM/DD")
        self.failure("date", "5/3/2024", 5)

    def test_numbers_with_white_space(self) -> None:
        """Unicode white space around a number is ignored."""
        self.assertGives(-150, "float", "\u2003-1.5e2\xa0\n")
        self.assertGives(7, "int", " 7.9 ")

    def test_int_of_what_is_not_finite(self) -> None:
        """Nothing to cut off."""
        self.assertGives(math.inf, "int", math.inf)
        self.assertGives(math.nan, "int", "NaN")

    def test_other_kinds(self) -> None:
        """Null and containers are errors in debug form."""
        self.assertEqual(self.failure("int", None), "Runtime Error: Cannot convert Null to integer")
        self.assertEqual(
            self.failure("float", [1]),
            "Runtime Error: Cannot convert Array([Number(1.0)]) to float",
        )
        self.assertEqual(
            self.failure("date", 5), "Runtime Error: Cannot convert Number(5.0) to date"
        )

    def test_bool_of_every_kind(self) -> None:
        """Words for texts, emptiness for containers, and true for the rest."""
        for value in (
            " ON ",
            "null",
            " ",
            math.nan,
            [0],
            {"a": None},
            Currency(""),
            Path(""),
            PathPattern("*"),
        ):
            self.assertGives(True, "bool", value)
        for value in ("", "No", "0", 0, -0.0, None, [], {}):
            self.assertGives(False, "bool", value)


class MoneyTests(BuiltinTestCase):
    def test_two_decimals_of_the_binary_value(self) -> None:
        """Ties to even, as the number really is."""
        for number, text in [
            (2.675, "$2.67"),
            (0.125, "$0.12"),
            (-2, "$-2.00"),
            (1e21, "$1000000000000000000000.00"),
        ]:
            self.assertGives(Currency(text), "money", number)
        self.assertGives(Currency("$NaN"), "money", math.nan)
        self.assertGives(Currency("$-inf"), "money", -math.inf)

    def test_units(self) -> None:
        """A number gets its unit and is currency; a text with a unit stays text."""
        self.assertGives(Currency("5.25 EUR"), "money", 5.25, "EUR")
        self.assertGives("7 RUB", "money", "7", format="RUB")
        self.assertGives(Currency("$1"), "money", Currency("$1"), "EUR")
        self.assertEqual(self.failure("money", 5, None), "Type Error: expected String, found other")
        self.assertEqual(
            self.failure("money", True, "USD"), "Runtime Error: Cannot convert Bool(true) to money"
        )

    def test_pictures(self) -> None:
        """A zero with decimals behind a point or comma, or none, between other characters."""
        for number, picture, text in [
            (100.5, "$0.00", "$100.50"), (250.75, "0,0 $", "250,75 $"), (50, "0 EUR", "50 EUR"),
            (2.5, "0 EUR", "2 EUR"), (1.0625, "0.000", "1.062"), (-7, "€0,00", "€-7,00"),
            ("12.5", "$0.00", "$12.50"),
        ]:  # fmt: skip
            self.assertGives(Currency(text), "money", number, picture)

    def test_what_is_no_picture_is_a_unit(self) -> None:
        """Other digits in a unit leave it as it always was."""
        self.assertGives(Currency("5 10 kg"), "money", 5, "10 kg")
        self.assertGives(Currency("5 0-0"), "money", 5, "0-0")
        self.assertGives(Currency("1 234 567.89"), "money", 1234567.891, "# ##0.00")
        self.assertGives(Currency("1,234.50 $"), "money", "1234.5", "#,##0.00 $")
        self.assertGives(Currency("5 USD #"), "money", 5, "USD #")
        self.assertGives(Currency("5 № 0 #0"), "money", 5, "№ 0 #0")
        self.assertGives("abc $0.00", "money", "abc", "$0.00")


class BareNameTests(SynchronousTestCase):
    """Names that are no variables, as arguments given by name."""

    def output(self, program: str) -> str:
        """What a program prints, or its error."""
        outcome = Interpreter().run(program)
        return outcome.output.rstrip("\n") if outcome.error is None else str(outcome.error)

    def test_types(self) -> None:
        """In any order, and whatever a variable of that name holds."""
        self.assertEqual(
            self.output(
                "int = 'text'\n"
                "print(isinstance(5, type=int), isinstance(type=int, value='5'),"
                " [isinstance(value='a', type=str)])"
            ),
            "true false [true]",
        )
        self.assertEqual(
            self.output(
                "function f(x) do\nreturn isinstance(x, type=num)\nendfunction\nprint(f(1))"
            ),
            "true",
        )
        self.assertEqual(
            self.output("isinstance(5, type=colour)"),
            "Variable Error at line 1: Variable 'colour' not found",
        )

    def test_isset(self) -> None:
        """A variable that does not exist is not set; user functions get their arguments as ever."""
        self.assertEqual(self.output("a = 1\nprint(isset(value=a), isset(value=b))"), "true false")
        self.assertEqual(
            self.output("isset(v=b)"), "Variable Error at line 1: Variable 'b' not found"
        )
        self.assertEqual(
            self.output("function isset(value) do\nreturn 1\nendfunction\nisset(value=b)"),
            "Variable Error at line 4: Variable 'b' not found",
        )
