"""Reports as files."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
from twisted.trial.unittest import SynchronousTestCase

from datacode import Interpreter
from datacode.reports.html import html
from datacode.reports.pdf import pdf
from datacode.reports.tables import MOST_ROWS
from datacode.values.report import Report
from datacode.values.table import Table
from tests.charts.making import SALES, columns, made
from tests.charts.test_build import every_kind
from tests.web.browser import browser

HOSTILE = (
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    "[link](javascript:window.hacked=1) [other](https://evil.example/a)",
    "![picture](https://evil.example/p.png) <https://evil.example/auto>",
    "[ref]: https://evil.example/ref\n\n[ref]",
    "&lt;b&gt; ]]> </main></style><style>@import url(https://evil.example/s.css)</style>",
    "`</code><script>window.hacked = 1</script>`",
    "```\n</pre><script>window.hacked = 1</script>\n```",
    "<para><b>x</para> <font color='__import__(\"os\")'>",
    "a\x00b\u202ec\ud800",
)
LONG = ("# " + "я" * 9000, "# a\n" * 300, "> " + "b " * 9000, "|a|\n|-|\n|" + "c " * 5000 + "|")
CELLS = columns(**{"<script>window.hacked=1</script>": [*HOSTILE], "n": [1.0] * len(HOSTILE)})


class Elements(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def elements(report: Report) -> Elements:
    """What is in a report as HTML."""
    found = Elements()
    found.feed(html(report).decode("utf-8"))
    return found


class HtmlTests(SynchronousTestCase):
    """One file, complete in itself."""

    def test_hostile_text(self) -> None:
        """In titles, Markdown, names of columns and cells: only text."""
        found = elements(Report(HOSTILE[0], (*HOSTILE, CELLS)))
        self.assertFalse(found.names & {"script", "img", "a", "link", "iframe", "font", "para"})
        for name, value in found.attributes:
            self.assertFalse(name.startswith("on"), name)
            self.assertNotIn(name, ("src", "href", "style"))
            self.assertNotIn("evil", value or "")
        text = "".join(found.text)
        self.assertIn("<script>window.hacked = 1</script>", text)
        self.assertIn("other (https://evil.example/a)", text)

    def test_languages(self) -> None:
        """Numbers and dates as the reader writes them."""
        table = columns(день=["2026-01-15", None], сумма=[1234567.5, 2.0], год=[2025.0, 2026.0])
        text = "".join(elements(Report("Отчёт", (table,))).text)
        for expected in ("15.01.2026", "1\u00a0234\u00a0567,5", "2,0", "2025"):
            self.assertIn(expected, text)
        english = Table(["day", "sum", "year"], table.columns)
        text = "".join(elements(Report("Report", (english,))).text)
        for expected in ("2026-01-15", "1,234,567.5", "2.0", "2025"):
            self.assertIn(expected, text)

    def test_long_table(self) -> None:
        """The first rows, and how many are not shown."""
        long = columns(n=[float(n) for n in range(5000)])
        found = html(Report("Long", (long,))).decode()
        self.assertEqual(found.count("<tr>"), MOST_ROWS + 1)
        self.assertIn("3,000 more rows are not shown", found)

    def test_browser(self) -> None:
        """A real browser runs nothing of it, asks nobody, cuts off no label, and no two overlap."""
        charts = every_kind()
        days = columns(
            d=[f"2025-{m:02}-{d:02}" for m in range(1, 13) for d in range(1, 29)],
            n=[float(n % 17) for n in range(336)],
        )
        names = columns(c=[f"Очень длинное название категории {n}" for n in range(25)],
                        n=[float(n) * 1e6 for n in range(25)])  # fmt: skip
        charts += [
            made(
                'u, "bar", "d", "n", every="month", title="' + "Длинный заголовок " * 12 + '"',
                u=days,
            ),
            made('u, "bar", "d", "n", every="week"', u=days),
            made('u, "line", "d", "n"', u=days),
            made('u, "heatmap", "d", "n", every="month"', u=days),
            made('u, "bar", "c", "n"', u=names),
            made('u, "barh", "c", "n"', u=names),
            made('u, "pie", "c", "n"', u=names),
            made('u, "stacked", "n", "n", by="c"', u=names),
            made('u, "bar", "c", "n", width=300, height=200', u=names),
        ]
        path = Path(self.mktemp()).absolute().with_suffix(".html")
        path.write_bytes(html(Report("Отчёт", (*HOSTILE, CELLS, *charts))))
        page = browser()
        page.driver.get(path.as_uri())
        self.assertIsNone(page.driver.execute_script("return window.hacked || null"))
        asked = page.driver.execute_script(
            "return performance.getEntriesByType('resource').map(each => each.name)"
        )
        self.assertEqual([each for each in asked if not each.startswith("data:")], [])
        found: list[dict[str, Any]] = page.driver.execute_script(PLACES)
        self.assertEqual(len(found), len(charts))
        for chart, each in zip(charts, found, strict=True):
            about = f"{chart.kind} {chart.encoding} {each}"
            self.assertEqual(each["cut"], [], about)
            self.assertEqual(each["overlap"], [], about)
            self.assertGreater(each["count"], 2, about)


PLACES = """
return [...document.querySelectorAll('figure svg')].map(svg => {
  const frame = svg.getBoundingClientRect()
  const inside = b => b.left >= frame.left - 1 && b.right <= frame.right + 1
    && b.top >= frame.top - 1 && b.bottom <= frame.bottom + 1
  const texts = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim())
  const cut = texts.filter(t => !inside(t.getBoundingClientRect())).map(t => t.textContent)
  const overlap = []
  const upright = texts.filter(t => !/rotate\\((?!-?0[ ,)]|0\\))/.test(
    (t.getAttribute('transform') || '') + (t.parentElement.getAttribute('transform') || '')))
  const boxes = upright.map(t => [t.textContent, t.getBoundingClientRect()])
  for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
    const [a, b] = [boxes[i][1], boxes[j][1]]
    const x = Math.min(a.right, b.right) - Math.max(a.left, b.left)
    const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
    if (x > 1 && y > 3) overlap.push([boxes[i][0], boxes[j][0]])
  }
  return {count: texts.length, cut, overlap}
})
"""


class PdfTests(SynchronousTestCase):
    """Pages."""

    def text(self, report: Report) -> str:
        """All text, with single spaces."""
        reader = pypdf.PdfReader(io.BytesIO(pdf(report)))
        return " ".join(" ".join(page.extract_text() for page in reader.pages).split())

    def test_text(self) -> None:
        """Headings, bold words, lists, tables; in Cyrillic."""
        parts = (
            "# Итоги **марта**",
            "Выросло *всё*, `код` и ~~зря~~.",
            "- раз\n- два\n\n7. семь\n8. восемь\n\n> слова",
            "| а | б |\n|---|---|\n| один | два |",
            "```\nкод\n```",
            SALES,
        )
        # Readers differ in whether there is a space behind a bullet.
        found = re.sub(r"(•|\d\.) ", r"\1", self.text(Report("Отчёт", parts)))
        for expected in ("Отчёт", "Итоги марта", "Выросло всё, код и зря.", "•раз", "8.восемь",
                         "слова", "один", "Регион", "15.01.2026", "Север"):  # fmt: skip
            self.assertIn(expected, found)

    def test_fonts_are_embedded(self) -> None:
        """No reader needs to have them."""
        reader = pypdf.PdfReader(io.BytesIO(pdf(Report("Отчёт", ("**ж**", SALES)))))
        for page in reader.pages:
            for font in page["/Resources"]["/Font"].values():
                self.assertIn("/FontFile2", font.get_object()["/FontDescriptor"])

    def test_same_each_time(self) -> None:
        """Equal reports are equal files."""
        report = Report("Отчёт", ("# a", SALES, made('t, "bar", "Регион", "Сумма"')))
        self.assertEqual(pdf(report), pdf(report))
        self.assertEqual(html(report), html(report))

    def test_pages(self) -> None:
        """Long tables go on with their header; wide ones lie; charts have their place."""
        long = columns(имя=[f"строка {n}" for n in range(300)], n=[float(n) for n in range(300)])
        reader = pypdf.PdfReader(io.BytesIO(pdf(Report("Отчёт", (long, *every_kind())))))
        pages = [page.extract_text() for page in reader.pages]
        self.assertGreater(len(pages), 8)
        self.assertIn("имя", pages[1])
        self.assertEqual(sum(len(page.images) for page in reader.pages), len(every_kind()))
        wide = columns(**{f"столбец {n}": ["x" * n] for n in range(40)})
        (page,) = pypdf.PdfReader(io.BytesIO(pdf(Report("", (wide,))))).pages
        self.assertGreater(page.mediabox.width, page.mediabox.height)

    def test_hostile_text(self) -> None:
        """Markup of reportlab is text, too; nothing leads out; nothing fails."""
        found = self.text(Report(HOSTILE[8], (*HOSTILE, CELLS, "x" * 5000, *LONG)))
        self.assertIn("<para><b>x</para>", found)
        content = pdf(Report("", HOSTILE))
        self.assertNotIn(b"/URI", content)
        self.assertNotIn(b"/JavaScript", content)

    def test_nesting(self) -> None:
        """Deep lists and quotes."""
        deep = "".join("  " * n + f"- {n}\n" for n in range(40)) + "\n" + "> " * 60 + "x"
        self.assertIn("0", self.text(Report("", (deep,))))
        self.assertIn("39", html(Report("", (deep,))).decode())


class WorkbookTests(SynchronousTestCase):
    """Charts in workbooks."""

    def setUp(self) -> None:
        """A folder to write to."""
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def book(self, content: str, **variables: Any) -> Any:
        """What openpyxl reads of a file that a program wrote."""
        path = str(self.folder / "a.xlsx")
        interpreter = Interpreter()
        interpreter.define("t", SALES)
        interpreter.define("file", path)
        for name, value in variables.items():
            interpreter.define(name, value)
        outcome = interpreter.run(f"write_file(file, {content})")
        self.assertIsNone(outcome.error, str(outcome.error))
        return openpyxl.load_workbook(path)

    def test_every_kind(self) -> None:
        """Excel's own charts over cells with their data, or pictures."""
        kinds = {
            "bar": "BarChart", "barh": "BarChart", "stacked": "BarChart", "line": "ScatterChart",
            "area": "AreaChart", "scatter": "ScatterChart", "histogram": "BarChart",
            "pie": "PieChart", "combined": "BarChart",
        }  # fmt: skip
        for chart in every_kind():
            book = self.book("{s: c}", c=chart)
            sheet = book["s"]
            if chart.kind in ("box", "heatmap"):
                self.assertEqual(len(sheet._images), 1)
                continue
            (found,) = sheet._charts
            self.assertIn(kinds[chart.kind], (type(found).__name__, "LineChart", "AreaChart"))
            self.assertGreater(len(found.series), 0, chart.kind)

    def test_data(self) -> None:
        """The numbers stand in cells that the chart refers to."""
        chart = made('t, "bar", "День", "Сумма", every="month", title="Продажи"')
        sheet = self.book("c", c=chart)["Sheet1"]
        self.assertEqual(
            list(sheet.values),
            [("День", "Сумма"), ("янв 2026", 8), ("фев 2026", None), ("мар 2026", 4)],
        )
        (series,) = sheet._charts[0].series
        self.assertEqual(series.val.numRef.f, "'Sheet1'!$B$2:$B$4")
        self.assertEqual(series.cat.numRef.f, "'Sheet1'!$A$2:$A$4")

    def test_beside_a_table(self) -> None:
        """Charts of a table have their data on another sheet."""
        chart = made('t, "pie", "Регион", "Сумма"')
        book = self.book("{Продажи: [t, c, c]}", c=chart)
        self.assertEqual(book.sheetnames, ["Продажи", "Продажи (1)", "Продажи (2)"])
        self.assertEqual(len(book["Продажи"]._charts), 2)
        self.assertEqual(book["Продажи"].max_column, 4)

    def test_report(self) -> None:
        """Sheets are called like the headings above them."""
        book = self.book(
            'report("Отчёт", ["# Продажи: всего", t, c, "# Доли", c, t])',
            c=made('t, "pie", "Регион", "Сумма"'),
        )
        self.assertEqual(
            book.sheetnames, ["Продажи  всего", "Продажи  всего (1)", "Доли", "Доли 2"]
        )

    def test_refusals(self) -> None:
        """One sentence each."""
        interpreter = Interpreter()
        interpreter.define("t", SALES)
        interpreter.define("c", made('t, "pie", "Регион", "Сумма"'))
        book = str(self.folder / "b.xlsx")
        added = f'write_file("{book}", {{n: c}}, append=true)'
        for program, code in (
            ('write_file("a.bmp", c)', "bad_chart_file_name"),
            ('write_file("a.csv", report("x", []))', "bad_report_file_name"),
            ('write_file("a.xlsx", report("x", ["text"]))', "report_without_tables"),
            ('write_file("a.xlsx", {a: [c, t]})', "sheet_is_no_table"),
            ('write_file("a.xlsx", {a: 1})', "sheet_is_no_table"),
            (f'write_file("{book}", t)\n' + added, "append_charts"),
            ('write_file("a.svg", c, totals=true)', "argument_for_documents"),
            ('report("x", [1])', "report_part"),
            ('report(1, [])', "wrong_type"),
            ('show_chart(t)', "wrong_type"),
        ):  # fmt: skip
            error = interpreter.run(program).error
            assert error is not None, program
            self.assertEqual(error.message.code, code, program)

    def test_other_files(self) -> None:
        """The description and the picture of characters."""
        interpreter = Interpreter()
        interpreter.define("c", made('t, "pie", "Регион", "Сумма"'))
        for name, start in (
            ("a.json", '{\n "$schema"'), ("a.txt", "Сумма\n"), ("a.svg", "<?xml"),
            ("a.html", "<!DOCTYPE html>"), ("a.pdf", "%PDF-"),
        ):  # fmt: skip
            path = self.folder / name
            self.assertIsNone(interpreter.run(f'write_file("{path}", c)').error)
            content = path.read_bytes()[:20].decode("utf-8", "replace")
            self.assertTrue(content.startswith(start), content)
        self.assertNotIn(
            b"://", re.sub(rb"xmlns[^ >]*", b"", (self.folder / "a.html").read_bytes())
        )
