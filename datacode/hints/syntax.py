"""What to try when a text is no program: what is usually meant where the grammar stops.

Words and signs of other languages, brackets and blocks that are still open, quotes inside strings.
Each rule looks at the lexemes of the text before the place of the error, and at the one there.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass

from datacode.errors import DataCodeError
from datacode.i18n.message import Message
from datacode.language.syntax.grammar import BINARY
from datacode.language.syntax.lexer import KEYWORDS, NEWLINE, Lexeme, tokens
from datacode.language.syntax.source import Source
from datacode.language.tools.blocks import BRACKETS, CLOSES, CLOSING_WORDS, DIVIDES, Blocks

LONGEST_TEXT = 200_000
"""Characters of a program that is still searched for advice, or for names to complete."""

_NULL = Message("empty_value_is_null", "the empty value is called `null`")
_FUNCTION = Message("how_functions_begin", "a function begins with `function name(a, b) do`")
_LOOP = Message("how_loops_look", "a loop begins with `for x in … do` and ends with `next x`")
_UNDECLARED = Message("no_declarations", "variables are not declared: `name = value` makes one")
_ELSE_IF = Message("else_if_meant", "`else if … do` is meant")
_CHOICE = Message("how_choices_look", "a choice is written with `if … do`, `else`, `endif`")
_CLOSING = Message("block_ends", "blocks close with `endif`, `next x`, `endtry` or `endfunction`")
_CATCH = Message("use_catch", "errors are caught by `catch e` between `try` and `endtry`")
_COMMENT = Message("how_comments_begin", "comments begin with `#`")
_NUMBER = Message(
    "how_numbers_look", "a number is digits with at most one point between them: `1000`, `0.5`"
)
_QUOTES = Message("straight_quotes", "strings stand in straight quotes: \"…\" or '…'")
_SIGN = Message("sign_meant", "`{sign}` is meant")
_FIRST = Message("close_first", "`{opening}` in line {line} has to be closed by `{closing}` first")

INSTEAD = {
    "True": Message("true_in_small_letters", "`true` is written in small letters"),
    "False": Message("false_in_small_letters", "`false` is written in small letters"),
    "None": _NULL,
    "nil": _NULL,
    "NULL": _NULL,
    "undefined": _NULL,
    "continue": Message(
        "next_continues", "`next` with the loop's variable goes on with the next element"
    ),
    "end": _CLOSING,
    "endfor": _CLOSING,
    "endwhile": _CLOSING,
    "while": Message(
        "no_while", "there is no while; use `for x in range(n) do … next x` with `break`"
    ),
    "elif": _ELSE_IF,
    "elseif": _ELSE_IF,
    "switch": _CHOICE,
    "match": _CHOICE,
    "except": _CATCH,
    "raise": Message("use_throw", "an error is raised by `throw`: throw 'what is wrong'"),
    "foreach": _LOOP,
    "def": _FUNCTION,
    "func": _FUNCTION,
    "fn": _FUNCTION,
    "let": _UNDECLARED,
    "var": _UNDECLARED,
    "const": _UNDECLARED,
    "print": Message("print_is_function", "print is a function: `print(value)`"),
    "import": Message("nothing_to_import", "there is nothing to import: all functions are there"),
    "lambda": Message("by_name", "functions have names and are passed by name: map(xs, 'f')"),
}
"""What people write who come from other languages, and what to write here."""

_CHARACTERS = {
    ";": Message("no_semicolons", "each statement stands on a line of its own, without `;`"),
    "&": Message("and_joins_conditions", "`and` joins conditions"),
    "|": Message("or_joins_conditions", "`or` joins conditions"),
    "?": _CHOICE,
    **dict.fromkeys("“”„«»‘’‚", _QUOTES),
}
_SIGNS = {"–": "-", "—": "-", "−": "-", "×": "*", "·": "*", "÷": "/", "≤": "<=", "≥": ">="}
_SIGNS |= {"≠": "!="}
_FOREIGN_CLOSINGS = frozenset({"end", "endfor", "endwhile", "done", "fi", "endloop", "esac"})
_ENDS_OPERAND = frozenset({"NAME", "NUMBER", "STRING", "TRUE", "FALSE", "NULL", ")", "]", "}"})
_BEGINS_OPERAND = _ENDS_OPERAND - {")", "]", "}"} | frozenset("([{")
_MISSING = ("missing_next", "missing_endtry", "missing_endfunction", "missing_endif")
_UNEXPECTED = ("unexpected_token", "early_line_end")
_GOES_ON = BINARY | {",", ".", "=", "!", "NOT"}


def about_syntax(error: DataCodeError, text: str, builtins: Container[str]) -> Message | None:
    """Advice about a syntax error of the program ``text``, None where there is nothing to say."""
    if error.line is None or error.column is None or len(text) > LONGEST_TEXT:
        return None
    if character := error.message.value("character"):
        if character in _SIGNS:
            return _SIGN.filled(sign=_SIGNS[character])
        return _CHARACTERS.get(character)
    if error.message.code in _MISSING:
        return _about_missing(text)
    if error.message.code in _UNEXPECTED:
        stop = _stop(Source(text).text, (error.line, error.column), builtins)
        return next((hint for rule in _RULES if (hint := rule(stop)) is not None), None)
    return None


@dataclass(frozen=True, slots=True)
class _Stop:
    """The place at which a text cannot go on.

    ``before`` are the lexemes before it without comments, ``line`` those of them that stand in the
    statement, ``here`` the lexeme there; a NEWLINE, too, where the text ends. ``open`` are the
    words and brackets that are open, ``builtins`` the names of the library's functions.
    """

    before: list[Lexeme]
    line: list[Lexeme]
    here: Lexeme
    after: str
    """The character behind ``here``."""
    open: list[Lexeme]
    builtins: Container[str]

    @property
    def last(self) -> str:
        """The kind of the lexeme before, empty at the beginning of a statement."""
        return self.line[-1].kind if self.line else ""

    @property
    def touches(self) -> bool:
        """Whether the lexeme before ends where this one begins."""
        if not self.line:
            return False
        return self.line[-1].offset + len(self.line[-1].text) == self.here.offset

    @property
    def bracket(self) -> Lexeme | None:
        """The innermost bracket that is open, unless a block is open within."""
        return self.open[-1] if self.open and self.open[-1].kind in BRACKETS else None

    @property
    def first_word(self) -> str:
        """The word that the statement begins with; for ``else if`` the second one."""
        words = [lexeme for lexeme in self.line[:2] if lexeme.kind != "ELSE"]
        return words[0].text if words else ""


def _stop(text: str, place: tuple[int, int], builtins: Container[str]) -> _Stop:
    blocks = Blocks()
    before: list[Lexeme] = []
    here = Lexeme(NEWLINE, "", *place, len(text))
    for lexeme in tokens(text):
        if (lexeme.line, lexeme.column) >= place:
            here = lexeme if lexeme.kind not in ("COMMENT", "BLOCK_COMMENT") else here
            break
        blocks.feed(lexeme)
        if lexeme.kind == NEWLINE and blocks.open and blocks.open[-1].kind in BRACKETS:
            continue
        if lexeme.kind not in ("COMMENT", "BLOCK_COMMENT"):
            before.append(lexeme)
    line = before[_line_start(before) :]
    end = here.offset + len(here.text)
    return _Stop(before, line, here, text[end : end + 1], blocks.open, builtins)


def _line_start(lexemes: list[Lexeme]) -> int:
    for index in range(len(lexemes) - 1, -1, -1):
        if lexemes[index].kind == NEWLINE:
            return index + 1
    return 0


# Rules: the first that has something to say is heard -------------------------------------


def _strings(stop: _Stop) -> Message | None:
    """Quotes inside strings, prefixes, strings side by side."""
    here = stop.here
    if (
        stop.last == "STRING"
        and stop.touches
        and here.kind != "STRING"
        and here.text.isidentifier()
    ):
        quote = stop.line[-1].text[0]
        other = '"' if quote == "'" else "'"
        template = Message(
            "no_escapes_in_strings",
            "a string ends at the next {quote}, a backslash changes nothing: "
            "text with {quote} in it stands between {other} and {other}",
        )
        return template.filled(quote=quote, other=other)
    if here.kind == "STRING" and stop.last == "NAME" and stop.touches:
        return Message("no_string_prefixes", "strings have no prefixes; `+` joins texts and values")
    if here.kind == "STRING" and stop.last == "STRING" and stop.bracket is None:
        return Message("plus_joins_texts", "`+` joins texts")
    return None


def _numbers(stop: _Stop) -> Message | None:
    """``1e5``, ``0x10``, ``1_000``, ``.5``, ``1.5.2``."""
    here = stop.here
    is_word = here.kind == "NAME" or here.kind in KEYWORDS.values()
    if stop.last == "NUMBER" and stop.touches and (is_word or here.kind == "."):
        return _NUMBER
    if here.kind == "." and stop.last not in _ENDS_OPERAND and stop.after.isdecimal():
        return _NUMBER
    if here.kind == "NUMBER" and stop.last == ".":
        return _NUMBER
    return None


def _words(stop: _Stop) -> Message | None:
    """Words of other languages, at the beginning of the statement or just before the error."""
    last = stop.line[-1].text if stop.line else ""
    for word in (stop.first_word, last):
        if word in INSTEAD and (word != "print" or len(stop.line) == 1):
            return INSTEAD[word]
    return None


def _comments(stop: _Stop) -> Message | None:
    """``// …`` and ``/* … */``."""
    at_start = not stop.line and stop.here.kind == "/"
    if at_start or (stop.here.kind in "/*" and stop.last == "/" and stop.touches):
        return _COMMENT
    return None


def _open_bracket(stop: _Stop) -> Message | None:
    """A bracket that should have been closed before this, or one that is not open."""
    bracket, here = stop.bracket, stop.here
    if here.kind in BRACKETS.values():
        if bracket is None:
            return Message(
                "no_bracket_open", "no bracket is open that `{token}` could close"
            ).filled(token=here.text)
        if BRACKETS[bracket.kind] != here.kind:
            return _first(bracket, BRACKETS[bracket.kind])
    elif bracket is not None and bracket.line < here.line:
        begins_line = stop.before[-1].line < here.line
        if begins_line and stop.last in _ENDS_OPERAND | {","}:
            return _first(bracket, BRACKETS[bracket.kind])
    return None


def _first(opening: Lexeme, closing: str) -> Message:
    return _FIRST.filled(opening=opening.text, line=opening.line, closing=closing)


def _equals(stop: _Stop) -> Message | None:
    """``+=``, pairs and parameters with ``=``, assignments where a value is wanted."""
    if stop.here.kind == ":" and stop.after == "=":
        return Message("how_to_assign", "`=` assigns: `name = value`")
    if stop.here.kind != "=" or not stop.line:
        return None
    if stop.last in {"+", "-", "*", "/", "%"} and len(stop.line) > 1:
        return _changed(stop.line[-2].text, stop.line[-1].text)
    if stop.bracket is not None and stop.bracket.kind == "{":
        return Message("how_pairs_look", "a pair is written `key: value`")
    if stop.first_word in ("function", "global", "local") and stop.bracket is not None:
        return Message("no_default_values", "parameters have no default values")
    if stop.first_word == "for":
        return _LOOP
    return Message("assignment_is_statement", "assignment is a statement of its own; `==` compares")


def _counting(stop: _Stop) -> Message | None:
    """``i++`` and ``i--``."""
    kinds = [lexeme.kind for lexeme in stop.line]
    if kinds == ["NAME", stop.here.kind] and stop.here.kind in "+-" and stop.touches:
        return _changed(stop.line[0].text, stop.here.kind)
    if kinds in (["NAME", "+", "+"], ["NAME", "-", "-"]) and stop.here.kind == NEWLINE:
        return _changed(stop.line[0].text, kinds[1])
    return None


def _changed(name: str, operator: str) -> Message:
    return Message("write_assignment", "write `{name} = {name} {operator} …`").filled(
        name=name, operator=operator
    )


def _expressions(stop: _Stop) -> Message | None:
    """What expressions do not have: choices, membership, methods, slices."""
    kinds = [lexeme.kind for lexeme in stop.line[-3:]]
    if stop.here.kind == "IF" and stop.last in _ENDS_OPERAND:
        return _CHOICE
    if stop.here.kind == "IN" and stop.last in _ENDS_OPERAND | {"NOT"}:
        return Message(
            "use_contains", "`contains(xs, x)` tells whether an array or text holds a value"
        )
    if stop.last == "(" and len(kinds) == 3 and kinds[0] == ".":
        name = stop.line[-2].text
        if name in stop.builtins:
            template = Message(
                "no_methods_but_functions",
                "there are no methods, only functions: `{name}(value, …)`",
            )
            return template.filled(name=name)
        return Message("no_methods_but_members", "there are no methods, only members: `value.name`")
    return None


def _commas(stop: _Stop) -> Message | None:
    """Two values side by side within brackets."""
    if stop.bracket is None or stop.last not in _ENDS_OPERAND:
        return None
    if stop.here.kind in _BEGINS_OPERAND and stop.here.kind != "(":
        return Message(
            "comma_missing", "a comma may be missing before `{token}`", {"token": stop.here.text}
        )
    return None


def _keys(stop: _Stop) -> Message | None:
    """Keys of objects that are neither words nor strings."""
    if stop.here.kind != "NUMBER" or stop.bracket is None or stop.bracket.kind != "{":
        return None
    return (
        Message("keys_are_words_or_strings", "keys are words or strings")
        if stop.last in ("{", ",")
        else None
    )


def _openings(stop: _Stop) -> Message | None:
    """``do`` that is missing, or stands where it does not belong; braces and colons for it."""
    word = stop.first_word
    ends_line = stop.here.kind == ":" and stop.after in ("", "\n", "\r", " ")
    if stop.here.kind == "DO" and stop.line and word in ("try", "catch", "finally"):
        return Message("no_do_after", "no `do` follows `{word}`", {"word": word})
    if stop.here.kind == "{" and word in ("if", "for", "function", "try", "else"):
        return Message(
            "how_blocks_look",
            "blocks open with `do` and close with `endif`, `next x` or `endfunction`",
        )
    if ends_line and word in ("if", "for", "function", "global", "local"):
        return Message("how_blocks_open", "blocks open with `do`")
    if (
        stop.here.kind == NEWLINE
        and word in ("if", "for", "function")
        and stop.last not in _GOES_ON
    ):
        return Message("do_ends_line", "`do` opens the block, at the end of the line")
    return None


def _line_ends(stop: _Stop) -> Message | None:
    """A statement that is meant to go on in the next line."""
    if stop.here.kind == NEWLINE and stop.here.text and stop.last in _GOES_ON:
        return Message("line_ends", "a statement ends with its line; within brackets it goes on")
    return None


def _blocks(stop: _Stop) -> Message | None:
    """Which word the block around the error wants, where another one was written."""
    wanted = CLOSES.get(stop.here.kind) or DIVIDES.get(stop.here.kind)
    if wanted is None:
        return None
    opened = [lexeme for lexeme in stop.open if lexeme.kind in CLOSING_WORDS]
    if not opened:
        template = Message("no_block_open", "no block is open that `{token}` could belong to")
        return template.filled(token=stop.here.text)
    if opened[-1].kind == wanted:
        return None
    return _first(opened[-1], _closing(stop.before, opened[-1]))


def _closing(lexemes: list[Lexeme], opening: Lexeme) -> str:
    """What closes the block: ``endif``, or ``next x`` for the loop over ``x``."""
    closing = CLOSING_WORDS[opening.kind]
    if opening.kind != "FOR":
        return closing
    variable = lexemes.index(opening) + 1
    is_named = variable < len(lexemes) and lexemes[variable].kind == "NAME"
    return f"next {lexemes[variable].text}" if is_named else closing


_RULES: tuple[Callable[[_Stop], Message | None], ...] = (
    _strings,
    _numbers,
    _words,
    _comments,
    _open_bracket,
    _equals,
    _counting,
    _expressions,
    _keys,
    _commas,
    _openings,
    _line_ends,
    _blocks,
)


# Blocks without end ------------------------------------------------------------------------


def _about_missing(text: str) -> Message | None:
    """A word that closes blocks elsewhere and is only a name here."""
    for word in _lonely_words(Source(text).text):
        if word.text in _FOREIGN_CLOSINGS:
            template = Message(
                "word_closes_nothing",
                "`{word}` in line {line} closes nothing: "
                "blocks close with `endif`, `next x`, `endtry` or `endfunction`",
            )
            return template.filled(word=word.text, line=word.line)
    return None


def _lonely_words(text: str) -> Iterator[Lexeme]:
    """The names that have a line of their own."""
    statement: list[Lexeme] = []
    for lexeme in tokens(text):
        if lexeme.kind == NEWLINE:
            if len(statement) == 1:
                yield statement[0]
            statement = []
        elif lexeme.kind not in ("COMMENT", "BLOCK_COMMENT"):
            statement.append(lexeme)
    if len(statement) == 1:
        yield statement[0]
