"""What a builtin may ask of its surroundings: output, files, other functions, the clock.

One ``Host`` belongs to one interpreter. A builtin whose first parameter is ``host`` gets it;
nothing else reaches beyond a builtin's arguments.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from datacode.charts.text_picture import text_picture
from datacode.errors import DataCodeError, Kind, runtime_error
from datacode.i18n.message import Message
from datacode.plans.rows import Storage
from datacode.runtime.files import Files, FilesError
from datacode.runtime.interrupts import OutputLimit
from datacode.values import equality
from datacode.values.chart import Chart
from datacode.values.table import Table
from datacode.values.types import Path, Value

MEMORY = 4 * 2**30
"""Bytes that one allocation may take where the host sets no limit of its own."""


MOST_WARNINGS = 100
"""Different warnings that a run gives; the others are counted."""

_PROGRESS_EVERY = 0.1

_MORE = Message("more_warnings", "{count} more warnings are not shown")


class Engine(Protocol):
    """What the interpreter does for builtins that run code by name or by text."""

    def call(self, name: str, arguments: Sequence[Value]) -> Value:
        """Call the function of that name, the program's own before the builtins.

        An unknown name is a Function Error.
        """

    def defines(self, name: str) -> bool:
        """Has the program a function of that name?"""

    def condition(self, text: str, columns: Sequence[str]) -> Callable[[Sequence[Value]], Value]:
        """An expression over the cells of one row, compiled (tables and files reference, 1.7).

        The names in ``columns`` are the cells, all others the program's variables; ``=`` is
        ``==`` and an ordering comparison with null is false. Raises the condition's syntax error.
        The function it gives takes the cells in the order of ``columns``.
        """


class Host:
    """One interpreter's surroundings.

    ``on_output`` receives each piece of output as it is written, ``on_warning`` what a reader
    should know beside the program's output, ``on_table`` each table that a program shows;
    if it answers True, the table is drawn and its text is not written; if it answers with a
    table, which holds the first rows of it, the text of that is written in its place.
    ``on_chart`` receives each chart that a program shows; if it answers True, it is drawn, and no
    picture of characters is written.
    ``output_limit`` and ``memory_limit`` are in bytes; None for ``output_limit`` is no limit.
    Without ``keep_output`` what has been handed to ``on_output`` is not kept.
    ``large_tables`` stores tables that are too large for memory; without it there are none.
    ``relations`` holds what ``relate`` recorded, in call order.
    """

    def __init__(
        self,
        files: Files,
        *,
        on_output: Callable[[str], None] | None = None,
        on_warning: Callable[[Message], None] | None = None,
        on_table: Callable[[Value], object] | None = None,
        on_chart: Callable[[Chart], bool] | None = None,
        output_limit: int | None = None,
        memory_limit: int | None = None,
        keep_output: bool = True,
        large_tables: Storage | None = None,
        on_progress: Callable[[str, int, int], None] | None = None,
    ) -> None:
        self.files = files
        self._on_progress = on_progress
        self._progress_at = 0.0
        if large_tables is not None:
            large_tables.client.on_progress = lambda name, done: self.progress(name, done, 0)
        self.large_tables = large_tables
        self.on_output = on_output
        self.on_warning = on_warning
        self.on_table = on_table
        self.on_chart = on_chart
        self.output_limit = output_limit
        self.memory_limit = memory_limit or MEMORY
        self._keeps = keep_output
        self.relations: list[Value] = []
        self._chunks: list[str] = []
        self._written = 0
        self._warned: list[Message] = []
        self._unheard = 0
        self._engine: Engine | None = None

    # Output ------------------------------------------------------------

    def write(self, text: str) -> None:
        """Output of the program. Past the limit the rest is cut off and ``OutputLimit`` raised."""
        if self.output_limit is None:
            self._emit(text)
            return
        size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        room = self.output_limit - self._written
        if size <= room:
            self._written += size
            self._emit(text)
            return
        head = text.encode("utf-8", "surrogatepass")[: max(room, 0)]
        self._written = self.output_limit
        self._emit(_without_broken_end(head))
        raise OutputLimit(self.output_limit)

    def _emit(self, text: str) -> None:
        if self._keeps:
            self._chunks.append(text)
        if self.on_output is not None and text:
            self.on_output(text)

    def take_output(self) -> str:
        """What was kept since the last call; the limit counts from nothing again."""
        text = "".join(self._chunks)
        self._chunks.clear()
        self._written = 0
        return text

    def warn(self, message: Message) -> None:
        """Tell what may be wrong with a result; never part of the output.

        The same comes once in a run, and at most ``MOST_WARNINGS`` different ones.
        """
        if self.on_warning is None or message in self._warned:
            return
        if len(self._warned) >= MOST_WARNINGS:
            self._unheard += 1
            return
        self._warned.append(message)
        self.on_warning(message)

    def progress(self, name: str, done: int, total: int) -> None:
        """Tell how far work on a large table is: ``done`` of ``total``, per cent where that is 0.

        At most ten times a second, and at the end of a file.
        """
        now = time.monotonic()
        is_wanted = now - self._progress_at >= _PROGRESS_EVERY or done == total
        if self._on_progress is not None and is_wanted:
            self._progress_at = now
            self._on_progress(name, done, total)

    def end_warnings(self) -> None:
        """The run is over: say how many warnings were left out, and begin anew."""
        if self._unheard and self.on_warning is not None:
            self.on_warning(_MORE.filled(count=self._unheard))
        self._warned.clear()
        self._unheard = 0

    def in_text(self, table: Table) -> Table | None:
        """A table is being shown: a host that can draw tables gets it as it is.

        What of it is to be written as text: the table, one with its first rows, or None.
        """
        answer = None if self.on_table is None else self.on_table(table)
        if answer is True:
            return None
        return answer if isinstance(answer, Table) else table

    def placed(self, table: Table) -> Table:
        """The table, stored where even the smallest ones are."""
        storage = self.large_tables
        if storage is None or storage.threshold or not table.columns:
            return table
        return Table(table.names, storage.placed(table.columns), len(table))

    def show_chart(self, chart: Chart) -> None:
        """A chart is being shown: drawn by who can draw, otherwise written as text."""
        if self.on_chart is None or not self.on_chart(chart):
            self.write(text_picture(chart))

    # Functions and conditions ---------------------------------------------

    @property
    def engine(self) -> Engine:
        """The interpreter that this host belongs to."""
        if self._engine is None:
            raise RuntimeError("no interpreter has been attached to this host")
        return self._engine

    def attach(self, engine: Engine) -> None:
        """Name the interpreter that runs functions and conditions for the builtins."""
        self._engine = engine

    # Limits, files, time ----------------------------------------------------

    def check_size(self, items: float, bytes_each: int = 32) -> None:
        """Refuse a value of so many elements (or characters) before it is allocated.

        An element of an array takes 32 bytes with its number. Raises a Runtime Error.
        """
        if not items * bytes_each <= self.memory_limit:
            raise runtime_error(
                "value_too_large", "The value is too large: it would not fit into memory"
            )

    def file_kind(self, path: str) -> str | None:
        """``"file"``, ``"folder"`` or None; a refusal is a Runtime Error in its own words."""
        try:
            return self.files.kind(path)
        except FilesError as refusal:
            raise DataCodeError(Kind.RUNTIME, refusal.message) from None
        except (OSError, ValueError):
            return None

    def path_exists(self, path: Path) -> bool:
        """Is there a file or folder of that path?"""
        return self.file_kind(path.text) is not None

    def truth(self, value: Value) -> bool:
        """Is the value true (language reference, 5.3)?"""
        return equality.truth(value, self.path_exists)

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC)


def _without_broken_end(head: bytes) -> str:
    """Text cut at a number of bytes, without the part of a character that was cut through."""
    while head:
        try:
            return head.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError as broken:
            head = head[: broken.start]
    return ""
