"""The tokens of a program, one after another: for the parser, or for who shows a text.

The kinds are those that the grammar names for PLY: NAME, NUMBER, STRING, NEWLINE, the reserved
words in capitals, and operators. One regular expression finds them all; a token is a plain tuple
with names, because a long program has millions.

Source: language reference, 2.1 and section 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from unicodedata import category

from datacode.errors import DataCodeError, syntax_error
from datacode.language.syntax.source import BYTE_ORDER_MARK, Source
from datacode.language.syntax.unicode_names import SIGNS, is_alphabetic

RESERVED_WORDS = (
    *("true", "false", "null", "and", "or", "not"),
    *("if", "then", "else", "endif", "endeif"),
    *("for", "in", "do", "next", "break"),
    *("function", "global", "local", "endfunction", "return"),
    *("try", "catch", "finally", "endtry", "throw"),
)

KEYWORDS = {word: word.upper() for word in RESERVED_WORDS}
"""The kind of each reserved word."""

_LONG_OPERATORS = {"==": "EQ", "!=": "NE", "<=": "LE", ">=": "GE"}

NEWLINE = "NEWLINE"
END = "$end"
"""The kind after the last token; PLY's name for it."""

COLUMN = "COLUMN"
"""The kind of a column's name in backticks; only conditions have such tokens."""

TOKEN_KINDS = (
    NEWLINE,
    *("NAME", "NUMBER", "STRING"),
    *KEYWORDS.values(),
    *_LONG_OPERATORS.values(),
)
"""Every kind that has a name; the other operators are kinds by themselves, such as ``+``."""

_LONGEST_SHOWN = 200
"""Characters of a token that an error message repeats."""

# Groups in the order in which they are tried; `_scan` knows them by number.
_TOKEN = re.compile(
    r"[ \t]*(?:"
    rf"([^\W\d]\w*(?:(?![\x00-\x7f])[{SIGNS}][\w{SIGNS}]*)?)"  # 1 a name or a word
    r"|([-+*/%^,.:]|[=!<>](?!=))"  # 2 an operator of one character
    r"|([(\[{])"  # 3 an opening bracket
    r"|([)\]}])"  # 4 a closing bracket
    r"|(\n[ \t\n]*)"  # 5 line breaks, and the indentation after them
    r"|([0-9]+(?:\.[0-9]*)?)"  # 6 a number
    r"|(\"(?!\"\")[^\"]*\"|'[^']*')"  # 7 a string
    r"|([=!<>]=)"  # 8 an operator of two characters
    r"|(\#[^\n]*)"  # 9 a comment
    r'|("""(?s:.*?)""")'  # 10 a block comment
    r"|([\t\v\f\r\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+)"  # 11 blanks
    rf"|([{SIGNS}][\w{SIGNS}]*)"  # 12 a name that begins with a vowel sign
    r"|(\Z)"  # 13 the end
    r"|(`(?:[^`]|``)+`)"  # 14 the name of a column, in conditions
    r"|([\s\S])"  # 15 anything else
    r")"
)
(
    _WORD,
    _OPERATOR,
    _OPENING,
    _CLOSING,
    _BREAKS,
    _NUMBER,
    _STRING,
    _LONG_OPERATOR,
    _COMMENT,
    _BLOCK_COMMENT,
    _BLANKS,
    _SIGN_WORD,
    _AT_END,
    _COLUMN,
    _OTHER,
) = range(1, 16)


class Token(NamedTuple):
    """A token: its kind, its text as written, and where it begins, counted from 1."""

    kind: str
    text: str
    line: int
    column: int


def shown(text: str) -> str:
    """A part of the program as error messages show it: as written, but not endlessly.

    What has no picture and might do harm on a terminal or in a file (control characters, marks of
    direction, half surrogates) looks as in the debug form: ``\\u{200f}``.
    """
    if len(text) > _LONGEST_SHOWN:
        text = text[: _LONGEST_SHOWN - 1] + "…"
    return "".join(map(_shown_character, text))


def _shown_character(character: str) -> str:
    if character in "\t\n" or category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return character
    return f"\\u{{{ord(character):x}}}"


def lex(source: Source, *, one_line: bool = False) -> Iterator[Token]:
    """All tokens: a NEWLINE after each statement, and after the last token END.

    ``one_line``: line breaks end nothing, as inside brackets; one NEWLINE comes at the end. Names
    in backticks are tokens only then.
    Raises the syntax error of what is no token when it comes to it: as the parser draws one token
    after another, the error it sees is the first one in the text, be it lexical or grammatical.
    """
    text = source.text
    ascii_only = text.isascii()
    names: dict[str, str] = {}
    one_object = names.setdefault  # equal names become one string
    opened: list[Token] = []
    line = 1
    line_start = -1  # offset of the character before the line, so that columns count from 1
    ended = True  # no token since the last NEWLINE
    for match in _TOKEN.finditer(text):
        group = match.lastindex or _OTHER
        content: str = match[group]
        column = match.start(group) - line_start
        if group == _WORD:
            if not ascii_only and not is_alphabetic(content[0]):
                raise _unexpected_character(content[0], line, column)
            content = one_object(content, content)
            kind = KEYWORDS.get(content, "NAME")
            yield _token(Token, (kind, content, line, column))
        elif group == _OPERATOR:
            yield _token(Token, (content, content, line, column))
        elif group == _OPENING:
            opened.append(_token(Token, (content, content, line, column)))
            yield opened[-1]
        elif group == _CLOSING:
            if opened:  # the parser knows whether it is the right one
                opened.pop()
            yield _token(Token, (content, content, line, column))
        elif group == _BREAKS:
            if not (ended or opened or one_line):
                yield _token(Token, (NEWLINE, "\n", line, column))
                ended = True
            line += content.count("\n")
            line_start = match.start(group) + content.rfind("\n")
            continue
        elif group == _NUMBER:
            yield _token(Token, ("NUMBER", content, line, column))
        elif group == _STRING:
            yield _token(Token, ("STRING", content, line, column))
            if "\n" in content:
                line += content.count("\n")
                line_start = match.start(group) + content.rfind("\n")
        elif group == _LONG_OPERATOR:
            yield _token(Token, (_LONG_OPERATORS[content], content, line, column))
        elif group in (_COMMENT, _BLANKS):
            continue
        elif group == _BLOCK_COMMENT:
            if "\n" in content:
                line += content.count("\n")
                line_start = match.start(group) + content.rfind("\n")
            continue
        elif group == _SIGN_WORD:
            yield _token(Token, ("NAME", content, line, column))
        elif group == _AT_END:
            if opened:
                raise _unclosed(opened[-1])
            if not ended or one_line:
                yield _token(Token, (NEWLINE, "\n", line, column))
            yield _token(Token, (END, "", line, column))
            return
        elif group == _COLUMN and one_line:
            yield _token(Token, (COLUMN, content, line, column))
            if "\n" in content:
                line += content.count("\n")
                line_start = match.start(group) + content.rfind("\n")
        else:
            raise _no_token(text, match.start(group), line, column)
        ended = False


class Lexeme(NamedTuple):
    """A token, a comment, a line break or a mistake; ``offset`` counts in the text as given.

    ``kind`` is a token's, or COMMENT, BLOCK_COMMENT, NEWLINE or ERROR. A NEWLINE is one line break
    and the blank lines after it. An ERROR is a character, or all of an unterminated string or
    comment. ``text`` is as written; only white space lies between two lexemes.
    """

    kind: str
    text: str
    line: int
    column: int
    offset: int


def tokens(text: str) -> Iterator[Lexeme]:
    """Everything in a text but white space, for highlighting and formatting; never fails.

    Brackets need not match, and line breaks inside them come as well.
    """
    begin = 1 if text.startswith(BYTE_ORDER_MARK) else 0
    line, line_start = 1, begin - 1
    for match in _TOKEN.finditer(text, begin):
        group = match.lastindex or _OTHER
        offset = match.start(group)
        content: str = match[group]
        if group == _OTHER and content in "\"'":
            content = text[offset:]
        last_break = content.rfind("\n")
        kind = _lexeme_kind(group, content)
        if kind:
            yield Lexeme(kind, _lexeme_text(group, content), line, offset - line_start, offset)
        if last_break >= 0:
            line += content.count("\n")
            line_start = offset + last_break
        if offset + len(content) == len(text):
            return


def _lexeme_kind(group: int, content: str) -> str:
    """The kind of a Lexeme; empty for what is none."""
    if group == _WORD:
        return KEYWORDS.get(content, "NAME") if is_alphabetic(content[0]) else "ERROR"
    if group in (_OPERATOR, _OPENING, _CLOSING):
        return content
    if group == _LONG_OPERATOR:
        return _LONG_OPERATORS[content]
    return _LEXEME_KINDS.get(group, "")


def _lexeme_text(group: int, content: str) -> str:
    """The text without the white space that the expression finds behind it."""
    if group == _BREAKS:
        return content[: content.rfind("\n") + 1]
    return content.rstrip("\r") if group == _COMMENT else content


_LEXEME_KINDS = {
    _BREAKS: NEWLINE,
    _NUMBER: "NUMBER",
    _STRING: "STRING",
    _COMMENT: "COMMENT",
    _BLOCK_COMMENT: "BLOCK_COMMENT",
    _SIGN_WORD: "NAME",
    _COLUMN: "ERROR",
    _OTHER: "ERROR",
}


_token = tuple.__new__
"""Makes a Token in a third of the time that calling the class takes."""


def _no_token(text: str, start: int, line: int, column: int) -> DataCodeError:
    """The error of a place at which no token begins."""
    if text.startswith('"""', start):
        return syntax_error(
            "unclosed_comment", "Unclosed multiline comment", line, column, incomplete=True
        )
    if text[start] in "\"'":
        return syntax_error("open_string", "Unterminated string", line, column, incomplete=True)
    return _unexpected_character(text[start], line, column)


def _unexpected_character(character: str, line: int, column: int) -> DataCodeError:
    return syntax_error(
        "unexpected_character",
        "Unexpected character '{character}'",
        line,
        column,
        character=shown(character),
    )


def _unclosed(opening: Token) -> DataCodeError:
    return syntax_error(
        "unclosed_bracket",
        "Unclosed '{bracket}'",
        opening.line,
        opening.column,
        incomplete=True,
        bracket=opening.text,
    )
