"""Errors that a program has caught, recognised when it throws their texts again.

A catch variable is a text, and programs see texts in one language. Thrown again, alone or in the
middle of another text, it is told in the reader's language and form. Source: language reference,
9.1; server reference, 1 (D1).
"""

from __future__ import annotations

from collections import OrderedDict

from datacode.errors import DataCodeError, Kind
from datacode.i18n.message import Message

_MOST = 32
"""How many are known; beyond that the oldest are forgotten."""

_LONGEST = 4096
"""Characters: longer texts of errors are not kept."""

_LONGEST_THROWN = 1 << 16
"""Characters: longer thrown texts are told as they are."""

_QUOTED = {
    Kind.RUNTIME: Message("caught_runtime_error", "Runtime Error at line {line}: {error}"),
    Kind.TYPE: Message("caught_type_error", "Type Error at line {line}: {error}"),
    Kind.VARIABLE: Message("caught_variable_error", "Variable Error at line {line}: {error}"),
    Kind.FUNCTION: Message("caught_function_error", "Function Error at line {line}: {error}"),
}
_CAUGHT_WITHIN = Message("caught_error_within", "{before}{error}{after}")


class CaughtErrors:
    """The last errors that the programs of one interpreter have caught, by the texts they saw."""

    def __init__(self) -> None:
        self._messages: OrderedDict[str, Message] = OrderedDict()

    def note(self, error: DataCodeError) -> str:
        """The text of an error for the program that catches it, which is remembered."""
        text = str(error)
        quoted = _QUOTED.get(error.kind)
        if quoted is not None and error.line is not None and len(text) <= _LONGEST:
            self._messages[text] = quoted.filled(line=error.line, error=error.message)
            self._messages.move_to_end(text)
            if len(self._messages) > _MOST:
                self._messages.popitem(last=False)
        return text

    def recognised(self, error: DataCodeError) -> DataCodeError:
        """An error of ``throw`` with a caught one as the message that it is, if there is one."""
        if error.kind is not Kind.EXCEPTION or len(error.text) > _LONGEST_THROWN:
            return error
        for text in sorted(self._messages, key=len, reverse=True):
            before, found, after = error.text.partition(text)
            if found:
                caught = self._messages[text]
                if before or after:
                    caught = _CAUGHT_WITHIN.filled(before=before, error=caught, after=after)
                return _with_message(error, error.message.filled(message=caught))
        return error


def _with_message(error: DataCodeError, message: Message) -> DataCodeError:
    same = DataCodeError(error.kind, message, line=error.line, column=error.column)
    same.place, same.function, same.hint = error.place, error.function, error.hint
    return same
