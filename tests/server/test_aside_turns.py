"""Turns for work beside programs."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from datacode.server.aside_turns import AsideTurns


class Worker:
    """Something that takes a turn, and keeps it until it is told to end."""

    def __init__(self, turns: AsideTurns, owner: str) -> None:
        self.is_working = False
        self._end: Deferred[None] = Deferred()
        self.work = Deferred.fromCoroutine(self._run(turns, owner))

    async def _run(self, turns: AsideTurns, owner: str) -> None:
        async with turns.turn(owner):
            self.is_working = True
            try:
                await self._end
            finally:
                self.is_working = False

    def end(self) -> None:
        """Let it end."""
        self._end.callback(None)


class TurnTests(SynchronousTestCase):
    def setUp(self) -> None:
        """Three in all, two for one."""
        self.turns = AsideTurns(3, 2)

    def working(self, *workers: Worker) -> list[bool]:
        """Who has a turn."""
        return [each.is_working for each in workers]

    def test_one_client_keeps_nobody_waiting(self) -> None:
        """The third of one owner waits while another one's begins."""
        mine = [Worker(self.turns, "a") for _ in range(3)]
        other = Worker(self.turns, "b")
        self.assertEqual(self.working(*mine, other), [True, True, False, True])
        mine[0].end()
        self.assertEqual(self.working(*mine), [False, True, True])
        self.successResultOf(mine[0].work)

    def test_few_in_all(self) -> None:
        """The fourth waits, whoever it is; those that wait come in their order."""
        first = [Worker(self.turns, name) for name in "abc"]
        later = [Worker(self.turns, name) for name in "de"]
        self.assertEqual(self.working(*first, *later), [True] * 3 + [False] * 2)
        first[1].end()
        self.assertEqual(self.working(*later), [True, False])

    def test_given_up(self) -> None:
        """Who waits no longer takes no turn, and who is cut off gives his back."""
        first = [Worker(self.turns, name) for name in "abc"]
        waiting, last = Worker(self.turns, "d"), Worker(self.turns, "e")
        waiting.work.cancel()
        self.failureResultOf(waiting.work, CancelledError)
        first[0].work.cancel()
        self.failureResultOf(first[0].work, CancelledError)
        self.assertEqual(self.working(waiting, last), [False, True])
