"""Colours: a Pygments lexer for DataCode, registered for every program that uses Pygments."""

from __future__ import annotations

from typing import ClassVar

from pygments.lexer import RegexLexer, bygroups, words
from pygments.token import (
    Comment,
    Error,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

from datacode.runtime.builtins import BUILTINS

KEYWORDS = (
    *("if", "then", "else", "endif", "endeif", "for", "in", "do", "next", "break"),
    *("return", "function", "endfunction", "try", "catch", "finally", "endtry", "throw"),
)
NAME = r"[^\W\d]\w*"


class DataCodeLexer(RegexLexer):
    """The tokens of the language reference, section 3."""

    name = "DataCode"
    aliases: ClassVar[list[str]] = ["datacode"]
    filenames: ClassVar[list[str]] = ["*.dc"]
    mimetypes: ClassVar[list[str]] = ["text/x-datacode"]

    tokens: ClassVar[dict[str, list[object]]] = {
        "root": [
            (r"\s+", Whitespace),
            (r'"""(?:.|\n)*?(?:"""|\Z)', Comment.Multiline),
            (r"#.*", Comment.Single),
            (r'"[^"]*"', String.Double),
            (r"'[^']*'", String.Single),
            (r"[\"'].*", Error),
            (r"\d+(?:\.\d*)?", Number),
            (
                rf"\b(function)(\s+)({NAME})",
                bygroups(Keyword.Declaration, Whitespace, Name.Function),  # type: ignore[no-untyped-call]
            ),
            (
                rf"(\.)(\s*)({NAME})",
                bygroups(Punctuation, Whitespace, Name.Attribute),  # type: ignore[no-untyped-call]
            ),
            (words(("global", "local"), suffix=r"\b"), Keyword.Declaration),
            (words(("true", "false", "null"), suffix=r"\b"), Keyword.Constant),
            (words(("and", "or", "not"), suffix=r"\b"), Operator.Word),
            (words(KEYWORDS, suffix=r"\b"), Keyword),
            (words(tuple(BUILTINS), suffix=r"(?=\s*\()"), Name.Builtin),
            (rf"{NAME}(?=\s*\()", Name.Function),
            (NAME, Name.Variable),
            (r"==|!=|<=|>=|[-+*/%^<>=!]", Operator),
            (r"[()\[\]{},.:]", Punctuation),
            (r".", Error),
        ]
    }
