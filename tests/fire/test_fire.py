"""The short forms of load and leaks."""

from __future__ import annotations

import os

from twisted.trial.unittest import SynchronousTestCase

from tests.fire import leaks, load

IN_CI = os.environ.get("CI") == "true"


class LoadTests(SynchronousTestCase):
    """Many connections at once."""

    timeout = 300

    def test_idle_and_busy(self) -> None:
        """No request fails, and memory stays flat, with hundreds of sessions on one machine."""
        idle, busy, seconds = (2000, 200, 60.0) if IN_CI else (300, 30, 5.0)
        report = load.run(idle, busy, seconds)
        self.assertEqual(report.errors, [])
        self.assertGreater(len(report.times), busy)
        growth = report.memory[-1] - report.memory[1]
        self.assertLess(growth, 20 * 2**20, str(report))
        self.assertEqual(report.processes[-1], report.processes[0])


class LeakTests(SynchronousTestCase):
    """Many connections one after another."""

    timeout = 600

    def test_nothing_stays(self) -> None:
        """Processes, descriptors, files and memory return to what they were."""
        self.assertEqual(leaks.run(1000 if IN_CI else 200), [])
