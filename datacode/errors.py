"""Every error that a user can cause, and its two renderings.

An error keeps its message as a template and parameters, so that one object can be
shown in English (the text that programs see and test) and in the reader's language.
The English template is the key of the catalogue (``datacode.i18n.catalog``).

Source: language reference, section 9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from datacode.i18n import catalog
from datacode.i18n.os_errors import with_reason_in


class Kind(StrEnum):
    """The kinds of section 9.1, and one more for what the host forbids."""

    SYNTAX = "Syntax Error"
    RUNTIME = "Runtime Error"
    TYPE = "Type Error"
    VARIABLE = "Variable Error"
    FUNCTION = "Function Error"
    EXCEPTION = "Exception"
    LIMIT = "Limit Error"


@dataclass(frozen=True, slots=True)
class Hint:
    """What to try after an error; ``template`` has ``{name}`` for each of ``params``."""

    template: str
    params: dict[str, str] = field(default_factory=dict)

    def render(self, locale: str) -> str:
        """The sentence in a language."""
        return catalog.translate(self.template, locale).format_map(self.params)


class DataCodeError(Exception):
    """A program is wrong or has failed.

    ``template`` is English, with ``{name}`` for each of ``params``. Parameters are
    inserted as they are; text of a user in them is never read as a template.

    ``line`` and ``column`` count from 1; None until somebody who knows sets them. ``line`` is that
    of the statement, and ``place`` where in it the failing expression stands: its line and column
    in characters. Where that is a later line of the statement, ``column`` is None.
    ``incomplete`` marks a syntax error of a text that merely stops too early.
    ``multiline`` tells that the program had more than one line, so that a reader
    needs to be told which one is meant. ``function`` is the name of the program's function that
    failed, None at the top level or where nobody knows; ``hint`` what to try, where a host has
    asked for that and there is something to say.
    """

    def __init__(
        self,
        kind: Kind,
        template: str,
        params: Mapping[str, object] | None = None,
        *,
        line: int | None = None,
        column: int | None = None,
        incomplete: bool = False,
        multiline: bool = False,
    ) -> None:
        super().__init__(kind, template)
        self.kind = kind
        self.template = template
        self.params: dict[str, str] = {k: str(v) for k, v in (params or {}).items()}
        self.line = line
        self.column = column
        self.place = None if line is None or column is None else (line, column)
        self.incomplete = incomplete
        self.multiline = multiline
        self.function: str | None = None
        self.hint: Hint | None = None

    def locate(self, line: int, place: tuple[int, int] | None) -> None:
        """Note the line of the statement that failed, and where in it."""
        self.line = line
        self.place = place
        if place is not None and place[0] == line:
            self.column = place[1]

    @property
    def message(self) -> str:
        """The message alone, without kind and line, as programs see it."""
        return self.template.format_map(self.params)

    def message_in(self, locale: str) -> str:
        """The message alone, in a language."""
        template = catalog.translate(self.template, locale)
        return template.format_map(with_reason_in(locale, self.params))

    def __str__(self) -> str:
        """The text of the language reference, section 9.1."""
        return self._with_kind(self.message)

    def render(self, locale: str) -> str:
        """The text for a reader: ``en`` in the form of ``str()``, ``ru`` beginning ``Ошибка: ``.

        Source: server reference, D1.
        """
        message = self.message_in(locale)
        if locale == "ru":
            return f"Ошибка: {message}{self._place()}"
        return self._with_kind(message)

    def _with_kind(self, message: str) -> str:
        if self.line is None or self.kind is Kind.LIMIT:
            return f"{self.kind.value}: {message}"
        if self.kind is Kind.SYNTAX and self.column is not None:
            return f"{self.kind.value} at line {self.line}, column {self.column}: {message}"
        return f"{self.kind.value} at line {self.line}: {message}"

    def _place(self) -> str:
        """Where, in Russian; empty where the program has only one line to look at."""
        if self.line is None or self.kind is Kind.LIMIT:
            return ""
        if self.kind is Kind.SYNTAX and self.column is not None:
            if self.multiline:
                return f" (строка {self.line}, столбец {self.column})"
            return f" (столбец {self.column})"
        return f" (строка {self.line})" if self.multiline else ""


def runtime_error(template: str, **params: object) -> DataCodeError:
    """A Runtime Error; its line is added where the statement is known."""
    return DataCodeError(Kind.RUNTIME, template, params)


def type_error(expected: str, found: str = "other") -> DataCodeError:
    """A builtin was given the wrong type of value. ``found`` is nearly always ``other``."""
    if found == "other":
        # A template of its own: "other" is a word of the reference's, not of any reader's.
        return DataCodeError(Kind.TYPE, "expected {expected}, found other", {"expected": expected})
    return DataCodeError(
        Kind.TYPE, "expected {expected}, found {found}", {"expected": expected, "found": found}
    )


def variable_error(name: str) -> DataCodeError:
    """A variable does not exist."""
    return DataCodeError(Kind.VARIABLE, "Variable '{name}' not found", {"name": name})


def function_error(name: str) -> DataCodeError:
    """A function does not exist."""
    return DataCodeError(Kind.FUNCTION, "Function '{name}' not found", {"name": name})


def argument_count_error(name: str, expected: int, found: int) -> DataCodeError:
    """The wrong number of arguments, in the wording of user functions (A)."""
    return DataCodeError(
        Kind.FUNCTION,
        "Function '{name}' expects {expected} arguments, found {found}",
        {"name": name, "expected": expected, "found": found},
    )


def syntax_error(
    template: str, line: int, column: int, *, incomplete: bool = False, **params: object
) -> DataCodeError:
    """The text is not a program."""
    return DataCodeError(
        Kind.SYNTAX, template, params, line=line, column=column, incomplete=incomplete
    )


def limit_error(template: str, **params: object) -> DataCodeError:
    """The host's limits, not the program's rules, ended the run."""
    return DataCodeError(Kind.LIMIT, template, params)
