"""Errors that a program catches and throws again, as readers of two languages see them."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode.errors import DataCodeError
from datacode.runtime import caught_errors
from datacode.runtime.interpreter import Interpreter

_RECURSION = """global function down(n) do
  return down(n + 1)
endfunction
try
  down(0)
catch e
  {then}
endtry"""


class ThrownAgainTests(SynchronousTestCase):
    """The program sees one text; who reads the answer has it in his language, with one prefix."""

    def setUp(self) -> None:
        self.interpreter = Interpreter()

    def failed(self, program: str) -> DataCodeError:
        """The error of a program."""
        error = self.interpreter.run(program).error
        assert error is not None
        return error

    def test_alone(self) -> None:
        """Kind and line stand once, and the sentence is in one language."""
        error = self.failed(_RECURSION.format(then="throw e"))
        self.assertEqual(
            str(error),
            "Exception at line 7: Runtime Error at line 2: Превышена максимальная глубина рекурсии"
            " (10000)",
        )
        self.assertEqual(
            error.render("ru"), "Ошибка: слишком глубокая рекурсия, строка 2 (строка 7)"
        )
        self.assertEqual(
            error.render("en"),
            "Exception at line 7: Runtime Error at line 2: Maximum recursion depth exceeded"
            " (10000)",
        )
        self.assertEqual(error.message.code, "thrown")

    def test_what_the_program_prints(self) -> None:
        """Is what it always was."""
        output = self.interpreter.run(_RECURSION.format(then="print(e)")).output
        self.assertEqual(
            output, "Runtime Error at line 2: Превышена максимальная глубина рекурсии (10000)\n"
        )

    def test_every_kind(self) -> None:
        """None of their prefixes is left in Russian."""
        for statement, text in (
            ("x = 1 / 0", "деление на ноль"),
            ("print(nobody)", "переменная 'nobody' не определена"),
            ("nobody()", "функция 'nobody' не определена"),
            ("len(5)", "значение неподходящего типа"),
        ):
            error = self.failed(f"try\n  {statement}\ncatch e\n  throw e\nendtry")
            russian = error.render("ru")
            self.assertTrue(russian.startswith(f"Ошибка: {text}"), russian)
            self.assertTrue(russian.endswith(", строка 2 (строка 4)"), russian)
            self.assertEqual(error.render("en"), str(error))

    def test_within_a_text(self) -> None:
        """What the program has put around it stays."""
        error = self.failed(
            'try\n  x = 1 / 0\ncatch e\n  throw "При расчёте {a}: " + e + "!"\nendtry'
        )
        self.assertEqual(
            error.render("ru"), "Ошибка: При расчёте {a}: деление на ноль, строка 2! (строка 4)"
        )

    def test_in_a_later_program(self) -> None:
        """The session remembers what it has caught."""
        self.assertIsNone(
            self.interpreter.run("try\n  x = 1 / 0\ncatch e\n  kept = e\nendtry").error
        )
        self.assertEqual(
            self.failed("throw kept").render("ru"), "Ошибка: деление на ноль, строка 2"
        )

    def test_a_text_of_the_program(self) -> None:
        """That only looks like an error is told as it is."""
        error = self.failed('throw "Runtime Error at line 2: Division by zero"')
        self.assertEqual(error.render("ru"), "Ошибка: Runtime Error at line 2: Division by zero")

    def test_bounds(self) -> None:
        """The last ones are known, and none that are long."""
        caught = "try\n    print([][i])\n  catch e\n    last = e\n  endtry"
        program = f"for i in range(100) do\n  {caught}\nnext i"
        self.assertIsNone(self.interpreter.run(program).error)
        known = self.interpreter._namespace.caught_errors._messages
        self.assertEqual(len(known), caught_errors._MOST)
        self.assertIn("строка 3", self.failed("throw last").render("ru"))
        long = "try\n  x = {}['" + "k" * 10_000 + "']\ncatch e\n  throw e\nendtry"
        self.assertIn("Runtime Error at line 2", self.failed(long).render("ru"))
