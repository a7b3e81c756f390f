"""A program that fails, is cancelled or killed leaves the session as it was, if asked to."""

from __future__ import annotations

import os
import signal

from twisted.internet.defer import Deferred

from datacode.runtime.interpreter import Outcome
from datacode.worker.limits import Limits
from datacode.worker.pool import PoolSettings
from tests.worker.harness import until
from tests.worker.test_pool import ENDLESS, ProgramTestCase

BEFORE = """
kept = [1, [2]]
global t = table(map(range(2000), "row"), ["i", "s"])
function f(n) do
  return n + len(kept)
endfunction
"""

ROW = 'function row(i) do\n  return [i, "text " + str(i)]\nendfunction\n'

CHANGES = 'kept[1][0] = 5\nt = null\nfunction f(n) do\n  return "x"\nendfunction\nnewest = 1\n'

LOOK = "print(kept, len(t), sum(t['i']), t['s'][1999], f(1))"


class RollbackTests(ProgramTestCase):
    """In a process of its own."""

    settings = PoolSettings(spare=0)

    async def begun(self, limits: Limits | None = None) -> str:
        """A session with a state; what it looks like."""
        await self.started()
        self.interpreter = self.opened(limits=limits, store=self.storage().session("me"))
        await self.output(ROW + BEFORE)
        return await self.output(LOOK)

    async def test_error(self) -> None:
        """A program with an error; without being asked nothing is taken back."""
        before = await self.begun()
        outcome = await self.interpreter.run(CHANGES + "print(newset)", rolls_back=True)
        assert outcome.error is not None
        self.assertIn("newest", str(outcome.error.hint))  # it knows what the program had
        self.assertEqual(await self.output(LOOK), before)
        await self.interpreter.run("kept = 7\nprint(missing)")
        self.assertEqual(await self.output("print(kept)"), "7\n")

    async def test_success(self) -> None:
        """A program that succeeds has its effects."""
        await self.begun()
        outcome = await self.interpreter.run("kept = 7", rolls_back=True)
        self.assertIsNone(outcome.error)
        self.assertEqual(await self.output("print(kept)"), "7\n")

    async def test_limit(self) -> None:
        """A program that takes too long."""
        before = await self.begun(Limits(run_seconds=1))
        outcome = await self.interpreter.run(CHANGES + ENDLESS, rolls_back=True)
        self.assertEqual(str(outcome.error), "Limit Error: Run time limit exceeded (1 s)")
        self.assertEqual(await self.output(LOOK), before)

    async def killed(self, *, rolls_back: bool) -> Outcome:
        """How a program ended whose process has been killed in the middle of it."""
        heard: list[str] = []
        running = Deferred.fromCoroutine(
            self.interpreter.run(
                CHANGES + "print(1)\n" + ENDLESS, on_output=heard.append, rolls_back=rolls_back
            )
        )
        self.assertTrue(await until(lambda: bool(heard)))
        worker = self.interpreter._worker
        assert worker is not None
        assert worker.process is not None
        os.kill(worker.process, signal.SIGKILL)
        return await running

    async def test_killed(self) -> None:
        """Its process is gone; another one goes on with what there was."""
        before = await self.begun()
        for rolls_back in (True, False, True):
            outcome = await self.killed(rolls_back=rolls_back)
            self.assertEqual(
                str(outcome.error),
                "Limit Error: The program was ended; variables are as they were before the program",
            )
            self.assertEqual({v.name for v in await self.interpreter.inspect()}, {"kept", "t"})
            self.assertEqual(await self.output(LOOK), before)

    async def test_large(self) -> None:
        """A program that is to leave no trace waits until a large state is kept."""
        await self.begun()
        await self.output("more = map(range(1000000), 'f')")
        outcome = await self.killed(rolls_back=True)
        self.assertIn("variables are as they were before the program", str(outcome.error))
        self.assertEqual(await self.output("print(len(more))"), "1000000\n")
