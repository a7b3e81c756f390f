"""What to try when a program has failed: a sentence beside the error, where there is one to say.

Names, members, keys and columns that look alike, how a function is called; mistakes of syntax are
those of ``hints.syntax``. A hint is a message, like that of an error, so that it can be shown in
both languages.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Protocol

from datacode.errors import DataCodeError, Kind
from datacode.hints.syntax import INSTEAD, LONGEST_TEXT, about_syntax
from datacode.i18n.message import Message
from datacode.language.syntax.lexer import KEYWORDS, tokens
from datacode.language.tools.symbols import occurrences
from datacode.values import paths

_ALIKE = 0.7


class Signature(Protocol):
    """What advice needs to know of a function of the library."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters."""

    @property
    def signature(self) -> str:
        """How it is called, ``f(a, b)``."""


def hint(
    error: DataCodeError,
    text: str,
    builtins: Mapping[str, Signature],
    variables: Iterable[str] = (),
    functions: Mapping[str, str] | None = None,
    keys: Iterable[str] = (),
) -> Message | None:
    """Advice about an error of the program ``text``, None where there is nothing to say.

    ``builtins`` is the library by name, ``variables`` are the names that exist in the session,
    ``functions`` the signatures of its own functions by name, ``keys`` the keys of its objects
    and the columns of its tables.
    """
    own, code = functions or {}, error.message.code
    if error.kind is Kind.SYNTAX:
        return about_syntax(error, text, builtins)
    name = error.message.value("name")
    if error.kind is Kind.VARIABLE:
        return _about_variable(error, text, builtins, variables, own)
    argument = error.message.value("argument")
    if argument and name in builtins:
        similar = _alike(argument, builtins[name].parameters)
        return similar or _signature(name, builtins, own)
    if code in _MEMBERS:
        return _alike(name, _MEMBERS[code])
    if code in _KEYED:
        return _alike(name or error.message.value("key"), {*keys, *_written_keys(text)})
    if code == "wrong_type" and "element" in error.message.params:
        return _NO_NUMBER.filled(**error.message.params)
    if code == "wrong_type" and name in builtins:
        return Message(
            "call_signature_given",
            "it is called as {signature}; given: {given}",
            {"signature": builtins[name].signature, "given": error.message.params["given"]},
        )
    if "found" in error.message.params and name:
        return _signature(name, builtins, own)
    if error.kind is Kind.FUNCTION:
        if name in INSTEAD:
            return INSTEAD[name]
        return _alike(name, {*builtins, *own, *_defined(text, "function")})
    return None


_NO_NUMBER = Message(
    "element_is_no_number",
    "the element with the index {place} is no number: {element}. In tables, table_total and"
    " table_group leave empty cells out",
)

# Names -----------------------------------------------------------------------------

ARRAY_MEMBERS = ("len", "length", "first", "last")
STRING_MEMBERS = ("len", "length", "upper", "lower", "trim")
PATH_MEMBERS = tuple(paths.MEMBERS.split(", "))
_MEMBERS = {
    "no_array_member": ARRAY_MEMBERS,
    "no_string_member": STRING_MEMBERS,
    "no_path_member": PATH_MEMBERS,
}
"""The members of the values whose members are always the same, by the error's code."""

_KEYED = {
    "no_object_member",
    "key_not_found",
    "no_table_member",
    "column_not_found",
    "no_table_column",
    "no_left_column",
    "no_right_column",
}
"""The codes of errors about a key or column, whose names the program's data choose."""


def _written_keys(text: str) -> set[str]:
    """The keys of the objects that stand in a text."""
    found: set[str] = set()
    if len(text) > LONGEST_TEXT:
        return found
    before = None
    for lexeme in tokens(text):
        if lexeme.kind == ":" and before is not None:
            if before.kind == "STRING":
                found.add(before.text[1:-1])
            elif before.kind == "NAME" or before.text in KEYWORDS:
                found.add(before.text)
        before = lexeme
    return found


def _about_variable(
    error: DataCodeError,
    text: str,
    builtins: Mapping[str, Signature],
    variables: Iterable[str],
    own: Mapping[str, str],
) -> Message | None:
    name = error.message.value("name")
    if name in INSTEAD:
        return INSTEAD[name]
    if name in builtins or name in own:
        return Message(
            "call_needs_parentheses", "'{name}' is a function: call it with parentheses"
        ).filled(name=name)
    return _alike(name, {*variables, *_defined(text, "variable", error.function)})


def _defined(text: str, kind: str, function: str | None = None) -> set[str]:
    """The names that a text defines, as far as a function (None: the top level) sees them."""
    if len(text) > LONGEST_TEXT:
        return set()
    return {
        found.name
        for found in occurrences(text)
        if found.kind == kind and found.role == "definition" and found.function in (None, function)
    }


def _alike(name: str, names: Iterable[str]) -> Message | None:
    similar = closest(name, names)
    if similar is None:
        return None
    return Message("did_you_mean", "did you mean '{similar}'?", {"similar": similar})


def closest(name: str, names: Iterable[str]) -> str | None:
    """The name most like ``name``, None where none is like it. Capitals matter least."""
    known = sorted(set(names) - {name})
    for each in known:
        if each.casefold() == name.casefold():
            return each
    found = difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE)
    return found[0] if found else None


def _signature(
    name: str, builtins: Mapping[str, Signature], own: Mapping[str, str]
) -> Message | None:
    written = own.get(name) or (builtins[name].signature if name in builtins else None)
    if written is None:
        return None
    return Message("call_signature", "it is called as {signature}", {"signature": written})


# Places ------------------------------------------------------------------------------


def place(error: DataCodeError) -> tuple[int, int | None] | None:
    """Line and column of what an error is about; None without a line, column None if unknown."""
    if error.place is not None:
        return error.place
    return None if error.line is None else (error.line, None)
