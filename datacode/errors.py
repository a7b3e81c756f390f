"""Every error that a program can cause: its kind, its message and its place.

The message (``datacode.i18n.message``) has a code besides its sentence, so that one object can be
recognised, shown to programs and shown in the reader's language.

Source: language reference, section 9.
"""

from __future__ import annotations

from enum import StrEnum

from datacode.i18n.expected_types import expected_types
from datacode.i18n.message import Message, MessageError, parameters


class Kind(StrEnum):
    """The kinds of section 9.1, and one more for what the host forbids."""

    SYNTAX = "Syntax Error"
    RUNTIME = "Runtime Error"
    TYPE = "Type Error"
    VARIABLE = "Variable Error"
    FUNCTION = "Function Error"
    EXCEPTION = "Exception"
    LIMIT = "Limit Error"


class DataCodeError(MessageError):
    """A program is wrong or has failed.

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
        message: Message,
        *,
        line: int | None = None,
        column: int | None = None,
        incomplete: bool = False,
        multiline: bool = False,
    ) -> None:
        self.message = message  # nothing more is done here: programs may raise errors in loops
        self.kind = kind
        self.line = line
        self.column = column
        self.place = None if line is None or column is None else (line, column)
        self.incomplete = incomplete
        self.multiline = multiline
        self.function: str | None = None
        self.hint: Message | None = None

    def locate(self, line: int, place: tuple[int, int] | None) -> None:
        """Note the line of the statement that failed, and where in it."""
        self.line = line
        self.place = place
        if place is not None and place[0] == line:
            self.column = place[1]

    @property
    def text(self) -> str:
        """The message alone, without kind and line, as programs see it."""
        return str(self.message)

    def __str__(self) -> str:
        """The text of the language reference, section 9.1."""
        return self._with_kind(self.text)

    def render(self, locale: str) -> str:
        """The text for a reader: ``en`` in the form of ``str()``, ``ru`` beginning ``Ошибка: ``.

        Source: server reference, S1.
        """
        message = self.message.render(locale)
        if locale == "ru":
            # Some say themselves that they are one: "Ошибка чтения файла: …".
            prefix = "" if message.startswith("Ошибка") else "Ошибка: "
            return f"{prefix}{message}{self._place()}"
        return self._with_kind(message)

    def within(self) -> Message:
        """The error as the reason in another one's message; in Russian without kind and line."""
        told = self.message
        return Message(told.code, told.template, told.params, told.russian, self._with_kind(""))

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


def runtime_error(code: str, template: str, /, **params: object) -> DataCodeError:
    """A Runtime Error; its line is added where the statement is known."""
    return DataCodeError(Kind.RUNTIME, Message(code, template, parameters(params)))


def type_error(expected: str, found: str = "other") -> DataCodeError:
    """A builtin was given the wrong type of value. ``found`` is nearly always ``other``."""
    if found == "other":
        # A message of its own: "other" is a word of the reference's, not of any reader's.
        message = Message(
            "wrong_type", "expected {expected}, found other", {"expected": expected_types(expected)}
        )
    else:
        message = Message("wrong_type_found", "expected {expected}, found {found}").filled(
            expected=expected_types(expected), found=expected_types(found)
        )
    return DataCodeError(Kind.TYPE, message)


def variable_error(name: str) -> DataCodeError:
    """A variable does not exist."""
    message = Message("variable_not_found", "Variable '{name}' not found", {"name": name})
    return DataCodeError(Kind.VARIABLE, message)


def function_error(name: str) -> DataCodeError:
    """A function does not exist."""
    message = Message("function_not_found", "Function '{name}' not found", {"name": name})
    return DataCodeError(Kind.FUNCTION, message)


def argument_count_error(name: str, expected: int, found: int) -> DataCodeError:
    """The wrong number of arguments, in the wording of user functions (A)."""
    message = Message(
        "wrong_argument_count", "Function '{name}' expects {expected} arguments, found {found}"
    ).filled(name=name, expected=expected, found=found)
    return DataCodeError(Kind.FUNCTION, message)


def syntax_error(
    code: str,
    template: str,
    line: int,
    column: int,
    /,
    *,
    incomplete: bool = False,
    **params: object,
) -> DataCodeError:
    """The text is not a program."""
    message = Message(code, template, parameters(params))
    return DataCodeError(Kind.SYNTAX, message, line=line, column=column, incomplete=incomplete)


def internal_error() -> DataCodeError:
    """A fault of the interpreter itself, which whoever makes this error has logged."""
    return runtime_error("internal_error", "Internal error")


def limit_error(code: str, template: str, /, **params: object) -> DataCodeError:
    """The host's limits, not the program's rules, ended the run."""
    return DataCodeError(Kind.LIMIT, Message(code, template, parameters(params)))
