"""The Python programs on the pages that show the client, run against a real server and share."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import openpyxl
from twisted.trial.unittest import SynchronousTestCase

from tests.client.serving import server, share
from tests.smb.samba import LOGIN, PASSWORD
from tests.test_docs import DOCS, shown

PAGES = ("client.md", "index.md", "ru/index.md")


class DocumentationTests(SynchronousTestCase):
    """Every block of Python runs; where a text stands below it, that is what it prints."""

    def setUp(self) -> None:
        """The file that the report is about."""
        self.samba = share()
        (self.samba.folder / "reports").mkdir(exist_ok=True)
        book = openpyxl.Workbook()
        book.active.append(["month", "amount"])
        book.active.append(["may", 150])
        book.save(self.samba.folder / "reports" / "sales.xlsx")

    def run_block(self, program: str) -> str:
        """What a block prints, with our addresses in it."""
        for shown_there, here in (
            ("ws://127.0.0.1:8899", server("--use-ve")),
            ("fileserver.example.org", f"127.0.0.1:{self.samba.port}"),
            ('login="anna"', f"login={LOGIN!r}"),
            ('password="…"', f"password={PASSWORD!r}"),
        ):
            program = program.replace(shown_there, here)
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile(program, "page", "exec"), {"__name__": "__main__"})
        return output.getvalue()

    def test_pages(self) -> None:
        """All of them."""
        count = 0
        for page in PAGES:
            for program, expected in shown(Path(DOCS / page), "python"):
                printed = self.run_block(program)
                if expected:
                    self.assertEqual(printed, expected)
                else:
                    self.assertNotEqual(printed, "")
                if "sales.xlsx" in program:
                    self.assertIn("│ may   │ 150    │", printed)
                count += 1
        self.assertEqual(count, 6)
