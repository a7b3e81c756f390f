"""Whatever a program, a file or a server says stays text."""

from __future__ import annotations

import json
from pathlib import Path

from tests.smb.samba import LOGIN, PASSWORD, samba
from tests.web.case import PageTestCase

ATTACK = "<img src=x onerror=window.pwned=1><script>window.pwned=2</script>"
"""Markup that would run if anything took it for markup."""


class MarkupTests(PageTestCase):
    """The same attack by every way that text can take into the page."""

    def tearDown(self) -> None:
        """Nothing ran, and nothing became an element."""
        self.assertIsNone(self.page.script("return window.pwned ?? null"))
        self.assertEqual(
            [], self.page.texts("body img, body iframe, body script:not(:only-of-type)")
        )
        super().tearDown()

    def test_output(self) -> None:
        """Printed text, also while it streams."""
        self.page.run(f"print('{ATTACK}')")
        self.assertEqual(ATTACK + "\n", self.page.output())

    def test_error(self) -> None:
        """The sentence of an error, in the log, in the editor's tooltip and in announcements."""
        page = self.page
        page.run(f"throw '{ATTACK}'")
        self.assertIn(ATTACK, page.texts(".run-message")[0])
        page.script(
            "arguments[0].dispatchEvent(new MouseEvent('mouseover', {bubbles: true}))",
            page.one(".cm-lint-marker-error"),
        )
        page.until_text(".cm-tooltip", ATTACK)

    def test_table(self) -> None:
        """Names of columns, cells, labels of charts, and the name of a variable's value."""
        page = self.page
        page.run(f"t = table([['{ATTACK}', 1]], ['{ATTACK}', 'n'])\nshow_table(t)")
        self.assertEqual([ATTACK, "n"], page.texts(".grid-text"))
        self.assertIn(ATTACK, page.texts(".grid-cell"))
        next(b for b in page.all(".table-actions button") if b.text == "Диаграмма").click()
        page.until_text(".chart-svg text", ATTACK)

    def test_variable(self) -> None:
        """The beginning of a variable's value."""
        page = self.page
        page.panel("variables")
        page.run(f"x = '{ATTACK}'")
        page.until_text(".variable-value", ATTACK)

    def test_file_name(self) -> None:
        """The name of an uploaded file, in the list and when it is inserted."""
        page = self.page
        name = "<img src=x onerror=window.pwned=1>.txt"
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / name).write_text("x", encoding="utf-8")
        page.panel("files")
        chooser = page.driver.find_element("css selector", "#panel-files input[type=file]")
        chooser.send_keys(str((folder / name).absolute()))
        page.until_text("#panel-files .file-name", name)
        page.write("")
        page.click("#panel-files [aria-label^=Вставить]")
        self.assertEqual(f'"{name}"', page.program())

    def test_share(self) -> None:
        """The name and the content of a file on a share."""
        page = self.page
        server = samba()
        folder = server.folder / "web attack"
        folder.mkdir(exist_ok=True)
        name = "<img src=x onerror=pwned=1>'.txt"
        (folder / name).write_text(ATTACK, encoding="utf-8")
        page.panel("shares")
        page.fill("[name=share-host]", server.address)
        page.fill("[name=share-share]", "data")
        page.fill("[name=share-login]", LOGIN)
        page.fill("[name=share-password]", PASSWORD)
        page.click("#panel-shares .form .primary")
        row = page.until(
            lambda: [r for r in page.all(".tree-row") if "web attack" in r.text], "no folder"
        )[0]
        row.click()
        # Names that Windows does not know come mangled by the server; then that is the name.
        file = page.until(lambda: page.all(".tree-group .tree-group .tree-row"), "no file")[0]
        page.script("arguments[0].focus()", file)
        file.find_element("css selector", ".tree-actions button").click()
        self.assertEqual(ATTACK, page.one("dialog pre").text)

    def test_name_of_a_share(self) -> None:
        """A share's name in what the server says of it, and a filter in what it finds."""
        page = self.page
        page.panel("shares")
        page.fill("[name=share-host]", "127.0.0.1:1")
        page.fill("[name=share-share]", ATTACK)
        page.fill("[name=share-login]", ATTACK)
        page.fill("[name=share-password]", ATTACK)
        page.click("#panel-shares .form .primary")
        page.until_text("#panel-shares", "Ошибка подключения к SMB")
        page.run(f"print(read_file('lib://{ATTACK}/x'))")
        self.assertIn("<img src=x", page.texts(".run-message")[0])

    def test_rows_that_come_later(self) -> None:
        """Cells of a long table that are fetched when they are scrolled to."""
        page = self.page
        page.run(
            f"rows = []\nfor i in range(3000) do\n rows = push(rows, ['{ATTACK}' + i])\nnext i\n"
            "show_table(table(rows, ['a']))"
        )
        page.script("document.querySelector('.grid').scrollTop = 2000 * 28")
        page.until_text(".grid-cell", f"{ATTACK}2005")

    def test_tab_name(self) -> None:
        """The name of a tab, also in the log."""
        page = self.page
        stored = {"docs": [{"id": "a", "name": ATTACK, "text": "print(1)"}], "active": "a"}
        self.store(documents=json.dumps(stored))
        self.assertEqual([ATTACK], page.texts(".tab-name"))
        page.run()
        self.assertEqual([ATTACK], page.texts(".run-title"))

    def test_damaged_storage(self) -> None:
        """Whatever stands in the browser's storage, the page comes up."""
        page = self.page
        kept = ("documents", "history", "share", "theme", "locale", "split", "layout", "panel")
        for damaged in ('{"docs": 5, "active": [', '{"docs": [{"id": 1}], "active": 3}', "[null]"):
            self.store(**dict.fromkeys(kept, damaged))
            page.run("print('цела')")
            self.assertEqual("цела\n", page.output())

    def store(self, **values: str) -> None:
        """Open the page with these values in the browser's storage."""
        # The page stores its tabs when it is left, so another address of the server is used.
        self.page.driver.get(self.running.page + "healthz")
        for name, value in values.items():
            self.page.script(
                "localStorage.setItem('datacode.' + arguments[0], arguments[1])", name, value
            )
        self.page.messages()  # that address has no icon
        self.page.open(self.running.page)

    def test_trusted_types(self) -> None:
        """The browser itself refuses to take text for markup on this page."""
        refused = self.page.script(
            "try { document.body.innerHTML = arguments[0]; return false } catch { return true }",
            ATTACK,
        )
        self.assertTrue(refused)
        self.page.messages()
