"""Where the expression stands that a program failed in: line and column of its errors."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.errors import DataCodeError
from datacode.worker.wire import Error


def error_of(*programs: str, max_steps: int | None = None) -> DataCodeError:
    """The error of the last program that one interpreter runs."""
    interpreter = Interpreter(max_steps=max_steps)
    outcomes = [interpreter.run(program) for program in programs]
    error = outcomes[-1].error
    assert error is not None
    return error


class PlaceTests(SynchronousTestCase):
    """A ``^`` below a program's line marks where its error is expected."""

    def check(self, *programs: str, max_steps: int | None = None) -> DataCodeError:
        """Run the programs; the marked line is that of the last one unless it has none."""
        lines = next(p for p in reversed(programs) if "^" in p).split("\n")
        below = next(i for i, line in enumerate(lines) if line.strip() == "^")
        expected = (below, lines[below].index("^") + 1)
        unmarked = [
            "\n".join(line for line in program.split("\n") if line.strip() != "^")
            for program in programs
        ]
        error = error_of(*unmarked, max_steps=max_steps)
        self.assertEqual(error.place, expected, str(error))
        return error

    def test_operators(self) -> None:
        """The operator, not where the chain begins, and behind characters of any width."""
        error = self.check("x = 1 + 2 * 3 - null / 5\n                     ^")
        self.assertEqual((error.line, error.column), (1, 22))
        self.check("x = 'цена 𝒳' + 1 + null\n                 ^")
        self.check("a = 0\nif 5 > 3 and 1 % a == 1 do\n               ^\nendif")
        self.check("print(1, 2 < 'a')\n           ^")
        self.check("x = 1 - - 'a'\n        ^")
        self.check("print([1, {k: 2 ^ 'a'}])\n                ^")

    def test_strings_that_grow(self) -> None:
        """Their sums are put together in a way of their own."""
        self.check("s = ''\ns = s + 'a' + null\n            ^")
        self.check("function f(x) do\n  x = x + [1]\n        ^\nendfunction\nf('a')\nf(1)")

    def test_names(self) -> None:
        """Variables and functions."""
        self.check("x = 1\nprint(x, nosuch)\n         ^")
        self.check("x = 1 + nosuch(2)\n        ^")
        self.check("function f(a) do\nendfunction\nx = [f(1, 2)]\n     ^")
        self.check(
            "function f() do\n  if false do\n    x = 1\n  endif\n"
            "  return 1 + x\n             ^\nendfunction\nf()"
        )
        self.check("nosuch[0] = 1\n^")

    def test_parts(self) -> None:
        """Indexes and members, in all the ways that code is made for them."""
        self.check("a = [1]\nprint(a[0] + a[7])\n              ^")
        self.check("a = [1]\nfor i in range(3) do\n  print(a[i])\n         ^\nnext i")
        self.check("o = {a: {b: 1}}\nprint(o.a.b, o.a.c)\n                 ^")
        self.check("o = {a: 1}\nprint(o['b'])\n       ^")
        self.check("t = table([[1]], ['a'])\nprint(1 + t.idx[5])\n               ^")
        self.check("print('abc'.nosuch)\n            ^")
        self.check("print(5[0])\n       ^")

    def test_builtins(self) -> None:
        """The name of the function that failed."""
        self.check("print(1 + sqrt('x'))\n          ^")
        self.check("print(max(*5))\n          ^")
        self.check("sqrt()\n^")

    def test_assignments_to_elements(self) -> None:
        """The step, where there is only one."""
        self.check("a = [1]\na[5] = 1\n ^")
        self.check("a = [1]\na.len = 1\n  ^")

    def test_loops(self) -> None:
        """What is visited; the statement where an element cannot be unpacked."""
        self.check("for x in 5 do\n         ^\nnext x")
        self.check("for x in range('a') do\n         ^\nnext x")
        self.check("if true do\n  for a, b in [[1]] do\n  ^\n  next a\nendif")

    def test_throw(self) -> None:
        """The statement."""
        self.check("if true do\n  throw 'a'\n  ^\nendif")

    def test_statement_over_several_lines(self) -> None:
        """The text has the line of the statement; its column is nobody's on that line."""
        error = self.check("x = 1\nx = [\n  1,\n  2 + null\n    ^\n]")
        self.assertEqual(str(error), "Runtime Error at line 2: Cannot add Number(2.0) and Null")
        self.assertEqual((error.line, error.column), (2, None))
        self.check("x = ('мир' +\n  'b' +\n  nosuch)\n  ^")

    def test_functions(self) -> None:
        """The place is in the innermost function, and for a call too deep in the caller."""
        self.check("function f(x) do\n  return 1 / x\n           ^\nendfunction\nf(1)\nf(0)")
        self.check("function f(x) do\n  return 1 / x\n           ^\nendfunction\nmap([0], 'f')")
        self.check("function f(x) do\n  return 1 + f(x)\n             ^\nendfunction\nf(1)")
        self.check("function f(x) do\n  y = 1 / x\n        ^\nendfunction", "\n\nf(0)")

    def test_blocks_in_functions_of_their_own(self) -> None:
        """Python's limit of nested blocks is got round; places stay."""
        heads = [f"for x{i} in [1] do" for i in range(25)]
        ends = [f"next x{i}" for i in reversed(range(25))]
        self.check("\n".join([*heads, "y = 1 + null", "      ^", *ends]))

    def test_error_that_goes_on(self) -> None:
        """Through ``finally`` it keeps its place; what ``catch`` throws has a new one."""
        self.check("try\n  x = [1][4]\n         ^\nfinally\n  y = 1 + 1\nendtry")
        self.check("try\n  x = [1][4]\ncatch e\n  throw e\n  ^\nendtry")

    def test_conditions(self) -> None:
        """The place is in the program, where the table is filtered."""
        self.check("t = table([[1]], ['a'])\nprint(1, t['a / 0 > 1'])\n          ^")

    def test_again(self) -> None:
        """A program that is known already has its places, and one whose statements are counted."""
        program = "x = 1\nprint(x + null)\n        ^"
        self.check(program, program)
        self.check(program, max_steps=100)

    def test_limits(self) -> None:
        """They have no place."""
        error = error_of("for i in range(100) do\n  x = i\nnext i", max_steps=20)
        self.assertIsNone(error.place)

    def test_syntax_errors(self) -> None:
        """They have theirs as before."""
        error = error_of("x = 1\ny = = 2")
        self.assertEqual((error.line, error.column, error.place), (2, 5, (2, 5)))

    def test_from_a_worker(self) -> None:
        """The place travels with the error."""
        error = error_of("x = [\n  1 + null\n]")
        self.assertEqual(Error.of(error).exception().place, (2, 5))

    def test_long_lines(self) -> None:
        """Columns have no bound."""
        error = error_of("x = " + "1 + " * 50_000 + "null")
        self.assertEqual(error.column, 4 + 4 * 50_000 - 1)
