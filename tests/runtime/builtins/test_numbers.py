"""Numbers (builtins reference, 5)."""

from __future__ import annotations

import math

from datacode.values.table import Table
from tests.runtime.builtins.calling import BuiltinTestCase


class NumberTests(BuiltinTestCase):
    def test_round_takes_halves_away_from_zero(self) -> None:
        """Ties go up in size; what is just below a tie does not."""
        for number, rounded in [
            (2.5, 3), (-2.5, -3), (0.49999999999999994, 0), (2.4, 2), (-0.4, 0), (1e300, 1e300),
            (4503599627370495.5, 4503599627370496), (math.inf, math.inf),
        ]:  # fmt: skip
            self.assertEqual(self.call("round", number), rounded)
        self.assertTrue(math.isnan(self.call("round", math.nan)))

    def test_power_never_fails(self) -> None:
        """What has no finite or real result is an infinity or NaN, as in hardware."""
        for base, exponent, result in [
            (2, 10, 1024), (10, 400, math.inf), (-10, 401, -math.inf), (0, -1, math.inf),
            (-0.0, -1, -math.inf), (-0.0, -0.5, math.inf), (-0.0, -2, math.inf), (2, -1, 0.5),
            (1e300, 1.5, math.inf), (-math.inf, 3, -math.inf),
        ]:  # fmt: skip
            self.assertEqual(self.call("pow", base, exponent), result, (base, exponent))
        self.assertTrue(math.isnan(self.call("pow", -8, 1 / 3)))

    def test_named_arguments(self) -> None:
        """By position, by name, and both."""
        self.assertGives(8, "pow", 2, exp=3)
        self.assertGives(8, "pow", exp=3, base=2)

    def test_extremes_pass_over_nan(self) -> None:
        """NaN wins only where there is nothing else, wherever it stands."""
        for numbers in ([math.nan, 3, 1], [3, math.nan, 1], [3, 1, math.nan]):
            self.assertGives(1, "min", numbers)
            self.assertGives(3, "max", *numbers)
        self.assertTrue(math.isnan(self.call("min", math.nan)))

    def test_extremes_of_columns_with_empty_cells(self) -> None:
        """Beside dates, durations and money they do not count; numbers have to be complete."""
        for values, least, greatest in (
            (["2025-01-01", None, "31.12.2025"], "2025-01-01", "31.12.2025"),
            ([None, "10:30", "9:30"], "9:30", "10:30"), (["$5", "$7", None], "$5", "$7"),
        ):  # fmt: skip
            column = Table.from_rows(["a"], [[value] for value in values]).column_named("a")
            self.assertEqual(self.call("min", column), least)
            self.assertEqual(self.call("max", column), greatest)
            self.assertIn("expected Array of Numbers", self.failure("max", values))
        for values in ([None, None], [1.0, None], ["a", None], ["2025-01-01", None, "x"]):
            column = Table.from_rows(["a"], [[value] for value in values]).column_named("a")
            self.assertIn("expected Array of Numbers", self.failure("max", column))

    def test_bools_are_no_numbers(self) -> None:
        """Python's bool is an int, the language's is not."""
        for name in ("abs", "sqrt", "round"):
            self.assertEqual(self.failure(name, True), "Type Error: expected Number, found other")
        self.assertEqual(
            self.failure("min", True), "Type Error: expected Number or Array, found other"
        )
        self.assertEqual(
            self.failure("max", [1, True]), "Type Error: expected Array of Numbers, found other"
        )
        self.assertEqual(self.failure("div", 1, True), "Type Error: expected Number, found other")

    def test_division(self) -> None:
        """A zero divisor is an error even where floating point has an answer."""
        self.assertGives(3.5, "div", 7, 2)
        self.assertEqual(self.failure("div", 0, 0), "Runtime Error: Division by zero")
        self.assertEqual(self.failure("div", "a", 0), "Type Error: expected Number, found other")
