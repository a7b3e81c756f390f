"""Sessions that outlive their connection, on a real ``twistd``. Server reference, 5.7."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed

from tests.daemons import Talk, twistd
from tests.shared_daemon import SharedDaemonTestCase

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
        time.sleep(1.5)
        client, answer = self.back(named, seen=1, position=first["position"])
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
