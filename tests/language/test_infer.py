"""Types that are inferred, as the code shows that relies on them."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.language.analysis import rules
from datacode.language.analysis.type_sets import (
    ANY,
    ARRAY,
    INTEGER,
    NULL,
    NUMBER,
    OBJECT,
    OTHER,
    STRING,
)
from tests.language.compiled import compiled_by


class LoopTests(SynchronousTestCase):
    """Summaries of loops."""

    def compiled(self, text: str) -> str:
        """The Python of a program's only chunk."""
        return compiled_by(Interpreter(), text)["chunk"]

    def test_sum_of_whole_numbers(self) -> None:
        """A sum over a range is whole, so it is compared without a tolerance."""
        text = (
            "s = 0\nfor i in range(9) do\n  s = s + i\n  if s == i * 3 do\n    x = s\n  endif\nnext"
        )
        self.assertIn("if p_v_s == b1x1_i * 3.0:", self.compiled(f"{text} i"))

    def test_sum_of_lengths(self) -> None:
        """The length of an array is whole where it is read as a member, too."""
        text = (
            "s = 0\nxs = [1]\nfor i in range(9) do\n  s = s + xs.len\n  if s == i do\n    x = s\n"
        )
        self.assertIn("if p_v_s == b1x1_i:", self.compiled(f"{text}  endif\nnext i"))

    def test_differences(self) -> None:
        """Of the operands of a difference that did not fail it is known that they are numbers."""
        text = "x = 1\nlocal y = [5, 'a'][0]\nz = y - x\nz = y + x + z"
        self.assertIn("v_z = t_y + v_x + v_z", self.compiled(text))


class RuleTests(SynchronousTestCase):
    """``analysis.rules``, where a wrong one would be hard to see."""

    def test_quotients(self) -> None:
        """Paths can be divided by texts, not by numbers."""
        self.assertEqual(rules.arithmetic("/", ANY, NUMBER), NUMBER)
        self.assertEqual(rules.arithmetic("/", OTHER, STRING), OTHER)
        self.assertTrue(rules.needs_numbers("/", ANY, INTEGER))
        self.assertFalse(rules.needs_numbers("/", OTHER | NUMBER, STRING | NUMBER))

    def test_differences(self) -> None:
        """Whole if both are, whatever else they might have been."""
        self.assertEqual(rules.arithmetic("-", INTEGER | NULL, INTEGER), INTEGER)
        self.assertEqual(rules.arithmetic("-", INTEGER, NUMBER), NUMBER)

    def test_order(self) -> None:
        """Both operands are numbers, or both are strings."""
        self.assertEqual(rules.ordered(ANY, STRING), STRING)
        self.assertEqual(rules.ordered(INTEGER, ANY), NUMBER)
        self.assertEqual(rules.ordered(ANY, ANY), NUMBER | STRING | OTHER)

    def test_members(self) -> None:
        """A key of an object can be anything, ``len`` too."""
        self.assertEqual(rules.member("len", ARRAY | STRING), INTEGER)
        self.assertEqual(rules.member("len", OBJECT | ARRAY), ANY)
        self.assertEqual(rules.member("upper", STRING), STRING)


class ResultTests(SynchronousTestCase):
    """Functions whose result types a loop is compiled by."""

    def test_forms_that_nobody_calls(self) -> None:
        """Asking for result types takes none of the few forms of a function."""
        interpreter = Interpreter()
        text = (
            "function f(a) do\nreturn a * 2\nendfunction\nx = 1\n"
            "for i in range(5) do\nx = f(x) / 2\nnext i"
        )
        self.assertIsNone(interpreter.run(text).error)
        function = interpreter._namespace.functions.defined["f"]
        forms = {each.python: each.is_bound for each in function.specializations.values()}
        self.assertEqual(forms, {"f_f": False, "k3_f": True})
        self.assertEqual(list(function.only_planned), [(1,)])
        # The first of them that is called becomes a form, with the plan that was made.
        self.assertIsNone(interpreter.run("for i in range(3) do\ny = f(i)\nnext i").error)
        self.assertEqual(list(function.only_planned), [])
        self.assertTrue(function.specializations[(1,)].is_bound)
        # Once its assumptions are gone, so is what was only planned.
        self.assertIsNone(interpreter.run("function g(a) do\nreturn f(a)\nendfunction").error)
        self.assertIsNone(interpreter.run("function f(a) do\nreturn '!'\nendfunction").error)
        again = "x = 1\nfor i in range(2) do\nx = f(x) + 1\nnext i\nprint(x, g(1))"
        self.assertEqual(interpreter.run(again).output, "!1 !\n")
