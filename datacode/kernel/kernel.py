"""The kernel: cells are programs on one interpreter; tables are shown as HTML.

Source: the Jupyter messaging specification, 5.3; wrapped by ``ipykernel``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from ipykernel.iostream import OutStream
from ipykernel.kernelbase import Kernel

from datacode import __version__
from datacode.console.interactive import InteractiveShell, incomplete
from datacode.console.report import warning
from datacode.console.state_files import StateFileError, load_state, save_state, state_command
from datacode.errors import DataCodeError
from datacode.i18n.catalog import locale_of_environment
from datacode.i18n.message import Message
from datacode.kernel.html import table_html, table_text
from datacode.kernel.kept_state import KeptState
from datacode.language.syntax.lexer import tokens
from datacode.language.syntax.parser import parse
from datacode.language.tools.format import INDENT
from datacode.runtime.builtins import BUILTINS
from datacode.runtime.builtins.documentation import plain
from datacode.runtime.interpreter import Interpreter
from datacode.values.table import Table

_RESTORED = Message(
    "kernel_restored",
    "The kernel was ended and started again; variables are as after the last cell that ended",
)


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

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._locale = locale_of_environment()
        self._silent = False
        self._rolls_back = False
        self._shell = InteractiveShell(
            Interpreter(
                on_output=self._print, on_warning=self._warn, on_table=self._show, keep_output=False
            )
        )
        assert self.parent is not None
        self._kept = KeptState(self.parent.abs_connection_file)
        self._news = self._go_on()

    def _go_on(self) -> Message | None:
        """Take up the state of a kernel that was killed; what the user is to be told of it."""
        try:
            return _RESTORED if self._kept.restore(self._shell.interpreter) else None
        except StateFileError as problem:
            return problem.message

    def set_parent(self, ident: Any, parent: Any, channel: str = "shell") -> None:
        """A request begins: what is printed from now on belongs to it."""
        super().set_parent(ident, parent, channel)  # type: ignore[no-untyped-call]
        for stream in (sys.stdout, sys.stderr):
            if channel == "shell" and isinstance(stream, OutStream):
                stream.set_parent(parent)  # type: ignore[no-untyped-call]

    # What a cell shows -------------------------------------------------------------

    def _print(self, text: str) -> None:
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

    def _show(self, table: Table) -> bool:
        data = {"text/html": table_html(table), "text/plain": table_text(table)}
        clean = {kind: _without_surrogates(text) for kind, text in data.items()}
        self._send("display_data", {"data": clean, "metadata": {}, "transient": {}})
        return True

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
        if self._news is not None:
            self._warn(self._news)
            self._news = None
        try:
            obeyed = self._obey(code.strip())
        except StateFileError as problem:
            return self._error_reply("StateFileError", problem.render(self._locale))
        if not obeyed:
            outcome = self._shell.run(code)
            if outcome.error is not None:
                reply = self._failed(code, outcome.error)
                if self._rolls_back:
                    self._shell.interpreter.roll_back()
                self._keep()
                return reply
        self._keep()
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
        interpreter = self._shell.interpreter
        if code in ("rollback on", "rollback off"):
            self._rolls_back = code.endswith("on")
        elif command := state_command(code, lambda: [v.name for v in interpreter.variables()]):
            if command[0] == "save":
                save_state(interpreter.snapshot(), command[1])
            else:
                load_state(interpreter, command[1])
        else:
            return False
        return True

    def _keep(self) -> None:
        """Have the state written while the next cell runs."""
        self._kept.keep(self._shell.interpreter.snapshot())
        if self._kept.failure is not None:
            self._warn(self._kept.failure.message)
            self._kept.failure = None

    def _failed(self, code: str, error: DataCodeError) -> dict[str, Any]:
        lines = self._shell.describe(error, code, self._locale)
        return self._error_reply(error.kind.value, error.text, lines)

    def _error_reply(self, name: str, text: str, lines: Sequence[str] = ()) -> dict[str, Any]:
        content = {
            "ename": name,
            "evalue": _without_surrogates(text),
            "traceback": [_without_surrogates(line) for line in lines or (text,)],
        }
        self._send("error", content)
        return {"status": "error", "execution_count": self.execution_count, **content}

    async def do_complete(self, code: str, cursor_pos: int) -> dict[str, Any]:
        """What may stand at the cursor."""
        completed = self._shell.interpreter.complete(code, cursor_pos)
        return {
            "status": "ok",
            "matches": [choice.text for choice in completed.found],
            "cursor_start": completed.start,
            "cursor_end": cursor_pos,
            "metadata": {},
        }

    async def do_inspect(
        self, code: str, cursor_pos: int, detail_level: int = 0, omit_sections: Any = ()
    ) -> dict[str, Any]:
        """What the name at the cursor is."""
        text = self._explained(_name_at(code, cursor_pos))
        data = {} if text is None else {"text/plain": text}
        return {"status": "ok", "found": text is not None, "data": data, "metadata": {}}

    def _explained(self, name: str) -> str | None:
        """What a function of the notebook or a builtin does, or what a variable holds."""
        interpreter = self._shell.interpreter
        if name in interpreter.functions():
            return interpreter.functions()[name]
        if name in BUILTINS:
            return plain(BUILTINS[name], self._locale)
        for variable in interpreter.variables():
            if variable.name == name:
                return f"{name}: {variable.type}\n{variable.preview}"
        return None

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
        self._kept.forget()
        self._shell.interpreter.close()
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
