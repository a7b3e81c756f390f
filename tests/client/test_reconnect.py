"""Clients whose connection is lost: the session goes on, nothing is lost, nothing comes twice.

Between client and server is a proxy that cuts or holds connections, once in each place of a
conversation.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from datacode.client import (
    AnswerLost,
    Client,
    ConnectionLost,
    Result,
    SessionKey,
    SessionLost,
    SessionTaken,
    connect,
    connect_async,
)
from datacode.client.kept_session import KeptSession
from tests.client.serving import server
from tests.daemons import PATIENCE, Daemon, environment, twistd
from tests.server.frames import handshake
from tests.smb.proxy import Fault, FaultProxy

STEP = "n = n + 1\nprint(n)\nfor i in range(3) do\n  print(i, 'of', n)\nnext i"
STEPS = 5
SLOW = """n = 0
for i in range(40) do
  print(i)
  for k in range(100000) do
    n = n + 1
  next k
next i"""
ENDLESS = "print('begun')\nfor i in range(1000000000) do\n  m = i\nnext i"
LONG = bool(os.environ.get("DATACODE_LONG_TESTS"))


def expected(step: int) -> str:
    """What the program prints the so-manieth time."""
    return f"{step}\n" + "".join(f"{i} of {step}\n" for i in range(3))


class ReconnectTestCase(SynchronousTestCase):
    """A server, and a proxy in front of it."""

    words: tuple[str, ...] = ("--use-ve",)

    def setUp(self) -> None:
        """The proxy; the server is shared."""
        self.url = server("--locale", "en", *self.words)
        self.proxy = FaultProxy(int(self.url.rpartition(":")[2]))
        self.addCleanup(self.proxy.close)

    def connect(self, **options: Any) -> Client:
        """A client behind the proxy, closed with the test."""
        options = {"ping_interval": 0.2, "ping_timeout": 0.2, "close_timeout": 0.1, **options}
        made = connect(f"ws://127.0.0.1:{self.proxy.port}", locale="en", **options)
        self.addCleanup(made.close)
        return made


class EveryPlaceTests(ReconnectTestCase):
    """One connection lost in every place of a conversation."""

    def conversation(self, **options: Any) -> int:
        """Steps, an upload, questions in between: each answer is right, and comes once. Gives how
        many bytes came from the server."""
        client = self.connect(**options)
        pieces: list[str] = []
        client.execute("n = 0")
        for step in range(1, STEPS + 1):
            result = client.execute(STEP, on_output=pieces.append)
            self.assertEqual((result.output, result.error), (expected(step), None))
            self.assertEqual([v.preview for v in client.variables() if v.name == "n"], [str(step)])
        self.assertEqual("".join(pieces), "".join(map(expected, range(1, STEPS + 1))))
        client.upload("a.txt", "x" * 300)
        self.assertEqual(client.download("a.txt"), b"x" * 300)
        self.assertEqual(client.output_lost, 0)
        client.close()
        return self.proxy.received

    def every_place(self, kind: str, step: int) -> None:
        whole = self.conversation()
        for at in range(200, whole, step if not LONG else 3):
            self.proxy.fault(Fault(kind, at))
            self.conversation()

    def test_cut(self) -> None:
        """The connection is closed on both sides."""
        self.every_place("cut", 67)

    def test_held(self) -> None:
        """Neither side is told: the client finds out by its pings, the server not at all."""
        self.every_place("stall", 797)

    def long_conversation(self) -> int:
        """Answers of more than one frame, a table and a file among them."""
        client = self.connect()
        whole = "".join(f"a line of output {i}\n" for i in range(20000))
        code = "for i in range(20000) do\n  print('a line of output', i)\nnext i"
        pieces: list[str] = []
        for on_output in (None, pieces.append):
            self.assertEqual(client.execute(code, on_output=on_output).output, whole)
        self.assertEqual("".join(pieces)[-1000:], whole[-1000:])
        self.assertGreaterEqual(len("".join(pieces)) + client.output_lost, len(whole))
        client.upload("big.bin", os.urandom(1 << 20))
        self.assertEqual(len(client.download("big.bin")), 1 << 20)
        client.close()
        return self.proxy.received

    def test_long(self) -> None:
        """Lost amid long answers."""
        whole = self.long_conversation()
        for number in range(1, 8):
            self.proxy.fault(Fault("cut", whole * number // 8))
            self.long_conversation()

    def test_again_and_again(self) -> None:
        """Every connection is lost after a while: with room for a handshake, an attach and the
        longest answer, it comes to an end."""
        self.proxy.every(Fault("cut", 900))
        self.conversation()


class AsynchronousTests(ReconnectTestCase):
    """The same for the asynchronous client, with several calls at a time."""

    def conversation(self) -> int:
        """As above; programs are sent without waiting for the answers of those before."""

        async def talk() -> None:
            url = f"ws://127.0.0.1:{self.proxy.port}"
            options: dict[str, Any] = {"ping_interval": 0.3, "ping_timeout": 0.3}
            async with connect_async(url, locale="en", close_timeout=0.2, **options) as client:
                pieces: list[str] = []
                await client.execute("n = 0")
                results = await asyncio.gather(
                    *(client.execute(STEP, on_output=pieces.append) for _ in range(STEPS)),
                    *(client.variables() for _ in range(3)),
                )
                for step, result in enumerate(results[:STEPS], 1):
                    assert isinstance(result, Result)
                    self.assertEqual((result.output, result.error), (expected(step), None))
                whole = "".join(map(expected, range(1, STEPS + 1)))
                self.assertEqual("".join(pieces), whole)
                self.assertEqual(client.output_lost, 0)

        asyncio.run(talk())
        return self.proxy.received

    def test_cut(self) -> None:
        """In every place."""
        for at in range(200, self.conversation(), 3 if LONG else 67):
            self.proxy.fault(Fault("cut", at))
            self.conversation()

    def test_held(self) -> None:
        """In some."""
        for at in range(300, self.conversation(), 797):
            self.proxy.fault(Fault("stall", at))
            self.conversation()

    def test_left_and_missed(self) -> None:
        """Left while programs ran, taken up by another client, which gets what was missed."""
        url = f"ws://127.0.0.1:{self.proxy.port}"

        printed: list[str] = []

        async def leave() -> SessionKey:
            async with connect_async(url) as client:
                await client.execute("n = 0")
                begun = asyncio.Event()

                def told(text: str) -> None:
                    printed.append(text)
                    begun.set()

                first = client.execute(SLOW, on_output=told)
                second = client.execute("print('next')")
                running = [asyncio.create_task(first), asyncio.create_task(second)]
                await begun.wait()
                key = await client.leave()
                for each in running:
                    with self.assertRaises(ConnectionLost):
                        await each
                return key

        async def take_up(key: SessionKey) -> list[Result]:
            async with connect_async(url, session=key) as client:
                found = await client.missed()
                self.assertEqual((await client.execute("print(n)")).output, "4000000\n")
                return found

        found = asyncio.run(take_up(asyncio.run(leave())))
        self.assertEqual(
            [len(found), found[0].output[-4:], found[1].output], [2, "\n39\n", "next\n"]
        )
        self.assertEqual(found[0].output[: found[0].shown], "".join(printed))
        self.assertEqual(found[1].shown, 0)

    def test_left_and_asked(self) -> None:
        """Answers to a client before are not taken for those of the client that has come."""
        url = f"ws://127.0.0.1:{self.proxy.port}"

        async def leave() -> SessionKey:
            async with connect_async(url) as client:
                await client.execute("n = 0")
                begun = asyncio.Event()
                slow = asyncio.create_task(client.execute(SLOW, on_output=lambda _: begun.set()))
                await begun.wait()
                key = await client.leave()
                with self.assertRaises(ConnectionLost):
                    await slow
                return key

        async def ask(key: SessionKey) -> list[str]:
            async with connect_async(url, session=key) as client:
                asked = [client.execute(f"print({n})") for n in range(4)]
                return [each.output for each in await asyncio.gather(*asked)]

        self.assertEqual(asyncio.run(ask(asyncio.run(leave()))), [f"{n}\n" for n in range(4)])


class BlockingTests(ReconnectTestCase):
    """What the blocking client does where it cannot simply go on."""

    def test_running(self) -> None:
        """A program that runs meanwhile goes on; its output comes once, in order."""
        client = self.connect()
        pieces: list[str] = []

        def printed(text: str) -> None:
            if not pieces:
                self.proxy.drop_all()
            pieces.append(text)

        result = client.execute(SLOW, on_output=printed)
        self.assertEqual("".join(pieces), result.output)
        self.assertEqual(result.output, "".join(f"{i}\n" for i in range(40)))

    def test_interrupt_while_away(self) -> None:
        """It ends the program as soon as there is a connection again."""
        client = self.connect()
        client.execute("m = 0")

        def interrupt() -> None:
            self.proxy.drop_all()
            client.interrupt()

        helper: list[threading.Thread] = []

        def begun(text: str) -> None:
            helper.append(threading.Thread(target=interrupt))
            helper[0].start()

        result = client.execute(ENDLESS, on_output=begun)
        helper[0].join()
        self.assertEqual(result.error, "Limit Error: Execution was interrupted")

    def test_missed_in_another_order(self) -> None:
        """The answer of a later program may come before that of an earlier one."""
        result = {"success": True, "output": "", "error": None, "execution_time": 0.0}

        class Answering:
            """A connection on which what is asked is answered, then these two."""

            def __init__(self) -> None:
                self.coming = [{**result, "id": 8, "seq": 2}, {**result, "id": 7, "seq": 1}]

            def send(self, text: str | bytes) -> None:
                answer = {"success": True, "epoch": 2, "seq": 0, "pending": [1, 2]}
                self.coming.insert(0, {**answer, "id": json.loads(text)["id"]})

            def recv(self, timeout: float | None = None) -> str:
                if not self.coming:
                    raise EOFError("nothing more comes")
                return json.dumps(self.coming.pop(0))

            def close(self) -> None:
                """Nothing is open."""

        kept = KeptSession(SessionKey("s", "t"), 30)
        client = Client(Answering, kept, None)  # type: ignore[arg-type]
        client._take_up()
        self.assertTrue(client.has_pending)
        self.assertEqual(len(client.missed()), 2)
        self.assertFalse(client.has_pending)

    def test_left_and_missed(self) -> None:
        """Left, written down, taken up from elsewhere."""
        client = self.connect()
        client.execute("n = 7")
        line = client.leave().text()
        self.assertRaises(ConnectionLost, client.execute, "print(1)")
        key = SessionKey.parse(line)
        self.assertNotIn(key.token, repr(key))
        client = self.connect(session=key)
        self.assertEqual(client.missed(), [])
        self.assertEqual(client.execute("print(n)").output, "7\n")
        client.close()
        gone = self.assertRaises(SessionLost, self.connect, session=key)
        self.assertEqual(str(gone), "The session has ended: a client ended it")
        self.assertRaises(ValueError, SessionKey.parse, "nothing")

    def test_taken(self) -> None:
        """Who is taken the session from does not take it back."""
        client = self.connect()
        client.execute("n = 7")
        assert client.key is not None
        other = self.connect(session=client.key)
        self.assertEqual(other.execute("print(n)").output, "7\n")
        taken = self.assertRaises(SessionTaken, client.execute, "print(n)")
        self.assertEqual(str(taken), "another connection has taken the session (4410)")
        self.assertEqual(other.execute("print(n)").output, "7\n")

    def test_taken_while_away(self) -> None:
        """Who lost the connection does not steal the session from who has it meanwhile, nor runs
        anything in a session that is new."""
        client = self.connect()
        client.execute("n = 7")
        assert client.key is not None
        self.proxy.hold_all()
        other = connect(self.url, session=client.key, locale="en")
        self.addCleanup(other.close)
        self.assertEqual(other.execute("print(n)").output, "7\n")
        for _ in range(2):
            self.assertRaises(SessionTaken, client.execute, "print(n)")
        self.assertEqual(other.execute("print(n)").output, "7\n")

    def test_taken_after_a_lost_answer(self) -> None:
        """Who takes a session and is not told so does not take it again from who came later."""
        client = connect(self.url, locale="en")
        self.addCleanup(client.close)
        client.execute("n = 7")
        key = client.key
        assert key is not None
        with socket.create_connection(("127.0.0.1", int(self.url.rpartition(":")[2])), 30) as raw:
            raw.sendall(handshake())
            opened = len(raw.recv(4096))
        self.proxy.every(Fault("stall", opened + 1))
        told: list[object] = []

        def take() -> None:
            try:
                taker = self.connect(session=key, reconnect_seconds=180)
                told.append(taker.execute("print(n)").output)
            except ConnectionLost as lost:
                told.append(lost)

        taking = threading.Thread(target=take)
        taking.start()
        while True:
            try:
                client.execute("m = 1")
            except SessionTaken:
                break
        other = connect(self.url, session=key, locale="en")
        self.addCleanup(other.close)
        self.assertEqual(other.execute("print(n)").output, "7\n")
        self.proxy.every(Fault("none"))
        taking.join(60)
        self.assertIsInstance(told[0], SessionTaken)
        self.assertEqual(other.execute("print(n)").output, "7\n")

    def test_other_address(self) -> None:
        """A client that comes back from another address has its session."""
        client = self.connect()
        client.execute("n = 7")
        elsewhere = connect(
            self.url, session=client.leave(), locale="en", source_address=("127.0.0.2", 0)
        )
        self.addCleanup(elsewhere.close)
        self.assertEqual(elsewhere.execute("print(n)").output, "7\n")

    def test_too_long(self) -> None:
        """A request that the server will not have ends itself only, not the session."""
        client = self.connect(max_size=None)
        client.execute("n = 7")
        refused = self.assertRaises(ConnectionLost, client.upload, "a", "x" * (65 << 20))
        self.assertIn("1009", str(refused))
        self.assertEqual(client.execute("print(n)").output, "7\n")

    def test_without(self) -> None:
        """With ``reconnect_seconds=0`` a session ends with its connection, as ever."""
        client = self.connect(reconnect_seconds=0)
        client.execute("n = 7")
        self.assertIsNone(client.key)
        self.proxy.drop_all()
        self.assertRaises(ConnectionLost, client.execute, "print(n)")
        self.assertRaises(ConnectionLost, client.execute, "print(n)")

    def test_sessions(self) -> None:
        """Without accounts only one's own."""
        client = self.connect()
        client.execute("n = 7")
        (entry,) = client.sessions()
        assert client.key is not None
        self.assertEqual(
            (entry.session, entry.own, entry.attached, entry.busy, entry.seq),
            (client.key.session, True, True, False, 1),
        )
        client.end_session()
        self.assertRaises(ConnectionLost, client.execute, "print(n)")


class ServerTests(SynchronousTestCase):
    """Clients of a server that stops."""

    def daemon(self, folder: Path, port: int = 0, *words: str) -> Daemon:
        """A server on that port."""
        daemon = Daemon(twistd(folder, "--port", str(port), "--locale", "en", *words), folder)
        self.addCleanup(daemon.close)
        return daemon

    def test_away(self) -> None:
        """Patience ends; a server that comes back without the session says so."""
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        daemon = self.daemon(folder)
        port = daemon.port()
        client = connect(f"ws://127.0.0.1:{port}", reconnect_seconds=2)
        self.addCleanup(client.close)
        client.execute("n = 7")
        daemon.stop()
        began = time.monotonic()
        self.assertRaises(ConnectionLost, client.execute, "print(n)")
        self.assertGreater(time.monotonic() - began, 1.5)
        daemon = self.daemon(folder, port)
        daemon.port()
        gone = self.assertRaises(SessionLost, client.execute, "print(n)")
        self.assertEqual(str(gone), "There is no such session, or it has ended")

    def test_started_anew(self) -> None:
        """With ``--state`` both clients go on where they were, whether the server was stopped or
        killed; what ran then is run again only if wanted."""
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        words = ("--state", str(folder / "state"))
        daemon = self.daemon(folder, 0, *words)
        port = daemon.port()
        url = f"ws://127.0.0.1:{port}"
        client = connect(url)
        self.addCleanup(client.close)
        client.execute("n = 7\nfunction f(x) do\n  return x + 1\nendfunction")
        daemon.stop()
        daemon = self.daemon(folder, port, *words)
        daemon.port()
        self.assertEqual(client.execute("n = f(n)\nprint(n)").output, "8\n")

        def kill(text: str) -> None:
            nonlocal daemon
            if daemon.process.poll() is None and "begun" in text and not killed:
                killed.append(text)
                daemon.process.send_signal(signal.SIGKILL)
                daemon.wait()
                daemon = self.daemon(folder, port, *words)
                daemon.port()

        code = "print('begun')\nfor i in range(3000000) do\n  m = i\nnext i\nn = f(n)\nprint(n)"
        killed: list[str] = []
        lost = self.assertRaises(AnswerLost, client.execute, code, on_output=kill)
        self.assertTrue(lost.began)
        self.assertEqual(client.execute("print(n)").output, "8\n")
        killed = []
        result = client.execute(code, on_output=kill, rerun=True)
        self.assertEqual((len(killed), result.output), (1, "begun\n9\n"))

        async def talk() -> None:
            nonlocal daemon
            async with connect_async(url) as other:
                await other.execute("k = 1")
                await asyncio.to_thread(daemon.stop)
                asking = asyncio.create_task(other.execute("print(k)"))
                await asyncio.sleep(0.3)
                daemon = self.daemon(folder, port, *words)
                await asyncio.to_thread(daemon.port)
                self.assertEqual((await asking).output, "1\n")

        asyncio.run(talk())


class IdleTests(ReconnectTestCase):
    """The server closes what asks nothing."""

    words = ("--idle-time", "1")

    def test_idle(self) -> None:
        """The next call connects again, for both clients."""
        client = self.connect()
        client.execute("n = 7")

        async def talk() -> None:
            async with connect_async(f"ws://127.0.0.1:{self.proxy.port}") as other:
                await other.execute("n = 8")
                end = time.monotonic() + PATIENCE
                while self.proxy.open and time.monotonic() < end:
                    await asyncio.sleep(0.05)
                self.assertEqual((await other.execute("print(n)")).output, "8\n")

        asyncio.run(talk())
        self.assertEqual(client.execute("print(n)").output, "7\n")
        self.assertEqual(self.proxy.connections, 4)


class ExitTests(ReconnectTestCase):
    """A program that ends without ``close``."""

    def test_exit(self) -> None:
        """Its session ends with it."""
        program = (
            "from datacode.client import connect\n"
            f"client = connect({self.url!r})\n"
            "client.execute('n = 7')\n"
            "print(client.key.text())\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, env=environment()
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        gone = self.assertRaises(SessionLost, self.connect, session=SessionKey.parse(done.stdout))
        self.assertIn("a client ended it", str(gone))
