"""Every screen of the page, to be looked at: ``python -m tests.web.screens FOLDER``.

Each is taken 1280 and 400 pixels wide, light and dark, of the real page on a real server. What is
poor in them is seen by a reader only; ``test_looks`` and ``test_charts`` find what a program can.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.web.browser import Browser, browser
from tests.web.running_server import ROOT, RunningServer

_STILL = (
    "const sheet = new CSSStyleSheet(); sheet.replaceSync('* { transition: none !important }');"
    "document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];"
)
SIZES = ((1280, 800), (400, 800))
SALES = ROOT / "examples" / "data" / "sales.csv"
BLOCKS = """\
# %% Данные
sales = read_file("sample://sales.csv")
sales = table_add_column(sales, "выручка", expression="quantity * price * (1 - discount)")
# %% По месяцам
months = table_months(sales, "date", {"выручка": ["выручка", "sum"], "заказов": ["id", "count"]})
show_chart(chart(months, "bar", "date", "выручка", title="Выручка по месяцам"))
months
# %% Ошибка
print(nothing)
"""
CHARTS = """\
sales = read_file("sample://sales.csv")
show_chart(chart(sales, "line", "date", "price", every="month", title="По месяцам"))
show_chart(chart(sales, "pie", "paid", title="Оплата"))
table_head(sales, 30)
"""


def _panel(name: str) -> Callable[[Browser], None]:
    def show(page: Browser) -> None:
        page.panel(name)

    return show


def _blocks(page: Browser) -> None:
    page.write(BLOCKS)
    page.click("#run")
    page.until(lambda: len(page.all(".cell-output .run.bad")) == 1, "the blocks do not run")
    page.script("document.querySelector('.cm-scroller').scrollTop = 0")


def _charts(page: Browser) -> None:
    page.run(CHARTS)
    page.script("document.querySelector('.log-scroll').scrollTop = 0")


def _dialog(label: str) -> Callable[[Browser], None]:
    def show(page: Browser) -> None:
        page.script("document.querySelector(arguments[0]).click()", f"[aria-label='{label}']")
        page.one("dialog")

    return show


def _grid(page: Browser) -> None:
    page.run("read_file('sample://sales.csv')")
    page.one(".grid-cell")


def _failure(page: Browser) -> None:
    page.run("x = 1\nprint(x)\nprint(nothing + 1)")


def _preview(page: Browser) -> None:
    page.panel("files")
    page.script("document.querySelector(\"[aria-label^='Показать']\").click()")
    page.one("dialog .grid-cell")


SCREENS: dict[str, Callable[[Browser], None]] = {
    "begin": lambda page: None,
    **{
        name: _panel(name)
        for name in ("variables", "shares", "files", "samples", "library", "history")
    },
    "blocks": _blocks,
    "charts": _charts,
    "grid": _grid,
    "failure": _failure,
    "preview": _preview,
    "help": _dialog("Справка"),
    "save": _dialog("Сохранить на сервере"),
    "link": _dialog("Ссылка для коллеги"),
}


def screens(page: Browser, server: RunningServer, names: list[str]) -> Iterator[tuple[str, bytes]]:
    """Their names and pictures."""
    for name in names or list(SCREENS):
        for width, height in SIZES:
            with page.size(width, height):
                page.open(server.page)
                page.script(_STILL)
                page.run("write_file('продажи.csv', read_file('sample://sales.csv'))")
                SCREENS[name](page)
                for theme in ("light", "dark"):
                    page.script("document.documentElement.dataset.theme = arguments[0]", theme)
                    picture = page.cdp("Page.captureScreenshot", format="png")
                    yield f"{name}-{width}-{theme}.png", base64.b64decode(picture["data"])
                page.empty()


def main(folder: str, *names: str) -> None:
    """Write them, or those of the given names, into a folder."""
    target = Path(folder)
    target.mkdir(exist_ok=True)
    server = RunningServer("--use-ve")
    try:
        for name, picture in screens(browser(), server, list(names)):
            (target / name).write_bytes(picture)
            print(name)
    finally:
        server.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
