"""What goes wrong in a worker, as lines for the server's log."""

from __future__ import annotations

import logging
import threading
import traceback

from datacode.worker import wire
from datacode.worker.child.interrupts import InterruptGate
from datacode.worker.child.remote_files import RunChannel

_LONGEST = 20_000
"""Characters of a message to the server's log."""

_PLACES = 50
"""Frames of a traceback, the innermost."""


def trouble(error: BaseException) -> str:
    """Where an exception came from, for the server's log; not its text, which may quote data."""
    places = [f"{type(error).__module__}.{type(error).__qualname__}"]
    for frame, line in traceback.walk_tb(error.__traceback__):
        places.append(f"  {frame.f_code.co_filename}:{line} in {frame.f_code.co_name}")
    return "\n".join([places[0], *places[1:][-_PLACES:]])


class ErrorLogHandler(logging.Handler):
    """Sends what libraries and our own runtime log as an error to the server's log."""

    def __init__(self, channel: RunChannel, gate: InterruptGate) -> None:
        super().__init__(logging.ERROR)
        self._channel = channel
        self._gate = gate

    def emit(self, record: logging.LogRecord) -> None:
        """Send it, if it is the main thread's; the channel is that thread's alone."""
        if threading.current_thread() is not threading.main_thread():
            return
        error = record.exc_info[1] if record.exc_info else None
        text = f"{record.name}: {record.msg}\n{trouble(error) if error else ''}"
        with self._gate.closed():
            self._channel.send(wire.Trouble(text[:_LONGEST]))
