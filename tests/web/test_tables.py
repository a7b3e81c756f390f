"""Tables, charts and what is saved of them, in a real browser."""

from __future__ import annotations

import datetime

import openpyxl

from tests.web.case import PageTestCase

try:
    from selenium.webdriver.common.keys import Keys
except ImportError:  # then every test here is skipped
    Keys = None  # type: ignore[assignment,misc]

SALES = """
names = ['город', 'сумма', 'день', 'скидка']
t = table([
    ['Томск', 300, '2024-01-05', 0.1],
    ['Казань', 1200, '2024-01-03', null],
    ['Москва', 45, '2024-01-04', null],
    ['Казань', 5, '2024-01-01', 0.25]
], names)
print('до')
show_table(t)
print('после')
"""

MANY = """
rows = []
for i in range(5000) do
    name = null
    if i % 2 == 0 or i == 499 do
        name = 'row ' + i
    endif
    rows = push(rows, [i, name])
next i
show_table(table(rows, ['n', 'name']))
"""


class GridTests(PageTestCase):
    """The grid of a table."""

    def column(self, number: int) -> list[str]:
        """The texts of a column that are in the page."""
        return self.page.texts(f".grid-row [role=gridcell]:nth-of-type({number + 2})")

    def test_shown(self) -> None:
        """A table stands between what was printed before and behind it, with types and nulls."""
        page = self.page
        page.run(SALES)
        page.one(".grid")
        self.assertEqual(["до\n", "после\n"], page.texts(".text-output"))
        self.assertIn("4 строки × 4 столбца", page.one(".table-title").text)
        self.assertEqual(["Томск", "Казань", "Москва", "Казань"], self.column(1))
        self.assertEqual(
            ["текст", "целое число", "дата", "число · пустых: 2"], page.texts(".grid-type")
        )
        self.assertEqual(["null", "null"], page.texts(".grid-cell.null"))

    def test_sorted(self) -> None:
        """A click on a name sorts up, then down, then not; nulls come last."""
        page = self.page
        page.run(SALES)
        amount, discount = page.all(".grid-sort")[1], 3
        amount.click()
        self.assertEqual(["5", "45", "300", "1200"], self.column(2))
        page.all(".grid-sort")[1].click()
        self.assertEqual(["1200", "300", "45", "5"], self.column(2))
        self.assertEqual(
            "descending", page.all("[role=columnheader]")[1].get_attribute("aria-sort")
        )
        page.all(".grid-sort")[1].click()
        self.assertEqual(["300", "1200", "45", "5"], self.column(2))
        page.all(".grid-sort")[discount].click()
        self.assertEqual(["0,1", "0,25", "null", "null"], self.column(4))

    def test_filtered(self) -> None:
        """Filters of several columns narrow the rows."""
        page = self.page
        page.run(SALES)
        page.click(".table-actions [aria-pressed]")
        fields = page.all(".grid-filter")
        fields[0].send_keys("каз")
        self.assertEqual(["Казань", "Казань"], self.column(1))
        fields[1].send_keys(">100")
        self.assertEqual(["1200"], self.column(2))
        self.assertIn("отобрано: 1", page.one(".table-title").text)
        fields[1].send_keys("000000")
        self.assertEqual([], self.column(1))
        self.assertEqual("Ни одна строка не подходит под фильтры", page.one(".grid-none").text)

    def test_whole_table(self) -> None:
        """Rows that were not sent with the run are fetched when they are scrolled to."""
        page = self.page
        page.run(MANY)
        self.assertNotIn("первые", page.one(".table-title").text)
        self.assertEqual("5001", page.one(".grid").get_attribute("aria-rowcount"))
        self.assertEqual(["целое число", "текст · пустых: 2\xa0499"], page.texts(".grid-type"))
        page.script("document.querySelector('.grid').scrollTop = 2500 * 28")
        page.until_text(".grid-cell", "row 2510")
        self.assertIn("2\xa0511", page.texts(".grid-number"))

    def test_whole_table_sorted_and_filtered(self) -> None:
        """Sorting and filters reach all rows, by the server; the page says how many are left."""
        page = self.page
        page.run(MANY)
        page.all(".grid-sort")[0].click()
        page.all(".grid-sort")[0].click()
        page.until(lambda: self.column(1)[:1] == ["4999"], "not sorted")
        next(b for b in page.all(".table-actions button") if b.text == "Фильтр").click()
        page.all(".grid-filter")[1].send_keys("row 499")
        page.until_text(".table-found", "отобрано: 6")
        self.assertEqual(["4998", "4996", "4994", "4992", "4990", "499"][:5], self.column(1)[:5])
        page.all(".grid-filter")[0].send_keys("x")
        page.until_text(".grid-none", "Ни одна строка не подходит под фильтры")

    def test_table_no_longer_kept(self) -> None:
        """After a reset what is here stays, and a sentence says why there is no more."""
        page = self.page
        page.run(MANY)
        page.panel("variables")
        page.click("#panel-variables .panel-bar .small-button")
        page.until_text(".toast", "сброшен")
        page.script("document.querySelector('.grid').scrollTop = 2500 * 28")
        page.until_text(".grid-none.bad", "таблица больше не хранится")
        page.script("document.querySelector('.grid').scrollTop = 0")
        page.until_text(".grid-cell", "row 0")

    def test_many_rows(self) -> None:
        """Of a long table only the rows in sight are elements; keys lead to the last."""
        page = self.page
        page.run(MANY)
        self.assertIn("5 000 строк", page.one(".table-title").text)
        self.assertLess(len(page.texts(".grid-row")), 60)
        page.one(".grid").send_keys(Keys.CONTROL, Keys.END)
        page.until(lambda: page.texts(".grid-active"), "no cell is active")
        count = int(page.one(".grid").get_attribute("aria-rowcount")) - 1
        page.until_text(".grid-number", "5\xa0000")
        self.assertEqual(5000, count)
        page.until_text(".grid-active", "null")
        self.assertLess(len(page.texts(".grid-row")), 60)

    def test_keys(self) -> None:
        """Arrows move the active cell, up into the header, where Enter sorts."""
        page = self.page
        page.run(SALES)
        grid = page.one(".grid")
        grid.send_keys(Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
        self.assertEqual(["1200"], page.texts(".grid-active"))
        active = grid.get_attribute("aria-activedescendant")
        self.assertEqual(
            "1200", page.script("return document.getElementById(arguments[0]).textContent", active)
        )
        grid.send_keys(Keys.ARROW_UP, Keys.ARROW_UP, Keys.ENTER)
        self.assertEqual(["5", "45", "300", "1200"], self.column(2))


class SavingTests(PageTestCase):
    """Files made of a table."""

    def test_csv(self) -> None:
        """The rows in their shown order are saved as CSV that reads back."""
        page = self.page
        page.run(SALES)
        page.all(".grid-sort")[1].click()
        self._button("CSV").click()
        saved = page.downloaded("t.csv")
        text = saved.read_text(encoding="utf-8-sig")
        saved.unlink()
        expected = ["город;сумма;день;скидка", "Казань;5;2024-01-01;0,25"]
        self.assertEqual(expected, text.splitlines()[:2])
        page.locale("en")
        self._button("CSV").click()
        text = page.downloaded("t.csv").read_text(encoding="utf-8-sig")
        self.assertEqual(
            ["город,сумма,день,скидка", "Казань,5,2024-01-01,0.25"], text.splitlines()[:2]
        )

    def test_languages(self) -> None:
        """Numbers and dates are the reader's, but for numbers that are names."""
        page = self.page
        page.run(
            "t = table([[20240, 1234567.5, '2024-01-31'], [5, 0.25, '2024-02-01']],"
            " ['код', 'сумма', 'дата'])\nshow_table(t)"
        )
        page.one(".grid")
        self.assertEqual(
            ["20240", "1\u00a0234\u00a0567,5", "31.01.2024"], page.texts(".grid-cell")[:3]
        )
        self.assertEqual("1234567.5", page.all(".grid-cell")[1].get_attribute("title"))
        page.locale("en")
        page.until(
            lambda: page.texts(".grid-cell")[:3] == ["20240", "1,234,567.5", "2024-01-31"],
            "still in Russian",
        )

    def test_whole_table(self) -> None:
        """All rows of a long table are saved, in the shown order, not only those in the page."""
        page = self.page
        page.run(MANY)
        page.all(".grid-sort")[0].click()
        page.all(".grid-sort")[0].click()
        page.until(lambda: page.texts(".grid-cell")[:1] == ["4999"], "not sorted")
        self._button("CSV").click()
        lines = page.downloaded("table.csv").read_text(encoding="utf-8-sig").splitlines()
        self.assertEqual((5001, "4999;", "0;row 0"), (len(lines), lines[1], lines[-1]))
        self._button("XLSX").click()
        sheet = openpyxl.load_workbook(page.downloaded("table.xlsx")).active
        assert sheet is not None
        self.assertEqual(5001, sheet.max_row)

    def test_xlsx(self) -> None:
        """The workbook opens in another program and holds numbers as numbers, dates as dates."""
        page = self.page
        page.run(SALES)
        self._button("XLSX").click()
        sheet = openpyxl.load_workbook(page.downloaded("t.xlsx")).active
        assert sheet is not None
        rows = list(sheet.iter_rows(values_only=True))
        self.assertEqual(("город", "сумма", "день", "скидка"), rows[0])
        self.assertEqual(("Казань", 1200, datetime.datetime(2024, 1, 3), None), rows[2])
        self.assertEqual("dd.mm.yyyy", sheet["C3"].number_format)
        self.assertTrue(sheet["A1"].font.bold)

    def _button(self, text: str) -> object:
        return next(b for b in self.page.all(".table-actions button") if b.text == text)


class ChartTests(PageTestCase):
    """Charts of a table."""

    def setUp(self) -> None:
        """A table and its chart: the first of two clicks."""
        super().setUp()
        self.page.run(SALES)
        self._chart()

    def _chart(self) -> None:
        buttons = [b for b in self.page.all(".table-actions button") if b.text == "Диаграмма"]
        buttons[-1].click()
        self.page.one(".chart-svg")

    def _kind(self, place: int) -> None:
        self.page.all(".chart")[-1].find_elements("css selector", ".segmented button")[
            place
        ].click()

    def _choose(self, label: str, option: str) -> None:
        self.page.script(
            "const axis = [...document.querySelectorAll('.chart-axis')]"
            ".filter(e => e.firstChild.textContent === arguments[0]).at(-1);"
            "const select = axis.querySelector('select');"
            "select.value = [...select.options].find(e => e.text === arguments[1]).value;"
            "select.dispatchEvent(new Event('change'));",
            label,
            option,
        )

    def _values(self) -> list[str]:
        """What the arrow keys tell of the last chart, from its first value to its last."""
        found: list[str] = self.page.script(
            """
            const charts = [...document.querySelectorAll('.chart-svg')];
            const press = key => charts.at(-1).dispatchEvent(new KeyboardEvent('keydown', {key}));
            const tip = () => {
                const shown = charts.at(-1).parentNode.querySelector('.chart-tip');
                const rows = [...shown.querySelectorAll('.chart-tip-row b')];
                const title = shown.querySelector('.chart-tip-title')?.textContent ?? '';
                return title + ': ' + rows.map(e => e.textContent).join('; ');
            };
            const found = [];
            press('End');
            const last = tip();
            press('Home');
            for (let n = 0; n < 100; n += 1) {
                found.push(tip());
                if (tip() === last) break;
                press('ArrowRight');
            }
            press('Escape');
            return found;
            """
        )
        return [each.replace("\xa0", "") for each in found]

    def test_days(self) -> None:
        """Without a choice: bars by the dates, with all days in their order."""
        self.assertEqual(
            ["01.01.2024: 5", "02.01.2024: ", "03.01.2024: 1200", "04.01.2024: 45"],
            self._values()[:4],
        )

    def test_bars(self) -> None:
        """Bars by a column of texts; the same label comes together, by a function of choice."""
        page = self.page
        self._choose("по горизонтали", "город")
        page.until(
            lambda: self._values() == ["Томск: 300", "Казань: 1205", "Москва: 45"], "no sums"
        )
        self.assertIn("объединены", page.one(".chart-note").text)
        self._choose("функция", "среднее")
        page.until(lambda: "Казань: 602,5" in self._values(), "no averages")
        page.until_text(".chart-svg text", "сумма, среднее")
        self._choose("значения", "число строк")
        page.until(lambda: self._values() == ["Томск: 1", "Казань: 2", "Москва: 1"], "no counts")

    def test_series(self) -> None:
        """A column of texts splits the numbers, a column of numbers is a second series."""
        page = self.page
        self._choose("ряды", "город")
        page.until(
            lambda: {"Томск", "Казань", "Москва"} <= set(page.texts(".chart-svg text")), "no legend"
        )
        self._choose("ряды", "скидка")
        page.until(lambda: "01.01.2024: 5; 0,25" in self._values(), "no second series")
        self._choose("период", "месяцы")
        page.until(lambda: self._values() == ["янв 2024: 1550; 0,35"], "no months")

    def test_whole_table(self) -> None:
        """A chart of a long table is drawn from all of it."""
        page = self.page
        page.run(MANY)
        self._chart()
        self._kind(2)
        page.one(".chart-svg.histogram")
        counts = [int(each.rpartition(": ")[2]) for each in self._values()]
        self.assertEqual(5000, sum(counts))

    def test_kinds(self) -> None:
        """The second click chooses the kind."""
        page = self.page
        kinds = ("bar", "line", "histogram", "scatter", "stacked", "area", "pie")
        for place, kind in enumerate(kinds):
            self._kind(place)
            page.one(f".chart-svg.{kind}")
            self.assertTrue(self._values(), kind)

    def test_follows_the_filter(self) -> None:
        """The chart shows the rows that the grid shows, and can be saved under its title."""
        page = self.page
        self._choose("по горизонтали", "город")
        next(b for b in page.all(".table-actions button") if b.text == "Фильтр").click()
        page.all(".grid-filter")[0].send_keys("Томск")
        page.until(lambda: self._values() == ["Томск: 300"], "not filtered")
        page.fill(".chart-title", "Города")
        page.until_text(".chart-svg text", "Города")
        page.click(".chart [aria-label='Сохранить диаграмму в SVG']")
        saved = page.downloaded("Города.svg").read_text(encoding="utf-8")
        self.assertTrue(saved.startswith("<svg"))
        self.assertIn("Томск", saved)

    def test_no_numbers(self) -> None:
        """Of a table without numbers rows are counted."""
        self.page.run("show_table(table([['a'], ['b'], ['a']], ['x']))")
        self._chart()
        self.page.until(lambda: self._values() == ["a: 2", "b: 1"], "not counted")
