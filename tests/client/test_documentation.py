"""The Python programs on the pages that show the client, run against a real server and share."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import openpyxl
from twisted.trial.unittest import SynchronousTestCase

from tests.client.serving import server, share
from tests.console.terminal import CommandTestCase
from tests.smb.samba import LOGIN, PASSWORD
from tests.test_docs import DOCS, shown

PAGES = (
    *("client.md", "index.md", "sessions.md", "ru/client.md", "ru/index.md", "ru/sessions.md"),
    *("../README.md", "../README.ru.md"),
)


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
            ("fileserver.example.org", self.samba.address),
            ("192.168.1.100", self.samba.address),
            ('login="anna"', f"login={LOGIN!r}"),
            ('login="ann"', f"login={LOGIN!r}"),
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
        self.assertEqual(count, 18)


class ReadmeTests(CommandTestCase):
    """What the first pages tell newcomers to type."""

    def setUp(self) -> None:
        """The workbook on the share."""
        super().setUp()
        self.samba = share()
        (self.samba.folder / "reports").mkdir(exist_ok=True)
        book = openpyxl.Workbook()
        for row in (["month", "amount"], ["may", 150]):
            book.active.append(row)
        book.save(self.samba.folder / "reports" / "sales.xlsx")

    def commands(self, page: str) -> list[list[str]]:
        """The words of every ``datacode`` command of a page."""
        found = re.findall(r"^ *\.venv/bin/datacode (.*)$", (DOCS.parent / page).read_text(), re.M)
        return [shlex.split(line, comments=True) for line in found]

    def test_commands(self) -> None:
        """A program, a prompt on a server, a table from a share; the same in both languages."""
        plain, prompt, table = self.commands("README.md")
        self.assertEqual(self.commands("README.ru.md"), [plain, prompt, table])
        self.assertEqual(self.datacode(*plain).out, "3\n")
        here = [word.replace("ws://127.0.0.1:8899", server("--use-ve")) for word in prompt]
        self.assertEqual(self.datacode(*here, stdin=b"1 + 2\n").out, "3\n")
        there = [
            word.replace("192.168.1.100,ann", f"{self.samba.address},{LOGIN}") for word in table
        ]
        done = self.datacode(*there, DATACODE_SMB_PASSWORD=PASSWORD)
        self.assertIn("│ may   │ 150    │", done.out, done.err)
        self.assertEqual(done.out.count("│ may "), 1)

    def test_first_screen(self) -> None:
        """What it is, and two commands, before anything else."""
        for page in ("README.md", "README.ru.md"):
            screen = (DOCS.parent / page).read_text().partition("\n## ")[0]
            commands = re.findall(r"^```sh\n(.*?)^```", screen, re.M | re.S)
            self.assertEqual(len(commands), 2)
            self.assertIn("twistd -n datacode --port 8899", commands[0])
            self.assertEqual(commands[1], "tests/run\n")
            self.assertLess(screen.count("\n"), 30)
