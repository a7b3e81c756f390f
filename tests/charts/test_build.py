"""What ``chart`` makes of tables."""

from __future__ import annotations

import itertools
import json
import math
import random
from typing import Any

import jsonschema
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.charts import schema
from datacode.values.chart import KINDS, MOST_ROWS, Chart, is_within_limits
from datacode.values.table import Table
from tests.charts.making import SALES, Made, columns, made, rows


class AxisTests(SynchronousTestCase):
    """What stands along an axis, and in which order."""

    def test_months(self) -> None:
        """Dates are put together, months in between are there."""
        chart = made('t, "bar", "День", "Сумма", every="month"')
        january, february, march = (f"2026-0{n}-01T00:00:00" for n in (1, 2, 3))
        self.assertEqual(rows(chart), [[january, 8.0], [february, None], [march, 4.0]])
        self.assertEqual(chart.encoding.x.time_unit, "yearmonth")
        self.assertEqual(chart.usermeta.language, "ru")

    def test_every(self) -> None:
        """Each length of time, weeks from Monday on."""
        table = columns(d=["2026-01-01 10:30", "2026-01-07 11:00", "2027-05-01 00:10"], n=[1.0] * 3)
        for every, first, count in (
            ("year", "2026-01-01T00:00:00", 2),
            ("quarter", "2026-01-01T00:00:00", 6),
            ("month", "2026-01-01T00:00:00", 17),
            ("week", "2025-12-29T00:00:00", 70),
            ("day", "2026-01-01T00:00:00", 486),
        ):
            found = rows(made(f'u, "bar", "d", "n", every="{every}"', u=table))
            self.assertEqual((found[0][0], len(found)), (first, count), every)
        # too many hours lie in between: only those that occur
        self.assertEqual(len(rows(made('u, "bar", "d", "n", every="hour"', u=table))), 3)

    def test_periods_are_found(self) -> None:
        """First days of months are months, of years are years; other dates are days."""
        for dates, unit in (
            (["2026-01-01", "2026-02-01"], "yearmonth"),
            (["2024-01-01", "2026-01-01"], "year"),
            (["2026-01-01", "2026-07-01"], "yearquarter"),
            (["01.02.2026", "15.02.2026"], "yearmonthdate"),
            (["2026-01-01 10:00", "2026-01-01 12:00"], "yearmonthdatehoursminutes"),
            (["2026-03", "2026-05"], "yearmonth"),
            (["03.2026", "05.2026"], "yearmonth"),
        ):
            chart = made('u, "bar", "d"', u=columns(d=dates))
            self.assertEqual(chart.encoding.x.time_unit, unit, dates)

    def test_order_of_dates(self) -> None:
        """Days, months and years are in their order whatever that of the rows and their form."""
        days = [f"{day:02}.{month:02}.2025" for month in range(1, 13) for day in (3, 17)]
        mixed = days[:]
        random.Random(1).shuffle(mixed)
        for kind in ("bar", "line", "area", "stacked"):
            chart = made(f'u, "{kind}", "d", "n"', u=columns(d=mixed, n=[1.0] * len(days)))
            places = [row["x"] for row in chart.data.values]
            self.assertEqual(places, sorted(places), kind)

    def test_names_of_months(self) -> None:
        """They stand as in a year."""
        for names in (
            ["Март", "Январь", "Декабрь"],
            ["Mar", "Jan", "Dec"],
            ["март", "янв.", "дек"],
        ):
            chart = made('u, "bar", "m", "n"', u=columns(m=names, n=[3.0, 1.0, 12.0]))
            self.assertEqual([row["y"] for row in chart.data.values], [1.0, 3.0, 12.0])

    def test_categories(self) -> None:
        """Numbers ascend, texts stay as they come, empty cells have a name."""
        table = columns(a=["b", "a", None, "b"], n=[10.0, 9.0, 1.0, 2.0])
        self.assertEqual(
            rows(made('u, "bar", "a", "n"', u=table)), [["b", 12.0], ["a", 9.0], ["(empty)", 1.0]]
        )
        self.assertEqual(
            [row[0] for row in rows(made('u, "bar", "n"', u=table))], ["1", "2", "9", "10"]
        )

    def test_scales(self) -> None:
        """Lines have an axis of numbers or of times."""
        chart = made('u, "line", "a", "b"', u=columns(a=[3.0, 1.0, 1.0], b=[1.0, 2.0, 3.0]))
        self.assertEqual(rows(chart), [[1.0, 2.0], [1.0, 3.0], [3.0, 1.0]])
        self.assertEqual(chart.encoding.x.type, "quantitative")
        chart = made('t, "line", "День", "Сумма"')
        self.assertEqual(chart.encoding.x.type, "temporal")


class NumberTests(SynchronousTestCase):
    """What the numbers are."""

    def test_money(self) -> None:
        """Amounts in one currency are numbers, in two an error."""
        table = columns(c=["a", "b"], n=["1 200,50 ₽", "3 ₽"])
        self.assertEqual(rows(made('u, "bar", "c", "n"', u=table)), [["a", 1200.5], ["b", 3.0]])
        found = Made('u, "bar", "c", "n"', u=columns(c=["a", "b"], n=["1 ₽", "3 $"]))
        self.assertEqual(found.error.message.code, "currencies_mixed")

    def test_functions(self) -> None:
        """Several rows at one place."""
        table = columns(c=["a", "a", "a", "b"], n=[1.0, 2.0, 6.0, None])
        for function, expected in (
            ("sum", 9.0), ("average", 3.0), ("avg", 3.0), ("median", 2.0),
            ("min", 1.0), ("max", 6.0), ("count", 3.0), ("distinct", 3.0),
        ):  # fmt: skip
            chart = made(f'u, "bar", "c", "n", agg="{function}"', u=table)
            self.assertEqual(chart.data.values[0]["y"], expected)
        self.assertEqual(rows(made('u, "bar", "c", "n"', u=table))[1], ["b", None])
        self.assertEqual(rows(made('u, "bar", "c"', u=table)), [["a", 3.0], ["b", 1.0]])

    def test_not_finite(self) -> None:
        """Gaps, of which the reader is told."""
        table = columns(c=["a", "b", "c"], n=[math.nan, math.inf, 1.0])
        found = Made('u, "bar", "c", "n"', u=table)
        self.assertEqual(rows(found.chart), [["a", None], ["b", None], ["c", 1.0]])
        told = "chart: 2 values of 'n' are not finite numbers and were left out"
        self.assertEqual([w.render("en") for w in found.warnings], [told])

    def test_histogram(self) -> None:
        """Bins with round limits hold everything once; given ones are taken as they are."""
        source = random.Random(2)
        numbers = [source.gauss(50, 20) for _ in range(1000)]
        chart = made('u, "histogram", "n"', u=columns(n=numbers))
        self.assertEqual(sum(row["y"] for row in chart.data.values), 1000)
        ends = [row["x"] for row in chart.data.values]
        self.assertEqual([row["x2"] for row in chart.data.values][:-1], ends[1:])
        self.assertTrue(all(float(end).is_integer() for end in ends))
        chart = made('u, "histogram", "n", bins=[0, 1, 10]', u=columns(n=[0.0, 1.0, 10.0, 11.0]))
        self.assertEqual(rows(chart), [[0.0, 1.0, 1.0], [1.0, 10.0, 2.0]])
        chart = made('u, "histogram", "n", bins=4', u=columns(n=[0.0, 1.0, 2.0, 4.0]))
        self.assertEqual([row["y"] for row in chart.data.values], [1.0, 1.0, 1.0, 1.0])

    def test_box(self) -> None:
        """Quartiles, whiskers, and what lies beyond."""
        table = columns(c=["a"] * 6, n=[1.0, 2.0, 3.0, 4.0, 5.0, 100.0])
        chart = made('u, "box", "c", "n"', u=table)
        self.assertEqual(rows(chart), [["a", 1.0, 2.25, 3.5, 4.75, 5.0]])
        self.assertEqual(chart.layer[-1].data.values, [{"x": "a", "y": 100.0}])
        self.assertEqual(rows(made('u, "box", "n"', u=table))[0][1:], [1.0, 2.25, 3.5, 4.75, 5.0])

    def test_series(self) -> None:
        """By a column, or several columns."""
        chart = made('t, "stacked", "День", "Сумма", by="Регион", every="month"')
        self.assertEqual(
            [(r["series"], r["y"]) for r in chart.data.values][:2], [("Север", 5.0), ("Юг", 3.0)]
        )
        self.assertEqual(len(chart.data.values), 6)
        chart = made('t, "bar", "Регион", ["Сумма", "Штук"]')
        self.assertEqual([(r["x"], r["series"], r["y"]) for r in chart.data.values],
                         [("Север", "Сумма", 9.0), ("Север", "Штук", 1.0),
                          ("Юг", "Сумма", 3.0), ("Юг", "Штук", 2.0)])  # fmt: skip

    def test_combined(self) -> None:
        """Bars, and a line by an axis of its own."""
        chart = made('t, "combined", "Регион", "Сумма", line="Штук"')
        bars, line = chart.layer
        self.assertEqual((bars.mark.type, line.mark.type), ("bar", "line"))
        self.assertEqual(line.encoding.y.axis.orient, "right")
        self.assertEqual([row["y"] for row in line.data.values], [1.0, 2.0])
        self.assertEqual(chart.resolve.scale.y, "independent")

    def test_heatmap(self) -> None:
        """A cell for every pair."""
        chart = made('t, "heatmap", "День", "Регион", value="Сумма", every="month"')
        self.assertEqual(
            [row["value"] for row in chart.data.values], [5.0, None, 4.0, 3.0, None, None]
        )


class RefusalTests(SynchronousTestCase):
    """One clear sentence that names the thing."""

    def error(self, arguments: str, **variables: Any) -> str:
        """The code of an error."""
        found = Made(arguments, **variables)
        self.assertIsNotNone(found.error, arguments)
        self.assertNotIn("{", found.error.render("ru"))
        return str(found.error.message.code)

    def test_arguments(self) -> None:
        """What a program can get wrong."""
        for arguments, code in (
            ('t, "donut", "День"', "chart_kind"),
            ('t, "bar", "Дата"', "column_not_found"),
            ('t, "bar", "Регион", "День"', "chart_needs_numbers"),
            ('t, "bar", "День", "Сумма", every="decade"', "chart_argument_value"),
            ('t, "bar", "Регион", "Сумма", every="month"', "chart_every_without_dates"),
            ('t, "bar", "Регион", "Сумма", agg="mode"', "chart_argument_value"),
            ('t, "bar", "Регион", "Сумма", bins=3', "chart_argument"),
            ('t, "histogram", "Сумма", bins=0', "chart_bins"),
            ('t, "histogram", "Сумма", bins=[3, 1]', "bad_bins"),
            ('t, "combined", "Регион", "Сумма"', "chart_line_missing"),
            ('t, "heatmap", "Регион"', "chart_heatmap_y"),
            ('t, "scatter", "Регион"', "chart_y_missing"),
            ('t, "bar", "Регион", ["Сумма", "Штук"], by="День"', "chart_by_with_columns"),
            ('t, "bar", "Регион", "Сумма", width=5', "chart_size"),
            ('t, "bar", "Регион", "Сумма", height="1"', "chart_size"),
            ('t, "bar", "Регион", "Сумма", language="de"', "chart_argument_value"),
            ('1, "bar", "Регион"', "wrong_type"),
            ('t, "pie", "Регион", ["Сумма", "Штук"]', "chart_one_number_pie"),
        ):  # fmt: skip
            self.assertEqual(self.error(arguments), code, arguments)

    def test_words_name_the_place(self) -> None:
        """The column, the row and the value."""
        found = Made('u, "bar", "c", "n"', u=columns(c=["a", "b"], n=[1.0, "много"]))
        self.assertIn("'n'", found.error.render("en"))
        self.assertIn("row 2 holds 'много'", found.error.render("en"))

    def test_too_much(self) -> None:
        """Categories, series, slices, periods."""
        many = columns(c=[f"c{n}" for n in range(100_000)], n=[1.0] * 100_000)
        self.assertEqual(self.error('u, "bar", "c", "n"', u=many), "chart_categories")
        self.assertEqual(self.error('u, "line", "n", "n", by="c"', u=many), "chart_series")
        some = columns(c=[f"c{n}" for n in range(60)], n=[1.0] * 60)
        self.assertEqual(self.error('u, "pie", "c", "n"', u=some), "chart_slices")
        self.assertEqual(
            self.error('u, "pie", "c", "n"', u=columns(c=["a"], n=[-1.0])), "chart_negative_slice"
        )
        days = columns(
            d=[
                f"{y}-{m:02}-{d:02}"
                for y in range(1900, 1910)
                for m in range(1, 13)
                for d in range(1, 28)
            ]
        )
        self.assertEqual(self.error('u, "bar", "d"', u=days), "chart_periods")
        wide = columns(a=[float(n) for n in range(300)] * 2, b=[float(n) for n in range(300)] * 2)
        self.assertEqual(self.error('u, "heatmap", "a", "b"', u=wide), "chart_points")


class ThinningTests(SynchronousTestCase):
    """Very many points."""

    def test_peak_stays(self) -> None:
        """Of a million points of a line the highest and lowest are drawn."""
        count = 1_000_000
        numbers = [math.sin(n / 1000) for n in range(count)]
        numbers[777_777], numbers[333_333] = 50.0, -50.0
        table = columns(x=[float(n) for n in range(count)], y=numbers)
        found = Made('u, "line", "x", "y"', u=table)
        ys = [row["y"] for row in found.chart.data.values]
        self.assertLessEqual(len(ys), MOST_ROWS)
        self.assertGreater(len(ys), MOST_ROWS // 2)
        self.assertIn(50.0, ys)
        self.assertIn(-50.0, ys)
        self.assertEqual(found.warnings[0].code, "chart_thinned")
        found = Made('u, "scatter", "x", "y"', u=table)
        self.assertLessEqual(len(found.chart.data.values), MOST_ROWS)
        self.assertEqual(found.warnings[0].code, "chart_thinned")

    def test_series(self) -> None:
        """Every series keeps its own extremes."""
        count = 40_000
        table = columns(
            x=[float(n) for n in range(count)] * 2,
            y=[float(n % 100) for n in range(count)] * 2,
            s=["a"] * count + ["b"] * count,
        )
        chart = made('u, "line", "x", "y", by="s"', u=table)
        for name in "ab":
            ys = [row["y"] for row in chart.data.values if row["series"] == name]
            self.assertEqual((min(ys), max(ys)), (0.0, 99.0))


class ValueTests(SynchronousTestCase):
    """A chart as a value of the language."""

    def test_language(self) -> None:
        """Type, text, equality, truth, elements, groups."""
        interpreter = Interpreter()
        interpreter.define("t", SALES)
        program = """
a = chart(t, "bar", "Регион", "Сумма")
b = chart(t, "bar", "Регион", "Сумма")
c = chart(t, "pie", "Регион", "Сумма")
print(typeof(a), a, a == b, a == c, a == "x", not a, [a, {k: b}])
print(len(unique([a, b, c])), contains([a], b))
"""
        outcome = interpreter.run(program)
        self.assertIsNone(outcome.error, str(outcome.error))
        text = "Chart(bar, 2 rows)"
        self.assertEqual(
            outcome.output, f"chart {text} true false false false [{text}, {{k: {text}}}]\n2 true\n"
        )
        for bad in ("a + 1", "a.x", "a[0]", "for i in a do\nnext i", "sum([a])", "number(a)"):
            self.assertIsNotNone(interpreter.run(bad).error, bad)

    def test_labels_are_harmless(self) -> None:
        """Control characters, lines, marks of direction and great length."""
        name = "a\x00b\r\nc\u202ed\ud800" + "x" * 10_000
        chart = made('u, "bar", "c", "n", title=c', u=columns(c=[name], n=[1.0]), c=name)
        text = msgspec.json.encode(chart).decode()
        self.assertNotRegex(text, "[\\x00-\\x1f\u202e]")
        self.assertLess(len(text), 2000)
        self.assertEqual(chart.data.values[0]["x"][:9], "a b c d x")

    def test_schema(self) -> None:
        """The file is that of the classes, and charts of all kinds keep to it."""
        if "propertyNames" in schema.written():  # earlier versions of msgspec say it otherwise
            self.assertEqual(schema.FILE.read_text("utf-8"), schema.written())
        checker = jsonschema.Draft202012Validator(schema.schema())
        for chart in every_kind():
            checker.validate(json.loads(msgspec.json.encode(chart)))
            self.assertEqual(msgspec.json.decode(msgspec.json.encode(chart), type=Chart), chart)
            self.assertTrue(is_within_limits(chart))


def every_kind() -> list[Chart]:
    """A chart of each kind."""
    arguments = {
        "histogram": '"Сумма"',
        "heatmap": '"День", "Регион", value="Сумма", every="month"',
        "combined": '"День", "Сумма", line="Штук", every="month"',
        "box": '"Регион", "Сумма"',
        "pie": '"Регион", "Сумма"',
        "scatter": '"Штук", "Сумма", by="Регион"',
    }
    usual = '"День", "Сумма", by="Регион", every="month", title="Продажи"'
    return [made(f't, "{kind}", {arguments.get(kind, usual)}') for kind in KINDS]


CELLS = st.one_of(
    st.none(),
    st.floats(),
    st.booleans(),
    st.text(max_size=5),
    st.sampled_from(["2026-01-01", "31.12.2025", "12/31/2025", "2026-02", "5 ₽", "7 $", "Январь"]),
    st.lists(st.floats(), max_size=2),
)


class HostileTests(SynchronousTestCase):
    """Any table and any arguments: a chart that keeps to the schema, or an error in a sentence."""

    @settings(max_examples=150, deadline=None)
    @given(
        data=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=12),
        kind=st.sampled_from(KINDS),
        options=st.sets(
            st.sampled_from(
                [
                    'by="c"',
                    'line="b"',
                    'value="b"',
                    'agg="median"',
                    'every="month"',
                    "bins=3",
                    'every="hour"',
                    'agg="count"',
                    'title="$x^2$ <b>"',
                ]
            ),
            max_size=3,
        ),
        y=st.sampled_from(['"b"', '["b", "c"]', "null"]),
    )
    def test_anything(
        self, data: list[tuple[Any, ...]], kind: str, options: set[str], y: str
    ) -> None:
        """Nothing but charts and errors of the program."""
        table = Table.from_rows(["a", "b", "c"], [list(row) for row in data])
        names = [each.partition("=")[0] for each in options]
        if len(names) > len(set(names)):
            return
        found = Made(", ".join(["u", f'"{kind}"', '"a"', y, *sorted(options)]), u=table)
        if found.error is not None:
            self.assertNotEqual(found.error.message.code, "internal_error")
            return
        self.assertTrue(is_within_limits(found.chart))
        json.loads(msgspec.json.encode(found.chart))
        outcome = Interpreter()
        outcome.define("c", found.chart)
        self.assertIsNone(outcome.run("show_chart(c)").error)

    def test_all_kinds_with_one_row_and_none(self) -> None:
        """The smallest tables."""
        for kind, count in itertools.product(KINDS, (0, 1)):
            table = SALES.slice(0, count)
            extra = {"combined": ', line="Штук"', "heatmap": ""}.get(kind, "")
            y = '"Регион"' if kind == "heatmap" else '"Сумма"'
            rest = "" if kind == "histogram" else f", {y}{extra}"
            x = "Сумма" if kind == "histogram" else "День"
            chart = made(f'u, "{kind}", "{x}"{rest}', u=table)
            interpreter = Interpreter()
            interpreter.define("c", chart)
            self.assertIsNone(interpreter.run("show_chart(c)").error)
