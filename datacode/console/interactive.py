"""Programs typed one after another on one interpreter: at a prompt, in the cells of a notebook.

Errors in functions that were typed earlier point into the text in which they stand.
Source: server reference, 9.2.
"""

from __future__ import annotations

from datacode.console import report
from datacode.console.ctrl_c import run_interruptibly
from datacode.errors import DataCodeError
from datacode.language.syntax import nodes
from datacode.language.syntax.parser import parse
from datacode.language.syntax.source import Source
from datacode.language.tools.echo import EchoProgram, with_echo
from datacode.runtime.interpreter import Interpreter, Outcome


def incomplete(text: str) -> bool:
    """Does the text merely stop too early?"""
    try:
        parse(text)
    except DataCodeError as error:
        return error.incomplete
    return False


def run_typed(
    interpreter: Interpreter, text: str, echo: EchoProgram, *, once: bool = False
) -> Outcome:
    """Run the program made of a text that was typed; an error's place is one in that text."""
    outcome = run_interruptibly(interpreter, echo.program, once=once)
    error = outcome.error
    if error is not None:
        error.multiline = Source(text).multiline
        if error.line is not None and error.place is not None and error.function is None:
            error.locate(error.line, echo.typed_at(*error.place))
    return outcome


class InteractiveShell:
    """Runs what is typed on an interpreter, and tells what went wrong."""

    def __init__(self, interpreter: Interpreter, locale: str | None = None) -> None:
        self.interpreter = interpreter
        self._locale = locale
        self._texts: dict[str, str] = {}

    def run(self, text: str) -> Outcome:
        """Run a text that was typed, in the main thread; Ctrl-C ends it."""
        outcome = run_typed(self.interpreter, text, with_echo(text, self._locale))
        self._remember_functions(text)
        return outcome

    def _remember_functions(self, text: str) -> None:
        try:
            body = parse(text).body
        except DataCodeError:
            return
        self._texts.update((s.name, text) for s in body if isinstance(s, nodes.Function))

    def describe(self, error: DataCodeError, text: str, locale: str) -> list[str]:
        """The lines that tell an error: its sentence, its place where it needs one, a hint."""
        text = self._texts.get(error.function or "", text)
        source = Source(text)
        shown = source if source.multiline or error.place is not None else None
        return report.describe(error, shown, locale, self.interpreter.hint(error, text))
