"""Sessions that survive the server (``--state``), on a real ``twistd``. Server reference, 6.7."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.daemons import Daemon, Talk, twistd

PROGRAM = """
function row(i) do
  return [i, "text " + str(i)]
endfunction
global t = table(map(range(5000), "row"), ["i", "s"])
a = [1, {b: "c"}]
"""
LOOK = "print(a, len(t), t['s'][4999], row(7))"
SEEN = "[1, {b: c}] 5000 text 4999 [7, text 7]\n"
FOLDER = "datacode-sessions-kept"


class KeptServerTestCase(SynchronousTestCase):
    """A server that is stopped or killed, and started again."""

    def setUp(self) -> None:
        """A state folder."""
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.state = self.folder / "state"

    def server(self, *words: str) -> Daemon:
        """Start one."""
        command = twistd(
            self.folder, "--port", "0", "--locale", "en", "--state", str(self.state), *words
        )
        daemon = Daemon(command, self.folder)
        self.addCleanup(daemon.close)
        self.port = daemon.port()
        return daemon

    def talk(self) -> Talk:
        """A new connection."""
        client = Talk(self.port)
        self.addCleanup(client.close)
        return client

    def kept(self) -> tuple[Talk, dict[str, Any]]:
        """A connection whose session is kept, and what names it."""
        client = self.talk()
        answer = client.ask(type="attach")
        self.assertIs(answer["success"], True)
        return client, {"session": answer["session"], "token": answer["token"]}

    def back(self, named: dict[str, Any], **more: Any) -> tuple[Talk, dict[str, Any]]:
        """A new connection that attaches, and its answer."""
        client = self.talk()
        return client, client.ask(type="attach", **named, **more)

    def kill(self, daemon: Daemon) -> None:
        """As a power cut would, nearly."""
        os.kill(daemon.process.pid, signal.SIGKILL)
        daemon.process.wait()


class KeptSessionsTests(KeptServerTestCase):
    """Variables, tables, functions and answers outlive the server."""

    def test_stopped_and_killed(self) -> None:
        """Variables, tables, functions and answers are there after either."""
        daemon = self.server()
        client, named = self.kept()
        self.assertIsNone(client.ask(code=PROGRAM, seq=1)["error"])
        self.assertEqual(client.ask(code=LOOK, seq=2)["output"], SEEN)
        self.assertEqual(daemon.stop(), 0, daemon.lines)
        daemon = self.server()
        client, answer = self.back(named, seen=1)
        self.assertEqual((answer["success"], answer["seq"]), (True, 2), answer)
        self.assertEqual([each["output"] for each in answer["replay"]], [SEEN])
        self.assertEqual({v["name"] for v in client.ask(type="inspect")["variables"]}, {"a", "t"})
        self.assertEqual(client.ask(code=LOOK, seq=3)["output"], SEEN)
        self.assertEqual(client.ask(code="a = 5\nprint(a)", seq=4)["output"], "5\n")
        self.kill(daemon)
        daemon = self.server()
        client, answer = self.back(named, seen=3)
        self.assertEqual([each["output"] for each in answer["replay"]], ["5\n"])
        self.assertEqual(client.ask(code="print(a, len(t))", seq=5)["output"], "5 5000\n")
        # what was answered is not run again
        self.assertEqual(client.ask(code="a = 5\nprint(a)", seq=4)["output"], "5\n")

    def test_many_steps(self) -> None:
        """Killed at any moment: nothing that was answered is lost, and nothing is done twice."""
        daemon = self.server()
        client, named = self.kept()
        client.ask(code="global n = 0", seq=1)
        seq = done = 1
        for turn in range(4):
            for _ in range(10):
                seq += 1
                client.ask(code="global n = n + 1", seq=seq)
                done += 1
            client.send(code="global n = n + 1", seq=seq + 1)
            time.sleep(0.002 * turn)
            self.kill(daemon)
            daemon = self.server()
            client, answer = self.back(named, seen=seq)
            self.assertIn(answer["seq"], (seq, seq + 1))
            if answer["seq"] == seq + 1:
                seq, done = seq + 1, done + 1
            else:
                self.assertIn(answer.get("unfinished", []), ([], [seq + 1]))
            self.assertEqual(client.ask(code="print(n)", seq=seq + 1)["output"], f"{done - 1}\n")
            seq += 1

    def test_unfinished(self) -> None:
        """A program that was running is said to have begun."""
        daemon = self.server()
        client, named = self.kept()
        client.ask(code="global n = 1", seq=1)
        client.send(code="n = 2\nprint(n)\nfor i in range(100000000) do\n z = i\nnext i",
                    seq=2, stream=True)  # fmt: skip
        client.receive()
        time.sleep(0.3)
        self.kill(daemon)
        self.server()
        client, answer = self.back(named, seen=1)
        self.assertEqual((answer["seq"], answer["unfinished"]), (1, [2]))
        self.assertEqual(client.ask(code="print(n)", seq=3)["output"], "1\n")

    def test_on_the_disk(self) -> None:
        """No token is on the disk; a session that was ended is not; programs cannot look."""
        daemon = self.server("--files", str(self.folder))
        client, named = self.kept()
        client.ask(code=PROGRAM, seq=1)
        kept = self.state / FOLDER
        self.assertEqual(
            [each.name for each in kept.iterdir() if each.is_dir()], [named["session"]]
        )
        self.assertEqual(kept.stat().st_mode & 0o777, 0o700)
        for file in kept.rglob("*"):
            if file.is_file():
                self.assertNotIn(named["token"].encode(), file.read_bytes())
                self.assertEqual(file.stat().st_mode & 0o077, 0)
        record = kept / named["session"] / "record-1"
        for name in (str(record), str(kept)):
            answer = client.ask(code=f"print(read_file('{name}'))", seq=2)
            self.assertIsNotNone(answer["error"])
        plain = self.talk()
        plain.ask(code=PROGRAM)
        time.sleep(0.5)
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(
            [each.name for each in kept.iterdir() if each.is_dir()], [named["session"]]
        )
        self.server()
        client, _ = self.back(named)
        self.assertIs(client.ask(type="detach")["success"], True)
        deadline = time.monotonic() + 10
        while (kept / named["session"]).exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertFalse((kept / named["session"]).exists())

    def test_wrong_records(self) -> None:
        """Damaged records, other tokens and names that are paths give nothing and break nothing."""
        daemon = self.server()
        client, named = self.kept()
        client.ask(code=PROGRAM, seq=1)
        daemon.stop()
        kept = self.state / FOLDER
        records = sorted((kept / named["session"]).glob("record-*"))
        good = [record.read_bytes() for record in records]
        (kept / "0123456789abcdef").mkdir()
        (kept / "0123456789abcdef" / "record-0").write_bytes(b"\xff" * 100)
        (kept / "no session").mkdir()
        for record, content in zip(records, good, strict=True):
            record.write_bytes(content[: len(content) // 2])
        self.server()
        self.assertFalse((kept / "no session").exists())
        for session in (named["session"], "0123456789abcdef", "../../etc", "no session", "."):
            _, answer = self.back({"session": session, "token": named["token"]})
            self.assertIs(answer["success"], False)
        for record, content in zip(records, good, strict=True):
            record.write_bytes(content)
        _, answer = self.back({"session": named["session"], "token": "x" * 22})
        self.assertIs(answer["success"], False)
        client, answer = self.back(named)
        self.assertEqual(client.ask(code=LOOK, seq=2)["output"], SEEN)

    def test_restored_state(self) -> None:
        """A state that was put in place of another survives as well, and so does a reset."""
        daemon = self.server()
        client, named = self.kept()
        client.ask(code=PROGRAM, seq=1)
        content = client.ask(type="save", seq=2)["content"]
        client.ask(code="a = null\nt = null\nglobal x = 1", seq=3)
        self.assertIs(client.ask(type="restore", content=content, seq=4)["success"], True)
        self.kill(daemon)
        daemon = self.server()
        client, _ = self.back(named)
        self.assertEqual(client.ask(code=LOOK, seq=5)["output"], SEEN)
        client.ask(type="reset", seq=6)
        self.kill(daemon)
        self.server()
        client, answer = self.back(named)
        self.assertEqual(answer["seq"], 6)
        self.assertEqual(client.ask(type="inspect")["variables"], [])

    def test_forked(self) -> None:
        """A duplicate survives on its own, and its token is not on the disk."""
        daemon = self.server()
        client, named = self.kept()
        client.ask(code=PROGRAM, seq=1)
        answer = client.ask(type="fork", seq=2)
        fork = {"session": answer["session"], "token": answer["token"]}
        self.assertEqual(client.ask(type="fork", seq=2)["token"], fork["token"])
        client.ask(code="a = null\nt = null", seq=3)
        for file in self.state.rglob("*"):
            if file.is_file():
                self.assertNotIn(fork["token"].encode(), file.read_bytes())
        self.kill(daemon)
        self.server()
        client, _ = self.back(named)
        self.assertEqual(client.ask(code="print(a)", seq=4)["output"], "null\n")
        client, _ = self.back(fork)
        self.assertEqual(client.ask(code=LOOK, seq=1)["output"], SEEN)

    def test_in_use(self) -> None:
        """Two servers cannot share a folder."""
        self.server()
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        second = Daemon(
            twistd(elsewhere, "--port", "0", "--locale", "en", "--state", str(self.state)),
            elsewhere,
        )
        self.addCleanup(second.close)
        self.assertNotEqual(second.wait(), 0)
        self.assertTrue([line for line in second.lines if FOLDER in line], second.lines)
