"""``lib://`` paths, names on the wire, patterns."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from datacode.runtime.files import FilesError
from datacode.smb import errors, share_paths
from datacode.smb.errors import ShareError
from datacode.values import paths


class PathTests(SynchronousTestCase):
    """From a program's path to a share's, and back."""

    def test_split(self) -> None:
        """The share is everything up to the next slash, spaces and Cyrillic included."""
        for text, expected in (
            ("lib://data/a/b.csv", ("data", "a/b.csv")),
            ("lib://data", ("data", "")),
            ("lib://data/", ("data", "")),
            ("lib://Отчеты за год/июнь 2024.csv", ("Отчеты за год", "июнь 2024.csv")),
            ("lib:///a", ("", "a")),
            ("lib://", ("", "")),
        ):
            self.assertEqual(share_paths.split(text), expected)

    def test_prefix_is_exact(self) -> None:
        """Only ``lib://`` in lower case means a share."""
        self.assertTrue(share_paths.is_share_path("lib://data"))
        self.assertFalse(share_paths.is_share_path("LIB://data"))
        self.assertFalse(share_paths.is_share_path("/lib://data"))

    def test_components(self) -> None:
        """Both slashes separate; empty parts and dots are ignored."""
        self.assertEqual(share_paths.components("data//a//"), ("data", "a"))
        self.assertEqual(share_paths.components(r"\a\./b"), ("a", "b"))
        self.assertEqual(share_paths.components(""), ())
        self.assertEqual(share_paths.components("a..b/..."), ("a..b", "..."))

    def test_parent_is_refused(self) -> None:
        """``..`` has one sentence, wherever it stands and whichever slash is used."""
        for path in ("..", "a/../b", r"a\..\b", "a/.."):
            error = self.assertRaises(ShareError, share_paths.components, path)
            self.assertEqual(str(error), "Некорректный путь")

    def test_characters_that_no_name_has(self) -> None:
        """A stream of a file, a wildcard or a null byte is no name."""
        for path in ("a:stream", "a\0b", "a/*.csv", 'say "x"', "a|b"):
            error = self.assertRaises(ShareError, share_paths.components, path)
            self.assertIs(error.cause, errors.BAD_NAME)

    def test_too_long_to_send(self) -> None:
        """A path that the protocol cannot carry is refused before it is sent."""
        error = self.assertRaises(ShareError, share_paths.nt_path, ("x" * 40_000,))
        self.assertIs(error.cause, errors.BAD_NAME)

    @given(st.text(st.characters()))
    def test_names_survive_the_wire(self, name: str) -> None:
        """Every name comes back as it went, non-BMP and lone surrogates included."""
        self.assertEqual(share_paths.decode_name(share_paths.encode_name(name)), name)

    def test_spellings_of_accents(self) -> None:
        """A letter with its accent is tried as it is first, then whole, then taken apart."""
        composed, apart = "\u0439.txt", "\u0438\u0306.txt"
        self.assertEqual(paths.spellings(composed), (composed, apart))
        self.assertEqual(paths.spellings(apart), (apart, composed))
        self.assertEqual(paths.spellings("a.txt"), ("a.txt",))
        both = paths.spellings(f"{composed}\\x\\{apart}", "\\")
        self.assertEqual(len(set(both)), 4)
        self.assertEqual(both[0], f"{composed}\\x\\{apart}")
        self.assertLess(len(paths.spellings("\\".join([composed] * 100), "\\")), 20)

    def test_hidden_leftovers(self) -> None:
        """Listings show dot files, but nothing that macOS has left."""
        names = [".", "..", "._a", ".DS_Store", ".env", "a"]
        self.assertEqual([name for name in names if share_paths.is_shown(name)], [".env", "a"])


class PatternTests(SynchronousTestCase):
    """Patterns of names."""

    def matches(self, pattern: str, name: str) -> bool:
        """Whether a pattern of one part fits a name."""
        (part,) = share_paths.Pattern.parse("data", pattern).parts
        return share_paths.part_matches(part, name)

    def test_wildcards(self) -> None:
        """Stars, question marks and classes, without regard to case."""
        for pattern, name, expected in (
            ("*.csv", "a.csv", True),
            ("*.csv", "A.CSV", True),
            ("*.csv", ".csv", True),
            ("*.csv", "a.csv2", False),
            ("*", ".hidden", True),
            ("a?c", "abc", True),
            ("a?c", "ac", False),
            ("отч*", "Отчет.xlsx", True),
            ("[ab]x", "bx", True),
            ("[!ab]x", "bx", False),
            ("[!ab]x", "cx", True),
            ("[a-c]x", "Bx", True),
            ("[]]x", "]x", True),
            ("[a-]x", "-x", True),
            ("[z-a]x", "bx", False),
            ("[.]x", "ax", False),
            ("a*b*c", "a1b2b3c", True),
            ("a*b*c", "a1c2b", False),
            ("*a*", "bab", True),
            ("*\n*", "a\nb", True),
        ):
            self.assertEqual(self.matches(pattern, name), expected, (pattern, name))

    def test_parts(self) -> None:
        """Plain names in front are folders to go into; ``**`` is any number of them."""
        pattern = share_paths.Pattern.parse("data", "in/2024/**/*.csv")
        self.assertEqual(pattern.fixed, ("in", "2024"))
        self.assertIsNone(pattern.parts[2])
        self.assertEqual(share_paths.Pattern.parse("data", "in/a.csv").fixed, ("in",))

    def test_malformed(self) -> None:
        """The fault is placed in the whole text that the program wrote."""
        for pattern, text in (
            ("in/[ab", "near position 14: invalid range pattern"),
            ("a***", "near position 14: wildcards are either regular `*` or recursive `**`"),
            ("a**", "recursive wildcards must form a single path component"),
        ):
            error = self.assertRaises(FilesError, share_paths.Pattern.parse, "data", pattern)
            message = str(error)
            self.assertTrue(message.startswith("Invalid glob pattern: Pattern syntax error near"))
            self.assertIn(text, message)

    def test_parent_in_a_pattern(self) -> None:
        """``..`` is refused there as well."""
        self.assertRaises(ShareError, share_paths.Pattern.parse, "data", "../*")

    def test_no_pattern_takes_for_ever(self) -> None:
        """Thirty stars against a name of 255 letters: done naively, that never ends."""
        self.assertFalse(self.matches("*a" * 30 + "b", "a" * 255))
