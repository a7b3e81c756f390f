"""Charts that programs show, in a real browser."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ElementTree

from PIL import Image

from tests.web.case import PageTestCase

try:
    from selenium.webdriver.common.keys import Keys
except ImportError:  # then every test here is skipped
    Keys = None  # type: ignore[assignment,misc]

SALES = """
t = table([
    ['2025-11-01', 'Томск', 1200.5, 3], ['2025-12-01', 'Томск', 1800, 4],
    ['2026-01-01', 'Томск', null, 5], ['2025-11-01', 'Казань', 700, 2],
    ['2025-12-01', 'Казань', 1500, 1], ['2026-01-01', 'Казань', -400, 5]
], ['Месяц', 'Город', 'Сумма', 'Штук'])
"""

BARS = f"""{SALES}
print('до 😀')
show_chart(chart(t, "bar", "Месяц", "Сумма", by="Город", title="Продажи <b>"))
print('после')
"""

ALL_KINDS = f"""{SALES}
long = []
for i in range(1, 41) do
    long = push(long, ['Очень длинное название подразделения ' + i, i * 1000000.5])
next i
l = table(long, ['Подразделение с длинным названием столбца', 'Выручка, рублей'])
show_chart(chart(t, "stacked", "Месяц", "Сумма", by="Город"))
show_chart(chart(t, "line", "Месяц", "Сумма", by="Город"))
show_chart(chart(t, "area", "Месяц", "Штук", by="Город"))
show_chart(chart(t, "scatter", "Штук", "Сумма", by="Город"))
show_chart(chart(t, "histogram", "Сумма"))
show_chart(chart(t, "box", "Город", "Штук"))
show_chart(chart(t, "pie", "Город", "Штук"))
show_chart(chart(t, "heatmap", "Месяц", "Город", value="Штук"))
show_chart(chart(t, "combined", "Месяц", "Сумма", line="Штук"))
show_chart(chart(l, "bar", "Подразделение с длинным названием столбца", "Выручка, рублей"))
show_chart(chart(l, "barh", "Подразделение с длинным названием столбца", "Выручка, рублей"))
show_chart(chart(l, "pie", "Подразделение с длинным названием столбца", "Выручка, рублей"))
"""
KINDS = [
    *("stacked", "line", "area", "scatter", "histogram", "box", "pie", "heatmap", "combined"),
    *("bar", "barh", "pie"),
]

# Texts of the charts that reach out of their picture, and pairs that lie upon each other.
# Of turned texts only the former can be told from their boxes.
BAD_TEXTS = """
const bad = [];
for (const picture of document.querySelectorAll('.chart-svg')) {
    const frame = picture.getBoundingClientRect();
    const texts = [...picture.querySelectorAll('text')];
    const boxes = texts.map(e => [e, e.getBoundingClientRect()]);
    for (const [e, b] of boxes) {
        if (b.left < frame.left - 1 || b.right > frame.right + 1 || b.top < frame.top - 1
            || b.bottom > frame.bottom + 1) bad.push('out: ' + e.textContent);
    }
    const level = boxes.filter(([e]) => !e.hasAttribute('transform'));
    level.forEach(([e, b], i) => level.slice(i + 1).forEach(([f, c]) => {
        const across = Math.min(b.right, c.right) - Math.max(b.left, c.left);
        const down = Math.min(b.bottom, c.bottom) - Math.max(b.top, c.top);
        if (across > 1 && down > 4) bad.push(e.textContent + ' / ' + f.textContent);
    }));
}
return bad;
"""


class ShownChartTests(PageTestCase):
    """What show_chart shows."""

    def test_shown(self) -> None:
        """A chart stands in the place of the output, with title, names of axes, legend, months."""
        page = self.page
        page.run(BARS)
        page.one(".chart-svg.bar")
        self.assertEqual(["до 😀\n", "после\n"], page.texts(".text-output"))
        places = page.script(
            "return [...document.querySelector('.run-body').children].map(e => e.className)"
        )
        self.assertEqual(["text-output", "chart-figure", "text-output"], places)
        texts = page.texts(".chart-svg text")
        for text in ("Продажи <b>", "Месяц", "Сумма", "Город:", "Томск", "янв 2026"):
            self.assertIn(text, texts)
        self.assertEqual(5, len(page.all(".chart-svg rect.mark")))

    def test_months_follow_the_reader(self) -> None:
        """Another language of the page is another language of months and numbers."""
        page = self.page
        page.run(BARS)
        page.one(".chart-svg.bar")
        page.locale("en")
        page.until_text(".chart-svg text", "Jan 2026")
        self.assertIn("1,000", page.texts(".chart-svg text"))

    def test_values_under_the_pointer(self) -> None:
        """A pointer over a category tells the values of all series; so do the arrow keys."""
        page = self.page
        page.run(BARS)
        mark = page.one(".chart-svg rect.mark")
        page.point_at(mark)
        tip = page.one(".chart-tip")
        self.assertEqual("ноя 2025", page.texts(".chart-tip-title")[0])
        self.assertEqual(["1\xa0200,5", "700"], page.texts(".chart-tip-row b"))
        self.assertIn("Томск", tip.text)
        page.script("document.querySelector('.chart-svg').focus()")
        page.keys(Keys.END)
        page.until_text(".chart-tip-title", "янв 2026")
        self.assertEqual(["-400"], page.texts(".chart-tip-row b"))
        page.keys(Keys.ESCAPE)
        self.assertEqual([], page.all(".chart-tip"))

    def test_saved(self) -> None:
        """SVG and PNG hold the picture and nothing of the page; they are named after the title."""
        page = self.page
        page.run(BARS)
        page.one(".chart-svg.bar")
        page.all(".chart-actions button")[0].click()
        text = page.downloaded("Продажи _b_.svg").read_text(encoding="utf-8")
        root = ElementTree.fromstring(text)
        self.assertEqual("720", root.get("width"))
        self.assertIn(
            "Продажи <b>", [each.text for each in root.iter() if each.tag.endswith("text")]
        )
        for foreign in ("var(", "href", "url(", "http://127"):
            self.assertNotIn(foreign, text)
        page.all(".chart-actions button")[1].click()
        data = page.downloaded("Продажи _b_.png").read_bytes()
        image = Image.open(io.BytesIO(data)).convert("RGB")
        self.assertEqual((1440, 800), image.size)
        self.assertEqual((255, 255, 255), image.getpixel((2, 2)))
        self.assertGreater(len(image.getcolors(1 << 24) or ()), 20)

    def test_all_kinds(self) -> None:
        """Every kind is drawn at every width, and no text is cut or lies upon another."""
        page = self.page
        for width, theme in ((1280, "light"), (400, "dark")):
            with page.size(width, 900):
                page.script("document.documentElement.dataset.theme = arguments[0]", theme)
                page.run(ALL_KINDS)
                kinds = page.script(
                    "return [...document.querySelectorAll('.chart-svg')]"
                    ".map(e => e.getAttribute('class').split(' ')[1])"
                )
                self.assertEqual(KINDS, kinds)
                self.assertEqual([], page.script(BAD_TEXTS), width)
                page.script("document.querySelector('.log-clear').click()")

    def test_follows_the_width(self) -> None:
        """A chart becomes narrower with the page, its letters keep their size."""
        page = self.page
        page.run(BARS)
        page.one('.chart-svg[width="720"]')
        with page.size(400, 900):
            page.until(
                lambda: int(page.one(".chart-svg").get_attribute("width") or 0) < 400, "too wide"
            )
            self.assertEqual([], page.script(BAD_TEXTS))
