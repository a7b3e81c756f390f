"""Expressions read by the layered rules of the language reference, 2.2, one function a rule.

Slow and plain; what the real parser makes of an expression must be the same tree, in the form of
``trees.written``.
"""

from __future__ import annotations

from collections.abc import Callable

from datacode.language.syntax.lexer import RESERVED_WORDS

_LEVELS = (("or",), ("and",), ("==", "!="), ("<", ">", "<=", ">="), ("+", "-"), ("*", "/", "%"))


class Refused(Exception):
    """The tokens are no expression; ``position`` is the first that cannot go on, from 0."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


class LayeredReader:
    """Reads a list of tokens, the texts of an expression."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.position = 0

    def read(self) -> str:
        """The whole list as one expression."""
        tree = self.binary(0)
        if self.position < len(self.tokens):
            raise Refused(self.position)
        return tree

    def peek(self) -> str:
        """The next token; empty at the end."""
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, *expected: str) -> str:
        """The next token, which has to be one of these if there are any."""
        token = self.peek()
        if not token or (expected and token not in expected):
            raise Refused(self.position)
        self.position += 1
        return token

    def binary(self, level: int) -> str:
        """``expr``, ``and_expr`` ... ``mul_expr``."""
        if level == len(_LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while self.peek() in _LEVELS[level]:
            operator = self.take()
            left = f"({operator} {left} {self.binary(level + 1)})"
        return left

    def unary(self) -> str:
        if self.peek() in ("-", "not", "!"):
            return f"({'-' if self.take() == '-' else 'not'} {self.unary()})"
        return self.power()

    def power(self) -> str:
        base = self.postfix()
        if self.peek() == "^":
            self.take()
            return f"(^ {base} {self.unary()})"
        return base

    def postfix(self) -> str:
        base = self.primary()
        while self.peek() in ("[", "."):
            if self.take() == "[":
                base = f"(at {base} {self.binary(0)})"
                self.take("]")
            else:
                name, kind = self.word(), "member"
                if self.peek() == "(":
                    self.take()
                    self.take(")")
                    kind = "call"
                base = f"({kind} {base} {name})"
        return base

    def word(self) -> str:
        if not (self.peek().isidentifier() or self.peek() in RESERVED_WORDS):
            raise Refused(self.position)
        return self.take()

    def at_name(self) -> bool:
        """Whether the next token is a NAME."""
        return self.peek().isidentifier() and self.peek() not in RESERVED_WORDS

    def primary(self) -> str:
        token = self.peek()
        if token == "(":
            self.take()
            inner = self.binary(0)
            self.take(")")
            return inner
        if token == "[":
            return f"[{' '.join(self.items('[', ']', lambda: self.binary(0)))}]"
        if token == "{":
            return "{" + " ".join(self.items("{", "}", self.pair)) + "}"
        if token.isdigit() or token in ("true", "false", "null"):
            return self.take()
        if self.at_name():
            name = self.take()
            if self.peek() != "(":
                return name
            return f"{name}({' '.join(self.arguments())})"
        raise Refused(self.position)

    def items(self, opening: str, closing: str, item: Callable[[], str]) -> list[str]:
        """``[ item { "," item } [ "," ] ]`` in brackets."""
        self.take(opening)
        found: list[str] = []
        while self.peek() != closing:
            found.append(item())
            if self.peek() != closing:
                self.take(",")
        self.take(closing)
        return found

    def pair(self) -> str:
        key = self.word()
        self.take(":")
        return f"{key}:{self.binary(0)}"

    def arguments(self) -> list[str]:
        """The arguments of a call; no positional one after a named one."""
        named = False

        def argument() -> str:
            nonlocal named
            start = self.position
            if self.at_name() and self.tokens[start + 1 : start + 2] == ["="]:
                named = True
                name = self.take()
                self.take("=")
                return f"{name}={self.binary(0)}"
            if named:
                raise Refused(start)
            if self.peek() == "*":
                self.take()
                return f"*{self.binary(0)}"
            return self.binary(0)

        return self.items("(", ")", argument)
