"""Charts as SVG and PNG."""

from __future__ import annotations

import io
import re
import struct
from xml.etree import ElementTree

from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from datacode.charts.figure import picture
from datacode.values.chart import Chart
from tests.charts.making import columns, made
from tests.charts.test_build import every_kind

SVG = "{http://www.w3.org/2000/svg}"


def texts(chart: Chart) -> list[str]:
    """The texts of an SVG, in the order in which they stand in the file."""
    root = ElementTree.fromstring(picture(chart, "svg"))
    return ["".join(each.itertext()).strip() for each in root.iter(f"{SVG}text")]


class PictureTests(SynchronousTestCase):
    """What is in the files."""

    def test_every_kind(self) -> None:
        """Both forms, of the size that was asked for, the same each time."""
        for chart in every_kind():
            for form in ("svg", "png"):
                first = picture(chart, form)
                self.assertEqual(first, picture(chart, form), chart.kind)
            root = ElementTree.fromstring(picture(chart, "svg"))
            box = [float(each) for each in root.attrib["viewBox"].split()]
            self.assertAlmostEqual(box[2] / 0.72, chart.width, delta=1)
            self.assertEqual(struct.unpack(">II", picture(chart, "png")[16:24]),
                             (2 * chart.width, 2 * chart.height))  # fmt: skip

    def test_words(self) -> None:
        """Title, names of axes and series, months of the reader's language in their order."""
        found = texts(made('t, "bar", "День", "Сумма", by="Регион", every="month", title="Итоги"'))
        for text in ("Итоги", "День", "Сумма", "Север", "Юг", "Регион"):
            self.assertIn(text, found)
        months = [text for text in found if text.endswith("2026")]
        self.assertEqual(months, ["янв 2026", "фев 2026", "мар 2026"])
        english = 't, "bar", "День", "Сумма", every="month", language="en"'
        self.assertIn("Jan 2026", texts(made(english)))

    def test_numbers_of_the_language(self) -> None:
        """Points or commas, groups of digits."""
        table = columns(c=["a", "b"], n=[12500.0, 7000.0])
        self.assertIn("12,000", texts(made('u, "bar", "c", "n"', u=table)))
        self.assertIn("12\u00a0000", texts(made('u, "bar", "c", "n", language="ru"', u=table)))

    def test_something_is_drawn(self) -> None:
        """Each picture has the colours of its series."""
        for chart in every_kind():
            image = Image.open(io.BytesIO(picture(chart, "png"))).convert("RGB")
            colours = image.getcolors(1 << 20) or []
            strong = sum(count for count, (r, g, b) in colours if max(r, g, b) - min(r, g, b) > 50)
            self.assertGreater(strong, 100, chart.kind)

    def test_formulas_and_markup_are_text(self) -> None:
        """Labels mean nothing to the renderer and nothing to who shows the file."""
        labels = ["$x^2$", "$\\frac{", "<script>a</script>", "&amp;", "{}", "%s", "\\n"]
        table = columns(c=labels, n=[1.0] * len(labels))
        for kind in ("bar", "barh", "pie", "heatmap"):
            y = '"n"' if kind != "heatmap" else '"c"'
            chart = made(f'u, "{kind}", "c", {y}, title="$\\\\alpha <b>"', u=table)
            found = " ".join(texts(chart))
            for label in labels:
                self.assertIn(label, found, kind)
            svg = picture(chart, "svg")
            self.assertNotIn(b"<script", svg)

    def test_no_addresses(self) -> None:
        """Nothing but the names of XML's languages looks like one."""
        for chart in every_kind():
            svg = picture(chart, "svg").decode()
            found = set(re.findall(r"\w+://[^\"'\s<]+", svg))
            self.assertLessEqual(
                found, {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
            )
            self.assertNotIn("<!DOCTYPE", svg)

    def test_extreme_numbers(self) -> None:
        """The largest and the smallest, none, all equal, far apart."""
        for numbers in (
            [1.7e308, -1.7e308],
            [1e150, -1e150],
            [5e-324, 1e-300],
            [0.0, 0.0],
            [1e15, 1e15 + 1],
            [None, None],
            [1e-9, 1e12],
        ):
            table = columns(c=["a", "b"], n=numbers)
            for kind in ("bar", "stacked", "line", "scatter", "histogram", "box", "pie"):
                arguments = '"n"' if kind == "histogram" else '"c", "n"'
                if kind == "pie" and (numbers[1] or 0) < 0:
                    continue
                chart = made(f'u, "{kind}", {arguments}', u=table)
                self.assertIn(b"</svg>", picture(chart, "svg"))
                self.assertEqual(picture(chart, "png")[:4], b"\x89PNG")

    def test_many(self) -> None:
        """As many categories, series and points as there may be."""
        many = columns(c=[f"Категория {n}" for n in range(1000)], n=[float(n) for n in range(1000)])
        self.assertIn(b"</svg>", picture(made('u, "bar", "c", "n"', u=many), "svg"))
        self.assertIn(b"</svg>", picture(made('u, "barh", "c", "n"', u=many), "svg"))
        split = columns(x=[float(n) for n in range(500)], s=[f"s{n % 50}" for n in range(500)])
        self.assertIn(b"</svg>", picture(made('u, "scatter", "x", "x", by="s"', u=split), "svg"))

    def test_empty(self) -> None:
        """No rows at all."""
        for chart in every_kind():
            empty = made(f'u, "{chart.kind}", {ARGUMENTS.get(chart.kind, USUAL)}', u=EMPTY)
            self.assertIn(b"</svg>", picture(empty, "svg"))


EMPTY = columns(a=[], b=[], c=[])
USUAL = '"a", "b"'
ARGUMENTS = {"histogram": '"b"', "combined": '"a", "b", line="c"'}
