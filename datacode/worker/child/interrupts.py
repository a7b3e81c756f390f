"""How a running program is ended in its process: signals that raise in the middle of it.

Timers of the kernel measure the time that a run takes, by the clock and by the processor, so a
limit costs a running program nothing. When one goes off, or the control thread has been told to
cancel, a signal's handler raises an ``Interrupted`` in whatever Python code is running; from then
on a timer raises again and again, so that no ``finally`` of a program can hold it up.

The handler must not raise where that would break something: while a frame is read or written,
or after the program has ended. There the gate is closed, and what was missed is made up for when
it opens.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from datacode.runtime.interrupts import Cancelled, Interrupted, ProcessorLimit, TimeLimit

AGAIN = 0.002
"""Seconds after which an interrupted program that still runs is interrupted again."""

SOON = 0.02
"""Seconds after which output that waits to be sent is sent."""

_STUBBORN = 100
"""Every so many strikes one is raised even where no frame of the program is to be seen."""


class InterruptGate:
    """Raises ``Interrupted`` in the main thread when a run's time is up or it is cancelled.

    ``program_file`` is the file name of compiled programs: it tells their frames from ours.
    """

    def __init__(self, program_file: str) -> None:
        self._program_file = program_file
        self._run = 0
        self._cancelled = 0
        self._open = False
        self._missed = False
        self._strikes = 0
        self._deadline = float("inf")
        self._run_seconds = 0.0
        self._processor_end = float("inf")
        self._processor_seconds = 0.0
        self._tick: Callable[[], None] | None = None
        self._main = threading.get_ident()

    def install(self) -> None:
        """Take over the signals; in the main thread."""
        for number in (signal.SIGINT, signal.SIGALRM, signal.SIGPROF):
            signal.signal(number, self._signalled)

    # Called by the control thread -------------------------------------------------

    def cancel(self, run: int) -> None:
        """End that run, now or as soon as it begins. Nothing if it is over."""
        self._cancelled = run
        signal.pthread_kill(self._main, signal.SIGINT)

    # Called by the main thread ----------------------------------------------------

    def begin(self, run: int, run_seconds: float, processor_seconds: float) -> None:
        """The time of a run begins; the gate is still closed."""
        self._strikes = 0
        self._missed = False
        self._run_seconds, self._processor_seconds = run_seconds, processor_seconds
        if run_seconds:
            self._deadline = time.monotonic() + run_seconds
            signal.setitimer(signal.ITIMER_REAL, run_seconds, AGAIN)
        if processor_seconds:
            self._processor_end = time.process_time() + processor_seconds
            signal.setitimer(signal.ITIMER_PROF, processor_seconds, AGAIN)
        self._run = run
        self._missed = self._cancelled == run

    def end(self) -> None:
        """The run is over; the gate is closed before and stays so."""
        self._open = False
        self._run = 0
        self._tick = None
        self._deadline = self._processor_end = float("inf")
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)

    def open(self) -> None:
        """From here on the handler may raise; at once, if it has missed something."""
        self._open = True
        if self._missed:
            self._missed = False
            self._act(None)

    def close(self) -> None:
        """From here on it may not."""
        self._open = False

    @contextmanager
    def closed(self) -> Iterator[None]:
        """A stretch of a run in which nothing is raised; what it misses is raised at its end."""
        was_open = self._open
        self.close()
        try:
            yield
        finally:
            if was_open:
                self.open()

    def soon(self, tick: Callable[[], None]) -> None:
        """Call ``tick`` in a moment, between two instructions of the program."""
        if self._tick is None and not self._strikes:
            self._tick = tick
            left = self._deadline - time.monotonic()
            signal.setitimer(signal.ITIMER_REAL, max(min(SOON, left), 1e-6), AGAIN)

    # The handler ------------------------------------------------------------------

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        if not self._run:
            return
        if not self._open:
            self._missed = True
            return
        self._act(frame)

    def _act(self, frame: FrameType | None) -> None:
        tick, self._tick = self._tick, None
        if tick is not None:
            tick()
        cause = self._cause()
        if cause is None:
            if self._tick is None:
                self._wait_on()
            return
        self._strikes += 1
        if self._strikes == 1:
            signal.setitimer(signal.ITIMER_REAL, AGAIN, AGAIN)
        elif not self._in_program(frame) and self._strikes % _STUBBORN:
            return
        raise cause

    def _cause(self) -> Interrupted | None:
        """Why the run must end now, if it must."""
        if self._cancelled == self._run:
            return Cancelled()
        if time.monotonic() >= self._deadline:
            return TimeLimit(self._run_seconds)
        if time.process_time() >= self._processor_end:
            return ProcessorLimit(self._processor_seconds)
        return None

    def _wait_on(self) -> None:
        """Nothing to do yet: set the timer to the deadline again."""
        left = self._deadline - time.monotonic()
        if left == float("inf"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        else:
            signal.setitimer(signal.ITIMER_REAL, max(left, 1e-6), AGAIN)

    def _in_program(self, frame: FrameType | None) -> bool:
        """Is there a frame of the program, so that an exception ends in the interpreter?

        After the first strike it may be at its very end, putting things in order.
        """
        while frame is not None:
            if frame.f_code.co_filename == self._program_file:
                return True
            frame = frame.f_back
        return False
