"""The child: a blocking loop that runs one session's programs. No Twisted, no files, no network.

The main thread reads programs from the run channel and runs them. A second thread answers on the
control channel, also while a program runs: it takes the interpreter lock between two
instructions, reads variables without changing any, and passes on a cancel. Both channels are
their thread's own, so the two never wait for each other.
"""

from __future__ import annotations

import contextlib
import logging
import mmap
import os
import signal
import socket
import threading
import traceback

import msgspec
from msgspec import Struct

from datacode.errors import DataCodeError, Kind, internal_error, limit_error
from datacode.export.sqlite import export_bytes
from datacode.language.tools.lint import Problem
from datacode.runtime.interpreter import PROGRAM_FILE, Interpreter
from datacode.runtime.interrupts import Interrupted, OutputLimit
from datacode.values.table import Table
from datacode.worker import wire
from datacode.worker.child.interrupts import Gate
from datacode.worker.child.preload import preload
from datacode.worker.child.remote_files import RemoteFiles, RunChannel
from datacode.worker.child.shown_tables import RowsThread, ShownTables, first_look

_AT_ONCE = 1 << 16
_CONTROL_STACK = 1 << 20
_TROUBLE, _PLACES = 20_000, 50
_ATTEMPTS = 5
_RESERVE = 8 << 20
_PIECE = 1 << 19

_ROWS_IN_TEXT = 100


_WARM_UP = (
    """
x = [1, 2, {a: "b"}]
function f(n) do
  if n > 1 and n != 5 do
    return n * f(n - 1)
  else
    return 1
  endif
endfunction
for i in range(100) do
  try
    x = push(x, f(i) + len(x))
    s = "t" + str(i) / 2
  catch e
    print(e, x[0], x[2].a)
  endtry
next i
""",
    "print(no_such_name)",
    "print(",
)
"""Programs that touch what every program touches, and no table: Polars must not be used."""


def prepare() -> None:
    """What the zygote does once for all workers: import everything, use it once."""
    preload()
    for program in _WARM_UP:
        Interpreter().run(program)


def serve(run: socket.socket, control: socket.socket, fork: wire.Fork) -> None:
    """Run programs until the server hangs up. Called once, in a process made for it."""
    gate = Gate(PROGRAM_FILE)
    gate.install()
    channel = RunChannel(run, gate)
    tables = ShownTables(fork.memory_bytes)
    output = OutputSink(channel, gate, tables)
    interpreter = Interpreter(
        files=RemoteFiles(channel, gate, output.before_waiting),
        recursion_limit=fork.recursion,
        memory_limit=fork.memory_bytes or None,
        on_output=output.write,
        on_table=output.show,
    )
    threading.stack_size(_CONTROL_STACK)
    answering = Answers(control, gate, interpreter, tables)
    threading.Thread(target=answering.serve, name="control", daemon=True).start()
    logging.getLogger().handlers[:] = [TroubleLog(channel, gate)]
    runner = Runner(interpreter, gate, output, channel, tables)
    while True:
        runner.run(channel.next_run())


class Runner:
    """Runs programs and says how they ended, also when there is no memory left to say it in."""

    def __init__(
        self,
        interpreter: Interpreter,
        gate: Gate,
        output: OutputSink,
        channel: RunChannel,
        tables: ShownTables,
    ) -> None:
        self._interpreter = interpreter
        self._gate = gate
        self._output = output
        self._channel = channel
        self._tables = tables
        self._reserve: mmap.mmap | None = None

    def run(self, program: wire.Execute) -> None:
        """Run a program and send how it ended."""
        self._lay_by()
        self._output.begin(program)
        self._gate.begin(program.run, program.run_seconds, program.cpu_seconds)
        try:
            error = self._error(program)
        except Interrupted as late:  # at the very end of the program, when its work was done
            error = late.error()
        except MemoryError:
            self._break_into()
            error = limit_error("out_of_memory", "Not enough memory")
        except Exception as fault:  # noqa: BLE001 - a fault of ours must not end the session
            error = internal_error()
            self._channel.send(wire.Trouble(trouble(fault)))
        finally:
            self._gate.end()
        if error is not None and error.message.code == "out_of_memory":
            self._break_into()
        if error is not None:
            self._advise(error, program.code)
        said = None if error is None else wire.Error.of(error)
        self._channel.send(wire.Finished(program.run, self._output.rest(), said))

    def _advise(self, error: DataCodeError, text: str) -> None:
        """Add what to try, where memory allows to think about it."""
        with contextlib.suppress(MemoryError):
            error.hint = self._interpreter.hint(error, text)

    def _error(self, program: wire.Execute) -> DataCodeError | None:
        """Run it. The one stretch of code in which a program may be interrupted."""
        try:
            self._gate.open()
            error = self._interpreter.run(
                program.code,
                output_limit=program.output_bytes or None,
                max_steps=program.max_steps or None,
            ).error
            if error is None and program.export_bytes:
                error = self._export(program.export_bytes)
            return error
        finally:
            self._gate.close()

    def _export(self, limit: int) -> DataCodeError | None:
        """Send the global tables as a database, if there are any; why it cannot be, otherwise."""
        variables = self._interpreter.globals_for_export()
        if not any(isinstance(value, Table) for value in variables.values()):
            return None
        try:
            content = export_bytes(variables, self._interpreter.relations())
        except DataCodeError as error:
            return error
        if len(content) > limit:
            return OutputLimit(limit).error()
        for start in range(0, len(content), _PIECE):
            with self._gate.closed():
                self._channel.send(wire.Exported(content[start : start + _PIECE]))
        return None

    # A program that used up the memory leaves its variables full of it. What is put by
    # beforehand lets this run end in order and the next one free something.

    def _lay_by(self) -> None:
        if self._reserve is None:
            with contextlib.suppress(OSError):
                self._reserve = mmap.mmap(-1, _RESERVE, flags=mmap.MAP_PRIVATE)

    def _break_into(self) -> None:
        self._tables.let_go()
        if self._reserve is not None:
            self._reserve.close()
            self._reserve = None


def trouble(error: BaseException) -> str:
    """Where an exception came from, for the server's log; not its text, which may quote data."""
    places = [f"{type(error).__module__}.{type(error).__qualname__}"]
    for frame, line in traceback.walk_tb(error.__traceback__):
        places.append(f"  {frame.f_code.co_filename}:{line} in {frame.f_code.co_name}")
    return "\n".join([places[0], *places[1:][-_PLACES:]])


class TroubleLog(logging.Handler):
    """Sends what libraries and our own runtime log as an error to the server's log."""

    def __init__(self, channel: RunChannel, gate: Gate) -> None:
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
            self._channel.send(wire.Trouble(text[:_TROUBLE]))


class OutputSink:
    """Collects what a program prints and sends it in pieces.

    A program that streams is sent at once what it prints, and at short intervals while it prints
    much. Otherwise output goes when there is a piece of it, and the rest with the end of the run.
    """

    def __init__(self, channel: RunChannel, gate: Gate, tables: ShownTables) -> None:
        self._channel = channel
        self._gate = gate
        self._tables = tables
        self._program: wire.Execute | None = None
        self._parts: list[str] = []
        self._size = 0
        self._stream = False
        self._quiet = True
        self._shown = 0
        self._room = 0

    def begin(self, program: wire.Execute) -> None:
        """A new run, streamed or not, with tables or without."""
        self._program = program
        self._parts.clear()
        self._size = 0
        self._stream = program.stream
        self._quiet = True
        self._shown = 0
        self._room = wire.SHOWN_TABLES if program.tables else 0

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

    def show(self, table: Table) -> Table | None:
        """A table that the program shows: for readers that want tables as such.

        Who can ask for its rows later is sent the first ones only as text: that comes back.
        """
        if not self._room or self._program is None:
            return None
        shown = first_look(table)
        self._room -= shown.size()
        if self._room < 0:
            self._room = 0
            return None
        self._shown += 1
        if self._program.keep_tables:
            name = f"{self._program.run}.{self._shown}"
            self._tables.keep(name, table)
            shown = msgspec.structs.replace(shown, table=name)
        with self._gate.closed():
            self._channel.send(shown)
        is_long = self._program.keep_tables and len(table) > _ROWS_IN_TEXT
        return table.slice(0, _ROWS_IN_TEXT) if is_long else None

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
        with self._gate.closed():
            self._flush()

    def _flush(self) -> None:
        """Send everything in pieces. The gate is closed."""
        text = "".join(self._parts)
        self._parts.clear()
        self._size = 0
        for start in range(0, len(text), wire.PIECE):
            self._channel.send(wire.Output(text[start : start + wire.PIECE]))


class Answers:
    """The control thread: answers questions about the session while programs run in it."""

    def __init__(
        self,
        control: socket.socket,
        gate: Gate,
        interpreter: Interpreter,
        tables: ShownTables,
    ) -> None:
        self._socket = control
        self._gate = gate
        self._interpreter = interpreter
        self._turn = threading.Lock()
        self._rows = RowsThread(tables, lambda reply: self._send(wire.encode(reply)), trouble)

    def serve(self) -> None:
        """Answer until the server hangs up, and end the process then."""
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        frames = wire.Frames(wire.MAX_FROM_SERVER)
        with contextlib.suppress(OSError):
            while data := self._socket.recv(_AT_ONCE):
                for frame in frames.feed(data):
                    self._handle(wire.control(frame))
        os._exit(0)

    def _handle(self, message: wire.Control) -> None:
        if isinstance(message, wire.Cancel):
            self._gate.cancel(message.run)
            return
        if isinstance(message, wire.FindRows):
            self._rows.ask(message)
            return
        try:
            answer = wire.encode(self._answer(message))
        except MemoryError:
            return  # there is none to answer with; the server does not wait for ever
        except Exception as fault:  # noqa: BLE001 - the question fails, not the session
            answer = wire.encode(wire.Unable(message.request, trouble(fault)))
        self._send(answer)

    def _send(self, frame: bytes) -> None:
        """Send a whole frame; two threads do."""
        with self._turn:
            self._socket.sendall(frame)

    def _answer(self, message: wire.Inspect | wire.Complete | wire.Check) -> Struct:
        if isinstance(message, wire.Inspect):
            return wire.Variables(message.request, self._variables())
        if isinstance(message, wire.Complete):
            found = self._interpreter.complete(message.text, message.position)
            suggestions = [wire.Suggestion(c.text, c.kind, c.detail) for c in found.found]
            return wire.Completions(message.request, found.start, suggestions, found.path)
        problems = [_problem(p) for p in self._interpreter.check(message.text)]
        return wire.Problems(message.request, problems)

    def _variables(self) -> list[wire.Variable]:
        """The variables, as many as fit into a frame."""
        for _ in range(_ATTEMPTS):
            try:
                found = self._interpreter.variables()
                break
            except RuntimeError:
                continue  # the program changed an object while it was looked at
        else:
            found = []
        shown = [wire.Variable(v.name, v.type, v.size, v.preview) for v in found]
        room = wire.MAX_FROM_WORKER // 2
        for number, variable in enumerate(shown):
            room -= 4 * (len(variable.name) + len(variable.preview)) + 40
            if room < 0:
                return shown[:number]
        return shown


def _problem(found: Problem) -> wire.Problem:
    kind = Kind[found.kind.upper()].value
    error = wire.Error(kind, found.message, found.line, found.column)
    return wire.Problem(found.severity, error)
