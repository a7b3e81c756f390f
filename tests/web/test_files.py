"""Uploads and shares in a real browser, against the real server and a real Samba."""

from __future__ import annotations

from pathlib import Path

from tests.smb.samba import LOGIN, PASSWORD, samba
from tests.web.case import PageTestCase

try:
    from selenium.webdriver.common.keys import Keys
except ImportError:  # then every test here is skipped
    Keys = None  # type: ignore[assignment,misc]

UPLOADS = "#panel-files input[type=file]"


class UploadTests(PageTestCase):
    """The panel of files."""

    def setUp(self) -> None:
        """Open the panel."""
        super().setUp()
        self.page.panel("files")

    def upload(self, *files: Path) -> None:
        """Choose files, as the dialog of the browser does."""
        chooser = self.page.driver.find_element("css selector", UPLOADS)
        chooser.send_keys("\n".join(str(file.absolute()) for file in files))

    def file(self, name: str, content: bytes) -> Path:
        """A file of this machine."""
        folder = Path(self.mktemp())
        folder.mkdir()
        path = folder / name
        path.write_bytes(content)
        return path

    def test_upload_and_read(self) -> None:
        """A file is uploaded, listed, inserted by a click and read by a program."""
        page = self.page
        self.upload(self.file("продажи.csv", "город,сумма\nТомск,5\n".encode()))
        page.until_text("#panel-files .file-name", "продажи.csv")
        page.write("t = read_file(")
        page.click("#panel-files .file")
        self.assertEqual('t = read_file("продажи.csv"', page.program())
        page.run(page.program() + ")\nprint(t['сумма'][0])")
        self.assertEqual("5\n", page.output())

    def test_opened(self) -> None:
        """A click opens a table by a line in an empty tab, and shows it; no variable is lost."""
        page = self.page
        page.run("t = 5")
        self.upload(self.file("продажи.csv", "город;сумма\nТомск;5,5\n".encode("cp1251")))
        page.until_text("#panel-files .file-name", "продажи.csv")
        page.write("")
        page.click("#panel-files .file")
        page.until_text(".grid-cell", "Томск")
        self.assertEqual('t2 = read_file("продажи.csv", auto=true)\nt2\n', page.program())
        self.assertIn(
            "продажи.csv", page.one("[role=tab][aria-controls=editor][aria-selected=true]").text
        )
        page.run("print(t, sum(t2['сумма']))")
        self.assertEqual("5 5.5\n", page.output())

    def test_program_opened(self) -> None:
        """A click on a program opens it in a tab of its own."""
        page = self.page
        page.write("x = 1")
        self.upload(self.file("итог.dc", "print('итог')\r\n".encode()))
        page.until_text("#panel-files .file-name", "итог.dc")
        page.click("#panel-files .file")
        page.until(lambda: page.program() == "print('итог')\n", "it does not open")
        self.assertEqual(2, len(page.all("[role=tab][aria-controls=editor]")))

    def test_program_saved(self) -> None:
        """A program is saved in the session's folder, not over another unasked, and again."""
        page = self.page
        page.run("write_file('занято.dc', 'x')")
        page.write("print('первый')")
        page.click("[aria-label='Сохранить на сервере']")
        page.fill("[name=server-path]", "занято")
        page.keys(Keys.ENTER)
        page.until_text("dialog h2", "Заменить занято.dc?")
        page.keys(Keys.ESCAPE)
        page.until(lambda: len(page.all("dialog")) == 1, "the question stays")
        page.fill("[name=server-path]", "моя.dc")
        page.keys(Keys.ENTER)
        page.until(lambda: not page.all("dialog"), "the dialog stays")
        page.until_text("#panel-files .file-name", "моя.dc")
        self.assertIn("моя", page.texts("[aria-controls=editor][aria-selected=true]")[0])
        page.write("print('второй')")
        page.chord(Keys.CONTROL, "s")
        page.until_text(".toast", "Сохранено: моя.dc")
        page.run(
            "copy_file('моя.dc', 'моя.txt')\ncopy_file('занято.dc', 'занято.txt')\n"
            "print(read_file('моя.txt'), read_file('занято.txt'))"
        )
        self.assertEqual("print('второй') x\n", page.output())

    def test_preview(self) -> None:
        """Workbooks, sheet by sheet, and files of Windows are shown as the server reads them."""
        page = self.page
        sheets = "{'Май': table([['Ёж', 1]], ['имя', 'n']), 'Июнь': table([['Уж']], ['имя'])}"
        page.run(f"write_file('книга.xlsx', {sheets})")
        page.until_text("#panel-files .file-name", "книга.xlsx")
        page.click("[aria-label='Показать книга.xlsx']")
        page.until_text("dialog .grid-cell", "Ёж")
        page.script(
            "const choice = document.querySelector('dialog select'); choice.value = 'Июнь';"
            "choice.dispatchEvent(new Event('change'));"
        )
        page.until_text("dialog .grid-cell", "Уж")
        page.click("dialog .dialog-head .icon-button")
        self.upload(
            self.file("a.csv", "имя;n\nЯна;1\n".encode("cp1251")),
            self.file("b.txt", "Привет".encode("cp1251")),
        )
        page.until_text("#panel-files .file-name", "b.txt")
        page.click("[aria-label='Показать a.csv']")
        page.until_text("dialog .grid-cell", "Яна")
        page.click("dialog .dialog-head .icon-button")
        page.click("[aria-label='Показать b.txt']")
        page.until_text("dialog pre", "Привет")
        page.click("dialog .dialog-head .icon-button")
        page.panel("variables")
        page.until(lambda: page.all("#panel-variables .panel-empty"), "a preview left variables")

    def test_bytes_survive(self) -> None:
        """What is no text arrives and comes back byte by byte."""
        content = bytes(range(256)) * 40
        self.upload(self.file("data.bin", content), self.file("mark.txt", b"\xef\xbb\xbfa\r\n"))
        self.page.until_text("#panel-files .file-name", "mark.txt")
        for button in self.page.all("#panel-files .files [aria-label^=Скачать]"):
            button.click()
        self.assertEqual(content, self.page.downloaded("data.bin").read_bytes())
        self.assertEqual(b"\xef\xbb\xbfa\r\n", self.page.downloaded("mark.txt").read_bytes())

    def test_dropped(self) -> None:
        """A program that is dropped opens in a tab, another file is uploaded."""
        page = self.page
        page.script(
            """
            const transfer = new DataTransfer();
            transfer.items.add(new File(["print('dropped')"], "my.dc"));
            transfer.items.add(new File(["text"], "note.txt"));
            window.dispatchEvent(new DragEvent("drop", {dataTransfer: transfer, cancelable: true}));
            """
        )
        page.until(lambda: page.program() == "print('dropped')", "the program did not open")
        page.until_text("#panel-files .file-name", "note.txt")

    def test_written_by_a_program(self) -> None:
        """What a program writes is listed and can be downloaded."""
        page = self.page
        page.run("write_file('report.txt', 'итог')")
        page.until_text("#panel-files .file-name", "report.txt")
        page.click("[aria-label='Скачать report.txt']")
        self.assertEqual("итог", page.downloaded("report.txt").read_text(encoding="utf-8"))

    def test_deleted(self) -> None:
        """A file is deleted after a question, and not by a slip of the finger."""
        page = self.page
        page.run("write_file('old.txt', 'x')")
        page.click("[aria-label='Удалить old.txt']")
        self.assertEqual("Отмена", page.driver.switch_to.active_element.text)
        page.keys(Keys.ENTER)
        page.until(lambda: not page.all("dialog"), "the dialog does not close")
        self.assertEqual(["old.txt"], page.texts("#panel-files .file-name"))
        page.click("[aria-label='Удалить old.txt']")
        page.click("dialog .danger")
        page.until(lambda: not page.texts("#panel-files .file-name"), "it is still listed")
        page.run("print(list_files('.'))")
        self.assertEqual("[]\n", page.output())


class NoUploadsTests(PageTestCase):
    """A server without session folders."""

    flags = ()

    def test_told(self) -> None:
        """The panel says what the server would need."""
        self.page.panel("files")
        self.assertIn("--use-ve", self.page.one("#panel-files .panel-note").text)
        self.assertEqual([], self.page.all("#panel-files .drop"))


class ShareTests(PageTestCase):
    """The panel of shares."""

    flags = ("--use-ve", "--smb-write")

    def setUp(self) -> None:
        """A share with a few files."""
        super().setUp()
        self.samba = samba()
        reports = self.samba.folder / "web отчеты"
        reports.mkdir(exist_ok=True)
        (reports / "март.csv").write_text("город,сумма\nТомск,5\nКазань,7\n", encoding="utf-8")
        (reports / "note.txt").write_text("первая строка\n", encoding="utf-8")
        self.page.panel("shares")

    def connect(self, password: str = PASSWORD) -> None:
        """Fill in the form and send it."""
        page = self.page
        page.fill("[name=share-host]", self.samba.address)
        page.fill("[name=share-share]", "data")
        page.fill("[name=share-login]", LOGIN)
        page.fill("[name=share-password]", password)
        page.click("#panel-shares .form .primary")

    def row(self, name: str) -> object:
        """The row of the tree with this name, as soon as it is there."""
        found = self.page.until(
            lambda: [r for r in self.page.all(".tree-row") if name in r.text], f"no row {name}"
        )
        return found[0]

    def test_wrong_password(self) -> None:
        """The reason is told, and nothing is connected."""
        self.connect("wrong")
        self.page.until_text("#panel-shares .form-error", "неверное имя пользователя или пароль")
        self.assertEqual([], self.page.all(".tree"))

    def test_browse_insert_read(self) -> None:
        """Folders open on demand; a click inserts the path of a file, and a program reads it."""
        page = self.page
        self.connect()
        self.row("web отчеты").click()
        page.write("t = read_file(")
        self.row("март.csv").click()
        self.assertEqual('t = read_file("lib://data/web отчеты/март.csv"', page.program())
        page.run(page.program() + ")\nprint(sum(t['сумма']))")
        self.assertEqual("12\n", page.output())

    def test_program_on_a_share(self) -> None:
        """A program is saved on a share, quotes and lines and all, and opened from there."""
        page = self.page
        self.connect()
        text = "print(\"а\", 'б')\nprint('\"')"
        self.row("web отчеты")
        page.write(text)
        page.click("[aria-label='Сохранить на сервере']")
        page.fill("[name=server-path]", "lib://data/web отчеты/прог.dc")
        page.keys(Keys.ENTER)
        page.until(lambda: not page.all("dialog"), "the dialog stays")
        saved = self.samba.folder / "web отчеты" / "прог.dc"
        self.assertEqual(text, saved.read_text(encoding="utf-8"))
        page.write("")
        self.row("web отчеты").click()
        self.row("прог.dc").click()
        page.until(lambda: page.program() == text, "it does not open")

    def test_preview(self) -> None:
        """A CSV file is shown as a table, a text as text."""
        page = self.page
        self.connect()
        self.row("web отчеты").click()
        for name, selector, text in (
            ("март.csv", "dialog .grid", "Казань"),
            ("note.txt", "dialog pre", "первая строка"),
        ):
            row = self.row(name)
            page.script("arguments[0].focus()", row)
            row.find_element("css selector", ".tree-actions button").click()
            self.assertIn(text, page.one(selector).text)
            page.click("dialog .icon-button")

    def test_password_is_kept_nowhere(self) -> None:
        """After connecting, the password is neither in the field nor in anything stored."""
        page = self.page
        self.connect()
        self.row("web отчеты")
        self.assertEqual(
            "", page.script("return document.querySelector('[name=share-password]').value")
        )
        stored = page.script(
            "return JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage})"
        )
        self.assertIn(self.samba.address, stored)
        self.assertNotIn(PASSWORD, stored)

    def test_find_and_disconnect(self) -> None:
        """The host's shares are offered; a share can be disconnected."""
        page = self.page
        page.fill("[name=share-host]", self.samba.address)
        page.fill("[name=share-login]", LOGIN)
        page.fill("[name=share-password]", PASSWORD)
        page.all("#panel-shares .form .button")[1].click()
        page.until(
            lambda: (
                "data"
                in page.script(
                    "return [...document.querySelectorAll('datalist option')].map(o => o.value)"
                )
            ),
            "the share is not offered",
        )
        self.connect()
        root = self.row("data")
        page.script("arguments[0].focus()", root)
        root.find_elements("css selector", ".tree-actions button")[1].click()
        page.until(lambda: not page.all(".tree"), "the share is still connected")

    def test_keys(self) -> None:
        """The tree is walked by arrows alone."""
        page = self.page
        self.connect()
        folder = self.row("web отчеты")
        page.script("arguments[0].focus()", folder)
        page.keys(Keys.ARROW_RIGHT)
        self.row("note.txt")
        page.keys(Keys.ARROW_DOWN)
        self.assertIn("note.txt", page.driver.switch_to.active_element.text)
        page.keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
        page.until(lambda: not page.all(".tree-group .tree-group:not([hidden])"), "still open")
