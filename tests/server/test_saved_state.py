"""``save`` and ``restore`` on a real ``twistd``, and sessions whose process is killed or suspended.
Server reference, 5.8 and 6.6."""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import time
from pathlib import Path

from datacode.client import Client, RequestFailed, connect
from datacode.runtime import checkpoint_file
from tests.daemons import Talk, twistd, workers
from tests.shared_daemon import SharedDaemonTestCase

PROGRAM = """
function row(i) do
  return [i, "text " + str(i)]
endfunction
global t = table(map(range(3000), "row"), ["i", "s"])
a = [1, {b: "c"}]
b = a
"""
LOOK = "print(a, b, len(t), t['s'][2999], row(7))"
F = "function f(i) do\n  return i\nendfunction\n"
ENDLESS = "for i in range(100000000) do\n  z = i\nnext i"
SEEN = "[1, {b: c}] [1, {b: c}] 3000 text 2999 [7, text 7]\n"


class StateTestCase(SharedDaemonTestCase):
    """One server for all tests of a class."""

    words: tuple[str, ...] = ("--use-ve",)

    def command(self, folder: Path) -> list[str]:
        """As an operator starts it."""
        return twistd(folder, "--port", "0", "--locale", "en", *self.words)

    def client(self) -> Client:
        """A new connection."""
        made = connect(f"ws://127.0.0.1:{self._port}", locale="en")
        self.addCleanup(made.close)
        return made

    def output(self, client: Client, code: str) -> str:
        """What a program prints that does not fail."""
        result = client.execute(code)
        self.assertIsNone(result.error)
        return result.output


class SaveTests(StateTestCase):
    """A state goes from one session to another."""

    def test_there_and_back(self) -> None:
        """Variables, functions and the files of the folder."""
        first = self.client()
        self.output(first, PROGRAM)
        first.upload("data/a.txt", "hello")
        state = first.save()
        self.assertTrue(state.startswith(checkpoint_file.MAGIC))
        second = self.client()
        self.output(second, "z = 1")
        self.assertEqual(second.restore(state), [])
        self.assertEqual(self.output(second, LOOK), SEEN)
        self.assertEqual(self.output(second, "print(read_file('data/a.txt'))"), "hello\n")
        self.assertIn("z", str(second.execute("print(z)").error))
        self.output(second, "a[0] = 2")
        self.assertEqual(self.output(first, LOOK), SEEN)

    def test_fork(self) -> None:
        """A second session from this one's state, which then goes its own way."""
        first = self.client()
        self.output(first, PROGRAM)
        first.upload("data/a.txt", "hello")
        key = first.fork()
        self.output(first, "a[0] = 'first'\nt = null")
        second = connect(f"ws://127.0.0.1:{self._port}", locale="en", session=key)
        self.addCleanup(second.close)
        self.assertEqual(self.output(second, LOOK), SEEN)
        self.assertEqual(self.output(second, "print(read_file('data/a.txt'))"), "hello\n")
        second.upload("data/a.txt", "changed")
        self.output(second, "a[0] = 'second'")
        self.assertEqual(self.output(first, "print(a[0], t)"), "first null\n")
        self.assertEqual(first.download("data/a.txt"), b"hello")
        third = connect(f"ws://127.0.0.1:{self._port}", session=self.client().fork())
        self.addCleanup(third.close)
        self.assertEqual(third.variables(), [])

    def test_in_the_folder(self) -> None:
        """A file of the session folder, written and read there."""
        client = self.client()
        self.output(client, PROGRAM)
        client.save_to("mine.dcstate")
        client.reset()
        self.assertIsNotNone(client.execute("print(a)").error)
        client.restore_from("mine.dcstate")
        self.assertEqual(self.output(client, LOOK), SEEN)
        self.assertTrue(client.download("mine.dcstate").startswith(checkpoint_file.MAGIC))

    def test_empty(self) -> None:
        """A session that has run nothing; loading it forgets what there is."""
        state = self.client().save()
        other = self.client()
        self.output(other, "x = 1")
        other.restore(state)
        self.assertIsNotNone(other.execute("print(x)").error)

    def test_large(self) -> None:
        """More than other requests may have."""
        client = self.client()
        self.output(client, F + "a = map(range(1200000), 'f')")
        state = client.save()
        self.assertGreater(len(state), 8 << 20)
        other = self.client()
        other.restore(state)
        self.assertEqual(self.output(other, "print(len(a), a[1199999])"), "1200000 1199999\n")

    def test_refused(self) -> None:
        """What is none, damaged, or asked for in the wrong way changes nothing."""
        client = self.client()
        self.output(client, PROGRAM)
        client.upload("here.txt", "before")
        state = client.save()
        for wrong in (
            b"",
            b"DataCode",
            b"x" * 5000,
            state[:-5],
            state[: len(state) // 2],
            state + b"F",
            state[:30] + b"\xff" * 40 + state[70:],
            state.replace(b"MM", b"CC", 1) + state[16:],
        ):
            with self.assertRaises(RequestFailed) as caught:
                client.restore(wrong)
            self.assertRegex(str(caught.exception), r"^The state was not restored: \S")
            self.assertEqual(self.output(client, LOOK), SEEN)
        for missing in ("no.dcstate", "../../etc/passwd", "here.txt"):
            with self.assertRaises(RequestFailed):
                client.restore_from(missing)
        with self.assertRaises(RequestFailed):
            client.save_to("../x")
        self.assertEqual(self.output(client, LOOK), SEEN)

    def test_hostile_files(self) -> None:
        """Names of files that lead elsewhere; nothing of such a file is taken."""
        client = self.client()
        self.output(client, "x = 1")
        client.upload("here.txt", "before")
        manifest = client.save().split(b"M", 1)[1]
        size = int.from_bytes(manifest[:8], "little")
        start = checkpoint_file.head() + b"M" + manifest[: 8 + size]
        for name in ("../up.txt", "/etc/x", "a//b", "", "a\0b", "a\\..\\b", "C:/x"):
            good = checkpoint_file.section_head(b"F", 3, "here.txt") + b"new"
            bad = checkpoint_file.section_head(b"F", 3, name) + b"abc"
            with self.assertRaises(RequestFailed, msg=name):
                client.restore(start + good + bad)
            self.assertEqual(client.download("here.txt"), b"before")
            self.assertEqual([each.name for each in client.list_uploads()], ["here.txt"])

    def test_shares(self) -> None:
        """Shares that the saved session had are named, without their passwords."""
        client = self.client()
        state = client.save()
        shares = [checkpoint_file.KeptShare("data", "files.example", "public", "ada", "OFFICE")]
        (missing,) = client.restore(state + checkpoint_file.shares_section(shares))
        self.assertEqual(
            (missing.name, missing.ip, missing.share_name, missing.login, missing.domain),
            ("data", "files.example", "public", "ada", "OFFICE"),
        )


class WithoutFolderTests(StateTestCase):
    """A server without session folders, with narrow limits."""

    words = ("--max-message-mib", "1", "--suspend-after", "0.5")

    def talk(self) -> Talk:
        """A connection that shows messages as they come."""
        made = Talk(self._port)
        self.addCleanup(made.close)
        return made

    def test_files_left_out(self) -> None:
        """Files in it are counted, and left out."""
        client = self.client()
        state = client.save() + checkpoint_file.section_head(b"F", 3, "a.txt") + b"abc"
        content = "base64:" + base64.b64encode(state).decode()
        talk = self.talk()
        answer = talk.ask(type="restore", content=content)
        self.assertEqual((answer["success"], answer["files_left_out"]), (True, 1))
        with self.assertRaisesRegex(RequestFailed, "--use-ve"):
            client.save_to("x")

    def test_too_large(self) -> None:
        """An answer has a bound."""
        client = self.client()
        self.output(client, F + "a = map(range(200000), 'f')")
        with self.assertRaisesRegex(RequestFailed, "limit of 1 MiB"):
            client.save()

    def test_suspended(self) -> None:
        """An idle session has no process, and is what it was with the next request."""
        talk = self.talk()
        self.assertIsNone(talk.ask(code=PROGRAM)["error"])
        # A session is not suspended while its program runs: its process is one of these.
        talk.send(type="execute", code="print(1)\n" + ENDLESS, stream=True)
        self.assertEqual(talk.receive()["text"], "1\n")
        running = set(workers(self._daemon.process.pid))
        talk.send(type="cancel")
        ends = 0  # the program's and the cancel's
        while ends < 2:
            ends += "success" in talk.receive()
        deadline = time.monotonic() + 60
        while running <= set(workers(self._daemon.process.pid)) and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertLess(set(workers(self._daemon.process.pid)) & running, running)
        self.assertEqual(talk.ask(code=LOOK)["output"], SEEN)

    def test_killed(self) -> None:
        """A killed process is told of in both languages."""
        talk = self.talk()
        self.assertIsNone(talk.ask(code=PROGRAM)["error"])
        time.sleep(1)  # a large state follows the answer
        for locale, said in (
            ("en", "the program was ended; variables are as they were before the program"),
            ("ru", "программа завершена принудительно; переменные остались такими, какими были"),
        ):
            talk.send(
                type="execute", code="a = 5\nprint(1)\n" + ENDLESS, stream=True, locale=locale
            )
            self.assertEqual(talk.receive()["text"], "1\n")
            for process in workers(self._daemon.process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            self.assertIn(said, talk.receive()["error"].lower())
            self.assertEqual(talk.ask(code=LOOK)["output"], SEEN)
