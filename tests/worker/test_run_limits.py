"""When a worker that does not heed is killed: by its own time, not by that of a busy machine."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from datacode.worker.limits import Limits
from datacode.worker.run_limits import ActiveRun, LimitEnforcer
from datacode.worker.settings import PoolSettings


class Process:
    """A worker, as far as limits know one. ``share`` is what it gets of a processor."""

    def __init__(self, clock: Clock, share: float) -> None:
        self.killed_at: float | None = None
        self.asked = 0
        self.control = self.run = self
        self._clock = clock
        self._share = share

    def processor_seconds(self) -> float:
        return self._clock.seconds() * self._share

    def send(self, message: object) -> None:
        self.asked += 1

    def resume(self) -> None:
        """Output is read again."""

    def kill(self) -> None:
        self.killed_at = round(self._clock.seconds(), 3)


class CancelTests(SynchronousTestCase):
    def cancelled(self, share: float) -> tuple[Clock, Process, ActiveRun]:
        """A program that was asked to end."""
        clock = Clock()
        worker: Any = Process(clock, share)
        run = ActiveRun(1, worker, "", None, None, None, None, 0)
        LimitEnforcer(clock, Limits(), PoolSettings()).cancel(run)
        self.assertEqual(worker.asked, 1)
        return clock, worker, run

    def test_grace(self) -> None:
        """It has 0.2 s of processor time, and at most three seconds."""
        for share, at in ((1.0, 0.2), (0.5, 0.4), (0.1, 2.0), (0.01, 3.0), (0.0, 3.0)):
            clock, worker, run = self.cancelled(share)
            clock.pump([0.02] * 200)
            assert worker.killed_at is not None
            self.assertLess(abs(worker.killed_at - at), 0.15)
            self.assertIsNotNone(run.killed_for)

    def test_answer_that_waits(self) -> None:
        """Where the server was busy itself, what has come is read before anything is done."""
        clock, worker, run = self.cancelled(1.0)
        clock.rightNow += 0.5  # the reactor is late
        clock.callLater(0, run.stop_timers)  # and reads, behind the timers that are due
        clock.advance(0)
        clock.advance(0)
        self.assertIsNone(worker.killed_at)
