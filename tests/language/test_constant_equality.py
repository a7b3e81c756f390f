"""Comparisons with constant numbers take just the numbers that the language calls equal."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.language.passes.constant_equality import FROM, equal_numbers
from datacode.values.equality import equal
from datacode.values.types import EPSILON
from tests.language.compiled import compiled_by

SPECIAL = (1.0, 0.5, 0.1, 0.3, 1e-9, EPSILON, EPSILON * 1.5, 5e-324, math.nextafter(2, 0), 1e-17)

constants = st.one_of(
    st.sampled_from(SPECIAL),
    st.floats(0, FROM, exclude_min=True, exclude_max=True),
    st.floats(-FROM, 0, exclude_min=True, exclude_max=True),
)


class BoundsTests(SynchronousTestCase):
    """``equal_numbers``."""

    @settings(max_examples=500, deadline=None, database=None)
    @given(constants)
    def test_least_and_greatest(self, value: float) -> None:
        """Both bounds are equal to the constant, their neighbours outside are not."""
        least, greatest = equal_numbers(value)
        self.assertTrue(least <= value <= greatest)
        self.assertTrue(equal(least, value) and equal(greatest, value))
        self.assertFalse(equal(math.nextafter(least, -math.inf), value))
        self.assertFalse(equal(math.nextafter(greatest, math.inf), value))

    @settings(max_examples=500, deadline=None, database=None)
    @given(constants, st.floats(-4, 4))
    def test_same_numbers(self, value: float, steps: float) -> None:
        """Numbers around a constant are equal to it, or not, as the language says."""
        least, greatest = equal_numbers(value)
        for number in (value + steps * EPSILON, value * (1 + steps * EPSILON), steps):
            self.assertEqual(least <= number <= greatest, equal(number, value), number)


class ProgramTests(SynchronousTestCase):
    """Programs that compare with constants."""

    def test_two_comparisons(self) -> None:
        """Only with constants for which that is the quicker way."""
        text = "function f(o, n) do\nx = o - n\nreturn [x == 0.5, 1 != x, x == 0, x == 2, o == 1]\n"
        made = compiled_by(Interpreter(), text + "endfunction\nf(0.1 + 0.4, 0.25)")
        code = made["f_f"]
        for part in (
            "l_x <= 0.5000000000000001 and l_x >= 0.49999999999999983",
            "not (l_x <= 1.0 and l_x >= 0.9999999999999999)",
            "l_x < 2.220446049250313e-16 and l_x > -2.220446049250313e-16",
            "l_x == 2.0",
            "l_o <= 1.0 and l_o >= 0.9999999999999999",
        ):
            self.assertIn(part, code)

    def test_values_that_are_no_numbers(self) -> None:
        """They are equal to none; neither is NaN, and nothing fails."""
        text = (
            "for x in [null, true, '1', [1], {a: 1}, 1, 1 - 1 / 9007199254740992, 1.0000000001,"
            " 10 ^ 400 - 10 ^ 400] do\nprint(x == 1, x != 1)\nnext x"
        )
        outcome = Interpreter().run(text)
        self.assertEqual(outcome.error, None)
        expected = ["false true"] * 5 + ["true false"] * 2 + ["false true"] * 2
        self.assertEqual(outcome.output.splitlines(), expected)


FEW = (0.0, 1.0, 2.0, 3.0, 7.0, 1e15, 2.0**53, 1e300, 0.5, math.inf, math.nan)


class MultipleTests(SynchronousTestCase):
    """``x % constant == 0``."""

    def results(self, numbers: list[float], divisor: str) -> tuple[object, object]:
        """What the comparison with constants gives for numbers, and that with variables."""
        text = (
            f"function f(x) do\nreturn [x % {divisor} == 0, 0 != x % {divisor}]\nendfunction\n"
            "function g(x, d, zero) do\nr = x % d\nreturn [r == zero, r != zero]\nendfunction\n"
            f"found = []\nexpected = []\nfor x in xs do\nn = x + 0\nfound = push(found, f(n))\n"
            f"expected = push(expected, g(n, {divisor}, 0))\nnext x"
        )
        interpreter = Interpreter()
        interpreter.define("xs", list(numbers))
        self.assertIsNone(interpreter.run(text).error)
        values = interpreter.globals_for_export()
        return values["found"], values["expected"]

    @settings(max_examples=60, deadline=None, database=None)
    @given(
        st.lists(st.one_of(st.floats(), st.integers(-(2**60), 2**60).map(float)), min_size=1),
        st.sampled_from((1, 2, 3, 7, 10, 4096, 2**53, 10**15, 1.5, 0.25, 2.0000000000000004)),
    )
    def test_same_as_two_operators(self, numbers: list[float], divisor: float) -> None:
        """Also near multiples, near 0, and below it."""
        near = [float(divisor * n) for n in (0, 1, -1, 3, -5)]
        near += [m for n in near for m in (math.nextafter(n, -math.inf), math.nextafter(n, 9e99))]
        near += [sign * EPSILON * part for sign in (1, -1) for part in (0.5, 1, 1.5, 0.999999)]
        near += [sign * number for sign in (1, -1) for number in FEW]
        found, expected = self.results(numbers + near, f"{divisor:.17f}".rstrip("0").rstrip("."))
        self.assertEqual(found, expected)

    def test_shapes(self) -> None:
        """Whole numbers are compared exactly, those of a range as Python ints."""
        text = (
            "n = 0\nfor i in range(-3, 4) do\nw = i\nx = i / 2\nif i % 3 == 0 do\nn = n + 1\nendif"
            "\nif w % 2 != 0 do\nn = n + 10\nendif\nif x % 1 == 0 do\nn = n + 100\nendif\nnext i"
        )
        interpreter = Interpreter()
        code = compiled_by(interpreter, text)["chunk"]
        for part in (
            "if w1_b1x1_i % 3 == 0:",
            "if p_v_w % 2.0 != 0.0:",
            "if p_v_x % 1.0 == 0.0 or",
        ):
            self.assertIn(part, code)
        self.assertEqual(interpreter.run("print(n)").output, "343\n")
