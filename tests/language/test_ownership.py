"""Arrays and objects are values, whichever variable may change its own in place.

Each program is also run by the plain evaluator, which copies everything.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.runtime import element_assignment
from tests.language.reference import Evaluator

BEFORE = "xs = [1, 2, 3]\nall = []\no = {k: 1}\n"
LOOP = BEFORE + "for i in range(3) do\nBODY\nprint(xs, all, o)\nnext i\nprint(xs, all, o)"
"""Where a statement in the middle lets the array be known elsewhere, before or behind a change."""

LETTING_GO = (
    "ys = xs",
    "all = push(all, xs)",
    "o.k = xs",
    "o = {k: xs}",
    "all = [xs]",
    "all = [[xs, 1], i]",
    "for x in xs do\nxs[1] = x + 1\nnext x",
    "if i == 1 do\nall = xs\nendif",
    "try\nall = push(xs, 1 / i)\ncatch\nall = xs\nendtry",
    "try\nxs = push(xs, 1 / (i - 1))\nall = xs\n"
    "catch\nxs[1] = 7\nfinally\nall = push(all, xs)\nendtry",
    "try\nxs[1] = 5\nfinally\nall = xs\nendtry",
    "try\nxs[1] = 5\nfinally\nall = xs\nendtry\nxs[1] = 6",
    "try\nall = xs\ny = 1 / i\ncatch\nxs[1] = 4\nendtry",
    "ys = [4, 5, 6]\nxs = ys\nall = ys\nxs[2] = 8\nprint(ys)",
    "xs = push(xs, xs)\nxs[0] = 1",
    "xs = reverse(xs)",
    "xs = extend(xs, xs)",
    "local xs = [i, 5]\nall = push(all, xs)",
    "all = bulk_create(2, xs)",
    "print(len(xs), xs[0], xs.len, -xs[1], xs == all)",
)

FUNCTIONS = (
    "function show() do\n  return xs\nendfunction\n",
    "function show() do\n  all = push(all, xs)\nendfunction\n",
    "function show() do\n  xs[2] = 9\n  ys = xs\n  xs[2] = 8\n  return ys\nendfunction\n",
    "function show() do\n  xs = all\nendfunction\n",
)


class OwnershipTests(SynchronousTestCase):
    """The compiler against ``tests.language.reference``."""

    def compare(self, *programs: str) -> None:
        """Both print the same, in one session."""
        interpreter, evaluator = Interpreter(), Evaluator()
        for program in programs:
            outcome = interpreter.run(program)
            found = outcome.output, str(outcome.error or "")
            self.assertEqual(found, evaluator.run(program), program)

    def test_in_loops(self) -> None:
        """Changes behind, before and around each way to let go, at the top and in a function."""
        for letting in LETTING_GO:
            for body in (
                f"{letting}\nxs[0] = i * 10",
                f"xs[0] = i * 10\n{letting}",
                f"xs[0] = i * 10\n{letting}\nxs[1] = i\nxs[2] = xs[0]",
                f"if i > 0 do\nxs[0] = i\nendif\n{letting}\nxs = push(xs, i)",
                f"for j in range(2) do\nxs[0] = j + i\nif j == 1 do\n{letting}\nendif\nnext j",
            ):
                program = LOOP.replace("BODY", body)
                self.compare(program, "xs[0] = 100\nprint(xs, all, o)")
                inside = program.replace("\nprint(xs, all, o)", "\nreturn [xs, all, o]")
                self.compare(f"function f() do\n{inside}\nendfunction\nprint(f())\nprint(f())")

    def test_calls(self) -> None:
        """A function, called in any way, may show the global or change it."""
        for function in FUNCTIONS:
            for call in (
                "y = show()",
                "show()",
                "all = push(all, show())",
                "y = 1 + len([show()])",
            ):
                for body in (
                    f"xs[0] = i\n{call}\nxs[1] = i * 5",
                    f"xs[0] = i\nxs[1] = len([show()]) * i\n{call}",
                    f"xs[i] = show()\nxs[0] = i\n{call}",
                    f"xs = push(xs, show())\nxs[0] = i\n{call}",
                ):
                    program = LOOP.replace("BODY", body).replace(BEFORE, function + BEFORE)
                    self.compare(program, program, "xs[0] = 3\nprint(xs, all)")

    def test_functions_named_as_builtins(self) -> None:
        """A function of the program is no builtin, whatever its name."""
        for name in ("push", "len", "print", "range"):
            function = f"function {name}(a) do\n  xs[1] = 7\n  ys = xs\n  return ys\nendfunction\n"
            for body in (
                f"xs[0] = i\nys = {name}(null)\nxs[1] = i * 5\nall = [ys]",
                f"xs[1] = i\nall = {name}(null)\nxs[1] = len(all) + i\nxs[0] = 3",
            ):
                program = LOOP.replace("BODY", body).replace(BEFORE, function + BEFORE)
                program = program.replace("print(xs, all, o)", "throw [xs, all, o]")
                self.compare(program.replace("for i in range(3)", "for i in [0, 1, 2]"))

    def test_callbacks(self) -> None:
        """So may a function that a builtin calls."""
        for function in FUNCTIONS:
            function = function.replace("show()", "show(x)")
            program = LOOP.replace("BODY", "xs[0] = i\nall = map([1], 'show')\nxs[1] = i * 5")
            self.compare(program.replace(BEFORE, function + BEFORE))

    def test_conditions_see_values(self) -> None:
        """A condition over rows that reads the array does not hold on to it unnoticed."""
        outcome = Interpreter().run(
            "t = table([[1], [2]], ['a'])\nxs = [1, 2]\nall = []\n"
            "for i in range(2) do\n"
            "  xs[0] = i + 1\n  all = push(all, len(t['a == xs[0] + 0']['a']))\n  xs[1] = i\n"
            "next i\nprint(xs, all)"
        )
        self.assertEqual((outcome.error, outcome.output), (None, "[2, 1] [1, 1]\n"))

    def test_conditions_call_functions(self) -> None:
        """And a function that a condition calls may hold on to it."""
        outcome = Interpreter().run(
            "function hold(x) do\n  all = push(all, xs)\n  return x\nendfunction\n"
            "t = table([[1]], ['a'])\nxs = [1, 2]\nall = []\n"
            "for i in range(2) do\n"
            "  xs[0] = i\n  u = t['hold(a) == 1']\n  xs[1] = i * 5\n  print(len(u))\n"
            "next i\nprint(xs, all)"
        )
        expected = "1\n1\n[1, 5] [[0, 2], [1, 0]]\n"
        self.assertEqual((outcome.error, outcome.output), (None, expected))

    def test_no_copies(self) -> None:
        """What a builtin has made for a variable is changed in place from the first step on."""
        copies: list[object] = []
        self.patch(element_assignment, "copied", lambda c: copies.append(c) or c.copy())
        for program in (
            "xs = range(100)\nfor i in range(100) do\nxs[i] = xs[i] + 1\nnext i",
            "xs = bulk_create(9, 0)\nxs[0] = 1",
            "function f() do\nxs = split('a b', ' ')\nxs[0] = 'c'\nreturn xs\nendfunction\nf()",
        ):
            self.assertIsNone(Interpreter().run(program).error)
        self.assertEqual(copies, [])
        self.assertIsNone(Interpreter().run("xs = [1]\nys = xs\nxs[0] = 2").error)
        self.assertEqual(copies, [[1]])
