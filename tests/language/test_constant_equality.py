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
            "0.49999999999999983 <= l_x <= 0.5000000000000001",
            "not 0.9999999999999999 <= l_x <= 1.0",
            "-2.220446049250313e-16 < l_x < 2.220446049250313e-16",
            "l_x == 2.0",
            "0.9999999999999999 <= l_o <= 1.0",
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
