"""Writing and running programs in a real browser, against the real server."""

from __future__ import annotations

from tests.web.browser import Browser
from tests.web.case import PageTestCase

try:
    from selenium.webdriver.common.keys import Keys
except ImportError:  # then every test here is skipped
    Keys = None  # type: ignore[assignment,misc]

ENDLESS = "for i in range(1000000000) do\n    kept = i\nnext i\n"


class WritingTests(PageTestCase):
    """The editor."""

    def test_typed_program(self) -> None:
        """A program typed key by key is indented, its brackets are closed, and it runs."""
        page = self.page
        page.write("")
        page.keys("for i in [1, 2] do")
        page.keys(Keys.ENTER)
        page.keys("if i > 1 do")
        page.keys(Keys.ENTER)
        page.keys("print('step', i")
        page.keys(Keys.END, Keys.ENTER)
        page.keys("endif")
        page.keys(Keys.ENTER)
        page.keys("next i")
        self.assertEqual(
            "for i in [1, 2] do\n    if i > 1 do\n        print('step', i)\n    endif\nnext i",
            page.program(),
        )
        page.run()
        self.assertEqual("step 2\n", page.output())

    def test_block_words(self) -> None:
        """The words of a block light up together; an end without a beginning is marked."""
        page = self.page
        page.write("if 1 == 1 do\n    x = 1\nelse\n    x = 2\nendif")
        page.until(lambda: page.texts(".cm-matchingBlock"), "no block is marked")
        self.assertEqual(["if", "else", "endif"], page.texts(".cm-matchingBlock"))
        page.write("x = 1\nendtry")
        page.until(lambda: page.texts(".cm-unmatchedBlock"), "nothing is marked")
        self.assertEqual(["endtry"], page.texts(".cm-unmatchedBlock"))

    def test_columns_after_a_bracket(self) -> None:
        """Behind ``t["`` the columns are offered, and Tab takes the chosen one."""
        page = self.page
        page.run('t = table([["Томск", 5]], ["город", "сумма заказов"])')
        page.until(
            lambda: self._taken("print(t['су", "сумма заказов"), "Tab did not take the column"
        )
        self.assertIn("t['сумма заказов'", page.program())

    def _taken(self, text: str, chosen: str) -> bool:
        """Type a text and take what is offered; CodeMirror takes no key in the first moments."""
        page = self.page
        page.write("")
        page.keys(text)
        page.until_text(".cm-completionLabel", chosen)
        page.keys(Keys.TAB)
        return chosen in page.program()

    def test_library(self) -> None:
        """Functions are found by name and by what they do; an example opens in a tab and runs."""
        page = self.page
        page.panel("library")
        page.fill(".library-search", "group")
        page.until(
            lambda: page.texts(".library .variable-name")[:1] == ["table_group"], "not found"
        )
        page.fill(".library-search", "соединяет файлов")
        page.until_text(".panel-empty", "нет")
        page.fill(".library-search", "наибольшее")
        page.until(lambda: "max" in page.texts(".library .variable-name"), "not found by its text")
        page.fill(".library-search", "length")
        page.until(lambda: page.texts(".library .variable-name") == ["len"], "not by another name")
        page.click(".library-entry summary")
        page.until_text(".library-entry .function-call", "len(value)")
        self.assertIn("Число элементов", page.one(".function-card").text)
        page.click(".function-card pre ~ .small-button, .function-card div .small-button")
        page.until(lambda: "len(" in page.program(), "the example was not opened")
        page.run()
        self.assertTrue(page.output())

    def test_documentation_while_writing(self) -> None:
        """The choice shows what the function does, and so does the name under the pointer."""
        page = self.page
        page.write("")
        page.keys("table_gro")
        page.until_text(".cm-completionInfo .function-card", "группу строк")
        page.keys(Keys.ESCAPE)
        page.write("x = len([1, 2])")
        word = page.until(
            lambda: next((e for e in page.all(".cm-line span") if e.text == "len"), None), "no word"
        )
        page.point_at(word)
        page.until_text(".hover-card .function-card", "Число элементов")

    def test_only_the_output(self) -> None:
        """The output takes the whole place and gives it back, with the split as it was."""
        page = self.page
        page.run("print(1)")
        split = "return document.querySelector('.main').style.cssText"
        before = page.script(split)
        page.click(".log-full")
        self.assertEqual([], page.all(".workbench"))
        self.assertEqual("true", page.one(".log-full").get_attribute("aria-pressed"))
        page.click(".log-full")
        self.assertTrue(page.one(".workbench"))
        self.assertEqual(
            before, page.script("return document.querySelector('.main').style.cssText")
        )

    def test_completion(self) -> None:
        """The server completes names; a chosen function gets its brackets."""
        page = self.page
        page.run("revenue_by_city = 5")
        page.write("")
        page.keys("reven")
        page.until_text(".cm-completionLabel", "revenue_by_city")
        page.keys(Keys.ESCAPE)
        page.write("")
        page.keys("read_csv_s")
        page.until_text(".cm-completionLabel", "read_csv_safe")
        page.until(lambda: self._accepted("read_csv_safe()"), "the name was not completed")

    def _accepted(self, text: str) -> bool:
        if self.page.program() == "read_csv_s":
            for option in self.page.all(".cm-tooltip-autocomplete [aria-selected]"):
                option.click()
        return self.page.program() == text

    def test_search_and_replace(self) -> None:
        """Text is found and replaced."""
        page = self.page
        page.write("one = 1\ntwo = one\n")
        page.chord(Keys.CONTROL, "f")
        page.fill(".cm-search [name=search]", "one")
        page.fill(".cm-search [name=replace]", "first")
        page.click(".cm-search [name=replaceAll]")
        self.assertEqual("first = 1\ntwo = first\n", page.program())

    def test_syntax_checked_while_writing(self) -> None:
        """An error is underlined before anything runs."""
        page = self.page
        page.write("x = (1 + \nprint(2)")
        page.one(".cm-lintRange-error")
        page.run('t = table([[1]], ["n"])')
        page.write("s = 0\nfor r in t do\n  s = s + r[0]\nnext r\n")
        page.one(".cm-lintRange-info")


class RunningTests(PageTestCase):
    """Runs, their output and their errors."""

    def test_output_and_state(self) -> None:
        """Output appears; variables stay from run to run and are listed."""
        page = self.page
        page.run("greeting = 'Привет'\nprint(greeting, 1 / 2)")
        self.assertEqual("Привет 0.5\n", page.output())
        page.run("print(greeting + '!')")
        self.assertEqual("Привет!\n", page.output())
        page.panel("variables")
        page.until_text(".variable-name", "greeting")
        page.until_text(".variable-value", "Привет")
        page.click(".variable")
        page.until(lambda: page.output() == "Привет\n", "its value is not shown")
        page.click("#panel-variables .small-button")
        page.until(lambda: not page.texts(".variable-name"), "reset left variables")

    def test_error_and_its_place(self) -> None:
        """What was printed before an error stays; the sentence leads to the line."""
        page = self.page
        card = page.run("print('before')\n\nprint(nosuch)\n")
        self.assertEqual("before\n", page.output())
        message = "Ошибка: переменная 'nosuch' не определена (строка 3)"
        self.assertEqual([message], page.texts(".run-message"))
        self.assertIn("bad", card.get_attribute("class").split())
        self.assertEqual("nosuch", page.one(".cm-lintRange-error").text)
        excerpt = page.texts(".run-excerpt")[0]
        self.assertEqual("3 │ print(nosuch)\n          ^^^^^^", excerpt)
        page.one(".cm-lint-marker-error")
        page.click(".run-error .text-button")
        self.assertEqual("print(nosuch)", page.one(".cm-activeLine").text)
        page.write("print(1)")
        page.until(lambda: not page.all(".cm-lintRange-error"), "the mark outlives the error")

    def test_warning(self) -> None:
        """What may be wrong with a result stands below the output."""
        self.page.run("print(len(table([[1], [2, 3]], ['a'])))")
        self.assertEqual("1\n", self.page.output())
        (warning,) = self.page.texts(".run-warning")
        self.assertIn("2", warning)
        self.assertIn("table()", warning)

    def test_hint(self) -> None:
        """Below an error stands what to try, where there is something to say."""
        page = self.page
        page.run("total = 5\nprint(totl)")
        self.assertEqual(["возможно, имелось в виду 'total'?"], page.texts(".run-hint"))

    def test_english(self) -> None:
        """After a change of language, errors and the page are English."""
        page = self.page
        page.locale("en")
        page.run("print(nosuch)\nprint(1)")
        self.assertEqual(
            ["Variable Error at line 1: Variable 'nosuch' not found"], page.texts(".run-message")
        )
        self.assertEqual("en", page.script("return document.documentElement.lang"))
        self.assertEqual("Run", page.one("#run").text)
        page.locale("ru")
        self.assertEqual("Выполнить", page.one("#run").text)

    def test_selection(self) -> None:
        """Only the selection runs, and its lines keep their numbers."""
        page = self.page
        page.write("print('one')\nprint('two')\nprint(three)")
        page.chord(Keys.CONTROL, Keys.HOME)
        page.keys(Keys.ARROW_DOWN)
        page.chord(Keys.SHIFT, Keys.CONTROL, Keys.END)
        page.until(lambda: page.one("#run").text == "Выполнить выделенное", "the button says all")
        before = len(page.all(".run"))
        page.chord(Keys.SHIFT, Keys.ENTER)
        page.until(lambda: len(page.all(".run:not(.running)")) > before, "nothing ran")
        self.assertEqual("two\n", page.output())
        self.assertIn("(строка 3)", page.texts(".run-message")[-1])

    def test_interrupt(self) -> None:
        """Escape ends an endless loop; the variables live on."""
        page = self.page
        page.run("x = 7\nprint('started')\n" + ENDLESS, finish=False)
        page.until(lambda: page.output() == "started\n", "output waits for the end")
        page.one("#stop")
        self.assertTrue(page.one(".clock").text)
        page.keys(Keys.ESCAPE)
        page.until(lambda: not page.all(".run.running"), "the program was not stopped")
        self.assertEqual(["Ошибка: выполнение прервано"], page.texts(".run-message"))
        self.assertEqual(
            ["остановлено"], [state.get_attribute("aria-label") for state in page.all(".run-state")]
        )
        page.run("print(x)")
        self.assertEqual("7\n", page.output())

    def test_stop_button(self) -> None:
        """The button stops, too, and the focus does not get lost with it."""
        page = self.page
        page.run(ENDLESS, finish=False)
        page.click("#stop")
        page.until(lambda: not page.all(".run.running"), "the program was not stopped")
        self.assertEqual("run", page.script("return document.activeElement.id"))

    def test_keys_everywhere(self) -> None:
        """Running and keeping need no click into the editor first."""
        page = self.page
        page.write("print('from the log')")
        page.one(".log-scroll").send_keys(Keys.NULL)
        page.chord(Keys.CONTROL, Keys.ENTER)
        page.until(lambda: page.all(".run.good"), "nothing ran")
        self.assertEqual("from the log\n", page.output())
        page.chord(Keys.CONTROL, "s")
        page.until_text(".toast", "сохраняются в этом браузере")

    def test_variables_while_running(self) -> None:
        """The variables of a running program can be watched."""
        page = self.page
        page.panel("variables")
        page.run("watched = 'now'\n" + ENDLESS, finish=False)
        page.until_text(".variable-name", "watched")
        self.assertTrue(page.all(".run.running"))
        page.keys(Keys.ESCAPE)
        page.until(lambda: not page.all(".run.running"), "the program was not stopped")

    def test_long_output(self) -> None:
        """Hundreds of thousands of lines do not choke the page, which shows the last of them."""
        page = self.page
        page.run("for i in range(200000) do\n    print('line', i)\nnext i")
        page.until(lambda: "line 199999\n" in page.output(), "the end is missing")
        self.assertLess(len(page.output()), 1_200_000)
        page.one(".text-hidden")
        page.click(".run-actions .icon-button:last-child")
        saved = page.downloaded("output.txt").read_text(encoding="utf-8")
        self.assertTrue(saved.startswith("line 0\nline 1\n"))
        self.assertEqual(200_000, saved.count("\n"))

    def test_samples(self) -> None:
        """Every sample runs on a fresh session without an error, in both languages."""
        page = self.page
        for code in ("ru", "en"):
            page.locale(code)
            page.panel("samples")
            for place in range(len(page.all("#panel-samples .card"))):
                page.all("#panel-samples .card")[place].click()
                name = page.one(".tab.selected .tab-name").text
                blocks = len(page.all(".cm-cell-head"))
                if blocks:
                    page.click("#run")
                    page.until(
                        lambda blocks=blocks: len(page.all(".cell-output .run.good")) == blocks,
                        f"not all blocks of {name} succeed",
                    )
                    continue
                page.run()
                self.assertEqual([], page.texts(".run-message"), name)
                self.assertTrue(page.output(), name)


class DocumentTests(PageTestCase):
    """Tabs, and what the browser keeps."""

    def test_tabs_are_kept(self) -> None:
        """A new tab, its new name and its text are there after loading the page again."""
        page = self.page
        page.click(".tabs-new")
        page.write("print('kept')")
        page.one(".tab.selected").send_keys(Keys.F2)
        page.one(".tab-rename").send_keys("Отчет", Keys.ENTER)
        page.until_text(".tab-name", "Отчет")
        page.open(self.running.page)
        self.assertEqual("Отчет", page.one(".tab.selected .tab-name").text)
        self.assertEqual("print('kept')", page.program())

    def test_close_and_restore(self) -> None:
        """A closed program can be brought back."""
        page = self.page
        page.click(".tabs-new")
        page.write("print('precious')")
        page.one(".tab.selected").send_keys(Keys.DELETE)
        page.until(lambda: "precious" not in page.program(), "the tab is still open")
        page.click(".toast .text-button")
        page.until(lambda: page.program() == "print('precious')", "the program is lost")

    def test_undo_belongs_to_the_tab(self) -> None:
        """Undoing in one tab never brings in the text of another."""
        page = self.page
        first = page.program()
        page.click(".tabs-new")
        page.write("second = 2")
        page.all(".tab")[0].click()
        page.click(".cm-content")
        page.chord(Keys.CONTROL, "z")
        self.assertEqual(first, page.program())

    def test_export_and_import(self) -> None:
        """A program is saved as a .dc file, and such a file opens in a tab."""
        page = self.page
        page.write("print('из файла')\n")
        page.click("[aria-label='Сохранить в файл (.dc)']")
        saved = page.downloaded("Первые шаги.dc")
        self.assertEqual("print('из файла')\n", saved.read_text(encoding="utf-8"))
        page.write("")
        self._choose(page, str(saved))
        page.until(lambda: page.program() == "print('из файла')\n", "the file did not open")

    def _choose(self, page: Browser, path: str) -> None:
        page.driver.find_element("css selector", ".toolbar input[type=file]").send_keys(path)

    def test_history(self) -> None:
        """What was run can be opened again, also after loading the page anew."""
        page = self.page
        page.run("print('remember me')")
        page.open(self.running.page)
        page.panel("history")
        page.until_text("#panel-history .card-code", "remember me")
        page.click("#panel-history .card")
        self.assertEqual("print('remember me')", page.program())
