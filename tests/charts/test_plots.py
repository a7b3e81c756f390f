"""The functions that users of DataCode 2.x know."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.values.chart import Chart
from tests.charts.making import rows


class PlotTests(SynchronousTestCase):
    """Charts of arrays."""

    def value(self, expression: str) -> Any:
        """What an expression gives."""
        interpreter = Interpreter()
        outcome = interpreter.run(f"global c = {expression}")
        if outcome.error is not None:
            return outcome.error.message.code
        return interpreter.globals_for_export()["c"]

    def test_kinds(self) -> None:
        """Data, kind and title; no titles of axes, as arrays have no names."""
        for expression, kind, expected in (
            ("plot_bar(['a', 'b'], [2, 1], title='T')", "bar", [["a", 2.0], ["b", 1.0]]),
            ("plot_line([3, 1], [2, 1])", "line", [[1.0, 1.0], [3.0, 2.0]]),
            ("plot_line([3, 1], [2, 1], false)", "scatter", [[3.0, 2.0], [1.0, 1.0]]),
            ("plot_pie(['a', 'b'], [2, 1])", "pie", [["a", 2.0], ["b", 1.0]]),
            ("plot_heatmap([[5, 6]])", "heatmap", [["1", "1", 5.0], ["2", "1", 6.0]]),
        ):
            chart = self.value(expression)
            assert isinstance(chart, Chart), chart
            self.assertEqual((chart.kind, rows(chart)), (kind, expected))
        chart = self.value("plot_bar(['a'], [2], title='T')")
        self.assertEqual((chart.title, chart.encoding.x.title), ("T", None))

    def test_refusals(self) -> None:
        """Lengths and kinds of arguments."""
        for expression, code in (
            ("plot_bar([1, 2], [1])", "plot_lengths"),
            ("plot_bar(1, [1])", "wrong_type"),
            ("plot_heatmap([1])", "row_is_no_array"),
            ("plot_pie(['a'], ['b'])", "chart_needs_numbers"),
            ("plot_bar(['a'], [1], title=1)", "wrong_type"),
        ):
            self.assertEqual(self.value(expression), code)
