"""Tables larger than memory in kept sessions, on a real ``twistd``: server reference, 6.7."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.daemons import Daemon, Talk
from tests.server.test_kept_sessions import FOLDER, KeptServerTestCase
from tests.server.test_large_tables import write_csv

ROWS = 600_000
PROGRAM = """
t = read_file("big.csv")
f = table_filter(t, "key < 900")
n = 0
"""
LOOK = "print(len(t), t.idx[599999], len(f), f.idx[7])"
OPTIONS = (
    "--memory-limit-mib", "96", "--large-tables", "large", "--large-tables-gib", "1",
    "--use-ve", "--suspend-after", "0",
)  # fmt: skip


class KeptLargeTablesTests(KeptServerTestCase):
    """Whatever ends, the tables are there; and their files go when nobody needs them."""

    def setUp(self) -> None:
        """A large file, and a folder for large tables."""
        super().setUp()
        (self.folder / "large").mkdir()
        write_csv(self.folder / "big.csv", ROWS)

    def upload(self, client: Talk) -> None:
        """Give the session the file."""
        content = (self.folder / "big.csv").read_text()
        answer = client.ask(type="upload_file", filename="big.csv", content=content)
        self.assertTrue(answer["success"], answer)

    def processes(self, daemon: Daemon, kind: str) -> list[int]:
        """The processes of a kind that the server has."""
        found = []
        for each in daemon.descendants():
            try:
                comm = Path(f"/proc/{each}/comm").read_text()
            except OSError:
                continue
            if comm == f"datacode-{kind}\n":
                found.append(each)
        return found

    def busy(self, processes: list[int]) -> int:
        """The first of them that computes."""

        def used(process: int) -> int:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            return int(fields[11])

        begin, end = {each: used(each) for each in processes}, time.monotonic() + 60
        while time.monotonic() < end:
            for each in processes:
                if used(each) > begin[each] + 5:
                    return each
            time.sleep(0.01)
        raise AssertionError("none computes")

    def files(self, folder: str) -> int:
        """How many files of large tables a session keeps."""
        return len(list((self.state / FOLDER / folder).glob("table-*")))

    def until(self, what: str, folder: str, wanted: Callable[[int], bool]) -> None:
        """Wait until a session keeps as many as are wanted."""
        end = time.monotonic() + 60
        while not wanted(self.files(folder)):
            self.assertLess(time.monotonic(), end, f"{what}: {self.files(folder)}")
            time.sleep(0.05)

    def test_whatever_ends(self) -> None:
        """The engine, the worker, the server; a duplicate and a file have the tables, too."""
        daemon = self.server(*OPTIONS)
        client, named = self.kept()
        self.upload(client)
        self.assertIsNone(client.ask(code=PROGRAM, seq=1)["error"])
        seen = client.ask(code=LOOK, seq=2)["output"]
        self.assertTrue(seen.startswith(f"{ROWS} [599999, "), seen)
        self.assertTrue(list((self.folder / "large").iterdir()), "the table is stored")
        count = self.files(named["session"])
        self.assertGreater(count, 1)
        with self.subTest("engine"):
            (engine,) = self.processes(daemon, "engine")
            os.kill(engine, signal.SIGKILL)
            self.assertEqual(client.ask(code=LOOK, seq=3)["output"], seen)
        with self.subTest("worker"):
            workers = self.processes(daemon, "worker")
            endless = "n = 1\nfor i in range(100000000) do\n  n = i\nnext i"
            client.send(type="execute", code=endless, seq=4)
            os.kill(self.busy(workers), signal.SIGKILL)
            answer = client.receive()
            self.assertIn("variables are as they were before the program", answer["error"])
            self.assertEqual(client.ask(code=LOOK, seq=5)["output"], seen)
            self.assertEqual(client.ask(code="print(n)", seq=6)["output"], "0\n")
        with self.subTest("a file and a duplicate"):
            saved = client.ask(type="save", filename="all.dcstate", seq=7)
            self.assertTrue(saved["success"], saved)
            self.assertTrue(client.ask(code="t = null\nf = null", seq=8)["success"])
            self.until("nobody needs them", named["session"], lambda count: not count)
            restored = client.ask(type="restore", filename="all.dcstate", seq=9)
            self.assertTrue(restored["success"], restored)
            self.assertEqual(client.ask(code=LOOK, seq=10)["output"], seen)
            answer = client.ask(type="fork", seq=11)
            fork = {"session": answer["session"], "token": answer["token"]}
            client.ask(code="t = null", seq=12)
        self.kill(daemon)
        self.server(*OPTIONS)
        client, answer = self.back(fork)
        self.assertEqual(client.ask(code=LOOK, seq=1)["output"], seen)
        client.ask(type="detach")
        client, answer = self.back(named)
        self.assertEqual(client.ask(code="print(t, len(f), f.idx[7])", seq=13)["error"], None)
        client.ask(code="f = 1", seq=14)
        self.until("all are gone", named["session"], lambda count: not count)

    def test_nowhere_to_have_them(self) -> None:
        """Where large tables are off meanwhile, their use is refused, and nothing is lost."""
        daemon = self.server(*OPTIONS)
        client, named = self.kept()
        self.upload(client)
        self.assertIsNone(client.ask(code=PROGRAM, seq=1)["error"])
        self.until("it is kept", named["session"], lambda count: count > 0)
        self.kill(daemon)
        daemon = self.server("--memory-limit-mib", "96", "--large-tables", "off", "--use-ve")
        client, _ = self.back(named)
        answer = client.ask(code="n = 1\nprint(t.idx[0])", seq=2)
        self.assertIn("no engine for them", answer["error"] or "", answer)
        self.assertEqual(client.ask(code="print(n, len(t))", seq=3)["output"], f"1 {ROWS}\n")
        self.assertEqual(daemon.stop(), 0, daemon.lines)
        self.server(*OPTIONS)
        client, _ = self.back(named)
        answer = client.ask(code="print(n, len(t), t.idx[7][0])", seq=4)
        self.assertEqual(answer["output"], f"1 {ROWS} 7\n", answer)
