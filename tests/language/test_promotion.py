"""Variables that are kept in Python locals while a loop runs are what they would be otherwise."""

from __future__ import annotations

import sys
from collections import OrderedDict
from types import FrameType
from typing import Any
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.language import compiler, program_cache
from datacode.language.passes.constant_equality import bound_constants
from datacode.runtime.interpreter import PROGRAM_FILE
from datacode.runtime.interrupts import Cancelled
from tests.language.compiled import compiled_by
from tests.language.random_programs import ProgramMaker
from tests.language.reference import LIMIT

SESSIONS = 12
STEPS = (1, 3, 8, 13, 21, 34, 300)


def values(interpreter: Interpreter) -> dict[str, str]:
    """All variables, in order."""
    return {variable.name: variable.preview for variable in interpreter.variables()}


class ShapeTests(SynchronousTestCase):
    """Which variables are promoted."""

    def python(self, text: str) -> str:
        """The Python of the top level."""
        return compiled_by(Interpreter(), text)["chunk"]

    def test_loop(self) -> None:
        """What a loop sets and reads; written back once behind it."""
        text = "n = 2\ntotal = 0\nfor i in range(n) do\nt = n * i\ntotal = total + t\nnext i"
        self.assertEqual(
            self.python(text).partition("promoting()\n    ")[2].splitlines(),
            [
                "v_total = None",
                "    for b1x1_i in number_range(p_v_n):",
                "        p_v_t = p_v_n * b1x1_i",
                "        p_v_total = p_v_total + p_v_t",
                "    if p_v_t is not unset:",
                "        v_t = p_v_t",
                "    v_total = p_v_total",
                "    promoted()",
                "    p_v_n = p_v_t = p_v_total = unset",
            ],
        )

    def test_who_may_look(self) -> None:
        """Where other code of the program may look at any variable, nothing is promoted."""
        head = "x = 1\nt = table([[1]], ['a'])\nfunction f(v) do\nreturn 1\nendfunction\n"
        head += "function g(v) do\nreturn v['a > 0']\nendfunction\n"
        head += "function h(v) do\nreturn g(v)\nendfunction\n"
        head += "function m(v) do\nreturn map(v, 'f')\nendfunction\n"
        for inner in (
            "y = g(t)",
            "y = h(t)",
            "y = m([1])",
            "y = map([1], 'f')",
            "y = f(*[2])",
            "y = t['a > x']",
            "y = table_where(t, 'a > x')",
        ):
            text = f"{head}for i in [1] do\nx = x + 1\n{inner}\nnext i"
            self.assertNotIn("p_v_x", self.python(text), inner)
        self.assertIn("p_v_x", self.python(f"{head}for i in [1] do\nx = x + 1\nnext i"))

    def test_functions_that_touch_others(self) -> None:
        """Variables that functions name stay where they are, all others are promoted."""
        functions = "function f(x) do\nreturn g(x) + n\nendfunction\n"
        functions += "function g(x) do\nglobal z = x[0]\nreturn x[0]\nendfunction\n"
        text = "x = 0\nn = 1\nz = 0\nfor i in [1, 2] do\nx = x + f([i])\nn = n + z\nnext i"
        interpreter = Interpreter()
        code = compiled_by(interpreter, functions + text)["chunk"]
        self.assertIn("p_v_x", code)
        self.assertNotIn("p_v_n", code)
        self.assertNotIn("p_v_z", code)
        self.assertEqual(values(interpreter), {"x": "6", "n": "4", "z": "2"})
        # The same text, when the function is another one that looks at what was promoted.
        other = "function g(v) do\nreturn x\nendfunction\n"
        self.assertIsNone(interpreter.run(other).error)
        self.assertIsNone(interpreter.run(text).error)
        self.assertEqual(values(interpreter)["x"], "3")

    def test_uncertain(self) -> None:
        """Neither is a variable that may not exist where it is read, or that is looked for."""
        for inner in ("y = x", "y = isset(x)", "x = push(x, 1)", "x[0] = 1"):
            text = f"try\nfor i in [1, 2] do\n{inner}\nx = [i]\nnext i\ncatch\nendtry"
            self.assertNotIn("p_v_x", self.python(text), inner)
        self.assertNotIn("p_", self.python("x = 1\ntry\nx = x + 1\ncatch\nendtry"))


class ValueTests(SynchronousTestCase):
    """Values behind loops, however they were left."""

    def test_left_by_an_error(self) -> None:
        """Every variable has the value that it had then, also one that is new."""
        text = (
            "total = 0\nxs = [0]\ns = 'a'\nfor i in range(9) do\ntotal = total + i\nlast = i\n"
            "xs = push(xs, i)\ns = s + i\nxs[0] = 1 / (2 - i)\nfurther = i\nnext i"
        )
        interpreter = Interpreter()
        error = interpreter.run(text).error
        assert error is not None
        self.assertEqual((error.message.code, error.line), ("division_by_zero", 9))
        expected = "total=3 xs=[1, 0, 1, 2] s=a012 last=2 further=1"
        found = " ".join(f"{name}={value}" for name, value in values(interpreter).items())
        self.assertEqual(found, expected)
        self.assertEqual(
            interpreter.run("xs[0] = 5\nprint(total, xs, s)").output, "3 [5, 0, 1, 2] a012\n"
        )

    def test_in_try(self) -> None:
        """The handler and the ``finally`` block see what the loop has set."""
        text = (
            "n = 0\nfor k in [1, 0] do\ntry\nfor i in [1, 2] do\nn = n + i / k\nnext i\ncatch e\n"
            "print('caught', n)\nfinally\nn = n + 10\nendtry\nnext k\nprint(n)"
        )
        self.assertEqual(Interpreter().run(text).output, "caught 13\n23\n")

    def test_left_behind_a_catch(self) -> None:
        """The values that count are those of the end, though errors were caught before it."""
        caught = (
            "try\nn = n + 1\n1 / 0\ncatch e\nendtry",
            "try\nthrow 1\ncatch\nn = n + 1\nendtry",
        )
        final = "try\ntry\n1 / 0\nfinally\nn = n + 1\nendtry\ncatch\nendtry"
        for inner in (*caught, final):
            for place in ("{}", "function f() do\nx = x\n{}\nendfunction\nf()"):
                loop = f"for k in [1, 2, 3] do\n{inner}\nx = x + 1\n1 / (3 - k)\nnext k"
                interpreter = Interpreter()
                self.assertIsNotNone(interpreter.run("x = 0\nn = 0\n" + place.format(loop)).error)
                self.assertEqual(values(interpreter), {"x": "3", "n": "3"}, (inner, place))

    def test_functions_see_them_behind(self) -> None:
        """A function that reads or counts on a global finds it."""
        text = (
            "function f() do\nreturn isset(late)\nendfunction\nx = f()\n"
            "for i in [1, 2] do\nlate = i\nnext i\nprint(x, f())"
        )
        self.assertEqual(Interpreter().run(text).output, "false true\n")

    def test_seen_while_it_runs(self) -> None:
        """Who looks at the variables meanwhile sees their values."""
        seen: list[dict[str, str]] = []
        interpreter = Interpreter(on_output=lambda _: seen.append(values(interpreter)))
        interpreter.run("a = 1\nfor i in [1, 2] do\na = a * 3\nprint(i)\nb = a\nnext i\nprint(b)")
        self.assertEqual(
            [each for each in seen if each],
            [{"a": "3"}, {"a": "9", "b": "3"}, {"a": "9", "b": "9"}],
        )

    def test_deep_blocks(self) -> None:
        """Blocks that are Python functions of their own share the locals."""
        names = [f"i{n}" for n in range(15)]
        heads = "\n".join(f"for {name} in [1] do" for name in names)
        ends = "\n".join(f"next {name}" for name in reversed(names))
        text = f"x = 1\ns = 'a'\n{heads}\nx = x + 1\ns = s + x\nnew = x\n1 / (3 - x)\n{ends}\n"
        interpreter = Interpreter()
        self.assertIsNone(interpreter.run(text).error)
        self.assertEqual(values(interpreter), {"x": "2", "s": "a2", "new": "2"})
        self.assertIsNotNone(interpreter.run(text.partition("\n")[2].partition("\n")[2]).error)
        self.assertEqual(values(interpreter), {"x": "3", "s": "a23", "new": "3"})


class FunctionTests(SynchronousTestCase):
    """Loops of functions that assign globals."""

    def test_shape(self) -> None:
        """What is assigned is promoted, what is only read is not."""
        text = (
            "x = 0\nn = 2\nfunction f() do\nfor i in [1, 2] do\nx = x + n\nnext i\nendfunction\nf()"
        )
        code = compiled_by(Interpreter(), text)["f_f"]
        self.assertIn("p_v_x = v_x", code)
        self.assertNotIn("p_v_n", code)

    def test_left_by_an_error(self) -> None:
        """Whoever goes on behind the error sees the values, wherever it is caught."""
        function = (
            "x = 0\nfunction f(k) do\nfor i in [1, 2] do\nx = x + i\n1 / (k - i)\nnext i\n"
            "return x\nendfunction\n"
        )
        catching = "function g() do\ntry\nreturn f(2)\ncatch\nreturn x\nendtry\nendfunction\n"
        final = "function g() do\ntry\nf(2)\nfinally\nglobal y = x\nendtry\nendfunction\n"
        for program, output in (
            ("try\nf(2)\ncatch e\nprint(x)\nendtry", "3"),
            (f"{catching}print(g(), x)", "3 3"),
            (f"{final}try\ng()\ncatch\nendtry\nprint(x, y)", "3 3"),
            ("try\nmap([5, 2], 'f')\ncatch\nendtry\nprint(x)", "6"),
            ("try\ntable([[2]], ['a'])['f(a) > 0']\ncatch\nendtry\nprint(x)", "3"),
            ("f(2)", ""),
        ):
            interpreter = Interpreter()
            self.assertEqual(interpreter.run(function + program).output.strip(), output, program)
            x = "6" if "5" in program else "3"
            self.assertEqual(values(interpreter)["x"], x, program)

    def test_return(self) -> None:
        """Before a ``return`` the globals get their values; within ``finally`` they have them."""
        names = [f"i{n}" for n in range(13)]
        deep = "\n".join(f"for {name} in [1, 2] do" for name in names)
        ends = "\n".join(f"next {name}" for name in reversed(names))
        for body, x, result in (
            ("for i in [1, 2, 3] do\nx = x + i\nif i == 2 do\nreturn x * 10\nendif\nnext i", 3, 30),
            (f"{deep}\nx = x + 1\nif x == 5 do\nreturn x\nendif\n{ends}", 5, 5),
            (
                "for i in [1, 2] do\ntry\nx = x + 1\nreturn x\nfinally\nx = x + 5\nendtry\nnext i",
                6,
                1,
            ),
            (
                "for i in [1, 0] do\ntry\nx = x + 1\nreturn 1 / (i - 1)\ncatch\nx = x + 5\nendtry"
                "\nnext i",
                7,
                -1,
            ),
        ):
            interpreter = Interpreter()
            text = f"x = 0\nfunction f() do\n{body}\nendfunction\nr = f()"
            code = compiled_by(interpreter, text)["f_f"]
            self.assertEqual("p_v_x" in code, "finally" not in body)
            found = values(interpreter)
            self.assertEqual((found["x"], found["r"]), (str(x), str(result)), body)
            self.assertIsNone(interpreter.run("for k in [1] do\nx = x + 1\nr = f()\nnext k").error)

    def test_errors_in_functions_called(self) -> None:
        """Errors that functions catch leave the loop's variables where they are; others end it."""
        text = (
            "y = 0\nfunction safe(a) do\ntry\nfor k in [1] do\ny = y + 1 / a\nnext k\ncatch e\n"
            "return 0\nendtry\nreturn y\nendfunction\n"
            "function risky(a) do\nfor k in [1, 2] do\ny = y + k\nq = 1 / a\nnext k\n"
            "return 1\nendfunction\n"
            "x = 0\nfor i in [1, 0, 2] do\nx = x + 1 + safe(i)\nlast = i\nnext i\n"
            "n = 0\nfor i in [1, 0] do\nn = n + risky(i)\nnext i"
        )
        interpreter = Interpreter()
        self.assertIsNotNone(interpreter.run(text).error)
        self.assertEqual(values(interpreter), {"y": "5.5", "x": "5.5", "last": "2", "n": "1"})


class InterruptTests(SynchronousTestCase):
    """Programs that are ended from outside."""

    def test_same_as_without(self) -> None:
        """Random programs, ended after some statements, leave the same variables."""
        for seed in range(SESSIONS):
            maker = ProgramMaker(seed)
            programs = [maker.program() for _ in range(3)]
            for steps in STEPS:
                with mock.patch.object(program_cache, "_programs", OrderedDict()):
                    found = self.session(programs, steps)
                with (
                    mock.patch.object(program_cache, "_programs", OrderedDict()),
                    mock.patch.object(compiler, "improved", bound_constants),
                ):
                    expected = self.session(programs, steps)
                self.assertEqual(found, expected, f"seed {seed}, steps {steps}")

    def session(self, programs: list[str], steps: int) -> list[Any]:
        """What is to be seen of a session."""
        interpreter = Interpreter(recursion_limit=LIMIT)
        found: list[Any] = []
        for program in programs:
            outcome = interpreter.run(program, max_steps=steps)
            found += [outcome.output, str(outcome.error), sorted(values(interpreter).items())]
        return found

    def test_at_every_instruction(self) -> None:
        """Wherever it comes, every variable has the value of the statement that was reached."""
        program = (
            "a = 0\ns = ''\nxs = []\nfor i in range(3) do\na = a + 1\ns = s + 'x'\n"
            "xs = push(xs, a)\nb = a\nnext i\nfor k in [1] do\na = a + 1\nnext k\ndone = true"
        )
        ended = 0
        while ended >= 0:
            interpreter = Interpreter()
            interpreter.run("a = 0")
            ended = self.interrupted(interpreter, program, ended)
            found = values(interpreter)
            a = int(found.get("a", "0"))
            self.assertNotIn("null", found.values())
            self.assertIn(len(found.get("s", "").strip('"')), (min(a, 3), min(a, 3) - 1))
            self.assertIn(found.get("xs", "[]").count("1"), (min(a, 1), max(min(a, 1) - 1, 0)))
            self.assertIn(int(found.get("b", "0")), (min(a, 3), min(a, 3) - 1))
            self.assertIsNone(
                interpreter.run("again = a\nfor i in [1] do\na = again\nnext i").error
            )

    def interrupted(self, interpreter: Interpreter, program: str, count: int) -> int:
        """Run it with an interrupt after so many instructions; the next count, -1 if it ended."""
        left = count

        def trace(frame: FrameType, event: str, _: object) -> Any:
            nonlocal left
            if frame.f_code.co_filename != PROGRAM_FILE:
                return None
            frame.f_trace_opcodes = True
            if event == "opcode":
                left -= 1
                if left == 0:
                    raise Cancelled
            return trace

        with mock.patch.object(program_cache, "_programs", OrderedDict()):
            sys.settrace(trace)
            try:
                error = interpreter.run(program).error
            finally:
                sys.settrace(None)
        self.assertEqual(error is not None, left <= 0 and count > 0)
        return count + 1 if error is not None or count == 0 else -1
