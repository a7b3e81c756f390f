"""The control channel: questions about the session, answered also while a program runs.

A thread of its own takes the interpreter lock between two instructions of the program, reads
variables without changing any, and passes on a cancel.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable

from msgspec import Struct

from datacode.errors import Kind
from datacode.language.tools.lint import LintProblem
from datacode.runtime.interpreter import Interpreter, VariableSummary
from datacode.worker import wire
from datacode.worker.child.error_log import trouble
from datacode.worker.child.interrupts import InterruptGate
from datacode.worker.child.shown_tables import RowsThread, ShownTables

_AT_ONCE = 1 << 16
"""Bytes that are read at once."""

_ATTEMPTS = 5
"""How often variables are read before they count as unreadable."""


class ControlServer:
    """Answers on the control channel until it is closed, in the thread that calls ``serve``."""

    def __init__(
        self,
        control: socket.socket,
        gate: InterruptGate,
        interpreter: Interpreter,
        tables: ShownTables,
    ) -> None:
        self._socket = control
        self._gate = gate
        self._interpreter = interpreter
        self._turn = threading.Lock()
        self._rows = RowsThread(tables, self.send, trouble)
        self.taken: Callable[[], None] = lambda: None
        """Called for each piece of the state that the server has written."""

    def serve(self) -> None:
        """Answer until the server hangs up, and end the process then."""
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        frames = wire.FrameSplitter(wire.MAX_FROM_SERVER)
        with contextlib.suppress(OSError):
            while data := self._socket.recv(_AT_ONCE):
                for frame in frames.feed(data):
                    self._handle(wire.control(frame))
        os._exit(0)

    def _handle(self, message: wire.Control) -> None:
        if isinstance(message, wire.CancelRun):
            self._gate.cancel(message.run)
            return
        if isinstance(message, wire.StateTaken):
            self.taken()
            return
        if isinstance(message, wire.FindInTable):
            self._rows.ask(message)
            return
        try:
            answer = wire.encode(self._answer(message))
        except MemoryError:
            return  # there is none to answer with; the server does not wait for ever
        except Exception as fault:  # noqa: BLE001 - the question fails, not the session
            answer = wire.encode(wire.Unable(message.request, trouble(fault)))
        self._send(answer)

    def send(self, message: Struct) -> None:
        """Send a message; any thread may."""
        self._send(wire.encode(message))

    def _send(self, frame: bytes) -> None:
        """Send a whole frame; several threads do."""
        with self._turn:
            self._socket.sendall(frame)

    def _answer(self, message: wire.ListVariables | wire.CompleteCode | wire.CheckCode) -> Struct:
        if isinstance(message, wire.ListVariables):
            return wire.VariableList(message.request, self._variables())
        if isinstance(message, wire.CompleteCode):
            found = self._interpreter.complete(message.text, message.position)
            suggestions = [wire.Suggestion(c.text, c.kind, c.detail) for c in found.found]
            return wire.SuggestionList(message.request, found.start, suggestions, found.path)
        problems = [_problem(p) for p in self._interpreter.check(message.text)]
        return wire.ProblemList(message.request, problems)

    def _variables(self) -> list[VariableSummary]:
        """The variables, as many as fit into a frame."""
        for _ in range(_ATTEMPTS):
            try:
                shown = self._interpreter.variables()
                break
            except RuntimeError:
                continue  # the program changed an object while it was looked at
        else:
            shown = []
        room = wire.MAX_FROM_WORKER // 2
        for number, variable in enumerate(shown):
            room -= 4 * (len(variable.name) + len(variable.preview)) + 40
            if room < 0:
                return shown[:number]
        return shown


def _problem(found: LintProblem) -> wire.CodeProblem:
    kind = Kind[found.kind.upper()].value
    error = wire.Error(kind, found.message, found.line, found.column)
    return wire.CodeProblem(found.severity, error)
