"""Who may have how many of the threads in which file servers are asked."""

from __future__ import annotations

import threading

from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import TestCase

from datacode.smb.deadline import Deadline
from datacode.smb.policy import ThreadLimits
from datacode.smb.thread_quota import BlockingCall, SessionQuota, ThreadQuota

LIMITS = ThreadLimits(total=8, session=2, address=3)


class SessionQuotaTests(TestCase):
    """Calls that hang, as those to a dead name server do: nothing reaches them."""

    timeout = 120

    def setUp(self) -> None:
        """The threads, and what lets those go that hang."""
        self.quota = ThreadQuota(reactor, LIMITS, 0.1)
        self.quota.start(lambda: None)
        self.addCleanup(self.quota.stop)
        self.answers = threading.Event()
        self.addCleanup(self.answers.set)
        self.hanging = 0
        self._count = threading.Condition()

    def hang(self, session: SessionQuota) -> BlockingCall[None]:
        """A call that hangs until ``answers`` is set."""

        def work(deadline: Deadline) -> None:
            with self._count:
                self.hanging += 1
                self._count.notify_all()
            self.answers.wait()

        return session.run(work, 60, 60)

    def until_hang(self, count: int) -> None:
        """Wait until so many hang."""
        with self._count:
            self.assertTrue(self._count.wait_for(lambda: self.hanging >= count, 10))

    async def test_a_session_has_its_part(self) -> None:
        """One whose calls hang leaves threads to others from the same address."""
        session = self.quota.session("a")
        stuck = [self.hang(session) for _ in range(5)]
        self.until_hang(LIMITS.session)
        other = self.quota.session("a").run(lambda deadline: "answered", 60, 60)
        self.assertEqual(await other.result, "answered")
        self.assertEqual(self.hanging, LIMITS.session)
        self.answers.set()
        for call in stuck:
            await call.result
        self.assertEqual(self.hanging, 5)

    async def test_an_address_has_its_part(self) -> None:
        """Many sessions from there leave threads to those from elsewhere."""
        stuck = [self.hang(self.quota.session("a")) for _ in range(6)]
        self.until_hang(LIMITS.address)
        other = self.quota.session("b").run(lambda deadline: "answered", 60, 60)
        self.assertEqual(await other.result, "answered")
        self.assertEqual(self.hanging, LIMITS.address)
        self.answers.set()
        for call in stuck:
            await call.result
        self.assertEqual(self.hanging, 6)

    async def test_what_nobody_waits_for_keeps_its_thread(self) -> None:
        """A call that is given up is counted until it has really ended."""
        session = self.quota.session("a")
        stuck = [self.hang(session) for _ in range(2)]
        self.until_hang(2)
        for call in stuck:
            call.result.cancel()
            await self.assertFailure(call.result, CancelledError)
        waiting: Deferred[str] = session.run(lambda deadline: "answered", 60, 60).result
        self.assertNoResult(waiting)
        other = self.quota.session("a").run(lambda deadline: "answered", 60, 60)
        await other.result
        self.assertNoResult(waiting)
        self.answers.set()
        self.assertEqual(await waiting, "answered")

    async def test_what_fails_gives_its_thread_back(self) -> None:
        """However a call ends, the next one begins."""

        def fail(deadline: Deadline) -> None:
            raise ValueError

        session = self.quota.session("a")
        for _ in range(3 * LIMITS.address):
            await self.assertFailure(session.run(fail, 60, 60).result, ValueError)
        self.assertEqual(session.busy, 0)
