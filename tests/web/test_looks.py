"""Reachable by keyboard, named for screen readers, at home on every screen."""

from __future__ import annotations

from tests.web.browser import Browser
from tests.web.case import PageTestCase
from tests.web.node import axe

try:
    from selenium.webdriver.common.keys import Keys
except ImportError:  # then every test here is skipped
    Keys = None  # type: ignore[assignment,misc]

UNNAMED = """
const nameOf = (e) => e.getAttribute('aria-label') || e.textContent.trim()
    || [...(e.labels ?? [])].map(l => l.textContent).join('') || e.getAttribute('title');
return [...document.querySelectorAll('button, a[href], input:not([aria-hidden]), select, '
    + '[role=tab], [role=treeitem], [role=separator], [role=grid], [role=region], summary')]
    .filter(e => e.offsetParent !== null && !nameOf(e)).map(e => e.outerHTML.slice(0, 200));
"""
TWICE = """
const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
return ids.filter((id, place) => ids.indexOf(id) !== place);
"""


class AccessTests(PageTestCase):
    """For people without a mouse or without eyes."""

    def test_names(self) -> None:
        """Everything that can be used has a name, in every panel, and no id stands twice."""
        page = self.page
        page.run("show_table(table([[1, 'a']], ['n', 't']))")
        for button in page.all(".table-actions [aria-pressed]"):
            button.click()
        for panel in ("variables", "shares", "files", "samples", "history"):
            page.panel(panel)
            self.assertEqual([], page.script(UNNAMED), panel)
        self.assertEqual([], page.script(TWICE))

    def test_landmarks(self) -> None:
        """The page has its header, main part, panels, and one heading of the first level."""
        for selector in ("header", "main", "aside[aria-label]", "section[aria-label]", "h1"):
            self.assertEqual(1, len(self.page.all(selector)), selector)

    def test_announced(self) -> None:
        """The end of a run and its output are announced, errors at once."""
        page = self.page
        page.run("print('услышано')")
        page.until_text("[aria-live=polite]", "услышано")
        page.until_text("[aria-live=polite]", "Выполнено за")
        page.run("print(nosuch)")
        page.until_text("[role=alert][aria-live=assertive]", "переменная 'nosuch' не определена")

    def test_keyboard_only(self) -> None:
        """From the top of the page by Tab alone: skip link, run, out of the editor, the output."""
        page = self.page
        page.script("document.activeElement.blur(); window.getSelection().removeAllRanges()")
        page.keys(Keys.TAB)
        self.assertEqual("Перейти к редактору", page.driver.switch_to.active_element.text)
        page.keys(Keys.ENTER)
        self.assertIn("cm-content", page.script("return document.activeElement.className"))
        page.cdp("Input.insertText", text="print('keys')\n")
        page.chord(Keys.CONTROL, Keys.ENTER)
        page.until(lambda: page.all(".run.good"), "it did not run")
        page.keys(Keys.ESCAPE)
        page.keys(Keys.TAB)
        self.assertEqual(
            "separator",
            page.script(
                "return document.activeElement.role ?? document.activeElement.getAttribute('role')"
            ),
        )
        seen = set()
        for _ in range(6):
            page.keys(Keys.TAB)
            seen.add(page.script("return document.activeElement.className"))
        self.assertIn("log-scroll", seen)

    def test_focus_is_seen(self) -> None:
        """The element with the focus has an outline."""
        page = self.page
        page.script("document.activeElement.blur()")
        for _ in range(4):
            page.keys(Keys.TAB)
            style = page.script("return getComputedStyle(document.activeElement).outlineStyle")
            self.assertNotEqual("none", style)

    def test_splitter(self) -> None:
        """Arrows move the line between editor and output."""
        page = self.page
        bar = page.one("[role=separator]")
        before = int(bar.get_attribute("aria-valuenow"))
        bar.send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
        self.assertGreater(int(bar.get_attribute("aria-valuenow")), before)


BARRIERS = """
// The editor scrolls by the keys of what is written in it.
const isMeant = (rule, node) =>
    rule !== 'scrollable-region-focusable' || !node.html.includes('cm-scroller');
const told = (rule) => rule.nodes.filter((node) => isMeant(rule.id, node)).slice(0, 3).map(
    (node) => `${rule.id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`);
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ['violations']}).then(
    (found) => done(found.violations.flatMap(told)));
"""


def barriers(page: Browser) -> list[str]:
    """The rules of WCAG that the page breaks now, and where, as axe finds them."""
    if not page.script("return 'axe' in window"):
        page.script(axe())
    return page.driver.execute_async_script(BARRIERS)


class BarrierTests(PageTestCase):
    """What axe, which knows the rules of WCAG, finds in the page: nothing."""

    def barriers(self) -> list[str]:
        """The rules that the page breaks now, and where."""
        return barriers(self.page)

    def looked_over(self) -> None:
        """The page with every panel, with tables, a chart, an error and the dialogs."""
        page = self.page
        self.assertEqual([], self.barriers(), "at first")
        page.run("x = {a: 1}\nshow_table(table([[1, 'a'], [2, null]], ['n', 't']))")
        for button in page.all(".table-actions [aria-pressed]"):
            button.click()
        page.one(".chart-svg")
        self.assertEqual([], self.barriers(), "a table with filters and a chart")
        for panel in ("variables", "shares", "files", "samples", "history"):
            page.panel(panel)
            self.assertEqual([], self.barriers(), panel)
        page.run("print('before')\nprint(nosuch)")
        self.assertEqual([], self.barriers(), "an error")
        for opener in (".connection", "header [aria-haspopup=dialog]:not(.connection)"):
            page.click(opener)
            page.one("dialog")
            self.assertEqual([], self.barriers(), opener)
            page.keys(Keys.ESCAPE)
            page.until(lambda: not page.all("dialog"), "the dialog does not close")

    def test_light(self) -> None:
        """In the light."""
        self.looked_over()

    def test_dark(self) -> None:
        """In the dark, in English."""
        self.page.locale("en")
        self.page.click("#theme")
        self.page.click("#theme")
        self.looked_over()

    def test_narrow(self) -> None:
        """On a phone."""
        with self.page.size(360, 640):
            self.page.open(self.running.page)
            self.assertEqual([], self.barriers())
            self.page.click("#tab-files")
            self.assertEqual([], self.barriers())

    def test_disconnected(self) -> None:
        """With the banner that tells of a lost connection."""
        self.page.driver.get(self.running.page)
        self.page.script(
            "sessionStorage.clear(); localStorage.setItem("
            "'datacode.address.' + location.host + '/', JSON.stringify('ws://127.0.0.1:9'))"
        )
        self.page.open(self.running.page, connected=False)
        self.page.one(".banner")
        self.assertEqual([], self.barriers())
        self.page.script("localStorage.clear()")


class ScreenTests(PageTestCase):
    """Screens of all kinds."""

    def test_narrow(self) -> None:
        """On a phone nothing is cut off, and the panels cover the page and go away again."""
        page = self.page
        with page.size(360, 640):
            page.open(self.running.page)
            page.run(
                "show_table(table([[1, 2, 3, 4, 5]], ['one', 'two', 'three', 'four', 'five']))"
            )
            self.assertLessEqual(page.script("return document.documentElement.scrollWidth"), 360)
            for selector in ("#run", ".tabs-new", ".connection", "#theme", "#tab-history"):
                box = page.one(selector).rect
                self.assertGreaterEqual(box["x"], 0, selector)
                self.assertLessEqual(box["x"] + box["width"], 360, selector)
                self.assertLessEqual(box["y"] + box["height"], 640, selector)
            page.click(".connection")
            page.one("dialog")
            wide = (
                "const d = document.querySelector('dialog'); return d.scrollWidth - d.clientWidth"
            )
            self.assertEqual(0, page.script(wide))
            page.click("dialog .icon-button")
            page.click("header [aria-haspopup=dialog]:not(.connection)")
            page.one("dialog .shortcuts")
            self.assertEqual(0, page.script(wide))
            page.click("dialog .icon-button")
            page.click("#tab-files")
            page.one("#panel-files")
            page.click("#panel-files .side-close")
            page.click(".cm-content")

    def test_dark(self) -> None:
        """The appearance can be chosen, and is remembered."""
        page = self.page
        theme = "return document.documentElement.dataset.theme"
        page.click("#theme")
        page.click("#theme")
        self.assertEqual("dark", page.script(theme))
        page.open(self.running.page)
        self.assertEqual("dark", page.script(theme))

    def test_both_languages_fit(self) -> None:
        """In neither language does a label of a button break or get cut."""
        page = self.page
        for code in ("ru", "en"):
            page.locale(code)
            for panel in ("variables", "shares", "files"):
                page.panel(panel)
                cut = page.script(
                    "return [...document.querySelectorAll('button, .rail-name')]"
                    ".filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1"
                    " && getComputedStyle(e).display !== 'inline').map(e => e.textContent)"
                )
                self.assertEqual([], cut, (code, panel))
