"""Texts to tokens."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from datacode.errors import DataCodeError, Kind
from datacode.language.syntax.lexer import RESERVED_WORDS, Lexeme, lex, shown, tokens
from datacode.language.syntax.source import Source


def kinds(text: str) -> str:
    """The kinds of a text's tokens, END left out."""
    return " ".join(token.kind for token in lex(Source(text)) if token.kind != "$end")


def places(text: str) -> list[tuple[str, int, int]]:
    """Text, line and column of each token; ``\\n`` stands for a NEWLINE."""
    return [(t.text, t.line, t.column) for t in lex(Source(text)) if t.kind != "$end"]


class Failing(SynchronousTestCase):
    """Tests of texts that have an error."""

    def assert_error(self, text: str, line: int, column: int, message: str) -> DataCodeError:
        """Reading the text fails at that place with that message."""
        error = self.assertRaises(DataCodeError, lambda: list(lex(Source(text))))
        self.assertIs(error.kind, Kind.SYNTAX)
        self.assertEqual((error.line, error.column, error.text), (line, column, message))
        return error


class KindTests(Failing):
    """What the tokens are (language reference, section 3)."""

    def test_words(self) -> None:
        """The 26 reserved words are kinds of their own; case matters; a longer word is a name."""
        self.assertEqual(len(RESERVED_WORDS), 26)
        self.assertEqual(kinds(" ".join(RESERVED_WORDS)).lower().split()[:-1], [*RESERVED_WORDS])
        self.assertEqual(
            kinds("True IF iffy order returned nextt print _if"), "NAME " * 8 + "NEWLINE"
        )

    def test_numbers(self) -> None:
        """Digits, optionally a point and more digits."""
        self.assertEqual([t[0] for t in places("42 007 3.14 5. 1.5.2")[:-1]],
                         ["42", "007", "3.14", "5.", "1.5", ".", "2"])  # fmt: skip
        self.assertEqual(kinds("1e5"), "NUMBER NAME NEWLINE")
        self.assertEqual(kinds("1_000"), "NUMBER NAME NEWLINE")
        self.assertEqual(kinds("0x10"), "NUMBER NAME NEWLINE")
        self.assertEqual(kinds(".5"), ". NUMBER NEWLINE")

    def test_digits_of_other_scripts_are_no_numbers(self) -> None:
        """Only 0 to 9 make numbers, in names all digits are fine."""
        self.assertEqual(kinds("n٣"), "NAME NEWLINE")
        self.assert_error("٣", 1, 1, "Unexpected character '٣'")
        self.assert_error("5٣", 1, 2, "Unexpected character '٣'")
        self.assert_error("5²", 1, 2, "Unexpected character '²'")

    def test_operators(self) -> None:
        """The longest operator wins."""
        self.assertEqual(kinds("== != <= >= === !== <=="), "EQ NE LE GE EQ = NE = LE = NEWLINE")
        self.assertEqual(kinds("+-*/%^<>!.,:="), "+ - * / % ^ < > ! . , : = NEWLINE")
        self.assertEqual(kinds("a<-b"), "NAME < - NAME NEWLINE")

    def test_strings(self) -> None:
        """No escapes; the other quote and line breaks may stand inside."""
        self.assertEqual(
            [t[0] for t in places("""'a"b' "c'd" "\\" '' "" "x\ny" 'é😀'""")[:-1]],
            ["""'a"b'""", '''"c'd"''', '"\\"', "''", '""', '"x\ny"', "'é😀'"],
        )

    def test_three_single_quotes(self) -> None:
        """Only three double quotes open a comment."""
        self.assertEqual([t[0] for t in places("'''a'")[:-1]], ["''", "'a'"])


class NameTests(Failing):
    """Which characters make a name (3.5)."""

    def test_letters_of_any_alphabet(self) -> None:
        """Letters of any script, digits of any script, the underscore."""
        for name in (
            "total_2",
            "цена",
            "größe",
            "名前",
            "_",
            "__class__",
            "Ⅷ",
            "x²",
            "ⓐ",
            "ß",
            "שלום",
        ):
            self.assertEqual(places(name)[:-1], [(name, 1, 1)])

    def test_vowel_signs(self) -> None:
        """Dependent vowel signs are letters; accents that only combine are not."""
        self.assertEqual(kinds("कि"), "NAME NEWLINE")
        self.assertEqual(places("กำ ถี่"[:4])[:-1], [("กำ", 1, 1), ("ถ", 1, 4)])
        self.assert_error("e\u0301 = 1", 1, 2, "Unexpected character '\u0301'")

    def test_no_normalisation(self) -> None:
        """Names are compared character by character."""
        self.assertEqual([t[0] for t in places("é ﬁ")[:-1]], ["é", "ﬁ"])

    def test_what_no_name_begins_with(self) -> None:
        """Digits and fractions begin no name."""
        for character in ("²", "½", "①"):
            self.assert_error(f"{character}a", 1, 1, f"Unexpected character '{character}'")

    @settings(max_examples=300, deadline=None, database=None)
    @given(st.characters())
    def test_same_as_unicode(self, character: str) -> None:
        """A letter begins a name, a mark of punctuation never does, whatever the script."""
        category = unicodedata.category(character)
        if category.startswith("L"):
            self.assertEqual(kinds(character), "NAME NEWLINE")
        elif category[0] in "PSZC" and category != "So" and character != "_":
            self.assertNotIn("NAME", " ".join(lexeme.kind for lexeme in tokens(character)))


class WhiteSpaceTests(Failing):
    """White space, lines and comments (3.2)."""

    def test_any_white_space(self) -> None:
        """Every Unicode white space separates; a lone CR does, and ends no line."""
        for space in "\t\v\f\r \x85\xa0\u1680\u2003\u2028\u2029\u202f\u205f\u3000":
            self.assertEqual(places(f"a{space}b")[:-1], [("a", 1, 1), ("b", 1, 3)])

    def test_no_white_space(self) -> None:
        """Separators of ASCII's own, zero-width space and marks of direction are none."""
        for character in ("\x1c", "\u200b", "\u200f", "\ufeff", "\0", "\x1b", "\ud800"):
            message = f"Unexpected character '\\u{{{ord(character):x}}}'"
            self.assert_error(f"a{character}b", 1, 2, message)

    def test_newlines(self) -> None:
        """One NEWLINE after each line that has a token, none at the start."""
        self.assertEqual(kinds("\n\n  a\n \n# c\n\nb"), "NAME NEWLINE NAME NEWLINE")
        self.assertEqual(kinds(""), "")
        self.assertEqual(kinds(" \n# only\n\t\n"), "")

    def test_no_newlines_in_brackets(self) -> None:
        """Between brackets line breaks are white space."""
        self.assertEqual(
            kinds("f(\n[\n1\n]\n,\n{\n}\n)\na"), "NAME ( [ NUMBER ] , { } ) NEWLINE NAME NEWLINE"
        )

    def test_place_of_newline(self) -> None:
        """One past the last character of the line, comments included, or of the text."""
        self.assertEqual(places("a # c\n\nb")[1], ("\n", 1, 6))
        self.assertEqual(places("a  \r\nb")[1], ("\n", 1, 4))
        self.assertEqual(places("a")[1], ("\n", 1, 2))
        self.assertEqual(places('a """\n"""')[1], ("\n", 2, 4))

    def test_comments(self) -> None:
        """A comment runs to the end of the line; quotes and brackets in it mean nothing."""
        self.assertEqual(kinds('a # ( \' """\nb'), "NAME NEWLINE NAME NEWLINE")

    def test_block_comments(self) -> None:
        """A block comment counts as white space, its line breaks too."""
        self.assertEqual(places('a """ x\n # \' ( """ b\nc')[:4],
                         [("a", 1, 1), ("b", 2, 12), ("\n", 2, 13), ("c", 3, 1)])  # fmt: skip
        self.assertEqual(kinds('""""""a'), "NAME NEWLINE")

    def test_block_comment_next_to_tokens(self) -> None:
        """A block comment may begin right behind a token."""
        self.assertEqual(kinds('a"""x"""b 1"""x"""2'), "NAME NAME NUMBER NUMBER NEWLINE")


class PlaceTests(SynchronousTestCase):
    """Lines and columns count from 1, columns in characters."""

    def test_columns_count_characters(self) -> None:
        """A tab is one column, a character outside the basic plane too."""
        self.assertEqual(places('\t"😀" b')[:2], [('"😀"', 1, 2), ("b", 1, 6)])

    def test_byte_order_mark(self) -> None:
        """A byte order mark takes no column."""
        self.assertEqual(places("\ufeffa")[0], ("a", 1, 1))

    def test_after_a_string_of_several_lines(self) -> None:
        """Columns go on after the last line break in a string; CR LF in it is one LF."""
        self.assertEqual(places('x "a\r\nbc" y')[1:3], [('"a\nbc"', 1, 3), ("y", 2, 5)])


class ErrorTests(Failing):
    """The lexical errors of 9.4; who could go on writing gets ``incomplete``."""

    def test_unexpected_character(self) -> None:
        """Anything else is an error at its place."""
        for character in ";$&@?\\~|`№€":
            error = self.assert_error(
                f"a\nb {character}", 2, 3, f"Unexpected character '{character}'"
            )
            self.assertFalse(error.incomplete)

    def test_unterminated_string(self) -> None:
        """The place is the opening quote."""
        for text in ("a\n 'x\ny", 'a\n "x', "a\n '", "a\n \"'", 'a\n \'"""'):
            error = self.assert_error(text, 2, 2, "Unterminated string")
            self.assertTrue(error.incomplete)

    def test_unclosed_comment(self) -> None:
        """The place is the opening quotes, whatever quotes follow."""
        for text in ('"""', '""" x ""', '"""a\n"', '"""a"'):
            error = self.assert_error(text, 1, 1, "Unclosed multiline comment")
            self.assertTrue(error.incomplete)

    def test_unclosed_bracket(self) -> None:
        """The innermost open bracket, when the text ends."""
        for text, column, bracket in (("f([1, 2]", 2, "("), ("[{", 2, "{"), ("{a: [", 5, "[")):
            error = self.assert_error(text, 1, column, f"Unclosed '{bracket}'")
            self.assertTrue(error.incomplete)

    def test_lexer_is_lazy(self) -> None:
        """The tokens before a lexical error come first."""
        reading = lex(Source("a b $"))
        self.assertEqual([next(reading).text, next(reading).text], ["a", "b"])
        self.assertRaises(DataCodeError, next, reading)

    def test_shown(self) -> None:
        """Long tokens are cut; what has no picture is spelled out; the rest is as written."""
        self.assertEqual(shown("'тест\t\n\xa0😀'"), "'тест\t\n\xa0😀'")
        self.assertEqual(shown("\x1b[1m\u202e\ud800"), "\\u{1b}[1m\\u{202e}\\u{d800}")
        self.assertEqual(len(shown("x" * 10_000)), 200)


class PiecesTests(SynchronousTestCase):
    """``tokens``: everything that can be shown, whatever the text."""

    def test_all_kinds(self) -> None:
        """Comments, line breaks and mistakes come as well, with their offsets in the given text."""
        text = '\ufeffif a # c\r\n\r\n  "x\r\ny" ; """z"""'
        self.assertEqual(
            list(tokens(text)),
            [
                Lexeme("IF", "if", 1, 1, 1),
                Lexeme("NAME", "a", 1, 4, 4),
                Lexeme("COMMENT", "# c", 1, 6, 6),
                Lexeme("NEWLINE", "\n", 1, 10, 10),
                Lexeme("NEWLINE", "\n", 2, 2, 12),
                Lexeme("STRING", '"x\r\ny"', 3, 3, 15),
                Lexeme("ERROR", ";", 4, 4, 22),
                Lexeme("BLOCK_COMMENT", '"""z"""', 4, 6, 24),
            ],
        )

    def test_unterminated(self) -> None:
        """A string or comment without end is one mistake up to the end of the text."""
        self.assertEqual([*tokens("a 'b\nc")][1:], [Lexeme("ERROR", "'b\nc", 1, 3, 2)])
        self.assertEqual([*tokens('"""b')], [Lexeme("ERROR", '"""b', 1, 1, 0)])

    @settings(max_examples=300, deadline=None, database=None)
    @given(st.text(st.sampled_from("ab1.'\"#=!<([{}])\n\r\t ;²é\u0301\ufeff\ud800\u093f")))
    def test_lexemes_cover_the_text(self, text: str) -> None:
        """Each lexeme stands where it says, in order; between them there is only white space."""
        end = 1 if text.startswith("\ufeff") else 0
        for lexeme in tokens(text):
            self.assertEqual(text[lexeme.offset :][: len(lexeme.text)], lexeme.text)
            self.assertEqual(text[end : lexeme.offset].strip(), "")
            before = text[text.startswith("\ufeff") : lexeme.offset]
            self.assertEqual(lexeme.line, before.count("\n") + 1)
            self.assertEqual(lexeme.column, len(before) - before.rfind("\n"))
            end = lexeme.offset + len(lexeme.text)
        self.assertEqual(text[end:].strip(), "")

    @settings(max_examples=300, deadline=None, database=None)
    @given(st.text(st.sampled_from("ab1.'\"#=!<([{}])\n\t é")))
    def test_agree_with_the_lexer(self, text: str) -> None:
        """Up to the first error they are the tokens that the parser gets."""
        expected = [(t.kind, t.text, t.line, t.column) for t in _valid(text)]
        lexemes = [
            (p.kind, p.text, p.line, p.column)
            for p in tokens(text)
            if p.kind not in {"NEWLINE", "COMMENT", "BLOCK_COMMENT"}
        ]
        self.assertEqual(lexemes[: len(expected)], expected)


def _valid(text: str):
    """The tokens before the first error, line breaks left out."""
    try:
        for token in lex(Source(text)):
            if token.kind not in {"NEWLINE", "$end"}:
                yield token
    except DataCodeError:
        return
