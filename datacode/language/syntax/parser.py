"""Text in, tree out, or the one syntax error that says what is wrong.

Source: language reference, sections 2 and 9.4.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import Any

from datacode.errors import DataCodeError, Kind, syntax_error
from datacode.i18n.message import Message
from datacode.language.syntax import lr_driver, nodes, validate
from datacode.language.syntax.grammar import BINARY, BRACKETS, CONDITION, PREFIXES
from datacode.language.syntax.lexer import END, NEWLINE, Token, lex, shown
from datacode.language.syntax.row_words import RowWords
from datacode.language.syntax.source import Source


def parse(text: str) -> nodes.Program:
    """The tree of a program.

    Raises DataCodeError of kind SYNTAX with line and column; ``incomplete`` tells that the text is
    fine as far as it goes.
    """
    source = Source(text)
    try:
        program: nodes.Program = _tree(lex(source))
        validate.check(program)
    except DataCodeError as error:
        error.multiline = source.multiline
        raise
    return program


def parse_expression(
    text: str, columns: Collection[str] = (), functions: Collection[str] = ()
) -> nodes.Expr:
    """The tree of a text that is one expression, the condition of a row filter.

    ``=`` means ``==``, line breaks mean nothing, and there are the words of ``row_words``, which
    says what ``columns`` and ``functions`` are for.

    Raises DataCodeError as ``parse`` does, lines and columns counted in this text; of kind RUNTIME
    for a name in backticks that is no column.
    Source: tables and files reference, 1.7.
    """
    source = Source(text)
    try:
        condition: nodes.Expr = _tree(_condition_tokens(source, columns, functions))
    except DataCodeError as error:
        error.multiline = source.multiline
        raise
    return condition


@lru_cache(maxsize=256)
def remembered_expression(
    text: str, columns: tuple[str, ...] = (), functions: tuple[str, ...] = ()
) -> nodes.Expr:
    """``parse_expression``, once for a condition that is looked at in several places or again and
    again: trees are never changed."""
    return parse_expression(text, columns, functions)


def _condition_tokens(
    source: Source, columns: Collection[str], functions: Collection[str]
) -> Iterator[Token]:
    """The tokens of a condition, as the grammar of programs wants them."""
    yield Token(CONDITION, "", 1, 1)
    yield from RowWords(columns, functions).read(lex(source, one_line=True))


def _tree(tokens: Iterable[Token]) -> Any:
    """The tree of the tokens; a token that does not fit becomes the error that users see."""
    try:
        return lr_driver.run(tokens)
    except lr_driver.UnexpectedToken as stop:
        raise _error(stop.token, stop.symbols, stop.values) from None


# Errors ----------------------------------------------------------------------

_BEGIN_ARGUMENT = PREFIXES | BRACKETS | {"*", "NUMBER", "STRING", "TRUE", "FALSE", "NULL"}
"""The kinds, besides NAME, of the tokens with which a positional argument or a spread begins."""

_AFTER_NAME = BINARY | frozenset("([.,)")
"""The kinds of the tokens that can follow a name with which a positional argument begins."""


def _error(token: Token, symbols: list[str], values: list[Any]) -> DataCodeError:
    """The error of a token that cannot follow (see ``lr_driver.UnexpectedToken``)."""
    if token.kind == END:
        return _missing(symbols, values)
    positional = _positional_after_named(token, symbols, values)
    if positional is not None:
        place = _place(positional)
        return syntax_error(
            "positional_after_named", "Positional arguments cannot follow named arguments", *place
        )
    if token.kind == NEWLINE:
        return syntax_error(
            "early_line_end", "Unexpected token: end of line", token.line, token.column
        )
    return syntax_error(
        "unexpected_token",
        "Unexpected token: {token}",
        token.line,
        token.column,
        token=shown(token.text),
    )


def _positional_after_named(token: Token, symbols: list[str], values: list[Any]) -> Token | None:
    """The first token of the argument, if that is what is wrong with ``token``.

    After a named argument the grammar knows only named ones, so it stops where a positional one
    begins, or behind the name with which it begins.
    """
    if symbols[-2:] == ["named_arguments", ","] and token.kind in _BEGIN_ARGUMENT:
        return token
    if symbols[-3:] == ["named_arguments", ",", "NAME"] and token.kind in _AFTER_NAME:
        name: Token = values[-1]
        return name
    return None


_MISSING = {
    "FOR": Message("missing_next", "Missing 'next {name}' in for loop"),
    "TRY": Message("missing_endtry", "Missing 'endtry' in try statement"),
    "FUNCTION": Message("missing_endfunction", "Missing 'endfunction' in function definition"),
    "IF": Message("missing_endif", "Missing 'endif' in if statement"),
}
"""What is missing at the end of a text, by what is open there."""


def _missing(symbols: list[str], values: list[Any]) -> DataCodeError:
    """The error of a text that ends inside a block: the innermost one that is open.

    Outside of blocks a text may end after any line.
    """
    innermost = max(
        i
        for i, symbol in enumerate(symbols)
        if symbol in {"branches", "FOR", "TRY", "FUNCTION"}
        or (symbol == "IF" and symbols[i - 1] != "ELSE")
    )
    line, column = _place(values[innermost])
    message = _MISSING.get(symbols[innermost], _MISSING["IF"])
    if symbols[innermost] == "FOR":
        message = message.filled(name=values[innermost + 1][0])
    return DataCodeError(Kind.SYNTAX, message, line=line, column=column, incomplete=True)


def _place(value: Any) -> tuple[int, int]:
    """Line and column of a token, or of the first in a list of branches."""
    first = value[0] if isinstance(value, list) else value
    return first.line, first.column
