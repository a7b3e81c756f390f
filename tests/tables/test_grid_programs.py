"""The lines that the page writes for filters of its grid choose the rows that the grid shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.tables.grid_view import CellChoice, ViewQuery, rows_of
from datacode.values.table import Table
from datacode.values.types import Value

CASES = json.loads(Path(__file__).with_name("grid_programs.json").read_text("utf-8"))
"""``web/test/program.test.ts`` holds the page to these lines."""


def _value(cell: Any) -> Value:
    return float(cell) if isinstance(cell, int) and not isinstance(cell, bool) else cell


ROWS = [[_value(cell) for cell in row] for row in CASES["rows"]]
NAMES = [column["name"] for column in CASES["columns"]]


class GridProgramTests(SynchronousTestCase):
    """A program's line beside the grid's filter."""

    def shown(self, case: dict[str, Any]) -> list[list[Value]]:
        """The rows that the grid shows."""
        column = case["column"]
        if "text" in case:
            query = ViewQuery(filters=((column, case["text"]),))
        else:
            values = tuple(map(_value, case.get("values", case.get("without", []))))
            query = ViewQuery(choices=(CellChoice(column, values, "without" in case),))
        found = rows_of(Table.from_rows(NAMES, ROWS), query)
        return ROWS if found is None else [ROWS[place] for place in found]

    def test_filters(self) -> None:
        """Every case."""
        for case in CASES["filters"]:
            interpreter = Interpreter()
            interpreter.define("t", Table.from_rows(NAMES, ROWS))
            outcome = interpreter.run(case["line"])
            self.assertIsNone(outcome.error, (case["line"], str(outcome.error)))
            made = interpreter.variable("v")
            assert isinstance(made, Table)
            self.assertEqual(list(made.rows()), self.shown(case), case["line"])
