"""Texts before they are read, and the place under an error."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode.language.syntax.source import Source


class TextTests(SynchronousTestCase):
    """What is done to a text (language reference, 3.1)."""

    def test_byte_order_mark(self) -> None:
        """One byte order mark at the start is dropped, another one is not."""
        self.assertEqual(Source("\ufeffa = 1").text, "a = 1")
        self.assertEqual(Source("\ufeff\ufeffa").text, "\ufeffa")

    def test_line_breaks(self) -> None:
        """CR LF counts as LF; a lone CR stays."""
        self.assertEqual(Source("a\r\nb\rc\n").text, "a\nb\rc\n")

    def test_what_the_user_wrote(self) -> None:
        """The text as given stays at hand."""
        self.assertEqual(Source("\ufeffa\r\n").raw, "\ufeffa\r\n")


class LineTests(SynchronousTestCase):
    """Lines, counted from 1."""

    def test_lines(self) -> None:
        """A line comes without its break; where there is none it is empty."""
        source = Source("one\r\ntwo\n\nfour")
        lines = [source.line(number) for number in (0, 1, 2, 3, 4, 5, 99)]
        self.assertEqual(lines, ["", "one", "two", "", "four", "", ""])

    def test_multiline(self) -> None:
        """A line break at the end does not open a second line."""
        self.assertFalse(Source("").multiline)
        self.assertFalse(Source("a = 1\n").multiline)
        self.assertFalse(Source("a = 1\r\n").multiline)
        self.assertTrue(Source("a = 1\nb").multiline)
        self.assertTrue(Source("\na = 1").multiline)


class ExcerptTests(SynchronousTestCase):
    """The line of an error with a caret below."""

    def test_caret_under_the_column(self) -> None:
        """The caret stands under the character of the column, or behind the last one."""
        source = Source("x = 1\ny = 2 $ 3\n")
        self.assertEqual(source.excerpt(2, 7), "y = 2 $ 3\n      ^")
        self.assertEqual(source.excerpt(1, 6), "x = 1\n     ^")

    def test_places_outside(self) -> None:
        """A column behind the end means the end; a line that does not exist is empty."""
        self.assertEqual(Source("ab").excerpt(1, 99), "ab\n  ^")
        self.assertEqual(Source("ab").excerpt(7, 3), "\n^")

    def test_tabs(self) -> None:
        """Tabs before the place are repeated, so that the caret lines up."""
        self.assertEqual(Source("\tab\tc $").excerpt(1, 7), "\tab\tc $\n\t  \t  ^")

    def test_wide_and_combining_characters(self) -> None:
        """East Asian characters take two columns, combining accents none."""
        self.assertEqual(Source("日 $").excerpt(1, 3), "日 $\n   ^")
        self.assertEqual(Source("e\u0301 $").excerpt(1, 4), "e\u0301 $\n  ^")

    def test_no_control_characters(self) -> None:
        """What could disturb a terminal is replaced, a carriage return too."""
        self.assertEqual(Source("a\x1b[2J\r$").excerpt(1, 7), "a\ufffd[2J\ufffd$\n      ^")
        self.assertEqual(Source("\ud800 $").excerpt(1, 3).encode(), "\ufffd $\n  ^".encode())

    def test_long_lines_are_cut(self) -> None:
        """Of a long line the part around the column is shown, the caret under its character."""
        source = Source("x" * 1_000_000 + "$" + "y" * 1000)
        line, caret = source.excerpt(1, 1_000_001).split("\n")
        self.assertLess(len(line), 130)
        self.assertEqual(line[len(caret) - 1], "$")
        self.assertEqual((line[0], line[-1]), ("…", "…"))
