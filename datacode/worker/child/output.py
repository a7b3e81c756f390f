"""What a program prints and shows, on its way to the server."""

from __future__ import annotations

import msgspec

from datacode.i18n.message import Message
from datacode.values.chart import Chart
from datacode.values.table import Table
from datacode.worker import wire
from datacode.worker.child.interrupts import InterruptGate
from datacode.worker.child.remote_files import RunChannel
from datacode.worker.child.shown_tables import ShownTables, first_look

_ROWS_IN_TEXT = 100
"""Rows of a shown table that are printed where the reader can ask for the others."""


class OutputSink:
    """Collects what a program prints and sends it in pieces.

    A program that streams is sent at once what it prints, and at short intervals while it prints
    much. Otherwise output goes when there is a piece of it, and the rest with the end of the run.
    """

    def __init__(self, channel: RunChannel, gate: InterruptGate, tables: ShownTables) -> None:
        self._channel = channel
        self._gate = gate
        self._tables = tables
        self._program: wire.RunProgram | None = None
        self._parts: list[str] = []
        self._size = 0
        self._stream = False
        self._quiet = True
        self._shown = 0
        self._room = 0
        self._chart_room = 0

    def begin(self, program: wire.RunProgram) -> None:
        """A new run, streamed or not, with tables or without."""
        self._program = program
        self._parts.clear()
        self._size = 0
        self._stream = program.stream
        self._quiet = True
        self._shown = 0
        self._room = wire.SHOWN_TABLES if program.tables else 0
        self._chart_room = wire.SHOWN_CHARTS

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

    def show_chart(self, chart: Chart) -> bool:
        """A chart that the program shows, for readers that draw charts; False for all others.

        It comes behind the output so far, so that its place in it is known.
        """
        if self._program is None or not self._program.charts:
            return False
        shown = wire.ChartShown(chart)
        self._chart_room -= shown.size()
        if self._chart_room < 0:
            self._chart_room = 0
            return False
        with self._gate.closed():
            self._flush()
            self._channel.send(shown)
        return True

    def warn(self, message: Message) -> None:
        """A warning of the program, for those who asked for them."""
        if self._program is not None and self._program.warnings:
            with self._gate.closed():
                self._channel.send(wire.Warned.of(message))

    def progress(self, name: str, done: int, total: int) -> None:
        """How far work on a large table is, for those who asked for it."""
        if self._program is not None and self._program.progress:
            with self._gate.closed():
                self._channel.send(wire.WorkProgress(name[: wire.MOST_PROGRESS_NAME], done, total))

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
            self._channel.send(wire.OutputText(text[start : start + wire.PIECE]))
