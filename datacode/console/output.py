"""Standard output and standard error, whoever is at their other end.

Source: server reference, 9.1 (output on stdout, everything else on stderr).
"""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO

from datacode.errors import DataCodeError, limit_error
from datacode.i18n.os_errors import system_reason
from datacode.runtime.interrupts import Interrupted


def prepare_streams() -> None:
    """Characters that an encoding does not have are replaced instead of ending the program."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


class OutputGone(Interrupted):
    """What a program prints goes nowhere any more; no ``catch`` of it can help."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason

    def error(self) -> DataCodeError:
        return limit_error("The output cannot be written: {reason}", reason=self.reason)


class Output:
    """What programs print, on a stream of text. ``failure`` is why it could not be written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def write(self, text: str) -> None:
        """Output of a program. Raises ``OutputGone`` where nobody takes it."""
        try:
            self._stream.write(text)
        except OSError as failure:
            self._failed(failure)
            raise OutputGone(system_reason(failure)) from None

    def flush(self) -> None:
        """Write what waits to be written; ``failure`` tells whether it could be."""
        try:
            self._stream.flush()
        except OSError as failure:
            self._failed(failure)

    @property
    def reader_left(self) -> bool:
        """Did the reader go, as ``head`` does? Then there is nobody to complain to."""
        return isinstance(self.failure, BrokenPipeError)

    def _failed(self, failure: OSError) -> None:
        self.failure = self.failure or failure
        silence(self._stream)


def silence(stream: TextIO) -> None:
    """Send what still waits to be written nowhere: Python would complain when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
