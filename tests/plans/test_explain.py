"""``explain`` tells how a table came about."""

from __future__ import annotations

from datacode import Interpreter
from tests.large import StoredTestCase

PROGRAM = """
t = table([["b", 2], ["a", 1], ["b", 3]], ["k", "n"])
s = table_sort(table_filter(t, "n > 1"), "n", false)
for step in explain(s) do
  print(step[0], step[1], step[2])
next step
"""


class ExplainTests(StoredTestCase):
    """The steps, their place and rows."""

    def test_in_files(self) -> None:
        """Each step that an engine did, in order."""
        outcome = Interpreter(large_tables=self.storage).run(PROGRAM)
        self.assertIsNone(outcome.error)
        self.assertEqual(outcome.output, "store files 3\nfilter files 2\nsort files 2\n")

    def test_in_memory(self) -> None:
        """Nothing but what it is."""
        outcome = Interpreter().run(PROGRAM)
        self.assertEqual(outcome.output, "table memory 2\n")
