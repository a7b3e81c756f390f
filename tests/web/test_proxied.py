"""The page behind nginx and HAProxy as ``deploy/`` configures them, when these go and come back."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.deploy import proxies
from tests.deploy.proxies import Proxy
from tests.web.case import PageTestCase

COUNTS = """print("begun")
for i in range(20) do
    for j in range(1000000) do
        y = j
    next j
    print(i)
next i
print("ended")"""
ALL = "begun\n" + "".join(f"{i}\n" for i in range(20)) + "ended\n"


class ProxiedTests(PageTestCase):
    """Each test begins a proxy of its own."""

    flags = ("--proxies", "1")

    def begin(self) -> None:
        """The browser is to trust the proxy's certificate."""
        self.page.cdp("Security.enable")
        self.page.cdp("Security.setIgnoreCertificateErrors", ignore=True)
        self.addCleanup(self.page.cdp, "Security.setIgnoreCertificateErrors", ignore=False)

    def through(self, kind: Callable[[Path, int], Proxy]) -> None:
        """Restart and reload it while programs run."""
        folder = Path(tempfile.mkdtemp(prefix="dc-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        proxy = kind(folder, self.running.port)
        self.addCleanup(proxy.stop)
        page = self.page
        page.open(f"https://127.0.0.1:{proxy.port}/")
        page.run("x = 7")
        for disturb in (proxy.restart, proxy.reload):
            page.run(COUNTS, finish=False)
            page.until(lambda: "1\n" in (page.output() or ""), "no output")
            disturb()
            page.until(lambda: not page.all(".run.running"), "the run does not end")
            self.assertEqual(ALL, page.output())
        page.run("print(x)")
        self.assertEqual("7\n", page.output())

    def test_nginx(self) -> None:
        """Nothing is lost or doubled."""
        self.through(proxies.nginx)

    def test_haproxy(self) -> None:
        """Nothing is lost or doubled."""
        self.through(proxies.haproxy)
