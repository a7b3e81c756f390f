"""What can be done with the grid of a table, in a real browser."""

from __future__ import annotations

import datetime
from typing import Any

import openpyxl

from tests.web.case import PageTestCase
from tests.web.test_looks import barriers
from tests.web.test_tables import MANY, SALES

try:
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.keys import Keys
except ImportError:  # then every test here is skipped
    ActionChains = Keys = None  # type: ignore[assignment,misc]


class GridTestCase(PageTestCase):
    """The grid in words."""

    def column(self, place: int) -> list[str]:
        """The texts of the cells of a shown column that are in the page."""
        return self.page.texts(f".grid-cell[data-place='{place}']")

    def names(self) -> list[str]:
        """The names of the columns in sight."""
        return self.page.texts(".grid-text")

    def button(self, text: str) -> Any:
        """One above the table."""
        return next(b for b in self.page.all(".table-actions button") if b.text == text)

    def menu(self, name: str, item: str) -> None:
        """Choose from the menu of a column."""
        page = self.page
        place = self.names().index(name)
        page.all(".grid-menu")[place].click()
        page.one(".popover.for-menu")
        next(each for each in page.all(".menu-item") if each.text.startswith(item)).click()

    def head(self, name: str) -> Any:
        """What a column is sorted and dragged by."""
        return self.page.all(".grid-sort")[self.names().index(name)]

    def begin_with(self, program: str) -> None:
        """Run a program that shows a table."""
        self.page.run(program)
        self.page.one(".grid-cell")


class SortingTests(GridTestCase):
    """Several keys."""

    def further(self, name: str) -> None:
        """A click with Shift."""
        ActionChains(self.page.driver).key_down(Keys.SHIFT).click(self.head(name)).key_up(
            Keys.SHIFT
        ).perform()

    def test_several_keys(self) -> None:
        """Shift adds a key, turns it round, takes it away; a click alone begins anew."""
        self.begin_with(SALES)
        self.head("город").click()
        self.further("сумма")
        self.assertEqual(["Казань", "Казань", "Москва", "Томск"], self.column(0))
        self.assertEqual(["5", "1200", "45", "300"], self.column(1))
        self.assertEqual(["1", "2"], self.page.texts(".grid-key"))
        self.further("сумма")
        self.assertEqual(["1200", "5", "45", "300"], self.column(1))
        self.further("сумма")
        self.assertEqual([], self.page.texts(".grid-key"))
        self.further("день")
        self.head("сумма").click()
        self.assertEqual(["5", "45", "300", "1200"], self.column(1))

    def test_whole_table(self) -> None:
        """The server sorts a long table by several keys."""
        self.begin_with(MANY)
        self.head("name").click()
        self.page.until(lambda: self.column(1)[:1] == ["row 0"], "not sorted")
        self.menu("n", "Затем по нему, по убыванию")
        self.page.until(lambda: self.page.texts(".grid-key") == ["2", "1"], "no second key")
        self.page.script("document.querySelector('.grid').scrollTop = 1e9")
        # Nulls come last, and among them the numbers go down.
        self.page.until(lambda: self.column(0)[-1:] == ["1"], "not sorted by the second key")

    def test_keyboard(self) -> None:
        """Enter in the head sorts, with Shift by a further column; Alt+Down opens the menu."""
        self.begin_with(SALES)
        page = self.page
        grid = page.one(".grid")
        grid.send_keys(Keys.ARROW_UP, Keys.ENTER, Keys.ARROW_RIGHT)
        grid.send_keys(Keys.SHIFT, Keys.ENTER)
        self.assertEqual(["5", "1200", "45", "300"], self.column(1))
        grid.send_keys(Keys.ALT, Keys.ARROW_DOWN)
        page.one(".popover.for-menu")
        self.assertEqual("menuitem", page.driver.switch_to.active_element.get_attribute("role"))
        page.keys(Keys.ARROW_DOWN, Keys.ENTER)
        self.assertEqual(["1200", "300", "45", "5"], self.column(1))
        self.assertEqual("grid", page.driver.switch_to.active_element.get_attribute("role"))


class ValueTests(GridTestCase):
    """Filters by values."""

    def tick(self, *texts: str) -> None:
        """Tick or untick values of the open list."""
        for text in texts:
            self.page.until(lambda text=text: self.line(text), f"{text} is not listed")
            self.line(text)[0].click()

    def line(self, text: str) -> list[Any]:
        """The line of a value."""
        lines = self.page.all(".values-line")
        return [each for each in lines if each.text.split("\n")[0] == text]

    def test_chosen(self) -> None:
        """Unticked values are filtered out; the list tells how often each occurs."""
        self.begin_with(SALES)
        page = self.page
        self.menu("город", "Выбрать значения")
        page.until(lambda: len(page.all(".values-list .values-line")) == 3, "no values")
        self.assertEqual(["2", "1", "1"], page.texts(".values-list .values-count"))
        self.tick("Казань")
        page.click(".popover .button.primary")
        page.until(lambda: self.column(0) == ["Томск", "Москва"], "not filtered")
        page.until_text(".table-found", "отобрано: 2")
        self.assertEqual("все, кроме 1", page.all(".grid-filter")[0].get_attribute("placeholder"))
        self.menu("город", "Убрать фильтр")
        page.until(lambda: len(self.column(0)) == 4, "still filtered")

    def test_null_and_keys(self) -> None:
        """By keyboard alone: from the filter's field to the values, empty cells among them."""
        self.begin_with(SALES)
        page = self.page
        self.button("Фильтр").click()
        page.all(".grid-filter")[3].send_keys(Keys.ALT, Keys.ARROW_DOWN)
        page.until(lambda: page.all(".values-list .values-line"), "no values")
        self.assertIn("(пусто)", page.texts(".values-text"))
        page.click(".values-all input")
        page.one(".values-search").send_keys(Keys.ARROW_DOWN)
        page.keys(" ", Keys.ENTER)
        page.until(lambda: self.column(3) == ["null", "null"], "not filtered")

    def test_whole_table(self) -> None:
        """Values of a long table are the server's: searched, bounded, of the filtered rows."""
        self.begin_with(MANY)
        page = self.page
        self.menu("n", "Выбрать значения")
        page.until_text(".popover .grid-note", "перечислено 300 из 5\xa0000")
        page.one(".values-search").send_keys("499")
        page.until(lambda: self.line("4992"), "not searched")
        next(b for b in page.all(".values button") if b.text == "Только эти").click()
        page.click(".popover .button.primary")
        page.until_text(".table-found", "отобрано: 15")
        self.menu("name", "Выбрать значения")
        page.until_text(".popover .grid-note", "7 значений")
        page.keys(Keys.ESCAPE)


class ColumnTests(GridTestCase):
    """Hidden, moved, frozen, wider columns, and what is saved of them."""

    def test_hidden(self) -> None:
        """A column is hidden and shown again; files have what is in sight."""
        self.begin_with(SALES)
        page = self.page
        self.menu("день", "Скрыть")
        self.assertEqual(["город", "сумма", "скидка"], self.names())
        page.until_text(".table-found", "скрыто: 1")
        self.menu("скидка", "Сдвинуть влево")
        self.button("Фильтр").click()
        page.all(".grid-filter")[0].send_keys("каз")
        self.button("CSV").click()
        text = page.downloaded("t.csv").read_text(encoding="utf-8-sig")
        self.assertEqual(["город;скидка;сумма", "Казань;;1200", "Казань;0,25;5"], text.splitlines())
        self.button("XLSX").click()
        sheet = openpyxl.load_workbook(page.downloaded("t.xlsx")).active
        assert sheet is not None
        self.assertEqual(
            [("город", "скидка", "сумма")], list(sheet.iter_rows(1, 1, values_only=True))
        )
        self.button("Столбцы").click()
        next(e for e in page.all(".columns-list .values-line") if e.text == "день").click()
        self.assertEqual({"город", "сумма", "скидка", "день"}, set(self.names()))
        next(b for b in page.all(".popover button") if b.text == "Как вначале").click()
        self.assertEqual(["город", "сумма", "день", "скидка"], self.names())

    def test_moved(self) -> None:
        """By dragging the head, and by keys."""
        self.begin_with(SALES)
        page = self.page
        target = page.all(".grid-column")[2]
        ActionChains(page.driver).click_and_hold(self.head("город")).move_to_element_with_offset(
            target, target.size["width"] // 2 - 4, 0
        ).release().perform()
        self.assertEqual(["сумма", "день", "город", "скидка"], self.names())
        self.assertEqual("none", page.all(".grid-column")[2].get_attribute("aria-sort"))
        page.one(".grid").send_keys(Keys.CONTROL, Keys.SHIFT, Keys.ARROW_LEFT)
        self.assertEqual(["сумма", "город", "день", "скидка"], self.names())
        self.head("город").click()
        self.assertEqual(["Казань", "Казань", "Москва", "Томск"], self.column(1))

    def test_wider(self) -> None:
        """The edge of a head is dragged."""
        self.begin_with(SALES)
        page = self.page
        before = page.all(".grid-column")[0].size["width"]
        edge = page.all(".grid-edge")[0]
        ActionChains(page.driver).click_and_hold(edge).move_by_offset(60, 0).release().perform()
        self.assertEqual(before + 60, page.all(".grid-column")[0].size["width"])
        self.assertEqual(before + 60, page.all(".grid-cell")[0].size["width"])

    def test_frozen(self) -> None:
        """Frozen columns stay where they are when one scrolls."""
        names = ", ".join(f"'column number {n}'" for n in range(30))
        cells = ", ".join(map(str, range(30)))
        self.begin_with(f"show_table(table([[{cells}]], [{names}]))")
        page = self.page
        self.menu("column number 0", "Закрепить")
        before = page.all(".grid-column")[0].rect["x"]
        page.script("document.querySelector('.grid').scrollLeft = 1e6")
        page.until(lambda: "column number 29" in self.names(), "not scrolled")
        self.assertEqual("column number 0", self.names()[0])
        self.assertEqual(before, page.all(".grid-column")[0].rect["x"])
        self.assertEqual(before, page.all(".grid-cell")[0].rect["x"])
        self.menu("column number 0", "Открепить")
        page.until(lambda: self.names()[0] != "column number 0", "still frozen")

    def test_formats_are_kept(self) -> None:
        """A format is chosen, stays with the program over a reload, and goes into workbooks."""
        self.begin_with(SALES)
        page = self.page
        self.menu("скидка", "Формат")
        self.choose_format("percent", 1)
        self.assertEqual(["10,0\xa0%", "null", "null", "25,0\xa0%"], self.column(3))
        page.keys(Keys.ESCAPE)
        self.menu("день", "Формат")
        page.script(
            "const [kind] = document.querySelectorAll('.format-form select');"
            "kind.value = 'date'; kind.dispatchEvent(new Event('input'));"
            "const picture = document.querySelector('.format-more select');"
            "picture.value = 'long'; picture.dispatchEvent(new Event('input'));"
        )
        self.assertEqual("5 января 2024", self.column(2)[0])
        page.click(".format-form .button")
        self.button("XLSX").click()
        sheet = openpyxl.load_workbook(page.downloaded("t.xlsx")).active
        assert sheet is not None
        self.assertEqual((0.1, "#,##0.0%"), (sheet["D2"].value, sheet["D2"].number_format))
        self.assertEqual(
            (datetime.datetime(2024, 1, 5), "d mmmm yyyy"),
            (sheet["C2"].value, sheet["C2"].number_format),
        )
        page.until(
            lambda: "percent" in page.script("return JSON.stringify(localStorage)"), "not kept"
        )
        page.open(self.running.page)
        page.run()
        page.until(lambda: "10,0\xa0%" in page.texts(".grid-cell"), "the format is forgotten")

    def choose_format(self, kind: str, decimals: int) -> None:
        """In the form that is open."""
        self.page.one(".format-form")
        self.page.script(
            "const kind = document.querySelector('.format-form select');"
            "kind.value = arguments[0]; kind.dispatchEvent(new Event('input'));"
            "const field = document.querySelector('.format-more input');"
            "field.value = arguments[1]; field.dispatchEvent(new Event('input'));",
            kind,
            decimals,
        )


class BarrierTests(GridTestCase):
    """The menus and panels of a grid for people without a mouse or without eyes."""

    def test_rules(self) -> None:
        """axe finds nothing in any of them, light and dark."""
        page = self.page
        for theme in ("light", "dark"):
            while page.script("return document.documentElement.dataset.theme") != theme:
                page.click("#theme")
            self.begin_with(SALES)
            page.script("[...document.querySelectorAll('.run')].slice(0, -1).map(e => e.remove())")
            self.button("Статистика").click()
            self.button("Фильтр").click()
            self.button("Сводная").click()
            page.until(lambda: page.all(".grid-statistics .histogram-small"), "no histograms")
            page.all(".grid-cell[data-place='1']")[0].click()
            page.one(".grid").send_keys(Keys.SHIFT, Keys.ARROW_DOWN)
            page.one(".grid-sums")
            self.assertEqual([], barriers(page), "the grid")
            page.all(".grid-menu")[0].click()
            page.one(".popover.for-menu")
            self.assertEqual([], barriers(page), "the menu")
            page.keys(Keys.ESCAPE)
            for item, shown in (
                ("Выбрать значения", ".values-list input"),
                ("Статистика", ".statistics-facts"),
                ("Формат", ".format-form"),
            ):
                self.menu("сумма", item)
                page.one(shown)
                self.assertEqual([], barriers(page), item)
                page.keys(Keys.ESCAPE)
                page.until(lambda: not page.all(".popover"), "the panel stays")
            self.button("Столбцы").click()
            page.one(".columns-list")
            self.assertEqual([], barriers(page), "the columns")
            page.keys(Keys.ESCAPE)

    def test_narrow(self) -> None:
        """On a phone nothing makes the page wider or longer than the screen."""
        page = self.page
        with page.size(400, 800):
            page.open(self.running.page)
            self.begin_with(SALES)
            page.click(".log-full")
            page.all(".table-actions button")[4].click()
            page.one(".pivot")
            for _ in range(2):
                size = page.script(
                    "const e = document.documentElement; return [e.scrollWidth, e.scrollHeight]"
                )
                self.assertEqual([400, 800], size)
                page.all(".grid-menu")[0].click()
                box = page.one(".popover").rect
                self.assertGreaterEqual(box["x"], 0)
                self.assertLessEqual(box["x"] + box["width"], 400)
                page.keys(Keys.ESCAPE)


class StatisticsTests(GridTestCase):
    """What columns hold."""

    def facts(self) -> dict[str, str]:
        """What the panel says."""
        page = self.page
        page.one(".statistics-facts")
        names, values = page.texts(".statistics-facts dt"), page.texts(".statistics-facts dd")
        return dict(zip(names, values, strict=True))

    def test_heads(self) -> None:
        """Small histograms above the columns, of the rows that pass the filters."""
        self.begin_with(SALES)
        page = self.page
        self.button("Статистика").click()
        page.until(lambda: len(page.all(".grid-statistics .histogram-small")) == 4, "no histograms")
        self.assertEqual(
            ["3 разных", "4 разных", "4 разных", "2 разных"], page.texts(".grid-distinct")
        )
        self.button("Фильтр").click()
        page.all(".grid-filter")[0].send_keys("каз")
        page.until(lambda: page.texts(".grid-distinct")[:1] == ["1 разных"], "not told anew")

    def test_whole_table(self) -> None:
        """Of a long table they are the server's."""
        self.begin_with(MANY)
        self.menu("n", "Статистика")
        facts = self.facts()
        self.assertEqual("5\xa0000", facts["Строк"])
        self.assertEqual("12\xa0497\xa0500", facts["Сумма"])
        self.assertEqual(("2499,5", "2499,5"), (facts["Среднее"], facts["Медиана"]))
        self.page.keys(Keys.ESCAPE)
        self.menu("name", "Статистика")
        self.page.until_text(".statistics-facts dd", "2\xa0499 · 50,0\xa0%")


class SelectionTests(GridTestCase):
    """What is selected is added up and copied."""

    def sums(self) -> str:
        """The line beneath the grid."""
        return " ".join(self.page.texts(".grid-sum"))

    def test_sums(self) -> None:
        """By keys and by the pointer."""
        self.begin_with(SALES)
        page = self.page
        page.all(".grid-cell[data-place='1']")[0].click()
        self.assertEqual([], page.all(".grid-sums"))
        page.one(".grid").send_keys(Keys.SHIFT, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
        expected = "Ячеек: 3 Сумма: 1545 Среднее: 515 Мин.: 45 Макс.: 1200"
        page.until(lambda: self.sums() == expected, f"other sums: {self.sums()}")
        self.assertEqual(3, len(page.all(".grid-cell[aria-selected=true]")))
        first, last = (
            page.all("[data-row='1'][data-place='1']")[0],
            page.all("[data-row='3'][data-place='3']")[0],
        )
        ActionChains(page.driver).click_and_hold(first).move_to_element(last).release().perform()
        page.until(
            lambda: self.sums().startswith("Ячеек: 9 Заполнено: 7 Сумма: 1250,25"), "no sums"
        )
        page.one(".grid").send_keys(Keys.ARROW_UP)
        page.until(lambda: not page.all(".grid-sums"), "the line stays")

    def test_whole_column(self) -> None:
        """A column of a long table is added up by the server."""
        self.begin_with(MANY)
        page = self.page
        page.all(".grid-cell[data-place='0']")[0].click()
        page.one(".grid").send_keys(Keys.CONTROL, " ")
        page.until(lambda: "Сумма: 12\xa0497\xa0500" in self.sums(), "no sum")
        self.assertIn("Ячеек: 5\xa0000", self.sums())

    def test_copied(self) -> None:
        """Cells with tabs between them, in the language's numbers."""
        self.begin_with(SALES)
        page = self.page
        page.cdp(
            "Browser.grantPermissions",
            permissions=["clipboardReadWrite", "clipboardSanitizedWrite"],
        )
        page.all(".grid-cell[data-place='2']")[2].click()
        page.one(".grid").send_keys(Keys.SHIFT, Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
        page.one(".grid").send_keys(Keys.CONTROL, "c")
        page.until_text(".toast", "Скопировано")
        text = page.driver.execute_async_script(
            "navigator.clipboard.readText().then(arguments[0], (e) => arguments[0](String(e)))"
        )
        self.assertEqual("2024-01-04\t\r\n2024-01-01\t0,25\r\n", text)


class ProgramTests(GridTestCase):
    """What is done with the pointer becomes lines of the program."""

    def add(self, zone: str, name: str) -> None:
        """Choose a column in a box."""
        self.page.script(
            "const select = document.querySelector(`[data-zone=${arguments[0]}] > select`);"
            "select.value = [...select.options].find((e) => e.text === arguments[1]).value;"
            "select.dispatchEvent(new Event('change'));",
            zone,
            name,
        )

    def test_pivot(self) -> None:
        """Columns chosen in the boxes make the line, and its result is shown."""
        self.begin_with(SALES)
        page = self.page
        self.button("Сводная").click()
        page.one(".pivot")
        self.assertFalse(page.one(".pivot-foot .button").is_enabled())
        self.add("rows", "город")
        self.add("values", "сумма")
        self.assertEqual(
            'p = table_group(t, "город", {"сумма": ["сумма", "sum"]})', page.one(".pivot-line").text
        )
        self.add("across", "скидка")
        page.click(".pivot-check input")
        line = 'p = table_pivot(t, "город", "скидка", "сумма", totals="Итого")'
        self.assertEqual(line, page.one(".pivot-line").text)
        page.click(".pivot-foot .button")
        page.until(lambda: len(page.all(".run.good")) == 2, "not run")
        self.assertTrue(page.program().rstrip("\n").endswith(f"{line}\np"))
        page.until(lambda: "Итого" in page.texts(".grid-cell"), "no result")
        self.assertIn("сводная по t", page.all(".run-title")[-1].text.lower())

    def test_dragged(self) -> None:
        """The same by dragging."""
        self.begin_with(SALES)
        page = self.page
        self.button("Сводная").click()
        pieces = {piece.text: piece for piece in page.all(".pivot-fields .pivot-piece")}
        for name, zone in (("город", "rows"), ("сумма", "values"), ("день", "across")):
            # A synthetic drag: Chromium's own needs a screen.
            page.script(
                "const data = new DataTransfer();"
                "const go = (target, type) => target.dispatchEvent("
                "new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer: data,"
                " clientX: 9, clientY: 9e3}));"
                "const zone = document.querySelector(`[data-zone=${arguments[1]}]`);"
                "const piece = [...document.querySelectorAll('.pivot-fields .pivot-piece')]"
                ".find((e) => e.textContent === arguments[0]);"
                "go(piece, 'dragstart'); go(zone, 'dragover'); go(zone, 'drop');",
                name,
                zone,
            )
        self.assertEqual({"город", "сумма", "день", "скидка"}, set(pieces))
        self.assertEqual(
            'p = table_pivot(t, "город", "день", "сумма")', page.one(".pivot-line").text
        )
        page.click("[data-zone=across] .pivot-remove")
        self.assertTrue(page.one(".pivot-line").text.startswith("p = table_group("))

    def test_view(self) -> None:
        """Sorting, filters and columns as lines, in a block of their own where there are blocks."""
        self.begin_with("# %% Данные\n" + SALES.replace("show_table(t)", "") + "t\n")
        page = self.page
        self.button("В программу").click()
        page.until_text(".toast", "Записывать нечего")
        self.head("сумма").click()
        self.menu("день", "Скрыть")
        self.button("Фильтр").click()
        page.all(".grid-filter")[0].send_keys("каз")
        self.button("В программу").click()
        page.until(lambda: len(page.all(".run.good")) == 2, "not run")
        expected = (
            "# %% Вид таблицы t\n"
            "v = table_query(t, \"contains(lower(`город`), 'каз')\")\n"
            'v = table_sort(v, "сумма", true)\n'
            'v = table_select(v, ["город", "сумма", "скидка"])\n'
            "v"
        )
        self.assertIn(expected, page.program())
        last = "[...document.querySelectorAll('.grid')].at(-1)"
        page.until(
            lambda: (
                page.script(
                    f"return [...{last}.querySelectorAll('.grid-cell')].map(e => e.textContent)"
                )
                == ["Казань", "5", "0,25", "Казань", "1200", "null"]
            ),
            "another result",
        )

    def test_no_variable(self) -> None:
        """A table without a name cannot be written about, and a sentence says what to do."""
        self.begin_with("show_table(table([['a', 1]], ['x', 'y']))")
        self.button("Сводная").click()
        self.page.until_text(".toast", "дайте ей в программе имя")
        self.assertEqual("false", self.button("Сводная").get_attribute("aria-pressed"))
