"""Random programs mean to the compiler what they mean to a plain evaluator."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.tables.cells import Cells
from tests.language.random_programs import ProgramMaker
from tests.language.reference import LIMIT, Evaluator, TooLong

SESSIONS = 250
PROGRAMS = 3
"""Programs of one session: later ones find what the earlier ones left."""


def difference(seed: int) -> str:
    """What a session of random programs shows differently; empty if nothing."""
    maker = ProgramMaker(seed)
    interpreter, evaluator = Interpreter(recursion_limit=LIMIT), Evaluator()
    for _ in range(PROGRAMS):
        program = maker.program()
        try:
            expected = evaluator.run(program)
        except (TooLong, RecursionError):
            return ""
        outcome = interpreter.run(program)
        found = outcome.output, str(outcome.error or "")
        if found != expected:
            return f"seed {seed}\n{program}\n\nfound {found}\n\nexpected {expected}"
    return ""


class RandomProgramTests(SynchronousTestCase):
    """The compiler against ``tests.language.reference``."""

    def test_sessions(self) -> None:
        """Output and error are the same, program after program."""
        for seed in range(SESSIONS):
            self.assertEqual(difference(seed), "")

    def test_typed_columns(self) -> None:
        """The same where short columns are known to be typed as long ones are."""
        known = Cells.is_all_numbers

        def found_out(cells: Cells) -> bool:
            cells.stored_series()
            return known(cells)

        self.patch(Cells, "is_all_numbers", found_out)
        for seed in range(SESSIONS, SESSIONS + SESSIONS // 2):
            self.assertEqual(difference(seed), "")
