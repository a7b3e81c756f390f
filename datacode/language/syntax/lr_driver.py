"""The tables of the LALR parser, and the loop that runs it.

PLY makes the tables, once a process. The loop is our own: it knows where each phrase begins, how
deep it nests and what is open when a text ends, which PLY's loop does not tell, and builds the tree
in about the time that PLY's takes for the bare steps (``benchmarks/parsing.py``).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from ply import yacc

from datacode.errors import DataCodeError, syntax_error
from datacode.language.syntax import grammar
from datacode.language.syntax.lexer import END, Token
from datacode.language.syntax.nesting_limits import MAX_NESTING

_Rows = list[dict[str, int]]
"""For each state what a symbol leads to. In ``action``: positive, the state after the token;
negative, the production that ends before the token; zero, the whole text is accepted."""


class _Production(NamedTuple):
    """What the loop needs to know of one alternative of a rule."""

    length: int
    action: Any
    """The function of the grammar; None where the only part stands for the whole."""
    nesting: int
    """How many tokens of ``grammar.NESTING`` it holds."""
    deeper: int
    """1 if it is deeper than its parts, because it holds such a token; else 0."""
    only: int
    """Where its only part that may nest stands, counted from the end as -1; 0 if there are more."""
    spine: bool
    """Whether its first part may nest as deep as the whole: it is a list, or a left operand."""
    name: str
    lifted: str
    """What a phrase of this name becomes at once if no token in ``holding`` follows."""
    holding: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Tables:
    """What to do in a state with a token, and where a finished phrase leads."""

    action: _Rows
    goto: _Rows
    productions: list[_Production]
    symbols: list[str]
    """The symbol that leads into each state."""


class UnexpectedToken(Exception):
    """The grammar cannot go on with ``token``.

    ``symbols`` name what has been read and is not yet part of a larger phrase: kinds of tokens and
    names of phrases. ``values`` are these tokens, and what the phrases mean.
    """

    def __init__(self, token: Token, symbols: list[str], values: list[Any]) -> None:
        super().__init__(token)
        self.token = token
        self.symbols = symbols
        self.values = values


def run(tokens: Iterable[Token]) -> Any:
    """Parse the tokens: the value of the grammar's start symbol.

    Raises UnexpectedToken, and the syntax error of a text that nests too deep.

    One long function, as a call for each step would double the time. Four stacks grow and shrink
    together: states, values, the first token of each value, and how deep each value nests.
    """
    tables = _tables()
    action, goto, productions = tables.action, tables.goto, tables.productions
    states = [0]
    values: list[Any] = [None]
    starts: list[Token] = []
    heights: list[int] = []
    pending = 0  # how many tokens of NESTING are on the stack
    row = action[0]
    for token in tokens:
        kind = token[0]
        while True:
            step = row.get(kind)
            if step is None:
                raise UnexpectedToken(token, [tables.symbols[state] for state in states], values)
            if step > 0:
                states.append(step)
                values.append(token)
                starts.append(token)
                heights.append(0)
                row = action[step]
                if kind in grammar.NESTING:
                    pending += 1
                    if pending > MAX_NESTING:
                        raise _too_deep(token)
                break
            if step == 0:
                return values[-1]
            length, act, nesting, deeper, only, spine, name, lifted, holding = productions[-step]
            if kind not in holding:
                name = lifted
            pending -= nesting
            if length > 1:
                phrase = values[-length - 1 :]
                phrase[0] = starts[-length]
                act(phrase)
                values[-length:] = phrase[:1]
                del starts[1 - length :], states[-length:]
                if only:
                    height = heights[only] + deeper
                elif spine:
                    height = max(heights[-length], max(heights[1 - length :]) + deeper)
                else:
                    height = max(heights[-length:]) + deeper
                heights[-length:] = (height,)
                if height > MAX_NESTING:
                    raise _too_deep(next(part for part in phrase[1:] if isinstance(part, Token)))
            elif length:
                if act is not None:
                    phrase = [starts[-1], values[-1]]
                    act(phrase)
                    values[-1] = phrase[0]
                del states[-1]
            else:
                phrase = [token]
                act(phrase)
                values.append(phrase[0])
                starts.append(token)
                heights.append(0)
            state = goto[states[-1]][name]
            states.append(state)
            row = action[state]
    raise AssertionError("The last token is END, and the grammar accepts or refuses it")


def _too_deep(token: Token) -> DataCodeError:
    return syntax_error("nesting_too_deep", "Nesting is too deep", token.line, token.column)


# The tables ------------------------------------------------------------------


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
    symbols = _symbols(action, goto)
    lifts = {
        production.prod[0]: (production.name, _shifted_after(production.prod[0], action, symbols))
        for production in parser.productions
        if production.callable is grammar.p_same
    }
    return _Tables(action, goto, [_production(p, lifts) for p in parser.productions], symbols)


def _symbols(action: _Rows, goto: _Rows) -> list[str]:
    """The symbol that leads into each state."""
    symbols = [END] * len(action)
    for steps, targets in zip(action, goto, strict=True):
        for kind, step in steps.items():
            if step > 0:
                symbols[step] = kind
        for name, target in targets.items():
            symbols[target] = name
    return symbols


def _shifted_after(name: str, action: _Rows, symbols: list[str]) -> frozenset[str]:
    """The kinds of the tokens that go on with a phrase ``name`` instead of ending it."""
    return frozenset(
        kind
        for steps, symbol in zip(action, symbols, strict=True)
        if symbol == name
        for kind, step in steps.items()
        if step > 0
    )


def _production(production: Any, lifts: dict[str, tuple[str, frozenset[str]]]) -> _Production:
    """PLY's production, with all that can be known of it before a text is read."""
    parts = production.prod
    length = len(parts)
    nesting = sum(part in grammar.NESTING for part in parts)
    phrases = [i - length for i, part in enumerate(parts) if part.islower()]
    lifted, holding = lifts.get(production.name, (production.name, frozenset()))
    return _Production(
        length=length,
        action=None if production.callable is grammar.p_same else production.callable,
        nesting=nesting,
        deeper=min(nesting, 1),
        only=phrases[0] if len(phrases) == 1 else 0,
        spine=length > 0 and parts[0] == production.name != "operand",
        name=production.name,
        lifted=lifted,
        holding=holding,
    )
