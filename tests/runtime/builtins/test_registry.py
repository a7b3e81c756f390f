"""How a builtin is described, and what is said about a wrong call."""

from __future__ import annotations

import inspect

from twisted.trial.unittest import SynchronousTestCase

from datacode.errors import DataCodeError
from datacode.language.syntax.lexer import RESERVED_WORDS
from datacode.runtime.builtins.registry import BUILTINS, alias, builtin
from datacode.values.types import Value


class CallCheckTests(SynchronousTestCase):
    """``Builtin.keywords``: names, numbers and gaps."""

    def refusal(self, name: str, count: int, names: list[str]) -> str:
        error = self.assertRaises(DataCodeError, BUILTINS[name].keywords, count, names)
        return str(error)

    def test_user_names_become_keywords(self) -> None:
        """Parameters whose names Python has taken keep their own in programs."""
        self.assertEqual(BUILTINS["upper"].keywords(0, ["str"]), ["str_"])
        self.assertEqual(BUILTINS["pow"].keywords(1, ["exp"]), ["exp"])
        self.assertEqual(BUILTINS["isinstance"].parameters, ("value", "type"))

    def test_wrong_counts_with_names(self) -> None:
        """Arguments by name count like the others."""
        expected = "Function Error: Function 'pow' expects 2 arguments, found 1"
        self.assertEqual(self.refusal("pow", 0, ["exp"]), expected)
        self.assertEqual(
            self.refusal("pow", 3, ["exp"]),
            "Function Error: Function 'pow' expects 2 arguments, found 3",
        )

    def test_missing_argument_is_named(self) -> None:
        """Where the number would do but the argument is another, it is named."""
        self.assertEqual(
            self.refusal("reduce", 1, ["start"]),
            "Runtime Error: Function 'reduce' needs the argument 'func'",
        )

    def test_unknown_name(self) -> None:
        """The name and the function are said."""
        self.assertEqual(
            self.refusal("len", 1, ["colour"]),
            "Runtime Error: Unknown named argument 'colour' for len",
        )

    def test_given_twice(self) -> None:
        """By position and by name at once."""
        self.assertEqual(
            self.refusal("pow", 2, ["base"]),
            "Runtime Error: Argument 'base' of function 'pow' is given twice",
        )

    def test_the_later_of_two_equal_names_wins(self) -> None:
        """As the language has it."""
        self.assertEqual(BUILTINS["pow"].keywords(1, ["exp", "exp"]), ["exp", "exp"])

    def test_functions_without_names(self) -> None:
        """``min`` takes any number of arguments and has no names for them."""
        self.assertEqual(
            self.refusal("min", 0, ["n"]),
            "Runtime Error: Function 'min' does not support named arguments",
        )

    def test_private_parameters_have_no_names(self) -> None:
        """Some arguments exist by position only."""
        self.assertNotIn("_first", BUILTINS["range"].parameters)
        self.assertIn("Unknown named argument", self.refusal("range", 0, ["_first"]))


class DescriptionTests(SynchronousTestCase):
    """What every builtin has."""

    def test_documented(self) -> None:
        """Each function has a sentence and an example."""
        for entry in BUILTINS.values():
            self.assertIn("Example::", entry.documentation, entry.name)
            summary = " ".join(entry.documentation.partition("\n\n")[0].split())
            self.assertRegex(summary, r"\A[A-Z`].*[.?]\Z", entry.name)

    def test_signatures(self) -> None:
        """Written from the parameters, or given where these cannot say it."""
        self.assertEqual(BUILTINS["find"].signature, "find(str, substr, [start])")
        self.assertEqual(BUILTINS["length"].signature, "length(value)")
        self.assertEqual(
            BUILTINS["list_files"].signature, "list_files(path, regex=..., recursive=false)"
        )

    def test_parameters_follow_the_python_function(self) -> None:
        """The host is no parameter of the language."""
        for entry in BUILTINS.values():
            python = list(inspect.signature(entry.function).parameters)
            self.assertEqual(entry.needs_host, python[:1] == ["host"], entry.name)

    def test_no_name_is_a_reserved_word(self) -> None:
        """A program could not write such a name before ``=``."""
        for entry in BUILTINS.values():
            self.assertEqual(set(entry.parameters) & set(RESERVED_WORDS), set(), entry.name)

    def test_names_are_taken_once(self) -> None:
        """Neither a second function nor an alias can take a name over."""
        self.assertRaises(ValueError, alias, "len", "push")

        def len_(value: Value) -> Value:
            return value

        self.assertRaises(ValueError, builtin("x"), len_)
