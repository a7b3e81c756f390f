"""Which blocks and brackets are open at a place of a text, whether it parses or not.

The lexemes of a text are fed one after another; nothing is read twice, so a text that grows line
by line can be followed cheaply.
"""

from __future__ import annotations

from datacode.language.syntax.lexer import Lexeme, tokens

CLOSING_WORDS = {"IF": "endif", "FOR": "next", "TRY": "endtry", "FUNCTION": "endfunction"}
"""The word that closes a block, by the kind of the word that opens it."""

CLOSES = {"ENDIF": "IF", "ENDEIF": "IF", "ENDTRY": "TRY", "ENDFUNCTION": "FUNCTION", "NEXT": "FOR"}
"""The kind of word that opened a block, by the kind of the word that closes it."""

DIVIDES = {"ELSE": "IF", "CATCH": "TRY", "FINALLY": "TRY"}
"""The same for words that stand between two parts of a block."""

BRACKETS = {"(": ")", "[": "]", "{": "}"}
_CLOSING_BRACKETS = frozenset(BRACKETS.values())


class Blocks:
    """Follows the lexemes of a text.

    ``open`` holds the words and brackets that are open, outermost first. ``broken`` tells that
    something was closed that is not open: such a text is wrong, however it goes on.
    """

    def __init__(self) -> None:
        self.open: list[Lexeme] = []
        self.broken = False
        self._before = ""

    def feed(self, lexeme: Lexeme) -> None:
        """The next lexeme."""
        before, self._before = self._before, lexeme.kind
        innermost = self.open[-1].kind if self.open else ""
        if lexeme.kind in BRACKETS:
            self.open.append(lexeme)
        elif lexeme.kind in _CLOSING_BRACKETS:
            self._close(lexeme.kind == BRACKETS.get(innermost))
        elif before == "." or innermost in BRACKETS:
            return  # words are members, keys, or wrong
        elif lexeme.kind in CLOSING_WORDS and before != "ELSE":
            self.open.append(lexeme)
        elif lexeme.kind == "NEXT" and innermost != "FOR":
            self.broken |= all(each.kind != "FOR" for each in self.open)
        elif lexeme.kind in CLOSES:
            self._close(innermost == CLOSES[lexeme.kind])

    def _close(self, fits: bool) -> None:
        if fits:
            self.open.pop()
        else:
            self.broken = True


class Lines:
    """Follows a text line by line, for a host that is given lines and wants whole programs."""

    def __init__(self) -> None:
        self._blocks = Blocks()
        self._unread = ""

    def feed(self, line: str) -> bool:
        """The next line, without its break; False while the text surely goes on."""
        self._unread += line + "\n"
        lexemes = list(tokens(self._unread))
        if lexemes and lexemes[-1].kind == "ERROR" and lexemes[-1].text[0] in "\"'":
            return False  # a string or comment that is still open
        for lexeme in lexemes:
            self._blocks.feed(lexeme)
        self._unread = ""
        return self._blocks.broken or not self._blocks.open
