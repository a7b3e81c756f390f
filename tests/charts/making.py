"""Charts for tests, made as programs make them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datacode import Interpreter
from datacode.i18n.message import Message
from datacode.values.chart import Chart
from datacode.values.column_storage import ColumnData
from datacode.values.table import Table

SALES = Table.from_rows(
    ["День", "Регион", "Сумма", "Штук"],
    [
        ["2026-01-15", "Север", 5.0, 1.0],
        ["2026-01-20", "Юг", 3.0, 2.0],
        ["2026-03-02", "Север", 4.0, None],
    ],
)


class Made:
    """What a call of ``chart`` gave: the chart or the error's text, and the warnings."""

    def __init__(self, arguments: str, **variables: Any) -> None:
        self.warnings: list[Message] = []
        interpreter = Interpreter(on_warning=self.warnings.append)
        interpreter.define("t", SALES)
        for name, value in variables.items():
            interpreter.define(name, value)
        outcome = interpreter.run(f"global c = chart({arguments})")
        self.error = outcome.error
        self.chart: Any = interpreter.globals_for_export().get("c")


def made(arguments: str, **variables: Any) -> Chart:
    """The chart of a call that succeeds."""
    found = Made(arguments, **variables)
    if found.error is not None:
        raise AssertionError(str(found.error))
    assert isinstance(found.chart, Chart)
    return found.chart


def rows(chart: Chart) -> list[list[Any]]:
    """The data as arrays."""
    return [list(row.values()) for row in chart.data.values]


def columns(**cells: Sequence[Any]) -> Table:
    """A table of these columns."""
    return Table(cells, [ColumnData.of_list(list(each)) for each in cells.values()])
