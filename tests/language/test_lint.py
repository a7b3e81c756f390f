"""Errors and warnings of texts that are not run."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode.language.tools.lint import MAX_ERRORS, check
from datacode.runtime.builtins import BUILTINS


class CheckTests(SynchronousTestCase):
    """``check`` against short programs."""

    def found(self, text: str, **options: object) -> list[tuple[int, int, str]]:
        """Line, column and English sentence of each problem."""
        problems = check(text, builtins=BUILTINS, **options)  # type: ignore[arg-type]
        return [(p.line, p.column, p.render("en")) for p in problems]

    def test_nothing_to_say(self) -> None:
        """A clean program has no problems."""
        text = (
            "total = 0\nfunction f(a) do\n  local b = a\n  return b + total\nendfunction\n"
            "for i, j in [[1, 2]] do\n  local k = i + j\n  print(f(k))\nnext i\n"
            "try\n  throw 1\ncatch e\n  print(e)\nendtry\n"
            "print(isset(nothing), isinstance(total, int))\n"
            "print(isset(value=nothing), isinstance(type=int, value=total))\n"
        )
        self.assertEqual(self.found(text), [])

    def test_all_errors_are_found(self) -> None:
        """A second error is reported although the first one is in the line that opens a block."""
        text = "if (1 + do\n  a = ) \nendif\nb = 2\nc = = 3\n"
        self.assertEqual([place[0] for place in self.found(text)], [1, 2, 5])

    def test_errors_hide_warnings(self) -> None:
        """A text with an error has no warnings yet."""
        self.assertEqual(self.found("print(x)\na = = 1"), [(2, 5, "Unexpected token: =")])

    def test_open_block_ends_the_search(self) -> None:
        """Where the text merely stops, nothing more is made up."""
        self.assertEqual(
            self.found("if true do\n  x = 1"), [(1, 1, "Missing 'endif' in if statement")]
        )

    def test_mismatched_next(self) -> None:
        """A wrong word behind ``next`` is one error, not two."""
        text = "for a in [1] do\nnext b\nx = = 1"
        self.assertEqual([place[0] for place in self.found(text)], [3])
        self.assertEqual([place[0] for place in self.found(text[: text.index("\nx")])], [2])

    def test_many_errors_are_cut(self) -> None:
        """A text that is no program at all does not flood its reader."""
        self.assertEqual(len(self.found("a b\n" * 100)), MAX_ERRORS)

    def test_unknown_names(self) -> None:
        """Variables and functions that nothing makes, each at its place."""
        self.assertEqual(
            self.found("x = y + 1\nx[z] = 2\nw.a = 3\nnosuch(1)"),
            [
                (1, 5, "Variable 'y' not found"),
                (2, 3, "Variable 'z' not found"),
                (3, 1, "Variable 'w' not found"),
                (4, 1, "Function 'nosuch' not found"),
            ],
        )

    def test_names_of_the_session_are_known(self) -> None:
        """What earlier programs made is no surprise."""
        self.assertEqual(
            self.found("print(y, g(1))", known_variables={"y"}, known_functions={"g"}), []
        )

    def test_block_scopes(self) -> None:
        """Loop variables, locals of loops and catch variables end with their block."""
        text = (
            "for i in [1] do\n  local t = i\n  kept = t\nnext i\nprint(i)\nprint(t)\nprint(kept)\n"
            "try\n  a = 1\ncatch e\nendtry\nprint(e)"
        )
        self.assertEqual(
            self.found(text),
            [
                (5, 7, "Variable 'i' not found"),
                (6, 7, "Variable 't' not found"),
                (12, 7, "Variable 'e' not found"),
            ],
        )

    def test_functions_do_not_see_each_other(self) -> None:
        """A local of one function is unknown in another."""
        text = (
            "function f() do\n  a = 1\n  return a\nendfunction\n"
            "function g() do\n  return a\nendfunction"
        )
        self.assertEqual(self.found(text), [(6, 10, "Variable 'a' not found")])

    def test_called_too_early(self) -> None:
        """Definitions take effect when they are reached."""
        text = "f()\nfunction f() do\n  return g()\nendfunction\nfunction g() do\nendfunction"
        self.assertEqual(
            self.found(text), [(1, 1, "Function 'f' is called before its definition in line 2")]
        )

    def test_argument_counts(self) -> None:
        """Of the program's own functions and of builtins; spread and names are not counted."""
        text = "function f(a, b) do\nendfunction\nf(1)\nf(*[1])\nlen()\nprint(len([1]), 2)\n"
        text += "money(1, 2, 3)\nmin()"
        self.assertEqual(
            self.found(text),
            [
                (3, 1, "Function 'f' expects 2 arguments, found 1"),
                (5, 1, "Function 'len': arguments expected: 1, found: 0"),
                (7, 1, "Function 'money': arguments expected: 1 to 2, found: 3"),
                (8, 1, "Function 'min': arguments expected: at least 1, found: 0"),
            ],
        )

    def test_unused_local(self) -> None:
        """A local of a function that is never read; not a global, not a parameter."""
        text = (
            "count = 0\nfunction f(unused) do\n  local a = 1\n  b = 2\n  count = count + 1\n"
            "  local c = [1]\n  c[0] = 2\nendfunction"
        )
        self.assertEqual(
            self.found(text),
            [
                (3, 3, "Variable 'a' is assigned but never used"),
                (4, 3, "Variable 'b' is assigned but never used"),
            ],
        )

    def test_unreachable(self) -> None:
        """The first statement behind one that leaves."""
        text = (
            "for i in [1] do\n  if i do\n    next i\n    print(1)\n    print(2)\n  endif\n"
            "  break\n  print(3)\nnext i\nthrow 1\nprint(4)"
        )
        self.assertEqual([place[0] for place in self.found(text)], [4, 8, 11])

    def test_unreachable_in_a_function(self) -> None:
        """Behind ``return``, at the end of a function as within its blocks."""
        text = (
            "function f(a) do\n  if a do\n    return 1\n    print(2)\n  endif\n"
            "  return 3\n  print(4)\nendfunction\nf(1)"
        )
        self.assertEqual([place[0] for place in self.found(text)], [4, 7])

    def test_russian(self) -> None:
        """Sentences exist in Russian."""
        (problem,) = check("print(x)", builtins=BUILTINS)
        self.assertEqual(problem.render("ru"), "переменная 'x' не определена")

    def test_deep_nesting(self) -> None:
        """Nesting as deep as the parser allows is walked without recursion."""
        deep = 400
        text = (
            "if true do\n" * deep
            + "print("
            + "(" * deep
            + "x"
            + ")" * deep
            + ")\n"
            + "endif\n" * deep
        )
        self.assertEqual([p[2] for p in self.found(text)], ["Variable 'x' not found"])

    def test_long_chain(self) -> None:
        """A sum of ten thousand terms is deep on its left side."""
        self.assertEqual(self.found("x = " + "1 + " * 10_000 + "1"), [])
