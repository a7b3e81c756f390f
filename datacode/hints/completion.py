"""How a text that is being typed may go on: names, columns, keys, members; and paths, for others.

One implementation for the prompt, the server and notebooks. The text need not be a program: it is
read token by token. Nothing is run, and no variable is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from datacode.hints.names import ARRAY_MEMBERS, PATH_MEMBERS, STRING_MEMBERS, Signature
from datacode.hints.syntax import LONGEST_TEXT
from datacode.language.syntax.lexer import RESERVED_WORDS, Lexeme, tokens
from datacode.language.tools.symbols import occurrences, signatures
from datacode.values.equality import type_name
from datacode.values.table import Column, Table
from datacode.values.types import Path, PathPattern, Value

MOST = 500
"""So many choices are offered at most."""

LONGEST_CHOICE = 200
"""Characters of a choice; who has longer keys must type them."""

MEMBERS: dict[type, tuple[str, ...]] = {
    str: STRING_MEMBERS,
    list: ARRAY_MEMBERS,
    Column: ARRAY_MEMBERS,
    Table: ("rows", "columns", "column_names", "idx"),
    Path: PATH_MEMBERS,
    PathPattern: PATH_MEMBERS,
}
"""What may stand behind the point, by type. Source: language reference, 5.8."""


@dataclass(frozen=True, slots=True)
class CompletionItem:
    """A way to go on; ``detail`` is a signature or a type.

    ``kind`` is variable, function, builtin, keyword, column, key or member.
    """

    text: str
    kind: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CompletionList:
    """What may stand from ``start`` to the position that was asked about.

    ``path`` is the beginning of a path where the position is inside one: whoever knows the files
    goes on from there.
    """

    start: int
    found: list[CompletionItem] = field(default_factory=list)
    path: str | None = None


def complete(
    text: str,
    position: int,
    builtins: Mapping[str, Signature],
    variables: Mapping[str, Value],
    functions: Mapping[str, str],
) -> CompletionList:
    """What may stand at ``position``, counted in characters from 0.

    ``builtins`` is the library by name, ``variables`` are those of the session, ``functions``
    the signatures of its functions by name.
    """
    if len(text) > LONGEST_TEXT:  # only its last lines count
        begin = text.rfind("\n", 0, max(0, position - LONGEST_TEXT // 10)) + 1
        if position - begin > LONGEST_TEXT:
            return CompletionList(position)  # nobody types in a line as long as that
        rest = complete(text[begin:position], position - begin, builtins, variables, functions)
        return CompletionList(rest.start + begin, rest.found, rest.path)
    before = [p for p in tokens(text[:position]) if p.kind != "NEWLINE"]
    last = before[-1] if before else Lexeme("", "", 0, 0, 0)
    touches = last.offset + len(last.text) == position
    if last.text.startswith('"""') or (touches and last.kind == "COMMENT"):
        return CompletionList(position)
    if last.kind == "ERROR" and last.text[:1] in ("'", '"'):
        return _in_string(before[:-1], last.text[1:], position, builtins, variables)
    beginning = last.text if touches and re.match(r"[^\W\d]", last.text) else ""
    words = before[:-1] if beginning else before
    start = position - len(beginning)
    if words and words[-1].text == ".":
        value, known = _value_before(words[:-1], variables)
        return CompletionList(start, _fitting(_parts(value), beginning) if known else [])
    if words and _is_no_place(words[-1], start):
        return CompletionList(position)
    return CompletionList(
        start, _fitting(_names(text, words, builtins, variables, functions), beginning)
    )


def _is_no_place(before: Lexeme, start: int) -> bool:
    """Is it a new function's name that is being typed, or a number?"""
    touches = before.offset + len(before.text) == start
    return before.kind == "FUNCTION" or (before.kind == "NUMBER" and touches)


def _fitting(choices: Iterable[CompletionItem], beginning: str) -> list[CompletionItem]:
    """Those that begin so; where none does, those that do with other capitals."""
    choices = [c for c in choices if len(c.text) <= LONGEST_CHOICE]
    exact = [c for c in choices if c.text.startswith(beginning)]
    folded = beginning.casefold()
    return (exact or [c for c in choices if c.text.casefold().startswith(folded)])[:MOST]


# Names ---------------------------------------------------------------------------------


def _names(
    text: str,
    before: list[Lexeme],
    builtins: Mapping[str, Signature],
    variables: Mapping[str, Value],
    functions: Mapping[str, str],
) -> Iterable[CompletionItem]:
    for name, value in variables.items():
        yield CompletionItem(name, "variable", type_name(value))
    inside = _function_around(before)
    seen = set(variables)
    for found in occurrences(text):
        is_new = found.role == "definition" and found.name not in seen
        if is_new and found.kind == "variable" and found.function in (None, inside):
            seen.add(found.name)
            yield CompletionItem(found.name, "variable")
    own = {**functions, **signatures(text)}
    for name, signature in own.items():
        yield CompletionItem(name, "function", signature)
    for name, entry in builtins.items():
        if name not in own:
            yield CompletionItem(name, "builtin", entry.signature)
    for word in sorted(RESERVED_WORDS):
        yield CompletionItem(word, "keyword")


def _function_around(before: list[Lexeme]) -> str | None:
    """The name of the function that the text is in after these lexemes."""
    for position in range(len(before) - 1, -1, -1):
        if before[position].kind == "ENDFUNCTION":
            return None
        if before[position].kind == "FUNCTION":
            return before[position + 1].text if position + 1 < len(before) else None
    return None


# Parts of values -----------------------------------------------------------------------


def _value_before(before: list[Lexeme], variables: Mapping[str, Value]) -> tuple[Value, bool]:
    """The value that ``a.b["c"]`` at the end of the lexemes has; False where it is not known."""
    keys: list[str] = []
    position = len(before) - 1
    while position >= 0:
        lexeme = before[position]
        if lexeme.text == "]" and position >= 2 and before[position - 1].kind == "STRING":
            keys.append(before[position - 1].text[1:-1])
            position -= 3
        elif position >= 1 and before[position - 1].text == ".":
            keys.append(lexeme.text)
            position -= 2
        else:
            break
    if position < 0 or before[position].text not in variables:
        return None, False
    value = variables[before[position].text]
    for key in reversed(keys):
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, Table) and (column := value.column_named(key)) is not None:
            value = column
        else:
            return None, False
    return value, True


def _parts(value: Value) -> Iterable[CompletionItem]:
    """What may be written behind the point after a value."""
    for choice in _keys(value):
        if choice.text.isidentifier():
            yield choice
    for name in MEMBERS.get(type(value), ()):
        yield CompletionItem(name, "member")


def _keys(value: Value) -> Iterable[CompletionItem]:
    """What may be written between brackets after a value."""
    if isinstance(value, Table):
        yield from (CompletionItem(name, "column") for name in value.names)
    elif isinstance(value, dict):
        yield from (CompletionItem(name, "key", type_name(each)) for name, each in [*value.items()])


# Inside a text in quotes ----------------------------------------------------------------


def _in_string(
    before: list[Lexeme],
    content: str,
    position: int,
    builtins: Mapping[str, Signature],
    variables: Mapping[str, Value],
) -> CompletionList:
    start = position - len(content)
    if content.startswith("lib://"):
        return CompletionList(start, path=content)
    if before and before[-1].text == "[":
        value, known = _value_before(before[:-1], variables)
        if known:
            return CompletionList(start, _fitting(_keys(value), content))
    call = _call_around(before)
    if call is None:
        return CompletionList(start)
    table = variables.get(before[call + 2].text) if call + 2 < len(before) else None
    if isinstance(table, Table):
        return CompletionList(start, _fitting(_keys(table), content))
    name = before[call].text
    takes_path = name in builtins and "path" in (name, *builtins[name].parameters)
    is_first = call + 2 == len(before)
    return CompletionList(start, path=content if takes_path and is_first else None)


def _call_around(before: list[Lexeme]) -> int | None:
    """Where the name of the call stands whose arguments the end of the lexemes is in."""
    depth = 0
    for position in range(len(before) - 1, 0, -1):
        text = before[position].text
        if text in (")", "]", "}"):
            depth += 1
        elif text in ("(", "[", "{"):
            depth -= 1
            if text == "(" and depth < 0 and before[position - 1].kind == "NAME":
                return position - 1
            depth = max(depth, 0)
    return None
