"""The kernel: cells are programs on one interpreter; tables are shown as HTML.

Source: the Jupyter messaging specification, 5.3; wrapped by ``ipykernel``.
"""

from __future__ import annotations

import html
import signal
from typing import Any

from ipykernel.kernelbase import Kernel

from datacode import __version__
from datacode.console import report
from datacode.console.options import locale_of_environment
from datacode.console.repl import echoing, incomplete
from datacode.errors import DataCodeError
from datacode.language.parser import parse
from datacode.language.source import Source
from datacode.runtime.builtins.library import BUILTINS
from datacode.runtime.interpreter import Interpreter
from datacode.tables.show import cell_text, show_text
from datacode.tables.table import Table

ROWS_SHOWN = 200
"""Rows of a table that a notebook draws; the text form beside it has all of them."""


def table_html(table: Table) -> str:
    """A table as HTML; every text in it escaped."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in table.names)
    rows = []
    for row in table.rows():
        if len(rows) == ROWS_SHOWN:
            break
        cells = "".join(f"<td>{html.escape(cell_text(cell))}</td>" for cell in row)
        rows.append(f"<tr>{cells}</tr>")
    more = len(table) - len(rows)
    caption = f"<caption>… {more} more rows</caption>" if more else ""
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


class DataCodeKernel(Kernel):  # type: ignore[misc]
    """One notebook's session."""

    implementation = "datacode"
    implementation_version = __version__
    language = "datacode"
    language_version = __version__
    banner = f"DataCode {__version__}"
    language_info = {  # noqa: RUF012 - traitlets reads the class attribute
        "name": "datacode",
        "version": __version__,
        "mimetype": "text/x-datacode",
        "file_extension": ".dc",
        "pygments_lexer": "datacode",
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._locale = locale_of_environment()
        self._silent = False
        self._interpreter = Interpreter(on_output=self._print, on_table=self._show)

    def _print(self, text: str) -> None:
        if not self._silent:
            self.send_response(self.iopub_socket, "stream", {"name": "stdout", "text": text})

    def _show(self, table: Table) -> None:
        if not self._silent:
            data = {"text/html": table_html(table), "text/plain": show_text(table)}
            self.send_response(
                self.iopub_socket, "display_data", {"data": data, "metadata": {}, "transient": {}}
            )

    def do_execute(
        self,
        code: str,
        silent: bool,
        store_history: bool = True,
        user_expressions: dict[str, str] | None = None,
        allow_stdin: bool = False,
        **more: Any,
    ) -> dict[str, Any]:
        """Run a cell."""
        self._silent = silent

        def interrupt(number: int, frame: object) -> None:
            self._interpreter.cancel()

        previous = signal.signal(signal.SIGINT, interrupt)
        try:
            outcome = self._interpreter.run(echoing(code))
        finally:
            signal.signal(signal.SIGINT, previous)
        if outcome.error is None:
            return {
                "status": "ok",
                "execution_count": self.execution_count,
                "payload": [],
                "user_expressions": {},
            }
        return self._failed(code, outcome.error)

    def _failed(self, code: str, error: DataCodeError) -> dict[str, Any]:
        names = [variable.name for variable in self._interpreter.variables()]
        functions = self._interpreter.function_names()
        lines = report.describe(error, Source(code), self._locale, names, functions)
        content = {"ename": error.kind.value, "evalue": error.message, "traceback": lines}
        if not self._silent:
            self.send_response(self.iopub_socket, "error", content)
        return {"status": "error", "execution_count": self.execution_count, **content}

    def do_complete(self, code: str, cursor_pos: int) -> dict[str, Any]:
        """What may stand at the cursor."""
        start, found = self._interpreter.complete(code, cursor_pos)
        return {
            "status": "ok",
            "matches": [choice.text for choice in found],
            "cursor_start": start,
            "cursor_end": cursor_pos,
            "metadata": {},
        }

    def do_inspect(
        self, code: str, cursor_pos: int, detail_level: int = 0, omit_sections: Any = ()
    ) -> dict[str, Any]:
        """What the name at the cursor is."""
        name = _name_at(code, cursor_pos)
        text = None
        if name in BUILTINS:
            text = f"{BUILTINS[name].signature}\n\n{BUILTINS[name].documentation}"
        else:
            for variable in self._interpreter.variables():
                if variable.name == name:
                    text = f"{variable.name}: {variable.type}\n{variable.preview}"
        data = {} if text is None else {"text/plain": text}
        return {"status": "ok", "found": text is not None, "data": data, "metadata": {}}

    def do_is_complete(self, code: str) -> dict[str, Any]:
        """Should Enter run the cell?"""
        if incomplete(code):
            return {"status": "incomplete", "indent": ""}
        try:
            parse(code)
        except DataCodeError:
            return {"status": "invalid"}
        return {"status": "complete"}

    def do_shutdown(self, restart: bool) -> dict[str, Any]:
        """The end of the session."""
        self._interpreter.close()
        return {"status": "ok", "restart": restart}


def _name_at(code: str, position: int) -> str:
    """The identifier that touches a position; empty where there is none."""
    start = end = position
    while start > 0 and (code[start - 1].isalnum() or code[start - 1] == "_"):
        start -= 1
    while end < len(code) and (code[end].isalnum() or code[end] == "_"):
        end += 1
    return code[start:end]
