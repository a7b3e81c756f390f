"""What to try when a text is no program: what is usually meant where the grammar stops.

Words and signs of other languages, brackets and blocks that are still open, quotes inside strings.
Each rule looks at the pieces of the text before the place of the error, and at the one there.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass

from datacode.errors import DataCodeError, Hint
from datacode.i18n import catalog
from datacode.language.syntax.grammar import BINARY
from datacode.language.syntax.lexer import KEYWORDS, NEWLINE, Piece, tokens
from datacode.language.syntax.source import Source
from datacode.language.tools.blocks import CLOSES, CLOSING_WORDS, DIVIDES, Blocks

LONGEST_TEXT = 200_000
"""Characters of a program that is still searched for advice."""

_NULL = catalog.mark("the empty value is called `null`")
_FUNCTION = catalog.mark("a function begins with `function name(a, b) do`")
_LOOP = catalog.mark("a loop begins with `for x in … do` and ends with `next x`")
_UNDECLARED = catalog.mark("variables are not declared: `name = value` makes one")
_ELSE_IF = catalog.mark("`else if … do` is meant")
_CHOICE = catalog.mark("a choice is written with `if … do`, `else`, `endif`")
_CLOSING = catalog.mark("blocks close with `endif`, `next x`, `endtry` or `endfunction`")
_CATCH = catalog.mark("errors are caught by `catch e` between `try` and `endtry`")
_COMMENT = catalog.mark("comments begin with `#`")
_NUMBER = catalog.mark("a number is digits with at most one point between them: `1000`, `0.5`")
_QUOTES = catalog.mark("strings stand in straight quotes: \"…\" or '…'")
_SIGN = catalog.mark("`{sign}` is meant")
_FIRST = catalog.mark("`{opening}` in line {line} has to be closed by `{closing}` first")

INSTEAD = {
    "True": catalog.mark("`true` is written in small letters"),
    "False": catalog.mark("`false` is written in small letters"),
    "None": _NULL,
    "nil": _NULL,
    "NULL": _NULL,
    "undefined": _NULL,
    "continue": catalog.mark("`next` with the loop's variable goes on with the next element"),
    "end": _CLOSING,
    "endfor": _CLOSING,
    "endwhile": _CLOSING,
    "while": catalog.mark("there is no while; use `for x in range(n) do … next x` with `break`"),
    "elif": _ELSE_IF,
    "elseif": _ELSE_IF,
    "switch": _CHOICE,
    "match": _CHOICE,
    "except": _CATCH,
    "raise": catalog.mark("an error is raised by `throw`: throw 'what is wrong'"),
    "foreach": _LOOP,
    "def": _FUNCTION,
    "func": _FUNCTION,
    "fn": _FUNCTION,
    "let": _UNDECLARED,
    "var": _UNDECLARED,
    "const": _UNDECLARED,
    "print": catalog.mark("print is a function: `print(value)`"),
    "import": catalog.mark("there is nothing to import: all functions are there"),
    "lambda": catalog.mark("functions have names and are passed by name: map(xs, 'f')"),
}
"""What people write who come from other languages, and what to write here."""

_CHARACTERS = {
    ";": catalog.mark("each statement stands on a line of its own, without `;`"),
    "&": catalog.mark("`and` joins conditions"),
    "|": catalog.mark("`or` joins conditions"),
    "?": _CHOICE,
    **dict.fromkeys("“”„«»‘’‚", _QUOTES),
}
_SIGNS = {"–": "-", "—": "-", "−": "-", "×": "*", "·": "*", "÷": "/", "≤": "<=", "≥": ">="}
_SIGNS |= {"≠": "!="}
_FOREIGN_CLOSINGS = frozenset({"end", "endfor", "endwhile", "done", "fi", "endloop", "esac"})
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_ENDS_OPERAND = frozenset({"NAME", "NUMBER", "STRING", "TRUE", "FALSE", "NULL", ")", "]", "}"})
_BEGINS_OPERAND = _ENDS_OPERAND - {")", "]", "}"} | frozenset("([{")
_GOES_ON = BINARY | {",", ".", "=", "!", "NOT"}


def about_syntax(error: DataCodeError, text: str, builtins: Container[str]) -> Hint | None:
    """Advice about a syntax error of the program ``text``, None where there is nothing to say."""
    if error.line is None or error.column is None or len(text) > LONGEST_TEXT:
        return None
    if character := error.params.get("character"):
        if character in _SIGNS:
            return Hint(_SIGN, {"sign": _SIGNS[character]})
        return Hint(_CHARACTERS[character]) if character in _CHARACTERS else None
    if error.template.startswith("Missing"):
        return _about_missing(text)
    if error.template.startswith("Unexpected token"):
        stop = _stop(Source(text).text, (error.line, error.column), builtins)
        return next((hint for rule in _RULES if (hint := rule(stop)) is not None), None)
    return None


@dataclass(frozen=True, slots=True)
class _Stop:
    """The place at which a text cannot go on.

    ``before`` are the pieces before it without comments, ``line`` those of them that stand in the
    statement, ``here`` the piece there; a NEWLINE, too, where the text ends. ``open`` are the words
    and brackets that are open, ``builtins`` the names of the library's functions.
    """

    before: list[Piece]
    line: list[Piece]
    here: Piece
    after: str
    """The character behind ``here``."""
    open: list[Piece]
    builtins: Container[str]

    @property
    def last(self) -> str:
        """The kind of the piece before, empty at the beginning of a statement."""
        return self.line[-1].kind if self.line else ""

    @property
    def touches(self) -> bool:
        """Whether the piece before ends where this one begins."""
        if not self.line:
            return False
        return self.line[-1].offset + len(self.line[-1].text) == self.here.offset

    @property
    def bracket(self) -> Piece | None:
        """The innermost bracket that is open, unless a block is open within."""
        return self.open[-1] if self.open and self.open[-1].kind in _BRACKETS else None

    @property
    def first_word(self) -> str:
        """The word that the statement begins with; for ``else if`` the second one."""
        words = [piece for piece in self.line[:2] if piece.kind != "ELSE"]
        return words[0].text if words else ""


def _stop(text: str, place: tuple[int, int], builtins: Container[str]) -> _Stop:
    blocks = Blocks()
    before: list[Piece] = []
    here = Piece(NEWLINE, "", *place, len(text))
    for piece in tokens(text):
        if (piece.line, piece.column) >= place:
            here = piece if piece.kind not in ("COMMENT", "BLOCK_COMMENT") else here
            break
        blocks.feed(piece)
        if piece.kind == NEWLINE and blocks.open and blocks.open[-1].kind in _BRACKETS:
            continue
        if piece.kind not in ("COMMENT", "BLOCK_COMMENT"):
            before.append(piece)
    line = before[_line_start(before) :]
    end = here.offset + len(here.text)
    return _Stop(before, line, here, text[end : end + 1], blocks.open, builtins)


def _line_start(pieces: list[Piece]) -> int:
    for index in range(len(pieces) - 1, -1, -1):
        if pieces[index].kind == NEWLINE:
            return index + 1
    return 0


# Rules: the first that has something to say is heard -------------------------------------


def _strings(stop: _Stop) -> Hint | None:
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
        template = catalog.mark(
            "a string ends at the next {quote}, a backslash changes nothing: "
            "text with {quote} in it stands between {other} and {other}"
        )
        return Hint(template, {"quote": quote, "other": other})
    if here.kind == "STRING" and stop.last == "NAME" and stop.touches:
        return Hint(catalog.mark("strings have no prefixes; `+` joins texts and values"))
    if here.kind == "STRING" and stop.last == "STRING" and stop.bracket is None:
        return Hint(catalog.mark("`+` joins texts"))
    return None


def _numbers(stop: _Stop) -> Hint | None:
    """``1e5``, ``0x10``, ``1_000``, ``.5``, ``1.5.2``."""
    here = stop.here
    is_word = here.kind == "NAME" or here.kind in KEYWORDS.values()
    if stop.last == "NUMBER" and stop.touches and (is_word or here.kind == "."):
        return Hint(_NUMBER)
    if here.kind == "." and stop.last not in _ENDS_OPERAND and stop.after.isdecimal():
        return Hint(_NUMBER)
    if here.kind == "NUMBER" and stop.last == ".":
        return Hint(_NUMBER)
    return None


def _words(stop: _Stop) -> Hint | None:
    """Words of other languages, at the beginning of the statement or just before the error."""
    last = stop.line[-1].text if stop.line else ""
    for word in (stop.first_word, last):
        if word in INSTEAD and (word != "print" or len(stop.line) == 1):
            return Hint(INSTEAD[word])
    return None


def _comments(stop: _Stop) -> Hint | None:
    """``// …`` and ``/* … */``."""
    at_start = not stop.line and stop.here.kind == "/"
    if at_start or (stop.here.kind in "/*" and stop.last == "/" and stop.touches):
        return Hint(_COMMENT)
    return None


def _open_bracket(stop: _Stop) -> Hint | None:
    """A bracket that should have been closed before this, or one that is not open."""
    bracket, here = stop.bracket, stop.here
    if here.kind in _BRACKETS.values():
        if bracket is None:
            return Hint(
                catalog.mark("no bracket is open that `{token}` could close"), {"token": here.text}
            )
        if _BRACKETS[bracket.kind] != here.kind:
            return _first(bracket, _BRACKETS[bracket.kind])
    elif bracket is not None and bracket.line < here.line:
        begins_line = stop.before[-1].line < here.line
        if begins_line and stop.last in _ENDS_OPERAND | {","}:
            return _first(bracket, _BRACKETS[bracket.kind])
    return None


def _first(opening: Piece, closing: str) -> Hint:
    return Hint(_FIRST, {"opening": opening.text, "line": str(opening.line), "closing": closing})


def _equals(stop: _Stop) -> Hint | None:
    """``+=``, pairs and parameters with ``=``, assignments where a value is wanted."""
    if stop.here.kind == ":" and stop.after == "=":
        return Hint(catalog.mark("`=` assigns: `name = value`"))
    if stop.here.kind != "=" or not stop.line:
        return None
    if stop.last in {"+", "-", "*", "/", "%"} and len(stop.line) > 1:
        return _changed(stop.line[-2].text, stop.line[-1].text)
    if stop.bracket is not None and stop.bracket.kind == "{":
        return Hint(catalog.mark("a pair is written `key: value`"))
    if stop.first_word in ("function", "global", "local") and stop.bracket is not None:
        return Hint(catalog.mark("parameters have no default values"))
    if stop.first_word == "for":
        return Hint(_LOOP)
    return Hint(catalog.mark("assignment is a statement of its own; `==` compares"))


def _counting(stop: _Stop) -> Hint | None:
    """``i++`` and ``i--``."""
    kinds = [piece.kind for piece in stop.line]
    if kinds == ["NAME", stop.here.kind] and stop.here.kind in "+-" and stop.touches:
        return _changed(stop.line[0].text, stop.here.kind)
    if kinds in (["NAME", "+", "+"], ["NAME", "-", "-"]) and stop.here.kind == NEWLINE:
        return _changed(stop.line[0].text, kinds[1])
    return None


def _changed(name: str, operator: str) -> Hint:
    return Hint(
        catalog.mark("write `{name} = {name} {operator} …`"), {"name": name, "operator": operator}
    )


def _expressions(stop: _Stop) -> Hint | None:
    """What expressions do not have: choices, membership, methods, slices."""
    kinds = [piece.kind for piece in stop.line[-3:]]
    if stop.here.kind == "IF" and stop.last in _ENDS_OPERAND:
        return Hint(_CHOICE)
    if stop.here.kind == "IN" and stop.last in _ENDS_OPERAND | {"NOT"}:
        return Hint(catalog.mark("`contains(xs, x)` tells whether an array or text holds a value"))
    if stop.last == "(" and len(kinds) == 3 and kinds[0] == ".":
        name = stop.line[-2].text
        if name in stop.builtins:
            template = catalog.mark("there are no methods, only functions: `{name}(value, …)`")
            return Hint(template, {"name": name})
        return Hint(catalog.mark("there are no methods, only members: `value.name`"))
    return None


def _commas(stop: _Stop) -> Hint | None:
    """Two values side by side within brackets."""
    if stop.bracket is None or stop.last not in _ENDS_OPERAND:
        return None
    if stop.here.kind in _BEGINS_OPERAND and stop.here.kind != "(":
        return Hint(
            catalog.mark("a comma may be missing before `{token}`"), {"token": stop.here.text}
        )
    return None


def _keys(stop: _Stop) -> Hint | None:
    """Keys of objects that are neither words nor strings."""
    if stop.here.kind != "NUMBER" or stop.bracket is None or stop.bracket.kind != "{":
        return None
    return Hint(catalog.mark("keys are words or strings")) if stop.last in ("{", ",") else None


def _openings(stop: _Stop) -> Hint | None:
    """``do`` that is missing, or stands where it does not belong; braces and colons for it."""
    word = stop.first_word
    ends_line = stop.here.kind == ":" and stop.after in ("", "\n", "\r", " ")
    if stop.here.kind == "DO" and stop.line and word in ("try", "catch", "finally"):
        return Hint(catalog.mark("no `do` follows `{word}`"), {"word": word})
    if stop.here.kind == "{" and word in ("if", "for", "function", "try", "else"):
        return Hint(
            catalog.mark("blocks open with `do` and close with `endif`, `next x` or `endfunction`")
        )
    if ends_line and word in ("if", "for", "function", "global", "local"):
        return Hint(catalog.mark("blocks open with `do`"))
    if (
        stop.here.kind == NEWLINE
        and word in ("if", "for", "function")
        and stop.last not in _GOES_ON
    ):
        return Hint(catalog.mark("`do` opens the block, at the end of the line"))
    return None


def _line_ends(stop: _Stop) -> Hint | None:
    """A statement that is meant to go on in the next line."""
    if stop.here.kind == NEWLINE and stop.here.text and stop.last in _GOES_ON:
        return Hint(catalog.mark("a statement ends with its line; within brackets it goes on"))
    return None


def _blocks(stop: _Stop) -> Hint | None:
    """Which word the block around the error wants, where another one was written."""
    wanted = CLOSES.get(stop.here.kind) or DIVIDES.get(stop.here.kind)
    if wanted is None:
        return None
    opened = [piece for piece in stop.open if piece.kind in CLOSING_WORDS]
    if not opened:
        template = catalog.mark("no block is open that `{token}` could belong to")
        return Hint(template, {"token": stop.here.text})
    if opened[-1].kind == wanted:
        return None
    return _first(opened[-1], _closing(stop.before, opened[-1]))


def _closing(pieces: list[Piece], opening: Piece) -> str:
    """What closes the block: ``endif``, or ``next x`` for the loop over ``x``."""
    closing = CLOSING_WORDS[opening.kind]
    if opening.kind != "FOR":
        return closing
    variable = pieces.index(opening) + 1
    is_named = variable < len(pieces) and pieces[variable].kind == "NAME"
    return f"next {pieces[variable].text}" if is_named else closing


_RULES: tuple[Callable[[_Stop], Hint | None], ...] = (
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


def _about_missing(text: str) -> Hint | None:
    """A word that closes blocks elsewhere and is only a name here."""
    for word in _lonely_words(Source(text).text):
        if word.text in _FOREIGN_CLOSINGS:
            template = catalog.mark(
                "`{word}` in line {line} closes nothing: "
                "blocks close with `endif`, `next x`, `endtry` or `endfunction`"
            )
            return Hint(template, {"word": word.text, "line": str(word.line)})
    return None


def _lonely_words(text: str) -> Iterator[Piece]:
    """The names that have a line of their own."""
    statement: list[Piece] = []
    for piece in tokens(text):
        if piece.kind == NEWLINE:
            if len(statement) == 1:
                yield statement[0]
            statement = []
        elif piece.kind not in ("COMMENT", "BLOCK_COMMENT"):
            statement.append(piece)
    if len(statement) == 1:
        yield statement[0]
