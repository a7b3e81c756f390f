"""Advice beside errors."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.hints.names import closest, place


class HintTests(SynchronousTestCase):
    """``Interpreter.hint`` about programs that fail."""

    def advice(self, text: str, locale: str = "en") -> str | None:
        """The hint about a program's error."""
        interpreter = Interpreter()
        error = interpreter.run(text).error
        self.assertIsNotNone(error, text)
        found = interpreter.hint(error, text)
        return None if found is None else found.render(locale)

    def assert_advice(self, cases: dict[str, str | None]) -> None:
        """Each program gets its advice."""
        for text, expected in cases.items():
            self.assertEqual(self.advice(text), expected, text)

    def test_variables(self) -> None:
        """Names that look alike: of the session, of the text, of the function that failed."""
        self.assert_advice(
            {
                "amount = 1\nprint(amuont)": "did you mean 'amount'?",
                "print(PRICE)\nprice = 1": "did you mean 'price'?",
                "function f(amount) do\nreturn amuont\nendfunction\nf(1)": "did you mean 'amount'?",
                "function f(amount) do\nendfunction\nprint(amuont)": None,
                "print(zzz)": None,
                "x = len": "'len' is a function: call it with parentheses",
            }
        )

    def test_functions(self) -> None:
        """Builtins and the program's own; how they are called."""
        self.assert_advice(
            {
                "prnt(1)": "did you mean 'print'?",
                "function area(a) do\nendfunction\naera(1)": "did you mean 'area'?",
                "function area(a, b) do\nendfunction\narea(1)": "it is called as area(a, b)",
                "pow(1)": "it is called as pow(base, exp)",
                "read_file('x', heade_row = 1)": "did you mean 'header_row'?",
            }
        )

    def test_words_of_other_languages(self) -> None:
        """Where they fail to parse, and where they are taken for names."""
        self.assertIn("there is no while", str(self.advice("while x < 3 do\nprint(1)")))
        self.assertIn("there is no while", str(self.advice("while (x) do")))
        self.assertIn("else if", str(self.advice("if true do\nelif false do\nendif")))
        self.assertIn("else if", str(self.advice("elseif x do")))
        self.assertIn("`true`", str(self.advice("x = True")))
        self.assertIn("`null`", str(self.advice("x = None")))
        self.assertIn("next", str(self.advice("for i in [1] do\ncontinue\nnext i")))
        self.assertIn("function name", str(self.advice("def f(x):")))
        self.assertIn("not declared", str(self.advice("let x = 5")))
        self.assertIn("print(value)", str(self.advice("print x")))

    def test_words_just_before(self) -> None:
        """Also before the error, and where a block is closed as elsewhere; ``print`` only alone."""
        self.assertIn("map(xs, 'f')", str(self.advice("f = lambda a")))
        self.assertIn("`catch e`", str(self.advice("try\nexcept\nendtry")))
        self.assertIn("`throw`", str(self.advice("raise 'a'")))
        for word in ("end", "endfor", "done"):
            found = self.advice(f"for i in [1] do\nx = i\n{word} # of the loop")
            self.assertIn(f"`{word}` in line 3 closes nothing", str(found))
        self.assertNotIn("print(value)", str(self.advice("print(1))")))

    def test_strings(self) -> None:
        """Quotes within strings, prefixes, and strings side by side."""
        inside = 'a string ends at the next ", a backslash changes nothing: '
        self.assert_advice(
            {
                'print("a\\"b")': f"{inside}text with \" in it stands between ' and '",
                "x = 'it's'": "a string ends at the next ', a backslash changes nothing: "
                'text with \' in it stands between " and "',
                'x = f"a"': "strings have no prefixes; `+` joins texts and values",
                "x = 'a' 'b'": "`+` joins texts",
                "x = “a”": "strings stand in straight quotes: \"…\" or '…'",
            }
        )

    def test_numbers(self) -> None:
        """Spellings that numbers do not have here."""
        for number in ("1e5", "0x10", "1_000", "2x", ".5", "1.5.2", "1if"):
            self.assertIn("at most one point", str(self.advice(f"x = {number}")), number)

    def test_expressions(self) -> None:
        """What expressions of other languages have."""
        self.assert_advice(
            {
                "x = 1 if a else 2": "a choice is written with `if … do`, `else`, `endif`",
                "x = a in xs": "`contains(xs, x)` tells whether an array or text holds a value",
                "xs.push(1)": "there are no methods, only functions: `push(value, …)`",
                "xs.foo(1)": "there are no methods, only members: `value.name`",
                "x = a × 2": "`*` is meant",
                "x := 5": "`=` assigns: `name = value`",
                "x = {a = 1}": "a pair is written `key: value`",
                "x = {1: 2}": "keys are words or strings",
                "function f(a = 1) do\nendfunction": "parameters have no default values",
                "for i = 1 to 5 do": "a loop begins with `for x in … do` and ends with `next x`",
                "/* a */": "comments begin with `#`",
            }
        )

    def test_brackets(self) -> None:
        """One that should be closed first, one that is not open, a comma between values."""
        self.assert_advice(
            {
                "x = [1, 2\ny = 3": "`[` in line 1 has to be closed by `]` first",
                "x = [1,\n  (2]": "`(` in line 2 has to be closed by `)` first",
                "print(1))": "no bracket is open that `)` could close",
                "x = [1 2]": "a comma may be missing before `2`",
                "x = [1,\n  2 'a']": "a comma may be missing before `'a'`",
                "x = [1, 2": None,
            }
        )

    def test_line_ends(self) -> None:
        """Nothing but a bracket continues a line."""
        goes_on = "a statement ends with its line; within brackets it goes on"
        self.assert_advice({"x = 1 +\n2": goes_on, "if a and # or\nb do": goes_on})
        self.assert_advice({"try do\nendtry": "no `do` follows `try`"})

    def test_members(self) -> None:
        """Those that a kind of value has; keys and columns of the program and of the session."""
        self.assert_advice(
            {
                "[1].lenght": "did you mean 'length'?",
                "'a'.uper": "did you mean 'upper'?",
                "path('a').exist": "did you mean 'exists'?",
                "o = {amount: 1}\nprint(o.amuont)": "did you mean 'amount'?",
                "o = {'unit price': 1}\nprint(o['unit prise'])": "did you mean 'unit price'?",
                "t = table([[1]], ['price'])\nprint(t.prise)": "did you mean 'price'?",
                "t = table([[1]], ['price'])\nprint(t['Price'])": "did you mean 'price'?",
                "t = table([[1]], ['price'])\ntable_sort(t, 'prise')": "did you mean 'price'?",
                "o = {amount: 1}\nprint(o.zzz)": None,
            }
        )

    def test_any_text(self) -> None:
        """Whatever is cut short gets advice or none, in both languages."""
        text = (
            "function f(a, b) do\n  x = {k: [1, (2 + a.b[0])], 'q': f(*b, c = 1)}\n"
            "  for i, j in x do\n    try\n      throw -i ^ 2\n    catch e\n      next i\n"
            "    endtry\n  next i\n  if not a do\n  else if b do\n  else\n  endif\nendfunction\n"
        )
        for cut in range(len(text)):
            for more in ("", ")", "=", " end", "5", "'", "\n", ":", " in", " if", ";"):
                program = text[:cut] + more
                if Interpreter().run(program).error is not None:
                    self.advice(program)
                    self.advice(program, "ru")

    def test_characters(self) -> None:
        """Signs of other languages."""
        self.assert_advice(
            {
                "x = 1; y = 2": "each statement stands on a line of its own, without `;`",
                "if a && b do\nendif": "`and` joins conditions",
                "x = a ? b : c": "a choice is written with `if … do`, `else`, `endif`",
                "x = 1\nx += 2": "write `x = x + …`",
                "i = 1\ni++": "write `i = i + …`",
                "if x = 1 do\nendif": "assignment is a statement of its own; `==` compares",
                "// hello": "comments begin with `#`",
                "if x:\n": "blocks open with `do`",
                "x = $": None,
            }
        )

    def test_blocks(self) -> None:
        """Which word the innermost open block waits for."""
        self.assert_advice(
            {
                "if x > 1\nendif": "`do` opens the block, at the end of the line",
                "function f(a)\nendfunction": "`do` opens the block, at the end of the line",
                "endif": "no block is open that `endif` could belong to",
                "try\nx = 1\nendif\nendtry": "`try` in line 1 has to be closed by `endtry` first",
                "for i in b do\nendif": "`for` in line 1 has to be closed by `next i` first",
                "if a do\nendtry": "`if` in line 1 has to be closed by `endif` first",
                "try\nx = 1\nelse\nendtry": "`try` in line 1 has to be closed by `endtry` first",
                "if true do": None,
            }
        )

    def test_nothing_to_say(self) -> None:
        """Other errors speak for themselves."""
        self.assert_advice({"x = 1 / 0": None, "throw 'a'": None, "x = [1][5]": None})

    def test_russian(self) -> None:
        """In the reader's language."""
        self.assertEqual(
            self.advice("amount = 1\nprint(amuont)", "ru"), "возможно, имелось в виду 'amount'?"
        )

    def test_text_of_the_user_is_no_template(self) -> None:
        """Braces in a program do no harm."""
        self.assertIsNone(self.advice("x = {a: 1}\nx['{name}'] + 1\nx.b"))


class ClosestTests(SynchronousTestCase):
    """``closest``."""

    def test_capitals_matter_least(self) -> None:
        """The same word in other capitals comes before one that is merely like it."""
        self.assertEqual(closest("Total", ["totals", "total"]), "total")

    def test_never_the_name_itself(self) -> None:
        """It is the one that does not exist."""
        self.assertEqual(closest("total", ["total", "totals"]), "totals")


class PlaceTests(SynchronousTestCase):
    """``place``: the line and column an excerpt points at."""

    def test_places(self) -> None:
        """Errors of all kinds know; limits have none."""
        for text, expected in {
            "a = = 1": (1, 5),
            "ab = 1\nx = ab + b": (2, 10),
            "print(nosuch(1))": (1, 7),
            "1 / 0": (1, 3),
        }.items():
            error = Interpreter().run(text).error
            assert error is not None
            self.assertEqual(place(error), expected)
        limit = Interpreter(max_steps=1).run("a = 1\nb = 2").error
        assert limit is not None
        self.assertIsNone(place(limit))
