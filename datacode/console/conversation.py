"""Programs typed one after another on one interpreter: at a prompt, in the cells of a notebook.

What is typed shows the value of its last expression. Errors in functions that were typed earlier
point into the text in which they stand. Source: server reference, 9.2.
"""

from __future__ import annotations

from datacode.console import report
from datacode.console.interruption import run_interruptibly
from datacode.errors import DataCodeError
from datacode.language import nodes
from datacode.language.parser import parse
from datacode.language.source import Source
from datacode.runtime.interpreter import Interpreter, Outcome

_SHOW = """
if typeof(_) == "table" do
show_table(_)
else if typeof(_) != "null" do
print(_)
endif"""


def incomplete(text: str) -> bool:
    """Does the text merely stop too early?"""
    try:
        parse(text)
    except DataCodeError as error:
        return error.incomplete
    return False


def echoing(text: str) -> str:
    """The program to run for a text that was typed; its lines stay where they are.

    An expression at the end shows its value, unless it is null, and leaves it in ``_``; a
    declaration that stands alone shows what it set. Anything else runs as it is.
    """
    try:
        body = parse(text).body
    except DataCodeError:
        return text
    last = body[-1] if body else None
    if isinstance(last, nodes.ExpressionStatement):
        lines = Source(text).text.split("\n")
        head, line, rest = lines[: last.line - 1], lines[last.line - 1], lines[last.line :]
        line = f"{line[: last.column - 1]}_ = ({line[last.column - 1 :]}"
        return "\n".join([*head, line, *rest, ")"]) + _SHOW
    if len(body) == 1 and isinstance(last, nodes.Assign) and last.scope is not None:
        return f'{text}\nprint("✓ {last.name} =", {last.name})'
    return text


class Conversation:
    """Runs what is typed on an interpreter, and tells what went wrong."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self._texts: dict[str, str] = {}

    def run(self, text: str) -> Outcome:
        """Run a text that was typed, in the main thread; Ctrl-C ends it."""
        outcome = run_interruptibly(self.interpreter, echoing(text))
        if outcome.error is not None:
            outcome.error.multiline = Source(text).multiline
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
        shown = source if source.multiline or error.column is not None else None
        return report.describe(error, shown, locale, self.interpreter.hint(error, text))
