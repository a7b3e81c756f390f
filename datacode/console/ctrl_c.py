"""Ctrl-C while a program runs: it ends the program, and nothing else."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from datacode.runtime.interpreter import PROGRAM_FILE, Interpreter, Outcome
from datacode.runtime.interrupts import Cancelled, Interrupted


class _SigintHandler:
    """Raises ``Cancelled`` while a program runs, and at most once elsewhere in the interpreter."""

    def __init__(self) -> None:
        self.open = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """The signal has come."""
        if not self.open and not _is_in_program(frame):
            return
        self.open = False
        raise Cancelled


def _is_in_program(frame: FrameType | None) -> bool:
    """Is there a frame of the program, so that what is raised ends in the interpreter?"""
    while frame is not None:
        if frame.f_code.co_filename == PROGRAM_FILE:
            return True
        frame = frame.f_back
    return False


def run_interruptibly(interpreter: Interpreter, text: str, *, once: bool = False) -> Outcome:
    """Run a program in the main thread; SIGINT ends it with the error of a cancelled run.

    A program whose ``finally`` goes on is ended by the next one. With ``once`` the process has
    nothing else to do: a SIGINT that comes after the run must not change its exit status.
    """
    handler = _SigintHandler()
    previous = signal.signal(signal.SIGINT, handler)
    if once:
        previous = signal.SIG_IGN
    try:
        try:
            handler.open = True
            return interpreter.run(text)
        finally:
            handler.open = False
    except Interrupted as late:  # before or after the part of run() that expects it
        return Outcome("", late.error())
    finally:
        signal.signal(signal.SIGINT, previous)


@contextmanager
def collect_interrupts() -> Iterator[list[int]]:
    """While what runs is elsewhere: collects the SIGINTs that come, and raises nothing.

    An exception could come anywhere, also where nobody can catch it.
    """
    pressed: list[int] = []
    previous = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, previous)


def was_interrupted(outcome: Outcome) -> bool:
    """Was the run ended by SIGINT?"""
    error = outcome.error
    return error is not None and error.message.code == Cancelled().error().message.code
