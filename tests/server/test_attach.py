"""Sessions that outlive their connection, on a real ``twistd``. Server reference, 5.7."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase
from websockets.exceptions import ConnectionClosed

from datacode.client import ConnectionLost, SessionLost, connect
from datacode.server.auth.accounts import make_token
from tests.daemons import PATIENCE, Daemon, Talk, alive, twistd
from tests.shared_daemon import SharedDaemonTestCase
from tests.smb.proxy import Fault, FaultProxy

SLOW = """for i in [1, 2, 3, 4, 5, 6] do
  print(i)
  for k in range(1000000) do
    z = k * 2
  next k
next i
global x = x + 1"""
ENDLESS = "global n = 0\nwhile true do\n  n = n + 1\nendwhile"


class AttachTestCase(SharedDaemonTestCase):
    """One server for all tests of a class."""

    def command(self, folder: Path) -> list[str]:
        """As an operator starts it."""
        return twistd(folder, "--port", "0", "--locale", "en", *self.words)

    def talk(self, **options: Any) -> Talk:
        """A new connection."""
        client = Talk(self._port, **options)
        self.addCleanup(client.close)
        return client

    def kept(self, **options: Any) -> tuple[Talk, dict[str, Any]]:
        """A connection whose session is kept, and what names it."""
        client = self.talk(**options)
        answer = client.ask(type="attach")
        self.assertIs(answer["success"], True)
        return client, {"session": answer["session"], "token": answer["token"]}

    def back(self, named: dict[str, Any], **more: Any) -> tuple[Talk, dict[str, Any]]:
        """A new connection that attaches, and its answer."""
        client = self.talk()
        return client, client.ask(type="attach", **named, **more)

    def back_when_done(self, named: dict[str, Any], **more: Any) -> tuple[Talk, dict[str, Any]]:
        """The same once nothing runs any more. Whoever attaches with the same ``seen`` is told the
        same."""
        deadline = time.monotonic() + PATIENCE
        while True:
            client, answer = self.back(named, **more)
            if not answer["pending"]:
                return client, answer
            self.assertLess(time.monotonic(), deadline)
            client.socket.close()
            time.sleep(0.1)

    def closed(self, client: Talk) -> tuple[int, str]:
        """How the server closes a connection."""
        with self.assertRaises(ConnectionClosed) as caught:
            while True:
                client.receive()
        received = caught.exception.rcvd
        assert received is not None
        return received.code, received.reason


class AttachTests(AttachTestCase):
    def test_back(self) -> None:
        """Variables are there after the connection was lost, and what was missed comes once."""
        client, named = self.kept()
        client.ask(code="global x = 41", seq=1)
        client.socket.close()
        client, answer = self.back(named, seen=1)
        self.assertEqual(
            (answer["success"], answer["epoch"], answer["seq"], answer["replay"]), (True, 2, 1, [])
        )
        self.assertEqual(client.ask(code="print(x + 1)", seq=2)["output"], "42\n")

    def test_missed_answer(self) -> None:
        """The answer of a program that ended while nobody was there."""
        client, named = self.kept()
        client.ask(code="global x = 0", seq=1)
        client.send(code=SLOW, seq=2, stream=True, id="slow")
        first = client.receive()
        self.assertEqual((first["text"], first["position"]), ("1\n", 2))
        client.socket.close()
        client, answer = self.back_when_done(named, seen=1, position=first["position"])
        *pieces, last = answer["replay"]
        self.assertEqual("".join(each["text"] for each in pieces), "2\n3\n4\n5\n6\n")
        self.assertEqual(
            last,
            {
                "success": True,
                "output": "1\n2\n3\n4\n5\n6\n",
                "error": None,
                "seq": 2,
                "id": "slow",
            },
        )
        self.assertEqual(client.ask(code="print(x)", seq=3)["output"], "1\n")

    def test_running(self) -> None:
        """A program that still runs: the rest of its output comes to the new connection."""
        client, named = self.kept()
        client.ask(code="global x = 0", seq=1)
        client.send(code=SLOW, seq=2, stream=True)
        first = client.receive()
        client.socket.close()
        client, answer = self.back(named, seen=1, position=first["position"])
        self.assertEqual(answer["pending"], [2])
        messages = list(answer["replay"])
        while "success" not in (messages[-1] if messages else {}):
            messages.append(client.receive())
        self.assertEqual("".join(each.get("text", "") for each in messages), "2\n3\n4\n5\n6\n")
        self.assertEqual(messages[-1]["seq"], 2)

    def test_again(self) -> None:
        """A request that was answered is not run again."""
        client, _ = self.kept()
        client.ask(code="global x = 0", seq=1)
        first = client.ask(code="x = x + 1\nprint(x)", seq=2, id=7)
        self.assertEqual(first, client.ask(code="x = x + 1\nprint(x)", seq=2, id=7))
        self.assertEqual(client.ask(code="x = x + 1\nprint(x)", seq=2, id=8)["id"], 8)
        self.assertEqual(client.ask(code="print(x)", seq=3)["output"], "1\n")
        other = client.ask(code="print('other')", seq=2)
        self.assertEqual(other["error"], "The number 2 was another request's")


class VanishedTests(AttachTestCase):
    """Clients that are gone without a word."""

    def test_half_open(self) -> None:
        """The right token wins over a connection whose client does not answer; one whose client
        does keeps the session."""
        proxy = FaultProxy(self._port)
        self.addCleanup(proxy.close)
        proxy.fault(Fault("stall", 500))
        asleep = Talk(proxy.port)
        self.addCleanup(asleep.close)
        answer = asleep.ask(type="attach")
        named = {"session": answer["session"], "token": answer["token"]}
        asleep.send(code="global x = 5\nprint('" + "x" * 300 + "')", seq=1)
        deadline = time.monotonic() + PATIENCE
        while proxy.received < 500:  # until the answer has come there
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        client, answer = self.back(named)
        self.assertEqual([each["seq"] for each in answer["replay"]], [1])
        self.assertEqual(client.ask(code="print(x)", seq=2)["output"], "5\n")
        _, answer = self.back(named)
        self.assertEqual(answer["code"], "session_busy")
        _, answer = self.back(named, force=True)
        self.assertIs(answer["success"], True)
        self.assertEqual(self.closed(client)[0], 4410)

    def test_busy_client(self) -> None:
        """A client that takes in a long answer is there."""
        client, named = self.kept()
        client.send(code="for i in range(300000) do\n  print('a long line', i)\nnext i", seq=1)
        time.sleep(0.5)
        reader = threading.Thread(target=client.receive)
        reader.start()
        _, answer = self.back(named)
        self.assertEqual(answer["code"], "session_busy")
        reader.join()


class LimitTests(AttachTestCase):
    """What is bounded, with little of each."""

    words = ("--detached-run-seconds", "3", "--kept-output-kib", "2", "--max-detached", "2")

    def test_run_limit(self) -> None:
        """A program without a connection is interrupted; its variables are there."""
        client, named = self.kept()
        client.ask(code="global n = 0", seq=1)
        client.send(code="for i in range(1000000000) do\n  n = i\nnext i", seq=2)
        client.send(code="print('never')", seq=3)
        client.socket.close()
        deadline = time.monotonic() + PATIENCE
        pause = 3.5
        while True:  # to look is to connect, which stops the clock of the limit
            time.sleep(pause)
            client, answer = self.back(named, seen=1)
            if not answer["pending"]:
                break
            self.assertLess(time.monotonic(), deadline)
            client.socket.close()
            pause *= 2
        self.assertEqual(
            [each["error"] for each in answer["replay"]],
            [
                "Execution was interrupted: nobody was connected for 3 s",
                "Not run: nobody was connected for 3 s",
            ],
        )
        self.assertEqual(client.ask(code="print(n > 0)", seq=4)["output"], "true\n")
        client.ask(type="detach")

    def test_ring(self) -> None:
        """Output that fell out of the ring is told in bytes; the answer has all of it."""
        client, named = self.kept()
        code = (
            "for i in range(5000) do\n  print(i)\n"
            "  for k in range(200) do\n    z = k\n  next k\nnext i"
        )
        client.send(code=code, seq=1, stream=True)
        first = client.receive()
        client.socket.close()
        deadline = time.monotonic() + PATIENCE
        while True:
            client, answer = self.back(named, position=first["position"])
            if answer.get("output_lost") or time.monotonic() > deadline:
                break
            client.socket.close()
            time.sleep(0.1)
        messages = list(answer["replay"])
        while "success" not in (messages[-1] if messages else {}):
            messages.append(client.receive())
        whole = "".join(f"{i}\n" for i in range(5000))
        self.assertEqual(messages[-1]["output"], whole)
        lost, seen = answer.get("output_lost", 0), first["position"]
        rest = "".join(each.get("text", "") for each in messages)
        self.assertGreater(lost, 0)
        self.assertEqual(first["text"] + whole[seen : seen + lost] + rest, whole)
        client.ask(type="detach")

    def test_number(self) -> None:
        """The one that was left first has gone, and says why."""
        named = []
        for _ in range(3):
            client, names = self.kept()
            client.ask(code="x = 1", seq=1)
            client.socket.close()
            named.append(names)
            time.sleep(0.2)
        answers = [self.back(each)[1] for each in named]
        self.assertEqual([each.get("code") for each in answers], ["session_gone", None, None])


class ForkTests(AttachTestCase):
    """A second session with the state of one."""

    words = ("--use-ve", "--max-detached", "2")

    def test_fork(self) -> None:
        """Variables, functions and files are there, and each session's own from then on."""
        with connect(f"ws://127.0.0.1:{self._port}") as client:
            code = (
                "x = [1, 2]\nt = table([[1], [2]], ['a'])\nfunction f() do\n  return 7\nendfunction"
            )
            client.execute(code)
            client.upload("in.csv", "a\n5\n")
            with connect(f"ws://127.0.0.1:{self._port}", session=client.fork()) as other:
                program = "x[0] = 9\nprint(x, f(), len(t), read_file('in.csv')['a'][0])"
                self.assertEqual(other.execute(program).output, "[9, 2] 7 2 5\n")
                other.upload("in.csv", "a\n6\n")
                self.assertEqual(
                    client.execute("print(x, read_file('in.csv')['a'][0])").output, "[1, 2] 5\n"
                )
            self.assertEqual(client.execute("print(x)").output, "[1, 2]\n")

    def test_empty(self) -> None:
        """A session that has run nothing; one that was not attached."""
        client = self.talk()
        answer = client.ask(type="fork", id=1)
        self.assertEqual(
            (answer["success"], list(answer)[-3:]), (True, ["keep_seconds", "error", "id"])
        )
        other, attached = self.back({"session": answer["session"], "token": answer["token"]})
        self.assertIs(attached["success"], True)
        self.assertEqual(other.ask(code="print(1)", seq=1)["output"], "1\n")

    def test_in_its_turn(self) -> None:
        """Behind the programs before it; numbered and not made twice."""
        client, _ = self.kept()
        client.send(code="n = 0\nfor i in range(3000000) do\n  n = n + 1\nnext i", seq=1)
        client.send(type="fork", seq=2)
        client.receive()
        answer = client.receive()
        self.assertEqual(answer["seq"], 2)
        self.assertEqual(client.ask(type="fork", seq=2), answer)
        other, _ = self.back({"session": answer["session"], "token": answer["token"]})
        self.assertEqual(other.ask(code="print(n)", seq=1)["output"], "3000000\n")


class AccountTests(SharedDaemonTestCase):
    """With accounts the account must match, and lists are the account's own."""

    def command(self, folder: Path) -> list[str]:
        """Two accounts, an audit log."""
        accounts = folder / "accounts"
        type(self).tokens = {name: make_token(accounts, name) for name in ("anna", "boris")}
        type(self).folder = folder
        words = ("--auth", f"accounts:{accounts}", "--audit", str(folder / "audit"))
        return twistd(folder, "--port", "0", "--locale", "en", *words)

    folder: Path
    tokens: ClassVar[dict[str, str]]

    def test_accounts(self) -> None:
        """The Python client of another account gets nothing; the token stands in no log."""
        url = f"ws://127.0.0.1:{self._port}"
        anna, boris = self.tokens["anna"], self.tokens["boris"]
        client = connect(url, token=anna)
        client.execute("x = 5")
        key = client.leave()
        refused = self.assertRaises(SessionLost, connect, url, token=boris, session=key)
        self.assertEqual(str(refused), "The session is another account's")
        lost = self.assertRaises(ConnectionLost, connect, url, session=key)
        self.assertIn("4401", str(lost))
        with connect(url, token=anna) as other:
            entries = {each.session: each for each in other.sessions()}
            self.assertEqual((len(entries), entries[key.session].attached), (2, False))
            with connect(url, token=anna, session=key) as client:
                self.assertEqual(client.execute("print(x)").output, "5\n")
                other.end_session(key.session)
                self.assertRaises(SessionLost, client.execute, "print(x)")
        assert self._daemon is not None
        written = (self.folder / "audit").read_text() + "\n".join(self._daemon.lines)
        self.assertIn('"attached"', written)
        self.assertNotIn(key.token, written)


class StopTests(SynchronousTestCase):
    """The server stops."""

    def test_stop(self) -> None:
        """Sessions without a connection end in time, those with a running program, too; no
        process is left."""
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        daemon = Daemon(twistd(folder, "--port", "0", "--drain-time", "1"), folder)
        self.addCleanup(daemon.close)
        port = daemon.port()
        for code in ("x = 1", "for i in range(1000000000) do\n  n = i\nnext i"):
            client = Talk(port)
            client.ask(type="attach")
            client.send(code=code, seq=1)
            time.sleep(0.3)
            client.close()
        processes = daemon.descendants()
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(alive(processes), set())
        self.assertFalse([line for line in daemon.lines if "Traceback" in line], daemon.lines)
