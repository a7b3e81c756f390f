"""Outputs as documents: saved as HTML, and printed, in a real browser."""

from __future__ import annotations

import base64
import io

import pypdf

from tests.web.case import PageTestCase

try:
    from selenium.webdriver.common.keys import Keys
except ImportError:  # then every test here is skipped
    Keys = None  # type: ignore[assignment,misc]

PROGRAM = """
print('до <b>&')
rows = []
for i in range(150) do
    rows = push(rows, ['строка ' + i, i * 1000.5, 2024])
next i
t = table(rows, ['<i>имя', 'сумма', 'год'])
show_table(t)
show_chart(chart(table([['a', 1], ['b', 2]], ['x', 'y']), "bar", "x", "y", title="Рисунок"))
print(nothing)
"""


class ReportTests(PageTestCase):
    """What becomes of an output outside the page."""

    def test_html(self) -> None:
        """One file with text, all rows, the chart and the error; it loads and runs nothing."""
        page = self.page
        page.run(PROGRAM)
        page.click(".run [aria-label='Сохранить вывод в HTML']")
        path = page.downloaded("Первые шаги.html")
        text = path.read_text(encoding="utf-8")
        for foreign in ("http://", "https://", "<script", "var(--", "<b>&", "<i>имя"):
            self.assertNotIn(foreign, text)
        page.driver.get(path.as_uri())
        self.assertEqual("Первые шаги", page.driver.title)
        self.assertEqual(["до <b>&"], page.texts("pre"))
        self.assertEqual(["<i>имя", "сумма", "год"], page.texts("th"))
        self.assertEqual(150, len(page.all("tbody tr")))
        last = [cell.replace("\xa0", " ") for cell in page.texts("tbody tr:last-child td")]
        self.assertEqual(["строка 149", "149 074,5", "2024"], last)
        self.assertIn("Рисунок", page.texts("figure svg text"))
        self.assertIn("nothing", page.one(".failure").text)
        color = page.script("return getComputedStyle(document.querySelector('th')).backgroundColor")
        self.assertEqual("rgb(244, 245, 248)", color)

    def test_pdf(self) -> None:
        """The server makes a file of the same parts, while another program runs."""
        page = self.page
        card = page.run(PROGRAM)
        page.write("for i in range(1000000000000) do\nx = i\nnext i")
        page.chord(Keys.CONTROL, Keys.ENTER)
        page.until(lambda: page.all(".run.running"), "it does not run")
        page.script(
            "arguments[0].click()",
            card.find_element("css selector", "[aria-label='Сохранить вывод в PDF']"),
        )
        path = page.downloaded("Первые шаги.pdf")
        pages = pypdf.PdfReader(path).pages
        text = "\n".join(each.extract_text() for each in pages)
        for part in ("до <b>&", "<i>имя", "строка 149", "149 074,5", "nothing"):
            self.assertIn(part, text.replace("\xa0", " "))
        self.assertEqual(1, sum(len(each.images) for each in pages))
        self.assertEqual([], page.all("dialog"))
        page.script("document.querySelector('#stop').click()")
        page.until(lambda: not page.all(".run.running"), "it does not stop")

    def test_printed(self) -> None:
        """The button prints this output: a document on white, and nothing of the page."""
        page = self.page
        page.run("print('чужой')")
        card = page.run(PROGRAM)
        page.script(
            "window.print = () => {"
            "window.printed = document.querySelector('.print-sheet').textContent;"
            "window.titled = document.title; dispatchEvent(new Event('afterprint')); }"
        )
        card.find_element("css selector", "[aria-label^=Напечатать]").click()
        page.until(lambda: page.script("return window.printed"), "nothing was printed")
        printed = page.script("return window.printed")
        self.assertIn("строка 149", printed)
        self.assertNotIn("чужой", printed)
        self.assertEqual("Первые шаги", page.script("return window.titled"))
        self.assertEqual([], page.texts(".print-sheet"))

    def test_browsers_own_command(self) -> None:
        """Printing by the browser prints the outputs, not the application."""
        page = self.page
        page.run("print('первый вывод')")
        page.run("print('второй вывод')")
        page.write("# %% Блок\nprint('вывод блока')")
        page.script("document.querySelector('.cm-content').focus()")
        page.chord(Keys.CONTROL, Keys.ENTER)
        page.until_text(".cell-output .text-block", "вывод блока")
        page.script("document.documentElement.dataset.theme = 'dark'")
        data = page.cdp("Page.printToPDF")["data"]
        pages = pypdf.PdfReader(io.BytesIO(base64.b64decode(data))).pages
        text = "\n".join(each.extract_text() for each in pages)
        self.assertIn("первый вывод", text)
        self.assertIn("второй вывод", text)
        self.assertIn("вывод блока", text)
        for part in ("Подключено", "Выполнить", "Примеры"):
            self.assertNotIn(part, text)
        self.assertEqual([], page.texts(".print-sheet"))
