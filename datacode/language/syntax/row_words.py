"""The words of conditions over rows: tokens that mean more there than in a program.

``in``, ``like``, ``matches``, ``between … and``, ``is null`` stand behind an operand, where a
program can have no word; ``if(`` and ``case`` stand where an operand begins. Letter case does not
count, as in ``table_where``. Names in backticks are those of columns. A number that would not come
back, such as that of an account, equals the text as which it is written. Source: tables and files
reference, 1.7.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from datacode.errors import runtime_error, syntax_error
from datacode.language.syntax.lexer import COLUMN, RESERVED_WORDS, Token
from datacode.values.parse_text import comes_back

_EXPRESSION_WORDS = frozenset({"true", "false", "null", "and", "or", "not"})
_OPERAND_ENDS = frozenset(
    {"NAME", "NUMBER", "STRING", "TRUE", "FALSE", "NULL", "END_CASE", "LONG_NUMBER", *")]}"}
)
_TESTS = {"in": "AMONG", "like": "LIKE", "matches": "MATCHES", "between": "BETWEEN"}

DEEPEST_CHOICE = 50
"""``if(`` and ``case`` within each other."""


class RowWords:
    """Goes through the tokens of one condition.

    ``columns`` are the names of the table's columns: a reserved word among them is a name, unless
    expressions need it themselves. ``functions`` are those of the program: a call of one that is
    named ``case`` is no choice.
    """

    def __init__(self, columns: Collection[str], functions: Collection[str]) -> None:
        self._columns = columns
        self._names = frozenset(columns).intersection(RESERVED_WORDS) - _EXPRESSION_WORDS
        self._has_case = "case" in functions
        self._depth = 0
        self._betweens: list[int] = []
        """At which depth of brackets each ``between`` waits for its ``and``."""
        self._cases: list[int] = []
        self._choices: list[int] = []

    def read(self, tokens: Iterator[Token]) -> Iterator[Token]:
        """The tokens as the grammar wants them."""
        before = ""
        waiting: list[Token] = []
        for token in tokens:
            waiting.append(token)
            if before != "." and _needs_next(token, before):
                waiting.extend(_next(tokens))
            while waiting:
                made = self._made(waiting, before)
                self._count(made)
                before = made.kind
                yield made

    def _made(self, waiting: list[Token], before: str) -> Token:
        """The next token that the grammar is given, from the one or two that were drawn."""
        token = waiting.pop(0)
        following = waiting[0] if waiting else None
        if token.kind == COLUMN:
            return self._column(token)
        if before == ".":
            return token
        if before in _OPERAND_ENDS:
            return self._behind_operand(token, following, waiting)
        word = token.text
        if following is not None and following.kind == "(" and self._is_choice(word):
            return token._replace(kind="CHOOSE")
        if following is not None and word == "case" and following.text.lower() == "when":
            return token._replace(kind="CASE")
        if before == "CASE" and word.lower() == "when":
            return token._replace(kind="WHEN")
        if before == "IS" and word.lower() == "null":
            return token._replace(kind="NULL")
        if token.kind == "=":
            return token._replace(kind="EQ")
        if token.kind == "NUMBER" and not comes_back(token.text):
            return token._replace(kind="LONG_NUMBER")
        return token._replace(kind="NAME") if word in self._names else token

    def _column(self, token: Token) -> Token:
        name = token.text[1:-1].replace("``", "`")
        if name not in self._columns:
            raise runtime_error("column_not_found", "Column '{name}' not found", name=name)
        return token._replace(kind="NAME", text=name)

    def _is_choice(self, word: str) -> bool:
        return word == "if" or (word == "case" and not self._has_case)

    def _behind_operand(self, token: Token, following: Token | None, waiting: list[Token]) -> Token:
        if token.kind == "=":
            return token._replace(kind="EQ")
        if not token.text.isalpha():
            return token
        word = token.text.lower()
        if word in _TESTS:
            return token._replace(kind=_TESTS[word], text=word)
        if word == "not" and following is not None and following.text.lower() in _TESTS:
            test = waiting.pop(0).text.lower()
            return token._replace(kind=_TESTS[test], text=f"not {test}")
        if word == "is":
            if following is not None and following.text.lower() == "not":
                waiting.pop(0)
                return token._replace(kind="IS", text="is not")
            return token._replace(kind="IS", text="is")
        if word == "and":
            is_between = self._betweens and self._betweens[-1] == self._depth
            return token._replace(kind="UP_TO" if is_between else "AND", text="and")
        if word == "or":
            return token._replace(kind="OR", text="or")
        if self._cases and self._cases[-1] == self._depth:
            kind = {"when": "WHEN", "then": "THEN", "else": "ELSE", "end": "END_CASE"}.get(word)
            if kind is not None:
                return token._replace(kind=kind)
        return token

    def _count(self, token: Token) -> None:
        """Note what the token opens and closes."""
        kind = token.kind
        if kind in "([{" and len(kind) == 1:
            self._depth += 1
        elif kind in ")]}" and len(kind) == 1:
            self._depth -= 1
            for waiting in (self._betweens, self._cases, self._choices):
                while waiting and waiting[-1] > self._depth:
                    waiting.pop()
        elif kind == "BETWEEN":
            self._betweens.append(self._depth)
        elif kind == "UP_TO":
            self._betweens.pop()
        elif kind == "CASE":
            self._cases.append(self._depth)
        elif kind == "END_CASE":
            self._cases.pop()
        elif kind == "CHOOSE":
            self._choices.append(self._depth + 1)
        if len(self._cases) + len(self._choices) > DEEPEST_CHOICE:
            raise syntax_error("nesting_too_deep", "Nesting is too deep", token.line, token.column)


def _needs_next(token: Token, before: str) -> bool:
    """Does what the token means depend on the one behind it?"""
    if before in _OPERAND_ENDS:
        return token.text.lower() in ("not", "is")
    return token.text in ("if", "case")


def _next(tokens: Iterator[Token]) -> list[Token]:
    following = next(tokens, None)
    return [] if following is None else [following]
