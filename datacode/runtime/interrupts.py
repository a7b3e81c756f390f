"""How a host ends a program that would not end by itself.

These are no errors of the program: they pass through every ``catch``, which is why they are not
``Exception``s. The interpreter turns them into the Outcome's error.
"""

from __future__ import annotations

from datacode.errors import DataCodeError, limit_error


class Interrupted(BaseException):
    """A program was ended from outside; ``error()`` is what its reader is told."""

    def error(self) -> DataCodeError:
        """The error of the Outcome, of the kind LIMIT."""
        return limit_error("interrupted", "Execution was interrupted")


class Cancelled(Interrupted):
    """Somebody asked for the program to be ended."""


class TimeLimit(Interrupted):
    """The program ran longer than ``seconds`` by the clock on the wall."""

    def __init__(self, seconds: float = 0) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def error(self) -> DataCodeError:
        return limit_error(
            "run_time_limit", "Run time limit exceeded ({seconds} s)", seconds=_short(self.seconds)
        )


class ProcessorLimit(Interrupted):
    """The program used more than ``seconds`` of processor time."""

    def __init__(self, seconds: float = 0) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def error(self) -> DataCodeError:
        return limit_error(
            "cpu_time_limit", "CPU time limit exceeded ({seconds} s)", seconds=_short(self.seconds)
        )


class OutputLimit(Interrupted):
    """The program printed more than ``limit`` bytes."""

    def __init__(self, limit: int = 0) -> None:
        super().__init__(limit)
        self.limit = limit

    def error(self) -> DataCodeError:
        mebibytes = _short(self.limit / 2**20)
        return limit_error(
            "output_limit", "Output limit exceeded ({mebibytes} MiB)", mebibytes=mebibytes
        )


class StepLimit(Interrupted):
    """The program ran more than ``steps`` statements."""

    def __init__(self, steps: int = 0) -> None:
        super().__init__(steps)
        self.steps = steps

    def error(self) -> DataCodeError:
        return limit_error("step_limit", "Step limit exceeded ({steps} steps)", steps=self.steps)


def _short(number: float) -> str:
    """``2`` and ``0.5``, as a person would write them."""
    return f"{number:.6g}"
