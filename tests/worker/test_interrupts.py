"""Ending a running program from inside its process."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from datacode.runtime.interrupts import Cancelled, Interrupted, ProcessorLimit, TimeLimit
from datacode.worker.child.interrupts import InterruptGate

PROGRAM = "<a program>"


def program(text: str) -> Callable[[], None]:
    """Python that counts as the program's own."""
    names: dict[str, object] = {}

    def run() -> None:
        exec(compile(text, PROGRAM, "exec"), names)

    return run


class GateTests(SynchronousTestCase):
    """Signals raise in the program, and nowhere else."""

    def setUp(self) -> None:
        for number in (signal.SIGINT, signal.SIGALRM, signal.SIGPROF):
            self.addCleanup(signal.signal, number, signal.getsignal(number))
        self.gate = InterruptGate(PROGRAM)
        self.gate.install()
        self.addCleanup(self.gate.end)

    def run_program(
        self, text: str, *, run: int = 1, seconds: float = 0, processor: float = 0
    ) -> Interrupted | None:
        """What ended the program."""
        self.gate.begin(run, seconds, processor)
        try:
            self.gate.open()
            program(text)()
        except Interrupted as interrupted:
            return interrupted
        finally:
            self.gate.close()
            self.gate.end()
        return None

    def cancelled_from_thread(self, run: int) -> threading.Thread:
        """A thread that cancels that run after a moment."""

        def cancel() -> None:
            time.sleep(0.02)
            self.gate.cancel(run)

        thread = threading.Thread(target=cancel)
        thread.start()
        self.addCleanup(thread.join)
        return thread

    def test_time_limit(self) -> None:
        """An endless loop ends with its time."""
        ended = self.run_program("while True: pass", seconds=0.02)
        self.assertIsInstance(ended, TimeLimit)
        self.assertEqual(
            str(ended.error() if ended else ""), "Limit Error: Run time limit exceeded (0.02 s)"
        )

    def test_processor_limit(self) -> None:
        """And with its processor time."""
        ended = self.run_program("while True: pass", processor=0.02)
        self.assertIsInstance(ended, ProcessorLimit)

    def test_cancel(self) -> None:
        """A cancel from another thread ends it."""
        self.cancelled_from_thread(1)
        self.assertIsInstance(self.run_program("while True: pass"), Cancelled)

    def test_within_limits(self) -> None:
        """A program that is done in time is not touched, then or later."""
        self.assertIsNone(self.run_program("x = 1", seconds=5))
        self.assertEqual(signal.getitimer(signal.ITIMER_REAL), (0.0, 0.0))

    def test_finally_cannot_hold_it_up(self) -> None:
        """A program's own clean-up is interrupted again and again until control returns."""
        nested = "while True: pass"
        for _ in range(5):
            indented = nested.replace("\n", "\n ")
            nested = f"try:\n {indented}\nfinally:\n while True: pass"
        self.assertIsInstance(self.run_program(nested, seconds=0.02), TimeLimit)

    def test_finally_in_deep_recursion(self) -> None:
        """Also where a hundred calls each have such a clean-up."""
        text = (
            "def f(n):\n"
            "    try:\n"
            "        if n: f(n - 1)\n"
            "        while True: pass\n"
            "    finally:\n"
            "        while True: pass\n"
            "f(100)\n"
        )
        self.assertIsInstance(self.run_program(text, seconds=0.02), TimeLimit)

    def test_cancel_before_the_run(self) -> None:
        """A cancel that overtakes its run ends it as it begins."""
        self.gate.cancel(7)
        self.assertIsInstance(self.run_program("raise SystemError", run=7), Cancelled)

    def test_cancel_of_another_run(self) -> None:
        """A cancel that comes too late does nothing to the next run."""
        self.gate.cancel(6)
        self.assertIsNone(self.run_program("x = 1", run=7))

    def test_cancel_when_nothing_runs(self) -> None:
        """Nothing is raised."""
        self.gate.cancel(6)
        time.sleep(0.001)

    def test_closed(self) -> None:
        """While the gate is closed nothing is raised; what was missed is raised as it opens."""
        self.gate.begin(1, 0.01, 0)
        until = time.monotonic() + 0.05
        while time.monotonic() < until:
            pass
        self.assertRaises(TimeLimit, self.gate.open)

    def test_our_own_clean_up_is_left_alone(self) -> None:
        """Once the program's frames are gone, what follows is not interrupted a second time."""
        self.gate.begin(1, 0.01, 0)
        cleaned = False
        try:
            self.gate.open()
            program("while True: pass")()
        except TimeLimit:
            until = time.monotonic() + 0.05
            while time.monotonic() < until:
                pass
            cleaned = True
        self.gate.close()
        self.assertTrue(cleaned)

    def test_tick(self) -> None:
        """What is to happen soon happens between two instructions of the program."""
        ticks: list[float] = []
        self.gate.begin(1, 0.2, 0)
        self.gate.open()
        self.gate.soon(lambda: ticks.append(time.monotonic()))
        with self.assertRaises(TimeLimit):
            program("while True: pass")()
        self.gate.close()
        self.assertEqual(len(ticks), 1)
