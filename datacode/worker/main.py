"""The child: a blocking loop that runs one session's programs. No Twisted, no files, no network.

The main thread reads programs from the run channel and runs them. A second thread answers on the
control channel, also while a program runs: it takes the interpreter lock between two
instructions, reads variables without changing any, and passes on a cancel. Both channels are
their thread's own, so the two never wait for each other.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import traceback

from msgspec import Struct

from datacode.errors import DataCodeError, limit_error, runtime_error
from datacode.runtime.interpreter import PROGRAM_FILE, Interpreter, Outcome
from datacode.runtime.interrupts import Interrupted
from datacode.worker import wire
from datacode.worker.interruption import Gate
from datacode.worker.remote_files import RemoteFiles, RunChannel

_AT_ONCE = 1 << 16
_CONTROL_STACK = 1 << 20
_TROUBLE = 20_000


def serve(run: socket.socket, control: socket.socket, fork: wire.Fork) -> None:
    """Run programs until the server hangs up. Called once, in a process made for it."""
    gate = Gate(PROGRAM_FILE)
    gate.install()
    channel = RunChannel(run, gate)
    output = OutputSink(channel, gate)
    interpreter = Interpreter(
        files=RemoteFiles(channel, gate, output.before_waiting),
        recursion_limit=fork.recursion,
        memory_limit=fork.memory_bytes or None,
        on_output=output.write,
    )
    threading.stack_size(_CONTROL_STACK)
    answering = Answers(control, gate, interpreter)
    threading.Thread(target=answering.serve, name="control", daemon=True).start()
    while True:
        _run(channel.next_run(), interpreter, gate, output, channel)


def _run(
    program: wire.Execute,
    interpreter: Interpreter,
    gate: Gate,
    output: OutputSink,
    channel: RunChannel,
) -> None:
    """Run a program and send how it ended."""
    output.begin(program.stream)
    gate.begin(program.run, program.run_seconds, program.cpu_seconds)
    try:
        error = _outcome(program, interpreter, gate).error
    except Interrupted as late:  # at the very end of the program, when its work was done
        error = late.error()
    except MemoryError:
        error = limit_error("Not enough memory")
    except Exception:  # noqa: BLE001 - a fault of ours must not end the session
        error = runtime_error("Internal error")
        channel.send(trouble())
    finally:
        gate.close()
        gate.end()
    said = None if error is None else wire.Error.of(error)
    channel.send(wire.Finished(program.run, output.rest(), said))


def _outcome(program: wire.Execute, interpreter: Interpreter, gate: Gate) -> Outcome:
    """The one stretch of code in which a program may be interrupted."""
    try:
        gate.open()
        return interpreter.run(
            program.code,
            output_limit=program.output_bytes or None,
            max_steps=program.max_steps or None,
        )
    finally:
        gate.close()


def trouble() -> wire.Trouble:
    """The exception being handled, for the server's log."""
    return wire.Trouble(traceback.format_exc()[-_TROUBLE:])


class OutputSink:
    """Collects what a program prints and sends it in pieces.

    A program that streams is sent at once what it prints, and at short intervals while it prints
    much. Otherwise output goes when there is a piece of it, and the rest with the end of the run.
    """

    def __init__(self, channel: RunChannel, gate: Gate) -> None:
        self._channel = channel
        self._gate = gate
        self._parts: list[str] = []
        self._size = 0
        self._stream = False
        self._quiet = True

    def begin(self, stream: bool) -> None:
        """A new run."""
        self._parts.clear()
        self._size = 0
        self._stream = stream
        self._quiet = True

    def write(self, text: str) -> None:
        """Output of the program."""
        self._parts.append(text)
        self._size += len(text)
        if self._size >= wire.PIECE:
            self._send_now()
        elif self._stream:
            if self._quiet:
                self._quiet = False
                self._send_now()
            self._gate.soon(self._moment)

    def before_waiting(self) -> None:
        """The program is about to wait for the server: its reader should see what there is."""
        if self._stream and self._parts:
            self._flush()

    def rest(self) -> str:
        """What is left when the program has ended: at most a piece; the rest is sent."""
        if self._size > wire.PIECE:
            self._flush()
        text = "".join(self._parts)
        self._parts.clear()
        return text

    def _moment(self) -> None:
        """A moment after output came; called by the gate's handler, while the gate is open."""
        if self._parts:
            self._send_now()
            self._gate.soon(self._moment)
        else:
            self._quiet = True

    def _send_now(self) -> None:
        self._gate.close()
        self._flush()
        self._gate.open()

    def _flush(self) -> None:
        """Send everything in pieces. The gate is closed."""
        text = "".join(self._parts)
        self._parts.clear()
        self._size = 0
        for start in range(0, len(text), wire.PIECE):
            self._channel.send(wire.Output(text[start : start + wire.PIECE]))


class Answers:
    """The control thread: answers questions about the session while programs run in it."""

    def __init__(self, control: socket.socket, gate: Gate, interpreter: Interpreter) -> None:
        self._socket = control
        self._gate = gate
        self._interpreter = interpreter

    def serve(self) -> None:
        """Answer until the server hangs up, and end the process then."""
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        frames = wire.Frames(wire.MAX_FROM_SERVER)
        decode = wire.Decoder[wire.Control](wire.Control)
        with contextlib.suppress(OSError):
            while data := self._socket.recv(_AT_ONCE):
                for frame in frames.feed(data):
                    self._handle(decode(frame))
        os._exit(0)

    def _handle(self, message: wire.Control) -> None:
        if isinstance(message, wire.Cancel):
            self._gate.cancel(message.run)
            return
        try:
            answer = wire.encode(self._answer(message))
        except Exception:  # noqa: BLE001 - the question fails, not the session
            answer = wire.encode(wire.Unable(message.request, trouble().text))
        self._socket.sendall(answer)

    def _answer(self, message: wire.Inspect | wire.Complete | wire.Check) -> Struct:
        if isinstance(message, wire.Inspect):
            return wire.Variables(message.request, self._variables())
        if isinstance(message, wire.Complete):
            start, found = self._interpreter.complete(message.text, message.position)
            suggestions = [wire.Suggestion(c.text, c.kind, c.detail) for c in found]
            return wire.Completions(message.request, start, suggestions)
        problems = [_problem(p) for p in self._interpreter.check(message.text)]
        return wire.Problems(message.request, problems)

    def _variables(self) -> list[wire.Variable]:
        return [
            wire.Variable(v.name, v.type, v.size, v.preview) for v in self._interpreter.variables()
        ]


def _problem(found: DataCodeError) -> wire.Problem:
    return wire.Problem("error", wire.Error.of(found))
