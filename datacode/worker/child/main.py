"""The worker process: a blocking loop that runs one session's programs.

It has no Twisted, no files and no network. The main thread reads programs from the run channel
and runs them; a second thread serves the control channel (``child.control``). Each channel is used
by one thread only, so the two never wait for each other.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Callable

from datacode.errors import DataCodeError, internal_error, limit_error
from datacode.export.sqlite import export_bytes
from datacode.language.syntax.source import Source
from datacode.language.tools.echo import EchoProgram, with_echo
from datacode.plans.client import Connection, EngineClient
from datacode.plans.rows import Storage
from datacode.reports.description import document_of
from datacode.runtime.interpreter import PROGRAM_FILE, Interpreter
from datacode.runtime.interrupts import Interrupted, OutputLimit
from datacode.values.table import Table
from datacode.worker import wire
from datacode.worker.child.control import ControlServer
from datacode.worker.child.engine_connection import connector
from datacode.worker.child.error_log import ErrorLogHandler, trouble
from datacode.worker.child.interrupts import InterruptGate
from datacode.worker.child.memory_reserve import MemoryReserve
from datacode.worker.child.output import OutputSink
from datacode.worker.child.preload import preload
from datacode.worker.child.remote_files import RemoteFiles, RunChannel
from datacode.worker.child.session_state import StateReader, StateSaver
from datacode.worker.child.shown_tables import ShownTables

_CONTROL_STACK = 1 << 20
_PIECE = 1 << 19
"""Bytes of an exported database in a message."""


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
    gate = InterruptGate(PROGRAM_FILE)
    gate.install()
    channel = RunChannel(run, gate)
    tables = ShownTables(fork.memory_bytes)
    reserve = MemoryReserve()
    output = OutputSink(channel, gate, tables)
    interpreter = Interpreter(
        files=RemoteFiles(channel, gate, output.before_waiting),
        recursion_limit=fork.recursion,
        memory_limit=fork.memory_bytes or None,
        on_output=output.write,
        on_warning=output.warn,
        on_progress=output.progress,
        on_table=output.show,
        on_chart=output.show_chart,
        keep_output=False,
        leaves_room=reserve.end,
        large_tables=_stored_tables(
            fork.memory_bytes, connector(channel, gate, output.before_waiting)
        ),
    )
    threading.stack_size(_CONTROL_STACK)
    answering = ControlServer(control, gate, interpreter, tables)
    saver = StateSaver(interpreter, answering.send, trouble)
    answering.taken = saver.taken
    threading.Thread(target=answering.serve, name="control", daemon=True).start()
    logging.getLogger().handlers[:] = [ErrorLogHandler(channel, gate)]
    runner = Runner(interpreter, gate, output, channel, tables, reserve, saver)
    reader = StateReader(interpreter, channel, saver)
    while True:
        message, file = channel.next_run()
        if isinstance(message, wire.RestoreCheckpoint):
            channel.send(reader.restore(message, file))
        else:
            runner.run(message)


_MEMORY = 1 << 30
"""What counts as a session's memory where that is not limited."""

_SMALL = 64 << 20


def _stored_tables(memory: int, connect: Callable[[], Connection]) -> Storage:
    """Tables that would take more than half of the memory are stored; a quarter of it a column
    may take that is loaded, for work on it takes as much again, and a sixteenth a result that
    is an ordinary table."""
    half = (memory or _MEMORY) // 2
    return Storage(
        EngineClient(connect), threshold=half, memory=half // 2, small=min(_SMALL, half // 8)
    )


class Runner:
    """Runs programs and says how they ended, also when there is no memory left to say it in."""

    def __init__(
        self,
        interpreter: Interpreter,
        gate: InterruptGate,
        output: OutputSink,
        channel: RunChannel,
        tables: ShownTables,
        reserve: MemoryReserve,
        saver: StateSaver,
    ) -> None:
        self._interpreter = interpreter
        self._gate = gate
        self._output = output
        self._channel = channel
        self._tables = tables
        self._reserve = reserve
        self._saver = saver

    def run(self, program: wire.RunProgram) -> None:
        """Run a program and send how it ended."""
        self._reserve.begin()
        self._output.begin(program)
        self._gate.begin(program.run, program.run_seconds, program.cpu_seconds)
        try:
            error = self._error(program)
        except Interrupted as late:  # at the very end of the program, when its work was done
            error = late.error()
        except MemoryError:
            error = self._out_of_memory()
        except Exception as fault:  # noqa: BLE001 - a fault of ours must not end the session
            error = internal_error()
            self._channel.send(wire.Trouble(trouble(fault)))
        finally:
            self._gate.end()
        if error is not None and error.message.code == "out_of_memory":
            error = self._out_of_memory()
        else:
            self._reserve.renew()
        if error is not None:
            self._advise(error, program.code)
            if program.rolls_back:
                self._interpreter.roll_back()
        self._interpreter.forget_before()
        said = None if error is None else wire.Error.of(error)
        state = self._saver.after(program.saves)
        self._channel.send(wire.Finished(program.run, self._output.rest(), said, *state))
        self._saver.begin()

    def _advise(self, error: DataCodeError, text: str) -> None:
        """Add what to try, where memory allows to think about it."""
        with contextlib.suppress(MemoryError):
            error.hint = self._interpreter.hint(error, text)

    def _error(self, program: wire.RunProgram) -> DataCodeError | None:
        """Run it. The one stretch of code in which a program may be interrupted."""
        try:
            self._gate.open()
            if program.document:
                return self._make_document(program)
            code = program.code
            echo = with_echo(code) if program.shows_value else EchoProgram(code)
            error = self._interpreter.run(
                echo.program,
                output_limit=program.output_bytes or None,
                max_steps=program.max_steps or None,
                can_roll_back=program.rolls_back,
            ).error
            if error is not None and program.shows_value:
                error.multiline = Source(code).multiline
                if error.line is not None and error.place is not None and error.function is None:
                    error.locate(error.line, echo.typed_at(*error.place))
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
        return self._send_export(content, limit)

    def _make_document(self, program: wire.RunProgram) -> DataCodeError | None:
        """Make a report of its description, and send it; why it cannot be, otherwise."""

        def tell(per_cent: int) -> None:
            self._output.progress("report", per_cent, 0)

        try:
            content = document_of(program.document, tell)
        except DataCodeError as error:
            return error
        return self._send_export(content, program.export_bytes)

    def _send_export(self, content: bytes, limit: int) -> DataCodeError | None:
        if len(content) > limit:
            return OutputLimit(limit).error()
        for start in range(0, len(content), _PIECE):
            with self._gate.closed():
                self._channel.send(wire.Exported(content[start : start + _PIECE]))
        return None

    def _out_of_memory(self) -> DataCodeError:
        """Let go of what only the last run has made; the gate is closed."""
        self._reserve.give_up()
        self._tables.let_go()
        self._saver.let_go()
        self._interpreter.roll_back()
        self._reserve.renew()
        return limit_error("out_of_memory", "Not enough memory")
