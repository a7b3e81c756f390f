"""Sessions that survive the server (``--state``), on a real ``twistd``. Server reference, 6.7."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.daemons import Daemon, Talk, twistd
from tests.smb.samba import LOGIN, PASSWORD, samba

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
        deadline = time.monotonic() + 60
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

    def test_attached_while_an_answer_is_written(self) -> None:
        """Whoever attaches then knows no more of it than the disk does."""
        daemon = self.server()
        client, named = self.kept()
        for seq in (1, 2):
            client.send(code=f"a = range({1_000_000 + seq})", seq=seq)
            end = time.monotonic() + 60
            while True:
                self.assertLess(time.monotonic(), end)
                client.close()
                client, answer = self.back(named, seen=seq - 1, force=True)
                if answer["seq"] == seq:
                    break
                time.sleep(0.05)
            self.kill(daemon)
            daemon = self.server()
            client, again = self.back(named, seen=seq - 1)
            self.assertEqual(again["seq"], seq)
            self.assertEqual([each["seq"] for each in again["replay"]], [seq])

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


class AroundTheStateTests(KeptServerTestCase):
    """What belongs to a session beside its variables outlives the server, too."""

    def stored(self, named: dict[str, Any]) -> set[tuple[str, int]]:
        """The files of the session's folder that are kept: their names on the disk, and inodes."""
        folder = self.state / FOLDER / named["session"]
        return {(each.name, each.stat().st_ino) for each in folder.glob("file-*")}

    def test_folder(self) -> None:
        """Uploads and files that programs wrote, as they were with the last answer."""
        daemon = self.server("--use-ve")
        client, named = self.kept()
        upload = {"type": "upload_file", "filename": "in/a.csv", "content": "n\n1\n"}
        self.assertTrue(client.ask(**upload, seq=1)["success"])
        code = (
            "write_file(\"b.csv\", table([[1]], ['x']))\nwrite_file('c.csv', read_file('in/a.csv'))"
        )
        self.assertIsNone(client.ask(code=code, seq=2)["error"])
        first = self.stored(named)
        self.assertEqual(len(first), 3)
        self.assertIsNone(
            client.ask(code="write_file('b.csv', table([[2]], ['x']))", seq=3)["error"]
        )
        self.assertIsNone(client.ask(code="delete_file('c.csv')", seq=4)["error"])
        self.assertEqual(len(self.stored(named) & first), 1, "only what changed is kept anew")
        self.assertEqual(len(self.stored(named)), 2)
        self.kill(daemon)
        daemon = self.server("--use-ve")
        client, _ = self.back(named)
        listed = client.ask(type="session_files", seq=5)
        self.assertEqual(listed["files"], ["b.csv", "in/a.csv"])
        code = "print(sum(read_file('b.csv')['x']), sum(read_file('in/a.csv')['n']))"
        self.assertEqual(client.ask(code=code, seq=6)["output"], "2 1\n")
        before = self.stored(named)
        fork = client.ask(type="fork", seq=7)
        self.assertIsNone(
            client.ask(code="write_file('d.csv', read_file('b.csv'))", seq=8)["error"]
        )
        self.assertEqual(before, self.stored(named) & before, "the rest is not written again")
        self.assertEqual(daemon.stop(), 0, daemon.lines)
        self.server("--use-ve")
        client, _ = self.back({"session": fork["session"], "token": fork["token"]})
        self.assertEqual(client.ask(code=code, seq=1)["output"], "2 1\n")
        client.ask(type="detach")
        client, _ = self.back(named)
        self.assertEqual(
            client.ask(code="print(sum(read_file('d.csv')['x']))", seq=9)["output"], "2\n"
        )
        client.ask(type="detach")
        end = time.monotonic() + 60
        while self.stored(named):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def test_rolled_back(self) -> None:
        """What a program wrote that was taken back is not there after a restart."""
        daemon = self.server("--use-ve")
        client, named = self.kept()
        client.ask(code="write_file('a.csv', table([[1]], ['x']))", seq=1)
        code = "write_file('a.csv', table([[2]], ['x']))\nwrite_file('b.csv', 5)\nmissing"
        self.assertIsNotNone(client.ask(code=code, on_error="rollback", seq=2)["error"])
        self.kill(daemon)
        self.server("--use-ve")
        client, _ = self.back(named)
        code = "print(sum(read_file('a.csv')['x']), path_exists('b.csv'))"
        self.assertEqual(client.ask(code=code, seq=3)["output"], "1 false\n")

    def test_output(self) -> None:
        """Streamed output that the client has not seen; what is too much is said in bytes."""
        daemon = self.server()
        client, named = self.kept()
        code = "for i in range(200) do\n  print('line', i)\nnext i"
        client.send(code=code, stream=True, seq=1)
        pieces = self.streamed(client)
        whole = "".join(each["text"] for each in pieces)
        self.assertEqual(whole.count("\n"), 200)
        self.kill(daemon)
        daemon = self.server()
        client, answer = self.back(named, position=pieces[0]["position"])
        again = [each for each in answer["replay"] if each.get("type") == "output"]
        self.assertEqual("".join(each["text"] for each in [pieces[0], *again]), whole)
        self.assertNotIn("output_lost", answer)
        code = "for i in range(60000) do\n  print('a line of some length', i)\nnext i"
        client.send(code=code, stream=True, seq=2, seen=1)
        pieces = self.streamed(client)
        self.kill(daemon)
        self.server()
        _, answer = self.back(named, seen=1)
        again = [each for each in answer["replay"] if each.get("type") == "output"]
        kept = "".join(each["text"] for each in again)
        whole = "".join(each["text"] for each in pieces)
        self.assertTrue(kept)
        self.assertTrue(whole.endswith(kept))
        self.assertEqual(answer["output_lost"], len(whole.encode()) - len(kept.encode()))

    def streamed(self, client: Talk) -> list[dict[str, Any]]:
        """The pieces of output that come before an answer."""
        found = []
        while (message := client.receive()).get("type") == "output":
            found.append(message)
        self.assertIsNone(message["error"])
        return found

    def test_shares(self) -> None:
        """Which shares a session had is told with ``attach``, until they are connected again."""
        server = samba()
        daemon = self.server()
        client, named = self.kept()
        connect = {
            "type": "smb_connect", "ip": f"127.0.0.1:{server.port}", "login": LOGIN,
            "password": PASSWORD, "domain": "", "share_name": "data",
        }  # fmt: skip
        self.assertTrue(client.ask(**connect, seq=1)["success"])
        self.assertNotIn("shares_missing", self.back(named, force=True)[1])
        for file in self.state.rglob("*"):
            if file.is_file():
                self.assertNotIn(PASSWORD.encode(), file.read_bytes())
        self.kill(daemon)
        for _ in range(2):
            daemon = self.server()
            client, answer = self.back(named)
            (missing,) = answer["shares_missing"]
            self.assertEqual((missing["login"], missing["share_name"]), (LOGIN, "data"))
            client.ask(code="x = 1")
            self.kill(daemon)
        self.server()
        client, _ = self.back(named)
        self.assertTrue(client.ask(**connect, seq=2)["success"])
        self.assertNotIn("shares_missing", self.back(named, force=True)[1])
