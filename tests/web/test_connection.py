"""Connecting, losing and finding the server, in a real browser; and the page from disk."""

from __future__ import annotations

from urllib.parse import quote

from tests.web.case import PageTestCase
from tests.web.running_server import ROOT, RunningServer

EXAMPLE = ROOT / "examples" / "websocket_client_example.html"


class ReconnectTests(PageTestCase):
    """A server that comes and goes."""

    def serve(self) -> RunningServer:
        """A server of the test's own, for it is going to be stopped."""
        server = RunningServer(*self.flags)
        self.addCleanup(server.stop)
        return server

    def test_comes_back(self) -> None:
        """The banner tells what happened; the page reconnects by itself and says what is gone."""
        page = self.page
        page.run("x = 1")
        port = self.running.port
        self.running.stop()
        page.until_text(".banner-text", "остановлен")
        page.write("print('снова')")
        page.click("#run")
        page.until_text(".toast", "Нет соединения с сервером")
        again = RunningServer(*self.flags, port=port)
        self.addCleanup(again.stop)
        page.until_connected()
        page.until(lambda: not page.all(".banner"), "the banner stays")
        page.until_text(".toast", "сессия новая: прежние переменные утрачены")
        page.run("print('снова')")
        self.assertEqual("снова\n", page.output())

    def test_lost_while_running(self) -> None:
        """A run whose server is gone waits for it until it is stopped, and keeps its output."""
        page = self.page
        page.run("print('begun')\nfor i in range(1000000000) do\n    y = i\nnext i", finish=False)
        page.until(lambda: page.output() == "begun\n", "no output")
        self.running.process.kill()
        page.until_text(".banner-text", "потеряно")
        page.click("#stop")
        page.until(lambda: not page.all(".run.running"), "the run does not end")
        self.assertEqual("begun\n", page.output())
        self.assertIn("Соединение потеряно", page.texts(".run-message")[-1])


class TokenTests(PageTestCase):
    """A server that wants a token."""

    flags = ("--token", "пароль-42")

    def begin(self) -> None:
        """The page cannot connect by itself."""
        self.page.open(self.running.page, connected=False)

    def show_token(self, token: str) -> None:
        """Enter a token in the settings."""
        page = self.page
        page.click(".banner .text-button:last-child")
        focused = page.script("return document.activeElement.name")
        self.assertEqual("connection.tokenLabel", focused)
        page.fill("dialog [name='connection.tokenLabel']", token)
        page.click("dialog .primary")

    def test_token(self) -> None:
        """The banner asks for a token; a wrong one is refused, the right one lets in."""
        page = self.page
        page.until_text(".banner-text", "нужен действительный токен")
        self.assertNotRegex(
            page.one(".banner-text").text.replace("DataCode", ""), r"[a-z]{4} [a-z]+"
        )
        self.show_token("wrong")
        page.until_text(".banner-text", "Неверный токен")
        self.show_token("пароль-42")
        page.until_connected()
        page.run("print('внутри')")
        self.assertEqual("внутри\n", page.output())
        self.assertNotIn("пароль-42", page.script("return JSON.stringify({...localStorage})"))

    def test_token_in_the_address(self) -> None:
        """A link may carry the token; it does not stay in the address."""
        page = self.page
        page.open(self.running.page + "?token=" + quote("пароль-42"))
        self.assertEqual(self.running.page, page.driver.current_url)
        page.open(self.running.page)


class FromDiskTests(PageTestCase):
    """The page as a file, opened from disk: its origin is null."""

    def begin(self) -> None:
        """Open the file and connect to the server."""
        page = self.page
        page.open(EXAMPLE.as_uri(), connected=False)
        self.connect(self.running.address, self.running.pairing_code)

    def connect(self, address: str, code: str = "") -> None:
        """Enter the address of a server, and its code."""
        self.page.click(".connection")
        self.page.fill("dialog [name='connection.url']", address)
        self.page.fill("dialog [name='connection.pairing']", code)
        self.page.click("dialog .primary")

    def test_no_code(self) -> None:
        """Without the code, or with another, the page says what to do, and runs nothing."""
        page = self.page
        page.until_connected()
        self.connect(self.running.address)
        page.until_text(".banner-text", "нужен код сопряжения, который сервер печатает")
        self.assertIn(self.running.address.replace("ws", "http"), page.one(".banner-text").text)
        self.connect(self.running.address, "AAAA-AAAA")
        page.until_text(".banner-text", "другой код сопряжения")
        self.connect(self.running.address, self.running.pairing_code.lower())
        page.until_connected()
        page.messages()

    def test_code_on_the_served_page(self) -> None:
        """The page of the server shows it in the settings."""
        page = self.page
        page.open(self.running.page)
        page.click(".connection")
        self.assertIn(self.running.pairing_code, page.one("dialog .pairing-code").text)

    def test_runs(self) -> None:
        """It connects, runs programs, and loads nothing from anywhere."""
        page = self.page
        page.until_connected()
        page.run("print('с диска')")
        self.assertEqual("с диска\n", page.output())
        loaded = page.script("return performance.getEntriesByType('resource').map(e => e.name)")
        self.assertEqual([], loaded)

    def test_address_is_kept(self) -> None:
        """The address is remembered, and the code."""
        page = self.page
        page.until_connected()
        page.open(EXAMPLE.as_uri())

    def test_no_address(self) -> None:
        """What is no address is named as such."""
        self.page.until_connected()
        self.connect("ws://127.0.0.1:999999")
        self.page.until_text(".banner-text", "не адрес сервера WebSocket")


class StrictOriginTests(PageTestCase):
    """A server that refuses pages from disk."""

    flags = ("--strict-origin",)

    def begin(self) -> None:
        """Open the file."""
        self.page.open(EXAMPLE.as_uri(), connected=False)

    def test_refused(self) -> None:
        """The refusal is told in words, with what may be the cause."""
        page = self.page
        page.click(".connection")
        page.fill("dialog [name='connection.url']", self.running.address)
        page.click("dialog .primary")
        page.until_text(".banner-text", "не принимает страницы отсюда")
        page.until_text(".banner-text", "Запустите его командой datacode --websocket")
        self.page.messages()
