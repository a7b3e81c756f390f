"""What is logged is harmless and bounded: by field, by client, by fault."""

from __future__ import annotations

import io
import json
from pathlib import Path

from twisted.logger import Logger, LogPublisher
from twisted.trial.unittest import SynchronousTestCase

from datacode.server.ops.audit import Audit
from datacode.server.ops.log_guard import CLIENT_BYTES, FIELD, LineBudget, LogGuard, cleaned
from datacode.server.ops.logs import JsonLog, PlainLog


class CleanedTests(SynchronousTestCase):
    def test_cleaned(self) -> None:
        """Line ends, escape sequences, C1, bidirectional marks, lone surrogates; letters stay."""
        self.assertEqual(
            cleaned("a\r\n\x1b[2J\x85\u202e\ud800 я😀"),
            "a\\x0d\\x0a\\x1b[2J\\x85\\u202e\\ud800 я😀",
        )
        self.assertEqual(len(cleaned("x" * 5000)), FIELD)
        self.assertEqual(cleaned("a\n\tb\r", lines=True), "a\n\tb\\x0d")


class GuardTests(SynchronousTestCase):
    def setUp(self) -> None:
        """A log as the server has it."""
        self.now = 0.0
        self.guard = LogGuard(lambda: self.now)
        self.out = io.StringIO()
        self.json = io.StringIO()
        publisher = LogPublisher(self.guard, PlainLog(self.out, self.out), JsonLog(self.json))
        self.log = Logger(namespace="datacode.test", observer=publisher)
        self.patch(self.guard, "log", self.log)

    def test_fields(self) -> None:
        """Long and harmful fields, also of tracebacks."""
        self.log.info("name: {name}", name="x" * 5000 + "\n")
        self.log.info("name: {name}", name="a\nforged line\x1b[0m")
        try:
            raise ValueError("y" * 100_000 + "\x1b[2J")
        except ValueError:
            self.log.failure("It failed: {name}", name="\x07")
        written = self.out.getvalue()
        self.assertLess(len(written), 15_000)
        self.assertNotIn("\x1b", written)
        self.assertNotIn("\x07", written)
        self.assertIn("a\\x0aforged line\\x1b[0m\n", written)
        self.assertIn("ValueError: yyy", written)
        for line in self.json.getvalue().splitlines():
            json.loads(line)

    def test_client(self) -> None:
        """One client has a mebibyte a minute, the others theirs; what is left out is counted."""
        for _ in range(3000):
            self.log.info("refused {reason}", reason="x" * 1000, client="10.0.0.1")
        self.assertLess(len(self.out.getvalue()), CLIENT_BYTES)
        self.log.info("refused {reason}", reason="seen", client="10.0.0.2")
        self.assertIn("refused seen\n", self.out.getvalue())
        self.guard.tell()
        self.assertNotIn("left out", self.out.getvalue())
        self.now = 61
        self.guard.tell()
        self.assertRegex(
            self.out.getvalue(), r"\d{4} lines about 10\.0\.0\.1 were left out in a minute\n"
        )
        self.log.info("refused {reason}", reason="again", client="10.0.0.1")
        self.assertIn("refused again\n", self.out.getvalue())

    def test_same_fault(self) -> None:
        """Of one fault the first ones are written, then it is counted; another is another."""
        for number in range(500):
            try:
                raise KeyError(number)
            except KeyError:
                self.log.failure("Internal error {number}", number=number)
        self.log.error("another")
        self.assertEqual(self.out.getvalue().count("Internal error"), 10)
        self.assertIn("another\n", self.out.getvalue())
        self.now = 61
        self.guard.tell()
        self.assertIn(
            "490 more in a minute: Internal error {number} KeyError\n", self.out.getvalue()
        )

    def test_many_clients(self) -> None:
        """Their number takes no memory without end."""
        budget = LineBudget(100, lambda: self.now)
        for number in range(30_000):
            budget.admits(number, 10)
        self.assertLessEqual(len(budget._used), 10_001)


class AuditTests(SynchronousTestCase):
    def test_bounds(self) -> None:
        """Fields are cut, and one client has a mebibyte a minute."""
        path = Path(self.mktemp())
        audit = Audit(path)
        now = 0.0
        audit._budget = LineBudget(CLIENT_BYTES, lambda: now)
        for _ in range(2000):
            audit.record("smb_list_files", address="10.0.0.1", path="p\x85" * 100_000)
        audit.record("smb_list_files", address="10.0.0.2", path="seen")
        now = 61.0
        audit.tell()
        audit.close()
        lines = [json.loads(line) for line in path.read_bytes().splitlines()]
        self.assertLess(path.stat().st_size, CLIENT_BYTES + 1000)
        self.assertEqual(len(lines[0]["path"]), FIELD)
        self.assertNotIn("\x85", lines[0]["path"])
        self.assertEqual(lines[-2]["path"], "seen")
        self.assertEqual(lines[-1]["event"], "left_out")
        self.assertEqual(lines[-1]["lines"], 2000 - len(lines) + 2)
