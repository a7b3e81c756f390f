"""What is compiled again when something changes that code relies on: a test for each row of the
table in ``language.analysis.environment``.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from tests.language.compiled import compiled_by

USE = "function use() do\n  return isset(x)\nendfunction\n"
ONE = "function one() do\n  return 1\nendfunction\n"
DOUBLE = "function double(n) do\n  return n * 2\nendfunction\n"
CALL = "function call() do\n  return double(2) + 1\nendfunction\n"


class InvalidationTests(SynchronousTestCase):
    """Code is compiled again if, and only if, it relies on what has changed."""

    def setUp(self) -> None:
        """One session."""
        self.interpreter = Interpreter()

    def again(self, text: str) -> set[str]:
        """The functions of the program that are compiled when a program runs."""
        return {name for name in compiled_by(self.interpreter, text) if name.startswith("f_")}

    def output(self, text: str) -> str:
        """What a program prints."""
        outcome = self.interpreter.run(text)
        self.assertIsNone(outcome.error)
        return outcome.output

    def test_variable_comes_to_be(self) -> None:
        """A watched global: the functions that mention it."""
        assign = "function assign() do\n  x = 1\n  return x\nendfunction\n"
        other = "function other() do\n  y = 1\n  return y\nendfunction\n"
        calls = "assign()\nother()"
        self.assertEqual(self.again(assign + other + calls), {"f_assign", "f_other"})
        self.assertEqual(self.again(calls + "\n"), set())
        self.assertEqual(self.again("x = 5\n" + calls), {"f_assign"})
        self.assertEqual(self.output("print(x)"), "1\n")

    def test_top_level_local_comes_to_be(self) -> None:
        """A mentioned top-level local: the functions that mention it."""
        self.assertEqual(self.again(USE + ONE + "use()\none()"), {"f_use", "f_one"})
        self.assertEqual(self.again("local x = 5\nuse()\none()"), {"f_use"})
        self.assertEqual(self.output("print(use())"), "true\n")

    def test_function_is_replaced(self) -> None:
        """Its callers, and those that rely on a result of it."""
        self.again(DOUBLE + CALL + ONE + "call()\none()")
        self.assertEqual(self.again("call()\none()"), set())
        other = DOUBLE.replace("n * 2", "'n ' + n")
        self.assertEqual(self.again(other + "call()\none()"), {"f_double", "f_call"})
        self.assertEqual(self.output("print(call())"), "n 21\n")

    def test_result_of_replaced_function(self) -> None:
        """Who relies on a result through another function is compiled again, too."""
        half = "function half(n) do\n  return n / 2\nendfunction\n"
        less = "function less(n) do\n  return half(n) + 1\nendfunction\n"
        top = "function top() do\n  return less(8) + 1\nendfunction\n"
        self.assertEqual(self.output(half + less + top + "print(top())"), "6\n")
        replaced = half.replace("n / 2", "'n ' + n")
        self.assertEqual(self.again(replaced + "top()"), {"f_half", "f_less", "f_top"})
        self.assertEqual(self.output("print(top())"), "n 811\n")

    def test_name_is_newly_written(self) -> None:
        """A global that a function may change now: the functions that mention it."""
        read = "function read() do\n  return x + 1\nendfunction\n"
        self.again("x = 1\n" + read + ONE + "read()\none()")
        write = "function write() do\n  x = 'text '\nendfunction\nwrite()\n"
        self.assertEqual(self.again(write + "read()\none()"), {"f_read", "f_write"})
        self.assertEqual(self.output("print(read())"), "text 1\n")

    def test_name_is_changed_in_place(self) -> None:
        """An array that is changed in place now: who reads it must let its owner know."""
        read = "function read() do\n  global seen = xs\n  return 1\nendfunction\n"
        self.again("xs = [1]\nseen = 0\n" + read + ONE + "read()\none()")
        self.assertEqual(self.again("xs[0] = 2\nread()\none()\nxs[0] = 3"), {"f_read"})
        self.assertEqual(self.output("print(seen, xs)"), "[2] [3]\n")

    def test_steps_are_counted(self) -> None:
        """All functions, and back again."""
        self.again(ONE + USE + "one()\nuse()")
        self.interpreter.run("one()\nuse()", max_steps=100)
        made = self.again("one()\nuse()\n")
        self.assertEqual(made, set())  # the code without counting is cached
        outcome = self.interpreter.run("one()\none()", max_steps=2)
        self.assertIn("2", str(outcome.error))

    def test_other_types_at_a_chunk(self) -> None:
        """The same text in another state of the session is another variant."""
        text = "y = x + 1"
        self.interpreter.run("x = 1")
        numbers = compiled_by(self.interpreter, text)["chunk"]
        self.assertNotIn("add", numbers)
        self.interpreter.run("x = 'a'")
        self.assertIn("str", compiled_by(self.interpreter, text)["chunk"])
        compiled_by(self.interpreter, text)  # ``y`` is a string, too, from now on
        self.assertEqual(compiled_by(self.interpreter, text), {})
        self.assertEqual(self.output("print(y)"), "a1\n")

    def test_specialization_is_another_one(self) -> None:
        """Cached code that asked for a function is made again if the answer would be another."""
        call = "z = double(4)"
        self.assertIn("chunk", compiled_by(self.interpreter, DOUBLE + call))
        self.assertIn("chunk", compiled_by(self.interpreter, call))
        self.assertEqual(compiled_by(self.interpreter, call), {})
        self.interpreter.run(DOUBLE.replace("n * 2", "'' + n"))
        self.assertIn("chunk", compiled_by(self.interpreter, call))
        self.assertEqual(self.output("print(z + 1)"), "41\n")

    def test_only_what_is_called_is_made(self) -> None:
        """The types of a result are known before there is code for the function."""
        text = DOUBLE + "x = 1\nif x > 1 do\n  x = double(x) + 1\nendif\nx"
        made = compiled_by(self.interpreter, text)
        self.assertEqual(set(made), {"chunk"})
        self.assertIn("k1_double(depth_limit, v_x) + 1.0", made["chunk"])
        self.assertEqual(set(compiled_by(self.interpreter, "double(3)")), {"chunk", "f_double"})

    def test_running_chunk_gets_no_promise(self) -> None:
        """A result that depends on what the chunk itself may create is not relied on."""
        text = "function f(n) do\n  if n > 1 do\n    w = 'a'\n  endif\n  return w\nendfunction\n"
        program = text + "for w in [1] do\n  global w = 5\nnext w\ny = f(0) + 1\nprint(y)"
        made = compiled_by(self.interpreter, program)
        self.assertIn("float", made["chunk"])
