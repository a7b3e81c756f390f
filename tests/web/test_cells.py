"""Programs in blocks, in a real browser."""

from __future__ import annotations

from tests.web.case import PageTestCase

try:
    from selenium.webdriver.common.keys import Keys
except ImportError:  # then every test here is skipped
    Keys = None  # type: ignore[assignment,misc]

PROGRAM = """\
x = 1
# %% Вывод
print('один', x)
# %%
show_table(table([[x]], ['столбец']))
# %% Конец
x = x + 1
print('три', x)"""


class CellTests(PageTestCase):
    """Blocks between lines that begin with ``# %%``."""

    def outputs(self) -> list[str]:
        """What stands beneath the blocks, in their order."""
        return self.page.script(
            "return [...document.querySelectorAll('.cell-output')]"
            ".map(e => e.querySelector('.run-body').textContent)"
        )

    def ended(self, count: int) -> None:
        """Wait for so many outputs, and for the end of the last."""
        page = self.page
        page.until(
            lambda: len(page.texts(".cell-output")) == count and not page.texts(".run.running"),
            f"there are not {count} outputs",
        )

    def run_all(self) -> None:
        """Ctrl+Enter."""
        self.page.script("document.querySelector('.cm-content').focus()")
        self.page.chord(Keys.CONTROL, Keys.ENTER)

    def test_all(self) -> None:
        """All blocks run one by one, each with its output beneath it, and share variables."""
        page = self.page
        page.write(PROGRAM)
        self.run_all()
        self.ended(4)
        outputs = self.outputs()
        self.assertEqual("один 1\n", outputs[1])
        self.assertIn("столбец", outputs[2])
        self.assertEqual("три 2\n", outputs[3])
        self.assertEqual([], page.texts(".log-cards .run"))
        self.assertEqual("Вывод", page.texts(".cell-output .run-title")[1].split(" · ")[0])
        places = page.script(
            "return [...document.querySelector('.cm-content').children]"
            ".map(e => e.className === 'cell-output' ? '+' : e.textContent.slice(0, 4)).join('|')"
        )
        self.assertEqual("x = |+|# %%|prin|+|# %%|show|+|# %%|x = |prin|+", places)

    def test_one(self) -> None:
        """Shift+Enter runs the block at the cursor and goes on; Below runs the rest."""
        page = self.page
        page.write(PROGRAM)
        page.chord(Keys.CONTROL, Keys.HOME)
        page.chord(Keys.SHIFT, Keys.ENTER)
        self.ended(1)
        page.chord(Keys.SHIFT, Keys.ENTER)
        self.ended(2)
        self.assertEqual("один 1\n", self.outputs()[1])
        page.all(".cell-button")[1].click()
        self.ended(4)
        page.all(".cell-button")[0].click()  # the third, at which the cursor still is
        self.ended(4)
        page.all(".cell-button")[0].click()
        page.until(lambda: self.outputs()[-1] == "три 3\n", "the last block did not run again")
        self.assertEqual(4, len(self.outputs()))

    def test_failure(self) -> None:
        """A block that fails ends the row, and the error is at its line."""
        page = self.page
        page.write("# %%\nprint(1)\n# %%\nprint(nothing)\n# %%\nprint(3)")
        self.run_all()
        self.ended(2)
        self.assertIn("строке 4", self.outputs()[1])

    def test_stored(self) -> None:
        """Outputs are there again when the page is loaded anew, and go when they are cleared."""
        page = self.page
        page.write(PROGRAM)
        self.run_all()
        self.ended(4)
        page.until(
            lambda: "три 2" in page.script("return localStorage['datacode.documents'] ?? ''"),
            "not stored",
        )
        self.begin()
        self.ended(4)
        self.assertEqual("три 2\n", self.outputs()[3])
        self.assertEqual([], page.texts(".log-cards .run"))
        page.click(".log-clear")
        page.until(lambda: not page.texts(".cell-output"), "not cleared")

    def test_saved_with_the_program(self) -> None:
        """A file on the server has the outputs, and shows them when it is opened."""
        page = self.page
        page.write(PROGRAM)
        self.run_all()
        self.ended(4)
        page.click("[aria-label='Сохранить на сервере']")
        page.fill("[name=server-path]", "с выводом.dc")
        self.assertTrue(page.one("[name=with-outputs]").is_selected())
        page.click("dialog .button.primary")
        page.until(lambda: not page.all("dialog"), "it is not saved")
        page.panel("files")
        page.click("[aria-label='Переименовать с выводом.dc']")
        page.fill("[name=new-path]", "папка/итог.dc")
        page.click("dialog .button.primary")
        page.until_text("#panel-files .file-name", "папка/итог.dc")
        self.assertNotIn("с выводом.dc", page.texts("#panel-files .file-name"))
        page.until_text(".tab.selected .tab-name", "итог")
        for tab in page.all(".tab .tab-close"):
            page.script("arguments[0].click()", tab)
        page.click("#panel-files .file")
        self.ended(4)
        self.assertEqual("три 2\n", self.outputs()[3])
        self.assertNotIn("---", page.program())
        page.chord(Keys.CONTROL, "s")
        page.until_text(".toast", "папка/итог.dc")
        page.write("print(contains(read_file('папка/итог.dc', text=true), 'три 2'))")
        page.run()
        self.assertEqual("true\n", page.output())

    def test_narrow(self) -> None:
        """Outputs are no wider than what can be seen of the editor, whatever its lines are."""
        page = self.page
        with page.size(400, 900):
            page.write("# %%\nshow_table(table([[1]], ['a'])) # " + "long " * 40)
            self.run_all()
            self.ended(1)
            wide = "const e = document.querySelector('.cell-output .run').getBoundingClientRect();"
            page.until(
                lambda: page.script(wide + "return e.left >= 0 && e.right <= 400"), "it is too wide"
            )

    def test_plain(self) -> None:
        """Without marks nothing is different."""
        page = self.page
        page.run("print(5)")
        self.assertEqual([], page.all(".cell-button"))
        self.assertEqual("5\n", page.output())
