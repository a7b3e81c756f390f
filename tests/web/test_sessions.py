"""A session that outlives its connection, its page and its tab's reload; in a real browser."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import tempfile
from pathlib import Path

from datacode.client import SessionKey, SessionTaken, connect
from tests.daemons import descendants
from tests.losses import Losses
from tests.smb.proxy import Fault, FaultProxy
from tests.web.case import PageTestCase
from tests.web.running_server import RunningServer

COUNTS = """print("begun")
for i in range(40) do
    for j in range(1500000) do
        y = j
    next j
    print(i)
next i
print("ended")"""
ALL = "begun\n" + "".join(f"{i}\n" for i in range(40)) + "ended\n"

TABLE = """rows = []
for i in range(5000) do
    rows = push(rows, [i, "a"])
next i
show_table(table(rows, ["n", "t"]))"""


class KeptSessionTests(PageTestCase):
    """The page is connected through a proxy that can break the connection."""

    def begin(self) -> None:
        """Open the page through the proxy."""
        self.proxy = FaultProxy(self.running.port)
        self.addCleanup(self.proxy.close)
        self.address = f"http://127.0.0.1:{self.proxy.port}/"
        self.page.open(self.address)

    def back(self) -> None:
        """Wait until the page is connected again."""
        page = self.page
        page.until(lambda: page.all('.connection:not([data-state="on"])'), "it stays connected")
        page.until_connected()

    def test_variables_stay(self) -> None:
        """A broken connection costs nothing."""
        page = self.page
        page.run("x = 42")
        self.proxy.drop_all()
        page.until_text(".banner-text", "Сессия ждёт на сервере")
        page.until_connected()
        page.until_text(".toast", "сессия прежняя")
        page.run("print(x)")
        self.assertEqual("42\n", page.output())

    def test_running_program_goes_on(self) -> None:
        """Output and answer of a program that ran meanwhile come, each piece once."""
        page = self.page
        for i in range(4):
            page.run(f"x = {i}")
        page.run(COUNTS, finish=False)
        page.until(lambda: "3\n" in (page.output() or ""), "no output")
        self.proxy.drop_all()
        self.back()
        page.until(lambda: not page.all(".run.running"), "the run does not end")
        self.assertEqual(ALL, page.output())
        endings = [each.get_attribute("class") for each in page.all(".run")]
        self.assertEqual(["run good"] * 5, endings)

    def test_lost_while_coming_back(self) -> None:
        """A connection that breaks before the session is taken up again costs nothing either."""
        page = self.page
        page.run(COUNTS, finish=False)
        page.until(lambda: "3\n" in (page.output() or ""), "no output")
        self.proxy.fault(Fault("cut", 160), Fault("cut", 700))
        before = self.proxy.connections
        self.proxy.drop_all()
        page.until(lambda: self.proxy.connections >= before + 3, "it does not try again")
        page.until(lambda: not page.all(".run.running"), "the run does not end")
        self.assertEqual(ALL, page.output())

    def test_page_loaded_anew(self) -> None:
        """A page that is loaded anew shows what its session printed, and what still runs."""
        page = self.page
        page.run("x = 7\nprint('first')")
        page.run(COUNTS, finish=False)
        page.until(lambda: "3\n" in (page.output() or ""), "no output")
        page.open(self.address)
        page.until(lambda: len(page.all(".run")) == 2, "the runs are not drawn again")
        page.until(lambda: not page.all(".run.running"), "the run does not end")
        self.assertEqual(ALL, page.output())
        self.assertIn("first", page.all(".run")[0].text)
        page.run("print(x)")
        self.assertEqual("7\n", page.output())

    def test_silent_connection(self) -> None:
        """A connection that is dead without the browser knowing is noticed while a program runs;
        its output comes once."""
        page = self.page
        page.run(COUNTS, finish=False)
        page.until(lambda: "3\n" in (page.output() or ""), "no output")
        self.proxy.hold_all()
        page.until_text(".banner-text", "не отвечает")
        page.until_text(".banner-text", "Сессия ждёт на сервере")
        page.until(lambda: not page.all(".run.running"), "the run does not end")
        self.assertEqual(ALL, page.output())

    def test_silent_network(self) -> None:
        """A page that hears of the network, or is shown again, looks at once; nothing else is
        awaited. A program sent into the silence is sent again."""
        page = self.page
        page.run("x = 1")
        for event in (
            "window.dispatchEvent(new Event('online'))",
            "document.dispatchEvent(new Event('visibilitychange'))",
        ):
            self.proxy.hold_all()
            before = self.proxy.connections
            page.until(
                lambda event=event, before=before: self.connects_after(event, before),
                "it does not notice",
            )
            page.until_connected()
        self.proxy.hold_all()
        page.run("x = x + 1\nprint(x)")
        self.assertEqual("2\n", page.output())

    def connects_after(self, event: str, before: int) -> bool:
        """Tell the page again and again, for what came last may have come a moment ago; whether it
        has made a new connection."""
        self.page.script(event)
        return self.proxy.connections > before

    def test_tables_stay(self) -> None:
        """A table that was shown before the connection broke can still be looked at."""
        page = self.page
        page.run(TABLE)
        self.proxy.drop_all()
        self.back()
        page.script(
            "const g = document.querySelector('[role=grid]'); let s = g;"
            "while (s && s.scrollHeight <= s.clientHeight) s = s.parentElement;"
            "(s ?? g).scrollTop = 1e9;"
        )
        page.until_text("[role=gridcell]", "4999")

    def test_second_tab(self) -> None:
        """A tab that was duplicated is told, and may take the session or begin another."""
        page = self.page
        page.run("x = 1")
        driver = page.driver
        first = driver.current_window_handle
        ticket = page.script("return sessionStorage.getItem('datacode.session')")
        driver.switch_to.new_window("tab")
        self.addCleanup(self.close_tab, first)
        page.open(self.running.page.replace(str(self.running.port), str(self.proxy.port)))
        page.script("sessionStorage.setItem('datacode.session', arguments[0])", ticket)
        driver.refresh()
        page.until_text(".banner-text", "открыта в другой вкладке")
        page.click(".banner .text-button")
        page.until_connected()
        page.run("print(x)")
        self.assertEqual("1\n", page.output())
        driver.switch_to.window(first)
        page.until_text(".banner-text", "открыта в другой вкладке")
        page.click(".banner .text-button:nth-child(2)")
        page.until_connected()
        page.run("print(2)")
        self.assertEqual("2\n", page.output())

    def test_taken_while_away(self) -> None:
        """A page that lost its connection does not take the session from who has it meanwhile."""
        page = self.page
        page.run("x = 1")
        ticket = json.loads(page.script("return sessionStorage.getItem('datacode.session')"))
        self.proxy.every(Fault("cut", 0))
        self.proxy.drop_all()
        key = SessionKey(ticket["session"], ticket["token"])
        other = connect(f"ws://127.0.0.1:{self.running.port}", session=key)
        self.addCleanup(other.close)
        self.assertEqual(other.execute("print(x)").output, "1\n")
        self.proxy.every(Fault("none"))
        page.until_text(".banner-text", "открыта в другой вкладке")
        self.assertEqual(other.execute("print(x + 1)").output, "2\n")
        page.click(".banner .text-button")
        page.until_connected()
        page.run("print(x + 2)")
        self.assertEqual("3\n", page.output())
        self.assertRaises(SessionTaken, other.execute, "print(x)")

    def close_tab(self, first: str) -> None:
        """Only the first tab stays."""
        driver = self.page.driver
        for handle in driver.window_handles:
            if handle != first:
                driver.switch_to.window(handle)
                driver.close()
        driver.switch_to.window(first)

    def test_rollback(self) -> None:
        """With the button pressed a program that fails changes nothing."""
        page = self.page
        page.run("x = 1")
        page.click(".toolbar [aria-pressed]")
        self.addCleanup(page.script, "localStorage.removeItem('datacode.rollback')")
        page.run("x = 2\ny = x / 0")
        page.run("print(x)")
        self.assertEqual("1\n", page.output())


class AsleepTests(PageTestCase):
    """A computer that sleeps: the whole browser is stopped until the server has given it up."""

    flags = ("--ping-interval", "1")

    def processes(self) -> list[int]:
        """Those of the browser; the first one has its profile in its command."""
        profile = f"--user-data-dir={self.page.profile}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if profile in (folder / "cmdline").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
        return sorted({each for top in found for each in (top, *descendants(top))})

    def test_asleep(self) -> None:
        """What a program printed meanwhile is there, once."""
        page = self.page
        proxy = FaultProxy(self.running.port)
        self.addCleanup(proxy.close)
        page.open(f"http://127.0.0.1:{proxy.port}/")
        page.run("x = 7")
        page.run(COUNTS, finish=False)
        page.until(lambda: "3\n" in (page.output() or ""), "no output")
        stopped = self.processes()
        self.assertTrue(stopped)
        for each in stopped:
            os.kill(each, signal.SIGSTOP)
        try:
            page.until(lambda: proxy.open == 0, "the server does not notice")
        finally:
            for each in stopped:
                os.kill(each, signal.SIGCONT)
        page.until(lambda: not page.all(".run.running"), "the run does not end")
        self.assertEqual(ALL, page.output())
        # Waking up it may ask more than once whether its connection is alive.
        page.until(lambda: page.all('.connection[data-state="on"]'), "it does not connect")
        page.run("print(x)")
        self.assertEqual("7\n", page.output())


class OutputLostTests(PageTestCase):
    """A server that keeps little of what is printed meanwhile."""

    flags = ("--kept-output-kib", "1")

    def test_told(self) -> None:
        """How much is not shown now is said; at the end all of it is there."""
        page = self.page
        proxy = FaultProxy(self.running.port)
        self.addCleanup(proxy.close)
        page.open(f"http://127.0.0.1:{proxy.port}/")
        page.run(COUNTS.replace("print(i)", 'print(repeat("x", 999))'), finish=False)
        page.until(lambda: "x" in (page.output() or ""), "no output")
        proxy.drop_all()
        page.until_text(".toast", "сервер больше не хранит")
        page.until(lambda: not page.all(".run.running"), "the run does not end")
        self.assertEqual(page.output(), "begun\n" + ("x" * 999 + "\n") * 40 + "ended\n")


class StateTests(PageTestCase):
    """The session as a file, and a second one from it."""

    def button(self, name: str) -> None:
        """Press one of the panel's buttons."""
        self.page.panel("variables")
        buttons = self.page.all("#panel-variables .small-button")
        next(each for each in buttons if name in each.text).click()

    def test_save_and_open(self) -> None:
        """What was saved can be opened, after a question."""
        page = self.page
        page.run("x = 42\nfunction f(n) do\nreturn n + x\nendfunction")
        self.button("Сохранить")
        page.until_text(".toast", "Сессия сохранена")
        (saved,) = page.until(lambda: list(page.downloads.glob("session-*.dcstate")), "no file")
        page.run("x = 1")
        page.driver.find_element("css selector", "#panel-variables input[type=file]").send_keys(
            str(saved)
        )
        page.until_text("dialog", "будут заменены")
        page.click("dialog .danger")
        page.until_text(".toast", "Открыта сессия")
        page.run("print(f(1))")
        self.assertEqual("43\n", page.output())

    def test_not_a_state(self) -> None:
        """A file that is none is refused in a sentence, and nothing changes."""
        page = self.page
        page.run("x = 42")
        page.panel("variables")
        wrong = page.downloads / "wrong.dcstate"
        wrong.write_text("nothing of the kind")
        page.driver.find_element("css selector", "#panel-variables input[type=file]").send_keys(
            str(wrong)
        )
        page.click("dialog .danger")
        page.until(lambda: page.all(".toast.bad, .toast.error, .toast"), "nothing is said")
        page.run("print(x)")
        self.assertEqual("42\n", page.output())

    def test_duplicate(self) -> None:
        """Another tab begins with the same variables, and they part from there."""
        page = self.page
        page.run("x = 1")
        driver = page.driver
        first = driver.current_window_handle
        self.button("Дублировать")
        page.until(lambda: len(driver.window_handles) == 2, "no second tab")
        (second,) = [each for each in driver.window_handles if each != first]
        driver.switch_to.window(second)
        self.addCleanup(driver.switch_to.window, first)
        self.addCleanup(driver.close)
        page.until_connected()
        page.run("x = x + 1\nprint(x)")
        self.assertEqual("2\n", page.output())
        driver.switch_to.window(first)
        page.run("print(x)")
        self.assertEqual("1\n", page.output())
        driver.switch_to.window(second)


class LossesTests(PageTestCase):
    """Whatever is lost under a session, the page has it."""

    def serve(self) -> RunningServer:
        """A server of the test's own, for it is going to be killed."""
        self.losses = Losses(self)
        return self.losses.server

    def begin(self) -> None:
        """Open the page through the proxy."""
        self.page.open(f"http://{self.losses.address}/")

    def test_all(self) -> None:
        """One loss after another."""
        page = self.page

        def say(code: str) -> str:
            page.run(code)
            return page.output() + "".join(page.texts(".run:last-child .run-message"))

        def back(before: int) -> None:
            page.until(lambda: self.losses.proxy.connections > before, "it does not notice")
            page.until_connected()

        self.losses.all(say, back)


class RestartTests(PageTestCase):
    """A server that keeps sessions from start to start."""

    def serve(self) -> RunningServer:
        """A server of the test's own, for it is going to be killed."""
        self.kept = tempfile.mkdtemp(prefix="datacode-state-")
        self.addCleanup(shutil.rmtree, self.kept)
        server = RunningServer("--state", self.kept)
        self.addCleanup(server.stop)
        return server

    def test_restart(self) -> None:
        """The page comes back to its session; a program that was running is told of."""
        page = self.page
        page.run("x = 42\nt = table([[1], [2]], ['n'])")
        page.run("print('begun')\nfor i in range(1000000000) do\n    y = i\nnext i", finish=False)
        page.until(lambda: page.output() == "begun\n", "no output")
        port = self.running.port
        self.running.process.kill()
        self.running.process.wait()
        page.until_text(".banner-text", "потеряно")
        again = RunningServer("--state", self.kept, port=port)
        self.addCleanup(again.stop)
        page.until_connected()
        page.until_text(".run-message", "Сервер был перезапущен во время выполнения")
        page.run("print(x, len(t))")
        self.assertEqual("42 2\n", page.output())
