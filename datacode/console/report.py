"""An error as a person at a terminal wants it: the sentence, the line with a caret, a hint."""

from __future__ import annotations

from datacode.errors import DataCodeError
from datacode.hints.names import place
from datacode.i18n.message import Message
from datacode.language.syntax.source import Source


def excerpt(error: DataCodeError, source: Source) -> list[str]:
    """The line with its number, and a caret under the place where that is known."""
    where = place(error)
    if where is None or not source.line(where[0]).strip():
        return []
    line, column = where
    shown, caret = source.excerpt(line, column or 1).split("\n")
    gutter = f"{line} | "
    return [gutter + shown] + ([" " * len(gutter) + caret] if column else [])


def describe(
    error: DataCodeError, source: Source | None, locale: str, hint: Message | None
) -> list[str]:
    """The lines that show an error: its sentence, its place in ``source``, a hint."""
    lines = [error.render(locale)]
    if source is not None:
        lines += excerpt(error, source)
    if hint is not None:
        lines.append(f"💡 {hint.render(locale)}")
    return lines


def warning(text: Message | str) -> Message:
    """A warning as a line on standard error."""
    return Message("warning_line", "⚠️  Warning: {text}", {"text": text})
