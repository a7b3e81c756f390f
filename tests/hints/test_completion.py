"""How a text that is being typed may go on."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.hints.completion import LONGEST_TEXT, MEMBERS, MOST

SESSION = """
global price = 5
local name = "x"
t = table([["a", 1]], ["name", "home town"])
o = {a: {b: [1]}, "x y": 2}
p = path("a/b.csv")
empty = {}
function area(width, height) do
  return width * height
endfunction
"""


class CompletionTests(SynchronousTestCase):
    """``Interpreter.complete`` in a session with variables and a function."""

    def setUp(self) -> None:
        """The session."""
        self.interpreter = Interpreter()
        self.assertIsNone(self.interpreter.run(SESSION).error)

    def texts(self, text: str, position: int | None = None) -> list[str]:
        """What is offered at the end of a text, or at a position."""
        position = len(text) if position is None else position
        return [c.text for c in self.interpreter.complete(text, position).found]

    def test_names(self) -> None:
        """Variables with their types, functions with their signatures, then builtins, keywords."""
        found = {c.text: (c.kind, c.detail) for c in self.interpreter.complete("", 0).found}
        self.assertEqual(found["price"], ("variable", "int"))
        self.assertEqual(found["name"], ("variable", "string"))
        self.assertEqual(found["area"], ("function", "area(width, height)"))
        self.assertEqual(found["pow"], ("builtin", "pow(base, exp)"))
        self.assertEqual(found["endif"], ("keyword", ""))

    def test_beginning(self) -> None:
        """The word before the position is replaced; what is behind it does not matter."""
        completed = self.interpreter.complete("x = pri + 1", 7)
        self.assertEqual(completed.start, 4)
        self.assertEqual([c.text for c in completed.found][:2], ["price", "print"])

    def test_capitals(self) -> None:
        """Another spelling is found where nothing begins exactly so."""
        self.assertEqual(self.texts("PRIC"), ["price"])

    def test_names_of_the_text(self) -> None:
        """What the text defines is known before it has run; other functions' locals are not."""
        text = (
            "function f(alpha) do\n  local alpine = 1\nendfunction\nfunction g(albatross) do\n  al"
        )
        self.assertEqual(self.texts(text)[:1], ["albatross"])
        self.assertNotIn("alpha", self.texts(text))
        text = "function fresh(a, b) do\nendfunction\nfre"
        found = self.interpreter.complete(text, len(text)).found
        self.assertEqual([c.detail for c in found], ["fresh(a, b)"])

    def test_columns_and_keys(self) -> None:
        """In brackets all of them, behind a point those that can be written so, with members."""
        self.assertEqual(self.texts('t["'), ["name", "home town"])
        self.assertEqual(self.texts("t['ho"), ["home town"])
        self.assertEqual(self.texts("t.na"), ["name"])
        self.assertEqual(self.texts("o."), ["a"])
        self.assertEqual(self.texts("o['"), ["a", "x y"])
        self.assertEqual(self.texts("o.a."), ["b"])
        self.assertEqual(self.texts("o['a']['"), ["b"])
        self.assertEqual(self.texts("o.a.b.fi"), ["first"])
        self.assertEqual(self.texts("empty."), [])

    def test_columns_as_arguments(self) -> None:
        """A text behind a table in a call is a column's name."""
        self.assertEqual(self.texts('table_where(t, "'), ["name", "home town"])
        self.assertEqual(self.texts('table_select(t, ["name", "h'), ["home town"])

    def test_members_exist(self) -> None:
        """Everything that is offered behind a point can be read."""
        values = {"string": "name", "array": "o.a.b", "table": "t", "path": "p"}
        self.assertEqual(len(MEMBERS), 6)
        for variable in values.values():
            members = self.texts(f"{variable}.")
            self.assertGreater(len(members), 2)
            for member in members:
                self.assertIsNone(self.interpreter.run(f"{variable}.{member}").error, member)

    def test_unknown_value(self) -> None:
        """Behind the point of something unknown nothing is offered."""
        for text in ("nosuch.", "area(1, 2).", "o.nothing.", "o.a.b[0]."):
            self.assertEqual(self.texts(text), [], text)

    def test_paths(self) -> None:
        """The beginning of a path is handed on, where a path may stand."""
        for text, start, path in (
            ('x = "lib://data/a', 5, "lib://data/a"),
            ("read_file('in/s", 11, "in/s"),
            ('list_files(path("', 17, ""),
            ('print("in/s', 7, None),
            ('x = "in/s', 5, None),
        ):
            completed = self.interpreter.complete(text, len(text))
            self.assertEqual((completed.start, completed.path), (start, path), text)
            self.assertEqual(completed.found, [])

    def test_nothing_to_complete(self) -> None:
        """Comments, numbers, and the name of a function that is being defined."""
        for text in ("# pri", '""" pri', "12", "function pri", "x = 5."):
            self.assertEqual(self.texts(text), [], text)

    def test_long_text(self) -> None:
        """Of a long text the end counts, positions still from its beginning."""
        text = "x = 1\n" * (LONGEST_TEXT // 6 + 1) + "pric"
        completed = self.interpreter.complete(text, len(text))
        self.assertEqual(completed.start, len(text) - 4)
        self.assertEqual([c.text for c in completed.found], ["price"])

    def test_long_line(self) -> None:
        """In a line longer than any that people type nothing is offered."""
        for text in ("x" * (LONGEST_TEXT + 1), "x = 1\n" + "[" * (2 * LONGEST_TEXT)):
            completed = self.interpreter.complete(text, len(text))
            self.assertEqual((completed.start, completed.found), (len(text), []))

    def test_many_choices(self) -> None:
        """Only so many are offered, and none that is a novel."""
        self.interpreter.define("big", {f"k{n}": None for n in range(MOST * 2)} | {"k" * 1000: 1.0})
        self.assertEqual(len(self.texts("big.k")), MOST)
