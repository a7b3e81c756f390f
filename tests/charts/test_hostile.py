"""Tables that nobody would draw, in every kind of chart: a picture, or one sentence."""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.values.chart import KINDS

_HUGE = "10^300 * 10^300"
TABLES = {
    "empty": "table([], ['x', 'y', 's'])",
    "one": "table([['2026-01-31', 1, 'p']], ['x', 'y', 's'])",
    "nulls": "table([[null, null, null], [null, null, null]], ['x', 'y', 's'])",
    "infinite": f"table([['a', {_HUGE}, 'p'], ['b', -({_HUGE}), 'q']], ['x', 'y', 's'])",
    "no number": f"table([['a', {_HUGE} - {_HUGE}, 'p'], ['b', 2, 'q']], ['x', 'y', 's'])",
    "extreme": "table([['a', 10^300, 'p'], ['b', -(10^300), 'q'], ['c', 10^-300, 'q']],"
    " ['x', 'y', 's'])",
    "negative": "table([['a', -1, 'p'], ['b', -2, 'q'], ['c', 0, 'q']], ['x', 'y', 's'])",
    "markup": "table([['$\\frac{1}{', 5, '<script>alert(1)</script>'], ['_^{}~%&', 3, '$a_'],"
    f" ['{'Щ' * 3000}', 4, '{'W' * 3000}']], ['x', 'y', 's'])",
}
SPECIAL = {
    "histogram": "chart(t, 'histogram', 'y')",
    "heatmap": "chart(t, 'heatmap', 'x', 's', value='y')",
    "combined": "chart(t, 'combined', 'x', 'y', line='y')",
}


class HostileTableTests(SynchronousTestCase):
    """Each face of each kind."""

    def test_every_kind(self) -> None:
        """Nothing but an error of the program, and nothing active in what is written."""
        folder = Path(self.mktemp())
        folder.mkdir()
        before = os.getcwd()
        os.chdir(folder)
        self.addCleanup(os.chdir, before)
        drawn = 0
        for name, table in TABLES.items():
            for kind in KINDS:
                call = SPECIAL.get(kind, f"chart(t, '{kind}', 'x', 'y')")
                interpreter = Interpreter()
                outcome = interpreter.run(f"t = {table}\nc = {call}")
                if outcome.error is not None:
                    text = str(outcome.error)
                    self.assertRegex(text, r"^Runtime Error at line 2: ", f"{name}, {kind}")
                    self.assertNotIn("internal", text.lower())
                    continue
                drawn += 1
                for face in ("svg", "txt", "html"):
                    outcome = interpreter.run(f"write_file('c.{face}', c)")
                    self.assertIsNone(outcome.error, f"{name}, {kind}, {face}: {outcome.error}")
                    if face != "txt":
                        self.assertNotIn("<script", Path(f"c.{face}").read_text("utf-8"))
        self.assertGreater(drawn, 50)

    def test_many_categories(self) -> None:
        """More than an axis can show are an error that says what to do."""
        code = "rows = []\nfor i in range(10000) do\nrows = push(rows, ['n' + i, i])\nnext i\n"
        outcome = Interpreter().run(code + "chart(table(rows, ['x', 'y']), 'bar', 'x', 'y')")
        self.assertIn("10000 different values", str(outcome.error))
