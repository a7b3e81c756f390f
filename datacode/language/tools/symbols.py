"""Where the names of a text are made and used; pure, and content with texts that do not parse.

Names are read off the tokens. A name in a function is the function's own when it is a parameter,
a loop's or catch's variable, declared ``local``, or assigned there and nowhere at the top level;
otherwise it is the global of that name (language reference, 8).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from datacode.language.syntax.lexer import Lexeme, tokens
from datacode.language.tools.blocks import BRACKETS

_IGNORED = frozenset({"COMMENT", "BLOCK_COMMENT", "NEWLINE"})
_BY_NAME = frozenset({"map", "filter", "reduce"})
"""Builtins that are given the name of a function as a text."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A name in the text; ``function`` is the function whose own it is, None for globals.

    ``line`` and ``column`` count from 1, columns in characters. ``kind`` is ``variable`` or
    ``function``, ``role`` is ``definition`` or ``use``.
    """

    name: str
    line: int
    column: int
    kind: str
    role: str
    function: str | None = None

    def means(self, other: Occurrence) -> bool:
        """Is it the same variable or function?"""
        return (self.name, self.kind, self.function) == (other.name, other.kind, other.function)

    def touches(self, line: int, column: int) -> bool:
        """Does the place lie in the name, or right behind it?"""
        return self.line == line and self.column <= column <= self.column + len(self.name)


@dataclass(frozen=True, slots=True)
class _Found:
    """A name as the tokens show it, before it is known whose it is; ``inside`` a function."""

    lexeme: Lexeme
    kind: str
    role: str
    inside: str | None
    bound: bool = False
    name: str = ""


class _Reader:
    """One pass over the tokens of a text."""

    def __init__(self, text: str) -> None:
        self._lexemes = [p for p in tokens(text) if p.kind not in _IGNORED]
        self._open: list[str] = []
        self._inside: str | None = None

    def _at(self, position: int) -> Lexeme:
        if 0 <= position < len(self._lexemes):
            return self._lexemes[position]
        return Lexeme("", "", 0, 0, 0)

    def names(self) -> Iterator[_Found]:
        for position, lexeme in enumerate(self._lexemes):
            if lexeme.kind in BRACKETS:
                self._open.append(lexeme.kind)
            elif self._open and lexeme.kind == BRACKETS[self._open[-1]]:
                self._open.pop()
            elif lexeme.kind == "FUNCTION":
                self._inside = self._at(position + 1).text
            elif lexeme.kind == "ENDFUNCTION":
                self._inside = None
            elif lexeme.kind == "NAME":
                yield from self._name(position, lexeme)
            elif lexeme.kind == "STRING" and self._is_callback(position):
                name = lexeme.text[1:-1]
                shifted = lexeme._replace(column=lexeme.column + 1)
                yield _Found(shifted, "function", "use", self._inside, name=name)

    def _is_callback(self, position: int) -> bool:
        """The second argument of ``map`` and its like, looking back past a simple first one."""
        if self._at(position - 1).text != ",":
            return False
        depth = 0
        for back in range(position - 2, max(position - 200, -1), -1):
            text = self._at(back).text
            if text in BRACKETS.values():
                depth += 1
            elif text in BRACKETS:
                if depth == 0:
                    return text == "(" and self._at(back - 1).text in _BY_NAME
                depth -= 1
            elif text == "," and depth == 0:
                return False
        return False

    def _name(self, position: int, lexeme: Lexeme) -> Iterator[_Found]:
        before, after = self._at(position - 1), self._at(position + 1)
        if before.text == "." or self._is_key(before, after):
            return
        if before.kind == "FUNCTION":
            yield _Found(lexeme, "function", "definition", None)
        elif after.text == "(":
            yield _Found(lexeme, "function", "use", self._inside)
        elif before.kind in ("CATCH", "LOCAL") or self._is_bound(position):
            yield _Found(lexeme, "variable", "definition", self._inside, bound=True)
        elif before.kind == "GLOBAL":
            yield _Found(lexeme, "variable", "definition", None)
        elif after.text == "=":
            if not self._open:
                yield _Found(lexeme, "variable", "definition", self._inside)
        else:
            yield _Found(lexeme, "variable", "use", self._inside)

    def _is_key(self, before: Lexeme, after: Lexeme) -> bool:
        in_object = bool(self._open) and self._open[-1] == "{"
        return in_object and after.text == ":" and before.text in ("{", ",")

    def _is_bound(self, position: int) -> bool:
        """Is it a parameter or a loop's variable?"""
        if self._open == ["("]:
            return self._leads(position, "(", "FUNCTION")
        return not self._open and self._leads(position, "FOR", None)

    def _leads(self, position: int, opening: str, keyword: str | None) -> bool:
        """Is there only a list of names between ``opening`` and here?"""
        back = position - 1
        while self._at(back).text == "," and self._at(back - 1).kind == "NAME":
            back -= 2
        if self._at(back).kind != opening:
            return False
        return keyword is None or self._at(back - 2).kind == keyword


def occurrences(text: str) -> list[Occurrence]:
    """Every variable and function in a text, in the order of the text."""
    found = list(_Reader(text).names())
    top = {
        f.lexeme.text
        for f in found
        if f.kind == "variable" and f.role == "definition" and f.inside is None
    }
    own = {
        (f.inside, f.lexeme.text)
        for f in found
        if f.kind == "variable"
        and f.role == "definition"
        and f.inside is not None
        and (f.bound or f.lexeme.text not in top)
    }
    return [
        Occurrence(
            name := f.name or f.lexeme.text,
            f.lexeme.line,
            f.lexeme.column,
            f.kind,
            f.role,
            f.inside if f.kind == "variable" and (f.inside, name) in own else None,
        )
        for f in found
    ]


def at(text: str, line: int, column: int) -> Occurrence | None:
    """The name at a place, if there is one."""
    return next((o for o in occurrences(text) if o.touches(line, column)), None)


def same(text: str, wanted: Occurrence) -> list[Occurrence]:
    """All places of one variable or function."""
    return [o for o in occurrences(text) if o.means(wanted)]


def signatures(text: str) -> dict[str, str]:
    """How each function that a text defines is called: ``name(a, b)``. The last one counts."""
    lexemes = [p for p in tokens(text) if p.kind not in _IGNORED]
    found = {}
    for position, lexeme in enumerate(lexemes):
        if lexeme.kind != "FUNCTION" or position + 1 == len(lexemes):
            continue
        name, parameters = lexemes[position + 1], []
        for each in lexemes[position + 2 :]:
            if each.kind == "NAME":
                parameters.append(each.text)
            elif each.text not in ("(", ","):
                break
        if name.kind == "NAME":
            found[name.text] = f"{name.text}({', '.join(parameters)})"
    return found
