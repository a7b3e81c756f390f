"""A link for a colleague, in a real browser."""

from __future__ import annotations

from tests.web.case import PageTestCase

try:
    from selenium.webdriver.common.keys import Keys
except ImportError:  # then every test here is skipped
    Keys = None  # type: ignore[assignment,misc]

PROGRAM = "# %% Первый\nprint('<b>один')\n# %% Второй\ntable([[5]], ['сумма'])"


class SharedViewTests(PageTestCase):
    """Made, opened elsewhere, taken back."""

    def link(self) -> str:
        """The address of a link to the program in sight."""
        page = self.page
        page.click("[aria-label='Ссылка для коллеги']")
        page.click("dialog .button.primary")
        page.one("[name=view-address]")
        return str(page.script("return document.querySelector('[name=view-address]').value"))

    def test_blocks(self) -> None:
        """The program and what its blocks showed, for reading; a copy can be changed."""
        page = self.page
        page.write(PROGRAM)
        page.chord(Keys.CONTROL, Keys.ENTER)
        page.until(lambda: len(page.all(".cell-output .run.good")) == 2, "not run")
        address = self.link()
        self.assertRegex(address, r"^http://127\.0\.0\.1:\d+/#view=[\w-]{22}$")
        page.empty()
        page.open(address)
        page.until_text("dialog .text-block", "<b>один")
        page.until_text("dialog .grid-cell", "5")
        self.assertEqual(2, len(page.all("dialog .view-code")))
        self.assertNotIn("#view", page.driver.current_url)
        page.click("dialog .view-head .button")
        self.assertEqual(PROGRAM, page.program())
        page.until(lambda: len(page.all(".cell-output .run")) == 2, "the copy has no outputs")

    def test_taken_back(self) -> None:
        """Then the address leads nowhere, which is said."""
        page = self.page
        page.run("print('весь вывод')")
        address = self.link()
        page.click("dialog .button.danger")
        page.until(lambda: not page.all("dialog"), "still open")
        page.empty()
        page.open(address)
        page.until_text(".toast", "ссылк")
        self.assertEqual([], page.all("dialog"))
