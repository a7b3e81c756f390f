"""Which names fit a part of a pattern, and what that costs."""

from __future__ import annotations

import fnmatch
import gc
import re
import time
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from datacode.runtime.files import Entry, FilesError
from datacode.runtime.in_steps import done, sorted_in_steps
from datacode.runtime.name_patterns import NamePattern, is_long_name
from datacode.runtime.patterns import matching, searching

LETTERS = "abAB-!]"
PARTS = st.lists(
    st.sampled_from(["a", "b", "B", "-", "*", "?", "[ab]", "[!a]", "[a-b]", "[]-]", "[b-a]"])
)


class FittingTests(SynchronousTestCase):
    @settings(max_examples=500, deadline=None, derandomize=True)
    @given(PARTS, st.text(LETTERS, max_size=8))
    def test_as_the_library_does(self, parts: list[str], name: str) -> None:
        """The same names as ``fnmatch`` finds, which tries everything."""
        text = re.sub(r"\*+", "*", "".join(parts))
        self.assertEqual(
            NamePattern(text).fits(name), fnmatch.fnmatchcase(name, text), (text, name)
        )

    def test_escapes(self) -> None:
        """Wildcards in brackets are themselves."""
        for pattern, name in (
            ("[[]a[]].csv", "[a].csv"),
            ("a[*].txt", "a*.txt"),
            ("what[?]", "what?"),
            ("[[]1]*", "[1] x"),
        ):
            self.assertTrue(NamePattern(pattern).fits(name), pattern)
            self.assertFalse(NamePattern(pattern).fits("a"), pattern)

    def test_case(self) -> None:
        """Does not count where it is folded, in sets either."""
        for pattern, name in (
            ("Ж[а-я]*", "жЯ"),
            ("[A-C]?", "bж"),
            ("*.CSV", "я.csv"),
            ("ß*?", "ßx"),
        ):
            self.assertTrue(NamePattern(pattern, fold=True).fits(name), pattern)
        self.assertFalse(NamePattern("*.CSV").fits("a.csv"))

    def test_normal_forms(self) -> None:
        """Letters count the same, composed or taken apart."""
        for form in ("NFC", "NFD"):
            for other in ("NFC", "NFD"):
                pattern = NamePattern(unicodedata.normalize(form, "Отчёт ?.*"))
                self.assertTrue(pattern.fits(unicodedata.normalize(other, "Отчёт й.csv")))

    def test_long_names(self) -> None:
        """In UTF-16 units, as file systems count."""
        self.assertFalse(is_long_name("я" * 255))
        self.assertTrue(is_long_name("я" * 256))
        self.assertFalse(is_long_name("😀" * 127))
        self.assertTrue(is_long_name("😀" * 128))


class CostTests(SynchronousTestCase):
    def test_no_pattern_is_slow(self) -> None:
        """The longest name against the longest patterns of each kind: ten thousand in a second."""
        names = ["a" * 254 + "b", "a" * 255, "".join(map(chr, range(0x400, 0x4FF)))]
        for part in ("*a", "[ab]", "?", "*?", "*[ab]", "[!b]*", "a*", "*[a-z0-9]", "*[!c]a"):
            for fold in (False, True):
                pattern = NamePattern(part * (4096 // len(part)) + "c", fold=fold)
                short = NamePattern(part * (250 // len(part.replace("*", ""))) + "*c", fold=fold)
                begun = time.process_time()
                for _ in range(50):
                    for name in names:
                        pattern.fits(name)
                        short.fits(name)
                self.assertLess(time.process_time() - begun, 10, part)

    def test_too_long(self) -> None:
        """More than 4 KiB, or too many parts, are refused before anything is listed."""

        def never(path: str) -> list[Entry]:
            raise AssertionError(path)

        self.assertRaises(OSError, matching, "a" * 4097, never)
        self.assertRaises(OSError, matching, "я" * 2049, never)
        error = self.assertRaises(FilesError, matching, "*/" * 101, never)
        self.assertEqual(error.message.code, "pattern_too_many_parts")
        found = matching("/".join(["**"] * 1000) + "/a", lambda path: [Entry("a", False)])
        self.assertEqual(found, ["a"])

    def test_steps_are_short(self) -> None:
        """Of a search through a folder of 200,000 names, and of putting them in order."""
        entries = [Entry(f"{(n * 7919) % 200_000:06}-name.csv", False) for n in range(200_000)]
        longest = 0.0
        gc.disable()  # not of everything that other tests of this process have left
        self.addCleanup(gc.enable)
        steps = searching("*[0-9]-*.csv", lambda path: entries)
        while True:
            begun = time.thread_time()
            try:
                next(steps)
            except StopIteration as end:
                self.assertEqual(len(end.value), 200_000)
                self.assertEqual(end.value, sorted(end.value))
                break
            longest = max(longest, time.thread_time() - begun)
        self.assertLess(longest, 0.2)  # all in one step takes more than a second
        self.assertEqual(done(sorted_in_steps([3, 1, 2], lambda each: each)), [1, 2, 3])
