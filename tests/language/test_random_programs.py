"""Random programs mean to the compiler what they mean to a plain evaluator."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from tests.language.random_programs import ProgramMaker
from tests.language.reference import LIMIT, Evaluator, TooLong

SESSIONS = 350
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
