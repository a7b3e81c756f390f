"""What to try when a program has failed: a sentence beside the error, where there is one to say.

Names that look alike, words of other languages, blocks that close with another word than the one
written. A hint is a template and its parameters, like an error, so that it can be shown in both
languages.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

from datacode import catalog
from datacode.errors import DataCodeError, Hint, Kind
from datacode.language.blocks import CLOSES, CLOSING_WORDS, DIVIDES, Blocks
from datacode.language.lexer import Piece, tokens
from datacode.language.source import Source
from datacode.language.symbols import occurrences
from datacode.runtime.builtins.registry import BUILTINS

LONGEST_TEXT = 200_000
"""Characters of a program that is still searched for names and blocks."""

_ALIKE = 0.7


def hint(
    error: DataCodeError,
    text: str,
    variables: Iterable[str] = (),
    functions: Mapping[str, str] | None = None,
) -> Hint | None:
    """Advice about an error of the program ``text``, None where there is nothing to say.

    ``variables`` are the names that exist in the session, ``functions`` the signatures of its own
    functions by name.
    """
    own = functions or {}
    if error.kind is Kind.SYNTAX:
        return _about_syntax(error, text)
    name = error.params.get("name", "")
    if error.kind is Kind.VARIABLE:
        return _about_variable(error, text, variables, own)
    if "argument" in error.params and name in BUILTINS:
        return _alike(error.params["argument"], BUILTINS[name].parameters) or _signature(name, own)
    if "found" in error.params and name:
        return _signature(name, own)
    if error.kind is Kind.FUNCTION:
        if name in _INSTEAD:
            return Hint(_INSTEAD[name])
        return _alike(name, {*BUILTINS, *own, *_defined(text, "function")})
    return None


# Names -----------------------------------------------------------------------------

_INSTEAD = {
    "True": catalog.mark("`true` is written in small letters"),
    "False": catalog.mark("`false` is written in small letters"),
    "None": catalog.mark("the empty value is called `null`"),
    "nil": catalog.mark("the empty value is called `null`"),
    "NULL": catalog.mark("the empty value is called `null`"),
    "undefined": catalog.mark("the empty value is called `null`"),
    "continue": catalog.mark("`next` with the loop's variable goes on with the next element"),
    "end": catalog.mark("blocks close with `endif`, `next x`, `endtry` or `endfunction`"),
    "while": catalog.mark("there is no while; use `for x in range(n) do … next x` with `break`"),
    "elif": catalog.mark("`else if … do` is meant"),
    "elseif": catalog.mark("`else if … do` is meant"),
    "foreach": catalog.mark("a loop begins with `for x in … do` and ends with `next x`"),
    "def": catalog.mark("a function begins with `function name(a, b) do`"),
    "func": catalog.mark("a function begins with `function name(a, b) do`"),
    "fn": catalog.mark("a function begins with `function name(a, b) do`"),
    "let": catalog.mark("variables are not declared: `name = value` makes one"),
    "var": catalog.mark("variables are not declared: `name = value` makes one"),
    "const": catalog.mark("variables are not declared: `name = value` makes one"),
    "print": catalog.mark("print is a function: `print(value)`"),
    "import": catalog.mark("there is nothing to import: all functions are there"),
    "lambda": catalog.mark("functions have names and are passed by name: map(xs, 'f')"),
}
"""What people write who come from other languages, and what to write here."""


def _about_variable(
    error: DataCodeError, text: str, variables: Iterable[str], own: Mapping[str, str]
) -> Hint | None:
    name = error.params.get("name", "")
    if name in _INSTEAD:
        return Hint(_INSTEAD[name])
    if name in BUILTINS or name in own:
        return Hint(
            catalog.mark("'{name}' is a function: call it with parentheses"), {"name": name}
        )
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


def _alike(name: str, names: Iterable[str]) -> Hint | None:
    similar = closest(name, names)
    if similar is None:
        return None
    return Hint(catalog.mark("did you mean '{similar}'?"), {"similar": similar})


def closest(name: str, names: Iterable[str]) -> str | None:
    """The name most like ``name``, None where none is like it. Capitals matter least."""
    known = sorted(set(names) - {name})
    for each in known:
        if each.casefold() == name.casefold():
            return each
    found = difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE)
    return found[0] if found else None


def _signature(name: str, own: Mapping[str, str]) -> Hint | None:
    written = own.get(name) or (BUILTINS[name].signature if name in BUILTINS else None)
    if written is None:
        return None
    return Hint(catalog.mark("it is called as {signature}"), {"signature": written})


# Syntax -----------------------------------------------------------------------------

_CHARACTERS = {
    ";": catalog.mark("each statement stands on a line of its own, without `;`"),
    "&": catalog.mark("`and` joins conditions"),
    "|": catalog.mark("`or` joins conditions"),
    "?": catalog.mark("a choice is written with `if … do`, `else`, `endif`"),
}
_TOKENS = {
    "{": catalog.mark("blocks open with `do` and close with `endif`, `next x` or `endfunction`"),
    ":": catalog.mark("blocks open with `do`"),
}


def _about_syntax(error: DataCodeError, text: str) -> Hint | None:
    if character := error.params.get("character"):
        return Hint(_CHARACTERS[character]) if character in _CHARACTERS else None
    token = error.params.get("token", "")
    if error.line is None or error.incomplete or len(text) > LONGEST_TEXT:
        return None
    line = Source(text).line(error.line)
    before = line[: (error.column or 1) - 1]
    first = re.match(r"\s*(?:else\s+)?(\w*)", line)
    word = first[1] if first else ""
    if word in _INSTEAD and token != word:
        return Hint(_INSTEAD[word])
    if token == "=":  # noqa: S105 - a token of the language
        return _about_equals(before)
    if line.lstrip().startswith("//"):
        return Hint(catalog.mark("comments begin with `#`"))
    if counted := re.search(r"(\w+)\s*(\+\+|--)$", line.rstrip()):
        return _changed(counted[1], counted[2][0])
    if token in _TOKENS:
        return Hint(_TOKENS[token])
    if not token and word in ("if", "for", "function") and before.strip() == line.strip():
        return Hint(catalog.mark("`do` opens the block, at the end of the line"))
    return _about_block(text, token, error)


def _about_equals(before: str) -> Hint:
    if changed := re.search(r"(\w+)\s*([-+*/%])\s*$", before):
        return _changed(changed[1], changed[2])
    return Hint(catalog.mark("assignment is a statement of its own; `==` compares"))


def _changed(name: str, operator: str) -> Hint:
    return Hint(
        catalog.mark("write `{name} = {name} {operator} …`"), {"name": name, "operator": operator}
    )


def _about_block(text: str, token: str, error: DataCodeError) -> Hint | None:
    """Which word the block around the error wants, where another one was written."""
    kind = token.upper()
    wanted = CLOSES.get(kind) or DIVIDES.get(kind)
    if wanted is None:
        return None
    block = _open_block(text, error)
    if block is None:
        return Hint(
            catalog.mark("no block is open that `{token}` could belong to"), {"token": token}
        )
    if block.kind == wanted:
        return None
    closing = CLOSING_WORDS[block.kind]
    if block.kind == "FOR":
        variable = re.match(r"for\s+(\w+)", Source(text).line(block.line)[block.column - 1 :])
        closing = f"next {variable[1]}" if variable else closing
    template = catalog.mark("`{opening}` in line {line} has to be closed by `{closing}` first")
    return Hint(template, {"opening": block.text, "line": str(block.line), "closing": closing})


def _open_block(text: str, error: DataCodeError) -> Piece | None:
    """The word that opened the innermost block around the place of an error."""
    blocks = Blocks()
    end = (error.line or 1, error.column or 1)
    for piece in tokens(Source(text).text):
        if (piece.line, piece.column) >= end:
            break
        blocks.feed(piece)
    words = [piece for piece in blocks.open if piece.kind in CLOSING_WORDS]
    return words[-1] if words else None


# Places ------------------------------------------------------------------------------


def place(error: DataCodeError) -> tuple[int, int | None] | None:
    """Line and column of what an error is about; None without a line, column None if unknown."""
    if error.place is not None:
        return error.place
    return None if error.line is None else (error.line, None)
