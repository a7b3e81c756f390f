"""Text (builtins reference, 7)."""

from __future__ import annotations

from datacode.values.table import Table
from datacode.values.types import Currency, Path
from tests.runtime.builtins.calling import BuiltinTestCase

TOO_LARGE = "Runtime Error: The value is too large: it would not fit into memory"


class SplitJoinTests(BuiltinTestCase):
    def test_split(self) -> None:
        """Empty parts stay; an empty delimiter cuts before and behind every character."""
        self.assertGives(["a", "", "b", ""], "split", "a,,b,", ",")
        self.assertGives([""], "split", "", ",")
        self.assertGives(["", "a", "b", ""], "split", "ab", "")
        self.assertGives(["", ""], "split", "", "")

    def test_join_takes_any_element(self) -> None:
        """By its printed text."""
        self.assertGives(
            "1, a, null, [2.5], $5", "join", [1, "a", None, [2.5], Currency("$5")], ", "
        )
        self.assertGives("a/b", "join", ["a", "b"], Path("/"))
        self.assertGives("", "join", [], ",")
        self.assertEqual(
            self.failure("join", ["a"], 1), "Type Error: expected Array and String, found other"
        )

    def test_join_of_tables(self) -> None:
        """Two tables instead of an array and a delimiter are joined as tables."""
        left = Table.from_rows(["id", "a"], [[1.0, "x"], [2.0, "y"]])
        right = Table.from_rows(["id", "b"], [[1.0, True]])
        found = self.call("join", left, right, "id", "left", suffixes=["", "_r"])
        self.assertEqual(list(found.names), ["id", "a", "id_r", "b"])
        self.assertEqual(list(found.rows()), [[1.0, "x", 1.0, True], [2.0, "y", None, None]])
        self.assertEqual(
            self.failure("join", left, right),
            "Runtime Error: Function 'join' needs the argument 'on'",
        )
        self.assertEqual(
            self.failure("join", ["a"], ",", "x"),
            "Function Error: Function 'join' expects 2 arguments, found 3",
        )

    def test_tables_by_name(self) -> None:
        """The tables have names of their own, beside those of an array and a delimiter."""
        one = Table.from_rows(["id"], [[1.0], [2.0]])
        self.assertEqual(len(self.call("join", left=one, right=one, on="id")), 2)
        self.assertEqual(len(self.call("join", one, right=one, on="id", type="anti")), 0)
        self.assertGives("a-b", "join", array=["a", "b"], delim="-")
        self.assertEqual(
            self.failure("join", one, one, left=one, on="id"),
            "Runtime Error: Argument 'left' of function 'join' is given twice",
        )
        for named in ({"left": one}, {"right": one}, {"array": ["a"]}, {"delim": ","}):
            self.assertEqual(
                self.failure("join", **named),
                "Function Error: Function 'join' expects 2 arguments, found 1",
            )
        self.assertEqual(
            self.failure("join", left=["a"], right=one, on="id"),
            "Type Error: expected Table, Table, found other",
        )

    def test_large_results_are_refused(self) -> None:
        """Before they are allocated."""
        self.assertEqual(self.failure("join", ["a" * 10_000_000] * 1000, ""), TOO_LARGE)
        self.assertEqual(self.failure("replace", "a" * 1_000_000, "a", "b" * 100_000), TOO_LARGE)


class CaseTests(BuiltinTestCase):
    def test_unicode(self) -> None:
        """Letters of every alphabet, and those that become two."""
        self.assertGives("STRASSE МИР", "upper", "straße мир")
        self.assertGives("мир", "lower", "МИР")
        self.assertGives(True, "isupper", "Ж1!")
        self.assertGives(False, "islower", "1!")

    def test_trim(self) -> None:
        """Unicode white space, but no control characters that Python strips too."""
        self.assertGives("a b", "trim", "\u2003\n a b\xa0")
        self.assertGives("\x1ca", "trim", "\x1ca ")

    def test_paths_are_texts(self) -> None:
        """A path counts as its text, a currency value does not."""
        self.assertGives("A/B", "upper", Path("a/b"))
        self.assertGives(True, "ends_with", Path("a.csv"), ".csv")
        self.assertEqual(
            self.failure("upper", Currency("$5")), "Type Error: expected String, found other"
        )


class SearchTests(BuiltinTestCase):
    def test_contains(self) -> None:
        """In a text another text, in an array an equal element of the same kind."""
        self.assertGives(True, "contains", "привет", "")
        self.assertGives(True, "contains", Path("a/b.csv"), Path("b"))
        self.assertGives(True, "contains", [[1.0], None], [1.0])
        self.assertGives(False, "contains", [1.0, "1"], True)
        self.assertGives(True, "contains", [1.0, True], True)
        for arguments in [("12", 1), (5, "5"), ({"a": 1}, "a")]:
            self.assertEqual(
                self.failure("contains", *arguments),
                "Type Error: expected String or Array, found other",
            )

    def test_find_counts_characters(self) -> None:
        """From 0; -1 where there is nothing."""
        self.assertGives(3, "find", "привет", "в")
        self.assertGives(-1, "find", "привет", "в", 4)
        self.assertGives(0, "find", "a", "")
        self.assertGives(-1, "find", "a", "b")
        self.assertEqual(
            self.failure("find", "a", "a", 0.5), "Runtime Error: find: start must be a whole number"
        )

    def test_substring(self) -> None:
        """To before the end; negative positions from the end; outside is nothing."""
        self.assertGives("ив", "substring", "привет", 2, 4)
        self.assertGives("ет", "substring", "привет", -2)
        self.assertGives("прив", "substring", "привет", 0, end=-2)
        self.assertGives("", "substring", "abc", 5, 9)
        self.assertGives("abc", "substring", "abc", -9, 9)
        self.assertEqual(
            self.failure("substring", "abc", "0"), "Type Error: expected Number, found other"
        )

    def test_replace(self) -> None:
        """Every occurrence; there must be something to look for."""
        self.assertGives("b-b-", "replace", "aa", "a", "b-")
        self.assertEqual(
            self.failure("replace", "abc", "", "x"),
            "Runtime Error: replace: the text to be replaced cannot be empty",
        )
