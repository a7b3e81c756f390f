"""Cells that run on an interpreter in the kernel's own process."""

from __future__ import annotations

from collections.abc import Callable

from datacode.console.interactive import InteractiveShell
from datacode.console.state_files import StateFileError, load_state, save_state
from datacode.i18n.message import Message
from datacode.kernel.notebook import CellFailure
from datacode.kernel.state_file import KernelStateFile
from datacode.runtime.builtins import BUILTINS
from datacode.runtime.builtins.documentation import plain
from datacode.runtime.interpreter import Interpreter

_RESTORED = Message(
    "kernel_restored",
    "The kernel was ended and started again; variables are as after the last cell that ended",
)


class LocalNotebook:
    """One notebook's interpreter, whose state is kept for a kernel that is killed."""

    def __init__(
        self,
        interpreter: Interpreter,
        locale: str,
        connection_file: str,
        warn: Callable[[Message], object],
    ) -> None:
        self._interpreter = interpreter
        self._shell = InteractiveShell(interpreter)
        self._locale = locale
        self._warn = warn
        self._kept = KernelStateFile(connection_file)
        self._news = self._go_on()
        self.rolls_back = False

    def _go_on(self) -> Message | None:
        """Take up the state of a kernel that was killed; what the user is to be told of it."""
        try:
            return _RESTORED if self._kept.restore(self._interpreter) else None
        except StateFileError as problem:
            return problem.message

    def run(self, code: str) -> CellFailure | None:
        if self._news is not None:
            self._warn(self._news)
            self._news = None
        error = self._shell.run(code).error
        failed = None
        if error is not None:
            lines = self._shell.describe(error, code, self._locale)
            failed = CellFailure(error.kind.value, error.text, lines)
            if self.rolls_back:
                self._interpreter.roll_back()
        self._keep()
        return failed

    def _keep(self) -> None:
        """Have the state written while the next cell runs."""
        self._kept.keep(self._interpreter.snapshot())
        if self._kept.failure is not None:
            self._warn(self._kept.failure.message)
            self._kept.failure = None

    def variable_names(self) -> list[str]:
        return [each.name for each in self._interpreter.variables()]

    def complete(self, code: str, position: int) -> tuple[int, list[str]]:
        completed = self._interpreter.complete(code, position)
        return completed.start, [choice.text for choice in completed.found]

    def explain(self, name: str) -> str | None:
        functions = self._interpreter.functions()
        if name in functions:
            return functions[name]
        if name in BUILTINS:
            return plain(BUILTINS[name], self._locale)
        for variable in self._interpreter.variables():
            if variable.name == name:
                return f"{name}: {variable.type}\n{variable.preview}"
        return None

    def save(self, name: str) -> None:
        save_state(self._interpreter.snapshot(), name)

    def load(self, name: str) -> None:
        load_state(self._interpreter, name)
        self._keep()

    def end(self) -> None:
        self._kept.forget()
        self._interpreter.close()
