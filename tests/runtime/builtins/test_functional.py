"""Functions over arrays (builtins reference, 6), objects."""

from __future__ import annotations

from datacode.errors import DataCodeError, runtime_error
from datacode.values.table import Table
from datacode.values.types import Path
from tests.runtime.builtins.calling import BuiltinTestCase


class CallbackTests(BuiltinTestCase):
    def test_own_functions_come_first(self) -> None:
        """A function of the program hides the builtin of its name."""
        self.own["upper"] = lambda text: "mine " + text
        self.assertGives(["mine a"], "map", ["a"], "upper")

    def test_filter_keeps_by_the_answer(self) -> None:
        """Null, false, 0 and the empty text leave out; an empty array keeps."""
        answers = {"a": None, "b": False, "c": 0.0, "d": "", "e": [], "f": {}, "g": "x", "h": True}
        self.own["answer"] = answers.get
        self.assertGives(["e", "f", "g", "h"], "filter", list(answers), "answer")

    def test_reduce(self) -> None:
        """From the left, beginning with the first element or with the start."""
        self.own["minus"] = lambda a, b: a - b
        self.assertGives(-4, "reduce", [1, 2, 3], "minus")
        self.assertGives(4, "reduce", [1, 2, 3], "minus", 10)
        self.assertGives(None, "reduce", [], "minus", start=None)
        self.assertEqual(
            self.failure("reduce", [], "minus"),
            "Runtime Error: Cannot reduce empty array without initial value",
        )

    def test_empty_arrays_need_no_function(self) -> None:
        """Nothing is looked up for nothing, but a name it must be."""
        self.assertGives([], "map", [], "nowhere")
        self.assertGives([], "filter", [], "nowhere")
        self.assertEqual(
            self.failure("map", [], 5),
            "Type Error: expected Array and String (function name), found other",
        )

    def test_errors_pass(self) -> None:
        """An error inside the function is the error of the call."""

        def fails(value: object) -> object:
            raise runtime_error("no", "no")

        self.own["fails"] = fails
        self.assertRaises(DataCodeError, self.call, "map", [1], "fails")


class TruthTests(BuiltinTestCase):
    def test_any_and_all(self) -> None:
        """By the truth of ``if``, which asks the disk about paths; never of nothing."""
        self.files.contents["there.csv"] = b""
        self.assertGives(True, "any", [0, "", Path("there.csv")])
        self.assertGives(False, "all", [1, Path("gone.csv")])
        self.assertGives(True, "all", [1, "x", [0]])
        self.assertGives(False, "all", [])
        self.assertGives(False, "any", [])


class EnumTests(BuiltinTestCase):
    def test_pairs(self) -> None:
        """Of elements, characters and rows."""
        self.assertGives([[0, "ж"], [1, "i"]], "enum", "жi")
        self.assertGives([[0, [1, 2]]], "enum", Table.from_rows(["a", "b"], [[1.0, 2.0]]))
        self.assertEqual(
            self.failure("enum", {"a": 1}),
            "Type Error: expected Array, String, or Table, found other",
        )


class ObjectTests(BuiltinTestCase):
    def test_order_of_keys(self) -> None:
        """Ascending by code points, as in loops."""
        thing = {"b": 1, "Z": 2, "10": 3, "9": 4}
        self.assertGives(["10", "9", "Z", "b"], "keys", thing)
        self.assertGives([3, 4, 2, 1], "values", thing)

    def test_has_key(self) -> None:
        """A key whose value is null is there."""
        self.assertGives(True, "has_key", {"a": None}, "a")
        self.assertGives(False, "has_key", {}, "a")
        self.assertEqual(
            self.failure("has_key", [], "a"), "Type Error: expected Object, found other"
        )
        self.assertEqual(
            self.failure("has_key", {}, 1), "Type Error: expected Object and String, found other"
        )
