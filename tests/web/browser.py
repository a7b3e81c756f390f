"""A headless Chromium for tests of the page, and what a person does with the page in words.

One browser is shared by all tests and ends with the process. Tests are skipped where Chromium
or its driver is missing, except in CI, where that is a failure.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest

try:
    from selenium import webdriver
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.remote.webelement import WebElement
except ImportError:
    webdriver = None  # type: ignore[assignment]

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
MISSING = (
    "no Chromium with its driver and Selenium here; tests of the page need them:"
    " apt-get install chromium chromium-driver, pip install selenium"
)
PATIENCE = 30.0
"""Seconds until something that should appear counts as missing."""

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
_shared: list[Browser] = []


def browser() -> Browser:
    """The shared browser, empty: nothing stored, nothing open."""
    if webdriver is None or CHROMIUM is None or DRIVER is None:
        if os.environ.get("CI") == "true":
            raise AssertionError(MISSING)
        raise SkipTest(MISSING)
    if not _shared:
        _shared.append(Browser())
        atexit.register(_shared[0].quit)
    _shared[0].empty()
    return _shared[0]


class Browser:
    """The page as a person uses it. Waiting methods raise ``AssertionError`` in the end."""

    def __init__(self) -> None:
        self.profile = tempfile.mkdtemp(prefix="datacode-chromium-")
        self.downloads = Path(tempfile.mkdtemp(prefix="datacode-downloads-"))
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in (*_FLAGS, f"--user-data-dir={self.profile}", "--window-size=1280,860"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        options.add_experimental_option(
            "prefs",
            {
                "intl.accept_languages": "ru,en",
                "download.default_directory": str(self.downloads),
                "download.prompt_for_download": False,
            },
        )
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))

    def quit(self) -> None:
        """End the browser and remove what it wrote."""
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)
        shutil.rmtree(self.downloads, ignore_errors=True)

    def empty(self) -> None:
        """Leave the page and forget everything that it stored."""
        self.driver.get("about:blank")
        self.cdp("Emulation.clearDeviceMetricsOverride")
        self.cdp("Network.enable")
        self.cdp("Network.clearBrowserCache")
        self.cdp("Storage.clearDataForOrigin", origin="*", storageTypes="all")
        self.messages()
        for left in self.downloads.iterdir():
            left.unlink()

    def cdp(self, command: str, **parameters: Any) -> Any:
        """A command of Chromium's own protocol."""
        return self.driver.execute_cdp_cmd(command, parameters)

    def script(self, text: str, *arguments: Any) -> Any:
        """What a script in the page returns."""
        return self.driver.execute_script(text, *arguments)

    def messages(self) -> list[str]:
        """Warnings and errors of the page in the browser's console since the last call."""
        entries = self.driver.get_log("browser")
        return [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")]

    # --- Looking ---------------------------------------------------------------------------

    def all(self, selector: str) -> list[WebElement]:
        """The visible elements that match."""
        return self.script(
            "return [...document.querySelectorAll(arguments[0])].filter(e =>"
            " e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length)",
            selector,
        )

    def one(self, selector: str) -> WebElement:
        """The first visible element that matches, as soon as there is one."""
        self.until(lambda: self.all(selector), f"nothing visible matches {selector}")
        return self.all(selector)[0]

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements that match, visible or not, as they stand in the page."""
        return self.script(
            "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector
        )

    def until(self, condition: Callable[[], Any], otherwise: str) -> Any:
        """What ``condition`` gives, as soon as it is true."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                result = condition()
            except StaleElementReferenceException:
                result = None
            if result:
                return result
            if time.monotonic() > deadline:
                raise AssertionError(otherwise)
            time.sleep(0.05)

    def until_text(self, selector: str, part: str) -> None:
        """Wait until the text of some matching element holds ``part``."""
        try:
            self.until(lambda: any(part in text for text in self.texts(selector)), "")
        except AssertionError:
            raise AssertionError(
                f"{part!r} is not in {selector}: {self.texts(selector)!r}"
            ) from None

    # --- Doing -----------------------------------------------------------------------------

    def open(self, address: str, *, connected: bool = True) -> None:
        """Load the page, and wait until it is connected."""
        self.driver.get(address)
        if connected:
            self.until_connected()

    def until_connected(self) -> None:
        """Wait for the green dot."""
        self.one('.connection[data-state="on"]')

    def click(self, selector: str) -> None:
        """Click the first visible element that matches."""
        self.one(selector).click()

    def point_at(self, element: WebElement) -> None:
        """Move the pointer to the middle of an element."""
        webdriver.ActionChains(self.driver).move_to_element(element).perform()

    def keys(self, *keys: str) -> None:
        """Type into whatever has the focus."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def chord(self, *keys: str) -> None:
        """Press keys together."""
        chain = webdriver.ActionChains(self.driver)
        for key in keys[:-1]:
            chain.key_down(key)
        chain.send_keys(keys[-1])
        for key in reversed(keys[:-1]):
            chain.key_up(key)
        chain.perform()

    def write(self, text: str) -> None:
        """Put a program into the editor in the place of what is there."""
        self.script("document.querySelector('.cm-content').focus()")
        self.chord(Keys.CONTROL, "a")
        self.keys(Keys.DELETE)
        self.cdp("Input.insertText", text=text)

    def program(self) -> str:
        """The text in the editor."""
        return "\n".join(self.texts(".cm-line"))

    def run(self, text: str | None = None, *, finish: bool = True) -> WebElement:
        """Run a program (or what is in the editor); the card of the run."""
        before = len(self.all(".run"))
        if text is not None:
            self.write(text)
        self.script("document.querySelector('.cm-content').focus()")
        self.chord(Keys.CONTROL, Keys.ENTER)
        self.until(lambda: len(self.all(".run")) > before, "no run has begun")
        if finish:
            self.until(lambda: not self.all(".run.running"), "the run does not end")
        return self.all(".run")[-1]

    def output(self) -> str:
        """What the last run printed."""
        return self.script(
            "const run = [...document.querySelectorAll('.run')].at(-1);"
            "return [...run.querySelectorAll('.text-block')].map(e => e.textContent).join('')"
        )

    def fill(self, selector: str, text: str) -> None:
        """Put a text into a field."""
        field = self.one(selector)
        field.clear()
        field.send_keys(text)

    def panel(self, name: str) -> None:
        """Show a side panel, if it is not shown already."""
        tab = self.one(f"#tab-{name}")
        if tab.get_attribute("aria-selected") != "true":
            tab.click()
        self.one(f"#panel-{name}")

    def locale(self, code: str) -> None:
        """Switch the language."""
        self.click(f"#locale-{code}")

    def downloaded(self, name: str) -> Path:
        """A file that the page has saved, once it is whole."""
        path = self.downloads / name
        self.until(path.exists, f"{name} was not saved")
        return path

    @contextmanager
    def size(self, width: int, height: int) -> Iterator[None]:
        """A screen of another size."""
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        try:
            yield
        finally:
            self.cdp("Emulation.clearDeviceMetricsOverride")
