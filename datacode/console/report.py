"""An error as a person at a terminal wants it: the sentence, the line with a caret, a hint."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from datacode import catalog
from datacode.errors import DataCodeError, Kind
from datacode.language.source import Source
from datacode.runtime.builtins.registry import BUILTINS

_FROM_ELSEWHERE = {
    "while": catalog.mark("there is no while; use `for x in range(n) do … next x` with `break`"),
    "elif": catalog.mark("`else if … do` is meant"),
    "elseif": catalog.mark("`else if … do` is meant"),
    "continue": catalog.mark("`next` with the loop's variable goes on with the next element"),
    "def": catalog.mark("a function begins with `function name(a, b) do`"),
    "end": catalog.mark("blocks close with `endif`, `next x`, `endtry` or `endfunction`"),
    "{": catalog.mark("blocks open with `do` and close with `endif`, `next x` or `endfunction`"),
    "=": catalog.mark("assignment is a statement of its own; `==` compares"),
}
"""What people write who come from other languages, and what to write here."""


def place(error: DataCodeError, source: Source) -> tuple[int, int | None] | None:
    """Line and column of what the error is about; None without a line, column None if unknown.

    A name that is unknown is looked for in its line.
    """
    if error.line is None:
        return None
    if error.column is not None:
        return error.line, error.column
    name = error.params.get("name")
    if name and error.kind in (Kind.VARIABLE, Kind.FUNCTION):
        found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", source.line(error.line))
        if found:
            return error.line, found.start() + 1
    return error.line, None


def excerpt(error: DataCodeError, source: Source) -> list[str]:
    """The line with its number, and a caret under the place where that is known."""
    where = place(error, source)
    if where is None or not source.line(where[0]).strip():
        return []
    line, column = where
    shown, caret = source.excerpt(line, column or 1).split("\n")
    gutter = f"{line} | "
    return [gutter + shown] + ([" " * len(gutter) + caret] if column else [])


def hint(error: DataCodeError, variables: Iterable[str], functions: Iterable[str]) -> str | None:
    """A template of advice, filled in by ``render``; None where there is nothing to say."""
    if error.kind is Kind.VARIABLE:
        name = error.params.get("name", "")
        if name in {*BUILTINS, *functions}:
            return catalog.mark("'{name}' is a function: call it with parentheses")
        return _similar(name, variables)
    if error.kind is Kind.FUNCTION and "expected" not in error.params:
        return _similar(error.params.get("name", ""), {*BUILTINS, *functions})
    if error.kind is Kind.SYNTAX:
        return _FROM_ELSEWHERE.get(error.params.get("token", ""))
    return None


def _similar(name: str, names: Iterable[str]) -> str | None:
    return catalog.mark("did you mean '{similar}'?") if closest(name, names) is not None else None


def closest(name: str, names: Iterable[str]) -> str | None:
    """The name most like ``name``, if any is."""
    found = difflib.get_close_matches(name, sorted(set(names)), n=1, cutoff=0.7)
    return found[0] if found else None


def describe(
    error: DataCodeError,
    source: Source,
    locale: str,
    variables: Iterable[str] = (),
    functions: Iterable[str] = (),
) -> list[str]:
    """The lines that show an error: its sentence, its place, a hint."""
    lines = [error.render(locale), *excerpt(error, source)]
    variables, functions = list(variables), list(functions)
    template = hint(error, variables, functions)
    if template is not None:
        name = error.params.get("name", "")
        known = variables if error.kind is Kind.VARIABLE else [*BUILTINS, *functions]
        similar = closest(name, known) or ""
        advice = catalog.translate(template, locale).format_map({"name": name, "similar": similar})
        lines.append(f"💡 {advice}")
    return lines
