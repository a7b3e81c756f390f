"""What is checked after the grammar has accepted a text (language reference, 6 and 9.4)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode.errors import DataCodeError, Kind
from datacode.language.syntax.parser import parse
from tests.language.trees import tree


class Failing(SynchronousTestCase):
    """Tests of texts that have an error."""

    def assert_error(self, text: str, line: int, column: int, message: str) -> None:
        """The check fails at that place with that message; more text would not help."""
        error = self.assertRaises(DataCodeError, parse, text)
        self.assertIs(error.kind, Kind.SYNTAX)
        self.assertEqual((error.line, error.column, error.text), (line, column, message))
        self.assertFalse(error.incomplete)


class TargetTests(Failing):
    """What can be assigned to."""

    def test_valid(self) -> None:
        """A variable, followed by any number of indexes and members."""
        self.assertEqual(tree("a = 1\nb[f(1)].c[-1] = 2"), "a := 1; b[f(1)].c[(- 1)] := 2")

    def test_invalid(self) -> None:
        """Anything else, also in parentheses; the place is the equals sign."""
        for target in ("5", "'a'", "null", "f()", "f()[0]", "a + b", "-a", "[a]", "{}", "a.len()",
                       "a.b().c", "(a)", "(a)[0]", "((a).b)", "[1][0]", "'x'.len", "a == b",
                       "not a"):  # fmt: skip
            self.assert_error(f" {target} = 1", 1, 3 + len(target), "Invalid assignment")

    def test_everywhere(self) -> None:
        """In blocks and functions, and on later lines of a statement."""
        self.assert_error("if a do\nelse\n1 = 2\nendif", 3, 3, "Invalid assignment")
        self.assert_error(
            "function f() do\ntry\n1 = 2\nendtry\nendfunction", 3, 3, "Invalid assignment"
        )
        self.assert_error("f(\n1\n) = 2", 3, 3, "Invalid assignment")


class ReturnTests(Failing):
    """``return`` belongs into functions."""

    MESSAGE = "return statement must be inside a function"

    def test_inside(self) -> None:
        """At any depth of a function."""
        body = "for a in b do\ntry\nif a do\nreturn 1\nendif\nendtry\nnext a"
        parse(f"function f() do\n{body}\nendfunction")

    def test_outside(self) -> None:
        """At the top level, in blocks too, and behind a function."""
        self.assert_error("return", 1, 1, self.MESSAGE)
        self.assert_error("for a in b do\ntry\n  return 1\nendtry\nnext a", 3, 3, self.MESSAGE)
        self.assert_error("function f() do\nendfunction\nreturn 1", 3, 1, self.MESSAGE)


class BreakTests(Failing):
    """``break`` belongs into loops."""

    MESSAGE = "break statement must be inside a loop"

    def test_inside(self) -> None:
        """At any depth of a loop."""
        body = "if a do\nelse\ntry\ncatch\nbreak\nfinally\nbreak\nendtry\nendif\nbreak"
        parse(f"for a in b do\n{body}\nnext a")

    def test_outside(self) -> None:
        """Outside of loops, and in a function that a loop only calls."""
        self.assert_error("break", 1, 1, self.MESSAGE)
        self.assert_error("if a do\n break\nendif", 2, 2, self.MESSAGE)
        self.assert_error("for a in b do\nnext a\nbreak", 3, 1, self.MESSAGE)
        self.assert_error("function f() do\nbreak\nendfunction", 2, 1, self.MESSAGE)


class NextTests(Failing):
    """``next`` names its loop (6.4, 6.5)."""

    def test_depth(self) -> None:
        """The innermost loop of that first variable; the loops inside it are left."""
        text = "for a in x do\nfor b, c in x do\nif y do\nnext {}\nendif\nnext b\nnext a"
        self.assertIn("next a/1", tree(text.format("a")))
        self.assertIn("next b/0", tree(text.format("b")))
        self.assertIn("next b,c/0", tree(text.format("b, c")))

    def test_same_name_twice(self) -> None:
        """Of two loops with the same variable the inner one is meant."""
        self.assertIn(
            "next a/0", tree("for a in x do\nfor a in x do\ntry\nnext a\nendtry\nnext a\nnext a")
        )

    def test_loops_left_behind(self) -> None:
        """A loop that is closed does not count."""
        self.assertIn(
            "next a/0", tree("for a in x do\nfor b in x do\nnext b\nif y do\nnext a\nendif\nnext a")
        )

    def test_closing(self) -> None:
        """The closing names are the first variable or all of them, in order."""
        loop = "for a, b, c in x do\nnext {}"
        for names in ("a", "a, b, c"):
            parse(loop.format(names))
        for names in ("b", "c", "x", "a, b", "c, b, a", "a, b, c, d", "a, a"):
            self.assert_error(
                loop.format(names),
                2,
                1,
                f"Mismatched next: expected 'next a' but found 'next {names}'",
            )

    def test_statement(self) -> None:
        """The same for a statement; the innermost loop is the expected one."""
        loop = "for a, b in x do\nfor c in x do\nif y do\nnext {}\nendif\nnext c\nnext a"
        for names in ("b", "d", "a, c", "b, a"):
            self.assert_error(
                loop.format(names),
                4,
                1,
                f"Mismatched next: expected 'next c' but found 'next {names}'",
            )

    def test_outside(self) -> None:
        """Outside of loops, also in a function that a loop only calls."""
        message = "Unexpected next statement outside of for loop"
        self.assert_error("if a do\n next a\nendif", 2, 2, message)
        self.assert_error("function f() do\ntry\nnext a\nendtry\nendfunction", 3, 1, message)

    def test_deep_loops(self) -> None:
        """Many loops, the outermost named in the innermost."""
        depth = 100
        text = "".join(f"for v{i} in x do\n" for i in range(depth))
        text += "if y do\nnext v0\nendif\n"
        text += "".join(f"next v{i}\n" for i in reversed(range(depth)))
        self.assertIn(f"next v0/{depth - 1}", tree(text))


class OrderTests(Failing):
    """Of several mistakes the first in the text is reported."""

    def test_first_in_the_text(self) -> None:
        """Whatever their kinds, and however deep in blocks."""
        wrong = {
            "break": ("break statement must be inside a loop", 1),
            "return": ("return statement must be inside a function", 1),
            "1 = 2": ("Invalid assignment", 3),
            "if a do\nnext a\nendif": ("Unexpected next statement outside of for loop", 1),
            "for a in b do\nnext b": ("Mismatched next: expected 'next a' but found 'next b'", 1),
        }
        for first, (message, column) in wrong.items():
            for second in wrong:
                if first != second:
                    line = 3 if "\n" in first else 2
                    self.assert_error(f"if x do\n{first}\n{second}\nendif", line, column, message)

    def test_body_before_closing(self) -> None:
        """A mistake in a loop's body stands before its closing ``next``."""
        self.assert_error("for a in b do\nreturn\nnext b", 2, 1, ReturnTests.MESSAGE)
