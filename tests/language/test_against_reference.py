"""The compiler against the plain evaluator: random programs must print and fail alike."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from tests.language.random_programs import ProgramMaker
from tests.language.reference import LIMIT, Evaluator, TooLong

SEEDS = 240
"""Sessions that are compared, in four parts."""

PROGRAMS = 3
"""Programs of a session; each meets the variables and functions that those before it left."""


ONCE_DIFFERENT = (
    "for a in [1] do\n  s = s + missing(1) + 'x'\nnext a",
    "for a in [1] do\n  s = s + 1 / 0 + 'x'\nnext a",
    "for a in [1, 2] do\n  if a == 2 do\n    s = s + 'x' + [][0]\n  endif\n  if a == 3 do\n"
    "    s = 'x'\n  endif\nnext a",
)
"""Programs in which the compiler once read a variable later than it should."""


class AgainstReferenceTests(SynchronousTestCase):
    """Order of evaluation, scopes, jumps, copies, errors and their lines."""

    def compare(self, seed: int) -> int:
        """Run the programs of a seed in both; how many were worth comparing."""
        maker = ProgramMaker(seed)
        plain = Evaluator()
        compiled = Interpreter(recursion_limit=LIMIT)
        for number in range(PROGRAMS):
            text = maker.program()
            try:
                expected = plain.run(text)
            except TooLong:
                return number
            outcome = compiled.run(text)
            found = (outcome.output, str(outcome.error or ""))
            self.assertEqual(found, expected, f"seed {seed}, program {number}:\n{text}")
        return PROGRAMS

    def test_once_different(self) -> None:
        """What has been mended stays so."""
        for text in ONCE_DIFFERENT:
            outcome = Interpreter().run(text)
            found = (outcome.output, str(outcome.error or ""))
            self.assertEqual(found, Evaluator().run(text), text)

    def compare_all(self, seeds: range) -> None:
        """Run the programs of many seeds; nearly all of them must be worth it."""
        compared = sum(map(self.compare, seeds))
        self.assertGreater(compared, len(seeds) * PROGRAMS * 0.9)

    def test_first(self) -> None:
        """A quarter of the sessions."""
        self.compare_all(range(0, SEEDS, 4))

    def test_second(self) -> None:
        """Another quarter."""
        self.compare_all(range(1, SEEDS, 4))

    def test_third(self) -> None:
        """Another quarter."""
        self.compare_all(range(2, SEEDS, 4))

    def test_fourth(self) -> None:
        """The last quarter."""
        self.compare_all(range(3, SEEDS, 4))
