"""The pictures of the page in README and documentation: ``python -m tests.web.screenshot``.

They are taken of the real page on a real server, so take them anew after a change of its looks.
"""

from __future__ import annotations

import base64
from pathlib import Path

from tests.web.browser import Browser, browser
from tests.web.running_server import ROOT, RunningServer

FOLDER = ROOT / "docs" / "images"
SALES = ROOT / "examples" / "data" / "sales.csv"
PROGRAM = """\
# {comment}
sales = read_file(path("sales.csv"))
columns = {{{orders}: ["id", "count"], {total}: ["price", "sum"]}}
by_product = table_group(sales, "product_id", columns)
show_table(table_sort(by_product, "{total}", false))
"""
WORDS = {
    "en": {"comment": "What sells best", "orders": "orders", "total": "total"},
    "ru": {"comment": "Что продаётся лучше всего", "orders": "заказов", "total": "сумма"},
}


def take(page: Browser, server: RunningServer, locale: str, target: Path) -> None:
    """One picture: a program, its output as a table, and the panel of variables."""
    page.open(server.page)
    page.locale(locale)
    # The first document is named in the language of the browser.
    page.click(".tabs > button")
    page.click(".tabs-list .tab-close")
    page.run(PROGRAM.format(**WORDS[locale]))
    page.panel("variables")
    page.one(".table-actions")
    page.until(lambda: not page.all(".toast"), "the notice of the closed document stays")
    picture = page.cdp("Page.captureScreenshot", format="png")
    target.write_bytes(base64.b64decode(picture["data"]))


def main() -> None:
    """Both pictures."""
    FOLDER.mkdir(exist_ok=True)
    page = browser()
    server = RunningServer("--files", str(SALES.parent))
    try:
        Path(server.folder.name, "sales.csv").write_bytes(SALES.read_bytes())
        with page.size(1280, 720):
            for locale in WORDS:
                take(page, server, locale, FOLDER / f"page-{locale}.png")
                page.empty()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
