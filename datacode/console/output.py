"""What programs print, on standard output: what holds when nobody reads it any more."""

from __future__ import annotations

from typing import TextIO

from datacode.errors import DataCodeError, limit_error
from datacode.i18n.message import Message
from datacode.i18n.os_errors import system_reason
from datacode.runtime.interrupts import Interrupted
from datacode.standard_streams import silence


class OutputClosed(Interrupted):
    """What a program prints goes nowhere any more; no ``catch`` of it can help."""

    def __init__(self, reason: Message | str = "") -> None:
        super().__init__(reason)
        self.reason = reason

    def error(self) -> DataCodeError:
        return limit_error(
            "output_not_written", "The output cannot be written: {reason}", reason=self.reason
        )


class ProgramOutput:
    """What programs print, on a stream of text. ``failure`` is why it could not be written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def write(self, text: str) -> None:
        """Output of a program. Raises ``OutputClosed`` where nobody takes it."""
        try:
            self._stream.write(text)
        except OSError as failure:
            self._failed(failure)
            raise OutputClosed(system_reason(failure)) from None

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
