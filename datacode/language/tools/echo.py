"""Programs that show the value of their last expression, as at a prompt and in a notebook.

Source: server reference, 9.2; protocol, "More from execute".
"""

from __future__ import annotations

from dataclasses import dataclass

from datacode.errors import DataCodeError
from datacode.i18n import catalog
from datacode.language.syntax import nodes
from datacode.language.syntax.parser import parse
from datacode.language.syntax.source import Source

_SHOW = """
if typeof(_) == "table" do
show_table(_)
else if typeof(_) == "chart" do
show_chart(_)
else if typeof(_) != "null" do
print(_)
endif"""

_SHOW_BEGINNING = """
if typeof(_) == "table" do
if len(_) > {most} do
table_head(_, {shown})
print("{note}")
else
show_table(_)
endif
else if typeof(_) == "chart" do
show_chart(_)
else if typeof(_) != "null" do
print(_)
endif"""

_MOST_ROWS = 40
"""Rows of a table that is drawn whole when its name is typed."""

_ROWS_SHOWN = 20

_SHOWS_ITSELF = frozenset({"show_table", "table_head"})
"""Functions that draw the table which they also give; it need not be drawn twice."""


_KEEP = "_ = ("
_KEEP_LOCAL = "local _ = ("
"""The same where the value is nobody's after the run: not exported, not saved."""


@dataclass(frozen=True, slots=True)
class EchoProgram:
    """The program to run for a text that was typed; its lines stay where they are.

    What stands in ``line`` behind ``column`` has moved to the right.
    """

    program: str
    line: int = 0
    column: int = 0
    shift: int = len(_KEEP)

    def typed_at(self, line: int, column: int) -> tuple[int, int]:
        """Where in the typed text it is what stands here in the program."""
        moved = line == self.line and column > self.column
        return line, column - self.shift if moved else column


def with_echo(text: str, locale: str | None = None) -> EchoProgram:
    """The program for a text that was typed.

    An expression at the end shows its value, unless it is null, and leaves it in ``_``; a
    declaration that stands alone shows what it set. Anything else runs as it is. With a
    ``locale`` only the beginning of a long table is shown, and a note in that language.
    """
    try:
        body = parse(text).body
    except DataCodeError:
        return EchoProgram(text)
    last = body[-1] if body else None
    if isinstance(last, nodes.ExpressionStatement):
        return _keeping(text, last, _KEEP, _showing(last.value, locale))
    if len(body) == 1 and isinstance(last, nodes.Assign) and last.scope is not None:
        return EchoProgram(f'{text}\nprint("✓ {last.name} =", {last.name})')
    return EchoProgram(text)


def with_value(text: str) -> EchoProgram:
    """The program for a text that runs once: an expression at its end shows its whole value."""
    try:
        body = parse(text).body
    except DataCodeError:
        return EchoProgram(text)
    last = body[-1] if body else None
    if not isinstance(last, nodes.ExpressionStatement):
        return EchoProgram(text)
    return _keeping(text, last, _KEEP_LOCAL, _showing(last.value, None))


def _keeping(text: str, last: nodes.ExpressionStatement, keep: str, shown: str) -> EchoProgram:
    lines = Source(text).text.split("\n")
    head, line, rest = lines[: last.line - 1], lines[last.line - 1], lines[last.line :]
    line = f"{line[: last.column - 1]}{keep}{line[last.column - 1 :]}"
    program = "\n".join([*head, line, *rest, ")"]) + shown
    return EchoProgram(program, last.line, last.column, len(keep))


def _showing(expression: nodes.Expr, locale: str | None) -> str:
    """What is run behind an expression whose value is in ``_``."""
    if isinstance(expression, nodes.Call) and expression.name in _SHOWS_ITSELF:
        return ""
    if locale is None:
        return _SHOW
    note = catalog.translate(
        catalog.mark("… rows 1 to {shown}; `show_table(_)` shows all of them"), locale
    )
    return _SHOW_BEGINNING.format(
        most=_MOST_ROWS, shown=_ROWS_SHOWN, note=note.format(shown=_ROWS_SHOWN)
    )
