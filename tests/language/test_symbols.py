"""Where names are made and used."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode.language.tools import symbols

TEXT = """\
total = 0
function add(value, other) do
  local copy = value
  total = total + copy + other
  step = {value: value, "k": o.value}
  return f(value = step)
endfunction
for i, row in enum(rows) do
  add(i, row)
next i
print(map(rows, "add"), total)
"""


class OccurrenceTests(SynchronousTestCase):
    """Names read off the tokens."""

    def places(self, line: int, column: int) -> list[tuple[int, int]]:
        """All places of the name at a place."""
        wanted = symbols.at(TEXT, line, column)
        self.assertIsNotNone(wanted)
        return [(o.line, o.column) for o in symbols.same(TEXT, wanted)]

    def test_global(self) -> None:
        """A global is found inside a function that changes it."""
        self.assertEqual(self.places(1, 1), [(1, 1), (4, 3), (4, 11), (11, 25)])

    def test_parameter(self) -> None:
        """A parameter; neither keys, members nor named arguments of that name."""
        self.assertEqual(self.places(2, 14), [(2, 14), (3, 16), (5, 18)])

    def test_function(self) -> None:
        """Definition, call, and the name as a text for ``map``."""
        self.assertEqual(self.places(9, 3), [(2, 10), (9, 3), (11, 18)])

    def test_local(self) -> None:
        """A plain assignment in a function to a name that is no global makes a local."""
        found = symbols.at(TEXT, 5, 3)
        self.assertEqual((found.name, found.function, found.role), ("step", "add", "definition"))

    def test_loop_variable(self) -> None:
        """A loop's variables are defined in its header and named by ``next``."""
        self.assertEqual(self.places(10, 6), [(8, 5), (9, 7), (10, 6)])

    def test_broken_text(self) -> None:
        """Texts that are being typed have names, too."""
        self.assertEqual([o.name for o in symbols.occurrences("x = (y + [z")], ["x", "y", "z"])
