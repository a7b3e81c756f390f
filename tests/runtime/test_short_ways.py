"""Ways that compiled code takes where it can, against what they stand for."""

from __future__ import annotations

import gc

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter


class ShortWayTests(SynchronousTestCase):
    """What programs print is the rule's, whichever way they go."""

    def assert_prints(self, program: str, *lines: str) -> None:
        """The program runs to its end and prints these lines."""
        outcome = Interpreter().run(program)
        self.assertIsNone(outcome.error, outcome.error and str(outcome.error))
        self.assertEqual(outcome.output, "".join(line + "\n" for line in lines))

    def test_remainders_of_counters(self) -> None:
        """They have the sign of the left operand, whatever they are used for."""
        self.assert_prints(
            "xs = [0, 1, 2, 3, 4]\n"
            "for i in range(-4, 5, 3) do\n"
            "  print(i % 3 + 0, '' + i % 3, i % -3 == -1, xs[i % 3], 1 - i % 3)\n"
            "next i",
            "-1 -1 true 4 2",
            "-1 -1 true 4 2",
            "2 2 false 2 -1",
        )

    def test_remainder_of_counter_by_zero(self) -> None:
        """It is an error, and nothing is computed beforehand."""
        error = Interpreter().run("for i in range(3) do\n  x = '' + i % 0\nnext i").error
        self.assertEqual(str(error), "Runtime Error at line 2: Modulo by zero")

    def test_inequality(self) -> None:
        """It is the opposite of equality, for NaN and near numbers too."""
        self.assert_prints(
            "big = 10 ^ 308 * 10\nnan = big - big\n"
            "print(nan != nan, 0.1 + 0.2 != 0.3, null != null, 'a' != 'b', 1 != '1', [1] != [1])\n"
            "function f(a, b) do\n  return a != b\nendfunction\n"
            "print(f(nan, nan), f(1, 1), f('a', 'b'), f(null, false), f([], {}))",
            "true false false true true false",
            "true false true true true",
        )

    def test_thrown_values(self) -> None:
        """The printed form of any value, and its own error when nobody catches it."""
        self.assert_prints(
            "function f(x) do\n  throw x\nendfunction\n"
            "for x in ['a', 1.5, true, null, [1, 'b'], {k: 1}] do\n"
            "  try\n    f(x)\n  catch e\n    print(typeof(e), e)\n  endtry\n"
            "next x\n"
            "try\n  throw 2\ncatch e\n  print(e == '2')\nendtry",
            *("string a", "string 1.5", "string true", "string null"),
            *("string [1, b]", "string {k: 1}", "true"),
        )
        error = Interpreter().run("x = 1\nthrow 'too {much}: ' + x").error
        assert error is not None
        self.assertEqual(str(error), "Exception at line 2: too {much}: 1")
        self.assertEqual(error.render("ru"), "Ошибка: too {much}: 1 (строка 2)")
        self.assertEqual((error.message.params, error.column), ({"message": "too {much}: 1"}, 1))

    def test_caught_errors(self) -> None:
        """The text of each kind of error, with or without a variable for it."""
        self.assert_prints(
            "function f(n) do\n"
            "  try\n    if n == 0 do\n      throw 'thrown'\n    endif\n    return 1 / (n - 1)\n"
            "  catch e\n    return e\n  endtry\n"
            "endfunction\n"
            "print(f(0))\nprint(f(1))\nprint(f(2))\n"
            "try\n  throw 1\ncatch\n  print('no name')\nendtry",
            *("thrown", "Runtime Error at line 6: Division by zero", "1", "no name"),
        )

    def test_caught_errors_are_let_go(self) -> None:
        """An error that was caught keeps neither itself nor the variables around it alive."""
        interpreter = Interpreter()
        define = (
            "function f() do\n  xs = [[1], [2]]\n"
            "  try\n    throw 'a'\n  catch e\n  endtry\nendfunction"
        )
        self.assertIsNone(interpreter.run(define).error)
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        interpreter.run("f()")
        before = len(gc.get_objects())
        interpreter.run("for i in range(1000) do\n  f()\nnext i")
        self.assertLess(len(gc.get_objects()) - before, 1000)

    def test_depth_of_calls(self) -> None:
        """The number of calls that may be active is exact, through builtins too."""
        counting = (
            "function f(n) do\n  if n == 0 do\n    return 0\n  endif\n"
            "  return 1 + CALL\nendfunction\n"
        )
        for call in ("f(n - 1)", "sum(map([n - 1], 'f'))", "f(*[n - 1])"):
            program = counting.replace("CALL", call)
            for limit in (1, 2, 30):
                interpreter = Interpreter(recursion_limit=limit)
                outcome = interpreter.run(f"{program}print(f({limit - 1}))")
                self.assertEqual((outcome.output, outcome.error), (f"{limit - 1}\n", None))
                self.assertIn(f"({limit})", str(interpreter.run(f"f({limit})").error))
