"""Text in, tree out: the one place that knows PLY's machinery.

PLY makes the LALR tables of the grammar, once a process. The loop that follows the tables is our
own: PLY's takes twice the time, and does not know where a phrase begins or how deep it nests.

Source: language reference, sections 2 and 9.4.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn

from ply import yacc

from datacode.errors import DataCodeError, Kind, syntax_error
from datacode.language import checks, grammar, nodes
from datacode.language.lexer import END, NEWLINE, RESERVED_WORDS, Token, lex, shown
from datacode.language.limits import MAX_NESTING
from datacode.language.source import Source


def parse(text: str) -> nodes.Program:
    """The tree of a program.

    Raises DataCodeError of kind SYNTAX with line and column; ``incomplete`` tells that the text is
    fine as far as it goes.
    """
    source = Source(text)
    try:
        program: nodes.Program = _follow(lex(source))
        checks.check(program)
    except DataCodeError as error:
        error.multiline = source.multiline
        raise
    return program


def parse_expression(text: str, columns: Collection[str] = ()) -> nodes.Expr:
    """The tree of a text that is one expression, the condition of a row filter.

    ``=`` means ``==``, and line breaks mean nothing. ``columns`` are the names of the table's
    columns: a reserved word among them is a name here, unless expressions need it themselves.

    Raises DataCodeError as ``parse`` does, lines and columns counted in this text.
    Source: tables and files reference, 1.7.
    """
    source = Source(text)
    try:
        condition: nodes.Expr = _follow(_condition_tokens(source, frozenset(columns)))
    except DataCodeError as error:
        error.multiline = source.multiline
        raise
    return condition


_EXPRESSION_WORDS = frozenset({"true", "false", "null", "and", "or", "not"})


def _condition_tokens(source: Source, columns: frozenset[str]) -> Iterator[Token]:
    """The tokens of a condition, as the grammar of programs wants them."""
    names = columns.intersection(RESERVED_WORDS) - _EXPRESSION_WORDS
    yield Token(grammar.CONDITION, "", 1, 1)
    for token in lex(source, one_line=True):
        if token.kind == "=":
            yield token._replace(kind="EQ", text="==")
        elif token.text in names:
            yield token._replace(kind="NAME")
        else:
            yield token


# The tables ------------------------------------------------------------------

_BINARY = frozenset("<>+-*/%^") | {"EQ", "NE", "LE", "GE", "AND", "OR"}
_PREFIXES = frozenset("-!") | {"NOT"}
_OPENINGS = frozenset("([{")

_NESTING = _BINARY | _PREFIXES | _OPENINGS | {".", "IF", "FOR", "TRY", "FUNCTION"}
"""The kinds of the tokens that open a block, a bracket, the operand of an operator, or a member."""

_BEGIN_ARGUMENT = _PREFIXES | _OPENINGS | {"*", "NUMBER", "STRING", "TRUE", "FALSE", "NULL"}
"""The kinds, besides NAME, of the tokens with which a positional argument or a spread begins."""

_AFTER_NAME = _BINARY | frozenset("([.,)")
"""The kinds of the tokens that can follow a name with which a positional argument begins."""


class _Production(NamedTuple):
    """What the loop needs to know of one alternative of a rule."""

    length: int
    name: str
    action: Any
    """None where the only part stands for the whole."""
    nesting: int
    """How many tokens of ``_NESTING`` it holds."""
    spine: bool
    """Whether its first part may nest as deep as the whole: it is a list, or a left operand."""


@dataclass(frozen=True, slots=True)
class _Tables:
    """The automaton: what to do in a state with a token, and where a finished rule leads."""

    action: list[dict[str, int]]
    goto: list[dict[str, int]]
    productions: list[_Production]
    symbols: list[str]
    """The symbol that leads into each state."""


def build(**options: Any) -> Any:
    """PLY's parser of the grammar; ``options`` are those of ``yacc.yacc``."""
    if sys.flags.optimize >= 2:
        raise RuntimeError("The grammar is written in docstrings: run Python without -OO")
    return yacc.yacc(module=grammar, write_tables=False, **{"debug": False, **options})


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    parser = build()
    states = range(len(parser.action))
    action = [parser.action[state] for state in states]
    goto = [parser.goto.get(state, {}) for state in states]
    symbols = [END] * len(states)
    for state in states:
        for kind, step in action[state].items():
            if step is not None and step > 0:
                symbols[step] = kind
        for name, target in goto[state].items():
            symbols[target] = name
    return _Tables(action, goto, [_production(p) for p in parser.productions], symbols)


def _production(production: Any) -> _Production:
    parts = production.prod
    return _Production(
        production.len,
        production.name,
        None if production.callable is grammar.p_same else production.callable,
        sum(part in _NESTING for part in parts),
        bool(parts) and parts[0] == production.name != "operand",
    )


# The loop --------------------------------------------------------------------


def _follow(tokens: Iterable[Token]) -> Any:
    """What the tokens mean together: the value of the grammar's start symbol.

    Four stacks grow and shrink together: states, values, the first token of each value's phrase,
    and how deep that phrase nests.
    """
    tables = _tables()
    action, goto, productions = tables.action, tables.goto, tables.productions
    states = [0]
    values: list[Any] = [None]
    starts: list[Token] = []
    heights: list[int] = []
    pending = 0  # tokens of _NESTING on the stack: how deep the present place is
    steps = action[0]
    for token in tokens:
        kind = token[0]
        while True:
            step = steps.get(kind)
            if step is None:
                _fail(token, [tables.symbols[state] for state in states], values)
            if step > 0:
                states.append(step)
                values.append(token)
                starts.append(token)
                heights.append(0)
                steps = action[step]
                if kind in _NESTING:
                    pending += 1
                    if pending > MAX_NESTING:
                        raise _too_deep(token)
                break
            if step == 0:
                return values[-1]
            length, name, act, nesting, spine = productions[-step]
            if length == 1:
                if act is not None:
                    phrase = [starts[-1], values[-1]]
                    act(phrase)
                    values[-1] = phrase[0]
                states.pop()
            elif length:
                phrase = values[-length - 1 :]
                phrase[0] = starts[-length]
                act(phrase)
                del values[-length:]
                values.append(phrase[0])
                if length > 1:
                    del starts[1 - length :]
                if spine:
                    height = max(heights[-length], max(heights[1 - length :]) + nesting)
                else:
                    height = max(heights[-length:]) + nesting
                if height > MAX_NESTING:
                    raise _too_deep(phrase[2] if name == "operand" else starts[-1])
                del heights[-length:]
                heights.append(height)
                pending -= nesting
                del states[-length:]
            else:
                phrase = [token]
                act(phrase)
                values.append(phrase[0])
                starts.append(token)
                heights.append(0)
            state = goto[states[-1]][name]
            states.append(state)
            steps = action[state]
    raise AssertionError("The tokens end with END, which the grammar accepts or refuses")


# Errors ----------------------------------------------------------------------


def _too_deep(token: Token) -> DataCodeError:
    return syntax_error("Nesting is too deep", token.line, token.column)


def _fail(token: Token, symbols: list[str], values: list[Any]) -> NoReturn:
    """Report the token that cannot follow what has been read, the ``symbols`` and their values."""
    if token.kind == END:
        raise _missing(symbols, values)
    positional = _positional_after_named(token, symbols, values)
    if positional is not None:
        raise syntax_error(
            "Positional arguments cannot follow named arguments",
            positional.line,
            positional.column,
        )
    if token.kind == NEWLINE:
        raise syntax_error("Unexpected token: end of line", token.line, token.column)
    raise syntax_error(
        "Unexpected token: {token}", token.line, token.column, token=shown(token.text)
    )


def _positional_after_named(token: Token, symbols: list[str], values: list[Any]) -> Token | None:
    """The first token of the argument, if that is what is wrong with ``token``."""
    if symbols[-2:] == ["named_arguments", ","] and token.kind in _BEGIN_ARGUMENT:
        return token
    if symbols[-3:] == ["named_arguments", ",", "NAME"] and token.kind in _AFTER_NAME:
        name: Token = values[-1]
        return name
    return None


def _missing(symbols: list[str], values: list[Any]) -> DataCodeError:
    """The error of a text that ends inside a block: the innermost one that is open."""
    for i in reversed(range(len(symbols))):
        symbol, value = symbols[i], values[i]
        if symbol == "branches":
            return _missing_word("Missing 'endif' in if statement", value[0])
        if symbol == "IF" and symbols[i - 1] != "ELSE":
            return _missing_word("Missing 'endif' in if statement", value)
        if symbol == "FOR":
            return _missing_word("Missing 'next {name}' in for loop", value, name=values[i + 1][0])
        if symbol == "TRY":
            return _missing_word("Missing 'endtry' in try statement", value)
        if symbol == "FUNCTION":
            return _missing_word("Missing 'endfunction' in function definition", value)
    raise AssertionError("Outside of blocks a text may end after any line")


def _missing_word(template: str, place: Token | nodes.Branch, **params: str) -> DataCodeError:
    return DataCodeError(
        Kind.SYNTAX, template, params, line=place.line, column=place.column, incomplete=True
    )
