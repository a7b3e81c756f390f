"""Patterns of paths (tables and files reference, 3.2)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode.runtime.files import Entry, FilesError
from datacode.runtime.patterns import MOST_FOLDERS, matching
from tests.runtime.builtins.calling import MemoryFiles

NAMES = [
    "a.csv",
    ".hidden.csv",
    "B.CSV",
    "in/jan.csv",
    "in/deep/feb.csv",
    "in/deep/x",
    "out/jan.csv",
]


class MatchTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.files = MemoryFiles(dict.fromkeys(NAMES, b""))

    def found(self, pattern: str) -> list[str]:
        return matching(pattern, self.files.list_folder)

    def failure(self, pattern: str) -> str:
        error = self.assertRaises(FilesError, self.found, pattern)
        return str(error)

    def test_wildcards(self) -> None:
        """Inside one part, leading dots too, case as it is."""
        self.assertEqual(self.found("*.csv"), [".hidden.csv", "a.csv"])
        self.assertEqual(self.found("?.*"), ["B.CSV", "a.csv"])
        self.assertEqual(self.found("*/jan.csv"), ["in/jan.csv", "out/jan.csv"])
        self.assertEqual(self.found("i*"), ["in"])

    def test_sets(self) -> None:
        """Single characters, ranges, and all others."""
        self.assertEqual(self.found("[ab].csv"), ["a.csv"])
        self.assertEqual(self.found("[A-Z]*"), ["B.CSV"])
        self.assertEqual(self.found("[!.a-z]*"), ["B.CSV"])
        self.assertEqual(self.found("[z-a]*"), [])

    def test_any_folders(self) -> None:
        """No folder counts as some; at the end folders are meant."""
        self.assertEqual(self.found("**/jan.csv"), ["in/jan.csv", "out/jan.csv"])
        self.assertEqual(self.found("in/**/*.csv"), ["in/deep/feb.csv", "in/jan.csv"])
        self.assertEqual(self.found("**"), ["in", "in/deep", "out"])
        self.assertEqual(self.found("**/**/feb.csv"), ["in/deep/feb.csv"])

    def test_the_part_before_wildcards_stays(self) -> None:
        """As it was spelled; nothing above it is listed."""
        self.files.refused.add("")
        self.assertEqual(self.found("in/*.csv"), ["in/jan.csv"])

    def test_missing_folders_hold_nothing(self) -> None:
        """No error, no match."""
        self.assertEqual(self.found("none/*.csv"), [])
        self.assertEqual(self.found("a.csv/*"), [])

    def test_refusals(self) -> None:
        """The first folder's refusal is told; one met on the way is left out."""
        self.files.refused.add("in")
        self.assertEqual(self.failure("in/*"), "'in' is out of bounds")
        self.assertEqual(self.found("*/*.csv"), ["out/jan.csv"])

    def test_malformed(self) -> None:
        """Place, counted from 0, and reason."""
        start = "Invalid glob pattern: Pattern syntax error near position "
        for pattern, rest in [
            ("in/[a", "3: invalid range pattern"),
            ("[]", "0: invalid range pattern"),
            ("a***", "3: wildcards are either regular `*` or recursive `**`"),
            ("a**", "0: recursive wildcards must form a single path component"),
            ("**a", "2: recursive wildcards must form a single path component"),
        ]:
            self.assertEqual(self.failure(pattern), start + rest)

    def test_searches_end(self) -> None:
        """In folders that contain themselves, and with many wildcards over a long name."""
        endless = [Entry("a", True), Entry("b", True)]
        error = self.assertRaises(FilesError, matching, "**/x", lambda path: endless)
        self.assertEqual(error.message.params, {"limit": str(MOST_FOLDERS)})
        long = [Entry("a" * 255, False)]
        self.assertEqual(matching("*a" * 40 + "*b", lambda path: long), [])
