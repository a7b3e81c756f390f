"""The output of programs on standard output, and what happens when its reader has gone."""

from __future__ import annotations

from typing import TextIO

from datacode.errors import DataCodeError, limit_error
from datacode.i18n.message import Message
from datacode.i18n.os_errors import system_reason
from datacode.runtime.interrupts import Interrupted
from datacode.standard_streams import silence


class OutputClosed(Interrupted):
    """The output of a program cannot be written any more; no ``catch`` stops this."""

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
        """Output of a program. Raises ``OutputClosed`` if it cannot be written."""
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
        """Did the reader close the pipe, as ``head`` does? Then no error is reported."""
        return isinstance(self.failure, BrokenPipeError)

    def _failed(self, failure: OSError) -> None:
        self.failure = self.failure or failure
        silence(self._stream)
