"""Where a prompt's programs run: in this process, or on a server. The prompt sees no difference."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from datacode.console import report
from datacode.console.ctrl_c import collect_interrupts
from datacode.console.fit_table import TableFitter
from datacode.console.interactive import InteractiveShell
from datacode.console.session_file import write_key
from datacode.console.state_files import (
    StateFileError,
    load_state,
    read_state,
    save_state,
    write_state,
)
from datacode.console.terminal_table import drawn, redrawn
from datacode.errors import DataCodeError, Kind
from datacode.i18n.message import Message
from datacode.language.syntax.source import Source
from datacode.language.tools.echo import EchoProgram, with_echo
from datacode.plans.rows import Storage
from datacode.runtime.files import Files, FilesError
from datacode.runtime.interpreter import Interpreter
from datacode.values.table import Table
from datacode.values.text import printed
from datacode.values.types import Value

if TYPE_CHECKING:
    from datacode.client import Client, Result

Write = Callable[[str], object]

_MOMENT = 0.05
"""Seconds between two looks at whether Ctrl-C was pressed while the server runs a program."""

_OF_SERVER = Message("of_server", "{text}")
_MISSING_SHARE = Message(
    "share_not_in_state",
    "The share '{name}' ({share} on {host}) has to be connected again: passwords are not saved",
)

_FIRST_LINE = " (строка 1)"


@dataclass(frozen=True, slots=True)
class CompletionChoice:
    """What the word before the cursor may become; ``detail`` is a signature or a type."""

    text: str
    detail: str


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table: names and printed values, none of them where there is no such row."""

    cells: list[tuple[str, str]]
    row_count: int


class Backend(Protocol):
    """Runs programs one after another on one interpreter.

    With ``rolls_back`` a program that fails leaves everything as it was before it. With
    ``columns``, the width of a terminal, tables are drawn for that.
    """

    rolls_back: bool
    columns: Callable[[], int] | None

    def run(self, text: str, write: Write) -> list[str]:
        """Run a program; the lines that tell its error, none where it succeeded.

        Ctrl-C during the run ends the program, not the prompt.
        """

    def variables(self) -> list[tuple[str, str]]:
        """Names and values, printed."""

    def table_row(self, name: str, number: int) -> TableRow | None:
        """A row, from 1, of the table in a variable; None where it has no table."""

    def signature(self, name: str) -> str | None:
        """How a function of the session is called; None where it has none of that name."""

    def reset(self) -> None:
        """A fresh interpreter."""

    def save(self, name: str) -> None:
        """Write the state to a file. Raises ``StateFileError``."""

    def load(self, name: str) -> None:
        """Put the state of a file in place of the present one. Raises ``StateFileError``."""

    def complete(self, text: str, position: int) -> tuple[int, list[CompletionChoice]]:
        """Where the word at ``position`` begins, and what it may become."""

    def close(self) -> None:
        """Let everything go."""


class LocalBackend:
    """An interpreter in this process."""

    rolls_back = False
    columns: Callable[[], int] | None = None

    def __init__(self, locale: str, files: Files, large_tables: Storage | None = None) -> None:
        self._locale = locale
        self._files = files
        self._large_tables = large_tables
        self._write: Write = print
        self.reset()

    def reset(self) -> None:
        interpreter = Interpreter(
            files=self._files,
            on_output=self._print,
            on_warning=lambda message: _warn(report.warning(message).render(self._locale)),
            on_table=self._show_table,
            keep_output=False,
            large_tables=self._large_tables,
        )
        self._shell = InteractiveShell(interpreter, self._locale)

    def _print(self, text: str) -> None:
        self._write(text)

    def _show_table(self, table: Value) -> bool:
        if self.columns is None or not isinstance(table, Table):
            return False
        for part in drawn(table, self.columns(), self._locale):
            self._write(part)
        return True

    def run(self, text: str, write: Write) -> list[str]:
        self._write = write
        error = self._shell.run(text).error
        if error is None:
            return []
        lines = self._shell.describe(error, text, self._locale)
        if self.rolls_back:
            self._shell.interpreter.roll_back()
        return lines

    def variables(self) -> list[tuple[str, str]]:
        found = self._shell.interpreter.variables()
        return [(v.name, v.preview) for v in found if v.name != "_"]

    def table_row(self, name: str, number: int) -> TableRow | None:
        table = self._shell.interpreter.variable(name)
        if not isinstance(table, Table):
            return None
        row = []
        if number <= len(table):
            (row,) = table.slice(number - 1, number).rows()
        cells = [(n, printed(v)) for n, v in zip(table.names, row, strict=False)]
        return TableRow(cells, len(table))

    def signature(self, name: str) -> str | None:
        return self._shell.interpreter.functions().get(name)

    def save(self, name: str) -> None:
        interpreter = self._shell.interpreter
        save_state(interpreter.snapshot(), name, interpreter.large_tables)

    def load(self, name: str) -> None:
        load_state(self._shell.interpreter, name)

    def complete(self, text: str, position: int) -> tuple[int, list[CompletionChoice]]:
        completed = self._shell.interpreter.complete(text, position)
        if completed.path is not None:
            return completed.start, self._paths(completed.path)
        return completed.start, [
            CompletionChoice(c.text, c.detail or c.kind) for c in completed.found
        ]

    def _paths(self, beginning: str) -> list[CompletionChoice]:
        folder, slash, name = beginning.rpartition("/")
        try:
            entries = self._files.list_folder(folder or slash)
        except (OSError, FilesError):
            return []
        return [
            CompletionChoice(f"{folder}{slash}{e.name}{'/' if e.is_folder else ''}", "")
            for e in entries
            if e.name.startswith(name) and (name or not e.name.startswith("."))
        ]

    def close(self) -> None:
        self._shell.interpreter.close()


class RemoteBackend:
    """A session on a server (``datacode connect``)."""

    rolls_back = False
    columns: Callable[[], int] | None = None

    def __init__(
        self, client: Client, locale: str, refused: type[Exception], kept_in: str | None = None
    ) -> None:
        """``refused`` is what the client raises where the server says no. With ``kept_in``, a file,
        the session is left at the end, and what takes it up there."""
        self._refused = refused
        self._client = client
        self._kept_in = kept_in
        self._locale = locale

    def run(self, text: str, write: Write) -> list[str]:
        echo = with_echo(text, self._locale)
        if self.columns is None:
            return self.told(self.execute(echo.program, write), text, echo)
        fitter = TableFitter(
            write, self.columns, lambda lines, width: redrawn(lines, width, self._locale)
        )
        try:
            result = self.execute(echo.program, fitter.write)
        finally:
            fitter.finish()
        return self.told(result, text, echo)

    def execute(self, program: str, write: Write, *, shows: bool = False) -> Result:
        """Run on the server, in a thread, so that Ctrl-C reaches this one. With ``shows`` charts
        come as such, and of long tables only the beginning as text."""
        results: list[Result] = []
        problems: list[BaseException] = []
        done = threading.Event()
        on_error = "rollback" if self.rolls_back else None

        def work() -> None:
            try:
                results.append(
                    self._client.execute(
                        program, on_output=write, on_error=on_error, keep_tables=shows, charts=shows
                    )
                )
            except BaseException as problem:  # noqa: BLE001 - raised again in the caller's thread
                problems.append(problem)
            done.set()

        with collect_interrupts() as pressed:
            threading.Thread(target=work, daemon=True).start()
            while not done.wait(_MOMENT):
                if pressed:
                    pressed.clear()
                    self._client.interrupt()
        if problems:
            raise problems[0]
        return results[0]

    def told(self, result: Result, text: str, echo: EchoProgram) -> list[str]:
        """Warn of what the program was warned of; the lines that tell its error."""
        for warning in result.warnings:
            _warn(report.warning(warning).render(self._locale))
        return _described(result, text, echo)

    def variables(self) -> list[tuple[str, str]]:
        return [(v.name, v.preview) for v in self._client.variables() if v.name != "_"]

    def table_row(self, name: str, number: int) -> TableRow | None:
        result = self.execute(f"show_table({name})", lambda _: None, shows=True)
        if result.error is not None or len(result.tables) != 1:
            return None
        (table,) = result.tables
        rows: list[list[object]] = []
        if number <= table.row_count:
            rows = self._client.table_rows(table, number - 1, 1).rows
        row = rows[0] if rows else []
        cells = [(n, _printed(v)) for n, v in zip(table.columns, row, strict=False)]
        return TableRow(cells, table.row_count)

    def signature(self, name: str) -> str | None:
        _, found = self.complete(name, len(name))
        return next((choice.detail for choice in found if choice.text == name), None)

    def reset(self) -> None:
        self._client.reset()

    def save(self, name: str) -> None:
        """Into a file of this computer."""
        try:
            state = self._client.save()
        except self._refused as failure:
            raise StateFileError(_OF_SERVER.filled(text=str(failure))) from None
        write_state(name, lambda file: file.write(state))

    def load(self, name: str) -> None:
        """From a file of this computer."""
        try:
            missing = self._client.restore(read_state(name))
        except self._refused as failure:
            raise StateFileError(_OF_SERVER.filled(text=str(failure))) from None
        for share in missing:
            _warn(
                _MISSING_SHARE.render(
                    self._locale, name=share.name, share=share.share_name, host=share.ip
                )
            )

    def complete(self, text: str, position: int) -> tuple[int, list[CompletionChoice]]:
        start, found = self._client.complete(text, position)
        return start, [CompletionChoice(c.text, c.detail or c.kind) for c in found]

    def close(self) -> None:
        if self._kept_in is None or self._client.key is None:
            self._client.close()
        else:
            write_key(self._kept_in, self._client.leave())


def _printed(cell: object) -> str:
    """A cell as JSON has it."""
    return printed(float(cell) if type(cell) is int else cell)


def _warn(text: str) -> None:
    """A line on standard error, which may not know every character."""
    print(text.encode("utf-8", "replace").decode(), file=sys.stderr)  # noqa: T201


def _described(result: Result, text: str, echo: EchoProgram) -> list[str]:
    """The server's sentence, and the line that it is about."""
    if result.error is None:
        return []
    where, source = result.diagnostics, Source(text)
    sentence = result.error if source.multiline else result.error.removesuffix(_FIRST_LINE)
    lines = [sentence]
    if where is None:
        return lines
    if where.function is None and (source.multiline or where.column):
        line, column = where.line, where.column
        if line and column:
            line, column = echo.typed_at(line, column)
        error = DataCodeError(
            Kind.RUNTIME, _OF_SERVER.filled(text=sentence), line=line, column=column
        )
        lines += report.excerpt(error, source)
    if where.hint is not None:
        lines.append(f"💡 {where.hint}")
    return lines
