"""The kernel: cells are programs on one interpreter; tables are shown as HTML.

Source: the Jupyter messaging specification, 5.3; wrapped by ``ipykernel``.
"""

from __future__ import annotations

import base64
import os
import sys
import uuid
from pathlib import Path
from typing import Any

import msgspec
from ipykernel.iostream import OutStream
from ipykernel.kernelbase import Kernel
from traitlets import Unicode

from datacode import __version__
from datacode.charts.figure import picture
from datacode.charts.text_picture import text_picture
from datacode.console.interactive import incomplete
from datacode.console.report import warning
from datacode.console.state_files import StateFileError, state_command
from datacode.errors import DataCodeError
from datacode.i18n.catalog import locale_of_environment
from datacode.i18n.message import Message
from datacode.kernel.html import table_html, table_text
from datacode.kernel.local_notebook import LocalNotebook
from datacode.kernel.notebook import CellFailure, Notebook
from datacode.language.syntax.lexer import tokens
from datacode.language.syntax.parser import parse
from datacode.language.tools.format import INDENT
from datacode.runtime.interpreter import Interpreter
from datacode.values.chart import Chart
from datacode.values.table import Table

VEGA_LITE = "application/vnd.vegalite.v5+json"
"""The type by which notebooks know descriptions of charts."""


class DataCodeKernel(Kernel):
    """One notebook's session."""

    implementation = "datacode"
    implementation_version = __version__
    banner = f"DataCode {__version__}"
    language_info = {  # noqa: RUF012 - traitlets reads the class attribute
        "name": "datacode",
        "version": __version__,
        "mimetype": "text/x-datacode",
        "file_extension": ".dc",
        "pygments_lexer": "datacode",
    }

    server = Unicode("", help="ws:// or wss:// address of a server for the cells").tag(config=True)
    token_file = Unicode("", help="file with the token that the server wants").tag(config=True)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._locale = locale_of_environment()
        self._silent = False
        assert self.parent is not None
        self._notebook = self._notebook_of(self.parent.abs_connection_file)

    def _notebook_of(self, connection_file: str) -> Notebook:
        if not self.server:
            interpreter = Interpreter(
                on_output=self.write,
                on_warning=self._warn,
                on_table=self._show,
                on_chart=self._show_chart,
                keep_output=False,
            )
            return LocalNotebook(interpreter, self._locale, connection_file, self._warn)
        # Slow to import, and a kernel without a server does not need it.
        from datacode.kernel.server_notebook import ServerNotebook

        token = Path(self.token_file).read_text("utf-8").strip() if self.token_file else None
        token = token or os.environ.get("DATACODE_WS_TOKEN")
        return ServerNotebook(self.server, token, self._locale, connection_file, self, self._warn)

    def set_parent(self, ident: Any, parent: Any, channel: str = "shell") -> None:
        """A request begins: what is printed from now on belongs to it."""
        super().set_parent(ident, parent, channel)  # type: ignore[no-untyped-call]
        for stream in (sys.stdout, sys.stderr):
            if channel == "shell" and isinstance(stream, OutStream):
                stream.set_parent(parent)  # type: ignore[no-untyped-call]

    # What a cell shows -------------------------------------------------------------

    def write(self, text: str) -> None:
        """Output of a program: the stream gathers it and sends it at short intervals."""
        if not self._silent:
            sys.stdout.write(text if text.isascii() else _without_surrogates(text))

    def _warn(self, message: Message) -> None:
        if not self._silent:
            sys.stderr.write(_without_surrogates(warning(message).render(self._locale)) + "\n")

    def _send(self, kind: str, content: dict[str, Any]) -> None:
        if not self._silent:
            sys.stdout.flush()
            self.send_response(self.iopub_socket, kind, content)  # type: ignore[no-untyped-call]

    def _display(
        self, data: dict[str, Any], name: str | None = None, *, is_new: bool = True
    ) -> None:
        """Something with a place of its own; what has a ``name`` can be replaced."""
        kind = "display_data" if is_new else "update_display_data"
        transient = {} if name is None else {"display_id": name}
        clean = {
            mime: _without_surrogates(part) if isinstance(part, str) else part
            for mime, part in data.items()
        }
        self._send(kind, {"data": clean, "metadata": {}, "transient": transient})

    def _show(self, table: Table) -> bool:
        self._display({"text/html": table_html(table), "text/plain": table_text(table)})
        return True

    def frame(self, text: str) -> str:
        name = uuid.uuid4().hex
        self._display({"text/plain": text}, name)
        return name

    def frame_again(self, name: str, text: str) -> None:
        self._display({"text/plain": text}, name, is_new=False)

    def table(self, name: str, frame: str, beginning: Table, row_count: int) -> None:
        data = {"text/html": table_html(beginning, row_count), "text/plain": frame}
        self._display(data, name, is_new=False)

    def _show_chart(self, chart: Chart) -> bool:
        """The description, for who draws Vega-Lite, and pictures for all others."""
        data: dict[str, Any] = {
            VEGA_LITE: msgspec.to_builtins(chart),
            "image/svg+xml": picture(chart, "svg").decode(),
            "image/png": base64.b64encode(picture(chart, "png")).decode(),
            "text/plain": text_picture(chart),
        }
        size = {"width": chart.width, "height": chart.height}
        self._send("display_data", {"data": data, "metadata": {"image/png": size}, "transient": {}})
        return True

    def chart_description(self, description: dict[str, Any]) -> None:
        try:
            chart = msgspec.convert(description, Chart)
        except msgspec.ValidationError:  # a newer server's: whoever draws Vega-Lite may know it
            self._display({VEGA_LITE: description})
            return
        self._show_chart(chart)

    # Requests --------------------------------------------------------------------------

    async def do_execute(
        self,
        code: str,
        silent: bool,
        store_history: bool = True,
        user_expressions: dict[str, str] | None = None,
        allow_stdin: bool = False,
        *,
        cell_meta: dict[str, Any] | None = None,
        cell_id: str | None = None,
    ) -> dict[str, Any]:
        """Run a cell."""
        self._silent = silent
        try:
            failed = None if self._obey(code.strip()) else self._notebook.run(code)
        except StateFileError as problem:
            text = problem.render(self._locale)
            failed = CellFailure("StateFileError", text, (text,))
        if failed is not None:
            return self._failed(failed)
        return {
            "status": "ok",
            "execution_count": self.execution_count,
            "payload": [],
            "user_expressions": {},
        }

    def _obey(self, code: str) -> bool:
        """Do what a cell says that is a command of the prompt and no program; was it one?

        Raises ``StateFileError``.
        """
        if code in ("rollback on", "rollback off"):
            self._notebook.rolls_back = code.endswith("on")
        elif command := state_command(code, self._notebook.variable_names):
            {"save": self._notebook.save, "load": self._notebook.load}[command[0]](command[1])
        else:
            return False
        return True

    def _failed(self, error: CellFailure) -> dict[str, Any]:
        content = {
            "ename": error.name,
            "evalue": _without_surrogates(error.text),
            "traceback": [_without_surrogates(line) for line in error.lines],
        }
        self._send("error", content)
        return {"status": "error", "execution_count": self.execution_count, **content}

    async def do_complete(self, code: str, cursor_pos: int) -> dict[str, Any]:
        """What may stand at the cursor."""
        start, found = self._notebook.complete(code, cursor_pos)
        return {
            "status": "ok",
            "matches": found,
            "cursor_start": start,
            "cursor_end": cursor_pos,
            "metadata": {},
        }

    async def do_inspect(
        self, code: str, cursor_pos: int, detail_level: int = 0, omit_sections: Any = ()
    ) -> dict[str, Any]:
        """What the name at the cursor is."""
        text = self._notebook.explain(_name_at(code, cursor_pos))
        data = {} if text is None else {"text/plain": text}
        return {"status": "ok", "found": text is not None, "data": data, "metadata": {}}

    async def do_is_complete(self, code: str) -> dict[str, Any]:
        """Should Enter run the cell?"""
        if incomplete(code):
            return {"status": "incomplete", "indent": " " * INDENT}
        try:
            parse(code)
        except DataCodeError:
            return {"status": "invalid"}
        return {"status": "complete"}

    async def do_shutdown(self, restart: bool) -> dict[str, Any]:
        """The end of the session."""
        self._notebook.end()
        return {"status": "ok", "restart": restart}


def _without_surrogates(text: str) -> str:
    """The text as it can be sent: half a surrogate pair becomes ``?``."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _name_at(code: str, position: int) -> str:
    """The name that touches a position; empty where there is none."""
    for lexeme in tokens(code):
        if lexeme.kind == "NAME" and lexeme.offset <= position <= lexeme.offset + len(lexeme.text):
            return lexeme.text
    return ""
